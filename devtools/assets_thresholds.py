"""From where on a value is bad: one table for the monitors' rules and the colours of the dashboard."""

from __future__ import annotations

from typing import Dict, NamedTuple, Tuple

from devtools.assets_dql import Text


class Levels(NamedTuple):
    """The thresholds of a monitor: statuses with operands, worst first, their unit, and which direction is bad."""

    steps: Tuple[Tuple[str, float], ...]
    unit: Text
    operator: str = ">="


PERCENT = Text(" %", " %")
OF_LAST_WEEK = Text(" % of the same hour a week ago", " %（与上周同一小时相比）")


# Servers' errors are never the viewers' fault: 1 % is ten times what a goal of 99.9 % allows. Viewers' errors (4xx) are
# part of the day, and page nobody until every third request fails.
LEVELS: Dict[str, Levels] = {
    "5xxErrorRate": Levels((("critical", 10), ("error", 5), ("warning", 1)), PERCENT),
    "4xxErrorRate": Levels((("error", 30), ("warning", 10)), PERCENT),
    "TotalErrorRate": Levels((("critical", 50), ("error", 30), ("warning", 15)), PERCENT),
    "drop": Levels((("error", 25), ("warning", 50)), OF_LAST_WEEK, "<="),
    "surge": Levels((("error", 400), ("warning", 200)), OF_LAST_WEEK),
    "CacheHitRate": Levels(
        (("error", 25), ("warning", 10)),
        Text(" points below the same hour a week ago", " 个百分点（低于上周同一小时）"),
    ),
    # CloudFront waits 30 s for an origin by default, viewers do not.
    "OriginLatency": Levels((("critical", 10000), ("error", 3000), ("warning", 1000)), Text(" ms", " 毫秒")),
    "silent": Levels((("critical", 1),), Text(" distribution reported in an hour", " 个分配（一小时内上报）"), "<"),
}
# Dark enough for white figures.
COLOURS = {"critical": "#B3261E", "error": "#C2410C", "warning": "#9A5B00"}
