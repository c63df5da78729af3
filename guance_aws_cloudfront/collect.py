"""One run of one account, from the listing to the summary: list, objects, windows, metrics, points, sum."""

from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

from guance_aws_cloudfront.aws.client import Aws
from guance_aws_cloudfront.cloudfront.catalog import OBJECT_MEASUREMENT, PRICE_PER_METRIC
from guance_aws_cloudfront.deadline import Deadline
from guance_aws_cloudfront.errors import RunSkipped, StepError
from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.func.state import State
from guance_aws_cloudfront.guance.sink import Preview, ReportError, Sink, in_batches
from guance_aws_cloudfront.points.objects import object_point
from guance_aws_cloudfront.points.series import Series, metrics_billed, plan_series
from guance_aws_cloudfront.points.windows import Plan, plan_windows
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.settings.config import CollectorConfig
from guance_aws_cloudfront.steps.events import report_changes
from guance_aws_cloudfront.steps.fetch import Tools
from guance_aws_cloudfront.steps.inventory import Distributions, Inventory
from guance_aws_cloudfront.steps.listing import Listing, Wakeful, list_metrics
from guance_aws_cloudfront.steps.minutes import MinuteReporter
from guance_aws_cloudfront.text import calls_made, count, duration, iso_utc, minute_utc
from guance_aws_cloudfront.version import VERSION

# A crontab fires some seconds early or late; an interval must not become one run longer by that.
OBJECT_SLACK = 60
# A claim on an account outlasts the run's time limit a little: the last write, and the end of the run.
CLAIM_SLACK = 60
RUNS_PER_MONTH = 30 * 24 * 12

Record = Dict[str, Any]


class Run:
    """One run for one account; not to be used twice. With `dry_run` nothing is written and nothing kept.

    `task_limit` is the time limit, in seconds, of the task that the run is a part of. No call to AWS outlasts the
    `deadline`, if there is one.
    """

    def __init__(
        self,
        account: Account,
        config: CollectorConfig,
        func: Any,
        clock: Any,
        dry_run: bool,
        task_limit: int,
        deadline: Optional[Deadline] = None,
    ) -> None:
        self._account, self._config, self._func, self._clock, self._dry_run = account, config, func, clock, dry_run
        self._started, self._task_limit = clock.monotonic(), task_limit
        self._log = RunLog(account.account_name, account.secrets)
        self._state = State(func, account, self._log.warn, read_only=dry_run)
        self._aws: Optional[Aws] = None
        self._deadline = deadline
        self._objects_failed = False
        self._summary: Dict[str, Any] = {"account": account.account_name, "partition": account.partition.name}
        what = "dry run, nothing is written" if dry_run else f'to the connector "{config.datakit_id}"'
        self._log.say(
            f'AWS CloudFront to Guance {VERSION}: account "{account.account_name}" ({account.partition.name}), '
            f"metrics from {account.cloudwatch_region}, {what}."
        )

    def collect(self) -> Dict[str, Any]:
        """All steps of a run; the summary, or CollectError when any part failed. RunSkipped while another one runs."""
        since = self._state.begin(self._clock.time(), self._task_limit + CLAIM_SLACK)
        if since is not None:
            raise RunSkipped(
                f'Account "{self._account.account_name}": another run has been under way since {iso_utc(since)}; this '
                "one leaves the work to it. Nothing is lost."
            )
        try:
            self._collect()
        except StepError as error:
            self._log.fail(str(error))
        finally:
            self._state.end()
        return self._end()

    def _collect(self) -> None:
        plan = self._plan()
        sink = self._sink()
        due = self._objects_due()
        inventory = Inventory(self._account, self._config, self._connect(), self._state, self._log, due)
        listed = self._connect().distributions()
        distributions = inventory.chosen(listed)
        records = distributions.records
        self._summary["events"] = report_changes(
            self._account,
            self._config,
            listed,
            records,
            inventory.details(records),
            distributions.resource_tags,
            self._state,
            sink,
            self._log,
            int(self._clock.time()),
        )
        self._summary.update(distributions=len(records), objects=0)
        if not records and distributions.functions is not None:
            self._log.warn("No distribution is chosen: nothing is collected, and the watermark stays where it is.")
            return
        listing = list_metrics(self._config, plan, self._clock.time(), self._connect(), self._log)
        if due:
            self._report_objects(distributions, inventory.extra_fields(records, listing.listed), sink)
        self._report_minutes(distributions, listing, plan, sink)

    def _connect(self) -> Aws:
        if self._aws is None:
            self._aws = Aws(self._account, self._config, VERSION, self._clock, self._seconds_left, self._deadline)
        return self._aws

    def _sink(self) -> Union[Sink, Preview]:
        return Preview() if self._dry_run else Sink(self._func, self._config.datakit_id, self._wait, self._log.warn)

    def _plan(self) -> Plan:
        known = self._state.watermark()
        plan = plan_windows(self._clock.time(), known, self._config)
        if known is None:
            # Kept before the first call, so that a first hour of failures is caught up later and not forgotten.
            self._state.save_watermark(plan.watermark)
            self._log.say(f"First run: collecting from {minute_utc(plan.watermark)} UTC on.")
        if plan.given_up:
            lost = duration(plan.given_up.end - plan.given_up.start)
            self._log.warn(
                f"{lost} from {minute_utc(plan.given_up.start)} to {minute_utc(plan.given_up.end)} UTC are given up: "
                f"'max_catch_up' is {duration(self._config.max_catch_up)}. To have them all the same, within 15 days, "
                'see "Begin anew" in README.'
            )
        return plan

    def _objects_due(self) -> bool:
        now, last = int(self._clock.time()), self._state.objects_at()
        if last is None or not last <= now < last + self._config.object_interval - OBJECT_SLACK:
            return True
        self._log.say(f"Objects: not due before {minute_utc(last + self._config.object_interval)} UTC.")
        return False

    def _report_objects(
        self, distributions: Distributions, extra_fields: Mapping[str, Mapping[str, Any]], sink: Union[Sink, Preview]
    ) -> None:
        now = int(self._clock.time())
        points = [
            object_point(
                record, self._account, now, distributions.resource_tags[record["Id"]], extra_fields[record["Id"]]
            )
            for record in distributions.records
        ]
        self._summary["objects"] = written = sum(self._write_objects(batch, sink) for batch in in_batches(points))
        would = "would be reported" if self._dry_run else "reported"
        self._log.say(f"Objects: {written:,} {would} as {OBJECT_MEASUREMENT}.")
        if not self._objects_failed:
            self._state.save_objects_at(now)

    def _write_objects(self, batch: List[Record], sink: Union[Sink, Preview]) -> int:
        """How many of the objects were written."""
        if self._seconds_left() <= 0:
            raise StepError("The time limit is over before all objects were written; the next run goes on.")
        written: List[int] = []
        try:
            for position, said in sink.write("custom_object", batch, written.append):
                name = batch[position]["tags"]["Id"]
                self._log.fail(f"The sink refused the object of {name} ({said}). Report it with this line.")
        except ReportError as error:
            # A sink that lives may still take the metrics.
            if error.status == 0:
                raise
            self._objects_failed = True
            self._log.fail(f"Objects: {error}")
        return len(written)

    def _report_minutes(
        self, distributions: Distributions, listing: Listing, plan: Plan, sink: Union[Sink, Preview]
    ) -> None:
        every = [record["Id"] for record in distributions.records]
        ids = every if listing.active is None else [key for key in every if key in listing.active]
        wakeful = Wakeful(self._state.recall("asked") if self._config.recently_active else None, plan)
        if listing.active is not None:
            self._log.say(f"Active in the last 3 hours: {len(ids):,} of {len(every):,}; no others are asked for.")
        series = plan_series(
            ids, self._config.metrics, listing.listed, self._config.named_metrics, distributions.functions
        )
        tools = Tools(self._account, self._config, self._connect(), sink, self._state, self._log, self._seconds_left)
        woken = wakeful.woken(ids)
        reporter = MinuteReporter(tools, distributions, series, plan, listing.failed, woken)
        try:
            reporter.report()
        finally:
            if self._config.recently_active:
                # Where metrics may be missing, those that woke up are to be asked for once more.
                asleep = set(woken) if listing.failed else reporter.not_woken
                reported = [key for key in ids if key not in asleep]
                self._state.keep("asked", wakeful.after(every, reported, reporter.watermark))
            self._sum_up(reporter, series)

    def _sum_up(self, reporter: MinuteReporter, series: Sequence[Series]) -> None:
        self._summary.update(
            points=dict(reporter.points),
            windows=[[iso_utc(window.start), iso_utc(window.end)] for window in reporter.windows],
            watermark=iso_utc(reporter.watermark),
            metrics_billed=reporter.billed,
            estimated_price_usd=round(reporter.billed * PRICE_PER_METRIC, 6),
        )
        self._log.say(
            f"Cost: {count(reporter.billed, 'metric')} asked of GetMetricData, "
            f"${reporter.billed * PRICE_PER_METRIC:.5f}; a run every 5 minutes is about "
            f"${metrics_billed(series) * RUNS_PER_MONTH * PRICE_PER_METRIC:.2f} a month."
        )

    def _seconds_left(self) -> float:
        return float(self._config.time_limit - (self._clock.monotonic() - self._started))

    def _wait(self, seconds: float, why: str) -> bool:
        """Pause before another attempt at a write, if the time limit has room for it."""
        if self._seconds_left() <= seconds:
            return False
        self._log.say(f"  The sink did not take it ({why}); again in {seconds:.0f} s.")
        self._clock.sleep(seconds)
        return True

    def _end(self) -> Dict[str, Any]:
        calls = dict(sorted(self._aws.calls.items())) if self._aws else {}
        self._summary["calls"] = calls
        seconds = self._clock.monotonic() - self._started
        self._log.say(f"AWS calls: {calls_made(calls)}. Done in {seconds:.1f} s.")
        return self._log.end(self._summary)
