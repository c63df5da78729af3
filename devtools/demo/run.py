"""The main job in one command, on an embedded AWS, a local Func and a DataKit receiver: `make demo`.

Six simulated hours with a burst of errors at one distribution, after somebody has changed its origin, and an outage of
DataKit; the end compares what DataKit has with what CloudWatch finally shows, minute by minute.
"""

from __future__ import annotations

import calendar
import os
import sys
import time
from contextlib import ExitStack
from typing import List, NamedTuple, Tuple

from devtools.aws.embedded import IDLE, AwsAccount, EmbeddedAWS, Traffic
from devtools.clock import SimulatedClock
from devtools.demo import logs, show
from devtools.demo.judge import seen_defaults, truth
from devtools.func.runtime import STARTUP, LocalFunc, TaskRecord
from devtools.guance.datakit import DataKit
from devtools.market.build import ROOT, build, write
from devtools.market.imports import PACKAGE
from devtools.page.data import Span
from devtools.page.write import write_page

DAY, HOUR, MINUTE = 86400, 3600, 60
# 2026-03-02 06:00 UTC, a Monday of no importance: the demo is the same on every day.
MORNING = 1772431200
START, END = MORNING - 3 * MINUTE, MORNING + 6 * HOUR
BURST = (MORNING + 2 * HOUR, MORNING + 2 * HOUR + 25 * MINUTE)
# Somebody gives that distribution another origin; CloudFront has deployed it four minutes later.
CHANGE = BURST[0] - 2 * MINUTE
DEPLOYED_AFTER = 4 * MINUTE
CHANGES = ("changed", "deployed")
OUTAGE = (MORNING + 3 * HOUR, MORNING + 4 * HOUR + 10 * MINUTE)
# A minute that CloudWatch shows 16 minutes late, and one whose value it revises.
LATE, REVISED = MORNING + HOUR + 20 * MINUTE, MORNING + HOUR + 40 * MINUTE
LATE_AT, REVISED_AT = LATE + 16 * MINUTE, REVISED + 9 * MINUTE
KEY = ("AKIADEMODEMODEMODEMO", "demo/secret+that/opens/no+account/anywhere")
DIST = ROOT / "dist"
POINTS = DIST / "demo" / "points.sqlite"
PAGE = DIST / "demo" / "dashboard.html"
# What the demo changes in CONFIGS of the startup script.
CONFIGS = (
    ('# "metrics": "ALL",', '"metrics": "ALL",'),
    ('# "details": False,', '"details": True,'),
)
RUNS_A_MONTH = 12 * 24 * 30


class Stage(NamedTuple):
    """All that the demo plays on."""

    clock: SimulatedClock
    aws: EmbeddedAWS
    account: AwsAccount
    datakit: DataKit
    func: LocalFunc
    ids: List[str]
    job_id: str


class Played(NamedTuple):
    """The records of the two cron jobs, for metrics and for access logs."""

    metrics: List[TaskRecord]
    logs: List[TaskRecord]


def main() -> int:
    """Play the demo; 0 when DataKit has everything that CloudWatch has, once."""
    began = time.monotonic()
    with ExitStack() as stack:
        POINTS.parent.mkdir(parents=True, exist_ok=True)
        POINTS.unlink(missing_ok=True)
        stage = set_up(stack, str(POINTS))
        logs.LogDelivery(stage.clock, stage.aws, stage.account, stage.ids[1], logged_span())
        logs.collect_access_logs(stage.func)
        show.say("  created   a cron job for its function collect_logs, with")
        show.say(f"            LOGS = {logs.LOGS}")
        played = play(stage)
        complete = judge(stage, played)
        write_page(PAGE, ROOT, stage.datakit, drawn_span(played.metrics))
    finish(time.monotonic() - began)
    return 0 if complete else 1


def logged_span() -> Tuple[int, int]:
    """The time whose access logs come: the beginning of the burst, for those of a whole day would take a minute."""
    return BURST[0] - 5 * MINUTE, BURST[0] + 10 * MINUTE


def set_up(stack: ExitStack, points: str) -> Stage:
    """Build the market, install it, deploy the startup script with an access key and an account name.

    `points` is the SQLite file of the receiver.
    """
    show.heading("1. Build the Script Market, install it into a local Func, deploy")
    folder, archive = write(build(), DIST)
    show.say(f"  built     {show.short(folder)}/ and {show.short(archive)}")
    clock = SimulatedClock(START)
    aws = stack.enter_context(EmbeddedAWS(clock))
    os.environ.update(aws.environment)
    account = aws.add_account(*KEY)
    ids = add_distributions(aws, account)
    datakit = stack.enter_context(DataKit(points, clock=clock))
    func = LocalFunc(clock)
    func.add_connector("datakit", "df_datakit", host=datakit.host, port=datakit.port)
    show.say(f"  installed {len(func.install(folder))} scripts of the set {PACKAGE}")
    job = func.deploy(PACKAGE, {"AWS AK ID": KEY[0], "AWS AK SECRET": KEY[1], "AWS Account Name": "demo"})
    if job is None:
        raise RuntimeError("the startup script has no function with a crontab")
    collect_everything(func)
    show.say(f"  deployed  cron job {job.id},")
    show.say(f"            {job.func_id} at {job.expression}, time-out {job.timeout} s")
    show.say('  edited    its CONFIGS: "metrics": "ALL", for the additional metrics of the shop and its images,')
    show.say('            and "details": True, for the days that certificates have left')
    return Stage(clock, aws, account, datakit, func, ids, job.id)


def collect_everything(func: LocalFunc) -> None:
    """Ask for all metrics and for details in the startup script and publish it, as a user does."""
    script_id = f"{STARTUP}__{PACKAGE}"
    for commented, edited in CONFIGS:
        if commented not in func.scripts[script_id]:
            raise RuntimeError(f"the startup script does not show {commented}")
        func.scripts[script_id] = func.scripts[script_id].replace(commented, edited)
    func.publish(script_id)


def add_distributions(aws: EmbeddedAWS, account: AwsAccount) -> List[str]:
    """Four distributions: a shop, its images with a burst of errors, an API with little traffic, an idle one.

    AWS renews the certificate of the first two; that of the API was imported, and nobody has renewed it yet.
    """
    wildcard = aws.add_certificate(account, START + 143 * DAY, DomainName="*.example.com")
    imported = aws.add_certificate(account, START + 12 * DAY, Type="IMPORTED", RenewalEligibility="INELIGIBLE")
    images = Traffic(requests=2400.0, burst=BURST, burst_errors=0.35, bytes_per_request=180_000.0)
    shop = aws.add_distribution(
        account,
        ["www.example.com"],
        "The shop",
        Traffic(requests=900.0),
        additional_metrics=True,
        certificate=wildcard,
    )
    aws.delay_minute(shop, LATE, visible_at=LATE_AT)
    aws.revise(shop, "Requests", REVISED, 1234.0, at=REVISED_AT)
    return [
        shop,
        aws.add_distribution(
            account,
            ["img.example.com"],
            "Its images",
            images,
            additional_metrics=True,
            settings=logs.SETTINGS,
            certificate=wildcard,
        ),
        aws.add_distribution(
            account,
            ["api.example.com"],
            "The API, little used",
            Traffic(requests=3.0, interval=3),
            certificate=imported,
        ),
        aws.add_distribution(account, [], "A test of last year", IDLE, enabled=False),
    ]


def play(stage: Stage) -> Played:
    """The first run with its whole log, then six hours of the cron jobs, like runs of that for metrics in one line."""
    show.heading('2. "Run": the first run, as Func logs it')
    first = stage.func.run_cron_job(stage.job_id)
    show.story(first)
    show.heading(f"3. Six hours of the cron job, every 5 minutes (simulated, {show.date_and_time(START)[:10]}, UTC)")
    late, revised = show.clock_time(LATE), show.clock_time(REVISED)
    show.say(f"  with a minute that CloudWatch shows late ({late}, at {show.clock_time(LATE_AT)}), one whose values it")
    show.say(f"  revises ({revised}, at {show.clock_time(REVISED_AT)}), a burst of errors at img.example.com")
    show.say(f"  ({_times(BURST)}) after somebody has changed its origin ({show.clock_time(CHANGE)}), and an outage of")
    show.say(f"  DataKit ({_times(OUTAGE)}); the access logs of img.example.com come from")
    show.say(f"  {_times(logged_span())}")

    def change_origin() -> None:
        stage.aws.update_distribution(stage.account, stage.ids[1], DEPLOYED_AFTER, origin="new-origin.example.com")

    turns = (
        (CHANGE, change_origin, "somebody changes the origin of img.example.com"),
        (OUTAGE[0], stage.datakit.go_down, "DataKit goes down"),
        (OUTAGE[1], stage.datakit.come_up, "DataKit is back"),
    )
    played = Played([first], [])
    for until, turn, said in (*turns, (END, None, "")):
        followed = list(stage.func.run_until(until))
        of_metrics = [record for record in followed if record.origin == stage.job_id]
        show.runs(of_metrics)
        played.metrics.extend(of_metrics)
        played.logs.extend(record for record in followed if record.origin != stage.job_id)
        if turn:
            turn()
            show.say(f"  {show.clock_time(stage.clock.time())}  -- {said} --")
    return played


def drawn_span(records: List[TaskRecord]) -> Span:
    """The time that the terminal and the page draw: whole columns of the terminal, of which all minutes are there."""
    return Span(MORNING - HOUR, _promised(records[-1]) // show.COLUMN * show.COLUMN, 5 * MINUTE)


def judge(stage: Stage, played: Played) -> bool:
    """Show what DataKit has, and compare it with the truth; whether all of it is there, once."""
    records = played.metrics
    start, end = START - HOUR - 3 * MINUTE, _promised(records[-1])
    show.heading("4. The objects, as the Resource Catalog (Infrastructure / Custom) shows them")
    show.objects(stage.datakit.points("custom_object"))
    drawn = drawn_span(records)
    first, last = show.date_and_time(drawn.start), show.clock_time(drawn.end)
    show.heading(f"5. The metrics, {first} to {last} UTC, a column for 10 minutes")
    show.charts(stage.datakit, drawn.start, drawn.end)
    show.heading("6. What has changed, as Guance's Events show it")
    events = stage.datakit.points("keyevent")
    show.changes(events)
    expected, found = truth(stage.aws, stage.ids, start, end), seen_defaults(stage.datakit)
    missing = [key for key in expected if key not in found]
    wrong = [key for key in expected if key in found and found[key] != expected[key]]
    doubles = stage.datakit.doubles()
    recovered = [key for key in found if OUTAGE[0] <= key[1] < OUTAGE[1]]
    functions = _of_functions(stage.datakit, OUTAGE)
    changed = sum(record.return_value["points"]["changed"] for record in records if record.return_value)
    failed = sum(record.status != "success" for record in records)
    show.heading(f"7. Which requests failed in the burst, out of the access logs of {_times(logged_span())}")
    logs.show_errors(stage.datakit)
    of_logs, logs_complete = logs.judge(stage.aws, stage.datakit, stage.ids[1], logged_span())
    show.heading("8. Was anything lost?")
    show.counts(
        [
            ("runs, of which failed (DataKit was down)", f"{len(records)}, {failed}"),
            ("minutes of default metrics that CloudWatch has", f"{len(expected):,}"),
            ("  of which missing in DataKit", str(len(missing))),
            ("  of which with another value in DataKit", str(len(wrong))),
            ("  of the outage, recovered after it", f"{len(recovered):,}, and {functions:,} of functions"),
            ("points written twice with the same values", str(len(doubles))),
            ("points written again because CloudWatch revised them", str(changed)),
            ("changes of distributions, and events of them", f"{len(CHANGES)}, {len(events)}"),
            *of_logs,
        ]
    )
    show.heading("9. What it cost")
    show.counts([*price(stage, records), *logs.price(played.logs)])
    told = [(point.tags["DistributionId"], point.tags["change_type"]) for point in events]
    is_told = told == [(stage.ids[1], change) for change in CHANGES] and events[0].time == CHANGE
    return not (missing or wrong or doubles) and len(found) == len(expected) and is_told and logs_complete


def price(stage: Stage, records: List[TaskRecord]) -> List[Tuple[str, str]]:
    """AWS calls and what they cost."""
    calls = stage.aws.call_counts()
    billed = sum(call.queries for call in stage.aws.calls)
    a_month = len(stage.ids) * 6 * RUNS_A_MONTH / 1000 * 0.01
    return [
        *((f"calls of {name}", f"{number:,}") for name, number in sorted(calls.items())),
        ("metrics billed", f"{billed:,} in {len(records)} runs: ${billed / 1000 * 0.01:.4f}"),
        (f"a month of {len(stage.ids)} distributions, default metrics", f"${a_month:.2f}"),
    ]


def finish(seconds: float) -> None:
    """Where the points lie, and what to do next."""
    path = show.short(POINTS)
    show.heading("Next")
    show.say("  See it as Guance draws it: the shipped dashboard over these points, in any browser, offline:")
    show.say(f"    {show.short(PAGE)}")
    show.say(f"  All points lie in {path}, table `points`; for example, where sqlite3 is installed:")
    show.say(f"    sqlite3 {path} \"SELECT datetime(time, 'unixepoch'), tags, fields FROM points LIMIT 5\"")
    show.say("  One tick against your own AWS account, reading only, points into a local receiver:")
    show.say("    make live          (credentials from your environment or AWS profile; see CONTRIBUTING.md)")
    show.say("  Into your own Func: README, Install.")
    show.say(f"  Done in {seconds:.0f} s.")


def _promised(record: TaskRecord) -> int:
    """The time before which, says a run, every minute has been reported."""
    return calendar.timegm(time.strptime(record.return_value["watermark"], "%Y-%m-%dT%H:%M:%SZ"))


def _of_functions(datakit: DataKit, span: Tuple[int, int]) -> int:
    """The points of CloudFront functions in a time: new to DataKit as well, but no minutes of a distribution."""
    return sum("FunctionName" in it.tags and span[0] <= it.time < span[1] for it in datakit.latest().values())


def _times(span: Tuple[int, int]) -> str:
    return f"{show.clock_time(span[0])} to {show.clock_time(span[1])}"


if __name__ == "__main__":
    sys.exit(main())
