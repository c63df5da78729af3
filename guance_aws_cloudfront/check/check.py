"""The check: what a run needs is tried once, all of it also when something fails, and nothing is kept of it."""

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any, Dict, List, Optional, Sequence

from guance_aws_cloudfront.aws.client import Aws
from guance_aws_cloudfront.aws.errors import AwsError
from guance_aws_cloudfront.check.actions import OPTIONAL_ACTIONS, OptionalAction, try_optional
from guance_aws_cloudfront.check.host import clock_row, versions_row
from guance_aws_cloudfront.check.table import CheckTable, Missing, Untried
from guance_aws_cloudfront.cloudfront.catalog import DEFAULT_METRICS, PRICE_PER_METRIC
from guance_aws_cloudfront.errors import StepError
from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.func.state import State
from guance_aws_cloudfront.guance.sink import AGAIN, ReportError, Sink
from guance_aws_cloudfront.points.answers import Answers, incomplete
from guance_aws_cloudfront.points.objects import object_point
from guance_aws_cloudfront.points.queries import metric_data_request
from guance_aws_cloudfront.points.series import Series, plan_series
from guance_aws_cloudfront.points.windows import Window
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.settings.config import CollectorConfig
from guance_aws_cloudfront.steps.inventory import Inventory
from guance_aws_cloudfront.text import calls_made, count, minute_utc, some_of
from guance_aws_cloudfront.version import VERSION

# `Requests` of so many distributions tell where CloudFront's metrics are, for at most a tenth of a cent.
MOST_ASKED = 100
HOURS, PERIOD = 3, 300


class Check:
    """One check of one account; not to be used twice. With `dry_run` nothing is written, not even for a moment."""

    def __init__(self, account: Account, config: CollectorConfig, func: Any, clock: Any, dry_run: bool) -> None:
        self._account, self._config, self._func, self._clock, self._dry_run = account, config, func, clock, dry_run
        self._started = clock.monotonic()
        self._log = RunLog(account.account_name, account.secrets)
        self._state = State(func, account, self._log.warn, read_only=dry_run)
        self._connections: List[Aws] = []
        self._records: List[Dict[str, Any]] = []
        # All that there are; None before AWS has told.
        self._listed: Optional[List[Dict[str, Any]]] = None
        # The object to write, of one of them.
        self._objects: List[Dict[str, Any]] = []
        self._no_records = "no distribution is known"
        # Why AWS need not be asked anything more.
        self._reason = ""
        # Of how many distributions there were values; None before CloudWatch has answered.
        self._with_values: Optional[int] = None
        self._billed = 0

    def run(self) -> Dict[str, Any]:
        """Print the table; the summary with its rows (`checks`), or CollectError with a sentence for each failure."""
        self._log.say(
            f'Check of AWS CloudFront to Guance {VERSION}: account "{self._account.account_name}" '
            f'({self._account.partition.name}), connector "{self._config.datakit_id}".'
        )
        table = CheckTable(self._log)
        if self._account.role_arn:
            table.row("sts:AssumeRole", self._role)
        table.row("who am I", self._who)
        table.row("cloudfront:ListDistributions", self._distributions, required=True)
        table.row("cloudwatch:GetMetricData", self._metrics, required=True)
        table.row("CloudWatch's region", self._region)
        for optional in OPTIONAL_ACTIONS:
            table.row(optional.action, partial(self._optional, optional))
        table.row("distributions", self._choice)
        table.row("connector", self._connector)
        table.row("Func's STORE", self._store)
        table.row("Func's CACHE", self._cache)
        table.row("clock", self._clocks)
        table.row("versions", partial(versions_row, VERSION))
        return self._end(table)

    def _connect(self, account: Account) -> Aws:
        self._connections.append(Aws(account, self._config, VERSION, self._clock))
        return self._connections[-1]

    def _aws(self) -> Aws:
        """What AWS is asked through; Untried where that could not be made."""
        if not self._connections or self._reason:
            raise Untried(self._reason or "AWS cannot be asked, see above")
        # A call may hang for a minute, and Func's time-out would end the check without a word.
        if self._clock.monotonic() - self._started > self._config.time_limit / 2:
            raise Untried("the calls before took too long")
        return self._connections[0]

    def _role(self) -> str:
        self._connect(self._account)
        return f"needed by your configuration; {self._account.role_arn}"

    def _who(self) -> str:
        aws = self._aws() if self._account.role_arn else self._connect(self._account)
        try:
            return f"{aws.caller()} (sts:GetCallerIdentity, needs no permission)"
        except AwsError as error:
            if error.is_of_key:
                self._reason = "AWS does not take the access key, see above"
                raise
            raise Missing(f"{error} A run does not ask this.") from None

    def _distributions(self) -> str:
        self._records = self._listed = self._aws().distributions()
        self._no_records = "there is no distribution"
        if not any(self._config.distributions):
            # Should it be too late for more of them, one as it is will do.
            self._objects = [self._object(record, {}, {}) for record in self._records[:1]]
        return f"required; {count(len(self._records), 'distribution')}"

    def _choice(self) -> str:
        """Which distributions a run would collect, with their resource tags, just as it finds them."""
        aws, quiet = self._aws(), RunLog(self._account.account_name, self._account.secrets, is_quiet=True)
        unkept = State(self._func, self._account, quiet.warn, read_only=True)
        inventory = Inventory(self._account, self._config, aws, unkept, quiet, objects_due=True)
        listed = len(self._listed or ())
        if any(self._config.distributions):
            self._no_records = "it is not known which are chosen"
        if self._listed is None:
            raise Untried("no distribution is known")
        self._records, tags, *_ = inventory.chosen(self._listed)
        if self._listed and not self._records:
            self._no_records = "'distributions' chooses none"
            raise StepError(f"'distributions' chooses none of {listed:,}. {' '.join(quiet.warnings)}")
        extra_fields = inventory.extra_fields(self._records[:1], None)
        self._objects = [
            self._object(record, tags[record["Id"]], extra_fields[record["Id"]]) for record in self._records[:1]
        ]
        if quiet.failures:
            raise StepError(" ".join(quiet.failures))
        if quiet.warnings:
            raise Missing(" ".join(quiet.warnings), needed=True)
        keys = sorted({key for of_one in tags.values() for key in of_one})
        with_tags = f"; resource tags {some_of(keys)}" if keys else ""
        return f"{len(self._records):,} of {listed:,} would be collected{with_tags}"

    def _object(self, record: Dict[str, Any], tags: Dict[str, str], extra_fields: Dict[str, Any]) -> Dict[str, Any]:
        return object_point(record, self._account, int(self._clock.time()), tags, extra_fields)

    def _metrics(self) -> str:
        # CloudWatch answers for a distribution that does not exist too: with no values.
        series = self._series() or plan_series(["NONE"], DEFAULT_METRICS[:1])
        answers = self._ask(self._aws(), series)
        self._with_values = _with_values(answers)
        for said, failed in incomplete(series, answers).items():
            raise StepError(f"CloudWatch did not answer {count(len(failed), 'metric')} completely ({said}).")
        return f"required; {count(len(series), 'metric')} asked for and answered"

    def _region(self) -> str:
        region, asked = self._account.cloudwatch_region, len(self._series())
        if self._with_values is None or not asked:
            raise Untried("cloudwatch:GetMetricData has no answer" if asked else self._no_records)
        if self._with_values:
            of = count(asked, "distribution")
            return f"values of {self._with_values} of {of} in {region} in the last {HOURS} h"
        for other in self._account.partition.cloudwatch_regions:
            if other != region and self._with_values_in(other):
                raise StepError(f"CloudFront's metrics are in {other}, not in {region}: set 'cloudwatch_region' to it.")
        raise Untried(f"no values of {HOURS} h in {region}: without traffic there are none; check again when there is")

    def _with_values_in(self, region: str) -> int:
        self._aws()
        try:
            aws = self._connect(replace(self._account, cloudwatch_region=region))
            return _with_values(self._ask(aws, self._series()))
        except AwsError as error:
            raise Untried(f"no values of {HOURS} h in {self._account.cloudwatch_region}; {region}: {error}") from None

    def _series(self) -> List[Series]:
        return plan_series([record["Id"] for record in self._records[:MOST_ASKED]], DEFAULT_METRICS[:1])

    def _ask(self, aws: Aws, series: Sequence[Series]) -> Answers:
        end = int(self._clock.time()) // PERIOD * PERIOD
        (answers,) = aws.metric_data([metric_data_request(series, Window(end - HOURS * 3600, end), PERIOD)])
        if isinstance(answers, AwsError):
            raise answers
        self._billed += len(series)
        return answers

    def _optional(self, optional: OptionalAction) -> str:
        aws = self._aws()
        if optional.of_one and not self._records:
            raise Untried(self._no_records)
        return try_optional(optional, aws, self._records, self._config)

    def _connector(self) -> str:
        sink = Sink(self._func, self._config.datakit_id)
        if self._dry_run or not self._objects:
            why = "'dry_run' is set" if self._dry_run else self._no_records
            raise Untried(f'"{self._config.datakit_id}" is there; no object was written, for {why}')
        # Of a single point, the sink refuses all: an error.
        try:
            sink.write("custom_object", self._objects, lambda _: None)
        except ReportError as error:
            # Of a check, there is nothing to send again.
            raise StepError(str(error).replace(AGAIN, "").strip()) from None
        return f'"{self._config.datakit_id}" took an object, of {self._objects[0]["tags"]["Id"]}'

    def _store(self) -> str:
        known = self._state.watermark() if self._state.objects_at() is not None else None
        reported = "nothing reported yet" if known is None else f"reported up to {minute_utc(known)} UTC"
        return f"{self._keeps('STORE')}; {reported}"

    def _cache(self) -> str:
        return self._keeps("CACHE")

    def _keeps(self, storage: str) -> str:
        self._state.try_storage(storage)
        return "can be read; not written, for 'dry_run' is set" if self._dry_run else "can be written, read and emptied"

    def _clocks(self) -> str:
        return clock_row([aws.clock_ahead for aws in self._connections if aws.clock_ahead is not None])

    def _end(self, table: CheckTable) -> Dict[str, Any]:
        calls = sum((aws.calls for aws in self._connections), Counter())
        seconds = self._clock.monotonic() - self._started
        self._log.say(
            f"AWS calls: {calls_made(calls)}; {count(self._billed, 'metric')} asked of GetMetricData, "
            f"${self._billed * PRICE_PER_METRIC:.5f}. Done in {seconds:.1f} s."
        )
        self._log.say(table.verdict())
        summary = {
            "account": self._account.account_name,
            "partition": self._account.partition.name,
            "distributions": len(self._records),
            "calls": dict(sorted(calls.items())),
            "checks": table.rows(),
        }
        return self._log.end(summary, "check")


def _with_values(answers: Answers) -> int:
    return sum(1 for answer in answers.queries if answer.values)
