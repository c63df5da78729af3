"""What a monitor is: its values, the requests it needs to speak at all, and what a person reads."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

from devtools.assets.dql import Expression, Query, Text, total

MINUTE, HOUR = 60, 3600
DISTRIBUTION = ("account_name", "DistributionId", "DomainName")
A_WEEK = "1w"
RESULT, REQUESTS = "Result", "Requests"


class Target(NamedTuple):
    """A value that a monitor looks at: a query, or a formula over two, A and B."""

    alias: str
    queries: Tuple[Query, ...]
    formula: str = ""

    @property
    def dql(self) -> str:
        """The query as the monitor sends it."""
        if not self.formula:
            return self.queries[0].dql
        parts = [f'{code}="{query.dql}"' for code, query in zip("AB", self.queries)]
        return f"eval({self.formula}, {', '.join(parts)})"


class Monitor(NamedTuple):
    """A monitor; `levels` is its row in the table of thresholds, `least` what the second target must reach at least."""

    key: str
    title: Text
    what: Text
    look: Text
    recovered: Text
    levels: str
    targets: Tuple[Target, ...]
    least: Optional[int] = None
    least_of: Text = Text("requests", "次请求")
    by: Tuple[str, ...] = DISTRIBUTION
    every: str = "5m"
    interval: int = 15 * MINUTE
    no_data: str = "none"


def watched(expression: Expression) -> Target:
    """A value by distribution."""
    return Target(RESULT, (Query(expression, RESULT, DISTRIBUTION),))


def requests(shift: str = "", by: Tuple[str, ...] = DISTRIBUTION) -> Target:
    """The viewers' requests, by which a monitor is gated."""
    return Target(REQUESTS, (Query(total("Requests"), REQUESTS, by, shift=shift),))


def against_last_week(expression: Expression, formula: str, by: Tuple[str, ...] = DISTRIBUTION) -> Target:
    """A formula over a value now (A) and at the same time a week ago (B)."""
    now, before = (Query(expression, by=by, shift=shift) for shift in ("", A_WEEK))
    return Target(RESULT, (now, before), formula)
