"""Which of the listed distributions are collected."""

import difflib
from typing import Any, Dict, Iterable, List, Mapping, Sequence

from guance_aws_cloudfront.objects import aliases
from guance_aws_cloudfront.patterns import EXCEPT, fits

SHOWN = 3


def choose(records: Sequence[Dict[str, Any]], patterns: Sequence[str]) -> List[Dict[str, Any]]:
    """The distributions that patterns choose by ID, alternate domain name or domain name; all for no patterns."""
    return [record for record in records if not patterns or fits(_names(record), patterns)]


def idle_patterns(records: Sequence[Mapping[str, Any]], patterns: Sequence[str]) -> List[str]:
    """A sentence for each pattern that fits no distribution at all, with what is nearest to it."""
    known = {name for record in records for name in _names(record)}
    return [
        f"No distribution fits '{pattern}' of the key 'distributions'.{_nearest(pattern, known)}"
        for pattern in patterns
        if pattern != EXCEPT and not fits(known, [pattern])
    ]


def _names(record: Mapping[str, Any]) -> List[str]:
    return [str(name).lower() for name in (record["Id"], record.get("DomainName", ""), *aliases(record))]


def _nearest(pattern: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(pattern, sorted(known), SHOWN, cutoff=0.5)
    return f" The nearest are {', '.join(near)}." if near else ""
