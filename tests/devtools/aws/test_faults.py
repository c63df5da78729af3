"""Faults on demand at the embedded AWS, and botocore's own retries on them."""

import http.client
import itertools

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from devtools.aws import odd_answers
from devtools.aws.cloudwatch_wire import _iso
from devtools.aws.embedded import IDLE, EmbeddedAWS, Fault, Faults, Traffic
from devtools.clock import SimulatedClock
from tests.conftest import AK_ID, AK_SECRET, NOW
from tests.devtools.aws.clients import client, query, refusal, request, results, speaks_json

LIST = "ListDistributions"


@pytest.fixture
def aws(monkeypatch):
    # botocore waits between its attempts: here, no longer than it must.
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with EmbeddedAWS(SimulatedClock(NOW)) as embedded:
        embedded.add_account(AK_ID, AK_SECRET)
        yield embedded


def outcomes(call, count):
    """What became of every one of `count` calls: the code of an error, or an empty text."""

    def outcome():
        try:
            call()
        except ClientError as error:
            return error.response["Error"]["Code"]
        return ""

    return [outcome() for _ in range(count)]


def struck(faults, count=1, operation=LIST, access_key=AK_ID, region="us-east-1"):
    return [faults.strike(operation, access_key, region) is not None for _ in range(count)]


# Over the wire


@pytest.mark.parametrize("given", ["Throttling", "ThrottlingException"])
def test_a_code_is_spelled_as_the_protocol_spells_it(aws, given) -> None:
    aws.faults.add(Fault(code=given, message="Rate exceeded"))
    cloudwatch = client(aws, "cloudwatch")
    in_cloudwatch = "ThrottlingException" if speaks_json(cloudwatch) else "Throttling"
    assert refusal(client(aws, "cloudfront").list_distributions) == ("Throttling", "Rate exceeded")
    assert refusal(client(aws, "sts").get_caller_identity) == ("Throttling", "Rate exceeded")
    assert refusal(cloudwatch.list_metrics) == (in_cloudwatch, "Rate exceeded")
    assert refusal(client(aws, "resourcegroupstaggingapi").get_resources)[0] == "ThrottlingException"
    assert [call.status for call in aws.calls] == [400] * 4


def test_a_code_without_two_spellings_and_its_status_come_as_they_are(aws) -> None:
    aws.faults.add(Fault(code="ServiceUnavailable", status=503, message="a < b"))
    for boto, method in (("cloudfront", "list_distributions"), ("cloudwatch", "list_metrics")):
        with pytest.raises(ClientError) as raised:
            getattr(client(aws, boto), method)()
        assert raised.value.response["Error"]["Code"] == "ServiceUnavailable"
        assert raised.value.response["Error"]["Message"] == "a < b"
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503


def test_the_nth_calls_of_an_operation_fail(aws) -> None:
    aws.faults.add(Fault(LIST, "AccessDenied", nth={2, 4}))
    client(aws, "sts").get_caller_identity()
    denied = outcomes(client(aws, "cloudfront").list_distributions, 5)
    assert denied == ["", "AccessDenied", "", "AccessDenied", ""]


def test_botocore_retries_what_is_throttled(aws) -> None:
    aws.faults.add(Fault("GetMetricData", "Throttling", times=2))
    boto = client(aws, "cloudwatch", attempts=3)
    assert results(boto, query("q", "ENONE"))[0]["StatusCode"] == "Complete"
    assert [call.status for call in aws.calls] == [400, 400, 200]


def test_botocore_gives_up_after_its_attempts_and_does_not_retry_a_denial(aws) -> None:
    boto = client(aws, "cloudfront", attempts=3)
    aws.faults.add(Fault(LIST, "Throttling", times=3))
    aws.faults.add(Fault(LIST, "AccessDenied"))
    assert [refusal(boto.list_distributions)[0] for _ in range(2)] == ["Throttling", "AccessDenied"]
    assert aws.call_counts() == {LIST: 3 + 1}


@pytest.mark.parametrize("service", ["cloudfront", "cloudwatch"])
def test_a_connection_that_is_cut(aws, service) -> None:
    aws.faults.add(Fault(cut_connection=True, times=2))
    method = {"cloudfront": "list_distributions", "cloudwatch": "list_metrics"}[service]
    with pytest.raises(ConnectionClosedError):
        getattr(client(aws, service), method)()
    getattr(client(aws, service, attempts=2), method)()
    assert [call.status for call in aws.calls] == [0, 0, 200]


def test_a_delay_outlasts_a_time_out_and_then_answers_as_usual(aws) -> None:
    aws.faults.add(Fault(LIST, delay=0.5, nth=[1]))
    aws.faults.add(Fault(LIST, delay=0.001))
    with pytest.raises(ReadTimeoutError):
        client(aws, "cloudfront", read_timeout=0.05).list_distributions()
    assert client(aws, "cloudfront").list_distributions()["DistributionList"]["Quantity"] == 0


def test_one_access_key_or_region_fails_and_the_others_do_not(aws) -> None:
    aws.add_account("AKIAOTHER")
    aws.faults.add(Fault(code="ExpiredToken", access_key="AKIAOTHER"))
    aws.faults.add(Fault(code="AccessDenied", region="eu-west-1"))
    assert refusal(client(aws, "cloudfront", key="AKIAOTHER").list_distributions)[0] == "ExpiredToken"
    assert refusal(client(aws, "sts", region="eu-west-1").get_caller_identity)[0] == "AccessDenied"
    client(aws, "cloudfront").list_distributions()


def test_faults_come_before_the_key_is_looked_at_and_end_when_cleared(aws) -> None:
    aws.faults.add(Fault(code="InternalFailure", status=500))
    boto = client(aws, "cloudfront", key="AKIANOBODY")
    assert refusal(boto.list_distributions)[0] == "InternalFailure"
    aws.faults.clear()
    assert refusal(boto.list_distributions)[0] == "InvalidClientTokenId"


def test_the_nth_counts_pages_and_attempts_as_calls(aws) -> None:
    aws.faults.add(Fault("GetMetricData", "Throttling", nth=[2]))
    boto = client(aws, "cloudwatch", attempts=2)
    for _ in range(2):
        boto.get_metric_data(**request(query("q", "ENONE")))
    assert [call.status for call in aws.calls] == [200, 400, 200]


# Chance


def test_a_share_of_calls_is_struck_the_same_ones_by_seed() -> None:
    def chances(seed, share=0.3):
        faults = Faults(seed)
        faults.add(Fault(LIST, "Throttling", share=share))
        return struck(faults, 400)

    assert chances(1) == chances(1)
    assert chances(1) != chances(2)
    assert 90 < sum(chances(1)) < 150
    assert not any(chances(1, share=0.0))
    assert all(chances(1, share=1.0))


def test_two_faults_of_the_same_share_strike_different_calls() -> None:
    faults = Faults(1)
    faults.add(Fault("A", share=0.5))
    faults.add(Fault("B", share=0.5))
    assert struck(faults, 50, "A") != struck(faults, 50, "B")


def test_chance_does_not_depend_on_calls_that_are_of_no_concern() -> None:
    quiet, busy = Faults(1), Faults(1)
    for faults in (quiet, busy):
        faults.add(Fault(LIST, share=0.5))
    found = []
    for _ in range(50):
        struck(busy, 1, "GetMetricData")
        found += struck(busy)
    assert found == struck(quiet, 50)


def test_share_and_times_together() -> None:
    faults = Faults(1)
    faults.add(Fault(LIST, share=0.5, times=3))
    assert sum(struck(faults, 50)) == 3


def test_of_several_faults_the_first_acts_and_each_counts() -> None:
    faults = Faults(1)
    first, second = Fault("*", "A", nth=[1]), Fault(LIST, "B", nth=[1, 2])
    faults.add(first)
    faults.add(second)
    assert [faults.strike(LIST, AK_ID, "us-east-1") for _ in range(3)] == [first, second, None]


def test_after_clear_counting_begins_anew() -> None:
    faults = Faults(1)
    faults.add(Fault(nth=[1]))
    assert struck(faults, 2) == [True, False]
    faults.clear()
    faults.add(Fault(nth=[1]))
    assert struck(faults, 2) == [True, False]


# Answers that are none

OTHER = {"key": "AKIAEXAMPLE000000009", "secret": "x"}


@pytest.fixture
def one(aws):
    """A distribution with traffic, of an account of its own; there is another one without."""
    account = aws.add_account(OTHER["key"])
    aws.add_distribution(account, traffic=IDLE)
    return aws.add_distribution(account, traffic=Traffic(requests=900.0))


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (odd_answers.PROXY_PAGE, 200),
        (odd_answers.EMPTY, 200),
        (odd_answers.NO_CONTENT, 204),
        (odd_answers.PROXY_REFUSES, 403),
        (odd_answers.PROXY_ASKS, 407),
        (odd_answers.REDIRECT, 301),
    ],
)
def test_an_answer_in_the_place_of_aws_s_arrives_as_it_is(aws, answer, status) -> None:
    aws.faults.add(Fault(LIST, answer=answer, times=1))
    connection = http.client.HTTPConnection(aws.url.rpartition("/")[2])
    connection.request("GET", "/2020-05-31/distribution")
    response = connection.getresponse()
    assert (response.status, response.read()) == (status, answer.body)
    assert [call.status for call in aws.calls] == [status]
    assert client(aws, "cloudfront").list_distributions()["DistributionList"]["Quantity"] == 0


def test_parts_of_a_listing_are_changed_or_left_out(aws, one) -> None:
    cloudfront = client(aws, "cloudfront", **OTHER)

    def listed(odd):
        aws.faults.add(Fault(LIST, body=odd, times=1))
        return cloudfront.list_distributions()["DistributionList"]

    assert ["ARN" in record for record in listed(odd_answers.without("ARN"))["Items"]] == [False, True]
    assert listed(odd_answers.with_text("Status", "Odd"))["Items"][0]["Status"] == "Odd"
    counted = listed(odd_answers.without_items)
    assert (counted["Quantity"], "Items" in counted) == (2, False)
    # botocore takes anything for a listing.
    assert listed(odd_answers.other_root) == {}
    assert len(cloudfront.list_distributions()["DistributionList"]["Items"]) == 2


def test_numbers_out_of_step_come_in_either_protocol(aws, one) -> None:
    cloudwatch = client(aws, "cloudwatch", **OTHER)

    def first(odd=None):
        if odd:
            aws.faults.add(Fault("GetMetricData", result=odd, times=1))
        (result,) = results(cloudwatch, query("q", one), start=NOW - 1200, end=NOW - 900)
        return result["Timestamps"], result["Values"]

    times, values = first()
    assert len(times) == len(values) == 5
    assert first(odd_answers.value_missing) == (times, values[1:])
    assert first(odd_answers.minute_missing) == (times[1:], values)
    assert first(odd_answers.minutes_twice) == (times * 2, values * 2)
    assert first(odd_answers.with_times(lambda at: at - 86400)) == ([at - 86400 for at in times], values)
    assert first() == (times, values)


@pytest.mark.parametrize(("seconds", "text"), [(NOW, "2026-03-01T10:00:00Z"), (NOW + 0.5, "2026-03-01T10:00:00.500Z")])
def test_a_fraction_of_a_second_stands_in_xml_too(seconds, text) -> None:
    assert _iso(seconds) == text


def test_pages_without_an_end_have_no_end(aws, one) -> None:
    aws.endless_pages()
    asked = request(query("q", one), start=NOW - 1200, end=NOW - 900)
    pages = client(aws, "cloudwatch", **OTHER).get_paginator("get_metric_data").paginate(**asked)
    first = list(itertools.islice(pages, 20))
    assert len({page["NextToken"] for page in first}) == 20
    assert [bool(page["MetricDataResults"]) for page in first] == [True] + [False] * 19
