"""The demo and the live tick do what they say, in a short version of the day."""

import time

import pytest

from devtools.aws.access_logs import ALL_FIELDS
from devtools.aws.embedded import EmbeddedAWS, Traffic
from devtools.guance.datakit import DataKit, Point
from tests.conftest import NOW

# The demo's tools are there for the newest Python only.
pytest.importorskip("sparklines")
from devtools.demo import live, logs, show
from devtools.demo import run as demo
from devtools.func.task import TaskRecord

MINUTE = 60


@pytest.fixture
def short_day(monkeypatch, tmp_path):
    morning = demo.MORNING
    monkeypatch.setattr(demo, "POINTS", tmp_path / "points.sqlite")
    monkeypatch.setattr(demo, "PAGE", tmp_path / "dashboard.html")
    monkeypatch.setattr(demo, "CHANGE", morning + 8 * MINUTE)
    # Its access logs come while DataKit is down.
    monkeypatch.setattr(demo, "BURST", (morning + 5 * MINUTE, morning + 20 * MINUTE))
    monkeypatch.setattr(demo, "OUTAGE", (morning + 11 * MINUTE, morning + 24 * MINUTE))
    monkeypatch.setattr(demo, "END", morning + 41 * MINUTE)
    # So that the endpoint that the demo sets is gone afterwards.
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")


def test_the_demo_shows_each_step_and_that_nothing_was_lost(short_day, capsys) -> None:
    assert demo.main() == 0
    out = capsys.readouterr().out
    for text in (
        *("deployed  cron job cron-starup-guance_aws_cloudfront", "First run: collecting from", "=> success"),
        *("DataKit goes down", "Connection refused", "failure: as before", "img.example.com", "Requests_Sum"),
        *("metrics billed", "make live", "points.sqlite", "dashboard.html"),
        *("recovered after it", " of functions"),
        *("somebody changes the origin of img.example.com", "06:08  CloudFront distribution img.example.com ("),
        "Origins: origin.example.com (https-only) → new-origin.example.com (https-only)",
        *("5xx by URL:            /img/hero/spring-sale.jpg", "5xx by edge location:  FRA60-P3"),
        *("with 4xx or 5xx, of which missing in DataKit", "log lines written twice", "calls of GetObject"),
    ):
        assert text in out
    assert demo.KEY[1] not in out


def test_the_demo_fails_when_something_is_missing(short_day, monkeypatch, capsys) -> None:
    monkeypatch.setattr(demo, "seen_defaults", lambda datakit: {})
    assert demo.main() == 1


def test_the_demo_fails_when_a_change_is_not_told(short_day, monkeypatch, capsys) -> None:
    monkeypatch.setattr(demo, "CHANGES", ("changed", "deployed", "deleted"))
    assert demo.main() == 1


@pytest.fixture
def logged(clock, aws, account):
    """A distribution, a DataKit, and the failed requests of two minutes in its access logs."""
    key = aws.add_distribution(account, traffic=Traffic(requests=60.0, server_errors=0.5))
    with DataKit(clock=clock) as datakit:
        requests = [
            dict(zip(ALL_FIELDS, row)) for row in aws.access_logs(key).requests(NOW - 120, NOW) if row[8] >= "400"
        ]
        yield aws, datakit, key, requests


@pytest.mark.parametrize(
    ("change", "is_complete"),
    [
        (lambda ids: ids, True),
        (lambda ids: ids[1:], False),
        (lambda ids: [*ids, ids[0]], False),
        (lambda ids: [*ids, "of nobody"], False),
    ],
)
def test_every_failed_request_is_looked_for_once(logged, monkeypatch, change, is_complete) -> None:
    aws, datakit, key, requests = logged
    ids = change([one["x-edge-request-id"] for one in requests])
    lines = [Point("logging", "aws_cloudfront", {}, {"x_edge_request_id": one}, NOW, NOW) for one in ids]
    monkeypatch.setattr(DataKit, "points", lambda datakit, category: lines)
    assert logs.judge(aws, datakit, key, (NOW - 120, NOW))[1] is is_complete


def a_run(minute, status="success", new=22, changed=0, windows=1, objects=0):
    """The record of a run at a minute of the demo's day."""
    summary = {"points": {"new": new, "changed": changed}, "windows": [{}] * windows, "objects": objects}
    returned, said = (summary, None) if status == "success" else (None, "No.")
    at = demo.MORNING + minute * MINUTE
    return TaskRecord("f", "job", {}, status, None, said, None, "", returned, at, at)


def test_runs_that_are_alike_are_one_line(capsys) -> None:
    show.runs(
        [
            *(a_run(minute, objects=4 * (minute % 15 == 0)) for minute in range(0, 35, 5)),
            a_run(35, changed=1),
            a_run(40, new=1, objects=4),
            *(a_run(minute, "failure") for minute in (45, 50, 55)),
            a_run(60, "timeout"),
            a_run(65, windows=2, new=1234),
        ]
    )
    assert capsys.readouterr().out.splitlines() == [
        "  06:00 to 06:30  7 runs ok, 154 new points, 3 reports of the objects",
        "  06:35           ok, 22 new points, 1 changed",
        "  06:40           ok, 1 new point, 1 report of the objects",
        "  06:45           failure: No.",
        "  06:50 to 06:55  failure: as before",
        "  07:00           timeout: No.",
        "  07:05           ok, 1,234 new points, 2 windows caught up",
    ]


@pytest.fixture
def real_looking_aws(monkeypatch, tmp_path):
    """The embedded AWS in real time, found by boto3's own chain."""
    monkeypatch.setattr(live, "POINTS", tmp_path / "points.sqlite")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with EmbeddedAWS(time) as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
        yield aws


def test_live_takes_boto3_s_credentials_and_shows_them_nowhere(real_looking_aws, monkeypatch, capsys) -> None:
    key, secret = "AKIALIVE000000000001", "live/secret+of/the+account/0000000000001"
    account = real_looking_aws.add_account(key, secret)
    real_looking_aws.add_distribution(account, ["www.example.com"], "The shop", Traffic(requests=900.0))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    assert live.main() == 0
    out = capsys.readouterr().out
    assert f"One tick for the AWS account {account.account_id}, reading only" in out
    assert "1 object and 60 points lie in" in out
    assert key not in out
    assert secret not in out
    assert {call.operation for call in real_looking_aws.calls} == {
        "GetCallerIdentity",
        "ListDistributions",
        "GetMetricData",
    }


def test_live_takes_temporary_credentials_with_their_token(real_looking_aws, monkeypatch, capsys) -> None:
    key, secret, token = "ASIALIVE000000000001", "live/secret+of/the+account/0000000000001", "live/token=="
    real_looking_aws.add_account(key, secret)
    for name, value in (("ACCESS_KEY_ID", key), ("SECRET_ACCESS_KEY", secret), ("SESSION_TOKEN", token)):
        monkeypatch.setenv(f"AWS_{name}", value)
    assert live.main() == 0
    assert token not in capsys.readouterr().out


def test_live_without_credentials_says_how_to_give_them(real_looking_aws, monkeypatch, capsys) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert live.main() == 1
    assert "AWS_PROFILE=<profile> make live" in capsys.readouterr().out.replace("\n", " ")


@pytest.mark.parametrize(
    ("field", "values", "drawn"),
    [
        ("Requests_Sum", {0: 1.0, 60: 1.0, 600: 8.0}, "▃█·"),
        ("4xxErrorRate_Average", {0: 4.0, 60: 12.0, 1200: 8.0}, "█·█"),
        ("Requests_Sum", {0: 0.0}, "▁··"),
    ],
)
def test_charts_sum_sums_average_rates_and_leave_gaps(field, values, drawn) -> None:
    assert show.chart(values, field, 0, 1800) == drawn
