"""Patterns with `*`, and a leading NOT, as in Guance's collectors."""

import re
from functools import lru_cache
from typing import Any, Iterable, Mapping, NamedTuple, Pattern, Sequence, Tuple

from guance_aws_cloudfront.settings.validation import refusal

EXCEPT = "NOT"
DISTRIBUTIONS = (
    "a list of IDs, alternate domain names, domain names or patterns of these, such as ['*.example.com'], or a dict, "
    "such as {'tag:env': ['prod']}"
)
TAG_KEYS = "a list of tag keys or patterns of these, such as ['env', 'team*'] or ['NOT', 'aws:*']"
KEY, BY_NAME, TAG = "distributions", "name", "tag:"


def fits(names: Iterable[str], patterns: Sequence[str]) -> bool:
    """Whether any of the names fits any of the patterns; after a leading NOT, whether none does."""
    is_except = patterns[0] == EXCEPT
    return is_except != any(_compiled(pattern).fullmatch(name) for name in names for pattern in patterns[is_except:])


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*"), re.DOTALL)


def parse_patterns(raw: Any, key: str, allowed: str) -> Tuple[str, ...]:
    """Patterns as they were given, one at least, a NOT only at their head; ConfigError when they are none."""
    are_texts = isinstance(raw, (list, tuple)) and all(isinstance(one, str) and one.strip() for one in raw)
    if not are_texts or not raw or tuple(raw) == (EXCEPT,):
        raise refusal("Configuration", key, raw, allowed)
    if EXCEPT in raw[1:]:
        raise refusal("Configuration", key, raw, f"'{EXCEPT}' only at the head of a list, for all that follows")
    return tuple(pattern.strip() for pattern in raw)


class Choice(NamedTuple):
    """Which distributions to collect: patterns on their names, and on the values of resource tags; all must fit.

    `names` are patterns in lower case, none for all; `tags` are pairs of a tag key and its patterns.
    """

    names: Tuple[str, ...] = ()
    tags: Tuple[Tuple[str, Tuple[str, ...]], ...] = ()


def parse_distributions(raw: Any) -> Choice:
    """The choice out of the key `distributions`, a list or a dict; ConfigError when it is none of these.

    Upper and lower case are the same in domain names, so here too; they are not in the values of tags.
    """
    if raw is None:
        return Choice()
    if not isinstance(raw, Mapping):
        return Choice(_names(raw))
    if not raw:
        raise refusal("Configuration", KEY, raw, DISTRIBUTIONS)
    tags = []
    for key, patterns in raw.items():
        tag = str(key)[len(TAG) :] if str(key).startswith(TAG) else ""
        if key != BY_NAME and not tag:
            raise refusal("Configuration", KEY, key, f"a dict with the keys '{BY_NAME}' and '{TAG}<key>'")
        if tag:
            tags.append(
                (tag, parse_patterns(patterns, KEY, f"a list of values of the tag '{tag}' or patterns of these"))
            )
    return Choice(_names(raw[BY_NAME]) if BY_NAME in raw else (), tuple(tags))


def _names(raw: Any) -> Tuple[str, ...]:
    return tuple(name if name == EXCEPT else name.lower() for name in parse_patterns(raw, KEY, DISTRIBUTIONS))


def parse_resource_tags(raw: Any) -> Tuple[str, ...]:
    """The patterns of the key `resource_tags`, none for no tags; ConfigError when they are none."""
    if raw is None or raw in ([], ()):
        return ()
    return parse_patterns(raw, "resource_tags", TAG_KEYS)
