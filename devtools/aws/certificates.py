"""ACM and IAM of the embedded AWS, as far as certificates of distributions go: what they are, and until when."""

from __future__ import annotations

import uuid
from typing import Any, Dict, List, Tuple
from xml.sax.saxutils import escape

from devtools.aws.accounts import AwsAccount
from devtools.aws.cloudfront import timestamp
from devtools.aws.wire import ApiError, Request, Response, json_response, xml_response

XML_NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"
PAGE = 100


class Certificates:
    """The certificates of all accounts: those of ACM, each in one region, and the server certificates of IAM."""

    def __init__(self) -> None:
        self._of_acm: Dict[Tuple[str, str], Dict[str, Any]] = {}
        self._of_iam: Dict[str, List[Dict[str, str]]] = {}

    def add_to_acm(self, account: AwsAccount, region: str, expires_at: float, **members: Any) -> str:
        """Add a certificate that Amazon has issued and renews, unless `members` say otherwise; its ARN."""
        name = uuid.uuid5(uuid.NAMESPACE_OID, f"{account.account_id}/{len(self._of_acm)}")
        arn = f"arn:{account.partition}:acm:{region}:{account.account_id}:certificate/{name}"
        self._of_acm[region, arn] = {
            **{"CertificateArn": arn, "DomainName": "www.example.com", "Status": "ISSUED", "Type": "AMAZON_ISSUED"},
            **{"NotAfter": float(expires_at), "KeyAlgorithm": "RSA-2048", "RenewalEligibility": "ELIGIBLE"},
            **members,
        }
        return arn

    def renew(self, arn: str, **members: Any) -> None:
        """Let ACM tell something else of a certificate, such as another NotAfter."""
        for (_, known), certificate in self._of_acm.items():
            if known == arn:
                certificate.update(members)

    def add_to_iam(self, account: AwsAccount, expires_at: float) -> str:
        """Upload a server certificate to IAM; its ID."""
        there = self._of_iam.setdefault(account.account_id, [])
        number, name = f"ASCA{len(there):017d}", f"certificate-{len(there)}"
        arn = f"arn:{account.partition}:iam::{account.account_id}:server-certificate/cloudfront/{name}"
        there.append(
            {
                **{"ServerCertificateId": number, "ServerCertificateName": name, "Path": "/cloudfront/", "Arn": arn},
                **{"Expiration": timestamp(expires_at), "UploadDate": timestamp(0)},
            }
        )
        return number

    def describe_certificate(self, request: Request, account: AwsAccount) -> Response:
        """DescribeCertificate: what is known of a certificate in the region that is asked."""
        arn = str(request.parameters.get("CertificateArn", ""))
        certificate = self._of_acm.get((request.region, arn))
        if certificate is None or f":{account.account_id}:" not in arn:
            raise ApiError("ResourceNotFoundException", f"Could not find certificate {arn}.")
        return json_response({"Certificate": certificate})

    def list_server_certificates(self, request: Request, account: AwsAccount) -> Response:
        """ListServerCertificates: a page of them, after the one that Marker names."""
        there = self._of_iam.get(account.account_id, [])
        first = int(request.parameters.get("Marker") or 0)
        members = "".join(
            "<member>" + "".join(f"<{name}>{escape(value)}</{name}>" for name, value in one.items()) + "</member>"
            for one in there[first : first + PAGE]
        )
        more = first + PAGE < len(there)
        marker = f"<Marker>{first + PAGE}</Marker>" if more else ""
        name = request.operation
        return xml_response(
            f'<{name}Response xmlns="{XML_NAMESPACE}"><{name}Result><IsTruncated>{str(more).lower()}</IsTruncated>'
            f"{marker}<ServerCertificateMetadataList>{members}</ServerCertificateMetadataList></{name}Result>"
            f"</{name}Response>"
        )
