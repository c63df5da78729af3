"""The lines of a log file: which columns it has, what stands in them, and when a request was made. Pure.

Both kinds of standard logging have the same columns, the newer kind (v2) some more, in the order that a user chose. The
header of a file says which (W3C); a line of JSON names its own; of a plain file they must be known from elsewhere.
"""

import json
import re
from functools import lru_cache
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

HEADER, COMMENT = "#Fields:", "#"
# What may stand between columns where nothing else is known: CloudFront's own, and what deliveries of v2 may say.
DELIMITERS = ("\t", " ", ",", "|", ";")
# 2000 to 2100, in epoch milliseconds: what lies outside is no time.
TIMES = (946_684_800_000, 4_102_444_800_000)
# No field of a point is longer: a line beyond that, in characters, is none of CloudFront's, whose URLs end at 8 KB.
LONGEST_LINE = 256 * 1024
TIME_COLUMNS = ("date", "time", "timestamp", "timestamp_ms")


class Layout(NamedTuple):
    """The columns of lines, by their names in Guance, and what stands between them; none yet, before the header."""

    columns: Tuple[str, ...] = ()
    delimiter: str = "\t"

    def place(self, column: str) -> int:
        """The place of a column; -1 where there is none of that name."""
        return self.columns.index(column) if column in self.columns else -1


class UnreadableError(ValueError):
    """A line that cannot be read; the text says why, without what stands in it."""


@lru_cache(maxsize=256)
def column_name(name: str) -> str:
    """The name in Guance of a column: `cs(User-Agent)` is `cs_user_agent`, `timestamp(ms)` is `timestamp_ms`."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def layout_of(names: Sequence[str], delimiter: str = "\t") -> Layout:
    """The layout of lines with columns of these names, as AWS writes them."""
    return Layout(tuple(map(column_name, names)), delimiter)


def is_data(line: str) -> bool:
    """Whether a line is of a request, and no header, comment or blank one."""
    return line[:1] != COMMENT and bool(line.strip())


def header_of(line: str, delimiter: str) -> Optional[Layout]:
    """The layout that a header names; None for a line that is none. Names are separated by blanks or the delimiter."""
    if not line.startswith(HEADER):
        return None
    names = line[len(HEADER) :].replace(delimiter, " ").split()
    return layout_of(names, delimiter) if names else None


def with_delimiter(layout: Layout, line: str) -> Layout:
    """The layout with that delimiter by which the first line of a file has as many columns as the header."""
    for delimiter in (layout.delimiter, *DELIMITERS):
        if len(line.split(delimiter)) == len(layout.columns):
            return layout._replace(delimiter=delimiter)
    return layout


def values_of(line: str, layout: Layout) -> Tuple[Layout, List[str]]:
    """What stands in each column of a line, and its layout: of a line of JSON its own. UnreadableError if it is none.

    JSON lines are told by their first character; one that a layout is known of has never been seen to begin so.
    """
    if line[:1] == "{":
        return _values_of_json(line)
    if not layout.columns:
        raise UnreadableError("the file has no header that names its columns")
    values = line.split(layout.delimiter)
    if len(values) != len(layout.columns):
        raise UnreadableError(f"it has {len(values)} columns in the place of {len(layout.columns)}")
    return layout, values


def _values_of_json(line: str) -> Tuple[Layout, List[str]]:
    try:
        found: Any = json.loads(line)
    except (ValueError, RecursionError):
        raise UnreadableError("it is no JSON") from None
    if not isinstance(found, dict) or not found:
        raise UnreadableError("it is no JSON object")
    return _layout_of_keys(tuple(found)), ["-" if value is None else str(value) for value in found.values()]


@lru_cache(maxsize=256)
def _layout_of_keys(keys: Tuple[str, ...]) -> Layout:
    return layout_of(keys)


def has_time(layout: Layout) -> bool:
    """Whether lines of a layout say when their request was made."""
    return {"date", "time"}.issubset(layout.columns) or not {"timestamp", "timestamp_ms"}.isdisjoint(layout.columns)


def request_time(layout: Layout, values: Sequence[str], otherwise: int) -> int:
    """When a request was made, in epoch milliseconds; `otherwise` where its line has no column for it.

    UnreadableError when it has one with no time in it.
    """
    date, clock, seconds, milliseconds = _time_places(layout)
    try:
        if milliseconds >= 0:
            at = int(values[milliseconds])
        elif seconds >= 0:
            at = int(values[seconds]) * 1000
        elif date >= 0 and clock >= 0:
            at = _minute(values[date], values[clock][:5]) + int(values[clock][6:8]) * 1000
        else:
            return otherwise
    except ValueError:
        raise UnreadableError("it tells no time") from None
    if not TIMES[0] <= at <= TIMES[1]:
        raise UnreadableError("its time lies outside of all calendars")
    return at


@lru_cache(maxsize=64)
def _time_places(layout: Layout) -> Tuple[int, int, int, int]:
    date, clock, seconds, milliseconds = map(layout.place, TIME_COLUMNS)
    return date, clock, seconds, milliseconds


# The lines of a file are of a few minutes.
@lru_cache(maxsize=4096)
def _minute(date: str, clock: str) -> int:
    if len(date) != 10 or len(clock) != 5:
        raise ValueError("no date and time")
    return hour_of(int(date[:4]), int(date[5:7]), int(date[8:]), int(clock[:2])) * 1000 + int(clock[3:]) * 60_000


def hour_of(year: int, month: int, day: int, hour: int) -> int:
    """The epoch seconds of an hour in UTC, by the civil calendar; ValueError where there is no such day or hour."""
    if not (1 <= month <= 12 and 1 <= day <= 31 and 0 <= hour <= 23):
        raise ValueError("no such hour")
    # Years begin in March here, so that a leap day is the last of its year.
    year, month = (year - 1, month + 9) if month < 3 else (year, month - 3)
    days = year * 365 + year // 4 - year // 100 + year // 400 + (month * 153 + 2) // 5 + day - 719_469
    return (days * 24 + hour) * 3600
