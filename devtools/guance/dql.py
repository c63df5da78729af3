"""DQL as Guance's documents define it: a parser of the documented form, and an evaluator over points.

Source: Guance's pages "DQL Definition", "DQL Functions" and "DQL Outer Functions". A query is
`namespace::source:(targets) { filters } [time] BY …`, then HAVING, ORDER BY, LIMIT, OFFSET, SORDER BY, SLIMIT, SOFFSET,
in this order; an aggregate takes one field; arithmetic is between aggregates or between fields. ORDER BY and LIMIT are
about rows, SORDER BY and SLIMIT about groups (Guance's "DQL Recipes" have both). Around queries stand the outer
functions `eval` and `series_sum`, and `SHOW_TAG_VALUE` lists the values of a tag. Whatever else a text has is a
DqlError: what no document shows must not be shipped. The evaluator computes less than the parser takes, and says so.
"""

from __future__ import annotations

import math
import re
from functools import partial
from statistics import median
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from devtools.guance.line_protocol import Point

# A namespace in both of its spellings -> DataKit's category.
NAMESPACES = {
    **dict.fromkeys(("M", "METRIC"), "metric"),
    **dict.fromkeys(("CO", "CUSTOM_OBJECT"), "custom_object"),
    **dict.fromkeys(("E", "EVENT"), "keyevent"),
    **dict.fromkeys(("O", "OBJECT"), "object"),
    **dict.fromkeys(("L", "LOGGING"), "logging"),
}
# Aggregates of a single field. PERCENTILE also takes a number.
AGGREGATES = frozenset(
    (
        *("AVG", "COUNT", "COUNT_DISTINCT", "DERIVATIVE", "DIFFERENCE", "FIRST", "LAST", "MAX", "MEDIAN", "MIN"),
        *("MODE", "PERCENTILE", "SPREAD", "STDDEV", "SUM"),
    )
)
OPERATORS = ("=", "!=", ">=", "<=", ">", "<")
# The clauses after the filters and the time, in their order.
CLAUSES = ("BY", "HAVING", "ORDER BY", "LIMIT", "OFFSET", "SORDER BY", "SLIMIT", "SOFFSET")
EVALUATED = {"LIMIT", "ORDER BY", "SORDER BY", "SLIMIT"}
TOKEN = re.compile(
    r"\s*(?:(?P<name>`[^`]+`)|(?P<string>'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")|(?P<duration>\d+(?:ns|us|ms|s|m|h|d|w|y)\b)"
    r"|(?P<number>\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]\w*)|(?P<symbol>::|!=|>=|<=|&&|[:(){}\[\],=<>+\-*/%^?.]))"
)
ANY = "*"

Value = Any
Tags = Tuple[str, ...]
Row = Mapping[str, Any]


class DqlError(ValueError):
    """A text that is not of the documented form, or more than the evaluator computes."""


class Name(NamedTuple):
    """A field or tag, or in the formula of an eval one of its queries."""

    name: str


class Number(NamedTuple):
    """A constant."""

    value: float


class Aggregate(NamedTuple):
    """A function of one field."""

    function: str
    field: str
    argument: Optional[float] = None


class Operation(NamedTuple):
    """Arithmetic between two expressions."""

    operator: str
    left: Any
    right: Any


Expression = Union[Name, Number, Aggregate, Operation]


class Column(NamedTuple):
    """A target of a query and its alias, empty for none."""

    expression: Expression
    alias: str


class Condition(NamedTuple):
    """A filter: all of them must hold. The value of a variable is written `#{name}`, of a parameter `?`."""

    name: str
    operator: str
    value: Any


class Query(NamedTuple):
    """A query; `clauses` has what follows BY, by keyword."""

    namespace: str
    source: str
    columns: Tuple[Column, ...]
    conditions: Tuple[Condition, ...] = ()
    time: str = ""
    by: Tags = ()
    clauses: Mapping[str, Any] = {}

    @property
    def category(self) -> str:
        """DataKit's name of the namespace."""
        return NAMESPACES[self.namespace.upper()]

    @property
    def queries(self) -> Tuple[Query, ...]:
        """Itself, as the other forms have those inside them."""
        return (self,)


class Eval(NamedTuple):
    """`eval(formula, A="…", …)`: arithmetic between queries that are grouped by the same tags."""

    formula: Expression
    named: Mapping[str, Query]

    @property
    def queries(self) -> Tuple[Query, ...]:
        """The queries inside."""
        return tuple(self.named.values())

    @property
    def by(self) -> Tags:
        """The tags by which the result is grouped."""
        return self.queries[0].by


class SeriesSum(NamedTuple):
    """`series_sum("…")`: the groups of a query added up at every point of time."""

    query: Query

    @property
    def queries(self) -> Tuple[Query, ...]:
        """The query inside."""
        return (self.query,)

    @property
    def by(self) -> Tags:
        """Nothing: the groups are one."""
        return ()


class ShowTagValue(NamedTuple):
    """`SHOW_TAG_VALUE(from=[…], keyin=[…])`: the values of tags of measurements."""

    sources: Tags
    keys: Tags


Statement = Union[Query, Eval, SeriesSum]


def parse(text: str) -> Statement:
    """A query, or an eval or series_sum around queries; DqlError for anything that the documents do not show."""
    parser = _Parser(text)
    made = parser.statement()
    parser.end()
    return made


def parse_show(text: str) -> ShowTagValue:
    """A SHOW_TAG_VALUE, as the variables of a dashboard use it; DqlError for anything else."""
    parser = _Parser(text)
    made = parser.show_tag_value()
    parser.end()
    return made


class _Parser:
    """Recursive descent over the tokens of a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))

    def end(self) -> None:
        if self._tokens:
            raise self._error(f"what is {self._tokens[0][1]!r} here?")

    def statement(self) -> Statement:
        word = self._peek().upper()
        if word == "EVAL":
            return self._eval()
        if word == "SERIES_SUM":
            self._next()
            self._expect("(")
            query = self._quoted_query()
            self._expect(")")
            return SeriesSum(query)
        return self._query()

    def show_tag_value(self) -> ShowTagValue:
        if self._next()[1].upper() != "SHOW_TAG_VALUE":
            raise self._error("no SHOW_TAG_VALUE")
        self._expect("(")
        sources = self._named_list("FROM")
        self._expect(",")
        keys = self._named_list("KEYIN")
        self._expect(")")
        return ShowTagValue(sources, keys)

    def _named_list(self, name: str) -> Tags:
        if self._next()[1].upper() != name:
            raise self._error(f"{name.lower()}= is missing")
        self._expect("=")
        self._expect("[")
        found = [self._string()]
        while self._take(","):
            found.append(self._string())
        self._expect("]")
        return tuple(found)

    def _eval(self) -> Eval:
        self._next()
        self._expect("(")
        formula = self._arithmetic(self._reference)
        named: Dict[str, Query] = {}
        while self._take(","):
            name = self._word()
            self._expect("=")
            named[name] = self._quoted_query()
        self._expect(")")
        used = set(_names(formula))
        if not named or used != set(named):
            raise self._error(f"the formula uses {sorted(used)}, there are {sorted(named)}")
        if len({query.by for query in named.values()}) != 1:
            raise self._error("the queries of an eval must be grouped by the same tags")
        return Eval(formula, named)

    def _quoted_query(self) -> Query:
        inner = parse(self._string())
        if not isinstance(inner, Query):
            raise self._error("an outer function takes a query, not another outer function")
        return inner

    def _reference(self) -> Expression:
        kind, token = self._next()
        if kind == "number":
            return Number(float(token))
        if kind != "word":
            raise self._error(f"{token} is no query of the formula")
        return Name(token)

    def _query(self) -> Query:
        namespace = self._word()
        if namespace.upper() not in NAMESPACES:
            raise self._error(f"there is no namespace {namespace}")
        self._expect("::")
        source = self._identifier()
        self._expect(":")
        self._expect("(")
        columns = [self._column()]
        while self._take(","):
            columns.append(self._column())
        self._expect(")")
        conditions = self._conditions() if self._take("{") else ()
        time = self._time() if self._take("[") else ""
        by: Tags = ()
        clauses: Dict[str, Any] = {}
        for clause in CLAUSES:
            if self._take_words(*clause.split()):
                if clause == "BY":
                    by = self._identifiers()
                else:
                    clauses[clause] = self._clause(clause)
        return Query(namespace, source, tuple(columns), tuple(conditions), time, by, clauses)

    def _clause(self, clause: str) -> Any:
        if clause == "HAVING":
            return self._condition()
        if clause in ("ORDER BY", "SORDER BY"):
            name = self._identifier()
            direction = self._next()[1].upper() if self._peek().upper() in ("ASC", "DESC") else "ASC"
            return (name, direction)
        kind, token = self._next()
        if kind != "number":
            raise self._error(f"{clause} takes a number, not {token}")
        return int(token)

    def _time(self) -> str:
        parts: List[str] = []
        while self._peek() != "]":
            kind, token = self._next()
            if kind not in ("duration", "number") and token != ":":
                raise self._error(f"{token} is no part of a time")
            parts.append(token)
        self._expect("]")
        return "".join(parts)

    def _column(self) -> Column:
        expression = self._arithmetic(self._operand)
        return Column(expression, self._identifier() if self._take_words("AS") else "")

    def _operand(self) -> Expression:
        kind, token = self._next()
        if kind == "number":
            return Number(float(token))
        if kind == "name":
            return Name(token.strip("`"))
        if kind == "word" and self._take("("):
            return self._aggregate(token)
        if kind == "word":
            return Name(token)
        raise self._error(f"{token} is no field, function or number")

    def _aggregate(self, word: str) -> Aggregate:
        function = word.upper()
        if function not in AGGREGATES:
            raise self._error(f"there is no function {word}")
        field = self._identifier()
        argument = None
        if function == "PERCENTILE":
            self._expect(",")
            argument = float(self._next()[1])
        if self._peek() != ")":
            raise self._error(f"{function} takes one field: no document shows arithmetic inside an aggregate")
        self._expect(")")
        return Aggregate(function, field, argument)

    def _arithmetic(self, operand: Callable[[], Expression]) -> Expression:
        left = self._product(operand)
        while self._peek() in ("+", "-"):
            left = Operation(self._next()[1], left, self._product(operand))
        return left

    def _product(self, operand: Callable[[], Expression]) -> Expression:
        left = self._factor(operand)
        while self._peek() in ("*", "/"):
            left = Operation(self._next()[1], left, self._factor(operand))
        return left

    def _factor(self, operand: Callable[[], Expression]) -> Expression:
        if not self._take("("):
            return operand()
        inner = self._arithmetic(operand)
        self._expect(")")
        return inner

    def _conditions(self) -> Tuple[Condition, ...]:
        found = [self._condition()]
        while self._take(",") or self._take("&&") or self._take_words("AND"):
            found.append(self._condition())
        self._expect("}")
        return tuple(found)

    def _condition(self) -> Condition:
        name, operator = self._identifier(), self._next()[1]
        if operator not in OPERATORS:
            raise self._error(f"{operator} is no operator of a filter")
        kind, token = self._next()
        if token == "?":
            return Condition(name, operator, "?")
        if kind == "number":
            return Condition(name, operator, float(token))
        if kind == "string":
            return Condition(name, operator, _unquoted(token))
        raise self._error(f"{token} is no value of a filter")

    def _identifiers(self) -> Tags:
        found = [self._identifier()]
        while self._take(","):
            found.append(self._identifier())
        return tuple(found)

    def _identifier(self) -> str:
        kind, token = self._next()
        if kind not in ("name", "word"):
            raise self._error(f"{token} is no name")
        return token.strip("`")

    def _word(self) -> str:
        kind, token = self._next()
        if kind != "word":
            raise self._error(f"{token} is no word")
        return token

    def _string(self) -> str:
        kind, token = self._next()
        if kind != "string":
            raise self._error(f"{token} is no string")
        return _unquoted(token)

    def _peek(self) -> str:
        return self._tokens[0][1] if self._tokens else ""

    def _next(self) -> Tuple[str, str]:
        if not self._tokens:
            raise self._error("it ends too early")
        return self._tokens.pop(0)

    def _take(self, token: str) -> bool:
        if self._peek() == token and self._tokens[0][0] == "symbol":
            self._tokens.pop(0)
            return True
        return False

    def _take_words(self, *words: str) -> bool:
        ahead = [(kind, token.upper()) for kind, token in self._tokens[: len(words)]]
        if ahead == [("word", word) for word in words]:
            del self._tokens[: len(words)]
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise self._error(f"{token} is missing before {self._peek() or 'the end'!r}")

    def _error(self, said: str) -> DqlError:
        return DqlError(f"{said}: {self._text}")


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1])


def _tokens(text: str) -> Iterator[Tuple[str, str]]:
    at = 0
    rest = text.rstrip()
    while at < len(rest):
        found = TOKEN.match(rest, at)
        if found is None or found.lastgroup is None:
            raise DqlError(f"cannot be read from {rest[at:]!r} on: {text}")
        at = found.end()
        yield found.lastgroup, found[found.lastgroup]


def _names(expression: Expression) -> Iterator[str]:
    if isinstance(expression, Name):
        yield expression.name
    elif isinstance(expression, Operation):
        yield from _names(expression.left)
        yield from _names(expression.right)


def fields(expression: Expression) -> Iterator[str]:
    """The fields that an expression reads."""
    if isinstance(expression, Aggregate):
        yield expression.field
    elif isinstance(expression, Operation):
        yield from fields(expression.left)
        yield from fields(expression.right)
    elif isinstance(expression, Name):
        yield expression.name


# The evaluator


def _last(values: Sequence[Value]) -> Value:
    # Rows are in the order of their time.
    return values[-1]


COMPUTED: Dict[str, Callable[[Sequence[Value]], Value]] = {
    "SUM": sum,
    "MAX": max,
    "MIN": min,
    "AVG": lambda values: sum(values) / len(values),
    "MEDIAN": median,
    "LAST": _last,
    "COUNT": len,
}
ARITHMETIC: Dict[str, Callable[[float, float], Optional[float]]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    # No share of nothing.
    "/": lambda left, right: left / right if right else None,
}
COMPARED: Dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, wanted: bool(value == wanted),
    "!=": lambda value, wanted: bool(value != wanted),
    ">=": lambda value, wanted: value is not None and bool(value >= wanted),
    "<=": lambda value, wanted: value is not None and bool(value <= wanted),
    ">": lambda value, wanted: value is not None and bool(value > wanted),
    "<": lambda value, wanted: value is not None and bool(value < wanted),
}


class Asked(NamedTuple):
    """The points that a query is put to, and from when (epoch seconds) to when, the end excluded.

    `variables` are the dashboard's by name, `*` for all; `parameters` take the place of `?`, one after the other.
    """

    points: Iterable[Point]
    start: float
    end: float
    variables: Mapping[str, str] = {}
    parameters: Sequence[str] = ()


def values(statement: Statement, asked: Asked, steps: int = 1) -> Dict[Tags, List[Optional[Value]]]:
    """By the values of its tags, what each group of a statement is in each of so many intervals of the same length.

    None where there is nothing. Of a query with several targets, the first one.
    """
    if isinstance(statement, Query):
        groups = _most(statement, _groups(statement, asked, steps))
        first = statement.columns[0].expression
        found = {tags: [_value(first, rows) for rows in intervals] for tags, intervals in groups.items()}
        return {tags: row for tags, row in found.items() if any(value is not None for value in row)}
    if isinstance(statement, SeriesSum):
        rows = list(values(statement.query, asked, steps).values())
        return {(): [_sum(column) for column in zip(*rows)]} if rows else {}
    answers = {name: values(query, asked, steps) for name, query in statement.named.items()}
    tags_of_all = set.intersection(*(set(answer) for answer in answers.values()))
    return {
        tags: [
            _formula(statement.formula, {name: answer[tags][step] for name, answer in answers.items()})
            for step in range(steps)
        ]
        for tags in sorted(tags_of_all)
    }


def table(query: Query, asked: Asked) -> List[Dict[str, Optional[Value]]]:
    """The rows of a query, each with its tags and all of its targets by their aliases.

    Without aggregates, every point is a row, with its `time`.
    """
    rows: List[Dict[str, Optional[Value]]] = []
    for tags, (group,) in _most(query, _groups(query, asked, 1)).items():
        plain = any(isinstance(column.expression, Name) for column in query.columns)
        for part in [[row] for row in group] if plain else [group]:
            targets = {title(column): _value(column.expression, part) for column in query.columns}
            rows.append({**dict(zip(query.by, tags)), **targets, **({"time": part[0]["time"]} if plain else {})})
    if "ORDER BY" in query.clauses:
        name, direction = query.clauses["ORDER BY"]
        rows.sort(key=partial(_in_order, name), reverse=direction == "DESC")
    return rows[: query.clauses.get("LIMIT", len(rows))]


def _most(query: Query, groups: Dict[Tags, List[List[Row]]]) -> Dict[Tags, List[List[Row]]]:
    """The groups in the order of SORDER BY, over all of their time, and as many as SLIMIT allows."""
    items = list(groups.items())
    if "SORDER BY" in query.clauses:
        name, direction = query.clauses["SORDER BY"]
        named = [column.expression for column in query.columns if title(column) == name]
        if not named:
            raise DqlError(f"{name} is no target that groups could be ordered by")
        of_group = {tags: _value(named[0], [row for rows in intervals for row in rows]) for tags, intervals in items}
        # Groups without a value are no candidates.
        items = [item for item in items if of_group[item[0]] is not None]
        items.sort(key=partial(_in_order_of, of_group), reverse=direction == "DESC")
    return dict(items[: query.clauses.get("SLIMIT", len(items))])


def _in_order_of(of_group: Mapping[Tags, Any], item: Tuple[Tags, Any]) -> Any:
    return of_group[item[0]]


def _in_order(name: str, row: Mapping[str, Optional[Value]]) -> Any:
    return row[name]


def title(column: Column) -> str:
    """What a target is called in a result."""
    return column.alias or "_".join(fields(column.expression))


def _groups(query: Query, asked: Asked, steps: int) -> Dict[Tags, List[List[Row]]]:
    """The rows that pass the filters, by tags and interval."""
    if query.time:
        raise DqlError(f"the time of a query is not evaluated, the request's is: [{query.time}]")
    if unknown := set(query.clauses) - EVALUATED:
        raise DqlError(f"not evaluated: {sorted(unknown)}")
    found: Dict[Tags, List[List[Row]]] = {}
    length = (asked.end - asked.start) / steps
    parameters = list(asked.parameters)
    conditions = [
        condition._replace(value=parameters.pop(0)) if condition.value == "?" else condition
        for condition in query.conditions
    ]
    category = query.category
    of_query = [
        point
        for point in asked.points
        if asked.start <= point.time < asked.end and point.measurement == query.source and point.category == category
    ]
    for point in sorted(of_query, key=lambda point: point.time):
        row = {**point.fields, **point.tags, "time": point.time}
        if all(_holds(one, row, asked.variables) for one in conditions):
            tags = tuple(str(row.get(tag, "")) for tag in query.by)
            intervals = found.setdefault(tags, [[] for _ in range(steps)])
            intervals[int((point.time - asked.start) / length)].append(row)
    return found


def _holds(condition: Condition, row: Row, variables: Mapping[str, str]) -> bool:
    value = condition.value
    if isinstance(value, str) and value.startswith("#{"):
        value = variables.get(value[2:-1], ANY)
        if value == ANY:
            return True
    return COMPARED[condition.operator](row.get(condition.name), value)


def _value(expression: Expression, rows: Sequence[Row]) -> Optional[Value]:
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Name):
        return rows[-1].get(expression.name) if rows else None
    if isinstance(expression, Operation):
        return _combined(expression, lambda side: _value(side, rows))
    found = [row[expression.field] for row in rows if row.get(expression.field) is not None]
    if expression.function == "PERCENTILE" and expression.argument is not None:
        # The nearest rank.
        return sorted(found)[max(0, math.ceil(len(found) * expression.argument / 100) - 1)] if found else None
    if expression.function not in COMPUTED:
        raise DqlError(f"{expression.function} is not evaluated")
    return COMPUTED[expression.function](found) if found else None


def _formula(expression: Expression, named: Mapping[str, Optional[Value]]) -> Optional[Value]:
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Operation):
        return _combined(expression, lambda side: _formula(side, named))
    return named[expression.name] if isinstance(expression, Name) else None


def _combined(operation: Operation, side: Callable[[Expression], Optional[Value]]) -> Optional[Value]:
    left, right = side(operation.left), side(operation.right)
    return None if left is None or right is None else ARITHMETIC[operation.operator](left, right)


def _sum(column: Iterable[Optional[Value]]) -> Optional[Value]:
    found = [value for value in column if value is not None]
    return sum(found) if found else None
