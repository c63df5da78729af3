"""Numbers out of step make no point: a series whose minutes and values do not belong together is unanswered."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guance_aws_cloudfront.cloudfront.catalog import DEFAULT_METRICS
from guance_aws_cloudfront.points.answers import incomplete, merge_pages, no_numbers, remarks
from guance_aws_cloudfront.points.metrics import gather
from guance_aws_cloudfront.points.queries import metric_data_request
from guance_aws_cloudfront.points.series import plan_series
from guance_aws_cloudfront.points.windows import Window
from tests.conftest import NOW

BATCH = plan_series(["E1"], DEFAULT_METRICS[:3])
REQUEST = metric_data_request(BATCH, Window(NOW, NOW + 600), 60)
MINUTES = [NOW, NOW + 60, NOW + 120]
GOOD = {"Id": "q1", "Timestamps": MINUTES, "Values": [7.0, 8.0, 9.0], "StatusCode": "Complete"}


def judged(*pages):
    """What becomes of pages of results, beside a good series on the first: what failed, and the minutes."""
    first, *others = pages
    results = [[GOOD, *first], *others]
    answers = merge_pages([{"MetricDataResults": one} for one in results], REQUEST)
    minutes = {}
    gather(BATCH, answers, minutes)
    failed = incomplete(BATCH, answers)
    no_numbers(BATCH, answers)
    remarks(answers)
    # The other series stands, whatever happens.
    assert BATCH[1] not in [series for several in failed.values() for series in several]
    assert values_of("BytesDownloaded_Sum", minutes) == {NOW: 7.0, NOW + 60: 8.0, NOW + 120: 9.0}
    return failed, values_of("Requests_Sum", minutes)


def values_of(field, minutes):
    return {at: fields[field] for at, fields in minutes["E1"].items() if field in fields}


def result(times, values, **more):
    return {"Id": "q0", "Timestamps": times, "Values": values, "StatusCode": "Complete", **more}


UNEQUAL, FOREIGN, TWICE = "not as many values as minutes", "minutes that were not requested", "a minute twice"
OUT_OF_STEP = [
    ([[result(MINUTES, [1.0, 2.0])]], UNEQUAL),
    ([[result(MINUTES[:2], [1.0, 2.0, 3.0])]], UNEQUAL),
    ([[result(MINUTES, [])]], UNEQUAL),
    ([[result([], [1.0])]], UNEQUAL),
    ([[result(MINUTES, None)]], UNEQUAL),
    ([[result(None, [1.0])]], UNEQUAL),
    ([[result(MINUTES, "123")]], UNEQUAL),
    ([[result(MINUTES, {"a": 1, "b": 2, "c": 3})]], UNEQUAL),
    ([[result(MINUTES, 7)]], UNEQUAL),
    # On any of several pages.
    ([[result(MINUTES[:2], [1.0])], [result(MINUTES[2:], [3.0])]], UNEQUAL),
    ([[result(MINUTES[:2], [1.0, 2.0])], [result(MINUTES[2:], [3.0, 4.0])]], UNEQUAL),
    ([[result(MINUTES[:1], [1.0])], [result(MINUTES[1:], [])], [result([NOW + 180], [4.0])]], UNEQUAL),
    # Minutes that are none of the window's.
    ([[result([NOW - 60], [1.0])]], FOREIGN),
    ([[result([NOW + 600], [1.0])]], FOREIGN),
    ([[result([NOW, NOW + 86400], [1.0, 2.0])]], FOREIGN),
    ([[result([NOW + 0.5], [1.0])]], FOREIGN),
    ([[result([NOW + 1], [1.0])]], FOREIGN),
    ([[result([NOW * 1000], [1.0])]], FOREIGN),
    ([[result([math.nan], [1.0])]], FOREIGN),
    ([[result([math.inf], [1.0])]], FOREIGN),
    ([[result([None], [1.0])]], FOREIGN),
    ([[result(["2026-03-01T10:00:00Z"], [1.0])]], FOREIGN),
    ([[result([[NOW]], [1.0])]], FOREIGN),
    ([[result([{}], [1.0])]], FOREIGN),
    ([[result([True], [1.0])]], FOREIGN),
    ([[result("abc", [1.0, 2.0, 3.0])]], FOREIGN),
    ([[result(NOW, [1.0])]], FOREIGN),
    ([[result({NOW: 1}, [1.0])]], FOREIGN),
    ([[result(MINUTES[:1], [1.0])], [result([NOW - 60], [2.0])]], FOREIGN),
    # A minute with two values.
    ([[result([NOW, NOW], [1.0, 2.0])]], FOREIGN),
    ([[result([NOW], [1.0])], [result([NOW], [2.0])]], TWICE),
    ([[result([NOW], [1.0]), result([NOW], [2.0])]], TWICE),
]


@pytest.mark.parametrize(("pages", "said"), OUT_OF_STEP)
def test_numbers_out_of_step_are_unanswered(pages, said) -> None:
    failed, values = judged(*pages)
    assert values == {}
    assert BATCH[0] in failed[said]


def test_what_is_in_step_is_merged() -> None:
    failed, values = judged([result(MINUTES[:2], [1.0, 2.0])], [result([float(NOW + 120)], [3.0])])
    assert values == {NOW: 1.0, NOW + 60: 2.0, NOW + 120: 3.0}
    assert [BATCH[2]] in failed.values()
    assert all(type(at) is int for at in values)


@pytest.mark.parametrize(
    "odd", [None, 7, "q0", [], {}, {"Id": None}, {"Id": 0}, {"Id": "q-1"}, {"Id": "q3"}, {"Id": ""}, {"Id": ["q0"]}]
)
def test_a_result_of_no_query_belongs_to_none(odd) -> None:
    odd = {**odd, "Timestamps": MINUTES, "Values": [1.0, 2.0, 3.0]} if isinstance(odd, dict) else odd
    failed, values = judged([odd])
    assert values == {}
    assert BATCH[0] in failed["no answer"]
    answers = merge_pages([{"MetricDataResults": [odd]}], REQUEST)
    assert answers.messages == ["a result is left out, because it belongs to none of the queries"]


@pytest.mark.parametrize(
    "page", [{}, {"MetricDataResults": None}, {"MetricDataResults": {}}, {"MetricDataResults": "x"}]
)
def test_a_page_without_a_list_of_results_is_no_answer(page) -> None:
    with pytest.raises(ValueError, match="a page has no MetricDataResults"):
        merge_pages([page], REQUEST)


@pytest.mark.parametrize("status", [None, 7, "", [], "Compleat"])
def test_a_status_that_is_none_is_not_complete(status) -> None:
    failed, _ = judged([result(MINUTES, [1.0, 2.0, 3.0], StatusCode=status)])
    assert BATCH[0] in failed[str(status)]


@pytest.mark.parametrize("messages", [None, 7, "x", {"Code": "a"}, [None], [7], ["x"], [{}], [{"Code": None}]])
def test_messages_of_any_form_are_told(messages) -> None:
    judged([result(MINUTES, [1.0, 2.0, 3.0], Messages=messages)])
    merge_pages([{"MetricDataResults": [], "Messages": messages}], REQUEST)


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.lists(st.integers(), max_size=3)
)
LISTS = st.lists(st.sampled_from([*MINUTES, NOW + 180, 1.5, 2.0]) | ODD, max_size=4) | ODD
MEMBERS = st.sampled_from(["Timestamps", "Values", "StatusCode", "Messages"])
RESULT = st.dictionaries(MEMBERS, LISTS).map(lambda members: {"Id": "q0", **members}) | st.none() | st.just({})


@given(st.lists(st.lists(RESULT, max_size=3), min_size=1, max_size=3))
def test_whatever_comes_for_one_series_the_others_stand(pages) -> None:
    failed, values = judged(*pages)
    # Values go to minutes that were asked for, and only where there is a number.
    assert set(values) <= set(range(NOW, NOW + 600, 60))
    assert all(isinstance(value, float) and math.isfinite(value) for value in values.values())
    assert all(isinstance(said, str) for said in failed)


def merged(*pages):
    return merge_pages([{"MetricDataResults": page} for page in pages], REQUEST)


def test_values_that_are_no_finite_numbers_are_left_out_and_counted_by_field() -> None:
    nan, inf = math.nan, math.inf
    answers = merged([result(MINUTES, [1.0, nan, inf]), GOOD], [result([NOW + 180, NOW + 240], ["x", 2])])
    assert (answers.queries[0].times, [*answers.queries[0].values]) == ([NOW, NOW + 240], [1.0, 2.0])
    assert no_numbers(BATCH, answers) == {"Requests_Sum": 3}
    # A number that is none for Python is none, though it is finite, and the other way round.
    for odd in (True, "1", None, nan, -inf):
        assert no_numbers(BATCH, merged([result([NOW], [odd])])) == {"Requests_Sum": 1}
    # The same field of two distributions.
    two = [*BATCH[:1], *plan_series(["E2"], DEFAULT_METRICS[:1])]
    request = metric_data_request(two, Window(NOW, NOW + 600), 60)
    page = [{**result(MINUTES, [nan, nan, 1.0]), "Id": "q0"}, {**result(MINUTES, [nan, 1.0, 1.0]), "Id": "q1"}]
    assert no_numbers(two, merge_pages([{"MetricDataResults": page}], request)) == {"Requests_Sum": 3}


def test_of_what_is_out_of_step_no_value_is_counted() -> None:
    answers = merged([result(MINUTES, [math.nan, 1.0, 1.0])], [result([NOW + 60], [1.0])])
    assert (incomplete(BATCH[:1], answers), no_numbers(BATCH, answers)) == ({TWICE: BATCH[:1]}, {})


def test_every_minute_of_the_window_may_be_answered_and_each_query_on_any_page() -> None:
    every = list(range(NOW, NOW + 600, 60))
    answers = merged([{"Id": "none of ours"}, result(every, [1.0] * 10)])
    assert answers.queries[0].times == every
    assert answers.messages == ["a result is left out, because it belongs to none of the queries"]


def test_what_cloudwatch_remarks_on_complete_answers_is_told_once_and_why_others_are_incomplete() -> None:
    slow, other = {"Code": "Slow", "Value": "x"}, {"Code": "Other", "Value": "y"}
    answers = merged(
        [result(MINUTES, [1.0] * 3, Messages=[slow]), {**GOOD, "Messages": [slow]}],
        [{"Id": "q2", "Timestamps": [], "Values": [], "StatusCode": "PartialData", "Messages": [other, other]}],
    )
    assert remarks(answers) == ["Slow: x"]
    assert incomplete(BATCH, answers) == {"PartialData; Other: y": [BATCH[2]]}
