"""Calls are spaced so that neither quota of GetMetricData is passed, in any second."""

import pytest

from devtools.clock import SimulatedClock
from guance_aws_cloudfront.aws.pace import SHARE, Pace, part_of_a_second
from tests.conftest import NOW

MINUTE, HOUR = 60, 3600
# What AWS documents for GetMetricData, a second: calls, and data points that begin within three hours or before.
CALLS, RECENT_POINTS, OLDER_POINTS = 50, 180_000, 396_000


def request(queries, start, end):
    return {"MetricDataQueries": [{}] * queries, "StartTime": start, "EndTime": end}


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        (request(1, NOW - 5 * MINUTE, NOW), 1 / CALLS),
        (request(500, NOW - 5 * MINUTE, NOW), 1 / CALLS),
        (request(500, NOW - 20 * MINUTE, NOW), 10_000 / RECENT_POINTS),
        (request(500, NOW - 3 * HOUR, NOW), 90_000 / RECENT_POINTS),
        (request(500, NOW - 3 * HOUR - 1, NOW - 1), 90_000 / OLDER_POINTS),
        (request(500, NOW - 4 * HOUR, NOW - HOUR), 90_000 / OLDER_POINTS),
    ],
)
def test_a_call_takes_its_part_of_the_quota_that_is_short(asked, part) -> None:
    assert part_of_a_second(asked, MINUTE, NOW) == pytest.approx(part / SHARE)


def test_the_first_call_waits_for_nobody_and_the_next_ones_for_their_turn() -> None:
    pace = Pace(SimulatedClock(NOW))
    assert [pace.turn() for _ in range(4)] == pytest.approx([number / CALLS / SHARE for number in range(4)])


def test_a_call_that_comes_late_waits_for_nothing_and_no_turn_is_saved_up() -> None:
    clock = SimulatedClock(NOW)
    pace = Pace(clock)
    pace.turn()
    clock.advance(10)
    assert [pace.turn(), pace.turn()] == pytest.approx([0, 1 / CALLS / SHARE])


def test_no_second_holds_more_calls_than_the_quota() -> None:
    clock = SimulatedClock(NOW)
    pace, begun = Pace(clock), []
    for number in range(400):
        clock.sleep(pace.turn() + 0.001 * (number % 7))
        begun.append(clock.monotonic())
    assert max(sum(at <= other < at + 1 for other in begun) for at in begun) <= CALLS
