"""Which series to ask CloudWatch for: distributions, the chosen metrics and what ListMetrics shows."""

import math
from itertools import groupby
from typing import Any, Dict, FrozenSet, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from guance_aws_cloudfront.cloudfront.catalog import (
    ADDITIONAL,
    DEFAULT,
    DIMENSIONS,
    DISTRIBUTION,
    FUNCTION,
    FUNCTION_DIMENSION,
    GLOBAL,
    REGION,
    STATISTICS_PER_METRIC,
    Metric,
    all_metrics,
)
from guance_aws_cloudfront.cloudfront.record import functions_of
from guance_aws_cloudfront.text import count

QUERIES_PER_CALL = 500
ONLY_GLOBAL = [(REGION, GLOBAL)]

# Names and values, by name.
Dimensions = Tuple[Tuple[str, str], ...]
# What ListMetrics shows: metric name -> the dimensions it is published under.
Listed = Mapping[str, Set[Dimensions]]


class Series(NamedTuple):
    """One statistic of one metric of one source: a distribution, or a CloudFront function."""

    dimensions: Dimensions
    metric: str
    statistic: str

    @property
    def source(self) -> str:
        """What the series is of, for people and as a key: the ID of the distribution, or `FunctionName=…`.

        All dimensions count, and only the usual `Region=Global` is not shown.
        """
        first, *others = self.dimensions
        if first[0] == DISTRIBUTION and others == ONLY_GLOBAL:
            return first[1]
        shown = [f"{name}={value}" for name, value in self.dimensions if (name, value) != (REGION, GLOBAL)]
        return "/".join(shown if REGION in dict(self.dimensions) else [*shown, f"{REGION}="])


def distribution_dimensions(distribution_id: str) -> Dimensions:
    """The dimensions of a distribution's metrics."""
    return tuple(zip(DIMENSIONS, (distribution_id, GLOBAL)))


def plan_series(
    distribution_ids: Iterable[str],
    metrics: Sequence[Metric],
    listed: Optional[Listed] = None,
    named: FrozenSet[str] = frozenset(),
    functions: Optional[Set[str]] = None,
) -> List[Series]:
    """Every statistic of every metric of every source, those of a metric side by side.

    The default metrics are asked for of every distribution, all others where they are `listed`. Where nothing could be
    listed (None), those of distributions that were `named` outright are asked for of every one. `functions` are the
    names of those CloudFront functions that are wanted, None for all.
    """
    ids = list(distribution_ids)
    planned = [
        Series(dimensions, metric.name, statistic)
        for distribution_id in ids
        for dimensions in [distribution_dimensions(distribution_id)]
        for metric in metrics
        if metric.group != FUNCTION
        if metric.group == DEFAULT or _is_published(metric, dimensions, listed, named)
        for statistic in metric.statistics
    ]
    return [*planned, *_of_functions(set(ids), metrics, listed or {}, functions)]


def _is_published(metric: Metric, dimensions: Dimensions, listed: Optional[Listed], named: FrozenSet[str]) -> bool:
    return metric.name in named if listed is None else dimensions in listed.get(metric.name, ())


def has_additional_metrics(distribution_id: str, listed: Listed) -> Optional[bool]:
    """Whether a distribution publishes additional metrics; None when nothing of it is listed, so that nobody knows."""
    dimensions = distribution_dimensions(distribution_id)
    groups = {metric.group for name, metric in all_metrics().items() if dimensions in listed.get(name, ())}
    return ADDITIONAL in groups if groups else None


def _of_functions(
    ids: Set[str], metrics: Sequence[Metric], listed: Listed, functions: Optional[Set[str]]
) -> Iterator[Series]:
    wanted = {metric.name: metric for metric in metrics if metric.group == FUNCTION}
    found = [(dimensions, name) for name in wanted for dimensions in listed.get(name, ())]
    for dimensions, name in sorted(found):
        distribution_id = dict(dimensions).get(DISTRIBUTION)
        if not function_name(dimensions):
            continue
        is_wanted = functions is None or function_name(dimensions) in functions
        # Of a function in a distribution that is not there any more, nothing is asked.
        if is_wanted if distribution_id is None else distribution_id in ids:
            yield from (Series(dimensions, name, statistic) for statistic in wanted[name].statistics)


def batches(series: Iterable[Series]) -> List[List[Series]]:
    """The series in groups of at most 500, the most that one call takes; statistics of a metric stay together."""
    calls: List[List[Series]] = []
    for together in _metrics(series):
        if not calls or len(calls[-1]) + len(together) > QUERIES_PER_CALL:
            calls.append([])
        calls[-1].extend(together)
    return calls


def metrics_billed(batch: Iterable[Series]) -> int:
    """How many metrics GetMetricData bills for a call: up to five statistics of a metric count as one."""
    return sum(math.ceil(len(together) / STATISTICS_PER_METRIC) for together in _metrics(batch))


def _metrics(series: Iterable[Series]) -> Iterator[List[Series]]:
    return (list(group) for _, group in groupby(series, key=lambda one: (one.dimensions, one.metric)))


def in_words(series: Iterable[Series]) -> List[str]:
    """What is asked for, a line for the metrics of a group that the same sources have."""
    statistics: Dict[str, Dict[str, None]] = {}
    sources: Dict[str, Set[str]] = {}
    for one in series:
        statistics.setdefault(one.metric, {})[one.statistic] = None
        sources.setdefault(one.metric, set()).add(one.source)
    groups = all_metrics()
    alike: Dict[Tuple[str, FrozenSet[str]], List[str]] = {}
    for metric, names in statistics.items():
        key = (groups[metric].group, frozenset(sources[metric]))
        alike.setdefault(key, []).append(f"{metric} {'/'.join(names)}")
    return [
        f"{group} metrics of {count(len(of), 'function' if group == FUNCTION else 'distribution')}: {', '.join(asked)}"
        for (group, of), asked in alike.items()
    ]


def distributions_by_function(records: Iterable[Mapping[str, Any]]) -> Dict[str, List[str]]:
    """The IDs of the distributions that call each function."""
    found: Dict[str, List[str]] = {}
    for record in records:
        for name in functions_of(record):
            found.setdefault(name, []).append(str(record["Id"]))
    return {name: sorted(ids) for name, ids in found.items()}


def function_name(dimensions: Dimensions) -> str:
    """The name of the function that a series is of; empty for a distribution's."""
    return dict(dimensions).get(FUNCTION_DIMENSION, "")
