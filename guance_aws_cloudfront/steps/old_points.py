"""Points that are older than a DataKit may bear: since 1.78 it gives what is over two hours old the present time."""

from typing import Optional

from guance_aws_cloudfront.guance.sink import OLDEST_KEPT, KeepsTime
from guance_aws_cloudfront.points.windows import Progress, merged
from guance_aws_cloudfront.steps.inventory import Distributions
from guance_aws_cloudfront.steps.objects import witness_object
from guance_aws_cloudfront.steps.run import Run
from guance_aws_cloudfront.text import duration, minute_utc

REMEDY = (
    "In DataKit's configuration set auto_timestamp_correction = false under [io] (or the environment variable "
    "ENV_IO_AUTO_TIMESTAMP_CORRECTION=false) and restart it, or use a DataWay or Guance connector: then they are "
    "reported by themselves, as long as CloudWatch keeps them (15 days)."
)


class OldPoints:
    """Knows whether the connector keeps the time of old points; it is asked once a run, and only when there are any."""

    def __init__(self, run: Run, distributions: Distributions) -> None:
        self._run, self._distributions = run, distributions
        self._answer: Optional[KeepsTime] = None
        # Epoch seconds: points from then on keep their time at any connector.
        self.limit = int(run.now()) - OLDEST_KEPT

    def must_wait(self, minute: int) -> bool:
        """Whether a point of that minute (epoch seconds) would arrive with another time."""
        return minute < self.limit and not self._keeps_time().keeps

    def _keeps_time(self) -> KeepsTime:
        if self._answer is None:
            run = self._run
            witness = witness_object(run, self._distributions)
            self._answer = run.sink.keeps_time(run.config.datakit_keeps_time, witness or None, run.now())
        return self._answer

    def why(self) -> str:
        """Why old points must wait, a clause for the user."""
        return self._keeps_time().why

    def warn_of_waiting(self, progress: Progress) -> None:
        """Say what waits for a connector that keeps the time of points, since when, and what to do; or nothing."""
        # Minutes of which some wait for all distributions and some for one count once.
        waiting = merged(stretch._replace(sources=()) for stretch in progress.backlog if stretch.is_held)
        if not waiting or self._answer is None or self._answer.keeps:
            return
        start, end = min(one.start for one in waiting), max(one.end for one in waiting)
        self._run.log.warn(
            f"Minutes from {minute_utc(start)} to {minute_utc(end)} UTC wait "
            f"({duration(sum(one.end - one.start for one in waiting))}), for {self._answer.why}. {REMEDY}"
        )
