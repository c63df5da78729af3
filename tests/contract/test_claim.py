"""Of the runs of an account, one collects at a time; one that was killed costs no other run."""

import random
import threading
import time

import pytest

from devtools.aws.embedded import Traffic
from devtools.demo.judge import seen, truth
from devtools.func.runtime import LocalFunc
from tests.conftest import NOW
from tests.contract.conftest import FILLED_IN, JOB, RESET, RUN, SET, sent_again

pytestmark = pytest.mark.newest

HOUR, SETTLED = 3600, 180
RUNS = 20


class Killed(BaseException):
    """The end of a worker's process: nothing is tidied up, and no record remains."""


@pytest.fixture
def one(aws):
    return aws.add_distribution(aws.account, traffic=Traffic(requests=900.0))


def start_at_once(func):
    """The records of twenty runs that claim their account in the same moment; who has it waits for the others."""
    together, ended, records, met = threading.Barrier(RUNS), threading.Semaphore(0), [], threading.local()

    def meet(name):
        if name.startswith("CACHE.") and not hasattr(met, "claimed"):
            met.claimed = True
            together.wait(60)
        if name == "CONN":
            for _ in range(RUNS - 1):
                if not ended.acquire(timeout=5):
                    break

    def run():
        records.append(func.call(RUN))
        ended.release()

    func.on_event = meet
    threads = [threading.Thread(target=run) for _ in range(RUNS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    func.on_event = lambda name: None
    return records


def test_of_twenty_runs_that_start_at_once_one_collects_twenty_times_over(func, aws, datakit, one, clock) -> None:
    func.cache.round_trip = lambda: time.sleep(random.uniform(0, 0.004))
    for number in range(1, 21):
        statuses = [record.status for record in start_at_once(func)]
        assert sorted(statuses) == ["skip"] * (RUNS - 1) + ["success"]
        assert aws.call_counts()["ListDistributions"] == number
        clock.advance(300)
    assert sent_again(datakit) == []
    assert seen(datakit) == truth(aws, [one], NOW - HOUR - SETTLED, NOW + 19 * 300 - SETTLED)


def kill_at(func, event):
    """A run that is lost at the first event of that name, as by SIGKILL: its claim stays."""

    def strike(name):
        if name == event:
            func.cache.delete = lambda *_: 0
            raise Killed

    delete, func.on_event = func.cache.delete, strike
    with pytest.raises(Killed):
        func.run_cron_job(JOB)
    func.cache.delete, func.on_event = delete, lambda name: None
    assert (SET, "run/aws/prod") in func.cache.rows


@pytest.mark.parametrize("late", [0, 10], ids=["in time", "late"])
@pytest.mark.parametrize("event", ["CONN", "write metric", "STORE.set"])
def test_the_run_after_one_that_was_killed_collects(func, aws, datakit, one, clock, event, late) -> None:
    assert func.run_cron_job(JOB).status == "success"
    # The run that is killed begins some seconds late, and the next one does not.
    clock.advance(300 + late)
    kill_at(func, event)
    clock.advance(200 - late)
    assert func.call(RUN).status == "skip"
    clock.advance(100)
    record = func.run_cron_job(JOB)
    assert (record.status, record.exception) == ("success", None)
    assert seen(datakit) == truth(aws, [one], NOW - HOUR - SETTLED, NOW + 600 - SETTLED)


def test_a_run_that_may_last_longer_than_five_minutes_has_its_claim_for_as_long(func, aws, one, clock) -> None:
    script = f"startup__{SET}"
    code = func.scripts[script].replace("timeout=290", "timeout=900")
    func.scripts[script] = code.replace('# "time_limit": 240,', '"time_limit": 840,')
    func.publish(script)
    kill_at(func, "CONN")
    clock.advance(840)
    assert func.run_cron_job(JOB).status == "skip"
    clock.advance(60)
    assert func.run_cron_job(JOB).status == "success"


@pytest.mark.parametrize("offset", [-300, 300])
def test_hosts_whose_clocks_differ_by_five_minutes_keep_out_of_each_others_way(
    func, aws, datakit, market, one, clock, offset
) -> None:
    """Two Funcs' workers over one Redis, which counts the seconds by itself."""

    class Behind:
        def time(self):
            return clock.time() + offset

        def __getattr__(self, name):
            return getattr(clock, name)

    other = LocalFunc(Behind())
    other.add_connector("datakit", "df_datakit", host=datakit.host, port=datakit.port)
    other.install(market[0])
    other.deploy(SET, FILLED_IN)
    other.store, other.cache = func.store, func.cache
    inner = []

    def meet(name):
        if name == "write metric":
            func.on_event = lambda name: None
            inner.append(other.call(RUN))

    func.on_event = meet
    assert func.call(RUN).status == "success"
    assert (inner[0].status, inner[0].exception_type) == ("skip", "RunSkipped")
    assert "another run has been under way since 2026-03-01T10:00:00Z" in inner[0].exception
    clock.advance(300)
    kill_at(func, "write metric")
    clock.advance(300)
    assert other.call(RUN).status == "success"
    clock.advance(300)
    assert func.call(RUN).status == "success"


def test_a_reset_that_was_killed_costs_no_run(func, aws, one, clock) -> None:
    func.run_cron_job(JOB)

    def strike(name):
        if name == "STORE.delete":
            func.cache.delete = lambda *_: 0
            raise Killed

    delete, func.on_event = func.cache.delete, strike
    with pytest.raises(Killed):
        func.call(RESET)
    func.cache.delete, func.on_event = delete, lambda name: None
    assert func.run_cron_job(JOB).status == "skip"
    clock.advance(60)
    assert func.run_cron_job(JOB).status == "success"
