"""The DQL of the dashboard and the monitors: built over the metric catalog, so that none names what is not sent.

Sums are summed. A rate is never summed nor averaged over distributions: it is weighted by the requests that it is a
share of, so that it is the rate of all of them together. Percentiles cannot be put together at all: the highest counts.
"""

from __future__ import annotations

from typing import FrozenSet, NamedTuple, Optional, Tuple

import botocore.session

from guance_aws_cloudfront.cloudfront.catalog import (
    METRIC_MEASUREMENT,
    OBJECT_MEASUREMENT,
    all_metrics,
    carries,
    field_name,
)
from guance_aws_cloudfront.cloudfront.record import EXTRA_FIELDS, READABLE
from guance_aws_cloudfront.points.objects import RENAMED

METRIC, CUSTOM_OBJECT = "metric", "custom_object"
NAMESPACES = {METRIC: ("M", METRIC_MEASUREMENT), CUSTOM_OBJECT: ("CO", OBJECT_MEASUREMENT)}
# Tags of the points that a query may filter by or group by; `metric_tags` and `object_point` give them.
METRIC_TAGS = frozenset({"account_name", "DistributionId", "DomainName", "Alias", "FunctionName", "name"})
OBJECT_TAGS = frozenset({"account_name", "ARN", "DomainName", "Id", "Status", "name"})


class AssetError(ValueError):
    """An asset names something that the collector does not send."""


class Text(NamedTuple):
    """A text in both languages."""

    en: str
    zh: str


class Expression(NamedTuple):
    """What a query selects: the DQL, its function and fields, and the field without which a point does not count."""

    dql: str
    function: str
    fields: Tuple[str, ...]
    required: Optional[str] = None

    @property
    def is_simple(self) -> bool:
        """Whether it is one function of one field, which Guance's editor shows as a simple query."""
        return self.dql == f"{self.function}(`{self.fields[0]}`)"


class Query(NamedTuple):
    """A query: what is selected, under which name if any, of which points, grouped by which tags."""

    expression: Expression
    alias: str = ""
    by: Tuple[str, ...] = ()
    # Tag and variable of the dashboard.
    filters: Tuple[Tuple[str, str], ...] = ()
    namespace: str = METRIC
    # How long before: "1w" is the same time a week ago.
    shift: str = ""

    @property
    def dql(self) -> str:
        """The whole query."""
        namespace, source = NAMESPACES[self.namespace]
        where = [f"`{tag}` = '#{{{variable}}}'" for tag, variable in self.filters]
        if self.expression.required:
            where.append(f"`{self.expression.required}` >= 0")
        named = f" AS `{self.alias}`" if self.alias else ""
        parts = [f"{namespace}::`{source}`:({self.expression.dql}{named})"]
        parts += [f"{{ {' and '.join(where)} }}"] if where else []
        parts += [f"SHIFT {self.shift}"] if self.shift else []
        parts += [f"BY {', '.join(f'`{tag}`' for tag in self.by)}"] if self.by else []
        return " ".join(parts)

    def check(self) -> None:
        """AssetError for a tag that the points have not."""
        known = METRIC_TAGS if self.namespace == METRIC else OBJECT_TAGS
        for tag in (*self.by, *(tag for tag, _ in self.filters)):
            if tag not in known:
                raise AssetError(f"no {self.namespace} point carries the tag {tag}")


def field(metric: str, statistic: str = "") -> str:
    """The field of a metric; AssetError for a metric or statistic that the collector does not know."""
    known = all_metrics().get(metric)
    if known is None:
        raise AssetError(f"the catalog has no metric {metric}")
    named = statistic or known.statistics[0]
    if not carries(known, named):
        raise AssetError(f"the metric {metric} has no statistic {named}")
    return field_name(metric, named)


def total(*metrics: str) -> Expression:
    """The sum of metrics that are counts or bytes; AssetError for any other."""
    fields = tuple(field(metric) for metric in metrics)
    for name in fields:
        _must_be_sum(name)
    summed = " + ".join(f"SUM(`{name}`)" for name in fields)
    return Expression(summed if len(fields) == 1 else f"({summed})", "SUM", fields)


def rate(metric: str) -> Expression:
    """The rate of all requests together, in percent."""
    name, weight = _share(metric)
    return Expression(f"(SUM(`{name}` * `{weight}`) / SUM(`{weight}`))", "SUM", (name, weight), name)


def failed(metric: str) -> Expression:
    """The number of requests that a rate in percent is the share of."""
    name, weight = _share(metric)
    return Expression(f"(SUM(`{name}` * `{weight}`) / 100)", "SUM", (name, weight), name)


def missed() -> Expression:
    """The number of requests that the cache did not answer, of distributions whose hit rate is known."""
    name, weight = _share("CacheHitRate")
    return Expression(f"(SUM(`{weight}`) - SUM(`{name}` * `{weight}`) / 100)", "SUM", (weight, name), name)


def highest(metric: str, statistic: str = "") -> Expression:
    """The highest value of any minute and distribution."""
    name = field(metric, statistic)
    return Expression(f"MAX(`{name}`)", "MAX", (name,))


def typical(metric: str, statistic: str) -> Expression:
    """The average over minutes, for queries by distribution: one bad minute does not move it much."""
    name = field(metric, statistic)
    return Expression(f"AVG(`{name}`)", "AVG", (name,))


def newest(*fields: str) -> Expression:
    """Fields or tags of the objects, as last reported, each under its own name; AssetError for what objects lack."""
    for name in fields:
        if name not in object_fields() | OBJECT_TAGS:
            raise AssetError(f"objects have no field {name}")
    return Expression(", ".join(f"LAST(`{name}`) AS `{name}`" for name in fields), "LAST", fields)


def number_of_objects() -> Expression:
    """How many objects there are."""
    return Expression("COUNT(`name`)", "COUNT", ("name",))


def object_fields() -> FrozenSet[str]:
    """The fields of an object, out of what CloudFront's API says of a distribution."""
    model = botocore.session.get_session().get_service_model("cloudfront")
    members = model.shape_for("DistributionSummary").members
    named = {RENAMED.get(name, name) for name in members}
    return frozenset({"message", *named, *READABLE, *EXTRA_FIELDS}) - OBJECT_TAGS


def _share(metric: str) -> Tuple[str, str]:
    name = field(metric)
    if all_metrics()[metric].unit != "percent":
        raise AssetError(f"the metric {metric} is no rate")
    return name, field("Requests")


def _must_be_sum(name: str) -> None:
    if not name.endswith("_Sum"):
        raise AssetError(f"the field {name} cannot be summed: it is no count")
