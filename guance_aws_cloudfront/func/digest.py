"""A digest of what was sent for each distribution and minute, so that only what is new or changed goes out."""

import base64
import json
import struct
from array import array
from functools import lru_cache
from typing import Any, Callable, Dict, Iterator, Mapping, NamedTuple, Optional, Sequence, Tuple
from zlib import crc32

from guance_aws_cloudfront.text import one_line

VERSION = 3
Fields = Mapping[str, float]
Names = Tuple[str, ...]
# 4 bytes a minute and distribution; past this the oldest minutes are forgotten and would be sent again if asked again.
MOST_ENTRIES = 160_000
# But so many periods are always remembered: more than any lookback, however many distributions there are.
LEAST_PERIODS = 180
NOTHING_SENT = array("I", [0])


class Stretch(NamedTuple):
    """The checksums of consecutive periods from `first` (epoch seconds) on, four bytes each; 0 where none was sent."""

    first: int
    checksums: "array[int]"

    def since(self, oldest: int, period: int) -> "Stretch":
        """The part that is not older."""
        older = max(0, -((self.first - oldest) // period))
        return Stretch(self.first + older * period, self.checksums[older:])

    def end(self, period: int) -> int:
        """The minute after the last one."""
        return self.first + len(self.checksums) * period


NO_STRETCH = Stretch(0, array("I"))


class Digest:
    """Remembers per source (a distribution ID, mostly) and minute a 32-bit checksum of the fields that were sent.

    Of a point that was sent while some of its metrics had not been answered, it also knows which fields these were, so
    that later only the others are sent. `period` is in seconds.
    """

    def __init__(self, period: int) -> None:
        self.period = period
        self._sent: Dict[str, Stretch] = {}
        self._partial: Dict[str, Dict[int, Names]] = {}

    def news(self, source: str, minute: int, fields: Fields, partial: bool) -> Tuple[str, Fields]:
        """What a minute's fields are to those that were sent, and which of them to send.

        `new` when nothing was sent for that minute, `changed` when something else was, or `unchanged`. Of a minute that
        was sent and of which now only a part was answered (`partial`) nothing can be said: it is left as it is.
        """
        first, checksums = self._sent.get(source, NO_STRETCH)
        place = (minute - first) // self.period
        known = checksums[place] if 0 <= place < len(checksums) else 0
        if not known:
            return "new", fields
        if partial:
            return "unchanged", {}
        sent = self._partial.get(source, {}).get(minute)
        if sent and known == _checksum({name: value for name, value in fields.items() if name in sent}):
            rest = {name: value for name, value in fields.items() if name not in sent}
            return ("changed" if rest else "unchanged"), rest
        return ("unchanged", {}) if known == _checksum(fields) else ("changed", fields)

    def remember(self, source: str, minute: int, fields: Fields, partial: bool = False) -> None:
        """Note that these fields stand in the sink, all of the minute's or, `partial`, those that were answered."""
        first, checksums = self._sent.get(source) or self._sent.setdefault(source, Stretch(minute, array("I")))
        place = (minute - first) // self.period
        if place == len(checksums):
            checksums.append(_checksum(fields))
        elif place >= 0:
            checksums.extend(NOTHING_SENT * (place + 1 - len(checksums)))
            checksums[place] = _checksum(fields)
        else:
            earlier = array("I", [_checksum(fields)]) + NOTHING_SENT * (-1 - place)
            self._sent[source] = Stretch(minute, earlier + checksums)
        if partial:
            self._partial.setdefault(source, {})[minute] = tuple(sorted(fields))
        elif source in self._partial:
            self._partial[source].pop(minute, None)

    def reach(self, sources: int) -> int:
        """For how many seconds back so many sources can be remembered."""
        return max(LEAST_PERIODS, MOST_ENTRIES // max(1, sources)) * self.period

    def forget_before(self, minute: int) -> None:
        """Drop what is older than any minute that will be asked for again, and what is more than can be kept."""
        end = max((stretch.end(self.period) for stretch in self._sent.values()), default=minute)
        oldest = max(minute, end - self.reach(len(self._sent)))
        kept = ((key, stretch.since(oldest, self.period)) for key, stretch in self._sent.items())
        self._sent = {key: stretch for key, stretch in kept if any(stretch.checksums)}
        self._partial = _since(oldest, self._partial)

    def dump(self) -> str:
        """As a JSON string: per source the checksums of consecutive periods in base64, 0 where none was sent.

        `partial` has [number of the source, first period, how many, number of the set] for each run of periods of which
        the same set of fields was sent.
        """
        start = min((stretch.first for stretch in self._sent.values()), default=0)
        sets = sorted({names for minutes in self._partial.values() for names in minutes.values()})
        place = {names: number for number, names in enumerate(sets)}
        kept = {
            "version": VERSION,
            "period": self.period,
            "start": start,
            "sent": {
                key: _pack(NOTHING_SENT * ((stretch.first - start) // self.period) + stretch.checksums)
                for key, stretch in self._sent.items()
            },
            "sets": sets,
            "partial": [
                [number, (first - start) // self.period, length, place[names]]
                for number, key in enumerate(self._sent)
                for first, length, names in _runs(self._partial.get(key, {}), self.period)
            ],
        }
        return json.dumps(kept, separators=(",", ":"))


def load_digest(text: Optional[str], period: int) -> Digest:
    """The digest out of what `dump` gave; empty when there is none or it was made for another period.

    Raises ValueError when the text is not a digest.
    """
    digest = Digest(period)
    if not text:
        return digest
    try:
        kept: Any = json.loads(text)
        if kept["version"] != VERSION or kept["period"] != period:
            return digest
        start, sources = kept["start"], list(kept["sent"])
        for source, packed in kept["sent"].items():
            before, checksums = _unpack(packed)
            if checksums:
                digest._sent[source] = Stretch(start + before * period, checksums)
        for number, first, length, place in kept["partial"]:
            names, minutes = (
                tuple(kept["sets"][place]),
                range(start + first * period, start + (first + length) * period, period),
            )
            digest._partial.setdefault(sources[number], {}).update(dict.fromkeys(minutes, names))
    except (ValueError, struct.error, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"not a digest: {one_line(error, 100)}") from None
    return digest


def _since(oldest: int, by_source: Mapping[str, Mapping[int, Names]]) -> Dict[str, Dict[int, Names]]:
    kept = {key: {at: names for at, names in minutes.items() if at >= oldest} for key, minutes in by_source.items()}
    return {key: minutes for key, minutes in kept.items() if minutes}


def _runs(minutes: Mapping[int, Names], period: int) -> Iterator[Tuple[int, int, Names]]:
    """(first, how many, names) of the stretches in which the names stay the same."""
    pending: Optional[Tuple[int, int, Names]] = None
    for at, names in sorted(minutes.items()):
        if pending and at == pending[0] + pending[1] * period and names == pending[2]:
            pending = (pending[0], pending[1] + 1, names)
            continue
        if pending:
            yield pending
        pending = (at, 1, names)
    if pending:
        yield pending


def _checksum(fields: Mapping[str, float]) -> int:
    names, pack, of_names = _packing(tuple(fields))
    # 0 stands for "nothing sent".
    return crc32(pack(*map(fields.__getitem__, names)), of_names) or 1


# All minutes of a distribution have the same fields: their order and form are found once.
@lru_cache(maxsize=256)
def _packing(names: Names) -> Tuple[Names, Callable[..., bytes], int]:
    in_order = tuple(sorted(names))
    return in_order, struct.Struct(f"<{len(names)}d").pack, crc32(repr(in_order).encode())


def _pack(checksums: Sequence[int]) -> str:
    return base64.b64encode(struct.pack(f"<{len(checksums)}I", *checksums)).decode()


def _unpack(packed: str) -> Tuple[int, "array[int]"]:
    """(how many periods come first of which nothing was sent, the checksums from there to the last that was sent)."""
    raw = base64.b64decode(packed)
    before, end = (len(raw) - len(raw.lstrip(b"\0"))) // 4, -(-len(raw.rstrip(b"\0")) // 4)
    known = struct.unpack(f"<{len(raw) // 4}I", raw)
    return before, array("I", known[before:end])
