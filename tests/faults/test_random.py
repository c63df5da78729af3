"""A day with faults drawn at random, judged like every scenario. The seed is the test's name and in what it says."""

import os
import random

import pytest

from devtools.aws.embedded import Fault
from tests.faults.kills import Lines
from tests.faults.world import ECHO, MINUTE

DAY_OF_RUNS = 288
SEEDS = [int(seed) for seed in os.environ.get("FAULT_SEEDS", "1,2,3").split(",")]
# Of so many runs, each: the time-out strikes at some line; a fault begins, if there is none.
KILLED, STRUCK = 0.33, 0.2
LONGEST_FAULT = 8
KILLS_PER_DAY = 70


def failing(*events):
    """STORE or CACHE is gone."""

    def strike(name):
        if name.startswith(events):
            raise OSError("gone")

    return lambda world, dice: setattr(world.func, "on_event", strike)


def forgetting(world, dice):
    """CACHE is gone, or comes back empty."""
    failing("CACHE")(world, dice) if dice.random() < 0.5 else world.func.cache.rows.clear()


def of_aws(**options):
    """A fault at AWS, of a share that is drawn."""

    def begin(world, dice):
        operation = dice.choice(["*", "GetMetricData", "ListDistributions"])
        world.aws.faults.add(Fault(operation, message=ECHO, share=dice.choice([0.2, 0.6, 1.0]), **options))

    return begin


def of_series(world, dice):
    """A series that CloudWatch does not answer, a few times."""
    status = dice.choice(["PartialData", "InternalError", "Forbidden"])
    metric = dice.choice(["Requests", "BytesUploaded", "5xxErrorRate"])
    world.aws.break_series(dice.choice(world.ids), metric, status, ECHO, times=dice.randint(1, 5))


def of_sink(world, dice):
    """An error status for some time or a few POSTs."""
    status = dice.choice([400, 403, 429, 500, 503, 504])
    world.datakit.refuse(status, dice.choice([None, 1, 3]), dice.choice([None, "metric", "custom_object"]))


FAULTS = [
    of_aws(code="Throttling"),
    of_aws(code="InternalFailure", status=500),
    of_aws(code="ExpiredToken", status=403),
    of_aws(cut_connection=True),
    of_aws(cut_answer=True),
    lambda world, dice: world.aws.cut_pages(dice.choice([3, 50])),
    of_series,
    of_sink,
    lambda world, dice: world.datakit.go_down(),
    lambda world, dice: world.datakit.lose_answers(dice.randint(1, 2)),
    failing("STORE"),
    forgetting,
    lambda world, dice: setattr(world.host, "offset", dice.choice([-200, 200])),
]


class Day:
    """Runs of a day, of which some are killed.

    `cut_off` are those whose points may come again, by begin and end; before `forgotten`, that may all points.
    """

    def __init__(self, world, seed):
        self.world, self.dice = world, random.Random(seed)
        self.kills, self.left, self.cut_off, self.forgotten = [], 0, [], []

    def live(self):
        """All runs, five minutes apart."""
        self.world.run()
        self.world.clock.advance(5 * MINUTE)
        with Lines(self.world.func.scripts).watched() as second:
            self.world.run()
        self.lines = second.count
        for _ in range(DAY_OF_RUNS - 2):
            self.world.clock.advance(5 * MINUTE)
            self._turn()
            self._revise()
            self._run()

    def _turn(self):
        """Let a fault begin or end."""
        self.left -= 1
        if self.left == 0:
            self.world.heal()
            self.world.aws.cut_pages(10**6)
        if self.left <= 0 and self.dice.random() < STRUCK:
            fault, self.left = self.dice.choice(FAULTS), self.dice.randint(1, LONGEST_FAULT)
            fault(self.world, self.dice)
            if fault is forgetting:
                # From before the first run without it to after the last one.
                begin = self.world.clock.time()
                self.forgotten += [begin + n * 5 * MINUTE + end for n in range(self.left) for end in (0, MINUTE)]

    def _revise(self):
        """Let a recent minute have another value, shortly."""
        if self.dice.random() < 0.3:
            now = int(self.world.clock.time()) // MINUTE * MINUTE
            minute = now - self.dice.randint(1, 8) * MINUTE
            key, value = self.dice.choice(self.world.ids), float(self.dice.randint(1, 10**6))
            self.world.aws.revise(key, "Requests", minute, value, at=now + self.dice.randint(0, 2) * MINUTE)

    def _run(self):
        began, posts = self.world.clock.time(), len(self.world.datakit.posts)
        # A fault makes a run longer or shorter than the one that was counted; tracing takes its time.
        if self.dice.random() < KILLED:
            with Lines(self.world.func.scripts, self.dice.randint(1, self.lines)).watched() as lines:
                self.world.run()
            if lines.struck_at:
                self.kills.append(lines.struck_at)
        else:
            lines = None
            self.world.run()
        if (lines and lines.struck_at) or 0 in [post.status for post in self.world.datakit.posts[posts:]]:
            self.cut_off.append((began, self.world.clock.time()))

    def sent_for_nothing(self):
        """Points that came again though nothing was forgotten, and the run that had sent them ended by itself."""
        sent = {}
        for point in self.world.datakit.points("metric"):
            again = sent.setdefault((point.tags["DistributionId"], point.time), {})
            values, now = tuple(sorted(point.fields.items())), point.received_at
            before = again.get(values)
            if before is not None and not self._is_excused(before, now):
                yield point
            again[values] = now

    def _is_excused(self, before, now):
        was_cut_off = any(begin <= before <= end for begin, end in self.cut_off)
        return was_cut_off or any(before <= at <= now for at in self.forgotten)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_of_faults_drawn_at_random_loses_nothing_and_leaks_nothing(world, capfd, seed) -> None:
    day = Day(world, seed)
    day.live()
    world.heal()
    world.aws.cut_pages(10**6)
    world.run_for(40)
    said = f"seed {seed}, {len(day.kills)} kills; FAULT_SEEDS={seed} plays it again"
    assert {record.status for record in world.func.records[-5:]} == {"success"}, said
    assert world.missing_or_wrong() == ({}, {}), said
    assert set(world.series().values()) == {1}, said
    assert list(day.sent_for_nothing()) == [], said
    assert world.leaks("".join(capfd.readouterr())) == [], said
    assert len(day.kills) >= KILLS_PER_DAY, said
    # They struck everywhere.
    assert len(set(day.kills)) > KILLS_PER_DAY // 2, said
