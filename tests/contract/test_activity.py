"""With `recently_active`, only distributions that had traffic are asked for, and nothing is lost when one wakes up."""

import pytest

import devtools.aws.cloudwatch_api
from devtools.aws.embedded import IDLE, Fault, Traffic
from devtools.demo.judge import seen, truth
from tests.conftest import AK_ID, NOW
from tests.contract.conftest import JOB, SET, configure, sent_again

pytestmark = pytest.mark.newest

HOUR, SETTLED = 3600, 180
BUSY = Traffic(requests=900.0)
# A minute with traffic, and then none for more than six hours.
RARE = Traffic(requests=300.0, interval=373)


def run_for(func, hours):
    """The records of the cron job over simulated hours."""
    return list(func.run_until(func.clock.time() + hours * HOUR))


@pytest.fixture
def func(func, clock):
    func.clock = clock
    configure(func, recently_active=True)
    return func


def test_idle_distributions_are_not_asked_for_but_reported_as_objects(func, aws, datakit) -> None:
    busy = aws.add_distribution(aws.account, traffic=BUSY)
    aws.add_distribution(aws.account, traffic=IDLE)
    record = func.run_cron_job(JOB)
    assert (record.status, record.return_value["warnings"]) == ("success", [])
    assert record.return_value["metrics_billed"] == 6
    assert "Active in the last 3 hours: 1 of 2; no others are requested." in record.log
    assert record.return_value["objects"] == 2
    assert seen(datakit) == truth(aws, [busy], NOW - HOUR - SETTLED, NOW - SETTLED)


def test_only_one_metric_is_listed_unless_others_are_chosen(func, aws) -> None:
    aws.add_distribution(aws.account, traffic=BUSY, additional_metrics=True)
    assert "Metrics: 1 listed." in func.run_cron_job(JOB).log


@pytest.mark.parametrize("late", [900, 5400])
def test_one_that_wakes_up_loses_no_minute_however_late_listed(func, aws, datakit, clock, monkeypatch, late) -> None:
    monkeypatch.setattr(devtools.aws.cloudwatch_api, "LISTED_LATE", late)
    keys = [aws.add_distribution(aws.account, traffic=traffic) for traffic in (BUSY, RARE)]
    # One that exists and has no viewers until three hours from now.
    keys.append(aws.add_distribution(aws.account, traffic=BUSY, created_at=NOW + 3 * HOUR))
    records = run_for(func, 9)
    assert {record.status for record in records} == {"success"}
    begin, end = NOW - HOUR, int(clock.time()) - SETTLED - 600 - late
    assert truth(aws, keys, begin, end).items() <= seen(datakit).items()
    assert sent_again(datakit) == []
    billed = sum(record.return_value["metrics_billed"] for record in records)
    assert billed < 6 * 2.6 * len(records)
    assert "Active again: " in "".join(record.log for record in records)


@pytest.mark.usefixtures("keeps_time")
def test_while_catching_up_all_are_asked_for(func, aws, datakit, clock) -> None:
    keys = [aws.add_distribution(aws.account, traffic=traffic) for traffic in (BUSY, RARE, IDLE)]
    func.run_cron_job(JOB)
    clock.advance(8 * HOUR)
    record = func.run_cron_job(JOB)
    assert record.status == "success"
    assert "Catching up: distributions are requested whether they are active now or not." in record.log
    assert truth(aws, keys, NOW - HOUR, int(clock.time()) - SETTLED).items() <= seen(datakit).items()


def test_without_the_permission_all_are_asked_for_with_a_warning(func, aws, datakit) -> None:
    keys = [aws.add_distribution(aws.account, traffic=traffic) for traffic in (BUSY, IDLE)]
    aws.deny(AK_ID, "cloudwatch:ListMetrics")
    record = func.run_cron_job(JOB)
    assert record.status == "success"
    (warning,) = record.return_value["warnings"]
    assert "Until then, all distributions are requested, active or not." in warning
    assert record.return_value["metrics_billed"] == 6 * len(keys)


def test_a_listing_that_fails_is_not_taken_for_nobody_being_active(func, aws, datakit) -> None:
    key = aws.add_distribution(aws.account, traffic=BUSY)
    aws.faults.add(Fault("ListMetrics", code="Throttling", status=400))
    record = func.run_cron_job(JOB)
    assert record.status == "failure"
    assert seen(datakit) == truth(aws, [key], NOW - HOUR - SETTLED, NOW - SETTLED)


def test_one_that_wakes_up_and_fails_is_asked_for_again(func, aws, datakit, clock, monkeypatch) -> None:
    monkeypatch.setattr(devtools.aws.cloudwatch_api, "LISTED_LATE", 5400)
    busy = aws.add_distribution(aws.account, traffic=BUSY)
    waking = aws.add_distribution(aws.account, traffic=BUSY, created_at=NOW + HOUR)
    run_for(func, 2.4)
    aws.break_series(waking, "BytesUploaded", "InternalError", times=4)
    records = run_for(func, 1)
    assert "failure" in {record.status for record in records}
    assert truth(aws, [busy, waking], NOW - HOUR, int(clock.time()) - SETTLED - 600).items() <= seen(datakit).items()
    assert sent_again(datakit) == []


def test_switched_off_for_hours_and_on_again_it_sends_nothing_twice(func, aws, datakit) -> None:
    aws.add_distribution(aws.account, traffic=BUSY)
    run_for(func, 0.5)
    configure(func, recently_active=False)
    run_for(func, 4)
    configure(func, recently_active=True)
    records = run_for(func, 0.5)
    assert "Active again" not in "".join(record.log for record in records)
    assert sent_again(datakit) == []


@pytest.mark.usefixtures("keeps_time")
def test_a_catch_up_that_breaks_off_sends_nothing_twice(func, aws, datakit, clock) -> None:
    key = aws.add_distribution(aws.account, traffic=BUSY)
    run_for(func, 0.5)
    clock.advance(4.2 * HOUR)
    posts = len(datakit.posts)
    func.on_event = lambda name: datakit.go_down() if len(datakit.posts) == posts + 3 else None
    assert func.run_cron_job(JOB).status == "failure"
    func.on_event = lambda name: None
    datakit.come_up()
    run_for(func, 0.5)
    assert truth(aws, [key], NOW - HOUR, int(clock.time()) - SETTLED - 300).items() <= seen(datakit).items()
    assert sent_again(datakit) == []


def test_without_a_lookback_a_run_with_nothing_new_has_nothing_to_do(func, aws, clock) -> None:
    aws.add_distribution(aws.account, traffic=BUSY)
    configure(func, recently_active=False, lookback=0)
    assert func.run_cron_job(JOB).status == "success"
    clock.advance(10)
    record = func.run_cron_job(JOB)
    assert (record.status, record.exception) == ("success", None)
    assert record.return_value["points"] == {"new": 0, "changed": 0, "unchanged": 0}


def test_one_that_wakes_up_and_cannot_be_asked_for_costs_others_nothing(func, aws, datakit, clock, monkeypatch) -> None:
    monkeypatch.setattr(devtools.aws.cloudwatch_api, "LISTED_LATE", 5400)
    busy = aws.add_distribution(aws.account, traffic=BUSY)
    waking = aws.add_distribution(aws.account, traffic=BUSY, created_at=NOW + HOUR)
    # Without the deeper look, which would ask for its past in the same call as for the others.
    code = func.scripts[f"{SET}__points_windows"]
    func.scripts[f"{SET}__points_windows"] = code.replace("DEEP_LOOK_PERIODS = 15", "DEEP_LOOK_PERIODS = 10_000")
    records = run_for(func, 2.5)
    assert "Active again" not in "".join(record.log for record in records)
    # The second call of the run in which it is active again is the one for its past.
    for _ in range(12):
        aws.faults.clear()
        aws.faults.add(Fault("GetMetricData", code="InternalFailure", status=500, nth=range(2, 5)))
        records += run_for(func, 1 / 12)
        if "Active again" in records[-1].log:
            break
    assert records[-1].status == "failure"
    assert records[-1].log.count("Points: ") == 1
    aws.faults.clear()
    assert {record.status for record in run_for(func, 0.5)} == {"success"}
    assert truth(aws, [busy, waking], NOW - HOUR, int(clock.time()) - SETTLED - 600).items() <= seen(datakit).items()
    assert sent_again(datakit) == []
