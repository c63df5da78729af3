"""One run of one account, from the listing of the distributions to the points in Guance, top to bottom."""

from collections import Counter
from typing import Any, Dict, List, Optional

from guance_aws_cloudfront.aws.client import Aws
from guance_aws_cloudfront.cloudfront.catalog import PRICE_PER_METRIC
from guance_aws_cloudfront.deadline import Deadline
from guance_aws_cloudfront.errors import RunSkipped, StepError
from guance_aws_cloudfront.func.digest import Digest
from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.func.state import State, claim_seconds
from guance_aws_cloudfront.guance.sink import Preview
from guance_aws_cloudfront.points.series import metrics_billed
from guance_aws_cloudfront.points.windows import Plan, Stretch, after_window, backlog_windows, held, merged
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.settings.config import CollectorConfig
from guance_aws_cloudfront.steps.events import report_changes
from guance_aws_cloudfront.steps.inventory import Inventory
from guance_aws_cloudfront.steps.listing import ActivityTracker, Listing, list_metrics
from guance_aws_cloudfront.steps.objects import are_objects_due, report_objects
from guance_aws_cloudfront.steps.old_points import OldPoints
from guance_aws_cloudfront.steps.plan import plan_run, say_what_is_asked
from guance_aws_cloudfront.steps.run import Run, end_run, open_sink
from guance_aws_cloudfront.steps.silence import look_for_late_values, watch_for_silence
from guance_aws_cloudfront.steps.targets import Targets, choose_targets
from guance_aws_cloudfront.steps.window import (
    asked_again_from,
    forget_settled,
    keep_sent,
    report_window,
    run_despite_timeout,
)
from guance_aws_cloudfront.text import count, iso_utc, some_of
from guance_aws_cloudfront.version import VERSION

RUNS_PER_MONTH = 30 * 24 * 12

Summary = Dict[str, Any]


def collect(
    account: Account,
    config: CollectorConfig,
    func: Any,
    clock: Any,
    is_dry_run: bool,
    deadline: Optional[Deadline] = None,
) -> Summary:
    """Collect and report one account once; with `is_dry_run`, show what would be written, and keep nothing.

    `func` is Func's global DFF, `clock` the module `time` or its like. No call to AWS outlasts the `deadline`, if there
    is one. Returns the summary. Raises CollectError when any part failed, RunSkipped while another run of the account
    is under way.
    """
    started = clock.monotonic()
    log = RunLog(account.account_name, account.secrets)
    state = State(func, account, log.warn, read_only=is_dry_run)
    summary: Summary = {"account": account.account_name, "partition": account.partition.name}
    target = "dry run, nothing is written" if is_dry_run else f'to the connector "{config.datakit_id}"'
    log.say(
        f'AWS CloudFront to Guance {VERSION}: account "{account.account_name}" ({account.partition.name}), '
        f"metrics from {account.cloudwatch_region}, {target}."
    )
    since = state.begin(clock, claim_seconds(config.time_limit))
    if since is not None:
        raise RunSkipped(
            f'Account "{account.account_name}": another run has been under way since {iso_utc(since)}; this one leaves '
            "the work to it. Nothing is lost."
        )
    aws: Optional[Aws] = None
    try:
        sent = state.digest(config.period)
        plan = plan_run(clock.time(), config, state, sent, log)
        sink = Preview() if is_dry_run else open_sink(func, config, clock, started, log)
        aws = Aws(account, config, VERSION, clock, lambda: config.time_limit - (clock.monotonic() - started), deadline)
        run = Run(account, config, clock, started, state, log, sink, aws, is_dry_run)
        report(run, plan, sent, summary)
    except StepError as error:
        log.fail(str(error))
    finally:
        state.end()
    return end_run(log, summary, aws, clock.monotonic() - started)


def report(run: Run, plan: Plan, sent: Digest, summary: Summary) -> None:
    """List the distributions, report what changed, their objects when due, and their metrics; `summary` is filled in.

    Raises StepError for what ends the run. What fails in a part of it is logged, and costs no other part.
    """
    objects_due = are_objects_due(run)
    inventory = Inventory(run.account, run.config, run.aws, run.state, run.log, objects_due)
    distributions = inventory.distributions()
    old_points = OldPoints(run, distributions)
    summary["events"] = report_changes(run, distributions, inventory.details(distributions.records), old_points)
    summary.update(distributions=len(distributions.records), objects=0)
    if distributions.listed and not distributions.records:
        run.log.warn("No distribution is chosen: nothing is collected, and the watermark stays where it is.")
        return
    listing = list_metrics(run.config, plan, run.now(), run.aws, run.log)
    if objects_due:
        extra_fields = inventory.extra_fields(distributions.records, listing.listed, run.now())
        summary["objects"] = report_objects(run, distributions, extra_fields)
    targets = choose_targets(run, distributions, listing, plan.start, objects_due)
    report_metrics(run, plan, sent, old_points, targets, listing, summary)


def report_metrics(
    run: Run,
    plan: Plan,
    sent: Digest,
    old_points: OldPoints,
    targets: Targets,
    listing: Listing,
    summary: Summary,
) -> None:
    """Report the metrics window by window: the recent minutes first, then what earlier runs left behind.

    After each window, and never before, the progress is kept: the watermark moves, and what was not answered or must
    wait goes into the backlog. Raises StepError when the sink or STORE fails: the next run goes on from here.
    """
    config, period, progress = run.config, plan.period, plan.start
    activity = ActivityTracker(run.state.recall("asked") if config.recently_active else None, plan)
    again = activity.active_again(targets.active_ids)
    if again is not None:
        run.log.say(f"Active again: {some_of(again.sources)}.")
        progress = progress._replace(backlog=merged([*progress.backlog, again]))
    progress, billed = look_for_late_values(run, progress)
    points: Counter[str] = Counter(new=0, changed=0, unchanged=0)
    done: List[List[str]] = []
    longest = 0.0
    recent = [Stretch(*plan.recent)] if plan.recent else []
    left = [*recent, *backlog_windows(progress.backlog, period)]
    until = plan.recent.end if plan.recent else progress.watermark
    if isinstance(run.sink, Preview):
        say_what_is_asked(run, targets)
    try:
        while left:
            window, before = left.pop(0), run.seconds_left()
            is_recent = window in recent
            # Well before Func's time-out, which would end the run without a word.
            if before < longest * 1.5:
                rest = count(len(left) + 1, "window")
                if run.is_dry_run:
                    run.log.warn(f"The time of a preview is over: {rest} are left out of it.")
                else:
                    run.log.warn(f"The time limit is near: {rest} left for the next run.")
                break
            if not is_recent and old_points.must_wait(window.end):
                progress = held(progress, window)
                run.state.save_progress(progress.as_json())
                continue
            series = targets.recent if is_recent else targets.of(window)
            report = report_window(run, window, series, targets.tags, sent, old_points, listing.failed)
            points.update(report.points)
            billed += report.billed
            longest = max(longest, before - run.seconds_left())
            if report.is_unanswered:
                # A window of the backlog may be of a single distribution, which must not cost the others theirs.
                if window.sources:
                    continue
                break
            done.append([iso_utc(window.start), iso_utc(window.end)])
            left_behind = report.left_behind(period, listing.failed)
            if is_recent or left_behind or window.end > asked_again_from(run, progress):
                # Before the progress, should the process be killed. An older window that later runs do not ask for
                # again need not be known to them.
                keep_sent(run, sent, progress, until)
            after = after_window(plan, progress, window, is_recent, left_behind)
            if is_recent:
                after = watch_for_silence(run, after, sent, window.end)
            run.state.save_progress(after.as_json())
            progress = after
            if left:
                # What is remembered takes no more memory, however many windows there are.
                forget_settled(run, sent, progress, until)
            if is_recent and config.recently_active:
                run.state.keep("asked", activity.after(targets.ids, targets.active_ids, progress.watermark))
    finally:
        # Also when Func's time-out ends the run, or STORE fails: what was sent must not be sent again.
        if not sent.is_saved:
            run_despite_timeout(lambda: keep_sent(run, sent, progress, until))
        summary.update(
            points=dict(points),
            windows=done,
            watermark=iso_utc(progress.watermark),
            waiting=[[iso_utc(stretch.start), iso_utc(stretch.end)] for stretch in progress.backlog],
            metrics_billed=billed,
            estimated_price_usd=round(billed * PRICE_PER_METRIC, 6),
        )
        monthly = metrics_billed(targets.recent) * RUNS_PER_MONTH * PRICE_PER_METRIC
        run.log.say(
            f"Cost: {count(billed, 'metric')} requested from GetMetricData, ${billed * PRICE_PER_METRIC:.5f}; a run "
            f"every 5 minutes is about ${monthly:.2f} a month."
        )
    old_points.warn_of_waiting(progress)
    if isinstance(run.sink, Preview):
        run.log.say(run.sink.shown())
