"""DataKit's limits, kept on our side: what it would cut or drop without a word is shortened, renamed or left out here.

And what would make it refuse a whole body for one point's sake: a number that is none, a key that it does not allow.
"""

import math
import re
from functools import lru_cache
from typing import Any, Collection, Dict, Iterable, List, Mapping, Optional, Tuple

from guance_aws_cloudfront.text import cut, printable, some_of

MOST_TAGS, MOST_FIELDS = 256, 1024
# In bytes.
LONGEST_KEY, LONGEST_TAG, LONGEST_TAGS = 256, 1024, 64 * 1024
LONGEST_STRING, LONGEST_MEASUREMENT = 32 * 1024 * 1024, 1024
LARGEST = 2**63 - 1
FLOATS = frozenset([float])
# An object may not have these keys, nor any with a dot.
FORBIDDEN = ("class", "date")
# What an object or point is known by, and an object's whole record: left out last.
FIRST = ("name", "message")

Said = List[str]
# Tags and the category's kind -> the tags themselves, what became of them, and what was said: by identity, for the
# points of a distribution share theirs.
KnownTags = Dict[Tuple[int, bool], Tuple[Dict[str, str], Dict[str, str], Said]]
# A backslash before a separator of line protocol, or at the end.
_STRAY = re.compile(r"\\+(?=[,= ])|[\\\s]+\Z")


def fitted(
    point: Mapping[str, Any], is_object: bool, known: Optional[KnownTags] = None
) -> Tuple[Mapping[str, Any], Said]:
    """The point as DataKit takes it, and what had to be done for that, a clause for each.

    One without a field, or an object without a name, is left out: its fields are then empty. `known` remembers what
    became of tags that several points share.
    """
    known = {} if known is None else known
    place = (id(point["tags"]), is_object)
    if place not in known:
        known[place] = _looked_at(point["tags"], is_object)
    _, tags, said_of_tags = known[place]
    if not said_of_tags and tags is point["tags"] and _is_plain(point, is_object):
        return point, []
    said = [*said_of_tags]
    fields = _fields(point["fields"], tags, is_object, said)
    if is_object and "name" not in tags:
        said.append("an object without a name is left out")
        fields = {}
    elif not fields:
        said.append("a point without a field is left out")
    measurement = _cut(point["measurement"], LONGEST_MEASUREMENT, "the measurement", said)
    return {**point, "measurement": measurement, "tags": tags, "fields": fields}, said


def _looked_at(tags: Dict[str, str], is_object: bool) -> Tuple[Dict[str, str], Dict[str, str], Said]:
    said: Said = []
    fit = _tags(tags, is_object, said)
    return tags, tags if fit == tags else fit, said


def _is_plain(point: Mapping[str, Any], is_object: bool) -> bool:
    """Whether there is nothing to do but for the tags, as mostly: finite numbers with names that may stay."""
    fields = point["fields"]
    return (
        not is_object
        and len(point["measurement"]) * 4 <= LONGEST_MEASUREMENT
        and _are_finite(fields.values())
        and _may_stay(tuple(fields))
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
    if len(tags) <= MOST_TAGS and sum(map(len, tags)) + sum(map(len, tags.values())) <= LONGEST_TAGS // 4:
        return tags
    for key in _in_order(reversed(list(tags))):
        room -= _size(key) + _size(tags[key])
        if room >= 0 and len(kept) < MOST_TAGS:
            kept.append(key)
    if len(kept) < len(tags):
        left_out = some_of([key for key in tags if key not in kept])
        said.append(f"there are over {MOST_TAGS} tags, or {LONGEST_TAGS // 1024} KiB of them: left out are {left_out}")
    return {key: value for key, value in tags.items() if key in kept}


def _fields(fields: Mapping[str, Any], tags: Mapping[str, str], is_object: bool, said: Said) -> Dict[str, Any]:
    kept: Dict[str, Any] = {}
    for key in _in_order(fields):
        value, name = fields[key], key if _stays(key, is_object) else _key(key, is_object, said)
        if isinstance(value, str):
            value = _cut(printable(value), LONGEST_STRING, f"the field '{name}'", said)
        wrong = _wrong(name, value, tags, kept)
        if wrong:
            said.append(f"the field '{key}' {wrong} and is left out")
        else:
            kept[name] = value
    return kept


def _are_finite(values: Collection[Any]) -> bool:
    # A sum is finite only where all of its terms are.
    return FLOATS.issuperset(map(type, values)) and math.isfinite(sum(values))


# All points of a kind have the same keys.
@lru_cache(maxsize=256)
def _may_stay(keys: Tuple[str, ...]) -> bool:
    return 0 < len(keys) <= MOST_FIELDS and all(_stays(key, False) for key in keys)


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
    return _STRAY.sub("", printable(value)).strip()


def _cut(text: str, most: int, what: str, said: Said) -> str:
    """The text in so many bytes, no character of it halved."""
    # Most texts are short, and their bytes need no counting.
    if len(text) * 4 <= most or _size(text) <= most:
        return text
    said.append(f"{what} is longer than {most:,} bytes and is cut")
    return cut(text, most)


def _in_order(keys: Iterable[str]) -> List[str]:
    return sorted(keys, key=lambda key: key not in FIRST)


def _size(text: str) -> int:
    return len(text.encode())
