"""The cases of the benchmark, each in a process of its own: `python -m devtools.bench.cases CASE NUMBERS` prints JSON.

A case measures pair by pair: all that is compared takes turns in one process, and the least of each counts. Times are
of the processor, unless a case is about waiting.
"""

from __future__ import annotations

import gc
import json
import platform
import resource
import sys
import time
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable, Dict, List

import botocore

from devtools.bench import logs as bench_logs
from devtools.bench import rivals as bench_rivals
from devtools.bench.world import NOW, RealClock, RowsInFiles, World
from devtools.func.connectors import _checked, _line
from guance_aws_cloudfront.func.digest import load_digest
from guance_aws_cloudfront.points.series import QUERIES_PER_CALL

MINUTE, HOUR = 60, 3600
Case = Callable[..., Dict[str, Any]]


def turns(rounds: int, **rivals: Callable[[], object]) -> Dict[str, float]:
    """The least seconds of processor time that each takes, all of them taking turns."""
    least: Dict[str, float] = {}
    for _ in range(rounds):
        for name, work in rivals.items():
            gc.collect()
            before = time.process_time()
            work()
            least[name] = min(least.get(name, 1e9), time.process_time() - before)
    return least


def calls(distributions: int) -> Dict[str, Any]:
    """A regular run: the one five minutes after the first."""
    world = World(distributions)
    world.run()
    world.clock.advance(5 * MINUTE)
    return {"calls": sum(world.run()["calls"].values())}


def side(distributions: int, minutes: int, rounds: int) -> Dict[str, Any]:
    """Our side of a run, against what others need to parse the same answers, or to make the same points."""
    world, start = World(distributions), NOW - minutes * MINUTE
    cloudwatch = bench_rivals.client(world.canned)
    write = world.taker.write_by_category_many
    some = world.canned.ids[: max(1, distributions // 10)]
    # The answers are made here, before any time is taken.
    world.our_side(start, NOW)
    queries = 6 * distributions
    sizes = [min(QUERIES_PER_CALL, queries - first) for first in range(0, queries, QUERIES_PER_CALL)]
    kept = {asked.queries: body for asked, body in world.canned.bodies.items()}
    bodies = [kept[size] for size in sizes]
    posts: List[Any] = []
    world.taker.write_by_category_many = lambda category, points: (posts.append(points), (200, {}))[1]  # type: ignore
    world.our_side(start, NOW)
    del world.taker.write_by_category_many
    least = turns(
        rounds,
        ours=lambda: world.our_side(start, NOW),
        parse=lambda: bench_rivals.parse(cloudwatch, bodies),
        script=lambda: bench_rivals.script(cloudwatch, world.canned.ids, start, NOW, write),
        helper=lambda: [[_line(_checked(one)) for one in json.loads(json.dumps(points))] for points in posts],
    )
    few = turns(1, statistics=lambda: bench_rivals.statistics(cloudwatch, some, start, NOW, write))
    return {
        **least,
        "statistics": few["statistics"] * distributions / len(some),
        "points": sum(map(len, posts)),
        "protocol": bench_rivals.protocol(cloudwatch),
        "python": platform.python_version(),
        "botocore": botocore.__version__,
    }


def growth(few: int, many: int, minutes: int) -> Dict[str, Any]:
    """Time and memory for each distribution, of few and of many.

    Both take the same work for each measurement: the least of several is the lower, the shorter they are.
    """
    worlds, start = {number: World(number) for number in (few, many)}, NOW - minutes * MINUTE
    for world in worlds.values():
        world.our_side(start, NOW)

    def of_few() -> None:
        for _ in range(many // few):
            worlds[few].our_side(start, NOW)

    least = turns(10, few=of_few, many=lambda: worlds[many].our_side(start, NOW))
    memory = {number: _peak(lambda: world.our_side(start, NOW)) for number, world in worlds.items()}  # noqa: B023
    return {
        "seconds": [least["few"] / (many // few) / few, least["many"] / many],
        "bytes": [memory[few] / few, memory[many] / many],
    }


def _peak(work: Callable[[], object]) -> int:
    gc.collect()
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def catch_up(distributions: int, hours: int) -> Dict[str, Any]:
    """A catch-up of so many hours; memory is the whole process's, of which Redis is no part."""
    world, before = World(distributions), time.process_time()
    with TemporaryDirectory() as folder:
        world.cache.rows = RowsInFiles(Path(folder))
        world.our_side(NOW - hours * HOUR, NOW)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "megabytes": used.ru_maxrss / 1024,
        "seconds": time.process_time() - before,
        "values": 6 * sum(world.taker.posts),
    }


def bare() -> Dict[str, Any]:
    """A process with boto3 and two clients, and nothing else."""
    made = bench_rivals.two_clients()
    return {"megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "clients": len(made)}


def sink(distributions: int) -> Dict[str, Any]:
    """POSTs of a first run, and of one in which nothing has changed."""
    world = World(distributions)
    first = world.run()
    posts, points = list(world.taker.posts), world.taker.last
    size = sum(len(_line(point).encode()) + 1 for point in points) / len(points)
    world.clock.advance(1)
    second = world.run()
    return {
        "points": first["points"]["new"],
        "posts": len(posts),
        "bytes": size,
        "again": second["points"]["unchanged"],
        "posts_again": len(world.taker.posts) - len(posts),
    }


def together(concurrency: int, number: int, minutes: int) -> Dict[str, Any]:
    """So many calls that AWS answers in 100 ms: how long they take, and how many are begun in the fullest second."""
    distributions = number * QUERIES_PER_CALL // 6
    world = World(distributions, RealClock(waits=True), concurrency=concurrency)
    now = int(time.time()) // MINUTE * MINUTE
    world.our_side(now - minutes * MINUTE, now)
    world.canned.latency = 0.1
    world.canned.times.clear()
    world.our_side(now - minutes * MINUTE, now)
    times = sorted(world.canned.times)
    begun = len(times)
    rate = (begun - 1) / (times[-1] - times[0])
    return {"calls": begun, "rate": rate, "fullest": max(sum(at <= one < at + 1 for one in times) for at in times)}


def state(distributions: int) -> Dict[str, Any]:
    """What is kept between regular runs, and what reading and writing it costs."""
    world = World(distributions)
    for _ in range(2):
        world.run()
        world.clock.advance(5 * MINUTE)
    kept = next(str(value) for (_, key), (value, _) in world.cache.rows.items() if key.startswith("digest"))
    digest = load_digest(kept, MINUTE)
    least = turns(5, load=lambda: load_digest(kept, MINUTE), dump=digest.dump)
    return {
        "store": sum(len(str(value)) for value, _ in world.store.rows.values()),
        "cache": sum(len(str(value)) for value, _ in world.cache.rows.values()),
        **least,
    }


def user(distributions: int) -> Dict[str, Any]:
    """A regular run in real time, AWS answering in 100 ms: for how long, and what AWS bills for it."""
    world = World(distributions, RealClock(waits=True))
    world.our_side(NOW - 20 * MINUTE, NOW)
    world = World(distributions, RealClock(waits=True), first_lookback=20 * MINUTE)
    world.run()
    world.canned.latency = 0.1
    before, processor = time.monotonic(), time.process_time()
    billed = world.run()["metrics_billed"]
    return {
        "seconds": time.monotonic() - before,
        "processor": time.process_time() - processor,
        "billed": billed,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def log_lines(rounds: int) -> Dict[str, Any]:
    """Whole runs over a log file, with most lines dropped and with none, against a loop that only splits the lines."""
    part, lines = bench_logs.hour_of_lines()
    world = bench_logs.LogWorld(part, 1)
    summaries = {kept: world.logs_run(kept) for kept in bench_logs.KEEP}
    least = turns(
        rounds,
        plain=lambda: bench_logs.plain_loop(part, 1),
        kept=lambda: world.logs_run("kept"),
        all=lambda: world.logs_run("all"),
        helper=lambda: [_line(_checked(point)) for point in world.last],
    )
    return {
        "lines": lines,
        "helper_points": len(world.last),
        "read": {kept: summary["lines"]["read"] for kept, summary in summaries.items()},
        "written": {kept: summary["lines"]["written"] for kept, summary in summaries.items()},
        **least,
    }


def log_file(megabytes: int) -> Dict[str, Any]:
    """A run over one log file of that size, as it lies in S3, most of whose lines are dropped."""
    part, lines = bench_logs.hour_of_lines()
    times = max(1, round(megabytes * 1e6 / len(part)))
    world = bench_logs.LogWorld(part, times)
    before, peak = time.process_time(), bench_logs.peak_megabytes()
    summary = world.logs_run("kept")
    return {
        "lines": lines * times,
        "read": summary["lines"]["read"],
        "bytes": summary["bytes"],
        "seconds": time.process_time() - before,
        "before": peak,
        "megabytes": bench_logs.peak_megabytes(),
    }


CASES: Dict[str, Case] = {
    case.__name__: case
    for case in (calls, side, growth, catch_up, bare, sink, together, state, user, log_lines, log_file)
}

if __name__ == "__main__":
    print(json.dumps(CASES[sys.argv[1]](*map(int, sys.argv[2:]))))
