"""The operations of the embedded CloudWatch, held to the rules that AWS documents for them."""

import pytest

from devtools.aws.embedded import IDLE
from tests.conftest import NOW
from tests.devtools.aws.clients import COUNTS, RATES, client, query, refusal, request, results, series

DAY = 86_400
NOBODY = "ENONE"


@pytest.fixture
def key(aws, account):
    return aws.add_distribution(account, additional_metrics=True)


@pytest.fixture
def cloudwatch(aws, account):
    return client(aws, "cloudwatch")


def pages(cloudwatch, *queries, **others):
    paginator = cloudwatch.get_paginator("get_metric_data")
    return [page["MetricDataResults"] for page in paginator.paginate(**request(*queries, **others))]


def merged(listed):
    """{Id: [(time, value), …]} over all pages, in their order."""
    found = {}
    for result in (result for page in listed for result in page):
        found.setdefault(result["Id"], []).extend(zip(result["Timestamps"], result["Values"]))
    return found


# What GetMetricData takes


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        (request(*(query(f"q{number}", NOBODY) for number in range(501))), "500"),
        (request(query("same", NOBODY), query("same", NOBODY, "BytesUploaded")), "not unique"),
        (request(query("Upper", NOBODY)), "Upper"),
        (request(query("1st", NOBODY)), "1st"),
        (request(query("with-dash", NOBODY)), "with-dash"),
        (request(query("a" * 256, NOBODY)), "aaa"),
        (request(query("q", NOBODY, period=90)), "90"),
        (request(query("q", NOBODY, stat="Median")), "Median"),
        (request(query("q", NOBODY), start=NOW, end=NOW), "StartTime"),
        (request(query("q", NOBODY), MaxDatapoints=100_801), "100800"),
        (request({"Id": "q", "Expression": "1 + 1"}), "Expression"),
        (request(), "MetricDataQueries"),
    ],
)
def test_what_get_metric_data_refuses(cloudwatch, parameters, named) -> None:
    code, message = refusal(cloudwatch.get_metric_data, **parameters)
    assert code == "ValidationError"
    assert named in message


def test_500_queries_and_a_long_id_are_taken(cloudwatch, key) -> None:
    names = ["a" * 255, *(f"q{number}_A" for number in range(499))]
    answered = results(cloudwatch, *(query(name, key) for name in names), start=NOW - 60)
    assert [result["Id"] for result in answered] == names


# Time


def test_start_is_inclusive_end_exclusive_and_the_newest_first(cloudwatch, key) -> None:
    (newest,) = results(cloudwatch, query("q", key), start=NOW - 600, end=NOW - 300)
    assert newest["Timestamps"] == [NOW - 360, NOW - 420, NOW - 480, NOW - 540, NOW - 600]
    (oldest,) = results(cloudwatch, query("q", key), start=NOW - 600, end=NOW - 300, ScanBy="TimestampAscending")
    assert list(zip(oldest["Timestamps"], oldest["Values"])) == list(zip(newest["Timestamps"], newest["Values"]))[::-1]


@pytest.mark.parametrize(
    ("days", "step", "period"), [(1, 60, 60), (14, 60, 60), (16, 300, 300), (62, 300, 300), (64, 3600, 3600)]
)
def test_start_is_rounded_down_the_more_the_older_it_is(cloudwatch, aws, account, days, step, period) -> None:
    key = aws.add_distribution(account, created_at=NOW - 500 * DAY)
    start = NOW - days * DAY
    assert min(series(cloudwatch, key, period=period, start=start + step - 1, end=start + 2 * step)) == start


@pytest.mark.parametrize(("period", "days"), [(60, 15), (300, 63), (3600, 455)])
def test_data_points_are_kept_the_longer_the_coarser_they_are(cloudwatch, aws, account, period, days) -> None:
    key = aws.add_distribution(account, created_at=NOW - 500 * DAY)
    kept = NOW - days * DAY
    found = series(cloudwatch, key, period=period, start=kept - 3 * period, end=kept + 2 * period)
    assert sorted(found) == [kept, kept + period]


# Nothing, and no error


@pytest.mark.parametrize(
    "asked",
    [{"region": None}, {"region": "us-east-1"}, {"namespace": "AWS/EC2"}, {"metric": "requests"}, {"metric": "Made"}],
)
def test_other_dimensions_namespaces_and_names_find_nothing(cloudwatch, key, asked) -> None:
    (result,) = results(cloudwatch, query("q", key, **asked))
    assert (result["StatusCode"], result["Timestamps"], result["Values"]) == ("Complete", [], [])
    assert series(cloudwatch, key)


def test_the_wrong_region_finds_nothing(aws, account, key) -> None:
    elsewhere = client(aws, "cloudwatch", region="eu-west-1")
    (result,) = results(elsewhere, query("q", key))
    assert (result["StatusCode"], result["Values"]) == ("Complete", [])
    assert elsewhere.list_metrics()["Metrics"] == []


# Paging


def test_a_page_is_100_800_data_points(cloudwatch, aws, account) -> None:
    key = aws.add_distribution(account, created_at=NOW - 20 * DAY)
    queries = [query(f"q{number}", key) for number in range(12)]
    first, second = pages(cloudwatch, *queries, start=NOW - 6 * DAY, end=NOW - DAY + 88 * 60 * 60)
    counts = [[len(result["Values"]) for result in page] for page in (first, second)]
    assert [sum(page) for page in counts] == [100_800, 12 * 6 * 1440 - 100_800]
    assert [result["StatusCode"] for result in first][-1] == "PartialData"


def test_a_series_goes_on_under_the_same_id_and_is_partial_before(cloudwatch, key) -> None:
    queries = [query("a", key), query("none", NOBODY), query("b", key, "BytesUploaded")]
    listed = pages(cloudwatch, *queries, MaxDatapoints=4)
    shapes = [[(result["Id"], len(result["Values"]), result["StatusCode"]) for result in page] for page in listed]
    assert shapes == [
        [("a", 4, "PartialData")],
        [("a", 4, "PartialData")],
        [("a", 2, "Complete"), ("none", 0, "Complete"), ("b", 2, "PartialData")],
        [("b", 4, "PartialData")],
        [("b", 4, "Complete")],
    ]
    assert merged(listed) == {**merged(pages(cloudwatch, *queries)), "none": []}


def test_a_token_belongs_to_its_request_and_can_be_used_again(cloudwatch, key) -> None:
    asked = request(query("q", key), MaxDatapoints=4)
    token = cloudwatch.get_metric_data(**asked)["NextToken"]
    assert len({str(cloudwatch.get_metric_data(**asked, NextToken=token)["MetricDataResults"]) for _ in range(2)}) == 1
    others = {
        "StartTime": NOW - 660,
        "EndTime": NOW - 60,
        "ScanBy": "TimestampAscending",
        "MetricDataQueries": [query("q", key, "BytesUploaded")],
        "NextToken": "made-up",
    }
    for name, value in others.items():
        changed = {**asked, "NextToken": token, name: value}
        assert refusal(cloudwatch.get_metric_data, **changed)[0] == "InvalidNextToken", name


# Series that fail


@pytest.mark.parametrize(
    ("status", "left"), [("PartialData", 5), ("InternalError", 0), ("Forbidden", 0), ("Complete", 10)]
)
def test_a_broken_series_has_a_status_and_a_message(aws, cloudwatch, key, status, left) -> None:
    aws.break_series(key, "Requests", status, "So & so.", times=2)
    whole = dict(zip(("a", "b"), (query("a", key), query("b", key, "BytesUploaded"))))
    for _ in range(2):
        broken, sound = results(cloudwatch, *whole.values())
        assert (broken["StatusCode"], len(broken["Values"])) == (status, left)
        assert broken["Messages"] == [{"Code": status, "Value": "So & so."}]
        assert (sound["StatusCode"], len(sound["Values"]), sound.get("Messages")) == ("Complete", 10, None)
    assert [result["StatusCode"] for result in results(cloudwatch, *whole.values())] == ["Complete", "Complete"]


def test_a_series_is_broken_for_good_unless_a_number_is_given(aws, cloudwatch, key) -> None:
    aws.break_series(key, "Requests", "InternalError")
    for _ in range(3):
        (result,) = results(cloudwatch, query("q", key))
        assert (result["StatusCode"], result.get("Messages")) == ("InternalError", None)
    aws.break_series(key, "Requests", "Complete", times=0)
    assert len(series(cloudwatch, key)) == 10


def test_what_cannot_be_broken(aws, key) -> None:
    with pytest.raises(ValueError, match="Broken"):
        aws.break_series(key, "Requests", "Broken")
    for distribution, metric in ((NOBODY, "Requests"), (key, "Request")):
        with pytest.raises(KeyError):
            aws.break_series(distribution, metric, "Forbidden")


# ListMetrics


def listed(cloudwatch, **filters):
    """All metrics listed, as (distribution, name)."""
    metrics = [m for page in cloudwatch.get_paginator("list_metrics").paginate(**filters) for m in page["Metrics"]]
    return [({d["Name"]: d["Value"] for d in m["Dimensions"]}["DistributionId"], m["MetricName"]) for m in metrics]


def test_metrics_are_listed_with_the_dimensions_that_get_metric_data_wants(aws, account, cloudwatch) -> None:
    key = aws.add_distribution(account)
    metrics = cloudwatch.list_metrics(Namespace="AWS/CloudFront")["Metrics"]
    assert [metric["MetricName"] for metric in metrics] == [*COUNTS, *RATES]
    for metric in metrics:
        asked = {"Id": "q", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Average"}}
        assert results(cloudwatch, asked)[0]["Values"], metric
    assert metrics[0]["Dimensions"] == [{"Name": "DistributionId", "Value": key}, {"Name": "Region", "Value": "Global"}]


def test_a_listing_of_metrics_has_500_a_page(aws, account, cloudwatch) -> None:
    ids = [aws.add_distribution(account) for _ in range(84)]
    assert len(cloudwatch.list_metrics()["Metrics"]) == 500
    assert listed(cloudwatch) == [(key, name) for key in ids for name in (*COUNTS, *RATES)]
    assert refusal(cloudwatch.list_metrics, NextToken="made up")[0] == "InvalidParameterValue"


def test_a_listing_of_metrics_is_filtered(aws, account, cloudwatch, key) -> None:
    other = aws.add_distribution(account)
    of = {"Name": "DistributionId"}
    assert listed(cloudwatch, MetricName="Requests") == [(key, "Requests"), (other, "Requests")]
    assert listed(cloudwatch, MetricName="Requests", Dimensions=[{**of, "Value": other}]) == [(other, "Requests")]
    assert {name for name, _ in listed(cloudwatch, Dimensions=[of])} == {key, other}
    assert {metric[:8] for _, metric in listed(cloudwatch, Dimensions=[{"Name": "FunctionName"}])} == {"Function"}
    assert listed(cloudwatch, Namespace="AWS/EC2") == []
    assert refusal(cloudwatch.list_metrics, RecentlyActive="PT1H")[0] in ("InvalidParameterValue", "ValidationError")


def test_only_what_has_published_of_late_is_listed(aws, account, cloudwatch, clock) -> None:
    aws.add_distribution(account, traffic=IDLE)
    key = aws.add_distribution(account, created_at=NOW - 600)
    assert listed(cloudwatch) == []
    clock.advance(600)
    assert len(listed(cloudwatch, RecentlyActive="PT3H")) == 6
    aws.remove_distribution(account, key)
    clock.advance(4 * 3600)
    assert (len(listed(cloudwatch)), listed(cloudwatch, RecentlyActive="PT3H")) == (6, [])
    clock.advance(14 * DAY)
    assert listed(cloudwatch) == []


# GetMetricStatistics


def statistics(cloudwatch, key, metric="Requests", start=NOW - 1200, **others):
    others = others or {"Statistics": ["Sum", "SampleCount"]}
    stat = query("q", key, metric)["MetricStat"]["Metric"]
    return cloudwatch.get_metric_statistics(**stat, StartTime=start, EndTime=NOW, Period=60, **others)["Datapoints"]


def test_get_metric_statistics_has_the_same_values_in_no_order(cloudwatch, key) -> None:
    points = statistics(cloudwatch, key)
    times = [point["Timestamp"] for point in points]
    assert times not in (sorted(times), sorted(times, reverse=True))
    assert {point["Timestamp"]: point["Sum"] for point in points} == series(cloudwatch, key, start=NOW - 1200)
    (latency, *_) = statistics(cloudwatch, key, "OriginLatency", ExtendedStatistics=["p50", "p99"])
    assert latency["Unit"] == "Milliseconds"
    assert 0 < latency["ExtendedStatistics"]["p50"] < latency["ExtendedStatistics"]["p99"]


def test_get_metric_statistics_gives_1440_data_points_at_most(cloudwatch, key) -> None:
    assert len(statistics(cloudwatch, key, start=NOW - DAY)) == 1440
    code, _ = refusal(statistics, cloudwatch=cloudwatch, key=key, start=NOW - DAY - 60)
    assert code == "InvalidParameterCombination"
    assert statistics(cloudwatch, NOBODY) == []
