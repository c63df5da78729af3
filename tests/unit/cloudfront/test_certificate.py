"""What ACM and IAM tell of a certificate, in the fields of an object."""

import pytest

from guance_aws_cloudfront.cloudfront.certificate import (
    acm_certificate,
    acm_facts,
    certificate_fields,
    iam_certificate,
    iam_facts,
    region_of,
)
from guance_aws_cloudfront.cloudfront.partitions import PARTITIONS
from tests.conftest import NOW

DAY = 86400
ARN = "arn:aws:acm:us-east-1:123456789012:certificate/1"


@pytest.mark.parametrize(
    ("given", "acm", "iam"),
    [
        ({"ACMCertificateArn": ARN, "IAMCertificateId": ""}, ARN, ""),
        ({"ACMCertificateArn": ARN, "IAMCertificateId": "ASCA1"}, ARN, ""),
        ({"ACMCertificateArn": "", "IAMCertificateId": "ASCA1"}, "", "ASCA1"),
        ({"CloudFrontDefaultCertificate": True}, "", ""),
        ({"ACMCertificateArn": 7, "IAMCertificateId": None}, "", ""),
        (None, "", ""),
        ("odd", "", ""),
    ],
)
def test_a_distribution_has_one_certificate_of_acm_or_of_iam_or_cloudfront_s_own(given, acm, iam) -> None:
    record = {"Id": "E1", "ViewerCertificate": given}
    assert (acm_certificate(record), iam_certificate(record)) == (acm, iam)
    assert (acm_certificate({"Id": "E1"}), iam_certificate({"Id": "E1"})) == ("", "")


@pytest.mark.parametrize(
    ("arn", "partition", "region"),
    [
        (ARN, "aws", "us-east-1"),
        (ARN, "aws-cn", ""),
        ("arn:aws-cn:acm:cn-northwest-1:123456789012:certificate/1", "aws-cn", "cn-northwest-1"),
        ("arn:aws-us-gov:acm:us-gov-west-1:123456789012:certificate/1", "aws", ""),
        ("arn:aws:acm", "aws", ""),
        ("", "aws", ""),
        ("arn:aws:acm:evil.example.com/:1:certificate/1", "aws", ""),
    ],
)
def test_a_certificate_is_asked_for_where_its_arn_says_if_that_is_in_the_partition(arn, partition, region) -> None:
    assert region_of(arn, PARTITIONS[partition]) == region


@pytest.mark.parametrize(
    ("members", "renewal"),
    [
        ({"Type": "AMAZON_ISSUED", "RenewalEligibility": "ELIGIBLE"}, "eligible"),
        ({"Type": "AMAZON_ISSUED", "RenewalEligibility": "INELIGIBLE"}, "ineligible"),
        ({"RenewalEligibility": "ELIGIBLE", "RenewalSummary": {"RenewalStatus": "PENDING_AUTO_RENEWAL"}}, "pending"),
        (
            {"RenewalEligibility": "ELIGIBLE", "RenewalSummary": {"RenewalStatus": "PENDING_VALIDATION"}},
            "pending validation",
        ),
        ({"RenewalEligibility": "ELIGIBLE", "RenewalSummary": {"RenewalStatus": "FAILED"}}, "failed"),
        ({"RenewalEligibility": "ELIGIBLE", "RenewalSummary": {"RenewalStatus": "SUCCESS"}}, "eligible"),
        ({"Type": "IMPORTED", "RenewalEligibility": "INELIGIBLE"}, "imported"),
        ({}, "unknown"),
        ({"RenewalEligibility": "NEW_AT_AWS", "RenewalSummary": 7}, "unknown"),
    ],
)
def test_whether_aws_renews_a_certificate_by_itself_is_told_apart(members, renewal) -> None:
    facts = acm_facts({"NotAfter": NOW + 20 * DAY, **members})
    assert certificate_fields(facts, NOW).get("CertificateRenewal") == renewal


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (36500 * DAY, 36500),
        (20 * DAY, 20),
        (20 * DAY - 1, 19),
        (DAY, 1),
        (DAY - 1, 0),
        (0, 0),
        (-1, -1),
        (-3 * DAY, -3),
    ],
)
def test_days_left_are_whole_days_and_below_zero_once_it_has_expired(left, days) -> None:
    for facts in (acm_facts({"NotAfter": float(NOW + left)}), iam_facts({"Expiration": float(NOW + left)})):
        assert certificate_fields(facts, NOW)["CertificateDaysLeft"] == days


def test_the_end_is_told_in_utc() -> None:
    assert certificate_fields(iam_facts({"Expiration": NOW + 20.0 * DAY}), NOW) == {
        "CertificateExpires": "2026-03-21T10:00:00Z",
        "CertificateDaysLeft": 20,
        "CertificateRenewal": "imported",
    }


@pytest.mark.parametrize("end", [None, "soon", True, -1, 1.8e12, [], float("nan")])
def test_of_what_is_no_time_nothing_is_told(end) -> None:
    for facts in (acm_facts({"NotAfter": end}), iam_facts({"Expiration": end})):
        assert not {"CertificateExpires", "CertificateDaysLeft"} & set(certificate_fields(facts, NOW))
    assert certificate_fields({}, NOW) == {}
