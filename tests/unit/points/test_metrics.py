"""Queries that CloudWatch answers, and points that say what it answered."""

import math
import re

import pytest

from guance_aws_cloudfront.cloudfront.catalog import DEFAULT_METRICS
from guance_aws_cloudfront.points.answers import incomplete, merge_pages, remarks
from guance_aws_cloudfront.points.metrics import gather, metric_points, metric_tags
from guance_aws_cloudfront.points.queries import metric_data_request
from guance_aws_cloudfront.points.series import plan_series
from guance_aws_cloudfront.points.windows import Window
from tests.conftest import NOW
from tests.unit.points.test_objects import RECORD


def result(number, times, values, status="Complete", **more):
    return {"Id": f"q{number}", "Timestamps": times, "Values": values, "StatusCode": status, **more}


def asked(queries):
    """The request that these queries, at most six, are answered to."""
    return metric_data_request(plan_series(["E1"], DEFAULT_METRICS[:queries]), Window(NOW, NOW + 600), 60)


def test_a_request_asks_with_both_dimensions_and_the_period() -> None:
    series = plan_series(["E1"], DEFAULT_METRICS[:1])
    request = metric_data_request(series, Window(NOW, NOW + 600), 60)
    assert (request["StartTime"], request["EndTime"]) == (NOW, NOW + 600)
    (query,) = request["MetricDataQueries"]
    assert query["MetricStat"] == {
        "Metric": {
            "Namespace": "AWS/CloudFront",
            "MetricName": "Requests",
            "Dimensions": [{"Name": "DistributionId", "Value": "E1"}, {"Name": "Region", "Value": "Global"}],
        },
        "Period": 60,
        "Stat": "Sum",
    }
    assert re.fullmatch(r"[a-z][a-zA-Z0-9_]{0,254}", query["Id"])


def test_an_answer_spread_over_pages_is_merged_and_its_last_status_counts() -> None:
    pages = [
        {"MetricDataResults": [result(0, [NOW], [1.0], "PartialData"), result(1, [NOW], [7.0])]},
        {"MetricDataResults": [result(0, [NOW + 60], [2.0], "Complete")]},
    ]
    answers = merge_pages(pages, asked(2))
    assert answers.queries[0].times == [NOW, NOW + 60]
    assert list(answers.queries[0].values) == [1.0, 2.0]
    assert incomplete(plan_series(["E1"], DEFAULT_METRICS[:2]), answers) == {}


@pytest.mark.parametrize("status", ["PartialData", "InternalError", "Forbidden"])
def test_anything_but_complete_is_a_failure_with_cloudwatch_s_own_words(status) -> None:
    said = [{"Code": "ArithmeticError", "Value": "out of\nmemory"}]
    pages = [{"MetricDataResults": [result(0, [NOW], [1.0], status, Messages=said), result(1, [], [])]}]
    batch = plan_series(["E1"], DEFAULT_METRICS[:2])
    assert incomplete(batch, merge_pages(pages, asked(2))) == {f"{status}; ArithmeticError: out of memory": [batch[0]]}


def test_a_query_that_no_page_answers_is_a_failure() -> None:
    batch = plan_series(["E1"], DEFAULT_METRICS[:2])
    assert incomplete(batch, merge_pages([{"MetricDataResults": [result(0, [], [])]}], asked(2))) == {
        "no answer": [batch[1]]
    }


def test_remarks_on_a_call_are_told_once() -> None:
    said = [{"Code": "MaxMetricsExceeded", "Value": "too many"}]
    pages = [{"MetricDataResults": [result(0, [], [])], "Messages": said}, {"MetricDataResults": [], "Messages": said}]
    assert remarks(merge_pages(pages, asked(1))) == ["MaxMetricsExceeded: too many"]


def test_a_point_per_minute_carries_all_metrics_as_floats_and_nothing_for_a_missing_minute(account) -> None:
    batch = plan_series(["E2EXAMPLE00001"], DEFAULT_METRICS)
    results = [result(n, [NOW, NOW + 120], [n, n + 1]) for n in range(5)] + [result(5, [NOW], [0.0])]
    minutes = {}
    assert gather(batch, merge_pages([{"MetricDataResults": results}], asked(6)), minutes) == 11
    points = [point for _, point in metric_points(minutes, {"E2EXAMPLE00001": metric_tags(RECORD, account)}, False)]
    assert [point["timestamp"] for point in points] == [NOW, NOW + 120]
    assert points[0]["measurement"] == "aws_AWS/CloudFront"
    assert points[0]["fields"] == {
        "Requests_Sum": 0.0,
        "BytesDownloaded_Sum": 1.0,
        "BytesUploaded_Sum": 2.0,
        "4xxErrorRate_Average": 3.0,
        "5xxErrorRate_Average": 4.0,
        "TotalErrorRate_Average": 0.0,
    }
    assert all(type(value) is float for point in points for value in point["fields"].values())
    assert "TotalErrorRate_Average" not in points[1]["fields"]


def test_values_that_are_no_numbers_make_no_field_and_no_point(account) -> None:
    batch = plan_series(["E1"], DEFAULT_METRICS[:1])
    pages = [{"MetricDataResults": [result(0, [NOW, NOW + 60], [math.nan, math.inf])]}]
    minutes = {}
    gather(batch, merge_pages(pages, asked(1)), minutes)
    assert list(metric_points(minutes, {"E1": metric_tags({"Id": "E1"}, account)}, True)) == []


def test_metric_tags_name_the_distribution_and_none_changes_with_time(account) -> None:
    assert metric_tags(RECORD, account) == {
        "DistributionId": "E2EXAMPLE00001",
        "Region": "Global",
        "Dimensions": "DistributionId,Region",
        "name": "E2EXAMPLE00001",
        "Alias": "www.example.com",
        "DomainName": "d111111abcdef8.cloudfront.net",
        "cloud_provider": "AWS",
        "account_name": "prod",
        "team": "edge",
    }
    assert metric_tags({**RECORD, "Status": "InProgress", "Comment": "x"}, account) == metric_tags(RECORD, account)


def test_a_distribution_without_aliases_has_no_alias_tag(account) -> None:
    assert "Alias" not in metric_tags({**RECORD, "Aliases": {"Quantity": 0}}, account)


def test_a_query_may_be_answered_without_a_word_of_minutes_or_for_others() -> None:
    results = [
        {"Id": "q0", "Timestamps": [NOW, NOW + 60], "Values": [1.0, 2.0]},
        {"Id": "q1"},
        {"Id": "q2", "Timestamps": [NOW + 60], "Values": [3.0]},
        {"Id": "q3", "Timestamps": [], "Values": []},
    ]
    for pages in ([{"MetricDataResults": results}], [{"MetricDataResults": [one]} for one in results]):
        answers = merge_pages(pages, asked(4)).queries
        assert [list(answer.times) for answer in answers] == [[NOW, NOW + 60], [], [NOW + 60], []]
        assert [list(answer.values) for answer in answers] == [[1.0, 2.0], [], [3.0], []]


def test_minutes_that_queries_share_stay_those_of_each_when_more_pages_come() -> None:
    first = [{"Id": f"q{number}", "Timestamps": [NOW], "Values": [1.0]} for number in range(2)]
    more = [{"Id": "q0", "Timestamps": [NOW + 60], "Values": [2.0]}]
    one, other = merge_pages([{"MetricDataResults": first}, {"MetricDataResults": more}], asked(2)).queries
    assert (list(one.times), list(one.values)) == ([NOW, NOW + 60], [1.0, 2.0])
    assert (list(other.times), list(other.values)) == ([NOW], [1.0])


def test_derived_fields_stand_beside_cloudwatchs_own_and_change_none_of_them() -> None:
    minutes = {
        "E1": {NOW: {"Requests_Sum": 400.0, "5xxErrorRate_Average": 2.5}},
        "f": {NOW: {"FunctionThrottles_Sum": 1.0}},
    }
    tags = {"E1": {"name": "E1"}, "f": {"name": "f"}}
    points = {source: point["fields"] for source, point in metric_points(minutes, tags, True)}
    assert points == {
        "E1": {"Requests_Sum": 400.0, "5xxErrorRate_Average": 2.5, "Derived_5xxErrors": 10.0},
        "f": {"FunctionThrottles_Sum": 1.0},
    }
    assert set(minutes["E1"][NOW]) == {"Requests_Sum", "5xxErrorRate_Average"}


def test_a_request_asks_for_as_many_data_points_as_aws_takes() -> None:
    assert asked(1)["MaxDatapoints"] == 100_800
