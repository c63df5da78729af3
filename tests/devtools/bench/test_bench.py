"""What of the benchmark can be exact is held here: calls and POSTs at their floor. And its table says what is so."""

import gzip
import math

import pytest

from devtools.bench import logs
from devtools.bench.cases import calls, sink
from devtools.bench.page import page
from devtools.bench.rivals import client, script
from devtools.bench.run import Row, growth_rows, log_rows, sink_rows
from devtools.bench.world import NOW, World

MINUTE = 60
FIGURES = {"ours": 0.3, "helper": 0.6, "seconds": [1.0, 1.1], "bytes": [2.0, 1.0], "day": 123.0, "log_lines": 250_000.0}


@pytest.mark.parametrize("distributions", [1, 100, 250])
def test_a_run_makes_no_call_more_than_there_must_be(distributions) -> None:
    assert calls(distributions)["calls"] == math.ceil(distributions / 100) + math.ceil(6 * distributions / 500)


def test_a_run_makes_no_post_more_than_there_must_be_and_none_for_what_stands_there() -> None:
    figures = sink(180)
    assert figures["points"] == 180 * 60
    assert figures["posts"] == math.ceil(figures["points"] / 100)
    assert figures["again"] > 0
    assert figures["posts_again"] == 0


def test_the_plain_script_makes_the_same_numbers_of_the_same_answers() -> None:
    # The script derives nothing.
    world, start = World(90, derived=False), NOW - 5 * MINUTE
    ours, theirs = [], []
    world.taker.write_by_category_many = lambda category, points: (ours.extend(points), (200, {}))[1]
    world.our_side(start, NOW)
    script(client(world.canned), world.canned.ids, start, NOW, lambda category, points: theirs.extend(points))

    def numbers(points):
        return {(point["tags"]["DistributionId"], point["timestamp"]): point["fields"] for point in points}

    assert len(ours) == len(theirs) == 90 * 5
    assert numbers(ours) == numbers(theirs)


def test_verdicts_follow_from_what_was_measured() -> None:
    rows = list(growth_rows({"seconds": [1.0, 1.05], "bytes": [100.0, 120.0]}))
    assert [row.verdict for row in rows] == ["met", "missed"]
    figures = {"points": 101, "posts": 3, "bytes": 400.0, "again": 5, "posts_again": 0}
    assert [row.verdict for row in sink_rows(figures)] == ["missed", "for the record", "met"]


def test_a_run_over_a_canned_log_file_reads_every_line_and_sends_what_is_kept() -> None:
    part, lines = logs.hour_of_lines()
    rows = gzip.decompress(part).decode().splitlines()[2:]
    assert len(rows) == lines
    world = logs.LogWorld(part, 2)
    summary = world.logs_run("kept")
    errors = sum(row.split("\t")[8] >= "400" for row in rows)
    assert summary["lines"]["read"] == 2 * lines
    assert summary["bytes"] == 2 * len(part)
    assert 2 * errors < summary["lines"]["written"] == world.written < 2 * (errors + 0.02 * lines)
    assert logs.plain_loop(part, 2) == 2 * lines
    # Each run is a first one.
    assert world.logs_run("kept")["lines"] == summary["lines"]


def test_the_file_of_a_log_world_is_of_any_size_and_never_there_as_a_whole() -> None:
    body = logs.Repeated(b"abc", 5)
    assert [body.read(2), body.read(2), body.read()] == [b"ab", b"c", b"abc"]
    assert b"".join(body.stream(2)) == b"abc" * 3
    assert body.read(1) == b""


def test_verdicts_of_access_logs_follow_from_ratio_and_memory() -> None:
    lines = {"plain": 1.0, "kept": 2.0, "all": 3.5, "lines": 1000, "helper": 0.014, "helper_points": 1}
    files = {10: {"megabytes": 100.0, "lines": 1}, 1000: {"megabytes": 109.0, "lines": 100}}
    rows = list(log_rows(lines, files, 48.0))
    assert [row.verdict for row in rows] == ["met", "missed", "for the record", "missed", "met"]
    assert rows[0].measured == "2.00 (500 lines a second)"
    assert rows[2].measured == "4.0 times our side"


def test_the_page_has_the_table_the_conditions_and_the_dollars() -> None:
    user = {"seconds": 0.5, "processor": 0.25, "megabytes": 60.0, "billed": 600}
    text = page([Row(1, "calls", "8", "equal", True)], {100: user}, "a machine", FIGURES)
    assert "| 1 | calls | 8 | equal | met |" in text
    assert "**Conditions:** a machine." in text
    assert "| 100 | 0.50 | 0.25 | 60 MB | 600 | 52 |" in text
    assert "{" not in text
