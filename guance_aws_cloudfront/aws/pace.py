"""How fast CloudWatch and ACM may be asked, so that AWS's quotas are never passed and no call is throttled away."""

import math
from typing import Any, Mapping

# AWS's quotas of GetMetricData, of an account in a region, for each second: how many calls, and how many data points
# these ask for, when they begin within the last three hours or before.
CALLS = 50
RECENT_POINTS, OLDER_POINTS, RECENT = 180_000, 396_000, 3 * 3600
# Half of AWS's quota of DescribeCertificate (calls of an account in a region, for each second): others ask ACM too.
CERTIFICATES = 5
# A little less than that is asked for: a call that comes late must not make one too many in the second after it.
SHARE = 0.92


class Pace:
    """Spaces calls evenly: each takes its part of a second, and the next one begins after it. Not for several threads.

    `clock` is the module `time` or its like, `calls` the quota of calls for each second.
    """

    def __init__(self, clock: Any, calls: float = CALLS) -> None:
        self._clock = clock
        self._free_at = -math.inf
        # The part of a second that a call takes.
        self.part = 1 / calls / SHARE

    def turn(self) -> float:
        """How many seconds a call has to wait for its turn, which is then taken."""
        now = float(self._clock.monotonic())
        begin = max(now, self._free_at)
        self._free_at = begin + self.part
        return begin - now


def part_of_a_second(request: Mapping[str, Any], period: int, now: float) -> float:
    """How much of a second's quotas a call of GetMetricData with these arguments takes."""
    points = len(request["MetricDataQueries"]) * (request["EndTime"] - request["StartTime"]) / period
    quota = RECENT_POINTS if now - request["StartTime"] <= RECENT else OLDER_POINTS
    return float(max(1 / CALLS, points / quota)) / SHARE
