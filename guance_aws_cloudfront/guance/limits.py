"""DataKit's limits, kept on our side: what it would cut or drop without a word is shortened, renamed or left out here.

And what would make it refuse a whole body for one point's sake: a value that is not a number, too long a series key.
"""

import json
import math
import re
from functools import lru_cache
from typing import Any, Collection, Dict, Iterable, List, Mapping, Optional, Tuple

from guance_aws_cloudfront.text import cut, printable, some_of

MOST_TAGS, MOST_FIELDS = 256, 1024
# In bytes.
LONGEST_KEY, LONGEST_TAG, LONGEST_MEASUREMENT = 256, 1024, 1024
# Measurement and tags as they are sent, each separator in them escaped, the longest key of a field and 4 may have
# 65,535 bytes in all. What is left for the tags, when measurement and key are as long as they can be.
LONGEST_TAGS = 65_535 - 4 - 2 * LONGEST_MEASUREMENT - 2 * LONGEST_KEY
# A point in all: one of about 1 MiB is lost behind a 200.
LONGEST_POINT = 768 * 1024
# What a field takes beside its key and a text: its number, or the lengths of both.
FIELD_OVERHEAD = 24
LARGEST = 2**63 - 1
METRIC, OBJECT = "metric", "custom_object"
FLOATS, NUMBERS = frozenset([float]), frozenset([int, float])
# An object may not have these keys, nor any with a dot.
FORBIDDEN = ("class", "date")
# What an object or point is known by, and an object's whole record: left out last.
FIRST = ("name", "message")

Said = List[str]
# Tags and whether they are an object's -> the tags themselves, what became of them, and what was said: by identity, for
# the points of a distribution share theirs.
KnownTags = Dict[Tuple[int, bool], Tuple[Dict[str, str], Dict[str, str], Said]]
# Func's helper makes a plain blank of every kind of blank: names that differ in nothing else would become one.
_BLANK = re.compile(r"\s")
# A backslash before a separator of line protocol, or at the end.
_STRAY = re.compile(r"\\+(?=[,= ])|[\\\s]+\Z")


def fitted(
    point: Mapping[str, Any], category: str, known: Optional[KnownTags] = None
) -> Tuple[Mapping[str, Any], Said]:
    """The point of a category (`metric`, `custom_object` …) as DataKit takes it, and what had to be done, in clauses.

    One without a field, or an object without a name, is left out: its fields are then empty. `known` remembers what
    became of tags that several points share.
    """
    known = {} if known is None else known
    is_object = category == OBJECT
    place = (id(point["tags"]), is_object)
    if place not in known:
        known[place] = _looked_at(point["tags"], is_object)
    _, tags, said_of_tags = known[place]
    if not said_of_tags and tags is point["tags"] and _is_plain(point, category):
        return point, []
    said = [*said_of_tags]
    measurement = _measurement(point["measurement"], said)
    fields = _fields(point["fields"], tags, category, said)
    _shorten(fields, LONGEST_POINT - _size(measurement) - _size_of_all(tags), said)
    if not measurement:
        fields = {}
    if is_object and "name" not in tags:
        said.append("an object without a name is left out")
        fields = {}
    elif not fields:
        said.append("a point without a field is left out")
    return {**point, "measurement": measurement, "tags": tags, "fields": fields}, said


def _looked_at(tags: Dict[str, str], is_object: bool) -> Tuple[Dict[str, str], Dict[str, str], Said]:
    said: Said = []
    fit = _tags(tags, is_object, said)
    return tags, tags if fit == tags else fit, said


def _is_plain(point: Mapping[str, Any], category: str) -> bool:
    """Whether there is nothing to do but for the tags, as mostly: numbers, and texts but in metrics, that may stay."""
    fields = point["fields"]
    return (
        category != OBJECT
        and _may_stay(point["measurement"], tuple(fields))
        and (_are_finite(fields.values()) if category == METRIC else _are_sendable(fields.values()))
        and fields.keys().isdisjoint(point["tags"])
    )


def _tags(tags: Mapping[str, Any], is_object: bool, said: Said) -> Dict[str, str]:
    kept: Dict[str, str] = {}
    for key, value in tags.items():
        name, text = key if _stays(key, is_object) else _key(key, is_object, said), _plain(str(value))
        if not name or not text or name in kept:
            said.append(f"the tag '{key}' is {'there twice' if name in kept else 'empty'} and left out")
            continue
        # Most texts are short, and need no second look.
        kept[name] = (
            text if len(text) * 4 <= LONGEST_TAG else _plain(_cut(text, LONGEST_TAG, f"the tag '{name}'", said))
        )
    return _within(kept, said)


def _within(tags: Dict[str, str], said: Said) -> Dict[str, str]:
    """As many of the tags as DataKit takes, of all those bytes; the collector's own, which stand last, go last."""
    kept: List[str] = []
    room = LONGEST_TAGS
    # A character has at most four bytes, escaped too; and each tag has two separators.
    letters = sum(map(len, tags)) + sum(map(len, tags.values()))
    if len(tags) <= MOST_TAGS and 4 * letters + 2 * MOST_TAGS <= LONGEST_TAGS:
        return tags
    for key in _in_order(reversed(list(tags))):
        room -= _escaped_size(key) + _escaped_size(tags[key]) + 2
        if room >= 0 and len(kept) < MOST_TAGS:
            kept.append(key)
    if len(kept) < len(tags):
        left_out = some_of([key for key in tags if key not in kept])
        said.append(f"there are over {MOST_TAGS} tags, or {LONGEST_TAGS:,} bytes of them: left out are {left_out}")
    return {key: value for key, value in tags.items() if key in kept}


def _fields(fields: Mapping[str, Any], tags: Mapping[str, str], category: str, said: Said) -> Dict[str, Any]:
    kept: Dict[str, Any] = {}
    is_object = category == OBJECT
    for key in _in_order(fields):
        value, name = fields[key], key if _stays(key, is_object) else _key(key, is_object, said)
        if isinstance(value, str):
            value = printable(value)
        wrong = _wrong(name, value, tags, kept)
        if category == METRIC and isinstance(value, str):
            wrong = wrong or "is a text, which DataKit drops from a metric,"
        if wrong:
            said.append(f"the field '{key}' {wrong} and is left out")
        else:
            kept[name] = value
    return kept


def _shorten(fields: Dict[str, Any], room: int, said: Said) -> None:
    """Shorten the longest texts among the fields until all are in so many bytes."""
    excess = _size_of_all(fields) + FIELD_OVERHEAD * len(fields) - room
    while excess > 0:
        size, name = max((_size(value), key) for key, value in fields.items() if isinstance(value, str))
        fields[name] = shortened(fields[name], max(0, size - excess))
        said.append(f"the field '{name}' has {size:,} bytes and is shortened, because DataKit loses a point of 1 MiB")
        excess -= size - _size(fields[name])


def shortened(text: str, most: int) -> str:
    """A text in about so many bytes, with a note of what is left out: JSON stays JSON.

    Of an object in JSON the largest members give way to a note, of a list the last items; any other text loses its end.
    """
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        whole = None
    size = _size(text)
    if isinstance(whole, dict):
        sizes = {key: _size(_json(value)) for key, value in whole.items()}
        excess = size - most
        for key in sorted(sizes, key=lambda key: -sizes[key]):
            note = f"… {sizes[key]:,} bytes are left out"
            if excess <= 0 or sizes[key] <= len(note):
                break
            whole[key] = note
            excess -= sizes[key] - _size(_json(note))
        return _json(whole) if excess <= 0 else _json({"…": f"{size:,} bytes are left out"})
    if isinstance(whole, list):
        kept = whole
        while kept and _size(text) > most:
            kept = kept[: len(kept) // 2]
            text = _json([*kept, f"… {len(whole) - len(kept):,} more are left out"])
        return text
    return f"{cut(text, max(0, most - 60))}… ({size:,} bytes in all)"


def _json(value: Any) -> str:
    return printable(json.dumps(value, ensure_ascii=False))


def _are_finite(values: Collection[Any]) -> bool:
    # A sum is finite only where all of its terms are.
    return FLOATS.issuperset(map(type, values)) and math.isfinite(sum(values))


def _are_sendable(values: Collection[Any]) -> bool:
    """Whether values are numbers in bounds, and texts on one line that fit into a point all together, by one look."""
    text = "".join([value for value in values if type(value) is str])
    numbers = [value for value in values if type(value) is not str]
    if not text.isprintable() or not NUMBERS.issuperset(map(type, numbers)):
        return False
    # A character has at most four bytes.
    size = 4 * len(text) + (LONGEST_KEY + FIELD_OVERHEAD) * len(values) + LONGEST_TAGS + LONGEST_MEASUREMENT
    is_bounded = not numbers or (min(numbers) >= -LARGEST and max(numbers) <= LARGEST and math.isfinite(sum(numbers)))
    return is_bounded and size <= LONGEST_POINT


# All points of a kind have the same measurement and keys.
@lru_cache(maxsize=256)
def _may_stay(measurement: str, keys: Tuple[str, ...]) -> bool:
    return (
        _measurement(measurement, []) == measurement
        and 0 < len(keys) <= MOST_FIELDS
        and all(_stays(key, False) for key in keys)
    )


@lru_cache(maxsize=1024)
def _stays(key: Any, is_object: bool) -> bool:
    return bool(key) and _key(key, is_object, []) == key


def _wrong(name: str, value: Any, tags: Mapping[str, str], kept: Mapping[str, Any]) -> str:
    """What keeps a field from being sent; nothing mostly."""
    if not name or name in tags or name in kept:
        return "has no name" if not name else "is there twice"
    if len(kept) >= MOST_FIELDS:
        return f"is beyond the {MOST_FIELDS:,} fields of a point"
    if isinstance(value, (str, bool)):
        return ""
    if not isinstance(value, (int, float)):
        return f"is of the type {type(value).__name__}"
    is_sendable = abs(value) <= LARGEST if isinstance(value, int) else math.isfinite(value)
    return "" if is_sendable else "is no finite number, or too large a one,"


def _key(key: Any, is_object: bool, said: Said) -> str:
    name = _plain(str(key))
    if is_object and ("." in name or name in FORBIDDEN):
        name = f"{name}_" if name in FORBIDDEN else name.replace(".", "_")
        said.append(f"the key '{key}' is not allowed in an object and is renamed '{name}'")
    return _plain(_cut(name, LONGEST_KEY, f"the key '{name[:40]}…'", said))


# The same keys and tags stand on thousands of points.
@lru_cache(maxsize=4096)
def _plain(value: str) -> str:
    """On one line, without the backslashes that Func's helper strips or that would undo its own escapes."""
    # Mostly there is nothing to do.
    if value.isascii() and value.isprintable() and "\\" not in value:
        return value.strip()
    return _STRAY.sub("", _BLANK.sub(" ", printable(value))).strip()


def _cut(text: str, most: int, what: str, said: Said) -> str:
    """The text in so many bytes, no character of it halved."""
    # Most texts are short, and their bytes need no counting.
    if len(text) * 4 <= most or _size(text) <= most:
        return text
    said.append(f"{what} is longer than {most:,} bytes and is cut")
    return cut(text, most)


def _measurement(name: str, said: Said) -> str:
    plain = _plain(name)
    if plain.startswith("#"):
        plain = plain.lstrip("# ")
        said.append("the measurement begins with '#', which makes a line a comment, and loses it")
    if not plain:
        said.append("a point without a measurement is left out")
    return _plain(_cut(plain, LONGEST_MEASUREMENT, "the measurement", said))


def _size_of_all(values: Mapping[str, Any]) -> int:
    return sum(_size(key) + (_size(value) if isinstance(value, str) else 0) for key, value in values.items())


def _escaped_size(text: str) -> int:
    """Bytes of a text with a backslash before each separator of line protocol."""
    return _size(text) + sum(map(text.count, ",= "))


def _in_order(keys: Iterable[str]) -> List[str]:
    return sorted(keys, key=lambda key: key not in FIRST)


def _size(text: str) -> int:
    return len(text.encode())
