"""Which of the listed distributions are collected."""

import difflib
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Sequence, Tuple

from guance_aws_cloudfront.cloudfront.record import aliases, text_of
from guance_aws_cloudfront.settings.patterns import EXCEPT, Choice, fits
from guance_aws_cloudfront.text import one_line

SHOWN = 3
# In characters, of a sentence.
LONGEST = 500

# Resource tags by distribution ID.
TagsById = Mapping[str, Dict[str, str]]


def choose(records: Sequence[Dict[str, Any]], choice: Choice, tags: TagsById) -> List[Dict[str, Any]]:
    """The distributions whose names (ID, alternate domain names, domain name) and resource tags fit the choice."""
    return [record for record in records if _is_chosen(record, choice, tags.get(record["Id"], {}))]


def idle_patterns(
    records: Sequence[Mapping[str, Any]], choice: Choice, tags: TagsById, tag_keys: Iterable[str] = ()
) -> Iterator[str]:
    """A sentence for each pattern that fits no distribution at all, with what is nearest to it of what there is.

    `tag_keys` are all keys of resource tags, as far as they are known.
    """
    # Names are compared in lower case and shown as they are.
    names = {name.lower(): name for record in records for name in _names(record)}
    yield from _idle("'distributions'", choice.names, names)
    for key, patterns in choice.tags:
        values = {of_one[key]: of_one[key] for of_one in tags.values() if key in of_one}
        if values:
            yield from _idle(f"'distributions', 'tag:{key}'", patterns, values)
        else:
            keys = {one.lower(): one for one in tag_keys}
            near = _nearest(key.lower(), keys)
            yield one_line(f"No distribution has the resource tag '{key}' of the key 'distributions'.{near}", LONGEST)


def idle_keys(patterns: Sequence[str], tag_keys: Iterable[str]) -> List[str]:
    """A sentence for each pattern of resource tags that fits no key at all; none while no key is known."""
    known = {key.lower(): key for key in tag_keys}
    return [
        one_line(
            f"No distribution has a resource tag '{pattern}' (key 'resource_tags').{_nearest(pattern, known)}", LONGEST
        )
        for pattern in patterns
        if known and pattern != EXCEPT and not fits(known.values(), [pattern])
    ]


def _is_chosen(record: Mapping[str, Any], choice: Choice, tags: Mapping[str, str]) -> bool:
    by_name = not choice.names or fits([name.lower() for name in _names(record)], choice.names)
    return by_name and all(fits([tags[key]] if key in tags else [], patterns) for key, patterns in choice.tags)


def _idle(key: str, patterns: Sequence[str], known: Mapping[str, str]) -> List[str]:
    return [
        one_line(f"No distribution fits '{pattern}' of the key {key}.{near}", LONGEST)
        for pattern, near in idle(patterns, known)
    ]


def _names(record: Mapping[str, Any]) -> List[str]:
    return [record["Id"], text_of(record, "DomainName"), *aliases(record)]


def idle(patterns: Sequence[str], known: Mapping[str, str]) -> List[Tuple[str, str]]:
    """The patterns that fit none of the known names, each with a sentence of what is nearest to it, or nothing.

    `known` has the names as they are shown by the names to compare.
    """
    return [
        (pattern, _nearest(pattern, known)) for pattern in patterns if pattern != EXCEPT and not fits(known, [pattern])
    ]


def _nearest(pattern: str, known: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(pattern, sorted(known), SHOWN, cutoff=0.5)
    return f" The nearest are {', '.join(known[name] for name in near)}." if near else ""
