"""One task of the local Func: a script is loaded and a function called by Func's rules, and a record remains."""

from __future__ import annotations

import builtins
import json
import time
import traceback
from functools import lru_cache
from types import CodeType, ModuleType
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence

from devtools.func.builtins import Dff, EntityNotFound, Exported, Services

LINE_LIMIT, HEAD_LIMIT, TAIL_LIMIT = 3000, 20_000, 30_000
TIME = "time"
# Func hides BaseException from its scripts.
BUILTINS = {name: getattr(builtins, name) for name in dir(builtins) if name != "BaseException"}


class TaskTimeout(BaseException):
    """The task's time is over. A BaseException, so that `except Exception` in a script does not catch it."""


class TaskRecord(NamedTuple):
    """What Func shows of a task that has ended; times are epoch seconds of the runtime's clock."""

    func_id: str
    origin: str
    kwargs: Mapping[str, Any]
    status: str
    exception_type: Optional[str]
    exception: Optional[str]
    traceback: Optional[str]
    log: str
    return_value: Any
    started_at: float
    ended_at: float


class Task:
    """A task; not to be used twice. `scripts` are the codes by script id, `clock` is what scripts get for `time`."""

    def __init__(
        self, scripts: Mapping[str, str], services: Services, clock: Any, timeout: float, chain: Sequence[str] = ()
    ) -> None:
        self._scripts, self._services, self._clock = scripts, services, clock
        self._chain = list(chain)
        self._started_at = clock.time()
        self._deadline = clock.monotonic() + timeout
        self._timed_out = False
        self._lines: List[str] = []
        self._modules: Dict[str, ModuleType] = {}
        self._dff: Optional[Dff] = None

    def run(self, func_id: str, kwargs: Mapping[str, Any], origin: str) -> TaskRecord:
        """Call a function by its id (`script.function`) and record how it ended."""
        script_id, _, name = func_id.partition(".")
        returned, status = None, "success"
        error: Optional[BaseException] = None
        try:
            function = self.load(script_id).get(name)
            if function is None:
                raise EntityNotFound(f"Function not found: `{func_id}`")
            returned = function(**kwargs)
            json.dumps(returned)
        except TaskTimeout as ended:
            error, status = ended, "timeout"
        except Warning as warning:
            error, status = warning, "skip"
        except SystemExit as left:
            # Func loses track of a task that leaves this way.
            error, status = left, "pending"
        except Exception as raised:  # noqa: BLE001 - whatever a script raises is its record
            error, status = raised, "failure"
        return self._record(func_id, dict(kwargs), origin, status, error, None if error else returned)

    def load(self, script_id: str) -> Dict[str, Any]:
        """Run a script as the entry of the task; its scope. EntityNotFound when there is none."""
        if script_id not in self._scripts:
            raise EntityNotFound(f"Script not found: `{script_id}`")
        scope = self._scope(script_id)
        self._dff = scope["DFF"]
        exec(self._code(script_id), scope)
        return scope

    def exported(self) -> List[Exported]:
        """What the entry script exports, in the order of its definitions."""
        return self._dff.exported if self._dff else []

    def checkpoint(self) -> None:
        """Raise TaskTimeout when the task's time is over; once, so that what cleans up is left alone."""
        if self._clock.monotonic() >= self._deadline and not self._timed_out:
            self._timed_out = True
            raise TaskTimeout("Task timeout")

    def _scope(self, script_id: str) -> Dict[str, Any]:
        names = {**BUILTINS, "print": self._print, "__import__": self._import}
        dff = Dff(script_id, self._services, self._print, self._chain)
        return {"__name__": script_id, "__file__": script_id, "__builtins__": names, "DFF": dff}

    def _code(self, script_id: str) -> CodeType:
        return _compiled(self._scripts[script_id], script_id)

    def _import(
        self, name: str, globals: Any = None, locals: Any = None, fromlist: Sequence[str] = (), level: int = 0
    ) -> ModuleType:
        if "__" in name and name in self._scripts:
            module = self._modules.get(name) or self._loaded(name)
            for wanted in fromlist or ():
                # Func looks at the value, not at whether the name is there.
                if not module.__dict__.get(wanted):
                    raise Exception(f"CustomImport: Cannot import name `{wanted}`")
                globals[wanted] = module.__dict__[wanted]
            return module
        package = name.partition(".")[0]
        if package in self._services.missing_packages:
            raise ModuleNotFoundError(f"No module named '{package}'", name=package)
        if name == TIME and self._clock is not time:
            return _Time(self._clock)
        return builtins.__import__(name, globals, locals, fromlist, level)

    def _loaded(self, script_id: str) -> ModuleType:
        module = ModuleType(script_id)
        module.__dict__.clear()
        module.__dict__.update(self._scope(script_id))
        exec(self._code(script_id), module.__dict__)
        self._modules[script_id] = module
        return module

    def _print(self, *values: object, **options: Any) -> None:
        self._services.on_event("print")
        self._lines.append((options.get("sep") or " ").join(str(value) for value in values))

    def _record(
        self,
        func_id: str,
        kwargs: Dict[str, Any],
        origin: str,
        status: str,
        error: Optional[BaseException],
        returned: Any,
    ) -> TaskRecord:
        return TaskRecord(
            func_id,
            origin,
            kwargs,
            status,
            type(error).__name__ if error else None,
            str(error) if error else None,
            self._traceback(error) if error else None,
            self._log(),
            json.loads(json.dumps(returned)),
            self._started_at,
            self._clock.time(),
        )

    def _traceback(self, error: BaseException) -> str:
        """Frames of scripts only, and no cause: as Func keeps it."""
        lines = ["Traceback (most recent call last *in User Script*):"]
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename in self._scripts:
                code = self._scripts[frame.filename].splitlines()[(frame.lineno or 1) - 1].strip()
                lines += [f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}', f"    {code}"]
        return "\n".join([*lines, "".join(traceback.format_exception_only(type(error), error)).strip()])

    def _log(self) -> str:
        lines = [_limited(self._masked(line)) for line in self._lines]
        log = "\n".join(lines).strip()
        if len(log) <= HEAD_LIMIT + TAIL_LIMIT:
            return log
        skipped = f"<skipped {len(log) - HEAD_LIMIT - TAIL_LIMIT} chars>"
        return "\n\n".join([f"{log[:HEAD_LIMIT]}...", skipped, f"...{log[-TAIL_LIMIT:]}"])

    def _masked(self, line: str) -> str:
        # Only what the entry script's own DFF has loaded, and only in printed lines.
        for password in sorted(self._dff.passwords if self._dff else (), key=len, reverse=True):
            line = line.replace(password, "*****")
        return line


class _Time(ModuleType):
    """The module `time` with the runtime's clock in it."""

    def __init__(self, clock: Any) -> None:
        super().__init__(TIME)
        self.time: Callable[[], float] = clock.time
        self.monotonic: Callable[[], float] = clock.monotonic
        self.sleep: Callable[[float], None] = clock.sleep

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


@lru_cache(maxsize=256)
def _compiled(code: str, script_id: str) -> CodeType:
    # A script does not inherit the future imports of this module.
    return compile(code, script_id, "exec", dont_inherit=True)


def _limited(line: str) -> str:
    return line if len(line) <= LINE_LIMIT else f"{line[: LINE_LIMIT - 3]}..."
