"""The objects of a run: when they are due, and what becomes of those that the connector does not take."""

from types import SimpleNamespace

import pytest

from guance_aws_cloudfront.steps.objects import are_objects_due
from tests.conftest import NOW
from tests.unit.runs import record


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (None, True),
        (NOW, False),
        (NOW - 839, False),
        # A crontab that fires up to a minute early.
        (NOW - 840, True),
        # A clock that was ahead when it was written down must not put them off.
        (NOW + 1, True),
        (NOW + 86400, True),
    ],
)
def test_objects_are_due_after_their_interval(last, due) -> None:
    said = []
    run = SimpleNamespace(
        now=lambda: NOW + 0.5,
        state=SimpleNamespace(objects_at=lambda: last),
        config=SimpleNamespace(object_interval=900),
        log=SimpleNamespace(say=said.append),
    )
    assert are_objects_due(run) is due
    assert bool(said) is not due


def objects_at(world):
    """The time that is kept of the last complete report."""
    return (world.STORE.get("objects_at/aws/prod", scope="guance_aws_cloudfront") or {}).get("at")


def fails_with(world, status, category="custom_object", times=10_000):
    """Let so many writes of a category fail with an HTTP status, without a word on the points."""
    left = [None] * times

    def fail(of, points):
        if of == category and left:
            left.pop()
            raise Exception(f"POST http://datakit failed. Status Code: {status}, Response: no")

    world.before_write = fail


def test_objects_are_reported_when_due_and_it_is_said_when_they_will_be(world, capsys) -> None:
    assert world.run()["objects"] == 2
    assert "Objects: 2 reported as aws_cloudfront." in capsys.readouterr().out
    assert world.arrived("custom_object") == [("E1", NOW), ("E2", NOW)]
    assert objects_at(world) == NOW
    assert world.run(5)["objects"] == 0
    assert "Objects: not due before 2026-03-01 10:15 UTC." in capsys.readouterr().out
    assert world.run(10)["objects"] == 2
    assert objects_at(world) == NOW + 900


def test_objects_go_out_in_posts_of_a_hundred(world) -> None:
    world.records = [record(f"E{number:03}") for number in range(250)]
    assert world.run()["objects"] == 250
    assert [number for category, number in world.writes if category == "custom_object"] == [100, 100, 50]


def test_a_refused_object_is_named_and_the_others_are_written(world) -> None:
    world.refuses = lambda category, point: category == "custom_object" and point["tags"]["Id"] == "E2"
    said = world.fail()
    assert "The connector refused the object of E2 (datakit.invalidLinePoint: bad). Report it with this line." in said
    assert world.arrived("custom_object") == [("E1", NOW)]
    # It would be refused for ever.
    assert objects_at(world) == NOW


@pytest.mark.parametrize("status", [400, 403, 500])
def test_objects_that_a_living_connector_does_not_take_cost_no_metric_and_are_reported_by_the_next_run(
    world, status, capsys
) -> None:
    world.records = [record(f"E{number:03}") for number in range(150)]
    fails_with(world, status)
    said = world.fail(first_lookback=60)
    assert "(1) Objects: Writing 100 points to the connector" in said
    assert "Objects: 0 reported as aws_cloudfront." in capsys.readouterr().out
    assert len(world.arrived()) == 150
    assert objects_at(world) is None
    world.before_write = lambda category, points: None
    assert world.run(5)["objects"] == 150


def test_one_batch_of_objects_that_fails_costs_the_next_one_nothing(world) -> None:
    world.records = [record(f"E{number:03}") for number in range(150)]
    fails_with(world, 403, times=1)
    world.fail()
    assert len(world.arrived("custom_object")) == 50
    assert objects_at(world) is None


def test_a_connector_that_is_gone_ends_the_run_before_cloudwatch_is_asked(world) -> None:
    def is_gone(category, points):
        raise Exception("POST http://datakit failed. Error: [Errno 104] Connection reset by peer")

    world.before_write = is_gone
    assert 'Writing 2 points to the connector "datakit" failed' in world.fail()
    assert (len(world.requests), objects_at(world)) == (0, None)


@pytest.mark.parametrize(("seconds", "written"), [(240, 100), (239, 200)])
def test_no_objects_are_written_when_the_time_limit_is_over(world, seconds, written) -> None:
    world.records = [record(f"E{number:03}") for number in range(250)]
    world.seconds["custom_object"] = seconds
    assert "The time limit is over before all objects were written; the next run goes on." in world.fail()
    assert len(world.arrived("custom_object")) == written
    assert objects_at(world) is None


def test_a_dry_run_says_that_objects_would_be_reported(world, capsys) -> None:
    world.run(is_dry_run=True)
    assert "Objects: 2 would be reported as aws_cloudfront." in capsys.readouterr().out
