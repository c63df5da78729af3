"""What is no answer of AWS's is an error of its call, in every operation and in every wire form, and nothing of it is
believed."""

import json
import re

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guance_aws_cloudfront.aws.client import Aws
from guance_aws_cloudfront.aws.errors import ACTIONS, AwsDeniedError, AwsError
from guance_aws_cloudfront.aws.log_files import LogFilesAws
from guance_aws_cloudfront.aws.responses import REQUIRED
from guance_aws_cloudfront.cloudfront.catalog import DEFAULT_METRICS
from guance_aws_cloudfront.points.queries import metric_data_request
from guance_aws_cloudfront.points.series import plan_series
from guance_aws_cloudfront.points.windows import Window
from guance_aws_cloudfront.settings.account import parse_account
from guance_aws_cloudfront.settings.config import parse_config
from tests.conftest import NOW, RAW_ACCOUNT
from tests.unit.aws.canned import is_json, respond

ARN = "arn:aws:cloudfront::123456789012:distribution/E1"
ROLE = {**RAW_ACCOUNT, "role_arn": "arn:aws:iam::123456789012:role/guance"}
REQUEST = metric_data_request(plan_series(["E1"], DEFAULT_METRICS[:1]), Window(NOW, NOW + 120), 60)
PAGE = "<!DOCTYPE html>\n<html><head><title>Blocked by policy</title></head><body>Ask IT</body></html>"


def wrapped(operation, inside):
    return f"<{operation}Response><{operation}Result>{inside}</{operation}Result></{operation}Response>"


CONFIG = (
    "<DistributionConfig><CallerReference>x</CallerReference><Comment/><Enabled>true</Enabled><Origins><Quantity>0"
    "</Quantity></Origins><DefaultCacheBehavior/><Logging><Enabled>true</Enabled><Bucket>b</Bucket></Logging>"
    "</DistributionConfig>"
)
CREDENTIALS = (
    "<Credentials><AccessKeyId>ASIA0000000000000001</AccessKeyId><SecretAccessKey>temporary/secret</SecretAccessKey>"
    "<SessionToken>temporary/token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
)
LISTING = (
    "<DistributionList><Marker/><MaxItems>100</MaxItems><IsTruncated>false</IsTruncated><Quantity>1</Quantity><Items>"
    "<DistributionSummary><Id>E1</Id></DistributionSummary></Items></DistributionList>"
)
ACM = "arn:aws:acm:us-east-1:123456789012:certificate/1"
SERVER_CERTIFICATES = (
    "<IsTruncated>false</IsTruncated><ServerCertificateMetadataList><member><Path>/</Path><ServerCertificateId>ASCA1"
    "</ServerCertificateId><Expiration>2026-05-01T00:00:00Z</Expiration></member></ServerCertificateMetadataList>"
)
# A good answer of every operation, in XML, and in JSON where the service may speak that.
GOOD = {
    "ListDistributions": (LISTING, None),
    "ListTagsForResource": ("<Tags><Items><Tag><Key>a</Key><Value>b</Value></Tag></Items></Tags>", None),
    "GetDistributionConfig": (CONFIG, None),
    "GetMetricData": (
        wrapped("GetMetricData", "<MetricDataResults><member><Id>q0</Id></member></MetricDataResults>"),
        {"MetricDataResults": [{"Id": "q0", "Timestamps": [NOW], "Values": [1.0]}], "Messages": []},
    ),
    "ListMetrics": (
        wrapped("ListMetrics", "<Metrics><member><MetricName>Requests</MetricName></member></Metrics>"),
        {"Metrics": [{"MetricName": "Requests", "Dimensions": []}]},
    ),
    "GetResources": ("", {"ResourceTagMappingList": [{"ResourceARN": ARN, "Tags": [{"Key": "a", "Value": "b"}]}]}),
    "DescribeCertificate": ("", {"Certificate": {"CertificateArn": ACM, "NotAfter": NOW}}),
    "ListServerCertificates": (wrapped("ListServerCertificates", SERVER_CERTIFICATES), None),
    "AssumeRole": (wrapped("AssumeRole", CREDENTIALS), None),
    "DescribeDeliverySources": ("", {"deliverySources": [{"name": "s"}]}),
    "DescribeDeliveries": ("", {"deliveries": [{"id": "d"}]}),
    "DescribeDeliveryDestinations": ("", {"deliveryDestinations": [{"arn": "a"}]}),
    "ListObjectsV2": (
        "<ListBucketResult><Name>logs</Name><IsTruncated>false</IsTruncated><KeyCount>1</KeyCount><Contents><Key>a</Key>"
        "<Size>1</Size></Contents></ListBucketResult>",
        None,
    ),
    "GetCallerIdentity": (wrapped("GetCallerIdentity", "<Arn>arn:aws:iam::123456789012:user/x</Arn>"), None),
}
CONFIGURED = parse_config({})
CALLS = {
    "ListDistributions": lambda aws: aws.distributions(),
    "ListTagsForResource": lambda aws: raised(aws.tags_of([ARN])),
    "GetDistributionConfig": lambda aws: raised(aws.configurations(["E1"])),
    "GetMetricData": lambda aws: raised(aws.metric_data([REQUEST])),
    "ListMetrics": lambda aws: aws.listed_metrics(),
    "GetResources": lambda aws: aws.resource_tags(),
    "DescribeCertificate": lambda aws: raised(aws.certificates([ACM])),
    "ListServerCertificates": lambda aws: aws.server_certificates(),
    "AssumeRole": None,
    "DescribeDeliverySources": lambda aws: aws.described("DescribeDeliverySources"),
    "DescribeDeliveries": lambda aws: aws.described("DescribeDeliveries"),
    "DescribeDeliveryDestinations": lambda aws: aws.described("DescribeDeliveryDestinations"),
    "ListObjectsV2": lambda aws: raised(aws.listed_keys([("logs", "cf/", "")])),
    "GetCallerIdentity": lambda aws: aws.caller(),
}


def raised(answers):
    (answer,) = answers
    if isinstance(answer, AwsError):
        raise answer
    return answer


def text_of(request, operation):
    """A good answer in the wire form of a request."""
    xml, plain = GOOD[operation]
    return json.dumps(plain) if is_json(request) else xml


@pytest.fixture
def called(account, config, monkeypatch, botocore_as):
    """Calls an operation whose answer is what a function makes of (request, the good answer)."""

    def call(operation, answer):
        monkeypatch.setattr("time.sleep", lambda seconds: None)
        monkeypatch.setattr(
            "botocore.httpsession.URLLib3Session.send",
            lambda _, request: answer(request, text_of(request, operation)),
        )
        if operation == "AssumeRole":
            return Aws(parse_account(ROLE), config, "test")
        return CALLS[operation](LogFilesAws(account, config, "test"))

    return call


FOREIGN = {
    "a page with status 200": lambda request, good: respond(request, 200, PAGE, content_type="text/html"),
    "a page that is also XML": lambda request, good: respond(request, 200, "<html><title>Blocked</title></html>"),
    "a page in capitals after a comment": lambda request, good: respond(request, 200, "\n<!-- x -->\n<HTML>no"),
    "an empty body": lambda request, good: respond(request, 200, ""),
    "blanks": lambda request, good: respond(request, 200, "\r\n  "),
    "204": lambda request, good: respond(request, 204, ""),
    "202 with the right body": lambda request, good: respond(request, 202, good),
    "another root, or another JSON": lambda request, good: respond(
        request, 200, "[]" if is_json(request) else re.sub(r"<(/?)\w+", r"<\1Other", good, count=1) + "</Other>"
    ),
    "an error of AWS's with status 200": lambda request, good: respond(
        request,
        200,
        '{"__type": "Throttling", "message": "no"}'
        if is_json(request)
        else "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>",
    ),
    "half of it": lambda request, good: respond(request, 200, good[: len(good) // 2]),
    "all but its end": lambda request, good: respond(request, 200, good[:-1]),
    "plain words": lambda request, good: respond(request, 200, "OK"),
    "null": lambda request, good: respond(request, 200, "null"),
    "an empty object or root": lambda request, good: respond(
        request, 200, "{}" if is_json(request) else re.sub(r"<(\w+).*", r"<\1/>", good)
    ),
}


@pytest.mark.parametrize("foreign", FOREIGN)
@pytest.mark.parametrize("operation", GOOD)
def test_what_is_no_answer_is_an_error_of_the_call(called, operation, foreign) -> None:
    if (operation, foreign) == ("ListTagsForResource", "an empty object or root"):
        pytest.skip("CloudFront's own answer where there are no tags")
    with pytest.raises(AwsError) as error:
        called(operation, FOREIGN[foreign])
    assert not isinstance(error.value, AwsDeniedError)
    said = str(error.value).replace(" of the bucket logs failed", " failed")
    # What S3 sends that is no XML, botocore asks for again, as after a fault of AWS's own.
    is_fault = operation == "ListObjectsV2" and "failed: AWS had a fault of its own, also after retries" in said
    assert said.startswith(f"{ACTIONS[operation][0]} failed: the answer ") or is_fault
    # Nothing of an answer is repeated that may hold a key.
    assert "temporary" not in str(error.value)


@pytest.mark.parametrize("operation", GOOD)
def test_a_good_answer_is_one(called, operation) -> None:
    called(operation, lambda request, good: respond(request, 200, good))


def test_every_operation_that_is_called_is_tried_here() -> None:
    assert set(GOOD) == set(ACTIONS) - {"Connect", "GetObject"}


FILE = ("logs", "a.gz", 10)


@pytest.mark.parametrize("foreign", FOREIGN)
def test_what_comes_without_a_request_id_is_no_log_file(called, monkeypatch, foreign) -> None:
    monkeypatch.setitem(GOOD, "GetObject", ("<Contents>of a file</Contents>", None))
    monkeypatch.setitem(CALLS, "GetObject", lambda aws: raised(aws.contents([FILE])))
    with pytest.raises(AwsError, match=r"^Reading the log files of the bucket logs failed: the answer is not S3's"):
        called("GetObject", FOREIGN[foreign])


def test_a_log_file_is_whatever_comes_with_a_request_id(called, monkeypatch) -> None:
    monkeypatch.setitem(GOOD, "GetObject", ("", None))
    monkeypatch.setitem(CALLS, "GetObject", lambda aws: b"".join(raised(aws.contents([FILE]))))
    for body in ("", "<html>", "lines"):
        answer = called("GetObject", lambda request, _, body=body: respond(request, 200, body, x_amz_request_id="R1"))
        assert answer == body.encode()


def test_what_is_required_exists_in_the_service_models() -> None:
    session = botocore.session.Session()
    names = ("acm", "cloudfront", "cloudwatch", "iam", "logs", "s3", "sts")
    services = [session.get_service_model(name) for name in names]
    services.append(session.get_service_model("resourcegroupstaggingapi"))
    for operation, names in REQUIRED.items():
        (model,) = [one.operation_model(operation) for one in services if operation in one.operation_names]
        assert set(names) <= set(model.output_shape.members)


def test_the_sentence_says_what_came_and_where_to_look(called) -> None:
    with pytest.raises(AwsError) as error:
        called("ListDistributions", FOREIGN["a page with status 200"])
    assert str(error.value) == (
        "Listing the distributions failed: the answer is not CloudFront's, or not all of it: an HTML page titled "
        '"Blocked by policy", as a proxy sends. Check what stands between the Func host and AWS (HTTPS_PROXY, '
        "AWS_ENDPOINT_URL, a firewall); the next run asks again."
    )


MISSING = {
    "ListDistributions": ("Marker", "MaxItems", "IsTruncated", "Quantity"),
    "GetDistributionConfig": ("CallerReference", "Origins", "DefaultCacheBehavior", "Comment", "Enabled"),
    "AssumeRole": ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"),
    "GetCallerIdentity": ("Arn",),
    "ListMetrics": ("Metrics",),
    "GetMetricData": ("MetricDataResults",),
    "GetResources": ("ResourceTagMappingList",),
    "DescribeCertificate": ("Certificate",),
    "ListServerCertificates": ("ServerCertificateMetadataList", "IsTruncated"),
}


@pytest.mark.parametrize(("operation", "member"), [(key, name) for key, names in MISSING.items() for name in names])
def test_a_member_that_is_missing_is_named(called, operation, member) -> None:
    def without(request, good):
        if is_json(request):
            return respond(request, 200, json.dumps({k: v for k, v in json.loads(good).items() if k != member}))
        return respond(request, 200, re.sub(rf"<{member}/>|<{member}>.*?</{member}>", "", good, count=1))

    with pytest.raises(AwsError, match=rf"{member} is missing|no MetricDataResults"):
        called(operation, without)


@pytest.mark.parametrize("counted", [0, 2, 100])
def test_items_are_as_many_as_are_counted(called, counted) -> None:
    def miscounted(request, good):
        return respond(request, 200, good.replace("<Quantity>1", f"<Quantity>{counted}"))

    with pytest.raises(AwsError, match=f"DistributionList.Quantity is {counted}, and there are 1 Items"):
        called("ListDistributions", miscounted)


@pytest.mark.parametrize("page", ["second", "third"])
@pytest.mark.parametrize("foreign", ["a page with status 200", "an empty body", "204"])
def test_the_second_page_is_looked_at_like_the_first(called, page, foreign) -> None:
    seen = []

    def answer(request, good):
        seen.append(request)
        if len(seen) == (2 if page == "second" else 3):
            return FOREIGN[foreign](request, good)
        more = f"<NextMarker>m{len(seen)}</NextMarker><IsTruncated>true"
        return respond(request, 200, good.replace("<IsTruncated>false", more))

    with pytest.raises(AwsError, match="the answer is not CloudFront's"):
        called("ListDistributions", answer)


@pytest.mark.parametrize("value", ["null", '"Requests"', "7", "{}"])
@pytest.mark.parametrize("operation", ["GetMetricData", "ListMetrics", "GetResources"])
def test_a_list_that_is_none_is_no_answer(called, operation, value) -> None:
    def odd(request, good):
        (name,) = REQUIRED[operation]
        if is_json(request):
            return respond(request, 200, f'{{"{name}": {value}}}')
        return respond(request, 200, wrapped(operation, ""))

    with pytest.raises(AwsError):
        called(operation, odd)


STATUSES = [
    (301, "AWS was not reached (HTTP 301, a redirect to https://portal.example.com/login)."),
    (302, "AWS was not reached (HTTP 302, a redirect to https://portal.example.com/login)."),
    (403, 'AWS was not reached (HTTP 403, a page titled "Blocked by policy" that is no error of AWS\'s).'),
    (403, "let it pass calls to *.amazonaws.com (in AWS China *.amazonaws.com.cn), port 443"),
    (407, "the proxy refused the call (HTTP 407, a page"),
    (407, "put them into the address in HTTPS_PROXY of the Func host, before the name of the proxy"),
    (404, "the answer is not "),
    (451, "HTTP 451, a page titled"),
]


@pytest.mark.parametrize(("status", "sentence"), STATUSES)
@pytest.mark.parametrize("operation", ["ListDistributions", "GetMetricData", "GetResources", "GetCallerIdentity"])
def test_a_page_with_the_status_of_an_error_is_not_taken_for_an_error_of_aws(
    called, operation, status, sentence
) -> None:
    with pytest.raises(AwsError) as error:
        called(
            operation, lambda request, _: respond(request, status, PAGE, location="https://portal.example.com/login")
        )
    assert sentence in str(error.value)
    assert not isinstance(error.value, AwsDeniedError)
    assert not error.value.is_of_key


@pytest.mark.parametrize("page", [PAGE, "<html>x", "", "Bad Gateway"])
@pytest.mark.parametrize("operation", ["ListDistributions", "GetMetricData", "GetResources", "GetCallerIdentity"])
def test_a_gateway_s_page_is_tried_again_like_a_fault_of_aws_s_own(called, operation, page) -> None:
    seen = []

    def answer(request, good):
        seen.append(request)
        return respond(request, 502, page) if len(seen) < 3 else respond(request, 200, good)

    called(operation, answer)
    assert len(seen) == 3
    seen.clear()
    with pytest.raises(AwsError, match=r"AWS had a fault of its own, also after retries \(502: Bad Gateway\)"):
        called(operation, lambda request, _: respond(request, 502, page))


def test_an_error_of_aws_without_a_body_is_still_aws_s(called) -> None:
    with pytest.raises(AwsError, match=r"AWS refused the call \(404: "):
        called("GetDistributionConfig", lambda request, _: respond(request, 404, "", x_amzn_requestid="1"))


@given(
    st.binary(max_size=80) | st.text(max_size=80).map(str.encode) | st.sampled_from([b"<", b"{", b"<?xml?><", b"<!--"])
)
def test_no_bytes_are_taken_for_a_listing(body) -> None:
    aws = Aws(parse_account(RAW_ACCOUNT), CONFIGURED, "test")
    aws._cloudfront.meta.events.register(
        "before-send", lambda request, **_: respond(request, 200, body.decode("latin-1"))
    )
    with pytest.raises(AwsError, match="Listing the distributions failed: the answer "):
        aws.distributions()
