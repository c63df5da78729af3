"""One odd record costs no other distribution anything: what it tells is told, and a warning names the field."""

import contextlib
import copy
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guance_aws_cloudfront.cloudfront.record import has_id, logging_fields, oddities, readable_fields
from guance_aws_cloudfront.guance.limits import fitted
from guance_aws_cloudfront.points.choice import choose, idle_patterns
from guance_aws_cloudfront.points.metrics import source_tags
from guance_aws_cloudfront.points.objects import object_point
from guance_aws_cloudfront.points.series import distributions_by_function, plan_series
from guance_aws_cloudfront.settings.account import parse_account
from guance_aws_cloudfront.settings.config import parse_config
from guance_aws_cloudfront.settings.patterns import parse_distributions
from tests.conftest import NOW, RAW_ACCOUNT
from tests.unit.cloudfront.test_record import FUNCTION, LAMBDA, REALTIME

ACCOUNT = parse_account(RAW_ACCOUNT)


def record(key="E1"):
    """A full record, as ListDistributions has it."""

    def behavior():
        return {
            "TargetOriginId": "o",
            "ViewerProtocolPolicy": "https-only",
            "FunctionAssociations": {
                "Quantity": 1,
                "Items": [{"FunctionARN": FUNCTION, "EventType": "viewer-request"}],
            },
            "LambdaFunctionAssociations": {
                "Quantity": 1,
                "Items": [{"LambdaFunctionARN": LAMBDA, "IncludeBody": False}],
            },
            "RealtimeLogConfigArn": REALTIME,
        }

    return {
        "Id": key,
        "ARN": f"arn:aws:cloudfront::123456789012:distribution/{key}",
        "ETag": "E2",
        "Status": "Deployed",
        "LastModifiedTime": 1646806411.0,
        "DomainName": f"{key.lower()}.cloudfront.net",
        "Aliases": {"Quantity": 1, "Items": [f"{key.lower()}.example.com"]},
        "Origins": {"Quantity": 1, "Items": [{"Id": "o", "DomainName": "origin.example.com"}]},
        "OriginGroups": {"Quantity": 0},
        "DefaultCacheBehavior": behavior(),
        "CacheBehaviors": {"Quantity": 1, "Items": [{**behavior(), "PathPattern": "/a"}]},
        "CustomErrorResponses": {"Quantity": 0},
        "Comment": "",
        "PriceClass": "PriceClass_All",
        "Enabled": True,
        "ViewerCertificate": {"CloudFrontDefaultCertificate": True, "MinimumProtocolVersion": "TLSv1"},
        "Restrictions": {"GeoRestriction": {"RestrictionType": "blacklist", "Quantity": 1, "Items": ["KP"]}},
        "WebACLId": "",
        "HttpVersion": "http2",
        "IsIPV6Enabled": True,
        "Staging": False,
    }


def paths(value, path=()):
    """The paths to all that there is in a record."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(inner, (dict, list)):
            yield from paths(inner, (*path, key))


PATHS = [path for path in paths(record()) if path != ("Id",)]
GONE = object()
ODD = [
    *(GONE, None, "", "never", 7, -1, 1646806411000, 1e300, math.nan, math.inf, True, b"x", [], {}, ["x"], [None]),
    *({"Items": None}, {"Items": 7}, {"Items": "x"}, {"Items": [None, 7, {}]}, {"Quantity": 3}),
    *({"Quantity": "x", "Items": []}, {7: 8}),
]


def changed(value, path, odd):
    """A record with something odd at a path."""
    value = copy.deepcopy(value)
    place = value
    for key in path[:-1]:
        place = place[key]
    if odd is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = copy.deepcopy(odd)
    return value


def told(records):
    """All that is told of records, by distribution: the object, the tags of its metrics, its place in every choice."""
    config = parse_config({"metrics": "ALL"})
    tags = source_tags(plan_series([one["Id"] for one in records], config.metrics, {}), records, ACCOUNT)
    choices = [parse_distributions(raw) for raw in (["e*"], ["*.example.com"], ["NOT", "*.net"], {"tag:env": ["x"]})]
    chosen = [[one["Id"] for one in choose(records, choice, {})] for choice in choices]
    for choice in choices:
        list(idle_patterns(records, choice, {}))
    functions = distributions_by_function(records)
    found = {}
    for one in records:
        point, said = fitted(object_point(one, ACCOUNT, NOW), True)
        assert point["fields"], said
        json.loads(point["fields"]["message"])
        found[one["Id"]] = (
            point,
            tags[one["Id"]],
            [one["Id"] in ids for ids in chosen],
            [name for name, ids in functions.items() if one["Id"] in ids],
        )
    return found


OTHERS = [record("E2"), record("E3")]
ALONE = told(OTHERS)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_whatever_is_odd_in_one_record_the_others_are_told_as_ever(path) -> None:
    for odd in ODD:
        one = changed(record(), path, odd)
        found = told([one, *OTHERS])
        assert {key: found[key] for key in ALONE} == ALONE
        assert {"name": "E1", "account_name": "prod"}.items() <= found["E1"][0]["tags"].items()
        assert found["E1"][1]["DistributionId"] == "E1"
        for text in oddities([one, *OTHERS]):
            assert text.startswith("CloudFront's record of E1: ")


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(PATHS), st.sampled_from(ODD)), max_size=6))
def test_several_oddities_in_one_record_cost_the_others_nothing(changes) -> None:
    one = record()
    for path, odd in changes:
        # What was there may have become odd itself.
        with contextlib.suppress(KeyError, IndexError, TypeError):
            one = changed(one, path, odd)
    found = told([one, *OTHERS])
    assert {key: found[key] for key in ALONE} == ALONE
    oddities([one, *OTHERS])


WARNINGS = [
    (("ARN",), GONE, "ARN is missing"),
    (("ARN",), 7, "ARN is no text (7)"),
    (("ARN",), "", "ARN is no text ('')"),
    (("Status",), None, "Status cannot be read"),
    (("DomainName",), {}, "DomainName is no text"),
    (("LastModifiedTime",), GONE, "LastModifiedTime is missing"),
    (("LastModifiedTime",), "never", "LastModifiedTime is no time ('never')"),
    (("LastModifiedTime",), 1646806411000, "LastModifiedTime is no time (1646806411000)"),
    (("LastModifiedTime",), True, "LastModifiedTime is no time (True)"),
    (("LastModifiedTime",), math.nan, "LastModifiedTime is no time (nan)"),
    (("Origins",), GONE, "Origins is missing"),
    (("Origins",), None, "Origins cannot be read"),
    (("Origins",), "x", "Origins is no structure ('x')"),
    (("Origins", "Items"), "x", "the Items of Origins are no list"),
    (("Origins", "Items", 0), None, "an item of Origins is no structure"),
    (("Origins", "Items", 0, "DomainName"), GONE, "an origin of Origins has no DomainName"),
    (("Origins", "Quantity"), 2, "the Quantity of Origins is not the number of its Items"),
    (("Aliases", "Items"), GONE, "the Quantity of Aliases is not the number of its Items"),
    (("Aliases", "Items", 0), 7, "an item of Aliases is no text"),
    (("Aliases",), None, "Aliases cannot be read"),
    (("CacheBehaviors",), [], "CacheBehaviors is no structure"),
    (("DefaultCacheBehavior",), GONE, "DefaultCacheBehavior is missing"),
    (
        ("DefaultCacheBehavior", "FunctionAssociations", "Items", 0, "FunctionARN"),
        GONE,
        "an association of FunctionAssociations has no FunctionARN",
    ),
    (
        ("CacheBehaviors", "Items", 0, "LambdaFunctionAssociations", "Items", 0, "LambdaFunctionARN"),
        7,
        "an association of LambdaFunctionAssociations has no LambdaFunctionARN",
    ),
]


@pytest.mark.parametrize(("path", "odd", "text"), WARNINGS)
def test_a_warning_names_the_distributions_and_the_field(path, odd, text) -> None:
    records = [changed(record(key), path, odd) for key in ("E1", "E9")]
    assert oddities([*records, *OTHERS]) == [f"CloudFront's record of E1, E9: {text}. What cannot be read is left out."]


def test_a_usual_record_is_not_odd() -> None:
    plain = {**record(), "Aliases": {"Quantity": 0}, "CacheBehaviors": {"Quantity": 0}}
    plain["DefaultCacheBehavior"] = {"ViewerProtocolPolicy": "https-only"}
    assert oddities([record(), plain, {**plain, "ETag": None}]) == []


@pytest.mark.parametrize(
    "odd", [None, 7, "E1", [], {}, {"Id": None}, {"Id": ""}, {"Id": " "}, {"Id": 7}, {"Id": ["E1"]}]
)
def test_a_record_without_an_id_is_warned_of(odd) -> None:
    assert not has_id(odd)
    (text,) = oddities([odd, *OTHERS])
    assert text == (
        "CloudFront lists a distribution without an Id, which is not collected: nothing else is known of it."
    )
    (text,) = oddities([{"DomainName": "d1.cloudfront.net", "ARN": "a"}])
    assert text.endswith("which is not collected: d1.cloudfront.net.")


def test_what_cloudfront_says_to_an_origin_alone_is_in_no_warning() -> None:
    header = {"HeaderName": "X", "HeaderValue": "s3cret"}
    odd = {**record(), "Origins": [header], "ARN": {"a": header}, "Aliases": {"Quantity": 9, "Items": [header]}}
    assert "s3cret" not in "".join(oddities([odd]))


def test_nothing_is_invented_of_what_cannot_be_read() -> None:
    odd = {**record(), "Aliases": None, "Origins": "x", "Restrictions": [], "WebACLId": 7, "ViewerCertificate": None}
    fields = readable_fields(odd)
    assert set(fields) == {"RealtimeLogging", "ViewerProtocolPolicy", "EdgeFunctions"}
    assert "OriginDomainNames" not in readable_fields({"Origins": {"Quantity": 1, "Items": [{"Id": "o"}]}})
    assert "Logging" not in logging_fields({})
    assert logging_fields({"Logging": {"Enabled": True, "Bucket": 7, "Prefix": None}, "DefaultRootObject": 7}) == {
        "Logging": "",
        "DefaultRootObject": "none",
    }
