"""A local DataFlux Func: installs a Script Market, deploys its startup script, fires its cron job, keeps the records.

It keeps Func's rules as far as they decide whether a package works: imports, built-ins, placeholders, the choice of
the function for the crontab, stored signatures, task records. Sources of the facts: measurements on Func.
"""

from __future__ import annotations

import copy
import re
import threading
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Set, Tuple

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
from devtools.func.market_reader import Market, Reader, reader
from devtools.func.task import Task, TaskRecord, TaskTimeout
from devtools.script_sets import SCRIPT, SCRIPT_SET, code_md5, refusals, set_md5

__all__ = ["FuncError", "LocalFunc", "TaskRecord", "TaskTimeout"]

STARTUP = "startup"
RECORDS_PER_JOB = 100
LONGEST_CHAIN = 5
MINUTE = 60
# Func's debugger ends what is run from the editor after so many seconds.
EDITOR_SECONDS = 60
# Cron jobs start so many seconds after the minute that they name.
LATE = 1


class FuncError(Exception):
    """Func's server answers a click with an error: the HTTP status, and what the client shows."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"HTTP {status}: {text}")
        self.status = status


class CronJob(NamedTuple):
    """An entry of Func's Management / Cron Job (older: Crontab Config)."""

    id: str
    func_id: str
    expression: str
    timeout: int


class MarketRow(NamedTuple):
    """What the page of a Script Market shows beside one of its script sets.

    `can_install` is whether "Install", or "Upgrade" for an installed set, is enabled without the Force Mode.
    """

    is_installed: bool = False
    is_edited: bool = False
    has_update: bool = False
    can_install: bool = False


class LocalFunc:
    """A Func with nothing installed; `clock` is a SimulatedClock or the module `time`.

    `on_event`, when set, is called with the name of every built-in that a script uses (`print`, `STORE.set`, `CONN`,
    `write metric` …) before it acts. With `old_helpers` a refused write returns its status instead of raising. What is
    in `missing_packages` has not been installed by the PIP Tool yet, so that scripts cannot import it.
    """

    def __init__(self, clock: Any = time) -> None:
        self._clock = clock
        self.on_event: OnEvent = lambda name: None
        self.old_helpers = False
        self.missing_packages: Set[str] = set()
        # The codes by script ID, and the rows of the script sets and their scripts as they were installed.
        self.scripts: Dict[str, str] = {}
        self.script_sets: Dict[str, Dict[str, Any]] = {}
        self._rows: Dict[str, Dict[str, Any]] = {}
        self.functions: Dict[str, Exported] = {}
        self.cron_jobs: Dict[str, CronJob] = {}
        self.records: List[TaskRecord] = []
        self.store, self.cache = Store(clock, self._event), Cache(clock, self._event)
        self._env: Dict[str, Tuple[str, bool]] = {}
        self._connectors: Dict[str, Tuple[str, Dict[str, Any]]] = {}
        self._queue: List[Tuple[str, Mapping[str, Any], List[str]]] = []
        self._task: Optional[Task] = None
        self._thread: Optional[threading.Thread] = None

    def take_over(self, other: LocalFunc) -> None:
        """Get what is installed and deployed in another Func, as it is now: no connector, variable, state, record."""
        self.scripts.update(other.scripts)
        self.script_sets.update(copy.deepcopy(other.script_sets))
        self._rows.update(copy.deepcopy(other._rows))
        self.functions.update(other.functions)
        self.cron_jobs.update(other.cron_jobs)

    def add_connector(self, connector_id: str, kind: str, **config: Any) -> None:
        """Add a connector of the type df_datakit, df_dataway or guance; ValueError for another type."""
        if kind not in TYPES:
            raise ValueError(f"no connector type {kind!r} here, only {', '.join(TYPES)}")
        self._connectors[connector_id] = (kind, config)

    def set_env(self, name: str, value: str, password: bool = False) -> None:
        """Set an environment variable of Func; one of the type password is masked in printed lines."""
        self._env[name] = (value, password)

    def install(self, market: Market) -> List[str]:
        """Install all script sets of a market, a folder or an address, or import a zip; the IDs of the scripts.

        An installed set is replaced. FuncError, and nothing is changed, for what Func's database refuses. As in Func, a
        script without `type: python` or without a file is installed as empty code.
        """
        read = reader(market)
        script_sets = yaml.safe_load(read("META.yaml") or "")["scriptSets"]
        for script_set in script_sets:
            for refusal in refusals(script_set):
                raise FuncError(500, refusal)
        installed: List[str] = []
        for script_set in script_sets:
            installed += self._install_set(script_set, read, None if _is_zip(market) else str(market))
        return installed

    def _install_set(self, script_set: Mapping[str, Any], read: Reader, origin: Optional[str]) -> List[str]:
        set_id = script_set["id"]
        for script_id in self._scripts_of(set_id):
            del self.scripts[script_id]
            self._rows.pop(script_id, None)
        self.script_sets[set_id] = {**{name: script_set.get(name) for name in SCRIPT_SET}, "origin": origin}
        for script in script_set["scripts"]:
            path = f"script-sets/{set_id}/{script['id'].partition('__')[2]}.py"
            code = (read(path) if script.get("type") == "python" else None) or ""
            self.scripts[script["id"]] = code
            row = {"publishVersion": 0, "type": "python", **{name: script[name] for name in SCRIPT if name in script}}
            self._rows[script["id"]] = {**row, "code": code, "codeMD5": row.get("codeMD5") or code_md5(code)}
        return [script["id"] for script in script_set["scripts"]]

    def market_page(self, market: Market) -> Dict[str, MarketRow]:
        """The page of a market: a row for each of its script sets, by ID."""
        page = {}
        for remote in yaml.safe_load(reader(market)("META.yaml") or "")["scriptSets"]:
            local = self.script_sets.get(remote["id"])
            if local is None:
                page[remote["id"]] = MarketRow(can_install=True)
            elif local["origin"] != str(market):
                # From another market, or imported: nothing is compared, and there is no upgrade.
                page[remote["id"]] = MarketRow(is_installed=True)
            else:
                is_edited = self._md5_of(remote["id"]) != local["originMD5"]
                has_update = local["originMD5"] != remote.get("originMD5")
                page[remote["id"]] = MarketRow(True, is_edited, has_update, can_install=not is_edited)
        return page

    def _md5_of(self, set_id: str) -> str:
        """The MD5 of an installed set as it stands now."""
        rows = []
        for script_id in self._scripts_of(set_id):
            row, code = self._rows.get(script_id, {"id": script_id, "type": "python"}), self.scripts[script_id]
            # Saved in the editor, a script gets another MD5; the one that META.yaml gave stays until then.
            rows.append(row if code == row.get("code") else {**row, "codeMD5": code_md5(code)})
        return set_md5(self.script_sets[set_id], rows)

    def _scripts_of(self, set_id: str) -> List[str]:
        return [script_id for script_id in self.scripts if script_id.startswith(f"{set_id}__")]

    def deploy(self, set_id: str, values: Mapping[str, str]) -> Optional[CronJob]:
        """ "Deploy startup script": copy, fill in, check, register, and create the cron job, which is returned.

        A startup script that exists is left as it is. FuncError when the check of the script fails: the script then
        stays, with what was filled in, but its functions are not registered.
        """
        script_id = f"{STARTUP}__{set_id}"
        if script_id not in self.scripts:
            if f"{set_id}__example" not in self.scripts:
                raise EntityNotFound(f"Script not found: `{set_id}__example`")
            self.scripts[script_id] = filled_in(self.scripts[f"{set_id}__example"], values)
        try:
            self.publish(script_id)
        except Exception as error:
            text = f"Startup Script deploying failed, Please contact the author; {error}"
            raise FuncError(400, text) from error
        for func_id, function in self.functions.items():
            if func_id.startswith(f"{script_id}.") and function.cron:
                # "starup" is how Func spells it.
                job = CronJob(f"cron-starup-{set_id}", func_id, function.cron, function.timeout)
                return self.cron_jobs.setdefault(job.id, job)
        return None

    def add_cron_job(self, func_id: str, expression: str = "*/5 * * * *") -> CronJob:
        """ "New" on the page Cron Job: a job for a function, at the function's own crontab if it has one.

        FuncError when there is no such function.
        """
        function = self.functions.get(func_id)
        if function is None:
            raise FuncError(404, f"No such Func: `{func_id}`")
        job = CronJob(f"cron-{func_id}", func_id, function.cron or expression, function.timeout)
        self.cron_jobs[job.id] = job
        return job

    def publish(self, script_id: str) -> None:
        """Run a script as it is when it is saved, and register the functions that it exports."""
        task = self._new_task(timeout=MINUTE)
        self._within(task, lambda: task.load(script_id))
        self.functions = {key: value for key, value in self.functions.items() if not key.startswith(f"{script_id}.")}
        self.functions.update({f"{script_id}.{function.name}": function for function in task.exported()})

    def call(self, func_id: str, **kwargs: Any) -> TaskRecord:
        """Call a function with parameters, as from the page of the script or an API."""
        return self._run(func_id, kwargs, "direct", [])

    def run_in_editor(self, func_id: str, **kwargs: Any) -> TaskRecord:
        """ "Run" in the editor (Development): the function ends after 60 s, whatever time-out of its own it has."""
        return self._run(func_id, kwargs, "editor", [], EDITOR_SECONDS)

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

    def _run(
        self, func_id: str, kwargs: Mapping[str, Any], origin: str, chain: List[str], timeout: Optional[int] = None
    ) -> TaskRecord:
        function = self.functions.get(func_id)
        task = self._new_task(timeout or (function.timeout if function else MINUTE), [*chain, func_id])
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
            self.missing_packages,
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


def _is_zip(market: Market) -> bool:
    return isinstance(market, Path) and not market.is_dir()


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
