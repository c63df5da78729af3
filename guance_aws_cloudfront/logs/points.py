"""A line of a log file becomes a point of the category `logging`. Pure."""

import ipaddress
import re
from functools import lru_cache
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence, Union

from guance_aws_cloudfront.logs.lines import TIME_COLUMNS, Layout, column_name
from guance_aws_cloudfront.points.choice import idle
from guance_aws_cloudfront.settings.logs import LogsConfig
from guance_aws_cloudfront.settings.patterns import fits
from guance_aws_cloudfront.text import iso_utc, one_line, printable, url_decoded

SOURCE = "aws_cloudfront"
NOTHING = "-"
QUERY, REFERER, STATUS = "cs_uri_query", "cs_referer", "sc_status"
# Columns that hold whole numbers, and those that hold seconds with a point, which become milliseconds.
NUMBERS = ("sc_status", "sc_bytes", "cs_bytes", "c_port", "sc_content_len", "sc_range_start", "sc_range_end", "asn")
SECONDS = ("time_taken", "time_to_first_byte", "origin_fbl", "origin_lbl")
ADDRESSES = ("c_ip", "x_forwarded_for")
# What begins the part of an address that a viewer typed or was given.
QUERY_OF_PAGE = re.compile("[?#]|%(?:3[Ff]|23)")
# The distribution is a tag, the times are the point's own.
NO_FIELDS = (*TIME_COLUMNS, "distributionid")
# What else can stand in a point: a user's tag of the same name gives way.
TEXTS = (
    *("x_edge_location", "c_country", "cs_method", "cs_host", "cs_uri_stem", "cs_uri_query", "cs_referer"),
    *("cs_user_agent", "cs_cookie", "x_edge_result_type", "x_edge_response_result_type", "x_edge_detailed_result_type"),
    *("x_edge_request_id", "x_host_header", "cs_protocol", "cs_protocol_version", "ssl_protocol", "ssl_cipher"),
    *("fle_status", "fle_encrypted_fields", "sc_content_type", "cache_behavior_path_pattern"),
    *("distribution_tenant_id", "connection_id"),
)
IN_MILLISECONDS = tuple(f"{name}_ms" for name in SECONDS)
FIELDS = ("message", "status", *NUMBERS, *IN_MILLISECONDS, *ADDRESSES, *TEXTS)
# What the configuration may name: `message` and `status` are made of columns, and always there.
COLUMNS = (*NUMBERS, *SECONDS, *IN_MILLISECONDS, *ADDRESSES, *TEXTS, *NO_FIELDS)
# DataKit drops a tag of this name from logs: it is what the measurement becomes.
DROPPED_TAG = "source"
# Of a metric's tags, those that say nothing of a request.
NO_TAGS = ("Region", "Dimensions")
# The answer never reached the viewer, who closed the connection.
CLOSED_BY_VIEWER = 0
# An address of 6to4 (2002::/16) has an IPv4 address behind its first 16 bits.
IPV4_KEPT, IPV6_KEPT, SIX_TO_FOUR_KEPT = 24, 48, 16 + 24
# Not by the host's locale.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Value = Union[str, int, float]


class Column(NamedTuple):
    """A column that becomes a field: its place in a line, the field's name, and what is made of its text.

    ValueError from `read` for a text that is not what the column should hold.
    """

    place: int
    field: str
    read: Callable[[str], Value]


class LinePoints:
    """Makes points of lines, with the fields that the configuration wants."""

    def __init__(self, config: LogsConfig) -> None:
        self._patterns, self._anonymize = config.fields, config.anonymize_ip
        self._has_query, self._has_status = fits([QUERY], config.fields), fits([STATUS], config.fields)
        self._columns: Dict[Layout, List[Column]] = {}

    def point(self, layout: Layout, values: Sequence[str], at: int, tags: Mapping[str, str]) -> Dict[str, Any]:
        """The point of a line; `at` is its time in epoch milliseconds, `tags` those of its distribution."""
        columns = self._columns.get(layout)
        if columns is None:
            columns = self._columns[layout] = self._columns_of(layout)
        fields: Dict[str, Value] = {}
        for place, field, read in columns:
            text = values[place]
            if text != NOTHING and text:
                try:
                    fields[field] = read(text)
                except ValueError:
                    # Not what the column should hold: all else of the line is good.
                    continue
        fields["status"] = severity(fields.get(STATUS))
        if not self._has_status:
            fields.pop(STATUS, None)
        fields["message"] = message(fields, at)
        return {"measurement": SOURCE, "tags": tags, "fields": fields, "timestamp": at}

    def _columns_of(self, layout: Layout) -> List[Column]:
        found = []
        for place, name in enumerate(layout.columns):
            field = f"{name}_ms" if name in SECONDS else name
            # How bad a line is, is told also where its status is no field that is wanted.
            is_wanted = name == STATUS or fits([field, name], self._patterns)
            if name and name not in NO_FIELDS and is_wanted:
                found.append(Column(place, field, self._reading(name)))
        return found

    def _reading(self, name: str) -> Callable[[str], Value]:
        if name in NUMBERS:
            return int
        if name in SECONDS:
            return milliseconds
        if name in ADDRESSES and self._anonymize:
            return without_host
        if name == REFERER and not self._has_query:
            return without_query
        return decoded_twice if name == "cs_user_agent" else url_decoded


def unknown_fields(config: LogsConfig) -> List[str]:
    """A sentence for each pattern of `fields` that fits no column of CloudFront's, and none that the user declares."""
    declared = [column_name(column) for _, bucket in config.buckets for column in bucket.fields]
    known = {name: name for name in (*COLUMNS, *declared)}
    return [
        one_line(f"'{pattern}' (key 'fields' of LOGS) is not a known field of CloudFront's access logs.{near}")
        for pattern, near in idle(config.fields, known)
    ]


def log_tags(metric_tags: Mapping[str, str]) -> Dict[str, str]:
    """The tags of a distribution's lines, out of those of its metrics; a name that is a field's gets `tag_` before."""
    kept = {key: value for key, value in metric_tags.items() if key not in NO_TAGS}
    return {f"tag_{key}" if key in FIELDS or key == DROPPED_TAG else key: value for key, value in kept.items()}


def severity(status: Any) -> str:
    """How Guance shows a line: `error` for a status of the server's, `warning` for one of the viewer's, else `ok`.

    A viewer that closes the connection before the answer (status 000) is a warning.
    """
    if not isinstance(status, int):
        return "ok"
    if status >= 500:
        return "error"
    return "warning" if status >= 400 or status == CLOSED_BY_VIEWER else "ok"


def message(fields: Mapping[str, Value], at: int) -> str:
    """The line as web servers write it, in the combined format, of those fields that there are."""
    get = fields.get
    query = get(QUERY)
    path = f"{get('cs_uri_stem', NOTHING)}?{query}" if query else get("cs_uri_stem", NOTHING)
    return printable(
        f"{get('c_ip', NOTHING)} - - [{_clock(at // 1000)}] "
        f'"{get("cs_method", NOTHING)} {path} {get("cs_protocol_version", NOTHING)}" '
        f"{get('sc_status', NOTHING)} {get('sc_bytes', NOTHING)} "
        f'"{get(REFERER, NOTHING)}" "{get("cs_user_agent", NOTHING)}"'
    )


def milliseconds(seconds: str) -> float:
    """`0.123` in milliseconds; ValueError for what is no number of seconds."""
    value = float(seconds)
    if not 0 <= value < 1e9:
        raise ValueError("no length of time")
    return round(value * 1000, 3)


@lru_cache(maxsize=1024)
def decoded_twice(text: str) -> str:
    """What is encoded once, or in some files twice: a user agent, whose blanks come as %20 or %2520."""
    once = url_decoded(text)
    return url_decoded(once) if "%20" in once else once


def without_query(address: str) -> str:
    """An address of a page without what a viewer typed or was given there."""
    # A page may have encoded what it handed on once more.
    return QUERY_OF_PAGE.split(url_decoded(address), maxsplit=1)[0]


@lru_cache(maxsize=4096)
def without_host(addresses: str) -> str:
    """IP addresses without their last octet, or the last 80 bits of IPv6; what is none is not shown.

    Of an IPv4 address inside an IPv6 one, the last octet goes too.
    """
    return ", ".join(_network(one.strip()) for one in url_decoded(addresses).split(","))


def _network(address: str) -> str:
    try:
        found: Any = ipaddress.ip_address(address)
    except ValueError:
        return "***"
    mapped = getattr(found, "ipv4_mapped", None)
    if mapped:
        return f"::ffff:{_network(str(mapped))}"
    bits = IPV4_KEPT if found.version == 4 else IPV6_KEPT
    if getattr(found, "sixtofour", None):
        bits = SIX_TO_FOUR_KEPT
    return str(ipaddress.ip_network((found, bits), strict=False).network_address)


# The lines of a file are of a few minutes, and there are many in each second.
@lru_cache(maxsize=1024)
def _clock(seconds: int) -> str:
    # 2026-11-24T08:00:00Z
    text = iso_utc(seconds)
    return f"{text[8:10]}/{MONTHS[int(text[5:7]) - 1]}/{text[:4]}:{text[11:19]} +0000"
