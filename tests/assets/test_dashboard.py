"""The dashboards are as Guance's schema wants them, and readable: nothing overlaps, every number has its unit."""

import copy
import json
import re

import pytest

from devtools.guance.dql import fields, parse
from guance_aws_cloudfront.cloudfront.catalog import DERIVED, all_metrics, field_name
from tests.assets.conftest import ROOT, read

SHARED = ROOT.parent / "shared"
SCHEMA = SHARED / "guance-dashboard-schema"
EXAMPLES = SHARED / "guance-examples"
TYPES = {"sequence", "singlestat", "toplist", "table", "pie", "text"}
UNIT_OF = {
    **{
        field_name(metric.name, statistic): metric.unit
        for metric in all_metrics().values()
        for statistic in metric.statistics
    },
    **{one.name: "count" for one in DERIVED},
    # Of log lines.
    "message": "count",
    "time_taken_ms": "ms",
}


@pytest.fixture
def validator():
    """Guance's own schema, where it lies beside the checkout."""
    jsonschema = pytest.importorskip("jsonschema")
    referencing = pytest.importorskip("referencing")
    if not SCHEMA.is_dir():
        pytest.skip(f"Guance's dashboard schema is not there: {SCHEMA.parent.name}/{SCHEMA.name} beside the checkout")
    resources = []
    for path in SCHEMA.rglob("*.json"):
        contents = json.loads(path.read_text(encoding="utf-8"))
        specification = referencing.jsonschema.DRAFT7
        resources.append((path.relative_to(SCHEMA).as_posix(), specification.create_resource(contents)))
    registry = referencing.Registry().with_resources(resources)
    return jsonschema.Draft7Validator({"$ref": "dashboard-schema.json"}, registry=registry)


def test_a_dashboard_is_valid(validator, dashboard) -> None:
    assert [error.message for error in validator.iter_errors(dashboard)] == []


@pytest.mark.parametrize("name", ["dashboard.json", "dashboard-all-charts.json"])
def test_guances_own_examples_are_valid(validator, name) -> None:
    assert list(validator.iter_errors(json.loads((EXAMPLES / name).read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda chart: chart.pop("pos"),
        lambda chart: chart.update(type="diagram"),
        lambda chart: chart["queries"][0]["query"].update(type="expression"),
        lambda chart: chart["extend"]["settings"].update(globalUnit=["percent"]),
        lambda chart: chart["extend"]["settings"].update(showTitle="yes"),
    ],
)
def test_the_validation_sees_what_is_wrong(validator, dashboard, spoil) -> None:
    spoiled = copy.deepcopy(dashboard)
    spoil(spoiled["main"]["charts"][0])
    assert list(validator.iter_errors(spoiled))


def groups(dashboard):
    names = [group["name"] for group in dashboard["main"]["groups"]]
    return {name: [it for it in dashboard["main"]["charts"] if it["group"]["name"] == name] for name in names}


def test_charts_fill_the_grid_without_overlapping(dashboard) -> None:
    for charts in groups(dashboard).values():
        taken = [
            (x, y)
            for place in (chart["pos"] for chart in charts)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]
        assert len(taken) == len(set(taken))
        assert {x for x, _ in taken} == set(range(24))


def test_every_chart_belongs_to_a_group_and_has_an_id_of_its_own(dashboard) -> None:
    charts = dashboard["main"]["charts"]
    assert sum(map(len, groups(dashboard).values())) == len(charts)
    assert len({chart["uuid"] for chart in charts}) == len(charts)
    assert {chart["type"] for chart in charts} <= TYPES
    # The dashboard contract of Guance's own tools.
    assert "chartGroupPos" not in dashboard["main"]
    assert dashboard["iconSet"] == {"url": "", "icon": ""}
    assert dashboard["dashboardExtend"]["groupUnfoldStatus"] == dict.fromkeys(groups(dashboard), True)


def test_groups_are_coloured(dashboard) -> None:
    colours = [group["extend"]["bgColor"] for group in dashboard["main"]["groups"]]
    assert all(re.fullmatch(r"rgba\(\d+, \d+, \d+, 0\.\d+\)", colour) for colour in colours)


def asked(chart):
    return " ".join(query["query"].get("q", "") for query in chart["queries"])


def test_an_sre_sees_errors_first_then_the_distributions_and_errors_before_traffic(dashboard) -> None:
    overview, distributions, errors, traffic, *_ = groups(dashboard).values()
    cards, below = overview[:6], overview[6:]
    assert [chart["type"] for chart in cards] == ["singlestat"] * 6
    assert ["Derived_5xxErrors" in asked(chart) for chart in cards] == [True] + [False] * 5
    for name in ("Derived_4xxErrors", "Derived_TotalErrors", "Requests_Sum", "BytesDownloaded_Sum", "CacheHits"):
        assert any(name in asked(chart) for chart in cards), name
    # A burst is seen right below the numbers.
    assert [chart["type"] for chart in below] == ["sequence"] * 2
    assert all("Derived_5xxErrors" in asked(chart) for chart in below)
    assert [chart["type"] for chart in distributions] == ["table"]
    assert [chart["type"] for chart in errors] == ["sequence", "sequence", "table"]
    assert all("Errors`" in asked(chart) for chart in errors[:2])
    # What was changed stands beside what went wrong.
    assert asked(errors[2]).startswith("E::`event`:(")
    assert all("Bytes" in asked(chart) or "Requests_Sum" in asked(chart) for chart in traffic)


def test_every_metric_of_the_catalog_is_shown_itself_or_by_what_is_derived_from_it(dashboard) -> None:
    shown = json.dumps(dashboard)
    by_derived = {one.rate for one in DERIVED if f"`{one.name}`" in shown}
    assert [name for name in UNIT_OF if f"`{name}`" not in shown and name not in by_derived] == []


def test_no_heading_is_said_twice(dashboard) -> None:
    for name, charts in groups(dashboard).items():
        assert name not in [chart["name"] for chart in charts]
    assert groups(dashboard).keys() & {"Now", "现在"} == set()


def test_the_account_is_the_first_column_of_the_distributions(dashboard) -> None:
    (chart,) = [
        it for it in dashboard["main"]["charts"] if it["queries"][0]["query"].get("namespace") == "custom_object"
    ]
    assert chart["queries"][0]["query"]["groupBy"] == ["account_name", "Id"]


def test_yes_and_no_are_readable(dashboard) -> None:
    (chart,) = [
        it for it in dashboard["main"]["charts"] if it["queries"][0]["query"].get("namespace") == "custom_object"
    ]
    mapped = chart["extend"]["settings"]["valMappings"]
    query = parse(asked(chart))
    columns = {column.alias for column in query.columns}
    assert {(one["field"], *one["originalVal"]) for one in mapped} == {
        (field, value) for field in ("Enabled", "Staging") for value in ("true", "false")
    }
    assert {one["field"] for one in mapped} <= columns
    assert len({one["mappingVal"] for one in mapped}) == 2


def test_a_number_with_colours_says_from_where_on(dashboard) -> None:
    coloured = [it for it in dashboard["main"]["charts"] if it["extend"]["settings"].get("levels")]
    assert len(coloured) == 3
    for settings in (chart["extend"]["settings"] for chart in coloured):
        for level in settings["levels"]:
            assert f"{level['value'][0]} %" in settings["titleDesc"]


def units_asked(statement):
    """What kind of number a query answers with, and whether per minute or per second."""
    found = parse(statement)
    fields_read = {name for query in found.queries for column in query.columns for name in fields(column.expression)}
    units = {UNIT_OF[name] for name in fields_read}
    assert len(units) == 1
    if "* 100" in statement:
        return "percent", ""
    averaged = "AVG(" in statement
    return units.pop(), ("second" if "/ 60" in statement else "minute") if averaged else ""


UNITS = {
    ("percent", ""): ("percent", "percent"),
    ("byte", ""): ("digital", "B"),
    ("byte", "second"): ("traffic", "B/S"),
    ("ms", ""): ("time", "ms"),
    ("count", ""): ("custom", ""),
    ("count", "minute"): ("custom", "/min"),
}


def test_every_field_has_its_unit_and_it_is_that_of_the_metric(dashboard) -> None:
    for chart in dashboard["main"]["charts"]:
        settings = chart["extend"]["settings"]
        statements = [query["query"]["q"] for query in chart["queries"] if "q" in query["query"]]
        assert (chart["type"] == "text") is (not statements)
        for statement in statements if chart["type"] != "table" else ():
            kind, unit = settings["globalUnit"]
            expected = UNITS[units_asked(statement)]
            assert (kind, unit.replace("req/", "/")) == expected, chart["name"]
        if statements:
            assert [one["units"] for one in settings["units"]] == [settings["globalUnit"]] * len(settings["units"])
            returned = {one["key"] for one in settings["units"]}
            assert len(returned) == len({*statements}) or chart["type"] == "table"


def test_what_is_charted_over_time_does_not_change_with_the_zoom(dashboard) -> None:
    for chart in dashboard["main"]["charts"]:
        if chart["type"] == "sequence":
            # Sums only as parts of a rate.
            for query in chart["queries"]:
                assert "SUM(" not in query["query"]["q"] or "* 100" in query["query"]["q"], chart["name"]


def test_requests_are_compared_with_a_day_and_a_week_before(dashboard) -> None:
    compared = [it for it in dashboard["main"]["charts"] if it["extend"]["settings"].get("openCompare")]
    assert [it["extend"]["settings"]["compareType"] for it in compared] == [["dayCompare", "weekCompare"]]
    (chart,) = compared
    assert [one["value"] for one in chart["extend"]["settings"]["compares"]] == ["dayCompare", "weekCompare"]
    assert "Requests_Sum" in asked(chart)


def test_help_texts_are_short(dashboard) -> None:
    helps = [chart["extend"]["settings"]["titleDesc"] for chart in dashboard["main"]["charts"]]
    assert max(map(len, helps)) <= 90


def test_the_list_by_5xx_rate_has_a_minimum_of_requests(dashboard) -> None:
    tops = [it for it in dashboard["main"]["charts"] if it["type"] == "toplist" and "M::" in asked(it)]
    assert "(B + 1000)" in asked(tops[0])
    assert "Derived_5xxErrors" in asked(tops[0])


def test_the_group_of_access_logs_says_so_where_there_are_none(dashboard) -> None:
    ((note, *charts),) = [group for group in groups(dashboard).values() if "L::" in asked(group[-1])]
    assert "`collect_logs`" in note["queries"][0]["query"]["content"]
    assert "`LOGS`" in note["queries"][0]["query"]["content"]
    assert len(charts) == 7
    assert all("L::`aws_cloudfront`:(" in asked(chart) for chart in charts)
    needs = {"Needs access logs.", "需要访问日志。"}
    assert all(any(one in chart["extend"]["settings"]["titleDesc"] for one in needs) for chart in charts)
    # No other chart, and no monitor, is about logs.
    assert sum("L::" in asked(chart) for chart in dashboard["main"]["charts"]) == len(charts)


@pytest.mark.parametrize(
    ("name", "field", "among"),
    [
        ("URLs by 5xx", "cs_uri_stem", "`sc_status` >= 500 }"),
        ("URLs by 4xx", "cs_uri_stem", "`sc_status` >= 400 and `sc_status` < 500 }"),
        ("Edge locations by 5xx", "x_edge_location", "`sc_status` >= 500 }"),
        ("5xx by edge result", "x_edge_detailed_result_type", "`sc_status` >= 500 }"),
        ("Slowest URLs", "cs_uri_stem", "`sc_status` < 400 }"),
    ],
)
def test_lists_of_log_lines_are_the_ten_highest_groups(name, field, among) -> None:
    (chart,) = [it for it in read("dashboard", "en")["main"]["charts"] if it["name"] == name]
    query = parse(asked(chart))
    assert (query.by, query.clauses["SLIMIT"]) == ((field,), 10)
    assert query.clauses["SORDER BY"] == (query.columns[0].alias, "DESC")
    assert among in asked(chart)
    assert chart["extend"]["settings"]["mainMeasurementLimit"] == 10


def test_variables_are_defined_and_all_used_and_nothing_is_filtered_at_first(dashboard) -> None:
    variables = {variable["code"]: variable for variable in dashboard["main"]["vars"]}
    assert set(variables) == {"account_name", "DistributionId", "DomainName"}
    assert set(re.findall(r"#\{(\w+)\}", json.dumps(dashboard["main"]["charts"]))) == set(variables)
    for code, variable in variables.items():
        assert variable["definition"]["value"] == f"SHOW_TAG_VALUE(from=['aws_AWS/CloudFront'],keyin=['{code}'])"
        assert variable["definition"]["defaultVal"]["value"] == "*"
        assert variable["includeStar"]


def test_what_the_editor_shows_is_what_the_query_asks(dashboard) -> None:
    for chart in dashboard["main"]["charts"]:
        for query in (it["query"] for it in chart["queries"] if "q" in it["query"]):
            read = parse(query["q"])
            assert tuple(query["groupBy"]) == read.by
            for inner in read.queries:
                conditions = [
                    (one.name, one.operator, one.value if isinstance(one.value, str) else f"{one.value:g}")
                    for one in inner.conditions
                ]
                assert conditions == [(one["name"], one["op"], one["value"]) for one in query["filters"]]
            if query["type"] == "simple":
                assert f"{query['fieldFunc'].upper()}(`{query['field']}`)" in query["q"]


def named_by_function(aggregate):
    return f"{aggregate.function.lower()}({aggregate.field})"


def test_names_of_lines_and_columns_belong_to_what_the_query_returns(dashboard) -> None:
    for chart in dashboard["main"]["charts"]:
        by_code = {query["query"].get("code"): query["query"].get("q", "") for query in chart["queries"]}
        for named in chart["extend"]["settings"].get("alias", []):
            query = parse(by_code[named["queryCode"]]).queries[0]
            # By its tag or alias, or as Guance names a function of a field.
            returned = {
                one.alias or getattr(one.expression, "name", "") or named_by_function(one.expression)
                for one in query.columns
            }
            assert named["key"] in returned | set(query.by)
