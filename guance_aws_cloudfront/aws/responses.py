"""Whether what came back is an answer of AWS at all: botocore takes a proxy's page with status 200 for an empty one."""

import json
import re
from typing import Any, Dict, Iterator, Mapping, Tuple

# What an operation's output must have in addition to the members that botocore's service model itself requires.
REQUIRED: Dict[str, Tuple[str, ...]] = {
    "AssumeRole": ("Credentials",),
    "DescribeCertificate": ("Certificate",),
    "DescribeDeliveries": ("deliveries",),
    "DescribeDeliveryDestinations": ("deliveryDestinations",),
    "DescribeDeliverySources": ("deliverySources",),
    "GetCallerIdentity": ("Arn",),
    "GetDistributionConfig": ("DistributionConfig",),
    "GetMetricData": ("MetricDataResults",),
    "GetResources": ("ResourceTagMappingList",),
    "ListDistributions": ("DistributionList",),
    "ListMetrics": ("Metrics",),
    "ListServerCertificates": ("ServerCertificateMetadataList", "IsTruncated"),
    "ListObjectsV2": ("Name", "IsTruncated"),
}
# The root element of an answer in XML that the service model does not name.
ROOTS = {"ListObjectsV2": "ListBucketResult"}
XML_PROTOCOLS = ("rest-xml", "query")
# Every answer of AWS has one of these, an error without a body too.
REQUEST_IDS = ("x-amzn-requestid", "x-amz-request-id", "x-amzn-errortype", "x-amzn-query-error")
AWS_ERROR = re.compile(rb'<Code>|"(?:__type|code|Code)"\s*:')
# Past the declaration and comments; no more than this of a body is looked at.
ROOT = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*<(!?[\w.:-]+)", re.DOTALL)
LOOKED_AT = 4096
TITLE = re.compile(rb"<title[^>]*>([^<]{1,80})", re.IGNORECASE)


class ForeignAnswerError(Exception):
    """What came back is not AWS's, or not all of what AWS answers; `status` is its HTTP status.

    `service` is whose answer it should have been; the text says what came instead.
    """

    def __init__(self, service: str, status: int, what: str) -> None:
        super().__init__(what)
        self.service, self.status = service, status


def check_raw(operation_model: Any, response_dict: Dict[str, Any], **_: Any) -> None:
    """Handler of botocore's event `before-parse`: ForeignAnswerError for a body that cannot be the operation's."""
    status, body = response_dict["status_code"], response_dict["body"]
    if status >= 300:
        foreign = _foreign_error(response_dict)
    elif operation_model.has_streaming_output or operation_model.http.get("method") == "HEAD":
        # The body is an object of the user's, and is still to come; or there is none.
        foreign = "" if _is_of_aws(response_dict) else "an answer without AWS's request ID"
    else:
        foreign = _foreign_answer(operation_model, body)
    if status < 300 and status != 200:
        foreign = foreign or f"nothing that {operation_model.name} answers"
    if foreign and status >= 500:
        # botocore tries again after what it knows to be no error of AWS's own, which an empty body is.
        response_dict["body"] = b""
    elif foreign:
        raise ForeignAnswerError(_service(operation_model), status, foreign)


def check_parsed(model: Any, parsed: Mapping[str, Any], http_response: Any, **_: Any) -> None:
    """Handler of botocore's event `after-call`: ForeignAnswerError where a part of the answer is missing.

    Members that the service model requires, or the table above, must be there, and as many items as are counted. What
    a single item of a list is like is not looked at: each stands for itself.
    """
    if http_response.status_code >= 300:
        return
    required = REQUIRED.get(model.name, ())
    missing = next(_missing(model.output_shape, parsed, required), "")
    if not missing and _protocol(model) == "json":
        # botocore's parser takes an object in the place of a list for an empty one.
        empty = [name for name in required if parsed[name] == []]
        raw = json.loads(http_response.content) if empty else {}
        missing = next((f"{name} is no list" for name in empty if not isinstance(raw.get(name), list)), "")
    if missing:
        what = _foreign_answer(model, http_response.content, whole=True) or missing
        raise ForeignAnswerError(_service(model), http_response.status_code, what)


def _missing(shape: Any, value: Any, required: Tuple[str, ...] = (), place: str = "") -> Iterator[str]:
    """What is missing in a structure and in the structures that it must have."""
    if not isinstance(value, Mapping):
        yield f"{place} is no structure"
        return
    for name in dict.fromkeys((*shape.required_members, *required)):
        where, found, member = f"{place}{name}", value.get(name), shape.members[name]
        if found is None:
            yield f"{where} is missing"
        elif member.type_name == "list" and not isinstance(found, list):
            yield f"{where} is no list"
        elif member.type_name == "structure" and not place:
            # No deeper: an older model may require what AWS does not send any more.
            yield from _missing(member, found, place=f"{where}.")
    if "Quantity" in value and "Items" in shape.members:
        items = value.get("Items") or ()
        if len(items) != value["Quantity"]:
            yield f"{place}Quantity is {value['Quantity']}, and there are {len(items)} Items"


def _foreign_answer(model: Any, body: bytes, whole: bool = False) -> str:
    """What came in the place of an operation's answer; empty where its beginning, or `whole`, is as it should be."""
    found = ROOT.match(body[:LOOKED_AT])
    root = found.group(1).decode(errors="replace").rpartition(":")[2] if found else ""
    protocol = _protocol(model)
    if not body.strip():
        return "an empty body"
    if root.lower() in ("html", "!doctype"):
        return f"an HTML page{_title(body)}, as a proxy sends"
    if protocol in XML_PROTOCOLS and root != _root(model):
        return f"XML of another kind, <{root}>" if root else "no XML"
    if protocol == "json" and not body.lstrip().startswith(b"{"):
        return "no JSON object"
    if protocol == "json" and whole:
        try:
            json.loads(body)
        except ValueError:
            return "JSON that breaks off"
    return ""


def _foreign_error(response: Mapping[str, Any]) -> str:
    """What an answer with the status of an error is, when no service of AWS has sent it; empty where one has."""
    body = response["body"]
    if AWS_ERROR.search(body[:LOOKED_AT]) or _is_of_aws(response):
        return ""
    if response["status_code"] < 400:
        headers = {str(name).lower(): value for name, value in response["headers"].items()}
        return f"a redirect to {headers.get('location', 'nowhere')}"
    return f"a page{_title(body)} that is no error of AWS's" if body.strip() else "an empty body"


def _is_of_aws(response: Mapping[str, Any]) -> bool:
    """Whether an answer has a header that every answer of AWS's has."""
    return not {str(name).lower() for name in response["headers"]}.isdisjoint(REQUEST_IDS)


def _title(body: bytes) -> str:
    found = TITLE.search(body[:LOOKED_AT])
    return f' titled "{found.group(1).decode(errors="replace").strip()}"' if found else ""


def _root(model: Any) -> str:
    """The root element of an operation's answer in XML."""
    if model.name in ROOTS:
        return ROOTS[model.name]
    shape = model.output_shape
    payload = shape.serialization.get("payload")
    if payload:
        member = shape.members[payload]
        return str(member.serialization.get("name", member.name))
    return f"{model.name}Response"


def _protocol(model: Any) -> str:
    service = model.service_model
    return str(getattr(service, "resolved_protocol", None) or service.metadata["protocol"])


def _service(model: Any) -> str:
    return str(model.service_model.service_id)
