"""S3 of the embedded AWS, for reading: moto keeps buckets and objects; regions and permissions are our own.

S3's own rules that moto does not have: a bucket answers in its region only, other accounts need the bucket's consent,
a requester pays where the bucket demands it, an object encrypted with KMS needs `kms:Decrypt`, and who may not list a
bucket is told of a missing object that it is denied.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Dict, FrozenSet, Mapping, Optional
from urllib.parse import urlencode

from moto.s3.models import s3_backends

from devtools.aws.accounts import Accounts, AwsAccount, denied
from devtools.aws.moto_app import MotoApp
from devtools.aws.wire import S3_IDS, ApiError, Request, Response, s3_error

OBJECT, BUCKET = ("GetObject", "HeadObject"), ("ListObjectsV2", "HeadBucket", "GetBucketLocation")


@dataclass(frozen=True)
class Bucket:
    """A bucket of an account in a region.

    `shared_with` are the numbers of other accounts that its policy lets read. With `requester_pays` these must say
    that they pay. With `kms_key`, the ARN of a key, its objects are encrypted with it.
    """

    name: str
    owner: AwsAccount
    region: str
    shared_with: FrozenSet[str] = frozenset()
    requester_pays: bool = False
    kms_key: str = ""


class Buckets:
    """All buckets of all accounts. `page`, if set, is how many objects a listing returns at a time."""

    def __init__(self, clock: Any, accounts: Accounts, moto: MotoApp) -> None:
        self._clock, self._accounts, self._moto = clock, accounts, moto
        # moto has one namespace for all partitions.
        self._buckets: Dict[str, Bucket] = {}
        self.page: Optional[int] = None

    def add(self, bucket: Bucket) -> None:
        """Create a bucket; ValueError when its name is taken."""
        if self._buckets.setdefault(bucket.name, bucket) is not bucket:
            raise ValueError(f"there is a bucket {bucket.name} already")
        with self._moto.lock:
            self._backend(bucket).create_bucket(bucket.name, bucket.region)

    def put(self, name: str, key: str, body: bytes, modified_at: Optional[float] = None) -> None:
        """Write an object, now unless it is said when (epoch seconds); KeyError when there is no such bucket."""
        bucket = self._buckets[name]
        with self._moto.lock:
            written = self._backend(bucket).put_object(name, key, body)
            at = self._clock.time() if modified_at is None else modified_at
            written.last_modified = datetime.fromtimestamp(at, timezone.utc).replace(tzinfo=None)

    def delete(self, name: str, key: str) -> None:
        """Delete an object, as a lifecycle rule does; KeyError when there is no such bucket."""
        with self._moto.lock:
            self._backend(self._buckets[name]).delete_object(name, key)

    def forget(self, account: AwsAccount) -> None:
        """Drop all buckets of an account."""
        owned = [one for one in self._buckets.values() if one.owner.account_id == account.account_id]
        for bucket in owned:
            with self._moto.lock:
                # It closes the temporary files of moto's objects too.
                self._backend(bucket).reset()
            del self._buckets[bucket.name]

    def answer(self, request: Request, account: AwsAccount) -> Response:
        """The answer to a request that reads; ApiError as S3 refuses it."""
        if request.operation not in (*OBJECT, *BUCKET):
            raise ApiError("NotImplemented", f"The embedded S3 has no {request.operation}: it is for reading.", 501)
        name, _, key = request.resource.partition("/")
        bucket = self._buckets.get(name)
        if bucket is None or bucket.owner.partition != account.partition:
            raise ApiError("NoSuchBucket", "The specified bucket does not exist", 404)
        if request.region != bucket.region and request.operation != "GetBucketLocation":
            return _elsewhere(request, bucket)
        self._admit(request, account, bucket)
        environ = {}
        if request.operation == "ListObjectsV2" and self.page:
            environ["QUERY_STRING"] = urlencode({**request.query, "max-keys": str(self.page)})
        answer = self._moto.answer(request, bucket.owner, **environ)
        if key and answer.status == 404 and self._is_denied(account, request, "s3:ListBucket", bucket):
            raise denied(request, account, f"{_arn(bucket)}/{key}")
        return Response(answer.status, {**answer.headers, **_told(request, account, bucket)}, answer.body)

    def _admit(self, request: Request, account: AwsAccount, bucket: Bucket) -> None:
        """ApiError unless the caller may do this with the bucket."""
        key = request.resource.partition("/")[2]
        is_other = account.account_id != bucket.owner.account_id
        if self._is_denied(account, request, request.action, bucket):
            raise denied(request, account, f"{_arn(bucket)}/{key}" if key else _arn(bucket))
        if is_other and account.account_id not in bucket.shared_with:
            raise ApiError("AccessDenied", "Access Denied", 403)
        if is_other and bucket.requester_pays and not request.requester_pays:
            raise ApiError("AccessDenied", "Access Denied", 403)
        if key and bucket.kms_key and self._is_denied(account, request, "kms:Decrypt", bucket):
            message = (
                f"User: {account.arn} is not authorized to perform: kms:Decrypt on resource: {bucket.kms_key} because "
                "no identity-based policy allows the kms:Decrypt action"
            )
            raise ApiError("AccessDenied", message, 403)

    def _is_denied(self, account: AwsAccount, request: Request, action: str, bucket: Bucket) -> bool:
        return self._accounts.is_denied(request.access_key, action, bucket.name)

    def _backend(self, bucket: Bucket) -> Any:
        return s3_backends[bucket.owner.account_id][bucket.owner.partition]


def _arn(bucket: Bucket) -> str:
    return f"arn:{bucket.owner.partition}:s3:::{bucket.name}"


def _elsewhere(request: Request, bucket: Bucket) -> Response:
    """The answer of S3 in another region than the bucket's."""
    message = (
        "The bucket you are attempting to access must be addressed using the specified endpoint. "
        "Please send all future requests to this endpoint."
    )
    domain = "amazonaws.com.cn" if bucket.owner.partition == "aws-cn" else "amazonaws.com"
    endpoint = f"{bucket.name}.s3.{bucket.region}.{domain}"
    answer = s3_error(request, ApiError("PermanentRedirect", message, 301), Endpoint=endpoint, Bucket=bucket.name)
    return Response(answer.status, {**answer.headers, "x-amz-bucket-region": bucket.region}, answer.body)


def _told(request: Request, account: AwsAccount, bucket: Bucket) -> Mapping[str, str]:
    """The headers that moto leaves out."""
    told = dict(S3_IDS)
    if request.operation in BUCKET:
        told["x-amz-bucket-region"] = bucket.region
    if bucket.requester_pays and account.account_id != bucket.owner.account_id:
        told["x-amz-request-charged"] = "requester"
    if bucket.kms_key and request.operation in OBJECT:
        told["x-amz-server-side-encryption"] = "aws:kms"
        told["x-amz-server-side-encryption-aws-kms-key-id"] = bucket.kms_key
    return told
