"""The monitors wake nobody for nothing, and say what, where and what to look at first."""

import json
import re

import pytest

from guance_aws_cloudfront.settings.config import SECONDS
from tests.assets.conftest import ROOT

EVERY = {"1m": 60, "5m": 300, "15m": 900}
# The ranges that Guance's editor offers for a frequency.
RANGES = {"5m": {300, 900, 1800, 3600, 10800}, "15m": {900, 1800, 3600, 10800, 21600}}
STATUSES = ("fatal", "critical", "error", "warning", "info")
CRON = 300
EXAMPLE = ROOT.parent / "shared" / "guance-examples" / "monitor-import.json"


def by_field(monitors, text):
    return [it for it in monitors if text in it["jsonScript"]["targets"][0]["dql"]]


def test_every_promised_monitor_is_there(monitors) -> None:
    assert len(monitors) == 9
    for name in ("5xxErrorRate", "4xxErrorRate", "TotalErrorRate", "OriginLatency_p90", "CO::"):
        assert len(by_field(monitors, name)) == 1, name
    assert len(by_field(monitors, "B-A")) == 1
    comparisons = {
        (it["jsonScript"]["checkerOpt"]["rules"][0]["conditions"][0]["operator"], len(it["jsonScript"]["groupBy"]))
        for it in by_field(monitors, "A/B")
    }
    assert comparisons == {("<=", 3), (">=", 3), ("<=", 1)}


def test_extend_repeats_the_script(monitors) -> None:
    for checker in monitors:
        script, extend = checker["jsonScript"], checker["extend"]
        assert extend["rules"] == script["checkerOpt"]["rules"]
        assert [it["query"]["q"] for it in extend["querylist"]] == [it["dql"] for it in script["targets"]]
        assert [it["query"]["code"] for it in extend["querylist"]] == [it["alias"] for it in script["targets"]]
        for query in (it["query"] for it in extend["querylist"]):
            for child in query.get("children", [query]):
                assert child["groupBy"] == script["groupBy"]
                assert child["q"] in query["q"]


def test_rules_are_single_sided_worst_first_with_strings_as_operands(monitors) -> None:
    for checker in monitors:
        rules = checker["jsonScript"]["checkerOpt"]["rules"]
        aliases = {target["alias"] for target in checker["jsonScript"]["targets"]}
        statuses = [STATUSES.index(rule["status"]) for rule in rules]
        assert statuses == sorted(set(statuses))
        for rule in rules:
            assert rule["conditionLogic"] == "and"
            for condition in rule["conditions"]:
                assert condition["alias"] in aliases
                assert all(isinstance(operand, str) and float(operand) > 0 for operand in condition["operands"])
        limits = [float(rule["conditions"][0]["operands"][0]) for rule in rules]
        is_low_bad = rules[0]["conditions"][0]["operator"].startswith("<")
        assert limits == sorted(limits, reverse=not is_low_bad)


def test_each_is_gated_on_requests_but_that_of_the_collector_itself(monitors) -> None:
    for checker in monitors:
        for rule in checker["jsonScript"]["checkerOpt"]["rules"]:
            gates = [it for it in rule["conditions"] if it["alias"] == "Requests" and it["operator"] == ">="]
            if "CO::" in checker["jsonScript"]["targets"][0]["dql"]:
                assert gates == []
            else:
                assert [float(gate["operands"][0]) >= 300 for gate in gates] == [True]


def test_a_window_is_longer_than_what_has_not_arrived_yet(monitors) -> None:
    for checker in monitors:
        script = checker["jsonScript"]
        assert script["interval"] > SECONDS["delay"].default + CRON
        assert script["interval"] >= EVERY[script["every"]]
        assert script["interval"] in RANGES[script["every"]]
    (silent,) = by_field(monitors, "CO::")
    assert silent["jsonScript"]["interval"] > SECONDS["object_interval"].default + CRON


def test_comparisons_of_counts_bear_the_minutes_that_have_not_arrived(monitors) -> None:
    late = SECONDS["delay"].default + CRON
    for checker in by_field(monitors, "A/B"):
        script = checker["jsonScript"]
        mildest = float(script["checkerOpt"]["rules"][-1]["conditions"][0]["operands"][0])
        if script["checkerOpt"]["rules"][0]["conditions"][0]["operator"] == "<=":
            assert mildest < 100 * (1 - late / script["interval"]) - 25


def test_missing_data_is_no_incident_but_for_the_collector(monitors) -> None:
    for checker in monitors:
        script = checker["jsonScript"]
        if script["groupBy"] == ["account_name"]:
            # Nothing at all counts as 0, and the rule says what that is.
            assert (script["noDataAction"], script["noDataInterval"]) == ("checkAs0", script["interval"])
        else:
            assert script["noDataAction"] == "none"


def test_only_what_is_sure_to_be_an_outage_is_critical(monitors) -> None:
    critical = {
        checker["jsonScript"]["title"].partition(" {{")[0]
        for checker in monitors
        if checker["jsonScript"]["checkerOpt"]["rules"][0]["status"] == "critical"
    }
    # Of one cause one page: total errors are 4xx, which are part of the day, or 5xx, which page by themselves.
    assert len(critical) == 4
    assert not [title for title in critical if "4xx" in title or "total" in title or "总" in title or "origin" in title]


def test_what_compares_with_last_week_says_that_that_may_have_been_unusual(monitors) -> None:
    for checker in by_field(monitors, "A/B"):
        message = checker["jsonScript"]["message"]
        assert "week's hour was unusual" in message or "上周同一小时" in message.partition("排查")[2]


def test_the_editor_shows_the_parts_of_a_formula(monitors) -> None:
    (dropped,) = [it for it in by_field(monitors, "A/B") if it["jsonScript"]["groupBy"] == ["account_name"]]
    children = dropped["extend"]["querylist"][0]["query"]["children"]
    assert [child["code"] for child in children] == ["A", "B"]


def test_each_recovers(monitors) -> None:
    for checker in monitors:
        assert checker["jsonScript"]["recoverNeedPeriodCount"] >= 1
        assert "{% else %}" in checker["jsonScript"]["message"]


def test_a_message_says_what_where_and_what_to_look_at_first(monitors) -> None:
    for checker in monitors:
        script = checker["jsonScript"]
        assert script["type"] == "simpleCheck"
        assert script["groupBy"][0] == "account_name"
        assert len(script["groupBy"]) <= 3
        known = {"df_status", *script["groupBy"], *(target["alias"] for target in script["targets"])}
        used = set(re.findall(r"\{\{ (\w+)", script["message"] + script["title"]))
        assert used <= known
        assert {"df_status", *script["groupBy"]} <= used
        bad, _, good = script["message"].partition("{% else %}")
        assert len(bad.strip().splitlines()) == (5 if "DomainName" in script["groupBy"] else 4)
        assert good.rstrip().endswith("{% endif %}")
        # Guance shows Markdown: lines of a quotation flow together unless two spaces end them.
        assert all(line.endswith("  ") for line in bad.strip("\n").splitlines()[:-1])


def test_they_have_the_keys_of_guances_own_export(monitors) -> None:
    if not EXAMPLE.is_file():
        pytest.skip("Guance's example of a monitor is not there: shared/guance-examples beside the checkout")
    example = json.loads(EXAMPLE.read_text(encoding="utf-8"))["checkers"][0]
    for checker in monitors:
        assert set(example) <= set(checker)
        assert set(example["jsonScript"]) <= set(checker["jsonScript"])
        assert set(example["extend"]) <= set(checker["extend"])
