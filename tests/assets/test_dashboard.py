"""The dashboards are as Guance's schema wants them, and readable: nothing overlaps, every number has its unit."""

import copy
import json
import re

import pytest

from guance_aws_cloudfront.cloudfront.catalog import all_metrics, field_name
from tests.assets.conftest import ROOT

SHARED = ROOT.parent / "shared"
SCHEMA = SHARED / "guance-dashboard-schema"
EXAMPLES = SHARED / "guance-examples"
TYPES = {"sequence", "singlestat", "toplist", "table", "pie", "text"}
UNITS = {"percent": ["percent", "percent"], "byte": ["digital", "B"], "ms": ["time", "ms"], "count": ["custom", ""]}
UNIT_OF = {
    field_name(metric.name, statistic): metric.unit
    for metric in all_metrics().values()
    for statistic in metric.statistics
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
    assert {chart["chartGroupUUID"] for chart in charts} == set(dashboard["main"]["chartGroupPos"])
    assert {chart["type"] for chart in charts} <= TYPES


def test_the_row_at_the_top_says_what_matters_now(dashboard) -> None:
    top = next(iter(groups(dashboard).values()))
    assert [chart["type"] for chart in top] == ["singlestat"] * 6
    asked = " ".join(chart["queries"][0]["query"]["q"] for chart in top)
    for name in (
        "Requests_Sum",
        "BytesDownloaded_Sum",
        "4xxErrorRate",
        "5xxErrorRate",
        "TotalErrorRate",
        "CacheHitRate",
    ):
        assert name in asked


def test_every_metric_of_the_catalog_is_shown(dashboard) -> None:
    asked = json.dumps(dashboard)
    assert [name for name in UNIT_OF if f"`{name}`" not in asked] == []


def test_no_heading_is_said_twice(dashboard) -> None:
    for name, charts in groups(dashboard).items():
        assert name not in [chart["name"] for chart in charts]
    assert groups(dashboard).keys() & {"Now", "现在"} == set()


def test_columns_begin_with_a_capital(dashboard) -> None:
    for query in (it for chart in dashboard["main"]["charts"] if chart["type"] == "table" for it in chart["queries"]):
        assert query["query"]["groupBy"] == ["Id"]


def test_a_number_with_colours_says_from_where_on(dashboard) -> None:
    coloured = [it for it in dashboard["main"]["charts"] if it["extend"]["settings"].get("levels")]
    assert len(coloured) == 3
    for settings in (chart["extend"]["settings"] for chart in coloured):
        for level in settings["levels"]:
            assert f"{level['value'][0]} %" in settings["titleDesc"]


def test_units_are_those_of_the_metrics(dashboard) -> None:
    for chart in dashboard["main"]["charts"]:
        for query in chart["queries"]:
            text = query["query"].get("q", "")
            units = {UNIT_OF[name] for name in re.findall(r"`(\w+_\w+)`", text.partition("{")[0]) if name in UNIT_OF}
            # A rate times requests over 100 is a number of requests again; over requests it is the rate.
            if len(units) == 2:
                units = {"count"} if "/ 100" in text else {"percent"}
            if units:
                assert chart["extend"]["settings"]["globalUnit"] == UNITS[units.pop()], chart["name"]


def test_variables_are_defined_and_all_used_and_nothing_is_filtered_at_first(dashboard) -> None:
    variables = {variable["code"]: variable for variable in dashboard["main"]["vars"]}
    assert set(variables) == {"account_name", "DistributionId", "DomainName"}
    assert set(re.findall(r"#\{(\w+)\}", json.dumps(dashboard["main"]["charts"]))) == set(variables)
    for code, variable in variables.items():
        assert variable["definition"]["value"] == f"SHOW_TAG_VALUE(from=['aws_AWS/CloudFront'],keyin=['{code}'])[1d]"
        assert variable["definition"]["defaultVal"]["value"] == "*"
        assert variable["includeStar"]


def test_what_the_editor_shows_is_what_the_query_asks(dashboard) -> None:
    for chart in dashboard["main"]["charts"]:
        for query in (it["query"] for it in chart["queries"] if "q" in it["query"]):
            grouped = re.findall(r"`(\w+)`", query["q"].rpartition(" BY ")[2]) if " BY " in query["q"] else []
            assert query["groupBy"] == grouped
            for condition in query["filters"]:
                assert f"`{condition['name']}` = '{condition['value']}'" in query["q"]
            if query["type"] == "simple":
                assert f"{query['fieldFunc'].upper()}(`{query['field']}`)" in query["q"]


def test_names_of_lines_and_columns_belong_to_what_the_query_returns(dashboard) -> None:
    for chart in dashboard["main"]["charts"]:
        by_code = {query["query"].get("code"): query["query"].get("q", "") for query in chart["queries"]}
        for named in chart["extend"]["settings"].get("alias", []):
            assert f"AS `{named['key']}`" in by_code[named["queryCode"]]
