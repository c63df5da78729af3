"""Guance's monitors over points: threshold checks and mutation checks, as Guance's documents describe them.

Source: the pages "Monitor Internals", "Threshold Detection" and "Mutation Detection", and the checker API. A check
looks at the time before its turn, moved a minute back, for data is written late; with `disableCheckEndTime` its window
has no end. Of an object only the newest report is there. A group whose data ends (there was some at the turn before)
counts as 0 with `checkAs0`, and else is not looked at. Where the documents leave room: the precondition of a mutation
check is on the value of the later span, and the percentage is that of the earlier one.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set

from devtools.guance.dql import Asked, Tags, parse, values
from devtools.guance.line_protocol import Point

# By how much a window is moved back.
DRIFT = 60
OBJECTS = "custom_object"
EVERY = {"1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600}
OPERATORS = {
    ">=": lambda found, operand: found >= operand,
    "<=": lambda found, operand: found <= operand,
    ">": lambda found, operand: found > operand,
    "<": lambda found, operand: found < operand,
    "=": lambda found, operand: found == operand,
}
Script = Mapping[str, Any]
# The name of a target -> its value.
Found = Dict[str, Optional[float]]


class Event(NamedTuple):
    """What a check reports of a group: the status, and the value that met the rule, a template's `Result`."""

    status: str
    result: float


def check(script: Script, points: Sequence[Point], at: int) -> Dict[Tags, Event]:
    """The events of a monitor (its `jsonScript`) at a turn (epoch seconds), by the values of its dimensions.

    A group without an event is normal, or there is no data of it.
    """
    compare = script["type"] == "seniorMutationsCheck"
    reported: Dict[Tags, Event] = {}
    for tags, found in (_changes if compare else _thresholds)(script, points, at).items():
        for rule in script["checkerOpt"]["rules"]:
            if all(_holds(condition, found) for condition in rule["conditions"]):
                result = found[rule["conditions"][0]["alias"]]
                reported[tags] = Event(rule["status"], result or 0.0)
                break
    return reported


def visible(points: Sequence[Point], at: int) -> List[Point]:
    """What a query sees at a time: points that have arrived, and of objects the newest report of each."""
    arrived = [point for point in points if point.received_at <= at and point.time <= at]
    reports = sorted((point for point in arrived if point.category == OBJECTS), key=lambda point: point.time)
    objects = {(point.measurement, point.tags["name"]): point for point in reports}
    return [*(point for point in arrived if point.category != OBJECTS), *objects.values()]


def _holds(condition: Mapping[str, Any], found: Found) -> bool:
    value = found.get(condition["alias"])
    return value is not None and bool(OPERATORS[condition["operator"]](value, float(condition["operands"][0])))


def _thresholds(script: Script, points: Sequence[Point], at: int) -> Dict[Tags, Found]:
    found = _targets(script, points, at)
    if script["noDataAction"] == "checkAs0":
        before = _targets(script, points, at - EVERY[script["every"]])
        names: List[str] = [target["alias"] for target in script["targets"]]
        found.update({tags: dict.fromkeys(names, 0.0) for tags in set(before) - set(found)})
    return found


def _targets(script: Script, points: Sequence[Point], at: int) -> Dict[Tags, Found]:
    # What is overwritten has a place in time up to the present.
    end = at + 1 if script["disableCheckEndTime"] else at - DRIFT
    start = at - DRIFT - script["interval"]
    now = visible(points, at)
    answers = {
        target["alias"]: {tags: row[0] for tags, row in values(parse(target["dql"]), Asked(now, start, end)).items()}
        for target in script["targets"]
    }
    groups: Set[Tags] = set().union(*answers.values())
    return {tags: {name: answer.get(tags) for name, answer in answers.items()} for tags in groups}


def _changes(script: Script, points: Sequence[Point], at: int) -> Dict[Tags, Found]:
    options = script["checkerOpt"]
    if options["diffMode"] != "percent" or script["range_2"] != 0:
        raise ValueError("only percentages of the same span before are evaluated")
    (target,) = script["targets"]
    statement, end, length = parse(target["dql"]), at - DRIFT, script["range"]
    known = visible(points, at)
    now = values(statement, Asked(known, end - length, end))
    moved = end - script["periodBefore"]
    before = values(statement, Asked(known, moved - length, moved))
    threshold, sign = options["threshold"], {"up": 1, "down": -1}[options["direction"]]
    changes: Dict[Tags, Found] = {}
    for tags, (value,) in now.items():
        (earlier,) = before.get(tags, [None])
        passes = not threshold["status"] or OPERATORS[threshold["operator"]](value, threshold["value"])
        if value is not None and earlier and passes:
            changes[tags] = {target["alias"]: sign * (value - earlier) / earlier * 100}
    return changes
