"""From where on a value is bad: one table for the monitors' rules and the colours of the dashboard."""

from __future__ import annotations

from typing import Dict, NamedTuple, Tuple


class Levels(NamedTuple):
    """The thresholds of a monitor: statuses with operands, worst first, and in which direction it is bad."""

    steps: Tuple[Tuple[str, float], ...]
    operator: str = ">="


# Servers' errors are never the viewers' fault: 1 % is ten times what a goal of 99.9 % allows. Viewers' errors (4xx) are
# part of the day, and page nobody until every third request fails.
LEVELS: Dict[str, Levels] = {
    "5xxErrorRate": Levels((("critical", 10), ("error", 5), ("warning", 1))),
    "4xxErrorRate": Levels((("error", 30), ("warning", 10))),
    "TotalErrorRate": Levels((("critical", 50), ("error", 30), ("warning", 15))),
    # Percent of the requests of the same hour a week before.
    "drop": Levels((("error", 25), ("warning", 50)), "<="),
    "surge": Levels((("error", 400), ("warning", 200))),
    # Percentage points below the same hour a week before.
    "CacheHitRate": Levels((("error", 25), ("warning", 10))),
    # Milliseconds: CloudFront waits 30 s for an origin by default, viewers do not.
    "OriginLatency": Levels((("critical", 10000), ("error", 3000), ("warning", 1000))),
    "silent": Levels((("critical", 1),), "<"),
}
# Dark enough for white figures.
COLOURS = {"critical": "#B3261E", "error": "#C2410C", "warning": "#9A5B00"}
