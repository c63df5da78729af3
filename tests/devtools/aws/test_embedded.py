"""CloudFront and tags of the embedded AWS as boto3 sees them, and its start and end: each test stands for a fact."""

import socket
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from moto.cloudfront.models import cloudfront_backends

from devtools.aws.embedded import Call, EmbeddedAWS
from tests.conftest import AK_ID, AK_SECRET, NOW
from tests.devtools.aws.clients import client, query, refusal, request, series

CHINA = "cn-northwest-1"
# What the contract says a summary carries; no call per distribution is needed for the object.
SUMMARY = (
    *("Id", "ARN", "ETag", "Status", "LastModifiedTime", "DomainName", "Aliases", "Origins", "OriginGroups", "Comment"),
    *("DefaultCacheBehavior", "CacheBehaviors", "CustomErrorResponses", "PriceClass", "Enabled", "ViewerCertificate"),
    *("Restrictions", "WebACLId", "HttpVersion", "IsIPV6Enabled", "AliasICPRecordals", "Staging"),
)


def listed(cloudfront):
    pages = [page["DistributionList"] for page in cloudfront.get_paginator("list_distributions").paginate()]
    return [[summary["Id"] for summary in page.get("Items", [])] for page in pages]


def tagged(tagging, **filters):
    pages = list(tagging.get_paginator("get_resources").paginate(**filters))
    return [[resource["ResourceARN"] for resource in page["ResourceTagMappingList"]] for page in pages]


# Distributions


def test_a_listing_comes_in_pages_of_100_that_markers_join(aws, account) -> None:
    cloudfront = client(aws, "cloudfront")
    ids = [aws.add_distribution(account) for _ in range(100)]
    assert listed(cloudfront) == [ids]
    ids += [aws.add_distribution(account) for _ in range(101)]
    assert listed(cloudfront) == [ids[:100], ids[100:200], ids[200:]]
    assert aws.call_counts() == {"ListDistributions": 1 + 3}
    assert [len(page) for page in listed(cloudfront)] == [100, 100, 1]
    first = cloudfront.list_distributions(MaxItems="2", Marker=ids[4])["DistributionList"]
    assert (first["NextMarker"], first["IsTruncated"], first["Quantity"]) == (ids[6], True, 2)
    assert refusal(cloudfront.list_distributions, Marker="ENONE")[0] == "InvalidArgument"


def test_a_listing_holds_while_distributions_are_added(aws, account) -> None:
    cloudfront = client(aws, "cloudfront")
    with ThreadPoolExecutor(4) as pool:
        listings = [pool.submit(listed, cloudfront) for _ in range(20)]
        ids = [aws.add_distribution(account) for _ in range(40)]
    for listing in listings:
        (page,) = listing.result()
        assert page == ids[: len(page)]
    assert listed(cloudfront) == [ids]


def test_a_modification_has_a_time_and_an_etag_and_is_deployed_some_minutes_later(aws, account, clock) -> None:
    cloudfront = client(aws, "cloudfront")
    key = aws.add_distribution(account, aliases=["www.example.com"], tags={"env": "live"})
    other = aws.add_distribution(account)

    def summaries():
        page = cloudfront.list_distributions()["DistributionList"]
        return {summary["Id"]: summary for summary in page["Items"]}

    before = summaries()
    clock.advance(600)
    aws.update_distribution(account, key, deployed_after=240, origin="origin-2.example.com", comment="another origin")
    after = summaries()
    assert after[other] == before[other]
    differing = {name for name in after[key] if after[key][name] != before[key][name]}
    # botocore for Python 3.8 does not read the ETag of a summary.
    etag = {"ETag"} & set(before[key])
    assert differing == {"Origins", "Comment", "LastModifiedTime", "Status", *etag}
    assert after[key]["Origins"]["Items"][0]["DomainName"] == "origin-2.example.com"
    assert after[key]["LastModifiedTime"] == clock.time()
    assert (before[key]["Status"], after[key]["Status"]) == ("Deployed", "InProgress")
    clock.advance(239)
    assert summaries()[key]["Status"] == "InProgress"
    clock.advance(1)
    assert summaries()[key] == {**after[key], "Status": "Deployed"}
    assert tagged(client(aws, "resourcegroupstaggingapi"))[0] == [after[key]["ARN"]]


def test_items_is_absent_when_there_are_none(aws, account) -> None:
    listing = client(aws, "cloudfront").list_distributions()["DistributionList"]
    assert "Items" not in listing
    assert (listing["Quantity"], listing["IsTruncated"]) == (0, False)


def test_a_summary_is_all_that_the_object_needs(aws, account) -> None:
    comment = "<b>Ours & \"theirs\" & 'both' 域名</b>"
    created = NOW - 7200
    key = aws.add_distribution(account, ["www.example.com", "example.com"], comment, created_at=created, enabled=False)
    cloudfront = client(aws, "cloudfront")
    (summary,) = cloudfront.list_distributions()["DistributionList"]["Items"]
    # The botocore of Python 3.8 has not heard of all of them.
    known = cloudfront.meta.service_model.shape_for("DistributionSummary").members
    assert [name for name in SUMMARY if name in known and name not in summary] == []
    assert summary["Aliases"] == {"Quantity": 2, "Items": ["www.example.com", "example.com"]}
    assert summary["ARN"] == f"arn:aws:cloudfront::{account.account_id}:distribution/{key}"
    assert summary["DomainName"].endswith(".cloudfront.net")
    told = {name: summary[name] for name in ("Id", "Comment", "Enabled", "Staging", "Status", "LastModifiedTime")}
    assert told == {
        "Id": key,
        "Comment": comment,
        "Enabled": False,
        "Staging": False,
        "Status": "Deployed",
        "LastModifiedTime": created,
    }
    assert "Items" not in summary["CacheBehaviors"]
    assert "Items" not in summary["DefaultCacheBehavior"]["TrustedSigners"]


def test_a_distribution_without_aliases_has_none(aws, account) -> None:
    aws.add_distribution(account)
    (summary,) = client(aws, "cloudfront").list_distributions()["DistributionList"]["Items"]
    assert summary["Aliases"] == {"Quantity": 0}


def test_in_china_partition_and_domain_are_others(aws) -> None:
    account = aws.add_account("AKIACHINA", "secret", partition="aws-cn")
    key = aws.add_distribution(account, tags={"team": "edge"})
    china = {"key": "AKIACHINA", "secret": "secret", "region": CHINA}
    (summary,) = client(aws, "cloudfront", **china).list_distributions()["DistributionList"]["Items"]
    assert summary["ARN"] == f"arn:aws-cn:cloudfront::{account.account_id}:distribution/{key}"
    assert summary["DomainName"].endswith(".cloudfront.cn")
    assert tagged(client(aws, "resourcegroupstaggingapi", **china)) == [[summary["ARN"]]]
    assert series(client(aws, "cloudwatch", **china), key)


def test_a_removed_distribution_is_gone_but_its_data_points_are_not(aws, account, clock) -> None:
    key = aws.add_distribution(account, tags={"team": "edge"})
    other = aws.add_distribution(account)
    before = set(series(client(aws, "cloudwatch"), key))
    aws.remove_distribution(account, key)
    assert listed(client(aws, "cloudfront")) == [[other]]
    assert tagged(client(aws, "resourcegroupstaggingapi")) == [[]]
    clock.advance(600)
    assert set(series(client(aws, "cloudwatch"), key, end=NOW + 600)) == before
    with pytest.raises(KeyError):
        aws.remove_distribution(account, key)


# Tags


def test_the_tagging_api_pages_by_100_and_omits_what_was_never_tagged(aws, account) -> None:
    for number in range(101):
        aws.add_distribution(account, tags={"number": str(number)})
    aws.add_distribution(account)
    tagging = client(aws, "resourcegroupstaggingapi")
    ours = {"ResourceTypeFilters": ["cloudfront:distribution"]}
    assert [len(page) for page in tagged(tagging, **ours)] == [100, 1]
    assert [len(page) for page in tagged(tagging)] == [100, 1]
    assert tagged(tagging, ResourceTypeFilters=["ec2:instance"]) == [[]]
    assert tagged(client(aws, "resourcegroupstaggingapi", region="eu-west-1"), **ours) == [[]]


def test_tags_are_the_same_in_both_apis(aws, account) -> None:
    tags = {"team": "edge & <core>", "empty": ""}
    aws.add_distribution(account, tags=tags)
    aws.add_distribution(account, tags={"team": "other"})
    tagging, cloudfront = client(aws, "resourcegroupstaggingapi"), client(aws, "cloudfront")
    chosen = tagging.get_resources(TagFilters=[{"Key": "team", "Values": [tags["team"]]}])["ResourceTagMappingList"]
    (resource,) = chosen
    answered = cloudfront.list_tags_for_resource(Resource=resource["ResourceARN"])["Tags"]["Items"]
    assert [{tag["Key"]: tag["Value"] for tag in found} for found in (resource["Tags"], answered)] == [tags, tags]


def test_tags_of_an_untagged_and_of_an_unknown_distribution(aws, account) -> None:
    aws.add_distribution(account)
    cloudfront = client(aws, "cloudfront")
    arn = cloudfront.list_distributions()["DistributionList"]["Items"][0]["ARN"]
    assert cloudfront.list_tags_for_resource(Resource=arn)["Tags"]["Items"] == []
    assert refusal(cloudfront.list_tags_for_resource, Resource=f"{arn}X")[0] == "NoSuchResource"


# The whole


def test_the_environment_sends_a_process_s_calls_here(aws, account, monkeypatch) -> None:
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    session = boto3.Session(AK_ID, AK_SECRET, region_name="us-east-1")
    assert session.client("cloudfront").list_distributions()["DistributionList"]["Quantity"] == 0


def test_every_call_is_told(aws, account, clock) -> None:
    key = aws.add_distribution(account)
    client(aws, "cloudwatch").get_metric_data(**request(query("a", key), query("b", key)))
    clock.advance(60)
    refusal(client(aws, "cloudfront", key="AKIANOBODY").list_distributions)
    refusal(client(aws, "sqs", region="eu-west-1").list_queues)
    assert aws.calls == [
        Call("GetMetricData", "us-east-1", AK_ID, NOW, 2, 200),
        Call("ListDistributions", "us-east-1", "AKIANOBODY", NOW + 60, 0, 403),
        Call("ListQueues", "eu-west-1", AK_ID, NOW + 60, 0, 400),
    ]


def test_all_is_the_same_by_seed_and_another_with_another_seed(clock) -> None:
    def made(seed):
        embedded = EmbeddedAWS(clock, seed=seed)
        account = embedded.add_account(AK_ID)
        ids = [embedded.add_distribution(account) for _ in range(3)]
        embedded.stop()
        return account.account_id, {key: embedded.true_minutes(key, NOW, NOW + 300) for key in ids}

    assert made(1) == made(1)
    assert made(1)[1].keys().isdisjoint(made(2)[1])


def test_two_at_once_share_nothing(aws, account, clock) -> None:
    key = aws.add_distribution(account, ["one.example.com"], tags={"of": "one"})
    with EmbeddedAWS(clock) as other:
        twin = other.add_account(AK_ID, AK_SECRET)
        assert twin.account_id != account.account_id
        assert listed(client(other, "cloudfront")) == tagged(client(other, "resourcegroupstaggingapi")) == [[]]
        assert series(client(other, "cloudwatch"), key) == {}
        other.add_distribution(twin, ["two.example.com"])
    assert listed(client(aws, "cloudfront")) == [[key]]
    assert len(tagged(client(aws, "resourcegroupstaggingapi"))[0]) == 1
    assert aws.call_counts() == {"ListDistributions": 1, "GetResources": 1}


def test_stop_gives_everything_back(clock) -> None:
    embedded = EmbeddedAWS(clock)
    with pytest.raises(RuntimeError):
        _ = embedded.url
    with embedded:
        account = embedded.add_account(AK_ID)
        key = embedded.add_distribution(account)
        assert listed(client(embedded, "cloudfront")) == [[key]]
        port = int(embedded.url.rpartition(":")[2])
    assert account.account_id not in cloudfront_backends
    with pytest.raises(RuntimeError):
        _ = embedded.url
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    embedded.stop()
    with EmbeddedAWS(clock) as fresh:
        assert fresh.add_account(AK_ID) == account
