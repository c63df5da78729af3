"""What a record says, in fields that a person can read."""

import pytest

from guance_aws_cloudfront.cloudfront.record import (
    EXTRA_FIELDS,
    READABLE,
    edge_lambdas_of,
    logging_fields,
    readable_fields,
)

FUNCTION = "arn:aws:cloudfront::123456789012:function/rewrite"
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:auth:3"
REALTIME = "arn:aws:cloudfront::123456789012:realtime-log-config/all"
RECORD = {
    "Aliases": {"Quantity": 2, "Items": ["www.example.com", "example.com"]},
    "Origins": {"Quantity": 2, "Items": [{"DomainName": "b.example.com"}, {"DomainName": "a.s3.amazonaws.com"}]},
    "ViewerCertificate": {
        "ACMCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
        "MinimumProtocolVersion": "TLSv1.2_2021",
    },
    "WebACLId": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/shop/5f6c",
    "DefaultCacheBehavior": {
        "ViewerProtocolPolicy": "redirect-to-https",
        "FunctionAssociations": {"Quantity": 1, "Items": [{"FunctionARN": FUNCTION}]},
        "RealtimeLogConfigArn": "",
    },
    "CacheBehaviors": {
        "Items": [
            {"LambdaFunctionAssociations": {"Items": [{"LambdaFunctionARN": LAMBDA}]}, "RealtimeLogConfigArn": REALTIME}
        ]
    },
    "Restrictions": {"GeoRestriction": {"RestrictionType": "whitelist", "Items": ["CN", "DE"]}},
}


def test_a_record_s_structures_become_readable_fields() -> None:
    assert readable_fields(RECORD) == {
        "AlternateDomainNames": "www.example.com, example.com",
        "Certificate": "arn:aws:acm:us-east-1:123456789012:certificate/1",
        "MinimumProtocolVersion": "TLSv1.2_2021",
        "WAF": "shop",
        "RealtimeLogging": "all",
        "OriginDomainNames": "b.example.com, a.s3.amazonaws.com",
        "ViewerProtocolPolicy": "redirect-to-https",
        "GeoRestriction": "only CN, DE",
        "EdgeFunctions": "auth:3, rewrite",
    }
    assert set(readable_fields(RECORD)) == set(READABLE)
    assert edge_lambdas_of(RECORD) == {"auth:3"}


@pytest.mark.parametrize(
    ("record", "fields"),
    [
        ({}, {}),
        ({"Aliases": {"Quantity": 0}}, {"AlternateDomainNames": "none"}),
        ({"Origins": {"Quantity": 0}}, {"OriginDomainNames": "none"}),
        ({"WebACLId": ""}, {"WAF": "none"}),
        ({"WebACLId": "473e64fd-f30b-4765-81a0-62ad96dd167a"}, {"WAF": "473e64fd-f30b-4765-81a0-62ad96dd167a"}),
        ({"ViewerCertificate": {"CloudFrontDefaultCertificate": True}}, {"Certificate": "CloudFront default"}),
        ({"ViewerCertificate": {"IAMCertificateId": "ASCA"}}, {"Certificate": "ASCA"}),
        ({"ViewerCertificate": {}}, {}),
        ({"DefaultCacheBehavior": {}}, {"RealtimeLogging": "off", "EdgeFunctions": "none"}),
        ({"Restrictions": {"GeoRestriction": {"RestrictionType": "none"}}}, {"GeoRestriction": "none"}),
        (
            {"Restrictions": {"GeoRestriction": {"RestrictionType": "blacklist", "Items": ["KP"]}}},
            {"GeoRestriction": "not KP"},
        ),
        ({"Restrictions": {}}, {}),
    ],
)
def test_nothing_is_invented_where_the_record_has_less(record, fields) -> None:
    assert readable_fields(record) == fields


BUCKET = "logs.s3.amazonaws.com"


@pytest.mark.parametrize(
    ("logging", "place"),
    [
        ({"Enabled": True, "Bucket": BUCKET, "Prefix": "cdn/"}, f"{BUCKET}/cdn"),
        ({"Enabled": True, "Bucket": BUCKET, "Prefix": ""}, BUCKET),
        ({"Enabled": False, "Bucket": "", "Prefix": ""}, "off"),
        (None, "off"),
    ],
)
def test_a_configuration_tells_of_standard_logging(logging, place) -> None:
    fields = logging_fields({"Logging": logging, "DefaultRootObject": "index.html"})
    assert fields == {"Logging": place, "DefaultRootObject": "index.html"}
    assert set(fields) < set(EXTRA_FIELDS)


def test_a_configuration_without_a_default_root_object_says_so() -> None:
    assert logging_fields({"DefaultRootObject": ""})["DefaultRootObject"] == "none"
