"""The table of the monitors in the integration pages, out of their description."""

from __future__ import annotations

from typing import Dict

from devtools.assets.monitors import MONITORS
from devtools.assets.monitors_form import Monitor
from devtools.assets.thresholds import LEVELS
from guance_aws_cloudfront.cloudfront.catalog import ADDITIONAL, DERIVED, all_metrics, field_name
from guance_aws_cloudfront.cloudfront.record import EXTRA_FIELDS

HEADS = {
    "en": "| monitor | alarms | needs at least |",
    "zh": "| 监控器 | 告警条件 | 最低要求 |",
}
LEAST = {"en": "{least} {of} in {minutes} minutes", "zh": "{minutes} 分钟内 {least} {of}"}
PAID, DETAILS = "¹", "²"
NOTES = {
    PAID: {
        "en": "Never fires by default: it needs additional metrics, paid at AWS and switched on for the distribution, "
        'and `"metrics": "ALL"` in `CONFIGS` of the startup script.',
        "zh": "默认永不告警：需要附加指标（AWS 收费，须为分配开启），"
        '并在启动脚本的 `CONFIGS` 中设置 `"metrics": "ALL"`。',
    },
    DETAILS: {
        "en": 'Never fires by default: it needs `"details": True` in `CONFIGS` of the startup script, and the '
        "permission `acm:DescribeCertificate` (for server certificates of IAM `iam:ListServerCertificates`).",
        "zh": '默认永不告警：需要在启动脚本的 `CONFIGS` 中设置 `"details": True`，以及权限 `acm:DescribeCertificate`'
        "（IAM 服务器证书为 `iam:ListServerCertificates`）。",
    },
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
# What objects carry only with `details`.
DETAILED_FIELDS = {*EXTRA_FIELDS} - {"AdditionalMetrics"}
SIGNS = {">=": "≥", "<=": "≤", "<": "<"}


def monitors_table(language: str) -> str:
    """A row for each monitor: what it is called, when it alarms, and from how many requests on it speaks."""
    rows = [_row(monitor, language) for monitor in MONITORS]
    notes = [line for mark, note in NOTES.items() for line in ("", f"{mark} {note[language]}")]
    return "\n".join([HEADS[language], "|---|---|---|", *rows, *notes, ""])


def mark_of(monitor: Monitor) -> str:
    """The mark of the note that says why a monitor never fires by default; empty for one that may.

    It looks at metrics that CloudFront has only where they are switched on and paid, or at fields that objects carry
    only with `details`.
    """
    fields = {query.field for target in monitor.targets for query in target.asked.queries}
    if fields & ADDITIONAL_FIELDS:
        return PAID
    return DETAILS if fields & DETAILED_FIELDS else ""


def _row(monitor: Monitor, language: str) -> str:
    levels = LEVELS[monitor.levels]
    name = getattr(monitor.title, language) + (OFF[language] if monitor.disabled else "")
    mark = mark_of(monitor)
    unit = getattr(levels.unit, language)
    alarms = ", ".join(
        f"{STATUSES[language][status]} {SIGNS[levels.operator]} {operand:,}"
        for status, operand in reversed(levels.steps)
    )
    return f"| {name}{f' {mark}' if mark else ''} | {alarms}{unit} | {_least(monitor, language)} |"


def _least(monitor: Monitor, language: str) -> str:
    if not monitor.needed:
        return "-"
    minutes, of = monitor.interval // 60, getattr(monitor.least_of, language)
    return LEAST[language].format(least=f"{monitor.needed:,}", minutes=minutes, of=of)
