"""What CloudWatch answers comes a few calls at a time, each source whole, and in no more calls than there must be."""

import math

import pytest

from guance_aws_cloudfront.aws.errors import AwsError
from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.points.answers import merge_pages
from guance_aws_cloudfront.points.series import batches, plan_series
from guance_aws_cloudfront.points.windows import Window
from guance_aws_cloudfront.settings.config import parse_config
from guance_aws_cloudfront.steps.fetch import Fetch, Tools, UnansweredError
from tests.conftest import NOW

CONFIG = parse_config({"concurrency": 1})
WINDOW = Window(NOW, NOW + 60)


class Answering:
    """AWS that answers each query with 1.0, but for calls of these numbers, which fail."""

    def __init__(self, failing=()) -> None:
        self.failing, self.calls = failing, 0

    def metric_data(self, requests):
        return map(self._answer, requests)

    def _answer(self, request):
        self.calls += 1
        if self.calls in self.failing:
            return AwsError("no.")
        queries = request["MetricDataQueries"]
        results = [{"Id": query["Id"], "Timestamps": [NOW], "Values": [1.0]} for query in queries]
        return merge_pages([{"MetricDataResults": results}], request)


def fetch(aws):
    return Fetch(Tools(None, CONFIG, aws, None, None, RunLog("prod"), lambda: 100.0))


def asked(distributions):
    return batches(plan_series([f"E{number:05d}" for number in range(distributions)], CONFIG.metrics))


@pytest.mark.parametrize("distributions", [1, 83, 84, 100, 1_000, 10_000])
def test_series_take_no_more_calls_than_there_must_be(distributions) -> None:
    assert len(asked(distributions)) == math.ceil(6 * distributions / 500)


def test_each_source_comes_once_and_whole_though_its_metrics_stand_in_two_answers() -> None:
    # 500 is no multiple of six: of every call's last distribution some metrics stand in the next call.
    parts = list(fetch(Answering()).ask(WINDOW, asked(500)))
    assert [len(part) for part in parts] == [83, 83, 84] * 2
    sources = [source for part in parts for source in part]
    assert len(sources) == len(set(sources)) == 500
    assert {len(fields) for part in parts for by_minute in part.values() for fields in by_minute.values()} == {6}


def test_a_source_of_which_the_next_answer_is_missing_is_known_to_be_a_part(capsys) -> None:
    fetching, seen = fetch(Answering(failing=[3])), []
    for part in fetching.ask(WINDOW, asked(500)):
        seen.extend(
            (source, fields, source in fetching.failed) for source, by in part.items() for fields in by.values()
        )
    assert [failed for _, fields, failed in seen if len(fields) < 6] == [True]
    assert not any(failed for _, fields, failed in seen if len(fields) == 6)
    assert "FAILED: no. Concerns E00166" in capsys.readouterr().out


def test_a_caller_who_stops_early_still_hears_what_was_missing(capsys) -> None:
    asking = fetch(Answering(failing=[1])).ask(WINDOW, asked(500))
    next(asking)
    asking.close()
    assert "FAILED: no. Concerns E00000" in capsys.readouterr().out


def test_where_all_is_missing_that_is_the_error() -> None:
    with pytest.raises(UnansweredError, match=r"no\. Concerns E00000, .* and 78 more; the next run asks again"):
        list(fetch(Answering(failing=[1])).ask(WINDOW, asked(83)))
