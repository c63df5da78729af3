"""What the embedded CloudWatch shows of a minute, when, and that the truth is what it finally shows."""

import pytest

from devtools.aws.embedded import IDLE, EmbeddedAWS, Traffic
from tests.conftest import AK_ID, NOW
from tests.devtools.aws.clients import COUNTS, RATES, client, query, results, series

DEFAULT = (*COUNTS, *RATES)
BUSY = Traffic(requests=1000.0, client_errors=0.02, server_errors=0.01)


@pytest.fixture
def key(aws, account):
    return aws.add_distribution(account, traffic=BUSY)


@pytest.fixture
def cloudwatch(aws):
    return client(aws, "cloudwatch")


def shown(cloudwatch, key, start, end):
    """{minute: {metric: value}} of the default metrics."""
    found = {}
    queries = [query(f"q{number}", key, metric) for number, metric in enumerate(DEFAULT)]
    for metric, result in zip(DEFAULT, results(cloudwatch, *queries, start=start, end=end)):
        for minute, value in zip(result["Timestamps"], result["Values"]):
            found.setdefault(minute, {})[metric] = value
    return found


# Late, low and revised


def test_a_minute_reads_low_until_it_is_settled(aws, cloudwatch, key, clock) -> None:
    early = shown(cloudwatch, key, NOW - 240, NOW + 60)
    true = aws.true_minutes(key, NOW - 240, NOW)
    assert list(early) == [NOW - 60, NOW - 120, NOW - 180, NOW - 240]
    assert [minute for minute in early if early[minute] == true[minute]] == [NOW - 180, NOW - 240]
    assert all(early[NOW - 60][metric] < true[NOW - 60][metric] for metric in (*COUNTS, "TotalErrorRate"))
    clock.advance(120)
    assert shown(cloudwatch, key, NOW - 240, NOW) == true


def test_a_minute_is_not_seen_before_it_is_over(cloudwatch, key, clock) -> None:
    clock.advance(59)
    assert max(series(cloudwatch, key, end=NOW + 120)) == NOW - 60
    clock.advance(1)
    assert max(series(cloudwatch, key, end=NOW + 120)) == NOW


def test_how_long_it_takes_to_settle_is_chosen(clock) -> None:
    with EmbeddedAWS(clock, settles_after=0) as aws:
        key = aws.add_distribution(aws.add_account(AK_ID), traffic=BUSY)
        assert shown(client(aws, "cloudwatch"), key, NOW - 60, NOW) == aws.true_minutes(key, NOW - 60, NOW)


def test_a_delayed_minute_comes_late_and_settled(aws, cloudwatch, key, clock) -> None:
    aws.delay_minute(key, NOW - 120, visible_at=NOW + 1)
    assert sorted(shown(cloudwatch, key, NOW - 180, NOW)) == [NOW - 180, NOW - 60]
    clock.advance(1)
    # Without the delay it would still read low.
    assert shown(cloudwatch, key, NOW - 120, NOW - 60) == aws.true_minutes(key, NOW - 120, NOW - 60)


@pytest.mark.parametrize("metric", ["Requests", "TotalErrorRate"])
def test_a_revised_value_holds_from_its_time_on(aws, cloudwatch, key, clock, metric) -> None:
    before = series(cloudwatch, key, metric)
    aws.revise(key, metric, NOW - 300, value=7.5, at=NOW + 120)
    aws.revise(key, metric, NOW - 300, value=2.5, at=NOW + 60)
    assert aws.truth(key, metric, NOW - 300) == 7.5
    seen = []
    for _ in range(3):
        found = series(cloudwatch, key, metric)
        seen.append(found[NOW - 300])
        assert {
            minute: value for minute, value in found.items() if minute < NOW - 300 or NOW - 300 < minute < NOW - 120
        } == {minute: value for minute, value in before.items() if minute < NOW - 300 or NOW - 300 < minute < NOW - 120}
        clock.advance(60)
    assert seen == [before[NOW - 300], 2.5, 7.5]


def test_a_value_can_appear_where_there_was_none(aws, account, cloudwatch) -> None:
    idle = aws.add_distribution(account, traffic=IDLE)
    aws.revise(idle, "Requests", NOW - 300, value=3.0, at=NOW)
    assert series(cloudwatch, idle) == {NOW - 300: 3.0}
    assert aws.true_minutes(idle, NOW - 600, NOW) == {NOW - 300: {"Requests": 3.0}}


def test_any_second_of_a_minute_names_it(aws, cloudwatch, key) -> None:
    aws.revise(key, "Requests", NOW - 250, value=3.0, at=NOW)
    aws.delay_minute(key, NOW - 301, visible_at=NOW + 9)
    assert series(cloudwatch, key, start=NOW - 360, end=NOW - 240) == {NOW - 300: 3.0}
    assert aws.truth(key, "Requests", NOW - 241) == 3.0
    assert aws.truth(key, "BytesUploaded", NOW - 241) == aws.truth(key, "BytesUploaded", NOW - 300)


@pytest.mark.parametrize(
    "act",
    [
        lambda aws, key: aws.truth(key, "Requests", NOW),
        lambda aws, key: aws.true_minutes(key, NOW, NOW + 60),
        lambda aws, key: aws.delay_minute(key, NOW, NOW + 60),
        lambda aws, key: aws.revise(key, "Requests", NOW, 1.0, NOW),
    ],
)
def test_a_distribution_that_is_not_there_is_an_error(aws, act) -> None:
    with pytest.raises(KeyError, match="ENONE"):
        act(aws, "ENONE")


# The truth


@pytest.mark.parametrize(
    "traffic",
    [None, BUSY, Traffic(requests=0.4), Traffic(requests=50.0, interval=7), Traffic(burst=(NOW + 600, NOW + 900))],
)
def test_the_truth_is_what_is_finally_shown(aws, account, cloudwatch, clock, traffic) -> None:
    key = aws.add_distribution(account, traffic=traffic)
    true = aws.true_minutes(key, NOW, NOW + 3600)
    clock.advance(3600 + 180)
    assert shown(cloudwatch, key, NOW, NOW + 3600) == true
    assert {minute: aws.truth(key, "Requests", minute) for minute in true} == {
        m: v["Requests"] for m, v in true.items()
    }
    assert true


def test_no_traffic_is_no_data_point_and_never_zero(aws, account, cloudwatch) -> None:
    rare = aws.add_distribution(account, traffic=Traffic(requests=5.0, interval=3))
    found = series(cloudwatch, rare, start=NOW - 3600)
    assert found
    assert {minute // 60 % 3 for minute in found} == {0}
    assert 0 not in found.values()
    for nothing in (aws.add_distribution(account, traffic=IDLE), aws.add_distribution(account, enabled=False)):
        assert all(series(cloudwatch, nothing, metric) == {} for metric in DEFAULT)
        assert aws.true_minutes(nothing, NOW - 3600, NOW) == {}


def test_a_distribution_has_no_past_before_it_was_created(aws, account, cloudwatch) -> None:
    key = aws.add_distribution(account, traffic=BUSY, created_at=NOW - 300)
    assert min(series(cloudwatch, key)) == NOW - 300


def test_values_look_like_traffic(aws, account, cloudwatch) -> None:
    burst = (NOW - 1200, NOW - 600)
    key = aws.add_distribution(account, traffic=Traffic(requests=1000.0, noise=0.0, burst=burst, burst_errors=0.3))
    errors = series(cloudwatch, key, "5xxErrorRate", start=NOW - 1800)
    in_burst = [value for minute, value in errors.items() if burst[0] <= minute < burst[1]]
    assert len(in_burst) == 10
    assert min(in_burst) > 10
    assert max(value for minute, value in errors.items() if not burst[0] <= minute < burst[1]) < 1
    day = aws.true_minutes(key, NOW, NOW + 86_400)
    noon, midnight = (day[NOW + hours * 3600]["Requests"] for hours in (2, 14))
    assert noon > 3 * midnight
    for values in day.values():
        total = values["4xxErrorRate"] + values["5xxErrorRate"]
        assert values["TotalErrorRate"] == pytest.approx(total)


# Statistics


def test_five_minutes_are_a_sum_or_a_weighted_average(aws, cloudwatch, key) -> None:
    true = list(aws.true_minutes(key, NOW - 600, NOW - 300).values())
    requests = sum(minute["Requests"] for minute in true)
    assert series(cloudwatch, key, period=300, end=NOW - 300) == {NOW - 600: requests}
    weighted = sum(minute["4xxErrorRate"] * minute["Requests"] for minute in true) / requests
    found = series(cloudwatch, key, "4xxErrorRate", period=300, end=NOW - 300)
    assert found == {NOW - 600: pytest.approx(weighted)}
    assert len({minute["4xxErrorRate"] for minute in true}) > 1


def test_a_revision_and_a_delay_show_in_five_minutes_too(aws, cloudwatch, key) -> None:
    true = aws.true_minutes(key, NOW - 600, NOW - 300)
    aws.revise(key, "Requests", NOW - 600, value=1.0, at=NOW)
    aws.delay_minute(key, NOW - 540, visible_at=NOW + 60)
    rest = sum(values["Requests"] for minute, values in true.items() if minute > NOW - 540)
    assert series(cloudwatch, key, period=300, end=NOW - 300) == {NOW - 600: 1.0 + rest}


def test_only_the_meaningful_statistic_is_the_truth(aws, account, cloudwatch) -> None:
    key = aws.add_distribution(account, traffic=BUSY, additional_metrics=True)
    minute = NOW - 300

    def value(metric, stat):
        found = series(cloudwatch, key, metric, stat)
        assert found.get(minute) == aws.truth(key, metric, minute, stat)
        return found.get(minute)

    assert value("Requests", "Average") != value("Requests", "Sum") == aws.truth(key, "Requests", minute)
    assert value("4xxErrorRate", "Sum") != value("4xxErrorRate", "Average") == aws.truth(key, "4xxErrorRate", minute)
    latencies = [value("OriginLatency", stat) for stat in ("p50", "p90", "p95", "p99.9", "p100")]
    assert latencies == sorted(set(latencies))
    assert latencies[0] == aws.truth(key, "OriginLatency", minute)
    assert value("OriginLatency", "Average") is value("Requests", "p50") is None


# Additional metrics


@pytest.mark.parametrize("metric", ["CacheHitRate", "404ErrorRate", "503ErrorRate", "LambdaExecutionError"])
def test_additional_metrics_are_there_where_they_are_switched_on(aws, account, cloudwatch, key, metric) -> None:
    switched_on = aws.add_distribution(account, traffic=BUSY, additional_metrics=True)
    stat = "Sum" if metric.startswith("Lambda") else "Average"
    assert series(cloudwatch, key, metric, stat) == {}
    assert len(series(cloudwatch, switched_on, metric, stat)) == 10
    assert aws.truth(key, metric, NOW - 300) is None


def test_metrics_of_functions_want_the_function_s_name(aws, account, cloudwatch) -> None:
    key = aws.add_distribution(account, traffic=BUSY, additional_metrics=True)
    assert series(cloudwatch, key, "FunctionInvocations", "Sum") == {}
    (metric,) = cloudwatch.list_metrics(MetricName="FunctionInvocations")["Metrics"]
    assert [dimension["Name"] for dimension in metric["Dimensions"]] == ["DistributionId", "Region", "FunctionName"]
    asked = {"Id": "q", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
    assert len(results(cloudwatch, asked)[0]["Values"]) == 10
