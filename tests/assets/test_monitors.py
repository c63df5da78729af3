"""The monitors have the form of Guance's documents, and say what, where and what to look at first."""

import json
import re

import pytest

from guance_aws_cloudfront.settings.config import SECONDS
from tests.assets.conftest import ROOT, embedded, render

EVERY = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600}
# The ranges that Guance's editor offers for a frequency.
RANGES = {
    "5m": {300, 900, 1800, 3600, 10800},
    "15m": {900, 1800, 3600, 10800, 21600},
    "1h": {3600, 10800, 21600, 43200, 86400},
}
# The span of a mutation check decides how often it is made.
TURNS = {900: "5m", 1800: "5m", 3600: "15m", 4 * 3600: "30m"}
STATUSES = ("fatal", "critical", "error", "warning", "info")
CRON = 300
EXAMPLE = ROOT.parent / "shared" / "guance-examples" / "monitor-import.json"
MUTATION = "seniorMutationsCheck"
# What Guance's documents promise to a template, beside the dimensions.
PROMISED = {"df_status", "df_event_link", "df_event_url", "Result"}
FILTERS = {"to_fixed"}


def mutations(monitors):
    return [it for it in monitors if it["jsonScript"]["type"] == MUTATION]


def of_objects(monitors):
    return [it for it in monitors if it["jsonScript"]["targets"][0]["dql"].startswith("CO::")]


def of_events(monitors):
    return [it for it in monitors if it["jsonScript"]["targets"][0]["dql"].startswith("E::")]


def rules(checker):
    return checker["jsonScript"]["checkerOpt"]["rules"]


def rendered(message, **values):
    """The lines of a message, every number that it fetches being 7."""
    key = "E2EXAMPLE00001"
    known = {"account_name": "prod", "DistributionId": key, "Id": key, "Result": 12.345, **values}
    return render(message, lambda query, *parameters: {"value": 7.0}, **known).strip("\n").split("\n")


def test_every_promised_monitor_is_there(monitors) -> None:
    assert len(monitors) == 11
    for field in ("Derived_5xxErrors", "Derived_4xxErrors", "Derived_TotalErrors", "OriginLatency_p90"):
        assert len([it for it in monitors if field in it["jsonScript"]["targets"][0]["dql"]]) == 1, field
    assert (len(of_objects(monitors)), len(of_events(monitors))) == (2, 1)
    compared = [
        (
            script["checkerOpt"]["direction"],
            len(script["groupBy"]),
            script["targets"][0]["dql"].startswith("eval(A - B"),
        )
        for script in (it["jsonScript"] for it in mutations(monitors))
    ]
    # Traffic drop and surge, requests that the cache does not answer, and metrics missing of an account.
    assert sorted(compared) == [("down", 1, False), ("down", 3, False), ("up", 3, False), ("up", 3, True)]


def test_extend_repeats_the_script(monitors) -> None:
    for checker in monitors:
        script, extend = checker["jsonScript"], checker["extend"]
        assert extend["rules"] == script["checkerOpt"]["rules"]
        assert [it["query"]["q"] for it in extend["querylist"]] == [it["dql"] for it in script["targets"]]
        assert [it["query"]["code"] for it in extend["querylist"]] == [it["alias"] for it in script["targets"]]
        assert {it["qtype"] for it in (*extend["querylist"], *script["targets"])} == {"dql"}
        for query in (it["query"] for it in extend["querylist"]):
            assert query["type"] == ("expression" if "children" in query else "simple")
            for child in query.get("children", [query]):
                assert child["groupBy"] == script["groupBy"]
                assert child["q"] in query["q"]
                # What the editor shows is what is asked.
                assert f":({child['fieldFunc'].upper()}(`{child['field']}`))" in child["q"]


def test_rules_are_single_sided_adjacent_worst_first_with_strings_as_operands(monitors) -> None:
    for checker in monitors:
        aliases = {target["alias"] for target in checker["jsonScript"]["targets"]}
        statuses = [STATUSES.index(rule["status"]) for rule in rules(checker)]
        assert statuses == list(range(statuses[0], statuses[0] + len(statuses)))
        for rule in rules(checker):
            assert rule["conditionLogic"] == "and"
            for condition in rule["conditions"]:
                assert condition["alias"] in aliases
                assert all(isinstance(operand, str) and float(operand) > 0 for operand in condition["operands"])
        limits = [float(rule["conditions"][0]["operands"][0]) for rule in rules(checker)]
        is_low_bad = rules(checker)[0]["conditions"][0]["operator"].startswith("<")
        assert limits == sorted(limits, reverse=not is_low_bad)


def test_only_what_is_no_fault_is_switched_off(monitors) -> None:
    for checker in monitors:
        is_info = [rule["status"] for rule in rules(checker)] == ["info"]
        assert checker["is_disable"] is is_info is (checker in of_events(monitors))


def test_each_needs_a_minimum_of_requests_but_those_of_objects_and_events(monitors) -> None:
    for checker in monitors:
        script = checker["jsonScript"]
        gates = [it for rule in rules(checker) for it in rule["conditions"] if it["alias"] == "Requests"]
        if checker in (*of_objects(monitors), *of_events(monitors)):
            assert gates == []
        elif script["type"] == MUTATION:
            threshold = script["checkerOpt"]["threshold"]
            assert (threshold["status"], threshold["operator"]) == (True, ">=")
            assert threshold["value"] >= 300
        else:
            assert len(gates) == len(rules(checker))
            assert all(gate["operator"] == ">=" and float(gate["operands"][0]) >= 300 for gate in gates)


def test_a_comparison_is_of_the_form_that_guance_documents(monitors) -> None:
    for checker in mutations(monitors):
        script = checker["jsonScript"]
        # An hour against the same hour a week before.
        assert (script["range"], script["range_2"], script["periodBefore"]) == (3600, 0, 7 * 24 * 3600)
        assert script["every"] == TURNS[script["range"]]
        assert script["checkerOpt"]["diffMode"] == "percent"
        assert len(script["targets"]) == 1
        # LAST is not to be used there.
        assert "LAST(" not in script["targets"][0]["dql"]


def test_what_is_overwritten_is_looked_at_up_to_the_present(monitors) -> None:
    for checker in monitors:
        assert checker["jsonScript"]["disableCheckEndTime"] is (checker in of_objects(monitors))


def test_a_window_is_longer_than_what_has_not_arrived_yet(monitors) -> None:
    for checker in monitors:
        script = checker["jsonScript"]
        assert script["interval"] > SECONDS["delay"].default + CRON
        assert script["interval"] >= EVERY[script["every"]]
        assert script["interval"] in RANGES[script["every"]]
    for checker in of_objects(monitors):
        assert checker["jsonScript"]["interval"] > SECONDS["object_interval"].default + CRON


def test_comparisons_of_counts_bear_the_minutes_that_have_not_arrived(monitors) -> None:
    late = SECONDS["delay"].default + CRON
    for checker in mutations(monitors):
        script = checker["jsonScript"]
        if script["checkerOpt"]["direction"] == "down":
            mildest = float(rules(checker)[-1]["conditions"][0]["operands"][0])
            assert mildest > 100 * late / script["range"] + 25


def test_missing_data_is_no_incident_but_for_the_collector(monitors) -> None:
    for checker in monitors:
        script = checker["jsonScript"]
        if checker in of_objects(monitors) and script["groupBy"] == ["account_name"]:
            # Nothing at all counts as 0, and the rule says what that is.
            assert (script["noDataAction"], script["noDataInterval"]) == ("checkAs0", script["interval"])
        else:
            assert script["noDataAction"] == "none"


def test_only_what_is_sure_to_be_an_outage_is_critical(monitors) -> None:
    critical = [it["jsonScript"]["title"] for it in monitors if rules(it)[0]["status"] == "critical"]
    # Of one cause one page: total errors are 4xx, which are part of the day, or 5xx, which page by themselves.
    assert len(critical) == 5
    assert not [title for title in critical if re.search("4xx|total|总|origin|源站|surge|misses|激增", title)]


def test_what_compares_with_a_week_before_says_that_that_may_have_been_unusual(monitors) -> None:
    for checker in mutations(monitors):
        message = checker["jsonScript"]["message"]
        assert "week before was unusual" in message or "一周前的那一小时" in message.partition("排查")[2]


def test_each_recovers(monitors) -> None:
    for checker in monitors:
        assert checker["jsonScript"]["recoverNeedPeriodCount"] >= 1
        assert "{% else %}" in checker["jsonScript"]["message"]


def test_a_message_uses_only_what_templates_promise(monitors) -> None:
    for checker in monitors:
        script = checker["jsonScript"]
        text = script["message"] + script["title"]
        fetched = set(re.findall(r"{% set (\w+) = DQL\(", text))
        known = PROMISED | set(script["groupBy"])
        assert not fetched & known
        assert set(re.findall(r"\{\{ (\w+)", text)) <= known | fetched
        assert set(re.findall(r"\{% (?:el)?if (\w+)", text)) <= known
        assert set(re.findall(r"\| (\w+)", text)) <= FILTERS
        # Embedded queries stand at the beginning, and what a mutation check calls its result is not documented.
        assert re.match(r"(?:{% set [^%]+ %})*>", script["message"])
        assert script["type"] != MUTATION or "Result" not in text


def test_a_query_of_a_message_is_of_the_dimensions_of_the_event(monitors) -> None:
    for checker in monitors:
        message = checker["jsonScript"]["message"]
        for query in embedded(message):
            names = re.findall(r"`(\w+)` = \?", query)
            assert names == checker["jsonScript"]["groupBy"][: len(names)]
            assert names
            assert f'{query}", {", ".join(names)}) %}}' in message


def test_a_message_says_what_where_and_what_to_look_at_first(monitors) -> None:
    for checker in monitors:
        script = checker["jsonScript"]
        assert script["groupBy"][0] == "account_name"
        assert len(script["groupBy"]) <= 3
        of_distribution = len(script["groupBy"]) == 3
        alias_name, id_name = script["groupBy"][:0:-1] if of_distribution else ("", "")
        assert of_distribution is (script["title"].endswith(f"{{{{ {alias_name} }}}} {{{{ {id_name} }}}}"))
        for alias in ("www.example.com", ""):
            values = {"df_status": "error", "Alias": alias, "AlternateDomainNames": alias or "none"}
            bad = rendered(script["message"], **values, df_event_link="https://x")
            assert bad == rendered(script["message"], **values, df_event_url="https://x")
            # Level, account, distribution, what, what to look at first, where to go next, the event.
            assert len(bad) == (7 if of_distribution else 5)
            # Guance shows Markdown: lines of a quotation flow together unless two spaces end them.
            assert all(line.startswith(">") and line.endswith("  ") for line in bad[:-1])
            assert ("E2EXAMPLE00001" in bad[2]) is of_distribution
            assert (alias in bad[2]) is (of_distribution or not alias)
            assert not of_distribution or "none" not in bad[2]
            assert ("/distributions/E2EXAMPLE00001" in bad[-2]) is of_distribution
        assert len(rendered(script["message"], df_status="ok")) == (4 if of_distribution else 3)


def test_the_message_of_a_certificate_says_who_renews_it(monitors) -> None:
    (checker,) = [it for it in monitors if "CertificateDaysLeft" in it["jsonScript"]["targets"][0]["dql"]]
    message, asked = checker["jsonScript"]["message"], []
    assert embedded(message) == [
        "CO::`aws_cloudfront`:(LAST(`CertificateRenewal`) AS `value`) { `account_name` = ? and `Id` = ? }"
    ]
    values = {"account_name": "prod", "Id": "E1", "AlternateDomainNames": "none", "df_status": "error", "Result": -2.0}
    fetch = lambda query, *parameters: asked.append(parameters) or {"value": "pending validation"}  # noqa: E731
    what = render(message, fetch, **values).splitlines()[3]
    assert re.search(r"-2 (days|天)", what)
    assert re.search(r"(Renewal:|续期状态为) pending validation", what)
    assert asked == [("prod", "E1")]


def test_they_have_the_keys_of_guances_own_examples(monitors) -> None:
    # The checker API's example of an import.
    keys = {"extend", "is_disable", "jsonScript", "monitorName", "secret", "tagInfo", "type"}
    for checker in monitors:
        assert set(checker) == keys
        assert (checker["type"], checker["tagInfo"]) == ("trigger", [])
        assert checker["jsonScript"]["checkerOpt"]["infoEvent"] is False
    if not EXAMPLE.is_file():
        pytest.skip("Guance's example of a monitor is not there: shared/guance-examples beside the checkout")
    example = json.loads(EXAMPLE.read_text(encoding="utf-8"))["checkers"][0]
    for checker in monitors:
        assert set(example) <= set(checker)
        assert set(example["jsonScript"]) <= set(checker["jsonScript"])
        assert set(example["extend"]) <= set(checker["extend"])
