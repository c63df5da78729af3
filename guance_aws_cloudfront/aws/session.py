"""botocore, made lean: nothing of the host's profile, models read once, metrics asked and answered as plain JSON."""

import calendar
import json
from array import array
from collections import defaultdict
from functools import lru_cache, partial
from typing import Any, Callable, Dict, List

import botocore.loaders
import botocore.parsers
import botocore.session
from botocore.utils import parse_timestamp

# The profile of the Func host, if any, is nobody's business here, and may not even exist.
NO_PROFILE = {"profile": (None, None, None, None)}
# Where a worker process of Func keeps the loader: a script's own variables end with the task, a real module's do not.
KEPT_AS = "guance_aws_cloudfront_models"
# botocore would go through the folders of 400 services, once for each kind of model, to see which of them there are.
SERVICES = ("cloudfront", "cloudwatch", "resourcegroupstaggingapi", "sts")
# Where the arguments of a call wait while botocore makes the rest of its request.
ASIDE = "guance_aws_cloudfront_arguments"
METRICS_ANSWER = "GetMetricDataOutput"
FLOATS = frozenset([float])


def new_session() -> Any:
    """A session of botocore that takes no profile and gives all times in epoch seconds."""
    session = botocore.session.Session(session_vars=NO_PROFILE)
    session.register_component("data_loader", _shared_loader())
    session.register_component("response_parser_factory", Parsers())
    return session


def _shared_loader() -> Any:
    """The one loader of service models of this process: it reads JSON files, and knows of no account or key."""
    if not hasattr(botocore.loaders, KEPT_AS):
        loader = botocore.loaders.create_loader()
        # No function of this script: it would keep the task's scripts, and what they hold, for the worker's life.
        of_any_kind: Dict[str, List[str]] = defaultdict(partial(list, SERVICES))
        loader.list_available_services = of_any_kind.__getitem__
        setattr(botocore.loaders, KEPT_AS, loader)
    return getattr(botocore.loaders, KEPT_AS)


def speed_up_requests(cloudwatch: Any) -> None:
    """Let a client that speaks JSON send the arguments of GetMetricData as they are, for they are what is wanted.

    botocore's serializer would look each of a call's thousands of parts up in the service model. Two of its events let
    the arguments by: it is given none, and their text is put into its request before that is signed.
    """
    service = cloudwatch.meta.service_model
    if (getattr(service, "resolved_protocol", None) or service.metadata["protocol"]) == "json":
        cloudwatch.meta.events.register("provide-client-params.cloudwatch.GetMetricData", _set_aside)
        cloudwatch.meta.events.register("before-call.cloudwatch.GetMetricData", _put_in)


def _set_aside(params: Dict[str, Any], context: Dict[str, Any], **_: Any) -> Dict[str, Any]:
    context[ASIDE] = params
    return {}


def _put_in(params: Dict[str, Any], context: Dict[str, Any], **_: Any) -> None:
    params["body"] = json.dumps(context[ASIDE]).encode()


class Parsers:
    """In the place of botocore's factory of parsers of answers."""

    def create_parser(self, protocol_name: str) -> Any:
        """The parser of a wire protocol."""
        parser = botocore.parsers.PROTOCOL_PARSERS[protocol_name](timestamp_parser=epoch_seconds)
        return MetricsParser(parser) if protocol_name == "json" else parser


class MetricsParser:
    """An answer of GetMetricData in JSON is what its parsed form is to be: its hundred thousand numbers, one by one
    looked up in the service model, would take three times as long. All else is left to botocore's own parser.
    """

    def __init__(self, parser: Any) -> None:
        self._parser = parser

    def parse(self, response: Any, shape: Any) -> Any:
        """The answer as a dict."""
        if getattr(shape, "name", "") != METRICS_ANSWER or response["status_code"] != 200:
            return self._parser.parse(response, shape)
        answer = json.loads(response["body"], object_hook=_compacting())
        return {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}


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
