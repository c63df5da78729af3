"""No query names what the collector does not send, and none sums what cannot be summed."""

import pytest

from devtools.assets import dql
from devtools.aws.access_logs import ALL_FIELDS, Logged
from devtools.aws.traffic import Traffic
from devtools.guance.dql import Aggregate, DqlError, Operation, fields, parse, parse_show
from guance_aws_cloudfront.cloudfront.catalog import (
    DERIVED,
    METRIC_MEASUREMENT,
    OBJECT_MEASUREMENT,
    all_metrics,
    field_name,
)
from guance_aws_cloudfront.logs.lines import layout_of
from guance_aws_cloudfront.logs.points import LinePoints, log_tags
from guance_aws_cloudfront.points import changes
from guance_aws_cloudfront.points.metrics import source_tags
from guance_aws_cloudfront.points.objects import object_point
from guance_aws_cloudfront.points.series import Series, distribution_dimensions
from guance_aws_cloudfront.settings.account import parse_account
from guance_aws_cloudfront.settings.logs import parse_logs
from tests.assets.conftest import LANGUAGES, all_statements, read
from tests.conftest import NOW, RAW_ACCOUNT

DERIVED_FIELDS = {one.name for one in DERIVED}
FIELDS = {
    *(field_name(metric.name, statistic) for metric in all_metrics().values() for statistic in metric.statistics),
    *DERIVED_FIELDS,
}
COUNTS = {name for name in FIELDS if name.endswith("_Sum")} | DERIVED_FIELDS
ALL = dql.Scope()
RECORD = {
    "Id": "E2EXAMPLE00001",
    "ARN": "arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE00001",
    "DomainName": "d111111abcdef8.cloudfront.net",
    "Status": "Deployed",
    "Aliases": {"Quantity": 1, "Items": ["www.example.com"]},
}


def refusal(statement):
    """Why the parser refuses a query; empty when it takes it."""
    try:
        parse(statement)
    except DqlError as error:
        return str(error)
    return ""


def test_every_query_is_of_the_documented_form() -> None:
    assert [said for said in map(refusal, all_statements()) if said] == []


def all_queries():
    """Every query of the assets, also those inside of outer functions, with the text that has it."""
    return [(statement, query) for statement in all_statements() for query in parse(statement).queries]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_variable_is_of_the_documented_form(language) -> None:
    for variable in read("dashboard", language)["main"]["vars"]:
        shown = parse_show(variable["definition"]["value"])
        assert (shown.sources, shown.keys) == ((METRIC_MEASUREMENT,), (variable["code"],))


def test_every_field_and_tag_is_one_that_the_collector_sends() -> None:
    sent = {
        "metric": {METRIC_MEASUREMENT, *FIELDS, *dql.METRIC_TAGS},
        "custom_object": {OBJECT_MEASUREMENT, *dql.OBJECT_TAGS, *dql.object_fields()},
        "keyevent": {changes.MEASUREMENT, *dql.EVENT_TAGS, *dql.EVENT_FIELDS},
        "logging": {dql.LOG_SOURCE, *dql.LOG_TAGS, *dql.LOG_FIELDS},
    }
    queries = all_queries()
    assert len(queries) > 100
    for statement, query in queries:
        asked = {name for column in query.columns for name in fields(column.expression)}
        named = {query.source, *asked, *query.by, *(condition.name for condition in query.conditions)}
        assert named <= sent[query.category], statement


def test_metrics_are_filtered_by_tags_and_no_query_has_a_time_of_its_own() -> None:
    for statement, query in all_queries():
        known = {
            "metric": dql.METRIC_TAGS,
            "custom_object": dql.OBJECT_TAGS,
            "keyevent": dql.EVENT_TAGS,
            "logging": dql.LOG_TAGS | dql.LOG_NUMBERS,
        }[query.category]
        assert {condition.name for condition in query.conditions} <= known, statement
        # The time range of a request overrides that of a query.
        assert query.time == "", statement


def test_the_tags_are_those_of_the_points() -> None:
    account = parse_account(RAW_ACCOUNT)
    series = [
        Series(distribution_dimensions(RECORD["Id"]), "Requests", "Sum"),
        Series((("FunctionName", "rewrite"), ("Region", "Global")), "FunctionInvocations", "Sum"),
    ]
    tags = source_tags(series, [RECORD], account)
    sent = {name for of_source in tags.values() for name in of_source}
    assert sent >= dql.METRIC_TAGS
    assert set(object_point(RECORD, account, 0)["tags"]) >= dql.OBJECT_TAGS
    form = changes.known_form(RECORD)
    event = changes.event_point(RECORD["Id"], form, changes.deleted(form, 0), account, 0)
    assert set(event["tags"]) >= dql.EVENT_TAGS
    assert set(event["fields"]) == dql.EVENT_FIELDS
    assert dict(dql.CHANGE).items() <= event["tags"].items()
    assert event["measurement"] == dql.NAMESPACES[dql.EVENT][1]


def test_the_fields_of_log_lines_are_those_of_the_points() -> None:
    layout = layout_of(ALL_FIELDS)
    logged = Logged(1, "E2EXAMPLE00001", "123456789012", "d1.cloudfront.net", "www.example.com", Traffic())
    tags = source_tags(
        [Series(distribution_dimensions(RECORD["Id"]), "Requests", "Sum")], [RECORD], parse_account(RAW_ACCOUNT)
    )
    row = next(logged.requests(NOW, NOW + 60))
    (of_distribution,) = tags.values()
    point = LinePoints(parse_logs({})).point(layout, list(row), NOW * 1000, log_tags(of_distribution))
    assert set(point["tags"]) >= dql.LOG_TAGS
    assert set(point["fields"]) >= dql.LOG_FIELDS
    for name in dql.LOG_FIELDS:
        assert isinstance(point["fields"][name], (int, float) if name in dql.LOG_NUMBERS else str), name
    assert point["measurement"] == dql.NAMESPACES[dql.LOGGING][1]


def aggregates(expression):
    if isinstance(expression, Aggregate):
        yield expression
    elif isinstance(expression, Operation):
        yield from aggregates(expression.left)
        yield from aggregates(expression.right)


def all_aggregates():
    return [
        (statement, query, one)
        for statement, query in all_queries()
        for column in query.columns
        for one in aggregates(column.expression)
    ]


def test_only_counts_are_summed() -> None:
    for statement, _, one in all_aggregates():
        assert one.function != "SUM" or one.field in COUNTS, statement


def test_only_counts_are_averaged_and_only_of_one_distribution_or_function() -> None:
    for statement, query, one in all_aggregates():
        if one.function == "AVG":
            assert one.field in COUNTS, statement
            assert {"DistributionId", "FunctionName"} & set(query.by), statement


def test_percentiles_are_not_put_together() -> None:
    for statement, query, one in all_aggregates():
        if one.field.startswith("OriginLatency"):
            assert one.function == "MAX" or (one.function == "MEDIAN" and "DistributionId" in query.by), statement


def test_a_rate_is_one_of_sums() -> None:
    rates = [parse(statement) for statement in all_statements() if "* 100" in statement]
    assert len(rates) > 20
    for rate in rates:
        functions = [one.function for query in rate.queries for one in aggregates(query.columns[0].expression)]
        assert functions == ["SUM", "SUM"]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: dql.total("Request_Sum", ALL), "cannot be summed"),
        (lambda: dql.total("4xxErrorRate_Average", ALL), "cannot be summed"),
        (lambda: dql.error_rate("50x", ALL), "Derived_50xErrors cannot be summed"),
        (lambda: dql.per_minute("Requests_Sum", ALL), "group by it"),
        (lambda: dql.middle("OriginLatency", ALL, "p90"), "group by it"),
        (lambda: dql.highest("Latency", ALL), "the catalog has no metric Latency"),
        (lambda: dql.highest("OriginLatency", ALL, "Average"), "has no statistic Average"),
        (lambda: dql.newest(ALL, "Comment"), "objects have no field Comment"),
        (lambda: dql.newest_lines(ALL, 9, (), "uri"), "log lines have no field uri"),
        (lambda: dql.most_lines(dql.Scope(("uri",)), 9).check(), "no logging point carries the tag uri"),
        (lambda: dql.most_lines(ALL, 9, ("code", ">", 1)).check(), "no logging point carries the tag code"),
        (lambda: dql.total("Requests_Sum", dql.Scope(("Host",))).check(), "no metric point carries the tag Host"),
    ],
)
def test_what_the_collector_does_not_send_is_refused(make, sentence) -> None:
    with pytest.raises(dql.AssetError, match=sentence):
        make()


def test_groups_of_log_lines_come_in_the_order_of_their_number() -> None:
    scope = dql.Scope(("cs_uri_stem",), (("account_name", "#{account_name}"),))
    assert dql.most_lines(scope, 10, ("sc_status", ">=", 500)).dql == (
        "L::`aws_cloudfront`:(COUNT(`message`) AS `lines`) "
        "{ `account_name` = '#{account_name}' and `sc_status` >= 500 } "
        "BY `cs_uri_stem` SORDER BY `lines` DESC SLIMIT 10"
    )
    assert dql.slowest(scope._replace(filters=()), 95, 5).dql == (
        "L::`aws_cloudfront`:(PERCENTILE(`time_taken_ms`, 95) AS `time_taken_p95`) "
        "BY `cs_uri_stem` SORDER BY `time_taken_p95` DESC SLIMIT 5"
    )


def test_a_query_has_its_parts_in_the_order_of_dql() -> None:
    scope = dql.Scope(("DistributionId",), (("account_name", "#{account_name}"),))
    filtered = "{ `account_name` = '#{account_name}' } BY `DistributionId`"
    assert dql.error_rate("5xx", scope).dql == (
        f'eval(A / B * 100, A="M::`aws_AWS/CloudFront`:(SUM(`Derived_5xxErrors`)) {filtered}", '
        f'B="M::`aws_AWS/CloudFront`:(SUM(`Requests_Sum`)) {filtered}")'
    )
