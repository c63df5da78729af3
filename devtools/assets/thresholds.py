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
FEWER = Text(" % fewer requests than in the same hour a week before", " %（请求数比一周前同一小时减少）")
MORE = Text(" % more requests than in the same hour a week before", " %（请求数比一周前同一小时增加）")

# Servers' errors are never the viewers' fault: 1 % is ten times what a goal of 99.9 % allows. Viewers' errors (4xx) are
# part of the day, and page nobody until every third request fails. Both together page nobody who is not paged by one of
# them: no critical.
LEVELS: Dict[str, Levels] = {
    "5xxErrorRate": Levels((("critical", 10), ("error", 5), ("warning", 1)), PERCENT),
    "4xxErrorRate": Levels((("error", 30), ("warning", 10)), PERCENT),
    "TotalErrorRate": Levels((("error", 30), ("warning", 15)), PERCENT),
    # Of the last hour up to 9 minutes have not arrived yet, with a cron job every 15 minutes up to 19: no warning below
    # 60 %. An hour that runs empty is looked at every 15 minutes: 70 % missing is met before nothing is left.
    "drop": Levels((("critical", 90), ("error", 70), ("warning", 60)), FEWER),
    "metrics": Levels((("critical", 90), ("error", 70)), FEWER),
    "surge": Levels((("error", 300), ("warning", 100)), MORE),
    "misses": Levels(
        (("error", 300), ("warning", 100)),
        Text(
            " % more requests not served from the cache than in the same hour a week before",
            " %（未由缓存响应的请求数比一周前同一小时增加）",
        ),
    ),
    # CloudFront waits 30 s for an origin by default, viewers do not.
    "OriginLatency": Levels((("error", 3000), ("warning", 1000)), Text(" ms", " 毫秒")),
    "silent": Levels(
        (("critical", 1),), Text(" distribution reported in half an hour", " 个分配（半小时内上报）"), "<"
    ),
    "certificate": Levels((("critical", 3), ("error", 14), ("warning", 30)), Text(" days left", " 天后过期"), "<="),
    "changed": Levels((("info", 1),), Text(" change in half an hour", " 次变更（半小时内）")),
}
# Dark enough for white figures.
COLOURS = {"critical": "#B3261E", "error": "#C2410C", "warning": "#9A5B00"}
COLOUR_NAMES = {"critical": Text("red", "红色"), "error": Text("orange", "橙色"), "warning": Text("amber", "琥珀色")}
