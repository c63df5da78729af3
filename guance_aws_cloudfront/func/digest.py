"""A digest of what was sent for each distribution and minute, so that only what is new or changed goes out."""

import base64
import json
import struct
from array import array
from functools import lru_cache
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple
from zlib import crc32

from guance_aws_cloudfront.text import one_line

VERSION = 4
Fields = Mapping[str, float]
Names = Tuple[str, ...]
# 4 bytes a period and source; past this the oldest of what earlier runs left behind is forgotten.
MOST_ENTRIES = 160_000
# Between two minutes that are farther apart, in periods, a new span begins.
WIDEST_GAP = 60
NOTHING_SENT = array("I", [0])


class Span(NamedTuple):
    """The checksums of consecutive periods from `first` (epoch seconds) on, four bytes each; 0 where none was sent."""

    first: int
    checksums: "array[int]"

    def end(self, period: int) -> int:
        """The minute after the last one."""
        return self.first + len(self.checksums) * period

    def within(self, start: int, end: int, period: int) -> "Span":
        """The part from `start` (inclusive) to `end` (exclusive); itself where that is all of it."""
        if start <= self.first and self.end(period) <= end:
            return self
        before = max(0, -((self.first - start) // period))
        kept = max(0, (end - self.first + period - 1) // period)
        return Span(self.first + before * period, self.checksums[before:kept])


class Digest:
    """Remembers per source (a distribution ID, mostly) and minute a checksum of the fields that were sent.

    Of a point that was sent while some of its metrics had not been answered, it also knows which fields these were, so
    that later only the others are sent. `period` is in seconds.
    """

    def __init__(self, period: int) -> None:
        self.period = period
        # The spans of each source, oldest first, none of them overlapping.
        self._sent: Dict[str, List[Span]] = {}
        self._partial: Dict[str, Dict[int, Names]] = {}
        # From when to when all that was sent is known.
        self._covers = (0, 0)
        # Whether all that it remembers has been saved (see State.save_digest).
        self.is_saved = True

    def known_since(self, watermark: int) -> Optional[int]:
        """Since which minute all that was sent up to a watermark is known; None when it is not."""
        since, until = self._covers
        return since if until >= watermark else None

    def verdict(self, source: str, minute: int, fields: Fields, partial: bool) -> Tuple[str, Fields]:
        """What a minute's fields are to those that were sent, and which of them to send.

        `new` when nothing was sent for that minute, `changed` when something else was, or `unchanged`. Of a minute that
        was sent and of which now only a part was answered (`partial`) nothing can be said: it is left as it is.
        """
        known = 0
        for first, checksums in self._sent.get(source, ()):
            place = (minute - first) // self.period
            if 0 <= place < len(checksums):
                known = checksums[place]
                break
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
        """Note that these fields stand in Guance: all of the minute's or, `partial`, those that were answered."""
        self.is_saved = False
        self._note(self._sent.setdefault(source, []), minute, _checksum(fields))
        if partial:
            self._partial.setdefault(source, {})[minute] = tuple(sorted(fields))
        elif source in self._partial:
            self._partial[source].pop(minute, None)

    def _note(self, spans: List[Span], minute: int, checksum: int) -> None:
        number = len(spans)
        while number and spans[number - 1].first > minute:
            number -= 1
        # `number` spans begin at or before the minute: it may lie in the last of these, or near it.
        if number:
            first, checksums = spans[number - 1]
            place = (minute - first) // self.period
            if place < len(checksums):
                checksums[place] = checksum
                return
            if place - len(checksums) <= WIDEST_GAP:
                checksums.extend(NOTHING_SENT * (place - len(checksums)))
                checksums.append(checksum)
                return
        if number < len(spans):
            first, checksums = spans[number]
            before = (first - minute) // self.period
            if before <= WIDEST_GAP:
                earlier = array("I", [checksum]) + NOTHING_SENT * (before - 1)
                spans[number] = Span(minute, earlier + checksums)
                return
        spans.insert(number, Span(minute, array("I", [checksum])))

    def newest(self) -> Optional[int]:
        """The newest minute of which anything was sent; None when nothing is known."""
        ends = [spans[-1].end(self.period) for spans in self._sent.values() if spans]
        return max(ends) - self.period if ends else None

    def reported_since(self, since: int) -> Dict[str, List[int]]:
        """The minutes from `since` on that were sent of each source, in ascending order."""
        found: Dict[str, List[int]] = {}
        for source, spans in self._sent.items():
            for first, checksums in spans:
                times = range(first, first + len(checksums) * self.period, self.period)
                minutes = [at for at, checksum in zip(times, checksums) if checksum and at >= since]
                if minutes:
                    found.setdefault(source, []).extend(minutes)
        return found

    def keep(self, since: int, until: int = 0, left_behind: Iterable[Sequence[Any]] = ()) -> None:
        """Forget all but the minutes from `since` on and those left behind, which alone will be asked for again.

        `until` is the end of the minutes that have been reported.

        `left_behind` has (start, end, sources) for each stretch, no sources for all of them.
        """
        self._covers = (since, until)
        stretches = [(start, end, frozenset(sources)) for start, end, sources, *_ in left_behind if start < since]
        room = MOST_ENTRIES
        sent: Dict[str, List[Span]] = {}
        partial: Dict[str, Dict[int, Names]] = {}
        for source, spans in self._sent.items():
            kept = []
            for span in reversed(spans):
                if span.end(self.period) > since:
                    kept.append(span.within(since, span.end(self.period), self.period))
                if span.first < since:
                    for start, end, of in stretches:
                        if not of or source in of:
                            kept.append(span.within(start, min(end, since), self.period))
                            room -= len(kept[-1].checksums)
                            if room < 0:
                                kept.pop()
            found = sorted((span for span in kept if any(span.checksums)), key=lambda span: span.first)
            if found:
                sent[source] = _joined(found, self.period)
        for source, minutes in self._partial.items():
            ends = [(span.first, span.end(self.period)) for span in sent.get(source, ())]
            names = {at: of for at, of in minutes.items() if any(first <= at < end for first, end in ends)}
            if names:
                partial[source] = names
        self._sent, self._partial = sent, partial

    def dump(self) -> str:
        """As a JSON string: per source its spans, a number of the first period and checksums in base64 for each.

        `partial` has [number of the source, first period, how many, number of the set] for each run of periods of which
        the same set of fields was sent.
        """
        start = min((spans[0].first for spans in self._sent.values()), default=0)
        sets = sorted({names for minutes in self._partial.values() for names in minutes.values()})
        place = {names: number for number, names in enumerate(sets)}
        kept = {
            "version": VERSION,
            "period": self.period,
            "covers": [*self._covers],
            "start": start,
            "sent": {
                key: [part for span in spans for part in ((span.first - start) // self.period, _pack(span.checksums))]
                for key, spans in self._sent.items()
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
        digest._covers = (int(kept["covers"][0]), int(kept["covers"][1]))
        for source, spans in kept["sent"].items():
            parts = zip(spans[::2], spans[1::2])
            digest._sent[source] = [Span(start + first * period, _unpack(packed)) for first, packed in parts]
        for number, first, length, place in kept["partial"]:
            names = tuple(kept["sets"][place])
            minutes = range(start + first * period, start + (first + length) * period, period)
            digest._partial.setdefault(sources[number], {}).update(dict.fromkeys(minutes, names))
    except (ValueError, struct.error, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"not a digest: {one_line(error, 100)}") from None
    return digest


def _joined(spans: Sequence[Span], period: int) -> List[Span]:
    """Spans, oldest first, without overlaps, and with those that touch made one."""
    joined = [spans[0]]
    for span in spans[1:]:
        last = joined[-1]
        rest = span.within(last.end(period), span.end(period), period)
        if rest.checksums and rest.first == last.end(period):
            joined[-1] = Span(last.first, last.checksums + rest.checksums)
        elif rest.checksums:
            joined.append(rest)
    return joined


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
    # 0 stands for "nothing sent". 24 bits are kept: one revised value in 16 million goes unnoticed.
    return crc32(pack(*map(fields.__getitem__, names)), of_names) & 0xFFFFFF or 1


# All minutes of a distribution have the same fields: their order and form are found once.
@lru_cache(maxsize=256)
def _packing(names: Names) -> Tuple[Names, Callable[..., bytes], int]:
    in_order = tuple(sorted(names))
    return in_order, struct.Struct(f"<{len(names)}d").pack, crc32(repr(in_order).encode())


def _pack(checksums: Sequence[int]) -> str:
    """Three bytes a checksum: the lowest of all of them, then the next ones, then the highest."""
    raw = struct.pack(f"<{len(checksums)}I", *checksums)
    return base64.b64encode(raw[0::4] + raw[1::4] + raw[2::4]).decode()


def _unpack(packed: str) -> "array[int]":
    packed_bytes = base64.b64decode(packed)
    number = len(packed_bytes) // 3
    raw = bytearray(4 * number)
    for place in range(3):
        raw[place::4] = packed_bytes[place * number : (place + 1) * number]
    return array("I", struct.unpack(f"<{number}I", raw))
