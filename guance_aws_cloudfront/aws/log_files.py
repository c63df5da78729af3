"""The calls to AWS that only access logs need: where deliveries go to, which files there are, and what is in them."""

from typing import Any, Dict, Generator, Iterable, Iterator, List, NamedTuple, Sequence, Tuple, Union

from guance_aws_cloudfront.aws.client import Aws
from guance_aws_cloudfront.aws.errors import AwsError, explain

# The deliveries of the newer kind of logging are told in this region only.
DELIVERIES_REGION = "us-east-1"
# By operation, botocore's name of it and the member of the answer.
DESCRIBED = {
    "DescribeDeliverySources": ("describe_delivery_sources", "deliverySources"),
    "DescribeDeliveries": ("describe_deliveries", "deliveries"),
    "DescribeDeliveryDestinations": ("describe_delivery_destinations", "deliveryDestinations"),
}
# A file of up to so many bytes is fetched whole while another one is read; twice `concurrency` of them may lie ready.
FETCHED_AHEAD = 512 * 1024
# What is read from the network at once, in bytes.
CHUNK = 256 * 1024


class Deliveries(NamedTuple):
    """What CloudWatch Logs tells of vended logs: their sources, destinations, and which goes where."""

    sources: List[Dict[str, Any]]
    deliveries: List[Dict[str, Any]]
    destinations: List[Dict[str, Any]]


class LogFilesAws(Aws):
    """What `Aws` can do, and the calls of access logs; `calls` counts them all.

    A bucket of another region is asked there: botocore follows what S3 says of it.
    """

    requester_pays = False

    def deliveries(self) -> Deliveries:
        """All deliveries of the account's logs; AwsError when any call fails, AwsDeniedError if not allowed."""
        return Deliveries(*map(self.described, DESCRIBED))

    def described(self, operation: str) -> List[Dict[str, Any]]:
        """What an operation of `DESCRIBED` tells, all pages of it; AwsError when any fails."""
        logs = self._client("logs", DELIVERIES_REGION)
        paginator, key = DESCRIBED[operation]
        with self._explained(operation):
            return [one for page in logs.get_paginator(paginator).paginate() for one in page[key]]

    def listed_keys(
        self, listings: Sequence[Tuple[str, str, str]]
    ) -> "Iterator[Union[List[Tuple[str, int]], AwsError]]":
        """(key, size in bytes) of the objects of each listing, or the error of that listing; a few at a time.

        A listing is a bucket, what its keys begin with, and after which key to begin.
        """
        s3 = self._s3()

        def ask(listing: Tuple[str, str, str]) -> List[Tuple[str, int]]:
            bucket, prefix, after = listing
            arguments = {"Bucket": bucket, "Prefix": prefix, **self._payer()}
            pages = s3.get_paginator("list_objects_v2").paginate(
                **arguments, **({"StartAfter": after} if after else {})
            )
            return [
                (str(one["Key"]), int(one.get("Size") or 0)) for page in pages for one in page.get("Contents") or ()
            ]

        return self._about_buckets("ListObjectsV2", ask, listings)

    def contents(
        self, files: Iterable[Tuple[str, str, int]]
    ) -> "Generator[Union[Iterable[bytes], AwsError], None, None]":
        """The bytes of each file (bucket, key, size) in parts, or the error of that file, one by one.

        Small files that come next are fetched meanwhile. Of a large one the bytes come while they are read: then the
        parts raise AwsError where the answer breaks off.
        """
        s3 = self._s3()

        def body(bucket: str, key: str) -> Any:
            return s3.get_object(Bucket=bucket, Key=key, **self._payer())["Body"]

        def fetch(file: Tuple[str, str, int]) -> Iterable[bytes]:
            bucket, key, size = file
            return [body(bucket, key).read()] if size <= FETCHED_AHEAD else self._streamed(body, bucket, key)

        return self._about_buckets("GetObject", fetch, files)

    def _streamed(self, body: Any, bucket: str, key: str) -> Iterator[bytes]:
        try:
            opened = body(bucket, key)
            try:
                yield from opened.iter_chunks(CHUNK)
            finally:
                opened.close()
        except Exception as error:  # noqa: BLE001 - whatever it is, the user gets a sentence
            raise self._of_bucket("GetObject", bucket, error) from None

    def _about_buckets(self, operation: str, ask: Any, items: Iterable[Any]) -> Generator[Any, None, None]:
        """What is answered to each item, whose first part is a bucket, or the error that names it."""

        def answer(item: Any) -> Any:
            try:
                return ask(item)
            except Exception as error:  # noqa: BLE001 - whatever it is, the user gets a sentence
                return self._of_bucket(operation, item[0], error)

        yield from self._side_by_side(operation, answer, items)

    def _of_bucket(self, operation: str, bucket: str, error: Exception) -> AwsError:
        return explain(error, self._account, operation, self._temporary, f"of the bucket {bucket}")

    def _s3(self) -> Any:
        return self._client("s3", self._account.partition.region)

    def _payer(self) -> Dict[str, str]:
        return {"RequestPayer": "requester"} if self.requester_pays else {}
