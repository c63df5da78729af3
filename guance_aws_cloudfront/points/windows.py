"""Which minutes to ask CloudWatch for: no gaps, no doubles. All times are epoch seconds, ends are exclusive."""

from typing import List, NamedTuple, Optional

from guance_aws_cloudfront.settings.config import CollectorConfig

# 500 queries x 180 minutes = 90,000 data points: one page of GetMetricData, whose limit is 100,800.
CHUNK_SECONDS = 3 * 3600
# For how many seconds CloudWatch keeps data points of less than five minutes.
RETENTION, COARSE = 15 * 86400, 300


class Window(NamedTuple):
    """A stretch of time, `start` inclusive, `end` exclusive, both multiples of the period."""

    start: int
    end: int


class Plan(NamedTuple):
    """What a run asks for.

    `watermark` is where this run starts from: all before it stands in the sink. `chunks` are to be taken in order;
    after each the watermark may move to the chunk's end, though never back. `given_up` is what lies too far in the
    past to be asked for.
    """

    watermark: int
    chunks: List[Window]
    given_up: Optional[Window]
    period: int = 60


def plan_windows(now: float, watermark: Optional[int], config: CollectorConfig) -> Plan:
    """The windows of a run at `now`, after runs that have reported everything before `watermark` (None: none yet)."""
    end = _floor(now - config.delay, config.period)
    if watermark is None:
        start = end - _floor(config.first_lookback, config.period)
        return Plan(start, _chunks(start, end, config.period), None, config.period)
    # A watermark after the end is the mark of a clock that was ahead: what it promises has not been asked for.
    known = min(_floor(watermark, config.period), end)
    oldest = max(end - _floor(config.max_catch_up, config.period), _oldest_kept(now, config.period))
    given_up = Window(known, oldest) if known < oldest else None
    start = max(_floor(known - config.lookback, config.period), oldest)
    return Plan(max(known, oldest), _chunks(start, end, config.period), given_up, config.period)


def _oldest_kept(now: float, period: int) -> int:
    return 0 if period >= COARSE else _floor(now - RETENTION, period) + period


def _chunks(start: int, end: int, period: int) -> List[Window]:
    step = _floor(CHUNK_SECONDS, period)
    return [Window(at, min(at + step, end)) for at in range(start, end, step)]


def _floor(seconds: float, period: int) -> int:
    return int(seconds // period) * period
