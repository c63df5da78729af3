"""The evaluator of monitors does what Guance's documents say of them."""

import pytest

from devtools.guance.checks import check, visible
from devtools.guance.line_protocol import Point

NOW, MINUTE, HOUR, WEEK = 1772431200, 60, 3600, 7 * 24 * 3600
E1, E2 = ("E1",), ("E2",)


def rule(status, operand, operator=">="):
    condition = {"alias": "Result", "operator": operator, "operands": [str(operand)]}
    return {"status": status, "conditions": [condition], "conditionLogic": "and"}


def script(**changes):
    return {
        "type": "simpleCheck",
        "every": "5m",
        "interval": 900,
        "noDataAction": "none",
        "disableCheckEndTime": False,
        "targets": [{"alias": "Result", "dql": "M::`m`:(SUM(`a`)) BY `id`"}],
        "checkerOpt": {"rules": [rule("critical", 100), rule("warning", 10)]},
        **changes,
    }


def mutation(direction="down", least=0, **threshold):
    return script(
        type="seniorMutationsCheck",
        every="15m",
        interval=HOUR,
        range=HOUR,
        range_2=0,
        periodBefore=WEEK,
        checkerOpt={
            "rules": [rule("error", 75), rule("warning", 50)],
            "diffMode": "percent",
            "direction": direction,
            "threshold": {"status": True, "operator": ">=", "value": least, **threshold},
        },
    )


def metric(value, time, key="E1", received_at=0):
    return Point("metric", "m", {"id": key}, {"a": float(value)}, time, received_at)


def statuses(checked):
    return {tags: event.status for tags, event in checked.items()}


def test_the_first_rule_that_is_met_counts_and_each_group_by_itself() -> None:
    points = [metric(100, NOW - 120), metric(50, NOW - 120, "E2"), metric(9, NOW - 120, "E3")]
    assert statuses(check(script(), points, NOW)) == {E1: "critical", E2: "warning"}
    assert check(script(), points, NOW)[E2].result == 50.0


@pytest.mark.parametrize(
    ("time", "seen"),
    [(NOW - 60, False), (NOW - 61, True), (NOW - 60 - 900, True), (NOW - 61 - 900, False)],
)
def test_a_window_is_moved_a_minute_back(time, seen) -> None:
    assert bool(check(script(), [metric(20, time)], NOW)) is seen


def test_without_an_end_a_window_reaches_the_present() -> None:
    points = [metric(20, NOW)]
    assert check(script(), points, NOW) == {}
    assert statuses(check(script(disableCheckEndTime=True), points, NOW)) == {E1: "warning"}


def test_a_point_is_seen_when_it_has_arrived() -> None:
    points = [metric(20, NOW - 600, received_at=NOW - 100)]
    assert check(script(), points, NOW - 150) == {}
    assert statuses(check(script(), points, NOW)) == {E1: "warning"}


def test_of_an_object_only_the_newest_report_is_there() -> None:
    reports = [
        Point("custom_object", "o", {"name": name}, {"x": time}, time, 0)
        for name in ("E1", "E2")
        for time in (NOW - 900, NOW - 5, NOW + 300)
    ]
    assert [(point.tags["name"], point.time) for point in visible(reports, NOW)] == [("E1", NOW - 5), ("E2", NOW - 5)]


def test_what_ends_counts_as_0_only_where_it_is_said_and_only_what_there_was() -> None:
    low = {"rules": [rule("critical", 1, "<")]}
    # The last point leaves the window (16 to 1 minutes ago) between the turns.
    points = [metric(20, NOW - 18 * MINUTE)]
    assert check(script(checkerOpt=low), points, NOW) == {}
    assert statuses(check(script(checkerOpt=low, noDataAction="checkAs0"), points, NOW)) == {E1: "critical"}
    assert check(script(checkerOpt=low, noDataAction="checkAs0"), [], NOW) == {}


def test_all_conditions_of_a_rule_must_be_met() -> None:
    gated = rule("warning", 10)
    gated["conditions"].append({"alias": "Requests", "operator": ">=", "operands": ["5"]})
    targets = [
        {"alias": "Result", "dql": "M::`m`:(SUM(`a`)) BY `id`"},
        {"alias": "Requests", "dql": "M::`m`:(COUNT(`a`)) BY `id`"},
    ]
    few = script(targets=targets, checkerOpt={"rules": [gated]})
    assert check(few, [metric(20, NOW - 120)], NOW) == {}
    assert statuses(check(few, [metric(20, NOW - 120 - n * MINUTE) for n in range(5)], NOW)) == {E1: "warning"}


@pytest.mark.parametrize(
    ("before", "now", "direction", "expected"),
    [
        (100, 100, "down", None),
        (100, 51, "down", None),
        (100, 50, "down", "warning"),
        (100, 20, "down", "error"),
        (100, 200, "down", None),
        (100, 160, "up", "warning"),
        (100, 500, "up", "error"),
        (100, 20, "up", None),
    ],
)
def test_a_mutation_check_compares_with_the_same_span_before(before, now, direction, expected) -> None:
    points = [metric(before, NOW - WEEK - 30 * MINUTE), metric(now, NOW - 30 * MINUTE)]
    found = check(mutation(direction), points, NOW)
    assert statuses(found) == ({E1: expected} if expected else {})


def test_a_mutation_check_looks_at_nothing_outside_of_the_two_spans() -> None:
    inside = [metric(100, NOW - WEEK - 30 * MINUTE), metric(100, NOW - 30 * MINUTE)]
    outside = [metric(900, NOW - WEEK), metric(900, NOW - WEEK - 62 * MINUTE), metric(900, NOW - 30)]
    assert check(mutation(), [*inside, *outside], NOW) == {}


def test_the_precondition_is_on_the_value_of_now() -> None:
    points = [metric(1000, NOW - WEEK - 30 * MINUTE), metric(100, NOW - 30 * MINUTE)]
    assert statuses(check(mutation(least=100), points, NOW)) == {E1: "error"}
    assert check(mutation(least=101), points, NOW) == {}
    assert statuses(check(mutation(least=101, status=False), points, NOW)) == {E1: "error"}


@pytest.mark.parametrize("missing", [0, 1])
def test_without_one_of_the_two_there_is_nothing_to_compare(missing) -> None:
    points = [metric(100, NOW - WEEK - 30 * MINUTE), metric(1, NOW - 30 * MINUTE)]
    del points[missing]
    assert check(mutation(), points, NOW) == {}


def test_forms_of_a_mutation_check_that_are_not_evaluated_are_refused() -> None:
    with pytest.raises(ValueError, match="only percentages"):
        check({**mutation(), "range_2": -1}, [], NOW)
