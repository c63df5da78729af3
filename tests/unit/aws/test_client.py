"""The AWS module on botocore's whole parsing and retry path, with canned answers in the place of the socket.

CloudWatch speaks query XML with the botocore of Python 3.8 and JSON with today's: the suite runs on both.
"""

import json
import os
import threading
import time
from pathlib import Path
from urllib.parse import parse_qs

import botocore.loaders
import botocore.session
import pytest
from botocore.exceptions import ConnectTimeoutError
from botocore.validate import validate_parameters

from devtools.clock import SimulatedClock
from guance_aws_cloudfront.aws.client import Aws, side_by_side
from guance_aws_cloudfront.aws.errors import AwsError
from guance_aws_cloudfront.aws.pace import CALLS, SHARE
from guance_aws_cloudfront.aws.session import KEPT_AS, epoch_seconds
from guance_aws_cloudfront.cloudfront.catalog import DEFAULT_METRICS, all_metrics
from guance_aws_cloudfront.deadline import Deadline
from guance_aws_cloudfront.points.queries import metric_data_request
from guance_aws_cloudfront.points.series import plan_series
from guance_aws_cloudfront.points.windows import Window
from guance_aws_cloudfront.settings.account import parse_account
from tests.conftest import AK_ID, AK_SECRET, NOW, RAW_ACCOUNT
from tests.unit.aws.canned import LISTING, NO_LISTING, error, is_json, metric_data, respond

REQUEST = metric_data_request(plan_series(["E1"], DEFAULT_METRICS[:1]), Window(NOW, NOW + 120), 60)


def test_all_pages_of_the_listing_are_read_and_each_id_kept_once(aws) -> None:
    more = LISTING.format(id="E1", more="true", next="<NextMarker>m</NextMarker>")
    last = LISTING.format(id="E1", more="false", next="")
    aws.answers = [lambda request: respond(request, 200, more), lambda request: respond(request, 200, last)]
    (record,) = aws.distributions()
    assert record == {"Id": "E1", "Enabled": True, "LastModifiedTime": 1646806411.0}
    assert aws.calls == {"ListDistributions": 2}
    # CloudTrail tells who asks.
    assert "guance_aws_cloudfront/test" in str(aws.requests[0].headers["User-Agent"])
    # No MaxItems: it would make small pages of CloudFront's hundred.
    assert not any("MaxItems" in request.url for request in aws.requests)


def test_no_distribution_is_a_normal_answer(aws) -> None:
    aws.answers = [lambda request: respond(request, 200, NO_LISTING + "</DistributionList>")]
    assert aws.distributions() == []


def test_a_listing_that_breaks_off_is_no_whole_one(aws) -> None:
    more = LISTING.format(id="E1", more="true", next="")
    aws.answers = [lambda request: respond(request, 200, more)]
    with pytest.raises(AwsError, match=r"the answer could not be read .* the listing is incomplete"):
        aws.distributions()


def test_a_page_that_fails_fails_the_listing_instead_of_shortening_it(aws) -> None:
    more = LISTING.format(id="E1", more="true", next="<NextMarker>m</NextMarker>")
    aws.answers = [
        lambda request: respond(request, 200, more),
        lambda request: error(request, "Throttling", "slow", 400),
    ]
    with pytest.raises(AwsError, match=r"Listing the distributions failed: AWS throttles .* The next run asks again"):
        aws.distributions()


def test_metric_values_come_back_with_epoch_seconds(aws) -> None:
    aws.answers = [lambda request: metric_data(request, 4.0)]
    (answers,) = aws.metric_data([REQUEST])
    assert (answers.queries[0].times, list(answers.queries[0].values)) == ([NOW], [4.0])
    assert answers.queries[0].status == "Complete"


def test_all_pages_of_metric_data_are_merged(aws) -> None:
    aws.answers = [
        lambda request: metric_data(request, 4.0, "t"),
        lambda request: metric_data(request, 5.0, at=NOW + 60),
    ]
    (answers,) = aws.metric_data([REQUEST])
    assert list(answers.queries[0].times) == [NOW, NOW + 60]
    assert list(answers.queries[0].values) == [4.0, 5.0]
    assert aws.calls == {"GetMetricData": 2}


def test_a_token_that_repeats_is_an_error_and_no_endless_loop(aws) -> None:
    aws.answers = [lambda request: metric_data(request, 4.0, "same")]
    (answer,) = aws.metric_data([REQUEST])
    assert isinstance(answer, AwsError)
    assert "Reading the metrics failed: the answer could not be read (PaginationError" in str(answer)


@pytest.mark.parametrize("code", ["Throttling", "ThrottlingException"])
def test_throttling_is_retried_twice_and_then_told(aws, code) -> None:
    aws.answers = [lambda request: error(request, code, "Rate exceeded")]
    (answer,) = aws.metric_data([REQUEST])
    assert len(aws.requests) == 3
    assert str(answer).startswith(
        f"Reading the metrics failed: AWS throttles the account's calls, also after retries ({code}"
    )
    assert "raise the quota of cloudwatch:GetMetricData" in str(answer)


def test_a_passing_fault_costs_nothing(aws) -> None:
    aws.answers = [
        lambda request: error(request, "InternalFailure", "oops", 500),
        lambda request: metric_data(request, 1.0),
    ]
    (answers,) = aws.metric_data([REQUEST])
    assert list(answers.queries[0].values) == [1.0]


DENIED = "User: arn:aws:iam::123456789012:user/x is not authorized to perform: cloudwatch:GetMetricData on resource: *"
SENTENCES = [
    ("AccessDenied", DENIED, "permission is denied (AccessDenied: User: arn:aws:iam::123456789012:user/x is not autho"),
    ("AccessDenied", DENIED, "Allow the IAM action cloudwatch:GetMetricData on resource *"),
    ("AccessDeniedException", "no", "Allow the IAM action cloudwatch:GetMetricData on resource *"),
    ("InvalidClientTokenId", "The security token is invalid", "AWS does not know the access key"),
    ("UnrecognizedClientException", "no", "is it a key of the partition aws, which was asked?"),
    (
        "SignatureDoesNotMatch",
        f"Canonical: x-amz-security-token:{AK_SECRET}",
        "AWS refused the signature (SignatureDoes",
    ),
    ("ExpiredToken", "The token is expired", "Give a new session token"),
    ("ValidationError", "line one\nline two", "AWS refused the call (ValidationError: line one line two)."),
]


@pytest.mark.parametrize(("code", "message", "sentence"), SENTENCES)
def test_an_error_of_aws_becomes_a_sentence_with_a_remedy(aws, code, message, sentence) -> None:
    aws.answers = [lambda request: error(request, code, message)]
    (answer,) = aws.metric_data([REQUEST])
    assert str(answer).startswith("Reading the metrics failed: ")
    assert sentence in str(answer)
    assert AK_SECRET not in str(answer)


def test_secrets_in_aws_s_own_words_are_struck_out(aws) -> None:
    aws.answers = [lambda request: error(request, "Odd", f"key {AK_ID} secret {AK_SECRET}")]
    (answer,) = aws.metric_data([REQUEST])
    assert "key *** secret ***" in str(answer)


def test_an_endpoint_out_of_reach_is_told_as_such(aws) -> None:
    aws.answers = [lambda request: ConnectTimeoutError(endpoint_url=request.url)]
    (answer,) = aws.metric_data([REQUEST])
    assert "AWS could not be reached (ConnectTimeoutError" in str(answer)
    assert "Check that the Func host reaches the internet" in str(answer)


def test_half_an_answer_is_an_error_and_not_less_data(aws) -> None:
    def half(request):
        whole = metric_data(request, 4.0)
        return respond(request, 200, whole.content.decode()[:60])

    aws.answers = [half]
    (answer,) = aws.metric_data([REQUEST])
    assert isinstance(answer, AwsError)


def test_one_failed_call_does_not_cost_the_others(aws) -> None:
    aws.answers = [lambda request: error(request, "ValidationError", "no"), lambda request: metric_data(request, 1.0)]
    aws._concurrency = 1
    failed, answered = aws.metric_data([REQUEST, REQUEST])
    assert isinstance(failed, AwsError)
    assert list(answered.queries[0].values) == [1.0]


@pytest.mark.parametrize(
    ("partition", "cloudfront", "cloudwatch"),
    [
        ("aws", "https://cloudfront.amazonaws.com", "https://monitoring.us-east-1.amazonaws.com"),
        (
            "aws-cn",
            "https://cloudfront.cn-northwest-1.amazonaws.com.cn",
            "https://monitoring.cn-northwest-1.amazonaws.com.cn",
        ),
    ],
)
def test_each_partition_is_asked_at_its_own_endpoints(config, partition, cloudfront, cloudwatch) -> None:
    made = Aws(parse_account({**RAW_ACCOUNT, "partition": partition}), config, "test")
    assert made._cloudfront.meta.endpoint_url == cloudfront
    assert made._cloudwatch.meta.endpoint_url == cloudwatch


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [
        (1646806411, 1646806411),
        (1646806411.5, 1646806411.5),
        ("2022-03-09T06:13:31Z", 1646806411),
        ("2022-03-09T06:13:31.250Z", 1646806411.25),
        ("2022-03-09T06:13:31+00:00", 1646806411),
        ("Wed, 09 Mar 2022 06:13:31 GMT", 1646806411),
        ("1646806411", 1646806411),
    ],
)
def test_every_form_of_time_stamp_is_understood(stamp, seconds) -> None:
    assert epoch_seconds(stamp) == seconds


def test_work_side_by_side_keeps_its_order() -> None:
    both = threading.Barrier(2, timeout=30)

    def work(number):
        if number < 2:
            both.wait()  # passes only when two are at work at the same time
        return number * 10

    assert list(side_by_side(work, range(5), 2)) == [0, 10, 20, 30, 40]


def test_an_interrupted_caller_begins_no_more_work() -> None:
    begun, release = [], threading.Event()

    def work(number):
        begun.append(number)
        if number == 0:
            raise KeyboardInterrupt
        release.wait(30)

    with pytest.raises(KeyboardInterrupt):
        list(side_by_side(work, range(50), 2))
    release.set()
    assert len(begun) < 10


def test_tls_is_verified_and_nothing_goes_out_without_it(account, config) -> None:
    made = Aws(account, config, "test")
    for client in (made._cloudfront, made._cloudwatch):
        assert client.meta.endpoint_url.startswith("https://")
        assert client._endpoint.http_session._verify


def test_what_is_asked_is_what_the_service_model_allows(aws) -> None:
    # botocore itself does not check it any more, for that takes as long as making the request.
    model = aws._cloudwatch.meta.service_model.operation_model("GetMetricData").input_shape
    request = metric_data_request(plan_series(["E1"], list(all_metrics().values())), Window(NOW, NOW + 60), 60)
    assert validate_parameters(request, model) is None


def sent(request):
    """What a request to CloudWatch says, in either protocol."""
    body = request.body if isinstance(request.body, str) else request.body.decode()
    return json.loads(body) if is_json(request) else parse_qs(body)


def test_what_is_sent_is_what_botocore_itself_would_send(aws) -> None:
    plain, theirs = (
        botocore.session.Session().create_client(
            "cloudwatch", "us-east-1", aws_access_key_id=AK_ID, aws_secret_access_key=AK_SECRET
        ),
        [],
    )
    plain.meta.events.register("before-send", lambda request, **_: theirs.append(request) or metric_data(request, 4.0))
    asked = metric_data_request(plan_series(["E1", "E2"], list(all_metrics().values())), Window(NOW, NOW + 60), 60)
    plain.get_metric_data(**asked)
    plain.get_metric_data(**asked, NextToken="t")
    aws.answers = [lambda request: metric_data(request, 4.0, "t"), lambda request: metric_data(request, 5.0)]
    list(aws.metric_data([asked]))
    assert [sent(request) for request in aws.requests] == [sent(request) for request in theirs]
    for header in ("Content-Type", "X-Amz-Target"):
        assert aws.requests[0].headers.get(header) == theirs[0].headers.get(header)


def test_the_minutes_that_queries_share_are_kept_once(aws) -> None:
    def answer(request):
        if not is_json(request):
            return respond(request, 200, xml_of_two)
        results = [
            {"Id": f"q{number}", "Timestamps": [NOW, NOW + 60], "Values": [1.0, 2.0], "StatusCode": "Complete"}
            for number in range(2)
        ]
        return respond(request, 200, json.dumps({"MetricDataResults": results}))

    stamps = "<member>2026-03-01T10:00:00Z</member><member>2026-03-01T10:01:00Z</member>"
    xml_of_two = "".join(
        f"<member><Id>q{number}</Id><Timestamps>{stamps}</Timestamps><StatusCode>Complete</StatusCode>"
        "<Values><member>1.0</member><member>2.0</member></Values></member>"
        for number in range(2)
    )
    xml_of_two = (
        f"<GetMetricDataResponse><GetMetricDataResult><MetricDataResults>{xml_of_two}</MetricDataResults>"
        "</GetMetricDataResult></GetMetricDataResponse>"
    )
    aws.answers = [answer]
    series = plan_series(["E1"], DEFAULT_METRICS[:2])
    (answers,) = aws.metric_data([metric_data_request(series, Window(NOW, NOW + 120), 60)])
    one, other = answers.queries
    assert one.times is other.times
    assert list(one.times) == [NOW, NOW + 60]
    # Eight bytes each, and not a list of objects.
    assert one.values.itemsize * len(one.values) == 16


def test_a_time_or_number_of_any_json_form_is_read(aws) -> None:
    def answer(request):
        stamps, values = "[1.7723592E9, 1772359260]", "[1, 2.5]"
        if not is_json(request):
            return metric_data(request, 1.0)
        result = f'{{"Id": "q0", "Timestamps": {stamps}, "Values": {values}, "StatusCode": "Complete"}}'
        return respond(request, 200, f'{{"MetricDataResults": [{result}], "Unheard": {{}}}}')

    aws.answers = [answer]
    (answers,) = aws.metric_data([REQUEST])
    first = answers.queries[0]
    assert (first.times[0], first.values[0], first.no_numbers) == (NOW, 1.0, 0)
    assert {type(value) for value in first.values} == {float}
    assert {type(at) for at in first.times} == {int}


def test_sessions_share_the_service_models_and_nothing_of_an_account(account, config) -> None:
    one, other = Aws(account, config, "test"), Aws(account, config, "test")
    loader = one._session.get_component("data_loader")
    assert other._session.get_component("data_loader") is loader
    assert getattr(botocore.loaders, KEPT_AS) is loader
    assert one._session is not other._session
    assert AK_SECRET not in repr(vars(loader))
    # A function of a script would keep the scripts of a task that has ended, with all that they know.
    kept = [type(loader), *vars(loader).values()]
    assert not [one for one in kept if str(getattr(one, "__module__", "")).startswith("guance")]


def test_no_folder_of_another_service_is_looked_into(account, config, monkeypatch) -> None:
    monkeypatch.delattr(botocore.loaders, KEPT_AS, raising=False)
    looked, listdir = [], os.listdir
    monkeypatch.setattr("os.listdir", lambda path=".": looked.append(Path(path).name) or listdir(path))
    Aws(account, config, "test")._cloudwatch.get_paginator("get_metric_data")
    assert set(looked) <= {"cloudfront", "cloudwatch"}
    assert looked


def test_calls_for_metrics_are_spaced_and_so_are_attempts_again(account, config) -> None:
    clock = SimulatedClock(NOW)
    made, begun = Aws(account, config, "test", clock), []
    made._concurrency = 1

    def answer(request, **_):
        begun.append(clock.monotonic())
        return error(request, "InternalFailure", "oops", 500) if len(begun) == 2 else metric_data(request, 1.0)

    made._cloudwatch.meta.events.register("before-send", answer)
    list(made.metric_data([REQUEST] * 4))
    assert [at - begun[0] for at in begun] == pytest.approx([number / CALLS / SHARE for number in range(5)])


def test_calls_for_certificates_are_spaced_too(account, config) -> None:
    clock = SimulatedClock(NOW)
    made, begun = Aws(account, config, "test", clock), []
    made._concurrency = 1
    arns = [f"arn:aws:acm:us-east-1:123456789012:certificate/{number}" for number in range(4)]

    def answer(request, **_):
        begun.append(clock.monotonic())
        arn = json.loads(request.body)["CertificateArn"]
        return respond(request, 200, json.dumps({"Certificate": {"CertificateArn": arn, "NotAfter": NOW}}))

    made._session.register("before-send.acm", answer)
    assert [one["CertificateArn"] for one in made.certificates(arns[:1]) + made.certificates(arns[1:])] == arns
    assert [at - begun[0] for at in begun] == pytest.approx([number / 5 / SHARE for number in range(4)])


@pytest.mark.parametrize(
    ("partition", "acm", "iam"),
    [
        ("aws", "https://acm.us-east-1.amazonaws.com/", "https://iam.amazonaws.com/"),
        ("aws-cn", "https://acm.cn-north-1.amazonaws.com.cn/", "https://iam.cn-north-1.amazonaws.com.cn/"),
    ],
)
def test_an_acm_or_iam_out_of_reach_is_asked_twice_at_the_endpoint_of_the_partition(
    config, monkeypatch, partition, acm, iam
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    made, sent = Aws(parse_account({**RAW_ACCOUNT, "partition": partition}), config, "test"), []

    def fail(request, **_):
        sent.append(request.url)
        raise ConnectTimeoutError(endpoint_url=request.url)

    made._session.register("before-send", fail)
    region = acm.split(".")[1]
    (error,) = made.certificates([f"arn:{partition}:acm:{region}:123456789012:certificate/1"])
    assert error.is_unreached
    assert str(error).startswith("Reading a certificate failed: AWS could not be reached (ConnectTimeoutError")
    with pytest.raises(AwsError, match="Listing the server certificates of IAM failed: AWS could not be reached"):
        made.server_certificates()
    assert sent == [acm, acm, iam, iam]


def test_a_call_that_hangs_is_given_up_at_the_deadline_and_not_tried_again(account, config, monkeypatch) -> None:
    released, sent = threading.Event(), []

    def hang(_, request):
        sent.append(request)
        released.wait(60)

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", hang)
    made = Aws(account, config, "test", deadline=Deadline(0.3, time))
    begun = time.monotonic()
    with pytest.raises(AwsError, match=r"^Listing the distributions failed: AWS did not answer in time \(no answer"):
        made.distributions()
    (answer,) = made.metric_data([REQUEST])
    assert "AWS did not answer in time (no time was left)." in str(answer)
    assert time.monotonic() - begun < 5
    assert len(sent) == 1
    released.set()


def test_a_failure_within_the_deadline_is_tried_again(account, config, monkeypatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    answers = [
        lambda request: error(request, "Throttling", "slow"),
        lambda request: respond(request, 200, NO_LISTING + "</DistributionList>"),
    ]
    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", lambda _, request: answers.pop(0)(request))
    assert Aws(account, config, "test", deadline=Deadline(60, time)).distributions() == []
    assert answers == []


ODD_LISTING = """<?xml version="1.0"?><DistributionList xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Marker/>
<MaxItems>100</MaxItems><IsTruncated>false</IsTruncated><Quantity>3</Quantity><Items>
<DistributionSummary><Id>E1</Id><DomainName>one</DomainName><Origins><Quantity>{odd}</Quantity><Items><Origin><Id>o</Id>
<DomainName>secret.example.com</DomainName></Origin></Items></Origins><Enabled>true</Enabled></DistributionSummary>
<DistributionSummary><Id>E2</Id><DomainName>two</DomainName></DistributionSummary>
<DistributionSummary><DomainName>three</DomainName></DistributionSummary></Items></DistributionList>"""


@pytest.mark.parametrize("odd", ["many", "", "1.5", "<a>1</a>"])
def test_a_part_that_botocore_cannot_read_costs_nothing_else(aws, odd) -> None:
    aws.answers, said = [lambda request: respond(request, 200, ODD_LISTING.format(odd=odd))], []
    one, two = aws.distributions(said.append)
    assert two == {"Id": "E2", "DomainName": "two"}
    assert {key: one[key] for key in ("Id", "DomainName", "Enabled")} == {
        "Id": "E1",
        "DomainName": "one",
        "Enabled": True,
    }
    # Where botocore can read it all the same, it is there; else it is None, and nothing of it is told.
    assert one["Origins"] is None or one["Origins"]["Items"]
    if odd in ("many", "1.5"):
        assert one["Origins"] is None
        assert "CloudFront's record of E1: Origins cannot be read. What cannot be read is left out." in said
    assert "CloudFront lists a distribution without an Id, which is not collected: three." in said
    assert "secret" not in "".join(said)


@pytest.mark.parametrize("time", ["never", "2022-03-99T06:13:31.000Z", "2022-13-09T06:13:31Z", "1e999", "x" * 99])
def test_a_time_that_is_none_costs_nothing_else(aws, time) -> None:
    listing, said = LISTING.format(id="E1", more="false", next="").replace("2022-03-09T06:13:31.000Z", time), []
    aws.answers = [lambda request: respond(request, 200, listing)]
    (record,) = aws.distributions(said.append)
    assert record == {"Id": "E1", "Enabled": True, "LastModifiedTime": time}
    assert [text for text in said if text.startswith("CloudFront's record of E1: LastModifiedTime is no time ('")]


def test_a_listed_metric_without_a_name_is_no_answer_and_one_without_dimensions_is(aws) -> None:
    def answer(metrics):
        def answered(request):
            if is_json(request):
                return respond(request, 200, json.dumps({"Metrics": metrics}))
            texts = ["".join(f"<{name}>{text}</{name}>" for name, text in one.items()) for one in metrics]
            members = "".join(f"<member>{text}</member>" for text in texts)
            body = f"<ListMetricsResponse><ListMetricsResult><Metrics>{members}</Metrics></ListMetricsResult>"
            return respond(request, 200, body + "</ListMetricsResponse>")

        return answered

    aws.answers = [answer([{"MetricName": "Requests", "Namespace": "AWS/CloudFront"}])]
    assert aws.listed_metrics() == {"Requests": {()}}
    aws.answers = [answer([{"MetricName": "Requests"}, {"Namespace": "AWS/CloudFront"}])]
    with pytest.raises(AwsError, match="Listing the metrics failed: the answer could not be read"):
        aws.listed_metrics()
