"""A moment by which work has to end: what does not answer until then is left to itself."""

import math
import threading
from typing import Any, Callable, List

from guance_aws_cloudfront.errors import StepError

# What is run from Func's editor must end within so many seconds: Func cuts it off after 60 s, without a word.
EDITOR_SECONDS = 55
# How often the clock is looked at while work is waited for, in seconds.
LOOK_EVERY = 0.02


class DeadlineError(StepError):
    """Work did not answer in time; the text says what time it had."""


class Deadline:
    """The moment `seconds` from now; `clock` is the module `time` or its like.

    One piece of work has `most` seconds at most, and never more than are left.
    """

    def __init__(self, seconds: float, clock: Any, most: float = math.inf) -> None:
        self._clock, self._seconds, self._most = clock, seconds, most
        self._end = clock.monotonic() + seconds

    def left(self) -> float:
        """The seconds left, 0 when the deadline has passed."""
        return float(max(0.0, self._end - self._clock.monotonic()))

    def wait_for(self, work: Callable[[], Any]) -> Any:
        """What `work` returns or raises; DeadlineError when it does neither in time.

        It is done in a thread of its own, which is given up then and keeps neither the caller nor the process. A
        time-out of a socket does not do that: it leaves out the search for an address, and counts anew for each of
        several addresses and for each part of an answer.
        """
        seconds = min(self.left(), self._most)
        if not seconds:
            raise DeadlineError("no time was left")
        results: List[Any] = []
        errors: List[Exception] = []
        done = threading.Event()

        def run() -> None:
            try:
                results.append(work())
            except Exception as error:  # noqa: BLE001 - it is raised in the thread of the caller
                errors.append(error)
            finally:
                done.set()

        end = self._clock.monotonic() + seconds
        threading.Thread(target=run, daemon=True).start()
        while not done.wait(LOOK_EVERY):
            if self._clock.monotonic() >= end:
                if seconds == self._most:
                    raise DeadlineError(f"no answer within {seconds:.0f} s")
                raise DeadlineError(f"no answer before the time of {self._seconds:.0f} s was over")
        if errors:
            raise errors[0]
        if not results:
            raise DeadlineError("it ended without an answer")
        return results[0]
