"""The run as a person reads it in Func's log: a line per step as it happens, warnings, failures, and the sum."""

from collections import Counter
from typing import Any, Dict, List, Sequence

from guance_aws_cloudfront.errors import CollectError
from guance_aws_cloudfront.text import count, masked

# What a person reads of the sentence that Func shows; the log has the rest.
MOST_PARTS = 10


class RunLog:
    """Prints each line as it happens, for only `print` reaches Func's log, and keeps warnings and failures.

    Whatever is logged, and whatever AWS has put into it: what is `hidden` does not come out. One that
    `is_quiet` prints nothing.
    """

    def __init__(self, account_name: str, hidden: Sequence[str] = (), is_quiet: bool = False) -> None:
        self._account_name, self._hidden, self._is_quiet = account_name, hidden, is_quiet
        self.warnings: List[str] = []
        # How often each failure was met: 120 calls that are denied for the same reason make one sentence.
        self.failures: Counter[str] = Counter()

    def say(self, text: str) -> None:
        """A step as it happens."""
        if not self._is_quiet:
            print(masked(text, self._hidden))

    def warn(self, text: str) -> None:
        """Something the user should know though nothing is lost by it."""
        text = masked(text, self._hidden)
        self.warnings.append(text)
        self.say(f"WARNING: {text}")

    def fail(self, text: str) -> None:
        """A part that failed: the run goes on with the others and ends as failed."""
        text = masked(text, self._hidden)
        self.failures[text] += 1
        if self.failures[text] == 1:
            self.say(f"FAILED: {text}")

    def end(self, summary: Dict[str, Any], of_what: str = "run") -> Dict[str, Any]:
        """The summary with the warnings; CollectError when any part of the run, or the check, failed."""
        if not self.failures:
            return {**summary, "warnings": self.warnings}
        parts = [text if times == 1 else f"{text} ({times} times)" for text, times in self.failures.items()]
        more = f" And {len(parts) - MOST_PARTS} more, in the log." if len(parts) > MOST_PARTS else ""
        raise CollectError(
            f'Account "{self._account_name}": {count(len(parts), "part")} of the {of_what} failed. '
            + " ".join(f"({number}) {part}" for number, part in enumerate(parts[:MOST_PARTS], 1))
            + more
        )
