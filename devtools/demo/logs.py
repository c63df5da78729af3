"""Access logs in the demo: files as CloudFront delivers them, the job that collects them, and what came of it."""

from __future__ import annotations

from collections import Counter
from typing import Any, List, Tuple

from devtools.aws.access_logs import ALL_FIELDS, LogPlace
from devtools.aws.embedded import AwsAccount, EmbeddedAWS
from devtools.clock import SimulatedClock
from devtools.demo import show
from devtools.func.runtime import STARTUP, LocalFunc, TaskRecord
from devtools.guance.datakit import DataKit
from devtools.market.imports import PACKAGE

BUCKET, PREFIX = "demo-logs", "cdn/"
# The older kind of standard logging.
SETTINGS = {
    "Logging": {
        "Enabled": "true",
        "IncludeCookies": "false",
        "Bucket": f"{BUCKET}.s3.amazonaws.com",
        "Prefix": PREFIX,
    }
}
# Every error, and one of a hundred other requests.
LOGS = '{"keep": {"status": ["4xx", "5xx"]}, "keep_rest": 0.01}'
# A file holds the requests of so many seconds, and comes so much later.
STEP, LAG = 600, 240
STATUS, REQUEST = ALL_FIELDS.index("sc-status"), ALL_FIELDS.index("x-edge-request-id")
# What a list of errors is of, and the field of a line.
LISTED = (
    ("URL", "cs_uri_stem"),
    ("edge location", "x_edge_location"),
    ("edge result", "x_edge_detailed_result_type"),
)


class LogDelivery:
    """Puts a distribution's log files of a time into its bucket while the clock passes."""

    def __init__(
        self, clock: SimulatedClock, aws: EmbeddedAWS, account: AwsAccount, distribution: str, span: Tuple[int, int]
    ) -> None:
        self._clock, self._aws, self._distribution = clock, aws, distribution
        self._next, self._end = span
        self.files = 0
        aws.add_bucket(account, BUCKET)
        clock.listeners.append(self._deliver)

    def _deliver(self) -> None:
        while self._next < self._end and min(self._next + STEP, self._end) + LAG <= self._clock.time():
            end = min(self._next + STEP, self._end)
            self.files += len(self._aws.put_logs(self._distribution, LogPlace(BUCKET, PREFIX), self._next, end))
            self._next = end


def collect_access_logs(func: LocalFunc) -> str:
    """Set LOGS in the startup script, publish it, and create the cron job by hand, as a user does; the job's ID."""
    script_id, off = f"{STARTUP}__{PACKAGE}", "\nLOGS = None"
    if off not in func.scripts[script_id]:
        raise RuntimeError("the startup script does not show how to collect access logs")
    func.scripts[script_id] = func.scripts[script_id].replace(off, f"\nLOGS = {LOGS}")
    func.publish(script_id)
    return func.add_cron_job(f"{script_id}.collect_logs").id


def show_errors(datakit: DataKit) -> None:
    """Which requests failed, the most frequent first, out of the log lines in DataKit."""
    failed = [point.fields for point in datakit.points("logging") if point.fields["sc_status"] >= 500]
    for name, field in LISTED:
        for value, number in Counter(fields[field] for fields in failed).most_common(2):
            show.say(f"  5xx by {name + ':':<15} {value:<28} {number:>7,}  {number / len(failed):4.0%}")


def price(records: List[TaskRecord]) -> List[Tuple[str, str]]:
    """What the runs of the job for access logs read, and what AWS bills for it."""
    summaries = [record.return_value for record in records if record.return_value]
    megabytes = sum(one["bytes"] for one in summaries) / 1e6
    dollars = sum(one["estimated_price_usd"] for one in summaries)
    return [(f"access logs: {megabytes:.1f} MB read in {len(records)} runs", f"${dollars:.4f}")]


def judge(aws: EmbeddedAWS, datakit: DataKit, distribution: str, span: Tuple[int, int]) -> Tuple[List[Any], bool]:
    """The counts of log lines to be shown, and whether each error stands in DataKit once, and no line twice."""
    found = Counter(point.fields["x_edge_request_id"] for point in datakit.points("logging"))
    requests = list(aws.access_logs(distribution).requests(*span))
    errors = {row[REQUEST] for row in requests if row[STATUS] >= "400"}
    missing = sum(one not in found for one in errors)
    twice = sum(number > 1 for number in found.values())
    rows = [
        ("requests in the access logs of img.example.com", f"{len(requests):,}"),
        ("  with 4xx or 5xx, of which missing in DataKit", f"{len(errors):,}, {missing}"),
        ("  others, one of a hundred kept", f"{len(found) - len(errors) + missing:,}"),
        ("log lines written twice", str(twice)),
    ]
    is_known = set(found) <= {row[REQUEST] for row in requests}
    return rows, is_known and bool(errors) and not (missing or twice)
