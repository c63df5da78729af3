"""Derived fields: computed only where both values are, and recognisable as not CloudWatch's own."""

import pytest

from guance_aws_cloudfront.cloudfront.catalog import DERIVED, all_metrics, field_name
from guance_aws_cloudfront.points.derived import derived_fields

FIELDS = {field_name(metric.name, one) for metric in all_metrics().values() for one in metric.statistics}


def test_errors_are_the_requests_times_the_rate() -> None:
    minute = {
        "Requests_Sum": 800.0,
        "4xxErrorRate_Average": 1.5,
        "5xxErrorRate_Average": 0.25,
        "TotalErrorRate_Average": 1.75,
    }
    assert derived_fields(minute) == {"Derived_4xxErrors": 12.0, "Derived_5xxErrors": 2.0, "Derived_TotalErrors": 14.0}


def test_a_whole_number_of_errors_comes_out_as_one() -> None:
    # Of 1,283 requests 13 failed: CloudWatch says 1.0132501948558068 %.
    assert derived_fields({"Requests_Sum": 1283.0, "TotalErrorRate_Average": 100 * 13 / 1283}) == {
        "Derived_TotalErrors": 13.0
    }


def test_cache_hits_are_a_bound_and_come_with_the_requests_to_divide_them_by() -> None:
    assert derived_fields({"Requests_Sum": 800.0, "CacheHitRate_Average": 75.0}) == {
        "Derived_CacheHitsUpperBound": 600.0,
        "Derived_RequestsWithCacheHitRate": 800.0,
    }


@pytest.mark.parametrize(
    "minute",
    [
        {},
        {"Requests_Sum": 800.0},
        {"5xxErrorRate_Average": 1.0, "CacheHitRate_Average": 90.0},
        {"Requests_Sum": 800.0, "BytesDownloaded_Sum": 7.0, "OriginLatency_p90": 80.0, "LambdaExecutionError_Sum": 1.0},
        {"FunctionInvocations_Sum": 5.0, "FunctionComputeUtilization_Average": 20.0},
    ],
)
def test_nothing_is_derived_from_one_half(minute) -> None:
    assert derived_fields(minute) == {}


def test_a_rate_of_zero_is_no_missing_rate() -> None:
    assert derived_fields({"Requests_Sum": 800.0, "5xxErrorRate_Average": 0.0}) == {"Derived_5xxErrors": 0.0}


def test_what_is_too_large_for_a_float_is_left_out() -> None:
    minute = {"Requests_Sum": 1e308, "5xxErrorRate_Average": 1e308, "CacheHitRate_Average": 0.5}
    assert set(derived_fields(minute)) == {"Derived_CacheHitsUpperBound", "Derived_RequestsWithCacheHitRate"}


def test_a_derived_field_is_of_a_rate_that_is_collected_and_has_no_name_of_cloudwatch() -> None:
    assert {one.rate for one in DERIVED} <= FIELDS
    assert len({one.name for one in DERIVED}) == len(DERIVED)
    assert all(one.name.startswith("Derived_") for one in DERIVED)
    assert not any(field.startswith("Derived") for field in FIELDS)
    # Every rate that is a share of requests has its count.
    rates = {field for field in FIELDS if field.endswith("ErrorRate_Average")}
    assert rates < {one.rate for one in DERIVED}
