"""CloudFront of the embedded AWS: moto's, brought to what AWS answers where moto does not."""

from __future__ import annotations

import re
import time
import zlib
from io import BytesIO
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple
from xml.sax.saxutils import escape

from moto.cloudfront.models import cloudfront_backends
from moto.cloudfront.responses import CloudFrontResponse

from devtools.aws.accounts import DOMAINS, AwsAccount
from devtools.aws.moto_app import MotoApp
from devtools.aws.wire import ApiError, Request, Response, xml_response

XML_NAMESPACE = "http://cloudfront.amazonaws.com/doc/2020-05-31/"
PAGE = 100
# More than there are, so that moto gives all of them at once.
ALL = "1000000"
SUMMARY = re.compile(r"<DistributionSummary>.*?</DistributionSummary>", re.DOTALL)
SUMMARY_END = "</DistributionSummary>"
# AWS has no Items in a list of none.
EMPTY_ITEMS = re.compile(r"<Items>\s*</Items>|<Items */>")
STATUS = re.compile(r"<Status>\w+</Status>")
DEFAULT_CERTIFICATE = re.compile(r"(?<=<CloudFrontDefaultCertificate>)\w+")
ORIGIN = "origin"


class Record(NamedTuple):
    """What is said of a distribution when it is created."""

    id: str
    aliases: Sequence[str]
    comment: str
    enabled: bool
    tags: Mapping[str, str]
    created_at: float
    settings: Mapping[str, Any]
    origin: str = "origin.example.com"
    # The ARN of a certificate of ACM, or the ID of one of IAM; else it is CloudFront's own.
    certificate: str = ""


class ControlPlane:
    """The resources of all accounts; moto keeps them, under the account's number. `clock` tells the time."""

    def __init__(self, clock: Any, moto: MotoApp) -> None:
        self._clock = clock
        self._moto = moto
        self._lock = moto.lock
        self._summaries: Dict[str, List[str]] = {}
        self._records: Dict[str, Record] = {}
        self._domains: Dict[str, str] = {}
        # When the deployment of a distribution ends.
        self._deployed_at: Dict[str, float] = {}

    def forget(self, account: AwsAccount) -> None:
        """Drop all that moto keeps of an account."""
        with self._lock:
            cloudfront_backends.pop(account.account_id, None)
            self._summaries.pop(account.account_id, None)

    def create(self, account: AwsAccount, record: Record) -> None:
        """Create a distribution as it is said."""
        backend = cloudfront_backends[account.account_id][account.partition]
        with self._lock:
            made = backend.create_distribution(_config(record), [])[0]
            del backend.distributions[made.distribution_id]
            backend.distributions[record.id] = made
            made.id = made.distribution_id = record.id
            made.arn = f"arn:{account.partition}:cloudfront::{account.account_id}:distribution/{record.id}"
            made.domain_name = f"d{record.id[1:].lower()}.{DOMAINS[account.partition]}"
            made.last_modified_time = timestamp(record.created_at)
            made.etag = f"E{record.id[:0:-1]}"
            self._domains[record.id] = made.domain_name
            self.tag(account, record.id, record.tags)
            self._records[record.id] = record
            self._summaries.pop(account.account_id, None)

    def update(
        self, account: AwsAccount, distribution_id: str, deployed_after: float, changes: Mapping[str, Any]
    ) -> None:
        """Modify a distribution now, as `Record` has it; it is deployed so many seconds later.

        KeyError when there is none of that Id.
        """
        backend = cloudfront_backends[account.account_id][account.partition]
        with self._lock:
            made, now = backend.distributions[distribution_id], self._clock.time()
            record = self._records[distribution_id] = self._records[distribution_id]._replace(**changes)
            made.distribution_config = type(made.distribution_config)(_config(record))
            made.last_modified_time = timestamp(now)
            made.etag = f"E{zlib.crc32(f'{made.etag}{now}'.encode()):013X}"
            self._deployed_at[distribution_id] = now + deployed_after
            self._summaries.pop(account.account_id, None)

    def names(self, distribution_id: str) -> Tuple[str, Sequence[str]]:
        """A distribution's own domain, and its aliases; KeyError when there is none of that Id."""
        return self._domains[distribution_id], self._records[distribution_id].aliases

    def tag(self, account: AwsAccount, distribution_id: str, tags: Mapping[str, str]) -> None:
        """Give a distribution more resource tags; KeyError when there is none of that Id."""
        backend = cloudfront_backends[account.account_id][account.partition]
        arn = backend.distributions[distribution_id].arn
        backend.tagger.tag_resource(arn, [{"Key": key, "Value": value} for key, value in tags.items()])

    def remove(self, account: AwsAccount, distribution_id: str) -> None:
        """Delete a distribution; KeyError when there is none of that Id."""
        backend = cloudfront_backends[account.account_id][account.partition]
        with self._lock:
            removed = backend.distributions.pop(distribution_id)
            backend.tagger.delete_all_tags_for_resource(removed.arn)
            self._summaries.pop(account.account_id, None)

    def answer(self, request: Request, account: AwsAccount) -> Response:
        """What moto answers to the request in the name of the account."""
        with self._lock:
            answer = self._moto.answer(request, account)
            if request.method != "GET":
                self._summaries.pop(account.account_id, None)
        return answer

    def list_distributions(self, request: Request, account: AwsAccount) -> Response:
        """A page of the listing: MaxItems (100) distributions after the one that Marker names."""
        marker, most = request.query.get("Marker", ""), min(int(request.query.get("MaxItems", PAGE)), PAGE)
        with self._lock:
            summaries = self._all_summaries(request, account)
        ids = [_id(summary) for summary in summaries]
        if marker and marker not in ids:
            raise ApiError("InvalidArgument", "The specified marker does not exist.", 400)
        first = ids.index(marker) + 1 if marker else 0
        page = list(map(self._with_status, summaries[first : first + most]))
        truncated = first + most < len(summaries)
        following = f"<NextMarker>{_id(page[-1])}</NextMarker>" if truncated else ""
        items = f"<Items>{''.join(page)}</Items>" if page else ""
        return xml_response(
            f'<DistributionList xmlns="{XML_NAMESPACE}"><Marker>{marker}</Marker>{following}<MaxItems>{most}</MaxItems>'
            f"<IsTruncated>{str(truncated).lower()}</IsTruncated><Quantity>{len(page)}</Quantity>{items}"
            "</DistributionList>"
        )

    def _with_status(self, summary: str) -> str:
        is_deployed = self._clock.time() >= self._deployed_at.get(_id(summary), 0.0)
        return STATUS.sub(f"<Status>{'Deployed' if is_deployed else 'InProgress'}</Status>", summary, count=1)

    def _all_summaries(self, request: Request, account: AwsAccount) -> List[str]:
        """All of moto's summaries in XML, with what it leaves out; rendering takes it 2 ms for each."""
        if account.account_id not in self._summaries:
            whole = Request({**request.environ, "wsgi.input": BytesIO(), "QUERY_STRING": f"MaxItems={ALL}"})
            listing = self.answer(whole, account).body.decode()
            backend = cloudfront_backends[account.account_id][account.partition]
            self._summaries[account.account_id] = [
                _completed(summary, backend.distributions[_id(summary)].etag, self._records.get(_id(summary)))
                for summary in SUMMARY.findall(listing)
            ]
        return self._summaries[account.account_id]


def timestamp(seconds: float) -> str:
    """A time as AWS has it in XML."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def _id(summary: str) -> str:
    return summary.partition("<Id>")[2].partition("</Id>")[0]


def _completed(summary: str, etag: str, record: Optional[Record]) -> str:
    certificate = record.certificate if record else ""
    if certificate:
        member = "ACMCertificateArn" if certificate.startswith("arn:") else "IAMCertificateId"
        summary = DEFAULT_CERTIFICATE.sub("false", summary)
        summary = summary.replace(f"<{member}></{member}>", f"<{member}>{certificate}</{member}>")
    missing = {"ETag": etag, "Staging": "false", "AliasICPRecordals": ""}
    added = "".join(f"<{name}>{value}</{name}>" for name, value in missing.items() if f"<{name}" not in summary)
    return EMPTY_ITEMS.sub("", summary[: -len(SUMMARY_END)]) + added + SUMMARY_END


def _config(record: Record) -> Dict[str, Any]:
    """The configuration of a distribution as moto's backend takes it."""
    # moto for Python 3.8 keeps lists as the request's XML had them, and does not escape what it renders.
    parsed = getattr(CloudFrontResponse(), "automated_parameter_parsing", False)
    endpoint = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
    origins = [{"Id": ORIGIN, "DomainName": record.origin, "CustomOriginConfig": endpoint}]
    aliases = list(record.aliases)
    config: Dict[str, Any] = {
        "CallerReference": record.id,
        "Comment": record.comment if parsed else escape(record.comment),
        "Enabled": str(record.enabled).lower(),
        "Origins": {"Quantity": len(origins), "Items": origins if parsed else {"Origin": origins}},
        "DefaultCacheBehavior": {"TargetOriginId": ORIGIN, "ViewerProtocolPolicy": "redirect-to-https"},
        **record.settings,
    }
    return {**config, "Aliases": {"Items": aliases if parsed else {"CNAME": aliases}}} if aliases else config
