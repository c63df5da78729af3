"""The forms of DQL that dashboards and monitors use, evaluated over points that a DataKit receiver has taken.

One SELECT of aggregates and arithmetic over them, filters of tags by variables and of fields by a lower bound, a SHIFT
in weeks, BY tags. Anything else is refused: what the demo's page draws is what the shipped queries ask, or nothing.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from devtools.guance.line_protocol import Point

Number = Optional[Any]
Row = Mapping[str, Any]
OfRow = Callable[[Row], Number]
OfRows = Callable[[Sequence[Row]], Number]
QUERY = re.compile(r"(M|CO)::`([^`]+)`:\((.+?)\)(?: \{ (.+) \})?(?: SHIFT (\d+)w)?(?: BY (.+))?")
WEEK = 7 * 24 * 3600
TOKEN = re.compile(r"\s*(`[^`]+`|[A-Za-z_]+(?=\()|AS\b|\d+(?:\.\d+)?|[()+\-*/,])")
TAG_FILTER = re.compile(r"`([^`]+)` = '#\{(\w+)\}'")
FIELD_FILTER = re.compile(r"`([^`]+)` >= (\d+)")
CATEGORIES = {"M": "metric", "CO": "custom_object"}
ANY = "*"


class DqlError(ValueError):
    """A query of a form that is not known here."""


class Column(NamedTuple):
    """A column of the result."""

    alias: str
    value: OfRows


class Select(NamedTuple):
    """A query, read."""

    category: str
    source: str
    columns: List[Column]
    tags: List[Tuple[str, str]]
    bounds: List[Tuple[str, float]]
    by: List[str]
    shift: int = 0

    def groups(
        self, points: Iterable[Point], variables: Mapping[str, str], start: int, end: int
    ) -> Dict[Tuple[str, ...], List[Row]]:
        """The rows of the points that pass the filters, in [start, end) or as long before as SHIFT says, by tags."""
        found: Dict[Tuple[str, ...], List[Row]] = {}
        start, end = start - self.shift, end - self.shift
        for point in points:
            if point.category == self.category and point.measurement == self.source and start <= point.time < end:
                row = {**point.fields, **point.tags, "time": point.time}
                if self._admits(row, variables) and self._says_something(row):
                    found.setdefault(tuple(str(row.get(tag, "")) for tag in self.by), []).append(row)
        return found

    def _admits(self, row: Row, variables: Mapping[str, str]) -> bool:
        chosen = [(tag, variables.get(variable, ANY)) for tag, variable in self.tags]
        return all(value in (ANY, row.get(tag)) for tag, value in chosen) and all(
            row.get(name) is not None and row[name] >= least for name, least in self.bounds
        )

    def _says_something(self, row: Row) -> bool:
        return any(column.value([row]) is not None for column in self.columns)


def read(text: str) -> Select:
    """Read a query; DqlError for what is not known here."""
    found = QUERY.fullmatch(text)
    if found is None:
        raise DqlError(f"no query of a known form: {text}")
    namespace, source, select, where, weeks, by = found.groups()
    tags, bounds = _filters(where or "")
    columns, shift = _Parser(select).columns(), int(weeks or 0) * WEEK
    return Select(CATEGORIES[namespace], source, columns, tags, bounds, _names(by or ""), shift)


def _names(text: str) -> List[str]:
    names = [part.strip() for part in text.split(",")] if text else []
    if any(not re.fullmatch(r"`[^`]+`", name) for name in names):
        raise DqlError(f"no list of tags: {text}")
    return [name.strip("`") for name in names]


def _filters(where: str) -> Tuple[List[Tuple[str, str]], List[Tuple[str, float]]]:
    tags: List[Tuple[str, str]] = []
    bounds: List[Tuple[str, float]] = []
    for part in where.split(" and ") if where else []:
        by_tag, by_field = TAG_FILTER.fullmatch(part), FIELD_FILTER.fullmatch(part)
        if by_tag:
            tags.append((by_tag[1], by_tag[2]))
        elif by_field:
            bounds.append((by_field[1], float(by_field[2])))
        else:
            raise DqlError(f"no filter of a known form: {part}")
    return tags, bounds


def _sum(values: List[Any]) -> Number:
    return sum(values)


AGGREGATES: Dict[str, Callable[[List[Any]], Number]] = {
    "SUM": _sum,
    "MAX": max,
    "AVG": lambda values: sum(values) / len(values),
    # Rows are in the order of their time.
    "LAST": lambda values: values[-1],
    "COUNT": len,
}
OPERATIONS: Dict[str, Callable[[Any, Any], Number]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    # As a database has it: no share of nothing.
    "/": lambda left, right: left / right if right else None,
}


class _Parser:
    """Recursive descent over a SELECT: columns are aggregates of rows, and arithmetic over both."""

    def __init__(self, text: str) -> None:
        self._tokens = TOKEN.findall(text)
        if "".join(self._tokens) != re.sub(r"\s+", "", text):
            raise DqlError(f"cannot be read: {text}")

    def columns(self) -> List[Column]:
        """All columns, up to the end."""
        columns = [self._column()]
        while self._take(","):
            columns.append(self._column())
        if self._tokens:
            raise DqlError(f"what is {' '.join(self._tokens)}?")
        return columns

    def _column(self) -> Column:
        value = self._expression(self._aggregate)
        return Column(self._next().strip("`") if self._take("AS") else "", value)

    def _expression(self, operand: Callable[[], Callable[[Any], Number]]) -> Callable[[Any], Number]:
        left = self._term(operand)
        while self._tokens and self._tokens[0] in "+-":
            left = _combined(self._next(), left, self._term(operand))
        return left

    def _term(self, operand: Callable[[], Callable[[Any], Number]]) -> Callable[[Any], Number]:
        left = operand()
        while self._tokens and self._tokens[0] in "*/":
            left = _combined(self._next(), left, operand())
        return left

    def _aggregate(self) -> OfRows:
        token = self._next()
        if token == "(":
            inner = self._expression(self._aggregate)
            self._expect(")")
            return inner
        if token in AGGREGATES:
            self._expect("(")
            of_row = self._expression(self._field)
            self._expect(")")
            return _aggregated(AGGREGATES[token], of_row)
        return _constant(token)

    def _field(self) -> OfRow:
        token = self._next()
        if token.startswith("`"):
            name = token.strip("`")
            return lambda row: row.get(name)
        return _constant(token)

    def _next(self) -> str:
        if not self._tokens:
            raise DqlError("the query ends too early")
        return str(self._tokens.pop(0))

    def _take(self, token: str) -> bool:
        if self._tokens and self._tokens[0] == token:
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise DqlError(f"{token} is missing")


def _aggregated(function: Callable[[List[Any]], Number], of_row: OfRow) -> OfRows:
    def value(rows: Sequence[Row]) -> Number:
        values = [it for it in map(of_row, rows) if it is not None]
        return function(values) if values else None

    return value


def _combined(operator: str, left: Callable[[Any], Number], right: Callable[[Any], Number]) -> Callable[[Any], Number]:
    def value(subject: Any) -> Number:
        sides = left(subject), right(subject)
        return None if None in sides else OPERATIONS[operator](*sides)

    return value


def _constant(token: str) -> Callable[[Any], Number]:
    try:
        number = float(token)
    except ValueError:
        raise DqlError(f"{token} is nothing that is known here") from None
    return lambda subject: number
