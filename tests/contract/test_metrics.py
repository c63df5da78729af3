"""Metrics beyond the default ones: chosen by configuration, asked for where they are published, billed as AWS bills."""

import pytest

from devtools.aws.cloudwatch_metrics import ADDITIONAL_METRICS, PERCENTILE
from devtools.aws.embedded import Fault, Traffic
from devtools.aws.traffic import minute_traffic
from devtools.demo.judge import seen, truth
from tests.conftest import AK_ID, NOW
from tests.contract.conftest import JOB, METRICS, configure, sent_again

MINUTE, SETTLED = 60, 180
SEED = 1
BUSY = Traffic(requests=900.0)
AT = NOW - 30 * MINUTE
EXTRA = [metric.name for metric in ADDITIONAL_METRICS if not metric.edge_function]
FUNCTIONS = [metric.name for metric in ADDITIONAL_METRICS if metric.edge_function]
DERIVED = [
    *(f"Derived_{kind}Errors" for kind in ("4xx", "5xx", "Total", 401, 403, 404, 502, 503, 504)),
    *("Derived_CacheHitsUpperBound", "Derived_RequestsWithCacheHitRate"),
]
PERCENTILES = [metric.name for metric in ADDITIONAL_METRICS if metric.statistic == PERCENTILE]


@pytest.fixture
def rich(aws):
    """A distribution that publishes everything."""
    return aws.add_distribution(aws.account, ["www.example.com"], traffic=BUSY, additional_metrics=True)


@pytest.fixture
def plain(aws):
    """A distribution with the default metrics only."""
    return aws.add_distribution(aws.account, traffic=BUSY)


def test_all_metrics_are_collected_where_they_are_published(func, aws, datakit, rich, plain) -> None:
    configure(func, metrics="ALL")
    record = func.run_cron_job(JOB)
    assert (record.status, record.exception) == ("success", None)
    points = [point for point in datakit.points("metric") if point.time == AT]
    assert len(points) == 3
    by_name = {(point.tags["name"], point.tags.get("FunctionName")): point for point in points}
    assert len(by_name[plain, None].fields) == 6 + 3
    fields = by_name[rich, None].fields
    assert len(fields) == 6 + len(EXTRA) - 1 + 3 + len(DERIVED)
    for percentile in ("p50", "p90", "p99"):
        assert fields[f"OriginLatency_{percentile}"] == aws.truth(rich, "OriginLatency", AT, percentile)
    assert fields["CacheHitRate_Average"] == aws.truth(rich, "CacheHitRate", AT)
    assert fields["LambdaExecutionError_Sum"] == aws.truth(rich, "LambdaExecutionError", AT)
    of_function = by_name[rich, "viewer-request"]
    assert len(of_function.fields) == len(FUNCTIONS)
    assert of_function.fields["FunctionInvocations_Sum"] == aws.truth(rich, "FunctionInvocations", AT)
    assert of_function.tags["Dimensions"] == "DistributionId,FunctionName,Region"
    assert (of_function.tags["DistributionId"], of_function.tags["Alias"]) == (rich, "www.example.com")
    # Three percentiles are billed as one metric.
    assert record.return_value["metrics_billed"] == 2 * 6 + len(EXTRA) + len(FUNCTIONS)
    assert record.return_value["calls"]["ListMetrics"] == 1


def test_patterns_and_statistics_choose(func, datakit, rich) -> None:
    configure(func, metrics=[["*Rate", "OriginLatency"], ["NOT", "4*", "5*"]])
    configure(func, statistics={"OriginLatency": ["p95", "p99.9"]})
    assert func.run_cron_job(JOB).status == "success"
    assert set(datakit.points("metric")[0].fields) == {
        *("TotalErrorRate_Average", "CacheHitRate_Average", "OriginLatency_p95", "OriginLatency_p99_9"),
    }


def test_the_default_metrics_need_no_listing(func, aws, plain) -> None:
    aws.deny(AK_ID, "cloudwatch:ListMetrics")
    record = func.run_cron_job(JOB)
    assert (record.status, record.return_value["warnings"]) == ("success", [])
    assert "ListMetrics" not in aws.call_counts()


def test_without_permission_to_list_what_was_named_is_asked_for_with_one_warning(
    func, aws, datakit, rich, plain
) -> None:
    aws.deny(AK_ID, "cloudwatch:ListMetrics")
    configure(func, metrics=["Requests", "CacheHitRate", "50*", "FunctionThrottles"])
    record = func.run_cron_job(JOB)
    assert record.status == "success"
    (warning,) = record.return_value["warnings"]
    assert "Allow the IAM action cloudwatch:ListMetrics on resource *" in warning
    assert "requested for every distribution: CacheHitRate; left out: 502ErrorRate" in warning
    assert {frozenset(point.fields) for point in datakit.points("metric")} == {
        frozenset({"Requests_Sum", "CacheHitRate_Average", *DERIVED[-2:]}),
        frozenset({"Requests_Sum"}),
    }
    assert record.return_value["metrics_billed"] == 4


def test_a_listing_that_fails_is_not_taken_for_nothing_and_loses_nothing(
    func, aws, datakit, clock, rich, monkeypatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    configure(func, metrics="ALL")
    aws.faults.add(Fault("ListMetrics", code="Throttling", message="Rate exceeded"))
    record = func.run_cron_job(JOB)
    assert "Listing the metrics failed: AWS throttles the account's calls, also after retries" in record.exception
    assert "Until then, only the default metrics are collected, and of all" in record.exception
    assert len(datakit.points("custom_object")) == 1
    assert {len(point.fields) for point in datakit.points("metric")} == {6 + 3}
    aws.faults.clear()
    clock.advance(300)
    assert func.run_cron_job(JOB).status == "success"
    minutes = {point.time for point in datakit.latest().values() if "CacheHitRate_Average" in point.fields}
    assert set(range(NOW - SETTLED - 3600, NOW + 300 - SETTLED, MINUTE)) <= minutes
    assert sent_again(datakit) == []


def test_a_second_run_writes_nothing_of_functions_twice(func, datakit, clock, rich) -> None:
    configure(func, metrics="ALL")
    func.run_cron_job(JOB)
    clock.advance(13)
    summary = func.run_cron_job(JOB).return_value
    assert summary["points"]["new"] == summary["points"]["changed"] == 0
    assert datakit.doubles() == []


@pytest.mark.parametrize(
    ("configs", "sentence"),
    [
        ({"metrics": ["Request"]}, "no metric is called 'Request': did you mean 'Requests'?"),
        ({"statistics": {"Requests": ["Average"]}}, "Requests carries Sum."),
    ],
)
def test_a_wrong_choice_is_told_before_any_call(func, aws, configs, sentence) -> None:
    configure(func, **configs)
    record = func.run_cron_job(JOB)
    assert record.exception_type == "ConfigError"
    assert sentence in record.exception
    assert aws.calls == []


def test_distributions_are_chosen_by_patterns_and_the_others_cost_nothing(func, aws, datakit, rich, plain) -> None:
    configure(func, distributions=["www.example.*", "E404"])
    record = func.run_cron_job(JOB)
    assert record.status == "success"
    assert "Distributions: 2 listed, 1 chosen." in record.log
    assert record.return_value["metrics_billed"] == 6
    assert {point.tags["name"] for point in datakit.points()} == {rich}
    (warning,) = record.return_value["warnings"]
    assert warning.startswith("No distribution fits 'e404' of the key 'distributions'.")


def test_the_tool_serves_what_the_product_knows() -> None:
    from guance_aws_cloudfront.cloudfront.catalog import all_metrics

    assert set(all_metrics()) == {*METRICS, *EXTRA, *FUNCTIONS}
    assert PERCENTILES == ["OriginLatency"]


# Derived fields


def test_derived_counts_are_those_of_the_traffic_itself(func, aws, datakit, rich) -> None:
    configure(func, metrics="ALL")
    assert func.run_cron_job(JOB).status == "success"
    points = [point for point in datakit.points("metric") if "FunctionName" not in point.tags]
    assert len(points) == 60
    for point in points:
        happened = minute_traffic(SEED, rich, BUSY, point.time)
        errors = (
            happened.client_errors,
            happened.server_errors,
            happened.client_errors // 2,
            happened.server_errors // 2,
        )
        found = [point.fields[f"Derived_{kind}Errors"] for kind in ("4xx", "5xx", "404", "502")]
        assert found == pytest.approx(errors)
        assert point.fields["Derived_TotalErrors"] == pytest.approx(happened.client_errors + happened.server_errors)
        assert point.fields["Derived_CacheHitsUpperBound"] == pytest.approx(happened.cache_hits)
        assert point.fields["Derived_RequestsWithCacheHitRate"] == happened.requests


def test_without_derived_only_what_cloudwatch_says_is_written(func, datakit, rich) -> None:
    configure(func, metrics="ALL", derived=False)
    assert func.run_cron_job(JOB).status == "success"
    assert [field for point in datakit.points("metric") for field in point.fields if field in DERIVED] == []
    assert any("Requests_Sum" in point.fields for point in datakit.points("metric"))


@pytest.mark.parametrize("late", ["Requests", "5xxErrorRate"])
def test_what_is_answered_in_different_runs_is_derived_when_both_halves_are_there(
    func, aws, datakit, clock, plain, late
) -> None:
    aws.break_series(plain, late, "InternalError", times=1)
    assert func.run_cron_job(JOB).status == "failure"
    first = [point for point in datakit.points("metric") if point.time == AT]
    assert "Derived_5xxErrors" not in first[0].fields
    assert ("Derived_4xxErrors" in first[0].fields) == (late != "Requests")
    clock.advance(300)
    assert func.run_cron_job(JOB).status == "success"
    # Only what was missing is sent then.
    first, second = [point for point in datakit.points("metric") if point.time == AT]
    assert {"Requests": "Requests_Sum", "5xxErrorRate": "5xxErrorRate_Average"}[late] in second.fields
    assert not set(first.fields) & set(second.fields)
    expected = truth(aws, [plain], NOW - SETTLED - 60 * MINUTE, NOW + 300 - SETTLED)
    assert expected.items() <= seen(datakit).items()
    assert sent_again(datakit) == []


@pytest.mark.parametrize("revised", ["Requests", "5xxErrorRate"])
def test_what_is_derived_follows_a_revision_of_either_half(func, aws, datakit, clock, plain, revised) -> None:
    minute = NOW - 10 * MINUTE
    aws.revise(plain, revised, minute, 12.5, at=NOW + 200)
    assert func.run_cron_job(JOB).status == "success"
    before = seen(datakit)[plain, minute]
    clock.advance(300)
    assert func.run_cron_job(JOB).status == "success"
    after = seen(datakit)[plain, minute]
    assert after == truth(aws, [plain], minute, minute + 60)[plain, minute]
    assert after["Derived_5xxErrors"] == round(after["Requests_Sum"] * after["5xxErrorRate_Average"] / 100, 6)
    assert after["Derived_5xxErrors"] != before["Derived_5xxErrors"]
