"""Answers of GetMetricData -> metric points."""

from types import MappingProxyType
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

from guance_aws_cloudfront.cloudfront.catalog import (
    CLOUD_PROVIDER,
    DIMENSIONS,
    DISTRIBUTION,
    FUNCTION_DIMENSION,
    GLOBAL,
    METRIC_MEASUREMENT,
    REGION,
    field_name,
)
from guance_aws_cloudfront.cloudfront.record import aliases, text_of
from guance_aws_cloudfront.guance.limits import LONGEST_TAG
from guance_aws_cloudfront.points.answers import Answers
from guance_aws_cloudfront.points.derived import derived_fields
from guance_aws_cloudfront.points.series import (
    Dimensions,
    Series,
    distributions_by_function,
    function_name,
)
from guance_aws_cloudfront.settings.account import Account

# source (the ID of a distribution, mostly) -> minute (epoch seconds) -> field -> value
Minutes = Dict[str, Dict[int, Dict[str, float]]]


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
        "DomainName": text_of(record, "DomainName"),
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
    ids = [named[DISTRIBUTION]] if DISTRIBUTION in named else callers.get(name, [])
    tags = {
        **account.extra_tags,
        "name": name,
        "cloud_provider": CLOUD_PROVIDER,
        **(by_id.get(ids[0], {}) if len(ids) == 1 else {}),
        # Two series that differ in a dimension only must not become one.
        REGION: "",
        **named,
        "Dimensions": ",".join(key for key, _ in dimensions),
    }
    if len(ids) > 1:
        # Whole IDs only, as many as a tag takes.
        tags["DistributionIds"] = f"{','.join(ids)},"[:LONGEST_TAG].rpartition(",")[0]
    return {key: value for key, value in tags.items() if value}


def metric_points(
    minutes: Minutes, tags: Mapping[str, Dict[str, str]], derived: bool
) -> Iterator[Tuple[str, Dict[str, Any]]]:
    """(source, point) for every source and minute that has a value; `tags` by source.

    `minutes` holds all fields of each minute that it holds. With `derived`, a point also carries the derived fields.

    Minute by minute: so those that go out together are of many distributions, and one that the sink takes nothing of
    does not stand alone.
    """
    sources = sorted(minutes)
    for minute in sorted(set().union(*minutes.values())):
        for source in sources:
            fields = minutes[source].get(minute)
            if fields:
                if derived:
                    fields = {**fields, **derived_fields(fields)}
                yield (
                    source,
                    {
                        "measurement": METRIC_MEASUREMENT,
                        "tags": tags[source],
                        "fields": fields,
                        "timestamp": minute,
                    },
                )
