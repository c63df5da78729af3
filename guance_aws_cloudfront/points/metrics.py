"""Series -> GetMetricData queries; its answers -> metric points."""

import math
from array import array
from types import MappingProxyType
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from guance_aws_cloudfront.cloudfront.catalog import (
    CLOUD_PROVIDER,
    DIMENSIONS,
    FUNCTION_DIMENSION,
    GLOBAL,
    METRIC_MEASUREMENT,
    NAMESPACE,
    field_name,
)
from guance_aws_cloudfront.cloudfront.record import aliases
from guance_aws_cloudfront.guance.limits import LONGEST_TAG
from guance_aws_cloudfront.points.series import Dimensions, Series, distributions_by_function, function_name
from guance_aws_cloudfront.points.windows import Window
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.text import one_line

DATA_POINTS_PER_CALL = 100_800
COMPLETE = "Complete"
NUMBERS = frozenset((int, float))

# source (the ID of a distribution, mostly) -> minute (epoch seconds) -> field -> value
Minutes = Dict[str, Dict[int, Dict[str, float]]]


class Answer:
    """What GetMetricData said of one query, over all its pages: times in epoch seconds, values, the last status.

    Values that are no finite numbers are left out and counted: they are as good as missing. Lists are replaced and
    never changed, for the queries of a call share them.
    """

    def __init__(self) -> None:
        self.times: Sequence[int] = ()
        self.values: Sequence[float] = ()
        self.no_numbers = 0
        self.status = "no answer"
        self.messages: Sequence[str] = ()


class Answers(NamedTuple):
    """The answers to the queries of a call, in the queries' order, and what CloudWatch said of the call as a whole."""

    queries: List[Answer]
    messages: List[str]


def metric_data_request(batch: Sequence[Series], window: Window, period: int) -> Dict[str, Any]:
    """The arguments of GetMetricData for a batch; the query of the n-th series has the Id `q<n>`."""
    return {
        "MetricDataQueries": [_query(number, series, period) for number, series in enumerate(batch)],
        "StartTime": window.start,
        "EndTime": window.end,
        "ScanBy": "TimestampAscending",
        "MaxDatapoints": DATA_POINTS_PER_CALL,
    }


def _query(number: int, series: Series, period: int) -> Dict[str, Any]:
    metric = {
        "Namespace": NAMESPACE,
        "MetricName": series.metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in series.dimensions],
    }
    return {"Id": f"q{number}", "MetricStat": {"Metric": metric, "Period": period, "Stat": series.statistic}}


def merge_pages(pages: Iterable[Mapping[str, Any]], queries: int) -> Answers:
    """The answers to a call with that many queries; a query may be answered on several pages, or on none.

    ValueError for a page without results: botocore takes half an answer in JSON for an empty one.
    """
    merged = Answers([Answer() for _ in range(queries)], [])
    # Mostly all queries of a call are answered for the same minutes: these are kept once.
    said: Sequence[float] = ()
    times: Sequence[int] = ()
    for page in pages:
        if "MetricDataResults" not in page:
            raise ValueError("a page has no MetricDataResults")
        merged.messages.extend(_messages(page))
        for result in page["MetricDataResults"]:
            answer = merged.queries[int(result["Id"][1:])]
            if result.get("Timestamps", ()) != said:
                said = result.get("Timestamps", ())
                times = [*map(int, said)]
            _add(answer, times, result.get("Values", ()))
            # PartialData on a page says that more follows: only what the last page says is final.
            answer.status = result.get("StatusCode", COMPLETE)
            answer.messages = [*answer.messages, *_messages(result)] if result.get("Messages") else answer.messages
    return merged


def _add(answer: Answer, times: Sequence[int], values: Sequence[float]) -> None:
    if not _are_numbers(values):
        pairs = [(time, value) for time, value in zip(times, values) if _are_numbers([value])]
        answer.no_numbers += len(values) - len(pairs)
        times, values = [time for time, _ in pairs], [value for _, value in pairs]
    answer.times = [*answer.times, *times] if answer.times else times
    answer.values = array("d", [*answer.values, *values]) if answer.values else array("d", values)


def _are_numbers(values: Sequence[Any]) -> bool:
    # Of all at once, for there are hundreds of thousands in a run.
    return NUMBERS.issuperset(map(type, values)) and all(map(math.isfinite, values))


def _messages(said: Mapping[str, Any]) -> List[str]:
    return [one_line(f"{message.get('Code')}: {message.get('Value')}") for message in said.get("Messages") or ()]


def incomplete(batch: Sequence[Series], answers: Answers) -> Dict[str, List[Series]]:
    """The series that CloudWatch did not answer completely, by what it said of them."""
    failed: Dict[str, List[Series]] = {}
    for series, answer in zip(batch, answers.queries):
        if answer.status != COMPLETE:
            said = "; ".join([answer.status, *dict.fromkeys(answer.messages)])
            failed.setdefault(said, []).append(series)
    return failed


def remarks(answers: Answers) -> List[str]:
    """What CloudWatch remarked on a call, or on queries that it answered completely, each remark once."""
    of_queries = (text for answer in answers.queries if answer.status == COMPLETE for text in answer.messages)
    return list(dict.fromkeys([*answers.messages, *of_queries]))


def gather(batch: Sequence[Series], answers: Answers, minutes: Minutes) -> int:
    """Add the values of a batch to `minutes`, and say how many."""
    for series, answer in zip(batch, answers.queries):
        field = field_name(series.metric, series.statistic)
        of_source = minutes.setdefault(series.source, {})
        for time, value in zip(answer.times, answer.values):
            fields = of_source.get(time)
            if fields is None:
                fields = of_source[time] = {}
            fields[field] = value
    return sum(len(answer.values) for answer in answers.queries)


def no_numbers(batch: Sequence[Series], answers: Answers) -> Dict[str, int]:
    """How many values of each field are no finite numbers, so that neither a point nor DataKit can carry them."""
    found: Dict[str, int] = {}
    for series, answer in zip(batch, answers.queries):
        if answer.no_numbers:
            field = field_name(series.metric, series.statistic)
            found[field] = found.get(field, 0) + answer.no_numbers
    return found


def metric_tags(
    record: Mapping[str, Any], account: Account, resource_tags: Mapping[str, str] = MappingProxyType({})
) -> Dict[str, str]:
    """The tags of a distribution's metric points: none of them changes by itself while the distribution works."""
    tags = {
        **resource_tags,
        **account.extra_tags,
        "DistributionId": record["Id"],
        "Region": GLOBAL,
        "Dimensions": ",".join(DIMENSIONS),
        "name": record["Id"],
        "DomainName": record.get("DomainName", ""),
        "Alias": (aliases(record) or [""])[0],
        "cloud_provider": CLOUD_PROVIDER,
    }
    return {key: value for key, value in tags.items() if value}


def source_tags(
    series: Iterable[Series],
    records: Sequence[Mapping[str, Any]],
    account: Account,
    resource_tags: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    callers: Optional[Mapping[str, List[str]]] = None,
) -> Dict[str, Dict[str, str]]:
    """The tags of the points of every source; a function's have those of its distribution where it has only one.

    `resource_tags` are clean ones, by distribution ID. `callers` are the IDs of all distributions that call a function,
    also of those that are not collected; out of the records unless given.
    """
    by_id = {record["Id"]: metric_tags(record, account, resource_tags.get(record["Id"], {})) for record in records}
    callers = distributions_by_function(records) if callers is None else callers
    sources = {one.source: one.dimensions for one in series}
    return {
        source: _function_tags(dimensions, by_id, callers, account) if function_name(dimensions) else by_id[source]
        for source, dimensions in sources.items()
    }


def _function_tags(
    dimensions: Dimensions, by_id: Mapping[str, Dict[str, str]], callers: Mapping[str, List[str]], account: Account
) -> Dict[str, str]:
    named = dict(dimensions)
    name = named[FUNCTION_DIMENSION]
    ids = [named["DistributionId"]] if "DistributionId" in named else callers.get(name, [])
    tags = {
        **account.extra_tags,
        "name": name,
        "cloud_provider": CLOUD_PROVIDER,
        **(by_id.get(ids[0], {}) if len(ids) == 1 else {}),
        FUNCTION_DIMENSION: name,
        "Region": GLOBAL,
        "Dimensions": ",".join(key for key, _ in dimensions),
    }
    if len(ids) > 1:
        # Whole IDs only, as many as a tag takes.
        tags["DistributionIds"] = f"{','.join(ids)},"[:LONGEST_TAG].rpartition(",")[0]
    return tags


def metric_points(minutes: Minutes, tags: Mapping[str, Dict[str, str]]) -> Iterator[Tuple[str, Dict[str, Any]]]:
    """(source, point) for every source and minute that has a value; `tags` by source.

    Minute by minute: so those that go out together are of many distributions, and one that the sink takes nothing of
    does not stand alone.
    """
    sources = sorted(minutes)
    for minute in sorted(set().union(*minutes.values())):
        for source in sources:
            fields = minutes[source].get(minute)
            if fields:
                yield (
                    source,
                    {
                        "measurement": METRIC_MEASUREMENT,
                        "tags": tags[source],
                        "fields": fields,
                        "timestamp": minute,
                    },
                )
