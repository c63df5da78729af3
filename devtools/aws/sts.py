"""STS of the embedded AWS: roles of the accounts that it has, and who a key belongs to."""

from __future__ import annotations

import time
from typing import Dict, Mapping
from xml.sax.saxutils import escape

from devtools.aws.accounts import Accounts, AwsAccount, denied
from devtools.aws.wire import Request, Response, xml_response

XML_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
LIFETIME = 3600


class SecurityTokens:
    """AssumeRole and GetCallerIdentity. Every role that one names is there, in each account of the same partition."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._external_ids: Dict[str, str] = {}

    def demand(self, role_arn: str, external_id: str) -> None:
        """Let a role be assumed with this external ID only."""
        self._external_ids[role_arn] = external_id

    def assume_role(self, request: Request, account: AwsAccount) -> Response:
        """AssumeRole: a temporary key to the account that the role belongs to."""
        role = str(request.parameters.get("RoleArn", ""))
        owner = self._accounts.owner_of(role)
        demanded = self._external_ids.get(role)
        is_known = demanded is None or demanded == request.parameters.get("ExternalId")
        if owner is None or owner.partition != account.partition or not is_known:
            raise denied(request, account, role)
        session = f"{role.rpartition('/')[2]}/{request.parameters.get('RoleSessionName')}"
        arn = f"arn:{owner.partition}:sts::{owner.account_id}:assumed-role/{session}"
        key = self._accounts.add_temporary(owner, arn)
        # botocore holds it against the clock of the machine, so it is not of the simulated time.
        expiration = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + LIFETIME))
        given = {"AccessKeyId": key.ak_id, "SecretAccessKey": str(key.ak_secret), "SessionToken": f"{key.ak_id}/token"}
        user = {"Arn": arn, "AssumedRoleId": f"{key.ak_id}:{session.rpartition('/')[2]}"}
        return _response(
            request,
            f"<Credentials>{_elements({**given, 'Expiration': expiration})}</Credentials>"
            f"<AssumedRoleUser>{_elements(user)}</AssumedRoleUser>",
        )

    def get_caller_identity(self, request: Request, account: AwsAccount) -> Response:
        """GetCallerIdentity: the account and the user or role of the key."""
        identity = {"Arn": account.arn, "UserId": account.ak_id, "Account": account.account_id}
        return _response(request, _elements(identity))


def _response(request: Request, result: str) -> Response:
    name = request.operation
    return xml_response(
        f'<{name}Response xmlns="{XML_NAMESPACE}"><{name}Result>{result}</{name}Result></{name}Response>'
    )


def _elements(values: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())
