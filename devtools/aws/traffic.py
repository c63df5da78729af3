"""How busy the distributions of the embedded AWS are: pure functions of (seed, distribution, minute)."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple, Optional, Tuple

MINUTE = 60
DAY = 86_400
# The busiest time of day: 12:00 UTC is the evening in China and the morning in America.
PEAK = 43_200
LARGEST_DRAW = 2.0**64


@dataclass(frozen=True)
class Traffic:
    """What viewers ask of a distribution.

    `requests` is the mean a minute, `rhythm` the share by which the day moves it and `noise` the share by which chance
    does. `client_errors` and `server_errors` are shares of the requests; within `burst` (start and end in epoch
    seconds) the latter is `burst_errors`. With `interval` n only every n-th minute sees requests.
    """

    requests: float = 900.0
    rhythm: float = 0.6
    noise: float = 0.1
    client_errors: float = 0.015
    server_errors: float = 0.001
    bytes_per_request: float = 40_000.0
    burst: Optional[Tuple[float, float]] = None
    burst_errors: float = 0.3
    interval: int = 1


IDLE = Traffic(requests=0.0)


class Minute(NamedTuple):
    """What happened in one minute: counts, bytes, and the median latency of the origin in milliseconds."""

    requests: int
    client_errors: int
    server_errors: int
    downloaded: int
    uploaded: int
    cache_hits: int
    latency: float


def typical_traffic(seed: int, distribution_id: str) -> Traffic:
    """A traffic of its own for a distribution of which nothing else is said: between 10 and 3,000 requests a minute."""
    size, errors, weight = draws(f"{seed}/{distribution_id}", 3)
    return Traffic(
        requests=10 ** (1 + 2.5 * size),
        client_errors=0.005 + 0.03 * errors,
        bytes_per_request=10_000 + 80_000 * weight,
    )


@lru_cache(maxsize=1 << 18)
def minute_traffic(seed: int, distribution_id: str, traffic: Traffic, minute: int) -> Optional[Minute]:
    """What happened in the minute that begins at `minute` (epoch seconds); None when nobody asked for anything."""
    if minute // MINUTE % traffic.interval:
        return None
    chances = draws(f"{seed}/{distribution_id}/{minute}", 8)
    mean = traffic.requests * (1 + traffic.rhythm * math.cos((minute - PEAK) / DAY * 2 * math.pi))
    requests = _count(mean * (1 + traffic.noise * (2 * chances[0] - 1)), chances[1])
    if not requests:
        return None
    client_errors = min(requests, _count(requests * traffic.client_errors * (0.5 + chances[2]), chances[3]))
    server_errors = _count(requests * _server_errors(traffic, minute) * (0.5 + chances[4]), chances[5])
    return Minute(
        requests=requests,
        client_errors=client_errors,
        server_errors=min(requests - client_errors, server_errors),
        downloaded=int(requests * traffic.bytes_per_request * (0.8 + 0.4 * chances[6])),
        uploaded=int(requests * 600 * (0.8 + 0.4 * chances[7])),
        cache_hits=int(requests * (0.82 + 0.1 * chances[6])),
        latency=round(60 + 80 * chances[7], 3),
    )


def _server_errors(traffic: Traffic, minute: int) -> float:
    in_burst = traffic.burst is not None and traffic.burst[0] <= minute < traffic.burst[1]
    return traffic.burst_errors if in_burst else traffic.server_errors


def _count(expected: float, chance: float) -> int:
    # Rounded up or down by chance, so that small expectations come true on the average.
    return int(expected + chance)


def draws(text: str, count: int) -> Tuple[float, ...]:
    """`count` numbers (at most 8) in [0, 1) that depend on nothing but the text."""
    digest = blake2b(text.encode(), digest_size=8 * count).digest()
    return tuple(number / LARGEST_DRAW for number in struct.unpack(f"<{count}Q", digest))
