"""A distribution record becomes the seed's object."""

import json

import pytest

from guance_aws_cloudfront.cloudfront.record import aliases
from guance_aws_cloudfront.points.objects import object_point
from tests.conftest import NOW

# The example object of the product's document, word for word.
SEED_TAGS = {
    "ARN": "arn:aws-cn:cloudfront::F",
    "DomainName": "d3q33pv83.cloudfront.cn",
    "Id": "E183FMUG1QDCZF",
    "Status": "Deployed",
    "name": "E183FMUG1ZF",
}
SEED_FIELDS = {
    "CreatedDate": "2022-03-09T06:13:31Z",
    "ApiKeySelectionExpression": "$request.header.",
    "DisableSchemaValidation": "xxxxx",
    "Description": "Created by AWS Lambda",
}
# As ListDistributions answers it, after parsing: LastModifiedTime in epoch seconds.
RECORD = {
    "Id": "E2EXAMPLE00001",
    "ARN": "arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE00001",
    "Status": "Deployed",
    "LastModifiedTime": 1646806411.0,
    "DomainName": "d111111abcdef8.cloudfront.net",
    "Aliases": {"Quantity": 2, "Items": ["www.example.com", "example.com"]},
    "Origins": {"Quantity": 1, "Items": [{"Id": "o", "DomainName": "bücher.example.com"}]},
    "Comment": "shop, all of it",
    "PriceClass": "PriceClass_All",
    "Enabled": True,
    "WebACLId": "",
    "HttpVersion": "http2and3",
    "IsIPV6Enabled": False,
    "Staging": False,
    "SomethingNew": {"Quantity": 0},
    "Nothing": None,
}


def test_the_seed_s_values_make_the_seed_s_object(account) -> None:
    point = object_point({**SEED_TAGS, **SEED_FIELDS}, account, NOW)
    assert point["measurement"] == "aws_cloudfront"
    assert point["tags"] == {**SEED_TAGS, "cloud_provider": "AWS", "account_name": "prod", "team": "edge"}
    message = point["fields"].pop("message")
    assert point["fields"] == SEED_FIELDS
    assert json.loads(message) == {**SEED_TAGS, **SEED_FIELDS}


def test_the_comment_is_the_description(account) -> None:
    record = {"Id": "E1", "ARN": "a", "DomainName": "d", "Status": "Deployed", "Comment": "Created by AWS Lambda"}
    assert object_point(record, account, NOW)["fields"]["Description"] == "Created by AWS Lambda"
    assert "Comment" not in object_point(record, account, NOW)["fields"]


def test_a_record_s_tags_name_it_and_its_fields_describe_it(account) -> None:
    point = object_point(RECORD, account, NOW)
    assert point["timestamp"] == NOW
    assert point["tags"] == {
        "ARN": "arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE00001",
        "DomainName": "d111111abcdef8.cloudfront.net",
        "Id": "E2EXAMPLE00001",
        "Status": "Deployed",
        "name": "E2EXAMPLE00001",
        "cloud_provider": "AWS",
        "account_name": "prod",
        "team": "edge",
    }
    fields = dict(point["fields"])
    message = json.loads(fields.pop("message"))
    assert fields == {
        "Description": "shop, all of it",
        "LastModifiedTime": "2022-03-09T06:13:31Z",
        "Enabled": True,
        "PriceClass": "PriceClass_All",
        "HttpVersion": "http2and3",
        "IsIPV6Enabled": False,
        "WebACLId": "",
        "Staging": False,
        "Aliases": '{"Items": ["www.example.com", "example.com"], "Quantity": 2}',
        "Origins": '{"Items": [{"DomainName": "bücher.example.com", "Id": "o"}], "Quantity": 1}',
        "SomethingNew": '{"Quantity": 0}',
        "AlternateDomainNames": "www.example.com, example.com",
        "OriginDomainNames": "bücher.example.com",
        "WAF": "none",
    }
    assert message == {**RECORD, "LastModifiedTime": "2022-03-09T06:13:31Z"}


def test_a_tag_and_a_field_never_share_a_key(account) -> None:
    point = object_point({**RECORD, "team": "from AWS", "cloud_provider": "from AWS"}, account, NOW)
    assert not set(point["tags"]) & set(point["fields"])
    assert point["tags"]["team"] == "edge"


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({}, []),
        ({"Aliases": {"Quantity": 0}}, []),
        ({"Aliases": None}, []),
        (RECORD, ["www.example.com", "example.com"]),
    ],
)
def test_aliases_are_absent_or_in_cloudfront_s_order(record, expected) -> None:
    assert aliases(record) == expected


def test_resource_tags_are_tags_and_what_is_known_beyond_the_record_are_fields(account) -> None:
    point = object_point(RECORD, account, NOW, {"env": "prod", "team": "web"}, {"Logging": "off", "Staging": True})
    # The user's own tag and the record win, should a key be there twice.
    assert (point["tags"]["env"], point["tags"]["team"]) == ("prod", "edge")
    assert (point["fields"]["Logging"], point["fields"]["Staging"]) == ("off", False)


def test_what_cloudfront_says_to_an_origin_alone_is_not_reported(account) -> None:
    headers = {"Quantity": 1, "Items": [{"HeaderName": "X-Origin-Verify", "HeaderValue": "s3cret"}]}
    origins = {"Quantity": 1, "Items": [{"Id": "o", "DomainName": "d", "CustomHeaders": headers}]}
    point = object_point({**RECORD, "Origins": origins}, account, NOW)
    assert "s3cret" not in repr(point)
    for shown in (json.loads(point["fields"]["Origins"]), json.loads(point["fields"]["message"])["Origins"]):
        (header,) = shown["Items"][0]["CustomHeaders"]["Items"]
        assert header == {"HeaderName": "X-Origin-Verify", "HeaderValue": "***"}
    assert headers["Items"][0]["HeaderValue"] == "s3cret"


def test_a_number_that_could_be_a_time_is_one_only_where_cloudfront_has_times(account) -> None:
    fields = object_point({**RECORD, "LastModifiedTime": NOW - 60.0, "NewAtAws": NOW}, account, NOW)["fields"]
    assert (fields["LastModifiedTime"], fields["NewAtAws"]) == ("2026-03-01T09:59:00Z", NOW)
