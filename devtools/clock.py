"""A clock that tests and the demo turn by hand, in the place of the module `time`."""

from __future__ import annotations

from typing import Callable, List


class SimulatedClock:
    """Answers `time()`, `monotonic()` and `sleep()` like the module `time`, without real time passing.

    `start` is in epoch seconds. Listeners are called after every step forward, so that a runtime can end a task whose
    time is over.
    """

    def __init__(self, start: float) -> None:
        self._now = float(start)
        self._monotonic = 1000.0
        self.listeners: List[Callable[[], None]] = []

    def time(self) -> float:
        """The simulated wall clock, in epoch seconds."""
        return self._now

    def monotonic(self) -> float:
        """Simulated seconds that only go forward, even when the wall clock is set."""
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        """Let the given seconds pass at once."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move both clocks forward by `seconds`; ValueError when negative."""
        if seconds < 0:
            raise ValueError("a clock is advanced forward; use set() for a jump of the wall clock")
        self._now += seconds
        self._monotonic += seconds
        for listener in list(self.listeners):
            listener()

    def set(self, now: float) -> None:
        """Let the wall clock jump to `now` (epoch seconds), the monotonic clock standing still."""
        self._now = float(now)
