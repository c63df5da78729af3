"""Every page looks at the clock and at the end of the run: no answer is endless, and no thread asks on."""

import itertools
import threading

import pytest

from devtools.clock import SimulatedClock
from guance_aws_cloudfront.aws.client import Aws
from guance_aws_cloudfront.aws.errors import AwsError
from guance_aws_cloudfront.cloudfront.catalog import DEFAULT_METRICS
from guance_aws_cloudfront.points.queries import metric_data_request
from guance_aws_cloudfront.points.series import plan_series
from guance_aws_cloudfront.points.windows import Window
from tests.conftest import NOW
from tests.unit.aws.canned import LISTING, error, is_json, metric_data, respond
from tests.unit.aws.conftest import answering

REQUEST = metric_data_request(plan_series(["E1"], DEFAULT_METRICS[:1]), Window(NOW, NOW + 3600), 60)
LIMIT = 240


def json_page(name, number):
    return f'{{"{name}": [], "NextToken": "t{number}", "PaginationToken": "t{number}"}}'


def endless(operation):
    """Answers of an operation, each with a new token."""
    numbers = itertools.count(1)

    def answer(request):
        number = next(numbers)
        if operation == "ListDistributions":
            return respond(
                request, 200, LISTING.format(id="E1", more="true", next=f"<NextMarker>m{number}</NextMarker>")
            )
        if operation == "GetResources":
            return respond(request, 200, json_page("ResourceTagMappingList", number))
        if operation == "GetMetricData":
            return metric_data(request, 1.0, f"t{number}", at=NOW + number % 60 * 60)
        if is_json(request):
            return respond(request, 200, json_page("Metrics", number))
        inside = f"<Metrics/><NextToken>t{number}</NextToken>"
        body = f"<ListMetricsResponse><ListMetricsResult>{inside}</ListMetricsResult></ListMetricsResponse>"
        return respond(request, 200, body)

    return answer


CALLS = {
    "ListDistributions": lambda aws: aws.distributions(),
    "ListMetrics": lambda aws: aws.listed_metrics(),
    "GetResources": lambda aws: aws.resource_tags(),
    "GetMetricData": lambda aws: next(iter(aws.metric_data([REQUEST]))),
}


@pytest.mark.parametrize("operation", CALLS)
def test_endless_pages_end_at_the_time_limit(account, config, monkeypatch, operation) -> None:
    clock = SimulatedClock(NOW)
    left = lambda: LIMIT - (clock.time() - NOW)  # noqa: E731
    made = answering(Aws(account, config, "test", clock, left), monkeypatch)

    def a_second_later(request):
        clock.advance(1)
        return endless_answers(request)

    endless_answers = endless(operation)
    made.answers = [a_second_later]
    made._session.register("before-send", made.answer) if operation == "GetResources" else None
    try:
        answer = CALLS[operation](made)
    except AwsError as failed:
        answer = failed
    assert str(answer).endswith(
        "failed: the time limit of the run is over (configuration key 'time_limit'). The next run asks again."
    )
    assert len(made.requests) == LIMIT


def test_no_attempt_is_made_again_once_the_time_is_over(account, config, monkeypatch) -> None:
    clock = SimulatedClock(NOW)
    made = answering(Aws(account, config, "test", clock, lambda: NOW + 10 - clock.time()), monkeypatch)

    def slow(request):
        clock.advance(20)
        return error(request, "InternalFailure", "oops", 500)

    made.answers = [slow]
    with pytest.raises(AwsError, match="the time limit of the run is over"):
        made.distributions()
    assert len(made.requests) == 1


def test_no_call_is_begun_without_time(account, config, monkeypatch) -> None:
    made = answering(Aws(account, config, "test", seconds_left=lambda: 0.0), monkeypatch)
    with pytest.raises(AwsError, match="Listing the distributions failed: the time limit of the run is over"):
        made.distributions()
    assert made.requests == []


def test_no_thread_asks_on_once_the_caller_has_gone(account, config, monkeypatch) -> None:
    made = answering(Aws(account, config, "test"), monkeypatch)
    answers, asked, go_on = endless("GetMetricData"), threading.Semaphore(0), threading.Semaphore(0)
    is_answered = threading.Event()

    def answer(request):
        if not is_answered.is_set():
            is_answered.set()
            return metric_data(request, 1.0)
        asked.release()
        assert go_on.acquire(timeout=30)
        return answers(request)

    def requests():
        # The first call is answered before any other is begun: the caller gets the answers in their order.
        yield REQUEST
        assert is_answered.wait(30)
        yield from [REQUEST] * 8

    made.answers = [answer]
    before = set(threading.enumerate())
    calls = made.metric_data(requests())
    next(calls)
    # One is answered, and others wait for the next of their endless pages.
    assert asked.acquire(timeout=30)
    calls.close()
    for _ in range(100):
        go_on.release()
    for thread in set(threading.enumerate()) - before:
        thread.join(30)
        assert not thread.is_alive()
    # Each of the four had one request under way, and sent no other.
    assert len(made.requests) <= 1 + 4


def test_a_caller_who_has_gone_does_not_end_the_next_calls(account, config, monkeypatch) -> None:
    made = answering(Aws(account, config, "test"), monkeypatch)
    made.answers = [lambda request: metric_data(request, 1.0)]
    calls = made.metric_data([REQUEST] * 3)
    next(calls)
    calls.close()
    (answers,) = made.metric_data([REQUEST])
    assert list(answers.queries[0].values) == [1.0]
