"""A DataKit on loopback: takes points over HTTP as DataKit 1.84 does, keeps them in SQLite, answers queries of them.

`SELECT datetime(time, 'unixepoch'), measurement, tags, fields FROM points` shows them to a person.
"""

from __future__ import annotations

import gzip
import json
import re
import socket
import sqlite3
import threading
import time
import zlib
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple
from urllib.parse import parse_qsl

from devtools.guance import dql
from devtools.guance.intake import CATEGORIES, LOGGING, BadLine, Intake, Refusal, Taken, invalid_lines
from devtools.guance.line_protocol import METRIC, BadLineError, Point, Types, check_types, parse_body
from devtools.http_server import HOST, Server

__all__ = ["DataKit", "Point", "Post"]

VERSION = "1.84.1"
# From this release on points far from DataKit's clock get the present time.
FIRST_TO_CORRECT = (1, 78)
# What a DataKit lets other hosts call when its configuration names nothing; all else only itself.
PUBLIC = ("/v1/ping", *(f"/v1/write/{category}" for category in CATEGORIES))
COUNTER = "datakit_io_point_time_adjusted_total"
COUNTER_HELP = "Point's time has been adjusted due to invalid timestamp(larger than 2h)"
# Requests a second and route, where the limit is on.
RATE_LIMIT, TOO_MANY = 100, "datakit.reachMaxAPILimit"

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS points (category TEXT, measurement TEXT, tags TEXT, fields TEXT, time INTEGER, "
    "received_at REAL, time_ns INTEGER, source TEXT); "
    "CREATE INDEX IF NOT EXISTS by_time ON points (category, measurement, time)"
)
# What identifies a point of a metric for a reader: measurement, tags and time.
Key = Tuple[str, Tuple[Tuple[str, str], ...], int]
JSON, TEXT, HTML = "application/json", "text/plain; version=0.0.4; charset=utf-8", "text/html"


class Post(NamedTuple):
    """A POST that arrived, refused or not; `status` 0 when its answer was lost, `body_bytes` as on the wire."""

    category: str
    source: str
    lines: int
    status: int
    body_bytes: int
    at: float


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    body: str = ""
    content_type: str = JSON


class Faults:
    """What is wrong with the receiver on demand."""

    def __init__(self) -> None:
        self.status: Optional[Tuple[int, str, Optional[str]]] = None
        self.times: Optional[int] = None
        self.lost_answers = 0
        self.delay = 0.0
        self.bad: Callable[[Point], bool] = lambda point: False
        self.drops = False
        self.query_status: Optional[Tuple[int, str]] = None
        self.indexed_after = 0.0

    def check(self, category: str) -> None:
        """Raise the Refusal that was asked for, if any is left."""
        if self.status and self.status[2] in (None, category) and self.times != 0:
            self.times = None if self.times is None else self.times - 1
            raise Refusal(self.status[0], self.status[1], "refused on demand")

    def loses(self) -> bool:
        """Whether the answer to a POST whose points were kept is to be lost."""
        self.lost_answers -= 1
        return self.lost_answers >= 0


class DataKit:
    """A DataKit for as long as the context lasts; `path` is its SQLite file, `clock` a SimulatedClock or `time`.

    `keeps_time` is its `[io] auto_timestamp_correction = false`: else a point more than two hours from its clock gets
    the present time, unless its `version` is older than that. `is_strict` refuses with 400 what DataKit would change
    or drop behind a 200, for the collector promises never to send it (re-dating excepted); without it, that happens.
    With `token` it is a DataWay: a POST must carry it, and times and tags stay as they are.

    These may be changed at any time, and so may `is_remote` (whether its callers count as another host, which may only
    call what is public), `public_apis` (the paths that are, None for DataKit's default) and `has_rate_limit`: 429 from
    the 101st request of a route within a second; off, because simulated time makes a run of minutes a moment.
    """

    def __init__(
        self,
        path: str = ":memory:",
        clock: Any = time,
        token: Optional[str] = None,
        *,
        keeps_time: bool = False,
        version: str = VERSION,
        is_strict: bool = True,
    ) -> None:
        self._clock, self._token = clock, token
        self.keeps_time, self.version, self.is_strict = keeps_time, version, is_strict
        self.is_remote, self.has_rate_limit = False, False
        self.public_apis: Optional[Sequence[str]] = None
        self._database = sqlite3.connect(path, check_same_thread=False)
        self._database.executescript(SCHEMA)
        # Whoever holds it may ask for the points again, as a predicate of `refuse_points` may.
        self._lock = threading.RLock()
        self._types: Types = {}
        for point in self.points(METRIC):
            check_types(point, self._types)
        self._server: Optional[Server] = None
        self._faults, self._released = Faults(), threading.Event()
        # Points given the present time, by category and name; requests of a second, by route.
        self._corrected: Dict[Tuple[str, str], int] = {}
        self._requests: Dict[str, List[float]] = {}
        self.posts: List[Post] = []
        self.host, self.port = HOST, 0

    def set_right(self) -> None:
        """As after `[io] auto_timestamp_correction = false` and the restart that it needs: its counters begin anew."""
        self.keeps_time = True
        self._corrected.clear()

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

    def drop_everything(self) -> None:
        """Answer 200 and lose the points, as DataKit does where Guance takes nothing from it."""
        self._faults.drops = True

    def refuse_queries(self, status: int, error_code: str = "datakit.no") -> None:
        """Answer every query with an error."""
        self._faults.query_status = (status, error_code)

    def index_after(self, seconds: float) -> None:
        """Let queries see what arrives only so many seconds (of the clock) later, as Guance does."""
        self._faults.indexed_after = seconds

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
        return [Point(row[0], row[1], json.loads(row[2]), json.loads(row[3]), row[4], row[5], row[6]) for row in rows]

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
        self._released.wait(self._faults.delay)
        headers = [("X-DataKit", f"{self.version}/datakit")]
        with self._lock:
            try:
                answer = self._answer(environ, raw)
            except Refusal as refusal:
                said = {"error_code": refusal.code, "message": str(refusal)}
                answer = Answer(refusal.status, json.dumps({key: value for key, value in said.items() if value}))
                if refusal.code == TOO_MANY:
                    headers += [("X-Rate-Limit-Limit", f"{RATE_LIMIT}.00"), ("X-Rate-Limit-Duration", "1")]
            except CrashError:
                answer, headers = Answer(200), []
            is_lost = self._noted(environ, raw, answer)
        if is_lost:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError("lost on demand")
        reason = "OK" if answer.status == 200 else "Refused"
        start_response(f"{answer.status} {reason}", [*headers, ("Content-Type", answer.content_type)])
        return [answer.body.encode()]

    def _answer(self, environ: Dict[str, Any], raw: bytes) -> Answer:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        self._admit(environ, path, query)
        place, _, category = path.rpartition("/")
        if method == "POST" and place == "/v1/write" and category:
            return self._write(environ, category, query, raw)
        if method == "POST" and path == "/v1/query/raw":
            return self._queried(raw)
        if method == "GET" and path == "/v1/ping" and self._token is None:
            content = {"version": self.version, "uptime": "7m51.38s", "host": "datakit", "commit": "9264e037"}
            return Answer(200, json.dumps({"content": content}))
        if method == "GET" and path == "/metrics" and self._token is None:
            return Answer(200, self._metrics(), TEXT)
        return Answer(404, "<html>404 page not found</html>", HTML)

    def _admit(self, environ: Dict[str, Any], path: str, query: Mapping[str, str]) -> None:
        """Refusal for another host where it may not call, one too many requests, or a wrong token."""
        is_remote = self.is_remote or "HTTP_X_FORWARDED_FOR" in environ
        if is_remote and path not in (PUBLIC if self.public_apis is None else self.public_apis):
            message = f"api {path} disabled from external IP, only loopback(localhost) allowed"
            raise Refusal(403, "datakit.publicAccessDisabled", message)
        if self.has_rate_limit:
            now = self._clock.monotonic()
            recent = [at for at in self._requests.get(path, []) if at > now - 1]
            if len(recent) >= RATE_LIMIT:
                raise Refusal(429, TOO_MANY)
            self._requests[path] = [*recent, now]
        if self._token is not None and query.get("token") != self._token:
            raise Refusal(403, "dataway.tokenNotFound", "the token is not known")

    def _write(self, environ: Dict[str, Any], category: str, query: Mapping[str, str], raw: bytes) -> Answer:
        if category not in CATEGORIES:
            raise Refusal(400, "datakit.invalidCategory", f'invalid URL "/v1/write/{category}"')
        self._faults.check(category)
        body = self._decoded(environ, raw)
        if environ.get("CONTENT_TYPE", "").startswith(JSON):
            raise Refusal(400, "datakit.invalidJsonPoint", "points in JSON are not taken here")
        now = self._clock.time()
        is_datakit = self._token is None
        intake = Intake(category, query, int(now * 10**9), is_datakit and self._corrects_time(), is_datakit)
        taken = intake.take(body)
        points = [self._point(one, category, now) for one in taken]
        types = dict(self._types)
        failed = [bad for one, point in zip(taken, points) for bad in self._wrong(one, point, types)]
        if failed:
            raise invalid_lines(body, failed, len(taken) - len({bad.at for bad in failed}))
        if query.get("dry") or self._faults.drops:
            return Answer(200)
        place = (category, f"v1-write.{query.get('input', category)}")
        redated = sum(one.is_redated for one in taken)
        if redated:
            self._corrected[place] = self._corrected.get(place, 0) + redated
        rows = [_row(point, query.get("input", "")) for one, point in zip(taken, points) if not one.is_lost]
        with self._database:
            self._database.executemany(f"INSERT INTO points VALUES (?{', ?' * 7})", rows)
        self._types = types
        return Answer(200)

    def _decoded(self, environ: Dict[str, Any], raw: bytes) -> bytes:
        encoding = environ.get("HTTP_CONTENT_ENCODING")
        if not encoding:
            return raw
        try:
            body = gzip.decompress(raw) if encoding == "gzip" else None
        except (OSError, EOFError, zlib.error):
            body = None
            # The header of the format is not there: DataKit panics.
            if (len(raw) < 10 or raw[:2] != b"\x1f\x8b") and not self.is_strict:
                raise CrashError from None
        if body is None:
            raise Refusal(400, "datakit.decodeBodyFailed")
        if not body:
            raise Refusal(400, "datakit.invalidLinePoint", "empty data")
        return body

    def _corrects_time(self) -> bool:
        release = tuple(int(part) for part in re.findall(r"\d+", self.version)[:2])
        return not self.keeps_time and release >= FIRST_TO_CORRECT

    def _point(self, taken: Taken, category: str, now: float) -> Point:
        whole = taken.time_ns // 10**9
        return Point(category, taken.measurement, taken.tags, taken.fields, whole, now, taken.time_ns)

    def _wrong(self, taken: Taken, point: Point, types: Types) -> Iterable[BadLine]:
        """What is wrong with a point on demand, or because this DataKit is strict."""
        try:
            if self._faults.bad(point):
                raise BadLineError("refused on demand")
            if self.is_strict:
                if taken.is_lost:
                    raise BadLineError("the point is over 1 MiB")
                parse_body(taken.line.decode(), point.category, point.received_at)
                check_types(point, types)
        except (BadLineError, UnicodeDecodeError) as problem:
            yield BadLine(taken.line, taken.at, str(problem))

    def _noted(self, environ: Dict[str, Any], raw: bytes, answer: Answer) -> bool:
        """Whether the answer to a write is to be lost; it is noted among the posts."""
        place, _, category = environ["PATH_INFO"].rpartition("/")
        if place != "/v1/write" or environ["REQUEST_METHOD"] != "POST":
            return False
        is_lost = answer.status == 200 and self._faults.loses()
        source = dict(parse_qsl(environ.get("QUERY_STRING", ""))).get("input", "")
        try:
            body = gzip.decompress(raw) if environ.get("HTTP_CONTENT_ENCODING") == "gzip" else raw
        except (OSError, EOFError, zlib.error):
            body = b""
        lines = len([line for line in body.split(b"\n") if line])
        self.posts.append(Post(category, source, lines, 0 if is_lost else answer.status, len(raw), self._clock.time()))
        return is_lost

    def _metrics(self) -> str:
        """The counters of DataKit's own page that matter here, in the text format of Prometheus."""
        lines = ["# HELP datakit_uptime_seconds Datakit uptime", "# TYPE datakit_uptime_seconds gauge"]
        lines.append(f'datakit_uptime_seconds{{hostname="datakit",version="{self.version}"}} 471')
        if self._corrected:
            lines += [f"# HELP {COUNTER} {COUNTER_HELP}", f"# TYPE {COUNTER} counter"]
        for (category, name), number in sorted(self._corrected.items()):
            lines.append(f'{COUNTER}{{category="{category}",name="{name}"}} {number}')
        return "\n".join([*lines, ""])

    def _queried(self, raw: bytes) -> Answer:
        """The answer to one DQL query of the forms that `dql` reads, with literals in the filters and an alias each."""
        if self._faults.query_status:
            raise Refusal(*self._faults.query_status)
        (asked,) = json.loads(raw)["queries"]
        now = self._clock.time()
        start, end = (milliseconds / 1000 for milliseconds in asked.get("time_range") or (0, 1000 * (now + 1)))
        try:
            query = dql.parse(asked["query"])
            if not isinstance(query, dql.Query):
                raise dql.DqlError("only plain queries are answered here")
            rows = dql.table(query, dql.Asked(self._indexed(now), start, end))
        except dql.DqlError as error:
            raise Refusal(400, "datakit.queryFailed", str(error)) from None
        names = [dql.title(column) for column in query.columns]
        series = [
            {
                "name": query.source,
                "columns": ["time", *names],
                **({"tags": {tag: row[tag] for tag in query.by}} if query.by else {}),
                "values": [[int(row.get("time") or start) * 1000, *(row[name] for name in names)]],
            }
            for row in sorted(rows, key=lambda row: [str(row[tag]) for tag in query.by])
        ]
        return Answer(200, json.dumps({"content": [{"series": series or None, "cost": "1.2ms"}]}))

    def _indexed(self, now: float) -> List[Point]:
        """The points that a reader of the workspace sees by now, of an object the last."""
        latest = [*self.latest().values()]
        objects = {(point.measurement, point.tags.get("name")): point for point in self.points("custom_object")}
        seen = [*latest, *objects.values(), *self.points(LOGGING)]
        return sorted((it for it in seen if it.received_at + self._faults.indexed_after <= now), key=lambda it: it.time)


class CrashError(Exception):
    """DataKit panics over a body: the answer is 200 all the same, and the points are lost."""


def _key(point: Point) -> Key:
    return point.measurement, tuple(sorted(point.tags.items())), point.time


def _row(point: Point, source: str) -> Tuple[Any, ...]:
    tags, fields = (_json(values) for values in (point.tags, point.fields))
    return point.category, point.measurement, tags, fields, point.time, point.received_at, point.time_ns, source


def _json(values: Mapping[str, Any]) -> str:
    """As a person reads it, unless there are bytes that are no text."""
    text = json.dumps(values, ensure_ascii=False, sort_keys=True)
    return json.dumps(values, sort_keys=True) if re.search("[\ud800-\udfff]", text) else text
