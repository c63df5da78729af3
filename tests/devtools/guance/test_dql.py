"""The evaluator of the demo's page: it reads what the dashboard asks, counts right, and refuses the rest."""

import pytest

from devtools.assets.dql import Query, failed, highest, newest, rate, total
from devtools.guance.dql import DqlError, read
from devtools.guance.line_protocol import Point
from tests.assets.conftest import all_queries

SOURCE = "aws_AWS/CloudFront"
BUSY, QUIET = {"DistributionId": "E1", "Alias": "www.example.com"}, {"DistributionId": "E2"}


def point(tags, time, **fields):
    named = {"requests": "Requests_Sum", "rate": "5xxErrorRate_Average", "hits": "CacheHitRate_Average"}
    return Point("metric", SOURCE, tags, {named[key]: value for key, value in fields.items()}, time, 0)


POINTS = [
    point(BUSY, 0, requests=900.0, rate=10.0, hits=90.0),
    point(BUSY, 60, requests=100.0, rate=0.0, hits=50.0),
    point(QUIET, 0, requests=1000.0, rate=1.0),
    point(QUIET, 600, requests=7.0),
]


def answer(query, variables=None, start=0, end=600):
    select = read(query.dql)
    groups = select.groups(POINTS, variables or {}, start, end)
    return {tags: select.columns[0].value(rows) for tags, rows in groups.items()}


def test_sums_are_summed_within_the_time_asked_for() -> None:
    assert answer(Query(total("Requests"), "it")) == {(): 2000.0}
    assert answer(Query(total("Requests"), "it"), end=601) == {(): 2007.0}


def test_a_rate_is_that_of_all_requests_together() -> None:
    # 90 + 0 + 10 of 2000 requests failed; the average of the rates would be 3.7 %.
    assert answer(Query(rate("5xxErrorRate"), "it")) == {(): 5.0}
    assert answer(Query(failed("5xxErrorRate"), "it")) == {(): 100.0}


def test_requests_without_the_rate_do_not_water_it_down() -> None:
    assert answer(Query(rate("CacheHitRate"), "it")) == {(): 86.0}
    assert answer(Query(rate("5xxErrorRate"), "it"), start=600, end=660) == {}


def test_groups_have_their_tags_and_what_lacks_one_has_an_empty_one() -> None:
    found = answer(Query(highest("5xxErrorRate"), "it", ("DistributionId", "Alias")))
    assert found == {("E1", "www.example.com"): 10.0, ("E2", ""): 1.0}


def test_a_variable_filters_and_a_star_does_not() -> None:
    query = Query(total("Requests"), "it", filters=(("DistributionId", "id"),))
    assert answer(query, {"id": "E2"}) == {(): 1000.0}
    assert answer(query, {"id": "*"}) == answer(query) == {(): 2000.0}


def test_the_last_of_several_fields_of_an_object() -> None:
    records = [
        Point("custom_object", "aws_cloudfront", {"name": "E1", "Status": status}, {"Enabled": True}, time, 0)
        for time, status in enumerate(("InProgress", "Deployed"))
    ]
    select = read(Query(newest("Status", "Enabled"), by=("name",), namespace="custom_object").dql)
    ((tags, rows),) = select.groups(records, {}, 0, 10).items()
    assert (tags, [column.value(rows) for column in select.columns]) == (("E1",), ["Deployed", True])


def test_shift_looks_as_long_before() -> None:
    week = 7 * 24 * 3600
    assert answer(Query(total("Requests"), "it", shift="1w"), start=week, end=week + 600) == {(): 2000.0}
    assert answer(Query(total("Requests"), "it", shift="1w")) == {}


def test_nothing_is_a_share_of_nothing() -> None:
    select = read("M::`m`:((SUM(`a`) / SUM(`b`)) AS `it`)")
    assert select.columns[0].value([{"a": 1.0, "b": 0.0}]) is None
    assert select.columns[0].value([]) is None


def test_every_query_of_the_dashboards_is_read() -> None:
    assert all(read(query) for query in all_queries() if "#{" in query)


@pytest.mark.parametrize(
    "text",
    [
        "SHOW_MEASUREMENT()",
        "M::`m`:(RATE(`a`) AS `it`)",
        "M::`m`:(SUM(`a`) AS `it`",
        "M::`m`:(SUM(`a` AS `it`)",
        "M::`m`:(SUM(`a`) AS `it` `b`)",
        "M::`m`:(`a` AS `it`)",
        "M::`m`:(SUM(`a`) AS `it`) { `b` = 'c' }",
        "M::`m`:(SUM(`a`) AS `it`) BY b",
        "M::`m`:(SUM(`a`) AS `it`) SHIFT 1d BY `b`",
        "M::`m`:(SUM(`a`) AS `it`) [1h]",
        "M::`m`:(SUM(`a`) ! AS `it`)",
    ],
)
def test_what_the_page_could_not_draw_truly_is_refused(text) -> None:
    with pytest.raises(DqlError):
        read(text)
