"""Where a run goes on: how far the account has been reported, and what this run asks for."""

from typing import Optional

from guance_aws_cloudfront.cloudfront.catalog import PRICE_PER_METRIC
from guance_aws_cloudfront.func.digest import Digest
from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.func.state import State
from guance_aws_cloudfront.points.series import batches, in_words, metrics_billed
from guance_aws_cloudfront.points.windows import Plan, Progress, parse_progress, plan_windows
from guance_aws_cloudfront.settings.config import CollectorConfig
from guance_aws_cloudfront.steps.run import Run
from guance_aws_cloudfront.steps.targets import Targets
from guance_aws_cloudfront.text import count, duration, minute_utc, some_of


def plan_run(now: float, config: CollectorConfig, state: State, sent: Digest, log: RunLog) -> Plan:
    """The plan of a run at `now` (epoch seconds); what is given up is said. StateError when STORE fails.

    `sent` is what is known of what was sent.
    """
    kept = state.progress()
    known: Optional[Progress] = None
    if kept is not None:
        try:
            known = parse_progress(kept)
        except ValueError:
            state.warn_unknown("watermark", kept)
    if known is not None:
        # Where it is not known what was sent, a deeper look would send three hours again.
        since = sent.known_since(known.watermark)
        known_since = known.watermark - config.lookback if since is None else since
        known = known._replace(settled=max(known.settled, known_since))
    plan = plan_windows(now, known, config)
    if known is None:
        # Kept before the first call, so that a first hour of failures is caught up later and not forgotten.
        state.save_progress(Progress(plan.start.watermark, plan.start.settled).as_json())
        which = "As a first run would" if state.read_only else "First run"
        log.say(f"{which}: collecting from {minute_utc(plan.start.watermark)} UTC on.")
    for stretch in plan.given_up:
        of = f" of {some_of(stretch.sources)}, which CloudWatch has not answered," if stretch.sources else ""
        log.warn(
            f"{duration(stretch.end - stretch.start)} from {minute_utc(stretch.start)} to {minute_utc(stretch.end)} UTC"
            f"{of} are given up: 'max_catch_up' is {duration(config.max_catch_up)}. To have them all the same, within "
            '15 days, see "Reset" in README.'
        )
    return plan


def say_what_is_asked(run: Run, targets: Targets) -> None:
    """For a preview: which metrics are requested, of how many distributions, in how many calls, and at what price."""
    billed = metrics_billed(targets.recent)
    calls = count(len(batches(targets.recent)), "call")
    price = f"${billed * PRICE_PER_METRIC:.5f}"
    run.log.say(f"GetMetricData, for each window: {count(billed, 'metric')} in {calls}, {price}.")
    for line in in_words(targets.recent):
        run.log.say(f"  {line}.")
