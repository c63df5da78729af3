"""What goes wrong around access logs costs no line and doubles none but those of a lost answer, judged line by line."""

import gzip
import json
import zlib

import pytest

from devtools.aws.access_logs import ALL_FIELDS, FIELDS, LogPlace
from devtools.aws.embedded import Fault, Traffic
from tests.conftest import AK_ID, AK_SECRET, NOW
from tests.contract.conftest import COLLECT_LOGS, configure_logs

pytestmark = pytest.mark.newest

MINUTE, HOUR = 60, 3600
BUCKET, OTHER = "amzn-logs", "other-logs"
PLACE = LogPlace(BUCKET, "cf/")
FEW = Traffic(requests=12.0)
A_POST = 100
# What is compared of a line, by its column.
COLUMNS = ("x-edge-request-id", "sc-status", "cs-uri-stem", "x-edge-location", "sc-bytes")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    """Retries of botocore wait in real time: not here."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def logging_to(bucket):
    domain = f"{bucket}.s3.amazonaws.com"
    return {"Logging": {"Enabled": "true", "IncludeCookies": "false", "Bucket": domain, "Prefix": "cf/"}}


@pytest.fixture
def shop(aws, func):
    """A distribution that writes the older kind of logs; access logs are collected."""
    aws.add_bucket(aws.account, BUCKET)
    configure_logs(func)
    return aws.add_distribution(aws.account, ["www.example.com"], settings=logging_to(BUCKET), traffic=FEW)


def true_lines(aws, distribution, *spans):
    """What is to stand in Guance of the requests of each span [start, end), in the form of `written_lines`."""
    found = []
    for start, end in spans:
        for row in aws.access_logs(distribution).requests(start, end):
            named = dict(zip(ALL_FIELDS, row))
            found.append((distribution, int(named["timestamp(ms)"]) // 1000, *(named[column] for column in COLUMNS)))
    return sorted(found)


def written_lines(datakit):
    """What stands in Guance, a tuple for each line: distribution, time, and the columns that are compared."""
    names = ("x_edge_request_id", "sc_status", "cs_uri_stem", "x_edge_location", "sc_bytes")
    decoded = {"/café/menü": "/caf%C3%A9/men%C3%BC"}
    return sorted(
        (
            point.tags["DistributionId"],
            point.time,
            *(decoded.get(value, value) for value in (str(point.fields[name]) for name in names)),
        )
        for point in datakit.points("logging")
    )


def collect(func):
    record = func.call(COLLECT_LOGS)
    assert AK_SECRET not in repr(record)
    return record


def succeeded(func):
    record = collect(func)
    assert record.status == "success", record.log
    return record


def runs_for(func, clock, seconds, every=5 * MINUTE):
    """The records of the runs of so many simulated seconds."""
    records = []
    for _ in range(seconds // every):
        clock.advance(every)
        records.append(collect(func))
    return records


def gets(aws):
    return aws.call_counts().get("GetObject", 0)


# Files


def test_files_that_come_up_to_24_hours_late_in_any_order(func, aws, datakit, clock, shop) -> None:
    succeeded(func)
    # Ten minutes of requests each, and how many hours after them they come.
    late = dict(enumerate([23.5, 0.2, 11, 3, 17, 1, 23, 6]))
    spans = {number: (NOW + number * 1200, NOW + number * 1200 + 600) for number in late}
    left, records = dict(late), []
    while left or clock.time() < NOW + 29 * HOUR:
        clock.advance(115 * MINUTE)
        for number in [one for one, hours in left.items() if spans[one][1] + hours * HOUR <= clock.time()]:
            aws.put_logs(shop, PLACE, *spans[number], files=3)
            del left[number]
        records.append(succeeded(func))
    expected = true_lines(aws, shop, *spans.values())
    assert written_lines(datakit) == expected
    assert sum(record.return_value["lines"]["written"] for record in records) == len(expected)
    assert gets(aws) == sum(record.return_value["files"]["read"] for record in records)


def odd_file(kind, good):
    """The bytes of a file that is none of CloudFront's, or of another format than those beside it."""
    text = gzip.decompress(good).decode()
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return {
        "Parquet": b"PAR1\x15\x00\x15\x10" + bytes(range(256)) + b"PAR1",
        "text without gzip": text.encode(),
        "a page of a proxy": gzip.compress(b"<html><body>Blocked</body></html>\n"),
        "nothing": b"",
        "an empty gzip file": gzip.compress(b""),
        "binary in gzip": gzip.compress(bytes(range(256)) * 50),
        "no header": gzip.compress("".join("\t".join(row) + "\n" for row in rows).encode()),
        "another number of columns": gzip.compress(text.replace("\tHTTP/2.0\t", "\t").encode()),
        "JSON lines": gzip.compress("".join(json.dumps(dict(zip(FIELDS, row))) + "\n" for row in rows).encode()),
    }[kind]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("Parquet", "cannot be read to the end, and is not read again: it is no gzip file"),
        ("text without gzip", "cannot be read to the end, and is not read again: it is no gzip file"),
        ("a page of a proxy", "left out: the file has no header"),
        ("nothing", "cannot be read to the end, and is not read again: it is empty"),
        ("an empty gzip file", ""),
        ("binary in gzip", "left out: the file has no header"),
        ("no header", "left out: the file has no header"),
        ("another number of columns", "columns in the place of 33"),
        ("JSON lines", ""),
    ],
)
def test_a_file_of_another_format_among_good_ones(func, aws, datakit, clock, shop, kind, said) -> None:
    first, second, third = ((NOW - HOUR + number * 600, NOW - HOUR + number * 600 + 600) for number in range(3))
    aws.put_logs(shop, PLACE, *first)
    (odd,) = aws.access_logs(shop).files(PLACE, *second, 1)
    aws.put_object(BUCKET, odd.key, odd_file(kind, odd.body))
    aws.put_logs(shop, PLACE, *third)
    record = succeeded(func)
    expected = true_lines(aws, shop, first, third)
    if kind == "JSON lines":
        expected = true_lines(aws, shop, first, second, third)
    elif kind == "another number of columns":
        # Lines of HTTP/1.1 are whole.
        protocol = ALL_FIELDS.index("cs-protocol-version")
        whole = {row[14] for row in aws.access_logs(shop).requests(*second) if row[protocol] != "HTTP/2.0"}
        assert whole
        expected = sorted([*expected, *(line for line in true_lines(aws, shop, second) if line[2] in whole)])
    assert written_lines(datakit) == expected
    warnings = " ".join(record.return_value["warnings"])
    assert said in warnings
    assert (odd.key.rpartition("/")[2] in warnings) is bool(said)
    # It is done: no run reads it again.
    before = gets(aws)
    assert all(one.return_value["warnings"] == [] for one in runs_for(func, clock, 70 * MINUTE, 10 * MINUTE))
    assert gets(aws) == before
    assert written_lines(datakit) == expected


def whole_lines(cut):
    """The requests that can be read of a gzip file that breaks off."""
    text = zlib.decompressobj(31).decompress(cut).decode()
    return {line.split("\t")[14] for line in text.splitlines()[2:-1]}


@pytest.mark.parametrize("part", [0.3, 0.9])
def test_of_a_file_that_was_cut_when_it_was_written_the_lines_before_the_cut(
    func,
    aws,
    datakit,
    clock,
    shop,
    part,
) -> None:
    cut, good = (NOW - HOUR, NOW - HOUR + 600), (NOW - HOUR + 600, NOW - HOUR + 1200)
    (file,) = aws.access_logs(shop).files(PLACE, *cut, 1)
    body = file.body[: int(len(file.body) * part)]
    aws.put_object(BUCKET, file.key, body)
    aws.put_logs(shop, PLACE, *good)
    record = succeeded(func)
    readable = whole_lines(body)
    assert 0 < len(readable) < file.lines
    before_cut = [line for line in true_lines(aws, shop, cut) if line[2] in readable]
    expected = sorted([*before_cut, *true_lines(aws, shop, good)])
    assert written_lines(datakit) == expected
    assert "and is not read again: it breaks off" in " ".join(record.return_value["warnings"])
    runs_for(func, clock, 15 * MINUTE)
    assert written_lines(datakit) == expected


@pytest.mark.parametrize("requests", [12.0, 1500.0])
def test_an_answer_that_is_cut_on_its_way_fails_the_run_and_costs_nothing(
    func,
    aws,
    datakit,
    clock,
    shop,
    requests,
) -> None:
    """A small file, which is fetched as a whole, and a large one, whose lines are written while it comes."""
    configure_logs(func, keep={"status": ["4xx", "5xx"]} if requests > 100 else None)
    busy = aws.add_distribution(
        aws.account, ["img.example.com"], settings=logging_to(BUCKET), traffic=Traffic(requests=requests)
    )
    span = (NOW - HOUR, NOW - HOUR + 1200)
    (file,) = aws.put_logs(busy, PLACE, *span, files=1)
    assert (len(file.body) > 512 * 1024) is (requests > 100)
    aws.faults.add(Fault("GetObject", cut_answer=True))
    failed = [collect(func), *runs_for(func, clock, 10 * MINUTE)]
    assert {record.status for record in failed} == {"failure"}
    assert "Reading the log files of the bucket amzn-logs failed" in failed[0].exception
    half = len(written_lines(datakit))
    assert (half > 0) is (requests > 100)
    aws.faults.clear()
    clock.advance(5 * MINUTE)
    succeeded(func)
    expected = true_lines(aws, busy, span)
    assert written_lines(datakit) == [line for line in expected if requests < 100 or line[3] >= "400"]
    assert len(written_lines(datakit)) > half


# Outages


def test_datakit_is_down_for_an_hour(func, aws, datakit, clock, shop) -> None:
    spans = [(NOW - HOUR + number * 600, NOW - HOUR + number * 600 + 600) for number in range(12)]
    for span in spans[:6]:
        aws.put_logs(shop, PLACE, *span)
    datakit.go_down()
    records = [collect(func)]
    for span in spans[6:]:
        clock.advance(10 * MINUTE)
        aws.put_logs(shop, PLACE, *span)
        records.append(collect(func))
    assert {record.status for record in records} == {"failure"}
    assert "Connection refused" in records[0].exception
    datakit.come_up()
    clock.advance(5 * MINUTE)
    succeeded(func)
    assert written_lines(datakit) == true_lines(aws, shop, *spans)


@pytest.mark.parametrize("status", [500, 403, 429])
def test_datakit_refuses_for_a_while(func, aws, datakit, clock, shop, status) -> None:
    span = (NOW - HOUR, NOW - HOUR + 1200)
    aws.put_logs(shop, PLACE, *span)
    datakit.refuse(status)
    assert {record.status for record in runs_for(func, clock, 20 * MINUTE)} == {"failure"}
    datakit.clear_faults()
    clock.advance(5 * MINUTE)
    succeeded(func)
    assert written_lines(datakit) == true_lines(aws, shop, span)


def test_when_answers_are_lost_no_more_lines_come_twice_than_those_of_a_post(
    func,
    aws,
    datakit,
    clock,
    shop,
) -> None:
    span = (NOW - HOUR, NOW)
    aws.put_logs(shop, PLACE, *span)
    datakit.lose_answers(1)
    collect(func)
    runs_for(func, clock, 10 * MINUTE)
    expected, found = true_lines(aws, shop, span), written_lines(datakit)
    assert set(found) == set(expected)
    assert len(expected) < len(found) <= len(expected) + A_POST


@pytest.mark.parametrize("action", ["s3:ListBucket", "s3:GetObject"])
def test_a_bucket_is_forbidden_for_an_hour_and_the_other_one_is_read_on(
    func,
    aws,
    datakit,
    clock,
    shop,
    action,
) -> None:
    aws.add_bucket(aws.account, OTHER)
    blog = aws.add_distribution(aws.account, ["blog.example.com"], settings=logging_to(OTHER), traffic=FEW)
    spans = [(NOW - 600 + number * 600, NOW + number * 600) for number in range(7)]
    aws.deny(AK_ID, action, BUCKET)
    for span in spans:
        aws.put_logs(shop, PLACE, *span)
        aws.put_logs(blog, LogPlace(OTHER, "cf/"), *span)
        record = collect(func)
        assert record.status == "failure"
        assert f"the bucket {BUCKET} failed: permission is denied" in record.exception
        assert OTHER not in record.exception
        assert written_lines(datakit) == true_lines(aws, blog, (spans[0][0], span[1]))
        clock.advance(10 * MINUTE)
    aws.allow(AK_ID, action, BUCKET)
    succeeded(func)
    assert written_lines(datakit) == sorted([*true_lines(aws, shop, *spans), *true_lines(aws, blog, *spans)])


@pytest.mark.parametrize(
    ("code", "status"), [("AccessDenied", 403), ("InvalidObjectState", 403), ("KMS.DisabledException", 400)]
)
def test_a_distribution_whose_files_cannot_be_had_costs_others_in_its_bucket_nothing(
    func, aws, datakit, clock, shop, code, status
) -> None:
    blog = aws.add_distribution(aws.account, ["blog.example.com"], settings=logging_to(BUCKET), traffic=FEW)
    spans = [(NOW - HOUR + number * 600, NOW - HOUR + number * 600 + 600) for number in range(6)]
    for span in spans:
        aws.put_logs(shop, PLACE, *span, files=3)
        aws.put_logs(blog, PLACE, *span, files=3)
    aws.faults.add(Fault("GetObject", code=code, status=status, resource=f"{BUCKET}/cf/{blog}*"))
    record = collect(func)
    assert record.status == "failure"
    assert f"Concerns the access logs of {blog}." in record.exception
    assert written_lines(datakit) == true_lines(aws, shop, *spans)
    # Its further files are not asked for one by one.
    assert gets(aws) < 18 + 9
    aws.faults.clear()
    clock.advance(5 * MINUTE)
    succeeded(func)
    assert written_lines(datakit) == sorted([*true_lines(aws, shop, *spans), *true_lines(aws, blog, *spans)])


def test_a_bucket_that_is_forbidden_is_told_in_one_sentence_whatever_files_are_in_it(func, aws, clock, shop) -> None:
    ids = [shop]
    for number in range(7):
        alias = f"blog{number}.example.com"
        ids.append(aws.add_distribution(aws.account, [alias], settings=logging_to(BUCKET), traffic=FEW))
    for one in ids:
        aws.put_logs(one, PLACE, NOW - HOUR, NOW - HOUR + 600)
    aws.deny(AK_ID, "s3:GetObject", BUCKET)
    exception = collect(func).exception
    assert exception.count("permission is denied") == 1
    assert "and 3 more." in exception
    assert gets(aws) <= 3 * len(ids)


def test_s3_is_overloaded_for_a_while_and_some_files_are_read_all_the_same(
    func,
    aws,
    datakit,
    clock,
    shop,
) -> None:
    spans = [(NOW - HOUR + number * 600, NOW - HOUR + number * 600 + 600) for number in range(6)]
    for span in spans:
        aws.put_logs(shop, PLACE, *span, files=3)
    aws.faults.add(Fault("GetObject", code="SlowDown", status=503, share=0.6))
    aws.faults.add(Fault("ListObjectsV2", code="ServiceUnavailable", status=503, share=0.6))
    records = [collect(func), *runs_for(func, clock, 40 * MINUTE)]
    assert "failure" in {record.status for record in records}
    aws.faults.clear()
    clock.advance(5 * MINUTE)
    succeeded(func)
    assert written_lines(datakit) == true_lines(aws, shop, *spans)
