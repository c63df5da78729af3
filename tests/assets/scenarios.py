"""Situations in which the shipped monitors are watched, and the table of them: `python -m tests.assets.scenarios`.

An account with two distributions: one to which something happens, and one that goes on as ever. A situation begins at
`BEGIN` and ends at `OVER`; the week before was as it is without it.
"""

from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional

from devtools.guance.checks import EVERY, check
from devtools.guance.line_protocol import Point
from guance_aws_cloudfront.points.derived import derived_fields
from tests.assets.conftest import read

MINUTE, HOUR, WEEK = 60, 3600, 7 * 24 * 3600
BEGIN = 1772431200 + 11 * MINUTE
OVER, FIRST, END = BEGIN + 2 * HOUR, BEGIN - 2 * HOUR, BEGIN + 5 * HOUR
DELAY, CRON, WRITTEN = 180, 300, 20
SHOP = {"account_name": "prod", "DistributionId": "E1SHOP", "Alias": "shop.example.com"}
# Without an alternate domain name.
STEADY = {"account_name": "prod", "DistributionId": "E2STEADY"}
SCRIPTS = {
    it["jsonScript"]["title"].partition(":")[0].replace("AWS CloudFront ", ""): it["jsonScript"]
    for it in read("monitor", "en")["checkers"]
    # What is switched off wakes nobody.
    if not it["is_disable"]
}
STATUSES = ("warning", "error", "critical")
README = Path(__file__).resolve().parents[1] / "README.md"
TABLE, TABLE_END = "<!-- monitors, by python -m tests.assets.scenarios -->\n", "<!-- end of monitors -->\n"
Fields = Mapping[str, float]


def usual(requests: float = 900.0, hits: float = 90.0, **changes: float) -> Dict[str, float]:
    """A minute as every other."""
    return {
        "Requests_Sum": requests,
        "4xxErrorRate_Average": 1.5,
        "5xxErrorRate_Average": 0.1,
        "TotalErrorRate_Average": changes.get("4xxErrorRate_Average", 1.5) + changes.get("5xxErrorRate_Average", 0.1),
        "CacheHitRate_Average": hits,
        "OriginLatency_p90": 300.0,
        **changes,
    }


def errors(kind: str, percent: float, requests: float = 900.0) -> Dict[str, float]:
    """A minute in which a share of the requests fails."""
    return usual(requests, **{f"{kind}ErrorRate_Average": percent})


class Scenario(NamedTuple):
    """What happens to the shop's distribution, and the worst status that each monitor reports, by its name.

    `before` is a minute before and after it, and a week before (None for no traffic); `meanwhile` is one of its time,
    by its number, and `both` says that the other distribution has no point then either. `objects` are reported
    meanwhile unless it is False. `cron` is how often the collector runs; without `history` there is no week before.
    """

    situation: str
    meanwhile: Callable[[int], Optional[Fields]]
    woken: Mapping[str, str] = {}
    before: Optional[Fields] = usual()
    both: bool = False
    objects: bool = True
    cron: int = CRON
    history: bool = True
    # For how many days the shop's certificate is valid meanwhile; None when nobody knows.
    certificate: Optional[int] = None


def always(fields: Optional[Fields]) -> Callable[[int], Optional[Fields]]:
    """The same in every minute."""
    return lambda _: fields


def seldom(fields: Fields, otherwise: Fields, every: int) -> Callable[[int], Optional[Fields]]:
    """One minute of so many, and the others."""
    return lambda number: otherwise if number % every else fields


QUIET = usual(3.0)
RATE_5XX, RATE_4XX, RATE_TOTAL = "5xx error rate high", "4xx error rate high", "total error rate high"
DROP, SURGE, MISSES, ORIGIN = "traffic drop", "traffic surge", "cache misses up", "origin slow"
SILENT, METRICS, CERTIFICATE = "collector silent", "metrics missing", "certificate expires"
SCENARIOS = (
    Scenario("all is well", always(usual())),
    Scenario("a distribution without any traffic, ever", always(None), before=None),
    Scenario("3 requests a minute at night, every tenth fails", always(errors("5xx", 10.0, 3.0)), before=QUIET),
    Scenario("2 requests of one minute at night fail", seldom(errors("5xx", 100.0, 2.0), QUIET, 60), before=QUIET),
    Scenario("a quiet distribution (3 requests a minute) falls silent", always(None), before=QUIET),
    Scenario("3 requests a minute become 60", always(usual(60.0)), before=QUIET),
    Scenario("one minute of an hour has 20 requests, and all fail", seldom(errors("5xx", 100.0, 20.0), usual(), 60)),
    Scenario("0.5 % of the requests fail with 5xx", always(errors("5xx", 0.5))),
    Scenario("1.5 % fail with 5xx", always(errors("5xx", 1.5)), {RATE_5XX: "warning"}),
    Scenario("7 % fail with 5xx", always(errors("5xx", 7.0)), {RATE_5XX: "error"}),
    Scenario("a burst: 40 % fail with 5xx", always(errors("5xx", 40.0)), {RATE_5XX: "critical", RATE_TOTAL: "error"}),
    Scenario("12 % fail with 4xx", always(errors("4xx", 12.0)), {RATE_4XX: "warning"}),
    Scenario("a scanner: 60 % fail with 4xx", always(errors("4xx", 60.0)), {RATE_4XX: "error", RATE_TOTAL: "error"}),
    Scenario("traffic is down by 40 %", always(usual(540.0))),
    Scenario("traffic is down by 60 %", always(usual(360.0)), {DROP: "warning"}),
    Scenario("traffic is down by 75 %", always(usual(225.0)), {DROP: "error"}),
    Scenario("traffic is down by 95 %", always(usual(45.0)), {DROP: "critical"}),
    Scenario("the distribution gets no requests any more", always(None), {DROP: "error"}),
    Scenario("traffic is up by 80 %", always(usual(1620.0))),
    Scenario("traffic is three times as high", always(usual(2700.0)), {SURGE: "warning", MISSES: "warning"}),
    Scenario("traffic is six times as high", always(usual(5400.0)), {SURGE: "error", MISSES: "error"}),
    Scenario("the cache hit rate falls from 90 % to 83 %", always(usual(hits=83.0))),
    Scenario("the cache hit rate falls from 90 % to 75 %", always(usual(hits=75.0)), {MISSES: "warning"}),
    Scenario("the cache hit rate falls from 90 % to 40 %", always(usual(hits=40.0)), {MISSES: "error"}),
    Scenario("the origin takes 1.2 s", always(usual(OriginLatency_p90=1200.0)), {ORIGIN: "warning"}),
    Scenario("the origin takes 5 s", always(usual(OriginLatency_p90=5000.0)), {ORIGIN: "error"}),
    Scenario("one minute of five the origin takes 12 s", seldom(usual(OriginLatency_p90=12000.0), usual(), 5)),
    Scenario(
        "the origin takes 5 s, for the 9 requests a minute that the cache does not answer",
        always(usual(900.0, 99.0, OriginLatency_p90=5000.0)),
        before=usual(900.0, 99.0),
    ),
    Scenario(
        "the collector is dead",
        always(None),
        {SILENT: "critical", METRICS: "error", DROP: "error"},
        both=True,
        objects=False,
    ),
    Scenario("objects are reported, metrics are not", always(None), {METRICS: "error", DROP: "error"}, both=True),
    Scenario("the certificate is valid for 31 days", always(usual()), certificate=31),
    Scenario("it expires in 30 days", always(usual()), {CERTIFICATE: "warning"}, certificate=30),
    Scenario("it expires in 14 days", always(usual()), {CERTIFICATE: "error"}, certificate=14),
    Scenario("it expires in 3 days", always(usual()), {CERTIFICATE: "critical"}, certificate=3),
    Scenario("nobody may read the certificate", always(usual())),
    Scenario("the collector runs every 15 minutes", always(usual()), cron=900),
    Scenario("the first week: traffic is three times as high", always(usual(2700.0)), history=False),
    Scenario("the first week: traffic is down by 95 %", always(usual(45.0)), history=False),
)


def points(scenario: Scenario) -> List[Point]:
    """Everything that the collector writes, each point with the time of its arrival."""
    written = [*_objects(scenario)]
    spans = [(0, range(FIRST, END, MINUTE))]
    spans += [(WEEK, range(FIRST - WEEK, END - WEEK, MINUTE))] if scenario.history else []
    for before, minutes in spans:
        for minute in minutes:
            now = BEGIN <= minute < OVER and not before
            shop = scenario.meanwhile((minute - BEGIN) // MINUTE) if now else scenario.before
            steady = None if now and scenario.both else usual()
            for tags, fields in ((SHOP, shop), (STEADY, steady)):
                if fields is not None:
                    values = {**fields, **derived_fields(fields)}
                    arrival = _arrival(minute, scenario.cron)
                    written.append(Point("metric", "aws_AWS/CloudFront", tags, values, minute, arrival))
    return written


def _arrival(minute: int, cron: int) -> int:
    """When the first run for which a minute is old enough has written it."""
    return -(-(minute + MINUTE + DELAY) // cron) * cron + WRITTEN


def _objects(scenario: Scenario) -> List[Point]:
    every = max(scenario.cron, 900)
    times = [at + WRITTEN for at in range(FIRST // every * every, END, every)]
    return [
        _object(tags, at, scenario.certificate if BEGIN <= at < OVER else 90)
        for at in times
        if scenario.objects or not BEGIN <= at < OVER
        for tags in (SHOP, STEADY)
    ]


def _object(tags: Mapping[str, str], at: int, days: Optional[int]) -> Point:
    key, alias = tags["DistributionId"], tags.get("Alias", "")
    fields: Dict[str, Any] = {"Enabled": True, "AlternateDomainNames": alias or "none"}
    if alias and days is not None:
        fields["CertificateDaysLeft"] = days
    return Point("custom_object", "aws_cloudfront", {"account_name": "prod", "Id": key, "name": key}, fields, at, at)


def turns(script: Mapping[str, object]) -> range:
    """The times at which a monitor looks, from an hour before the situation to the end."""
    every = EVERY[str(script["every"])]
    return range((BEGIN - HOUR) // every * every, END, every)


def reports(scenario: Scenario) -> Dict[str, Dict[int, str]]:
    """What each monitor reports of anything in the account, by its name and turn; the worst when there is more."""
    written = points(scenario)
    found: Dict[str, Dict[int, str]] = {}
    for name, script in SCRIPTS.items():
        for at in turns(script):
            statuses = {event.status for event in check(script, written, at).values()}
            if statuses:
                found.setdefault(name, {})[at] = max(statuses, key=STATUSES.index)
    return found


def with_table(text: str) -> str:
    """The README's text with the table as it should be."""
    before, _, rest = text.partition(TABLE)
    _, _, after = rest.partition(TABLE_END)
    rows = ["| situation | who is woken, by the worst status |\n", "|---|---|\n"]
    for scenario in SCENARIOS:
        woken = ", ".join(f"{name}: {status}" for name, status in scenario.woken.items())
        rows.append(f"| {scenario.situation} | {woken or 'nobody'} |\n")
    return before + TABLE + "".join(rows) + TABLE_END + after


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
