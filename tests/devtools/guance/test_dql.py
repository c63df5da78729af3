"""DQL: the parser takes what Guance documents and refuses the rest, and the evaluator counts right."""

import pytest

from devtools.assets.dql import Scope, all_per_minute, error_rate, highest, hit_rate, newest, per_second, total
from devtools.guance.dql import Asked, DqlError, Eval, Query, SeriesSum, parse, parse_show, table, values
from devtools.guance.line_protocol import Point

SOURCE = "aws_AWS/CloudFront"
BUSY, QUIET = {"DistributionId": "E1", "Alias": "www.example.com"}, {"DistributionId": "E2"}
EACH = Scope(("DistributionId", "Alias"))
NAMED = {
    "requests": "Requests_Sum",
    "errors": "Derived_5xxErrors",
    "hits": "Derived_CacheHitsUpperBound",
    "known": "Derived_RequestsWithCacheHitRate",
    "rate": "5xxErrorRate_Average",
    "down": "BytesDownloaded_Sum",
}


def point(tags, time, **fields):
    return Point("metric", SOURCE, tags, {NAMED[key]: value for key, value in fields.items()}, time, 0)


POINTS = [
    point(BUSY, 0, requests=900.0, errors=90.0, rate=10.0, hits=810.0, known=900.0, down=600.0),
    point(BUSY, 60, requests=100.0, errors=0.0, rate=0.0, hits=50.0, known=100.0, down=1200.0),
    point(QUIET, 0, requests=1000.0, errors=10.0, rate=1.0, down=60.0),
    point(QUIET, 600, requests=7.0),
]


def answer(asked, variables=None, start=0, end=600, steps=1):
    found = values(parse(asked.dql), Asked(POINTS, start, end, variables or {}), steps)
    return {tags: row if steps > 1 else row[0] for tags, row in found.items()}


# The evaluator


def test_sums_are_summed_within_the_time_asked_for() -> None:
    assert answer(total("Requests_Sum", Scope())) == {(): 2000.0}
    assert answer(total("Requests_Sum", Scope()), end=601) == {(): 2007.0}


def test_a_rate_is_that_of_all_requests_together() -> None:
    # 90 + 0 + 10 of 2000 requests failed; the average of the rates would be 3.7 %.
    assert answer(error_rate("5xx", Scope())) == {(): 5.0}
    assert answer(error_rate("5xx", EACH)) == {("E1", "www.example.com"): 9.0, ("E2", ""): 1.0}


def test_requests_without_a_cache_hit_rate_do_not_water_it_down() -> None:
    assert answer(hit_rate(Scope())) == {(): 86.0}
    assert answer(hit_rate(EACH)) == {("E1", "www.example.com"): 86.0}


def test_what_is_per_minute_is_so_at_any_zoom() -> None:
    together = all_per_minute("Requests_Sum", Scope())
    assert answer(together, end=120) == {(): 500.0 + 1000.0}
    assert answer(together, end=120, steps=2) == {(): [1900.0, 100.0]}
    # 600 bytes in the first minute, 1,200 in the second.
    assert answer(per_second(EACH, "BytesDownloaded_Sum"), end=120, steps=2)["E1", "www.example.com"] == [10.0, 20.0]


def test_groups_have_their_tags_and_what_lacks_one_has_an_empty_one() -> None:
    assert answer(highest("5xxErrorRate", EACH)) == {("E1", "www.example.com"): 10.0, ("E2", ""): 1.0}


def test_a_variable_filters_and_a_star_does_not() -> None:
    asked = total("Requests_Sum", Scope(filters=(("DistributionId", "#{id}"),)))
    assert answer(asked, {"id": "E2"}) == {(): 1000.0}
    assert answer(asked, {"id": "*"}) == answer(asked) == {(): 2000.0}


def test_parameters_take_the_place_of_question_marks() -> None:
    query = parse("M::`aws_AWS/CloudFront`:(SUM(`Requests_Sum`) AS `value`) { `DistributionId` = ?, `Alias` = ? }")
    assert table(query, Asked(POINTS, 0, 600, parameters=["E1", "www.example.com"])) == [{"value": 1000.0}]
    assert table(query, Asked(POINTS, 0, 600, parameters=["E2", "www.example.com"])) == []


def test_an_interval_without_points_has_no_value() -> None:
    assert answer(total("Requests_Sum", Scope()), end=240, steps=4) == {(): [1900.0, 100.0, None, None]}
    assert answer(total("Requests_Sum", Scope()), start=120, end=240) == {}


def test_the_last_of_several_fields_of_an_object() -> None:
    records = [
        Point("custom_object", "aws_cloudfront", {"Id": "E1", "Status": status}, {"Enabled": True}, time, 0)
        for time, status in enumerate(("InProgress", "Deployed"))
    ]
    query = parse(newest(Scope(("Id",)), "Status", "Enabled").dql)
    assert table(query, Asked(records, 0, 10)) == [{"Id": "E1", "Status": "Deployed", "Enabled": True}]


def test_rows_without_aggregates_are_the_points_the_newest_first_when_ordered_so() -> None:
    events = [
        Point("keyevent", "event", {"df_source": source}, {"df_title": title}, time, 0)
        for time, (source, title) in enumerate([("change", "a"), ("monitor", "b"), ("change", "c"), ("change", "d")])
    ]
    query = parse("E::`event`:(`df_title`) { `df_source` = 'change' } ORDER BY `time` DESC LIMIT 2")
    assert table(query, Asked(events, 0, 10)) == [{"df_title": "d", "time": 3}, {"df_title": "c", "time": 2}]


LINES = [
    Point("logging", "l", {}, {"message": "m", "url": url, "code": code, "ms": ms}, time, 0)
    for time, (url, code, ms) in enumerate(
        [
            ("/a", 200, 1.0),
            ("/b", 502, 9.0),
            ("/b", 502, 3.0),
            ("/c", 502, 5.0),
            ("/b", 502, 7.0),
            ("/a", 404, None),
            ("/a", 404, None),
        ]
    )
]


def test_of_log_lines_the_groups_with_the_most_come_first_and_no_others() -> None:
    query = parse("L::`l`:(COUNT(`message`) AS `n`) { `code` >= 400 } BY `url` SORDER BY `n` DESC SLIMIT 2")
    assert table(query, Asked(LINES, 0, 10)) == [{"url": "/b", "n": 3}, {"url": "/a", "n": 2}]
    assert list(values(query, Asked(LINES, 0, 10)).items()) == [(("/b",), [3]), (("/a",), [2])]
    # The order is that over all of the time, in every interval.
    assert values(query, Asked(LINES, 0, 10), 2) == {("/b",): [3, None], ("/a",): [None, 2]}
    rising = parse("L::`l`:(MAX(`ms`) AS `n`) BY `url` SORDER BY `n`")
    assert [row["url"] for row in table(rising, Asked(LINES, 0, 10))] == ["/a", "/c", "/b"]


def test_a_percentile_is_a_value_of_its_rank_and_a_group_without_values_is_not_there() -> None:
    def of(rank, **fields):
        points = LINES if not fields else [one._replace(fields=fields) for one in LINES]
        query = parse(f"L::`l`:(PERCENTILE(`ms`, {rank}) AS `p`) SORDER BY `p` DESC")
        return values(query, Asked(points, 0, 10))

    assert [of(rank)[()] for rank in (0, 20, 21, 95, 100)] == [[1.0], [1.0], [3.0], [9.0], [9.0]]
    assert of(95, message="m") == {}


def test_groups_are_ordered_by_a_target_only() -> None:
    query = parse("L::`l`:(COUNT(`message`) AS `n`) BY `url` SORDER BY `m` DESC")
    with pytest.raises(DqlError, match="m is no target"):
        table(query, Asked(LINES, 0, 10))


def test_nothing_is_a_share_of_nothing() -> None:
    nothing = [point(BUSY, 0, requests=0.0, errors=0.0)]
    assert values(parse(error_rate("5xx", Scope()).dql), Asked(nothing, 0, 60)) == {(): [None]}


@pytest.mark.parametrize(
    "text",
    [
        "M::`m`:(SUM(`a`)) [1h]",
        "M::`m`:(SUM(`a`)) BY `b` HAVING `a` > 1",
        "M::`m`:(SPREAD(`Requests_Sum`))",
    ],
)
def test_what_is_not_evaluated_is_said_and_not_answered_wrong(text) -> None:
    points = [Point("metric", "m", {}, {"Requests_Sum": 1.0}, 0, 0)]
    with pytest.raises(DqlError, match="not evaluated"):
        values(parse(text), Asked(points, 0, 60))


# The parser


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("M::`cpu`:(last(`usage_system`)) {`host`='xxx'} BY `host_ip`", Query),
        ("M::cpu:(avg(`load5s`)) { `host` = '#{host}' }", Query),
        ('M   ::cpu : (time_active, time_guest_nice) { host = "host-name", cpu = "cpu0" } [5m]', Query),
        ("M::cpu:(time_active+1, time_active/time_guest_nice) [10m:5m:1m]", Query),
        ("L::`datakit`:(COUNT(`*`)) { `index` = 'default' } BY `host`", Query),
        ('O::human:(height, age) { age > 100, sex = "x" } ORDER BY height desc LIMIT 10', Query),
        ("M::cpu:(last(usage_total)) by host limit 3 slimit 3", Query),
        (
            "CO::`o`:(LAST(`a`) AS `a`, LAST(`b`) AS `b`) BY `Id` HAVING `a` > 1 LIMIT 5 OFFSET 2 SLIMIT 3 SOFFSET 1",
            Query,
        ),
        ("E::`monitor`:(`df_status` AS `Status`, `df_title` AS `Event`)", Query),
        ("M::`m`:((SUM(`4xx_a`) + SUM(`b`)) / 2 - MAX(`c`) * 3 AS `x`)", Query),
        ("M::`m`:(PERCENTILE(`a`, 90))", Query),
        ("M::`cpu`:(avg(`a`) AS `x`) BY `host` SORDER BY `x` DESC SLIMIT 10", Query),
        ("L::`nginx`:(`time`, `status`, `message`) { `status` >= 400 } ORDER BY `time` DESC LIMIT 100", Query),
        ('eval(100-A, A="M::`aerospike`:(LAST(`pct`)) BY `ns`, `cluster_name`")', Eval),
        ("eval(A / (B + 10) * 100, A='M::`m`:(SUM(`a`))', B='M::`m`:(SUM(`b`))')", Eval),
        ('series_sum("M::`m`:(AVG(`a`)) BY `b`")', SeriesSum),
    ],
)
def test_the_documented_form_is_taken(text, kind) -> None:
    assert isinstance(parse(text), kind)


def test_a_query_is_read_with_all_of_its_parts() -> None:
    query = parse("M::`m`:(SUM(`a`) AS `x`) { `t` != 'v' and `u` >= 3 } [15m] BY `t`, `u` LIMIT 7")
    assert (query.category, query.source, query.by, query.time) == ("metric", "m", ("t", "u"), "15m")
    assert [tuple(one) for one in query.conditions] == [("t", "!=", "v"), ("u", ">=", 3.0)]
    assert (query.columns[0].alias, query.clauses) == ("x", {"LIMIT": 7})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("M::`m`:(SUM(`a` * `b`))", "no document shows arithmetic inside an aggregate"),
        ("M::`m`:(SUM(SUM(`a`)))", "takes one field"),
        ("M::`m`:(SUM(`a`)) SHIFT 1w BY `b`", "what is 'SHIFT' here"),
        ("M::`m`:(SUM(`a`)) BY `b` { `c` = 'd' }", "what is '{' here"),
        ("M::`m`:(SUM(`a`)) [1h] { `c` = 'd' }", "what is '{' here"),
        ("M::`m`:(SUM(`a`)) LIMIT 3 BY `b`", "what is 'BY' here"),
        ("M::`m`:(SUM(`a`)) LIMIT `b`", "takes a number"),
        ("M::`m`:(RATIO(`a`))", "there is no function RATIO"),
        ("M::`m`:(SUM(`a`)", "is missing before 'the end'"),
        ("M::`m`:(SUM(`a` AS `it`)", "takes one field"),
        ("M::`m`:(SUM(`a`) AS `it` `b`)", "is missing before"),
        ("M::`m`:(SUM(`a`)) { `b` ~ 'c' }", "cannot be read"),
        ("M::`m`:(SUM(`a`)) { `b` = `c` }", "is no value of a filter"),
        ("M::`m`:(SUM(`a`)) BY 'b'", "is no name"),
        ("M::`m`:(SUM(`a`)) [now]", "is no part of a time"),
        ("X::`m`:(SUM(`a`))", "there is no namespace X"),
        ("SHOW_MEASUREMENT()", "there is no namespace"),
        ('eval(A + B, A="M::`m`:(SUM(`a`))")', "the formula uses"),
        ('eval(A, A="M::`m`:(SUM(`a`))", B="M::`m`:(SUM(`a`))")', "the formula uses"),
        ('eval(A / B, A="M::`m`:(SUM(`a`)) BY `b`", B="M::`m`:(SUM(`a`))")', "grouped by the same tags"),
        ("eval(A, A=\"series_sum('M::`m`:(SUM(`a`))')\")", "takes a query"),
        ("series_sum(M::`m`:(SUM(`a`)))", "is no string"),
    ],
)
def test_what_no_document_shows_is_refused(text, said) -> None:
    with pytest.raises(DqlError, match=said):
        parse(text)


def test_the_values_of_a_tag_are_shown_without_a_time_range() -> None:
    shown = parse_show("SHOW_TAG_VALUE(from=['aws_AWS/CloudFront'],keyin=['account_name'])")
    assert (shown.sources, shown.keys) == (("aws_AWS/CloudFront",), ("account_name",))
    with pytest.raises(DqlError):
        parse_show("SHOW_TAG_VALUE(from=['m'],keyin=['k'])[1d]")
    with pytest.raises(DqlError):
        parse_show("SHOW_TAG_KEY(from=['m'])")
