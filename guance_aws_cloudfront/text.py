"""Small ways to put things into words, for logs and errors; text from outside is treated as data."""

import re
import time
from typing import Iterable, Mapping, Sequence
from urllib.parse import quote, unquote

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
SHORTEST_SECRET = 8
_KEY_ID = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,124}\b")
# The user and password of an address, up to the last @ of what stands together, whatever its scheme and spelling: a
# password may hold any of / # ? \ : and quotes. Rather too much is masked than too little.
_USER_INFORMATION = (
    (re.compile(r"(:?(?://|\\\\)|:[/\\])\S*@"), r"\1***@"),
    # With a blank in the password: what follows the colon is no port then.
    (re.compile(r"(//)[^\s/@:]*:(?!\d{1,5}(?:[/\s\"')\],]|$))[^\n@]*@"), r"\1***@"),
    # Without a scheme, as `user:password@proxy`; the ARN of a role session may look like that.
    (re.compile(r"(?<![\w:/.-])(?!arn:)[^\s:/@\"'(]+:(?![/\\])[^\s@]+@(?=[\w\[])"), "***@"),
)


def printable(text: str) -> str:
    """Foreign text with a blank in the place of line breaks, control characters and halves of characters."""
    # Nearly all texts are: looking costs a tenth of replacing nothing.
    return text if text.isprintable() else _UNPRINTABLE.sub(" ", text)


def one_line(text: object, limit: int = 300) -> str:
    """Foreign text on one line of at most `limit` characters, so that it cannot forge a line of the log."""
    line = printable(str(text)).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def url_decoded(text: str) -> str:
    """A text that is encoded as in a URL (`%20`), as it was; what is no UTF-8 has a replacement character."""
    return unquote(text) if "%" in text else text


def cut(text: str, most: int) -> str:
    """A text in at most so many bytes of UTF-8, whole characters only."""
    return text.encode(errors="replace")[:most].decode(errors="ignore")


def masked(text: str, secrets: Iterable[str]) -> str:
    """Text without these secrets, the user and password of any URL, and the ID of any access key of AWS.

    What is as short as a word (an external ID may be) stays, or else it would blot out words.
    """
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            # As it is, and as a part of an address.
            for spelled in (secret, *(quote(secret, safe=safe, errors="replace") for safe in ("/", ""))):
                text = text.replace(spelled, "***")
    if "@" in text:
        for pattern, instead in _USER_INFORMATION:
            text = pattern.sub(instead, text)
    return _KEY_ID.sub("***", text)


def iso_utc(seconds: float) -> str:
    """Epoch seconds as `2026-11-24T08:00:00Z`; fractions of a second are dropped."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def minute_utc(seconds: float) -> str:
    """Epoch seconds as a person reads them in the log: `2026-11-24 08:00`."""
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(seconds))


def count(number: int, noun: str) -> str:
    """A number with its noun: `1 point`, `1,200 points`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def calls_made(calls: Mapping[str, int]) -> str:
    """API calls by operation: `3 GetMetricData, 1 ListDistributions`."""
    return ", ".join(f"{number} {name}" for name, number in sorted(calls.items())) or "none"


def duration(seconds: float) -> str:
    """A length of time in the unit that reads best: `45 s`, `20 min`, `3 h 20 min`, `2 d 4 h`."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    big, small, units = (whole // 3600, whole % 3600 // 60, "h min")
    if whole >= 86400:
        big, small, units = (whole // 86400, whole % 86400 // 3600, "d h")
    first, second = units.split()
    return f"{big} {first} {small} {second}" if small else f"{big} {first}"


def clock_difference(ahead: float) -> str:
    """How a clock stands that is `ahead` seconds ahead of AWS's: `7 min behind AWS's`."""
    seconds = abs(round(ahead))
    return f"{duration(seconds)} {'ahead of' if ahead > 0 else 'behind'} AWS's" if seconds > 5 else "in sync with AWS"


def some_of(items: Sequence[str], most: int = 5) -> str:
    """The first few of a list, and how many more there are: `a, b, c and 7 more`."""
    shown = ", ".join(items[:most])
    return shown if len(items) <= most else f"{shown} and {len(items) - most} more"
