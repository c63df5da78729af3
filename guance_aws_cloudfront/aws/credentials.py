"""With which credentials AWS is called: the account's own key, or a role that it assumes."""

import re
import time
from typing import Any, Callable, Dict, List

from botocore.credentials import RefreshableCredentials

from guance_aws_cloudfront.aws.responses import ForeignAnswerError
from guance_aws_cloudfront.cloudfront.record import is_time
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.text import iso_utc

METHOD = "guance_aws_cloudfront"


class FixedResolver:
    """In the place of botocore's chain, so that nothing of the host's environment is ever used."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Any:
        """What botocore asks for."""
        return self._credentials


def own_key(account: Account) -> Dict[str, Any]:
    """The access key of the account as it was given, as botocore's `create_client` takes it."""
    return {
        "aws_access_key_id": account.ak_id,
        "aws_secret_access_key": account.ak_secret,
        "aws_session_token": account.session_token,
    }


def assumed_role(sts: Any, account: Account, hide: Callable[[List[str]], None]) -> RefreshableCredentials:
    """The credentials of the account's role, got by `sts` at once and renewed before they expire.

    `hide` is called with the secrets of each of them. Raises what botocore raises when the role cannot be assumed.
    """

    def assume() -> Dict[str, str]:
        external = {"ExternalId": account.external_id} if account.external_id else {}
        answer = sts.assume_role(RoleArn=account.role_arn, RoleSessionName=session_name(account), **external)
        given = answer["Credentials"]
        hide([given["SecretAccessKey"], given["SessionToken"]])
        if not (is_time(given["Expiration"]) and given["Expiration"] > time.time()):
            raise ForeignAnswerError("STS", 200, "Credentials.Expiration is no time to come")
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            # The session's parser of time stamps gives epoch seconds.
            "expiry_time": iso_utc(given["Expiration"]),
        }

    return RefreshableCredentials.create_from_metadata(assume(), assume, METHOD)


def session_name(account: Account) -> str:
    """Who calls, for the role's owner to read in CloudTrail: 2 to 64 characters that STS allows."""
    return f"guance-{re.sub(r'[^A-Za-z0-9+=,.@_-]', '-', account.account_name)}"[:64]
