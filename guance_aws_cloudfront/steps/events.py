"""The change events of a run: what is known of the distributions, what has changed since, and telling it once."""

import base64
import json
import zlib
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence

from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.func.state import State
from guance_aws_cloudfront.guance.sink import POINTS_PER_CALL, Preview, ReportError, Sink
from guance_aws_cloudfront.points.changes import (
    FORM,
    Form,
    changed,
    created,
    deleted,
    event_point,
    fingerprint,
    known_form,
    shortened,
)
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.steps.inventory import Distributions
from guance_aws_cloudfront.steps.old_points import OldPoints
from guance_aws_cloudfront.steps.run import Run
from guance_aws_cloudfront.text import count

CATEGORY = "keyevent"
# So many are kept before the first of them is written: with thousands of changes, keeping takes longer than writing.
MOST_PENDING = 500
# What is known is kept in so many characters, and its texts are kept the shorter for it.
MOST_CHARACTERS = 900_000
TEXT_LIMITS = (20_000, 1000, 300, 100, 30)
# What is kept ends after a week: when nothing changes, it is kept anew once a day.
RENEWED_EVERY = 86400
TITLES_SHOWN = 5

Record = Dict[str, Any]
Point = Dict[str, Any]
ById = Mapping[str, Mapping[str, str]]


class Event(NamedTuple):
    """An event to tell, and what is known of the distribution once that is sure to be done; None of a deleted one."""

    distribution_id: str
    point: Point
    form: Optional[Form]


class Memory:
    """What is known of an account's distributions between runs.

    `known` are those that are collected, `others` the IDs of those that are not; `missing` tells since when one that is
    known has not been listed; `pending` are events that do not stand in the sink yet. `kept_at` is when it was kept.
    """

    def __init__(self, kept_at: int = 0) -> None:
        self.known: Dict[str, Form] = {}
        self.others: List[str] = []
        self.missing: Dict[str, int] = {}
        self.pending: List[Point] = []
        self.kept_at = kept_at
        self._limits: Sequence[int] = TEXT_LIMITS

    def dump(self, now: int) -> Dict[str, Any]:
        """As plain data of bounded size."""
        while True:
            known = {key: shortened(form, self._limits[0]) for key, form in self.known.items()}
            packed = _packed([known, self.others, self.missing, self.pending])
            if len(packed) <= MOST_CHARACTERS or len(self._limits) == 1:
                break
            # In a run with thousands of changes this is kept many times: a limit is found too high once.
            self._limits = self._limits[1:]
        return {"form": FORM, "at": now, "packed": packed}


def load_memory(kept: Optional[Mapping[str, Any]]) -> Optional[Memory]:
    """What `Memory.dump` gave; None when there is nothing, or nothing of this form."""
    if not kept or kept.get("form") != FORM:
        return None
    try:
        memory = Memory(int(kept["at"]))
        memory.known, memory.others, memory.missing, memory.pending = json.loads(
            zlib.decompress(base64.b64decode(kept["packed"]))
        )
    except (KeyError, TypeError, ValueError, zlib.error):
        return None
    return memory


def report_changes(run: Run, distributions: Distributions, details: ById, old_points: OldPoints) -> int:
    """Report what has changed at the collected distributions since the last run; how many events were written.

    `details` (from configurations) goes by distribution ID and may lack some. What is known moves on together with the
    pending events, in one step, and these are kept until they have been written: none is lost, none is reported
    twice. Raises ReportError when the sink does not answer.

    The first run, one whose memory is lost, and an empty listing report nothing.
    """
    listed, chosen, resource_tags = distributions.listed, distributions.records, distributions.resource_tags
    state, sink, log, now = run.state, run.sink, run.log, int(run.now())
    if not run.config.events or not listed:
        return 0
    if isinstance(sink, Preview):
        log.say("Changes: not shown in a preview, because it does not read what the last run saw.")
        return 0
    memory = load_memory(state.recall("events"))
    if memory is None:
        memory = Memory()
        memory.known = {record["Id"]: known_form(record, details.get(record["Id"], {})) for record in chosen}
        memory.others = _others(listed, memory.known)
        _keep(memory, state, now)
        return 0
    before = (memory.others, dict(memory.missing), dict(memory.known))
    events = list(_events(memory, run.account, listed, chosen, details, resource_tags, now))
    if before != (memory.others, memory.missing, memory.known) or now - memory.kept_at >= RENEWED_EVERY:
        _keep(memory, state, now)
    if not events and not memory.pending:
        return 0
    _say(events, log)
    written = 0
    try:
        while events or memory.pending:
            if events and len(memory.pending) < POINTS_PER_CALL:
                room = MOST_PENDING - len(memory.pending)
                for event in events[:room]:
                    memory.pending.append(event.point)
                    _move_on(memory, event)
                events = events[room:]
                _keep(memory, state, now)
            written += _write(memory, sink, log, old_points, now)
    except ReportError as error:
        # A sink that lives may still take the metrics.
        if error.status == 0:
            raise
        log.fail(f"Changes: {error} If the connector takes no events, switch them off with 'events': False.")
    finally:
        _keep(memory, state, now)
    if written:
        log.say(f"Changes: {count(written, 'event')} reported.")
    return written


def _events(
    memory: Memory,
    account: Account,
    listed: Sequence[Record],
    chosen: Sequence[Record],
    details: ById,
    resource_tags: ById,
    now: int,
) -> Iterator[Event]:
    """The events to report. A change that needs no event moves on at once, the others when their event is pending."""
    seen = {record["Id"] for record in listed}
    for record in chosen:
        key = record["Id"]
        memory.missing.pop(key, None)
        known, of_it = memory.known.get(key), details.get(key, {})
        if known is not None and known["fingerprint"] == fingerprint(record, of_it):
            continue
        form = known_form(record, of_it)
        if known is not None:
            # What could not be asked for this time is known from before.
            form["details"] = {**known["details"], **form["details"]}
            text = changed(known, form, now)
        else:
            # One that was there before is only collected from now on.
            text = None if key in memory.others else created(form, now)
        if text is None:
            memory.known[key] = form
        else:
            yield Event(key, event_point(key, form, text, account, now, resource_tags.get(key, {})), form)
    collected = {record["Id"] for record in chosen}
    for key, known in list(memory.known.items()):
        if key in collected:
            continue
        if key in seen:
            # It is no longer collected.
            memory.known.pop(key)
            memory.missing.pop(key, None)
        elif key in memory.missing:
            yield Event(key, event_point(key, known, deleted(known, memory.missing[key]), account, now), None)
        else:
            # Two listings must agree that it is gone.
            memory.missing[key] = now
    memory.others = _others(listed, collected)


def _others(listed: Sequence[Record], collected: Any) -> List[str]:
    return sorted(record["Id"] for record in listed if record["Id"] not in collected)


def _move_on(memory: Memory, event: Event) -> None:
    if event.form is None:
        memory.known.pop(event.distribution_id, None)
        memory.missing.pop(event.distribution_id, None)
    else:
        memory.known[event.distribution_id] = event.form


def _write(memory: Memory, sink: Sink, log: RunLog, old_points: OldPoints, now: int) -> int:
    """Write up to 100 pending events; how many of them were. Those, and what is refused for ever, pend no more.

    An event that is too old for the connector to keep its time stands at the present: its text says when it was.
    """
    points = [
        {**point, "timestamp": now} if old_points.must_wait(point["timestamp"]) else point
        for point in memory.pending[:POINTS_PER_CALL]
    ]
    written: List[int] = []
    refused: List[int] = []
    try:
        for position, said in sink.write(CATEGORY, points, written.append):
            refused.append(position)
            name = memory.pending[position]["tags"]["name"]
            log.fail(f"The connector refused the change event of {name} ({said}). Report it with this line.")
    finally:
        done = {*written, *refused}
        memory.pending = [point for position, point in enumerate(memory.pending) if position not in done]
    return len(written)


def _say(events: Sequence[Event], log: RunLog) -> None:
    for event in events[:TITLES_SHOWN]:
        log.say(f"Changed: {event.point['fields']['df_title']}.")
    if len(events) > TITLES_SHOWN:
        log.say(f"Changed: {len(events) - TITLES_SHOWN:,} more.")


def _keep(memory: Memory, state: State, now: int) -> None:
    memory.kept_at = now
    state.keep("events", memory.dump(now), "changes may be reported again, or not at all")


def _packed(kept: Any) -> str:
    text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(errors="replace"))).decode()
