"""`make bench`: how lean the collector is, as ratios that are measured pair by pair; a table, and docs/benchmarks.md.

It is no part of the tests' verdict: figures depend on the machine, ratios less so. What can be held exactly (calls,
POSTs) is held by tests too.
"""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
import sys
from statistics import median
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from devtools.bench.cold import BARE, cold
from devtools.bench.page import page
from devtools.market.build import ROOT

# What `make test` installs for Python 3.8: there botocore speaks query XML.
OLDEST = ROOT / ".venv" / "nox" / "tests-oldest" / "bin" / "python"
PAGE = ROOT / "docs" / "benchmarks.md"
COLD_ROUNDS = 25


class Row(NamedTuple):
    """A line of the table; `is_met` is None where there is no target, or nothing was measured."""

    item: int
    what: str
    measured: str
    target: str
    is_met: Optional[bool]

    @property
    def verdict(self) -> str:
        """The verdict in a word."""
        return {True: "met", False: "missed", None: "for the record"}[self.is_met]


def case(name: str, *numbers: int, python: str = sys.executable) -> Dict[str, Any]:
    """What a case gives, run in a process of its own."""
    call = [python, "-m", "devtools.bench.cases", name, *map(str, numbers)]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True, env=_environment())
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _environment() -> Dict[str, str]:
    # Nothing of the host's own settings for AWS.
    return {**{key: value for key, value in os.environ.items() if not key.startswith("AWS_")}, "PYTHONPATH": str(ROOT)}


def calls_rows() -> Iterator[Row]:
    """Item 1."""
    for number in (100, 1_000, 10_000):
        made, floor = case("calls", number)["calls"], math.ceil(number / 100) + math.ceil(6 * number / 500)
        yield Row(
            1, f"calls of a run, {number:,} distributions", f"{made:,} ({floor:,} at least)", "equal", made == floor
        )


def side_rows(figures: Dict[str, Any], most_of_parse: float) -> Iterator[Row]:
    """Item 2, in one protocol."""
    ours, where = figures["ours"], f"{figures['protocol']}, Python {figures['python']}, botocore {figures['botocore']}"
    seconds = f"our side of a run, 1,000 x 6 x 15 min ({where})"
    yield Row(2, seconds, f"{ours * 1000:.0f} ms of processor time", "", None)
    for name, rival, most in (
        ("(a) of botocore merely parsing the same answers", "parse", most_of_parse),
        ("(b) of a script with boto3's paginator", "script", 0.45),
    ):
        ratio = ours / figures[rival]
        yield Row(2, f"{name} ({figures['protocol']})", f"{ratio:.2f}", f"at most {most:.2f}", ratio <= most)
    yield Row(
        2, f"(c) of a call for each metric ({figures['protocol']})", f"{ours / figures['statistics']:.3f}", "", None
    )
    spent = f"{figures['helper'] / ours:.1f} times our side"
    yield Row(2, f"line protocol in Func's helper, apart ({figures['protocol']})", spent, "", None)


def oldest_rows(figures: Optional[Dict[str, Any]]) -> Iterator[Row]:
    """Item 2 on Python 3.8, where that is installed."""
    if figures is None:
        yield Row(2, "our side of a run in query XML (Python 3.8)", "not measured: Python 3.8 is not there", "", None)
        return
    yield from side_rows(figures, 0.30)


def cold_rows(seconds: Dict[str, List[float]], numbers: Sequence[int]) -> Iterator[Row]:
    """Item 3; `seconds` are the processor times of whole processes, by name, round by round.

    The median of the rounds' ratios: how much a process of a third of a second takes differs by a fifth.
    """
    for number in numbers:
        ratio, measured = _of_bare(seconds, f"bytecode {number}")
        what = f"a whole process with a run of {number} distributions over 20 min"
        yield Row(3, f"{what}, of bare boto3 with two clients", measured, "at most 1.30", ratio <= 1.3)
        _, measured = _of_bare(seconds, f"text {number}")
        yield Row(3, "the same, the scripts compiled from text as in a new worker of Func", measured, "", None)


def _of_bare(seconds: Dict[str, List[float]], name: str) -> Tuple[float, str]:
    ratio = median(ours / bare for ours, bare in zip(seconds[name], seconds[BARE]))
    return ratio, f"{ratio:.2f} ({median(seconds[name]):.2f} s)"


def growth_rows(figures: Dict[str, Any]) -> Iterator[Row]:
    """Item 4."""
    for name, (few, many) in (("time", figures["seconds"]), ("memory", figures["bytes"])):
        ratio, amount = many / few, f"{many * 1e6:.0f} µs" if name == "time" else f"{many / 1024:.1f} KiB"
        what = f"{name} for each distribution, of 10,000 against 100"
        yield Row(4, what, f"{ratio:.2f} ({amount})", "at most 1.10", ratio <= 1.1)


def middle(figures: Sequence[Dict[str, Any]]) -> Dict[str, Any]:
    """The figures with the median of the memory: how much the worker threads need at a time differs by chance."""
    return sorted(figures, key=lambda one: float(one["megabytes"]))[len(figures) // 2]


def memory_rows(figures: Dict[int, Dict[str, Any]], bare: float) -> Iterator[Row]:
    """Item 5; `figures` by hours, `bare` the megabytes of a process with boto3 and two clients alone."""
    short, *_, long = sorted(figures)
    for hours, one in sorted(figures.items()):
        above, what = one["megabytes"] - bare, f"catch-up of {hours} h, 1,000 distributions ({one['values']:,} values)"
        yield Row(5, f"peak memory above a bare process, {what}", f"{above:.0f} MB", "at most 200 MB", above <= 200)
    ratio = figures[long]["megabytes"] / figures[short]["megabytes"]
    yield Row(5, f"peak memory of the process, {long} h against {short} h", f"{ratio:.2f}", "flat (1.10)", ratio <= 1.1)
    yield Row(5, f"processor time of {long} h", f"{figures[long]['seconds']:.1f} s", "", None)


def sink_rows(figures: Dict[str, Any]) -> Iterator[Row]:
    """Item 6."""
    floor, posts = math.ceil(figures["points"] / 100), figures["posts"]
    yield Row(6, f"POSTs of {figures['points']:,} points", f"{posts} ({floor} at least)", "equal", posts == floor)
    yield Row(6, "line protocol of a point", f"{figures['bytes']:.0f} bytes", "", None)
    again = f"{figures['posts_again']} POSTs, {figures['again']:,} points known"
    yield Row(6, "a run in which nothing changed", again, "0 POSTs", figures["posts_again"] == 0)


def together_rows(figures: Dict[int, Dict[str, Any]], minutes: int) -> Iterator[Row]:
    """Item 7; `figures` by concurrency."""
    alone = figures[1]["rate"]
    for number, one in figures.items():
        # Beyond what the quota of calls, or of data points, allows nothing can grow.
        most = min(50.0, 180_000 / (500 * minutes)) * 0.95
        wanted = min(number * alone, most) * 0.85
        what = f"calls a second, concurrency {number}, AWS answers in 100 ms, {minutes} min asked for"
        measured = f"{one['rate']:.1f}, {one['fullest']} in the fullest second"
        yield Row(
            7, what, measured, f"{wanted:.0f} or more, never over 50", one["rate"] >= wanted and one["fullest"] <= 50
        )


def state_rows(figures: Dict[int, Dict[str, Any]]) -> Iterator[Row]:
    """Item 8."""
    for number, one in figures.items():
        kept = f"STORE {one['store']} bytes, CACHE {one['cache'] / 1024:.0f} KiB"
        spent = f"read {one['load'] * 1000:.1f} ms, written {one['dump'] * 1000:.1f} ms"
        yield Row(8, f"state of {number:,} distributions", f"{kept}; {spent}", "", None)


def log_rows(lines: Dict[str, Any], files: Dict[int, Dict[str, Any]], bare: float) -> Iterator[Row]:
    """Item 9; `files` by the megabytes of the log file, `bare` as for item 5."""
    what = {"kept": "all 4xx and 5xx and 1 % of the rest sent", "all": "all lines sent"}
    for kept, said in what.items():
        ratio, rate = lines[kept] / lines["plain"], lines["lines"] / lines[kept]
        measured = f"{ratio:.2f} ({rate:,.0f} lines a second)"
        yield Row(9, f"access logs, {said}, of a loop of gzip and split", measured, "at most 3.00", ratio <= 3)
    helper = lines["helper"] / lines["helper_points"] / (lines["all"] / lines["lines"])
    yield Row(9, "line protocol of these lines in Func's helper, apart", f"{helper:.1f} times our side", "", None)
    short, *_, long = sorted(files)
    above = files[long]["megabytes"] - bare
    # The canned file is made of one part, which lies in memory.
    what_long = f"peak memory above a bare process, a log file of {long:,} MB ({files[long]['lines']:,} lines)"
    yield Row(9, what_long, f"{above:.0f} MB", "at most 60 MB", above <= 60)
    ratio = files[long]["megabytes"] / files[short]["megabytes"]
    yield Row(
        9, f"peak memory of the process, {long:,} MB against {short} MB", f"{ratio:.2f}", "flat (1.10)", ratio <= 1.1
    )


def main() -> int:
    """Measure everything, print the table, write the page; the exit status, which says nothing of verdicts."""
    newest = case("side", 1000, 15, 6)
    oldest = case("side", 1000, 15, 3, python=str(OLDEST)) if OLDEST.exists() else None
    users = {number: case("user", number) for number in (10, 100, 1_000)}
    rows: List[Row] = [
        *calls_rows(),
        *side_rows(newest, 0.50),
        *oldest_rows(oldest),
        *cold_rows(cold((10, 100), COLD_ROUNDS, _environment()), (10, 100)),
    ]
    growth, bare = case("growth", 100, 10_000, 15), case("bare")["megabytes"]
    rows += growth_rows(growth)
    catch_ups = {hours: middle([case("catch_up", 1000, hours) for _ in range(3)]) for hours in (3, 6, 24)}
    rows += memory_rows(catch_ups, bare)
    rows += sink_rows(case("sink", 250))
    for minutes, calls in ((5, 60), (20, 40)):
        rows += together_rows({number: case("together", number, calls, minutes) for number in (1, 2, 4, 8)}, minutes)
    rows += state_rows({number: case("state", number) for number in (1_000, 10_000)})
    log_lines = case("log_lines", 3)
    rows += log_rows(log_lines, {number: case("log_file", number) for number in (10, 1_000)}, bare)
    for row in rows:
        print(f"{row.item}  {row.what:100} {row.measured:45} {row.target:30} {row.verdict}")
    conditions = (
        f"Python {platform.python_version()}, botocore {newest['botocore']}, {os.cpu_count()} processors, "
        f"{platform.system()} {platform.machine()}"
    )
    figures = {**newest, **growth, "day": catch_ups[24]["megabytes"] - bare}
    figures["log_lines"] = log_lines["lines"] / log_lines["kept"]
    PAGE.write_text(page(rows, users, conditions, figures), encoding="utf-8")
    print(f"Written: {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
