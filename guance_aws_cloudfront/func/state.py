"""The only module that keeps anything between runs: in Func's STORE (MySQL) and CACHE (Redis), per account."""

import contextlib
import json
import uuid
from typing import Any, Callable, Dict, List, Mapping, Optional, Set

from guance_aws_cloudfront.errors import StepError
from guance_aws_cloudfront.func.digest import Digest, load_digest
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.text import one_line

# Func's default scope is the script that asks: named, so that it stays when the code moves to another module.
SCOPE = "guance_aws_cloudfront"
VERSION = 1
KEPT_FOR = 7 * 86400
# What `keep` is used for: resource tags, parts of configurations, until when distributions have been requested,
# which there were, when their certificates expire, and what is known of them, for the events of what changes.
RECALLED = ("tags", "details", "asked", "known", "certificates", "events")
# What is kept of access logs, in their area: a row for each distribution and the list of these, in STORE; in CACHE,
# resource tags, where the files are, and how far the file has been read that is being read.
LOGS_AREA, FILES, READING = "logs/", "files", "reading"
RECALLED_OF_LOGS = ("tags", "places", READING)
REMEDY = {
    "STORE": "Check Func's database: without it no run can begin.",
    "CACHE": "Check Func's Redis: without it recent points are sent again in every run.",
}

# Runs start every five minutes. The claim of one that was killed must end before the next one starts, though a crontab
# starts some seconds early or late; a run whose time limit is longer than that is given its claim for all of it.
TICK, EARLY = 300, 15
# By so many seconds a run may outlast its time limit: an answer that it waits for, and a write.
OVERTIME = 30
# A write to CACHE has been made after so many seconds.
SECONDS_TO_WRITE = 1


def claim_seconds(time_limit: int) -> int:
    """For how many seconds a run with this time limit claims its account."""
    seconds = time_limit + OVERTIME
    return seconds if time_limit > TICK - EARLY else min(seconds, TICK - EARLY)


class StateError(StepError):
    """Func's STORE failed; the text is a sentence for the user."""


class State:
    """What is kept for an account: the watermark and the time of the last objects (STORE), what was sent (CACHE).

    It is known by partition and account name, so that a new access key goes on where the old one ended. What cannot
    be read is passed to `warn` and taken as not there; so is a CACHE that fails: it only saves points sent again.
    With `read_only` nothing is kept, and nothing is known of what was reported: as before the first run. What is kept
    in an `area` has nothing to do with what is kept outside of it, nor has its claim.
    """

    def __init__(
        self,
        func: Any,
        account: Account,
        warn: Callable[[str], None],
        read_only: bool = False,
        area: str = "",
    ) -> None:
        self._func = func
        self._area = area
        self._account = account
        self._warn = warn
        self.read_only = read_only
        self._unkept: Set[str] = set()
        self._claim = ""

    def watermark(self) -> Optional[int]:
        """Epoch seconds before which every minute stands in the sink; None when none is kept. StateError: no STORE."""
        return None if self.read_only else self._time("watermark")

    def progress(self) -> Optional[Dict[str, Any]]:
        """How far the account has been reported, as `save_progress` kept it; None when nothing is kept.

        StateError when STORE fails.
        """
        return None if self.read_only else self._kept("watermark")

    def save_progress(self, progress: Mapping[str, Any]) -> None:
        """Keep how far the account has been reported: `at` (the watermark, epoch seconds) and what goes with it.

        StateError when STORE fails.
        """
        self._save("watermark", progress)

    def objects_at(self) -> Optional[int]:
        """Epoch seconds of the last complete report of objects; None when none is kept. StateError: no STORE."""
        return None if self.read_only else self._time("objects_at")

    def save_objects_at(self, at: int) -> None:
        """Keep the time of a complete report of objects; StateError when STORE fails."""
        self._save("objects_at", {"at": at})

    def files_of(self, distribution: str) -> Optional[Dict[str, Any]]:
        """How far the log files of a distribution have been reported, as `save_files_of` kept it. StateError: no STORE.

        None when nothing is kept.
        """
        return None if self.read_only else self._kept(f"{FILES}/{distribution}")

    def save_files_of(self, distribution: str, kept: Mapping[str, Any]) -> None:
        """Keep how far the log files of a distribution have been reported: `at` and what goes with it.

        StateError when STORE fails.
        """
        self._save(f"{FILES}/{distribution}", kept)

    def known_files(self) -> List[str]:
        """The distributions of which `save_files_of` may have kept something. StateError: no STORE."""
        return list((self._kept(FILES) or {}).get("ids", ())) if not self.read_only else []

    def save_known_files(self, distributions: List[str], at: int) -> None:
        """Keep of which distributions `save_files_of` may keep something, to be called before it."""
        self._save(FILES, {"at": at, "ids": distributions})

    def digest(self, period: int) -> Digest:
        """What was sent, as far as CACHE knows."""
        if self.read_only:
            return Digest(period)
        try:
            return load_digest(self._func.CACHE.get(self._key("digest"), scope=SCOPE), period)
        except Exception as error:  # noqa: BLE001 - whatever Redis or its content does
            self._warn(f"What was sent before is not known ({one_line(error, 200)}): recent points are sent again.")
            return Digest(period)

    def save_digest(self, digest: Digest) -> None:
        """Keep what was sent, for a week; where that works, the digest knows that it is saved."""
        digest.is_saved = self._cache("digest", digest.dump(), KEPT_FOR, "the next run sends points again")

    def recall(self, what: str) -> Optional[Dict[str, Any]]:
        """What `keep` kept under a name; None when it is not known any more."""
        if self.read_only:
            return None
        try:
            kept = json.loads(self._func.CACHE.get(self._key(what), scope=SCOPE) or "{}")
            return dict(kept["kept"]) if kept.get("version") == VERSION else None
        except Exception:  # noqa: BLE001 - whatever Redis or its content does, it is requested again
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

    def forget_logs(self) -> List[str]:
        """Drop all that is kept of the account's access logs; of which distributions there was something.

        For a state of the area `LOGS_AREA`. StateError when STORE fails.
        """
        known = self.known_files()
        try:
            for what in RECALLED_OF_LOGS:
                self._dropped(self._func.CACHE, what)
            forgotten = [one for one in known if self._dropped(self._func.STORE, f"{FILES}/{one}")]
            self._dropped(self._func.STORE, FILES)
        except Exception as error:  # noqa: BLE001 - see _kept()
            raise self._failure("emptied", error, "STORE or CACHE") from None
        return forgotten

    def _dropped(self, storage: Any, what: str) -> bool:
        was_there = storage.get(self._key(what), scope=SCOPE) is not None
        storage.delete(self._key(what), scope=SCOPE)
        return was_there

    def begin(self, clock: Any, seconds: int) -> Optional[float]:
        """Claim the account for a run of at most `seconds`; None, or since when (epoch seconds) another run has it.

        `clock` is the module `time` or its like. Of any number of runs that begin in the same moment, one gets the
        claim. Redis ends it after `seconds`, should the run be killed, so that clocks of hosts that differ do not
        matter. A CACHE that fails or holds garbage lets the run begin.
        """
        if self.read_only:
            return None
        self._claim = f"{clock.time()} {uuid.uuid4().hex}"
        try:
            held = self._held_after_claiming(clock, seconds)
        except Exception as error:  # noqa: BLE001 - see digest()
            self._warn(
                f"Func's CACHE could not be written ({one_line(error, 200)}): a second run at the same time would not "
                "be noticed."
            )
            return None
        return None if held == self._claim else _since(held)

    def _held_after_claiming(self, clock: Any, seconds: int) -> str:
        """The claim that stands after this one was tried: this one, or that of another run."""
        try:
            return self._claim_in_one_step(seconds)
        except TypeError:
            # An older Func has no `not_exists`.
            return self._claim_in_steps(clock, seconds)

    def _claim_in_one_step(self, seconds: int) -> str:
        cache, key = self._func.CACHE, self._key("run")
        held = None
        # Once more where the claim of another run has ended between both calls.
        for _ in range(2):
            if cache.set(key, self._claim, scope=SCOPE, expire=seconds, not_exists=True):
                return self._claim
            held = cache.get(key, scope=SCOPE)
            if held is not None:
                break
        if _since(held) is None:
            # Garbage, which might never end.
            cache.set(key, self._claim, scope=SCOPE, expire=seconds)
            return self._claim
        return str(held)

    def _claim_in_steps(self, clock: Any, seconds: int) -> str:
        """Of several runs that find no claim, the last one to write has it; after a pause, all of them see that."""
        cache, key = self._func.CACHE, self._key("run")
        if _since(cache.get(key, scope=SCOPE)) is None:
            cache.set(key, self._claim, scope=SCOPE, expire=seconds)
            clock.sleep(SECONDS_TO_WRITE)
        return str(cache.get(key, scope=SCOPE))

    def end(self) -> None:
        """Release the account for the next run, unless another one has claimed it by now."""
        if not self.read_only:
            with contextlib.suppress(Exception):  # it ends by itself
                if self._func.CACHE.get(self._key("run"), scope=SCOPE) == self._claim:
                    self._func.CACHE.delete(self._key("run"), scope=SCOPE)

    def try_storage(self, name: str) -> None:
        """Keep, read and drop a value of no meaning in Func's STORE or CACHE; StateError unless all of it works.

        With `read_only` it is only read.
        """
        storage, key, value = getattr(self._func, name), f"check/{uuid.uuid4().hex}", "check"
        try:
            found = storage.get(key, scope=SCOPE) if self.read_only else _kept(storage, key, value)
        except Exception as error:  # noqa: BLE001 - whatever MySQL or Redis does, the user gets a sentence
            raise StateError(f"Func's {name} fails ({one_line(error, 200)}). {REMEDY[name]}") from None
        if not self.read_only and found != value:
            raise StateError(f"Func's {name} does not give back what was written to it. {REMEDY[name]}")

    def _cache(self, what: str, value: str, expire: int, otherwise: str) -> bool:
        """Whether it was kept."""
        if self.read_only:
            return False
        try:
            self._func.CACHE.set(self._key(what), value, scope=SCOPE, expire=expire)
            return True
        except Exception as error:  # noqa: BLE001 - see digest()
            # Once: how far a log file has been read is kept after each write.
            if what not in self._unkept:
                self._unkept.add(what)
                self._warn(f"Func's CACHE could not be written ({one_line(error, 200)}): {otherwise}.")
            return False

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
        self._warn(f"Func's STORE holds an unknown {what} ({one_line(repr(kept), 80)}): starting again without it.")

    def _save(self, what: str, kept: Mapping[str, Any]) -> None:
        if self.read_only:
            return
        try:
            self._func.STORE.set(self._key(what), {"version": VERSION, **kept}, scope=SCOPE)
        except Exception as error:  # noqa: BLE001 - see _kept()
            raise self._failure("written", error) from None

    def _key(self, what: str) -> str:
        return f"{self._area}{what}/{self._account.partition.name}/{self._account.account_name}"

    def _failure(self, done: str, error: Exception, storage: str = "STORE") -> StateError:
        return StateError(
            f"Func's {storage} could not be {done} ({one_line(error, 200)}). Check Func's database; the next run goes "
            "on from the last watermark."
        )


def _since(claim: Any) -> Optional[float]:
    """When a claim was made, in epoch seconds; None for what is no claim."""
    try:
        since = float(str(claim).split()[0])
    except (IndexError, ValueError):
        return None
    return since if since > 0 else None


def _kept(storage: Any, key: str, value: str) -> Any:
    """What a storage gives back of a value, of which nothing is left behind."""
    storage.set(key, value, scope=SCOPE)
    try:
        return storage.get(key, scope=SCOPE)
    finally:
        storage.delete(key, scope=SCOPE)
