"""The connectors of the local Func: DataKit, DataWay and Guance write points as Func's own helpers do.

Behaviour as measured on Func: 100 points a POST, plain text, 10 s time-out, no retry; a status of 400 and more raises
a plain Exception, or is returned by an older Func (`raises=False`); the answer is that of the last POST.
"""

from __future__ import annotations

import gzip
import http.client
import json
import re
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple
from urllib.parse import urlencode, urlsplit

POINTS_PER_POST = 100
TIMEOUT = 10
# DataWay compresses a body from this size on, in bytes.
COMPRESSED_FROM = 20_000
# What Func has for a time stamp below this is taken for a coarser unit than nanoseconds.
FIRST_NANOSECOND = 10**18

Point = Mapping[str, Any]
OnWrite = Callable[[str, Sequence[Point]], None]


class DataKitConnector:
    """A connector of the type `df_datakit` (keys `host`, `port`, `protocol`, `source`).

    `on_write(category, points)` is called before anything is sent.
    """

    def __init__(self, config: Mapping[str, Any], on_write: OnWrite, raises: bool) -> None:
        self._protocol = config.get("protocol", "http")
        self._address = (config.get("host", "localhost"), int(config.get("port") or 9529))
        self._query = {"input": config.get("source") or "datakit-python-sdk"}
        self._on_write = on_write
        self._raises = raises
        self._compressed_from: Optional[int] = None

    def write_by_category_many(self, category: str, data: Sequence[Point]) -> Optional[Tuple[int, Any]]:
        """Write points; (status, answer) of the last POST, None for no points. Exception when one is refused."""
        self._on_write(category, data)
        points = [_checked(point) for point in json.loads(json.dumps(data))]
        # One dict for all POSTs of a call: this is how DataWay's helper loses what follows a compressed body.
        headers = {"Content-Type": "text/plain"}
        answer = None
        for first in range(0, len(points), POINTS_PER_POST):
            body = "\n".join(_line(point) for point in points[first : first + POINTS_PER_POST]).encode()
            answer = self._post(f"/v1/write/{category}?{urlencode(self._query)}", body, headers)
            if answer[0] >= 400:
                break
        return answer

    def _post(self, path: str, body: bytes, headers: Dict[str, str]) -> Tuple[int, Any]:
        host, port = self._address
        kind = http.client.HTTPSConnection if self._protocol == "https" else http.client.HTTPConnection
        connection = kind(host, port, timeout=TIMEOUT)
        said = f"POST {self._protocol}://{host}:{port}{_masked(path)} failed."
        if self._compressed_from is not None and len(body) > self._compressed_from:
            body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        try:
            connection.request("POST", path, body=body, headers=headers)
        except Exception as error:  # noqa: BLE001 - as Func's helper does
            raise Exception(f"{said} Error: {error}") from None
        response = connection.getresponse()
        status, raw = response.status, response.read().decode()
        connection.close()
        if status >= 400 and self._raises:
            raise Exception(f"{said} Status Code: {status}, Response: {raw}")
        return status, _parsed(raw)


class DataWayConnector(DataKitConnector):
    """A connector of the type `df_dataway` (key `url`, or host, port and protocol; `token`)."""

    def __init__(self, config: Mapping[str, Any], on_write: OnWrite, raises: bool) -> None:
        super().__init__(config, on_write, raises)
        address = urlsplit(config.get("url", ""))
        if address.hostname:
            self._protocol = address.scheme
            self._address = (address.hostname, address.port or (443 if address.scheme == "https" else 80))
        self._query = {"token": config["token"]}
        self._compressed_from = COMPRESSED_FROM


class GuanceConnector:
    """A connector of the type `guance`: its `dataway` writes to the workspace (`guanceOpenWayURL`, `token`)."""

    def __init__(self, config: Mapping[str, Any], on_write: OnWrite, raises: bool) -> None:
        address = {"url": config["guanceOpenWayURL"], "token": config["token"]}
        self.dataway = DataWayConnector(address, on_write, raises)


TYPES: Dict[str, Any] = {"df_datakit": DataKitConnector, "df_dataway": DataWayConnector, "guance": GuanceConnector}


def _checked(point: Point) -> Point:
    for key, value in point["tags"].items():
        if not isinstance(value, str):
            raise Exception(f'Value of `tags["{key}"]`: {value} should be a str or unicode, got {type(value).__name__}')
    if not isinstance(point["fields"], dict) or not isinstance(point["measurement"], str):
        raise Exception("`fields` should be a dict, `measurement` a str")
    return point


def _line(point: Point) -> str:
    tags = [(_name(key), _name(value)) for key, value in sorted(point["tags"].items())]
    fields = [(_name(key), _value(key, value)) for key, value in sorted(point["fields"].items()) if value is not None]
    # What has no name, and a tag without a value, is left out.
    tag_set = "".join(f",{key}={value}" for key, value in tags if key and value)
    field_set = ",".join(f"{key}={value}" for key, value in fields if key)
    head = re.sub(r"([, ])", r"\\\1", _normal(point["measurement"]))
    return f"{head}{tag_set} {field_set} {_nanoseconds(point['timestamp'])}"


def _value(key: str, value: Any) -> str:
    if isinstance(value, str):
        escaped = re.sub(r'(["\\])', r"\\\1", value)
        return f'"{escaped}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        # NaN and integers of any size go out as they are, for the sink to refuse.
        return f"{value}i" if isinstance(value, int) else str(value)
    raise TypeError(f"Field `{key}` got an invalid data type. type(v)=`{type(value)}`, repr(v)=`{value!r}`")


def _name(text: str) -> str:
    return re.sub(r"([,= ])", r"\\\1", _normal(text))


def _normal(text: str) -> str:
    return re.sub(r"\s", " ", text).rstrip("\\")


def _nanoseconds(timestamp: float) -> int:
    whole = int(timestamp)
    for _ in range(3):
        whole *= 1000 if whole < FIRST_NANOSECOND else 1
    return whole


def _masked(path: str) -> str:
    return re.sub(r"(tkn_[\w-]{5})[\w-]+([\w-]{5})", r"\1*****\2", path)


def _parsed(raw: str) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw
