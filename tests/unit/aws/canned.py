"""Canned answers in the wire forms of AWS, in the place of the socket: botocore parses and retries as ever."""

import json
from io import BytesIO

from botocore.awsrequest import AWSResponse

from guance_aws_cloudfront.text import iso_utc
from tests.conftest import NOW

LISTING = """<DistributionList><Marker/><MaxItems>100</MaxItems><IsTruncated>{more}</IsTruncated>{next}
<Quantity>1</Quantity><Items><DistributionSummary><Id>{id}</Id><Enabled>true</Enabled>
<LastModifiedTime>2022-03-09T06:13:31.000Z</LastModifiedTime></DistributionSummary></Items></DistributionList>"""
NO_LISTING = "<DistributionList><Marker/><MaxItems>100</MaxItems><IsTruncated>false</IsTruncated><Quantity>0</Quantity>"


class Raw(BytesIO):
    """A response body as urllib3 hands it on."""

    def stream(self):
        yield self.read()


def respond(request, status, body, **headers):
    """An answer with a body and, beside its length, the headers given (`content_type=…`)."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return AWSResponse(request.url, status, {"Content-Length": str(len(body)), **named}, Raw(body.encode()))


def is_json(request):
    return "X-Amz-Target" in request.headers


def error(request, code, message, status=400):
    """An error in the wire form of the service that was asked."""
    if is_json(request):
        return respond(request, status, json.dumps({"__type": code, "message": message}))
    said = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    return respond(request, status, said)


def metric_data(request, value, next_token=None, at=NOW):
    """A page that answers the first query with one value, at NOW."""
    if is_json(request):
        result = {"Id": "q0", "Timestamps": [at], "Values": [value], "StatusCode": "Complete"}
        return respond(request, 200, json.dumps({"MetricDataResults": [result], "NextToken": next_token}))
    token = f"<NextToken>{next_token}</NextToken>" if next_token else ""
    return respond(
        request,
        200,
        "<GetMetricDataResponse><GetMetricDataResult><MetricDataResults><member><Id>q0</Id>"
        f"<Timestamps><member>{iso_utc(at)}</member></Timestamps><StatusCode>Complete</StatusCode>"
        f"<Values><member>{value}</member></Values></member></MetricDataResults>{token}"
        "</GetMetricDataResult></GetMetricDataResponse>",
    )
