"""The table of a check: a row for each thing that was tried, printed at once, and whether all of it is ready."""

from typing import Callable, Dict, List, NamedTuple

from guance_aws_cloudfront.errors import StepError
from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.text import count, one_line

OK, FAILED, MISSING, UNTRIED = "ok", "FAILED", "missing", "untried"
# As wide as the longest IAM action that is tried: a row is printed before the next is known.
LINE = "{:7}  {:32}  {}"
LONGEST_DETAIL = 1000


class Row(NamedTuple):
    """A row: ok, FAILED, missing (a run can do without it) or untried; what was tried; and what came out."""

    result: str
    what: str
    detail: str


class Untried(Exception):  # noqa: N818 - no error, as Missing is none
    """Something could not be tried; the text says why."""


class Missing(Exception):  # noqa: N818
    """A run can do without it; the text says at what cost. `needed`: the configuration wants it all the same."""

    def __init__(self, text: str, needed: bool = False) -> None:
        super().__init__(text)
        self.needed = needed


class CheckTable:
    """The rows so far, each printed as soon as it was tried; what failed is told to the log."""

    def __init__(self, log: RunLog) -> None:
        self._log = log
        self._rows: List[Row] = []
        self._needed: List[str] = []
        self._unknown: List[str] = []
        log.say(LINE.format("result", "what", "detail"))

    def row(self, what: str, trial: Callable[[], str], required: bool = False) -> None:
        """Try something; the detail is what `trial` returns, or the text of its Untried, Missing or StepError.

        Without what is `required` no run can work: that it could not be tried is a failure too.
        """
        try:
            self._add(OK, what, trial())
        except Untried as reason:
            # What failed before is the reason mostly, and has been told.
            if required and not self._of(FAILED):
                self._log.failures[f"{what} could not be tried: {reason}."] += 1
                self._unknown.append(what)
            self._add(UNTRIED, what, reason)
        except Missing as missing:
            self._needed.extend([what] if missing.needed else [])
            self._add(MISSING, what, missing)
        except StepError as error:
            self._log.failures[f"{what}: {error}"] += 1
            self._add(FAILED, what, error)

    def rows(self) -> List[Dict[str, str]]:
        """The rows as plain data."""
        return [dict(row._asdict()) for row in self._rows]

    def verdict(self) -> str:
        """The last line: ready or not."""
        failed, missing, untried = (self._of(result) for result in (FAILED, MISSING, UNTRIED))
        checks = count(len(self._rows), "check")
        if failed:
            return f"NOT READY: {len(failed)} of {checks} failed: {', '.join(failed)}."
        if self._unknown:
            return f"NOT READY: {', '.join(self._unknown)} could not be tried."
        but = f" but for {', '.join(self._needed)}, which your configuration needs" if self._needed else ""
        tried = ", as far as it could be tried" if untried else ""
        said = [f"{len(self._of(OK))} of {checks} are ok"]
        said += [f"{result}: {', '.join(what)}" for result, what in ((MISSING, missing), (UNTRIED, untried)) if what]
        return f"READY{but}{tried}: {'; '.join(said)}."

    def _add(self, result: str, what: str, detail: object) -> None:
        self._rows.append(Row(result, what, one_line(detail, LONGEST_DETAIL)))
        self._log.say(LINE.format(*self._rows[-1]))

    def _of(self, result: str) -> List[str]:
        return [row.what for row in self._rows if row.result == result]
