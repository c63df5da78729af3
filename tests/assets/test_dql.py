"""No query names what the collector does not send, and none sums what cannot be summed."""

import re

import pytest

from devtools.assets import dql
from guance_aws_cloudfront.cloudfront.catalog import METRIC_MEASUREMENT, OBJECT_MEASUREMENT, all_metrics, field_name
from guance_aws_cloudfront.points.metrics import source_tags
from guance_aws_cloudfront.points.objects import object_point
from guance_aws_cloudfront.points.series import Series, distribution_dimensions
from guance_aws_cloudfront.settings.account import parse_account
from devtools.guance.dql import DqlError, parse, parse_show
from tests.assets.conftest import LANGUAGES, all_statements, read
from tests.conftest import RAW_ACCOUNT

FIELDS = {field_name(metric.name, statistic) for metric in all_metrics().values() for statistic in metric.statistics}
SUMS = {name for name in FIELDS if name.endswith("_Sum")}
RECORD = {
    "Id": "E2EXAMPLE00001",
    "ARN": "arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE00001",
    "DomainName": "d111111abcdef8.cloudfront.net",
    "Status": "Deployed",
    "Aliases": {"Quantity": 1, "Items": ["www.example.com"]},
}


def test_every_query_is_of_the_documented_form() -> None:
    refused = []
    for statement in all_statements():
        try:
            parse(statement)
        except DqlError as error:
            refused.append(str(error))
    assert refused == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_variable_is_of_the_documented_form(language) -> None:
    for variable in read("dashboard", language)["main"]["vars"]:
        shown = parse_show(variable["definition"]["value"])
        assert (shown.sources, shown.keys) == ((METRIC_MEASUREMENT,), (variable["code"],))


def named(query):
    """What a query names in backquotes, but its own names."""
    return set(re.findall(r"`([^`]+)`", re.sub(r"AS `[^`]+`", "", query)))


def test_every_field_and_tag_is_one_that_the_collector_sends() -> None:
    metric = {METRIC_MEASUREMENT, *FIELDS, *dql.METRIC_TAGS}
    custom_object = {OBJECT_MEASUREMENT, *dql.OBJECT_TAGS, *dql.object_fields()}
    queries = list(all_statements())
    assert len(queries) > 100
    for query in queries:
        assert named(query) <= (custom_object if query.startswith("CO::") else metric), query


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


def test_a_rate_is_summed_only_as_a_share_of_requests() -> None:
    for query in all_statements():
        for argument in re.findall(r"SUM\(([^()]*)\)", query):
            factors = re.findall(r"`([^`]+)`", argument)
            weighted = len(factors) == 2 and factors[1] == "Requests_Sum"
            assert (factors[0] in SUMS and len(factors) == 1) or weighted, query
            if weighted:
                # Requests of distributions without the rate do not water it down.
                assert f"`{factors[0]}` >= 0" in query


def test_rates_and_percentiles_are_not_averaged_over_distributions() -> None:
    for query in all_statements():
        if "AVG(" in query:
            assert "`DistributionId`" in query.rpartition("BY")[2]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: dql.total("Request"), "the catalog has no metric Request"),
        (lambda: dql.total("4xxErrorRate"), "cannot be summed"),
        (lambda: dql.total("Requests", "OriginLatency"), "cannot be summed"),
        (lambda: dql.rate("Requests"), "Requests is no rate"),
        (lambda: dql.failed("BytesDownloaded"), "is no rate"),
        (lambda: dql.highest("OriginLatency", "Average"), "has no statistic Average"),
        (lambda: dql.newest("Comment"), "objects have no field Comment"),
        (lambda: dql.Query(dql.total("Requests"), by=("Host",)).check(), "no metric point carries the tag Host"),
    ],
)
def test_what_the_collector_does_not_send_is_refused(make, sentence) -> None:
    with pytest.raises(dql.AssetError, match=sentence):
        make()


def test_a_query_has_its_parts_in_the_order_of_dql() -> None:
    query = dql.Query(
        dql.rate("5xxErrorRate"), "rate", ("DistributionId",), (("account_name", "account_name"),), shift="1w"
    )
    assert query.dql == (
        "M::`aws_AWS/CloudFront`:((SUM(`5xxErrorRate_Average` * `Requests_Sum`) / SUM(`Requests_Sum`)) AS `rate`) "
        "{ `account_name` = '#{account_name}' and `5xxErrorRate_Average` >= 0 } SHIFT 1w BY `DistributionId`"
    )
