"""S3 of the embedded AWS as boto3 sees it, and what goes wrong there: each test stands for a fact."""

import gzip

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, IncompleteReadError, ResponseStreamingError

from devtools.aws.embedded import EmbeddedAWS, Fault
from tests.conftest import AK_ID, AK_SECRET, NOW
from tests.devtools.aws.clients import client, refusal

BUCKET, KEY = "example-logs", "cf/E1EXAMPLE.2026-03-01-09.0123abcd.gz"
BODY = gzip.compress(b"#Version: 1.0\n" * 1000)
LIST, GET = "s3:ListBucket", "s3:GetObject"
OTHER = {"key": "AKIAEXAMPLE000000002", "secret": "x"}
KMS_KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d"


@pytest.fixture
def bucket(aws, account):
    aws.add_bucket(account, BUCKET)
    aws.put_object(BUCKET, KEY, BODY)
    return BUCKET


def s3_of(aws, **options):
    return client(aws, "s3", **options)


def keys(s3, bucket=BUCKET, **options):
    """The keys of a listing, by page."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, **options)
    return [[item["Key"] for item in page.get("Contents", [])] for page in pages]


def body(s3, key=KEY, bucket=BUCKET, **options):
    return s3.get_object(Bucket=bucket, Key=key, **options)["Body"].read()


def status(call, **parameters):
    """The HTTP status of an error without a body, as HEAD has them."""
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    return raised.value.response["ResponseMetadata"]["HTTPStatusCode"]


# Reading


def test_a_listing_tells_key_size_and_time_of_the_clock(aws, bucket, clock) -> None:
    aws.put_object(bucket, "cf/late", b"1", modified_at=NOW - 3600)
    clock.advance(60)
    aws.put_object(bucket, "other", b"22")
    listed = s3_of(aws).list_objects_v2(Bucket=bucket, Prefix="cf/")
    found = {item["Key"]: (item["Size"], item["LastModified"]) for item in listed["Contents"]}
    assert found == {KEY: (len(BODY), NOW), "cf/late": (1, NOW - 3600)}
    assert (listed["KeyCount"], listed["IsTruncated"]) == (2, False)
    aws.delete_object(bucket, KEY)
    assert keys(s3_of(aws)) == [["cf/late", "other"]]


def test_a_listing_comes_in_pages_of_1000_that_tokens_join(aws, bucket) -> None:
    names = [f"many/{number:04}" for number in range(2001)]
    for name in names:
        aws.put_object(bucket, name, b"")
    s3 = s3_of(aws)
    assert keys(s3, Prefix="many/") == [names[:1000], names[1000:2000], names[2000:]]
    assert keys(s3, Prefix="many/", StartAfter="many/1998") == [names[1999:]]
    aws.cut_listings(2)
    assert keys(s3, Prefix="many/", StartAfter="many/1995") == [names[1996:1998], names[1998:2000], names[2000:]]
    assert s3.list_objects_v2(Bucket=bucket, Prefix="none/")["KeyCount"] == 0


def test_folders_are_told_with_a_delimiter(aws, bucket) -> None:
    aws.put_object(bucket, "cf/2026/03/a", b"")
    listed = s3_of(aws).list_objects_v2(Bucket=bucket, Prefix="cf/", Delimiter="/")
    assert [one["Prefix"] for one in listed["CommonPrefixes"]] == ["cf/2026/"]


@pytest.mark.parametrize("key", ["a b+c=d&e/~f", "AWSLogs/aws-account-id=1/Ä域名", "a//b", "x%20y"])
def test_keys_of_any_characters_are_read_and_their_signatures_hold(aws, bucket, key) -> None:
    aws.put_object(bucket, key, b"it")
    s3 = s3_of(aws)
    assert body(s3, key) == b"it"
    assert key in keys(s3)[0]
    assert s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"] == 1
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == 2


def test_a_part_of_an_object_is_read_if_it_is_still_the_same(aws, bucket) -> None:
    s3 = s3_of(aws)
    etag = s3.head_object(Bucket=bucket, Key=KEY)["ETag"]
    part = s3.get_object(Bucket=bucket, Key=KEY, Range="bytes=10-19", IfMatch=etag)
    assert (part["Body"].read(), part["ContentRange"]) == (BODY[10:20], f"bytes 10-19/{len(BODY)}")
    assert body(s3, Range="bytes=30-") == BODY[30:]
    assert refusal(s3.get_object, Bucket=bucket, Key=KEY, Range=f"bytes={len(BODY)}-")[0] == "InvalidRange"
    aws.put_object(bucket, KEY, BODY + b"more")
    assert refusal(s3.get_object, Bucket=bucket, Key=KEY, IfMatch=etag)[0] == "PreconditionFailed"


def test_calls_are_counted_with_what_they_are_about(aws, bucket) -> None:
    s3 = s3_of(aws)
    keys(s3)
    body(s3)
    assert [(call.operation, call.resource, call.status) for call in aws.calls] == [
        ("ListObjectsV2", bucket, 200),
        ("GetObject", f"{bucket}/{KEY}", 200),
    ]


def test_every_answer_has_the_ids_of_s3(aws, bucket) -> None:
    s3, seen = s3_of(aws), []
    s3.meta.events.register("after-call.s3", lambda parsed, **_: seen.append(parsed["ResponseMetadata"]["HTTPHeaders"]))
    body(s3)
    keys(s3)
    s3.head_object(Bucket=bucket, Key=KEY)
    refusal(s3.get_object, Bucket=bucket, Key="none")
    aws.deny(AK_ID, GET)
    refusal(s3.get_object, Bucket=bucket, Key=KEY)
    assert len(seen) == 5
    assert all({"x-amz-request-id", "x-amz-id-2"} <= set(headers) for headers in seen)


def test_nothing_is_written_or_deleted(aws, bucket) -> None:
    s3 = s3_of(aws)
    assert refusal(s3.put_object, Bucket=bucket, Key="a", Body=b"b")[0] == "NotImplemented"
    assert refusal(s3.delete_object, Bucket=bucket, Key=KEY)[0] == "NotImplemented"
    assert keys(s3) == [[KEY]]


def test_what_is_not_there(aws, bucket) -> None:
    s3 = s3_of(aws)
    assert refusal(s3.list_objects_v2, Bucket="nobodys-logs")[0] == "NoSuchBucket"
    assert refusal(s3.get_object, Bucket=bucket, Key="none")[0] == "NoSuchKey"
    assert status(s3.head_bucket, Bucket="nobodys-logs") == 404


def test_a_name_is_taken_once_and_free_again_after_the_end(clock) -> None:
    for _ in range(2):
        with EmbeddedAWS(clock) as aws:
            account = aws.add_account(AK_ID, AK_SECRET)
            aws.add_bucket(account, BUCKET)
            assert keys(s3_of(aws)) == [[]]
            with pytest.raises(ValueError, match="already"):
                aws.add_bucket(account, BUCKET)


# Regions


@pytest.mark.parametrize("region", ["eu-west-1", "ap-southeast-2"])
def test_a_bucket_elsewhere_redirects_and_botocore_follows_once(aws, account, region) -> None:
    aws.add_bucket(account, "far-logs", region)
    aws.put_object("far-logs", KEY, BODY)
    s3 = s3_of(aws)
    assert keys(s3, "far-logs") == [[KEY]]
    assert body(s3, bucket="far-logs") == BODY
    seen = [(call.operation, call.region, call.status) for call in aws.calls]
    assert seen[0] == ("ListObjectsV2", "us-east-1", 301)
    assert seen[-2:] == [("ListObjectsV2", region, 200), ("GetObject", region, 200)]
    assert s3.get_bucket_location(Bucket="far-logs")["LocationConstraint"] == region


def test_the_redirection_names_the_region_and_the_endpoint(aws, account) -> None:
    aws.add_bucket(account, "far-logs", "eu-west-1")
    s3 = s3_of(aws)
    redirections = []
    s3.meta.events.register_first("needs-retry.s3", lambda response, **_: redirections.append(response[1]))
    keys(s3, "far-logs")
    first = redirections[0]
    assert first["Error"]["Code"] == "PermanentRedirect"
    assert first["Error"]["Endpoint"] == "far-logs.s3.eu-west-1.amazonaws.com"
    assert first["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "eu-west-1"


def test_buckets_of_china_are_not_seen_from_elsewhere(aws, bucket) -> None:
    china = aws.add_account("AKIACHINA00000000001", "c", partition="aws-cn")
    aws.add_bucket(china, "logs-in-china", "cn-northwest-1")
    there = s3_of(aws, key=china.ak_id, secret="c", region="cn-northwest-1")
    assert keys(there, "logs-in-china") == [[]]
    assert refusal(there.list_objects_v2, Bucket=bucket)[0] == "NoSuchBucket"
    assert refusal(s3_of(aws).list_objects_v2, Bucket="logs-in-china")[0] == "NoSuchBucket"


# Who may read


def test_a_wrong_secret_and_an_unknown_key_are_refused_in_s3_s_words(aws, bucket) -> None:
    assert refusal(s3_of(aws, secret="wrong").list_objects_v2, Bucket=bucket)[0] == "SignatureDoesNotMatch"
    unknown = s3_of(aws, key="AKIANOBODY")
    assert refusal(unknown.get_object, Bucket=bucket, Key=KEY)[0] == "InvalidAccessKeyId"


def test_a_bucket_is_forbidden_until_it_is_allowed_again(aws, account, bucket) -> None:
    aws.add_bucket(account, "more-logs")
    aws.deny(AK_ID, LIST, bucket)
    s3 = s3_of(aws)
    code, message = refusal(s3.list_objects_v2, Bucket=bucket)
    assert code == "AccessDenied"
    assert f"not authorized to perform: {LIST} on resource: arn:aws:s3:::{bucket} because" in message
    assert keys(s3, "more-logs") == [[]]
    assert status(s3.head_bucket, Bucket=bucket) == 403
    assert body(s3) == BODY
    # Who may not list is not told what is missing.
    assert refusal(s3.get_object, Bucket=bucket, Key="none")[0] == "AccessDenied"
    aws.allow(AK_ID, LIST, bucket)
    assert keys(s3) == [[KEY]]


def test_objects_are_forbidden_everywhere(aws, bucket) -> None:
    aws.deny(AK_ID, GET)
    s3 = s3_of(aws)
    code, message = refusal(s3.get_object, Bucket=bucket, Key=KEY)
    assert (code, f"arn:aws:s3:::{bucket}/{KEY}" in message) == ("AccessDenied", True)
    assert status(s3.head_object, Bucket=bucket, Key=KEY) == 403
    assert keys(s3) == [[KEY]]


def test_another_account_reads_what_is_shared_with_it(aws, account, bucket) -> None:
    other = aws.add_account(OTHER["key"], OTHER["secret"])
    aws.add_bucket(account, "shared-logs", shared_with=[other])
    aws.put_object("shared-logs", KEY, BODY)
    s3 = s3_of(aws, **OTHER)
    assert refusal(s3.list_objects_v2, Bucket=bucket) == ("AccessDenied", "Access Denied")
    assert body(s3, bucket="shared-logs") == BODY


def test_a_requester_says_that_it_pays_and_the_owner_need_not(aws, account) -> None:
    other = aws.add_account(OTHER["key"], OTHER["secret"])
    aws.add_bucket(account, "paid-logs", shared_with=[other], requester_pays=True)
    aws.put_object("paid-logs", KEY, BODY)
    s3 = s3_of(aws, **OTHER)
    assert refusal(s3.list_objects_v2, Bucket="paid-logs") == ("AccessDenied", "Access Denied")
    assert refusal(s3.get_object, Bucket="paid-logs", Key=KEY)[0] == "AccessDenied"
    assert keys(s3, "paid-logs", RequestPayer="requester") == [[KEY]]
    paid = s3.get_object(Bucket="paid-logs", Key=KEY, RequestPayer="requester")
    assert (paid["Body"].read(), paid["RequestCharged"]) == (BODY, "requester")
    assert body(s3_of(aws), bucket="paid-logs") == BODY


def test_an_encrypted_object_needs_its_key(aws, account) -> None:
    aws.add_bucket(account, "locked-logs", kms_key=KMS_KEY)
    aws.put_object("locked-logs", KEY, BODY)
    s3 = s3_of(aws)
    got = s3.get_object(Bucket="locked-logs", Key=KEY)
    assert (got["Body"].read(), got["ServerSideEncryption"], got["SSEKMSKeyId"]) == (BODY, "aws:kms", KMS_KEY)
    aws.deny(AK_ID, "kms:Decrypt")
    code, message = refusal(s3.get_object, Bucket="locked-logs", Key=KEY)
    assert (code, f"kms:Decrypt on resource: {KMS_KEY}" in message) == ("AccessDenied", True)
    assert keys(s3, "locked-logs") == [[KEY]]


# What goes wrong


def test_a_fault_of_one_bucket_or_object_leaves_the_others_alone(aws, account, bucket) -> None:
    aws.add_bucket(account, "more-logs")
    aws.put_object("more-logs", KEY, b"more")
    aws.faults.add(Fault("GetObject", code="SlowDown", status=503, resource=f"{bucket}/*"))
    s3 = s3_of(aws)
    assert refusal(s3.get_object, Bucket=bucket, Key=KEY)[0] == "SlowDown"
    assert body(s3, bucket="more-logs") == b"more"
    assert keys(s3) == [[KEY]]


def test_botocore_tries_again_after_a_503(aws, bucket, monkeypatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    aws.faults.add(Fault("GetObject", code="ServiceUnavailable", status=503, times=2))
    assert body(s3_of(aws, attempts=3)) == BODY
    assert [call.status for call in aws.calls] == [503, 503, 200]


def test_a_body_that_is_cut_arrives_to_its_half_and_then_fails(aws, bucket) -> None:
    aws.faults.add(Fault("GetObject", cut_answer=True))
    stream, read = s3_of(aws).get_object(Bucket=bucket, Key=KEY)["Body"], b""
    with pytest.raises((IncompleteReadError, ResponseStreamingError)):
        while True:
            read += stream.read(16)
            if len(read) >= len(BODY):
                break
    assert len(read) < len(BODY)
    assert BODY.startswith(read)


def test_an_object_that_was_written_cut_arrives_as_it_is(aws, bucket) -> None:
    aws.faults.add(Fault("GetObject", body=lambda whole: whole[:-20]))
    assert body(s3_of(aws)) == BODY[:-20]


def test_a_connection_that_is_cut(aws, bucket) -> None:
    aws.faults.add(Fault("ListObjectsV2", cut_connection=True))
    with pytest.raises(ConnectionClosedError):
        s3_of(aws).list_objects_v2(Bucket=bucket)


# The older kind of standard logging, and v2


def test_a_distribution_tells_of_its_older_logging(aws, account) -> None:
    logging = {"Enabled": "true", "IncludeCookies": "false", "Bucket": f"{BUCKET}.s3.amazonaws.com", "Prefix": "cf/"}
    key = aws.add_distribution(account, settings={"Logging": logging})
    told = client(aws, "cloudfront").get_distribution_config(Id=key)["DistributionConfig"]["Logging"]
    assert told == {**logging, "Enabled": True, "IncludeCookies": False}


def described(logs, operation, name, **options):
    """What a Describe call lists, by page."""
    return [page[name] for page in logs.get_paginator(operation).paginate(**options)]


def test_deliveries_are_found_by_three_calls(aws, account) -> None:
    key = aws.add_distribution(account)
    aws.deliver_logs(
        account,
        key,
        f"arn:aws:s3:::{BUCKET}/cdn",
        output_format="json",
        suffix_path="{DistributionId}/{yyyy}/{MM}/{dd}/{HH}",
        is_hive=True,
        record_fields=["date", "time", "sc-status"],
    )
    aws.deliver_logs(account, key, "arn:aws:logs:us-east-1:123456789012:log-group:cdn")
    logs = client(aws, "logs")
    ((to_s3, to_logs),) = described(logs, "describe_deliveries", "deliveries")
    ((source,),) = described(logs, "describe_delivery_sources", "deliverySources")
    ((first, second),) = described(logs, "describe_delivery_destinations", "deliveryDestinations")
    assert source["resourceArns"] == [f"arn:aws:cloudfront::{account.account_id}:distribution/{key}"]
    assert (source["service"], source["logType"]) == ("cloudfront", "ACCESS_LOGS")
    assert {to_s3["deliverySourceName"], to_logs["deliverySourceName"]} == {source["name"]}
    assert [to_s3["deliveryDestinationArn"], to_logs["deliveryDestinationArn"]] == [first["arn"], second["arn"]]
    assert [to_s3["deliveryDestinationType"], to_logs["deliveryDestinationType"]] == ["S3", "CWL"]
    assert to_s3["recordFields"] == ["date", "time", "sc-status"]
    assert to_s3["s3DeliveryConfiguration"] == {
        "suffixPath": "{DistributionId}/{yyyy}/{MM}/{dd}/{HH}",
        "enableHiveCompatiblePath": True,
    }
    assert first["deliveryDestinationConfiguration"]["destinationResourceArn"] == f"arn:aws:s3:::{BUCKET}/cdn"
    assert [first["outputFormat"], second["outputFormat"]] == ["json", "w3c"]
    aws.stop_delivery(key)
    assert described(logs, "describe_deliveries", "deliveries") == [[]]


def test_deliveries_come_in_pages_of_50_at_most(aws, account) -> None:
    for _ in range(51):
        aws.deliver_logs(account, aws.add_distribution(account), f"arn:aws:s3:::{BUCKET}")
    logs = client(aws, "logs")
    for operation, name in (
        ("describe_deliveries", "deliveries"),
        ("describe_delivery_sources", "deliverySources"),
        ("describe_delivery_destinations", "deliveryDestinations"),
    ):
        assert [len(page) for page in described(logs, operation, name)] == [50, 1]
        assert [len(page) for page in described(logs, operation, name, limit=20)] == [20, 20, 11]
    assert refusal(logs.describe_deliveries, limit=51)[0] == "ValidationException"
    aws.cut_listings(30)
    assert [len(page) for page in described(logs, "describe_deliveries", "deliveries")] == [30, 21]


def test_deliveries_are_in_us_east_1_and_of_one_account(aws, account) -> None:
    other = aws.add_account(OTHER["key"], OTHER["secret"])
    key = aws.add_distribution(account)
    aws.deliver_logs(account, key, f"arn:aws:s3:::{BUCKET}", destination_account=other)
    elsewhere, theirs = client(aws, "logs", region="eu-west-1"), client(aws, "logs", **OTHER)
    assert described(elsewhere, "describe_deliveries", "deliveries") == [[]]
    assert described(theirs, "describe_deliveries", "deliveries") == [[]]
    # A destination of another account is described there only.
    destinations = ("describe_delivery_destinations", "deliveryDestinations")
    assert described(client(aws, "logs"), *destinations) == [[]]
    assert len(described(theirs, *destinations)[0]) == 1
    aws.deny(AK_ID, "logs:DescribeDeliveries")
    assert refusal(client(aws, "logs").describe_deliveries)[0] == "AccessDeniedException"


def test_china_has_no_v2(aws) -> None:
    china = aws.add_account("AKIACHINA00000000001", "c", partition="aws-cn")
    key = aws.add_distribution(china)
    with pytest.raises(ValueError, match="China"):
        aws.deliver_logs(china, key, f"arn:aws-cn:s3:::{BUCKET}")
