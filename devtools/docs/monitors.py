"""The table of the monitors in the integration pages, out of their description."""

from __future__ import annotations

from typing import Dict

from devtools.assets.monitors import MONITORS
from devtools.assets.monitors_form import Monitor
from devtools.assets.thresholds import LEVELS
from guance_aws_cloudfront.cloudfront.catalog import ADDITIONAL, DERIVED, all_metrics, field_name

HEADS = {
    "en": "| monitor | alarms | asks for at least |",
    "zh": "| 监控器 | 告警条件 | 最低要求 |",
}
LEAST = {"en": "{least} {of} in {minutes} minutes", "zh": "{minutes} 分钟内 {least} {of}"}
MARK = "¹"
MARKED = {
    "en": "Never fires by default: it needs additional metrics, paid at AWS and switched on for the distribution, and "
    '`"metrics": "ALL"` in `CONFIGS` of the startup script.',
    "zh": '默认永不告警：需要附加指标（AWS 收费，须为分配开启），并在启动脚本的 `CONFIGS` 中设置 `"metrics": "ALL"`。',
}
OFF = {"en": " (off)", "zh": "（默认关闭）"}
STATUSES: Dict[str, Dict[str, str]] = {
    "en": {"critical": "critical", "error": "error", "warning": "warning", "info": "info"},
    "zh": {"critical": "紧急", "error": "重要", "warning": "警告", "info": "信息"},
}
ADDITIONAL_FIELDS = {
    *(one.name for one in DERIVED if one.group == ADDITIONAL),
    *(
        field_name(metric.name, statistic)
        for metric in all_metrics().values()
        if metric.group == ADDITIONAL
        for statistic in metric.statistics
    ),
}
SIGNS = {">=": "≥", "<=": "≤", "<": "<"}


def monitors_table(language: str) -> str:
    """A row for each monitor: what it is called, when it alarms, and from how many requests on it speaks."""
    rows = [_row(monitor, language) for monitor in MONITORS]
    return "\n".join([HEADS[language], "|---|---|---|", *rows, "", f"{MARK} {MARKED[language]}", ""])


def needs_additional(monitor: Monitor) -> bool:
    """Whether a monitor looks at metrics that CloudFront has only where they are switched on and paid."""
    fields = {query.field for target in monitor.targets for query in target.asked.queries}
    return bool(fields & ADDITIONAL_FIELDS)


def _row(monitor: Monitor, language: str) -> str:
    levels = LEVELS[monitor.levels]
    name = getattr(monitor.title, language) + (OFF[language] if monitor.disabled else "")
    unit = getattr(levels.unit, language)
    alarms = ", ".join(
        f"{STATUSES[language][status]} {SIGNS[levels.operator]} {operand:,}"
        for status, operand in reversed(levels.steps)
    )
    return f"| {name}{f' {MARK}' if needs_additional(monitor) else ''} | {alarms}{unit} | {_least(monitor, language)} |"


def _least(monitor: Monitor, language: str) -> str:
    if not monitor.needed:
        return "-"
    minutes, of = monitor.interval // 60, getattr(monitor.least_of, language)
    return LEAST[language].format(least=f"{monitor.needed:,}", minutes=minutes, of=of)
