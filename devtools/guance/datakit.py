"""A DataKit receiver on loopback: takes points over HTTP as DataKit does, checks every line, keeps them in SQLite.

`SELECT datetime(time, 'unixepoch'), measurement, tags, fields FROM points` shows them to a person.
"""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
import time
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Tuple
from urllib.parse import parse_qsl

from devtools.guance.line_protocol import (
    CATEGORIES,
    METRIC,
    BadLineError,
    Point,
    Types,
    check_types,
    parse_body,
    text_of,
)
from devtools.http_server import HOST, Server

__all__ = ["DataKit", "Point", "Post"]

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS points (category TEXT, measurement TEXT, tags TEXT, fields TEXT, time INTEGER, "
    "received_at REAL, source TEXT); CREATE INDEX IF NOT EXISTS by_time ON points (category, measurement, time)"
)
# What identifies a point of a metric for a reader: measurement, tags and time.
Key = Tuple[str, Tuple[Tuple[str, str], ...], int]


class Post(NamedTuple):
    """A POST that arrived, refused or not; `status` 0 when its answer was lost, `body_bytes` as on the wire."""

    category: str
    source: str
    lines: int
    status: int
    body_bytes: int
    at: float


class RefusalError(Exception):
    """A body that is not taken."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Faults:
    """What is wrong with the receiver on demand."""

    def __init__(self) -> None:
        self.status: Optional[Tuple[int, str, Optional[str]]] = None
        self.times: Optional[int] = None
        self.lost_answers = 0
        self.delay = 0.0
        self.bad: Callable[[Point], bool] = lambda point: False

    def check(self, category: str) -> None:
        """Raise the RefusalError that was asked for, if any is left."""
        if self.status and self.status[2] in (None, category) and self.times != 0:
            self.times = None if self.times is None else self.times - 1
            raise RefusalError(self.status[0], self.status[1], "refused on demand")

    def loses(self) -> bool:
        """Whether the answer to a POST whose points were kept is to be lost."""
        self.lost_answers -= 1
        return self.lost_answers >= 0


class DataKit:
    """A receiver for as long as the context lasts; `path` is its SQLite file, `clock` a SimulatedClock or `time`.

    With `token`, a POST must carry it, as DataWay wants it.
    """

    def __init__(self, path: str = ":memory:", clock: Any = time, token: Optional[str] = None) -> None:
        self._clock, self._token = clock, token
        self._database = sqlite3.connect(path, check_same_thread=False)
        self._database.executescript(SCHEMA)
        # Whoever holds it may ask for the points again, as a predicate of `refuse_points` may.
        self._lock = threading.RLock()
        self._types: Types = {}
        for point in self.points(METRIC):
            check_types(point, self._types)
        self._server: Optional[Server] = None
        self._faults, self._released = Faults(), threading.Event()
        self.posts: List[Post] = []
        self.host, self.port = HOST, 0

    def start(self) -> None:
        """Begin to serve, at the port it had before or else a free one."""
        if self._server is None:
            self._released = threading.Event()
            self._server = Server(self._application, self.port)
            self.port = self._server.port

    def stop(self) -> None:
        """Finish what is under way, delayed or not, and refuse connections from then on. What was received stays."""
        if self._server:
            self._released.set()
            self._server.stop()
            self._server = None

    def __enter__(self) -> DataKit:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._database.close()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{self.host}:{self.port}"

    def go_down(self) -> None:
        """Refuse connections."""
        self.stop()

    def come_up(self) -> None:
        """Serve again, at the same port."""
        self.start()

    def refuse(
        self, status: int, times: Optional[int] = None, category: Optional[str] = None, error_code: str = "datakit.no"
    ) -> None:
        """Answer the next `times` POSTs, or all, with an error status and keep nothing of them; the last call holds."""
        self._faults.status, self._faults.times = (status, error_code, category), times

    def refuse_points(self, predicate: Callable[[Point], bool]) -> None:
        """Refuse every body that has a point for which it is true, as an invalid one."""
        self._faults.bad = predicate

    def lose_answers(self, times: int) -> None:
        """Keep the points of the next `times` POSTs, and cut the connection instead of answering."""
        self._faults.lost_answers = times

    def delay(self, seconds: float) -> None:
        """Wait so many real seconds before a POST is taken and answered, unless `clear_faults` or `stop` ends it."""
        self._faults.delay = seconds

    def clear_faults(self) -> None:
        """Let everything work again, for the POSTs that wait too."""
        self._faults = Faults()
        released, self._released = self._released, threading.Event()
        released.set()

    def points(self, category: Optional[str] = None) -> List[Point]:
        """The points, in the order in which they arrived."""
        query = "SELECT * FROM points WHERE ? IN (category, '') ORDER BY rowid"
        with self._lock:
            rows = self._database.execute(query, (category or "",)).fetchall()
        return [Point(row[0], row[1], json.loads(row[2]), json.loads(row[3]), row[4], row[5]) for row in rows]

    def latest(self) -> Dict[Key, Point]:
        """The metric points as a reader sees them: of fields that arrived more than once, the last."""
        found: Dict[Key, Point] = {}
        for point in self.points(METRIC):
            known = found.get(_key(point))
            found[_key(point)] = point._replace(fields={**known.fields, **point.fields}) if known else point
        return found

    def doubles(self) -> List[Point]:
        """The metric points that told a reader nothing new: all their fields were there already, with these values."""
        seen: Dict[Key, Dict[str, Any]] = {}
        doubled = []
        for point in self.points(METRIC):
            known = seen.setdefault(_key(point), {})
            if point.fields.items() <= known.items():
                doubled.append(point)
            known.update(point.fields)
        return doubled

    def _application(self, environ: Dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        category, source = environ["PATH_INFO"].rpartition("/")[2], query.get("input", "")
        self._released.wait(self._faults.delay)
        body, broken = text_of(raw, environ.get("HTTP_CONTENT_ENCODING") == "gzip")
        status, answer = 200, '{"content": null}'
        with self._lock:
            try:
                self._admit(environ, query.get("token"), broken)
                self._keep(body, category, source)
            except RefusalError as refusal:
                status, answer = refusal.status, json.dumps({"error_code": refusal.code, "message": str(refusal)})
            is_lost = status == 200 and self._faults.loses()
            lines = len([line for line in body.split("\n") if line])
            self.posts.append(Post(category, source, lines, 0 if is_lost else status, len(raw), self._clock.time()))
        if is_lost:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError("lost on demand")
        encoded = answer.encode()
        # Without its length a client waits until the connection is closed, which the server does 10 ms later.
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(encoded)))]
        start_response(f"{status} {'OK' if status == 200 else 'Refused'}", headers)
        return [encoded]

    def _admit(self, environ: Dict[str, Any], token: Optional[str], broken: str) -> None:
        """RefusalError for a request that is not for this place, has not its token, or has a body that is broken."""
        method, (prefix, _, category) = environ["REQUEST_METHOD"], environ["PATH_INFO"].rpartition("/")
        if method != "POST" or prefix != "/v1/write" or category not in CATEGORIES:
            raise RefusalError(404, "datakit.notFound", f"there is no {method} {environ['PATH_INFO']}")
        if self._token is not None and token != self._token:
            raise RefusalError(403, "dataway.tokenNotFound", "the token is not known")
        self._faults.check(category)
        if broken:
            raise RefusalError(400, "datakit.badBody", broken)

    def _keep(self, body: str, category: str, source: str) -> None:
        """Keep all points of a body, or none."""
        types = dict(self._types)
        try:
            points = parse_body(body, category, self._clock.time())
            for point in points:
                check_types(point, types)
                if self._faults.bad(point):
                    raise BadLineError("refused on demand")
        except BadLineError as problem:
            raise RefusalError(400, "datakit.invalidLinePoint", str(problem)) from None
        with self._database:
            self._database.executemany(f"INSERT INTO points VALUES (?{', ?' * 6})", [_row(it, source) for it in points])
        self._types = types


def _key(point: Point) -> Key:
    return point.measurement, tuple(sorted(point.tags.items())), point.time


def _row(point: Point, source: str) -> Tuple[Any, ...]:
    tags, fields = (json.dumps(values, ensure_ascii=False, sort_keys=True) for values in (point.tags, point.fields))
    return point.category, point.measurement, tags, fields, point.time, point.received_at, source
