"""The only module that talks to AWS."""

import threading
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Callable, Deque, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Set, Union

from botocore.config import Config

from guance_aws_cloudfront.aws.credentials import FixedResolver, assumed_role, own_key
from guance_aws_cloudfront.aws.errors import AwsError, RunOverError, clock_ahead, explain
from guance_aws_cloudfront.aws.pace import CERTIFICATES, Pace, part_of_a_second
from guance_aws_cloudfront.aws.responses import check_parsed, check_raw
from guance_aws_cloudfront.aws.session import bind, new_session, speed_up_requests, trusted_certificates
from guance_aws_cloudfront.cloudfront.catalog import NAMESPACE
from guance_aws_cloudfront.cloudfront.certificate import region_of
from guance_aws_cloudfront.cloudfront.record import has_id, oddities
from guance_aws_cloudfront.deadline import Deadline
from guance_aws_cloudfront.points.answers import Answers, merge_pages
from guance_aws_cloudfront.points.series import Dimensions, Listed
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.settings.config import CollectorConfig

CONNECT_TIMEOUT, READ_TIMEOUT = 10, 20
# The default retry mode differs between botocore versions; `standard` with this count means two retries. A call that
# hangs is given up after a minute, well within a run's time limit.
RETRIES = {"mode": "standard", "total_max_attempts": 3}
# What only adds a field to an object must not cost a run, or a check in Func's editor, its time: a firewall may let
# CloudFront and CloudWatch pass, and nothing else.
SHORT = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 2})
FOREVER = float("inf")
TAGGED = {"ResourceTypeFilters": ["cloudfront:distribution"], "ResourcesPerPage": 100}


class Aws:
    """CloudFront and CloudWatch of one account; `calls` counts the API calls made, by operation.

    `clock_ahead` is by how many seconds this host's clock was ahead of AWS's at the last answer, None before one.
    `version` is the collector's, for the records that AWS keeps of calls; `clock` is the module `time` or its like;
    `seconds_left` tells how much of the run's time limit remains: once there is none, no request is sent any more.
    With a `deadline`, no request outlasts it. AwsError when botocore cannot make its clients, or the account's role
    cannot be assumed.
    """

    def __init__(
        self,
        account: Account,
        config: CollectorConfig,
        version: str,
        clock: Any = time,
        seconds_left: Callable[[], float] = lambda: FOREVER,
        deadline: Optional[Deadline] = None,
    ) -> None:
        self._account, self._deadline = account, deadline
        self._concurrency, self._period = config.concurrency, config.period
        self._clock, self._pace = clock, Pace(clock)
        self._certificates_pace = Pace(clock, CERTIFICATES)
        self._seconds_left = seconds_left
        self.calls: Counter[str] = Counter()
        self.clock_ahead: Optional[float] = None
        self._lock = threading.Lock()
        # Of a thread that works for a caller: whether the caller has gone.
        self._thread = threading.local()
        # What AWS has given out for the role, and must never come out.
        self._temporary: List[str] = []
        self._settings = Config(
            retries=RETRIES,
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            max_pool_connections=self._concurrency,
            user_agent_extra=f"guance_aws_cloudfront/{version}",
            # Half of the time of making a request; what we ask is held against the service model by a test.
            parameter_validation=False,
        )
        with self._explained("Connect"):
            self._session = self._new_session()
        self._key = own_key(account)
        if account.role_arn:
            provider = FixedResolver(self._assumed_role(self._client("sts", account.partition.region)))
            self._session.register_component("credential_provider", provider)
            self._key = {}
        self._cloudfront = self._client("cloudfront", account.partition.region)
        self._cloudwatch = self._client("cloudwatch", account.cloudwatch_region)
        speed_up_requests(self._cloudwatch)

    def _new_session(self) -> Any:
        session = new_session()
        session.register("before-call", self._count)
        session.register("before-parse", check_raw)
        session.register("after-call", self._compare_clocks)
        session.register("after-call", check_parsed)
        # Before each attempt of each page: AWS counts those that are retried too.
        session.register("before-send", self._stop_in_time)
        session.register("before-send.cloudwatch.GetMetricData", lambda **_: self._wait_for_turn(self._pace))
        session.register(
            "before-send.acm.DescribeCertificate", lambda **_: self._wait_for_turn(self._certificates_pace)
        )
        return session

    def _client(self, service: str, region: str, is_short: bool = False) -> Any:
        settings = self._settings.merge(SHORT) if is_short else self._settings
        with self._explained("Connect"):
            verify = trusted_certificates()
            client = self._session.create_client(service, region, verify=verify, config=settings, **self._key)
        if self._deadline:
            bind(client, self._deadline)
        return client

    def _assumed_role(self, sts: Any) -> Any:
        with self._explained("AssumeRole"):
            return assumed_role(sts, self._account, self._temporary.extend)

    @contextmanager
    def _explained(self, operation: str) -> Iterator[None]:
        """Whatever botocore raises within becomes an AwsError with a sentence for the user."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, the user gets a sentence
            raise explain(error, self._account, operation, self._temporary) from None

    def distributions(self, warn: Callable[[str], None] = lambda text: None) -> List[Dict[str, Any]]:
        """The records of all distributions, each once, times in epoch seconds; AwsError when any page fails.

        A record without an Id is left out. `warn` gets a sentence for it, and for members of other records that are
        missing or malformed: whoever reads a record must accept that.
        """
        with self._explained("ListDistributions"):
            pages = self._cloudfront.get_paginator("list_distributions").paginate()
            listed = [page["DistributionList"] for page in pages]
            if listed[-1]["IsTruncated"]:
                # The paginator takes a page that names none after it for the last one.
                raise ValueError("the listing is incomplete: there is more, but AWS does not say where it continues")
        records = [record for page in listed for record in page.get("Items") or ()]
        for text in oddities(records):
            warn(text)
        # One that is created in mid-listing moves others on to the next page: keep each Id once.
        return list({record["Id"]: record for record in records if has_id(record)}.values())

    def caller(self) -> str:
        """The ARN of the user or role that the calls are made as; AwsError when AWS does not tell."""
        sts = self._client("sts", self._account.partition.region)
        with self._explained("GetCallerIdentity"):
            return str(sts.get_caller_identity()["Arn"])

    def listed_metrics(self, recently: bool = False, **only: str) -> Listed:
        """What CloudFront has published in two weeks, or `recently`, in three hours; `only` narrows ListMetrics.

        AwsError when any page fails, AwsDeniedError if not allowed.
        """
        listed: Dict[str, Set[Dimensions]] = {}
        asked = {"Namespace": NAMESPACE, **only, **({"RecentlyActive": "PT3H"} if recently else {})}
        with self._explained("ListMetrics"):
            for page in self._cloudwatch.get_paginator("list_metrics").paginate(**asked):
                for metric in page["Metrics"]:
                    pairs = metric.get("Dimensions") or ()
                    dimensions = tuple(sorted((pair["Name"], pair["Value"]) for pair in pairs))
                    listed.setdefault(metric["MetricName"], set()).add(dimensions)
        return listed

    def resource_tags(self) -> Dict[str, Dict[str, str]]:
        """The resource tags of distributions by ARN, of those that have ever had any; AwsError when any page fails."""
        tagging = self._client("resourcegroupstaggingapi", self._account.partition.region)
        with self._explained("GetResources"):
            pages = tagging.get_paginator("get_resources").paginate(**TAGGED)
            return {found["ResourceARN"]: _tags(found) for page in pages for found in page["ResourceTagMappingList"]}

    def tags_of(self, arns: Sequence[str]) -> "List[Union[Dict[str, str], AwsError]]":
        """The resource tags of each distribution, by a call for each, or the error of that call."""

        def ask(arn: str) -> Dict[str, str]:
            return _tags(self._cloudfront.list_tags_for_resource(Resource=arn)["Tags"])

        return self._each("ListTagsForResource", ask, arns)

    def configurations(self, distribution_ids: Sequence[str]) -> "List[Union[Dict[str, Any], AwsError]]":
        """The configuration of each distribution, by a call for each, or the error of that call."""

        def ask(distribution_id: str) -> Dict[str, Any]:
            return dict(self._cloudfront.get_distribution_config(Id=distribution_id)["DistributionConfig"])

        return self._each("GetDistributionConfig", ask, distribution_ids)

    def certificates(self, arns: Sequence[str]) -> "List[Union[Dict[str, Any], AwsError]]":
        """What ACM tells of each certificate, by a call for each in the region of its ARN, or the error of that call.

        Each ARN names a region of the account's partition.
        """
        region = {arn: region_of(arn, self._account.partition) for arn in arns}
        clients = {name: self._client("acm", name, is_short=True) for name in sorted(set(region.values()))}

        def ask(arn: str) -> Dict[str, Any]:
            client = clients[region[arn]]
            certificate: Dict[str, Any] = client.describe_certificate(CertificateArn=arn)["Certificate"]
            if certificate.get("CertificateArn") != arn:
                raise ValueError("it is of another certificate")
            return certificate

        return self._each("DescribeCertificate", ask, arns)

    def server_certificates(self) -> List[Dict[str, Any]]:
        """What IAM tells of all server certificates; AwsError when any page fails, AwsDeniedError if not allowed."""
        iam = self._client("iam", self._account.partition.region, is_short=True)
        with self._explained("ListServerCertificates"):
            pages = list(iam.get_paginator("list_server_certificates").paginate())
            if pages[-1]["IsTruncated"]:
                raise ValueError("the listing is incomplete: there is more, but AWS does not say where it continues")
        return [certificate for page in pages for certificate in page["ServerCertificateMetadataList"]]

    def metric_data(self, requests: Iterable[Mapping[str, Any]]) -> "Iterator[Union[Answers, AwsError]]":
        """What GetMetricData answers to each request, all pages merged, or the error of that request; one by one.

        The next few are asked while the caller is busy with an answer.
        """

        def ask(request: Mapping[str, Any]) -> Answers:
            return merge_pages(self._pages(request), request)

        return self._side_by_side("GetMetricData", ask, self._paced(requests))

    def _paced(self, requests: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """The requests as they are, the pace set to the largest of them."""
        part = 0.0
        for request in requests:
            part = max(part, part_of_a_second(request, self._period, self._clock.time()))
            self._pace.part = part
            yield request

    def _each(self, operation: str, ask: Callable[[Any], Any], items: Sequence[Any]) -> List[Any]:
        """What is answered to each item, a few at a time, or the AwsError in its place."""
        return list(self._side_by_side(operation, ask, items))

    def _side_by_side(self, operation: str, ask: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        caller_gone = threading.Event()

        def answer(item: Any) -> Any:
            self._thread.caller_gone = caller_gone
            try:
                return ask(item)
            except Exception as error:  # noqa: BLE001 - whatever it is, the user gets a sentence
                return explain(error, self._account, operation, self._temporary)

        try:
            yield from side_by_side(answer, items, self._concurrency)
        finally:
            caller_gone.set()

    def _pages(self, request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        # The paginator raises when a token repeats, instead of asking for ever.
        return iter(self._cloudwatch.get_paginator("get_metric_data").paginate(**request))

    def _count(self, model: Any, **_: Any) -> None:
        with self._lock:
            self.calls[model.name] += 1

    def _stop_in_time(self, **_: Any) -> None:
        """Raise RunOverError instead of sending a request that nobody waits for, or for which no time is left."""
        gone = getattr(self._thread, "caller_gone", None)
        if self._seconds_left() <= 0 or (gone is not None and gone.is_set()):
            raise RunOverError

    def _wait_for_turn(self, pace: Pace) -> None:
        with self._lock:
            seconds = pace.turn()
        if seconds > 0:
            self._clock.sleep(seconds)

    def _compare_clocks(self, http_response: Any, **_: Any) -> None:
        self.clock_ahead = clock_ahead(http_response.headers, time.time())


def _tags(answer: Mapping[str, Any]) -> Dict[str, str]:
    # ListTagsForResource has them as Items, absent when there are none; GetResources as Tags.
    pairs = answer.get("Tags") or answer.get("Items") or ()
    return {str(pair["Key"]): str(pair.get("Value") or "") for pair in pairs}


def side_by_side(work: Callable[[Any], Any], items: Iterable[Any], concurrency: int) -> Iterator[Any]:
    """`work(item)` for every item, in their order, a few at a time; nothing new is begun once the caller is stopped.

    As many as are at work wait their turn, so that nobody is idle while the caller looks at a result.
    """
    executor = ThreadPoolExecutor(concurrency)
    futures: Deque[Any] = deque()
    try:
        for item in items:
            futures.append(executor.submit(work, item))
            if len(futures) == 2 * concurrency:
                yield futures.popleft().result()
        while futures:
            yield futures.popleft().result()
    finally:
        # Func ends a task by an exception in this thread: waiting here for what is queued would outlast the time-out.
        for future in futures:
            future.cancel()
        executor.shutdown(wait=False)
