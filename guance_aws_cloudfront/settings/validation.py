"""Validation of the account and configuration: each mistake has its sentence."""

import difflib
import unicodedata
from typing import Any, Iterable, Mapping

from guance_aws_cloudfront.text import one_line

# Control and format characters (a zero-width blank, a byte order mark, a direction), separators, halves, what has no
# meaning; and others that show nothing: fillers, joiners, selectors. Not what Unicode leaves open, as a newer emoji.
UNSEEN = ("Cc", "Cf", "Zs", "Zl", "Zp", "Cs", "Co")
LOOK_LIKE_NOTHING = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0" + "".join(
    map(chr, range(0xFE00, 0xFE10))
)


class ConfigError(ValueError):
    """Something in the account or configuration is wrong; the text names the key, the mistake and what is allowed."""


def where(key: str) -> str:
    """Where a key of the account can be given, in words."""
    if key not in ("ak_id", "ak_secret", "account_name"):
        return "the startup script"
    variable = f"GUANCE_AWS_CLOUDFRONT_{key.upper()}"
    return f"the startup script or, of a single account, the environment variable {variable} (Development / ENV)"


def is_placeholder(value: str) -> bool:
    """Whether a value is what stands in a startup script before it is filled in."""
    return value.startswith("<") and value.endswith(">")


def invisible(text: str) -> str:
    """The first character of a text that nobody sees, or that only looks like a blank, by its number and name.

    Empty when there is none.
    """
    for character in text:
        kind = unicodedata.category(character)
        if character != " " and (kind in UNSEEN or character in LOOK_LIKE_NOTHING):
            return f"U+{ord(character):04X}, {unicodedata.name(character, 'a control character')}"
    return ""


def refusal(whose: str, key: str, value: Any, allowed: str) -> ConfigError:
    """The error for a key of the account or the configuration, with its value and what is allowed."""
    return ConfigError(f"{whose} key '{key}' is {quoted(value)}: allowed is {allowed}.")


def known_keys(raw: Any, what: str, known: Iterable[str]) -> Mapping[str, Any]:
    """What is given, when it is a dict of known keys; ConfigError with the nearest one when it is not."""
    if not isinstance(raw, Mapping):
        raise ConfigError(
            f"{what} is of type {type(raw).__name__}: it must be a dict with the keys {either(known, 'and')}."
        )
    for key in raw:
        if key not in known:
            hint = did_you_mean(str(key), known, f"known keys are {either(known, 'and')}.")
            raise ConfigError(f"{what} has an unknown key '{one_line(key, 60)}': {hint}")
    return raw


def quoted(value: Any) -> str:
    """A value as a sentence shows it."""
    return one_line(repr(value), 80)


def either(names: Iterable[str], last: str = "or") -> str:
    """A choice in words: `a, b or c`."""
    *first, end = names
    return f"{', '.join(first)} {last} {end}" if first else end


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """The known name nearest to a mistaken one, as the end of a sentence; `otherwise` where none is near."""
    near = difflib.get_close_matches(name, list(known), 1)
    return f"did you mean '{near[0]}'?" if near else otherwise
