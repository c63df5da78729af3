"""A DataKit receiver on loopback: takes points over HTTP as DataKit does, checks every line, keeps them in SQLite.

`SELECT datetime(time, 'unixepoch'), measurement, tags, fields FROM points` shows them to a person.
"""

from __future__ import annotations

import gzip
import json
import socket
import sqlite3
import threading
import time
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Tuple
from urllib.parse import parse_qs

from devtools.http_server import HOST, Server
from devtools.line_protocol import CATEGORIES, METRIC, BadLineError, Point, parse_body

__all__ = ["DataKit", "Point", "Post"]

TABLE = (
    "CREATE TABLE IF NOT EXISTS points (category TEXT, measurement TEXT, tags TEXT, fields TEXT, time INTEGER, "
    "received_at REAL, source TEXT)"
)
INDEX = "CREATE INDEX IF NOT EXISTS by_time ON points (category, measurement, time)"
# What identifies a point of a metric for a reader: measurement, tags and time.
Key = Tuple[str, Tuple[Tuple[str, str], ...], int]


class Post(NamedTuple):
    """A POST that arrived, refused or not; `status` 0 when its answer was lost."""

    category: str
    source: str
    lines: int
    body_bytes: int
    status: int
    at: float


class RefusalError(Exception):
    """A body that is not taken."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Faults:
    """What is wrong with the receiver on demand."""

    def __init__(self) -> None:
        self.status: Optional[Tuple[int, str, Optional[str]]] = None
        self.times: Optional[int] = None
        self.lost_answers = 0
        self.delay = 0.0
        self.bad: Callable[[Point], bool] = lambda point: False

    def refusal(self, category: str) -> None:
        """Raise the RefusalError that was asked for, if any is left."""
        if self.status is None or self.status[2] not in (None, category) or self.times == 0:
            return
        self.times = None if self.times is None else self.times - 1
        raise RefusalError(self.status[0], self.status[1], "refused on demand")


class DataKit:
    """A receiver for as long as the context lasts; `path` is its SQLite file, `clock` a SimulatedClock or `time`.

    With `token`, a POST must carry it, as DataWay wants it.
    """

    def __init__(self, path: str = ":memory:", clock: Any = time, token: Optional[str] = None) -> None:
        self._clock, self._token = clock, token
        self._database = sqlite3.connect(path, check_same_thread=False)
        self._database.execute(TABLE)
        self._database.execute(INDEX)
        self._lock = threading.Lock()
        self._types: Dict[Tuple[str, str], type] = {}
        self._server: Optional[Server] = None
        self._faults = Faults()
        self.posts: List[Post] = []
        self.host, self.port = HOST, 0

    def start(self) -> None:
        """Begin to serve, at the port it had before or else a free one."""
        self._server = Server(self._application, self.port)
        self.port = self._server.port

    def stop(self) -> None:
        """End serving; connections are refused from then on. What was received stays."""
        if self._server:
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
        if self._server is None:
            self.start()

    def refuse(
        self, status: int, times: Optional[int] = None, category: Optional[str] = None, error_code: str = "datakit.no"
    ) -> None:
        """Answer the next `times` POSTs, or all, with an error status and keep nothing of them."""
        self._faults.status, self._faults.times = (status, error_code, category), times

    def refuse_points(self, predicate: Callable[[Point], bool]) -> None:
        """Refuse every body that has a point for which it is true, as an invalid one."""
        self._faults.bad = predicate

    def lose_answers(self, times: int) -> None:
        """Keep the points of the next `times` POSTs, and cut the connection instead of answering."""
        self._faults.lost_answers = times

    def delay(self, seconds: float) -> None:
        """Wait so many real seconds before every answer."""
        self._faults.delay = seconds

    def clear_faults(self) -> None:
        """Let everything work again."""
        self._faults = Faults()

    def points(self, category: Optional[str] = None) -> List[Point]:
        """The points, in the order in which they arrived."""
        query = "SELECT category, measurement, tags, fields, time, received_at FROM points"
        where, values = (" WHERE category = ?", (category,)) if category else ("", ())
        with self._lock:
            rows = self._database.execute(f"{query}{where} ORDER BY rowid", values).fetchall()
        return [Point(row[0], row[1], json.loads(row[2]), json.loads(row[3]), row[4], row[5]) for row in rows]

    def latest(self) -> Dict[Key, Point]:
        """The metric points as a reader sees them: of fields that arrived more than once, the last."""
        found: Dict[Key, Point] = {}
        for point in self.points(METRIC):
            known = found.get(_key(point))
            found[_key(point)] = point._replace(fields={**known.fields, **point.fields}) if known else point
        return found

    def doubles(self) -> List[Point]:
        """The metric points that arrived again with nothing changed."""
        known: Dict[Key, Dict[str, Any]] = {}
        doubled = []
        for point in self.points(METRIC):
            if known.get(_key(point)) == point.fields:
                doubled.append(point)
            known[_key(point)] = point.fields
        return doubled

    def _application(self, environ: Dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        threading.Event().wait(self._faults.delay)
        query = parse_qs(environ.get("QUERY_STRING", ""))
        category = environ["PATH_INFO"].rpartition("/")[2]
        body, status = "", 200
        answer: Dict[str, Any] = {"content": None}
        try:
            body = self._admitted(environ, raw, query)
            self._keep(body, category, query.get("input", [""])[0])
        except RefusalError as refusal:
            status, answer = refusal.status, {"error_code": refusal.code, "message": refusal.message}
        lost = status == 200 and self._faults.lost_answers > 0
        self._faults.lost_answers -= lost
        lines = len(body.split("\n")) if body else 0
        source = query.get("input", [""])[0]
        self.posts.append(Post(category, source, lines, len(raw), 0 if lost else status, self._clock.time()))
        if lost:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError("lost on demand")
        start_response(f"{status} {'OK' if status == 200 else 'Refused'}", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]

    def _admitted(self, environ: Dict[str, Any], raw: bytes, query: Dict[str, List[str]]) -> str:
        """The text of a request's body; RefusalError when it is not for this place."""
        prefix, _, category = environ["PATH_INFO"].rpartition("/")
        if environ["REQUEST_METHOD"] != "POST" or prefix != "/v1/write" or category not in CATEGORIES:
            raise RefusalError(
                404, "datakit.notFound", f"there is no {environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
            )
        if self._token is not None and query.get("token") != [self._token]:
            raise RefusalError(403, "dataway.tokenNotFound", "the token is not known")
        self._faults.refusal(category)
        try:
            is_compressed = environ.get("HTTP_CONTENT_ENCODING") == "gzip"
            return (gzip.decompress(raw) if is_compressed else raw).decode()
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise RefusalError(400, "datakit.badBody", str(error)) from None

    def _keep(self, body: str, category: str, source: str) -> None:
        """Keep all points of a body, or none."""
        with self._lock:
            try:
                points = parse_body(body, category, self._clock.time())
                for point in points:
                    self._check(point)
            except BadLineError as problem:
                raise RefusalError(400, "datakit.invalidLinePoint", str(problem)) from None
            self._database.executemany(
                "INSERT INTO points VALUES (?, ?, ?, ?, ?, ?, ?)", map(_row, points, [source] * len(points))
            )
            self._database.commit()

    def _check(self, point: Point) -> None:
        """BadLineError where the point does not fit those that came before it, or is one that is to be refused."""
        if self._faults.bad(point):
            raise BadLineError("refused on demand")
        for field, value in point.fields.items() if point.category == METRIC else ():
            known = self._types.setdefault((point.measurement, field), type(value))
            if known is not type(value):
                raise BadLineError(
                    f"type conflict: the field {field} is a {type(value).__name__}, it was a {known.__name__}"
                )


def _key(point: Point) -> Key:
    return point.measurement, tuple(sorted(point.tags.items())), point.time


def _row(point: Point, source: str) -> Tuple[Any, ...]:
    tags, fields = (json.dumps(values, ensure_ascii=False, sort_keys=True) for values in (point.tags, point.fields))
    return point.category, point.measurement, tags, fields, point.time, point.received_at, source
