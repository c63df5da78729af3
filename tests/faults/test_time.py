"""A run ends when its time is over, and its threads with it."""

import signal
import threading
import time

import pytest

from devtools.aws.embedded import IDLE, Fault
from tests.faults.world import SET, time_out

HOUR = 3600


def workers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("ThreadPoolExecutor")]


def until_gone(seconds=5.0):
    end = time.monotonic() + seconds
    while workers() and time.monotonic() < end:
        threading.Event().wait(0.02)
    return workers() == []


def test_a_run_that_is_killed_while_aws_is_asked_begins_no_further_call(world) -> None:
    """As Func does it: a signal raises the time-out in the main thread, wherever that waits."""
    world.configure({"concurrency": 1})
    for _ in range(200):
        world.aws.add_distribution(world.account, traffic=IDLE)
    world.aws.faults.add(Fault("GetMetricData", delay=2.0))
    struck = []

    def strike(*_):
        struck.append(time.monotonic())
        time_out()

    def when_asked():
        while not world.aws.faults._tallies[0].calls:
            threading.Event().wait(0.02)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGALRM)

    before = signal.signal(signal.SIGALRM, strike)
    try:
        threading.Thread(target=when_asked, daemon=True).start()
        record = world.run()
        took = time.monotonic() - struck[0]
    finally:
        signal.signal(signal.SIGALRM, before)
    assert record.status == "timeout"
    assert took < 1.5
    assert until_gone()
    # Of three, the one that was under way.
    assert world.aws.call_counts()["GetMetricData"] == 1


@pytest.mark.parametrize("fails", [False, True])
def test_no_thread_outlives_a_run(world, fails) -> None:
    if fails:
        world.aws.faults.add(Fault("GetMetricData", code="InternalFailure", status=500))
    world.run()
    assert until_gone()


def test_calls_that_hang_end_the_run_in_good_order(world) -> None:
    """Nine calls of 50 seconds each: the last of them are not made any more."""
    world.configure({"concurrency": 1})
    world.write_script(f"{SET}__points_series", "QUERIES_PER_CALL = 500", "QUERIES_PER_CALL = 2")

    def slow(result):
        world.clock.advance(50)
        return result

    world.run()
    calls = world.aws.call_counts()["GetMetricData"]
    world.clock.advance(HOUR)
    world.aws.faults.add(Fault("GetMetricData", result=slow))
    record = world.run()
    assert record.status == "failure"
    assert "The time limit is over before all metrics were requested." in record.exception
    # The next call may have begun already while an answer is looked at, so that one seems to have taken twice as long.
    assert 2 <= world.aws.call_counts()["GetMetricData"] - calls <= 4
    world.heal()
    world.run_for(16)
    assert world.missing_or_wrong() == ({}, {})
    assert world.sent_again() == []


def test_objects_are_not_written_beyond_the_time_limit(world) -> None:
    for _ in range(240):
        world.aws.add_distribution(world.account, traffic=IDLE)
    world.func.on_event = lambda name: world.clock.advance(130) if name == "write custom_object" else None
    record = world.run()
    assert "The time limit is over before all objects were written; the next run goes on." in record.exception
    world.heal()
    world.clock.advance(300)
    record = world.run()
    assert (record.status, record.return_value["objects"]) == ("success", 243)
    assert (SET, "objects_at/aws/prod") in world.func.store.rows
