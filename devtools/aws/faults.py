"""What goes wrong at the embedded AWS on demand."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Callable, Collection, Dict, List, Optional

from devtools.aws.traffic import draws
from devtools.aws.wire import Response

ANY = "*"


@dataclass(frozen=True)
class Fault:
    """Something that happens to calls of an operation (`*`: of any), of one access key or in one region if named.

    Of S3 it happens to those about a `resource`: a pattern of `bucket` or `bucket/key`, such as `logs/*`.

    It strikes the `nth` of those calls (counted from 1, each of them when None) with the probability `share`, at most
    `times` times. A call that is struck waits for `delay` real seconds, or lets `takes` seconds of the simulated clock
    pass, to which calls side by side wait together; then its connection is cut, or it gets `answer` in the place of
    AWS's, or it is refused with `code`, or, without a code, answered as usual, though what a function makes of it:
    `result` of CloudWatch's answer as plain data, `body` of the bytes of any answer. With `cut_answer` only half of an
    answer arrives. `odd_answers` holds answers and functions for these.
    """

    operation: str = ANY
    code: Optional[str] = None
    status: int = 400
    message: str = "A fault on demand."
    nth: Optional[Collection[int]] = None
    share: float = 1.0
    access_key: Optional[str] = None
    region: Optional[str] = None
    resource: str = ANY
    times: Optional[int] = None
    cut_connection: bool = False
    delay: float = 0.0
    takes: float = 0.0
    answer: Optional[Response] = None
    result: Optional[Callable[[Dict[str, Any]], Dict[str, Any]]] = None
    body: Optional[Callable[[bytes], bytes]] = None
    cut_answer: bool = False

    def concerns(self, operation: str, access_key: str, region: str, resource: str = "") -> bool:
        """Whether a call is one of those that the fault may strike."""
        return (
            self.operation in (ANY, operation)
            and self.access_key in (None, access_key)
            and self.region in (None, region)
            and (self.resource == ANY or fnmatchcase(resource, self.resource))
        )


class _Tally:
    def __init__(self) -> None:
        self.calls = 0
        self.strikes = 0


class Faults:
    """The faults that are set; chance depends on nothing but the seed and the order of the calls."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._faults: List[Fault] = []
        self._tallies: Dict[int, _Tally] = {}
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Set one more fault; of several that strike the same call, the one that was set first acts."""
        with self._lock:
            self._tallies[len(self._faults)] = _Tally()
            self._faults.append(fault)

    def clear(self) -> None:
        """Let everything work again."""
        with self._lock:
            self._faults.clear()

    def strike(self, operation: str, access_key: str, region: str, resource: str = "") -> Optional[Fault]:
        """The fault that strikes this call, if any; every fault that the call concerns counts it."""
        with self._lock:
            call = (operation, access_key, region, resource)
            concerned = [number for number, fault in enumerate(self._faults) if fault.concerns(*call)]
            for number in concerned:
                self._tallies[number].calls += 1
            for number in concerned:
                if self._strikes(number):
                    self._tallies[number].strikes += 1
                    return self._faults[number]
        return None

    def _strikes(self, number: int) -> bool:
        fault, tally = self._faults[number], self._tallies[number]
        if fault.times is not None and tally.strikes >= fault.times:
            return False
        if fault.nth is not None and tally.calls not in fault.nth:
            return False
        return draws(f"{self._seed}/fault/{number}/{tally.calls}", 1)[0] < fault.share
