"""Whether what was written stands in the workspace: DataKit answers 200 also for what it then drops."""

from typing import Any, List, Mapping, NamedTuple, Optional, Sequence

from guance_aws_cloudfront.check.table import FAILED, OK, UNTRIED, Attempt, Row, attempt
from guance_aws_cloudfront.cloudfront.catalog import DEFAULT, METRIC_MEASUREMENT, OBJECT_MEASUREMENT, field_name
from guance_aws_cloudfront.deadline import Deadline, DeadlineError
from guance_aws_cloudfront.guance.sink import Sink
from guance_aws_cloudfront.settings.config import CollectorConfig
from guance_aws_cloudfront.text import count, minute_utc

WHAT = "delivered"
# Between two looks, in seconds, while DataKit sends and Guance indexes.
PAUSE = 3
# What is not found for so many seconds is taken for lost.
LONG_ENOUGH = 30
# Points are looked for that were sent of the last hour: what earlier runs sent says nothing of today.
RECENT = 3600
# A time range ends so many seconds after the point's time, for a workspace that keeps the time of arrival.
AFTERWARDS = 600


class Sought(NamedTuple):
    """Something that was written, in words, and the query that counts it as `found` between two times."""

    what: str
    dql: str
    start: int
    end: int


def sought_object(point: Mapping[str, Any]) -> Sought:
    """The object that was just written, and not an earlier one of the same distribution."""
    name, at = point["tags"]["name"], int(point["timestamp"])
    dql = f"CO::`{OBJECT_MEASUREMENT}`:(COUNT(`name`) AS `found`) {{ `name` = '{name}' }}"
    return Sought(f"the object of {name}", dql, at, at + AFTERWARDS)


def sought_points(sent: Mapping[str, Sequence[int]], ids: Sequence[str], config: CollectorConfig) -> Optional[Sought]:
    """The newest point of the last runs; None when they have sent none, or none with a default metric.

    `sent` are the minutes that were sent by source, in ascending order, `ids` those of the distributions.
    """
    metrics = [metric for metric in config.metrics if metric.group == DEFAULT]
    newest = max(((sent[key][-1], key) for key in ids if sent.get(key)), default=None)
    if newest is None or not metrics:
        return None
    minute, key = newest
    field = field_name(metrics[0].name, metrics[0].statistics[0])
    dql = f"M::`{METRIC_MEASUREMENT}`:(COUNT(`{field}`) AS `found`) {{ `DistributionId` = '{key}' }}"
    return Sought(f"the point of {key} at {minute_utc(minute)} UTC", dql, minute, minute + config.period)


def delivered_row(sink: Sink, sought: Sequence[Sought], clock: Any, deadline: Deadline) -> Row:
    """Look for everything until it is found or the time is over; untried where the workspace cannot be asked."""
    begun = clock.monotonic()
    missing: List[Sought] = list(sought)
    while True:
        for one in list(missing):
            asked = _asked(sink, one, deadline)
            if isinstance(asked.error, DeadlineError):
                return Row(UNTRIED, WHAT, f"the workspace did not answer in time ({asked.error})")
            if asked.error:
                return Row(UNTRIED, WHAT, str(asked.error))
            if asked.answer:
                missing.remove(one)
        if not missing:
            return Row(OK, WHAT, f"found in the workspace: {_in_words(sought)}")
        if deadline.left() <= PAUSE:
            return _not_found(sought, missing, clock.monotonic() - begun)
        clock.sleep(PAUSE)


def _asked(sink: Sink, one: Sought, deadline: Deadline) -> Attempt:
    """Whether the workspace has it."""

    def is_found() -> bool:
        return any(row.get("found") for row in sink.query(one.dql, one.start, one.end))

    return attempt(lambda: deadline.wait_for(is_found))


def _not_found(sought: Sequence[Sought], missing: Sequence[Sought], seconds: float) -> Row:
    there = [one for one in sought if one not in missing]
    found = f"; found was {_in_words(there)}" if there else ""
    said = f"{_in_words(missing)} was written but is not found in the workspace within {count(int(seconds), 'second')}"
    if seconds < LONG_ENOUGH:
        return Row(UNTRIED, WHAT, f"{said}{found}; Guance may need longer: check again in a few minutes")
    advice = (
        "DataKit answers 200 also for what it then drops: look into its log, and check that the address and token of "
        "its DataWay are those of this workspace. If Guance was only slow, the next check finds it."
    )
    return Row(FAILED, WHAT, f"{said}{found}. {advice}")


def _in_words(sought: Sequence[Sought]) -> str:
    return " and ".join(one.what for one in sought)
