"""Where log files are by what AWS says of either kind of logging, what is listed of them, and what a name says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guance_aws_cloudfront.logs.files import (
    HOUR,
    Listing,
    LogFile,
    Place,
    configured_place,
    delivered_place,
    filled,
    hour_floor,
    in_reading_order,
    listings,
    log_file,
    older_place,
)
from guance_aws_cloudfront.settings.logs import parse_logs
from tests.conftest import NOW

ID, ACCOUNT = "EMLARXS9EXAMPLE", "123456789012"
BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"
ALL_OF_IT = "{DistributionId}/{yyyy}/{MM}/{dd}/{HH}"


@pytest.mark.parametrize(
    ("logging", "bucket", "paths"),
    [
        ({"Enabled": True, "Bucket": "my-logs.s3.amazonaws.com", "Prefix": ""}, "my-logs", ("",)),
        ({"Enabled": True, "Bucket": "my.logs.s3.amazonaws.com", "Prefix": "cf/"}, "my.logs", ("cf/",)),
        ({"Enabled": True, "Bucket": "b.s3.eu-west-1.amazonaws.com", "Prefix": "cf"}, "b", ("cf/", "cf")),
        ({"Enabled": True, "Bucket": "b.s3-us-west-2.amazonaws.com"}, "b", ("",)),
        ({"Enabled": True, "Bucket": "b.s3.cn-north-1.amazonaws.com.cn", "Prefix": "a/b/"}, "b", ("a/b/",)),
    ],
)
def test_where_the_older_kind_writes(logging, bucket, paths) -> None:
    assert older_place(logging) == Place("older", bucket, paths)


@pytest.mark.parametrize(
    "logging", [{}, {"Enabled": False, "Bucket": "", "Prefix": ""}, {"Enabled": True, "Bucket": ""}]
)
def test_where_the_older_kind_is_off(logging) -> None:
    assert older_place(logging) is None


# The examples of AWS's documents, in which the suffix path is given as DescribeDeliveries has it.
@pytest.mark.parametrize(
    ("destination", "suffix", "hive", "path"),
    [
        (f"{BUCKET}/MyLogPrefix", None, False, "MyLogPrefix/"),
        (f"{BUCKET}/MyLogPrefix", "myFolderA/", False, "MyLogPrefix/myFolderA/"),
        (f"{BUCKET}/MyLogPrefix", "myFolderA/{yyyy}", True, "MyLogPrefix/myFolderA/year={yyyy}/"),
        (BUCKET, None, False, f"AWSLogs/{ACCOUNT}/CloudFront/"),
        (BUCKET, "AWSLogs/{account-id}/CloudFront/myFolderA/", False, f"AWSLogs/{ACCOUNT}/CloudFront/myFolderA/"),
        (
            BUCKET,
            "AWSLogs/{account-id}/CloudFront/myFolderA/{yyyy}",
            True,
            f"AWSLogs/aws-account-id={ACCOUNT}/CloudFront/myFolderA/year={{yyyy}}/",
        ),
        (
            BUCKET,
            "AWSLogs/{account-id}/CloudFront/{accountid}",
            True,
            f"AWSLogs/aws-account-id={ACCOUNT}/CloudFront/accountid={ACCOUNT}/",
        ),
        (f"{BUCKET}/cf", f"/{ALL_OF_IT}", False, f"cf/{ID}/{{yyyy}}/{{MM}}/{{dd}}/{{HH}}/"),
        (
            f"{BUCKET}/cf",
            "{distributionid}/{yyyy}/{MM}/{dd}/{HH}/",
            True,
            f"cf/distributionid={ID}/year={{yyyy}}/month={{MM}}/day={{dd}}/hour={{HH}}/",
        ),
        ("arn:aws-cn:s3:::b/p", "x", False, "p/x/"),
    ],
)
def test_where_the_newer_kind_writes(destination, suffix, hive, path) -> None:
    configuration = {"enableHiveCompatiblePath": hive, **({} if suffix is None else {"suffixPath": suffix})}
    place = delivered_place({"s3DeliveryConfiguration": configuration}, destination, ID, ACCOUNT)
    assert (place.kind, place.paths, place.delimiter) == ("v2", (path,), "\t")


def test_the_columns_of_a_plain_delivery_are_those_it_names() -> None:
    delivery = {"recordFields": ["date", "time"], "fieldDelimiter": "|"}
    assert delivered_place(delivery, BUCKET, ID, ACCOUNT)[3:] == (("date", "time"), "|")


def test_where_the_user_says_that_files_are() -> None:
    given = {"*": f"s3://my-logs/cf/{ALL_OF_IT}", "e2*": {"path": "logs-b", "fields": ["date"], "delimiter": " "}}
    one, other = (configured_place(place, ID) for _, place in parse_logs({"buckets": given}).buckets)
    assert one == Place("configured", "my-logs", (f"cf/{ID}/{{yyyy}}/{{MM}}/{{dd}}/{{HH}}/",))
    assert other == Place("configured", "logs-b", ("",), ("date",), " ")


SINCE = NOW - 2 * HOUR


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("cf/", [("cf/E1.", "cf/E1.2026-03-01-08")]),
        ("", [("E1.", "E1.2026-03-01-08")]),
        ("cf/E1/{yyyy}/{MM}/{dd}/{HH}/", [("cf/E1/", "cf/E1/2026/03/01/08/E1.2026-03-01-08")]),
        ("E1/year={yyyy}/", [("E1/year=", "E1/year=2026/E1.2026-03-01-08")]),
        ("cf/{yyyy}/{MM}/{dd}/{HH}/", [("cf/", "cf/2026/03/01/08")]),
        ("cf/{yyyy}/{MM}/{dd}/", [("cf/2026/03/01/E1.", "")]),
        (
            "E1/{HH}/{dd}/",
            [("E1/08/01/E1.", ""), ("E1/09/01/E1.", ""), ("E1/10/01/E1.", "")],
        ),
    ],
)
def test_as_few_listings_as_can_be(path, expected) -> None:
    found = listings(Place("v2", "b", (path,)), "E1", SINCE, NOW)
    assert found == [Listing("b", prefix, after) for prefix, after in expected]


def test_distributions_that_share_a_folder_by_the_hour_share_its_listing() -> None:
    place = Place("v2", "b", ("cf/{yyyy}/{MM}/{dd}/{HH}/",))
    assert listings(place, "E1", SINCE, NOW) == listings(place, "E2", SINCE, NOW)


def test_at_the_root_of_a_bucket_nothing_is_listed_but_years() -> None:
    (found,) = listings(Place("v2", "b", ("{yyyy}/{MM}/{dd}/{HH}/",)), "E1", SINCE, NOW)
    assert found == Listing("b", "2026/03/01/", "2026/03/01/08")
    assert not "backups/of-a-million.gz".startswith(found.prefix)
    (found,) = listings(Place("v2", "b", ("year={yyyy}/{MM}/{dd}/{HH}/",)), "E1", NOW - 90 * 24 * HOUR, NOW)
    assert found == Listing("b", "year=", "year=2025/12/01/10")


PATHS = st.lists(st.sampled_from(["{yyyy}", "{MM}", "{dd}", "{HH}", "E1", "logs", "year={yyyy}"]), max_size=6)


@given(PATHS, st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_every_file_of_the_hours_that_are_asked_for_is_in_a_listing(parts, back, length, at) -> None:
    path = "".join(f"{part}/" for part in parts)
    since = hour_floor(NOW) - back * HOUR
    until, hour = since + length * HOUR, since + at * HOUR
    key = filled(f"{path}E1.{{yyyy}}-{{MM}}-{{dd}}-{{HH}}.abcd1234.gz", hour)
    found = [
        one
        for one in listings(Place("v2", "b", (path,)), "E1", since, until)
        if key.startswith(one.prefix) and key > one.after
    ]
    if hour <= until:
        assert found


@pytest.mark.parametrize(
    ("key", "distribution", "hour"),
    [
        ("cf/E1.2026-03-01-10.abcd1234.gz", "E1", NOW),
        ("E1.2026-03-01-09.RT4KCN4SGK9.gz", "E1", NOW - HOUR),
        ("year=2026/E1.2026-03-01-10.a.log", "E1", NOW),
        ("LOGSE1.2026-03-01-10.a.gz", "E1", NOW),
        ("XE1.2026-03-01-10.a.gz", "XE1", NOW),
        ("E9.2026-03-01-10.a.gz", None, None),
        ("E1.2026-13-01-10.a.gz", None, None),
        ("E1.2026-03-01-24.a.gz", None, None),
        ("E1.2026-03-01.a.gz", None, None),
        ("cf/", None, None),
        ("aws-programmatic-access-test-object", None, None),
    ],
)
def test_what_the_name_of_a_file_says(key, distribution, hour) -> None:
    found = log_file("b", key, 10, ["E1", "XE1"])
    assert (found and (found.distribution, found.hour)) == (distribution and (distribution, hour))


def test_the_newest_hour_is_read_first_and_of_an_hour_what_was_begun() -> None:
    files = [LogFile("E1", NOW - hour * HOUR, "b", f"{hour}-{name}", 1) for hour in (2, 0, 1) for name in "abc"]
    begun = [file.mark for file in files if file.key in ("1-b", "2-c")]
    order = in_reading_order(files, begun)
    assert [file.hour for file in order] == sorted((file.hour for file in files), reverse=True)
    assert order[3].key == "1-b"
    assert order[6].key == "2-c"
    assert len({file.mark for file in files}) == 9
    assert {len(file.mark) for file in files} == {8}


def test_an_hour_begins_with_its_first_second() -> None:
    assert hour_floor(NOW) == hour_floor(NOW + 3599.9) == NOW
    assert hour_floor(NOW - 0.1) == NOW - HOUR


def test_a_place_and_a_file_are_named_as_a_person_finds_them() -> None:
    assert Place("older", "b", ("cf/", "cf")).name == "s3://b/cf/"
    file = LogFile("E1", NOW, "b", "cf/E1.gz", 1)
    assert file.name == "s3://b/cf/E1.gz"
    # Told from any other in a few letters.
    assert len(file.mark) == 8
    assert len({file.mark, file._replace(key="cf/E2.gz").mark, file._replace(bucket="c").mark}) == 3


def test_a_variable_that_nobody_knows_stays_in_the_path() -> None:
    assert filled("a/{yyyy}/{other}/{HH}", NOW) == "a/2026/{other}/10"
