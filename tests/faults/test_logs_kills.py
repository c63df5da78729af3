"""Access logs: whenever a run is killed, and whatever must wait, no line is lost and none is there twice but one batch.

A run that is killed cannot know whether its last write, of 100 lines at most, arrived: these may be sent again.
"""

import gzip
from collections import Counter

import pytest

from devtools.aws.access_logs import FIELDS
from tests.conftest import NOW
from tests.contract.conftest import COLLECT_LOGS, SET, configure_logs
from tests.faults.kills import Lines
from tests.faults.world import HOUR, MINUTE

pytestmark = pytest.mark.newest

BUCKET = "logs-of-leaks"
BATCH = 100
# Where lines are written, and where it is kept that they have been.
WRITE = (f"{SET}__logs_collect_logs", "write")
HEADER = f"#Version: 1.0\n#Fields: {' '.join(FIELDS)}\n"


class Killed(BaseException):
    """The end of a worker's process: nothing is tidied up, and no record remains."""


@pytest.fixture
def logs(world):
    """A world in which the first distribution writes the older kind of logs, and access logs are collected."""
    world.aws.add_bucket(world.account, BUCKET)
    logging = {"Enabled": "true", "IncludeCookies": "false", "Bucket": f"{BUCKET}.s3.amazonaws.com", "Prefix": ""}
    world.aws.update_distribution(world.account, world.ids[0], settings={"Logging": logging})
    world.datakit.set_right()
    configure_logs(world.func, first_lookback=3 * HOUR)
    return world


def put(world, name, number, first=NOW - HOUR, every=2):
    """Write a file with so many lines of one hour; the IDs of their requests."""
    lines, ids = [], []
    for place in range(number):
        minutes, seconds = divmod(first % HOUR + place * every, 60)
        ids.append(f"{name}-{place}")
        values = {**dict.fromkeys(FIELDS, "-"), "date": "2026-03-01", "x-edge-request-id": ids[-1], "sc-status": "200"}
        values["time"] = f"{first // HOUR % 24:02d}:{minutes:02d}:{seconds:02d}"
        lines.append("\t".join(values.values()))
    hour = f"2026-03-01-{first // HOUR % 24:02d}"
    body = gzip.compress((HEADER + "\n".join(lines) + "\n").encode())
    world.aws.put_object(BUCKET, f"{world.ids[0]}.{hour}.{name}.gz", body)
    return ids


def written(world):
    return Counter(point.fields["x_edge_request_id"] for point in world.datakit.points("logging"))


def run(world):
    return world.func.call(COLLECT_LOGS)


def after_a_kill(world):
    """The next run, once the claim of the one that was killed has ended."""
    world.clock.advance(5 * MINUTE)
    record = run(world)
    assert record.status == "success", record.log
    return record


def expected_once(world, ids, again=0):
    """All of these lines are there, and at most so many of them, at most twice."""
    found = written(world)
    assert set(found) == set(ids)
    assert max(found.values()) <= 2
    assert sum(found.values()) - len(found) <= again


def killed_at(world, event, nth):
    """A run whose process ends before a built-in of Func acts for the n-th time: from then on, none does any more."""
    seen = []

    def kill(name):
        seen.append(name)
        if seen.count(event) >= nth:
            raise Killed

    world.func.on_event = kill
    with pytest.raises(Killed):
        run(world)
    world.func.on_event = lambda name: None


@pytest.mark.parametrize("nth", range(1, 5))
@pytest.mark.parametrize(
    ("event", "again"),
    # Before a write nothing of it has left; after it, it is kept at once in CACHE that it has been made.
    [("write logging", 0), ("CACHE.set", BATCH), ("STORE.set", 0)],
)
def test_a_process_that_ends_in_the_midst_of_a_file_goes_on_at_its_line(logs, event, again, nth) -> None:
    ids = [*put(logs, "aa", 330), *put(logs, "bb", 40)]
    killed_at(logs, event, nth)
    after_a_kill(logs)
    expected_once(logs, ids, again)


def test_of_a_redis_that_was_emptied_too_the_lines_of_one_file_come_again(logs) -> None:
    ids = [*put(logs, "aa", 330), *put(logs, "bb", 40)]
    killed_at(logs, "write logging", 4)
    logs.func.cache.rows.clear()
    after_a_kill(logs)
    expected_once(logs, ids, again=300)


def test_of_two_runs_that_are_killed_each_in_another_file_no_line_is_repeated(logs) -> None:
    ids = put(logs, "aa", 330, NOW - 2 * HOUR)
    killed_at(logs, "write logging", 4)
    logs.clock.advance(5 * MINUTE)
    # Read first, for it is newer.
    ids += put(logs, "bb", 330)
    killed_at(logs, "write logging", 3)
    after_a_kill(logs)
    expected_once(logs, ids)


def scripts_of(world):
    return {name for name in world.func.scripts if name.startswith((f"{SET}__", "startup__"))}


def test_func_s_time_out_at_any_line_costs_no_line_and_repeats_one_write_at_most(logs) -> None:
    ids = put(logs, "aa", 120)
    run(logs)
    ids += put(logs, "bb", 120)
    lines = Lines(scripts_of(logs))
    with lines.watched():
        assert run(logs).status == "success"
    total = lines.count
    expected_once(logs, ids)
    struck = Counter()
    for number in range(1, 15):
        name = f"n{number}"
        ids += put(logs, name, 120, int(logs.clock.time()) // HOUR * HOUR - HOUR)
        last = total * number // 15
        struck_here = Lines(scripts_of(logs), last)
        before = sum(written(logs).values())
        with struck_here.watched():
            record = run(logs)
        after_a_kill(logs)
        again = sum(written(logs).values()) - before - 120
        struck[record.status] += 1
        # Only between a write and the note that it was made it cannot be known.
        assert again == 0 or (0 < again <= BATCH and WRITE in struck_here.struck_in), struck_here.struck_at
    assert struck["timeout"] >= 12
    assert set(written(logs)) == set(ids)


@pytest.mark.parametrize("before_the_end", range(6))
def test_func_s_time_out_at_the_end_of_a_write_is_one_and_no_line_is_repeated(logs, before_the_end) -> None:
    sink = {f"{SET}__guance_sink"}
    ids = put(logs, "aa", 30)
    lines = Lines(sink)
    with lines.watched():
        run(logs)
    ids += put(logs, "bb", 30)
    with Lines(sink, lines.count - before_the_end).watched():
        record = run(logs)
    assert record.status == "timeout", record.exception
    after_a_kill(logs)
    expected_once(logs, ids)


# What a DataKit would give the present time


def redated(world):
    return [point for point in world.datakit.points("logging") if "__orig_time" in point.fields]


def test_lines_that_a_datakit_would_redate_wait_and_the_others_are_there_at_once(logs) -> None:
    logs.datakit.keeps_time = False
    # At 10:00, lines before 08:10 are too old.
    old, young = put(logs, "aa", 300, NOW - 2 * HOUR, every=5), put(logs, "bb", 20)
    record = run(logs)
    assert record.status == "success", record.log
    found = set(written(logs))
    assert found == {*young, *old[120:]}
    assert record.return_value["lines"]["waiting"] == 120
    assert record.return_value["files"]["waiting"] == 1
    assert "lines of 1 file wait" in record.log
    assert "ENV_IO_AUTO_TIMESTAMP_CORRECTION=false" in record.log
    for _ in range(3):
        logs.clock.advance(5 * MINUTE)
        assert run(logs).return_value["lines"]["written"] == 0
    logs.datakit.set_right()
    logs.clock.advance(5 * MINUTE)
    record = run(logs)
    assert record.return_value["lines"]["written"] == 120
    assert record.return_value["files"]["waiting"] == 0
    assert redated(logs) == []
    expected_once(logs, [*old, *young])


def test_a_file_that_is_read_in_parts_while_its_lines_grow_too_old_is_there_once(logs) -> None:
    logs.datakit.keeps_time = False
    configure_logs(logs.func, first_lookback=3 * HOUR, max_lines_a_run=100)
    ids = put(logs, "aa", 350, NOW - 2 * HOUR, every=10)
    for _ in range(6):
        assert run(logs).status == "success"
        logs.clock.advance(15 * MINUTE)
    waiting = set(ids) - set(written(logs))
    assert waiting
    logs.datakit.set_right()
    for _ in range(5):
        logs.clock.advance(5 * MINUTE)
        run(logs)
    assert redated(logs) == []
    expected_once(logs, ids)


def test_lines_that_wait_too_long_are_given_up_and_that_is_told(logs) -> None:
    logs.datakit.keeps_time = False
    configure_logs(logs.func, first_lookback=3 * HOUR, max_catch_up=6 * HOUR)
    old = put(logs, "aa", 10, NOW - 2 * HOUR)
    run(logs)
    logs.clock.advance(7 * HOUR)
    record = run(logs)
    assert "1 file of the hours from 2026-03-01 08:00 to 2026-03-01 08:00 UTC are given up" in record.log
    logs.datakit.set_right()
    logs.clock.advance(5 * MINUTE)
    assert run(logs).return_value["lines"]["written"] == 0
    assert not set(written(logs)) & set(old)
