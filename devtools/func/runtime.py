"""A local DataFlux Func: installs a Script Market, deploys its startup script, fires its cron job, keeps the records.

It keeps Func's rules as far as they decide whether a package works: imports, built-ins, placeholders, the choice of
the function for the crontab, stored signatures, task records. Sources of the facts: measurements on Func.
"""

from __future__ import annotations

import re
import threading
import time
from datetime import datetime, timezone
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

import yaml
from croniter import croniter

from devtools.func.builtins import (
    Cache,
    EntityNotFound,
    Exported,
    FuncCallChainTooLong,
    FuncCircularCall,
    OnEvent,
    Services,
    Store,
)
from devtools.func.connectors import TYPES
from devtools.func.market_reader import Market, reader
from devtools.func.task import Task, TaskRecord, TaskTimeout

__all__ = ["LocalFunc", "TaskRecord", "TaskTimeout"]

STARTUP = "startup"
RECORDS_PER_JOB = 100
LONGEST_CHAIN = 5
MINUTE = 60
# Cron jobs start so many seconds after the minute that they name.
LATE = 1


class CronJob(NamedTuple):
    """An entry of Func's Management / Crontab Config."""

    id: str
    func_id: str
    expression: str
    timeout: int


class LocalFunc:
    """A Func with nothing installed; `clock` is a SimulatedClock or the module `time`.

    `on_event`, when set, is called with the name of every built-in that a script uses (`print`, `STORE.set`, `CONN`,
    `write metric` …) before it acts. With `old_helpers` a refused write returns its status instead of raising.
    """

    def __init__(self, clock: Any = time) -> None:
        self._clock = clock
        self.on_event: OnEvent = lambda name: None
        self.old_helpers = False
        self.scripts: Dict[str, str] = {}
        self.functions: Dict[str, Exported] = {}
        self.cron_jobs: Dict[str, CronJob] = {}
        self.records: List[TaskRecord] = []
        self.store, self.cache = Store(clock, self._event), Cache(clock, self._event)
        self._env: Dict[str, Tuple[str, bool]] = {}
        self._connectors: Dict[str, Tuple[str, Dict[str, Any]]] = {}
        self._queue: List[Tuple[str, Mapping[str, Any], List[str]]] = []
        self._task: Optional[Task] = None
        self._thread: Optional[threading.Thread] = None

    def add_connector(self, connector_id: str, kind: str, **config: Any) -> None:
        """Add a connector of the type df_datakit, df_dataway or guance; ValueError for another type."""
        if kind not in TYPES:
            raise ValueError(f"no connector type {kind!r} here, only {', '.join(TYPES)}")
        self._connectors[connector_id] = (kind, config)

    def set_env(self, name: str, value: str, password: bool = False) -> None:
        """Set an environment variable of Func; one of the type password is masked in printed lines."""
        self._env[name] = (value, password)

    def install(self, market: Market) -> List[str]:
        """Install all script sets of a market: a folder, a zip or an address; the script ids. An older set is replaced.

        As in Func, a script without `type: python` or without a file is installed as empty code.
        """
        read = reader(market)
        installed = []
        for script_set in yaml.safe_load(read("META.yaml") or "")["scriptSets"]:
            for script_id in [known for known in self.scripts if known.startswith(f"{script_set['id']}__")]:
                del self.scripts[script_id]
            for script in script_set["scripts"]:
                path = f"script-sets/{script_set['id']}/{script['id'].partition('__')[2]}.py"
                self.scripts[script["id"]] = (read(path) if script.get("type") == "python" else None) or ""
                installed.append(script["id"])
        return installed

    def deploy(self, set_id: str, values: Mapping[str, str]) -> Optional[CronJob]:
        """ "Deploy startup script": copy, fill in, check, register, and create the cron job, which is returned.

        A startup script that exists is left as it is. What the check of the script raises is raised.
        """
        script_id = f"{STARTUP}__{set_id}"
        if script_id not in self.scripts:
            if f"{set_id}__example" not in self.scripts:
                raise EntityNotFound(f"Script not found: `{set_id}__example`")
            self.scripts[script_id] = filled_in(self.scripts[f"{set_id}__example"], values)
        self.publish(script_id)
        for func_id, function in self.functions.items():
            if func_id.startswith(f"{script_id}.") and function.cron:
                # "starup" is how Func spells it.
                job = CronJob(f"cron-starup-{set_id}", func_id, function.cron, function.timeout)
                return self.cron_jobs.setdefault(job.id, job)
        return None

    def publish(self, script_id: str) -> None:
        """Run a script as it is when it is saved, and register the functions that it exports."""
        task = self._new_task(timeout=MINUTE)
        self._within(task, lambda: task.load(script_id))
        self.functions = {key: value for key, value in self.functions.items() if not key.startswith(f"{script_id}.")}
        self.functions.update({f"{script_id}.{function.name}": function for function in task.exported()})

    def call(self, func_id: str, **kwargs: Any) -> TaskRecord:
        """Call a function with parameters, as from the page of the script or an API."""
        return self._run(func_id, kwargs, "direct", [])

    def run_cron_job(self, job_id: str) -> TaskRecord:
        """ "Run" on a cron job: its function with the job's arguments, of which there are none."""
        job = self.cron_jobs[job_id]
        record = self._run(job.func_id, {}, job_id, [])
        of_job = [known for known in self.records if known.origin == job_id]
        for old in of_job[:-RECORDS_PER_JOB]:
            self.records.remove(old)
        return record

    def tick(self) -> List[TaskRecord]:
        """Run the cron jobs that are due in the clock's minute, and what waits in the queue."""
        now = self._clock.time()
        due = [job for job in self.cron_jobs.values() if is_due(job.expression, now)]
        return [*(self.run_cron_job(job.id) for job in due), *self.drain()]

    def run_until(self, end: float) -> Iterator[TaskRecord]:
        """Let simulated time pass up to `end` (epoch seconds), minute by minute; the records of the cron jobs."""
        while self._clock.time() < end:
            begin = ((self._clock.time() - LATE) // MINUTE + 1) * MINUTE + LATE
            if begin >= end:
                self._clock.advance(end - self._clock.time())
                return
            self._clock.advance(begin - self._clock.time())
            yield from self.tick()

    def drain(self) -> List[TaskRecord]:
        """Run the tasks that DFF.FUNC has put into the queue."""
        records = []
        while self._queue:
            func_id, kwargs, chain = self._queue.pop(0)
            records.append(self._run(func_id, kwargs, "DFF.FUNC", chain))
        return records

    def _run(self, func_id: str, kwargs: Mapping[str, Any], origin: str, chain: List[str]) -> TaskRecord:
        function = self.functions.get(func_id)
        task = self._new_task(function.timeout if function else MINUTE, [*chain, func_id])
        record: TaskRecord = self._within(task, lambda: task.run(func_id, kwargs, origin))
        self.records.append(record)
        return record

    def _new_task(self, timeout: float, chain: Optional[List[str]] = None) -> Task:
        services = Services(
            self.store,
            self.cache,
            self._env,
            self._connectors,
            self._call_later,
            self._event,
            lambda: self.old_helpers,
        )
        return Task(self.scripts, services, self._clock, timeout, chain or [])

    def _within(self, task: Task, work: Any) -> Any:
        outer = (self._task, self._thread)
        self._task, self._thread = task, threading.current_thread()
        try:
            return work()
        finally:
            self._task, self._thread = outer

    def _event(self, name: str) -> None:
        self.on_event(name)
        # A time-out interrupts the thread that runs the task, and no other.
        if self._task and threading.current_thread() is self._thread:
            self._task.checkpoint()

    def _call_later(self, func_id: str, kwargs: Mapping[str, Any], chain: List[str]) -> None:
        if func_id not in self.functions:
            raise EntityNotFound(f"Function not found: `{func_id}`")
        if len(chain) >= LONGEST_CHAIN:
            raise FuncCallChainTooLong(" -> ".join(chain))
        if func_id in chain:
            raise FuncCircularCall(" -> ".join([*chain, func_id]))
        self._queue.append((func_id, kwargs, chain))


def filled_in(code: str, values: Mapping[str, str]) -> str:
    """A startup script's code with its placeholders filled in by Func's rules, traps and all."""
    for name, value in values.items():
        if value:
            # JavaScript's String.replace: the first occurrence, and `$&` and `$$` in the value mean something.
            escaped = value.replace('"', '\\"').replace("$$", "$").replace("$&", f'"<{name}>"')
            code = code.replace(f'"<{name}>"', f'"{escaped}"', 1)
    return re.sub(r'"<(.+)>"(.*)', r'""\2 # \1', code)


def is_due(expression: str, now: float) -> bool:
    """Whether a crontab of five fields names the minute that `now` (epoch seconds) lies in, in UTC."""
    return bool(croniter.match(expression, datetime.fromtimestamp(now, timezone.utc)))
