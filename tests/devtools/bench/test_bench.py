"""What of the benchmark can be exact is held here: calls and POSTs at their floor. And its table says what is so."""

import math

import pytest

from devtools.bench.cases import calls, sink
from devtools.bench.page import page
from devtools.bench.rivals import client, script
from devtools.bench.run import Row, growth_rows, sink_rows
from devtools.bench.world import NOW, World

MINUTE = 60
FIGURES = {"ours": 0.3, "helper": 0.6, "seconds": [1.0, 1.1], "bytes": [2.0, 1.0], "day": 123.0}


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


def test_the_page_has_the_table_the_conditions_and_the_dollars() -> None:
    user = {"seconds": 0.5, "processor": 0.25, "megabytes": 60.0, "billed": 600}
    text = page([Row(1, "calls", "8", "equal", True)], {100: user}, "a machine", FIGURES)
    assert "| 1 | calls | 8 | equal | met |" in text
    assert "**Conditions:** a machine." in text
    assert "| 100 | 0.50 | 0.25 | 60 MB | 600 | 52 |" in text
    assert "{" not in text
