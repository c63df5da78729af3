"""The rows of a check and its last line: what failed, what a run can do without, and whether all is ready."""

from importlib.metadata import PackageNotFoundError

import pytest

from guance_aws_cloudfront.aws.errors import AwsDeniedError, AwsError
from guance_aws_cloudfront.check.actions import OPTIONAL_ACTIONS, optional_row
from guance_aws_cloudfront.check.host import clock_row, versions_row
from guance_aws_cloudfront.check.table import (
    FAILED,
    MISSING,
    OK,
    UNTRIED,
    Attempt,
    CheckTable,
    Row,
    attempt,
    row_of,
)
from guance_aws_cloudfront.errors import CollectError, StepError
from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.settings.config import parse_config

GOOD = Row(OK, "a", "fine")
ERROR = StepError("It failed.")


def table(*rows):
    log = RunLog("prod")
    found = CheckTable(log)
    for row in rows:
        found.add(row)
    return found, log


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ([GOOD, GOOD], "READY: 2 of 2 checks are ok."),
        ([GOOD, Row(FAILED, "b", "x"), Row(FAILED, "c", "x")], "NOT READY: 2 of 3 checks failed: b, c."),
        ([GOOD, Row(UNTRIED, "b", "x", required=True), Row(UNTRIED, "c", "x")], "NOT READY: b could not be tried."),
        ([GOOD, Row(UNTRIED, "b", "x")], "READY, as far as it could be tried: 1 of 2 checks are ok; untried: b."),
        ([GOOD, Row(MISSING, "b", "x")], "READY: 1 of 2 checks are ok; missing: b."),
        (
            [GOOD, Row(MISSING, "b", "x", needed=True), Row(UNTRIED, "c", "x")],
            "READY but for b, which your configuration needs, as far as it could be tried: 1 of 3 checks are ok; "
            "missing: b; untried: c.",
        ),
        ([GOOD, Row(OK, "b", "x", required=True)], "READY: 2 of 2 checks are ok."),
    ],
)
def test_the_last_line_says_whether_all_is_ready(rows, verdict) -> None:
    assert table(*rows)[0].verdict() == verdict


def test_rows_are_printed_in_columns_as_they_come(capsys) -> None:
    found, _ = table(Row(FAILED, "cloudfront:ListDistributions", "of\ntwo lines"), Row(OK, "b", "x" * 2000))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "result   what                              detail",
        "FAILED   cloudfront:ListDistributions      of two lines",
    ]
    assert len(lines[2]) == 7 + 2 + 32 + 2 + 1000
    assert found.rows()[0] == {"result": "FAILED", "what": "cloudfront:ListDistributions", "detail": "of two lines"}


def test_what_failed_is_in_the_sentence_at_the_end_and_what_could_not_be_tried_only_alone() -> None:
    def parts(*rows):
        _, log = table(*rows)
        return dict(log.failures)

    untried = Row(UNTRIED, "b", "no time", required=True)
    assert parts(Row(FAILED, "a", "It failed."), untried) == {"a: It failed.": 1}
    assert parts(untried) == {"b could not be tried: no time.": 1}
    assert parts(GOOD, Row(UNTRIED, "c", "x"), Row(MISSING, "d", "x", needed=True)) == {}
    with pytest.raises(CollectError, match=r"1 part of the check failed\. \(1\) a: It failed\."):
        table(Row(FAILED, "a", "It failed."))[1].end({}, "check")


def test_an_attempt_has_an_answer_an_error_or_a_reason_why_not() -> None:
    def fails():
        raise ERROR

    assert attempt(lambda: 7) == Attempt(answer=7)
    assert attempt(fails) == Attempt(error=ERROR)
    assert row_of("a", Attempt(answer=7), str).required is False
    for required in (False, True):
        assert row_of("a", Attempt(answer=7), str, required) == Row(OK, "a", "7", required=required)
        assert row_of("a", Attempt(error=ERROR), str, required) == Row(FAILED, "a", "It failed.", required=required)
        assert row_of("a", Attempt(untried="why"), str, required) == Row(UNTRIED, "a", "why", required=required)


@pytest.mark.parametrize(
    ("ahead", "result"), [(0, OK), (240, OK), (-240, OK), (241, FAILED), (-241, FAILED), (None, UNTRIED)]
)
def test_a_clock_that_aws_would_refuse_is_a_failure(ahead, result) -> None:
    row = clock_row(ahead)
    assert (row.result, row.what) == (result, "clock")
    assert ("Correct it" in row.detail) is (result == FAILED)


def test_a_package_of_no_known_version_is_no_failure(monkeypatch) -> None:
    def unknown(package):
        raise PackageNotFoundError(package)

    monkeypatch.setattr("guance_aws_cloudfront.check.host.version", unknown)
    row = versions_row("1.2.3")
    assert row.result == OK
    assert row.detail.startswith("guance_aws_cloudfront 1.2.3, Python 3.")
    assert row.detail.endswith(", botocore of no known version, boto3 of no known version")


LISTING, ALL_TAGS, TAGS, DETAILS, CERTIFICATE, SERVER_CERTIFICATES = OPTIONAL_ACTIONS
ACM, IAM = {"ACMCertificateArn": "arn:acm"}, {"IAMCertificateId": "ASCA1"}
DENIED, THROTTLED = AwsDeniedError("Denied."), AwsError("Throttled.")


@pytest.mark.parametrize(
    ("optional", "configs", "is_needed"),
    [
        (LISTING, {}, False),
        (LISTING, {"recently_active": True}, True),
        (LISTING, {"metrics": "ALL"}, True),
        (ALL_TAGS, {"resource_tags": ["*"]}, False),
        (TAGS, {"resource_tags": ["*"]}, False),
        (DETAILS, {}, False),
        (DETAILS, {"details": True}, True),
    ],
)
def test_an_action_that_a_run_can_do_without_is_missing_and_failed_only_where_it_is_needed(
    optional, configs, is_needed
) -> None:
    config = parse_config(configs)
    need = "needed by your configuration" if is_needed else "optional"
    assert optional_row(optional, Attempt(answer="fine"), config)[:3] == (OK, optional.action, f"{need}; fine")
    assert optional_row(optional, Attempt(untried="why"), config)[:3] == (UNTRIED, optional.action, "why")
    denied = optional_row(optional, Attempt(error=DENIED), config)
    assert denied == Row(MISSING, optional.action, f"{need}; without it {optional.lack}. Denied.", needed=is_needed)
    failed = optional_row(optional, Attempt(error=THROTTLED), config)
    assert failed.result == (FAILED if is_needed else MISSING)
    assert failed.detail.endswith("Throttled.")


class Asked:
    """What AWS answers to the trials, and of what it was asked."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def listed_metrics(self):
        return {"Requests": {1, 2}, "CacheHitRate": {3}}

    def resource_tags(self):
        return {"arn": {}}

    def server_certificates(self):
        return [{}, {}]

    def tags_of(self, arns):
        self.asked.extend(arns)
        return [self.answer]

    def configurations(self, ids):
        self.asked.extend(ids)
        return [self.answer]

    certificates = tags_of


RECORDS = [
    {"Id": "E1"},
    {"Id": "E2", "ARN": "arn:2"},
    {"Id": "E3", "ARN": "arn:3", "ViewerCertificate": ACM},
    {"Id": "E4", "ViewerCertificate": IAM},
]


@pytest.mark.parametrize(
    ("optional", "answer", "said", "asked"),
    [
        (LISTING, None, "3 metrics listed", []),
        (ALL_TAGS, None, "tags of 1 distribution", []),
        (TAGS, {"team": "edge"}, "1 tag of E2", ["arn:2"]),
        (DETAILS, {"Logging": {"Enabled": True}}, "E1 writes standard logs", ["E1"]),
        (DETAILS, {"Logging": {"Enabled": False}}, "E1 does not write standard logs", ["E1"]),
        (DETAILS, {"Logging": None}, "E1 does not write standard logs", ["E1"]),
        (DETAILS, {}, "E1 does not write standard logs", ["E1"]),
        (
            CERTIFICATE,
            {"NotAfter": 1772359200.0},
            "the certificate of E3 is valid until 2026-03-01 10:00 UTC",
            ["arn:acm"],
        ),
        (CERTIFICATE, {}, "the certificate of E3 has no end", ["arn:acm"]),
        (SERVER_CERTIFICATES, None, "2 server certificates listed", []),
    ],
)
def test_a_trial_says_what_was_answered(optional, answer, said, asked) -> None:
    aws = Asked(answer)
    assert optional.of(RECORDS)(aws) == said
    assert aws.asked == asked


def test_where_no_distribution_has_an_arn_the_first_is_tried_all_the_same() -> None:
    assert TAGS.of([RECORDS[0], RECORDS[3]])(Asked({})) == "0 tags of E1"


@pytest.mark.parametrize("optional", [TAGS, DETAILS, CERTIFICATE])
def test_a_trial_that_aws_does_not_answer_is_an_error(optional) -> None:
    with pytest.raises(AwsError, match="Throttled"):
        optional.of(RECORDS)(Asked(THROTTLED))


def test_what_needs_a_distribution_and_what_applies_to_which_ones() -> None:
    assert [one.of_one for one in OPTIONAL_ACTIONS] == [False, False, True, True, True, False]
    for optional in (LISTING, ALL_TAGS, TAGS, DETAILS):
        assert optional.applies([])
    for optional, number in ((CERTIFICATE, 2), (SERVER_CERTIFICATES, 3)):
        assert [optional.applies([record]) for record in RECORDS] == [place == number for place in range(4)]
        assert optional.applies(RECORDS)
        assert not optional.applies([])
