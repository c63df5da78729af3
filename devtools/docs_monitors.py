"""The table of the monitors in the integration pages, out of their description."""

from __future__ import annotations

from typing import Dict

from devtools.assets_monitors import MONITORS, Monitor
from devtools.assets_thresholds import LEVELS

HEADS = {
    "en": "| monitor | alarms | asks for at least |",
    "zh": "| 监控器 | 告警条件 | 最低要求 |",
}
LEAST = {"en": "{least} requests in {minutes} minutes", "zh": "{minutes} 分钟内 {least} 次请求"}
STATUSES: Dict[str, Dict[str, str]] = {
    "en": {"critical": "critical", "error": "error", "warning": "warning"},
    "zh": {"critical": "紧急", "error": "重要", "warning": "警告"},
}
SIGNS = {">=": "≥", "<=": "≤", "<": "<"}


def monitors_table(language: str) -> str:
    """A row for each monitor: what it is called, when it alarms, and from how many requests on it speaks."""
    return "\n".join([HEADS[language], "|---|---|---|", *(_row(monitor, language) for monitor in MONITORS), ""])


def _row(monitor: Monitor, language: str) -> str:
    levels = LEVELS[monitor.levels]
    name = getattr(monitor.title, language).partition("{{")[0].rstrip(":： ")
    unit = getattr(levels.unit, language)
    alarms = ", ".join(
        f"{STATUSES[language][status]} {SIGNS[levels.operator]} {operand:,}"
        for status, operand in reversed(levels.steps)
    )
    least = LEAST[language].format(least=f"{monitor.least:,}", minutes=monitor.interval // 60) if monitor.least else "-"
    return f"| {name} | {alarms}{unit} | {least} |"
