"""Which access logs to collect, and what of them, as the user says it in `LOGS`, checked before anything is called."""

import re
from dataclasses import dataclass
from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple

from guance_aws_cloudfront.settings.config import DAY, HOUR, Range
from guance_aws_cloudfront.settings.patterns import EXCEPT, Choice, parse_distributions, parse_patterns
from guance_aws_cloudfront.settings.validation import ConfigError, known_keys, refusal

# What stands in `LOGS` beside the numbers.
KEYS = ("distributions", "buckets", "keep", "keep_rest", "fields", "anonymize_ip", "requester_pays")
NUMBERS: Dict[str, Tuple[Range, str]] = {
    "first_lookback": (Range(HOUR, 0, 15 * DAY), "seconds"),
    "max_catch_up": (Range(2 * DAY, HOUR, 15 * DAY), "seconds"),
    "max_lines_a_run": (Range(100_000, 100, 10_000_000), "lines"),
}
# What a viewer types or is given may identify a person: left out unless it is asked for.
DEFAULT_FIELDS = ("NOT", "cs_uri_query", "cs_cookie")
RULE_KEYS = ("status", "method", "path", "edge_result")
BUCKET_KEYS = ("path", "fields", "delimiter")
VARIABLES = ("DistributionId", "distributionid", "yyyy", "MM", "dd", "HH")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
OFF = (
    "Access logs are not collected: LOGS of the startup script is None. Set it to {} or to a dict of what to collect: "
    'see the documentation, "Access logs".'
)


class Rule(NamedTuple):
    """Which lines to keep: patterns for each part of a line, None where any will do; all of them must fit."""

    status: Optional[Tuple[str, ...]]
    method: Optional[Tuple[str, ...]]
    path: Optional[Tuple[str, ...]]
    edge_result: Optional[Tuple[str, ...]]


class Bucket(NamedTuple):
    """Where a user says that the log files are: `path` begins after the bucket and may hold `VARIABLES` in braces.

    `fields` are the columns of files without a header, and `delimiter` what stands between them.
    """

    bucket: str
    path: str
    fields: Tuple[str, ...] = ()
    delimiter: str = "\t"


@dataclass(frozen=True)
class LogsConfig:
    """Which access logs to collect and what of them; times are in seconds."""

    # None: as in CONFIGS.
    distributions: Optional[Choice]
    # By patterns on the names of distributions, in lower case, in the user's order.
    buckets: Tuple[Tuple[str, Bucket], ...]
    # A line is kept that any of these takes; without rules all are.
    rules: Tuple[Rule, ...]
    # The share of the other lines, 0 to 1.
    keep_rest: float
    # Patterns on the names of fields.
    fields: Tuple[str, ...]
    anonymize_ip: bool
    requester_pays: bool
    first_lookback: int
    max_catch_up: int
    max_lines_a_run: int


def parse_logs(raw: Any) -> LogsConfig:
    """The configuration out of the dict `LOGS`, all keys optional; ConfigError when it is None or one is wrong."""
    if raw is None:
        raise ConfigError(OFF)
    given = known_keys(raw, "LOGS", (*KEYS, *NUMBERS))
    numbers = {key: _whole_number(given, key) for key in NUMBERS}
    distributions = given.get("distributions")
    rest = given.get("keep_rest", 0)
    if isinstance(rest, bool) or not isinstance(rest, (int, float)) or not 0 <= rest <= 1:
        raise refusal("LOGS", "keep_rest", rest, "a share from 0 to 1, such as 0.01 for one line of a hundred")
    if rest and given.get("keep") is None:
        raise refusal("LOGS", "keep_rest", rest, "0 without 'keep', because then all lines are kept")
    return LogsConfig(
        distributions=None if distributions is None else _of_logs(parse_distributions, distributions),
        buckets=_buckets(given.get("buckets", {})),
        rules=_rules(given.get("keep")),
        keep_rest=float(rest),
        fields=_fields(given.get("fields", DEFAULT_FIELDS)),
        anonymize_ip=_switch(given, "anonymize_ip", default=True),
        requester_pays=_switch(given, "requester_pays", default=False),
        **numbers,
    )


def _of_logs(parse: Any, *arguments: Any) -> Any:
    """What a parser of the configuration gives, whose error then speaks of LOGS."""
    try:
        return parse(*arguments)
    except ConfigError as mistake:
        raise ConfigError(str(mistake).replace("Configuration key", "LOGS key", 1)) from None


def _patterns(raw: Any, key: str, allowed: str) -> Tuple[str, ...]:
    patterns: Tuple[str, ...] = _of_logs(parse_patterns, raw, key, allowed)
    return patterns


def _fields(raw: Any) -> Tuple[str, ...]:
    """Patterns on the names of fields, which may be spelled as AWS does: `cs(User-Agent)` is `cs_user_agent`."""
    allowed = "a list of names of fields or patterns of these, such as ['sc_*', 'time_taken'] or ['NOT', 'c_ip']"
    head, *more = _patterns(raw, "fields", allowed)
    patterns = [re.sub(r"[^a-z0-9*]+", "_", one.lower()).strip("_") for one in (head, *more)]
    if not all(patterns):
        raise refusal("LOGS", "fields", raw, allowed)
    if head != EXCEPT:
        return tuple(patterns)
    # What a viewer types or is given is wanted only where it is named.
    return tuple(dict.fromkeys((EXCEPT, *patterns[1:], *DEFAULT_FIELDS[1:])))


def _rules(raw: Any) -> Tuple[Rule, ...]:
    if raw is None:
        return ()
    rules = raw if isinstance(raw, (list, tuple)) else [raw]
    allowed = f"a dict with the keys {', '.join(RULE_KEYS)}, or a list of such dicts"
    if not rules or not all(isinstance(one, Mapping) and one for one in rules):
        raise refusal("LOGS", "keep", raw, allowed)
    return tuple(_rule(one) for one in rules)


def _rule(raw: Mapping[str, Any]) -> Rule:
    given = known_keys(raw, "LOGS key 'keep'", RULE_KEYS)
    examples = {
        "status": "a list such as ['4xx', '5xx', '404']",
        "method": "a list of HTTP methods, such as ['POST', 'PUT']",
        "path": "a list of paths or patterns of these, such as ['/api/*']",
        "edge_result": "a list of edge results, such as ['Error', 'Miss', 'Origin*']",
    }
    found = {
        key: _patterns(_as_texts(given[key]), f"keep', '{key}", text) for key, text in examples.items() if key in given
    }
    for pattern in found.get("status", ()):
        if not re.fullmatch(r"NOT|[0-9x*]{1,3}", pattern):
            raise refusal("LOGS", "keep', 'status", pattern, examples["status"])
    # In a pattern `*` stands for any number of characters: as many as are missing in a status.
    status = tuple(re.sub("x+", "*", pattern) for pattern in found["status"]) if "status" in found else None
    method = tuple(pattern.upper() for pattern in found["method"]) if "method" in found else None
    return Rule(status, method, found.get("path"), found.get("edge_result"))


def _as_texts(raw: Any) -> Any:
    """A list with its whole numbers as texts: a status may be given as one, and in Python 000 is 0."""
    if not isinstance(raw, (list, tuple)):
        return raw
    return [(str(one) if one else "0*") if isinstance(one, int) and not isinstance(one, bool) else one for one in raw]


def _buckets(raw: Any) -> Tuple[Tuple[str, Bucket], ...]:
    allowed = "a dict of places by distribution, such as {'E2EXAMPLE00001': 'my-logs/cloudfront/'} or {'*': 'my-logs'}"
    if not isinstance(raw, Mapping) or not all(isinstance(name, str) and name.strip() for name in raw):
        raise refusal("LOGS", "buckets", raw, allowed)
    return tuple((name.strip().lower(), _bucket(name, place)) for name, place in raw.items())


def _bucket(name: str, raw: Any) -> Bucket:
    key = f"buckets', '{name}"
    given = known_keys(raw, f"LOGS key '{key}'", BUCKET_KEYS) if isinstance(raw, Mapping) else {"path": raw}
    path = given.get("path")
    allowed = "<bucket>/<path>, such as 'my-logs/cloudfront/' or 'my-logs/{DistributionId}/{yyyy}/{MM}/{dd}/{HH}'"
    if not isinstance(path, str):
        raise refusal("LOGS", key, path, allowed)
    bucket, _, inside = re.sub("^s3://", "", path.strip()).partition("/")
    if not BUCKET.fullmatch(bucket):
        raise refusal("LOGS", key, path, allowed)
    for variable in re.findall(r"\{(.*?)\}", inside):
        if variable not in VARIABLES:
            names = ", ".join(f"{{{one}}}" for one in VARIABLES)
            raise ConfigError(f"LOGS key '{key}' has the variable {{{variable}}}: allowed are {names}.")
    fields, delimiter = given.get("fields", ()), given.get("delimiter", "\t")
    if not isinstance(fields, (list, tuple)) or not all(isinstance(one, str) and one for one in fields):
        raise refusal(
            "LOGS", f"{key}', 'fields", fields, "a list of the columns, such as ['date', 'time', 'sc-status']"
        )
    if not isinstance(delimiter, str) or not 1 <= len(delimiter) <= 5:
        raise refusal("LOGS", f"{key}', 'delimiter", delimiter, "what stands between columns, 1 to 5 characters")
    return Bucket(bucket, inside, tuple(fields), delimiter)


def _switch(given: Mapping[str, Any], key: str, default: bool) -> bool:
    value = given.get(key, default)
    if not isinstance(value, bool):
        raise refusal("LOGS", key, value, "True or False")
    return value


def _whole_number(given: Mapping[str, Any], key: str) -> int:
    allowed, unit = NUMBERS[key]
    value = given.get(key, allowed.default)
    if not isinstance(value, int) or isinstance(value, bool) or not allowed.minimum <= value <= allowed.maximum:
        text = f"a whole number of {unit} from {allowed.minimum} to {allowed.maximum}"
        raise refusal("LOGS", key, value, text)
    return value
