"""What the steps of one run work with."""

from dataclasses import dataclass
from typing import Any, Dict, Optional, Union

from guance_aws_cloudfront.aws.client import Aws
from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.func.state import State
from guance_aws_cloudfront.guance.sink import Preview, Sink
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.settings.config import CollectorConfig
from guance_aws_cloudfront.text import calls_made


@dataclass(frozen=True)
class Run:
    """One run of one account. `clock` is the module `time` or its like; `started` is in its monotonic seconds.

    In a dry run, `sink` is a preview and `state` keeps nothing.
    """

    account: Account
    config: CollectorConfig
    clock: Any
    started: float
    state: State
    log: RunLog
    sink: Union[Sink, Preview]
    aws: Aws
    is_dry_run: bool

    def now(self) -> float:
        """Epoch seconds, by this host's clock."""
        return float(self.clock.time())

    def seconds_left(self) -> float:
        """How much of the run's time limit remains."""
        return float(self.config.time_limit - (self.clock.monotonic() - self.started))


def open_sink(func: Any, config: CollectorConfig, clock: Any, started: float, log: RunLog) -> Sink:
    """The connector to write to; a write that certainly took nothing is tried again while the time limit allows it.

    Raises ReportError when there is no such connector, or it cannot write.
    """

    def wait(seconds: float, why: str) -> bool:
        if config.time_limit - (clock.monotonic() - started) <= seconds:
            return False
        log.say(f"  The connector did not take it ({why}); again in {seconds:.0f} s.")
        clock.sleep(seconds)
        return True

    return Sink(func, config.datakit_id, wait, log.warn)


def end_run(log: RunLog, summary: Dict[str, Any], aws: Optional[Aws], seconds: float) -> Dict[str, Any]:
    """The summary with the calls that were made, which the log names too; `aws` is None when there was no client.

    Raises CollectError when a part of the run failed.
    """
    summary["calls"] = dict(sorted(aws.calls.items())) if aws else {}
    log.say(f"AWS calls: {calls_made(summary['calls'])}. Done in {seconds:.1f} s.")
    return log.end(summary)
