"""A silence: all distributions of a busy account are without values at once, as when CloudWatch delivers late.

CloudWatch says nothing of its incidents. Values that come up to three hours late are found by the deeper look of
`windows`; what comes later, up to a day, by asking for one metric of one distribution.
"""

from typing import Callable, Iterable, List, Mapping, Optional, Sequence, Set

from guance_aws_cloudfront.points.windows import Progress, Silence, Stretch, Window

SILENT_SECONDS, LONGEST_SECONDS = 15 * 60, 86400
# An account is busy when it had values in nearly every period of the hour before.
BUSY_SECONDS, BUSY_SHARE = 3600, 0.9


def find_silence(
    newest: Optional[int], reported_since: Callable[[int], Mapping[str, Sequence[int]]], end: int, period: int
) -> Optional[Silence]:
    """The silence that lasts at `end`; None when there is none, or the account was not busy before.

    `newest` is the newest minute of which anything has been reported. `reported_since` gives the minutes from one on
    that have been reported of each source; it is called only where there may be a silence.
    """
    if newest is None or end - newest - period < max(SILENT_SECONDS, 3 * period):
        return None
    since = newest + period
    begin = since - max(BUSY_SECONDS, 12 * period)
    before = {source: set(minutes) for source, minutes in reported_since(begin).items()}
    busy: Set[int] = set().union(*before.values())
    if len(busy) < BUSY_SHARE * (since - begin) / period:
        return None
    return Silence(since, max(sorted(before), key=lambda source: len(before[source])))


def probe_window(silence: Silence, progress: Progress) -> Optional[Window]:
    """The minutes of a silence that only a probe can find, because no regular look reaches them any more."""
    return Window(silence.since, progress.settled) if silence.since < progress.settled else None


def late_stretch(silence: Silence, minutes: Iterable[int], period: int) -> Optional[Stretch]:
    """What to ask for, of all sources, because values were found in these minutes; None when all of them are known."""
    new = [minute for minute in minutes if not any(window.start <= minute < window.end for window in silence.found)]
    return Stretch(min(new), max(new) + period) if new else None


def with_found(silence: Silence, minutes: Iterable[int], period: int) -> Silence:
    """The silence with these minutes, too, among those that need not be asked for again."""
    windows: List[Window] = []
    for window in sorted([*silence.found, *(Window(minute, minute + period) for minute in minutes)]):
        if windows and window.start <= windows[-1].end:
            windows[-1] = Window(windows[-1].start, max(windows[-1].end, window.end))
        else:
            windows.append(window)
    return silence._replace(found=tuple(windows))


def is_over(silence: Silence, minutes: Iterable[int], end: int, period: int) -> bool:
    """Whether nearly every minute from the silence's beginning to `end` has had its values after all."""
    window = range(silence.since, end, period)
    return len(set(minutes)) >= BUSY_SHARE * max(1, len(window))
