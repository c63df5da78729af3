"""Access logs: each line of each file is once in Guance, and whatever stands in the way has its sentence."""

import gzip
import json
import re

import pytest

from devtools.aws.access_logs import ALL_FIELDS, FIELDS, MORE_FIELDS, LogPlace, place_of
from devtools.aws.embedded import Fault, Traffic
from devtools.aws.wire import Response
from guance_aws_cloudfront.logs.files import HOUR
from tests.conftest import AK_ID, NOW
from tests.contract.conftest import (
    CHECK,
    COLLECT_LOGS,
    JOB,
    PREVIEW,
    RESET,
    RESET_LOGS,
    RUN,
    SET,
    configure,
    configure_logs,
)

BUCKET = "amzn-logs"
ARN = f"arn:aws:s3:::{BUCKET}"
PLACE = LogPlace(BUCKET, "cf/")
REQUEST_ID = ALL_FIELDS.index("x-edge-request-id")
FEW = Traffic(requests=12.0)
START, END = NOW - HOUR, NOW - HOUR + 600
PARTITIONS = "{DistributionId}/{yyyy}/{MM}/{dd}/{HH}"


@pytest.fixture
def no_pauses(monkeypatch):
    """Retries of botocore wait in real time: not here."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)


@pytest.fixture
def one(aws, func):
    """A distribution that writes the older kind of logs, with two files of ten minutes; access logs are collected."""
    aws.add_bucket(aws.account, BUCKET)
    distribution = writes_older_logs(aws, "www.example.com")
    aws.put_logs(distribution, PLACE, START, END)
    configure_logs(func)
    return distribution


def writes_older_logs(aws, alias, bucket=BUCKET, prefix="cf/"):
    logging = {"Enabled": "true", "IncludeCookies": "false", "Bucket": f"{bucket}.s3.amazonaws.com", "Prefix": prefix}
    tags, settings = {"env": "prod"}, {"Logging": logging}
    return aws.add_distribution(aws.account, aliases=[alias], settings=settings, tags=tags, traffic=FEW)


def rows(aws, distribution, start=START, end=END):
    return list(aws.access_logs(distribution).requests(start, end))


def true_ids(aws, distribution, start=START, end=END):
    return sorted(row[REQUEST_ID] for row in rows(aws, distribution, start, end))


def written_ids(datakit, distribution=None):
    return sorted(
        point.fields["x_edge_request_id"]
        for point in datakit.points("logging")
        if distribution in (None, point.tags["DistributionId"])
    )


def collected(func):
    record = func.call(COLLECT_LOGS)
    assert record.status == "success", record.log
    return record


def failed(func):
    record = func.call(COLLECT_LOGS)
    assert (record.status, record.exception_type) == ("failure", "CollectError"), record.log
    assert record.exception.startswith('Account "prod": ')
    return record.exception


def s3_calls(aws):
    counts = aws.call_counts()
    return counts.get("ListObjectsV2", 0), counts.get("GetObject", 0)


# What is written


def test_each_line_is_written_once(func, aws, datakit, one) -> None:
    ids = true_ids(aws, one)
    assert len(ids) > 50
    first = collected(func).return_value
    assert written_ids(datakit) == ids
    counted = dict.fromkeys(("read", "kept", "written"), len(ids))
    assert first["lines"] == {**counted, "refused": 0, "unreadable": 0, "waiting": 0}
    assert (first["files"]["read"], first["files"]["left"], first["places"]) == (2, 0, {"older": 1, "none": 0})
    assert s3_calls(aws) == (1, 2)
    assert first["estimated_price_usd"] == round(0.005 / 1000 + 2 * 0.0004 / 1000, 6)
    assert collected(func).return_value["lines"]["written"] == 0
    assert s3_calls(aws) == (2, 2)
    assert written_ids(datakit) == ids


def test_a_line_in_guance_has_the_time_of_its_request_and_the_tags_of_its_distribution(func, aws, datakit, one) -> None:
    configure(func, resource_tags=["env"])
    collected(func)
    row = dict(zip(ALL_FIELDS, rows(aws, one)[0]))
    (point,) = [at for at in datakit.points("logging") if at.fields["x_edge_request_id"] == row["x-edge-request-id"]]
    assert point.measurement == "aws_cloudfront"
    assert point.time == START + int(row["time"][6:])
    own = {"DistributionId": one, "name": one, "Alias": "www.example.com", "account_name": "prod", "env": "prod"}
    assert own.items() <= point.tags.items()
    assert not {"Region", "Dimensions", "source"} & point.tags.keys()
    assert point.fields["sc_status"] == int(row["sc-status"])
    assert point.fields["time_taken_ms"] == pytest.approx(float(row["time-taken"]) * 1000)
    assert point.fields["c_ip"] == row["c-ip"].rpartition(".")[0] + ".0"
    assert point.fields["message"].startswith(f"{point.fields['c_ip']} - - [01/Mar/2026:09:00:")
    assert "cs_uri_query" not in point.fields


@pytest.mark.parametrize(
    ("destination", "options"),
    [
        (ARN, {}),
        (f"{ARN}/cf", {"output_format": "json", "suffix_path": PARTITIONS}),
        (f"{ARN}/cf", {"output_format": "plain", "record_fields": ALL_FIELDS, "field_delimiter": "|"}),
        (f"{ARN}/cf", {"suffix_path": PARTITIONS, "is_hive": True, "record_fields": [*MORE_FIELDS, *FIELDS]}),
        (f"{ARN}/cf", {"suffix_path": "{yyyy}/{MM}/{dd}/{HH}", "record_fields": ALL_FIELDS}),
        (f"{ARN}/cf", {"output_format": "json", "record_fields": ["timestamp(ms)", "x-edge-request-id", "sc-status"]}),
    ],
    ids=["default", "json", "plain", "hive", "shared", "few"],
)
def test_the_newer_kind_is_found_and_read_in_each_of_its_formats(func, aws, datakit, destination, options) -> None:
    aws.add_bucket(aws.account, BUCKET)
    ids = {}
    for alias in ("a.example.com", "b.example.com"):
        distribution = aws.add_distribution(aws.account, aliases=[alias], traffic=FEW)
        delivery = aws.deliver_logs(aws.account, distribution, destination, **options)
        aws.put_logs(distribution, place_of(delivery), START, END)
        ids[distribution] = true_ids(aws, distribution)
    configure_logs(func)
    assert collected(func).return_value["places"] == {"v2": 2, "none": 0}
    for distribution, expected in ids.items():
        assert written_ids(datakit, distribution) == expected
    if "timestamp(ms)" in options.get("record_fields", ()):
        exact = {row[REQUEST_ID]: row[ALL_FIELDS.index("timestamp(ms)")] for row in rows(aws, distribution)}
        times = {at.fields["x_edge_request_id"]: at.time_ns // 10**6 for at in datakit.points("logging")}
        assert all(times[key] == int(at) for key, at in exact.items())
    assert collected(func).return_value["lines"]["written"] == 0


def test_listings_that_come_in_pages_are_read_to_their_end(func, aws, datakit, one) -> None:
    other = aws.add_distribution(aws.account, aliases=["b.example.com"], traffic=FEW)
    delivery = aws.deliver_logs(aws.account, other, f"{ARN}/v2")
    for distribution, place in ((one, PLACE), (other, place_of(delivery))):
        aws.put_logs(distribution, place, NOW - 30 * HOUR, NOW - 30 * HOUR + 60, files=3)
        aws.put_logs(distribution, place, START, END, files=3)
    aws.cut_listings(1)
    collected(func)
    assert set(written_ids(datakit)) == {*true_ids(aws, one), *true_ids(aws, other)}


def test_a_folder_that_distributions_share_by_the_hour_is_listed_once(func, aws) -> None:
    aws.add_bucket(aws.account, BUCKET)
    for number in range(5):
        distribution = aws.add_distribution(aws.account, aliases=[f"{number}.example.com"], traffic=FEW)
        delivery = aws.deliver_logs(aws.account, distribution, f"{ARN}/cf", suffix_path="{yyyy}/{MM}/{dd}/{HH}")
        aws.put_logs(distribution, place_of(delivery), START, END, files=1)
    configure_logs(func)
    assert collected(func).return_value["files"]["read"] == 5
    assert s3_calls(aws) == (1, 5)


def test_of_a_distribution_that_writes_both_kinds_the_newer_one_is_read(func, aws, datakit, one) -> None:
    delivery = aws.deliver_logs(aws.account, one, f"{ARN}/v2", output_format="json")
    aws.put_logs(one, place_of(delivery), START, END)
    assert collected(func).return_value["places"] == {"v2": 1, "none": 0}
    assert written_ids(datakit) == true_ids(aws, one)


def test_a_distribution_that_writes_the_newer_kind_too_goes_on_with_the_older(func, aws, datakit, one, clock) -> None:
    collected(func)
    delivery = aws.deliver_logs(aws.account, one, f"{ARN}/v2", output_format="json")
    aws.put_logs(one, place_of(delivery), START, END)
    clock.advance(HOUR)
    for place in (PLACE, place_of(delivery)):
        aws.put_logs(one, place, NOW, NOW + 600)
    assert collected(func).return_value["places"] == {"older": 1, "none": 0}
    both = sorted([*true_ids(aws, one), *true_ids(aws, one, NOW, NOW + 600)])
    assert written_ids(datakit) == both
    # Once the older one is switched off, the newer one takes over.
    off = {"Enabled": "false", "IncludeCookies": "false", "Bucket": "", "Prefix": ""}
    aws.update_distribution(aws.account, one, settings={"Logging": off})
    clock.advance(HOUR)
    aws.put_logs(one, place_of(delivery), NOW + HOUR, NOW + HOUR + 600)
    record = collected(func)
    assert record.return_value["places"] == {"v2": 1, "none": 0}
    assert f"Access logs of {one} are in s3://{BUCKET}/v2/ now, and were in s3://{BUCKET}/cf/" in record.log
    clock.advance(300)
    aws.put_logs(one, place_of(delivery), NOW + 2 * HOUR, NOW + 2 * HOUR + 60)
    collected(func)
    assert written_ids(datakit) == sorted([*both, *true_ids(aws, one, NOW + 2 * HOUR, NOW + 2 * HOUR + 60)])


def test_only_the_lines_that_are_wanted_are_written_and_each_time_the_same(func, aws, datakit, one) -> None:
    configure_logs(func, keep={"status": ["4xx", "5xx"]}, keep_rest=0.2, fields=["sc_status", "x_edge_request_id"])
    counted = collected(func).return_value["lines"]
    assert (counted["read"], counted["kept"]) == (len(true_ids(aws, one)), len(written_ids(datakit)))
    status = {row[REQUEST_ID]: row[ALL_FIELDS.index("sc-status")] for row in rows(aws, one)}
    errors = {key for key, code in status.items() if code >= "400"}
    found = written_ids(datakit)
    assert errors <= set(found) < set(status)
    assert 0.1 < len(set(found) - errors) / len(set(status) - errors) < 0.3
    assert all(
        at.fields.keys() == {"message", "status", "sc_status", "x_edge_request_id"} for at in datakit.points("logging")
    )
    func.call(RESET_LOGS)
    collected(func)
    assert written_ids(datakit) == sorted([*found, *found])


def test_a_field_that_is_misspelled_is_told_with_the_nearest_before_lines_are_written(func, one) -> None:
    said = (
        "'c_ipp' (key 'fields' of LOGS) is not a known field of CloudFront's access logs. The nearest are c_ip, c_port."
    )
    configure_logs(func, fields=["NOT", "c_ipp"])
    assert checked(func)["LOGS fields"] == ("missing", said)
    record = collected(func)
    assert record.return_value["warnings"] == [said]
    assert record.log.index(said) < record.log.index("Files:")


def test_logs_may_be_of_other_distributions_than_metrics(func, aws, datakit, one) -> None:
    other = writes_older_logs(aws, "other.example.org")
    aws.put_logs(other, PLACE, START, END)
    configure_logs(func, distributions=["other.*"])
    collected(func)
    assert written_ids(datakit) == true_ids(aws, other)


def test_where_the_user_says_that_files_are_nobody_is_asked(func, aws, datakit, one) -> None:
    configure_logs(func, buckets={"*.example.com": f"{BUCKET}/cf/"})
    assert collected(func).return_value["places"] == {"configured": 1, "none": 0}
    assert written_ids(datakit) == true_ids(aws, one)
    assert not {"DescribeDeliveries", "GetDistributionConfig"} & set(aws.call_counts())


# Off, beside the run, and reset


def test_who_leaves_it_off_pays_nothing_for_it(func, aws, one) -> None:
    configure_logs(func, **{})
    func.scripts[f"startup__{SET}"] = func.scripts[f"startup__{SET}"].replace("LOGS = {}", "LOGS = None")
    func.publish(f"startup__{SET}")
    loaded = []
    for script in [name for name in func.scripts if name.startswith(f"{SET}__logs_")]:
        func.scripts[script] = f"{func.scripts[script]}\nprint('loaded {script}')\n"
        loaded.append(script)
    assert len(loaded) > 5
    record = func.call(RUN)
    assert record.status == "success"
    assert "loaded" not in record.log
    assert s3_calls(aws) == (0, 0)
    record = func.call(COLLECT_LOGS)
    assert (record.exception_type, record.exception[:52]) == (
        "ConfigError",
        "Access logs are not collected: LOGS of the startup s",
    )


def test_the_cron_job_of_a_deployment_stays_with_run(func) -> None:
    assert func.cron_jobs[JOB].func_id == RUN
    assert func.functions[COLLECT_LOGS].cron == "*/5 * * * *"


def test_logs_are_collected_beside_the_metrics_and_once_at_a_time(func, aws, datakit, one, clock) -> None:
    seen = []

    def start_both(name):
        if name == "write logging" and not seen:
            seen.append(None)
            seen[:] = [func.call(RUN).status, func.call(COLLECT_LOGS), func.call(RESET_LOGS)]

    func.on_event = start_both
    collected(func)
    assert seen[0] == "success"
    assert [record.status for record in seen[1:]] == ["skip", "skip"]
    assert "another run of its access logs has been under way since" in seen[1].exception
    assert written_ids(datakit) == true_ids(aws, one)


def test_a_reset_of_one_leaves_the_other_as_it_is(func, aws, datakit, one) -> None:
    func.call(RUN)
    collected(func)
    assert func.call(RESET).status == "success"
    assert collected(func).return_value["lines"]["written"] == 0
    func.call(RUN)
    metrics = len(datakit.points("metric"))
    assert func.call(RESET_LOGS).return_value["forgotten"] == [one]
    assert not [key for _, key in (*func.store.rows, *func.cache.rows) if key.startswith("logs/")]
    func.call(RUN)
    assert len(datakit.points("metric")) == metrics
    assert collected(func).return_value["lines"]["written"] == len(true_ids(aws, one))


def test_a_dry_run_shows_lines_and_writes_and_keeps_nothing(func, aws, datakit, one) -> None:
    configure(func, dry_run=True)
    record = collected(func)
    assert record.log.count("logging: {") == 5
    assert f"Shown: 5 of {len(true_ids(aws, one))} lines." in record.log
    assert datakit.posts == []
    assert not [key for _, key in func.store.rows if "logs" in key]
    assert func.call(PREVIEW).status == "success"


# Time


def test_a_file_that_comes_late_is_found_within_the_hour(func, aws, datakit, one, clock) -> None:
    collected(func)
    clock.advance(21 * HOUR)
    collected(func)
    aws.put_logs(one, PLACE, NOW, NOW + 600)
    found = []
    for _ in range(12):
        clock.advance(300)
        found.append(collected(func).return_value["lines"]["written"])
    assert sum(found) == len(true_ids(aws, one, NOW, NOW + 600))
    assert written_ids(datakit) == sorted([*true_ids(aws, one), *true_ids(aws, one, NOW, NOW + 600)])


def test_a_regular_run_lists_the_last_hours_only(func, aws, one, clock) -> None:
    aws.put_logs(one, PLACE, NOW - 20 * HOUR, NOW - 2 * HOUR, files=4)
    configure_logs(func, first_lookback=21 * HOUR, keep={"status": ["599"]})
    assert collected(func).return_value["files"]["listed"] == 18 * 4 + 2
    clock.advance(300)
    assert collected(func).return_value["files"]["listed"] == 2
    clock.advance(3600)
    assert collected(func).return_value["files"]["listed"] == 18 * 4 + 2


def test_what_a_run_does_not_get_through_is_told_and_comes_next_newest_first(func, aws, datakit, one, clock) -> None:
    aws.put_logs(one, PLACE, NOW - 4 * HOUR, NOW - 3 * HOUR)
    configure_logs(func, first_lookback=5 * HOUR, max_lines_a_run=100)
    everything = sorted([*true_ids(aws, one), *true_ids(aws, one, NOW - 4 * HOUR, NOW - 3 * HOUR)])
    record = collected(func)
    assert record.return_value["lines"]["written"] == 100
    assert set(written_ids(datakit)) <= set(true_ids(aws, one))
    assert any(
        "files of the hours from 2026-03-01 06:00 UTC on are left for the next run" in it
        for it in record.return_value["warnings"]
    )
    for _ in range(len(everything) // 100 + 1):
        clock.advance(300)
        collected(func)
    assert written_ids(datakit) == everything


def test_a_run_ends_in_good_order_when_its_time_is_over(func, aws, datakit, one, clock) -> None:
    configure(func, concurrency=1, time_limit=30)
    aws.put_logs(one, PLACE, START + 600, START + 3600, files=5)
    aws.faults.add(Fault("GetObject", takes=12))
    everything = true_ids(aws, one, START, START + 3600)
    begun = clock.time()
    record = collected(func)
    assert 0 < record.return_value["lines"]["written"] < len(everything)
    assert record.return_value["files"]["left"] > 0
    assert clock.time() - begun < 60
    assert "are left for the next run" in record.log
    aws.faults.clear()
    collected(func)
    assert written_ids(datakit) == everything


# What stands in the way


def test_a_bucket_of_another_region_is_asked_there(func, aws, datakit) -> None:
    aws.add_bucket(aws.account, "far-logs", region="ap-southeast-2")
    distribution = writes_older_logs(aws, "far.example.com", bucket="far-logs")
    aws.put_logs(distribution, LogPlace("far-logs", "cf/"), START, END)
    configure_logs(func)
    collected(func)
    assert written_ids(datakit) == true_ids(aws, distribution)


def test_a_bucket_whose_region_is_told_to_a_further_question_only_is_asked_there(func, aws, datakit) -> None:
    aws.add_bucket(aws.account, "far-logs", region="ap-southeast-2")
    distribution = writes_older_logs(aws, "far.example.com", bucket="far-logs")
    aws.put_logs(distribution, LogPlace("far-logs", "cf/"), START, END)
    body = b"<Error><Code>PermanentRedirect</Code><Message>Use another endpoint.</Message></Error>"
    aws.faults.add(Fault("ListObjectsV2", answer=Response(301, {"x-amz-request-id": "R1"}, body), times=1))
    configure_logs(func)
    collected(func)
    assert aws.call_counts()["HeadBucket"] >= 1
    assert written_ids(datakit) == true_ids(aws, distribution)


def test_a_prefix_without_a_slash_is_found_either_way(func, aws, datakit) -> None:
    aws.add_bucket(aws.account, BUCKET)
    one, other = (writes_older_logs(aws, f"{number}.example.com", prefix="logs") for number in range(2))
    aws.put_logs(one, LogPlace(BUCKET, "logs/"), START, END)
    aws.put_logs(other, LogPlace(BUCKET, "logs"), START, END)
    configure_logs(func)
    collected(func)
    assert written_ids(datakit) == sorted([*true_ids(aws, one), *true_ids(aws, other)])


@pytest.mark.parametrize("action", ["s3:ListBucket", "s3:GetObject"])
def test_a_bucket_that_is_forbidden_is_told_and_made_up_for(func, aws, datakit, one, clock, action) -> None:
    aws.deny(AK_ID, action, BUCKET)
    text = failed(func)
    step = "Listing" if action == "s3:ListBucket" else "Reading"
    assert f"{step} the log files of the bucket {BUCKET} failed: permission is denied" in text
    assert f"Allow the IAM action {action} on the bucket" in text
    assert f"Concerns the access logs of {one}." in text
    clock.advance(300)
    failed(func)
    aws.allow(AK_ID, action, BUCKET)
    clock.advance(300)
    collected(func)
    assert written_ids(datakit) == true_ids(aws, one)


def test_an_encrypted_bucket_needs_its_key(func, aws, datakit) -> None:
    aws.add_bucket(aws.account, BUCKET, kms_key="arn:aws:kms:us-east-1:123456789012:key/1")
    distribution = writes_older_logs(aws, "www.example.com")
    aws.put_logs(distribution, PLACE, START, END)
    configure_logs(func)
    aws.deny(AK_ID, "kms:Decrypt", BUCKET)
    assert "encrypted with a KMS key: allow the IAM action kms:Decrypt on the key" in failed(func)
    aws.allow(AK_ID, "kms:Decrypt", BUCKET)
    collected(func)
    assert written_ids(datakit) == true_ids(aws, distribution)


def test_a_bucket_where_the_requester_pays_is_read_once_that_is_agreed_to(func, aws, datakit) -> None:
    owner = aws.add_account("AKIAOTHER00000000001")
    aws.add_bucket(owner, BUCKET, shared_with=[aws.account], requester_pays=True)
    distribution = writes_older_logs(aws, "www.example.com")
    aws.put_logs(distribution, PLACE, START, END)
    configure_logs(func)
    assert "a bucket where the requester pays needs 'requester_pays' in LOGS" in failed(func)
    configure_logs(func, requester_pays=True)
    collected(func)
    assert written_ids(datakit) == true_ids(aws, distribution)


def test_a_bucket_that_does_not_exist_is_told(func, aws) -> None:
    writes_older_logs(aws, "www.example.com", bucket="never-made")
    configure_logs(func)
    text = failed(func)
    assert "Listing the log files of the bucket never-made failed: there is no such bucket (NoSuchBucket" in text
    assert "Check the logging settings of the distribution, or 'buckets' of LOGS" in text


def test_parquet_and_deliveries_to_other_accounts_are_told(func, aws) -> None:
    aws.add_bucket(aws.account, BUCKET)
    parquet = aws.add_distribution(aws.account)
    aws.deliver_logs(aws.account, parquet, ARN, output_format="parquet")
    configure_logs(func)
    record = collected(func)
    assert record.return_value["places"] == {"none": 1}
    assert f"Access logs of {parquet} are delivered as Parquet, which is not supported" in record.log
    assert s3_calls(aws) == (0, 0)


def test_where_deliveries_may_not_be_looked_up_the_older_kind_is_found(func, aws, datakit, one) -> None:
    aws.deny(AK_ID, "logs:DescribeDeliveries")
    record = collected(func)
    assert "Finding the deliveries of access logs (v2) failed: permission is denied" in record.log
    assert "only the older kind of logging is found; or say in 'buckets' of LOGS where the files are" in record.log
    assert written_ids(datakit) == true_ids(aws, one)


def test_deliveries_that_cannot_be_looked_up_for_a_while_cost_no_line(func, aws, datakit, one, no_pauses) -> None:
    delivery = aws.deliver_logs(aws.account, one, f"{ARN}/v2", output_format="json")
    aws.put_logs(one, place_of(delivery), START, END)
    aws.faults.add(Fault("DescribeDeliverySources", code="InternalFailure", status=500, times=3))
    failed(func)
    assert datakit.points("logging") == []
    collected(func)
    assert written_ids(datakit) == true_ids(aws, one)


def test_in_china_only_the_older_kind_is_asked_for(func, aws, datakit, monkeypatch) -> None:
    account = aws.add_account("AKIACHINA00000000001", "china/secret/china/secret/china/secret/0", partition="aws-cn")
    aws.add_bucket(account, "china-logs", region="cn-north-1")
    logging = {
        "Enabled": "true",
        "IncludeCookies": "false",
        "Bucket": "china-logs.s3.cn-north-1.amazonaws.com.cn",
        "Prefix": "",
    }
    distribution = aws.add_distribution(account, settings={"Logging": logging}, traffic=FEW)
    aws.put_logs(distribution, LogPlace("china-logs"), START, END)
    configure_logs(func)
    script = f"startup__{SET}"
    func.scripts[script] = func.scripts[script].replace("ACCOUNT = {", 'ACCOUNT = {"partition": "aws-cn",')
    func.publish(script)
    for key, value in (("AK_ID", "AKIACHINA00000000001"), ("AK_SECRET", "china/secret/china/secret/china/secret/0")):
        func.set_env(f"GUANCE_AWS_CLOUDFRONT_{key}", value)
    assert collected(func).return_value["places"] == {"older": 1, "none": 0}
    assert written_ids(datakit) == true_ids(aws, distribution)
    assert not [call for call in aws.calls if call.operation.startswith("Describe")]


def test_a_file_that_is_deleted_meanwhile_is_nobody_s_fault(func, aws, datakit, one) -> None:
    aws.faults.add(Fault("GetObject", code="NoSuchKey", status=404, times=1))
    record = collected(func)
    assert (record.return_value["files"]["gone"], record.return_value["files"]["left"]) == (1, 0)
    assert collected(func).return_value["files"]["gone"] == 0


def put(aws, distribution, name, text, hour="2026-03-01-09"):
    aws.put_object(
        BUCKET, f"cf/{distribution}.{hour}.{name}.gz", text if isinstance(text, bytes) else gzip.compress(text.encode())
    )


HEADER = f"#Version: 1.0\n#Fields: {' '.join(FIELDS)}\n"


def line(number, at="09:30:00"):
    values = dict.fromkeys(FIELDS, "-")
    values.update({"date": "2026-03-01", "time": at, "x-edge-request-id": f"r{number}", "sc-status": "200"})
    return "\t".join(values.values()) + "\n"


def test_lines_and_files_that_cannot_be_read_are_counted_and_told_and_cost_no_other(func, aws, datakit, one) -> None:
    whole = gzip.compress((HEADER + "".join(line(number) for number in range(500))).encode())
    put(aws, one, "aaaa", HEADER + line(1000) + "not a line\n" + line(1001) + line(1002, at="25:00:00") + line(1003))
    put(aws, one, "bbbb", whole[: len(whole) - 10])
    put(aws, one, "cccc", b"PAR1 and no gzip at all")
    put(aws, one, "dddd", line(2000))
    put(aws, one, "eeee", "")
    record = collected(func)
    result, warnings = record.return_value, "\n".join(record.return_value["warnings"])
    assert result["lines"]["unreadable"] == 3
    assert result["files"]["unreadable"] == 2
    for text in (
        "it has 1 columns in the place of 33 (line 4 of s3://",
        "it tells no time (",
        "the file has no header",
    ):
        assert f"1 line of access logs cannot be read and is left out: {text}" in warnings
    assert "1 log file cannot be read to the end, and is not read again: it breaks off (s3://amzn-logs/cf/" in warnings
    assert "it is no gzip file, or damaged" in warnings
    found = written_ids(datakit)
    assert {"r1000", "r1001", "r1003"} <= set(found)
    assert len(found) == len(set(found))
    assert 400 < len([key for key in found if key.startswith("r")]) <= 503
    assert collected(func).return_value["lines"]["written"] == 0


def test_a_line_that_the_connector_refuses_costs_no_other_and_is_told(func, aws, datakit, one) -> None:
    bad = true_ids(aws, one)[7]
    datakit.refuse_points(lambda point: point.fields.get("x_edge_request_id") == bad)
    text = failed(func)
    assert "The connector refused 1 line of access logs" in text
    assert written_ids(datakit) == [key for key in true_ids(aws, one) if key != bad]
    assert collected(func).return_value["lines"]["written"] == 0


def test_lines_without_a_time_get_the_hour_of_their_file_and_that_is_told(func, aws, datakit, one) -> None:
    put(aws, one, "aaaa", json.dumps({"sc-status": 200, "x-edge-request-id": "r1"}) + "\n")
    record = collected(func)
    assert f"Access logs of {one} have no column for the time" in record.log
    (point,) = [at for at in datakit.points("logging") if at.fields["x_edge_request_id"] == "r1"]
    assert point.time == NOW - HOUR


def test_more_files_than_are_kept_in_mind_are_told_and_new_ones_are_read(func, aws, datakit, one, clock) -> None:
    collected(func)
    ((key, (kept, _)),) = [row for row in func.store.rows.items() if row[0][1].startswith(f"logs/files/{one}/")]
    hours = {str(NOW - hour * HOUR): "".join(f"{hour}{number:07d}" for number in range(4000)) for hour in (2, 5, 6)}
    kept = json.loads(kept)
    kept.update(at=NOW - 20 * HOUR, done={**kept["done"], **hours}, looked=0)
    func.store.rows[key] = (json.dumps(kept), None)
    aws.put_logs(one, PLACE, START + 600, START + 900)
    clock.advance(300)
    record = collected(func)
    warning = f"Access logs of {one}: there are more log files than are kept in mind of a distribution (4,200)."
    assert [text for text in record.return_value["warnings"] if text.startswith(warning)]
    assert record.return_value["lines"]["written"] == len(rows(aws, one, START + 600, START + 900))
    clock.advance(300)
    assert "kept in mind" not in collected(func).log


def test_a_redis_that_fails_costs_no_line_and_is_told_once(func, aws, datakit, one) -> None:
    put(aws, one, "aaaa", HEADER + "".join(line(number) for number in range(450)))

    def fail(name):
        if name.startswith("CACHE."):
            raise ConnectionError("Redis is not there")

    func.on_event = fail
    record = collected(func)
    assert record.log.count("a run that is killed now sends lines of a file again") == 1
    assert collected(func).return_value["lines"]["written"] == 0
    assert written_ids(datakit) == sorted([*true_ids(aws, one), *(f"r{number}" for number in range(450))])


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_a_database_that_fails_at_any_time_costs_no_line(func, aws, datakit, one, clock, nth) -> None:
    seen = []

    def fail(name):
        seen.append(name)
        if name == "STORE.set" and seen.count(name) >= nth:
            raise ConnectionError("MySQL is not there")

    func.on_event = fail
    assert "Func's STORE could not be written" in failed(func)
    func.on_event = lambda name: None
    clock.advance(300)
    collected(func)
    assert written_ids(datakit) == true_ids(aws, one)


def test_of_several_accounts_each_has_its_own_logs(func, aws, datakit) -> None:
    script = f"startup__{SET}"
    keys = {"east": "AKIAEAST000000000001", "west": "AKIAWEST000000000001"}
    ids = {}
    for name, key in keys.items():
        account = aws.add_account(key)
        aws.add_bucket(account, f"logs-{name}")
        logging = {
            "Enabled": "true",
            "IncludeCookies": "false",
            "Bucket": f"logs-{name}.s3.amazonaws.com",
            "Prefix": "",
        }
        distribution = aws.add_distribution(account, settings={"Logging": logging}, traffic=FEW)
        aws.put_logs(distribution, LogPlace(f"logs-{name}"), START, END)
        ids[name] = true_ids(aws, distribution)
    accounts = [
        {"ak_id": key, "ak_secret": "some/secret/some/secret/some/secret/some", "extra_tags": {"account_name": name}}
        for name, key in keys.items()
    ]
    configure_logs(func)
    func.scripts[script] = func.scripts[script].replace("\nCONFIGS = {", f"\nACCOUNT = {accounts!r}\nCONFIGS = {{")
    func.publish(script)
    assert collected(func).return_value["accounts"].keys() == keys.keys()
    assert func.call(COLLECT_LOGS, account_name="west").return_value["lines"]["written"] == 0
    for name, expected in ids.items():
        found = [at for at in datakit.points("logging") if at.tags["account_name"] == name]
        assert sorted(at.fields["x_edge_request_id"] for at in found) == expected


# The check


def checked(func):
    """The rows of a check that are of access logs, by what was tried."""
    rows = [(row["what"], (row["result"], row["detail"])) for row in rows_of(func.call(CHECK))]
    return {what: row for what, row in rows if what.startswith(("logs:", "access logs", "s3:", "LOGS"))}


def rows_of(record):
    """The table in the log of a check, which a check that failed does not return."""
    lines = [
        re.fullmatch(r"(ok|FAILED|missing|untried)  +(\S+(?: \S+)*)  +(.*)", line) for line in record.log.splitlines()
    ]
    return [dict(zip(("result", "what", "detail"), line.groups())) for line in lines if line]


def test_a_check_tries_what_access_logs_need(func, aws, datakit, one, clock) -> None:
    found = checked(func)
    result, detail = found.pop("s3:GetObject")
    assert found == {
        "logs:DescribeDeliveries": ("ok", "needed by LOGS; 0 deliveries of logs to S3 in the account"),
        "access logs": ("ok", "1 of 1 distribution looked at write standard logs to S3 (1 older)"),
        "s3:ListBucket": ("ok", f"needed by LOGS; 2 log files of {one} of the last 26 hours in {BUCKET}"),
    }
    assert result == "ok"
    assert "33 columns, its first request at 2026-03-01T09:00:" in detail
    assert datakit.points("logging") == []
    clock.advance(40 * HOUR)
    assert checked(func)["s3:GetObject"][1].startswith("no log file of the last 26 hours is there; CloudFront begins")


def test_a_check_of_who_collects_no_logs_tries_nothing_of_them(func, aws, one) -> None:
    script = f"startup__{SET}"
    func.scripts[script] = func.scripts[script].replace("LOGS = {}", "LOGS = None")
    func.publish(script)
    assert checked(func) == {}
    assert s3_calls(aws) == (0, 0)


@pytest.mark.parametrize(
    ("action", "bucket", "what", "result", "said"),
    [
        (
            "logs:DescribeDeliveries",
            "*",
            "logs:DescribeDeliveries",
            "missing",
            "only the older kind of logging is found",
        ),
        ("cloudfront:GetDistributionConfig", "*", "access logs", "missing", "cloudfront:GetDistributionConfig"),
        ("s3:ListBucket", BUCKET, "s3:ListBucket", "FAILED", "Allow the IAM action s3:ListBucket on the bucket"),
        ("s3:GetObject", BUCKET, "s3:GetObject", "FAILED", "Allow the IAM action s3:GetObject on the bucket"),
    ],
)
def test_a_check_says_which_permission_is_missing(func, aws, one, action, bucket, what, result, said) -> None:
    aws.deny(AK_ID, action, bucket)
    found = checked(func)[what]
    assert found[0] == result
    assert said in found[1]


def test_a_check_says_that_there_are_no_logs_or_none_that_can_be_read(func, aws, one) -> None:
    put(aws, one, "zzzz", b"no gzip", hour="2026-03-01-10")
    found = checked(func)["s3:GetObject"]
    assert found[0] == "FAILED"
    assert found[1].endswith("can be read, but not as a log file: it is no gzip file, or damaged.")
    configure_logs(func, distributions=["*.example.org"])
    aws.add_distribution(aws.account, aliases=["other.example.org"])
    found = checked(func)["access logs"]
    assert found[0] == "missing"
    assert found[1].startswith("Of 1 distribution looked at, none writes standard logs to S3. Switch logging on in Clo")
