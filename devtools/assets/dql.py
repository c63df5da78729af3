"""The DQL of the dashboard and the monitors: built over the metric catalog, so that none names what is not sent.

Only documented forms: aggregates of one field, arithmetic between queries by `eval`, groups in order by `SORDER BY`.
Counts are summed. A rate is never summed nor averaged over distributions: it is a derived count over the requests,
summed each. Percentiles cannot be put together: the highest counts, or of one distribution the middle one of a while.
"""

from __future__ import annotations

from typing import FrozenSet, NamedTuple, Tuple, Union

import botocore.session

from guance_aws_cloudfront.cloudfront.catalog import (
    DERIVED,
    METRIC_MEASUREMENT,
    OBJECT_MEASUREMENT,
    REQUESTS_FIELD,
    all_metrics,
    carries,
    field_name,
)
from guance_aws_cloudfront.cloudfront.record import EXTRA_FIELDS, READABLE
from guance_aws_cloudfront.logs.points import SOURCE as LOG_SOURCE
from guance_aws_cloudfront.points.objects import RENAMED

METRIC, CUSTOM_OBJECT, EVENT, LOGGING = "metric", "custom_object", "event", "logging"
# Guance's name of a data source -> the namespace in DQL and the measurement.
NAMESPACES = {
    METRIC: ("M", METRIC_MEASUREMENT),
    CUSTOM_OBJECT: ("CO", OBJECT_MEASUREMENT),
    EVENT: ("E", "event"),
    LOGGING: ("L", LOG_SOURCE),
}
# Tags of the points that a query may filter by or group by; `metric_tags` and `object_point` give them.
METRIC_TAGS = frozenset({"account_name", "DistributionId", "DomainName", "Alias", "FunctionName", "name"})
OBJECT_TAGS = frozenset({"account_name", "ARN", "DomainName", "Id", "Status", "name"})
EVENT_TAGS = frozenset({"account_name", "DistributionId", "DomainName", "Alias", "df_source", "class", "change_type"})
EVENT_FIELDS = frozenset({"df_title", "df_message", "diff"})
LOG_TAGS = frozenset({"account_name", "DistributionId", "DomainName", "Alias"})
LOG_NUMBERS = frozenset({"sc_status", "time_taken_ms"})
LOG_TEXTS = frozenset(
    (
        *("message", "cs_method", "cs_host", "cs_uri_stem", "x_edge_location", "x_edge_result_type"),
        "x_edge_detailed_result_type",
    )
)
LOG_FIELDS = LOG_NUMBERS | LOG_TEXTS
# Log lines may be filtered and grouped by their fields, too.
TAGS = {METRIC: METRIC_TAGS, CUSTOM_OBJECT: OBJECT_TAGS, EVENT: EVENT_TAGS, LOGGING: LOG_TAGS | LOG_FIELDS}
# What tells the change events of distributions from all others.
CHANGE = (("df_source", "change"), ("class", OBJECT_MEASUREMENT))
REQUESTS_WITH_HIT_RATE, CACHE_HITS = "Derived_RequestsWithCacheHitRate", "Derived_CacheHitsUpperBound"


class AssetError(ValueError):
    """An asset names something that the collector does not send."""


class Text(NamedTuple):
    """A text in both languages."""

    en: str
    zh: str


class Query(NamedTuple):
    """A query: what it selects, of which points, grouped by which tags.

    `targets` is its DQL, `function` and `field` are what Guance's editor shows, for a query of one target. `filters`
    are pairs of a tag and what it must be: a dashboard's variable as `#{name}`, or a value; `ranges` compare a number:
    (field, operator, number). `newest_first` is how many rows there are at most, the newest first, and `most_groups`
    how many groups, those with the highest values first; 0 for all.
    """

    targets: str
    function: str = ""
    field: str = ""
    by: Tuple[str, ...] = ()
    filters: Tuple[Tuple[str, str], ...] = ()
    namespace: str = METRIC
    alias: str = ""
    newest_first: int = 0
    ranges: Tuple[Tuple[str, str, int], ...] = ()
    most_groups: int = 0

    @property
    def dql(self) -> str:
        """The whole query."""
        namespace, source = NAMESPACES[self.namespace]
        named = f" AS `{self.alias}`" if self.alias else ""
        parts = [f"{namespace}::`{source}`:({self.targets}{named})"]
        conditions = [_condition(*one) for one in self.filters]
        conditions += [f"`{name}` {operator} {number}" for name, operator, number in self.ranges]
        if conditions:
            parts.append(f"{{ {' and '.join(conditions)} }}")
        if self.by:
            parts.append(f"BY {', '.join(f'`{tag}`' for tag in self.by)}")
        if self.newest_first:
            parts.append(f"ORDER BY `time` DESC LIMIT {self.newest_first}")
        if self.most_groups:
            parts.append(f"SORDER BY `{self.alias}` DESC SLIMIT {self.most_groups}")
        return " ".join(parts)

    @property
    def queries(self) -> Tuple[Query, ...]:
        """Itself, as a formula has its queries."""
        return (self,)

    @property
    def result(self) -> str:
        """The name of the column that it returns."""
        return self.alias or f"{self.function.lower()}({self.field})"

    def check(self) -> None:
        """AssetError for a tag that the points have not."""
        # Objects may be grouped by any of their texts, too.
        known = TAGS[self.namespace] | (object_fields() if self.namespace == CUSTOM_OBJECT else frozenset())
        for tag in (*self.by, *(tag for tag, _ in self.filters), *(name for name, _, _ in self.ranges)):
            if tag not in known:
                raise AssetError(f"no {self.namespace} point carries the tag {tag}")


class Formula(NamedTuple):
    """Arithmetic between queries, which are called A, B, C in it."""

    expression: str
    queries: Tuple[Query, ...]

    @property
    def dql(self) -> str:
        """The formula with its queries."""
        named = [f'{code}="{query.dql}"' for code, query in zip("ABC", self.queries)]
        return f"eval({self.expression}, {', '.join(named)})"

    @property
    def by(self) -> Tuple[str, ...]:
        """The tags that all of its queries are grouped by."""
        return self.queries[0].by

    @property
    def result(self) -> str:
        """The name of the column that it returns: that of its first query."""
        return self.queries[0].result

    def check(self) -> None:
        """AssetError for a tag that the points have not."""
        for query in self.queries:
            query.check()


class Together(NamedTuple):
    """A query by distribution whose groups are added up at every point of time."""

    query: Query

    @property
    def dql(self) -> str:
        """The query in the outer function."""
        return f'series_sum("{self.query.dql}")'

    @property
    def queries(self) -> Tuple[Query, ...]:
        """The query inside."""
        return (self.query,)

    @property
    def by(self) -> Tuple[str, ...]:
        """Nothing: the groups are one."""
        return ()

    @property
    def result(self) -> str:
        """The name of the column that it returns."""
        return self.query.result

    def check(self) -> None:
        """AssetError for a tag that the points have not."""
        self.query.check()


Asked = Union[Query, Formula, Together]


class Scope(NamedTuple):
    """Of which points a query is, and by which tags it is grouped."""

    by: Tuple[str, ...] = ()
    filters: Tuple[Tuple[str, str], ...] = ()


def field(metric: str, statistic: str = "") -> str:
    """The field of a metric; AssetError for a metric or statistic that the collector does not know."""
    known = all_metrics().get(metric)
    if known is None:
        raise AssetError(f"the catalog has no metric {metric}")
    named = statistic or known.statistics[0]
    if not carries(known, named):
        raise AssetError(f"the metric {metric} has no statistic {named}")
    return field_name(metric, named)


def total(name: str, scope: Scope) -> Query:
    """The sum of a field that is a count or bytes; AssetError for any other."""
    derived = {one.name for one in DERIVED}
    known = {field(metric) for metric in all_metrics() if field(metric).endswith("_Sum")}
    if name not in derived | known:
        raise AssetError(f"the field {name} cannot be summed: it is no count")
    return _of("SUM", name, scope)


def per_minute(name: str, scope: Scope) -> Query:
    """The mean of a count over its minutes, of one distribution or function: what it is per minute at any zoom."""
    if not {"DistributionId", "FunctionName"} & set(scope.by):
        raise AssetError("a mean over minutes is that of one distribution or function: group by it")
    return total(name, scope)._replace(function="AVG", targets=f"AVG(`{name}`)")


def all_per_minute(name: str, scope: Scope) -> Together:
    """A count of all distributions per minute."""
    return Together(per_minute(name, scope._replace(by=("DistributionId",))))


def per_second(scope: Scope, *names: str) -> Formula:
    """Counts or bytes of one distribution, together, per second."""
    added = " + ".join("ABC"[: len(names)])
    return Formula(
        f"({added}) / 60" if len(names) > 1 else f"{added} / 60", tuple(per_minute(name, scope) for name in names)
    )


def sum_of(scope: Scope, *names: str) -> Formula:
    """Several sums added up."""
    return Formula(" + ".join("ABC"[: len(names)]), tuple(total(name, scope) for name in names))


def error_rate(kind: str, scope: Scope, added: int = 0) -> Formula:
    """The percentage of failed requests, of all requests of the scope together: errors and requests, summed each.

    `kind` is 4xx, 5xx or Total. With requests `added`, a few requests that fail do not make a high rate.
    """
    requests = f"(B + {added})" if added else "B"
    return Formula(f"A / {requests} * 100", (total(f"Derived_{kind}Errors", scope), total(REQUESTS_FIELD, scope)))


def hit_rate(scope: Scope) -> Formula:
    """The cache hit rate of all distributions that have one, weighted by their requests."""
    return Formula("A / B * 100", (total(CACHE_HITS, scope), total(REQUESTS_WITH_HIT_RATE, scope)))


def misses(scope: Scope) -> Formula:
    """At least so many requests the cache did not answer, of distributions whose hit rate is known."""
    return Formula("A - B", (total(REQUESTS_WITH_HIT_RATE, scope), total(CACHE_HITS, scope)))


def highest(metric: str, scope: Scope, statistic: str = "") -> Query:
    """The highest value of any minute and distribution."""
    return _of("MAX", field(metric, statistic), scope)


def middle(metric: str, scope: Scope, statistic: str) -> Query:
    """The value that half of the minutes of one distribution reach: one bad minute does not move it."""
    if "DistributionId" not in scope.by:
        raise AssetError("the middle value is that of one distribution: group by it")
    return _of("MEDIAN", field(metric, statistic), scope)


def newest(scope: Scope, *names: str) -> Query:
    """Fields or tags of the objects, as last reported, each under its own name; AssetError for what objects lack."""
    for name in names:
        if name not in object_fields() | OBJECT_TAGS:
            raise AssetError(f"objects have no field {name}")
    targets = ", ".join(f"LAST(`{name}`) AS `{name}`" for name in names)
    return Query(targets, "LAST", names[0], scope.by, scope.filters, CUSTOM_OBJECT)


def number_of_objects(scope: Scope) -> Query:
    """How many objects there are."""
    return Query("COUNT(`name`)", "COUNT", "name", scope.by, scope.filters, CUSTOM_OBJECT)


def lowest_of_objects(name: str, scope: Scope) -> Query:
    """The lowest value of a field that is a number; AssetError for what objects lack."""
    return _of_objects("MIN", name, scope)


def last_of_objects(name: str, scope: Scope) -> Query:
    """The value of a field as last reported; AssetError for what objects lack."""
    return _of_objects("LAST", name, scope)


def changes(scope: Scope, most: int, *names: str) -> Query:
    """The newest change events of distributions, with some of their tags and fields."""
    for name in names:
        if name not in EVENT_TAGS | EVENT_FIELDS:
            raise AssetError(f"change events have no field {name}")
    targets = ", ".join(f"`{name}`" for name in names)
    return Query(targets, "", names[0], (), (*CHANGE, *scope.filters), EVENT, newest_first=most)


def number_of_changes(scope: Scope) -> Query:
    """How many change events of distributions there are."""
    return Query("COUNT(`df_title`)", "COUNT", "df_title", scope.by, (*CHANGE, *scope.filters), EVENT)


def most_lines(scope: Scope, most: int, *ranges: Tuple[str, str, int]) -> Query:
    """The groups with the most log lines, of those whose numbers lie in the ranges."""
    return Query("COUNT(`message`)", "COUNT", "message", scope.by, scope.filters, LOGGING, "lines", 0, ranges, most)


def slowest(scope: Scope, percentile: int, most: int, *ranges: Tuple[str, str, int]) -> Query:
    """The groups of log lines with the highest percentile of the time that their requests took, in milliseconds."""
    targets, alias = f"PERCENTILE(`time_taken_ms`, {percentile})", f"time_taken_p{percentile}"
    return Query(targets, "PERCENTILE", "time_taken_ms", scope.by, scope.filters, LOGGING, alias, 0, ranges, most)


def newest_lines(scope: Scope, most: int, ranges: Tuple[Tuple[str, str, int], ...], *names: str) -> Query:
    """The newest log lines whose numbers lie in the ranges, with some of their fields; AssetError for others."""
    for name in names:
        if name not in LOG_TAGS | LOG_FIELDS:
            raise AssetError(f"log lines have no field {name}")
    targets = ", ".join(f"`{name}`" for name in names)
    return Query(targets, "", names[0], (), scope.filters, LOGGING, newest_first=most, ranges=ranges)


def object_fields() -> FrozenSet[str]:
    """The fields of an object, out of what CloudFront's API says of a distribution."""
    model = botocore.session.get_session().get_service_model("cloudfront")
    members = model.shape_for("DistributionSummary").members
    named = {RENAMED.get(name, name) for name in members}
    return frozenset({"message", *named, *READABLE, *EXTRA_FIELDS}) - OBJECT_TAGS


def _of_objects(function: str, name: str, scope: Scope) -> Query:
    if name not in object_fields():
        raise AssetError(f"objects have no field {name}")
    return Query(f"{function}(`{name}`)", function, name, scope.by, scope.filters, CUSTOM_OBJECT)


def _of(function: str, name: str, scope: Scope) -> Query:
    return Query(f"{function}(`{name}`)", function, name, scope.by, scope.filters)


def _condition(tag: str, value: str) -> str:
    return f"`{tag}` = '{value}'" if value != "?" else f"`{tag}` = ?"
