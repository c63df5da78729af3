"""What a chart of the dashboard is, and the kinds of them: numbers, lines, top lists, tables, notes."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

from devtools.assets.dql import Asked, Scope, Text, changes, newest, newest_lines
from devtools.assets.thresholds import COLOUR_NAMES, LEVELS

# A tag of the points, the variable that filters it, and the name that the dashboard shows.
VARIABLES = (
    ("account_name", Text("Account", "账户")),
    ("DistributionId", Text("Distribution", "分配")),
    ("DomainName", Text("Domain", "域名")),
)
FILTERS = tuple((tag, f"#{{{tag}}}") for tag, _ in VARIABLES)
ALL = Scope(filters=FILTERS)
EACH = Scope(("DistributionId", "Alias"), FILTERS)
# Points of a CloudFront function that several distributions use carry no distribution: they follow the account only.
EACH_FUNCTION = Scope(("FunctionName", "DistributionId"), FILTERS[:1])
OBJECTS = Scope(
    ("account_name", "Id"),
    (("account_name", "#{account_name}"), ("Id", "#{DistributionId}"), ("DomainName", "#{DomainName}")),
)
COUNT, BYTES, PERCENT, MILLISECONDS = ("custom", ""), ("digital", "B"), ("percent", "percent"), ("time", "ms")
REQUESTS_PER_MINUTE, BYTES_PER_SECOND = ("custom", "req/min"), ("traffic", "B/S")
PER_MINUTE = ("custom", "/min")

WEIGHTED = Text("The sum of errors divided by the sum of requests.", "错误数之和除以请求数之和。")
SHARE = Text("Of all selected requests.", "占所选全部请求的比例。")
MEAN = Text("Mean of the minutes with requests.", "有请求的各分钟的平均值。")
NEEDS_LOGS = Text(" Needs access logs.", "需要访问日志。")
ADDITIONAL = Text(" Needs additional metrics.", "需要附加指标。")


class Shown(NamedTuple):
    """A query with the name of its line, column or number; grouped queries are named by their tags."""

    asked: Asked
    name: Optional[Text] = None


class Chart(NamedTuple):
    """A chart: `levels` is its row in the table of thresholds, `size` in columns of 24 and rows of the grid.

    `compared` shows the same time a day and a week before as well; `mapped` are columns of yes and no.
    """

    key: str
    type: str
    title: Text
    help: Text
    shown: Tuple[Shown, ...] = ()
    unit: Tuple[str, str] = COUNT
    size: Tuple[int, int] = (12, 10)
    stacked: bool = False
    levels: str = ""
    content: Optional[Text] = None
    columns: Tuple[Tuple[str, Text], ...] = ()
    mapped: Tuple[str, ...] = ()
    colour: str = ""
    compared: bool = False


class Group(NamedTuple):
    """Charts under one heading, with the colour behind them."""

    key: str
    title: Text
    charts: Tuple[Chart, ...]
    colour: str


def stat(
    key: str,
    title: Text,
    help_text: Text,
    asked: Asked,
    unit: Tuple[str, str] = COUNT,
    levels: str = "",
    colour: str = "#2563EB",
) -> Chart:
    """A single number over all that is chosen; `colour` is that of its figures while no level is reached."""
    shown = (Shown(asked, title),)
    return Chart(key, "singlestat", title, help_text, shown, unit, (4, 6), levels=levels, colour=colour)


def lines(
    key: str, title: Text, help_text: Text, unit: Tuple[str, str], *named: Tuple[Asked, Text], stacked: bool = False
) -> Chart:
    """A line for each query."""
    return Chart(key, "sequence", title, help_text, tuple(Shown(*one) for one in named), unit, stacked=stacked)


def by_each(
    key: str, title: Text, help_text: Text, asked: Asked, unit: Tuple[str, str] = COUNT, stacked: bool = False
) -> Chart:
    """A line for each distribution."""
    return Chart(key, "sequence", title, help_text, (Shown(asked),), unit, stacked=stacked)


def top(key: str, title: Text, help_text: Text, asked: Asked, unit: Tuple[str, str] = COUNT) -> Chart:
    """The distributions with the most of it."""
    return Chart(key, "toplist", title, help_text, (Shown(asked),), unit, (8, 10))


def note(key: str, title: Text, content: Text) -> Chart:
    """A remark across the whole width."""
    return Chart(key, "text", title, Text("", ""), size=(24, 3), content=content)


def table(key: str, title: Text, help_text: Text, mapped: Tuple[str, ...], *columns: Tuple[str, Text]) -> Chart:
    """The objects, with the newest value of each field; `mapped` are those that are yes or no."""
    query = newest(OBJECTS, *(name for name, _ in columns))
    named = (("account_name", Text("Account", "账户")), ("Id", Text("Distribution", "分配")), *columns)
    return Chart(key, "table", title, help_text, (Shown(query),), size=(24, 10), columns=named, mapped=mapped)


def events(key: str, title: Text, help_text: Text, most: int, *columns: Tuple[str, Text]) -> Chart:
    """The newest changes of distributions, a row each."""
    query = changes(ALL, most, *(name for name, _ in columns))
    return Chart(key, "table", title, help_text, (Shown(query),), columns=columns, size=(24, 8))


def log_lines(
    key: str,
    title: Text,
    help_text: Text,
    most: int,
    ranges: Tuple[Tuple[str, str, int], ...],
    *columns: Tuple[str, Text],
) -> Chart:
    """The newest lines of access logs whose numbers lie in the ranges, a row each."""
    query = newest_lines(ALL, most, ranges, *(name for name, _ in columns))
    return Chart(key, "table", title, help_text, (Shown(query),), columns=columns, size=(24, 10))


def coloured(levels: str) -> Text:
    """From where on a percentage is shown in which colour."""
    steps = [(COLOUR_NAMES[status], f"{operand:g} %") for status, operand in reversed(LEVELS[levels].steps)]
    english = ", ".join(f"{name.en} from {operand}" for name, operand in steps)
    return Text(f" {english.capitalize()}.", f"{'，'.join(f'{operand} 起为{name.zh}' for name, operand in steps)}。")


def both(first: Text, second: Text) -> Text:
    """Two texts, one after the other."""
    return Text(first.en + second.en, first.zh + second.zh)
