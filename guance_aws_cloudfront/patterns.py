"""Patterns with `*`, and a leading NOT, as in Guance's collectors."""

from fnmatch import fnmatchcase
from typing import Any, Iterable, Sequence, Tuple

from guance_aws_cloudfront.door import refusal

EXCEPT = "NOT"
DISTRIBUTIONS = "a list of IDs, alternate domain names, domain names or patterns of these, such as ['*.example.com']"


def fits(names: Iterable[str], patterns: Sequence[str]) -> bool:
    """Whether any of the names fits any of the patterns; after a leading NOT, whether none does."""
    # Only the leading NOT is one: a second one is a pattern that fits nothing.
    is_except = patterns[0] == EXCEPT
    return is_except != any(fnmatchcase(name, pattern) for name in names for pattern in patterns[is_except:])


def parse_distributions(raw: Any) -> Tuple[str, ...]:
    """The patterns of the key `distributions`, none for all; ConfigError when they are none.

    Upper and lower case are the same in domain names, so here too.
    """
    if raw is None:
        return ()
    if not isinstance(raw, (list, tuple)) or not all(isinstance(pattern, str) and pattern.strip() for pattern in raw):
        raise refusal("Configuration", "distributions", raw, DISTRIBUTIONS)
    if not raw or tuple(raw) == (EXCEPT,):
        raise refusal("Configuration", "distributions", raw, DISTRIBUTIONS)
    return tuple(pattern if pattern == EXCEPT else pattern.strip().lower() for pattern in raw)
