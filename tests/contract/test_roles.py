"""Roles: one account's key collects another account, by an external ID where the role wants one."""

import pytest

import devtools.aws.sts
from devtools.aws.embedded import Fault, Traffic
from devtools.demo.judge import seen, truth
from tests.conftest import AK_ID, NOW
from tests.contract.conftest import JOB, SET, use_key

HOUR, SETTLED = 3600, 180
BUSY = Traffic(requests=900.0)
EXTERNAL_ID = "guance-0123456789-external"


@pytest.fixture
def other(aws):
    """Another account, with a distribution of its own."""
    account = aws.add_account("AKIAOTHER00000000001", "other/secret/of/another/account/00000001")
    aws.add_distribution(aws.account, traffic=BUSY)
    return account


def assume(func, account, **more):
    script = f"startup__{SET}"
    lines = [f'"role_arn": "arn:aws:iam::{account.account_id}:role/reader",']
    lines += [f'"{key}": "{value}",' for key, value in more.items()]
    func.scripts[script] = func.scripts[script].replace("ACCOUNT = {", "ACCOUNT = {\n" + "\n".join(lines))
    func.publish(script)
    return f"arn:aws:iam::{account.account_id}:role/reader"


def test_a_role_collects_its_own_account(func, aws, datakit, other) -> None:
    key = aws.add_distribution(other, traffic=BUSY)
    assume(func, other)
    record = func.run_cron_job(JOB)
    assert (record.status, record.exception) == ("success", None)
    (thing,) = datakit.points("custom_object")
    assert thing.tags["ARN"] == f"arn:aws:cloudfront::{other.account_id}:distribution/{key}"
    assert seen(datakit) == truth(aws, [key], NOW - HOUR - SETTLED, NOW - SETTLED)
    assert record.return_value["calls"]["AssumeRole"] == 1
    by_key = {call.operation for call in aws.calls if call.access_key == AK_ID}
    assert by_key == {"AssumeRole"}


def test_an_external_id_is_handed_over_and_shown_nowhere(func, aws, datakit, other) -> None:
    aws.add_distribution(other, traffic=BUSY)
    aws.demand_external_id(assume(func, other, external_id=EXTERNAL_ID), EXTERNAL_ID)
    record = func.run_cron_job(JOB)
    assert record.status == "success"
    assert EXTERNAL_ID not in repr((record, func.store.rows, func.cache.rows, datakit.points()))


@pytest.mark.parametrize("given", [{}, {"external_id": "another-one"}])
def test_a_role_that_cannot_be_assumed_is_told_with_its_remedy(func, aws, other, given) -> None:
    aws.demand_external_id(assume(func, other, **given), EXTERNAL_ID)
    record = func.run_cron_job(JOB)
    assert record.status == "failure"
    assert "Assuming the role failed: permission is denied (AccessDenied" in record.exception
    assert "Check 'role_arn' and 'external_id', allow the key's user the IAM action sts:AssumeRole" in record.exception
    assert record.exception.endswith(f"The role is assumed with the access key that ends in …{AK_ID[-4:]}.")
    assert "another-one" not in record.exception


def test_a_key_that_may_assume_nothing_for_it_is_unknown_is_named(func, aws, other) -> None:
    assume(func, other)
    use_key(func, ak_id="AKIAUNKNOWN00000WXYZ")
    record = func.run_cron_job(JOB)
    assert "Assuming the role failed: AWS does not know the access key (InvalidClientTokenId" in record.exception
    assert record.exception.endswith("The role is assumed with the access key that ends in …WXYZ.")
    assert "UNKNOWN" not in record.exception + record.log


def test_where_aws_does_not_take_a_role_s_temporary_key_the_account_s_own_is_named(func, aws, other) -> None:
    assume(func, other)
    aws.faults.add(Fault("ListDistributions", code="ExpiredToken", status=403))
    record = func.run_cron_job(JOB)
    assert "the session token or the request has expired (ExpiredToken" in record.exception
    assert f"The role is assumed with the access key that ends in …{AK_ID[-4:]}." in record.exception


@pytest.mark.usefixtures("keeps_time")
def test_credentials_are_renewed_before_they_expire(func, aws, datakit, clock, other, monkeypatch) -> None:
    monkeypatch.setattr(devtools.aws.sts, "LIFETIME", 300)
    key = aws.add_distribution(other, traffic=BUSY)
    assume(func, other)
    func.run_cron_job(JOB)
    clock.advance(7 * HOUR)
    record = func.run_cron_job(JOB)
    assert record.status == "success"
    # botocore renews what would expire within minutes, before each call.
    assert record.return_value["calls"]["AssumeRole"] >= len(record.return_value["windows"]) > 1
    assert truth(aws, [key], NOW - HOUR - SETTLED, NOW + 7 * HOUR - SETTLED).items() <= seen(datakit).items()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("prod", "guance-prod"), ("生产 a/b", "guance----a-b"), ("x" * 128, "guance-" + "x" * 57)],
)
def test_the_session_says_who_calls(name, expected) -> None:
    from guance_aws_cloudfront.aws.credentials import session_name
    from guance_aws_cloudfront.settings.account import parse_account
    from tests.conftest import RAW_ACCOUNT

    assert session_name(parse_account({**RAW_ACCOUNT, "extra_tags": {"account_name": name}})) == expected
