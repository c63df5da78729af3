"""The shipped monitors over points: who is woken by what, and by whom nobody is."""

import pytest

from devtools.guance.checks import check, visible
from devtools.guance.dql import Asked, parse, table
from devtools.guance.line_protocol import Point
from tests.assets.conftest import read, render
from tests.assets.scenarios import (
    BEGIN,
    DROP,
    HOUR,
    METRICS,
    MINUTE,
    OVER,
    RATE_5XX,
    README,
    SCENARIOS,
    SCRIPTS,
    SHOP,
    SILENT,
    STATUSES,
    Scenario,
    always,
    errors,
    points,
    reports,
    turns,
    usual,
    with_table,
)

SHOP_DIMENSIONS = ("prod", "E1SHOP", "shop.example.com")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.situation)
def test_who_is_woken_by_what_and_that_it_passes(scenario) -> None:
    found = reports(scenario)
    assert {name: max(at.values(), key=STATUSES.index) for name, at in found.items()} == scenario.woken
    for name, at in found.items():
        # Not before it begins; and it is over when all has been well for as long as a monitor looks back.
        assert min(at) > BEGIN, name
        assert max(at) < OVER + SCRIPTS[name]["interval"] + 10 * MINUTE, name


def test_every_monitor_speaks_in_some_situation_and_the_table_says_when() -> None:
    assert {name for scenario in SCENARIOS for name in scenario.woken} == set(SCRIPTS)
    assert README.read_text(encoding="utf-8") == with_table(README.read_text(encoding="utf-8")), (
        "python -m tests.assets.scenarios writes it anew"
    )


def test_the_other_distribution_is_never_blamed() -> None:
    burst = next(scenario for scenario in SCENARIOS if scenario.situation.startswith("a burst"))
    written = points(burst)
    for name in burst.woken:
        for at in turns(SCRIPTS[name]):
            assert set(check(SCRIPTS[name], written, at)) <= {SHOP_DIMENSIONS}


def first_turn(name, at_least, minute, written):
    """Minutes from the begin until a monitor first reports that status or a worse one; `minute` shifts its turns."""
    for at in turns(SCRIPTS[name]):
        events = check(SCRIPTS[name], written, at + minute * MINUTE)
        if any(STATUSES.index(event.status) >= STATUSES.index(at_least) for event in events.values()):
            return (at + minute * MINUTE - BEGIN) // MINUTE
    return None


@pytest.mark.parametrize("minute", range(0, 15, 2))
def test_what_stops_altogether_is_an_error_before_the_hour_is_empty_whenever_it_is_looked_at(minute) -> None:
    (stopped,) = [scenario for scenario in SCENARIOS if "metrics are not" in scenario.situation]
    written = points(stopped)
    for name in (DROP, METRICS):
        # docs/en/dashboard-and-monitors.md names these minutes.
        assert 40 <= first_turn(name, "error", minute, written) <= 60


@pytest.mark.parametrize("minute", range(5))
def test_a_dead_collector_is_called_so_before_traffic_seems_to_have_stopped(minute) -> None:
    (dead,) = [scenario for scenario in SCENARIOS if "dead" in scenario.situation]
    written = points(dead)
    silent = first_turn(SILENT, "critical", minute, written)
    assert silent <= 36
    assert silent < first_turn(DROP, "warning", minute, written)


# What is switched off until somebody wants it


def test_a_change_is_reported_in_the_half_hour_after_it_has_arrived_and_nothing_else_is() -> None:
    (changed,) = [it["jsonScript"] for it in read("monitor", "en")["checkers"] if it["is_disable"]]
    tags = {**SHOP, "df_source": "change", "class": "aws_cloudfront"}
    at, arrival = BEGIN, BEGIN + 5 * MINUTE
    events = [
        Point("keyevent", "event", tags, {"df_title": "changed"}, at, arrival),
        Point("keyevent", "event", {**tags, "df_source": "monitor"}, {"df_title": "an alarm"}, at, at),
        Point("keyevent", "event", {**tags, "class": "kubernetes_pods"}, {"df_title": "changed"}, at, at),
    ]
    turns = range(BEGIN - HOUR, BEGIN + HOUR, MINUTE)
    reported = {turn: check(changed, events, turn) for turn in turns if check(changed, events, turn)}
    assert min(reported) == arrival
    assert max(reported) <= at + 31 * MINUTE
    assert {tags: event.status for found in reported.values() for tags, event in found.items()} == {
        SHOP_DIMENSIONS: "info"
    }


# Objects are overwritten


def silent_with(**changes):
    """The events of the collector's own monitor in the seconds after all objects have been reported again."""
    reported = [
        Point("custom_object", "aws_cloudfront", {"account_name": "prod", "name": name}, {"Enabled": True}, at, at)
        for name in ("E1", "E2")
        for at in range(BEGIN - 2 * HOUR, BEGIN + HOUR, 15 * MINUTE)
    ]
    script = {**SCRIPTS[SILENT], **changes}
    every = range(BEGIN - HOUR, BEGIN, 5)
    return [at for at in every if check(script, reported, at)]


def test_the_check_in_the_minute_after_a_report_is_no_alarm() -> None:
    assert silent_with() == []


def test_it_would_be_one_if_the_window_ended_a_minute_ago() -> None:
    alarms = silent_with(disableCheckEndTime=False)
    assert alarms
    # In the minute after a report, and at no other time.
    assert {(at - BEGIN) % (15 * MINUTE) for at in alarms} <= set(range(61))


# What a person reads


def read_by_a_person(language, title, scenario, at):
    """The message of the first event of a monitor at a turn, with the numbers that its queries find."""
    (script,) = [it["jsonScript"] for it in read("monitor", language)["checkers"] if title in it["jsonScript"]["title"]]
    written = points(scenario)
    (dimensions, event), *_ = check(script, written, at).items()
    start, end = at - MINUTE - script["interval"], at - MINUTE

    def fetch(query, *parameters):
        rows = table(parse(query), Asked(visible(written, at), start, end, parameters=parameters))
        return rows[0] if rows else None

    values = dict(zip(script["groupBy"], dimensions))
    return render(script["message"], fetch, df_status=event.status, Result=event.result, **values)


@pytest.mark.parametrize(("language", "title"), [("en", "5xx error rate"), ("zh", "5xx 错误率过高")])
def test_the_numbers_of_a_message_are_those_of_the_time_that_was_checked(language, title) -> None:
    (burst,) = [scenario for scenario in SCENARIOS if scenario.situation.startswith("a burst")]
    text = read_by_a_person(language, title, burst, BEGIN + HOUR - BEGIN % 300)
    # At an hour of the burst 7 to 9 of the 15 minutes have not arrived: 900 requests a minute, 360 of them failed.
    minutes = [number for number in range(6, 9) if f" {number * 900} " in text and f"{number * 360} " in text]
    assert len(minutes) == 1
    assert "40.00 %" in text
    assert "shop.example.com" in text
    assert "E1SHOP" in text


def test_a_distribution_without_an_alternate_domain_name_is_named_by_its_id() -> None:
    script = SCRIPTS[RATE_5XX]
    minutes = range(BEGIN - HOUR, BEGIN, MINUTE)
    fields = {"Requests_Sum": 900.0, "Derived_5xxErrors": 90.0}
    tags = {"account_name": "prod", "DistributionId": "E2STEADY"}
    written = [Point("metric", "aws_AWS/CloudFront", tags, fields, minute, minute) for minute in minutes]
    assert set(check(script, written, BEGIN)) == {("prod", "E2STEADY", "")}
    text = render(
        script["message"], lambda *_: {"value": 1.0}, df_status="error", DistributionId="E2STEADY", Result=1.0
    )
    assert ">Distribution: E2STEADY  \n" in text
    assert render(script["title"], None, DistributionId="E2STEADY").endswith(" E2STEADY")


@pytest.mark.parametrize(("requests", "woken"), [(33.0, None), (120.0, "critical")])
def test_a_rate_alarm_needs_its_requests(requests, woken) -> None:
    # 500 in 15 minutes, of which half have not arrived yet.
    scenario = Scenario("few", always(errors("5xx", 50.0, requests)), before=usual(requests))
    statuses = reports(scenario).get(RATE_5XX, {}).values()
    assert max(statuses, key=STATUSES.index, default=None) == woken
