"""Requests to AWS as they arrive, answers and errors as they leave, in every wire protocol in use."""

from __future__ import annotations

import hmac
import json
import re
from functools import cached_property
from typing import Any, Callable, Dict, Mapping, NamedTuple, Tuple
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

JSON, QUERY, REST_XML = "json", "query", "rest-xml"
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
IAM_PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}
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

    @property
    def operation(self) -> str:
        """The name of the operation, as the service's model has it."""
        named = self.target.rpartition(".")[2] or self.form.get("Action")
        if named:
            return named
        for method, path, operation in REST_OPERATIONS:
            if method == self.method and re.fullmatch(path, self.path.rstrip("/")):
                return operation
        return f"{self.method} {self.path}"

    @property
    def action(self) -> str:
        """The IAM action that the operation needs."""
        return f"{IAM_PREFIXES.get(self.service, self.service)}:{self.operation}"

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
        signer = SigV4Auth(Credentials(self.access_key, secret), self.service, self.region)
        expected = signer.signature(signer.string_to_sign(signed, signer.canonical_request(signed)), signed)
        return hmac.compare_digest(str(expected), self._signature)

    def _header(self, name: str) -> str:
        key = name.upper().replace("-", "_")
        return str(self.environ.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}", ""))

    def _url(self) -> str:
        query = self.environ.get("QUERY_STRING", "")
        return f"http://{self._header('host')}{self.path}" + (f"?{query}" if query else "")


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


def error_response(protocol: str, error: ApiError) -> Response:
    """An error as the protocol sends it."""
    code = spelled(error.code, protocol)
    sender = "Sender" if error.status < 500 else "Receiver"
    if protocol == JSON:
        # Services that once spoke query XML say the code again, in a header that clients prefer.
        headers = (("x-amzn-query-error", f"{code};{sender}"),)
        return json_response({"__type": code, "message": error.message}, error.status, headers)
    said = f"<Type>{sender}</Type><Code>{escape(code)}</Code><Message>{escape(error.message)}</Message>"
    body = f"<ErrorResponse><Error>{said}</Error><RequestId>0f5e0000-embedded</RequestId></ErrorResponse>"
    return xml_response(body, error.status)


def spelled(code: str, protocol: str) -> str:
    """The code as the protocol spells it, whichever of both spellings is given."""
    for pair in SPELLINGS:
        if code in pair:
            return pair[protocol == JSON]
    return code
