"""Func's time-out at any line of the package: it is raised in the thread of the task, wherever that stands."""

import sys
from contextlib import contextmanager

from tests.faults.world import STARTUP, time_out


class Lines:
    """Counts the lines of scripts that are run in this thread; at the `last` one the time-out strikes.

    The lines of a startup script outside its functions are not counted: they are run when a task begins, minutes before
    a time-out, and a traceback that ends at a line of the user's own script shows it, a secret too.
    """

    def __init__(self, scripts, last=None):
        self._scripts, self._last = scripts, last
        # Where it struck, and the functions of scripts that were under way: (script, line), and (script, function)s.
        self.count, self.struck_at, self.struck_in = 0, None, set()

    def _of_frame(self, frame, event, _):
        code = frame.f_code
        if code.co_filename not in self._scripts or (code.co_name == "<module>" and code.co_filename == STARTUP):
            return None
        if event == "line":
            self.count += 1
            if self.count == self._last:
                self.struck_at = (code.co_filename, frame.f_lineno)
                while frame:
                    self.struck_in.add((frame.f_code.co_filename, frame.f_code.co_name))
                    frame = frame.f_back
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
