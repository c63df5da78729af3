"""The only module that talks to Guance: points go through a connector of Func (DataKit, DataWay or Guance)."""

import itertools
import json
import re
from collections import Counter
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
    TypeVar,
)

from guance_aws_cloudfront.errors import StepError
from guance_aws_cloudfront.guance.limits import KnownTags, fitted
from guance_aws_cloudfront.text import count, minute_utc, one_line

# One POST of the connector's helper: with more, an outcome would be known of the last POST only, and DataWay's helper
# loses what follows a compressed one.
POINTS_PER_CALL = 100
# How long to wait before each further attempt at a write, in seconds.
PAUSES = (1, 3, 9)
# The write never left the host: connection refused, no way there, no such name.
NEVER_LEFT = re.compile(r"\[Errno (?:101|111|113|-2|-3|-5)\]")
# The HTTP status of a body in which a point is bad.
REFUSED = 400
INVALID_LINE = "invalidLinePoint"
OBJECT, LOGGING = "custom_object", "logging"
# What a write to DataKit says of itself: who it is, and that the host and ip of the DataKit host are no tags of it.
WRITE_QUERY = {"input": "guance_aws_cloudfront", "ignore_global_host_tags": "true"}
# From this release on, DataKit gives points more than two hours from its clock the present time by default.
FIRST_TO_REDATE = (1, 78)
# In seconds: older points are only handed over where they keep their time. Ten minutes less than DataKit's two hours,
# for clocks that differ and for a run's own time.
OLDEST_KEPT = 6600
# How old an object is made, in seconds, to see whether it keeps its time: a day, because a clock may be wrong by hours,
# and Guance drops what is two days old.
PROBE_AGE = 24 * 3600
# On DataKit's page of metrics only after it has given a point the present time, and then for good.
REDATED_COUNTER = "datakit_io_point_time_adjusted_total"
AGAIN = "The next run sends them again."

# In characters; Func cuts a line of its log at 3,000.
LONGEST_LINE, LONGEST_REASON = 1000, 200
# The query of a write, which says nothing to a reader.
_UNNEEDED = re.compile(r"\?input=\S+")

Item = TypeVar("Item")
Points = Sequence[Mapping[str, Any]]


class ReportError(StepError):
    """Writing failed. `status` is the HTTP status, 0 when none came; `said` what the sink or the helper said.

    `reason` is the sink's error code and reason alone, where it gave them.
    """

    def __init__(self, text: str, status: int = 0, said: str = "", reason: str = "") -> None:
        super().__init__(text)
        self.status, self.said, self.reason = status, said, reason


class Refusal(NamedTuple):
    """A point that the sink refuses for its content: its position among those written, and what the sink said."""

    position: int
    said: str


class KeepsTime(NamedTuple):
    """Whether points of any age arrive with their own time, and how that is known, a clause for the user."""

    keeps: bool
    why: str


# Waits so many seconds for the reason given and says True, or False at once where the run has no time for it.
Wait = Callable[[float, str], bool]
# Called with the position of each point that stands in the sink, as soon as it does.
Written = Callable[[int], None]


class Sink:
    """A connector of Func to write to; ReportError when there is none of that ID or it cannot write.

    A write that certainly took nothing is tried again a few times, after `wait`; without it, never. What is done to
    points to keep DataKit's limits, `warn` gets a sentence, once each.
    """

    def __init__(
        self,
        func: Any,
        connector_id: str,
        wait: Wait = lambda seconds, why: False,
        warn: Callable[[str], None] = print,
    ) -> None:
        self._id, self._wait, self._warn = connector_id, wait, warn
        self._warned: Set[Tuple[str, str]] = set()
        self._known_tags: KnownTags = {}
        self._taken: Set[str] = set()
        try:
            connector = func.CONN(connector_id)
            # A Guance connector writes through the DataWay of its workspace.
            self._connector = getattr(connector, "dataway", None) or connector
            self._helper = self._connector.write_by_category_many
            # Only the helper of DataWay has a token.
            self._is_datakit = not hasattr(self._connector, "token")
        except AttributeError:
            raise ReportError(
                f"The connector \"{connector_id}\" cannot write points: set 'datakit_id' to a connector of the type "
                "DataKit, DataWay or Guance."
            ) from None
        except Exception as error:  # noqa: BLE001 - Func's own exceptions cannot be imported in a script
            raise ReportError(_not_found(connector_id, error)) from None

    def write(self, category: str, points: Points, written: Written) -> List[Refusal]:
        """Write 1 to 100 points of a category (`custom_object`, `metric`, `logging`); those refused for their content.

        A sink refuses a whole body for one bad point, so a refused body is halved until the bad ones stand alone. Where
        it has taken nothing else of the category in this run, or now takes none and does not name a bad line, the
        fault is not theirs: ReportError, as for everything else that fails.
        """
        points = self._within_limits(category, points)
        refused = self._write_halving(category, points, 0, written)
        if len(refused) < len(points):
            self._taken.add(category)
        is_theirs = category in self._taken and (len(refused) < len(points) or INVALID_LINE in refused[0].said)
        if refused and not is_theirs:
            first = refused[0]
            # Who refuses everything for other reasons has nothing to say of this point.
            of = f"{_named(category, points[first.position])}: " if INVALID_LINE in first.said else ""
            raise self._failure(points, REFUSED, f"{of}{first.said}")
        return refused

    def keeps_time(self, configured: Optional[bool], witness: Optional[Mapping[str, Any]], now: float) -> KeepsTime:
        """Find out whether points older than `OLDEST_KEPT` arrive with their own time. Never raises.

        `configured` is 'datakit_keeps_time', which takes precedence unless it is None. `witness` is the point of an
        object of the account, whole: it may be written once with an old time, and the next report of objects puts it
        right. `now` is in epoch seconds. Costs up to four calls; nothing but DataKit is asked.
        """
        if configured is not None:
            return KeepsTime(configured, f"'datakit_keeps_time' is {configured}")
        if not self._is_datakit:
            return KeepsTime(True, "the connector writes past DataKit")
        try:
            version = self._version()
        except Exception as error:  # noqa: BLE001 - the helper raises plain Exception
            said = _masked(_explained(error)[0])
            return KeepsTime(False, f"DataKit cannot be asked for its version ({said})")
        release = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
        if len(release) == 2 and release < FIRST_TO_REDATE:
            return KeepsTime(True, f"DataKit {version} keeps the time of points")
        redates = f"DataKit {version} gives points older than 2 h the present time"
        try:
            if self._has_redated():
                return KeepsTime(False, redates)
            old = [{**witness, "timestamp": int(now - PROBE_AGE)}] if witness else []
            probe = [point for point in self._within_limits(OBJECT, old) if point["fields"]]
            if not probe:
                return KeepsTime(False, f"{redates} by default, and there is no object to try it with")
            self._attempt(OBJECT, probe)
            if self._has_redated():
                return KeepsTime(False, redates)
        except Exception as error:  # noqa: BLE001 - the helper raises plain Exception
            said = _masked((isinstance(error, ReportError) and error.said) or _explained(error)[0])
            return KeepsTime(False, f"{redates} by default, and whether this one does cannot be seen ({said})")
        return KeepsTime(True, f"DataKit {version} kept the time of an old object")

    def query(self, dql: str, start: float, end: float) -> List[Dict[str, Any]]:
        """The rows that a DQL query finds in the workspace between two times (epoch seconds), of all its series.

        A row has the columns by name, and under `tags` those that the query groups by. ReportError when the connector
        cannot ask or the workspace does not answer.
        """
        try:
            ask = self._connector.query
        except AttributeError:
            raise ReportError(f'The connector "{self._id}" cannot query: its type has no query in this Func.') from None
        try:
            status, found = ask(dql, dict_output=True, time_range=[int(start * 1000), int(end * 1000)])
            if isinstance(status, int) and 200 <= status < 300:
                return [row for series in found["series"] for row in series]
            said = one_line(found)
        except Exception as error:  # noqa: BLE001 - the helper raises plain Exception, and KeyError for an odd answer
            said = f"{type(error).__name__}: {_explained(error)[0]}"
        raise ReportError(f'Querying the workspace by the connector "{self._id}" failed ({_masked(said)}).')

    def _version(self) -> str:
        answer = self._got("/v1/ping")
        content = answer.get("content", answer)
        return one_line(content["version"], 40)

    def _has_redated(self) -> bool:
        page = self._got("/metrics")
        text = page.decode(errors="replace") if isinstance(page, bytes) else str(page)
        if "datakit_" not in text:
            raise ReportError("GET /metrics is no page of DataKit's")
        return REDATED_COUNTER in text

    def _got(self, path: str) -> Any:
        status, answer = self._connector.get(path)
        if status != 200:
            raise ReportError(f"GET {path}: {status}, {_reason(answer) or one_line(answer)}")
        return answer

    def _within_limits(self, category: str, points: Points) -> Points:
        kept = []
        for point in points:
            fit, said = fitted(point, category, self._known_tags)
            kept.append(fit)
            for clause in said:
                if (category, clause) not in self._warned:
                    self._warned.add((category, clause))
                    name = one_line(point["tags"].get("name", "a point"), 80)
                    self._warn(f"DataKit's limits: of {name} {one_line(clause)}. The same applies to all like it.")
        return kept

    def _write_halving(self, category: str, points: Points, first: int, written: Written) -> List[Refusal]:
        try:
            self._post(category, [point for point in points if point["fields"]])
        except ReportError as error:
            if error.status != REFUSED:
                raise
            if len(points) == 1:
                return [Refusal(first, error.reason or error.said)]
            middle = len(points) // 2
            return [
                *self._write_halving(category, points[:middle], first, written),
                *self._write_halving(category, points[middle:], first + middle, written),
            ]
        for position in range(first, first + len(points)):
            written(position)
        return []

    def _post(self, category: str, points: Points, pauses: Sequence[int] = PAUSES) -> None:
        try:
            self._attempt(category, points)
        except ReportError as error:
            if not pauses or not _took_nothing(error) or not self._wait(pauses[0], error.said):
                raise
            self._post(category, points, pauses[1:])

    def _attempt(self, category: str, points: Points) -> None:
        if not points:
            return
        try:
            answer = self._call(category, points)
        except Exception as error:  # noqa: BLE001 - the helper raises plain Exception
            found = re.search(r"Status Code: (\d+)", str(error).partition("Response: ")[0])
            said, reason = _explained(error)
            raise self._failure(points, int(found.group(1)) if found else 0, said, reason) from None
        # Older Func returns the status of a refused write instead of raising.
        status, body = answer if isinstance(answer, (tuple, list)) and len(answer) == 2 else (0, answer)
        if not isinstance(status, int) or not 200 <= status < 300:
            reason = _reason(body)
            said = f"status {status}, {reason}" if reason else one_line(answer)
            raise self._failure(points, status if isinstance(status, int) else 0, said, reason)

    def _call(self, category: str, points: Points) -> Any:
        """Hand points to Func's helper, which makes one POST of them."""
        if self._is_datakit and hasattr(self._connector, "post_line_protocol"):
            try:
                return self._connector.post_line_protocol(
                    path=f"/v1/write/{category}", points=points, query=dict(WRITE_QUERY)
                )
            except TypeError:
                # The helper of an older Func takes no query; and a point that is none fails in both.
                pass
        return self._helper(category, points)

    def _failure(self, points: Points, status: int, text: str, reason: str = "") -> ReportError:
        said = _masked(text)
        what = f'Writing {count(len(points), "point")} to the connector "{self._id}" failed'
        return ReportError(f"{what} ({said}). {_advice(status, said)} {AGAIN}", status, said, reason)


class Preview:
    """In the place of a sink: shows the first points of each category and writes nothing."""

    SHOWN = 5

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def write(self, category: str, points: Points, written: Written) -> List[Refusal]:
        """Print as many of the points as are still to be shown, as JSON; none is refused."""
        for point in points[: max(0, self.SHOWN - self._seen[category])]:
            first, *more = _shown(point)
            print(f"{category}: {first}")
            for line in more:
                print(f"  {line}")
        self._seen[category] += len(points)
        for position in range(len(points)):
            written(position)
        return []

    def keeps_time(self, configured: Optional[bool], witness: Optional[Mapping[str, Any]], now: float) -> KeepsTime:
        """Nothing is asked: a preview shows all that would be written."""
        return KeepsTime(True, "a preview writes nothing")

    def shown(self, **nouns: str) -> str:
        """How many were shown of each category; objects and points, unless others are given with their names."""
        kinds = nouns or {OBJECT: "object", "metric": "point"}
        shown = [
            f"{min(self._seen[category], self.SHOWN)} of {count(self._seen[category], noun)}"
            for category, noun in kinds.items()
        ]
        return f"Shown: {', '.join(shown)}."


def _shown(point: Mapping[str, Any]) -> List[str]:
    """A point as JSON on one line, or on one for each of many fields, because Func cuts what is printed at once."""
    text = json.dumps(point, ensure_ascii=False)
    if len(text) <= LONGEST_LINE:
        return [text]
    head = json.dumps({key: value for key, value in point.items() if key != "fields"}, ensure_ascii=False)
    return [head, *(_field_shown(name, value) for name, value in point["fields"].items())]


def _field_shown(name: str, value: Any) -> str:
    text = json.dumps({name: value}, ensure_ascii=False)
    return text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]}… ({len(text):,} characters)"


def in_batches(items: Iterable[Item]) -> Iterator[List[Item]]:
    """The items in lists of at most 100, as many as one write takes."""
    iterator = iter(items)
    return iter(lambda: list(itertools.islice(iterator, POINTS_PER_CALL)), [])


def _named(category: str, point: Mapping[str, Any]) -> str:
    name = one_line(point["tags"].get("name", "a point"), 80)
    if category == OBJECT:
        return name
    # Lines of a log have milliseconds.
    return f"{name} at {minute_utc(point['timestamp'] / (1000 if category == LOGGING else 1))} UTC"


def _explained(error: Exception) -> Tuple[str, str]:
    """What Func's helper says of a failed request, on one line, and the reason in it alone, if there is one."""
    head, marker, body = str(error).partition("Response: ")
    reason = _reason(body)
    return f"{one_line(_UNNEEDED.sub('', head))} {marker}{reason}" if reason else one_line(error), reason


def _reason(answer: Any) -> str:
    """The error code and the reason in DataKit's answer to a refused write; nothing where there is no code.

    Its message for a bad line is the line, the reason, and the whole body once more: only the reason is for a log.
    """
    if isinstance(answer, (str, bytes)):
        try:
            answer = json.loads(answer)
        except ValueError:
            return ""
    if not isinstance(answer, Mapping) or not answer.get("error_code"):
        return ""
    message = str(answer.get("message", ""))
    # The body is quoted: the last line break stands before the sentence that brings it.
    lines, _, _ = message.rpartition("\nwith ")
    # The line, which may hold anything, ends where the last position is given.
    _, _, why = lines.rpartition("'(pos: ")
    why = why.partition("): ")[2] or message
    return one_line(f"{answer['error_code']}: {why}" if why else answer["error_code"], LONGEST_REASON)


def _took_nothing(error: ReportError) -> bool:
    """Whether another attempt at once can make no double.

    After a time-out, a lost answer or a gateway's time-out (504) the points may stand in the sink: these wait for the
    next run, which sends them once more, instead of a few times now.
    """
    if error.status == 0:
        return NEVER_LEFT.search(error.said) is not None
    return error.status == 429 or (error.status >= 500 and error.status != 504)


def _not_found(connector_id: str, error: Exception) -> str:
    if type(error).__name__ == "EntityNotFound":
        return (
            f'The connector "{connector_id}" does not exist in Func: create it (Development / Connector, of the type '
            "DataKit, DataWay or Guance), or set 'datakit_id' in the startup script to the ID of the one you have."
        )
    said = _masked(one_line(error))
    return f'The connector "{connector_id}" could not be opened ({said}): check its settings in Func.'


def _masked(text: str) -> str:
    return re.sub(r"(token=)[^&\s]+", r"\1***", text)


def _advice(status: int, said: str) -> str:
    if status == REFUSED and INVALID_LINE in said:
        return "Report it with this line."
    if status == REFUSED:
        return "The connector refused all of them: check that the connector's address is that of a DataKit or DataWay."
    if status in (401, 403):
        return "Check the connector's token, and that DataKit admits the Func host."
    if status == 429:
        return "The connector limits the rate of requests; raise its limit if this lasts."
    if status == 0:
        return "Check that DataKit (or DataWay) runs and that the Func host reaches the connector's address."
    return "Check the log of DataKit (or DataWay)."
