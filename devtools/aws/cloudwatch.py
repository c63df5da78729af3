"""The data points of the embedded CloudWatch: what is true of a minute, and what can be seen of it at a time."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import DefaultDict, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from devtools.aws.cloudwatch_metrics import (
    DEFAULT_METRICS,
    METRICS,
    NAMESPACE,
    PERCENTILE,
    Datum,
    Served,
    datum_with,
    dimensions,
    merged,
    statistic_of,
    unsettled,
)
from devtools.aws.traffic import DAY, MINUTE, Traffic, minute_traffic

# (finest period, for how many seconds data points of it are kept)
RETENTION = ((60, 15 * DAY), (300, 63 * DAY), (3600, 455 * DAY))


@dataclass
class Source:
    """A distribution as a source of metrics: where they go, and from when to when it works."""

    id: str
    account_id: str
    region: str
    traffic: Traffic
    created_at: float
    additional_metrics: bool
    removed_at: float = math.inf


class Caller(NamedTuple):
    """Who asks CloudWatch, and in which region."""

    account_id: str
    region: str


class Revision(NamedTuple):
    """From `at` on the meaningful statistic of a data point is `value`."""

    at: float
    value: float


class DataPoints:
    """All metrics of all distributions.

    A minute is visible once it is over. It first reads low and is settled `settles_after` seconds after its end. How
    `delay` and `revise` bend that is said in their documentation.
    """

    def __init__(self, seed: int, settles_after: float) -> None:
        self._seed = seed
        self.settles_after = settles_after
        self._sources: Dict[str, Source] = {}
        self._visible_at: Dict[Tuple[str, int], float] = {}
        self._revisions: DefaultDict[Tuple[str, str, int], List[Revision]] = defaultdict(list)

    def add(self, source: Source) -> None:
        """Let a distribution publish its metrics."""
        self._sources[source.id] = source

    def end(self, distribution_id: str, at: float) -> None:
        """Let a distribution publish nothing of the minutes from `at` on; what was published stays."""
        self._sources[distribution_id].removed_at = at

    def delay(self, distribution_id: str, minute: int, visible_at: float) -> None:
        """Show nothing of a minute before `visible_at` (epoch seconds), and from then on its settled values."""
        self._visible_at[self.source(distribution_id).id, floor(minute)] = visible_at

    def revise(self, distribution_id: str, metric: str, minute: int, value: float, at: float) -> None:
        """From `at` on, show `value` as the meaningful statistic of a metric's minute, even where there was none."""
        revisions = self._revisions[self.source(distribution_id).id, METRICS[metric].name, floor(minute)]
        revisions.append(Revision(at, value))
        revisions.sort(key=lambda revision: revision.at)

    def truth(self, distribution_id: str, metric: str, minute: int, statistic: Optional[str] = None) -> Optional[float]:
        """The value that a minute finally has; the metric's meaningful statistic (the median) unless one is named."""
        served = METRICS[metric]
        datum = self._datum(self.source(distribution_id), served, floor(minute), math.inf)
        natural = "p50" if served.statistic == PERCENTILE else served.statistic
        return None if datum is None else statistic_of(served, datum, statistic or natural)

    def true_minutes(self, distribution_id: str, start: int, end: int) -> Dict[int, Dict[str, float]]:
        """The final values of the default metrics of every minute in [start, end) that has any."""
        found: Dict[int, Dict[str, float]] = {}
        for minute in range(floor(start), end, MINUTE):
            values = {metric.name: self.truth(distribution_id, metric.name, minute) for metric in DEFAULT_METRICS}
            present = {name: value for name, value in values.items() if value is not None}
            if present:
                found[minute] = present
        return found

    def source(self, distribution_id: str) -> Source:
        """The source of a distribution's metrics; KeyError when there is none."""
        if distribution_id not in self._sources:
            raise KeyError(f"there is no distribution {distribution_id} in the embedded AWS")
        return self._sources[distribution_id]

    def source_of(self, caller: Caller, metric: Mapping[str, object]) -> Optional[Tuple[Source, Served]]:
        """What publishes a metric (namespace, name and exactly these dimensions) for the caller; None is no error."""
        given = {str(pair["Name"]): str(pair["Value"]) for pair in _pairs(metric.get("Dimensions"))}
        source = self._sources.get(given.get("DistributionId", ""))
        served = METRICS.get(str(metric.get("MetricName")))
        if source is None or served is None or metric.get("Namespace") != NAMESPACE:
            return None
        if (source.account_id, source.region) != tuple(caller) or not publishes(source, served):
            return None
        return (source, served) if given == dimensions(served, source.id) else None

    def sources(self, caller: Caller) -> Iterator[Source]:
        """All distributions that publish to the caller's account and region."""
        return (source for source in self._sources.values() if (source.account_id, source.region) == tuple(caller))

    def was_active(self, source: Source, start: float, end: float) -> bool:
        """Whether a distribution has published anything in the minutes of [start, end)."""
        if source.traffic.requests <= 0:
            return False
        first, last = floor(max(start, source.created_at)), floor(min(end, source.removed_at) - 1)
        return any(
            minute_traffic(self._seed, source.id, source.traffic, minute) for minute in range(last, first - 1, -MINUTE)
        )

    def buckets(
        self, source: Source, metric: Served, span: Tuple[int, int], period: int, now: float
    ) -> Iterator[Tuple[int, Datum]]:
        """(time, datum) of every period that starts in the span [start, end) and of which something can be seen."""
        end = min(span[1], floor(now))
        for time in range(span[0], end, period):
            if is_kept(time, period, now):
                minutes = range(time, min(time + period, end), MINUTE)
                data = [datum for datum in (self._datum(source, metric, minute, now) for minute in minutes) if datum]
                if data:
                    yield time, data[0] if len(data) == 1 else merged(data)

    def _datum(self, source: Source, metric: Served, minute: int, now: float) -> Optional[Datum]:
        """What can be seen at `now`; at infinity, the truth."""
        over = minute + MINUTE
        visible_at = self._visible_at.get((source.id, minute), over)
        if now < visible_at or not publishes(source, metric):
            return None
        datum = None
        if source.created_at < over and minute < source.removed_at:
            happened = minute_traffic(self._seed, source.id, source.traffic, minute)
            datum = metric.datum(happened) if happened else None
        revised = [r for r in self._revisions.get((source.id, metric.name, minute), ()) if r.at <= now]
        if revised:
            return datum_with(metric, revised[-1].value, datum.samples if datum else 1)
        settling = visible_at == over and now < over + self.settles_after
        return unsettled(metric, datum) if datum and settling else datum


def floor(time: float, period: int = MINUTE) -> int:
    """The start of the period that a time lies in."""
    return int(time // period * period)


def publishes(source: Source, metric: Served) -> bool:
    """Whether a distribution has a metric at all: the additional ones are switched on for each."""
    return source.additional_metrics or not metric.additional


def is_kept(time: float, period: int, now: float) -> bool:
    """Whether data points of a period are still kept: the older they are, the longer the period must be."""
    return any(period >= finest and now - time <= kept for finest, kept in RETENTION)


def _pairs(listed: object) -> Iterable[Mapping[str, object]]:
    return listed if isinstance(listed, list) else ()
