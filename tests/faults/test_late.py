"""Values that CloudWatch delivers late, beyond the scenarios of the table."""

import pytest

from devtools.aws.embedded import IDLE, Traffic
from tests.conftest import NOW
from tests.faults.at_late import nothing_until
from tests.faults.world import HOUR, MINUTE, SET

pytestmark = pytest.mark.newest

SILENT = "No distribution has had values since"


def progress(world):
    return world.func.store.get("watermark/aws/prod", SET)


def test_a_silence_of_twenty_hours_is_said_with_its_beginning_and_made_up_for(world) -> None:
    world.run()
    world.run_for(76)
    nothing_until(20)(world)
    world.run_for(30)
    record = world.func.records[-1]
    assert record.status == "success"
    (warning,) = record.return_value["warnings"]
    assert warning.startswith(f"{SILENT} 2026-03-01 11:12 UTC, though there were some in nearly every minute before:")
    # It costs one metric of one distribution more, once no regular look reaches its beginning.
    world.run_for(10 * 60)
    record = world.func.records[-1]
    assert SILENT in record.log
    assert record.return_value["metrics_billed"] == 18 + 1
    world.run_for(9.5 * 60)
    world.datakit.set_right()
    world.run_for(21)
    assert world.missing_or_wrong() == ({}, {})
    assert world.sent_again() == []
    assert SILENT not in world.func.records[-1].log
    # All has come, so nothing is looked for any more.
    assert progress(world)["silence"] is None
    assert world.func.records[-1].return_value["metrics_billed"] == 18


def test_what_comes_late_and_is_older_than_the_datakit_bears_waits(world) -> None:
    world.run()
    world.run_for(76)
    nothing_until(4)(world)
    world.run_for(4 * 60 + 20)
    assert progress(world)["backlog"] != []
    assert not [point for point in world.datakit.points("metric") if "__orig_time" in point.fields]
    world.datakit.set_right()
    world.run_for(21)
    assert world.missing_or_wrong() == ({}, {})
    assert world.sent_again() == []


def test_traffic_that_ends_is_said_for_a_day_and_no_longer(world) -> None:
    world.run()
    world.run_for(76)
    end = int(world.clock.time()) // MINUTE * MINUTE
    for key in world.ids:
        world.aws._points.end(key, end)
    world.run_for(23 * 60)
    assert SILENT in world.func.records[-1].log
    world.run_for(80)
    assert SILENT not in world.func.records[-1].log
    assert progress(world)["silence"] is None
    assert world.func.records[-1].return_value["metrics_billed"] == 18


@pytest.mark.parametrize("traffic", [IDLE, Traffic(requests=2.0, interval=9)])
def test_an_idle_account_warns_nobody_and_costs_nothing_more(world, traffic) -> None:
    for key in world.ids:
        world.aws.remove_distribution(world.account, key)
    world.aws.add_distribution(world.account, traffic=traffic)
    world.run()
    world.run_for(7 * 60)
    records = world.func.records
    assert {record.status for record in records} == {"success"}
    assert [text for record in records for text in record.return_value["warnings"]] == []
    assert {record.return_value["metrics_billed"] for record in records} == {6}


def test_values_three_hours_late_cost_no_metric_more(world) -> None:
    world.run()
    start = NOW + 30 * MINUTE
    for minute in range(start, start + HOUR, MINUTE):
        # One distribution alone: that is no silence.
        world.aws.delay_minute(world.ids[0], minute, visible_at=minute + MINUTE + 3 * HOUR)
    world.datakit.set_right()
    world.run_for(5 * 60)
    records = world.func.records
    assert {record.return_value["metrics_billed"] for record in records} == {18}
    assert {len(record.return_value["windows"]) for record in records} == {1}
    assert world.missing_or_wrong() == ({}, {})
    assert world.sent_again() == []
