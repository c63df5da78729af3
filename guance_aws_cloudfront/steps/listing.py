"""What ListMetrics shows: where metrics beyond the default ones are published, and which distributions are active."""

from typing import Any, Dict, Mapping, NamedTuple, Optional, Sequence, Set

from guance_aws_cloudfront.aws.client import Aws
from guance_aws_cloudfront.aws.errors import AwsDeniedError, AwsError
from guance_aws_cloudfront.cloudfront.catalog import DEFAULT_METRICS, FUNCTION
from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.points.series import Listed
from guance_aws_cloudfront.points.windows import Plan, Stretch
from guance_aws_cloudfront.settings.config import CollectorConfig

# What ListMetrics takes for recently active, in seconds.
RECENT = 3 * 3600


class Listing(NamedTuple):
    """What is listed (None where nothing needed to be, or could), and the IDs of active distributions (None for all).

    `failed` when metrics may be missing that the next run should ask for.
    """

    listed: Optional[Listed] = None
    active: Optional[Set[str]] = None
    failed: bool = False


def list_metrics(config: CollectorConfig, plan: Plan, now: float, aws: Aws, log: RunLog) -> Listing:
    """The listing that a run needs; what fails or is not allowed is logged, and never costs a default metric."""
    # What has not been asked for yet: a deeper look at what was asked for before needs no distribution more.
    is_recent = plan.recent is not None and plan.start.watermark - config.lookback >= now - RECENT
    recently, others = config.recently_active and is_recent, bool(config.other_metrics)
    if config.recently_active and not is_recent:
        log.say("Catching up: distributions are requested whether they are active now or not.")
    if not (recently or others):
        return Listing()
    # Every active distribution has requests: where only these matter, a sixth of the pages does.
    only = {} if others else {"MetricName": DEFAULT_METRICS[0].name}
    try:
        listed = aws.listed_metrics(recently, **only)
    except AwsDeniedError as denied:
        log.warn(f"{denied} {_until_then(config)}")
        return Listing()
    except AwsError as error:
        log.fail(f"{error} Until then, only the default metrics are collected, and of all distributions.")
        return Listing({} if others else None, failed=others)
    log.say(f"Metrics: {sum(map(len, listed.values())):,} listed.")
    return Listing(listed if others else None, _active(listed) if recently else None)


def _active(listed: Listed) -> Set[str]:
    every = (dict(dimensions).get("DistributionId") for published in listed.values() for dimensions in published)
    return {distribution_id for distribution_id in every if distribution_id}


def _until_then(config: CollectorConfig) -> str:
    """What is collected without the permission."""
    named, others = config.named_metrics, config.other_metrics
    asked = [metric.name for metric in others if metric.name in named and metric.group != FUNCTION]
    left_out = [metric.name for metric in others if metric.name not in asked]
    texts = []
    if config.recently_active:
        texts.append("all distributions are requested, active or not")
    if others:
        texts.append(f"requested for every distribution: {', '.join(asked) or 'nothing more'}")
        texts.append(f"left out: {', '.join(left_out) or 'nothing'}")
    return f"Until then, {'; '.join(texts)}."


class ActivityTracker:
    """Until when each distribution has been asked for, so that one that is active again is asked for since then.

    `kept` is what `after` gave in the run before; it counts only when the plan begins where that run ended.
    """

    def __init__(self, kept: Optional[Mapping[str, Any]], plan: Plan) -> None:
        self._watermark, self._recent, self._period = plan.start.watermark, plan.recent, plan.period
        is_of_last_run = kept is not None and kept.get("watermark") == self._watermark
        self._asked: Dict[str, int] = dict(kept["asked"]) if kept and is_of_last_run else {}

    def active_again(self, ids: Sequence[str]) -> Optional[Stretch]:
        """The minutes before the recent window of those that were not asked for up to there; None when there are none.

        Three hours back at most: whoever was active before that was listed then.
        """
        if self._recent is None:
            return None
        oldest = (self._recent.end - RECENT) // self._period * self._period
        begin = self._recent.start
        since = {key: max(self._asked[key] // self._period * self._period, oldest) for key in ids if key in self._asked}
        woken = {key: at for key, at in since.items() if at < begin}
        return Stretch(min(woken.values()), begin, tuple(sorted(woken))) if woken else None

    def after(self, every: Sequence[str], asked: Sequence[str], watermark: int) -> Dict[str, Any]:
        """What to keep after a run that has asked for `asked` up to a watermark, of every distribution that exists."""
        known = set(asked)
        until = {key: watermark if key in known else self._asked.get(key, self._watermark) for key in every}
        return {"watermark": watermark, "asked": until}
