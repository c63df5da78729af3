"""The resource tags of distributions as tags in Guance: which ones, under which keys, within DataKit's limits."""

import re
from typing import Dict, List, Mapping, NamedTuple, Sequence

from guance_aws_cloudfront.guance.limits import LONGEST_KEY, LONGEST_TAG
from guance_aws_cloudfront.settings.extra_tags import is_reserved
from guance_aws_cloudfront.settings.patterns import fits
from guance_aws_cloudfront.text import cut, one_line, some_of

# The tags of a point may have some 61 KiB in all: the user's own get as much as these, the collector's the rest.
MOST_BYTES = 30 * 1024
PREFIX = "tag_"

Tags = Dict[str, str]


class Cleaned(NamedTuple):
    """The resource tags of each distribution as Guance takes them; which keys are new names, and what got lost."""

    by_id: Dict[str, Tags]
    renamed: str
    warnings: List[str]


def cleaned(tags: Mapping[str, Tags], patterns: Sequence[str], extra_tags: Mapping[str, str]) -> Cleaned:
    """The wanted ones of the resource tags by distribution ID, under keys that clash with none of ours or the user's.

    The same key always becomes the same, whatever stands beside it, because a tag that changes starts a new time
    series.
    """
    keys = {key for found in tags.values() for key in found if key and patterns and fits([key], patterns)}
    # Many distributions have the same keys: what becomes of each is found once.
    whole = {key: _whole_name(key, extra_tags) for key in keys}
    names = {key: cut(name, LONGEST_KEY) for key, name in whole.items()}
    # A key that stays as it is comes before one that would become the same.
    order = sorted(keys, key=lambda key: (names[key] != key, key))
    renamed: Dict[str, str] = {}
    shortened: List[str] = []
    left_out: List[str] = []
    by_id: Dict[str, Tags] = {}
    for distribution_id, found in tags.items():
        ours = by_id[distribution_id] = {}
        for key in (key for key in order if key in found):
            value = _clean_value(found[key])
            if not value:
                continue
            place = f"'{one_line(key, 60)}' of {distribution_id}"
            name, kept = names[key], cut(value, LONGEST_TAG)
            if name in ours or _bytes_of({**ours, name: kept}) > MOST_BYTES:
                left_out.append(place)
                continue
            ours[name] = kept
            if kept != value or name != whole[key]:
                shortened.append(place)
            if name != key:
                renamed[key] = name
    return Cleaned(by_id, _renamed(renamed), _warnings(shortened, left_out))


def clean_key(key: str, extra_tags: Mapping[str, str]) -> str:
    """The key of a resource tag as a key in Guance: letters, digits, `_` and `-`, with `tag_` before one in use."""
    return cut(_whole_name(key, extra_tags), LONGEST_KEY)


def _whole_name(key: str, extra_tags: Mapping[str, str]) -> str:
    name = re.sub(r"[^\w-]", "_", key)
    taken = {one.lower() for one in extra_tags}
    return PREFIX + name if is_reserved(name) or name.lower() in taken else name


def _clean_value(value: str) -> str:
    # DataKit strips a backslash at the end, because it would swallow what follows.
    return one_line(value, len(value) + 1).rstrip("\\").strip()


def _bytes_of(tags: Tags) -> int:
    return sum(len(text.encode(errors="replace")) for pair in tags.items() for text in pair)


def _renamed(renamed: Mapping[str, str]) -> str:
    pairs = [f"'{one_line(key, 60)}' as '{name}'" for key, name in sorted(renamed.items())]
    return f"Resource tags: {some_of(pairs)}." if pairs else ""


def _warnings(shortened: Sequence[str], left_out: Sequence[str]) -> List[str]:
    texts = []
    if shortened:
        limits = f"{LONGEST_KEY} bytes of key and {LONGEST_TAG} of value"
        texts.append(f"Resource tags are cut to the {limits} that DataKit takes: {some_of(shortened)}.")
    if left_out:
        texts.append(
            "Resource tags are left out, because another one has their key or they are too many: "
            f"{some_of(left_out)}. Name fewer in 'resource_tags'."
        )
    return texts
