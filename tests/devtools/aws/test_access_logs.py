"""The log files of the embedded CloudFront: as AWS writes them, and of the requests that CloudWatch counts."""

import gzip
import json
from collections import Counter
from urllib.parse import unquote

import pytest

from devtools.aws.access_logs import (
    ALL_FIELDS,
    BLAMED_EDGE,
    BLAMED_PATH,
    FIELDS,
    MORE_FIELDS,
    PARTITIONED,
    LogPlace,
    place_of,
)
from devtools.aws.embedded import IDLE, Traffic
from tests.conftest import NOW

HOUR = 3600
# NOW is a full hour.
START = NOW - HOUR
BURST = (START + 600, START + 900)
BUSY = Traffic(requests=60.0, server_errors=0.05, client_errors=0.1, burst=BURST, burst_errors=0.4)
OLDER = LogPlace("example-logs", "cf/")


@pytest.fixture
def shop(aws, account):
    return aws.add_distribution(account, ["shop.example.com"], traffic=BUSY)


def lines(file):
    return gzip.decompress(file.body).decode().splitlines()


def rows(aws, key, start=START, end=NOW):
    """The requests as dicts."""
    return [dict(zip(ALL_FIELDS, row)) for row in aws.access_logs(key).requests(start, end)]


def test_every_minute_has_the_requests_errors_and_bytes_that_its_metrics_have(aws, shop) -> None:
    for minute in range(START, NOW, 60):
        found = rows(aws, shop, minute, minute + 60)
        count = len(found)
        assert count == aws.truth(shop, "Requests", minute)
        for kind, metric in (("4", "4xxErrorRate"), ("5", "5xxErrorRate")):
            errors = sum(row["sc-status"].startswith(kind) for row in found)
            assert errors / count * 100 == pytest.approx(aws.truth(shop, metric, minute))
        assert sum(int(row["sc-bytes"]) for row in found) == aws.truth(shop, "BytesDownloaded", minute)
        assert sum(int(row["cs-bytes"]) for row in found) == aws.truth(shop, "BytesUploaded", minute)
        assert {row["timestamp(ms)"][:10] for row in found} <= {str(minute + second) for second in range(60)}


def test_in_a_burst_one_url_and_one_edge_location_are_to_blame(aws, shop) -> None:
    def errors(start, end, name):
        return Counter(row[name] for row in rows(aws, shop, start, end) if row["sc-status"][0] == "5")

    for name, blamed in (("cs-uri-stem", BLAMED_PATH), ("x-edge-location", BLAMED_EDGE)):
        within, before = errors(*BURST, name), errors(START, BURST[0], name)
        assert within[blamed] > 0.7 * sum(within.values())
        assert 0 < before[blamed] < 0.5 * sum(before.values())


def test_requests_are_the_same_every_time_each_with_an_id_of_its_own(aws, shop) -> None:
    found = rows(aws, shop)
    assert found == rows(aws, shop, START, START + 1800) + rows(aws, shop, START + 1800, NOW)
    assert len({row["x-edge-request-id"] for row in found}) == len(found) > 1000
    assert all(set(row) == {*FIELDS, *MORE_FIELDS} for row in found)


def test_the_older_kind_has_33_fields_a_header_and_the_hour_in_its_name(aws, shop) -> None:
    files = list(aws.access_logs(shop).files(OLDER, START, NOW, 3))
    assert len(files) == 3
    for file in files:
        folder, identity, hour, unique, ending = file.key.replace("/", ".").split(".")
        assert (folder, identity, hour, ending) == ("cf", shop, "2026-03-01-09", "gz")
        assert len(unique) == 8
        version, fields, *rest = lines(file)
        assert (version, fields) == ("#Version: 1.0", f"#Fields: {' '.join(FIELDS)}")
        assert {line.count("\t") for line in rest} == {32}
        assert len(rest) == file.lines
    assert sum(file.lines for file in files) == len(rows(aws, shop))
    assert len({file.key for file in files}) == 3


def test_values_are_encoded_as_in_a_url(aws, shop) -> None:
    whole = "".join("\n".join(lines(file)) for file in aws.access_logs(shop).files(OLDER, START, NOW, 1))
    assert "/caf%C3%A9/men%C3%BC" in whole
    assert "Mozilla/5.0%20(" in whole
    assert whole.isascii()
    assert "/café/menü" in unquote(whole)


@pytest.mark.parametrize(("output_format", "count"), [("w3c", 2), ("json", 0), ("plain", 0)])
def test_v2_has_chosen_fields_in_one_of_three_formats(aws, shop, output_format, count) -> None:
    fields = ("time", "date", "sc-status", "cs(Host)", "timestamp(ms)", "c-country")
    place = LogPlace("b", output_format=output_format, fields=fields, delimiter=" ")
    (file,) = aws.access_logs(shop).files(place, START, NOW, 1)
    header, rest = lines(file)[:count], lines(file)[count:]
    first = rows(aws, shop)[0]
    wanted = {name: first[name] for name in fields}
    assert header == (["#Version: 1.0", f"#Fields: {' '.join(fields)}"] if count else [])
    got = json.loads(rest[0]) if output_format == "json" else dict(zip(fields, rest[0].split(" ")))
    assert got == wanted
    assert len(rest) == file.lines


@pytest.mark.parametrize(
    ("destination", "options", "folder"),
    [
        ("logs", {}, "AWSLogs/{account}/CloudFront/"),
        ("logs/cdn", {}, "cdn/"),
        ("logs", {"suffix_path": PARTITIONED}, "AWSLogs/{account}/CloudFront/{shop}/2026/03/01/09/"),
        (
            "logs",
            {"suffix_path": PARTITIONED, "is_hive": True},
            "AWSLogs/aws-account-id={account}/CloudFront/DistributionId={shop}/year=2026/month=03/day=01/hour=09/",
        ),
        ("logs/cdn", {"suffix_path": "/{yyyy}-{MM}/"}, "cdn/2026-03/"),
    ],
)
def test_files_of_v2_lie_where_their_delivery_says(aws, account, shop, destination, options, folder) -> None:
    place = place_of(aws.deliver_logs(account, shop, f"arn:aws:s3:::{destination}", **options))
    (file,) = aws.access_logs(shop).files(place, START, NOW, 1)
    expected = folder.format(account=account.account_id, shop=shop)
    assert (file.bucket, file.key.rpartition("/")[0] + "/") == ("logs", expected)


def test_files_are_put_into_the_bucket_an_hour_s_requests_a_file(aws, account, shop) -> None:
    aws.add_bucket(account, "example-logs")
    first = aws.put_logs(shop, OLDER, START + 1800, NOW + 900, files=1)
    assert [file.key.split(".")[1] for file in first] == ["2026-03-01-09", "2026-03-01-10"]
    # What comes later of the same hour is another file.
    assert aws.put_logs(shop, OLDER, START, START + 1800, files=1)[0].key not in {file.key for file in first}


def test_an_idle_distribution_has_no_files(aws, account) -> None:
    idle = aws.add_distribution(account, traffic=IDLE)
    assert list(aws.access_logs(idle).files(OLDER, START, NOW, 2)) == []
