"""The accounts of the embedded AWS: who may do what with which access key."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import ClassVar, Dict, List, Optional, Set, Tuple

from devtools.aws.traffic import draws
from devtools.aws.wire import JSON, S3, ApiError, Request

# Where a partition's CloudFront publishes its metrics and has its control plane, and the domain of a distribution.
HOME_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-northwest-1"}
DOMAINS = {"aws": "cloudfront.net", "aws-cn": "cloudfront.cn"}
USER = "guance"
ANY = "*"


@dataclass(frozen=True)
class AwsAccount:
    """An account with one access key; a key without a secret takes any signature."""

    ak_id: str
    ak_secret: Optional[str]
    account_id: str
    partition: str
    arn: str

    @property
    def home_region(self) -> str:
        """The region of CloudFront's control plane and metrics in the account's partition."""
        return HOME_REGIONS[self.partition]


class Accounts:
    """All access keys; each names the account whose resources its calls see."""

    # moto keeps its accounts for the whole process: two embedded AWS must not share one.
    _taken: ClassVar[Set[str]] = set()
    _lock = threading.Lock()

    def __init__(self) -> None:
        self._keys: Dict[str, AwsAccount] = {}
        # Access key, IAM action, and the bucket that it is about: "*" for all resources.
        self._denied: Set[Tuple[str, str, str]] = set()

    def add(self, ak_id: str, ak_secret: Optional[str], partition: str) -> AwsAccount:
        """Add an access key with an account of its own; ValueError when it is there or the partition is not."""
        if ak_id in self._keys:
            raise ValueError(f"the access key {ak_id} has an account already")
        if partition not in HOME_REGIONS:
            raise ValueError(f"no partition {partition!r} here, only {', '.join(HOME_REGIONS)}")
        account_id = self._claim(ak_id)
        arn = f"arn:{partition}:iam::{account_id}:user/{USER}"
        self._keys[ak_id] = AwsAccount(ak_id, ak_secret, account_id, partition, arn)
        return self._keys[ak_id]

    def release(self) -> List[AwsAccount]:
        """Give all accounts back, their numbers too, and return them."""
        accounts = list(self._keys.values())
        self._keys.clear()
        with Accounts._lock:
            Accounts._taken.difference_update(account.account_id for account in accounts)
        return accounts

    def add_temporary(self, owner: AwsAccount, arn: str) -> AwsAccount:
        """Add a temporary key, with a secret, that acts in an account as the role session of that ARN."""
        with self._lock:
            number = f"{len(self._keys)}"
            ak_id = f"ASIA{owner.account_id}{number:0>4}"
            self._keys[ak_id] = replace(owner, ak_id=ak_id, ak_secret=f"secret/of/{ak_id}", arn=arn)
            return self._keys[ak_id]

    def owner_of(self, arn: str) -> Optional[AwsAccount]:
        """The account whose number an ARN names; None when it is none of these."""
        number = (arn.split(":") + [""] * 5)[4]
        return next((account for account in list(self._keys.values()) if account.account_id == number), None)

    def deny(self, access_key: str, action: str, bucket: str = ANY) -> None:
        """Take an IAM action (`cloudfront:ListDistributions`) away from an access key, of S3 in one bucket if named."""
        self._denied.add((access_key, action, bucket))

    def allow(self, access_key: str, action: str, bucket: str = ANY) -> None:
        """Give back what `deny` with the same arguments took."""
        self._denied.discard((access_key, action, bucket))

    def is_denied(self, access_key: str, action: str, bucket: str = ANY) -> bool:
        """Whether an action was taken from an access key, everywhere or in that bucket."""
        return not self._denied.isdisjoint({(access_key, action, ANY), (access_key, action, bucket)})

    def authenticate(self, request: Request) -> AwsAccount:
        """The account that a request comes from; ApiError as AWS answers a key or signature that it does not take."""
        if not request.access_key:
            raise ApiError("MissingAuthenticationToken", "Missing Authentication Token", 403)
        account = self._keys.get(request.access_key)
        # The credentials of a partition are unknown in the regions of the others.
        if account is None or request.region.startswith("cn-") != (account.partition == "aws-cn"):
            if request.protocol == S3:
                message = "The AWS Access Key Id you provided does not exist in our records."
                raise ApiError("InvalidAccessKeyId", message, 403)
            raise ApiError("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
        if account.ak_secret is not None and not request.is_signed_with(account.ak_secret):
            message = (
                "The request signature we calculated does not match the signature you provided. "
                "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
            )
            raise ApiError("SignatureDoesNotMatch", message, 403)
        return account

    def authorize(self, request: Request, account: AwsAccount) -> None:
        """Raise ApiError where the request's action was denied to its access key."""
        if self.is_denied(request.access_key, request.action):
            raise denied(request, account)

    @classmethod
    def _claim(cls, ak_id: str) -> str:
        with cls._lock:
            attempt = 0
            while True:
                account_id = f"{int(draws(f'{ak_id}/{attempt}', 1)[0] * 9e11 + 1e11):012d}"
                if account_id not in cls._taken:
                    cls._taken.add(account_id)
                    return account_id
                attempt += 1


def denied(request: Request, account: AwsAccount, resource: str = "*") -> ApiError:
    """The error of AWS to an action that no policy allows."""
    message = (
        f"User: {account.arn} is not authorized to perform: {request.action} on resource: {resource} "
        f"because no identity-based policy allows the {request.action} action"
    )
    return ApiError("AccessDenied", message, 400 if request.protocol == JSON else 403)
