"""How to collect, as the user configures it, validated before anything is called."""

from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Tuple

from guance_aws_cloudfront.cloudfront.catalog import DEFAULT, Metric
from guance_aws_cloudfront.settings.patterns import Choice, fits, parse_distributions, parse_resource_tags
from guance_aws_cloudfront.settings.selection import parse_selection
from guance_aws_cloudfront.settings.validation import known_keys, refusal


@dataclass(frozen=True)
class CollectorConfig:
    """How to collect; times are in seconds. The limits stand in `SECONDS` and in `parse_config`."""

    period: int
    delay: int
    lookback: int
    first_lookback: int
    max_catch_up: int
    object_interval: int
    time_limit: int
    concurrency: int
    # Whether only distributions that are active are asked for.
    recently_active: bool
    datakit_id: str
    # Whether DataKit keeps the time of points older than two hours; None to find out.
    datakit_keeps_time: Optional[bool]
    dry_run: bool
    distributions: Choice
    # Patterns on the keys of resource tags that stand on objects and points.
    resource_tags: Tuple[str, ...]
    # Whether points carry the derived fields of the catalog beside what CloudWatch says.
    derived: bool
    # Whether objects tell what takes a call for each distribution.
    details: bool
    # Whether changes of distributions are reported as events.
    events: bool
    metrics: Tuple[Metric, ...]
    # Those that were named outright, without a pattern.
    named_metrics: FrozenSet[str]

    @property
    def other_metrics(self) -> List[Metric]:
        """The chosen metrics beyond the default ones, which are not published for every distribution."""
        return [metric for metric in self.metrics if metric.group != DEFAULT]

    @property
    def chosen_by_tags(self) -> List[str]:
        """The keys of the resource tags by which distributions are chosen."""
        return [key for key, _ in self.distributions.tags]

    def wants_tag(self, key: str) -> bool:
        """Whether a resource tag is to be reported, or chosen by."""
        return key in self.chosen_by_tags or bool(self.resource_tags and fits([key], self.resource_tags))


class Range(NamedTuple):
    """A whole number that a user may set: its default, its limits, and what it must be a multiple of."""

    default: int
    minimum: int
    maximum: int
    multiple: int = 1


HOUR, DAY = 3600, 86400
SECONDS: Dict[str, Range] = {
    "period": Range(60, 60, HOUR, 60),
    "delay": Range(180, 0, HOUR),
    # What was sent in the lookback is remembered, and memory is bounded: see digest.MOST_ENTRIES.
    # With it, a regular run is one window.
    "lookback": Range(900, 0, 2 * HOUR),
    "first_lookback": Range(HOUR, 60, 15 * DAY),
    # An outage of a whole day is caught up in full. CloudWatch keeps one-minute values for 15 days.
    "max_catch_up": Range(2 * DAY, HOUR, 15 * DAY),
    "object_interval": Range(900, 60, DAY),
    "time_limit": Range(240, 30, HOUR),
}
CONCURRENCY = Range(4, 1, 16)
LISTED_LATE = 900
# With `recently_active`, in seconds: what is asked for must have been listed, and a run may be late.
FARTHEST_BACK = 9000
WHY_LATE = (
    "with 'recently_active' or metrics beyond the default ones, because CloudWatch lists a new metric up to 15 minutes "
    "late"
)
CONFIG_KEYS = (
    *("distributions", "metrics", "statistics", "derived", "resource_tags", "details", "events", "recently_active"),
    *(*SECONDS, "concurrency", "datakit_id", "datakit_keeps_time", "dry_run"),
)


def parse_config(raw: Any) -> CollectorConfig:
    """The configuration out of a dict with the keys of `CONFIG_KEYS`, all optional; ConfigError when one is wrong."""
    given = known_keys({} if raw is None else raw, "The configuration", CONFIG_KEYS)
    seconds = {key: _whole_number(given, key, allowed, "seconds") for key, allowed in SECONDS.items()}
    for key in ("first_lookback", "max_catch_up"):
        if seconds[key] < seconds["period"]:
            raise refusal("Configuration", key, seconds[key], f"at least one period ({seconds['period']} seconds)")
    datakit_id = given.get("datakit_id", "datakit")
    if not isinstance(datakit_id, str) or not datakit_id.strip():
        raise refusal("Configuration", "datakit_id", datakit_id, "the ID of a connector in Func, such as 'datakit'")
    keeps_time = given.get("datakit_keeps_time")
    if keeps_time is not None and not isinstance(keeps_time, bool):
        raise refusal("Configuration", "datakit_keeps_time", keeps_time, "None (to find out), True or False")
    concurrency = _whole_number(given, "concurrency", CONCURRENCY, "calls at a time")
    metrics, named = parse_selection(given.get("metrics"), given.get("statistics"))
    config = CollectorConfig(
        **seconds,
        concurrency=concurrency,
        datakit_id=datakit_id.strip(),
        datakit_keeps_time=keeps_time,
        dry_run=_switch(given, "dry_run"),
        derived=_switch(given, "derived", default=True),
        details=_switch(given, "details"),
        events=_switch(given, "events", default=True),
        recently_active=_switch(given, "recently_active"),
        distributions=parse_distributions(given.get("distributions")),
        resource_tags=parse_resource_tags(given.get("resource_tags")),
        metrics=metrics,
        named_metrics=named,
    )
    if config.lookback < LISTED_LATE and (config.other_metrics or config.recently_active):
        raise refusal("Configuration", "lookback", config.lookback, f"at least {LISTED_LATE} seconds {WHY_LATE}")
    if config.recently_active and config.delay + config.lookback > FARTHEST_BACK:
        allowed = (
            f"at most {FARTHEST_BACK} seconds together with 'delay', because CloudWatch lists who was active in 3 hours"
        )
        raise refusal("Configuration", "lookback", config.lookback, f"{allowed}, and 'recently_active' needs that")
    return config


def _switch(given: Mapping[str, Any], key: str, default: bool = False) -> bool:
    value = given.get(key, default)
    if not isinstance(value, bool):
        raise refusal("Configuration", key, value, "True or False")
    return value


def _whole_number(given: Mapping[str, Any], key: str, allowed: Range, unit: str) -> int:
    value = given.get(key, allowed.default)
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not allowed.minimum <= value <= allowed.maximum or value % allowed.multiple:
        multiple = f", a multiple of {allowed.multiple}" if allowed.multiple > 1 else ""
        raise refusal(
            "Configuration",
            key,
            value,
            f"a whole number of {unit} from {allowed.minimum} to {allowed.maximum}{multiple}",
        )
    return int(value)
