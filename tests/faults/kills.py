"""Func's time-out at any line of the package: it is raised in the thread of the task, wherever that stands."""

import sys
from contextlib import contextmanager

from tests.faults.world import time_out


class Lines:
    """Counts the lines of scripts that are run in this thread; at the `last` one the time-out strikes."""

    def __init__(self, scripts, last=None):
        self._scripts, self._last = scripts, last
        self.count, self.struck_at = 0, None

    def _of_frame(self, frame, event, _):
        if frame.f_code.co_filename not in self._scripts:
            return None
        if event == "line":
            self.count += 1
            if self.count == self._last:
                self.struck_at = (frame.f_code.co_filename, frame.f_lineno)
                time_out()
        return self._of_frame

    @contextmanager
    def watched(self):
        """While this lasts."""
        before = sys.gettrace()
        sys.settrace(self._of_frame)
        try:
            yield self
        finally:
            sys.settrace(before)
