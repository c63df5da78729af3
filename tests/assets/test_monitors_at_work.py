"""The shipped monitors over points: who is woken, and by whom nobody is."""

import re

import pytest

from devtools.guance.dql import read
from devtools.guance.line_protocol import Point
from tests.assets.conftest import read as read_asset

MINUTE, HOUR, WEEK = 60, 3600, 7 * 24 * 3600
NOW = 1772431200
# Minutes that have not arrived yet when a monitor looks.
LATE = 8
TAGS = {"account_name": "prod", "DistributionId": "E2EXAMPLE00001", "DomainName": "d111111abcdef8.cloudfront.net"}
CHECKERS = {
    it["jsonScript"]["title"].partition(":")[0]: it["jsonScript"] for it in read_asset("monitor", "en")["checkers"]
}
EVAL = re.compile(r'eval\((?P<formula>.+?), A="(?P<A>.+?)", B="(?P<B>.+?)"\)')
OPERATORS = {">=": lambda a, b: a >= b, "<=": lambda a, b: a <= b, "<": lambda a, b: a < b}


def traffic(requests, until=NOW - LATE * MINUTE, minutes=120, **fields):
    """Minutes with the same values."""
    values = {"Requests_Sum": float(requests), **fields}
    return [
        Point("metric", "aws_AWS/CloudFront", TAGS, values, time, 0)
        for time in range(until - minutes * MINUTE, until, MINUTE)
    ]


def value(query, points, start, end):
    """What a query without groups of more than one distribution answers."""
    select = read(query)
    groups = select.groups(points, {}, start, end)
    assert len(groups) <= 1
    return next((select.columns[0].value(rows) for rows in groups.values()), None)


def answer(dql, points, start, end):
    found = EVAL.fullmatch(dql)
    if not found:
        return value(dql, points, start, end)
    sides = {name: value(found[name], points, start, end) for name in "AB"}
    return None if None in sides.values() else eval(found["formula"], {}, sides)


def status(title, points, now=NOW):
    """The status that a monitor reports, or None."""
    script = CHECKERS[f"AWS CloudFront {title}"]
    values = {
        target["alias"]: answer(target["dql"], points, now - script["interval"], now) for target in script["targets"]
    }
    if script["noDataAction"] == "checkAs0":
        values = {alias: found or 0 for alias, found in values.items()}
    for rule in script["checkerOpt"]["rules"]:
        if all(_holds(condition, values[condition["alias"]]) for condition in rule["conditions"]):
            return rule["status"]
    return None


def _holds(condition, found):
    return found is not None and OPERATORS[condition["operator"]](found, float(condition["operands"][0]))


@pytest.mark.parametrize(
    ("title", "requests", "field", "percent", "expected"),
    [
        ("5xx error rate high", 900, "5xxErrorRate_Average", 0.2, None),
        ("5xx error rate high", 900, "5xxErrorRate_Average", 1.5, "warning"),
        ("5xx error rate high", 900, "5xxErrorRate_Average", 7.0, "error"),
        ("5xx error rate high", 900, "5xxErrorRate_Average", 40.0, "critical"),
        ("4xx error rate high", 900, "4xxErrorRate_Average", 3.0, None),
        ("4xx error rate high", 900, "4xxErrorRate_Average", 12.0, "warning"),
        ("4xx error rate high", 900, "4xxErrorRate_Average", 60.0, "error"),
        ("total error rate high", 900, "TotalErrorRate_Average", 10.0, None),
        ("total error rate high", 900, "TotalErrorRate_Average", 20.0, "warning"),
        # A scanner meets 404 everywhere: no page at night.
        ("total error rate high", 900, "TotalErrorRate_Average", 90.0, "error"),
        # One request of three a minute fails at night: nobody is woken.
        ("5xx error rate high", 3, "5xxErrorRate_Average", 33.3, None),
        ("4xx error rate high", 3, "4xxErrorRate_Average", 33.3, None),
        ("total error rate high", 3, "TotalErrorRate_Average", 33.3, None),
    ],
)
def test_error_rates(title, requests, field, percent, expected) -> None:
    assert status(title, traffic(requests, **{field: percent})) == expected


def test_a_minute_of_failures_with_little_traffic_does_not_outweigh_the_rest() -> None:
    good = traffic(900, **{"5xxErrorRate_Average": 0.1})
    good[-1] = good[-1]._replace(fields={"Requests_Sum": 2.0, "5xxErrorRate_Average": 100.0})
    assert status("5xx error rate high", good) is None


@pytest.mark.parametrize(
    ("before", "now", "drop", "surge"),
    [
        (900, 900, None, None),
        (900, 700, None, None),
        (900, 400, "warning", None),
        (900, 150, "error", None),
        (900, 80, "critical", None),
        (900, 2400, None, "warning"),
        (900, 5000, None, "error"),
        # Nearly idle: a change is no news.
        (2, 0.1, None, None),
        (2, 50, None, None),
    ],
)
def test_traffic_against_the_same_hour_a_week_ago(before, now, drop, surge) -> None:
    points = [*traffic(before, NOW - WEEK + HOUR, 240), *traffic(now)]
    assert status("traffic drop", points) == drop
    assert status("traffic surge", points) == surge


def test_nothing_is_said_in_the_first_week() -> None:
    assert status("traffic drop", traffic(900)) is None
    assert status("traffic surge", traffic(9000)) is None
    assert status("cache hit rate fall", traffic(900, CacheHitRate_Average=1.0)) is None


STOP = NOW - HOUR


def checks(title, stop, offset, hours=2):
    """The times at which a monitor looks after something has stopped, by where it stands in its turn."""
    every = {"5m": 5 * MINUTE, "15m": 15 * MINUTE}[CHECKERS[f"AWS CloudFront {title}"]["every"]]
    return range(stop + offset * MINUTE, stop + hours * HOUR, every)


def speaks_after(title, points, stop, offset, statuses=("warning", "error", "critical")):
    """How many minutes after the stop a monitor first reports one of the statuses; None for never."""
    found = (time for time in checks(title, stop, offset) if status(title, points, time) in statuses)
    return next(((time - stop) // MINUTE for time in found), None)


@pytest.mark.parametrize("offset", range(1, 6))
def test_traffic_that_stops_altogether_is_critical_before_the_hour_is_empty(offset) -> None:
    points = [*traffic(900, NOW - WEEK + 3 * HOUR, 600), *traffic(900, STOP)]
    # docs/en and docs/zh, dashboard-and-monitors.md, name these minutes.
    assert 36 <= speaks_after("traffic drop", points, STOP, offset) <= 41
    assert 45 <= speaks_after("traffic drop", points, STOP, offset, ("error",)) <= 50
    assert 54 <= speaks_after("traffic drop", points, STOP, offset, ("critical",)) <= 59


@pytest.mark.parametrize("late", [8, 13, 18])
def test_minutes_that_have_not_arrived_are_no_drop_with_a_slower_cron_job_either(late) -> None:
    points = [*traffic(900, NOW - WEEK + HOUR, 240), *traffic(900, NOW - late * MINUTE)]
    assert status("traffic drop", points) is None
    assert status("metrics missing", points) is None


@pytest.mark.parametrize(("rate", "expected"), [(88.0, None), (78.0, "warning"), (55.0, "error")])
def test_cache_hit_rate_falls(rate, expected) -> None:
    points = [
        *traffic(900, NOW - WEEK + HOUR, 240, CacheHitRate_Average=90.0),
        *traffic(900, CacheHitRate_Average=rate),
    ]
    assert status("cache hit rate fall", points) == expected


@pytest.mark.parametrize(
    ("requests", "hit_rate", "latency", "expected"),
    [
        (900, 80.0, 300.0, None),
        (900, 80.0, 1200.0, "warning"),
        (900, 80.0, 5000.0, "error"),
        (900, 80.0, 12000.0, "error"),
        (3, 80.0, 5000.0, None),
        # Many viewers, but five a minute that the cache does not answer.
        (500, 99.0, 12000.0, None),
        (50_000, 99.0, 12000.0, "error"),
    ],
)
def test_a_slow_origin(requests, hit_rate, latency, expected) -> None:
    points = traffic(requests, OriginLatency_p90=latency, CacheHitRate_Average=hit_rate)
    assert status("origin slow", points) == expected


def test_the_requests_to_the_origin_are_those_that_the_cache_does_not_answer() -> None:
    gate = CHECKERS["AWS CloudFront origin slow"]["targets"][1]["dql"]
    points = [
        *traffic(1000, NOW - MINUTE, 1, CacheHitRate_Average=99.0),
        *traffic(100, NOW, 1, CacheHitRate_Average=20.0),
        # Its hit rate is not known: it is not counted.
        *traffic(5000, NOW - 2 * MINUTE, 1),
    ]
    assert value(gate, points, NOW - HOUR, NOW) == pytest.approx(10 + 80)


def listed(*times):
    """The object of a distribution, reported at these times."""
    tags = {"account_name": "prod", "name": "E2EXAMPLE00001"}
    return [Point("custom_object", "aws_cloudfront", tags, {"Enabled": True}, time, 0) for time in times]


def test_the_collector_is_missed_after_half_an_hour() -> None:
    # Due every 15 minutes, which with a cron job every 10 minutes is every 20.
    assert status("collector silent", listed(NOW - 21 * MINUTE)) is None
    assert status("collector silent", listed(NOW - 31 * MINUTE)) == "critical"


@pytest.mark.parametrize("offset", range(1, 6))
@pytest.mark.parametrize("since", [0, 5, 10])
def test_a_dead_collector_is_called_so_before_traffic_seems_to_have_stopped(since, offset) -> None:
    # The last run, and the last one that reported objects; points end three minutes before it.
    points = [
        *traffic(900, NOW - WEEK + 3 * HOUR, 600),
        *traffic(900, STOP - 3 * MINUTE),
        *listed(STOP - since * MINUTE),
    ]
    silent = speaks_after("collector silent", points, STOP, offset)
    assert silent <= 35
    assert silent <= speaks_after("traffic drop", points, STOP, offset)
    assert silent < speaks_after("traffic drop", points, STOP, offset, ("error", "critical"))


@pytest.mark.parametrize("offset", range(1, 6))
def test_metrics_that_are_not_collected_are_missed_although_objects_are_reported(offset) -> None:
    objects = listed(*range(STOP - HOUR, STOP + 3 * HOUR, 15 * MINUTE))
    points = [*traffic(900, NOW - WEEK + 3 * HOUR, 600), *traffic(900, STOP - 3 * MINUTE), *objects]
    assert speaks_after("collector silent", points, STOP, offset) is None
    assert speaks_after("metrics missing", points, STOP, offset) < 60
    # Hours later as well.
    assert status("metrics missing", points, STOP + 3 * HOUR) == "critical"


def test_metrics_are_not_missed_of_an_account_that_was_idle_a_week_ago_too() -> None:
    assert status("metrics missing", traffic(900)) is None
    assert status("metrics missing", traffic(5, NOW - WEEK + HOUR, 240)) is None
    assert status("metrics missing", [*traffic(900, NOW - WEEK + HOUR, 240), *traffic(400)]) is None
    assert status("metrics missing", [*traffic(900, NOW - WEEK + HOUR, 240), *traffic(80)]) == "critical"


@pytest.mark.parametrize("title", [title for title in CHECKERS if "silent" not in title])
def test_an_idle_distribution_wakes_nobody(title) -> None:
    assert status(title.replace("AWS CloudFront ", ""), []) is None
