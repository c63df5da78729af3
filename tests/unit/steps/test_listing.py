"""What ListMetrics is asked for, and what becomes of a run that it fails."""

import pytest

from guance_aws_cloudfront.aws.errors import AwsDeniedError
from guance_aws_cloudfront.points.series import distribution_dimensions
from guance_aws_cloudfront.points.windows import Plan, Progress, Stretch, Window
from guance_aws_cloudfront.steps.listing import ActivityTracker
from tests.conftest import NOW
from tests.unit.runs import END, HOUR, MINUTE, UNREACHABLE, minutes, record

DENIED = AwsDeniedError("Allow the IAM action cloudwatch:ListMetrics on resource * to the access key's user.")
# Default metrics, an additional one by pattern, an additional one by name.
OTHERS = {"metrics": ["Requests", "Origin*", "CacheHitRate"]}


def active(*keys):
    """What ListMetrics answers where these distributions have requests."""
    return {"Requests": {distribution_dimensions(key) for key in keys}}


def metrics(world):
    """Which metrics the last request asked for of each distribution."""
    found = {}
    for query in world.requests[-1]["MetricDataQueries"]:
        metric = query["MetricStat"]["Metric"]
        found.setdefault(metric["Dimensions"][0]["Value"], set()).add(metric["MetricName"])
    return found


def test_with_the_default_metrics_of_all_distributions_nothing_is_listed(world) -> None:
    world.run()
    assert world.listings == []


def test_metrics_beyond_the_default_ones_are_asked_for_where_they_are_listed(world, capsys) -> None:
    world.listed = {"CacheHitRate": {distribution_dimensions("E2")}, "Requests": {distribution_dimensions("E1")}}
    world.run(**OTHERS)
    assert world.listings == [(False, {})]
    assert "Metrics: 2 listed." in capsys.readouterr().out
    assert metrics(world) == {"E1": {"Requests"}, "E2": {"Requests", "CacheHitRate"}}


def test_a_listing_that_fails_leaves_the_default_metrics_and_its_window_behind(world) -> None:
    world.errors["ListMetrics"] = UNREACHABLE
    said = world.fail(**OTHERS)
    assert "AWS could not be reached. Until then, only the default metrics are collected, and of all dist" in said
    assert metrics(world) == {"E1": {"Requests"}, "E2": {"Requests"}}
    assert world.progress()["backlog"] == [[END - HOUR, END, [], False]]
    world.errors.clear()
    world.listed = {"CacheHitRate": {distribution_dimensions("E2")}}
    world.asked(), world.arrived()
    world.run(5, **OTHERS)
    assert world.progress()["backlog"] == []
    # Of what was sent only the rest goes out.
    assert [minute for name, minute in world.arrived() if name == "E1"] == [at for _, at in minutes("", END, END + 300)]


def test_a_listing_that_is_denied_leaves_what_was_named_and_says_what_is_left_out(world) -> None:
    world.errors["ListMetrics"] = DENIED
    (warning,) = world.run(**OTHERS)["warnings"]
    assert warning == (f"{DENIED} Until then, requested for every distribution: CacheHitRate; left out: OriginLatency.")
    assert metrics(world) == {key: {"Requests", "CacheHitRate"} for key in ("E1", "E2")}
    assert world.progress()["backlog"] == []


@pytest.mark.parametrize(
    ("metrics", "sentence"),
    [
        (["Requests"], "Until then, all distributions are requested, active or not."),
        (
            ["Origin*"],
            "Until then, all distributions are requested, active or not; requested for every distribution: nothing "
            "more; left out: OriginLatency.",
        ),
        (
            ["CacheHitRate"],
            "Until then, all distributions are requested, active or not; requested for every distribution: "
            "CacheHitRate; left out: nothing.",
        ),
    ],
)
def test_what_is_collected_without_the_permission_is_said(world, metrics, sentence) -> None:
    world.errors["ListMetrics"] = DENIED
    assert world.run(recently_active=True, metrics=metrics)["warnings"] == [f"{DENIED} {sentence}"]


def test_metrics_of_functions_are_left_out_without_the_permission_though_they_were_named(world) -> None:
    world.errors["ListMetrics"] = DENIED
    (warning,) = world.run(metrics=["Requests", "FunctionInvocations"])["warnings"]
    assert warning.endswith("requested for every distribution: nothing more; left out: FunctionInvocations.")


def test_only_active_distributions_are_asked_for_and_one_metric_tells_which(world, capsys) -> None:
    world.listed = active("E2")
    world.run(recently_active=True)
    assert world.listings == [(True, {"MetricName": "Requests"})]
    assert world.asked() == [(END - HOUR, END, ["E2"])]
    assert "Active in the last 3 hours: 1 of 2; no others are requested." in capsys.readouterr().out
    assert len(world.arrived("custom_object")) == 2


def test_with_other_metrics_one_listing_serves_both(world) -> None:
    world.listed = {**active("E2"), "CacheHitRate": {distribution_dimensions("E2"), (("FunctionName", "f"),)}}
    world.run(recently_active=True, **OTHERS)
    assert world.listings == [(True, {})]
    assert metrics(world) == {"E2": {"Requests", "CacheHitRate"}}


def test_a_listing_of_active_ones_that_fails_leaves_nothing_behind(world) -> None:
    world.errors["ListMetrics"] = UNREACHABLE
    world.fail(recently_active=True)
    assert world.asked() == [(END - HOUR, END, ["E1", "E2"])]
    assert world.progress()["backlog"] == []


@pytest.mark.parametrize(
    ("pause", "is_recent"), [(10800 - 900 - 180, True), (10800 - 900 - 180 + 60, False), (5 * 3600, False)]
)
def test_after_an_outage_whoever_is_active_now_does_not_matter(world, capsys, pause, is_recent) -> None:
    world.configs["datakit_keeps_time"] = True
    world.listed = active("E1", "E2")
    world.run(recently_active=True)
    world.listings.clear()
    world.listed = active("E2")
    world.run(pause / MINUTE, recently_active=True)
    said = capsys.readouterr().out
    assert ("Catching up: distributions are requested whether they are active now or not." in said) is not is_recent
    assert bool(world.listings) is is_recent


@pytest.mark.parametrize("outage", [190, 225, 300])
def test_after_an_outage_nobody_is_active_again_and_nothing_is_asked_for_twice(world, capsys, outage) -> None:
    world.configs["datakit_keeps_time"] = True
    world.listed = active("E1", "E2")
    world.run(recently_active=True)
    world.run_for(240, recently_active=True)
    world.asked(), capsys.readouterr()
    summary = world.run(outage, recently_active=True)
    assert "Active again" not in capsys.readouterr().out
    windows = world.asked()
    assert summary["metrics_billed"] == 12 * len(windows)
    assert [newer[0] for newer in windows[:-1]] == [older[1] for older in windows[1:]]


def test_one_that_wakes_up_is_asked_for_since_it_was_asked_for_last(world, capsys) -> None:
    world.listed = active("E1", "E2")
    world.run(recently_active=True)
    world.listed = active("E1")
    for _ in range(6):
        world.run(5, recently_active=True)
    world.asked(), world.arrived()
    world.listed = active("E1", "E2")
    world.run(5, recently_active=True)
    end = END + 35 * MINUTE
    assert "Active again: E2." in capsys.readouterr().out
    assert world.asked() == [(end - 1200, end, ["E1", "E2"]), (END, end - 1200, ["E2"])]
    assert world.arrived() == sorted(minutes("E1", end - 300, end) + minutes("E2", END, end))
    # And no more after that.
    world.run(5, recently_active=True)
    assert len(world.asked()) == 1


def plan(watermark, end, lookback=900):
    return Plan(Progress(watermark, watermark), Window(watermark - lookback, end), watermark, (), 60)


def test_who_was_asked_for_up_to_when_counts_where_the_last_run_ended() -> None:
    kept = {"watermark": END, "asked": {"E1": END, "E2": END - 1800, "E3": END - 4 * HOUR}}
    tracker = ActivityTracker(kept, plan(END, END + 300))
    assert tracker.active_again(["E1"]) is None
    assert tracker.active_again(["E1", "E2", "E9"]) == Stretch(END - 1800, END - 900, ("E2",))
    # Three hours back at most.
    assert tracker.active_again(["E3", "E2"]) == Stretch(END + 300 - 3 * HOUR, END - 900, ("E2", "E3"))
    # The watermark of another run.
    assert ActivityTracker(kept, plan(END + 60, END + 300)).active_again(["E2"]) is None
    assert ActivityTracker(None, plan(END, END + 300)).active_again(["E2"]) is None
    nothing_new = Plan(Progress(END, END), None, END, (), 60)
    assert ActivityTracker(kept, nothing_new).active_again(["E2"]) is None


def test_one_that_the_recent_window_reaches_is_not_asked_for_beside_it() -> None:
    kept = {"watermark": END, "asked": {"E1": END - 900, "E2": END - 960}}
    tracker = ActivityTracker(kept, plan(END, END + 300))
    assert tracker.active_again(["E1", "E2"]) == Stretch(END - 960, END - 900, ("E2",))


def test_times_of_another_period_become_whole_periods() -> None:
    kept = {"watermark": NOW, "asked": {"E1": NOW - 1860}}
    tracker = ActivityTracker(kept, plan(NOW, NOW + 300)._replace(period=300))
    assert tracker.active_again(["E1"]) == Stretch(NOW - 2100, NOW - 900, ("E1",))
    # Of an odd end too, for the backlog is asked for in whole periods.
    tracker = ActivityTracker({"watermark": NOW, "asked": {"E1": 0}}, plan(NOW, NOW + 330)._replace(period=300))
    assert tracker.active_again(["E1"]).start == NOW + 300 - 3 * HOUR


def test_after_a_run_it_is_kept_who_has_been_asked_for_up_to_when() -> None:
    tracker = ActivityTracker({"watermark": END, "asked": {"E1": END - 60, "E4": 0}}, plan(END, END + 300))
    assert tracker.after(["E1", "E2", "E3"], ["E2"], END + 300) == {
        "watermark": END + 300,
        "asked": {"E1": END - 60, "E2": END + 300, "E3": END},
    }


def test_who_was_asked_for_is_kept_only_where_only_active_ones_are(world) -> None:
    world.run()
    assert ("guance_aws_cloudfront", "asked/aws/prod") not in world.cache.rows
    world.listed = active("E1")
    world.run(5, recently_active=True)
    assert ("guance_aws_cloudfront", "asked/aws/prod") in world.cache.rows


def test_a_deleted_distribution_is_asked_for_though_it_is_not_active(world) -> None:
    world.listed = active("E1", "E2")
    world.run(recently_active=True)
    world.records, world.listed = [record("E1")], active("E1")
    world.run(5, recently_active=True)
    assert world.asked()[-1] == (END - 900, END + 300, ["E1", "E2"])
