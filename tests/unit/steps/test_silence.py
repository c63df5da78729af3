"""All distributions of a busy account without values at once: it is said, looked after, and made up for."""

import pytest

from tests.unit.runs import END, HOUR, MINUTE, UNREACHABLE, minutes

SILENT = (
    "No distribution has had values since 2026-03-01 09:57 UTC, though there were some in nearly every minute before"
)


@pytest.fixture
def silent(world):
    """A world that has no values from END on, until they are there at once after so many hours."""
    world.configs["datakit_keeps_time"] = True
    world.run()
    world.back_at = float("inf")
    world.value = lambda source, minute: 10.0 if minute < END or world.clock.time() >= world.back_at else None
    return world


def silence(world):
    return world.progress()["silence"]


def test_a_silence_is_said_after_a_quarter_of_an_hour_and_kept(silent) -> None:
    assert silent.run(10)["warnings"] == []
    (warning,) = silent.run(5)["warnings"]
    assert warning.startswith(SILENT)
    assert silence(silent) == [END, "E1", []]
    # While a regular look reaches its beginning, it costs nothing.
    summary = silent.run_for(150)
    assert (len(summary["warnings"]), summary["metrics_billed"]) == (1, 12)


def test_it_costs_one_metric_of_one_distribution_while_no_regular_look_reaches_it(silent) -> None:
    silent.run_for(4 * 60)
    silent.asked()
    summary = silent.run(5)
    probe, recent = silent.asked()
    assert (probe[0], probe[2]) == (END, ["E1"])
    # Up to where all has been asked for three hours later.
    assert probe[1] == silent.progress()["settled"] or probe[1] < recent[0] + HOUR
    assert recent[2] == ["E1", "E2"]
    assert summary["metrics_billed"] == 13


def test_what_comes_late_is_asked_for_again_and_sent_once(silent, capsys) -> None:
    silent.run_for(8 * 60)
    silent.arrived()
    silent.back_at = silent.clock.time() + 60
    capsys.readouterr()
    summary = silent.run(5)
    assert "Late values have come: 2026-03-01 09:57 to " in capsys.readouterr().out
    assert (summary["warnings"], summary["waiting"], silence(silent)) == ([], [], None)
    end = END + 8 * HOUR + 300
    assert silent.arrived() == sorted(minutes("E1", END, end) + minutes("E2", END, end))
    assert silent.run(5)["metrics_billed"] == 12


def test_what_comes_in_parts_is_asked_for_part_by_part(silent, capsys) -> None:
    silent.run_for(8 * 60)
    silent.arrived()
    part = END + HOUR
    silent.value = lambda source, minute: 10.0 if minute < part else None
    silent.run(5)
    assert (
        "Late values have come: 2026-03-01 09:57 to 2026-03-01 10:57 UTC (1 h) is requested again"
        in capsys.readouterr().out
    )
    assert silent.arrived() == sorted(minutes("E1", END, part) + minutes("E2", END, part))
    assert silence(silent)[2] == [[END, part]]
    silent.asked()
    silent.run(5)
    # The part that has come is not asked for again.
    assert [sources for _, _, sources in silent.asked()] == [["E1"], ["E1", "E2"]]
    silent.back_at = 0
    silent.value = lambda source, minute: 10.0
    silent.run(5)
    end = END + 8 * HOUR + 900
    assert silent.arrived() == sorted(minutes("E1", part, end) + minutes("E2", part, end))
    assert silence(silent) is None


def test_a_look_for_late_values_that_fails_is_a_failure_and_costs_nothing_else(silent, capsys) -> None:
    silent.run_for(5 * 60)
    silent.fails = lambda request: UNREACHABLE if len(request["MetricDataQueries"]) == 1 else None
    capsys.readouterr()
    assert "(1) AWS could not be reached." in silent.fail(5)
    assert "Cost: 12 metrics requested" in capsys.readouterr().out
    assert silent.progress()["at"] == END + 5 * HOUR + 300
    assert silence(silent) == [END, "E1", []]


def test_values_that_come_back_within_a_regular_look_end_it(silent) -> None:
    silent.run_for(30)
    assert silence(silent) is not None
    silent.back_at = 0
    assert silent.run(5)["warnings"] == []
    assert silence(silent) is None


def test_a_value_of_its_first_minute_is_one_since_it_began(silent) -> None:
    silent.run_for(30)
    silent.value = lambda source, minute: 10.0 if minute <= END else None
    assert silent.run(5)["warnings"] == []
    assert silence(silent)[0] == END


def test_what_was_reported_after_the_silence_is_not_taken_for_late(silent, capsys) -> None:
    silent.run_for(30)
    begin = END + 30 * MINUTE
    silent.value = lambda source, minute: None if END <= minute < begin else 10.0
    assert silent.run(5)["warnings"] == []
    assert silence(silent) == [END, "E1", [[begin, begin + 5 * MINUTE]]]
    capsys.readouterr()
    # Of half an hour without values, late ones are looked for until ten times as much is three hours old.
    for _ in range(49):
        assert silent.run(5)["metrics_billed"] <= 13
    assert silence(silent) == [END, "E1", [[begin, END + 280 * MINUTE]]]
    assert "Late values" not in capsys.readouterr().out
    silent.run_for(230)
    assert silence(silent) is None


def test_after_a_day_nothing_is_looked_for_any_more(silent) -> None:
    silent.run_for(24 * 60, every=15)
    assert silence(silent) is not None
    assert silent.run(15)["warnings"][0].startswith(SILENT)
    assert silent.run(15)["warnings"] == []
    assert silence(silent) is None
    assert silent.run(15)["metrics_billed"] == 12


def test_one_distribution_that_goes_on_is_no_silence(silent) -> None:
    silent.value = lambda source, minute: 10.0 if minute < END or source == "E2" else None
    assert silent.run_for(60)["warnings"] == []
    assert silence(silent) is None


@pytest.mark.parametrize("ago", [100, 150, 190, 210, 260])
@pytest.mark.parametrize("outage", [225, 300, 480])
def test_values_that_a_catch_up_has_still_to_report_are_no_silence(world, outage, ago) -> None:
    world.configs["datakit_keeps_time"] = True
    world.run()
    world.run_for(240)
    # Traffic ends while the collector is down: in the newest window there may be no value at all.
    ended = world.progress()["at"] + max(0, outage - ago) * MINUTE
    world.value = lambda source, minute: 10.0 if minute < ended else None
    world.run(outage)
    world.run_for(200)
    found = world.arrived()
    assert found == sorted(minutes("E1", END - HOUR, ended) + minutes("E2", END - HOUR, ended))


def test_older_minutes_that_are_still_to_come_do_not_hide_a_silence(world) -> None:
    world.configs["datakit_keeps_time"] = True
    world.fails = lambda request: UNREACHABLE if request["EndTime"] <= END - 3 * HOUR else None
    world.fail(first_lookback=6 * HOUR)
    world.value = lambda source, minute: 10.0 if minute < END else None
    for _ in range(4):
        world.fail(5)
    assert world.progress()["backlog"] == [[END - 6 * HOUR, END - 3 * HOUR, [], False]]
    assert silence(world)[:2] == [END, "E1"]
