"""CloudWatch's answers, from plain data to JSON and query XML."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any, List, Mapping, Union
from xml.sax.saxutils import escape

from botocore.utils import parse_to_aware_datetime

from devtools.aws.wire import JSON, Request, Response, json_response, xml_response

XML_NAMESPACE = "http://monitoring.amazonaws.com/doc/2010-08-01/"
# Members that are points in time: numbers in JSON, text in XML.
TIMES = ("Timestamp", "Timestamps")
# The one map among CloudWatch's answers.
MAPS = ("ExtendedStatistics",)


def epoch_seconds(value: Union[str, int, float]) -> float:
    """A time as either protocol sends it, in epoch seconds; ValueError when it is none."""
    return value if isinstance(value, (int, float)) else parse_to_aware_datetime(value).timestamp()


def response(request: Request, result: Mapping[str, Any]) -> Response:
    """A result as the request's protocol sends it; members that are None are left out."""
    if request.protocol == JSON:
        return json_response({name: value for name, value in result.items() if value is not None})
    name = request.operation
    return xml_response(
        f'<{name}Response xmlns="{XML_NAMESPACE}"><{name}Result>{_members(result)}</{name}Result>'
        f"<ResponseMetadata><RequestId>0f5e0000-embedded</RequestId></ResponseMetadata></{name}Response>"
    )


def _members(members: Mapping[str, Any]) -> str:
    return "".join(f"<{name}>{_xml(name, value)}</{name}>" for name, value in members.items() if value is not None)


def _xml(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return _entries(value) if name in MAPS else _members(value)
    if isinstance(value, list):
        return "".join([f"<member>{_xml(name, item)}</member>" for item in value])
    return _iso(value) if name in TIMES else escape(str(value))


def _entries(values: Mapping[str, float]) -> str:
    entries: List[str] = [f"<entry><key>{key}</key><value>{value}</value></entry>" for key, value in values.items()]
    return "".join(entries)


@lru_cache(maxsize=1 << 16)
def _iso(seconds: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{seconds % 1 * 1000:03.0f}Z" if seconds % 1 else f"{whole}Z"
