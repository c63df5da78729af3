"""The gateway of the embedded AWS: one application in front of all its services."""

from __future__ import annotations

import socket
import threading
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Tuple

from devtools.aws.accounts import Accounts, AwsAccount
from devtools.aws.certificates import Certificates
from devtools.aws.cloudfront import ControlPlane
from devtools.aws.cloudwatch import Caller
from devtools.aws.cloudwatch_api import CloudWatch
from devtools.aws.cloudwatch_wire import response
from devtools.aws.deliveries import LISTS, Deliveries
from devtools.aws.faults import Fault, Faults
from devtools.aws.s3 import Buckets
from devtools.aws.sts import SecurityTokens
from devtools.aws.tags import get_resources, list_tags_for_resource
from devtools.aws.wire import ApiError, Request, Response, error_response

# How many real seconds a simulated one takes while a call waits: time for the others to look at the clock.
STEP = 0.06

Handler = Callable[[Request, AwsAccount], Response]


class Call(NamedTuple):
    """A request that arrived: `queries` is the number of its MetricDataQueries, `status` 0 when it was cut off.

    `resource` is the bucket, or bucket/key, of a request to S3.
    """

    operation: str
    region: str
    access_key: str
    at: float
    queries: int
    status: int
    resource: str = ""


class Gateway:
    """All services as one WSGI application; keeps an account of the calls."""

    def __init__(
        self,
        clock: Any,
        accounts: Accounts,
        faults: Faults,
        control: ControlPlane,
        cloudwatch: CloudWatch,
        buckets: Buckets,
        deliveries: Deliveries,
        certificates: Certificates,
    ) -> None:
        self._clock, self._accounts, self._faults = clock, accounts, faults
        self._control, self._buckets = control, buckets
        self.tokens = tokens = SecurityTokens(accounts)
        self.calls: List[Call] = []
        self.clock_ahead = 0.0
        self._passing = threading.Lock()
        self._handlers: Dict[Tuple[str, str], Handler] = {
            ("cloudfront", "ListDistributions"): control.list_distributions,
            ("cloudfront", "ListTagsForResource"): list_tags_for_resource,
            ("tagging", "GetResources"): get_resources,
            ("sts", "AssumeRole"): tokens.assume_role,
            ("sts", "GetCallerIdentity"): tokens.get_caller_identity,
            ("acm", "DescribeCertificate"): certificates.describe_certificate,
            ("iam", "ListServerCertificates"): certificates.list_server_certificates,
            ("monitoring", "GetMetricData"): self._cloudwatch_handler(cloudwatch.get_metric_data),
            ("monitoring", "GetMetricStatistics"): self._cloudwatch_handler(cloudwatch.get_metric_statistics),
            ("monitoring", "ListMetrics"): self._cloudwatch_handler(cloudwatch.list_metrics),
            **{("logs", operation): deliveries.describe for operation in LISTS},
        }

    def __call__(self, environ: Dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request as WSGI wants it."""
        request = Request(environ)
        answer = self._answer(request)
        self._record(request, answer.status if answer else 0)
        if answer is None:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError("cut on demand")
        # Some versions of moto put the machine's own time into `date`.
        headers = {name: value for name, value in answer.headers.items() if name.lower() != "date"}
        headers["Date"] = formatdate(self._clock.time() + self.clock_ahead, usegmt=True)
        # Without it a client reads until the connection is closed, which the server does 10 ms later.
        headers.setdefault("Content-Length", str(len(answer.body)))
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", list(headers.items()))
        return [answer.body]

    def _answer(self, request: Request) -> Optional[Response]:
        """The answer to a request, or None when the connection is to be cut."""
        try:
            fault = self._faults.strike(request.operation, request.access_key, request.region, request.resource)
            if fault:
                # Not time.sleep, which tests like to replace.
                threading.Event().wait(fault.delay)
                self._let_pass(fault.takes)
                if fault.cut_connection:
                    return None
                if fault.answer:
                    return fault.answer
                if fault.code:
                    raise ApiError(fault.code, fault.message, fault.status)
            account = self._accounts.authenticate(request)
            if request.service != "s3":
                # Where the bucket's name and region matter, S3 looks by itself.
                self._accounts.authorize(request, account)
            request.edit = (fault and fault.result) or request.edit
            answer = self._handler(request)(request, account)
            return answered(answer, fault) if fault else answer
        except ApiError as error:
            return error_response(request, error)

    def _let_pass(self, seconds: float) -> None:
        """Let simulated seconds pass one by one, once for all the calls that wait."""
        end = self._clock.monotonic() + seconds
        while self._clock.monotonic() < end:
            with self._passing:
                if self._clock.monotonic() < end:
                    self._clock.advance(1)
                    threading.Event().wait(STEP)

    def _handler(self, request: Request) -> Handler:
        if request.service == "s3":
            return self._buckets.answer
        if request.service == "cloudfront":
            return self._handlers.get((request.service, request.operation), self._control.answer)
        if (request.service, request.operation) not in self._handlers:
            raise ApiError("UnknownOperationException", f"The embedded AWS has no {request.action}.")
        return self._handlers[request.service, request.operation]

    def _cloudwatch_handler(self, operation: Callable[[Caller, Dict[str, Any], float], Dict[str, Any]]) -> Handler:
        def handle(request: Request, account: AwsAccount) -> Response:
            caller = Caller(account.account_id, request.region)
            return response(request, request.edit(operation(caller, request.parameters, self._clock.time())))

        return handle

    def _record(self, request: Request, status: int) -> None:
        queries = 0
        if request.operation == "GetMetricData":
            queries = len(request.parameters.get("MetricDataQueries") or [])
        now, operation = self._clock.time(), request.operation
        self.calls.append(Call(operation, request.region, request.access_key, now, queries, status, request.resource))


def answered(answer: Response, fault: Fault) -> Response:
    """An answer as a fault leaves it; half of one says the length of the whole."""
    body = fault.body(answer.body) if fault.body else answer.body
    headers = {**answer.headers, "Content-Length": str(len(body))}
    return Response(answer.status, headers, body[: len(body) // 2] if fault.cut_answer else body)
