"""Points that a DataKit would give another time: it is asked once a run, only when there are any, and they wait."""

import pytest

from guance_aws_cloudfront.guance.sink import REDATED_COUNTER
from tests.conftest import NOW
from tests.unit.runs import END, HOUR, UNREACHABLE, Connector, minutes, record

# A first run looks back three hours, and this is the oldest minute that any connector takes.
LIMIT = NOW - 6600


class DataKit(Connector):
    """A DataKit that tells its version and its metrics, and re-dates old points unless it is set right."""

    def __init__(self, world, version):
        super().__init__(world)
        self._version, self.redates, self.has_redated, self.asked, self.probes = version, True, False, [], []

    def get(self, path):
        self.asked.append(path)
        if path == "/v1/ping":
            return 200, {"content": {"version": self._version}}
        return 200, f"datakit_{REDATED_COUNTER if self.has_redated else ''}"

    def write_by_category_many(self, category, points):
        old = [point for point in points if point["timestamp"] < self._world.clock.time() - 7200]
        if old and category == "custom_object":
            self.probes.extend(old)
        self.has_redated = self.has_redated or bool(self.redates and old)
        return super().write_by_category_many(category, points)


def connect(world, version="1.80.0"):
    """Put a DataKit in the place of the connector."""
    datakit = DataKit(world, version)
    world.CONN = lambda connector_id: datakit
    return datakit


def refuse_events(category, points):
    """What a connector answers that takes no events."""
    if category == "keyevent":
        raise Exception("POST http://datakit failed. Status Code: 403, Response: no")


def test_a_datakit_is_not_asked_while_no_point_is_old(world) -> None:
    datakit = connect(world)
    world.run()
    world.run(5)
    assert datakit.asked == []


@pytest.mark.parametrize("seconds", [0, 1, 59])
def test_what_is_older_than_any_datakit_takes_waits(world, seconds) -> None:
    datakit = connect(world)
    world.clock.advance(seconds)
    first = LIMIT + (60 if seconds else 0)
    (warning,) = world.run(first_lookback=3 * HOUR)["warnings"]
    assert world.arrived() == sorted(minutes("E1", first, END) + minutes("E2", first, END))
    assert world.progress()["backlog"] == [[END - 3 * HOUR, first, ["E1", "E2"], True]]
    assert warning.startswith("Minutes from 2026-03-01 06:57 to 2026-03-01 08:1")
    assert "UTC wait (1 h 1" in warning
    assert "for DataKit 1.80.0 gives points older than 2 h the present time. In DataKit's configuration set" in warning
    # Asked once: its version, whether it has re-dated, and once more after an object of the account was tried.
    assert datakit.asked == ["/v1/ping", "/metrics", "/metrics"]
    (probe,) = datakit.probes
    assert (probe["tags"]["Id"], probe["timestamp"]) == ("E1", NOW + seconds - 24 * HOUR)


def test_what_waited_arrives_when_the_datakit_is_set_right(world) -> None:
    datakit = connect(world)
    world.run(first_lookback=3 * HOUR)
    world.arrived()
    # Its counter is gone when it has been restarted.
    datakit.redates = datakit.has_redated = False
    datakit.asked.clear()
    assert world.run(5)["warnings"] == []
    expected = [(key, at) for key in ("E1", "E2") for _, at in minutes(key, END - 3 * HOUR, LIMIT)]
    assert world.arrived() == sorted(expected + minutes("E1", END, END + 300) + minutes("E2", END, END + 300))
    assert world.progress()["backlog"] == []
    assert datakit.asked == ["/v1/ping", "/metrics", "/metrics"]


def test_without_an_object_to_try_it_with_the_points_wait(world) -> None:
    datakit = connect(world)
    datakit.redates = False
    world.run()
    world.records = []
    # The deleted distributions' last minutes, of which nobody has asked for hours.
    (warning,) = world.run(4 * 60)["warnings"]
    assert "there is no object to try it with" in warning
    assert datakit.probes == []


def test_minutes_that_wait_in_several_stretches_count_once(world) -> None:
    connect(world)
    world.run()
    world.run(4 * 60)
    # The second outage begins where the first one ended, and a run looks back three hours.
    (warning,) = world.run(4 * 60)["warnings"]
    assert warning.startswith("Minutes from 2026-03-01 08:57 to 2026-03-01 16:10 UTC wait (7 h 13 min), for ")
    for _ in range(24):
        world.run(15)
    (warning,) = world.run(4 * 60)["warnings"]
    assert warning.startswith("Minutes from 2026-03-01 08:57 to 2026-03-02 02:10 UTC wait (12 h 26 min), for ")


def test_what_waits_for_something_else_is_not_warned_of(world) -> None:
    connect(world)
    world.run()
    world.status = lambda source, metric: "InternalError" if source == "E1" else "Complete"
    assert "wait (" not in world.fail(5)
    assert world.run(5, distributions=["E2"])["warnings"] == []


def test_an_old_datakit_keeps_the_time(world) -> None:
    datakit = connect(world, "1.77.3")
    assert world.run(first_lookback=3 * HOUR)["warnings"] == []
    assert len(world.arrived()) == 2 * 180
    assert datakit.asked == ["/v1/ping"]


def test_where_nothing_waits_or_nobody_was_asked_nothing_is_said(world) -> None:
    datakit = connect(world)
    world.run(first_lookback=3 * HOUR)
    # CloudWatch answers nothing: the run does not get to what waits.
    world.fails = lambda request: UNREACHABLE
    assert "wait (" not in world.fail(5)
    world.fails = lambda request: None
    # It keeps the time now, and there is no time for what waits.
    datakit.redates = datakit.has_redated = False
    world.seconds["GetMetricData"] = 170
    (warning,) = world.run(4 * 60)["warnings"]
    assert warning.startswith("The time limit is near: ")
    world.seconds.clear()
    world.run(5)


def test_an_event_that_is_old_leaves_nothing_waiting(world) -> None:
    datakit = connect(world)
    world.configs["events"] = True
    world.run()
    world.before_write = refuse_events
    world.records = [record("E1", PriceClass="other", LastModifiedTime=NOW + 60.0), record("E2")]
    world.fail(5)
    for _ in range(25):
        world.fail(5)
    world.before_write = lambda category, points: None
    assert world.run(5)["warnings"] == []
    assert world.arrived("keyevent") == [("E1", world.clock.time())]
    assert datakit.asked[0] == "/v1/ping"
