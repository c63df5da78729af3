"""The description of the dashboard as the file that Guance imports; its keys are those of Guance's own exports."""

from __future__ import annotations

import uuid
from typing import Any, Dict, Iterator, List, Tuple

from devtools.assets.charts import VARIABLES, Chart, Group, Shown
from devtools.assets.dql import LOG_NUMBERS, LOGGING, METRIC, NAMESPACES, Query, Text
from devtools.assets.groups import GROUPS, SUMMARY, TITLE
from devtools.assets.thresholds import COLOURS, LEVELS
from guance_aws_cloudfront.cloudfront.catalog import METRIC_MEASUREMENT

COLUMNS = 24
CODES = "ABCDEF"
# Lines of a chart.
MOST = 20
ALL = {"label": "*", "value": "*"}
YES_OR_NO = {"true": Text("Yes", "是"), "false": Text("No", "否")}
COMPARED = {
    "dayCompare": Text("a day before", "一天前"),
    "weekCompare": Text("a week before", "一周前"),
}


def dashboard(language: str) -> Dict[str, Any]:
    """The dashboard in a language."""
    groups = [{"name": _in(group.title, language), "extend": {"bgColor": group.colour}} for group in GROUPS]
    return {
        "title": _in(TITLE, language),
        "summary": _in(SUMMARY, language),
        "identifier": "",
        "dashboardType": "CUSTOM",
        "dashboardOwnerType": "node",
        "dashboardBindSet": [],
        "dashboardExtend": {"groupUnfoldStatus": {group["name"]: True for group in groups}},
        "dashboardMapping": [],
        "iconSet": {"url": "", "icon": ""},
        "tagInfo": [],
        "thumbnail": "",
        "main": {
            "type": "template",
            "vars": [_variable(number, *variable, language) for number, variable in enumerate(VARIABLES)],
            "groups": groups,
            "charts": [
                _chart(chart, group, place, language) for group in GROUPS for chart, place in _places(group.charts)
            ],
        },
    }


def _in(text: Any, language: str) -> str:
    return str(getattr(text, language))


def _variable(number: int, tag: str, name: Any, language: str) -> Dict[str, Any]:
    return {
        "name": _in(name, language),
        "seq": number,
        "datasource": "dataflux",
        "code": tag,
        "type": "QUERY",
        "definition": {
            "tag": "",
            "field": "",
            "value": f"SHOW_TAG_VALUE(from=['{METRIC_MEASUREMENT}'],keyin=['{tag}'])",
            "metric": "",
            "object": "",
            # Nothing is filtered until someone chooses.
            "defaultVal": ALL,
        },
        "valueSort": "asc",
        "hide": 0,
        "isHiddenAsterisk": 0,
        "multiple": True,
        "includeStar": True,
        "extend": {"starMeaning": "*"},
    }


def _places(charts: Tuple[Chart, ...]) -> Iterator[Tuple[Chart, Dict[str, int]]]:
    """The charts from left to right and from top to bottom; positions begin anew in each group."""
    x = y = row = 0
    for chart in charts:
        width, height = chart.size
        if x + width > COLUMNS:
            x, y, row = 0, y + row, 0
        yield chart, {"x": x, "y": y, "w": width, "h": height}
        x, row = x + width, max(row, height)


def _chart(chart: Chart, group: Group, place: Dict[str, int], language: str) -> Dict[str, Any]:
    queries = [_query(chart, code, shown, language) for code, shown in zip(CODES, chart.shown)]
    if chart.content:
        queries = [{"name": "", "query": {"content": _in(chart.content, language)}}]
    return {
        "name": _in(chart.title, language),
        "type": chart.type,
        "uuid": f"chrt_{_id('chart', group.key, chart.key)}",
        "chartGroupUUID": _group_id(group),
        "group": {"name": _in(group.title, language)},
        "prevGroupName": _in(group.title, language),
        "pos": place,
        "extend": {"fixedTime": "", "settings": _settings(chart, language)},
        "queries": queries,
    }


def _query(chart: Chart, code: str, shown: Shown, language: str) -> Dict[str, Any]:
    asked, first = shown.asked, shown.asked.queries[0]
    asked.check()
    # Guance's editor shows a function of one field; the rest is shown as DQL.
    is_one = isinstance(asked, Query) and asked.targets == f"{asked.function}(`{asked.field}`)"
    simple = is_one and first.namespace != LOGGING
    return {
        "name": _in(shown.name, language) if shown.name else "",
        "type": chart.type,
        "unit": "",
        "color": "",
        "qtype": "dql",
        "disabled": False,
        "datasource": "dataflux",
        "query": {
            "q": asked.dql,
            "code": code,
            "type": "simple" if simple else "dql",
            "alias": "",
            "namespace": first.namespace,
            "dataSource": NAMESPACES[first.namespace][1],
            "field": first.field if simple else "",
            "fieldFunc": first.function.lower() if simple else "",
            "fieldType": "float" if first.namespace == METRIC else "keyword",
            "filters": [
                *(_filter(chart, code, tag, "=", value) for tag, value in first.filters),
                *(_filter(chart, code, field, operator, str(number)) for field, operator, number in first.ranges),
            ],
            "groupBy": list(asked.by),
            "groupByTime": "",
            "fill": None,
            "funcList": [],
            "queryFuncs": [],
            "indexFilter": "",
            "additionalFields": None,
        },
    }


def _filter(chart: Chart, code: str, name: str, operator: str, value: str) -> Dict[str, Any]:
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{chart.key}/{code}/{name}" + operator.replace("=", ""))),
        "op": operator,
        "name": name,
        "type": "integer" if name in LOG_NUMBERS else "keyword",
        "logic": "and",
        "value": value,
        "values": [],
    }


def _settings(chart: Chart, language: str) -> Dict[str, Any]:
    common = {
        "showTitle": True,
        "titleDesc": _in(chart.help, language),
        "isSampling": True,
        "changeWorkspace": False,
        "showFieldMapping": False,
        "openThousandsSeparator": True,
        "precision": "2",
        "fixedTime": "",
        "timeInterval": "auto",
        "isTimeInterval": chart.type == "sequence",
        "alias": _aliases(chart, language),
        "colors": [],
        "levels": _levels(chart) if chart.type == "singlestat" else [],
        "unitType": "global",
        "globalUnit": list(chart.unit),
        "units": _units(chart),
    }
    if chart.type == "text":
        return {key: common[key] for key in ("showTitle", "titleDesc")}
    return {**common, **_look(chart, language)}


def _units(chart: Chart) -> List[Dict[str, Any]]:
    """The unit of every field that the chart's queries return."""
    named = dict.fromkeys([key for key, _ in chart.columns] or [shown.asked.result for shown in chart.shown])
    return [{"key": key, "name": key, "unit": "", "units": list(chart.unit)} for key in named]


def _look(chart: Chart, language: str) -> Dict[str, Any]:
    """The settings of a kind of chart, with the values of Guance's own exports where nothing else is said."""
    most = {"mainMeasurementQueryCode": "A", "mainMeasurementSort": "top"}
    looks: Dict[str, Dict[str, Any]] = {
        "sequence": {
            "currentChartType": "sequence",
            # Counts are bars: a minute without traffic is nothing, and not a point on the way between its neighbours.
            "chartType": "bar" if chart.stacked else "line",
            "openStack": chart.stacked,
            "stackType": "time",
            "connectNulls": not chart.stacked,
            "openCompare": chart.compared,
            "compareType": list(COMPARED) if chart.compared else [],
            "compares": [
                {"label": _in(name, language), "value": value} for value, name in COMPARED.items() if chart.compared
            ],
            "legendPostion": "bottom",
            "legendValues": [],
            "showLine": False,
            "showLabel": False,
            "xAxisShowType": "time",
            "mainMeasurementQueryCode": "A",
            "slimit": MOST,
            "sorderByOrder": "desc",
        },
        "singlestat": {
            "showLine": False,
            "showLineAxis": False,
            "sequenceChartType": "line",
            "mappings": [],
            "fontColor": chart.colour,
            "bgColor": f"{chart.colour}1A" if chart.colour else "",
        },
        "toplist": {
            **most,
            "chartType": "bar",
            "bar": {"direction": "horizontal", "xAxisShowType": "groupBy"},
            "mainMeasurementLimit": 10,
        },
        "table": {
            **most,
            "currentChartType": "table",
            "queryMode": "toGroupColumn",
            "showColumns": [],
            "valMappings": [
                {
                    "field": field,
                    "operation": "=",
                    "queryCode": "A",
                    "originalVal": [value],
                    "mappingVal": _in(shown, language),
                }
                for field in chart.mapped
                for value, shown in YES_OR_NO.items()
            ],
            "mainMeasurementLimit": 100,
        },
    }
    return looks[chart.type]


def _aliases(chart: Chart, language: str) -> List[Dict[str, str]]:
    """The names of numbers, lines and columns; lines by distribution are named by their tags."""
    named = [(code, shown.asked.result, shown.name) for code, shown in zip(CODES, chart.shown) if shown.name]
    named += [("A", key, heading) for key, heading in chart.columns]
    return [{"alias": _in(name, language), "key": key, "name": key, "queryCode": code} for code, key, name in named]


def _levels(chart: Chart) -> List[Dict[str, Any]]:
    if not chart.levels:
        return []
    levels = LEVELS[chart.levels]
    return [
        {"operation": levels.operator, "value": [f"{operand:g}"], "bgColor": COLOURS[status], "fontColor": "#FFFFFF"}
        for status, operand in levels.steps
    ]


def _group_id(group: Group) -> str:
    return f"chtg_{_id('group', group.key)}"


def _id(*names: str) -> str:
    """The same at every build."""
    return uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("guance_aws_cloudfront", *names))).hex
