"""Which minutes to ask CloudWatch for: no gaps, no duplicates. All times are epoch seconds, ends are exclusive.

A run asks for the recent minutes first, then for what earlier runs left behind: the backlog. Every minute before the
watermark has been reported or stands in the backlog.
"""

import math
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

from guance_aws_cloudfront.settings.config import CollectorConfig

# 500 queries x 200 periods = 100,000 data points: one page of GetMetricData, whose limit is 100,800.
PERIODS_PER_WINDOW = 200
# CloudWatch delivers values late: in incidents for all metrics of an account at once, without a word in the API. So
# every minute is asked for once more when it is this old. A window of up to 200 periods costs no more than a short one,
# but takes longer to parse: so this deeper look is taken only as often as one window reaches.
LATE_SECONDS = 3 * 3600
DEEP_LOOK_PERIODS = 15
# For how many seconds CloudWatch keeps data points of less than five minutes.
RETENTION, COARSE = 15 * 86400, 300
# Bounds of what is kept between runs.
MOST_STRETCHES, MOST_SOURCES = 200, 50


class Window(NamedTuple):
    """A stretch of time, `start` inclusive, `end` exclusive, both multiples of the period."""

    start: int
    end: int


class Stretch(NamedTuple):
    """Minutes that a run left behind: of these sources, or, where none is named, of all.

    `is_held` when they wait for a connector that keeps the time of old points.
    """

    start: int
    end: int
    sources: Tuple[str, ...] = ()
    is_held: bool = False


class Silence(NamedTuple):
    """Since which minute (epoch seconds) no distribution has had values, and the one that had most of them before.

    `found` are the windows of which values have been reported since, which need not be asked for again.
    """

    since: int
    source: str
    found: Tuple[Window, ...] = ()


class Progress(NamedTuple):
    """How far an account has been reported.

    Every minute before `watermark` stands in Guance or in the `backlog`; every minute before `settled` was asked for
    when it was `LATE_SECONDS` old or older. `silence` is kept while late values are expected (see `silence`).
    """

    watermark: int
    settled: int
    backlog: Tuple[Stretch, ...] = ()
    silence: Optional[Silence] = None

    def as_json(self) -> Dict[str, Any]:
        """As plain data, to be kept between runs."""
        return {
            "at": self.watermark,
            "settled": self.settled,
            "backlog": [[*stretch] for stretch in self.backlog],
            "silence": None if self.silence is None else [*self.silence],
        }


def parse_progress(kept: Mapping[str, Any]) -> Progress:
    """The progress out of what `as_json` gave, or an older version, which kept the watermark alone.

    Raises ValueError when it is not that.
    """
    try:
        silence = kept.get("silence")
        return Progress(
            int(kept["at"]),
            int(kept.get("settled", kept["at"])),
            tuple(Stretch(int(one[0]), int(one[1]), tuple(one[2]), bool(one[3])) for one in kept.get("backlog", ())),
            silence and Silence(int(silence[0]), str(silence[1]), tuple(Window(*one) for one in silence[2])),
        )
    except (TypeError, KeyError, IndexError, ValueError, AttributeError):
        raise ValueError("not a progress") from None


class Plan(NamedTuple):
    """What a run asks for.

    `start` is the progress that it starts from. `recent` comes first, None when there is nothing new to ask for; then
    the windows of `start.backlog`. `settled` is how far the minutes are settled once `recent` has been reported.
    `given_up` is what lies too far in the past to be asked for.
    """

    start: Progress
    recent: Optional[Window]
    settled: int
    given_up: Tuple[Stretch, ...]
    period: int


def plan_windows(now: float, known: Optional[Progress], config: CollectorConfig) -> Plan:
    """The windows of a run at `now` that goes on from what is `known` (None: the first run)."""
    period = config.period
    end = _floor(now - config.delay, period)
    if known is None:
        start = end - max(period, _floor(config.first_lookback, period))
        known = Progress(start, start)
        oldest = asked_from = new_from = start
    else:
        # A watermark after the end is the mark of a clock that was ahead: what it promises has not been asked for.
        watermark, settled = (min(_floor(at, period), end) for at in (known.watermark, known.settled))
        known = known._replace(watermark=watermark, settled=min(settled, watermark))
        oldest = max(end - _floor(config.max_catch_up, period), _oldest_kept(now, period))
        asked_from = new_from = _floor(watermark - config.lookback, period)
        if _is_deep_look_due(known.settled, end, period):
            asked_from = min(asked_from, known.settled)
        if known.silence is not None:
            # As far back as one window reaches, values that come late are looked for in every run.
            reached = max(known.silence.since, known.settled, end - PERIODS_PER_WINDOW * period)
            asked_from = min(asked_from, reached)
    # A look that goes back so far settles what it covers, and so does giving up what lies before.
    settles = asked_from <= known.settled
    asked_from = max(asked_from, oldest)
    length = PERIODS_PER_WINDOW * period
    # Minutes that are asked for for the first time come in one window if they fit; else windows are of much the same
    # length, but the newest reaches back to where minutes are settled: later runs ask for none of an older one again.
    if end - new_from > length:
        length = max(_window_length(end - asked_from, period), _floor(LATE_SECONDS, period))
    start = max(asked_from, end - length)
    recent = Window(start, end) if start < end else None
    left = [Stretch(asked_from, start)] if asked_from < start else []
    given_up = [Stretch(known.watermark, oldest)] if known.watermark < oldest else []
    backlog = []
    for stretch in known.backlog:
        # Only what CloudWatch itself does not answer is given up early: all else waits as long as CloudWatch keeps it.
        limit = oldest if stretch.sources and not stretch.is_held else _oldest_kept(now, period)
        if stretch.start < limit:
            given_up.append(stretch._replace(end=min(limit, stretch.end)))
        if stretch.end > limit:
            backlog.append(stretch._replace(start=max(limit, stretch.start)))
    settled = max(known.settled, end - _floor(LATE_SECONDS, period)) if settles else known.settled
    progress = known._replace(watermark=max(known.watermark, oldest), backlog=merged([*backlog, *left]))
    return Plan(progress, recent, settled, tuple(given_up), period)


def backlog_windows(backlog: Iterable[Stretch], period: int) -> List[Stretch]:
    """The stretches cut into windows that one page of GetMetricData takes, the newest first."""
    windows: List[Stretch] = []
    for stretch in backlog:
        step = _window_length(stretch.end - stretch.start, period)
        ends = range(stretch.end, stretch.start, -step)
        windows.extend(stretch._replace(start=max(stretch.start, end - step), end=end) for end in ends)
    return sorted(windows, key=lambda window: window.end, reverse=True)


def after_window(
    plan: Plan, progress: Progress, window: Stretch, is_recent: bool, left_behind: Iterable[Stretch]
) -> Progress:
    """The progress once a window has been written, but for what was left behind of it."""
    if is_recent:
        progress = progress._replace(watermark=max(progress.watermark, window.end), settled=plan.settled)
        return progress._replace(backlog=merged([*progress.backlog, *left_behind]))
    return progress._replace(backlog=merged([*without(progress.backlog, window), *left_behind]))


def held(progress: Progress, window: Stretch) -> Progress:
    """The progress with a window of the backlog waiting for a connector that keeps the time of old points."""
    waiting = window._replace(is_held=True)
    return progress._replace(backlog=merged([*without(progress.backlog, window), waiting]))


def without(backlog: Iterable[Stretch], done: Stretch) -> Tuple[Stretch, ...]:
    """The backlog less a window of one of its stretches."""
    left = []
    for stretch in backlog:
        is_of_it = (stretch.sources, stretch.is_held) == (done.sources, done.is_held)
        if not is_of_it or stretch.end <= done.start or done.end <= stretch.start:
            left.append(stretch)
            continue
        if stretch.start < done.start:
            left.append(stretch._replace(end=done.start))
        if done.end < stretch.end:
            left.append(stretch._replace(start=done.end))
    return tuple(left)


def merged(backlog: Iterable[Stretch]) -> Tuple[Stretch, ...]:
    """The same minutes of the same sources in as few stretches as there can be, the oldest first.

    Of more than `MOST_STRETCHES`, those that can be joined at the least cost become stretches of all sources.
    """
    by_kind: Dict[Tuple[Tuple[str, ...], bool], List[Stretch]] = {}
    for stretch in sorted(backlog):
        if len(stretch.sources) > MOST_SOURCES:
            stretch = stretch._replace(sources=())
        stretches = by_kind.setdefault((stretch.sources, stretch.is_held), [])
        if stretches and stretch.start <= stretches[-1].end:
            stretches[-1] = stretches[-1]._replace(end=max(stretch.end, stretches[-1].end))
        else:
            stretches.append(stretch)
    found = sorted(stretch for stretches in by_kind.values() for stretch in stretches)
    while len(found) > MOST_STRETCHES:
        gaps = [(right.start - left.end, place) for place, (left, right) in enumerate(zip(found, found[1:]))]
        _, place = min(gaps)
        left, right = found[place], found[place + 1]
        sources = tuple(sorted({*left.sources, *right.sources})) if left.sources and right.sources else ()
        joined = Stretch(left.start, max(left.end, right.end), sources, left.is_held and right.is_held)
        found[place : place + 2] = [joined._replace(sources=() if len(sources) > MOST_SOURCES else sources)]
    return tuple(found)


def _window_length(seconds: int, period: int) -> int:
    """How long the windows are into which a stretch of so many seconds is cut.

    They are as few as there can be, and of much the same length: the longest one decides how much memory a run takes.
    """
    periods = max(1, math.ceil(seconds / period))
    return math.ceil(periods / math.ceil(periods / PERIODS_PER_WINDOW)) * period


def _is_deep_look_due(settled: int, end: int, period: int) -> bool:
    return end - settled >= _floor(LATE_SECONDS, period) + DEEP_LOOK_PERIODS * period


def _oldest_kept(now: float, period: int) -> int:
    return 0 if period >= COARSE else _floor(now - RETENTION, period) + period


def _floor(seconds: float, period: int) -> int:
    return int(seconds // period) * period
