"""Answers that are none: what proxies send in the place of AWS, and answers of AWS with a part missing or odd.

A `Response` goes into `Fault.answer`, a function of bytes into `Fault.body`, one of plain data into `Fault.result`.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, List

from devtools.aws.wire import Response

Result = Dict[str, Any]

HTML = (
    b"<!DOCTYPE html>\n<html><head><title>Web access blocked</title></head>\n"
    b"<body><p>This page is blocked by the policy of your company.</p></body></html>\n"
)
HTML_TYPE = {"Content-Type": "text/html; charset=utf-8"}
# With status 200, as some proxies send it, and with the status that they should send.
PROXY_PAGE = Response(200, HTML_TYPE, HTML)
PROXY_REFUSES = Response(403, HTML_TYPE, HTML)
PROXY_ASKS = Response(407, {**HTML_TYPE, "Proxy-Authenticate": "Basic"}, HTML)
REDIRECT = Response(301, {**HTML_TYPE, "Location": "https://login.example.com/wifi"}, b"Moved Permanently")
EMPTY = Response(200, {"Content-Type": "text/xml"}, b"")
NO_CONTENT = Response(204, {}, b"")


def other_root(body: bytes) -> bytes:
    """An XML answer under another root, or a JSON answer under another name."""
    if body.startswith(b"{"):
        return b'{"Output": ' + body + b"}"
    return b'<?xml version="1.0"?>\n<Status><Healthy>true</Healthy></Status>'


def without_items(body: bytes) -> bytes:
    """A listing that counts its items and has none."""
    return re.sub(rb"<Items>.*</Items>", b"", body, flags=re.DOTALL)


def without(name: str) -> Callable[[bytes], bytes]:
    """XML without the first element of that name."""
    element = re.compile(rf"<{name}>.*?</{name}>|<{name}/>".encode(), re.DOTALL)
    return lambda body: element.sub(b"", body, count=1)


def with_text(name: str, text: str) -> Callable[[bytes], bytes]:
    """XML with another text in the first element of that name."""
    element = re.compile(rf"(<{name}>).*?(</{name}>)".encode(), re.DOTALL)
    return lambda body: element.sub(rb"\g<1>" + text.encode() + rb"\g<2>", body, count=1)


def _of_first(change: Callable[[List[Any], List[Any]], Result]) -> Callable[[Result], Result]:
    """The first result with any values, changed: a function of its times and values."""

    def edit(result: Result) -> Result:
        for series in result["MetricDataResults"]:
            if series["Values"]:
                series.update(change(series["Timestamps"], series["Values"]))
                break
        return result

    return edit


def with_times(change: Callable[[float], float]) -> Callable[[Result], Result]:
    """The first series has other minutes."""
    return _of_first(lambda times, values: {"Timestamps": [change(time) for time in times]})


# The first series has a value too few, a minute too few, each of its minutes twice.
value_missing = _of_first(lambda times, values: {"Values": values[1:]})
minute_missing = _of_first(lambda times, values: {"Timestamps": times[1:]})
minutes_twice = _of_first(lambda times, values: {"Timestamps": times * 2, "Values": values * 2})
