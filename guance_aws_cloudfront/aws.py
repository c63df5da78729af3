"""The only module that talks to AWS."""

import calendar
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Sequence, Set, Union

import botocore.session
from botocore.config import Config
from botocore.utils import parse_timestamp

from guance_aws_cloudfront.aws_errors import AwsError, explain
from guance_aws_cloudfront.catalog import NAMESPACE
from guance_aws_cloudfront.config import Account, CollectorConfig
from guance_aws_cloudfront.credentials import FixedResolver, assumed_role, own_key
from guance_aws_cloudfront.metrics import Answers, merge_pages
from guance_aws_cloudfront.series import Dimensions, Listed

CONNECT_TIMEOUT, READ_TIMEOUT = 10, 20
# The default retry mode differs between botocore versions; `standard` with this count means two retries. A call that
# hangs is given up after a minute, well within a run's time limit.
RETRIES = {"mode": "standard", "total_max_attempts": 3}
# The profile of the Func host, if any, is nobody's business here, and may not even exist.
NO_PROFILE = {"profile": (None, None, None, None)}


class Aws:
    """CloudFront and CloudWatch of one account; `calls` counts the API calls made, by operation.

    AwsError when botocore cannot make its clients, or the account's role cannot be assumed.
    """

    def __init__(self, account: Account, config: CollectorConfig, user_agent: str) -> None:
        self._account = account
        self._concurrency = config.concurrency
        self.calls: Counter[str] = Counter()
        self._lock = threading.Lock()
        settings = Config(
            retries=RETRIES,
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            max_pool_connections=self._concurrency,
            user_agent_extra=user_agent,
        )
        session = self._session()
        if account.role_arn:
            sts = self._client(session, "sts", account.partition.region, settings, own_key(account))
            session.register_component("credential_provider", FixedResolver(self._assumed_role(sts)))
        key = {} if account.role_arn else own_key(account)
        self._cloudfront = self._client(session, "cloudfront", account.partition.region, settings, key)
        self._cloudwatch = self._client(session, "cloudwatch", account.cloudwatch_region, settings, key)

    def _session(self) -> Any:
        session = botocore.session.Session(session_vars=NO_PROFILE)
        session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=epoch_seconds)
        session.register("before-call", self._count)
        return session

    def _client(self, session: Any, service: str, region: str, settings: Config, key: Mapping[str, Any]) -> Any:
        with self._explained("Connect"):
            return session.create_client(service, region, config=settings, **key)

    def _assumed_role(self, sts: Any) -> Any:
        with self._explained("AssumeRole"):
            return assumed_role(sts, self._account)

    @contextmanager
    def _explained(self, operation: str) -> Iterator[None]:
        """Whatever botocore raises within becomes an AwsError with a sentence for the user."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, the user gets a sentence
            raise explain(error, self._account, operation) from None

    def distributions(self) -> List[Dict[str, Any]]:
        """The records of all distributions, each once, times in epoch seconds; AwsError when any page fails."""
        with self._explained("ListDistributions"):
            pages = self._cloudfront.get_paginator("list_distributions").paginate()
            # One that is created in mid-listing moves others on to the next page: keep each Id once.
            listed = [page["DistributionList"] for page in pages]
            found = {record["Id"]: record for page in listed for record in page.get("Items") or ()}
            if listed[-1].get("IsTruncated"):
                # The paginator takes a page that names none after it for the last one.
                raise ValueError("the listing breaks off: more is to come, and it does not say where")
        return list(found.values())

    def listed_metrics(self) -> Listed:
        """What CloudFront has published in two weeks; AwsError when any page fails, AwsDeniedError if not allowed."""
        listed: Dict[str, Set[Dimensions]] = {}
        with self._explained("ListMetrics"):
            for page in self._cloudwatch.get_paginator("list_metrics").paginate(Namespace=NAMESPACE):
                for metric in page["Metrics"]:
                    dimensions = tuple(sorted((pair["Name"], pair["Value"]) for pair in metric["Dimensions"]))
                    listed.setdefault(metric["MetricName"], set()).add(dimensions)
        return listed

    def metric_data(self, requests: Sequence[Mapping[str, Any]]) -> "List[Union[Answers, AwsError]]":
        """What GetMetricData answers to each request, all pages merged, or the error of that request."""
        return in_parallel(self._metric_data, requests, self._concurrency)

    def _metric_data(self, request: Mapping[str, Any]) -> Union[Answers, AwsError]:
        try:
            return merge_pages(self._pages(request), len(request["MetricDataQueries"]))
        except Exception as error:  # noqa: BLE001 - whatever it is, the user gets a sentence
            return explain(error, self._account, "GetMetricData")

    def _pages(self, request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        # The paginator raises when a token repeats, instead of asking for ever.
        return iter(self._cloudwatch.get_paginator("get_metric_data").paginate(**request))

    def _count(self, model: Any, **_: Any) -> None:
        with self._lock:
            self.calls[model.name] += 1


def in_parallel(work: Callable[[Any], Any], items: Iterable[Any], concurrency: int) -> List[Any]:
    """`work(item)` for every item, in their order, a few at a time; nothing new is begun once the caller is stopped."""
    executor = ThreadPoolExecutor(concurrency)
    futures: List[Any] = []
    try:
        futures.extend(executor.submit(work, item) for item in items)
        return [future.result() for future in futures]
    finally:
        # Func ends a task by an exception in this thread: waiting here for what is queued would outlast the time-out.
        for future in futures:
            future.cancel()
        executor.shutdown(wait=False)


def epoch_seconds(value: Any) -> float:
    """A time stamp as AWS sends it in any of its protocols, in epoch seconds.

    botocore's own parser makes a datetime in the machine's zone, which takes most of the time of parsing an answer.
    """
    if isinstance(value, (int, float)):
        return value
    return _epoch_seconds_of_text(value) if isinstance(value, str) else parse_timestamp(value).timestamp()


@lru_cache(maxsize=4096)
def _epoch_seconds_of_text(text: str) -> float:
    # 2026-11-24T00:36:00Z in query XML, 2022-03-09T06:13:31.000Z in CloudFront's REST XML.
    if len(text) >= 20 and text[10] == "T" and text.endswith("Z") and text[19] in "Z.":
        try:
            parts = (text[0:4], text[5:7], text[8:10], text[11:13], text[14:16], text[17:19])
            return calendar.timegm((*map(int, parts), 0, 0, 0)) + float("0" + text[19:-1])
        except ValueError:
            pass
    return float(parse_timestamp(text).timestamp())
