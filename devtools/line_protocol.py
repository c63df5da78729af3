"""What DataKit takes: line protocol by an independent parser, and DataKit's own limits.

DataKit cuts what is too long or too many without a word; here that is a problem, for the collector promises never to
send it. The same holds for what DataKit would turn into something else.
"""

from __future__ import annotations

import math
import re
from typing import Any, Dict, Iterator, List, NamedTuple

from line_protocol_parser import LineFormatError, parse_line

OBJECT, METRIC = "custom_object", "metric"
CATEGORIES = (OBJECT, METRIC)
MOST_TAGS, MOST_FIELDS = 256, 1024
LONGEST_KEY, LONGEST_TAG, LONGEST_TAGS = 256, 1024, 64 * 1024
LONGEST_STRING, LONGEST_MEASUREMENT = 32 * 1024 * 1024, 1024
FORBIDDEN_OBJECT_KEYS = ("class", "date")
NANOSECONDS = re.compile(r"\s(\d{19})$")
UNSIGNED_OR_ODD = re.compile(r"=(\d+u|[+-]?(nan|inf\w*))([,\s]|$)", re.IGNORECASE)
WHOLE_NUMBER = re.compile(r"=(-?\d{19,})i[,\s]")
STRING = re.compile(r'"((?:\\.|[^"\\])*)"')
# The parser for Python 3.8 stumbles over the escapes of a string field: there, strings are taken out before.
STUMBLES = parse_line('m,a=b f="\\\\" 1')["fields"]["f"] != "\\"


class Point(NamedTuple):
    """A point as it arrived; `time` in epoch seconds, `received_at` by the receiver's clock."""

    category: str
    measurement: str
    tags: Dict[str, str]
    fields: Dict[str, Any]
    time: int
    received_at: float


class BadLineError(ValueError):
    """A line that DataKit would refuse, cut or change; the text says why."""


def parse_body(body: str, category: str, received_at: float) -> List[Point]:
    """The points of a body, one a line; BadLineError for the first line that is wrong."""
    return [_point(line, category, received_at) for line in body.split("\n") if line]


def _point(line: str, category: str, received_at: float) -> Point:
    stamp = NANOSECONDS.search(line)
    if stamp is None:
        raise BadLineError(f"no time stamp in nanoseconds (19 digits): {_short(line)}")
    plain = STRING.sub('""', line[_fields_at(line) :])
    whole = [int(digits) for digits in WHOLE_NUMBER.findall(plain)]
    if UNSIGNED_OR_ODD.search(plain) or any(not -(2**63) <= number < 2**63 for number in whole):
        raise BadLineError(f"a value that is no float, integer, string or boolean of DataKit: {_short(line)}")
    try:
        parsed = _parsed(line)
    except LineFormatError as error:
        raise BadLineError(f"{error}: {_short(line)}") from None
    fields = parsed["fields"]
    point = Point(category, parsed["measurement"], parsed["tags"], fields, int(stamp.group(1)) // 10**9, received_at)
    for problem in problems(point):
        raise BadLineError(f"{problem}: {_short(line)}")
    return point


def problems(point: Point) -> Iterator[str]:
    """What DataKit would refuse, cut or change of a point that could be parsed."""
    yield from _limits(point)
    both = set(point.tags) & set(point.fields)
    if both:
        yield f"the key {min(both)} is a tag and a field"
    for key, value in point.tags.items():
        if not value or value != value.strip("\n") or "\n" in value or value.endswith("\\"):
            yield f"the tag {key} is empty, or has a newline, or a backslash at its end"
    for key, value in point.fields.items():
        if isinstance(value, float) and not math.isfinite(value):
            yield f"the field {key} is no finite number"
        if isinstance(value, str) and point.category == METRIC:
            yield f"the field {key} is a string in a metric"
    if point.category == OBJECT:
        yield from _object_keys(point)


def _limits(point: Point) -> Iterator[str]:
    if not point.fields:
        yield "there is no field"
    if len(point.tags) > MOST_TAGS or len(point.fields) > MOST_FIELDS:
        yield f"more than {MOST_TAGS} tags or {MOST_FIELDS} fields"
    if not point.measurement.strip() or _size(point.measurement) > LONGEST_MEASUREMENT:
        yield f"the measurement is empty or over {LONGEST_MEASUREMENT} bytes"
    if any(not key or _size(key) > LONGEST_KEY for key in (*point.tags, *point.fields)):
        yield f"a key is empty or over {LONGEST_KEY} bytes"
    if any(_size(value) > LONGEST_TAG for value in point.tags.values()):
        yield f"a tag is over {LONGEST_TAG} bytes"
    if sum(_size(key) + _size(value) for key, value in point.tags.items()) > LONGEST_TAGS:
        yield f"all tags are over {LONGEST_TAGS} bytes"
    if any(isinstance(value, str) and _size(value) > LONGEST_STRING for value in point.fields.values()):
        yield f"a string is over {LONGEST_STRING} bytes"


def _object_keys(point: Point) -> Iterator[str]:
    if not point.tags.get("name"):
        yield "an object without the tag name"
    for key in (*point.tags, *point.fields):
        if "." in key or key in FORBIDDEN_OBJECT_KEYS:
            yield f"the key {key} is not allowed in an object"


def _parsed(line: str) -> Dict[str, Any]:
    if not STUMBLES:
        return dict(parse_line(line))
    strings: List[str] = []

    def take_out(string: re.Match[str]) -> str:
        strings.append(re.sub(r'\\(["\\])', r"\1", string.group(1)))
        return f'"{len(strings) - 1}"'

    end = _fields_at(line)
    parsed = dict(parse_line(line[:end] + STRING.sub(take_out, line[end:])))
    fields = parsed["fields"].items()
    return {**parsed, "fields": {key: strings[int(it)] if isinstance(it, str) else it for key, it in fields}}


def _fields_at(line: str) -> int:
    """Where the fields begin: behind the first blank that is not escaped."""
    head = re.match(r"(?:\\.|[^ \\])* ", line)
    return head.end() if head else 0


def _size(text: str) -> int:
    return len(text.encode())


def _short(line: str) -> str:
    return line if len(line) <= 200 else f"{line[:199]}…"
