"""One run of one account: what is asked, in which order, what is kept, and how the run ends."""

import pytest

from guance_aws_cloudfront.errors import CollectError, RunSkipped
from tests.conftest import NOW
from tests.unit.runs import END, HOUR, MINUTE, UNREACHABLE, minutes

REACH = 200 * MINUTE
RUNNING = ("guance_aws_cloudfront", "run/aws/prod")


def test_the_first_run_reports_an_hour_and_says_what_it_did(world, capsys) -> None:
    assert world.run() == {
        "account": "prod",
        "partition": "aws",
        "events": 0,
        "distributions": 2,
        "objects": 2,
        "points": {"new": 120, "changed": 0, "unchanged": 0},
        "windows": [["2026-03-01T08:57:00Z", "2026-03-01T09:57:00Z"]],
        "watermark": "2026-03-01T09:57:00Z",
        "waiting": [],
        "metrics_billed": 12,
        "estimated_price_usd": 0.00012,
        "calls": {"GetMetricData": 1, "ListDistributions": 1},
        "warnings": [],
    }
    said = capsys.readouterr().out.splitlines()
    assert 'account "prod" (aws), metrics from us-east-1, to the connector "datakit".' in said[0]
    assert said[-2:] == [
        "Cost: 12 metrics requested from GetMetricData, $0.00012; a run every 5 minutes is about $1.04 a month.",
        "AWS calls: 1 GetMetricData, 1 ListDistributions. Done in 0.0 s.",
    ]


def test_the_log_ends_with_the_seconds_that_the_run_took(world, capsys) -> None:
    world.seconds["ListDistributions"] = 7
    world.run()
    assert capsys.readouterr().out.splitlines()[-1].endswith("Done in 7.0 s.")


def test_a_second_run_of_the_same_minute_asks_for_the_lookback_alone_and_sends_nothing(world) -> None:
    world.run()
    world.asked(), world.arrived(), world.arrived("custom_object")
    assert world.run()["points"] == {"new": 0, "changed": 0, "unchanged": 30}
    assert world.asked() == [(END - 900, END, ["E1", "E2"])]
    assert world.points == []


def test_a_run_beside_another_is_skipped_and_leaves_it_its_claim(world) -> None:
    def begin_another(name):
        if name == "STORE.get" and not skipped:
            skipped.append(None)
            with pytest.raises(RunSkipped, match="another run has been under way since 2026-03-01T10:00:00Z; this one"):
                world.run()

    skipped = []
    world.on_event = begin_another
    world.run()
    assert skipped and len(world.requests) == 1
    assert RUNNING not in world.cache.rows


def test_a_run_that_fails_releases_the_account_and_says_which_calls_it_made(world, capsys) -> None:
    world.errors["ListDistributions"] = UNREACHABLE
    assert "1 part of the run failed. (1) AWS could not be reached." in world.fail()
    assert RUNNING not in world.cache.rows
    assert "AWS calls: 1 ListDistributions." in capsys.readouterr().out
    world.errors.clear()
    world.run(1)


def test_a_connector_that_is_missing_ends_the_run_before_aws_is_called(world, capsys) -> None:
    world.CONN = lambda connector_id: object()
    assert 'The connector "datakit" cannot write points' in world.fail()
    assert "AWS calls: none." in capsys.readouterr().out


def test_a_dry_run_shows_points_and_keeps_and_writes_nothing(world, capsys) -> None:
    summary = world.run(is_dry_run=True)
    assert (summary["points"]["new"], summary["objects"]) == (120, 2)
    assert (world.points, world.store.rows, world.cache.rows) == ([], {}, {})
    said = capsys.readouterr().out
    assert ", dry run, nothing is written." in said.splitlines()[0]
    assert "GetMetricData, for each window: 12 metrics in 1 call, $0.00012." in said
    assert "Shown: 2 of 2 objects, 5 of 120 points." in said


def test_where_no_distribution_is_chosen_nothing_is_asked_and_the_watermark_stays(world) -> None:
    world.run()
    summary = world.run(5, distributions=["nothing*"])
    assert summary["warnings"][-1] == (
        "No distribution is chosen: nothing is collected, and the watermark stays where it is."
    )
    assert (world.progress()["at"], len(world.requests)) == (END, 1)
    # What was left out is made up for.
    world.run(5)
    assert world.requests[-1]["StartTime"] == END - 900


def test_an_account_without_distributions_has_nothing_to_say(world) -> None:
    world.records = []
    assert world.run()["warnings"] == []
    assert (world.progress()["at"], world.requests) == (END, [])


def test_after_an_outage_the_present_comes_first_and_the_newest_of_the_rest_next(world) -> None:
    world.configs["datakit_keeps_time"] = True
    world.run()
    world.asked(), world.arrived()
    summary = world.run(9 * 60)
    end = END + 9 * HOUR
    # Three hours before the watermark are looked at once more, as far back as the first run began.
    assert [window[:2] for window in world.asked()] == [
        *((end - REACH, end), (end - 2 * REACH, end - REACH), (END - HOUR, end - 2 * REACH))
    ]
    assert summary["windows"][0] == ["2026-03-01T15:37:00Z", "2026-03-01T18:57:00Z"]
    assert (len(summary["windows"]), summary["metrics_billed"], summary["waiting"]) == (3, 36, [])
    assert world.arrived() == sorted(minutes("E1", END, end) + minutes("E2", END, end))


@pytest.mark.parametrize(("seconds", "windows"), [(96, 2), (97, 1), (48, 4)])
def test_a_window_is_begun_while_half_as_long_again_as_the_longest_one_is_left(world, seconds, windows) -> None:
    world.configs["datakit_keeps_time"] = True
    world.run()
    world.asked()
    world.seconds["GetMetricData"] = seconds
    summary = world.run(18 * 60)
    assert len(world.asked()) == windows
    assert summary["warnings"] == [f"The time limit is near: {6 - windows} windows left for the next run."]
    world.seconds.clear()
    world.arrived()
    assert world.run(5)["waiting"] == []
    assert world.progress()["backlog"] == []


@pytest.mark.parametrize(("seconds", "windows"), [(239, 1), (240, 1), (241, 0)])
def test_no_window_is_begun_after_the_time_limit(world, seconds, windows) -> None:
    world.run()
    world.seconds["ListDistributions"] = seconds
    if seconds == 239:
        assert world.run(5)["warnings"] == []
    elif seconds == 240:
        assert "The time limit is over before all metrics were requested." in world.fail(5)
    else:
        assert world.run(5)["warnings"] == ["The time limit is near: 1 window left for the next run."]
    assert world.progress()["at"] == END + (300 if seconds == 239 else 0)


def test_aws_knows_how_much_of_the_time_limit_is_left(world) -> None:
    world.seconds["ListDistributions"] = 7
    world.run(metrics=["CacheHitRate"])
    assert world.seconds_left == [240, 233]


def test_a_preview_says_how_many_windows_its_time_leaves_out(world) -> None:
    world.seconds["GetMetricData"] = 150
    summary = world.run(is_dry_run=True, first_lookback=9 * HOUR)
    assert summary["warnings"] == ["The time of a preview is over: 2 windows are left out of it."]


def test_what_a_run_did_not_get_to_is_kept_and_asked_for_by_the_next(world) -> None:
    world.configs["datakit_keeps_time"] = True
    world.run()
    world.fails = lambda request: UNREACHABLE if request["EndTime"] < END + 9 * HOUR else None
    world.arrived()
    world.fail(9 * 60)
    # The present is reported, the first window of the rest is not answered, and no further one is tried.
    end = END + 9 * HOUR
    assert world.progress()["at"] == end
    assert world.progress()["backlog"] == [[END - HOUR, end - REACH, [], False]]
    assert len(world.requests) == 3
    world.fails = lambda request: None
    world.run(5)
    assert world.progress()["backlog"] == []
    assert world.arrived() == sorted(minutes("E1", END, end + 300) + minutes("E2", END, end + 300))


def test_a_window_of_one_distribution_that_is_not_answered_costs_the_others_nothing(world) -> None:
    world.configs["datakit_keeps_time"] = True
    # First the older half of six hours is not answered, then the present of E1: that window comes before the older one.
    world.fails = lambda request: UNREACHABLE if request["EndTime"] <= END - 3 * HOUR else None
    world.fail(first_lookback=6 * HOUR)
    world.status = lambda source, metric: "InternalError" if source == "E1" else "Complete"
    world.fail(5)
    of_e1 = [END - 900, END + 300, ["E1"], False]
    assert world.progress()["backlog"] == [[END - 6 * HOUR, END - 3 * HOUR, [], False], of_e1]
    world.status = lambda source, metric: "Complete"
    world.fails = lambda request: UNREACHABLE if len(request["MetricDataQueries"]) < 12 else None
    world.fail(5)
    # The window of E1 was asked for, not answered, and the older one of all distributions was reported.
    assert world.progress()["backlog"] == [of_e1]


def test_the_progress_is_kept_after_each_window(world) -> None:
    world.configs["datakit_keeps_time"] = True
    world.run()
    kept = []

    def look(category, points):
        if category == "metric":
            kept.append((world.progress()["at"], points[0]["timestamp"]))

    world.before_write = look
    world.run(6 * 60)
    end, first = END + 6 * HOUR, world.requests[1]["StartTime"]
    # While the present is written, the watermark is the old one; while the rest is written, the new one.
    assert {at for at, minute in kept if minute >= first} == {END}
    assert {at for at, minute in kept if minute < first} == {end}


def test_a_sink_that_goes_away_leaves_the_watermark_and_the_next_run_goes_on(world) -> None:
    def go_away(category, points):
        if category == "metric":
            raise Exception("POST http://datakit failed. Error: [Errno 104] Connection reset by peer")

    world.run()
    world.arrived()
    world.before_write = go_away
    said = world.fail(5)
    assert 'Writing 10 points to the connector "datakit" failed' in said
    assert world.progress()["at"] == END
    world.before_write = lambda category, points: None
    world.run(5)
    assert world.arrived() == sorted(minutes("E1", END, END + 600) + minutes("E2", END, END + 600))


def takes_nothing(world, times):
    """Let the connector answer so many writes of metrics with 503."""
    left = [None] * times

    def busy(category, points):
        if category == "metric" and left:
            left.pop()
            raise Exception("POST http://datakit failed. Status Code: 503, Response: busy")

    world.before_write = busy


def test_a_write_that_took_nothing_is_tried_again_after_a_pause_which_is_said(world, capsys) -> None:
    takes_nothing(world, 2)
    world.run()
    said = capsys.readouterr().out
    for seconds in (1, 3):
        why = "POST http://datakit failed. Status Code: 503, Response: busy"
        assert f"  The connector did not take it ({why}); again in {seconds} s." in said
    assert said.splitlines()[-1].endswith("Done in 4.0 s.")
    assert len(world.arrived()) == 120


@pytest.mark.parametrize(("seconds", "attempts"), [(239, 1), (238, 2), (236, 2), (235, 3)])
def test_a_write_is_tried_again_only_while_there_is_time_left_after_the_pause(world, seconds, attempts) -> None:
    takes_nothing(world, 99)
    world.seconds["GetMetricData"] = seconds
    assert 'Writing 100 points to the connector "datakit" failed' in world.fail()
    assert [category for category, _ in world.writes].count("metric") == attempts


def test_the_last_lines_of_a_run_come_also_when_it_fails(world, capsys) -> None:
    world.fails = lambda request: UNREACHABLE
    with pytest.raises(CollectError):
        world.run()
    assert "Cost: 0 metrics requested from GetMetricData, $0.00000; a run every 5" in capsys.readouterr().out


def test_windows_that_would_be_spoilt_wait_and_are_not_asked_for(world) -> None:
    world.run()
    world.asked(), world.arrived()
    world.configs["datakit_keeps_time"] = False
    summary = world.run(9 * 60)
    limit = NOW + 9 * HOUR - 6600
    end = END + 9 * HOUR
    assert [window[:2] for window in world.asked()] == [(end - REACH, end)]
    assert world.arrived() == sorted(minutes("E1", limit, end) + minutes("E2", limit, end))
    assert world.progress()["backlog"] == [
        *([END - HOUR, end - REACH, [], True], [end - REACH, limit, ["E1", "E2"], True])
    ]
    (warning,) = summary["warnings"]
    assert warning.startswith("Minutes from 2026-03-01 08:57 to 2026-03-01 17:10 UTC wait (8 h 13 min), for ")
    # It asks for them once it is told that they keep their time.
    world.configs["datakit_keeps_time"] = True
    assert world.run(5)["warnings"] == []
    expected = [(key, at) for key in ("E1", "E2") for _, at in minutes(key, END, limit) + minutes(key, end, end + 300)]
    assert world.arrived() == sorted(expected)
