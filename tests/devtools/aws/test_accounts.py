"""Who may do what at the embedded AWS: keys, signatures, partitions, denied actions and roles."""

import pytest

from devtools.aws.embedded import EmbeddedAWS
from devtools.clock import SimulatedClock
from tests.conftest import AK_ID, NOW
from tests.devtools.aws.clients import client, query, refusal, request, series, speaks_json

CHINA = "cn-northwest-1"
# Clients and calls in the protocols in use: REST XML, query XML, JSON, and CloudWatch's, which depends on botocore.
ACTIONS = [
    ("cloudfront", "list_distributions", {}, "cloudfront:ListDistributions"),
    ("cloudfront", "list_tags_for_resource", {"Resource": "arn:aws:x"}, "cloudfront:ListTagsForResource"),
    ("cloudwatch", "list_metrics", {}, "cloudwatch:ListMetrics"),
    ("cloudwatch", "get_metric_data", request(query("q", "ENONE")), "cloudwatch:GetMetricData"),
    ("sts", "get_caller_identity", {}, "sts:GetCallerIdentity"),
    ("resourcegroupstaggingapi", "get_resources", {}, "tag:GetResources"),
]
services = pytest.mark.parametrize(("service", "method", "parameters", "action"), ACTIONS)


@pytest.fixture
def aws():
    with EmbeddedAWS(SimulatedClock(NOW)) as embedded:
        yield embedded


def listed(cloudfront):
    return [summary["Id"] for summary in cloudfront.list_distributions()["DistributionList"].get("Items", [])]


def as_role(aws, account, service, role="reader"):
    """A client with the temporary key of an account's role."""
    arn = f"arn:{account.partition}:iam::{account.account_id}:role/{role}"
    given = client(aws, "sts").assume_role(RoleArn=arn, RoleSessionName="guance")["Credentials"]
    return client(aws, service, given["AccessKeyId"], given["SecretAccessKey"], token=given["SessionToken"])


@services
def test_an_unknown_key(aws, account, service, method, parameters, action) -> None:
    code, message = refusal(getattr(client(aws, service, key="AKIANOBODY"), method), **parameters)
    assert (code, message) == ("InvalidClientTokenId", "The security token included in the request is invalid.")


@services
def test_a_wrong_secret(aws, account, service, method, parameters, action) -> None:
    boto = client(aws, service, secret="another")
    code, _ = refusal(getattr(boto, method), **parameters)
    assert code == ("InvalidSignatureException" if speaks_json(boto) else "SignatureDoesNotMatch")


@services
def test_the_right_secret_and_any_where_none_is_given(aws, account, service, method, parameters, action) -> None:
    aws.add_account("AKIAFREE")
    for boto in (client(aws, service), client(aws, service, key="AKIAFREE", secret="anything")):
        if "Resource" in parameters:
            assert refusal(getattr(boto, method), **parameters)[0] == "NoSuchResource"
        else:
            getattr(boto, method)(**parameters)


@services
def test_a_key_of_the_other_partition(aws, account, service, method, parameters, action) -> None:
    aws.add_account("AKIACHINA", partition="aws-cn")
    for boto in (client(aws, service, region=CHINA), client(aws, service, key="AKIACHINA")):
        assert refusal(getattr(boto, method), **parameters)[0] == "InvalidClientTokenId"


@services
def test_a_denied_action_is_named(aws, account, service, method, parameters, action) -> None:
    aws.add_account("AKIAOTHER")
    aws.deny(AK_ID, action)
    boto = client(aws, service)
    code, message = refusal(getattr(boto, method), **parameters)
    assert code == ("AccessDeniedException" if speaks_json(boto) else "AccessDenied")
    assert f"User: {account.arn} is not authorized to perform: {action} on resource" in message
    aws.deny("AKIAOTHER", "cloudwatch:GetMetricStatistics")
    client(aws, "cloudwatch", key="AKIAOTHER").list_metrics()


def test_accounts_see_their_own_only(aws, account) -> None:
    other = aws.add_account("AKIAOTHER")
    mine, theirs = aws.add_distribution(account), aws.add_distribution(other)
    assert listed(client(aws, "cloudfront")) == [mine]
    assert listed(client(aws, "cloudfront", key="AKIAOTHER")) == [theirs]
    assert series(client(aws, "cloudwatch"), theirs) == {}
    assert series(client(aws, "cloudwatch", key="AKIAOTHER"), theirs)


def test_a_key_has_one_account_in_a_partition_that_there_is(aws, account) -> None:
    with pytest.raises(ValueError, match=AK_ID):
        aws.add_account(AK_ID)
    with pytest.raises(ValueError, match="aws-us-gov"):
        aws.add_account("AKIAGOV", partition="aws-us-gov")


def test_the_identity_of_a_key(aws, account) -> None:
    identity = client(aws, "sts").get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == (account.account_id, account.arn)


# Roles


def test_a_role_sees_the_other_account_s_resources(aws, account) -> None:
    other = aws.add_account("AKIAOTHER")
    aws.add_distribution(account)
    theirs = aws.add_distribution(other, tags={"team": "edge"})
    assert listed(as_role(aws, other, "cloudfront")) == [theirs]
    assert series(as_role(aws, other, "cloudwatch"), theirs)
    assert len(as_role(aws, other, "resourcegroupstaggingapi").get_resources()["ResourceTagMappingList"]) == 1
    identity = as_role(aws, other, "sts", role="path/reader").get_caller_identity()
    arn = f"arn:aws:sts::{other.account_id}:assumed-role/reader/guance"
    assert (identity["Account"], identity["Arn"]) == (other.account_id, arn)


def test_a_temporary_key_has_a_secret_too(aws, account) -> None:
    given = client(aws, "sts").assume_role(
        RoleArn=f"arn:aws:iam::{account.account_id}:role/r", RoleSessionName="guance"
    )
    boto = client(aws, "cloudfront", given["Credentials"]["AccessKeyId"], "another")
    assert refusal(boto.list_distributions)[0] == "SignatureDoesNotMatch"
    assert given["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account.account_id}:assumed-role/r/guance"


def test_a_role_can_be_denied_and_says_who_it_is(aws, account) -> None:
    other = aws.add_account("AKIAOTHER")
    boto = as_role(aws, other, "cloudfront")
    boto.list_distributions()
    aws.deny(aws.calls[-1].access_key, "cloudfront:ListDistributions")
    code, message = refusal(boto.list_distributions)
    assert code == "AccessDenied"
    assert f"User: arn:aws:sts::{other.account_id}:assumed-role/reader/guance is not authorized" in message


@pytest.mark.parametrize("role", ["arn:aws:iam::999999999999:role/reader", "no ARN, but long enough", "of China"])
def test_roles_of_unknown_accounts_and_other_partitions_are_denied(aws, account, role) -> None:
    china = aws.add_account("AKIACHINA", partition="aws-cn")
    if role == "of China":
        role = f"arn:aws-cn:iam::{china.account_id}:role/reader"
    code, message = refusal(client(aws, "sts").assume_role, RoleArn=role, RoleSessionName="guance")
    assert code == "AccessDenied"
    assert f"sts:AssumeRole on resource: {role}" in message
