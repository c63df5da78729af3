"""botocore, made lean: nothing of the host's AWS files, models read once, metrics asked and answered as plain JSON.

What is lean here reaches into botocore at three places. Each says what it buys, and falls back to botocore's own way,
with the same results, when botocore is no longer as it was: see `_or_plain`.
"""

import json
import os
from array import array
from collections import defaultdict
from datetime import datetime, timezone
from functools import lru_cache, partial
from typing import Any, Callable, Dict, List, Union

import botocore.loaders
import botocore.parsers
import botocore.session
from botocore.utils import parse_timestamp

from guance_aws_cloudfront.deadline import Deadline
from guance_aws_cloudfront.text import one_line

# botocore's settings that are files of the host.
FILES = ("config_file", "credentials_file")
# Where the file of trusted certificates is named, for a proxy that opens TLS: botocore's order.
CA_BUNDLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
# Where a worker process of Func keeps the loader: a script's own variables end with the task, a real module's do not.
KEPT_AS = "guance_aws_cloudfront_models"
# botocore would go through the folders of 400 services, once for each kind of model, to see which of them there are.
SERVICES = ("acm", "cloudfront", "cloudwatch", "iam", "logs", "resourcegroupstaggingapi", "s3", "sts")
METRICS_OPERATION, METRICS_ANSWER, LISTING = "GetMetricData", "GetMetricDataOutput", "ListDistributionsResult"
# The body of a request in JSON that has no arguments.
NO_ARGUMENTS = b"{}"
FLOATS = frozenset([float])


class CaBundleError(ValueError):
    """The environment names a file of trusted certificates that is not there."""


class HostlessSession(botocore.session.Session):  # type: ignore[misc]  # botocore has no types
    """A session that takes nothing from the AWS files of the host, nor from its AWS_ variables.

    Of the environment, botocore still reads the proxies (HTTPS_PROXY and its like) and AWS_ENDPOINT_URL with its
    variants; the CA bundle is `trusted_certificates`.
    """

    def __init__(self) -> None:
        # A setting is (its name in the file, its variables, its default, its conversion): only defaults remain.
        settings = {
            name: (None, None, None if name in FILES else default, convert)
            for name, (_, _, default, convert) in self.SESSION_VARIABLES.items()
        }
        super().__init__(session_vars=settings)

    def _register_client_plugins(self, client: Any) -> None:
        """Import no module that BOTOCORE_EXPERIMENTAL__PLUGINS names, as newer versions of botocore would."""


def new_session() -> Any:
    """A session of botocore that takes nothing from the host's AWS files and gives all times in epoch seconds."""
    session = HostlessSession()
    session.register_component("data_loader", _or_plain(_shared_loader, _own_loader))
    session.register_component("response_parser_factory", Parsers())
    return session


def trusted_certificates() -> Union[str, bool]:
    """What TLS is verified with, as `create_client` takes it: the file that the environment names, or botocore's own.

    It is always given: botocore up to 1.37 takes an empty variable for "do not verify". CaBundleError when there is no
    such file.
    """
    for name in CA_BUNDLES:
        path = os.environ.get(name, "").strip()
        if path:
            if not os.path.isfile(path):  # noqa: PTH113 - as botocore will open it
                raise CaBundleError(f"{name} names '{one_line(path)}', which is no file")
            return path
    return True


def _or_plain(lean: Callable[[], Any], plain: Callable[[], Any]) -> Any:
    """The lean way, or the plain one where botocore has changed so that the lean one fails.

    Whatever is missing or takes other arguments shows itself as an exception while the way is made, before any call.
    """
    try:
        return lean()
    except Exception:  # noqa: BLE001 - whatever has changed, the plain way gives the same results
        return plain()


def _own_loader() -> Any:
    """A loader of service models that are botocore's own, and none of ~/.aws/models."""
    loader = botocore.loaders.Loader
    return loader(extra_search_paths=[loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


def _shared_loader() -> Any:
    """The one loader of service models of this process: it reads JSON files, and knows of no account or key.

    It saves 60-130 ms and 12 MB for every session after the first.
    """
    if not hasattr(botocore.loaders, KEPT_AS):
        loader = _own_loader()
        # No function of this script: it would keep the task's scripts, and what they hold, for the worker's life.
        of_any_kind: Dict[str, List[str]] = defaultdict(partial(list, SERVICES))
        loader.list_available_services = of_any_kind.__getitem__
        setattr(botocore.loaders, KEPT_AS, loader)
    return getattr(botocore.loaders, KEPT_AS)


def speed_up_requests(cloudwatch: Any) -> None:
    """Let a client that speaks JSON send the arguments of GetMetricData as they are, because they are what is wanted.

    botocore's serializer looks each of a call's thousands of parts up in the service model, which takes half of the
    time of making a request. A client that keeps its serializer elsewhere serializes as ever.
    """
    service = cloudwatch.meta.service_model
    if (getattr(service, "resolved_protocol", None) or service.metadata["protocol"]) == "json":
        cloudwatch._serializer = _or_plain(
            lambda: JsonSerializer(cloudwatch._serializer), lambda: getattr(cloudwatch, "_serializer", None)
        )


class JsonSerializer:
    """In the place of a client's serializer: all but the arguments of GetMetricData is left to that one."""

    def __init__(self, plain: Any) -> None:
        self._serialize = plain.serialize_to_request

    def serialize_to_request(self, parameters: Any, operation_model: Any) -> Any:
        """What botocore asks for: the parts of an HTTP request."""
        if operation_model.name == METRICS_OPERATION:
            request = self._serialize({}, operation_model)
            if request.get("body") == NO_ARGUMENTS:
                return {**request, "body": json.dumps(parameters).encode()}
        return self._serialize(parameters, operation_model)


class BoundHttp:
    """In the place of a client's HTTP session: no attempt at a call outlasts the deadline, and none is made after it.

    What it raises then, botocore does not try again.
    """

    def __init__(self, http: Any, deadline: Deadline) -> None:
        self._http, self._deadline = http, deadline

    def send(self, request: Any) -> Any:
        """The response; DeadlineError when none came in time."""
        return self._deadline.wait_for(lambda: self._http.send(request))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def bind(client: Any, deadline: Deadline) -> None:
    """Let no call of a client outlast the deadline.

    botocore has no setting for it. In a version that keeps its HTTP session elsewhere, its own time-outs remain.
    """
    endpoint: Any = getattr(client, "_endpoint", None)
    if hasattr(endpoint, "http_session"):
        endpoint.http_session = BoundHttp(endpoint.http_session, deadline)


class Parsers:
    """In the place of botocore's factory of parsers of answers: its parsers, with times in epoch seconds."""

    def __init__(self) -> None:
        self._plain = botocore.parsers.ResponseParserFactory()
        self._plain.set_parser_defaults(timestamp_parser=epoch_seconds)

    def create_parser(self, protocol_name: str) -> Any:
        """The parser of a wire protocol."""
        parser = self._plain.create_parser(protocol_name)
        if protocol_name == "rest-xml":
            return ListingParser(parser)
        return _or_plain(lambda: MetricsParser(parser), lambda: parser) if protocol_name == "json" else parser


class MetricsParser:
    """An answer of GetMetricData in JSON is what its parsed form is to be: its hundred thousand numbers, one by one
    looked up in the service model, would take three times as long. All else is left to botocore's own parser.
    """

    def __init__(self, parser: Any) -> None:
        self._parser = parser

    def parse(self, response: Any, shape: Any) -> Any:
        """The answer as a dict."""
        if getattr(shape, "name", "") != METRICS_ANSWER or response.get("status_code") != 200:
            return self._parser.parse(response, shape)
        answer = json.loads(response["body"], object_hook=_compacting())
        return {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}


class ListingParser:
    """A listing of distributions of which a part cannot be read: botocore would give up all of it for one number that
    is none. What can be read of each record is kept, and the members that cannot be read are None.
    """

    def __init__(self, parser: Any) -> None:
        self._parser = parser

    def parse(self, response: Any, shape: Any) -> Any:
        """The answer as a dict."""
        try:
            return self._parser.parse(response, shape)
        except Exception:
            if getattr(shape, "name", "") != LISTING or response.get("status_code") != 200:
                raise
            # What is no XML is raised again.
            return self._record_by_record(response, shape)

    def _record_by_record(self, response: Any, shape: Any) -> Any:
        tree = botocore.parsers.ETree
        root = tree.fromstring(response["body"])
        items = next(child for child in root if _name(child) == "Items")
        summaries = list(items)

        def parsed(*inside: Any) -> Any:
            items[:] = inside
            return self._parser.parse({**response, "body": tree.tostring(root)}, shape)

        def record(summary: Any) -> Dict[str, Any]:
            try:
                return dict(parsed(summary)["DistributionList"]["Items"][0])
            except Exception:  # noqa: BLE001 - botocore's parser raises whatever a wrong value makes it raise
                members = list(summary)
            found: Dict[str, Any] = {}
            for member in members:
                summary[:] = [member]
                try:
                    found.update(parsed(summary)["DistributionList"]["Items"][0])
                except Exception:  # noqa: BLE001 - see above
                    found[_name(member)] = None
            return found

        records = [record(summary) for summary in summaries]
        answer = parsed()
        answer["DistributionList"]["Items"] = records
        return answer


def _name(element: Any) -> str:
    """The name of an XML element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _compacting() -> Callable[[Dict[str, Any]], Dict[str, Any]]:
    """What to do with each object of an answer as it is read, so that the whole takes little room.

    Values become machine numbers, and lists of times that are equal, as mostly all are, one list.
    """
    times: Any = None

    def compact(found: Dict[str, Any]) -> Dict[str, Any]:
        nonlocal times
        if "Timestamps" in found:
            if found["Timestamps"] == times:
                found["Timestamps"] = times
            times = found["Timestamps"]
        values = found.get("Values")
        # What is not all numbers stays as it is, for others to judge.
        if values and FLOATS.issuperset(map(type, values)):
            found["Values"] = array("d", values)
        return found

    return compact


def epoch_seconds(value: Any) -> Any:
    """A time stamp as AWS sends it in any of its protocols, in epoch seconds; what is no time stays as it is.

    botocore's own parser makes a datetime in the machine's zone, which takes most of the time of parsing an answer.
    """
    if isinstance(value, (int, float)):
        return value
    return _epoch_seconds_of_text(value) if isinstance(value, str) else value


@lru_cache(maxsize=4096)
def _epoch_seconds_of_text(text: str) -> Union[float, str]:
    # 2026-11-24T00:36:00Z in query XML, 2022-03-09T06:13:31.000Z in CloudFront's REST XML.
    if len(text) >= 20 and text[10] == "T" and text.endswith("Z") and text[19] in "Z.":
        try:
            parts = (text[0:4], text[5:7], text[8:10], text[11:13], text[14:16], text[17:19])
            year, month, day, hour, minute, second = map(int, parts)
            whole = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
            return whole.timestamp() + float("0" + text[19:-1])
        except ValueError:
            pass
    try:
        return float(parse_timestamp(text).timestamp())
    except Exception:  # noqa: BLE001 - botocore tries several ways, and raises what the last of them does
        return text
