"""What the demo's page draws: the shipped dashboards, each query evaluated over DataKit's points."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping, NamedTuple, Sequence, Tuple

from devtools.guance.datakit import DataKit
from devtools.guance.dql import Asked, Query, Tags, parse, table, title, values
from devtools.guance.line_protocol import Point

LANGUAGES = ("en", "zh")
FILE = "aws_cloudfront.json"
# How long before a comparison of a chart looks, in seconds.
BEFORE = {"dayCompare": 24 * 3600, "weekCompare": 7 * 24 * 3600}


class Span(NamedTuple):
    """The time that is drawn, in epoch seconds, and the interval of a point in a line."""

    start: int
    end: int
    step: int


def page_data(root: Path, datakit: DataKit, span: Span) -> Dict[str, Any]:
    """The page's data by language."""
    others = [point for category in ("custom_object", "keyevent", "logging") for point in datakit.points(category)]
    points = [*sorted(datakit.latest().values(), key=lambda point: point.time), *others]
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
        "variables": [[one["name"], one["definition"]["defaultVal"]["label"]] for one in main["vars"]],
        "groups": [
            {
                "name": group["name"],
                "colour": group["extend"]["bgColor"],
                "charts": [chart for name, chart in charts if name == group["name"]],
            }
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
        "colour": settings.get("fontColor", ""),
        "stacked": bool(settings.get("openStack")),
        "bars": settings.get("chartType") == "bar",
        "connect": bool(settings.get("connectNulls")),
    }
    if chart["type"] == "text":
        return {**shown, "content": chart["queries"][0]["query"]["content"]}
    asked = Asked(points, span.start, span.end, variables)
    if chart["type"] == "table":
        return {**shown, **_table(chart, asked)}
    if chart["type"] == "sequence":
        return {**shown, "lines": list(_lines(chart, asked, span))}
    found = [
        {"name": _named(query["name"], tags), "value": row[0]}
        for query in chart["queries"]
        for tags, row in values(parse(query["query"]["q"]), asked).items()
    ]
    limit = settings.get("mainMeasurementLimit", len(found))
    return {**shown, "values": sorted(found, key=lambda it: it["value"] or 0, reverse=True)[:limit]}


def _lines(chart: Mapping[str, Any], asked: Asked, span: Span) -> Iterator[Dict[str, Any]]:
    """A value for each interval; None where there is none, so that the line has a gap. Comparisons come last."""
    settings, steps = chart["extend"]["settings"], (span.end - span.start) // span.step
    compared = [(one["label"], BEFORE[one["value"]]) for one in settings["compares"] if settings["openCompare"]]
    for label, before in (("", 0), *compared):
        moved = asked._replace(start=asked.start - before, end=asked.start - before + steps * span.step)
        for query in chart["queries"]:
            for tags, row in values(parse(query["query"]["q"]), moved, steps).items():
                name = " · ".join(part for part in (_named(query["name"], tags), label) if part)
                yield {"name": name, "start": span.start, "step": span.step, "values": row, "before": bool(before)}


def _table(chart: Mapping[str, Any], asked: Asked) -> Dict[str, Any]:
    """The head and the rows, with the readable values that the chart has for some."""
    settings, query = chart["extend"]["settings"], parse(chart["queries"][0]["query"]["q"])
    if not isinstance(query, Query):
        raise ValueError(f"the table {chart['name']} has no plain query")
    names = {named["key"]: named["alias"] for named in settings["alias"]}
    readable = {
        (one["field"], value): one["mappingVal"] for one in settings["valMappings"] for value in one["originalVal"]
    }
    columns = [*query.by, *map(title, query.columns)]
    rows = table(query, asked)
    # Rows that are points show their time.
    times = [[time.strftime("%m-%d %H:%M", time.gmtime(row["time"]))] if "time" in row else [] for row in rows]
    head = [names.get(column, column) for column in columns]
    return {
        "head": ["UTC", *head] if any(times) else head,
        "rows": [
            [*at, *(_readable(readable, column, row.get(column)) for column in columns)] for at, row in zip(times, rows)
        ],
    }


def _readable(readable: Mapping[Tuple[str, str], str], column: str, value: Any) -> Any:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return readable.get((column, text), "" if value is None else value)


def _named(name: str, tags: Tags) -> str:
    """A line is named by its query, or by its tags, or by both; people know the last tag, if there is one."""
    return " · ".join(part for part in (name, *reversed(tags)) if part)
