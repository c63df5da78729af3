"""Access logs over a day and a half in which files come late and in no order, and anything fails at any time.

At the end every line is there once, whatever it met on its way; only of a write after which the process ended at once
it cannot be known, so that its lines may be there twice.
"""

import gzip
import random
import time

import pytest

from devtools.aws.access_logs import FIELDS
from tests.contract.conftest import configure_logs
from tests.faults.test_logs_kills import BATCH, BUCKET, HEADER, Killed, redated, run, written
from tests.faults.test_logs_kills import logs as _logs
from tests.faults.world import AK_ID, HOUR, MINUTE

pytestmark = pytest.mark.newest

logs = _logs
HOURS, RUN_EVERY, LATEST = 26, 40 * MINUTE, 23 * HOUR


def file_of(world, chance, hour, number):
    """A file of an hour: its key, body, and the IDs of its lines."""
    distribution, at = world.ids[0], time.gmtime(hour)
    ids, lines = [], []
    for second in sorted(chance.sample(range(3600), chance.choice((1, 20, 130, 260)))):
        ids.append(f"{hour}/{number}/{second}")
        values = dict.fromkeys(FIELDS, "-")
        values.update({"date": time.strftime("%Y-%m-%d", at), "x-edge-request-id": ids[-1], "sc-status": "200"})
        values["time"] = time.strftime("%H:%M:%S", time.gmtime(hour + second))
        lines.append("\t".join(values.values()) + "\n")
    key = f"{distribution}.{time.strftime('%Y-%m-%d-%H', at)}.{number:08x}.gz"
    return key, gzip.compress((HEADER + "".join(lines)).encode(), 1), ids


class Weather:
    """What goes wrong in a run, by chance; `unknown` counts the writes of which nobody knows whether they arrived."""

    def __init__(self, world, chance):
        self._world, self._chance, self.unknown = world, chance, 0

    def run(self):
        """A run in which something may go wrong, and nothing does after it."""
        world, kind = self._world, self._chance.choice(["", "", "", "down", "forbidden", "list", "killed", "unkept"])
        if kind == "down":
            world.datakit.refuse(503)
        elif kind in ("forbidden", "list"):
            action = "s3:GetObject" if kind == "forbidden" else "s3:ListBucket"
            world.aws.deny(AK_ID, action, BUCKET)
        elif kind in ("killed", "unkept"):
            self._kill("write logging" if kind == "killed" else "CACHE.set", self._chance.randint(1, 4))
        try:
            run(world)
        except Killed:
            self.unknown += kind == "unkept"
        world.func.on_event = lambda name: None
        world.datakit.clear_faults()
        for action in ("s3:GetObject", "s3:ListBucket"):
            world.aws.allow(AK_ID, action, BUCKET)

    def _kill(self, event, nth):
        seen = []

        def kill(name):
            seen.append(name)
            if seen.count(event) >= nth:
                raise Killed

        self._world.func.on_event = kill


@pytest.mark.parametrize("seed", range(1))
def test_whatever_happens_every_line_is_there_once(logs, seed) -> None:
    chance = random.Random(f"logs/{seed}")
    configure_logs(logs.func, first_lookback=0, max_lines_a_run=2000)
    logs.datakit.keeps_time = False
    run(logs)
    start = int(logs.clock.time())
    coming = []
    for hour in range(start, start + HOURS * HOUR, HOUR):
        for number in range(chance.randint(0, 3)):
            late = chance.choice((chance.uniform(300, HOUR), chance.uniform(300, LATEST)))
            coming.append((hour + HOUR + late, file_of(logs, chance, hour, number)))
    coming.sort()
    ids = [one for _, (_, _, of_file) in coming for one in of_file]
    weather = Weather(logs, chance)
    while coming:
        logs.clock.advance(RUN_EVERY)
        while coming and coming[0][0] <= logs.clock.time():
            _, (key, body, _) = coming.pop(0)
            logs.aws.put_object(BUCKET, key, body)
        weather.run()
        if chance.random() < 0.02:
            logs.datakit.set_right()
    logs.datakit.set_right()
    for _ in range(8):
        logs.clock.advance(RUN_EVERY)
        record = run(logs)
    assert record.status == "success", record.log
    found = written(logs)
    assert set(found) == set(ids)
    assert redated(logs) == []
    assert sum(found.values()) - len(ids) <= BATCH * weather.unknown
    assert record.return_value["files"]["left"] == record.return_value["files"]["waiting"] == 0
