"""The certificate that a distribution shows to its viewers: which one it is, and what ACM or IAM say of it."""

import math
from typing import Any, Dict, Mapping

from guance_aws_cloudfront.cloudfront.partitions import Partition, partition_of
from guance_aws_cloudfront.cloudfront.record import Record, structure, text_of
from guance_aws_cloudfront.text import iso_utc

DAY = 86400
# The years 1971 to 9999, in epoch seconds: who signs his own certificate gives it a century or more. A time in
# milliseconds lies outside.
ENDS = (365 * DAY, 253402300799)
# Nobody but its owner renews it: it was made elsewhere.
IMPORTED = "imported"
# What ACM says of a renewal that is under way or has failed, and otherwise of whether there will be one.
RENEWAL_STATUS = {
    "PENDING_AUTO_RENEWAL": "pending",
    "PENDING_VALIDATION": "pending validation",
    "FAILED": "failed",
}
ELIGIBILITY = {"ELIGIBLE": "eligible", "INELIGIBLE": "ineligible"}

UNKNOWN = "unknown"

# Plain data, to be kept as JSON: `expires` in epoch seconds, only when it is known, and `renewal` in words.
Facts = Dict[str, Any]


def acm_certificate(record: Record) -> str:
    """The ARN of a distribution's certificate of ACM; empty when it has none."""
    return text_of(structure(record.get("ViewerCertificate")), "ACMCertificateArn")


def iam_certificate(record: Record) -> str:
    """The ID of a distribution's server certificate of IAM; empty when it has none, or one of ACM."""
    return "" if acm_certificate(record) else text_of(structure(record.get("ViewerCertificate")), "IAMCertificateId")


def region_of(arn: str, partition: Partition) -> str:
    """The region in which ACM keeps a certificate (us-east-1 for CloudFront); empty when the partition has no such."""
    # arn:aws:acm:us-east-1:123456789012:certificate/<id>
    region = [*arn.split(":"), "", "", "", ""][3]
    return region if partition_of(region) == partition else ""


def acm_facts(certificate: Mapping[str, Any]) -> Facts:
    """When a certificate expires, and who renews it, from an answer of DescribeCertificate."""
    renewal = RENEWAL_STATUS.get(text_of(structure(certificate.get("RenewalSummary")), "RenewalStatus"))
    if renewal is None:
        renewal = ELIGIBILITY.get(text_of(certificate, "RenewalEligibility"), UNKNOWN)
    if text_of(certificate, "Type") == "IMPORTED":
        renewal = IMPORTED
    return _facts(certificate.get("NotAfter"), renewal)


def iam_facts(certificate: Mapping[str, Any]) -> Facts:
    """When a server certificate expires, from ListServerCertificates; IAM never renews one."""
    return _facts(certificate.get("Expiration"), IMPORTED)


def certificate_fields(facts: Facts, now: float) -> Dict[str, Any]:
    """The fields of an object, from what is known of its certificate; `now` is in epoch seconds."""
    fields: Dict[str, Any] = {}
    if "expires" in facts:
        # Whole days; below zero once it has expired.
        days = math.floor((facts["expires"] - now) / DAY)
        fields.update(CertificateExpires=iso_utc(facts["expires"]), CertificateDaysLeft=days)
    if "renewal" in facts:
        fields["CertificateRenewal"] = facts["renewal"]
    return fields


def _facts(expires: Any, renewal: str) -> Facts:
    is_number = isinstance(expires, (int, float)) and not isinstance(expires, bool)
    is_end = is_number and ENDS[0] <= expires <= ENDS[1]
    return {**({"expires": expires} if is_end else {}), "renewal": renewal}
