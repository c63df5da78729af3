"""One true line: from the built package, by Func's rules, over AWS calls, to points in the sink."""

import json
import math

import pytest

from devtools.aws.embedded import IDLE, Traffic
from devtools.demo.judge import seen, truth
from devtools.func.runtime import LocalFunc
from tests.conftest import AK_ID, AK_SECRET, NOW
from tests.contract.conftest import FILLED_IN, JOB, PREVIEW, RUN, SET, use_key

HOUR, MINUTE = 3600, 60
SETTLED = 180


def succeeded(record):
    assert (record.status, record.exception) == ("success", None)
    return record.return_value


def test_a_run_reports_objects_and_every_settled_minute(func, aws, datakit) -> None:
    ids = [aws.add_distribution(aws.account, aliases=["www.example.com"], comment="shop") for _ in range(3)]
    summary = succeeded(func.run_cron_job(JOB))
    assert {point.tags["Id"] for point in datakit.points("custom_object")} == set(ids)
    expected = truth(aws, ids, NOW - SETTLED - HOUR, NOW - SETTLED)
    assert len(expected) == 3 * 60
    assert seen(datakit) == expected
    assert summary["distributions"] == summary["objects"] == 3
    assert summary["points"] == {"new": 180, "changed": 0, "unchanged": 0}
    assert summary["calls"] == aws.call_counts() == {"ListDistributions": 1, "GetMetricData": 1}
    assert (summary["metrics_billed"], summary["warnings"]) == (18, [])
    assert summary["estimated_price_usd"] == pytest.approx(18 * 0.01 / 1000)


def test_the_object_and_the_point_are_the_documented_ones(func, aws, datakit) -> None:
    comment = 'the "shop", all = of it \\ ü'
    (key,) = [aws.add_distribution(aws.account, aliases=["www.example.com", "example.com"], comment=comment)]
    succeeded(func.run_cron_job(JOB))
    (thing,) = datakit.points("custom_object")
    domain = f"d{key[1:].lower()}.cloudfront.net"
    account = {"cloud_provider": "AWS", "account_name": "prod"}
    assert thing.measurement == "aws_cloudfront"
    assert thing.tags == {
        "ARN": f"arn:aws:cloudfront::{aws.account.account_id}:distribution/{key}",
        "DomainName": domain,
        "Id": key,
        "name": key,
        "Status": "Deployed",
        **account,
    }
    fields = thing.fields
    assert (fields["Description"], fields["Enabled"], fields["Staging"]) == (comment, True, False)
    assert json.loads(fields["Aliases"])["Items"] == ["www.example.com", "example.com"]
    assert json.loads(fields["Origins"])["Quantity"] == 1
    assert json.loads(fields["message"])["Comment"] == comment
    assert fields["LastModifiedTime"].endswith("Z")
    assert {"PriceClass", "HttpVersion", "IsIPV6Enabled", "WebACLId"} <= set(fields)
    point = datakit.points("metric")[0]
    assert point.measurement == "aws_AWS/CloudFront"
    assert point.tags == {
        "DistributionId": key,
        "Region": "Global",
        "Dimensions": "DistributionId,Region",
        "name": key,
        "Alias": "www.example.com",
        "DomainName": domain,
        **account,
    }
    assert set(point.fields) == {
        *("Requests_Sum", "BytesDownloaded_Sum", "BytesUploaded_Sum"),
        *("4xxErrorRate_Average", "5xxErrorRate_Average", "TotalErrorRate_Average"),
        *("Derived_4xxErrors", "Derived_5xxErrors", "Derived_TotalErrors"),
    }
    assert {type(value) for value in point.fields.values()} == {float}


def test_a_comment_of_several_lines_breaks_no_point(func, aws, datakit) -> None:
    comment = 'one\ntwo" f=1i 1\r\nthree\\'
    aws.add_distribution(aws.account, comment=comment)
    succeeded(func.run_cron_job(JOB))
    (thing,) = datakit.points("custom_object")
    assert thing.fields["Description"] == 'one two" f=1i 1 three\\'
    assert json.loads(thing.fields["message"])["Comment"].splitlines() == comment.splitlines()


def test_hours_with_an_outage_of_the_sink_end_with_every_minute_once(func, aws, datakit, clock) -> None:
    busy = aws.add_distribution(aws.account, traffic=Traffic(requests=600.0))
    rare = aws.add_distribution(aws.account, traffic=Traffic(requests=3.0, interval=7))
    idle = aws.add_distribution(aws.account, traffic=IDLE)
    # A minute that shows up late, one that is revised, one that had nothing and gets a value.
    aws.delay_minute(busy, NOW + 40 * MINUTE, visible_at=NOW + 52 * MINUTE)
    aws.revise(busy, "Requests", NOW + 50 * MINUTE, 123456.0, at=NOW + 58 * MINUTE)
    aws.revise(idle, "Requests", NOW + 45 * MINUTE, 7.0, at=NOW + 49 * MINUTE)
    records = [func.run_cron_job(JOB)]
    for part, switch in ((1.5, datakit.go_down), (2.5, datakit.come_up), (3, lambda: None)):
        records += func.run_until(NOW + part * HOUR)
        switch()
    statuses = [record.status for record in records]
    assert statuses.count("failure") == 12
    assert statuses[-1] == "success"
    assert all("Connection refused" in record.exception for record in records if record.status == "failure")
    end = NOW + 3 * HOUR - 8 * MINUTE  # what the run at 2:55 found settled
    expected = truth(aws, [busy, rare, idle], NOW - HOUR - SETTLED, end)
    assert seen(datakit) == expected
    assert datakit.doubles() == []
    assert expected[busy, NOW + 50 * MINUTE]["Requests_Sum"] == 123456.0
    assert expected[idle, NOW + 45 * MINUTE] == {"Requests_Sum": 7.0}
    assert sum(record.return_value["points"]["changed"] for record in records if record.return_value) == 1
    assert not any(point.fields["Requests_Sum"] == 0 for point in datakit.points("metric"))


def test_a_second_run_13_seconds_later_writes_nothing_twice(func, aws, datakit, clock) -> None:
    aws.add_distribution(aws.account)
    succeeded(func.run_cron_job(JOB))
    posts = len(datakit.posts)
    clock.advance(13)
    summary = succeeded(func.run_cron_job(JOB))
    assert len(datakit.posts) == posts
    assert summary["objects"] == 0
    assert summary["points"]["new"] == summary["points"]["changed"] == 0


def test_250_distributions_cost_six_calls_a_run(func, aws, datakit, clock) -> None:
    for _ in range(250):
        aws.add_distribution(aws.account, traffic=Traffic(requests=5.0, interval=30))
    for _ in range(2):
        before = aws.call_counts()
        summary = succeeded(func.run_cron_job(JOB))
        made = {name: number - before.get(name, 0) for name, number in aws.call_counts().items()}
        assert made == {"ListDistributions": 3, "GetMetricData": 3} == summary["calls"]
        clock.advance(300)
    assert summary["metrics_billed"] == 1500
    assert max(call.queries for call in aws.calls) == 500
    # The sink is asked as often as a hundred points a POST makes it.
    of_objects = [post.lines for post in datakit.posts if post.category == "custom_object"]
    assert of_objects == [100, 100, 50]
    assert max(post.lines for post in datakit.posts) == 100


def test_posts_are_as_few_as_a_hundred_points_each_make_them(func, aws, datakit) -> None:
    for _ in range(5):
        aws.add_distribution(aws.account, traffic=Traffic(requests=900.0))
    succeeded(func.run_cron_job(JOB))
    assert len([post for post in datakit.posts if post.category == "metric"]) == math.ceil(5 * 60 / 100)


def test_no_distribution_at_all_is_an_empty_run_that_says_so(func, aws, datakit) -> None:
    record = func.run_cron_job(JOB)
    summary = succeeded(record)
    assert "Distributions: there are none." in record.log
    assert summary["distributions"] == summary["metrics_billed"] == 0
    assert datakit.posts == []
    assert aws.call_counts() == {"ListDistributions": 1}


@pytest.mark.usefixtures("keeps_time")
def test_after_a_long_outage_the_present_comes_first_and_then_what_was_left_behind(func, aws, datakit, clock) -> None:
    key = aws.add_distribution(aws.account, traffic=Traffic(requests=900.0))
    succeeded(func.run_cron_job(JOB))
    clock.advance(8 * HOUR)
    summary = succeeded(func.run_cron_job(JOB))
    begins = [window[0] for window in summary["windows"]]
    assert begins == sorted(begins, reverse=True)
    assert len(summary["windows"]) == 3
    assert seen(datakit) == truth(aws, [key], NOW - HOUR - SETTLED, NOW + 8 * HOUR - SETTLED)
    assert datakit.doubles() == []


@pytest.mark.usefixtures("keeps_time")
def test_what_is_too_old_to_be_caught_up_is_named(func, aws, clock) -> None:
    aws.add_distribution(aws.account, traffic=IDLE)
    succeeded(func.run_cron_job(JOB))
    clock.advance(54 * HOUR)
    (warning,) = succeeded(func.run_cron_job(JOB))["warnings"]
    assert warning.startswith("6 h from 2026-03-01 09:57 to 2026-03-01 15:57 UTC are given up: 'max_catch_up' is 2 d.")


@pytest.mark.usefixtures("keeps_time")
def test_a_first_hour_of_failures_is_caught_up(func, aws, datakit, clock) -> None:
    key = aws.add_distribution(aws.account, traffic=Traffic(requests=900.0))
    datakit.go_down()
    list(func.run_until(NOW + HOUR))
    datakit.come_up()
    list(func.run_until(NOW + HOUR + 6 * MINUTE))
    assert {record.status for record in func.records[:-2]} == {"failure"}
    # And the lookback before it, of which nobody asked.
    first = NOW - SETTLED - HOUR - 15 * MINUTE
    assert seen(datakit) == truth(aws, [key], first, NOW + HOUR + 5 * MINUTE - SETTLED)


def test_a_lost_cache_sends_the_lookback_again_and_loses_nothing(func, aws, datakit, clock) -> None:
    key = aws.add_distribution(aws.account, traffic=Traffic(requests=900.0))
    succeeded(func.run_cron_job(JOB))
    func.cache.rows.clear()
    clock.advance(300)
    succeeded(func.run_cron_job(JOB))
    assert seen(datakit) == truth(aws, [key], NOW - HOUR - SETTLED, NOW + 300 - SETTLED)
    assert len(datakit.doubles()) == 15


def test_a_time_out_in_the_middle_of_the_writes_doubles_nothing(func, aws, datakit, clock) -> None:
    for _ in range(4):
        aws.add_distribution(aws.account, traffic=Traffic(requests=900.0))
    writes = []

    def third_write_hangs(name):
        writes.append(name)
        if writes.count("write metric") == 3 and name == "write metric":
            clock.advance(300)

    func.on_event = third_write_hangs
    record = func.run_cron_job(JOB)
    assert (record.status, record.exception_type) == ("timeout", "TaskTimeout")
    assert len(datakit.points("metric")) == 200
    func.on_event = lambda name: None
    succeeded(func.run_cron_job(JOB))
    assert datakit.doubles() == []
    assert len(seen(datakit)) == 4 * (60 + 5 + 15)


# Ways to call it


def test_the_environment_takes_precedence_over_the_script(clock, market, aws, datakit) -> None:
    func = LocalFunc(clock)
    func.add_connector("datakit", "df_datakit", host=datakit.host, port=datakit.port)
    func.install(market[0])
    func.deploy(SET, {**FILLED_IN, "AWS AK SECRET": "wrong/secret/wrong/secret/wrong/secret/0"})
    aws.add_distribution(aws.account)
    assert "AWS refused the signature" in func.run_cron_job(JOB).exception
    use_key(func, ak_secret=AK_SECRET, account_name="by environment")
    assert succeeded(func.run_cron_job(JOB))["account"] == "by environment"


def test_an_installation_from_the_zip_with_nothing_filled_in_works_by_environment(clock, market, aws, datakit) -> None:
    func = LocalFunc(clock)
    func.add_connector("datakit", "df_datakit", host=datakit.host, port=datakit.port)
    func.install(market[1])
    job = func.deploy(SET, {})
    assert (job.func_id, job.expression, job.timeout) == (RUN, "*/5 * * * *", 290)
    assert "Account key 'ak_id' is missing or empty" in func.run_cron_job(JOB).exception
    for name, value in (("AK_ID", AK_ID), ("AK_SECRET", AK_SECRET), ("ACCOUNT_NAME", "prod")):
        func.set_env(f"GUANCE_AWS_CLOUDFRONT_{name}", value)
    assert succeeded(func.run_cron_job(JOB))["account"] == "prod"


def test_the_stored_signatures_hold_no_secret(func) -> None:
    signatures = [function.signature for function in func.functions.values()]
    assert len(signatures) == 7
    assert all(AK_SECRET not in signature and AK_ID not in signature for signature in signatures)


def test_preview_shows_points_and_writes_and_keeps_nothing(func, aws, datakit) -> None:
    aws.add_distribution(aws.account, aliases=["www.example.com"])
    record = func.call(PREVIEW)
    succeeded(record)
    assert 'custom_object: {"measurement": "aws_cloudfront", "tags": {' in record.log
    assert 'metric: {"measurement": "aws_AWS/CloudFront", "tags": {' in record.log
    assert datakit.posts == []
    assert func.store.rows == func.cache.rows == {}


def test_preview_says_what_is_asked_at_what_price_and_how_much_is_not_shown(func, aws, datakit) -> None:
    for number in range(7):
        aws.add_distribution(aws.account, additional_metrics=number < 2)
    script = f"startup__{SET}"
    edit = '"metrics": ["Requests", "OriginLatency", "4xxErrorRate"],'
    func.scripts[script] = func.scripts[script].replace('# "metrics": "ALL",', edit)
    func.publish(script)
    lines = func.call(PREVIEW).log.splitlines()
    asked = lines.index("GetMetricData, for each window: 16 metrics in 1 call, $0.00016.")
    assert sorted(lines[asked + 1 : asked + 3]) == [
        "  additional metrics of 2 distributions: OriginLatency p50/p90/p99.",
        "  default metrics of 7 distributions: Requests Sum, 4xxErrorRate Average.",
    ]
    assert "Shown: 5 of 7 objects, 5 of 420 points." in lines
    assert any(
        line.startswith("Cost: 16 metrics requested from GetMetricData, $0.00016; a run every") for line in lines
    )
    assert "GetMetricData, for each window" not in func.call(RUN).log


def test_a_preview_after_a_run_shows_the_latest_points_too(func, aws, datakit) -> None:
    aws.add_distribution(aws.account)
    succeeded(func.run_cron_job(JOB))
    before = (len(datakit.posts), dict(func.store.rows), dict(func.cache.rows))
    record = func.call(PREVIEW)
    succeeded(record)
    assert "custom_object: {" in record.log
    assert "metric: {" in record.log
    assert "Objects: 1 would be reported" in record.log
    assert (len(datakit.posts), func.store.rows, func.cache.rows) == before


def test_a_preview_asks_for_what_the_first_run_would_whatever_was_reported(func, aws, datakit, clock) -> None:
    aws.add_distribution(aws.account)

    def shown():
        record = func.call(PREVIEW)
        assert "As a first run would: collecting from" in record.log and "First run" not in record.log
        return succeeded(record), [line for line in record.log.splitlines() if line.startswith("Shown: ")]

    before = shown()
    assert before[1] == ["Shown: 1 of 1 object, 5 of 60 points."]
    succeeded(func.run_cron_job(JOB))
    assert shown() == before
    # After an outage of a day, too: a preview catches up nothing.
    clock.advance(24 * HOUR)
    assert shown()[1] == before[1]


def test_with_dry_run_a_run_does_not_write(func, aws, datakit) -> None:
    aws.add_distribution(aws.account)
    script = f"startup__{SET}"
    func.scripts[script] = func.scripts[script].replace('# "dry_run": False,', '"dry_run": True,')
    func.publish(script)
    succeeded(func.run_cron_job(JOB))
    assert (datakit.posts, func.store.rows, func.cache.rows) == ([], {}, {})


@pytest.mark.usefixtures("keeps_time")
def test_minutes_that_cloudwatch_no_longer_has_are_named(func, aws, datakit, clock) -> None:
    aws.add_distribution(aws.account, traffic=IDLE)
    script = f"startup__{SET}"
    func.scripts[script] = func.scripts[script].replace('# "max_catch_up": 172800,', '"max_catch_up": 1296000,')
    func.publish(script)
    succeeded(func.run_cron_job(JOB))
    clock.advance(15 * 24 * HOUR)
    (warning,) = succeeded(func.run_cron_job(JOB))["warnings"]
    assert warning.startswith("4 min from 2026-03-01 09:57 to 2026-03-01 10:01 UTC are given up")


@pytest.mark.parametrize("kind", ["df_dataway", "guance"])
def test_dataway_and_guance_connectors_do_too(func, aws, datakit, kind) -> None:
    aws.add_distribution(aws.account)
    func.add_connector("datakit", kind, url=datakit.url, guanceOpenWayURL=datakit.url, token="tkn_x" * 7)
    succeeded(func.run_cron_job(JOB))
    assert len(datakit.points("metric")) == 60


def test_china_is_asked_in_its_own_region(func, aws, datakit) -> None:
    chinese = aws.add_account("AKIACHINA00000000001", AK_SECRET, partition="aws-cn")
    key = aws.add_distribution(chinese, comment="Created by AWS Lambda")
    script = f"startup__{SET}"
    func.scripts[script] = func.scripts[script].replace('# "partition": "aws-cn",', '"partition": "aws-cn",')
    func.publish(script)
    use_key(func, ak_id="AKIACHINA00000000001")
    succeeded(func.call(RUN))
    (thing,) = datakit.points("custom_object")
    assert thing.tags["ARN"].startswith("arn:aws-cn:cloudfront::")
    assert thing.tags["DomainName"].endswith(".cloudfront.cn")
    assert seen(datakit) == truth(aws, [key], NOW - SETTLED - HOUR, NOW - SETTLED)
    # Func's CloudFront client is signed for the partition's region, and so is CloudWatch's.
    assert {call.region for call in aws.calls} == {"cn-northwest-1"}
