"""Which metrics a user wants, by patterns as in Guance's CloudWatch collector, and which statistics of them."""

from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Sequence, Tuple

from guance_aws_cloudfront.cloudfront.catalog import DEFAULT_METRICS, Metric, all_metrics, carries, statistics_of
from guance_aws_cloudfront.settings.patterns import EXCEPT, fits
from guance_aws_cloudfront.settings.validation import ConfigError, did_you_mean, quoted, refusal

EVERYTHING = "ALL"
PATTERNS = "a list of metric names or patterns with *, such as ['Requests', '*ErrorRate'], or 'ALL'"
STATISTICS = "a dict of metrics and lists of their statistics, such as {'OriginLatency': ['p50', 'p95']}"
MOST_STATISTICS = 10


class Selection(NamedTuple):
    """The metrics to collect, each with the statistics to ask for; `named` are those that were named outright."""

    metrics: Tuple[Metric, ...]
    named: FrozenSet[str]


def parse_selection(metrics: Any, statistics: Any) -> Selection:
    """The selection out of the keys `metrics` and `statistics`, None where not given; ConfigError when one is wrong."""
    chosen, named = _chosen(metrics)
    wanted = _statistics(statistics)
    return Selection(
        tuple(metric._replace(statistics=wanted.get(metric.name, metric.statistics)) for metric in chosen), named
    )


def _chosen(raw: Any) -> Tuple[Sequence[Metric], FrozenSet[str]]:
    if raw is None:
        return DEFAULT_METRICS, frozenset()
    known = all_metrics()
    if raw in (EVERYTHING, [EVERYTHING], (EVERYTHING,)):
        return list(known.values()), frozenset()
    filters = _filters(raw)
    left = list(known)
    for patterns in filters:
        left = [name for name in left if fits([name], patterns)]
    if not left:
        raise ConfigError(f"Configuration key 'metrics' is {quoted(raw)}: it leaves no metric; allowed is {PATTERNS}.")
    named = frozenset(pattern for patterns in filters if patterns[0] != EXCEPT for pattern in patterns)
    return [known[name] for name in left], named & frozenset(left)


def _filters(raw: Any) -> List[List[str]]:
    """One filter or several, each a list of patterns that may begin with NOT."""
    if not isinstance(raw, (list, tuple)) or not raw:
        raise refusal("Configuration", "metrics", raw, PATTERNS)
    filters = [list(one) for one in raw] if all(isinstance(one, (list, tuple)) for one in raw) else [list(raw)]
    for patterns in filters:
        for pattern in patterns[1:] if patterns[:1] == [EXCEPT] else patterns:
            _check_pattern(pattern)
        if not patterns or patterns == [EXCEPT]:
            raise refusal("Configuration", "metrics", raw, PATTERNS)
    return filters


def _check_pattern(pattern: Any) -> None:
    if not isinstance(pattern, str) or not pattern:
        raise refusal("Configuration", "metrics", pattern, PATTERNS)
    if pattern == EXCEPT or not fits(all_metrics(), [pattern]):
        raise ConfigError(f"Configuration key 'metrics': no metric is called {quoted(pattern)}: {_nearest(pattern)}")


def _statistics(raw: Any) -> Dict[str, Tuple[str, ...]]:
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        raise refusal("Configuration", "statistics", raw, STATISTICS)
    return {_known(name): _of_metric(name, wanted) for name, wanted in raw.items()}


def _known(name: Any) -> str:
    if name not in all_metrics():
        raise ConfigError(f"Configuration key 'statistics': no metric is called {quoted(name)}: {_nearest(str(name))}")
    return str(name)


def _of_metric(name: str, wanted: Any) -> Tuple[str, ...]:
    if not isinstance(wanted, (list, tuple)) or not 1 <= len(wanted) <= MOST_STATISTICS:
        raise refusal("Configuration", f"statistics[{name!r}]", wanted, f"a list of 1 to {MOST_STATISTICS} statistics")
    metric = all_metrics()[_known(name)]
    for statistic in wanted:
        if not isinstance(statistic, str) or not carries(metric, statistic):
            raise ConfigError(
                f"Configuration key 'statistics': {quoted(statistic)} of {name} is a number without a meaning: "
                f"{name} carries {statistics_of(metric)}."
            )
    return tuple(dict.fromkeys(wanted))


def _nearest(name: str) -> str:
    return did_you_mean(name, all_metrics(), f"there are {', '.join(all_metrics())}.")
