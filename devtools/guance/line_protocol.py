"""What DataKit takes: line protocol by an independent parser, and DataKit's own limits.

DataKit cuts what is too long or too many without a word; here that is a problem, for the collector promises never to
send it. The same holds for what DataKit would skip or turn into something else.
"""

from __future__ import annotations

import gzip
import math
import re
import zlib
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Tuple

from line_protocol_parser import LineFormatError, parse_line

OBJECT, METRIC, EVENT, LOGGING = "custom_object", "metric", "keyevent", "logging"
MOST_TAGS, MOST_FIELDS = 256, 1024
LONGEST_KEY, LONGEST_TAG, LONGEST_MEASUREMENT = 256, 1024, 1024
FORBIDDEN_OBJECT_KEYS = ("class", "date")
# DataKit drops this tag of a log line, for the measurement is its source.
DROPPED_LOG_TAG = "source"
LAST_YEAR_ENDS = 4_133_980_800  # 2101-01-01 UTC

# The form of a line is held here, for the parser's versions differ in what they let pass: an empty value, 0x10, a
# comment, a key that is there twice. A backslash escapes a comma, an equals sign or a blank; else it is itself.
STAMP = re.compile(r" ([1-9][0-9]{18})$")
CHARACTER = r"(?:\\[,= ]|\\(?![,= ])|[^\\,=\s\x00])"
HEAD = rf"(?!\#)(?:{CHARACTER}|=)+(?:,{CHARACTER}+={CHARACTER}*)*"
VALUE = r'(?:"[^"\\\x00]*(?:\\[^\x00][^"\\\x00]*)*"|[^",\s\x00]*)'
FIELD = rf"{CHARACTER}+={VALUE}"
SHAPE = re.compile(rf"({HEAD})(?: ({FIELD}(?:,{FIELD})*)?)?", re.ASCII)
ONE_FIELD = re.compile(rf"({CHARACTER}+)=({VALUE})", re.ASCII)
ONE_OF_HEAD = re.compile(r"(?:\\,|[^,])+")
INTEGER = re.compile(r"-?[0-9]+i")
OTHER_VALUES = re.compile(
    r'".*"|-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|t|T|true|True|TRUE|f|F|false|False|FALSE', re.DOTALL
)
# Version 1 of the parser, the one for Python 3.8, stumbles over escapes in strings: there it is not shown any.
STUMBLES = parse_line('m,a=b f="\\\\" 1')["fields"]["f"] != "\\"

# The type of each field of a metric, by measurement and field.
Types = Dict[Tuple[str, str], type]


class Point(NamedTuple):
    """A point as it arrived; `time` in epoch seconds, `received_at` by the receiver's clock."""

    category: str
    measurement: str
    tags: Dict[str, str]
    fields: Dict[str, Any]
    time: int
    received_at: float
    time_ns: int = 0


class BadLineError(ValueError):
    """A line that DataKit would refuse, skip, cut or change; the text says why."""


def text_of(raw: bytes, is_compressed: bool) -> Tuple[str, str]:
    """The text of a body as it came over the wire, and what is wrong where it has none."""
    try:
        return (gzip.decompress(raw) if is_compressed else raw).decode(), ""
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        return "", str(error)


def parse_body(body: str, category: str, received_at: float) -> List[Point]:
    """The points of a body, one a line; BadLineError for the first line that is wrong."""
    return [_point(line, category, received_at) for line in body.split("\n") if line]


def problems(point: Point) -> Iterator[str]:
    """What DataKit would refuse, cut or change of a point that could be parsed, a sentence for each."""
    yield from _limits(point)
    for key in sorted(set(point.tags) & set(point.fields)):
        yield f"the key {key} is a tag and a field"
    for key, tag in point.tags.items():
        if not tag or "\n" in tag or tag.endswith("\\"):
            yield f"the tag {key} is empty, or has a newline, or a backslash at its end"
    for key, value in point.fields.items():
        if isinstance(value, float) and not math.isfinite(value):
            yield f"the field {key} is no finite number"
        if isinstance(value, str) and point.category == METRIC:
            yield f"the field {key} is a string in a metric"
    if point.category == OBJECT:
        yield from _object_keys(point)
    if point.category == LOGGING:
        yield from _log_line(point)


def check_types(point: Point, types: Types) -> None:
    """Add a metric point's types to those of the points before it; BadLineError where a field had another one."""
    for field, value in point.fields.items() if point.category == METRIC else ():
        known, new = types.setdefault((point.measurement, field), type(value)), type(value)
        if known is not new:
            raise BadLineError(f"type conflict: the field {field} is a {new.__name__}, it was a {known.__name__}")


def _point(line: str, category: str, received_at: float) -> Point:
    try:
        measurement, tags, fields, time = _parsed(line)
    except (BadLineError, LineFormatError) as error:
        raise BadLineError(f"{error}: {_short(line)}") from None
    point = Point(category, measurement, tags, fields, time, received_at)
    for problem in problems(point):
        raise BadLineError(f"{problem}: {_short(line)}")
    return point


def _parsed(line: str) -> Tuple[str, Dict[str, str], Dict[str, Any], int]:
    """Measurement, tags, fields and epoch seconds of a line."""
    stamp = STAMP.search(line)
    if stamp is None or int(stamp.group(1)) >= LAST_YEAR_ENDS * 10**9:
        raise BadLineError("no time stamp in nanoseconds (19 digits, up to the year 2100)")
    shape = SHAPE.fullmatch(line, 0, stamp.start())
    if shape is None:
        raise BadLineError("this is no line protocol")
    values = ONE_FIELD.findall(shape.group(2) or "")
    _check_values(values)
    parsed = _without_strings(shape.group(1), values, stamp.group(1)) if STUMBLES else parse_line(line)
    if len(parsed["tags"]) + 1 < len(ONE_OF_HEAD.findall(shape.group(1))) or len(parsed["fields"]) < len(values):
        raise BadLineError("a key is there twice")
    return parsed["measurement"], parsed["tags"], parsed["fields"], int(stamp.group(1)) // 10**9


def _check_values(values: Sequence[Tuple[str, str]]) -> None:
    """BadLineError unless there are fields, and each is written as DataKit has it."""
    if not values:
        raise BadLineError("there is no field")
    for key, value in values:
        if INTEGER.fullmatch(value):
            is_right = -(2**63) <= int(value[:-1]) < 2**63
        else:
            is_right = OTHER_VALUES.fullmatch(value) is not None
        # A number that is not nothing, but too little for a float.
        if is_right and re.match(r"-?[0.]*[1-9][0-9.]*[eE]-", value) and float(value) == 0:
            is_right = False
        if not is_right:
            raise BadLineError(f"the field {key} has a value that is no float, integer, string or boolean of DataKit")


def _without_strings(head: str, values: Sequence[Tuple[str, str]], stamp: str) -> Dict[str, Any]:
    """A line as the parser reads it with a number in the place of every string."""
    strings = [value for _, value in values if value.startswith('"')]
    numbers = iter(range(len(strings)))
    fields = (f'{key}="{next(numbers)}"' if value.startswith('"') else f"{key}={value}" for key, value in values)
    parsed: Dict[str, Any] = parse_line(f"{head} {','.join(fields)} {stamp}")
    for key, value in parsed["fields"].items():
        if isinstance(value, str):
            parsed["fields"][key] = re.sub(r'\\(["\\])', r"\1", strings[int(value)][1:-1])
    return parsed


def _limits(point: Point) -> Iterator[str]:
    if not point.fields:
        yield "there is no field"
    if len(point.tags) > MOST_TAGS:
        yield f"more than {MOST_TAGS} tags"
    if len(point.fields) > MOST_FIELDS:
        yield f"more than {MOST_FIELDS} fields"
    if not point.measurement.strip() or _size(point.measurement) > LONGEST_MEASUREMENT:
        yield f"the measurement is empty or over {LONGEST_MEASUREMENT} bytes"
    if any(not key or _size(key) > LONGEST_KEY for key in (*point.tags, *point.fields)):
        yield f"a key is empty or over {LONGEST_KEY} bytes"
    if any(_size(value) > LONGEST_TAG for value in point.tags.values()):
        yield f"a tag is over {LONGEST_TAG} bytes"


def _object_keys(point: Point) -> Iterator[str]:
    if not point.tags.get("name"):
        yield "an object without the tag name"
    for key in (*point.tags, *point.fields):
        if "." in key or key in FORBIDDEN_OBJECT_KEYS:
            yield f"the key {key} is not allowed in an object"


def _log_line(point: Point) -> Iterator[str]:
    if DROPPED_LOG_TAG in point.tags:
        yield f"the tag {DROPPED_LOG_TAG} of a log line is dropped"
    for key in (*point.tags, *point.fields):
        if "." in key:
            yield f"the key {key} of a log line would be renamed"
    for name in ("message", "status"):
        if not isinstance(point.fields.get(name), str):
            yield f"a log line without the text {name}"


def _size(text: str) -> int:
    return len(text.encode())


def _short(line: str) -> str:
    return line if len(line) <= 200 else f"{line[:199]}…"
