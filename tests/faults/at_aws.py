"""What goes wrong at AWS."""

import socket

from devtools.aws import odd_answers
from devtools.aws.embedded import Fault, Traffic
from tests.conftest import NOW
from tests.faults.scenario import ADVICE, AWS, ENDLESS, NO_ANSWER, ODD_RECORD, OUT_OF_STEP, Scenario
from tests.faults.world import AK_ID, ECHO, EXTERNAL_ID, HOUR, MINUTE, SET

DAY = 24 * HOUR


def fault(*args, **options):
    """A scenario's begin: one fault at the embedded AWS."""
    return lambda world: world.aws.faults.add(Fault(*args, **options))


def throttled(share, code):
    return fault("*", code=code, message=f"Rate exceeded {ECHO}", share=share)


def hanging(world):
    world.write_script(f"{SET}__aws_client", "READ_TIMEOUT = 10, 20", "READ_TIMEOUT = 10, 0.2")
    world.aws.faults.add(Fault("GetMetricData", delay=0.5))


def waiting_as_ever(world):
    world.write_script(f"{SET}__aws_client", "READ_TIMEOUT = 10, 0.2", "READ_TIMEOUT = 10, 20")


def no_names(world):
    """No name of AWS is known any more: as when the host's DNS server is gone."""
    port, known = int(world.aws.url.rpartition(":")[2]), socket.getaddrinfo

    def getaddrinfo(host, number, *args, **options):
        if number == port:
            raise socket.gaierror(-3, "Temporary failure in name resolution")
        return known(host, number, *args, **options)

    world.patch("socket.getaddrinfo", getaddrinfo)


def denied(action):
    return lambda world: world.aws.deny(AK_ID, action)


def half(body):
    return body[: len(body) // 2]


# Pages


def page_missing(world):
    world.aws.cut_pages(40)
    world.aws.faults.add(Fault("GetMetricData", result=lambda result: {**result, "NextToken": None}))


def token_repeats(world):
    world.aws.cut_pages(40)
    first = []

    def repeat(result):
        first.append(result)
        return first[0]

    world.aws.faults.add(Fault("GetMetricData", result=repeat))


def whole_pages(world):
    world.aws.cut_pages(10**6)


def broken(status, message=""):
    def begin(world):
        for metric in ("Requests", "5xxErrorRate"):
            world.aws.break_series(world.ids[0], metric, status, message)

    return begin


def mended(world):
    world.aws._cloudwatch._breaks.clear()


def listing(edit):
    """Another listing of the distributions."""
    return fault("ListDistributions", body=edit)


def without_the_rest(body):
    """The first of the distributions, with more to come, and no word where."""
    first, end, rest = body.partition(b"</DistributionSummary>")
    assert rest
    begin = first.replace(b"<IsTruncated>false", b"<IsTruncated>true").replace(b"<Quantity>3", b"<Quantity>1")
    return begin + end + b"</Items></DistributionList>"


def marker_repeats(world):
    """Every page names the same distribution as its last."""
    marker = world.ids[0].encode()
    more = b"<NextMarker>" + marker + b"</NextMarker><IsTruncated>true"
    world.aws.faults.add(Fault("ListDistributions", body=lambda body: body.replace(b"<IsTruncated>false", more)))


def empty_after_a_throttle(world):
    """One run finds no distribution at all, after a call that was throttled."""

    def none(body):
        return body.partition(b"<Quantity>")[0] + b"<Quantity>0</Quantity></DistributionList>"

    world.aws.faults.add(Fault("ListDistributions", code="Throttling", status=400, nth={1}))
    world.aws.faults.add(Fault("ListDistributions", body=none, nth={2}))


# Certificates


def with_certificate(begin):
    """A distribution is given a certificate of ACM, and then it begins."""

    def begin_with_it(world):
        arn = world.aws.add_certificate(world.account, NOW + 20 * DAY)
        world.aws.update_distribution(world.account, world.ids[0], certificate=arn)
        begin(world)

    return begin_with_it


# Answers that are none


def odd_tags(world):
    """Tags cannot be asked for all at once, and one by one a proxy answers."""
    world.aws.deny(AK_ID, "tag:GetResources")
    world.aws.faults.add(Fault("ListTagsForResource", answer=odd_answers.PROXY_PAGE))


def endless_pages(world):
    """Every page names another one after it, and each takes five seconds."""
    world.aws.endless_pages()
    world.aws.faults.add(Fault("GetMetricData", takes=5))


def minute_missing_on_a_page(world):
    world.aws.cut_pages(40)
    world.aws.faults.add(Fault("GetMetricData", result=odd_answers.minute_missing))


def pages_with_an_end(world):
    world.aws.endless_pages(False)


def explicit_deny(world):
    message = (
        f"User: arn:aws:iam::123456789012:user/guance is not authorized to perform: cloudwatch:GetMetricData on "
        f"resource: * with an explicit deny in a service control policy {ECHO}"
    )
    world.aws.faults.add(Fault("GetMetricData", code="AccessDenied", status=403, message=message))


# Values


def settling_late(world):
    world.aws.settle_after(8 * MINUTE)


def settling_as_ever(world):
    world.aws.settle_after(120)


def late_minutes(world):
    for minute in range(3):
        world.aws.delay_minute(world.ids[0], NOW + (4 + minute) * MINUTE, visible_at=NOW + 15 * MINUTE)


def revised_twice(world):
    minute = NOW + 4 * MINUTE
    for value, at in ((111.0, 12), (222.0, 17)):
        world.aws.revise(world.ids[0], "Requests", minute, value, at=NOW + at * MINUTE)


def value_after_all(world):
    quiet = [
        minute
        for minute in range(NOW, NOW + 10 * MINUTE, MINUTE)
        if not world.aws.true_minutes(world.ids[2], minute, minute + 1)
    ]
    world.aws.revise(world.ids[2], "Requests", quiet[0], 7.0, at=NOW + 14 * MINUTE)


def created(world):
    def create():
        world.ids.append(world.aws.add_distribution(world.account, traffic=Traffic(), created_at=world.clock.time()))

    world.on("print", create, nth=2)


def deleted(world):
    """CloudFront deletes only what has been disabled: its traffic is long over."""
    key = world.ids[0]
    world.removed[key] = NOW + 5 * MINUTE
    world.aws._points.end(key, world.removed[key])
    world.run_for(20)
    world.on("print", lambda: world.aws._control.remove(world.account, key), nth=2)


def with_values(change):
    """All values of an answer, changed."""

    def edit(result):
        for series in result["MetricDataResults"]:
            series["Values"] = [change(value) for value in series["Values"]]
        return result

    return fault("GetMetricData", result=edit)


def unknown_members(result):
    added = {"Novelty": {"a": [1, "two"]}, "Another": None}
    return {**result, **added, "MetricDataResults": [{**one, **added} for one in result["MetricDataResults"]]}


STRANGE = "\u202eright to left\u2066 \U0001f600 é e\u0301 \u2028 zero\u200bwidth , = \\ \u0085 " + "long " * 400


def strange(world):
    text = STRANGE.encode()
    world.aws.faults.add(
        Fault("ListDistributions", body=lambda body: body.replace(b"<Comment/>", b"<Comment>" + text + b"</Comment>"))
    )
    world.aws.break_series(world.ids[0], "Requests", "Complete", STRANGE.replace("\\", ""))


def many(world):
    """10,000 distributions more, which have no traffic: that makes 121 calls of GetMetricData."""

    def added(body):
        head, begin, rest = body.partition(b"<DistributionSummary>")
        one, end, rest = rest.partition(b"</DistributionSummary>")
        key = one.partition(b"<Id>")[2].partition(b"</Id>")[0]
        copies = [begin + one.replace(key, b"EIDLE%08d" % number) + end for number in range(10_000)]
        before, _, count = head.rpartition(b"<Quantity>")
        head = before + b"<Quantity>10003</Quantity>" + count.partition(b"</Quantity>")[2]
        return head + b"".join(copies) + begin + one + end + rest

    world.aws.faults.add(Fault("ListDistributions", body=added))


AT_AWS = (
    Scenario(AWS, "10 % of all calls are throttled", throttled(0.1, "Throttling"), "success"),
    Scenario(
        AWS,
        "50 % of all calls are throttled",
        throttled(0.5, "ThrottlingException"),
        reads="AWS throttles the account's calls, also after retries",
        minutes=60,
    ),
    Scenario(
        AWS,
        "90 % of all calls are throttled, in CloudFront's spelling",
        throttled(0.9, "Throttling"),
        reads="Listing the distributions failed: AWS throttles the account's calls, also after retries (Throttling: ",
    ),
    Scenario(
        AWS,
        "GetMetricData is throttled, in another spelling",
        fault("GetMetricData", code="TooManyRequestsException", status=429),
        reads="Reading the metrics failed: AWS throttles the account's calls, also after retries (TooManyRequests",
    ),
    Scenario(
        AWS,
        "every third call ends with 500 InternalFailure",
        fault("*", code="InternalFailure", status=500, nth=range(0, 999, 3)),
        "success",
    ),
    Scenario(
        AWS,
        "503 ServiceUnavailable to every call",
        fault("*", code="ServiceUnavailable", status=503, message="Come back"),
        reads="AWS had a fault of its own, also after retries (ServiceUnavailable: Come back)",
    ),
    Scenario(AWS, "every third connection is cut", fault("*", cut_connection=True, nth=range(0, 999, 3)), "success"),
    Scenario(
        AWS,
        "every connection is cut",
        fault("*", cut_connection=True),
        reads="Listing the distributions failed: AWS could not be reached (ConnectionClosedError",
    ),
    Scenario(
        AWS,
        "every answer with metrics breaks off in the middle",
        fault("GetMetricData", cut_answer=True),
        reads="Reading the metrics failed: ",
    ),
    Scenario(
        AWS,
        "half an answer with metrics, of the length that it says",
        fault("GetMetricData", body=half),
        reads="Reading the metrics failed: the answer could not be read",
    ),
    Scenario(
        AWS,
        "half a listing, of the length that it says",
        fault("ListDistributions", body=half),
        reads="Listing the distributions failed: the answer could not be read",
    ),
    Scenario(
        AWS,
        "answers with metrics that never come",
        hanging,
        reads="Reading the metrics failed: AWS could not be reached (ReadTimeoutError",
        end=waiting_as_ever,
        minutes=6,
    ),
    Scenario(
        AWS,
        "DNS is gone",
        no_names,
        reads="Listing the distributions failed: AWS could not be reached (EndpointConnectionError",
    ),
    Scenario(
        AWS,
        "AccessDenied to GetMetricData, from a policy that was changed",
        denied("cloudwatch:GetMetricData"),
        reads="Allow the IAM action cloudwatch:GetMetricData on resource * to the access key's user.",
    ),
    Scenario(
        AWS,
        "AccessDenied to ListDistributions",
        denied("cloudfront:ListDistributions"),
        reads="Allow the IAM action cloudfront:ListDistributions on resource * to the access key's user.",
    ),
    Scenario(
        AWS,
        "InvalidClientTokenId in mid-run: the key is deactivated, or its session token",
        fault("GetMetricData", code="InvalidClientTokenId", status=403, message=ECHO),
        reads="metrics failed: AWS does not take the access key with its session token (InvalidClientTokenId",
        kind=ADVICE,
    ),
    Scenario(
        AWS,
        "ExpiredToken in mid-run",
        fault("GetMetricData", code="ExpiredToken", status=403, message=ECHO),
        reads="Reading the metrics failed: the session token or the request has expired (ExpiredToken",
    ),
    Scenario(
        AWS,
        "SignatureDoesNotMatch, with the request repeated in the text",
        fault("*", code="SignatureDoesNotMatch", status=403, message=ECHO),
        reads="Check that 'ak_secret' is the secret of this access key. The clock of the Func host is not the reason",
    ),
    Scenario(
        AWS,
        "an unknown error whose text forges lines of the log and repeats the key",
        fault("GetMetricData", code="Odd", message=f"x\nFAILED: all\r\nWARNING: {ECHO}"),
        reads="Reading the metrics failed: AWS refused the call (Odd: x FAILED: all WARNING: key *** secret *** ",
    ),
    Scenario(
        AWS,
        "the role's credentials are throttled away",
        fault("AssumeRole", code="Throttling", message=f"{ECHO} external {EXTERNAL_ID}"),
        reads="Assuming the role failed: AWS throttles the account's calls, also after retries (Throttling",
        role=True,
    ),
    Scenario(
        AWS,
        "the role trusts the key no longer",
        denied("sts:AssumeRole"),
        reads="Check 'role_arn' and 'external_id', allow the key's user the IAM action sts:AssumeRole on the role",
        role=True,
    ),
    Scenario(
        AWS,
        "ExpiredToken in mid-run, of a role",
        fault("GetMetricData", code="ExpiredToken", status=403, message=ECHO),
        reads="Reading the metrics failed: the session token or the request has expired (ExpiredToken",
        role=True,
    ),
    Scenario(
        AWS,
        "ListMetrics is throttled",
        fault("ListMetrics", code="Throttling"),
        reads="(Throttling",
        configs={"metrics": "ALL"},
    ),
    Scenario(
        AWS,
        "ListMetrics is denied",
        denied("cloudwatch:ListMetrics"),
        "success",
        reads="Allow the IAM action cloudwatch:ListMetrics on resource * to the access key's user.",
        configs={"metrics": "ALL"},
    ),
    Scenario(
        AWS,
        "DescribeCertificate is denied",
        with_certificate(denied("acm:DescribeCertificate")),
        "success",
        reads="Allow the IAM action acm:DescribeCertificate on resource * to the access key's user.",
        configs={"details": True},
    ),
    Scenario(
        AWS,
        "ACM cannot be reached: a firewall lets only CloudFront and CloudWatch pass",
        with_certificate(fault("DescribeCertificate", cut_connection=True)),
        reads="Reading a certificate failed: AWS could not be reached (ConnectionClosedError",
        configs={"details": True},
    ),
    Scenario(
        AWS,
        "an empty body in the place of a certificate",
        with_certificate(fault("DescribeCertificate", answer=odd_answers.EMPTY)),
        reads="Reading a certificate failed: the answer is not ACM's, or not all of it: an empty body.",
        configs={"details": True},
        kind=NO_ANSWER,
    ),
    Scenario(AWS, "the same Id on several pages", lambda world: world.aws.cut_pages(7), "success", end=whole_pages),
    Scenario(
        AWS,
        "a page of metrics is missing",
        page_missing,
        reads="completely (PartialData).",
        end=whole_pages,
    ),
    Scenario(
        AWS,
        "NextToken repeats",
        token_repeats,
        reads="Reading the metrics failed: the answer could not be read (PaginationError",
        end=whole_pages,
    ),
    Scenario(
        AWS,
        "PartialData",
        broken("PartialData", "come back"),
        reads="CloudWatch did not answer 2 metrics completely (PartialData; PartialData: come back).",
        end=mended,
    ),
    Scenario(
        AWS,
        "InternalError",
        broken("InternalError"),
        reads="CloudWatch did not answer 2 metrics completely (InternalError).",
        end=mended,
    ),
    Scenario(
        AWS,
        "Forbidden",
        broken("Forbidden"),
        reads="CloudWatch did not answer 2 metrics completely (Forbidden).",
        end=mended,
    ),
    Scenario(
        AWS,
        "Messages with a complete answer",
        broken("Complete", f"mind the gap {ECHO}"),
        "success",
        reads="WARNING: CloudWatch remarked: Complete: mind the gap",
        end=mended,
    ),
    Scenario(AWS, "values settle after 8 minutes", settling_late, "success", end=settling_as_ever),
    Scenario(AWS, "minutes appear 9 to 11 minutes late", late_minutes, "success"),
    Scenario(AWS, "a value is revised twice", revised_twice, "success", reads="1 changed"),
    Scenario(AWS, "a minute without a value gets one", value_after_all, "success"),
    Scenario(AWS, "a distribution is created in mid-run", created, "success", reads="4 listed"),
    Scenario(AWS, "a distribution is deleted in mid-run", deleted, "success", reads="2 listed"),
    Scenario(
        AWS,
        "an empty listing after a throttle, for one run",
        empty_after_a_throttle,
        "success",
        reads="Distributions: there are none.",
    ),
    Scenario(
        AWS,
        "the rest of the listing is missing",
        listing(without_the_rest),
        reads="Listing the distributions failed: the answer could not be read",
    ),
    Scenario(
        AWS,
        "the listing's marker repeats",
        marker_repeats,
        reads="Listing the distributions failed: the answer could not be read (PaginationError",
    ),
    Scenario(
        AWS,
        "a proxy's page with status 200 to every call, for 40 minutes",
        fault("*", answer=odd_answers.PROXY_PAGE),
        reads="Listing the distributions failed: the answer is not CloudFront's, or not all of it: an HTML page titled "
        '"Web access blocked", as a proxy sends.',
        minutes=40,
        kind=NO_ANSWER,
    ),
    Scenario(
        AWS,
        "an empty body in the place of the listing",
        fault("ListDistributions", answer=odd_answers.EMPTY),
        reads="the answer is not CloudFront's, or not all of it: an empty body.",
        minutes=40,
        kind=NO_ANSWER,
    ),
    Scenario(
        AWS,
        "204 in the place of the listing",
        fault("ListDistributions", answer=odd_answers.NO_CONTENT),
        reads="the answer is not CloudFront's, or not all of it: HTTP 204, an empty body.",
        kind=NO_ANSWER,
    ),
    Scenario(
        AWS,
        "another XML root in the place of the listing",
        fault("ListDistributions", body=odd_answers.other_root),
        reads="the answer is not CloudFront's, or not all of it: XML of another kind, <Status>.",
        kind=NO_ANSWER,
    ),
    Scenario(
        AWS,
        "the listing counts distributions and has none",
        fault("ListDistributions", body=odd_answers.without_items),
        reads="DistributionList.Quantity is 3, and there are 0 Items.",
        minutes=40,
        kind=NO_ANSWER,
    ),
    Scenario(
        AWS,
        "a proxy's page in the place of metrics",
        fault("GetMetricData", answer=odd_answers.PROXY_PAGE),
        reads="Reading the metrics failed: the answer is not CloudWatch's, or not all of it: an HTML page titled",
        minutes=40,
        kind=NO_ANSWER,
    ),
    Scenario(
        AWS,
        "an empty body in the place of the listed metrics",
        fault("ListMetrics", answer=odd_answers.EMPTY),
        reads="Listing the metrics failed: the answer is not CloudWatch's, or not all of it: an empty body.",
        configs={"metrics": "ALL"},
        kind=NO_ANSWER,
    ),
    Scenario(
        AWS,
        "a proxy's page in the place of all resource tags",
        fault("GetResources", answer=odd_answers.PROXY_PAGE),
        reads="Reading the resource tags failed: the answer is not Resource Groups Tagging API's, or not all of it",
        configs={"resource_tags": ["*"]},
        minutes=20,
        kind=NO_ANSWER,
    ),
    Scenario(
        AWS,
        "a proxy's page in the place of the tags of each distribution that is chosen by them",
        odd_tags,
        reads="Reading the tags of a distribution failed: the answer is not CloudFront's, or not all of it",
        configs={"distributions": {"tag:env": ["prod"]}},
        minutes=20,
        kind=NO_ANSWER,
    ),
    Scenario(
        AWS,
        "204 in the place of a role's credentials",
        fault("AssumeRole", answer=odd_answers.NO_CONTENT),
        reads="Assuming the role failed: the answer is not STS's, or not all of it: HTTP 204, an empty body.",
        role=True,
        kind=NO_ANSWER,
    ),
    Scenario(
        AWS,
        "a record without its ARN",
        listing(odd_answers.without("ARN")),
        "success",
        reads=": ARN is missing. What cannot be read is left out.",
        minutes=20,
        kind=ODD_RECORD,
    ),
    Scenario(
        AWS,
        "a record with a time that is none",
        listing(odd_answers.with_text("LastModifiedTime", "never")),
        "success",
        reads=": LastModifiedTime is no time ('never'). What cannot be read is left out.",
        minutes=20,
        kind=ODD_RECORD,
    ),
    Scenario(
        AWS,
        "a record with a number that is none, where botocore gives up the listing",
        listing(odd_answers.with_text("HTTPPort", "eighty")),
        "success",
        reads=": Origins cannot be read. What cannot be read is left out.",
        minutes=20,
        kind=ODD_RECORD,
    ),
    Scenario(
        AWS,
        "a value too few in a series",
        fault("GetMetricData", result=odd_answers.value_missing),
        reads="CloudWatch did not answer 1 metric completely (not as many values as minutes).",
        minutes=40,
        kind=OUT_OF_STEP,
    ),
    Scenario(
        AWS,
        "a minute too few in a series, on several pages",
        minute_missing_on_a_page,
        reads="completely (not as many values as minutes).",
        end=whole_pages,
        kind=OUT_OF_STEP,
    ),
    Scenario(
        AWS,
        "minutes of the next day",
        fault("GetMetricData", result=odd_answers.with_times(lambda at: at + 86400)),
        reads="CloudWatch did not answer 1 metric completely (minutes that were not requested).",
        kind=OUT_OF_STEP,
    ),
    Scenario(
        AWS,
        "minutes with fractions",
        fault("GetMetricData", result=odd_answers.with_times(lambda at: at + 0.5)),
        reads="completely (minutes that were not requested).",
        kind=OUT_OF_STEP,
    ),
    Scenario(
        AWS,
        "minutes in milliseconds",
        fault("GetMetricData", result=odd_answers.with_times(lambda at: at * 1000)),
        reads="completely (minutes that were not requested).",
        kind=OUT_OF_STEP,
    ),
    Scenario(
        AWS,
        "each minute of a series twice",
        fault("GetMetricData", result=odd_answers.minutes_twice),
        reads="completely (minutes that were not requested).",
        kind=OUT_OF_STEP,
    ),
    Scenario(
        AWS,
        "pages of metrics without an end, of five seconds each",
        endless_pages,
        reads="Reading the metrics failed: the time limit of the run is over (configuration key 'time_limit').",
        end=pages_with_an_end,
        # Each simulated second takes a moment of the test's.
        configs={"time_limit": 60},
        minutes=10,
        kind=ENDLESS,
    ),
    Scenario(
        AWS,
        "an explicit deny in a policy of the organization",
        explicit_deny,
        reads="A statement with the effect Deny in service control policy forbids cloudwatch:GetMetricData: allowing "
        "it elsewhere does not help.",
        kind=ADVICE,
    ),
    Scenario(
        AWS,
        "a redirect, as to the page where guests log in",
        fault("*", answer=odd_answers.REDIRECT),
        reads="AWS was not reached (HTTP 301, a redirect to https://login.example.com/wifi).",
        kind=ADVICE,
    ),
    Scenario(
        AWS,
        "a proxy that forbids, with 403",
        fault("*", answer=odd_answers.PROXY_REFUSES),
        reads='AWS was not reached (HTTP 403, a page titled "Web access blocked" that is no error of AWS\'s).',
        kind=ADVICE,
    ),
    Scenario(
        AWS,
        "a proxy that asks for a password, with 407",
        fault("*", answer=odd_answers.PROXY_ASKS),
        reads="put them into the address in HTTPS_PROXY of the Func host, before the name of the proxy (user, colon",
        kind=ADVICE,
    ),
    Scenario(
        AWS,
        "NaN for every value",
        with_values(lambda value: float("nan")),
        "success",
        reads="are not numbers",
    ),
    Scenario(
        AWS, "infinity for every value", with_values(lambda value: float("inf")), "success", reads="are not numbers"
    ),
    Scenario(
        AWS,
        "an answer with nothing in it",
        fault("GetMetricData", result=lambda result: {}),
        reads="Reading the metrics failed: the answer is not CloudWatch's, or not all of it",
    ),
    Scenario(
        AWS,
        "an answer without any of the series",
        fault("GetMetricData", result=lambda result: {**result, "MetricDataResults": []}),
        reads="completely (no answer).",
    ),
    Scenario(AWS, "unknown members in every answer", fault("GetMetricData", result=unknown_members), "success"),
    Scenario(AWS, "strange Unicode in comments and messages", strange, "success", reads="right to left", end=mended),
    Scenario(
        AWS,
        "a tag longer than DataKit takes",
        listing(lambda body: body.replace(b"<Status>Deployed", b"<Status>" + b"Deployed" * 200)),
        "success",
        reads="the tag 'Status' is longer than 1,024 bytes and is cut.",
    ),
    Scenario(AWS, "10,000 distributions of a sudden", many, "success", reads="10,003 listed", minutes=5, large=True),
)
