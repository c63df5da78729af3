"""One self-contained HTML page that draws the shipped dashboards over the demo's points; needs no network."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Dict

from plotly.offline import get_plotlyjs

from devtools.guance.datakit import DataKit
from devtools.page.data import Span, page_data

PARTS = Path(__file__).resolve().parent
TIMES = {
    "en": "{start} to {end} UTC, in intervals of {minutes} minutes",
    "zh": "UTC {start} 至 {end}，间隔 {minutes} 分钟",
}
ORIGINS = {
    "en": "Drawn by make demo out of dashboard/en/aws_cloudfront.json over the demo's simulated points. Guance draws "
    "the same queries over your own.",
    "zh": "由 make demo 根据 dashboard/zh/aws_cloudfront.json 绘制，数据为演示的模拟数据。"
    "观测云以相同的查询绘制您自己的数据。",
}


def write_page(path: Path, root: Path, datakit: DataKit, span: Span) -> None:
    """Write the page to `path`: the dashboards below `root` over the points of a receiver.

    ValueError unless the span is of whole intervals: its numbers would not be the sums of its charts.
    """
    if (span.end - span.start) % span.step:
        raise ValueError(f"{span} is not of whole intervals")
    data = page_data(root, datakit, span)
    for language, shown in data.items():
        shown["origin"] = ORIGINS[language]
        shown["time"] = TIMES[language].format(start=_time(span.start), end=_time(span.end), minutes=span.step // 60)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(data), encoding="utf-8")


def page(data: Dict[str, Any]) -> str:
    """The page, with its data, style and library in it."""
    # No text in the data can end the element that carries it.
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    made = (PARTS / "page.html").read_text(encoding="utf-8")
    parts = {
        "STYLE": (PARTS / "page.css").read_text(encoding="utf-8"),
        "SCRIPT": (PARTS / "page.js").read_text(encoding="utf-8"),
        "DATA": written,
        "PLOTLY": get_plotlyjs(),
    }
    for name, part in parts.items():
        made = made.replace(f"/*{name}*/", part, 1)
    return made


def _time(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(seconds))
