"""The check: a row for everything that a run needs, all of it tried, nothing left behind, and ready or not."""

import threading

import pytest

from devtools.aws import odd_answers
from devtools.aws.embedded import IDLE, Fault
from tests.conftest import AK_ID, AK_SECRET
from tests.contract.conftest import CHECK, JOB, SET, use_key

SCRIPT = f"startup__{SET}"
CHINESE = "AKIACHINA00000000001"
ROLE_SESSION = "assumed-role/collector/guance-prod"
REQUIRED = ("cloudfront:ListDistributions", "cloudwatch:GetMetricData")
OPTIONAL = (
    *("cloudwatch:ListMetrics", "tag:GetResources"),
    *("cloudfront:ListTagsForResource", "cloudfront:GetDistributionConfig"),
)
OTHERS = (
    "who am I",
    "CloudWatch's region",
    "distributions",
    "connector",
    "Func's STORE",
    "Func's CACHE",
    "clock",
    "versions",
    "delivered",
)
OF_AWS = ("who am I", *REQUIRED, "CloudWatch's region", *OPTIONAL, "distributions")


def configure(func, *edits):
    for old, new in edits:
        assert old in func.scripts[SCRIPT]
        func.scripts[SCRIPT] = func.scripts[SCRIPT].replace(old, new)
    func.publish(SCRIPT)


def rows(record):
    """what -> (result, detail) of the printed table."""
    lines = record.log.splitlines()
    table = lines[lines.index(f"{'result':7}  {'what':32}  detail") + 1 : -2]
    return {line[9:41].strip(): (line[:7].strip(), line[43:]) for line in table}


def results(record):
    return {what: result for what, (result, _) in rows(record).items()}


def verdict(record):
    """The last line; nothing that came out holds a secret."""
    assert AK_SECRET not in repr(record)
    assert AK_ID not in repr(record)
    return record.log.splitlines()[-1]


@pytest.fixture
def one(aws):
    """A distribution with traffic."""
    return aws.add_distribution(aws.account, aliases=["www.example.com"], tags={"team": "edge"})


def test_all_is_ok_and_nothing_is_left_behind(func, aws, datakit, one) -> None:
    for _ in range(3):
        aws.add_distribution(aws.account, traffic=IDLE)
    record = func.call(CHECK)
    assert (record.status, record.exception) == ("success", None)
    assert results(record) == dict.fromkeys([*REQUIRED, *OPTIONAL, *OTHERS], "ok")
    assert verdict(record) == "READY: 15 of 15 checks are ok."
    said = {what: detail for what, (_, detail) in rows(record).items()}
    assert said["who am I"].startswith(aws.account.arn)
    assert said["cloudfront:ListDistributions"] == "required; 4 distributions"
    assert said["cloudwatch:GetMetricData"] == "required; 4 metrics requested and answered"
    assert said["CloudWatch's region"] == "values of 1 of 4 distributions in us-east-1 in the last 3 h"
    assert said["cloudwatch:ListMetrics"].startswith("optional; ")
    assert said["connector"] == f'"datakit" took an object, of {datakit.points()[0].tags["Id"]}'
    assert said["clock"] == "the Func host's clock is in sync with AWS"
    assert said["delivered"] == f"found in the workspace: the object of {datakit.points()[0].tags['Id']}"
    assert "$0.00004" in record.log
    summary = record.return_value
    assert [tuple(row) for row in summary["checks"]] == [("result", "what", "detail")] * 15
    assert {row["what"]: (row["result"], row["detail"]) for row in summary["checks"]} == rows(record)
    assert (summary["distributions"], summary["calls"], summary["warnings"]) == (4, aws.call_counts(), [])
    assert set(aws.call_counts().values()) == {1}
    assert [(post.category, post.lines) for post in datakit.posts] == [("custom_object", 1)]
    assert func.store.rows == func.cache.rows == {}


def test_the_object_is_the_one_that_a_run_writes_and_the_state_stays(func, aws, datakit, one, clock) -> None:
    assert func.run_cron_job(JOB).status == "success"
    before = (dict(func.store.rows), dict(func.cache.rows), len(datakit.points("metric")))
    record = func.call(CHECK)
    assert verdict(record) == "READY: 15 of 15 checks are ok."
    assert "; reported up to 2026-03-01 09:57 UTC" in rows(record)["Func's STORE"][1]
    assert (func.store.rows, func.cache.rows, len(datakit.points("metric"))) == before
    by_run, by_check = datakit.points("custom_object")
    assert (by_check.tags, by_check.fields) == (by_run.tags, by_run.fields)


@pytest.mark.parametrize("action", OPTIONAL)
def test_an_optional_action_that_is_denied_is_missing_and_no_failure(func, aws, datakit, one, action) -> None:
    aws.deny(AK_ID, action)
    record = func.call(CHECK)
    assert record.status == "success"
    assert {what for what, result in results(record).items() if result != "ok"} == {action}
    result, detail = rows(record)[action]
    assert result == "missing"
    assert detail.startswith("optional; without it ")
    assert f"Allow the IAM action {action}" in detail
    assert verdict(record) == f"READY: 14 of 15 checks are ok; missing: {action}."


def test_an_optional_action_that_the_configuration_needs_is_told_so(func, aws, datakit, one) -> None:
    configure(func, ('# "metrics": "ALL",', '"metrics": "ALL",'))
    assert rows(func.call(CHECK))["cloudwatch:ListMetrics"][1].startswith("needed by your configuration; ")
    aws.deny(AK_ID, "cloudwatch:ListMetrics")
    record = func.call(CHECK)
    assert record.status == "success"
    assert rows(record)["cloudwatch:ListMetrics"][0] == "missing"
    assert verdict(record).startswith("READY but for cloudwatch:ListMetrics, which your configuration needs: 14 of 15")


def test_an_error_other_than_denied_fails_only_what_is_needed(func, aws, datakit, one, monkeypatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    aws.faults.add(Fault("ListMetrics", code="Throttling", message="Rate exceeded"))
    record = func.call(CHECK)
    assert (record.status, results(record)["cloudwatch:ListMetrics"]) == ("success", "missing")
    configure(func, ('# "metrics": "ALL",', '"metrics": "ALL",'))
    record = func.call(CHECK)
    assert results(record)["cloudwatch:ListMetrics"] == "FAILED"
    assert "(1) cloudwatch:ListMetrics: Listing the metrics failed: AWS throttles" in record.exception
    assert verdict(record) == "NOT READY: 1 of 15 checks failed: cloudwatch:ListMetrics."


@pytest.mark.parametrize("action", REQUIRED)
def test_a_required_action_that_is_denied_is_a_failure(func, aws, datakit, one, action) -> None:
    aws.deny(AK_ID, action)
    record = func.call(CHECK)
    assert (record.status, record.exception_type) == ("failure", "CollectError")
    assert record.exception.startswith(f'Account "prod": 1 part of the check failed. (1) {action}: ')
    assert f"Allow the IAM action {action}" in record.exception
    assert results(record)[action] == "FAILED"
    assert results(record)["CloudWatch's region"] == "untried"
    assert f"; {1 if action == REQUIRED[0] else 0} metric" in record.log
    if action == REQUIRED[0]:
        assert {rows(record)[what][1] for what in ("CloudWatch's region", *OPTIONAL[2:])} == {
            "no distribution is known"
        }
    assert results(record)["cloudwatch:ListMetrics"] == results(record)["versions"] == "ok"
    assert verdict(record) == f"NOT READY: 1 of 15 checks failed: {action}."


def test_everything_that_is_missing_is_named_at_once(func, aws, datakit, one) -> None:
    for action in (*REQUIRED, *OPTIONAL):
        aws.deny(AK_ID, action)
    func._connectors.clear()
    record = func.call(CHECK)
    for text in (*(f"action {action}" for action in REQUIRED), '"datakit" does not exist in Func'):
        assert text in record.exception
    assert verdict(record) == f"NOT READY: 3 of 15 checks failed: {', '.join(REQUIRED)}, connector."


def test_without_distributions_the_rest_is_tried(func, aws, datakit) -> None:
    record = func.call(CHECK)
    assert record.status == "success"
    untried = {what: detail for what, (result, detail) in rows(record).items() if result == "untried"}
    assert set(untried) == {"CloudWatch's region", *OPTIONAL[2:], "connector", "delivered"}
    assert untried["connector"] == '"datakit" is there; no object was written, because there is no distribution'
    assert {untried[what] for what in ("CloudWatch's region", *OPTIONAL[2:])} == {"there is no distribution"}
    assert rows(record)["cloudwatch:GetMetricData"][0] == "ok"
    assert verdict(record).startswith("READY, as far as it could be tried: 10 of 15 checks are ok; untried: Cloud")
    assert datakit.posts == []


def test_distributions_that_are_chosen_are_told_and_written(func, aws, datakit, one) -> None:
    other = aws.add_distribution(aws.account, aliases=["shop.example.org"])
    configure(
        func, ('# "distributions": ["*.example.com", "E2EXAMPLE00001"],', '"distributions": ["shop.*", "ship.*"],')
    )
    record = func.call(CHECK)
    assert rows(record)["cloudfront:ListDistributions"] == ("ok", "required; 2 distributions")
    result, detail = rows(record)["distributions"]
    assert result == "missing"
    assert detail.startswith("No distribution fits 'ship.*' of the key 'distributions'.")
    assert [point.tags["Id"] for point in datakit.points()] == [other]
    configure(func, ('["shop.*", "ship.*"]', '["ship.*"]'))
    assert "because 'distributions' chooses none" in rows(func.call(CHECK))["connector"][1]
    assert len(datakit.points()) == 1


def test_the_object_carries_the_resource_tags_that_a_run_would_report(func, aws, datakit) -> None:
    aws.add_distribution(aws.account)
    tagged = aws.add_distribution(aws.account, tags={"env": "prod"})
    configure(
        func,
        (
            '# "distributions": ["*.example.com", "E2EXAMPLE00001"],',
            '"distributions": {"tag:env": ["*"]}, "resource_tags": ["*"],',
        ),
    )
    configure(func, ('# "details": False,', '"details": True,'))
    record = func.call(CHECK)
    assert rows(record)["distributions"] == ("ok", "1 of 2 would be collected; resource tags env")
    (thing,) = datakit.points("custom_object")
    assert (thing.tags["Id"], thing.tags["env"], thing.fields["Logging"]) == (tagged, "prod", "off")
    assert func.store.rows == func.cache.rows == {}


@pytest.mark.parametrize(
    ("line", "result", "sentence"),
    [
        ('"distributions": {"tag:env": ["*"]},', "FAILED", "Which distributions to collect cannot be known"),
        ('"resource_tags": ["*"],', "missing", "One of both is enough."),
    ],
)
def test_tags_that_may_not_be_read_are_told_at_the_distributions(
    func, aws, datakit, one, line, result, sentence
) -> None:
    configure(func, ('# "distributions": ["*.example.com", "E2EXAMPLE00001"],', line))
    for action in ("tag:GetResources", "cloudfront:ListTagsForResource"):
        aws.deny(AK_ID, action)
    record = func.call(CHECK)
    assert rows(record)["distributions"][0] == result
    assert sentence in rows(record)["distributions"][1]
    assert record.status == ("failure" if result == "FAILED" else "success")
    assert ("but for distributions, which your configuration needs" in verdict(record)) is (result == "missing")


def test_a_key_that_aws_does_not_take_is_told_once(func, aws, datakit, one) -> None:
    use_key(func, ak_secret="wrong/secret/wrong/secret/wrong/secret/0")
    record = func.call(CHECK)
    assert results(record)["who am I"] == "FAILED"
    assert {results(record)[what] for what in OF_AWS[1:]} == {"untried"}
    assert rows(record)["cloudfront:ListDistributions"][1] == "AWS does not take the access key, see above"
    assert f"The access key ends in …{AK_ID[-4:]}." in rows(record)["who am I"][1]
    assert AK_ID not in record.log + record.exception
    assert record.exception.count("refused the signature") == 1 and "1 part of the check failed" in record.exception
    assert record.log.splitlines()[-1] == "NOT READY: 1 of 15 checks failed: who am I."


def test_a_choice_that_chooses_none_is_a_failure(func, aws, datakit, one) -> None:
    configure(func, ('# "distributions": ["*.example.com", "E2EXAMPLE00001"],', '"distributions": ["ship.*"],'))
    record = func.call(CHECK)
    result, detail = rows(record)["distributions"]
    assert (result, record.status) == ("FAILED", "failure")
    assert detail.startswith("'distributions' chooses none of 1. No distribution fits 'ship.*'")


def test_a_check_does_not_promise_to_send_again(func, aws, datakit, one) -> None:
    datakit.go_down()
    record = func.call(CHECK)
    assert results(record)["connector"] == "FAILED"
    assert "sends them again" not in record.log + record.exception


def test_a_watermark_without_a_report_is_not_taken_for_one(func, aws, datakit, one) -> None:
    datakit.go_down()
    func.run_cron_job(JOB)
    assert rows(func.call(CHECK))["Func's STORE"][1].endswith("; nothing reported yet")


def test_no_traffic_leaves_the_region_untried(func, aws, datakit) -> None:
    aws.add_distribution(aws.account, traffic=IDLE)
    record = func.call(CHECK)
    assert record.status == "success"
    assert rows(record)["CloudWatch's region"] == (
        "untried",
        "no values of 3 h in us-east-1: without traffic there are none; check again when there is",
    )


@pytest.fixture
def in_china(func, aws):
    """The account is one of AWS China, and `cloudwatch_region` the wrong one of both."""
    configure(
        func,
        ('# "partition": "aws-cn",', '"partition": "aws-cn", "cloudwatch_region": "cn-north-1",'),
    )
    use_key(func, ak_id=CHINESE)
    return aws.add_account(CHINESE, AK_SECRET, partition="aws-cn")


def test_the_wrong_region_in_china_is_found(func, aws, datakit, in_china) -> None:
    aws.add_distribution(in_china)
    record = func.call(CHECK)
    sentence = "CloudFront's metrics are in cn-northwest-1, not in cn-north-1: set 'cloudwatch_region' to it."
    assert rows(record)["CloudWatch's region"] == ("FAILED", sentence)
    assert f"(1) CloudWatch's region: {sentence}" in record.exception
    assert "2 GetMetricData" in record.log
    assert "2 metrics requested from GetMetricData" in record.log
    configure(func, ('"cloudwatch_region": "cn-north-1"', '"cloudwatch_region": "cn-northwest-1"'))
    record = func.call(CHECK)
    assert verdict(record) == "READY: 15 of 15 checks are ok."
    assert "distribution in cn-northwest-1 in the last 3 h" in rows(record)["CloudWatch's region"][1]


def test_no_traffic_in_china_is_no_wrong_region(func, aws, datakit, in_china) -> None:
    aws.add_distribution(in_china, traffic=IDLE)
    assert rows(func.call(CHECK))["CloudWatch's region"][0] == "untried"
    # All else is asked of the account's own region.
    assert {call.region for call in aws.calls if call.operation == "ListMetrics"} == {"cn-north-1"}
    aws.faults.add(Fault("GetMetricData", code="AccessDenied", message="no", region="cn-northwest-1"))
    result, detail = rows(func.call(CHECK))["CloudWatch's region"]
    assert result == "untried"
    assert detail.startswith("no values of 3 h in cn-north-1; cn-northwest-1: Reading the metrics failed")


def test_a_connector_that_is_missing_is_a_failure(func, aws, datakit, one) -> None:
    func._connectors.clear()
    record = func.call(CHECK)
    assert 'connector: The connector "datakit" does not exist in Func: create it' in record.exception
    assert verdict(record) == "NOT READY: 1 of 15 checks failed: connector."


def test_a_sink_that_refuses_is_a_failure(func, aws, datakit, one) -> None:
    datakit.refuse(400)
    assert "(1) connector: Writing 1 point to the connector" in func.call(CHECK).exception


def test_the_status_of_the_answers_is_read(func, aws, datakit, one) -> None:
    aws.break_series(one, "Requests", "Forbidden", message="not yours")
    text = "did not answer 1 metric completely (Forbidden; Forbidden: not yours)"
    assert text in func.call(CHECK).exception


@pytest.mark.parametrize("storage", ["STORE", "CACHE"])
@pytest.mark.parametrize("operation", ["get", "set", "delete"])
def test_a_storage_that_fails_is_a_failure(func, aws, datakit, one, storage, operation) -> None:
    def strike(name):
        if name == f"{storage}.{operation}":
            raise OSError(f"gone away\nok       {storage}")

    func.on_event = strike
    record = func.call(CHECK)
    assert f"(1) Func's {storage}: Func's {storage}" in record.exception
    assert "gone away ok" in rows(record)[f"Func's {storage}"][1]
    assert verdict(record) == f"NOT READY: 1 of 15 checks failed: Func's {storage}."


def test_a_storage_that_forgets_is_a_failure(func, aws, datakit, one) -> None:
    func.cache.set = lambda *_: None
    assert "Func's CACHE does not give back what was written to it." in func.call(CHECK).exception


def test_a_clock_that_is_off_is_a_failure(func, aws, datakit, one) -> None:
    aws.clock_ahead = 420
    record = func.call(CHECK)
    text = "the Func host's clock is 7 min behind AWS's. Correct it: AWS accepts 5 minutes at most."
    assert rows(record)["clock"] == ("FAILED", text)
    aws.clock_ahead = -200
    assert rows(func.call(CHECK))["clock"] == ("ok", "the Func host's clock is 3 min ahead of AWS's")


def test_with_dry_run_nothing_is_written_even_for_a_moment(func, aws, datakit, one) -> None:
    configure(func, ('# "dry_run": False,', '"dry_run": True,'))
    names = []
    func.on_event = names.append
    record = func.call(CHECK)
    assert record.status == "success"
    assert rows(record)["connector"] == (
        "untried",
        "\"datakit\" is there; no object was written, because 'dry_run' is set",
    )
    assert "not written, because 'dry_run' is set" in rows(record)["Func's CACHE"][1]
    assert not [name for name in names if name.endswith((".set", ".delete")) or name.startswith("write")]
    assert datakit.posts == []


def test_with_a_role_the_caller_is_the_role(func, aws, datakit) -> None:
    owner = aws.add_account("AKIAOWNER00000000001")
    aws.add_distribution(owner)
    role = f"arn:aws:iam::{owner.account_id}:role/collector"
    configure(func, ('# "role_arn": "arn:aws:iam::123456789012:role/guance",', f'"role_arn": "{role}",'))
    record = func.call(CHECK)
    assert verdict(record) == "READY: 16 of 16 checks are ok."
    assert rows(record)["sts:AssumeRole"] == ("ok", f"needed by your configuration; {role}")
    assert f"arn:aws:sts::{owner.account_id}:{ROLE_SESSION}" in rows(record)["who am I"][1]
    aws.demand_external_id(role, "another")
    record = func.call(CHECK)
    assert "(1) sts:AssumeRole: Assuming the role failed: permission is denied" in record.exception
    assert {what for what, result in results(record).items() if result == "untried"} == {
        *OF_AWS,
        *("connector", "clock", "delivered"),
    }
    assert rows(record)["cloudfront:ListDistributions"][1] == "AWS cannot be asked, see above"
    assert verdict(record) == "NOT READY: 1 of 16 checks failed: sts:AssumeRole."


def test_an_aws_that_does_not_say_who_one_is_is_no_failure(func, aws, datakit, one) -> None:
    aws.faults.add(Fault("GetCallerIdentity", cut_connection=True))
    record = func.call(CHECK)
    assert record.status == "success"
    assert results(record)["who am I"] == "missing"
    assert rows(record)["who am I"][1].endswith("A run does not ask this.")


def test_an_environment_that_botocore_refuses_leaves_aws_untried(func, aws, datakit, monkeypatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "no address")
    record = func.call(CHECK)
    assert "(1) who am I: Preparing the calls to AWS failed" in record.exception
    assert {results(record)[what] for what in OF_AWS[1:]} == {"untried"}


TOO_LONG = ("untried", "the calls before took too long: of a check, AWS gets 41 s")


def test_calls_that_take_long_leave_time_for_the_rest(func, aws, datakit, one, clock) -> None:
    begun = clock.monotonic()
    func.on_event = lambda name: clock.advance(8) if name == "print" and clock.monotonic() < begun + 40 else None
    record = func.call(CHECK)
    assert rows(record)["cloudwatch:ListMetrics"] == TOO_LONG
    assert results(record)["connector"] == "ok"


def test_a_required_action_that_there_is_no_time_for_is_not_ready(func, aws, datakit, one, clock) -> None:
    begun = clock.monotonic()
    func.on_event = lambda name: clock.advance(10) if name == "print" and clock.monotonic() < begun + 40 else None
    record = func.call(CHECK)
    assert results(record)[REQUIRED[0]] == "ok"
    assert rows(record)[REQUIRED[1]] == TOO_LONG
    assert (record.status, verdict(record)) == ("failure", f"NOT READY: {REQUIRED[1]} could not be tried.")


@pytest.mark.parametrize(
    ("seconds", "tried"),
    [
        (8, {"who am I": "ok", REQUIRED[0]: "ok", REQUIRED[1]: "ok", "CloudWatch's region": "ok"}),
        (20, {"who am I": "missing", REQUIRED[0]: "FAILED", REQUIRED[1]: "FAILED", "clock": "untried"}),
    ],
)
def test_from_the_editor_a_check_ends_within_55_s_whatever_aws_takes(func, aws, datakit, one, seconds, tried) -> None:
    aws.faults.add(Fault(takes=seconds))
    record = func.run_in_editor(CHECK)
    assert (record.status, record.exception_type) == ("failure", "CollectError") if seconds == 20 else ("success", None)
    assert record.ended_at - record.started_at <= 55
    assert set(rows(record)) == {*OF_AWS, *OTHERS}
    assert {what: results(record)[what] for what in tried} == tried
    assert rows(record)[OPTIONAL[-1]] == TOO_LONG
    assert results(record)["Func's STORE"] == results(record)["versions"] == "ok"
    assert results(record)["connector"] == ("ok" if seconds == 8 else "untried")
    if seconds == 20:
        said = rows(record)[REQUIRED[0]][1]
        assert said.startswith("Listing the distributions failed: AWS did not answer in time (no answer within 15 s).")
        assert verdict(record).startswith("NOT READY: 2 of 15 checks failed: cloudfront:ListDistributions, cloudwatch:")


# Delivered


def test_what_a_run_has_sent_is_looked_for_too(func, aws, datakit, one) -> None:
    aws.add_distribution(aws.account, traffic=IDLE)
    func.run_cron_job(JOB)
    record = func.call(CHECK)
    (thing,) = {point.tags["Id"] for point in datakit.points("custom_object")[-1:]}
    newest = f"the object of {thing} and the point of {one} at 2026-03-01 09:56 UTC"
    assert rows(record)["delivered"] == ("ok", f"found in the workspace: {newest}")
    assert verdict(record) == "READY: 15 of 15 checks are ok."


@pytest.mark.parametrize("old", [False, True])
def test_what_datakit_drops_behind_a_200_is_a_failure(func, aws, datakit, one, old) -> None:
    func.old_helpers = old
    datakit.drop_everything()
    record = func.run_in_editor(CHECK)
    assert results(record)["connector"] == "ok"
    result, detail = rows(record)["delivered"]
    assert result == "FAILED"
    assert detail.startswith(f"the object of {one} was written but is not found in the workspace within 5")
    assert "DataKit answers 200 also for what it then drops: look into its log" in detail
    assert verdict(record) == "NOT READY: 1 of 15 checks failed: delivered."
    assert (record.status, record.exception_type) == ("failure", "CollectError")
    assert "is not found in the workspace" in record.exception
    assert record.ended_at - record.started_at <= 55


def test_an_object_of_an_earlier_run_is_not_taken_for_the_one_that_was_written(func, aws, datakit, one, clock) -> None:
    func.run_cron_job(JOB)
    clock.advance(300)
    datakit.drop_everything()
    result, detail = rows(func.call(CHECK))["delivered"]
    assert result == "FAILED"
    assert detail.startswith(f"the object of {one} was written but is not found in the workspace within 5")
    assert f"; found was the point of {one} at 2026-03-01 09:56 UTC. DataKit" in detail


def test_points_that_vanish_though_objects_arrive_are_a_failure(func, aws, datakit, one) -> None:
    datakit.drop_everything()
    func.run_cron_job(JOB)
    datakit.clear_faults()
    result, detail = rows(func.call(CHECK))["delivered"]
    assert result == "FAILED"
    assert detail.startswith(f"the point of {one} at 2026-03-01 09:56 UTC was written but is not found in the")
    assert f"; found was the object of {one}. DataKit" in detail


def test_what_guance_indexes_late_is_waited_for(func, aws, datakit, one) -> None:
    datakit.index_after(20)
    record = func.run_in_editor(CHECK)
    assert results(record)["delivered"] == "ok"
    assert 20 <= record.ended_at - record.started_at <= 24


def test_too_short_a_time_is_no_proof(func, aws, datakit, one) -> None:
    datakit.index_after(100)
    aws.faults.add(Fault(takes=8))
    record = func.run_in_editor(CHECK)
    result, detail = rows(record)["delivered"]
    assert result == "untried"
    assert "; Guance may need longer: check again in a few minutes" in detail
    assert record.ended_at - record.started_at <= 55


def test_points_of_long_ago_say_nothing_of_today(func, aws, datakit, one, clock) -> None:
    datakit.drop_everything()
    func.run_cron_job(JOB)
    datakit.clear_faults()
    clock.advance(2 * 3600)
    assert rows(func.call(CHECK))["delivered"] == ("ok", f"found in the workspace: the object of {one}")


@pytest.mark.parametrize("old", [False, True])
def test_a_query_that_is_denied_leaves_it_untried_with_the_reason(func, aws, datakit, one, old) -> None:
    func.old_helpers = old
    datakit.refuse_queries(403, "datakit.publicAccessDisabled")
    record = func.call(CHECK)
    result, detail = rows(record)["delivered"]
    assert result == "untried"
    assert detail.startswith('Querying the workspace by the connector "datakit" failed (')
    assert verdict(record) == "READY, as far as it could be tried: 14 of 15 checks are ok; untried: delivered."


def test_a_connector_without_queries_leaves_it_untried_with_the_reason(func, aws, datakit, one, monkeypatch) -> None:
    monkeypatch.delattr("devtools.func.connectors.DataKitConnector.query")
    record = func.call(CHECK)
    said = 'The connector "datakit" cannot query: its type has no query in this Func.'
    assert rows(record)["delivered"] == ("untried", said)
    assert record.status == "success"


def test_a_workspace_that_hangs_leaves_it_untried_in_time(func, aws, datakit, one, clock, monkeypatch) -> None:
    released = threading.Event()

    def hang(*_, **__):
        for _ in range(60):
            clock.advance(1)
            released.wait(0.04)

    monkeypatch.setattr("devtools.func.connectors.DataKitConnector.query", hang)
    record = func.run_in_editor(CHECK)
    released.set()
    result, detail = rows(record)["delivered"]
    assert (result, record.status) == ("untried", "success")
    assert detail.startswith("the workspace did not answer in time (no answer before the time of 55 s was over)")
    assert record.ended_at - record.started_at <= 56


ODD_ANSWERS = {
    "a proxy's page": {"answer": odd_answers.PROXY_PAGE},
    "an empty body": {"answer": odd_answers.EMPTY},
    "204": {"answer": odd_answers.NO_CONTENT},
    "another root": {"body": odd_answers.other_root},
}


@pytest.mark.parametrize("odd", ODD_ANSWERS)
@pytest.mark.parametrize("operation", ["ListDistributions", "GetMetricData"])
def test_an_answer_that_is_none_is_not_ready(func, aws, datakit, one, operation, odd) -> None:
    aws.faults.add(Fault(operation, **ODD_ANSWERS[odd]))
    record = func.call(CHECK)
    assert record.status == "failure"
    assert verdict(record).startswith("NOT READY: ")
    (what,) = [what for what in REQUIRED if what.endswith(operation)]
    result, detail = rows(record)[what]
    assert result == "FAILED"
    assert "or not all of it: " in detail


@pytest.mark.parametrize("odd", ODD_ANSWERS)
@pytest.mark.parametrize("action", OPTIONAL)
def test_an_answer_that_is_none_makes_no_optional_action_ok(func, aws, datakit, one, action, odd) -> None:
    aws.faults.add(Fault(action.partition(":")[2], **ODD_ANSWERS[odd]))
    record = func.call(CHECK)
    assert results(record)[action] == "missing"
    assert "or not all of it: " in rows(record)[action][1]


def test_an_odd_record_is_warned_of_and_checked_like_the_others(func, aws, datakit, one) -> None:
    aws.faults.add(Fault("ListDistributions", body=odd_answers.without("ARN")))
    record = func.call(CHECK)
    assert f"WARNING: CloudFront's record of {one}: ARN is missing. What cannot be read is left out." in record.log
    assert results(record)["cloudfront:ListDistributions"] == "ok"
    assert results(record)["connector"] == "ok"
