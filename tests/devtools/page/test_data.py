"""What the page draws is what the shipped dashboards ask, evaluated."""

import pytest

from devtools.guance.line_protocol import Point
from devtools.page.data import Span, drawn
from tests.assets.conftest import read

DAY, HOUR, MINUTE = 24 * 3600, 3600, 60
NOW = 1772431200
SPAN = Span(NOW, NOW + HOUR, 5 * MINUTE)
SHOP = {"account_name": "demo", "DistributionId": "E1", "DomainName": "d1.cloudfront.net", "Alias": "shop.example.com"}
CHANGE = {**SHOP, "df_source": "change", "class": "aws_cloudfront"}


def minutes(requests, start):
    return [
        Point("metric", "aws_AWS/CloudFront", SHOP, {"Requests_Sum": requests}, start + number * MINUTE, 0)
        for number in range(60)
    ]


def chart(points, title, language="en"):
    shown = drawn(read("dashboard", language), points, SPAN)
    (found,) = [one for group in shown["groups"] for one in group["charts"] if one["title"] == title]
    return found


@pytest.mark.parametrize(
    ("language", "title", "names"),
    [
        ("en", "Requests, all together", ["requests", "requests · a day before", "requests · a week before"]),
        ("zh", "总请求数", ["请求数", "请求数 · 一天前", "请求数 · 一周前"]),
    ],
)
def test_requests_are_drawn_beside_those_of_a_day_and_a_week_before(language, title, names) -> None:
    points = [*minutes(900.0, NOW), *minutes(600.0, NOW - DAY), *minutes(300.0, NOW - 7 * DAY)]
    lines = chart(points, title, language)["lines"]
    assert [line["name"] for line in lines] == names
    assert [line["before"] for line in lines] == [False, True, True]
    assert [set(line["values"]) for line in lines] == [{900.0}, {600.0}, {300.0}]
    # All of them over the same time.
    assert {line["start"] for line in lines} == {NOW}


def test_changes_are_rows_with_their_time_the_newest_first_and_no_other_events() -> None:
    points = [
        Point("keyevent", "event", tags, {"df_title": title, "diff": "a → b"}, at, at)
        for at, tags, title in (
            (NOW + 60, CHANGE, "first"),
            (NOW + 120, {**CHANGE, "df_source": "monitor"}, "an alarm"),
            (NOW + 180, CHANGE, "second"),
            (NOW - 60, CHANGE, "too early"),
        )
    ]
    table = chart(points, "Recent changes")
    assert table["head"] == ["UTC", "Alias", "Distribution", "Change", "From and to"]
    assert table["rows"] == [
        ["03-02 06:03", "shop.example.com", "E1", "second", "a → b"],
        ["03-02 06:01", "shop.example.com", "E1", "first", "a → b"],
    ]


@pytest.mark.parametrize(("language", "words"), [("en", ["Yes", "No"]), ("zh", ["是", "否"])])
def test_yes_and_no_of_objects_are_words(language, words) -> None:
    tags = {"account_name": "demo", "Id": "E1", "DomainName": "d1.cloudfront.net"}
    objects = [Point("custom_object", "aws_cloudfront", tags, {"Enabled": True, "Staging": False}, NOW, NOW)]
    title = {"en": "State and settings", "zh": "状态与设置"}[language]
    (row,) = chart(objects, title, language)["rows"]
    assert [cell for cell in row if cell in words] == words
