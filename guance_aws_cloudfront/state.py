"""The only module that keeps anything between runs: in Func's STORE (MySQL) and CACHE (Redis), per account."""

from typing import Any, Callable, Optional

from guance_aws_cloudfront.config import Account
from guance_aws_cloudfront.digest import Digest, load_digest
from guance_aws_cloudfront.errors import StepError
from guance_aws_cloudfront.text import one_line

# Func's default scope is the script that asks: named, so that it stays when the code moves to another module.
SCOPE = "guance_aws_cloudfront"
VERSION = 1
DIGEST_EXPIRES = 7 * 86400


class StateError(StepError):
    """Func's STORE failed; the text is a sentence for the user."""


class State:
    """What is kept for an account: the watermark and the time of the last objects (STORE), what was sent (CACHE).

    It is known by partition and account name, so that a new access key goes on where the old one ended. What cannot
    be read is told to `warn` and taken as not there; so is a CACHE that fails, for it only saves points sent again.
    With `read_only` nothing is kept.
    """

    def __init__(self, func: Any, account: Account, warn: Callable[[str], None], read_only: bool = False) -> None:
        self._func = func
        self._account = account
        self._warn = warn
        self._read_only = read_only

    def watermark(self) -> Optional[int]:
        """Epoch seconds before which every minute stands in the sink; None when none is kept. StateError: no STORE."""
        return self._time("watermark")

    def save_watermark(self, watermark: int) -> None:
        """Keep the watermark; StateError when STORE fails."""
        self._save_time("watermark", watermark)

    def objects_at(self) -> Optional[int]:
        """Epoch seconds of the last complete report of objects; None when none is kept. StateError: no STORE."""
        return self._time("objects_at")

    def save_objects_at(self, at: int) -> None:
        """Keep the time of a complete report of objects; StateError when STORE fails."""
        self._save_time("objects_at", at)

    def digest(self, period: int) -> Digest:
        """What was sent, as far as CACHE knows."""
        try:
            return load_digest(self._func.CACHE.get(self._key("digest"), scope=SCOPE), period)
        except Exception as error:  # noqa: BLE001 - whatever Redis or its content does
            self._warn(f"What was sent before is not known ({one_line(error, 200)}): recent points are sent again.")
            return Digest(period)

    def save_digest(self, digest: Digest) -> None:
        """Keep what was sent, for a week."""
        if self._read_only:
            return
        try:
            self._func.CACHE.set(self._key("digest"), digest.dump(), scope=SCOPE, expire=DIGEST_EXPIRES)
        except Exception as error:  # noqa: BLE001 - see digest()
            self._warn(f"Func's CACHE could not be written ({one_line(error, 200)}): the next run sends points again.")

    def _time(self, what: str) -> Optional[int]:
        try:
            kept = self._func.STORE.get(self._key(what), scope=SCOPE)
        except Exception as error:  # noqa: BLE001 - whatever MySQL does, the user gets a sentence
            raise self._failure("read", error) from None
        if kept is None:
            return None
        if not isinstance(kept, dict) or kept.get("version") != VERSION or not isinstance(kept.get("at"), int):
            self._warn(f"Func's STORE holds an unknown {what} ({one_line(repr(kept), 80)}): beginning anew.")
            return None
        return int(kept["at"])

    def _save_time(self, what: str, at: int) -> None:
        if self._read_only:
            return
        try:
            self._func.STORE.set(self._key(what), {"version": VERSION, "at": at}, scope=SCOPE)
        except Exception as error:  # noqa: BLE001 - see _time()
            raise self._failure("written", error) from None

    def _key(self, what: str) -> str:
        return f"{what}/{self._account.partition.name}/{self._account.account_name}"

    def _failure(self, done: str, error: Exception) -> StateError:
        return StateError(
            f"Func's STORE could not be {done} ({one_line(error, 200)}). Check Func's database; the next run goes "
            "on from the last watermark."
        )
