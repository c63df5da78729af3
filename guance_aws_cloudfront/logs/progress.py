"""How far the log files of a distribution have been reported: which files are done, and which lines of others. Pure."""

from collections import Counter
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from guance_aws_cloudfront.logs.files import HOUR, LogFile, hour_floor

# CloudFront delivers a file up to 24 hours late. An hour more for the hour that the name tells, one for clocks.
LATE_HOURS = 26
# Most files come within an hour or two of their requests: every run looks for these, and for all that may be late
# once an hour. A run every 5 minutes that listed 26 hours of 50 files each would pay for two pages instead of one.
RECENT_HOURS, LOOK_EVERY = 2, 3600
# A crontab fires some seconds early or late.
SLACK = 60
# Bounds of what is kept of a distribution: 50 files an hour for three days and a half, 8 characters each.
MOST_FILES = 4200
# In characters, of a file's mark.
MARK_LENGTH = 8
# No line of a file is written yet.
NOTHING_WRITTEN = 2**53
UNREAD = ((0, NOTHING_WRITTEN),)

# Of a file that is not done: (first line, cutoff in epoch milliseconds) for each of its stretches of lines. Lines of
# requests before the cutoff are still to be written, those from it on have been; so 0 is a stretch that is done.
Stretches = Tuple[Tuple[int, int], ...]


class LogProgress(NamedTuple):
    """What is known of the log files of a distribution.

    `since` is the hour (epoch seconds) before which nothing is looked for any more. `done` are the marks of the files
    from then on that are done, by hour; `files` the stretches of those that are not, by mark, with their hour. `looked`
    is when all hours were looked through (epoch seconds). `left` is the oldest hour of which files were left unread.
    `place` is where the files are.
    """

    since: int
    done: Mapping[int, Tuple[str, ...]] = {}
    files: Mapping[str, Tuple[int, Stretches]] = {}
    looked: int = 0
    left: Optional[int] = None
    place: str = ""

    def as_json(self) -> Dict[str, Any]:
        """As plain data, to be kept between runs."""
        return {
            "at": self.since,
            "done": {str(hour): "".join(marks) for hour, marks in self.done.items()},
            "files": {mark: [hour, [list(one) for one in stretches]] for mark, (hour, stretches) in self.files.items()},
            "looked": self.looked,
            "left": self.left,
            "place": self.place,
        }


def parse_log_progress(kept: Mapping[str, Any]) -> LogProgress:
    """The progress out of what `as_json` gave; ValueError when it is not that."""
    try:
        done = {int(hour): _marks(str(text)) for hour, text in kept["done"].items()}
        files = {
            str(mark): (int(hour), tuple((int(line), int(cutoff)) for line, cutoff in stretches))
            for mark, (hour, stretches) in kept["files"].items()
        }
        left = None if kept["left"] is None else int(kept["left"])
        return LogProgress(int(kept["at"]), done, files, int(kept["looked"]), left, str(kept["place"]))
    except (TypeError, KeyError, ValueError, AttributeError):
        raise ValueError("not a progress of log files") from None


def _marks(text: str) -> Tuple[str, ...]:
    return tuple(text[place : place + MARK_LENGTH] for place in range(0, len(text), MARK_LENGTH))


def first_progress(now: float, first_lookback: int) -> LogProgress:
    """What is known before the first run: nothing, from `first_lookback` seconds ago on."""
    return LogProgress(hour_floor(now - first_lookback))


def is_look_due(progress: LogProgress, now: float) -> bool:
    """Whether all hours are to be looked through for files that came late, and not only the last ones."""
    return not progress.looked <= now < progress.looked + LOOK_EVERY - SLACK


def look_from(progress: LogProgress, now: float, keeps_old: bool) -> int:
    """From which hour on (epoch seconds) files are to be listed; for `keeps_old` see `to_read`."""
    if is_look_due(progress, now):
        return progress.since
    hours = [hour_floor(now) - RECENT_HOURS * HOUR]
    if progress.left is not None:
        hours.append(progress.left)
    if keeps_old:
        hours.extend(hour for mark, (hour, _) in progress.files.items() if is_waiting(progress, mark))
    return max(progress.since, min(hours))


def to_read(progress: LogProgress, files: Iterable[LogFile], keeps_old: bool) -> List[LogFile]:
    """Those of the listed files that are not done, each once.

    Of a file that has been read to its end, old lines may wait for a connector that keeps their time: it is to be read
    again only when there is one (`keeps_old`).
    """
    done = {mark for marks in progress.done.values() for mark in marks}
    found: Dict[str, LogFile] = {}
    for file in files:
        mark = file.mark
        if file.hour >= progress.since and mark not in done and (keeps_old or not is_waiting(progress, mark)):
            found[mark] = file
    return list(found.values())


def is_waiting(progress: LogProgress, mark: str) -> bool:
    """Whether a file has been read to its end, and lines of it wait for a connector that keeps their time."""
    return mark in progress.files and progress.files[mark][1][-1][1] != NOTHING_WRITTEN


def stretches_of(progress: LogProgress, mark: str) -> Stretches:
    """The stretches of a file that is not done."""
    return progress.files[mark][1] if mark in progress.files else UNREAD


def written_until(stretches: Stretches, line: int, cutoff: int) -> Stretches:
    """The stretches once the lines before a line have been gone through (the first line is 0).

    Of these, the ones of requests from the `cutoff` on have been written, beside what was before: all of them with 0.
    """
    starts = sorted({0, line, *(first for first, _ in stretches)})
    found: List[Tuple[int, int]] = []
    for first in starts:
        before = cutoff_at(stretches, first)
        now = min(before, cutoff) if first < line else before
        if not found or found[-1][1] != now:
            found.append((first, now))
    return tuple(found)


def to_the_end(stretches: Stretches, lines: int, cutoff: int) -> Stretches:
    """The stretches of a file of so many lines once all of them have been gone through, as in `written_until`."""
    return tuple(one for one in written_until(stretches, lines, cutoff) if one[0] < lines)


def both_written(one: Stretches, other: Stretches) -> Stretches:
    """The stretches of a file of which is known at two places what has been written."""
    starts = sorted({first for first, _ in (*one, *other)})
    found: List[Tuple[int, int]] = []
    for first in starts:
        cutoff = min(cutoff_at(one, first), cutoff_at(other, first))
        if not found or found[-1][1] != cutoff:
            found.append((first, cutoff))
    return tuple(found)


def cutoff_at(stretches: Sequence[Tuple[int, int]], line: int) -> int:
    """The cutoff of the stretch that a line lies in."""
    return [cutoff for first, cutoff in stretches if first <= line][-1]


def after_part(progress: LogProgress, file: LogFile, stretches: Stretches) -> LogProgress:
    """The progress once a part of a file has been written."""
    return progress._replace(files={**progress.files, file.mark: (file.hour, stretches)})


def after_file(progress: LogProgress, file: LogFile, waiting: Optional[Stretches] = None) -> LogProgress:
    """The progress once a file has been read to its end: it is done, but for lines that wait."""
    mark = file.mark
    if waiting is not None:
        return after_part(progress, file, waiting)
    files = {other: known for other, known in progress.files.items() if other != mark}
    done = {**progress.done, file.hour: (*progress.done.get(file.hour, ()), mark)}
    return progress._replace(done=done, files=files)


class Closed(NamedTuple):
    """The progress after a run, and the hours that are given up: (hour, how many of the known files were not done)."""

    progress: LogProgress
    given_up: List[Tuple[int, int]]


def after_run(progress: LogProgress, left: Sequence[LogFile], now: float, max_catch_up: int, looked: bool) -> Closed:
    """The progress at the end of a run; `left` are the files that were listed and not read.

    Hours of which files may still come late stay open, and those of files that are left or wait, but for
    `max_catch_up` seconds. With `looked`, all hours were looked through. What does not fit in the bounds of what is
    kept is given up from the oldest hour on, but for this hour and the last.
    """
    # Files that were listed and not read, and those of which a part is written or lines wait.
    unfinished = {
        **{file.mark: file.hour for file in left},
        **{mark: hour for mark, (hour, _) in progress.files.items()},
    }
    since = max(progress.since, hour_floor(now - max_catch_up))
    if looked:
        since = max(since, min([hour_floor(now) - LATE_HOURS * HOUR, *unfinished.values()]))
    known = Counter({hour: len(marks) for hour, marks in progress.done.items()})
    known.update(hour for hour, _ in progress.files.values())
    # Most files of this hour and the last are still to come: these are kept, however many.
    room, newest = MOST_FILES, hour_floor(now) - HOUR
    for hour in sorted((hour for hour in known if hour >= since), reverse=True):
        room -= known[hour]
        if room < 0 and hour < newest:
            since = hour + HOUR
            break
    read_again = [hour for mark, hour in unfinished.items() if hour >= since and not is_waiting(progress, mark)]
    closed = progress._replace(
        since=since,
        done={hour: marks for hour, marks in progress.done.items() if hour >= since},
        files={mark: one for mark, one in progress.files.items() if one[0] >= since},
        looked=int(now) if looked else progress.looked,
        left=min(read_again) if read_again else None,
    )
    return Closed(closed, sorted(Counter(hour for hour in unfinished.values() if hour < since).items()))


def not_caught_up(progress: LogProgress, now: float, max_catch_up: int) -> Optional[Tuple[int, int]]:
    """From when to when (epoch seconds) files are given up, because no run has looked for them in time; None mostly."""
    oldest = hour_floor(now - max_catch_up)
    return (progress.looked, oldest) if 0 < progress.looked < oldest else None
