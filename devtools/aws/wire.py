"""Requests to AWS as they arrive, answers and errors as they leave, in every wire protocol in use."""

from __future__ import annotations

import hmac
import json
import re
from functools import cached_property
from typing import Any, Callable, Dict, Mapping, NamedTuple, Tuple
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

JSON, QUERY, REST_XML, S3 = "json", "query", "rest-xml", "s3"
CREDENTIAL = re.compile(
    r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request, *SignedHeaders=([^,]+), *Signature=(\w+)"
)
# CloudFront's operations by method and path; the rest are named by these two.
REST_OPERATIONS = (
    ("GET", r"/[\d-]+/distribution", "ListDistributions"),
    ("GET", r"/[\d-]+/distribution/[^/]+", "GetDistribution"),
    ("GET", r"/[\d-]+/distribution/[^/]+/config", "GetDistributionConfig"),
    ("GET", r"/[\d-]+/tagging", "ListTagsForResource"),
)
# S3's by method and whether a key is named; then those by a parameter that only they have.
S3_OPERATIONS = {
    ("GET", True): "GetObject",
    ("HEAD", True): "HeadObject",
    ("GET", False): "ListObjects",
    ("HEAD", False): "HeadBucket",
    ("PUT", True): "PutObject",
    ("PUT", False): "CreateBucket",
    ("DELETE", True): "DeleteObject",
    ("DELETE", False): "DeleteBucket",
}
S3_PARAMETERS = {"list-type": "ListObjectsV2", "location": "GetBucketLocation"}
# With these two S3 signs every answer.
S3_IDS = {"x-amz-request-id": "EMBEDDED00000000", "x-amz-id-2": "ZW1iZWRkZWQ="}
IAM_PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}
# S3's operations that need an action of another name.
IAM_ACTIONS = {
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
}
# The same error as the protocols without and with JSON spell it.
SPELLINGS = (
    ("Throttling", "ThrottlingException"),
    ("AccessDenied", "AccessDeniedException"),
    ("ExpiredToken", "ExpiredTokenException"),
    ("SignatureDoesNotMatch", "InvalidSignatureException"),
)


class Response(NamedTuple):
    """An answer over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ApiError(Exception):
    """An answer of AWS that is an error; the code is spelled as the request's protocol spells it."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


class Request:
    """A request to any of AWS's services, read from a WSGI environment."""

    def __init__(self, environ: Dict[str, Any]) -> None:
        self.environ = environ
        # What is to be made of CloudWatch's answer before it goes out.
        self.edit: Callable[[Dict[str, Any]], Dict[str, Any]] = lambda result: result
        self.method = str(environ["REQUEST_METHOD"])
        self.path = str(environ.get("PATH_INFO", ""))
        self.body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        credential = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        fields = credential.groups() if credential else ("", "", "", "", "")
        self.access_key, self.region, self.service, self._signed, self._signature = fields
        self.target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
        self.query = _flat(environ.get("QUERY_STRING", ""))
        is_form = "x-www-form-urlencoded" in environ.get("CONTENT_TYPE", "")
        self.form = _flat(self.body.decode()) if is_form else {}
        self.protocol = JSON if self.target else QUERY if "Action" in self.form else REST_XML
        self.protocol = S3 if self.service == "s3" else self.protocol
        # Of S3: the bucket, or bucket/key.
        self.resource = self.path.lstrip("/").encode("latin-1").decode() if self.protocol == S3 else ""
        self.requester_pays = environ.get("HTTP_X_AMZ_REQUEST_PAYER") == "requester"

    @property
    def operation(self) -> str:
        """The name of the operation, as the service's model has it."""
        named = self.target.rpartition(".")[2] or self.form.get("Action")
        if named:
            return named
        if self.protocol == S3:
            particular = [operation for name, operation in S3_PARAMETERS.items() if name in self.query]
            plain = S3_OPERATIONS.get((self.method, bool(self.resource.partition("/")[2])), f"{self.method} of S3")
            return particular[0] if particular else plain
        for method, path, operation in REST_OPERATIONS:
            if method == self.method and re.fullmatch(path, self.path.rstrip("/")):
                return operation
        return f"{self.method} {self.path}"

    @property
    def action(self) -> str:
        """The IAM action that the operation needs."""
        name = IAM_ACTIONS.get(self.operation, self.operation) if self.protocol == S3 else self.operation
        return f"{IAM_PREFIXES.get(self.service, self.service)}:{name}"

    @cached_property
    def parameters(self) -> Dict[str, Any]:
        """The parameters of the operation, of the same shape in JSON and in a form; the scalars of a form stay text."""
        if self.protocol == JSON:
            parsed: Dict[str, Any] = json.loads(self.body)
            return parsed
        nested: Dict[str, Any] = {}
        for key, value in self.form.items():
            place = nested
            *path, last = key.split(".")
            for step in path:
                place = place.setdefault(step, {})
            place[last] = value
        return dict(_unfold(nested))

    def is_signed_with(self, secret: str) -> bool:
        """Whether the signature (version 4) was made with a secret."""
        headers = {name: self._header(name) for name in self._signed.split(";")}
        signed = AWSRequest(self.method, self._url(), headers=headers, data=self.body)
        signed.context["timestamp"] = self._header("x-amz-date")
        kind = S3SigV4Auth if self.protocol == S3 else SigV4Auth
        signer = kind(Credentials(self.access_key, secret), self.service, self.region)
        expected = signer.signature(signer.string_to_sign(signed, signer.canonical_request(signed)), signed)
        return hmac.compare_digest(str(expected), self._signature)

    def _header(self, name: str) -> str:
        key = name.upper().replace("-", "_")
        return str(self.environ.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}", ""))

    def _url(self) -> str:
        query = self.environ.get("QUERY_STRING", "")
        # S3 signs the path as it is sent.
        path = urlsplit(self.environ["REQUEST_URI"]).path if self.protocol == S3 else self.path
        return f"http://{self._header('host')}{path}" + (f"?{query}" if query else "")


def _flat(query: str) -> Dict[str, str]:
    return {key: values[0] for key, values in parse_qs(query, keep_blank_values=True).items()}


def _unfold(value: Any) -> Any:
    # A form has a list as `Name.member.1=…`, and an empty one as `Name=`.
    if not isinstance(value, dict):
        return value
    if set(value) == {"member"}:
        return [_unfold(value["member"][number]) for number in sorted(value["member"], key=int)]
    return {key: _unfold(inner) for key, inner in value.items()}


def xml_response(body: str, status: int = 200) -> Response:
    """An answer in XML; the prologue is put before the body."""
    return Response(status, {"Content-Type": "text/xml"}, f'<?xml version="1.0" encoding="utf-8"?>\n{body}'.encode())


def json_response(body: Mapping[str, Any], status: int = 200, headers: Tuple[Tuple[str, str], ...] = ()) -> Response:
    """An answer in JSON."""
    return Response(status, {"Content-Type": "application/x-amz-json-1.0", **dict(headers)}, json.dumps(body).encode())


def error_response(request: Request, error: ApiError) -> Response:
    """An error as the request's protocol sends it."""
    protocol = request.protocol
    if protocol == S3:
        return s3_error(request, error)
    code = spelled(error.code, protocol)
    sender = "Sender" if error.status < 500 else "Receiver"
    if protocol == JSON:
        # Services that once spoke query XML say the code again, in a header that clients prefer.
        headers = (("x-amzn-query-error", f"{code};{sender}"),)
        return json_response({"__type": code, "message": error.message}, error.status, headers)
    said = f"<Type>{sender}</Type><Code>{escape(code)}</Code><Message>{escape(error.message)}</Message>"
    body = f"<ErrorResponse><Error>{said}</Error><RequestId>0f5e0000-embedded</RequestId></ErrorResponse>"
    return xml_response(body, error.status)


def s3_error(request: Request, error: ApiError, **elements: str) -> Response:
    """An error as S3 sends it, with more elements; the answer to a HEAD has no body."""
    said = {"Code": spelled(error.code, S3), "Message": error.message, **elements}
    said["RequestId"] = S3_IDS["x-amz-request-id"]
    body = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in said.items())
    answer = xml_response(f"<Error>{body}</Error>", error.status)
    headers = {**answer.headers, **S3_IDS}
    return Response(error.status, headers, b"" if request.method == "HEAD" else answer.body)


def spelled(code: str, protocol: str) -> str:
    """The code as the protocol spells it, whichever of both spellings is given."""
    for pair in SPELLINGS:
        if code in pair:
            return pair[protocol == JSON]
    return code
