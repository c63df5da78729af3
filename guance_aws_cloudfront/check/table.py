"""The table of a check: a row for each thing that was tried, printed as soon as it is known, and the verdict."""

from typing import Any, Callable, Dict, List, NamedTuple, Optional

from guance_aws_cloudfront.errors import StepError
from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.text import count, one_line

OK, FAILED, MISSING, UNTRIED = "ok", "FAILED", "missing", "untried"
# The columns are as wide as the longest IAM action, because a row is printed before the next one is known.
LINE = "{:7}  {:32}  {}"
LONGEST_DETAIL = 1000


class Row(NamedTuple):
    """A row: ok, FAILED, missing (a run can do without it) or untried; what was tried; and what came out.

    `needed`: it is missing, and the configuration wants it. `required`: no run can work without it, so that leaving it
    untried is a failure too.
    """

    result: str
    what: str
    detail: str
    needed: bool = False
    required: bool = False


class Attempt(NamedTuple):
    """What came of asking: an answer, or the error, or why nothing was asked (`untried`). One of them is set."""

    answer: Any = None
    error: Optional[StepError] = None
    untried: str = ""


def attempt(ask: Callable[[], Any]) -> Attempt:
    """The answer of `ask`, or its StepError."""
    try:
        return Attempt(answer=ask())
    except StepError as error:
        return Attempt(error=error)


def row_of(what: str, asked: Attempt, detail: Callable[[Any], str], required: bool = False) -> Row:
    """The row of something that either works or has failed; `detail` puts an answer into words."""
    if asked.untried:
        return Row(UNTRIED, what, asked.untried, required=required)
    if asked.error:
        return Row(FAILED, what, str(asked.error), required=required)
    return Row(OK, what, detail(asked.answer), required=required)


class CheckTable:
    """Prints each row as it is added; what failed is also logged, for the sentence at the end."""

    def __init__(self, log: RunLog) -> None:
        self._log = log
        self._rows: List[Row] = []
        log.say(LINE.format("result", "what", "detail"))

    def add(self, row: Row) -> None:
        """Print a row and keep it."""
        if row.result == FAILED:
            self._log.failures[f"{row.what}: {row.detail}"] += 1
        # What failed before is the reason mostly, and has been logged.
        elif row.result == UNTRIED and row.required and not self._of(FAILED):
            self._log.failures[f"{row.what} could not be tried: {row.detail}."] += 1
        row = row._replace(detail=one_line(row.detail, LONGEST_DETAIL))
        self._rows.append(row)
        self._log.say(LINE.format(row.result, row.what, row.detail))

    def rows(self) -> List[Dict[str, str]]:
        """The rows as plain data."""
        return [{"result": row.result, "what": row.what, "detail": row.detail} for row in self._rows]

    def verdict(self) -> str:
        """The last line: ready or not."""
        failed, missing, untried = (self._of(result) for result in (FAILED, MISSING, UNTRIED))
        unknown = [row.what for row in self._rows if row.result == UNTRIED and row.required]
        needed = [row.what for row in self._rows if row.needed]
        checks = count(len(self._rows), "check")
        if failed:
            return f"NOT READY: {len(failed)} of {checks} failed: {', '.join(failed)}."
        if unknown:
            return f"NOT READY: {', '.join(unknown)} could not be tried."
        but = f" but for {', '.join(needed)}, which your configuration needs" if needed else ""
        tried = ", as far as it could be tried" if untried else ""
        said = [f"{len(self._of(OK))} of {checks} are ok"]
        said += [f"{result}: {', '.join(what)}" for result, what in ((MISSING, missing), (UNTRIED, untried)) if what]
        return f"READY{but}{tried}: {'; '.join(said)}."

    def _of(self, result: str) -> List[str]:
        return [row.what for row in self._rows if row.result == result]
