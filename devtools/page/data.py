"""What the demo's page draws: the shipped dashboards, each query evaluated over the points in the sink."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from devtools.guance.datakit import DataKit
from devtools.guance.dql import Row, Select, read
from devtools.guance.line_protocol import Point

LANGUAGES = ("en", "zh")
FILE = "aws_cloudfront.json"


class Span(NamedTuple):
    """The time that is drawn, in epoch seconds, and the interval of a point in a line."""

    start: int
    end: int
    step: int


def page_data(root: Path, datakit: DataKit, span: Span) -> Dict[str, Any]:
    """The page's data by language."""
    points = [*sorted(datakit.latest().values(), key=lambda point: point.time), *datakit.points("custom_object")]
    dashboards = {
        language: json.loads((root / "dashboard" / language / FILE).read_text(encoding="utf-8"))
        for language in LANGUAGES
    }
    return {language: drawn(dashboard, points, span) for language, dashboard in dashboards.items()}


def drawn(dashboard: Mapping[str, Any], points: Sequence[Point], span: Span) -> Dict[str, Any]:
    """A dashboard as it is drawn: its groups with their charts in order."""
    main = dashboard["main"]
    variables = {variable["code"]: variable["definition"]["defaultVal"]["value"] for variable in main["vars"]}
    charts = [(chart["group"]["name"], _chart(chart, points, variables, span)) for chart in main["charts"]]
    return {
        "title": dashboard["title"],
        "summary": dashboard["summary"],
        "variables": [variable["name"] for variable in main["vars"]],
        "groups": [
            {"name": group["name"], "charts": [chart for name, chart in charts if name == group["name"]]}
            for group in main["groups"]
        ],
    }


def _chart(
    chart: Mapping[str, Any], points: Sequence[Point], variables: Mapping[str, str], span: Span
) -> Dict[str, Any]:
    settings = chart["extend"]["settings"]
    shown: Dict[str, Any] = {
        "id": chart["uuid"],
        "type": chart["type"],
        "title": chart["name"],
        "help": settings["titleDesc"],
        "place": chart["pos"],
        "unit": settings.get("globalUnit", []),
        "precision": int(settings.get("precision", "2")),
        "levels": settings.get("levels", []),
        "stacked": bool(settings.get("openStack")),
        "bars": settings.get("chartType") == "bar",
        "connect": bool(settings.get("connectNulls")),
    }
    if chart["type"] == "text":
        return {**shown, "content": chart["queries"][0]["query"]["content"]}
    queries = [(query["name"], read(query["query"]["q"])) for query in chart["queries"]]
    if chart["type"] == "table":
        names = {named["key"]: named["alias"] for named in settings["alias"]}
        return {**shown, **_table(queries[0][1], names, points, variables, span)}
    found = [
        (name, tags, rows, select)
        for name, select in queries
        for tags, rows in select.groups(points, variables, span.start, span.end).items()
    ]
    if chart["type"] == "sequence":
        return {**shown, "lines": [_line(name, tags, rows, select, span) for name, tags, rows, select in found]}
    values = [
        {"name": _named(name, tags), "value": select.columns[0].value(rows)} for name, tags, rows, select in found
    ]
    limit = settings.get("mainMeasurementLimit", len(values))
    return {**shown, "values": sorted(values, key=lambda it: it["value"] or 0, reverse=True)[:limit]}


def _line(name: str, tags: Tuple[str, ...], rows: Sequence[Row], select: Select, span: Span) -> Dict[str, Any]:
    """A value for each interval; None where there is none, so that the line has a gap."""
    by_time: Dict[int, List[Row]] = {}
    for row in rows:
        by_time.setdefault((row["time"] - span.start) // span.step, []).append(row)
    steps = range((span.end - span.start) // span.step)
    values = [select.columns[0].value(by_time.get(step, [])) for step in steps]
    return {"name": _named(name, tags), "start": span.start, "step": span.step, "values": values}


def _table(
    select: Select, names: Mapping[str, str], points: Sequence[Point], variables: Mapping[str, str], span: Span
) -> Dict[str, Any]:
    groups = select.groups(points, variables, span.start, span.end)
    rows = [[*tags, *(column.value(rows) for column in select.columns)] for tags, rows in groups.items()]
    return {"head": [*select.by, *(names[column.alias] for column in select.columns)], "rows": rows}


def _named(name: str, tags: Tuple[str, ...]) -> str:
    """A line is named by its query, or by its tags, or by both; people know the last tag, if there is one."""
    return " · ".join(part for part in (name, *reversed(tags)) if part)
