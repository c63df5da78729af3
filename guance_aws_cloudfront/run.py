"""One run, as the story of the data: list, objects, windows, metrics, points, sum."""

from typing import Any, Dict, List, Optional, Sequence, Union

from guance_aws_cloudfront.aws import Aws
from guance_aws_cloudfront.aws_errors import AwsDeniedError, AwsError
from guance_aws_cloudfront.catalog import DEFAULT_METRICS, FUNCTION, OBJECT_MEASUREMENT, PRICE_PER_METRIC
from guance_aws_cloudfront.config import Account, CollectorConfig
from guance_aws_cloudfront.distributions import choose, idle_patterns
from guance_aws_cloudfront.errors import RunSkipped, StepError
from guance_aws_cloudfront.metrics import incomplete, metric_data_request
from guance_aws_cloudfront.minutes import MinuteReporter, Tools
from guance_aws_cloudfront.objects import object_point
from guance_aws_cloudfront.report import Preview, ReportError, Sink, in_batches
from guance_aws_cloudfront.series import Listed, Series, metrics_billed, plan_series
from guance_aws_cloudfront.state import State
from guance_aws_cloudfront.story import Story
from guance_aws_cloudfront.text import count, duration, iso_utc, minute_utc
from guance_aws_cloudfront.windows import Plan, Window, plan_windows

VERSION = "0.1.0"
# A crontab fires some seconds early or late; an interval must not become one run longer by that.
OBJECT_SLACK = 60
# A claim on an account outlasts the run's time limit a little: the last write, and the end of the run.
CLAIM_SLACK = 60
RUNS_PER_MONTH = 30 * 24 * 12

Record = Dict[str, Any]


class Run:
    """One run for one account; not to be used twice. With `dry_run` nothing is written and nothing kept."""

    def __init__(self, account: Account, config: CollectorConfig, func: Any, clock: Any, dry_run: bool) -> None:
        self._account, self._config, self._func, self._clock, self._dry_run = account, config, func, clock, dry_run
        self._started = clock.monotonic()
        self._story = Story(account.account_name, account.secrets)
        self._state = State(func, account, self._story.warn, read_only=dry_run)
        self._aws: Optional[Aws] = None
        self._objects_failed = self._listing_failed = False
        self._summary: Dict[str, Any] = {"account": account.account_name, "partition": account.partition.name}
        what = "dry run, nothing is written" if dry_run else f'to the connector "{config.datakit_id}"'
        self._story.say(
            f'AWS CloudFront to Guance {VERSION}: account "{account.account_name}" ({account.partition.name}), '
            f"metrics from {account.cloudwatch_region}, {what}."
        )

    def collect(self) -> Dict[str, Any]:
        """All steps of a run; the summary, or CollectError when any part failed. RunSkipped while another one runs."""
        since = self._state.begin(self._clock.time(), self._config.time_limit + CLAIM_SLACK)
        if since is not None:
            raise RunSkipped(
                f'Account "{self._account.account_name}": another run has been under way since {iso_utc(since)}; this '
                "one leaves the work to it. Nothing is lost."
            )
        try:
            self._collect()
        except StepError as error:
            self._story.fail(str(error))
        finally:
            self._state.end()
        return self._end()

    def _collect(self) -> None:
        plan = self._plan()
        sink = self._sink()
        records = self._chosen(self._connect().distributions())
        self._report_objects(records, sink)
        ids = [record["Id"] for record in records]
        series = plan_series(ids, self._config.metrics, self._listed(), self._config.named_metrics)
        self._report_minutes(records, series, plan, sink)

    def _chosen(self, listed: List[Record]) -> List[Record]:
        """The distributions to collect, which is said."""
        chosen = choose(listed, self._config.distributions)
        self._summary["distributions"] = len(chosen)
        of_them = f", {len(chosen):,} chosen" if self._config.distributions else ""
        said = f"{len(listed):,} listed{of_them}" if listed else "there are none"
        self._story.say(f"Distributions: {said}.")
        for text in idle_patterns(listed, self._config.distributions):
            self._story.warn(text)
        return chosen

    def check(self) -> Dict[str, Any]:
        """Each call of a run once, and one object written; the summary, or CollectError with what is missing."""
        records: List[Record] = []
        with self._story.part("CloudFront, cloudfront:ListDistributions"):
            records = self._connect().distributions()
        with self._story.part("CloudWatch, cloudwatch:GetMetricData"):
            self._try_metrics(records)
        if self._config.other_metrics:
            with self._story.part("CloudWatch, cloudwatch:ListMetrics (for metrics beyond the default ones)"):
                self._connect().listed_metrics()
        self._try_sink(records)
        with self._story.part("Func, STORE"):
            self._state.watermark()
        self._summary["distributions"] = len(records)
        return self._end()

    def _connect(self) -> Aws:
        if self._aws is None:
            self._aws = Aws(self._account, self._config, f"guance_aws_cloudfront/{VERSION}")
        return self._aws

    def _sink(self) -> Union[Sink, Preview]:
        return Preview() if self._dry_run else Sink(self._func, self._config.datakit_id, self._wait, self._story.warn)

    def _try_sink(self, records: Sequence[Record]) -> None:
        connector = f'Func, connector "{self._config.datakit_id}"'
        if self._dry_run or not records:
            with self._story.part(f"{connector} exists"):
                Sink(self._func, self._config.datakit_id)
            why = "'dry_run' is set" if self._dry_run else "no distribution is known"
            self._story.say(f"untried {connector}, writing an object: {why}.")
            return
        with self._story.part(f"{connector}, writing an object"):
            # Of a single point, the sink refuses all: an error.
            sink = Sink(self._func, self._config.datakit_id)
            sink.write("custom_object", self._object_points(records[:1]), lambda position: None)

    def _try_metrics(self, records: Sequence[Record]) -> None:
        # CloudWatch answers for a distribution that does not exist too: with no values.
        series = plan_series([record["Id"] for record in records[:1]] or ["NONE"], DEFAULT_METRICS)
        end = int(self._clock.time()) // self._config.period * self._config.period
        request = metric_data_request(series, Window(end - self._config.period, end), self._config.period)
        for answer in self._connect().metric_data([request]):
            if isinstance(answer, AwsError):
                raise answer
            for said, failed in incomplete(series, answer).items():
                raise StepError(f"CloudWatch did not answer {count(len(failed), 'metric')} completely ({said}).")

    def _listed(self) -> Optional[Listed]:
        """What ListMetrics shows, where the chosen metrics need it; None where it is not needed or not allowed.

        When it fails, nothing; then the default metrics are collected, and the next run asks for everything again.
        """
        others = self._config.other_metrics
        if not others:
            return None
        try:
            listed = self._connect().listed_metrics()
        except AwsDeniedError as denied:
            named = self._config.named_metrics
            asked = [metric.name for metric in others if metric.name in named and metric.group != FUNCTION]
            left_out = [metric.name for metric in others if metric.name not in asked]
            self._story.warn(
                f"{denied} Until then, asked for at every distribution: {', '.join(asked) or 'nothing more'}; "
                f"left out: {', '.join(left_out) or 'nothing'}."
            )
            return None
        except AwsError as error:
            self._story.fail(f"{error} Until then, only the default metrics are collected.")
            self._listing_failed = True
            return {}
        self._story.say(f"Metrics: {sum(map(len, listed.values())):,} listed.")
        return listed

    def _plan(self) -> Plan:
        known = self._state.watermark()
        plan = plan_windows(self._clock.time(), known, self._config)
        if known is None:
            # Kept before the first call, so that a first hour of failures is caught up later and not forgotten.
            self._state.save_watermark(plan.watermark)
            self._story.say(f"First run: collecting from {minute_utc(plan.watermark)} UTC on.")
        if plan.given_up:
            lost = duration(plan.given_up.end - plan.given_up.start)
            self._story.warn(
                f"{lost} from {minute_utc(plan.given_up.start)} to {minute_utc(plan.given_up.end)} UTC are given up: "
                f"'max_catch_up' is {duration(self._config.max_catch_up)}. Up to 15 days can be caught up."
            )
        return plan

    def _report_objects(self, records: Sequence[Record], sink: Union[Sink, Preview]) -> None:
        now, last = int(self._clock.time()), self._state.objects_at()
        due = last is None or not last <= now < last + self._config.object_interval - OBJECT_SLACK
        self._summary["objects"] = 0
        if not due and last is not None:
            self._story.say(f"Objects: not due before {minute_utc(last + self._config.object_interval)} UTC.")
            return
        written = sum(self._write_objects(batch, sink) for batch in in_batches(self._object_points(records)))
        self._summary["objects"] = written
        would = "would be reported" if self._dry_run else "reported"
        self._story.say(f"Objects: {written:,} {would} as {OBJECT_MEASUREMENT}.")
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
                self._story.fail(f"The sink refused the object of {name} ({said}). Report it with this line.")
        except ReportError as error:
            # A sink that lives may still take the metrics.
            if error.status == 0:
                raise
            self._objects_failed = True
            self._story.fail(f"Objects: {error}")
        return len(written)

    def _object_points(self, records: Sequence[Record]) -> List[Dict[str, Any]]:
        now = int(self._clock.time())
        return [object_point(record, self._account, now) for record in records]

    def _report_minutes(
        self, records: Sequence[Record], series: Sequence[Series], plan: Plan, sink: Union[Sink, Preview]
    ) -> None:
        tools = Tools(self._account, self._config, self._connect(), sink, self._state, self._story, self._seconds_left)
        reporter = MinuteReporter(tools, records, series, plan, all_partial=self._listing_failed)
        try:
            reporter.report()
        finally:
            self._summary.update(
                points=dict(reporter.points),
                windows=[[iso_utc(window.start), iso_utc(window.end)] for window in reporter.windows],
                watermark=iso_utc(reporter.watermark),
                metrics_billed=reporter.billed,
                estimated_price_usd=round(reporter.billed * PRICE_PER_METRIC, 6),
            )
            self._story.say(
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
        self._story.say(f"  The sink did not take it ({why}); again in {seconds:.0f} s.")
        self._clock.sleep(seconds)
        return True

    def _end(self) -> Dict[str, Any]:
        calls = dict(sorted(self._aws.calls.items())) if self._aws else {}
        self._summary["calls"] = calls
        seconds = self._clock.monotonic() - self._started
        made = ", ".join(f"{number} {name}" for name, number in calls.items()) or "none"
        self._story.say(f"AWS calls: {made}. Done in {seconds:.1f} s.")
        return self._story.end(self._summary)
