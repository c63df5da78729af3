"""The check: everything that a run needs is tried once, also when something before it has failed; a row for each."""

from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence

from guance_aws_cloudfront.aws.client import Aws
from guance_aws_cloudfront.aws.errors import AwsError
from guance_aws_cloudfront.check.actions import OPTIONAL_ACTIONS, optional_row
from guance_aws_cloudfront.check.calls import AwsCalls
from guance_aws_cloudfront.check.delivered import RECENT, delivered_row, sought_object, sought_points
from guance_aws_cloudfront.check.host import clock_row, versions_row
from guance_aws_cloudfront.check.table import FAILED, MISSING, OK, UNTRIED, Attempt, CheckTable, Row, attempt, row_of
from guance_aws_cloudfront.cloudfront.catalog import DEFAULT_METRICS, PRICE_PER_METRIC
from guance_aws_cloudfront.deadline import EDITOR_SECONDS, Deadline, DeadlineError
from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.func.state import State
from guance_aws_cloudfront.guance.sink import AGAIN, Sink
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

# The part of its time in which AWS is asked; the rest is for storage and the connector, whose helper waits for 10 s.
OF_AWS = 0.75
# `Requests` of so many distributions tell where CloudFront's metrics are, for at most a tenth of a cent.
MOST_ASKED = 100
HOURS, PERIOD = 3, 300

Record = Dict[str, Any]


class MoreRows(NamedTuple):
    """What a check tries beside what a run needs.

    `connection` makes the connection to AWS in the place of the class `Aws`; `rows` tries it, of all distributions, at
    a time in epoch seconds.
    """

    connection: Callable[..., Aws]
    rows: Callable[[AwsCalls, Sequence[Record], int], Iterable[Row]]


def check(
    account: Account,
    config: CollectorConfig,
    func: Any,
    clock: Any,
    dry_run: bool,
    more: Optional[MoreRows] = None,
) -> Dict[str, Any]:
    """Try all that a run of the account needs, and print a table of it, row by row.

    `func` is Func's global DFF, `clock` the module `time` or its like. One object is written, as a run writes it; with
    `dry_run` nothing is, not even for a moment. Returns the summary with the rows (`checks`); CollectError with a
    sentence for each failure.
    """
    seconds = min(EDITOR_SECONDS, config.time_limit)
    deadline = Deadline(seconds, clock)
    aws = AwsCalls(account, config, clock, seconds * OF_AWS, more.connection if more else Aws)
    log = RunLog(account.account_name, account.secrets)
    state = State(func, account, log.warn, read_only=dry_run)
    log.say(
        f'Check of AWS CloudFront to Guance {VERSION}: account "{account.account_name}" ({account.partition.name}), '
        f'connector "{config.datakit_id}".'
    )
    table = CheckTable(log)
    connected = aws.connect()
    if account.role_arn:
        table.add(row_of("sts:AssumeRole", connected, lambda _: f"needed by your configuration; {account.role_arn}"))
    if connected.error and not account.role_arn:
        table.add(Row(FAILED, "who am I", str(connected.error)))
    else:
        table.add(_caller_row(aws.ask(Aws.caller)))

    listed = aws.ask(lambda connection: connection.distributions(log.warn))
    table.add(
        row_of(
            "cloudfront:ListDistributions",
            listed,
            lambda records: f"required; {count(len(records), 'distribution')}",
            required=True,
        )
    )
    records: List[Record] = listed.answer or []
    no_records = "no distribution is known" if listed.answer is None else "there is no distribution"

    now = int(clock.time())
    series = plan_series([record["Id"] for record in records[:MOST_ASKED]], DEFAULT_METRICS[:1])
    # CloudWatch answers for a distribution that does not exist too, with no values.
    asked = series or plan_series(["NONE"], DEFAULT_METRICS[:1])
    measured = aws.ask(lambda connection: _measured(connection, asked, now))
    table.add(_metrics_row(measured, asked))
    billed = len(asked) if measured.answer else 0
    search = _search_region(account, aws, series, measured, now, no_records)
    table.add(search.row)
    billed += search.billed

    for optional in OPTIONAL_ACTIONS:
        if not optional.applies(records):
            continue
        reason = no_records if optional.of_one and not records else ""
        table.add(optional_row(optional, aws.ask(optional.of(records), unless=reason), config))

    choice = _choose(account, config, func, aws, listed, now)
    table.add(choice.row)
    for row in more.rows(aws, records, now) if more else ():
        table.add(row)
    written = _write(func, config.datakit_id, choice, dry_run, deadline)
    table.add(written.row)
    table.add(_store_row(state, dry_run))
    table.add(_cache_row(state, dry_run))
    table.add(clock_row(aws.clock_ahead()))
    table.add(versions_row(VERSION))
    # Last, so that what was written has had some time to arrive.
    if written.sink:
        sought = [sought_object(choice.points[0])]
        points = sought_points(_sent_lately(account, func, config, now), [it["Id"] for it in records], config)
        table.add(delivered_row(written.sink, [*sought, points] if points else sought, clock, deadline))
    else:
        table.add(Row(UNTRIED, "delivered", "no object was written"))

    calls = aws.calls()
    log.say(
        f"AWS calls: {calls_made(calls)}; {count(billed, 'metric')} requested from GetMetricData, "
        f"${billed * PRICE_PER_METRIC:.5f}. Done in {seconds - deadline.left():.1f} s."
    )
    log.say(table.verdict())
    summary = {
        "account": account.account_name,
        "partition": account.partition.name,
        "distributions": choice.distributions,
        "calls": calls,
        "checks": table.rows(),
    }
    return log.end(summary, "check")


def _caller_row(asked: Attempt) -> Row:
    """Who the key or role is. A run does not ask this, so only a key that AWS refuses is a failure."""
    row = row_of("who am I", asked, lambda arn: f"{arn} (sts:GetCallerIdentity, needs no permission)")
    if isinstance(asked.error, AwsError) and not asked.error.is_of_key:
        return row._replace(result=MISSING, detail=f"{asked.error} A run does not ask this.")
    return row


def _measured(aws: Aws, series: Sequence[Series], now: int) -> Answers:
    """What CloudWatch answers to the series, of the last hours; AwsError when it does not."""
    end = now // PERIOD * PERIOD
    (answers,) = aws.metric_data([metric_data_request(series, Window(end - HOURS * 3600, end), PERIOD)])
    if isinstance(answers, AwsError):
        raise answers
    return answers


def _with_values(answers: Answers) -> int:
    return sum(1 for answer in answers.queries if answer.values)


def _metrics_row(measured: Attempt, series: Sequence[Series]) -> Row:
    what, asked = "cloudwatch:GetMetricData", count(len(series), "metric")
    row = row_of(what, measured, lambda _: f"required; {asked} requested and answered", required=True)
    for said, failed in incomplete(series, measured.answer).items() if measured.answer else ():
        detail = f"CloudWatch did not answer {count(len(failed), 'metric')} completely ({said})."
        return row._replace(result=FAILED, detail=detail)
    return row


class RegionSearch(NamedTuple):
    """Whether CloudFront's metrics are in the region that is asked, and how many metrics it took to tell."""

    row: Row
    billed: int = 0


def _search_region(
    account: Account, aws: AwsCalls, series: Sequence[Series], measured: Attempt, now: int, no_records: str
) -> RegionSearch:
    """`measured` is what the account's region has answered to the series; others are asked when it has no values."""
    what, region = "CloudWatch's region", account.cloudwatch_region
    if measured.answer is None or not series:
        untried = "cloudwatch:GetMetricData has no answer" if series else no_records
        return RegionSearch(Row(UNTRIED, what, untried))
    found, of = _with_values(measured.answer), count(len(series), "distribution")
    if found:
        return RegionSearch(Row(OK, what, f"values of {found} of {of} in {region} in the last {HOURS} h"))
    billed = 0
    for other in account.partition.cloudwatch_regions:
        if other == region:
            continue
        elsewhere = aws.ask(lambda connection: _measured(connection, series, now), region=other)
        if elsewhere.answer is None:
            said = f"no values of {HOURS} h in {region}; {other}: {elsewhere.error or elsewhere.untried}"
            return RegionSearch(Row(UNTRIED, what, said), billed)
        billed += len(series)
        if _with_values(elsewhere.answer):
            said = f"CloudFront's metrics are in {other}, not in {region}: set 'cloudwatch_region' to it."
            return RegionSearch(Row(FAILED, what, said), billed)
    said = f"no values of {HOURS} h in {region}: without traffic there are none; check again when there is"
    return RegionSearch(Row(UNTRIED, what, said), billed)


class Choice(NamedTuple):
    """Which distributions a run would collect: their number, and the object of the first one.

    `points` is that object alone, or empty; then `no_point` says why.
    """

    row: Row
    distributions: int
    points: List[Record]
    no_point: str = ""


def _choose(account: Account, config: CollectorConfig, func: Any, aws: AwsCalls, listed: Attempt, now: int) -> Choice:
    """Choose among the listed distributions, with their resource tags, as a run does."""
    if listed.answer is None:
        nothing = Attempt(untried=aws.untried() or "no distribution is known")
        return Choice(row_of("distributions", nothing, str), 0, [], "no distribution is known")
    records: List[Record] = listed.answer
    quiet = RunLog(account.account_name, account.secrets, is_quiet=True)
    unkept = State(func, account, quiet.warn, read_only=True)

    def chosen(connection: Aws) -> Any:
        inventory = Inventory(account, config, connection, unkept, quiet, objects_due=True)
        distributions = inventory.chosen(records)
        return distributions, inventory.extra_fields(distributions.records[:1], None, now)

    asked = aws.ask(chosen)
    if asked.answer is None:
        row = row_of("distributions", asked, str)
        if any(config.distributions):
            return Choice(row, len(records), [], "it is not known which are chosen")
        # The object without resource tags shows as well whether the connector takes one.
        points = [object_point(record, account, now) for record in records[:1]]
        return Choice(row, len(records), points, "there is no distribution")

    distributions, extra_fields = asked.answer
    points = [
        object_point(record, account, now, distributions.resource_tags[record["Id"]], extra_fields[record["Id"]])
        for record in distributions.records[:1]
    ]
    number, of_all, warnings = len(distributions.records), f"{len(records):,}", " ".join(quiet.warnings)
    if records and not number:
        row = Row(FAILED, "distributions", f"'distributions' chooses none of {of_all}. {warnings}")
        return Choice(row, 0, [], "'distributions' chooses none")
    if quiet.failures:
        row = Row(FAILED, "distributions", " ".join(quiet.failures))
    elif warnings:
        row = Row(MISSING, "distributions", warnings, needed=True)
    else:
        keys = sorted({key for tags in distributions.resource_tags.values() for key in tags})
        with_tags = f"; resource tags {some_of(keys)}" if keys else ""
        row = Row(OK, "distributions", f"{number:,} of {of_all} would be collected{with_tags}")
    return Choice(row, number, points, "there is no distribution")


class Written(NamedTuple):
    """Whether the connector took an object, and where it did, the connector."""

    row: Row
    sink: Optional[Sink] = None


def _write(func: Any, connector_id: str, choice: Choice, dry_run: bool, deadline: Deadline) -> Written:
    """Write the object; with `dry_run`, only look whether there is such a connector."""
    opened = attempt(lambda: deadline.wait_for(lambda: Sink(func, connector_id)))
    if opened.error:
        return Written(Row(FAILED, "connector", str(opened.error)))
    if dry_run or not choice.points:
        why = "'dry_run' is set" if dry_run else choice.no_point
        return Written(Row(UNTRIED, "connector", f'"{connector_id}" is there; no object was written, because {why}'))
    # The sink raises an error when it refuses all points of a write, and here there is one.
    written = attempt(
        lambda: deadline.wait_for(lambda: opened.answer.write("custom_object", choice.points, lambda _: None))
    )
    if isinstance(written.error, DeadlineError):
        return Written(Row(FAILED, "connector", f'"{connector_id}" did not take an object in time ({written.error}).'))
    if written.error:
        # A check does not send anything again.
        return Written(Row(FAILED, "connector", str(written.error).replace(AGAIN, "").strip()))
    row = Row(OK, "connector", f'"{connector_id}" took an object, of {choice.points[0]["tags"]["Id"]}')
    return Written(row, opened.answer)


def _sent_lately(account: Account, func: Any, config: CollectorConfig, now: int) -> Dict[str, List[int]]:
    """The minutes that runs have sent of the last hour, by source. Where CACHE fails, its row says so."""
    return State(func, account, lambda text: None).digest(config.period).reported_since(now - RECENT)


def _store_row(state: State, dry_run: bool) -> Row:
    def reached() -> str:
        known = state.watermark() if state.objects_at() is not None else None
        state.try_storage("STORE")
        return "nothing reported yet" if known is None else f"reported up to {minute_utc(known)} UTC"

    return row_of("Func's STORE", attempt(reached), lambda reported: f"{_kept(dry_run)}; {reported}")


def _cache_row(state: State, dry_run: bool) -> Row:
    return row_of("Func's CACHE", attempt(lambda: state.try_storage("CACHE")), lambda _: _kept(dry_run))


def _kept(dry_run: bool) -> str:
    return "can be read; not written, because 'dry_run' is set" if dry_run else "can be written, read and emptied"
