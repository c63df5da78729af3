"""The run as a person reads it in Func's log: a line per step as it happens, warnings, failures, and the sum."""

from collections import Counter
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Sequence

from guance_aws_cloudfront.errors import CollectError, StepError
from guance_aws_cloudfront.text import count, masked

# What a person reads of the sentence that Func shows; the log has the rest.
MOST_PARTS = 10


class Story:
    """Prints each line as it happens, for only `print` reaches Func's log, and keeps warnings and failures.

    Whoever tells it something, and whatever AWS has put into that: what is `hidden` does not come out.
    """

    def __init__(self, account_name: str, hidden: Sequence[str] = ()) -> None:
        self._account_name, self._hidden = account_name, hidden
        self.warnings: List[str] = []
        # How often each failure was met: 120 calls that are denied for the same reason make one sentence.
        self.failures: Counter[str] = Counter()

    def say(self, text: str) -> None:
        """A step as it happens."""
        print(masked(text, self._hidden))

    def warn(self, text: str) -> None:
        """Something the user should know though nothing is lost by it."""
        text = masked(text, self._hidden)
        self.warnings.append(text)
        print(f"WARNING: {text}")

    def fail(self, text: str) -> None:
        """A part that failed: the run goes on with the others and ends as failed."""
        text = masked(text, self._hidden)
        self.failures[text] += 1
        if self.failures[text] == 1:
            print(f"FAILED: {text}")

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """A part of a check: says whether it worked, and goes on when it did not."""
        try:
            yield
            print(f"ok      {name}")
        except StepError as error:
            self.fail(f"{name}: {error}")

    def end(self, summary: Dict[str, Any]) -> Dict[str, Any]:
        """The summary with the warnings; CollectError when any part failed."""
        if not self.failures:
            return {**summary, "warnings": self.warnings}
        parts = [text if times == 1 else f"{text} ({times} times)" for text, times in self.failures.items()]
        more = f" And {len(parts) - MOST_PARTS} more, in the log." if len(parts) > MOST_PARTS else ""
        raise CollectError(
            f'Account "{self._account_name}": {count(len(parts), "part")} of the run failed. '
            + " ".join(f"({number}) {part}" for number, part in enumerate(parts[:MOST_PARTS], 1))
            + more
        )
