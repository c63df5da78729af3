"""Which series are asked for: default metrics always, others where they are published, all within the calls' limits."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guance_aws_cloudfront.cloudfront.catalog import DEFAULT_METRICS, OTHER_METRICS, all_metrics
from guance_aws_cloudfront.cloudfront.record import functions_of
from guance_aws_cloudfront.points.metrics import source_tags
from guance_aws_cloudfront.points.series import (
    Series,
    batches,
    distribution_dimensions,
    in_words,
    metrics_billed,
    plan_series,
)
from guance_aws_cloudfront.settings.config import parse_config

SIX = {
    ("Requests", "Sum"),
    ("BytesDownloaded", "Sum"),
    ("BytesUploaded", "Sum"),
    ("4xxErrorRate", "Average"),
    ("5xxErrorRate", "Average"),
    ("TotalErrorRate", "Average"),
}
ALL = list(all_metrics().values())
E1, E2 = distribution_dimensions("E1"), distribution_dimensions("E2")
FUNCTION = (("FunctionName", "rewrite"), ("Region", "Global"))
BOTH = (("DistributionId", "E1"), ("FunctionName", "rewrite"), ("Region", "Global"))


def of(series, source):
    return [(one.metric, one.statistic) for one in series if one.source == source]


def test_the_six_default_metrics_have_their_one_right_statistic() -> None:
    assert set(of(plan_series(["E1"], DEFAULT_METRICS), "E1")) == SIX
    assert len(plan_series(["E1"], DEFAULT_METRICS)) == 6


@given(st.integers(0, 2000))
def test_calls_are_at_the_floor_and_lose_no_series(number) -> None:
    series = plan_series([f"E{n}" for n in range(number)], DEFAULT_METRICS)
    calls = batches(series)
    assert len(calls) == math.ceil(6 * number / 500)
    assert [one for call in calls for one in call] == series
    assert all(1 <= len(call) <= 500 for call in calls)
    assert sum(map(metrics_billed, calls)) == 6 * number


@given(st.integers(1, 300), st.integers(1, 10))
def test_statistics_of_a_metric_stay_in_one_call_and_five_are_billed_once(number, statistics) -> None:
    wanted = {"OriginLatency": [f"p{n}" for n in range(statistics)]}
    config = parse_config({"metrics": ["OriginLatency", "Requests"], "statistics": wanted})
    ids = [f"E{n}" for n in range(number)]
    series = plan_series(ids, config.metrics, None, config.named_metrics)
    calls = batches(series)
    assert [one for call in calls for one in call] == series
    assert all(len(call) <= 500 for call in calls)
    places = {}
    for place, call in enumerate(calls):
        for one in call:
            places.setdefault((one.source, one.metric), set()).add(place)
    assert all(len(found) == 1 for found in places.values())
    assert sum(map(metrics_billed, calls)) == number * (1 + math.ceil(statistics / 5))


def test_beyond_the_default_metrics_only_what_is_listed_is_asked_for() -> None:
    listed = {"CacheHitRate": {E1}, "OriginLatency": {E1}, "LambdaExecutionError": {E2}, "Requests": set()}
    series = plan_series(["E1", "E2"], ALL, listed, frozenset({"502ErrorRate"}))
    latencies = {("OriginLatency", percentile) for percentile in ("p50", "p90", "p99")}
    assert set(of(series, "E1")) - SIX == {("CacheHitRate", "Average")} | latencies
    assert set(of(series, "E2")) - SIX == {("LambdaExecutionError", "Sum")}


def test_where_nothing_could_be_listed_what_was_named_is_asked_for_everywhere() -> None:
    series = plan_series(["E1", "E2"], ALL, None, frozenset({"CacheHitRate", "FunctionThrottles"}))
    for source in ("E1", "E2"):
        assert set(of(series, source)) - SIX == {("CacheHitRate", "Average")}


def test_functions_are_asked_for_under_the_dimensions_they_are_listed_with() -> None:
    gone = (("DistributionId", "E9"), ("FunctionName", "rewrite"), ("Region", "Global"))
    listed = {"FunctionInvocations": {FUNCTION, BOTH, gone}}
    series = [one for one in plan_series(["E1"], ALL, listed) if one.metric == "FunctionInvocations"]
    assert series == [Series(BOTH, "FunctionInvocations", "Sum"), Series(FUNCTION, "FunctionInvocations", "Sum")]
    assert [one.source for one in series] == ["DistributionId=E1/FunctionName=rewrite", "FunctionName=rewrite"]


def test_an_odd_listing_of_a_function_metric_is_passed_over() -> None:
    listed = {"FunctionInvocations": {(("Region", "Global"),), E1, FUNCTION}}
    series = [one for one in plan_series(["E1"], ALL, listed) if one.metric == "FunctionInvocations"]
    assert [one.source for one in series] == ["FunctionName=rewrite"]


def record(key, *functions):
    items = [{"FunctionARN": f"arn:aws:cloudfront::123456789012:function/{name}"} for name in functions]
    associations = {"FunctionAssociations": {"Quantity": len(items), "Items": items}}
    return {
        "Id": key,
        "DomainName": f"{key}.cloudfront.net",
        "DefaultCacheBehavior": {"FunctionAssociations": {"Quantity": 0}},
        "CacheBehaviors": {"Quantity": 1, "Items": [associations]},
    }


@pytest.mark.parametrize("bare", [{}, {"CacheBehaviors": None}, {"DefaultCacheBehavior": {}}, record("E1")])
def test_a_distribution_may_call_no_function(bare) -> None:
    assert functions_of(bare) == set()


def test_a_function_s_points_name_it_and_its_distributions_where_they_are_known(account) -> None:
    records = [record("E1", "rewrite", "alone"), record("E2", "rewrite")]
    dimensions = {name: (("FunctionName", name), ("Region", "Global")) for name in ("rewrite", "alone", "unknown")}
    series = [Series(named, "FunctionInvocations", "Sum") for named in (*dimensions.values(), BOTH, E1)]
    tags = source_tags(series, records, account)
    common = {"account_name": "prod", "team": "edge", "cloud_provider": "AWS", "Region": "Global"}
    shared = {**common, "FunctionName": "rewrite", "Dimensions": "FunctionName,Region", "name": "rewrite"}
    assert tags["FunctionName=rewrite"] == {**shared, "DistributionIds": "E1,E2"}
    assert tags["FunctionName=unknown"] == {**shared, "FunctionName": "unknown", "name": "unknown"}
    of_e1 = {"DistributionId": "E1", "name": "E1", "DomainName": "E1.cloudfront.net"}
    assert tags["FunctionName=alone"] == {**shared, "FunctionName": "alone", **of_e1}
    assert tags["DistributionId=E1/FunctionName=rewrite"] == {
        **shared,
        "Dimensions": "DistributionId,FunctionName,Region",
        **of_e1,
    }
    assert "FunctionName" not in tags["E1"]


def test_a_list_of_many_distributions_is_cut_between_ids(account) -> None:
    records = [record(f"E{n:013}", "rewrite") for n in range(100)]
    (tags,) = source_tags([Series(FUNCTION, "FunctionInvocations", "Sum")], records, account).values()
    assert len(tags["DistributionIds"]) <= 1024
    assert set(tags["DistributionIds"].split(",")) <= {one["Id"] for one in records}


def test_what_is_asked_for_is_said_by_groups_with_the_same_sources() -> None:
    listed = {"CacheHitRate": {E1}, "OriginLatency": {E1}, "FunctionThrottles": {FUNCTION}}
    lines = in_words(plan_series(["E1", "E2"], ALL, listed))
    assert lines[1:] == [
        "additional metrics of 1 distribution: CacheHitRate Average, OriginLatency p50/p90/p99",
        "function metrics of 1 function: FunctionThrottles Sum",
    ]
    assert lines[0].startswith("default metrics of 2 distributions: Requests Sum, BytesDownloaded Sum, ")
    assert in_words([]) == []


def test_a_function_is_asked_for_only_where_a_chosen_distribution_calls_it() -> None:
    metrics = [metric for metric in OTHER_METRICS if metric.name == "FunctionInvocations"]
    listed = {"FunctionInvocations": {(("FunctionName", name), ("Region", "Global")) for name in ("mine", "yours")}}
    every = plan_series(["E1"], metrics, listed)
    assert [dict(one.dimensions)["FunctionName"] for one in every] == ["mine", "yours"]
    assert plan_series(["E1"], metrics, listed, functions={"mine"}) == every[:1]


def test_a_function_that_others_call_too_is_not_taken_for_the_only_collected_one_s(account) -> None:
    series = [Series((("FunctionName", "both"), ("Region", "Global")), "FunctionInvocations", "Sum")]
    records = [record("E1", "both")]
    (alone,) = source_tags(series, records, account).values()
    assert alone["DistributionId"] == "E1"
    (shared,) = source_tags(series, records, account, callers={"both": ["E1", "E2"]}).values()
    assert "DistributionId" not in shared
    assert shared["DistributionIds"] == "E1,E2"


def function_in(*regions, **more):
    """What ListMetrics shows of a function in several regions, None for no such dimension."""
    named = [{**({} if region is None else {"Region": region}), "FunctionName": "f", **more} for region in regions]
    return {tuple(sorted(one.items())) for one in named}


def test_two_regions_of_a_function_are_two_series_with_tags_of_their_own(account) -> None:
    metrics = [metric for metric in OTHER_METRICS if metric.name == "FunctionInvocations"]
    listed = {
        "FunctionInvocations": function_in("Global", "eu-west-1", "us-east-1", None) | function_in("Global", Stage="x")
    }
    series = plan_series(["E1"], metrics, listed)
    assert sorted(one.source for one in series) == [
        "FunctionName=f",
        "FunctionName=f/Region=",
        "FunctionName=f/Region=eu-west-1",
        "FunctionName=f/Region=us-east-1",
        "FunctionName=f/Stage=x",
    ]
    tags = source_tags(series, [record("E1", "f")], account)
    assert {source: one.get("Region") for source, one in tags.items()} == {
        "FunctionName=f": "Global",
        "FunctionName=f/Region=": None,
        "FunctionName=f/Region=eu-west-1": "eu-west-1",
        "FunctionName=f/Region=us-east-1": "us-east-1",
        "FunctionName=f/Stage=x": "Global",
    }
    assert tags["FunctionName=f/Stage=x"]["Stage"] == "x"
    # No two sources are one series in Guance.
    assert len({tuple(sorted(one.items())) for one in tags.values()}) == len(tags)


NAMES = st.sampled_from(["DistributionId", "FunctionName", "Region", "Stage"])
SOME = st.dictionaries(NAMES, st.sampled_from(["E1", "E2", "Global", "eu-west-1", "f"]), min_size=1)


@given(st.lists(SOME.map(lambda named: tuple(sorted(named.items()))), unique=True, max_size=8))
def test_a_source_is_all_its_dimensions(several) -> None:
    sources = {Series(dimensions, "FunctionInvocations", "Sum").source for dimensions in several}
    assert len(sources) == len(several)
