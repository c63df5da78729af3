"""A digest of what was sent for each distribution and minute, so that only new and changed points go out."""

import base64
import json
import struct
from typing import Any, Dict, List, Mapping, Optional, Tuple
from zlib import crc32

from guance_aws_cloudfront.text import one_line

VERSION = 1
# 4 bytes a minute and distribution; past this the oldest minutes are forgotten and would be sent again if asked again.
MOST_ENTRIES = 160_000


class Digest:
    """Remembers per distribution and minute a 32-bit checksum of the fields that were sent; `period` in seconds."""

    def __init__(self, period: int) -> None:
        self.period = period
        self._sent: Dict[str, Dict[int, int]] = {}

    def verdict(self, distribution_id: str, minute: int, fields: Mapping[str, float]) -> str:
        """`new` when nothing was sent for that minute, `changed` when something else was, or `unchanged`."""
        known = self._sent.get(distribution_id, {}).get(minute)
        if known is None:
            return "new"
        return "unchanged" if known == _checksum(fields) else "changed"

    def remember(self, distribution_id: str, minute: int, fields: Mapping[str, float]) -> None:
        """Note that these fields stand in the sink."""
        self._sent.setdefault(distribution_id, {})[minute] = _checksum(fields)

    def forget_before(self, minute: int) -> None:
        """Drop what is older than any minute that will be asked for again, and what is more than can be kept."""
        newest = max((at for minutes in self._sent.values() for at in minutes), default=minute)
        kept = max(1, MOST_ENTRIES // max(1, len(self._sent)))
        oldest = max(minute, newest - (kept - 1) * self.period)
        for distribution_id, minutes in list(self._sent.items()):
            left = {at: checksum for at, checksum in minutes.items() if at >= oldest}
            if left:
                self._sent[distribution_id] = left
            else:
                del self._sent[distribution_id]

    def merge(self, other: "Digest") -> None:
        """Add what another digest knows of minutes that this one does not know."""
        for distribution_id, minutes in other._sent.items():
            self._sent[distribution_id] = {**minutes, **self._sent.get(distribution_id, {})}

    def dump(self) -> str:
        """As a JSON string: per distribution the checksums of consecutive periods in base64, 0 where none was sent."""
        every = [at for minutes in self._sent.values() for at in minutes]
        start, length = (min(every), (max(every) - min(every)) // self.period + 1) if every else (0, 0)
        grid = range(start, start + length * self.period, self.period)
        sent = {key: _pack([minutes.get(at, 0) for at in grid]) for key, minutes in self._sent.items()}
        return json.dumps(
            {"version": VERSION, "period": self.period, "start": start, "sent": sent}, separators=(",", ":")
        )


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
        for distribution_id, packed in kept["sent"].items():
            checksums = _unpack(packed)
            minutes = {kept["start"] + n * period: value for n, value in enumerate(checksums) if value}
            digest._sent[distribution_id] = minutes
    except (ValueError, struct.error, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a digest: {one_line(error, 100)}") from None
    return digest


def _checksum(fields: Mapping[str, float]) -> int:
    # 0 stands for "nothing sent".
    return crc32(repr(sorted(fields.items())).encode()) or 1


def _pack(checksums: List[int]) -> str:
    return base64.b64encode(struct.pack(f"<{len(checksums)}I", *checksums)).decode()


def _unpack(packed: str) -> Tuple[int, ...]:
    raw = base64.b64decode(packed)
    return struct.unpack(f"<{len(raw) // 4}I", raw)
