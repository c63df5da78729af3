"""What a chart of the dashboard is, and the kinds of them: numbers, lines, top lists, a table, notes."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

from devtools.assets.dql import CUSTOM_OBJECT, Expression, Query, Text, failed, highest, newest, rate
from devtools.assets.thresholds import COLOUR_NAMES, LEVELS

# A tag of the points, the variable that filters it, and the name that the dashboard shows.
VARIABLES = (
    ("account_name", Text("Account", "账户")),
    ("DistributionId", Text("Distribution", "分配")),
    ("DomainName", Text("Domain", "域名")),
)
OF_DISTRIBUTIONS = tuple((tag, tag) for tag, _ in VARIABLES)
# Points of a CloudFront function that several distributions use carry no distribution: they follow the account only.
OF_FUNCTIONS = OF_DISTRIBUTIONS[:1]
OF_OBJECTS = (("account_name", "account_name"), ("Id", "DistributionId"), ("DomainName", "DomainName"))
EACH = ("DistributionId", "Alias")
EACH_FUNCTION = ("FunctionName",)
COUNT, BYTES, PERCENT, MILLISECONDS = ("custom", ""), ("digital", "B"), ("percent", "percent"), ("time", "ms")

WEIGHTED = Text(
    "Share of all requests chosen: weighted by requests, no average of averages.",
    "所选全部请求中的占比：按请求数加权，而非平均值的平均。",
)
SHARE = Text("Share of all requests chosen.", "所选全部请求中的占比。")
PER_INTERVAL = Text("Sum in each interval of the chart.", "图表每个时间间隔内的总和。")
ADDITIONAL = Text(" Only distributions with additional metrics switched on.", "仅包含已开启附加指标的分配。")


class Shown(NamedTuple):
    """A query with the name of its line, column or number; grouped queries are named by their tags."""

    query: Query
    name: Optional[Text] = None


class Chart(NamedTuple):
    """A chart: `levels` is its row in the table of thresholds, `size` in columns of 24 and rows of the grid."""

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


class Group(NamedTuple):
    """Charts under one heading."""

    key: str
    title: Text
    charts: Tuple[Chart, ...]


def stat(
    key: str, title: Text, help_text: Text, what: Expression, unit: Tuple[str, str] = COUNT, levels: str = ""
) -> Chart:
    """A single number over all that is chosen."""
    query = Query(what, key, filters=OF_DISTRIBUTIONS)
    return Chart(key, "singlestat", title, help_text, (Shown(query, title),), unit, (4, 6), levels=levels)


def lines(key: str, title: Text, help_text: Text, unit: Tuple[str, str], *named: Tuple[str, Expression, Text]) -> Chart:
    """A line for each expression, over all that is chosen; counts and bytes are parts of a whole, and stacked."""
    shown = tuple(Shown(Query(what, alias, filters=OF_DISTRIBUTIONS), name) for alias, what, name in named)
    return Chart(key, "sequence", title, help_text, shown, unit, stacked=unit in (COUNT, BYTES))


def by_each(
    key: str, title: Text, help_text: Text, what: Expression, unit: Tuple[str, str] = COUNT, stacked: bool = False
) -> Chart:
    """A line for each distribution."""
    return Chart(
        key, "sequence", title, help_text, (Shown(Query(what, key, EACH, OF_DISTRIBUTIONS)),), unit, (12, 10), stacked
    )


def of_functions(
    key: str, title: Text, help_text: Text, unit: Tuple[str, str], *named: Tuple[str, Expression, Text]
) -> Chart:
    """A line for each expression and CloudFront function."""
    shown = tuple(Shown(Query(what, alias, EACH_FUNCTION, OF_FUNCTIONS), name) for alias, what, name in named)
    return Chart(key, "sequence", title, help_text, shown, unit, stacked=unit == COUNT)


def top(key: str, title: Text, help_text: Text, what: Expression, unit: Tuple[str, str] = COUNT) -> Chart:
    """The distributions with the most of it."""
    query = Query(what, key, EACH, OF_DISTRIBUTIONS)
    return Chart(key, "toplist", title, help_text, (Shown(query),), unit, (8, 10))


def note(key: str, title: Text, content: Text) -> Chart:
    """A remark across the whole width."""
    return Chart(key, "text", title, Text("", ""), size=(24, 3), content=content)


def table(key: str, title: Text, help_text: Text, *columns: Tuple[str, Text]) -> Chart:
    """The objects, with the newest value of each field."""
    query = Query(newest(*(name for name, _ in columns)), by=("Id",), filters=OF_OBJECTS, namespace=CUSTOM_OBJECT)
    return Chart(key, "table", title, help_text, (Shown(query),), size=(24, 10), columns=columns)


def status_codes(*codes: int) -> Tuple[Tuple[str, Expression, Text], ...]:
    """The error rates of status codes."""
    return tuple((f"rate_{code}", rate(f"{code}ErrorRate"), Text(str(code), str(code))) for code in codes)


def percentiles(*names: str) -> Tuple[Tuple[str, Expression, Text], ...]:
    """The percentiles of the origin's latency."""
    return tuple((f"latency_{name}", highest("OriginLatency", name), Text(name, name)) for name in names)


def failures() -> Expression:
    """The requests that ended with any error."""
    return failed("TotalErrorRate")


def coloured(levels: str) -> Text:
    """From where on a percentage is shown in which colour."""
    steps = [(COLOUR_NAMES[status], f"{operand:g} %") for status, operand in reversed(LEVELS[levels].steps)]
    english = ", ".join(f"{name.en} from {operand} on" for name, operand in steps)
    return Text(f" {english.capitalize()}.", f"{'，'.join(f'{operand} 起为{name.zh}' for name, operand in steps)}。")


def both(first: Text, second: Text) -> Text:
    """Two texts, one after the other."""
    return Text(first.en + second.en, first.zh + second.zh)
