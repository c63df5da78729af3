"""A DataKit gives points older than two hours the present time: none is spoilt or lost, and the present comes first."""

import pytest

from devtools.demo.judge import seen, truth
from devtools.guance.datakit import DataKit
from tests.conftest import NOW
from tests.contract.conftest import SET
from tests.faults.world import DATAWAY_TOKEN, HOUR, MINUTE, SETTLED

pytestmark = pytest.mark.newest

WAITS = "ENV_IO_AUTO_TIMESTAMP_CORRECTION=false"


def spoilt(world):
    """Points that arrived with another time than their own."""
    return [point for point in world.datakit.points() if "__orig_time" in point.fields and point.category == "metric"]


def after_an_outage(world, hours=5.0):
    """Two good runs, an outage of the sink, and the first run after it."""
    world.run()
    world.run_for(6)
    world.datakit.go_down()
    world.run_for(hours * 60)
    world.datakit.come_up()
    world.clock.advance(5 * MINUTE)
    return world.run()


def missing(world, start, end):
    """Of which distributions and minutes CloudWatch has values in [start, end) that the sink has not."""
    found = seen(world.datakit)
    return {key for key, values in truth(world.aws, world.ids, start, end).items() if found.get(key) != values}


def readable_counter(world):
    world.datakit.is_remote = False


def forbidden_counter(world):
    world.datakit.is_remote = True


@pytest.mark.parametrize("reachable", [readable_counter, forbidden_counter])
def test_what_a_datakit_would_redate_waits_and_the_last_two_hours_are_there_at_once(world, reachable) -> None:
    reachable(world)
    world.datakit.keeps_time = False
    record = after_an_outage(world)
    now = int(world.clock.time())
    assert record.status == "success"
    assert record.log.count(WAITS) == 1
    assert len(record.return_value["warnings"]) == 1
    assert spoilt(world) == []
    assert missing(world, now - 105 * MINUTE, now - SETTLED - MINUTE) == set()
    assert missing(world, NOW, now - 2 * HOUR) != set()
    # It goes on like that, and the stretch does not grow.
    waiting = record.return_value["waiting"]
    world.run_for(3 * 60)
    last = world.func.records[-1]
    assert (last.status, last.return_value["waiting"]) == ("success", waiting)
    assert last.return_value["metrics_billed"] == 18
    assert spoilt(world) == []


@pytest.mark.parametrize("reachable", [readable_counter, forbidden_counter])
def test_when_it_is_set_right_all_is_caught_up_by_itself(world, reachable) -> None:
    reachable(world)
    world.datakit.keeps_time = False
    after_an_outage(world)
    world.datakit.set_right()
    if reachable is forbidden_counter:
        # Nobody can see that it keeps the time: the user says so.
        world.configure({"datakit_keeps_time": True})
    world.run_for(11)
    assert {record.status for record in world.func.records[-2:]} == {"success"}
    assert world.func.records[-1].return_value["waiting"] == []
    assert world.missing_or_wrong() == ({}, {})
    assert world.sent_again() == []
    assert spoilt(world) == []


@pytest.mark.parametrize("version", ["1.77.3", "1.60.0"])
def test_an_older_datakit_keeps_the_time_and_all_is_there_after_one_run(world, version) -> None:
    world.datakit.keeps_time, world.datakit.version = False, version
    record = after_an_outage(world)
    assert (record.status, record.return_value["waiting"]) == ("success", [])
    assert world.missing_or_wrong() == ({}, {})
    assert world.sent_again() == []


def test_a_dataway_is_not_asked_and_all_is_there_after_one_run(world) -> None:
    world.run()
    with DataKit(clock=world.clock, token=DATAWAY_TOKEN) as dataway:
        address = f"{dataway.url}?token={DATAWAY_TOKEN}"
        world.func.add_connector("dataway", "df_dataway", url=address, token=DATAWAY_TOKEN)
        world.configure({"datakit_id": "dataway"})
        world.clock.advance(5 * HOUR)
        record = world.run()
        assert (record.status, record.return_value["waiting"]) == ("success", [])
        now = int(world.clock.time())
        assert truth(world.aws, world.ids, NOW, now - SETTLED).items() <= seen(dataway).items()


def test_a_first_look_back_of_a_day_shows_two_hours_and_the_rest_when_it_is_set_right(world) -> None:
    world.datakit.keeps_time = False
    world.configure({"first_lookback": 24 * HOUR})
    record = world.run()
    now = int(world.clock.time())
    assert (record.status, record.log.count(WAITS)) == ("success", 1)
    assert missing(world, now - 105 * MINUTE, now - SETTLED) == set()
    assert spoilt(world) == []
    world.datakit.set_right()
    world.run_for(11)
    assert world.func.records[-1].return_value["waiting"] == []
    assert missing(world, now - 24 * HOUR, now - SETTLED) == set()
    assert world.sent_again() == []


def test_a_revision_of_an_old_minute_waits_for_its_distribution_alone(world) -> None:
    world.datakit.keeps_time = False
    world.run()
    world.run_for(2.7 * 60)
    # The deeper look finds it when it is three hours old.
    world.aws.revise(world.ids[0], "Requests", NOW + 4 * MINUTE, 4321.0, at=world.clock.time())
    world.run_for(60)
    (waiting,) = world.func.store.get("watermark/aws/prod", SET)["backlog"]
    assert waiting == [NOW + 4 * MINUTE, NOW + 5 * MINUTE, [world.ids[0]], True]
    assert spoilt(world) == []
    world.datakit.set_right()
    world.run_for(11)
    assert world.missing_or_wrong() == ({}, {})
    assert world.sent_again() == []
