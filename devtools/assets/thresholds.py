"""From where on a value is bad: one table for the monitors' rules and the colours of the dashboard."""

from __future__ import annotations

from typing import Dict, NamedTuple, Tuple

from devtools.assets.dql import Text


class Levels(NamedTuple):
    """The thresholds of a monitor: statuses with operands, worst first, their unit, and which direction is bad."""

    steps: Tuple[Tuple[str, float], ...]
    unit: Text
    operator: str = ">="


PERCENT = Text(" %", " %")
OF_LAST_WEEK = Text(" % of the same hour a week ago", " %（与上周同一小时相比）")


# Servers' errors are never the viewers' fault: 1 % is ten times what a goal of 99.9 % allows. Viewers' errors (4xx) are
# part of the day, and page nobody until every third request fails. Both together page nobody who is not paged by one of
# them: no critical.
LEVELS: Dict[str, Levels] = {
    "5xxErrorRate": Levels((("critical", 10), ("error", 5), ("warning", 1)), PERCENT),
    "4xxErrorRate": Levels((("error", 30), ("warning", 10)), PERCENT),
    "TotalErrorRate": Levels((("error", 30), ("warning", 15)), PERCENT),
    # A dead collector looks like a drop: its own monitor, after half an hour, speaks before 40 % of the hour are left.
    "drop": Levels((("critical", 10), ("error", 25), ("warning", 40)), OF_LAST_WEEK, "<="),
    "metrics": Levels((("critical", 10),), OF_LAST_WEEK, "<="),
    "surge": Levels((("error", 400), ("warning", 200)), OF_LAST_WEEK),
    "CacheHitRate": Levels(
        (("error", 25), ("warning", 10)),
        Text(" points below the same hour a week ago", " 个百分点（低于上周同一小时）"),
    ),
    # CloudFront waits 30 s for an origin by default, viewers do not.
    "OriginLatency": Levels((("error", 3000), ("warning", 1000)), Text(" ms", " 毫秒")),
    "silent": Levels(
        (("critical", 1),), Text(" distribution reported in half an hour", " 个分配（半小时内上报）"), "<"
    ),
}
# Dark enough for white figures.
COLOURS = {"critical": "#B3261E", "error": "#C2410C", "warning": "#9A5B00"}
COLOUR_NAMES = {"critical": Text("red", "红色"), "error": Text("orange", "橙色"), "warning": Text("amber", "琥珀色")}
