"""What a script finds as `DFF` in the local Func: STORE, CACHE, ENV, CONN, FUNC, API, LOG."""

from __future__ import annotations

import inspect
import json
import threading
from typing import AbstractSet, Any, Callable, Dict, List, Mapping, MutableMapping, NamedTuple, Optional, Tuple

from devtools.func.connectors import TYPES

DEFAULT_TIMEOUT, LONGEST_TIMEOUT = 35, 3600
LONGEST_KEY = 256
API_OPTIONS = (
    *("fixed_cron_expr", "fixed_crontab", "delayed_cron_job", "delayed_crontab", "timeout", "api_timeout", "expires"),
    *("cache_result", "queue", "category", "tags", "integration", "integration_config", "is_hidden"),
)

# Called with the name of a built-in before it does anything: where a test strikes.
OnEvent = Callable[[str], None]


class EntityNotFound(Exception):  # noqa: N818 - Func's name, which the product looks at
    """There is no connector, script or function of that id."""


class InvalidAPIOption(Exception):  # noqa: N818 - Func's name
    """An option of DFF.API that Func does not take."""


class DuplicatedFuncName(Exception):  # noqa: N818 - Func's name
    """Two functions of one name are exported by a script."""


class FuncCallChainTooLong(Exception):  # noqa: N818 - Func's name
    """DFF.FUNC from a task that stands at the end of a chain of five."""


class FuncCircularCall(Exception):  # noqa: N818 - Func's name
    """DFF.FUNC of a function that stands in the chain already."""


class Store:
    """STORE: JSON values that survive restarts, by scope and key.

    `round_trip`, when set, is called before each statement that goes to the database (before each command to Redis, in
    CACHE): a test lets it sleep, as the network does. A statement is one step, a call need not be.
    """

    def __init__(self, clock: Any, on_event: OnEvent, name: str = "STORE") -> None:
        self._clock, self._on_event, self._name = clock, on_event, name
        self.rows: MutableMapping[Tuple[str, str], Tuple[Any, Optional[float]]] = {}
        self.round_trip: Callable[[], None] = lambda: None
        self._lock = threading.Lock()

    def get(self, key: str, scope: str) -> Any:
        """The value, None when there is none or it has expired."""
        self._begin("get", key, scope)
        self.round_trip()
        with self._lock:
            value = self._unexpired(key, scope)
        return None if value is None else self._loaded(value)

    def set(self, key: str, value: Any, scope: str, expire: Optional[int], not_exists: bool = False) -> Any:
        """Keep a value, for `expire` seconds or for good; with `not_exists` only if there is none. Returns None.

        A SELECT, then an UPDATE or an INSERT IGNORE, as in Func: of two calls at once, both may find no row. A row that
        has expired is still a row.
        """
        self._begin("set", key, scope)
        row = self._row(value, expire)
        self.round_trip()
        exists = (scope, key) in self.rows
        if exists and not_exists:
            return
        self.round_trip()
        with self._lock:
            if not exists:
                self.rows.setdefault((scope, key), row)
            elif (scope, key) in self.rows:
                self.rows[scope, key] = row

    def delete(self, key: str, scope: str) -> Any:
        """Drop a value, if there is one."""
        self._begin("delete", key, scope)
        self.round_trip()
        with self._lock:
            self.rows.pop((scope, key), None)

    def _begin(self, what: str, key: str, scope: str) -> None:
        self._on_event(f"{self._name}.{what}")
        for name, value in (("key", key), ("scope", scope)):
            if len(value) > LONGEST_KEY:
                raise Exception(f"`{name}` is too long. Length of `{name}` should be less then {LONGEST_KEY}")

    def _row(self, value: Any, expire: Optional[int]) -> Tuple[Any, Optional[float]]:
        return self._dumped(value), None if expire is None else self._clock.time() + expire

    def _unexpired(self, key: str, scope: str) -> Any:
        value, expires_at = self.rows.get((scope, key), (None, None))
        return None if expires_at is not None and self._clock.time() >= expires_at else value

    def _dumped(self, value: Any) -> Any:
        return json.dumps(value)

    def _loaded(self, kept: Any) -> Any:
        return json.loads(kept)


class Cache(Store):
    """CACHE: takes str, bytes, int and float, gives str; anything else raises, as Redis does. Each call is one step."""

    def __init__(self, clock: Any, on_event: OnEvent) -> None:
        super().__init__(clock, on_event, "CACHE")

    def set(self, key: str, value: Any, scope: str, expire: Optional[int], not_exists: bool = False) -> Any:
        """Keep a value; `expire` must be an int above 0 where it is given.

        True when the value was set; None when it was not, for with `not_exists` there was one.
        """
        self._begin("set", key, scope)
        if expire is not None and (not isinstance(expire, int) or expire <= 0):
            raise ValueError("invalid expire time in 'set' command")
        row = self._row(value, expire)
        self.round_trip()
        with self._lock:
            if not_exists and self._unexpired(key, scope) is not None:
                return None
            self.rows[scope, key] = row
        return True

    def getset(self, key: str, value: Any, scope: str) -> Optional[str]:
        """Keep a value for good; the one that was there before, None when there was none."""
        self._begin("getset", key, scope)
        row = self._row(value, None)
        self.round_trip()
        with self._lock:
            before: Optional[str] = self._unexpired(key, scope)
            self.rows[scope, key] = row
        return before

    def delete(self, key: str, scope: str) -> int:
        """Drop a value; how many there were."""
        self._begin("delete", key, scope)
        self.round_trip()
        with self._lock:
            was_there = self._unexpired(key, scope) is not None
            self.rows.pop((scope, key), None)
        return int(was_there)

    def _dumped(self, value: Any) -> Any:
        if isinstance(value, bytes):
            return value.decode()
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise TypeError(
                f"Invalid input of type: '{type(value).__name__}'. Convert to a bytes, string, int or float."
            )
        return str(value)

    def _loaded(self, kept: Any) -> Any:
        return kept


class Scoped:
    """STORE or CACHE as a script sees it: the scope is the script's own unless one is named.

    What follows the value must be named, for its order differs between releases of Func.
    """

    def __init__(self, store: Store, scope: str) -> None:
        self._store, self._scope = store, scope

    def __call__(self, key: str, *, scope: Optional[str] = None) -> Any:
        """The same as `get`."""
        return self.get(key, scope=scope)

    def get(self, key: str, *, scope: Optional[str] = None) -> Any:
        """The value of a key; None when there is none."""
        return self._store.get(key, scope or self._scope)

    def set(
        self,
        key: str,
        value: Any,
        *,
        scope: Optional[str] = None,
        expires: Any = None,
        expire: Optional[int] = None,
        not_exists: bool = False,
    ) -> Any:
        """Keep a value, for `expire` seconds when given; with `not_exists` only where there is none. CACHE says so."""
        return self._store.set(key, value, scope or self._scope, expires or expire, not_exists)

    def delete(self, key: str, *, scope: Optional[str] = None) -> Any:
        """Drop a value."""
        return self._store.delete(key, scope or self._scope)


class ScopedCache(Scoped):
    """CACHE as a script sees it."""

    def getset(self, key: str, value: Any, *, scope: Optional[str] = None) -> Optional[str]:
        """Keep a value for good, in one step with reading the one before."""
        cache: Any = self._store
        before: Optional[str] = cache.getset(key, value, scope or self._scope)
        return before


class Exported(NamedTuple):
    """A function that a script exports with DFF.API. `signature` is stored in plain text, defaults and all."""

    name: str
    title: str
    signature: str
    cron: Optional[str]
    timeout: int


class Services(NamedTuple):
    """What stands behind the built-ins of all tasks."""

    store: Store
    cache: Cache
    env: Dict[str, Tuple[str, bool]]
    connectors: Dict[str, Tuple[str, Dict[str, Any]]]
    call_later: Callable[[str, Mapping[str, Any], List[str]], None]
    on_event: OnEvent
    old_helpers: Callable[[], bool]
    missing_packages: AbstractSet[str]


class Dff:
    """The global `DFF` of one script; what Func has and the local one has not is None, as in Func."""

    def __init__(self, script_id: str, services: Services, log: Callable[[str], None], chain: List[str]) -> None:
        self._services, self._chain = services, chain
        self.exported: List[Exported] = []
        self.passwords: List[str] = []
        self.STORE = Scoped(services.store, script_id)
        self.CACHE = ScopedCache(services.cache, script_id)
        self.LOG = log

    def __getattr__(self, name: str) -> None:
        return None

    def ENV(self, name: str) -> Optional[str]:  # noqa: N802 - Func's name
        """An environment variable of Func; None when there is none."""
        self._services.on_event("ENV")
        value, is_password = self._services.env.get(name, (None, False))
        if is_password and value:
            self.passwords.append(value)
        return value

    def CONN(self, connector_id: str, **_: Any) -> Any:  # noqa: N802 - Func's name
        """A connector; EntityNotFound when there is none of that id."""
        self._services.on_event("CONN")
        if connector_id not in self._services.connectors:
            raise EntityNotFound(f"Connector not found: `{connector_id}`")
        kind, config = self._services.connectors[connector_id]
        raises = not self._services.old_helpers()
        return TYPES[kind](config, lambda category, _: self._services.on_event(f"write {category}"), raises)

    def FUNC(self, func_id: str, kwargs: Optional[Mapping[str, Any]] = None, **_: Any) -> None:  # noqa: N802
        """Start a task of its own, which runs later; its arguments are stored in plain text."""
        self._services.call_later(func_id, json.loads(json.dumps(kwargs or {})), self._chain)

    def API(self, title: Optional[str] = None, **options: Any) -> Callable[[Any], Any]:  # noqa: N802 - Func's name
        """Export a function; InvalidAPIOption for an option that Func does not know or take."""
        for name in options:
            if name not in API_OPTIONS:
                raise TypeError(f"_export_as_api() got an unexpected keyword argument '{name}'")
        timeout = options.get("timeout") or options.get("api_timeout") or DEFAULT_TIMEOUT
        if not isinstance(timeout, int) or not 1 <= timeout <= LONGEST_TIMEOUT:
            raise InvalidAPIOption(f"`timeout` should be between `1` and `{LONGEST_TIMEOUT}` (seconds)")
        cron = options.get("fixed_cron_expr") or options.get("fixed_crontab")
        if cron is not None and len(str(cron).split()) != 5:
            raise InvalidAPIOption("`fixed_cron_expr` is not a valid Cron expression")

        def export(function: Any) -> Any:
            if any(function.__name__ == known.name for known in self.exported):
                raise DuplicatedFuncName(f"Two or more functions named `{function.__name__}`")
            signature = f"{function.__name__}{inspect.signature(function)}"
            self.exported.append(Exported(function.__name__, title or function.__name__, signature, cron, timeout))
            return function

        return export
