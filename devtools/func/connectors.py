"""The connectors of the local Func: DataKit, DataWay and Guance write and query as Func's own helpers do.

Behaviour as measured on Func: 100 points a POST, plain text, 10 s time-out, no retry; a status of 400 and more raises
a plain Exception, or is returned by an older Func (`raises=False`); the answer is that of the last POST. An answer is
what its JSON says, or its bytes where it is no JSON. The helpers have many more methods; here are those that a script
of this project may use, and no other.
"""

from __future__ import annotations

import gzip
import http.client
import json
import re
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple
from urllib.parse import urlencode, urlsplit

POINTS_PER_POST = 100
TIMEOUT = 10
# DataWay compresses a body from this size on, in bytes.
COMPRESSED_FROM = 20_000
# What Func has for a time stamp below this is taken for a coarser unit than nanoseconds.
FIRST_NANOSECOND = 10**18

Point = Mapping[str, Any]
# The status, and what the answer's JSON says or its bytes.
Answer = Tuple[int, Any]
OnWrite = Callable[[str, Sequence[Point]], None]


class DataKitConnector:
    """A connector of the type `df_datakit` (keys `host`, `port`, `protocol`, `source`).

    `on_write(category, points)` is called before anything is sent.
    """

    def __init__(self, config: Mapping[str, Any], on_write: OnWrite, raises: bool) -> None:
        self._protocol = config.get("protocol", "http")
        self._address = (config.get("host", "localhost"), int(config.get("port") or 9529))
        self.source = config.get("source") or "datakit-python-sdk"
        self._on_write = on_write
        self._raises = raises
        self._compressed_from: Optional[int] = None

    def write_by_category_many(self, category: str, data: Sequence[Point]) -> Optional[Answer]:
        """Write points; the answer to the last POST, None for no points. Exception when one is refused."""
        return self._post_points(category, [_checked(point) for point in _copied(data)], self._write_query())

    def post_line_protocol(
        self, path: str, points: Sequence[Point], query: Optional[Mapping[str, str]] = None
    ) -> Optional[Answer]:
        """Write points to a path (`/v1/write/<category>`) with this query and no other; else as the above.

        Older helpers take the points first: name the arguments.
        """
        return self._post_points(path.rstrip("/").rpartition("/")[2], _copied(points), dict(query or {}))

    def get(self, path: str, query: Optional[Mapping[str, str]] = None) -> Answer:
        """GET a path; Exception for a status of 400 and more, or where no answer comes."""
        return self._request("GET", f"{path}?{urlencode(query)}" if query else path, None, {})

    def query(
        self, dql: str, all_series: bool = False, dict_output: bool = False, raw: bool = False, **options: Any
    ) -> Answer:
        """Ask the workspace; `options` (such as `time_range`, in ms) go with the query.

        Returns the status and `{"series": [{"name", "columns", "values", "tags"} …]}`, of which `dict_output` makes a
        list of rows each. An answer that is no JSON is returned as it came; one without content is a KeyError.
        """
        if all_series or raw:
            raise NotImplementedError("all_series and raw are not here: nothing uses them")
        asked = {"query": dql, **{key: value for key, value in options.items() if value is not None}}
        body = json.dumps(
            {"queries": [asked], "mask_visible": True}, ensure_ascii=False, separators=(",", ":")
        ).encode()
        path = self._with_token("/v1/query/raw")
        status, answer = self._request("POST", path, body, {"Content-Type": "application/json"})
        if not isinstance(answer, dict):
            return status, answer
        series = answer["content"][0].get("series") or []
        return status, {"series": [_rows(one) for one in series] if dict_output else series}

    def _write_query(self) -> Dict[str, str]:
        return {"input": self.source}

    def _with_token(self, path: str) -> str:
        return path

    def _post_points(self, category: str, points: Sequence[Point], query: Mapping[str, str]) -> Optional[Answer]:
        self._on_write(category, points)
        # One dict for all POSTs of a call: this is how DataWay's helper loses what follows a compressed body.
        headers = {"Content-Type": "text/plain"}
        path = f"/v1/write/{category}?{urlencode(query)}" if query else f"/v1/write/{category}"
        answer = None
        for first in range(0, len(points), POINTS_PER_POST):
            body = "\n".join(_line(point) for point in points[first : first + POINTS_PER_POST]).encode()
            answer = self._request("POST", path, body, headers)
            if answer[0] >= 400:
                break
        return answer

    def _request(self, method: str, path: str, body: Any, headers: Dict[str, str]) -> Answer:
        host, port = self._address
        kind = http.client.HTTPSConnection if self._protocol == "https" else http.client.HTTPConnection
        connection = kind(host, port, timeout=TIMEOUT)
        said = f"{method} {self._protocol}://{host}:{port}{_masked(path)} failed."
        try:
            # A GET has no body: of DataWay it fails here, as with Func's helper.
            if self._compressed_from is not None and len(body) > self._compressed_from:
                body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
            connection.request(method, path, body=body, headers=headers)
        except Exception as error:  # noqa: BLE001 - as Func's helper does
            raise Exception(f"{said} Error: {error}") from None
        response = connection.getresponse()
        status, answer = response.status, response.read()
        connection.close()
        if status >= 400 and self._raises:
            raise Exception(f"{said} Status Code: {status}, Response: {answer.decode()}")
        return status, _parsed(answer)


class DataWayConnector(DataKitConnector):
    """A connector of the type `df_dataway` (key `url`, or host, port and protocol; `token`)."""

    def __init__(self, config: Mapping[str, Any], on_write: OnWrite, raises: bool) -> None:
        super().__init__(config, on_write, raises)
        address = urlsplit(config.get("url", ""))
        if address.hostname:
            self._protocol = address.scheme
            self._address = (address.hostname, address.port or (443 if address.scheme == "https" else 80))
        del self.source
        self.token = config["token"]
        self._compressed_from = COMPRESSED_FROM

    def post_line_protocol(
        self, path: str, points: Sequence[Point], query: Optional[Mapping[str, str]] = None
    ) -> Optional[Answer]:
        """Write points to a path, with the token."""
        return super().post_line_protocol(path, points, {**(query or {}), **self._write_query()})

    def _write_query(self) -> Dict[str, str]:
        return {"token": self.token}

    def _with_token(self, path: str) -> str:
        return f"{path}?{urlencode(self._write_query())}"


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


def _parsed(answer: bytes) -> Any:
    try:
        return json.loads(answer.decode())
    except ValueError:
        return answer


def _copied(points: Sequence[Point]) -> Any:
    return json.loads(json.dumps(points))


def _rows(series: Mapping[str, Any]) -> List[Dict[str, Any]]:
    rows = []
    for values in series["values"]:
        row = dict(zip(series["columns"], values))
        name = "tags"
        while name in row:
            name = f"_{name}"
        rows.append({**row, name: series.get("tags") or {}})
    return rows
