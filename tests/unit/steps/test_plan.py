"""Where a run goes on, and what a preview says of what it asks for."""

from tests.conftest import NOW
from tests.unit.runs import END, HOUR, MINUTE, UNREACHABLE, minutes, record


def test_the_first_run_says_where_it_begins_and_keeps_it_before_its_first_call(world, capsys) -> None:
    world.configs["datakit_keeps_time"] = True
    world.errors["ListDistributions"] = UNREACHABLE
    world.fail()
    assert "First run: collecting from 2026-03-01 08:57 UTC on." in capsys.readouterr().out
    assert world.progress()["at"] == world.progress()["settled"] == END - HOUR
    world.errors.clear()
    world.run(3 * 60)
    assert "First run" not in capsys.readouterr().out
    # A first hour of failures is caught up, and the lookback before it.
    assert min(start for start, _, _ in world.asked()) == END - HOUR - 15 * MINUTE


def test_a_preview_says_that_it_begins_as_a_first_run_would(world, capsys) -> None:
    world.run()
    capsys.readouterr()
    world.run(24 * 60, is_dry_run=True)
    said = capsys.readouterr().out
    assert "As a first run would: collecting from 2026-03-02 08:57 UTC on." in said
    assert "First run" not in said


def test_what_is_too_old_is_given_up_by_name(world) -> None:
    world.run()
    (given_up, _) = world.run(54 * 60)["warnings"]
    assert given_up == (
        "6 h from 2026-03-01 09:57 to 2026-03-01 15:57 UTC are given up: 'max_catch_up' is 2 d. To have them all the "
        'same, within 15 days, see "Reset" in README.'
    )


def test_what_cloudwatch_has_not_answered_of_one_distribution_is_given_up_for_it_alone(world) -> None:
    world.configs["datakit_keeps_time"] = True
    world.run()
    world.status = lambda source, metric: "InternalError" if source == "E1" else "Complete"
    world.fail(5)
    world.status = lambda source, metric: "Complete"
    (of_all, of_one) = world.run(3 * 60, max_catch_up=3600)["warnings"]
    assert of_all.startswith("2 h from 2026-03-01 10:02 to 2026-03-01 12:02 UTC are given up: 'max_catch_up' is 1 h.")
    assert of_one.startswith(
        "20 min from 2026-03-01 09:42 to 2026-03-01 10:02 UTC of E1, which CloudWatch has not answered, are given up: "
        "'max_catch_up' is 1 h."
    )


def test_a_watermark_that_nobody_understands_is_said_and_begins_again(world) -> None:
    world.STORE.set("watermark/aws/prod", {"version": 1, "at": NOW, "backlog": 7}, scope="guance_aws_cloudfront")
    (warning,) = world.run()["warnings"]
    assert warning.startswith("Func's STORE holds an unknown watermark (")
    assert world.progress()["at"] == END


def test_where_it_is_not_known_what_was_sent_only_the_lookback_is_sent_again(world) -> None:
    world.configs["datakit_keeps_time"] = True
    world.run()
    world.run_for(4 * 60)
    world.arrived()
    world.cache.rows.clear()
    world.run(5)
    end = END + 4 * HOUR + 300
    assert world.arrived() == sorted(minutes("E1", end - 1200, end) + minutes("E2", end - 1200, end))


def test_where_it_is_not_known_what_was_sent_late_values_of_the_lookback_are_found_all_the_same(world) -> None:
    world.configs["datakit_keeps_time"] = True
    late = END + 4 * HOUR - 5 * MINUTE
    world.value = lambda source, minute: None if minute == late and world.clock.time() < late + 2 * HOUR else 10.0
    world.run()
    world.run_for(4 * 60)
    world.cache.rows.clear()
    world.run_for(3 * 60 + 30)
    assert ("E1", late) in world.arrived()


def test_a_preview_says_what_each_window_asks_for(world, capsys) -> None:
    world.records = [record(f"E{number:03}") for number in range(90)]
    world.run(is_dry_run=True)
    said = capsys.readouterr().out.splitlines()
    asked = said.index("GetMetricData, for each window: 540 metrics in 2 calls, $0.00540.")
    assert said[asked + 1].startswith("  default metrics of 90 distributions: Requests Sum, ")
    assert said[asked + 1].endswith(".")


def test_what_was_asked_is_not_said_in_a_run(world, capsys) -> None:
    world.run()
    assert "for each window" not in capsys.readouterr().out
