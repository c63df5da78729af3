"""What a monitor is: its value, the requests it needs to speak at all, and what a person reads."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple, Union

from devtools.assets.dql import Asked, Formula, Query, Scope, Text

MINUTE, HOUR, WEEK = 60, 3600, 7 * 24 * 3600
RESULT, REQUESTS = "Result", "Requests"
# At most three dimensions; people know a distribution by its alternate domain name, and it may have none.
DISTRIBUTION = Scope(("account_name", "DistributionId", "Alias"))
OBJECT = Scope(("account_name", "Id", "AlternateDomainNames"))
# The dimensions that hold a distribution's ID and its alternate domain names, on points and on objects.
NAMES_OF_DISTRIBUTIONS = (("DistributionId", "Alias"), ("Id", "AlternateDomainNames"))
ACCOUNT = Scope(("account_name",))


class Target(NamedTuple):
    """A value that a monitor looks at, under the name that its rules use."""

    alias: str
    asked: Asked


class Comparison(NamedTuple):
    """Guance's mutation check: the value of the last `range` seconds against that of the same span `before`.

    By how many percent it goes `direction` (up or down); only values of at least `least` are compared.
    """

    direction: str
    least: int
    range: int = HOUR
    before: int = WEEK


class Number(NamedTuple):
    """A value, mostly a number, that a message fetches for itself: a template knows only the value that was checked."""

    name: str
    asked: Union[Query, Formula]


class Monitor(NamedTuple):
    """A monitor; `levels` is its row in the table of thresholds, `least` what the second target must reach at least.

    `numbers` are fetched for the message by the first dimensions of the monitor. Objects are overwritten when they are
    reported again, so a monitor of `objects` looks up to the present.
    """

    key: str
    title: Text
    what: Text
    look: Text
    recovered: Text
    levels: str
    targets: Tuple[Target, ...]
    by: Scope = DISTRIBUTION
    numbers: Tuple[Number, ...] = ()
    comparison: Optional[Comparison] = None
    least: Optional[int] = None
    least_of: Text = Text("requests", "次请求")
    every: str = "5m"
    interval: int = 15 * MINUTE
    no_data: str = "none"
    objects: bool = False
    disabled: bool = False

    @property
    def needed(self) -> Optional[int]:
        """How many requests there must be at least before it speaks."""
        return self.comparison.least if self.comparison else self.least
