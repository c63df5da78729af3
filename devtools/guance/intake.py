"""What DataKit 1.84 makes of the body of a write: read, refused as a whole, or cut, renamed, dropped and re-dated.

Each rule is an observed fact (tests/devtools/guance/datakit-facts.json), and a test runs them all. Most changes come
with a 200 and without a word. The work is done on bytes, because DataKit cuts by bytes, in mid-character too.
"""

from __future__ import annotations

import math
import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

METRIC, CUSTOM_OBJECT, OBJECT, LOGGING, KEYEVENT = "metric", "custom_object", "object", "logging", "keyevent"
CATEGORIES = (METRIC, CUSTOM_OBJECT, OBJECT, LOGGING, KEYEVENT, "network")
MOST_TAGS, MOST_FIELDS = 256, 1024
# In bytes.
LONGEST_KEY, LONGEST_TAG, LONGEST_MEASUREMENT = 256, 1024, 1024
# The measurement and the tags as they are sent, with their escapes, the longest key of a field, and 4.
LONGEST_SERIES_KEY, SEPARATOR = 65_535, 4
# Of a point as DataKit encodes it for Guance: a longer one is lost behind a 200.
LARGEST_POINT = 1024 * 1024
# Away from DataKit's clock, either way: a point farther away gets the present time.
FARTHEST_AWAY_NS = 2 * 3600 * 10**9
ORIGINAL_TIME = "__orig_time"
# What the DataKit host is called on every point, unless the request asks for none of it.
HOST_TAGS = {"host": "datakit", "ip": "10.0.0.9"}
STRING_DROPPED = "invalid_field_value_type: field(s) dropped with string value, when [DisableStringField] enabled"

# A string may hold line breaks; a quote counts only behind an equals sign, and not before the first blank.
_LINE = re.compile(rb'(?:\\.|[^\n \\])*(?:\\.|="(?:\\.|[^"\\])*"|[^\n])*', re.DOTALL)
_BLANK, _COMMA, _EQUALS = re.compile(rb"(?<!\\) "), re.compile(rb"(?<!\\),"), re.compile(rb"(?<!\\)=")
_FIELD = re.compile(rb'((?:\\.|[^\\=, ])*)=("(?:\\.|[^"\\])*"|\[[^\]]*\]|[^, ]*)', re.DOTALL)
_TIME = re.compile(rb" *(?:(-?[0-9]+) *)?")
_INTEGER, _UNSIGNED = re.compile(rb"-?[0-9]+i"), re.compile(rb"[0-9]+u")
_FLOAT = re.compile(rb"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ITEM = re.compile(rb'"(?:\\.|[^"\\])*"|[^,]+', re.DOTALL)
_BOOLEANS = {
    **dict.fromkeys((b"t", b"T", b"true", b"True", b"TRUE"), True),
    **dict.fromkeys((b"f", b"F", b"false", b"False", b"FALSE"), False),
}
_UNIT = {"s": 10**9, "ms": 10**6, "u": 10**3, "us": 10**3}

Values = Dict[bytes, Any]


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """A body that is not taken: the status, DataKit's error code, and its message."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Taken(NamedTuple):
    """A point as it leaves DataKit; `is_redated` when it got the present time in the place of its own.

    `line` is what it was read from, and `at` where that began in the body, counted in bytes from 1.
    """

    measurement: str
    tags: Dict[str, str]
    fields: Dict[str, Any]
    time_ns: int
    is_redated: bool
    line: bytes
    at: int

    @property
    def is_lost(self) -> bool:
        """Whether it is too large to reach Guance: DataKit says nothing of it."""
        # A field of a line has four bytes at least, and at most 20 more encoded. HOST_TAGS are not in the line.
        return 8 * len(self.line) + 1024 > LARGEST_POINT and encoded_size(self) > LARGEST_POINT


class Intake(NamedTuple):
    """A write to a DataKit at a time: the category, the query of the request, and how that DataKit is set up."""

    category: str
    query: Mapping[str, str]
    now_ns: int
    corrects_time: bool
    adds_host_tags: bool

    def take(self, body: bytes) -> List[Taken]:
        """The points of a body as they leave DataKit, those too that are lost on the way; Refusal for the body."""
        if not body:
            raise Refusal(400, "datakit.emptyBody")
        points: List[Taken] = []
        warnings: List[str] = []
        for line in _read(body):
            taken = self._point(line, warnings)
            if taken is not None:
                points.append(taken)
        if not points:
            raise Refusal(400, "datakit.noPoints")
        if warnings and self.query.get("strict"):
            raise Refusal(400, "datakit.pointGotWarning", warnings[0])
        return points

    def _point(self, line: _Line, warnings: List[str]) -> Optional[Taken]:
        if any(value is _MIXED for _, value in line.fields):
            return None
        tags: Values = {}
        for key, value in sorted(line.tags)[:MOST_TAGS]:
            tags.setdefault(key[:LONGEST_KEY], value[:LONGEST_TAG])
        fields = {key[:LONGEST_KEY]: value for key, value in line.fields}
        # Which field is one too many differs from request to request.
        fields = dict([(key, value) for key, value in fields.items() if key not in tags][:MOST_FIELDS])
        if self.category == METRIC and any(isinstance(value, bytes) for value in fields.values()):
            warnings.append(STRING_DROPPED)
            fields = {key: value for key, value in fields.items() if not isinstance(value, bytes)}
        if self.category in (OBJECT, LOGGING):
            tags, fields = _renamed(tags, self.category), _renamed(fields, "")
        if self.category == LOGGING:
            fields.setdefault(b"status", b"info")
        time_ns, is_redated = self._time(line.time)
        if is_redated:
            fields.setdefault(ORIGINAL_TIME.encode(), time_ns)
        tags = {**self._host_tags(fields), **tags}
        return Taken(
            _text(line.measurement[:LONGEST_MEASUREMENT]),
            {_text(key): _text(value) for key, value in tags.items()},
            {_text(key): _value_text(value) for key, value in fields.items()},
            self.now_ns if is_redated else time_ns,
            is_redated,
            line.line,
            line.at,
        )

    def _time(self, given: Optional[int]) -> Tuple[int, bool]:
        if given is None or given <= 0:
            return self.now_ns, False
        unit = _UNIT.get(self.query["precision"], 1) if "precision" in self.query else _unit_of(given)
        # As an integer of 64 bits overflows.
        time_ns = (given * unit + 2**63) % 2**64 - 2**63
        return time_ns, self.corrects_time and abs(time_ns - self.now_ns) > FARTHEST_AWAY_NS

    def _host_tags(self, fields: Values) -> Values:
        if not self.adds_host_tags or self.query.get("ignore_global_host_tags"):
            return {}
        return {key.encode(): value.encode() for key, value in HOST_TAGS.items() if key.encode() not in fields}


class _Line(NamedTuple):
    measurement: bytes
    tags: List[Tuple[bytes, bytes]]
    fields: List[Tuple[bytes, Any]]
    time: Optional[int]
    line: bytes
    at: int


class _BadLineError(ValueError):
    pass


# The value of an array of several types: DataKit skips the point.
_MIXED = object()


def encoded_size(point: Taken) -> int:
    """Bytes of a point in the encoding that DataKit sends to Guance in (protocol buffers)."""
    size = 2 + _size(point.measurement) + 10
    for key, value in (*point.tags.items(), *point.fields.items()):
        of_value = 1 + _varint(_size(value)) + _size(value) if isinstance(value, str) else 9
        inner = 2 + _size(key) + of_value + (2 if key in point.tags else 0)
        size += 1 + _varint(inner) + inner
    return size + 1 + _varint(size)


class BadLine(NamedTuple):
    """A line that is refused, where it began in the body (bytes, from 1), and why."""

    line: bytes
    at: int
    why: str


def invalid_lines(body: bytes, failed: Sequence[BadLine], right: int) -> Refusal:
    """The Refusal of a body for bad lines beside `right` good ones, in DataKit's words: it repeats lines and body."""
    said = [f"unable to parse '{bad.line.decode(errors='replace')}'(pos: {bad.at}): {bad.why}" for bad in failed]
    counted = f"with {right} point parse ok, {len(failed)} points failed. Origin data: {_quoted(_text(body))}"
    return Refusal(400, "datakit.invalidLinePoint", "\n".join([f"invalid lineprotocol: {said[0]}", *said[1:], counted]))


def _quoted(text: str) -> str:
    """A text as Go quotes it (`%q`)."""
    return '"' + "".join(_QUOTED.get(letter) or _letter(letter) for letter in text) + '"'


_QUOTED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\a": "\\a", "\b": "\\b"}
_QUOTED.update({"\f": "\\f", "\v": "\\v"})


def _letter(letter: str) -> str:
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return letter if letter.isprintable() else (f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}")


def _read(body: bytes) -> List[_Line]:
    """The lines of a body; Refusal for all of them where one is bad."""
    lines: List[_Line] = []
    failed: List[BadLine] = []
    start = 0
    while start < len(body):
        found = _LINE.match(body, start)
        end = found.end() if found else len(body)
        line = body[start:end].lstrip(b" \t\0")
        if line and not line.startswith(b"#"):
            try:
                lines.append(_line(line, start + 1))
            except _BadLineError as bad:
                failed.append(BadLine(line, start + 1, str(bad)))
        start = end + 1
    if failed:
        raise invalid_lines(body, failed, len(lines))
    return lines


def _line(line: bytes, at: int) -> _Line:
    blank = _BLANK.search(line)
    head, rest = (line[: blank.start()], line[blank.end() :]) if blank else (line, None)
    if head.startswith(b","):
        raise _BadLineError("missing measurement")
    measurement, *parts = _COMMA.split(head)
    tags = [_tag(part) for part in parts]
    if rest is None:
        raise _BadLineError("missing fields")
    if len({key for key, _ in tags}) < len(tags):
        raise _BadLineError("duplicate tags")
    fields, time = _fields(rest.lstrip(b" "))
    longest = len(head) + SEPARATOR + max(map(len, (key for key, _ in fields)))
    if longest > LONGEST_SERIES_KEY:
        raise _BadLineError(f"max key length exceeded: {longest} > {LONGEST_SERIES_KEY}")
    return _Line(
        _unescaped(measurement),
        [(_unescaped(key), _unescaped(value)) for key, value in tags],
        [(_unescaped(key), value) for key, value in fields],
        time,
        line,
        at,
    )


def _tag(part: bytes) -> Tuple[bytes, bytes]:
    if not part or part.startswith(b"="):
        raise _BadLineError("missing tag key")
    equals = _EQUALS.search(part)
    if equals is None or equals.end() == len(part):
        raise _BadLineError("missing tag value")
    value = part[equals.end() :]
    if _EQUALS.search(value, 1):
        raise _BadLineError("invalid tag format")
    return part[: equals.start()], value


def _fields(text: bytes) -> Tuple[List[Tuple[bytes, Any]], Optional[int]]:
    fields: List[Tuple[bytes, Any]] = []
    at = 0
    while True:
        found = _FIELD.match(text, at)
        if found is None:
            raise _BadLineError("invalid field format")
        key, value = found.groups()
        if not key or not value:
            raise _BadLineError("missing field value" if key else "missing field key")
        fields.append((key, _value(value)))
        at = found.end()
        following = text[at : at + 1]
        if following not in (b",", b" ", b""):
            raise _BadLineError("unbalanced quotes")
        if following != b",":
            break
        at += 1
    time = _TIME.fullmatch(text, at)
    if time is None:
        raise _BadLineError("bad timestamp")
    given = int(time.group(1)) if time.group(1) else None
    most = 2**63 - 2
    if given is not None and abs(given) > most:
        raise _BadLineError(f"time outside range -{most} - {most}")
    return fields, given


def _value(text: bytes) -> Any:
    """A string as bytes, an array as a list, else a float, int or bool; _BadLineError for what is none of these."""
    if text.startswith(b'"'):
        if len(text) < 2 or not text.endswith(b'"'):
            raise _BadLineError("unbalanced quotes")
        return re.sub(rb'\\(["\\])', rb"\1", text[1:-1])
    if text.startswith(b"["):
        items = [_value(item) for item in _ITEM.findall(text[1:-1])]
        return _MIXED if len(set(map(type, items))) > 1 else items
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[:1] not in b"-.0123456789Nn":
        raise _BadLineError("invalid boolean")
    if _INTEGER.fullmatch(text):
        return _in_range(int(text[:-1]), -(2**63), 2**63 - 1, "integer", "ParseInt")
    if _UNSIGNED.fullmatch(text):
        return _in_range(int(text[:-1]), 0, 2**64 - 1, "unsigned", "ParseUint")
    if not _FLOAT.fullmatch(text):
        raise _BadLineError("invalid number")
    number = float(text)
    if not math.isfinite(number):
        raise _BadLineError("invalid float")
    return number


def _in_range(number: int, least: int, most: int, kind: str, parser: str) -> int:
    if not least <= number <= most:
        raise _BadLineError(
            f'unable to parse {kind} {number}: strconv.{parser}: parsing "{number}": value out of range'
        )
    return number


def _unescaped(text: bytes) -> bytes:
    return re.sub(rb"\\([,= ])", rb"\1", text) if b"\\" in text else text


def _renamed(values: Values, category: str) -> Values:
    """What stands under keys with dots under keys without; some tags not at all."""
    dropped = {OBJECT: (b"class", b"date"), LOGGING: (b"source",)}.get(category, ())
    return {key.replace(b".", b"_"): value for key, value in values.items() if key not in dropped}


def _unit_of(time: int) -> int:
    """Nanoseconds in the unit that a time of so many digits is taken to be in."""
    for digits, unit in ((10, 10**9), (13, 10**6), (16, 10**3)):
        if time < 10**digits:
            return unit
    return 1


def _text(raw: bytes) -> str:
    return raw.decode(errors="surrogateescape")


def _value_text(value: Any) -> Any:
    if isinstance(value, list):
        return [_value_text(item) for item in value]
    return _text(value) if isinstance(value, bytes) else value


def _size(text: str) -> int:
    return len(text.encode(errors="surrogateescape"))


def _varint(number: int) -> int:
    return max(1, (number.bit_length() + 6) // 7)
