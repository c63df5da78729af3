"""Metrics are chosen by patterns as in Guance's CloudWatch collector; a mistake has its sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guance_aws_cloudfront.cloudfront.catalog import DEFAULT_METRICS, all_metrics
from guance_aws_cloudfront.settings.selection import parse_selection
from guance_aws_cloudfront.settings.validation import ConfigError

EVERY = list(all_metrics())
SIX = [metric.name for metric in DEFAULT_METRICS]


def names(metrics):
    return [metric.name for metric in parse_selection(metrics, None).metrics]


@pytest.mark.parametrize(
    ("metrics", "chosen"),
    [
        (None, SIX),
        ("ALL", EVERY),
        (["ALL"], EVERY),
        (["*"], EVERY),
        (["Requests"], ["Requests"]),
        (("OriginLatency", "Requests"), ["Requests", "OriginLatency"]),
        (["Bytes*", "*HitRate"], ["BytesDownloaded", "BytesUploaded", "CacheHitRate"]),
        (["50*ErrorRate"], ["502ErrorRate", "503ErrorRate", "504ErrorRate"]),
        (["NOT", "Function*", "Lambda*", "*Rate", "OriginLatency"], ["Requests", "BytesDownloaded", "BytesUploaded"]),
        ([["*ErrorRate"], ["NOT", "4*"], ["NOT", "TotalErrorRate", "50*"]], ["5xxErrorRate"]),
        (
            [["NOT", "Function*"], ["*Errors", "*Error"]],
            ["LambdaExecutionError", "LambdaValidationError", "LambdaLimitExceededErrors"],
        ),
    ],
)
def test_patterns_choose_in_the_order_of_the_catalog(metrics, chosen) -> None:
    assert names(metrics) == chosen


FILTERS = st.lists(st.sampled_from([*EVERY, "*Rate", "Function*"]), min_size=1, max_size=4)


@given(st.lists(FILTERS, min_size=1, max_size=3))
def test_not_is_the_rest_and_filters_only_ever_narrow(filters) -> None:
    try:
        chosen = names(filters)
    except ConfigError as error:
        assert "leaves no metric" in str(error)
        return
    assert set(chosen) <= set(names(filters[:1]))
    assert sorted(names(filters[:1]) + _rest(filters[0])) == sorted(EVERY)


def _rest(patterns):
    try:
        return names(["NOT", *patterns])
    except ConfigError:
        return []


def test_what_is_named_outright_is_known() -> None:
    assert parse_selection(["OriginLatency", "*HitRate", "Requests"], None).named == {"OriginLatency", "Requests"}
    assert parse_selection([["CacheHitRate", "50*"], ["NOT", "502ErrorRate"]], None).named == {"CacheHitRate"}
    assert parse_selection("ALL", None).named == parse_selection(None, None).named == frozenset()


def test_statistics_may_be_overridden() -> None:
    selection = parse_selection(["OriginLatency", "Requests"], {"OriginLatency": ["p50", "p99.9", "p50"]})
    assert {metric.name: metric.statistics for metric in selection.metrics} == {
        "Requests": ("Sum",),
        "OriginLatency": ("p50", "p99.9"),
    }


BAD = [
    ("Requests", None, "Configuration key 'metrics' is 'Requests': allowed is a list of metric names"),
    ("all", None, "Configuration key 'metrics' is 'all': allowed is"),
    ([], None, "Configuration key 'metrics' is []: allowed is"),
    ({}, None, "Configuration key 'metrics' is {}: allowed is"),
    ([7], None, "Configuration key 'metrics' is 7: allowed is"),
    ([""], None, "Configuration key 'metrics' is '': allowed is"),
    (["NOT"], None, "Configuration key 'metrics' is ['NOT']: allowed is"),
    ([["Requests"], []], None, "Configuration key 'metrics' is [['Requests'], []]: allowed is"),
    ([["Requests"], "Bytes*"], None, "Configuration key 'metrics' is ['Requests']: allowed is"),
    (["Request"], None, "no metric is called 'Request': did you mean 'Requests'?"),
    (["requests"], None, "no metric is called 'requests': did you mean 'Requests'?"),
    (["CPU*"], None, "no metric is called 'CPU*': there are Requests, BytesDownloaded"),
    (["Requests", "NOT", "Bytes*"], None, "no metric is called 'NOT'"),
    (["NOT", "*"], None, "it leaves no metric"),
    (["NOT", "Request"], None, "no metric is called 'Request': did you mean 'Requests'?"),
    ([["Requests"], ["Bytes*"]], None, "it leaves no metric"),
    (None, [], "Configuration key 'statistics' is []: allowed is a dict of metrics and lists of their statistics"),
    (None, {"Latency": ["p50"]}, "no metric is called 'Latency': did you mean 'OriginLatency'?"),
    (None, {7: ["p50"]}, "no metric is called 7"),
    (None, {"OriginLatency": "p50"}, "'statistics['OriginLatency']' is 'p50': allowed is a list of 1 to 10 statistics"),
    (None, {"OriginLatency": []}, "allowed is a list of 1 to 10 statistics"),
    (None, {"OriginLatency": [f"p{n}" for n in range(11)]}, "allowed is a list of 1 to 10 statistics"),
    (
        None,
        {"OriginLatency": ["Average"]},
        "'Average' of OriginLatency is a number without a meaning: ",
    ),
    (None, {"OriginLatency": ["p101"]}, "OriginLatency carries percentiles such as p50, p90 and p99."),
    (None, {"OriginLatency": [50]}, "50 of OriginLatency is a number without a meaning"),
    (None, {"Requests": ["Average"]}, "'Average' of Requests is a number without a meaning: Requests carries Sum."),
    (None, {"4xxErrorRate": ["Sum"]}, "4xxErrorRate carries Average."),
]


@pytest.mark.parametrize(("metrics", "statistics", "sentence"), BAD)
def test_a_mistake_has_its_sentence(metrics, statistics, sentence) -> None:
    with pytest.raises(ConfigError) as error:
        parse_selection(metrics, statistics)
    assert sentence in str(error.value)
    assert str(error.value).endswith((".", "?"))


def test_ten_statistics_of_a_metric_are_allowed() -> None:
    wanted = [f"p{number}" for number in range(10, 100, 9)]
    (metric,) = parse_selection(["OriginLatency"], {"OriginLatency": wanted}).metrics
    assert metric.statistics == tuple(wanted)
