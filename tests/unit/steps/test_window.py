"""One window: what CloudWatch answers becomes points, what is new goes out, what is not answered stays behind."""

import json
from collections import Counter

import pytest

from guance_aws_cloudfront.points.series import distribution_dimensions
from guance_aws_cloudfront.points.windows import Stretch
from guance_aws_cloudfront.steps.window import WindowReport, run_despite_timeout
from tests.conftest import NOW
from tests.unit.runs import END, HOUR, MINUTE, UNREACHABLE, minutes, record

DIGEST = ("guance_aws_cloudfront", "digest/aws/prod")


def test_what_is_new_goes_out_once_in_posts_of_a_hundred(world) -> None:
    summary = world.run()
    assert summary["points"] == {"new": 120, "changed": 0, "unchanged": 0}
    assert [number for category, number in world.writes if category == "metric"] == [100, 20]
    assert world.arrived() == sorted(minutes("E1", END - HOUR, END) + minutes("E2", END - HOUR, END))
    summary = world.run(5)
    assert summary["points"] == {"new": 10, "changed": 0, "unchanged": 30}
    assert world.arrived() == sorted(minutes("E1", END, END + 300) + minutes("E2", END, END + 300))


def test_exactly_a_hundred_points_are_one_post(world) -> None:
    world.value = lambda source, minute: 10.0 if minute >= END - 50 * MINUTE else None
    world.run()
    assert [number for category, number in world.writes if category == "metric"] == [100]


def test_a_revised_value_is_sent_again_and_counted_as_changed(world) -> None:
    world.run()
    world.arrived()
    world.value = lambda source, minute: 11.0 if (source, minute) == ("E1", END - MINUTE) else 10.0
    assert world.run(5)["points"] == {"new": 10, "changed": 1, "unchanged": 29}
    assert ("E1", END - MINUTE) in world.arrived()
    assert world.run(5)["points"]["changed"] == 0


def test_the_log_of_a_window_says_what_was_asked_and_what_came_of_it(world, capsys) -> None:
    world.run()
    said = capsys.readouterr().out
    assert "Window: 2026-03-01 08:57 to 2026-03-01 09:57 UTC (1 h)." in said
    assert "  CloudWatch: 1 call, 720 values." in said
    assert "  Points: 120 new, 0 changed, 0 sent before." in said


@pytest.mark.parametrize(("more", "cut"), [(0, "E83"), (1, "E83"), (3, "E82")])
def test_metrics_that_go_on_in_the_next_call_make_one_point(world, more, cut) -> None:
    # Six metrics each: of the one at which the call ends, two are asked for in the first call, or one, or all but one.
    keys = [f"E{number:02}" for number in range(85)]
    world.records = [record(key) for key in keys]
    world.listed = {"CacheHitRate": {distribution_dimensions(key) for key in keys[:more]}}
    world.value = lambda source, minute: 10.0 if minute == END - MINUTE else None
    world.run(metrics=["ALL"])
    assert [len(request["MetricDataQueries"]) for request in world.requests] == [500, 10 + more]
    assert len(world.metric(cut, END - MINUTE)["fields"]) == 9
    assert world.arrived() == [(key, END - MINUTE) for key in keys]


def test_of_a_metric_that_is_not_answered_only_the_rest_is_sent_when_it_comes(world) -> None:
    world.run()
    world.points.clear()
    world.status = lambda source, metric: "PartialData" if (source, metric) == ("E1", "Requests") else "Complete"
    said = world.fail(5)
    assert "CloudWatch did not answer 1 metric completely (PartialData). Concerns E1; the next run asks again." in said
    first = END - 900
    assert world.progress()["backlog"] == [[first, END + 300, ["E1"], False]]
    assert world.progress()["at"] == END + 300
    # Without Requests there are no derived counts either.
    assert len(world.metric("E1", END)["fields"]) == 5
    assert len(world.metric("E2", END)["fields"]) == 9
    world.status = lambda source, metric: "Complete"
    world.points.clear()
    world.asked()
    world.run(5)
    assert world.asked() == [(END - 600, END + 600, ["E1", "E2"]), (first, END + 300, ["E1"])]
    assert set(world.metric("E1", END)["fields"]) == {
        *("Requests_Sum", "Derived_4xxErrors", "Derived_5xxErrors", "Derived_TotalErrors")
    }
    assert world.arrived() == sorted(minutes("E1", END, END + 600) + minutes("E2", END + 300, END + 600))
    assert world.progress()["backlog"] == []


def test_what_fails_in_one_window_is_left_behind_of_that_window_alone(world) -> None:
    world.configs["datakit_keeps_time"] = True
    world.run()
    world.status = lambda source, metric: "InternalError" if source == "E1" and len(world.requests) == 3 else "Complete"
    # Six hours are three windows; the first to be asked for is that of the present.
    said = world.fail(360)
    recent, broken, oldest = world.asked()[1:]
    assert world.progress()["backlog"] == [[*broken[:2], ["E1"], False]]
    assert recent[0] == broken[1] and broken[0] == oldest[1]
    assert "CloudWatch did not answer 6 metrics completely (InternalError). Concerns E1;" in said


def test_a_batch_that_fails_costs_the_others_nothing_and_is_asked_for_again(world) -> None:
    world.records = [record(f"E{number:02}") for number in range(85)]
    world.fails = lambda request: UNREACHABLE if len(request["MetricDataQueries"]) < 500 else None
    said = world.fail()
    assert "AWS could not be reached. Concerns E83, E84; the next run asks again." in said
    assert world.progress()["backlog"] == [[END - HOUR, END, ["E83", "E84"], False]]
    assert {name for name, _ in world.arrived()} == {f"E{number:02}" for number in range(84)}


def test_where_nothing_is_answered_the_watermark_stays_and_no_points_are_counted(world, capsys) -> None:
    world.run()
    world.fails = lambda request: UNREACHABLE
    capsys.readouterr()
    world.fail(5)
    assert (world.progress()["at"], world.progress()["backlog"]) == (END, [])
    said = capsys.readouterr().out
    assert "  CloudWatch: 1 call, 0 values." in said
    assert "Points:" not in said and "Cost: 0 metrics requested" in said


def test_values_that_are_no_numbers_are_left_out_and_counted(world) -> None:
    world.value = lambda source, minute: float("nan") if (source, minute) == ("E1", END - MINUTE) else 10.0
    (warning,) = world.run()["warnings"]
    assert warning.startswith("CloudWatch answered 6 values of 4xxErrorRate_Average, 5xxErrorRate_Average, ")
    assert warning.endswith("that are not numbers: they are left out.")
    assert ("E1", END - MINUTE) not in world.arrived()


def test_what_cloudwatch_remarks_is_a_warning(world) -> None:
    world.messages = [{"Code": "Slow", "Value": "mind the gap"}]
    assert world.run()["warnings"] == ["CloudWatch remarked: Slow: mind the gap"]


@pytest.mark.parametrize(("seconds", "calls"), [(80, 1), (79, 2)])
def test_calls_are_begun_only_while_two_more_that_hang_fit_into_the_time_limit(world, seconds, calls) -> None:
    world.records = [record(f"E{number:03}") for number in range(250)]
    world.seconds["GetMetricData"] = seconds
    said = world.fail()
    assert len(world.requests) == calls
    assert "The time limit is over before all metrics were requested. Concerns " in said
    ((start, end, sources, is_held),) = world.progress()["backlog"]
    # More than can be named are all.
    assert (start, end, sources, is_held) == (END - HOUR, END, [], False)


@pytest.mark.parametrize(("seconds", "posts"), [(240, 1), (239, 2)])
def test_no_write_is_begun_when_the_time_limit_is_over_and_what_was_written_is_remembered(
    world, seconds, posts
) -> None:
    world.seconds["metric"] = seconds
    world.records = [record("E1"), record("E2"), record("E3"), record("E4")]
    assert "The time limit is over before all points were written; the next run goes on." in world.fail()
    assert world.writes[1:] == [("metric", 100)] * posts
    assert world.progress()["at"] == END - HOUR
    first = world.arrived()
    world.seconds.clear()
    world.run(5)
    rest = world.arrived()
    assert not set(first) & set(rest)
    assert {*first, *rest} >= {(key, at) for key in ("E1", "E4") for _, at in minutes(key, END - HOUR, END + 300)}


def test_points_that_the_connector_refuses_are_named_with_their_minutes(world) -> None:
    bad = [END - 2 * MINUTE]
    world.refuses = lambda category, point: point["tags"]["name"] == "E1" and point.get("timestamp") in bad
    assert (
        "The connector refused 1 point of E1 at 2026-03-01 09:55 UTC (datakit.invalidLinePoint: bad). All others were "
        "written. Report it with this line."
    ) in world.fail()
    assert len(world.arrived()) == 119
    bad += [END + MINUTE, END + 3 * MINUTE]
    assert "refused 3 points of E1 from 2026-03-01 09:55 to 2026-03-01 10:00 UTC (" in world.fail(5)
    assert len(world.arrived()) == 8
    # It would be refused for ever: it is not asked for again.
    assert world.progress()["backlog"] == []


def test_what_is_too_old_for_the_connector_waits_by_itself(world) -> None:
    world.configs["datakit_keeps_time"] = False
    limit = NOW - 6600
    summary = world.run(first_lookback=3 * HOUR)
    assert world.arrived() == sorted(minutes("E1", limit, END) + minutes("E2", limit, END))
    assert world.progress()["backlog"] == [[END - 3 * HOUR, limit, ["E1", "E2"], True]]
    assert summary["points"]["new"] == 2 * (limit - END) // -60
    assert summary["waiting"] == [["2026-03-01T06:57:00Z", "2026-03-01T08:10:00Z"]]


def test_values_two_hours_late_are_found_and_nothing_is_sent_twice(world) -> None:
    late = END + 10 * MINUTE
    world.value = lambda source, minute: None if minute == late and world.clock.time() < late + 2 * HOUR else 10.0
    world.configs["datakit_keeps_time"] = True
    world.run()
    for _ in range(42):
        world.run(5)
    found = world.arrived()
    assert ("E1", late) in found
    assert len(found) == len(set(found))


def test_values_two_hours_late_are_found_after_an_outage_was_caught_up_too(world) -> None:
    late = END + 8 * HOUR
    world.value = lambda source, minute: None if minute == late and world.clock.time() < late + 2 * HOUR else 10.0
    world.configs["datakit_keeps_time"] = True
    world.run()
    # The last window that is written is the oldest.
    assert len(world.run(9 * 60)["windows"]) == 3
    world.run_for(2 * 60 + 20)
    found = world.arrived()
    assert ("E1", late) in found
    assert len(found) == len(set(found))


def test_after_the_clock_was_set_back_by_hours_the_lookback_is_sent_once(world) -> None:
    world.run()
    world.run_for(4 * 60)
    world.clock.set(NOW)
    world.run()
    world.arrived()
    world.run(5)
    assert world.arrived() == sorted(minutes("E1", END, END + 300) + minutes("E2", END, END + 300))


def test_a_window_knows_what_is_left_behind_of_it() -> None:
    report = WindowReport(Stretch(0, 600, (), True))
    assert not report.is_unanswered
    assert report.left_behind(60, False) == []
    assert report.left_behind(60, True) == [Stretch(0, 600)]
    report.calls = 1
    assert report.is_unanswered
    report.held = {"E2": [120, 240], "E1": [180]}
    assert report.left_behind(60, False) == [Stretch(120, 300, ("E1", "E2"), True)]
    report.failed_sources = {"E3"}
    assert report.left_behind(60, False) == [Stretch(0, 600, ("E3",)), Stretch(120, 300, ("E1", "E2"), True)]


def test_what_a_time_out_interrupts_is_done_over() -> None:
    done = []

    def work():
        done.append("begun")
        if len(done) == 1:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        run_despite_timeout(work)
    assert len(done) == 2
    run_despite_timeout(work)
    assert len(done) == 3


def test_what_was_sent_is_kept_once_a_run_and_not_where_nothing_was_answered(world) -> None:
    world.run()
    events = []
    world.on_event = events.append
    world.run(5)
    # The claim is the other one.
    assert events.count("CACHE.set") == 2
    world.fails = lambda request: UNREACHABLE
    events.clear()
    world.fail(5)
    assert events.count("CACHE.set") == 1


def test_what_was_sent_is_kept_after_the_present_and_not_after_each_older_window_that_is_done(world) -> None:
    def look(request):
        kept.append(world.cache.rows.get(DIGEST))

    world.configs["datakit_keeps_time"] = True
    world.run()
    kept = []
    world.fails = look
    assert len(world.run(9 * 60)["windows"]) == 3
    before, after_present, after_second = kept
    assert before != after_present == after_second
    # At the end it knows of the last three hours alone.
    covers = json.loads(world.cache.rows[DIGEST][0])["covers"]
    assert covers == [END + 6 * HOUR, END + 9 * HOUR]


def test_where_cache_fails_for_a_moment_what_was_sent_is_kept_at_the_end(world) -> None:
    world.run()
    fails_to_keep_what_was_sent(world, 1)
    assert len(world.run(5)["warnings"]) == 1
    world.arrived()
    assert world.run(5)["points"] == {"new": 10, "changed": 0, "unchanged": 30}


def test_a_process_that_is_killed_outright_costs_no_window_that_was_done(world) -> None:
    world.configs["datakit_keeps_time"] = True
    world.run()
    # The second of three windows is answered in part, and in the third the process is killed.
    world.status = lambda source, metric: (
        "InternalError" if (len(world.requests), source, metric) == (3, "E1", "Requests") else "Complete"
    )
    killed_at(world, 3, 9 * 60)
    world.run(5)
    found = Counter(
        (point["tags"]["name"], point["timestamp"], name)
        for category, point in world.points
        if category == "metric"
        for name in point["fields"]
    )
    assert set(found.values()) == {1}
    assert {at for _, at, _ in found} == {at for _, at in minutes("E1", END - HOUR, END + 9 * HOUR + 600)}


def test_a_time_out_while_what_was_sent_of_a_window_cut_short_is_kept_does_not_cost_it(world) -> None:
    def go_away(category, points):
        if category == "metric" and len(world.requests) == 3 and world.writes.count(("metric", 100)) == 5:
            world.on_event = time_out
            raise Exception("POST http://datakit failed. Error: [Errno 104] Connection reset by peer")

    def time_out(name):
        if name == "CACHE.set":
            world.on_event = lambda name: None
            raise KeyboardInterrupt

    world.configs["datakit_keeps_time"] = True
    world.run()
    world.writes.clear()
    world.before_write = go_away
    # In the second window, after a hundred of its points.
    with pytest.raises(KeyboardInterrupt):
        world.run(6 * 60)
    world.before_write = lambda category, points: None
    world.run(10)
    found = world.arrived()
    assert len(found) == len(set(found)) == 2 * (HOUR + 6 * HOUR + 600) // MINUTE


class KilledError(BaseException):
    """The process ends, and nothing of it is left but what was kept."""


def killed_at(world, nth, minutes):
    """A run that is killed outright at its n-th request of metrics."""
    met = []

    def strike(request):
        met.append(request)
        if len(met) == nth:
            kept.extend([dict(world.store.rows), dict(world.cache.rows)])
            raise KilledError

    kept, world.fails = [], strike
    with pytest.raises(KilledError):
        world.run(minutes)
    world.fails = lambda request: None
    world.store.rows, world.cache.rows = kept
    # Past the claim of the run that was killed.
    world.clock.advance(300)


def fails_to_keep_what_was_sent(world, nth):
    """From now on, the n-th time that a run keeps what was sent, Redis is down."""
    met, keep = [], world.cache.set

    def set_(key, *arguments):
        if key == DIGEST[1]:
            met.append(key)
            if len(met) == nth:
                raise OSError("Redis is down")
        return keep(key, *arguments)

    world.cache.set = set_


def sent_twice(world):
    """Which points arrived more than once, of all since the first run; of E1 and E2 none may be missing."""
    found = Counter((point["tags"]["name"], point["timestamp"]) for of, point in world.points if of == "metric")
    end = world.progress()["at"]
    assert set(found) == {*minutes("E1", END - HOUR, end), *minutes("E2", END - HOUR, end)}
    return sorted(key for key, number in found.items() if number > 1)


@pytest.mark.parametrize("outage", [225, 240, 250, 300, 345])
def test_a_catch_up_that_is_killed_after_an_older_window_sends_none_of_it_again(world, outage) -> None:
    world.configs["datakit_keeps_time"] = True
    world.run()
    world.run_for(240)
    killed_at(world, 3, outage)
    world.run_for(50)
    assert sent_twice(world) == []


@pytest.mark.parametrize("outage", [225, 240, 250, 300, 345])
def test_where_what_was_sent_cannot_be_kept_at_the_end_of_a_catch_up_nothing_is_sent_again(world, outage) -> None:
    world.configs["datakit_keeps_time"] = True
    world.run()
    world.run_for(240)
    # The first time is after the present.
    fails_to_keep_what_was_sent(world, 2)
    assert len(world.run(outage)["windows"]) >= 2
    world.run_for(50)
    assert sent_twice(world) == []


@pytest.mark.parametrize("nth", [2, 3, 4])
def test_minutes_that_waited_are_sent_once_though_the_process_is_killed(world, nth) -> None:
    world.configs["datakit_keeps_time"] = False
    world.run()
    world.run_for(200)
    world.run(240)
    world.run_for(25)
    world.configs["datakit_keeps_time"] = True
    killed_at(world, nth, 5)
    world.run_for(200)
    assert sent_twice(world) == []


def test_minutes_of_one_distribution_that_failed_are_sent_once_though_redis_fails_at_the_end(world) -> None:
    world.configs["datakit_keeps_time"] = True
    world.run()
    world.run_for(200)
    world.status = lambda source, metric: "InternalError" if source == "E2" else "Complete"
    for _ in range(18):
        world.fail(5)
    world.status = lambda source, metric: "Complete"
    fails_to_keep_what_was_sent(world, 2)
    assert len(world.run(5)["windows"]) == 3
    world.run_for(200)
    assert sent_twice(world) == []
