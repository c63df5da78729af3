"""The only module that keeps anything between runs: in Func's STORE (MySQL) and CACHE (Redis), per account."""

import contextlib
import json
import uuid
from typing import Any, Callable, Dict, List, Mapping, Optional

from guance_aws_cloudfront.errors import StepError
from guance_aws_cloudfront.func.digest import Digest, load_digest
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.text import one_line

# Func's default scope is the script that asks: named, so that it stays when the code moves to another module.
SCOPE = "guance_aws_cloudfront"
VERSION = 1
KEPT_FOR = 7 * 86400
# What `keep` is used for: resource tags, parts of configurations, until when distributions have been asked for,
# which there were, and what is known of them, for the events of what changes.
RECALLED = ("tags", "details", "asked", "known", "events")
REMEDY = {
    "STORE": "Check Func's database: without it no run can begin.",
    "CACHE": "Check Func's Redis: without it recent points are sent again in every run.",
}


class StateError(StepError):
    """Func's STORE failed; the text is a sentence for the user."""


class State:
    """What is kept for an account: the watermark and the time of the last objects (STORE), what was sent (CACHE).

    It is known by partition and account name, so that a new access key goes on where the old one ended. What cannot
    be read is told to `warn` and taken as not there; so is a CACHE that fails, for it only saves points sent again.
    With `read_only` nothing is kept, and nothing is known of what was reported: as before the first run.
    """

    def __init__(self, func: Any, account: Account, warn: Callable[[str], None], read_only: bool = False) -> None:
        self._func = func
        self._account = account
        self._warn = warn
        self._read_only = read_only
        self._claim = ""

    def watermark(self) -> Optional[int]:
        """Epoch seconds before which every minute stands in the sink; None when none is kept. StateError: no STORE."""
        return None if self._read_only else self._time("watermark")

    def progress(self) -> Optional[Dict[str, Any]]:
        """How far the account has been reported, as `save_progress` kept it; None when nothing is kept.

        StateError when STORE fails.
        """
        return None if self._read_only else self._kept("watermark")

    def save_progress(self, progress: Mapping[str, Any]) -> None:
        """Keep how far the account has been reported: `at` (the watermark, epoch seconds) and what goes with it.

        StateError when STORE fails.
        """
        self._save("watermark", progress)

    def objects_at(self) -> Optional[int]:
        """Epoch seconds of the last complete report of objects; None when none is kept. StateError: no STORE."""
        return None if self._read_only else self._time("objects_at")

    def save_objects_at(self, at: int) -> None:
        """Keep the time of a complete report of objects; StateError when STORE fails."""
        self._save("objects_at", {"at": at})

    def digest(self, period: int) -> Digest:
        """What was sent, as far as CACHE knows."""
        if self._read_only:
            return Digest(period)
        try:
            return load_digest(self._func.CACHE.get(self._key("digest"), scope=SCOPE), period)
        except Exception as error:  # noqa: BLE001 - whatever Redis or its content does
            self._warn(f"What was sent before is not known ({one_line(error, 200)}): recent points are sent again.")
            return Digest(period)

    def save_digest(self, digest: Digest) -> None:
        """Keep what was sent, for a week."""
        self._cache("digest", digest.dump(), KEPT_FOR, "the next run sends points again")

    def recall(self, what: str) -> Optional[Dict[str, Any]]:
        """What `keep` kept under a name; None when it is not known any more."""
        if self._read_only:
            return None
        try:
            kept = json.loads(self._func.CACHE.get(self._key(what), scope=SCOPE) or "{}")
            return dict(kept["kept"]) if kept.get("version") == VERSION else None
        except Exception:  # noqa: BLE001 - whatever Redis or its content does, it is asked for anew
            return None

    def keep(self, what: str, kept: Mapping[str, Any], otherwise: str = "the next run asks AWS again") -> None:
        """Keep plain data under a name, for a week; `otherwise` says what it means when that fails."""
        text = json.dumps({"version": VERSION, "kept": kept}, separators=(",", ":"))
        self._cache(what, text, KEPT_FOR, otherwise)

    def forget(self) -> List[str]:
        """Drop all that is kept of the account; what there was of it, by name. StateError when STORE fails.

        The watermark goes last: should anything fail before, the next run goes on where the last one ended.
        """
        kept = (
            *((self._func.CACHE, what) for what in ("digest", *RECALLED)),
            (self._func.STORE, "objects_at"),
            (self._func.STORE, "watermark"),
        )
        try:
            return [what for storage, what in kept if self._dropped(storage, what)]
        except Exception as error:  # noqa: BLE001 - see _kept()
            raise self._failure("emptied", error, "STORE or CACHE") from None

    def _dropped(self, storage: Any, what: str) -> bool:
        was_there = storage.get(self._key(what), scope=SCOPE) is not None
        storage.delete(self._key(what), scope=SCOPE)
        return was_there

    def begin(self, now: float, seconds: int) -> Optional[float]:
        """Claim the account for a run of at most `seconds`; None, or since when (epoch seconds) another run has it.

        A claim ends when it said itself, should the run be killed. A CACHE that fails or holds garbage lets the run
        begin.
        """
        if self._read_only:
            return None
        try:
            since, until = map(float, str(self._func.CACHE.get(self._key("run"), scope=SCOPE) or "0 0").split())
        except Exception:  # noqa: BLE001 - the digest will tell of a CACHE that fails
            since = until = 0.0
        if since <= now < until:
            return since
        self._claim = f"{now} {now + seconds}"
        self._cache("run", self._claim, seconds, "a second run at the same time would not be noticed")
        return None

    def end(self) -> None:
        """Give the account free for the next run, unless another one has claimed it by now."""
        if not self._read_only:
            with contextlib.suppress(Exception):  # it ends by itself
                if self._func.CACHE.get(self._key("run"), scope=SCOPE) == self._claim:
                    self._func.CACHE.set(self._key("run"), "0 0", scope=SCOPE, expire=1)

    def try_storage(self, name: str) -> None:
        """Keep, read and drop a value of no meaning in Func's STORE or CACHE; StateError unless all of it works.

        With `read_only` it is only read.
        """
        storage, key, value = getattr(self._func, name), f"check/{uuid.uuid4().hex}", "check"
        try:
            found = storage.get(key, scope=SCOPE) if self._read_only else _kept(storage, key, value)
        except Exception as error:  # noqa: BLE001 - whatever MySQL or Redis does, the user gets a sentence
            raise StateError(f"Func's {name} fails ({one_line(error, 200)}). {REMEDY[name]}") from None
        if not self._read_only and found != value:
            raise StateError(f"Func's {name} does not give back what was written to it. {REMEDY[name]}")

    def _cache(self, what: str, value: str, expire: int, otherwise: str) -> None:
        if self._read_only:
            return
        try:
            self._func.CACHE.set(self._key(what), value, scope=SCOPE, expire=expire)
        except Exception as error:  # noqa: BLE001 - see digest()
            self._warn(f"Func's CACHE could not be written ({one_line(error, 200)}): {otherwise}.")

    def _time(self, what: str) -> Optional[int]:
        kept = self._kept(what)
        return None if kept is None else int(kept["at"])

    def _kept(self, what: str) -> Optional[Dict[str, Any]]:
        try:
            kept = self._func.STORE.get(self._key(what), scope=SCOPE)
        except Exception as error:  # noqa: BLE001 - whatever MySQL does, the user gets a sentence
            raise self._failure("read", error) from None
        if kept is None:
            return None
        if not isinstance(kept, dict) or kept.get("version") != VERSION or not isinstance(kept.get("at"), int):
            self.warn_unknown(what, kept)
            return None
        return kept

    def warn_unknown(self, what: str, kept: Any) -> None:
        """Say that what STORE holds cannot be understood, so that it is taken as not there."""
        self._warn(f"Func's STORE holds an unknown {what} ({one_line(repr(kept), 80)}): beginning anew.")

    def _save(self, what: str, kept: Mapping[str, Any]) -> None:
        if self._read_only:
            return
        try:
            self._func.STORE.set(self._key(what), {"version": VERSION, **kept}, scope=SCOPE)
        except Exception as error:  # noqa: BLE001 - see _kept()
            raise self._failure("written", error) from None

    def _key(self, what: str) -> str:
        return f"{what}/{self._account.partition.name}/{self._account.account_name}"

    def _failure(self, done: str, error: Exception, storage: str = "STORE") -> StateError:
        return StateError(
            f"Func's {storage} could not be {done} ({one_line(error, 200)}). Check Func's database; the next run goes "
            "on from the last watermark."
        )


def _kept(storage: Any, key: str, value: str) -> Any:
    """What a storage gives back of a value, of which nothing is left behind."""
    storage.set(key, value, scope=SCOPE)
    try:
        return storage.get(key, scope=SCOPE)
    finally:
        storage.delete(key, scope=SCOPE)
