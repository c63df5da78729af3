"""Each sentence that is promised of certificates, on the built package."""

import pytest

from devtools.aws import odd_answers
from devtools.aws.embedded import IDLE, Fault
from tests.conftest import AK_ID, AK_SECRET, NOW
from tests.contract.conftest import CHECK, JOB, PREVIEW, SET, configure, use_key

MINUTE, DAY = 60, 86400
FIELDS = ("CertificateExpires", "CertificateDaysLeft", "CertificateRenewal")


@pytest.fixture
def run(func, clock):
    """A run in which objects are due."""

    def next_run(status="success", after=15 * MINUTE):
        clock.advance(after)
        record = func.run_cron_job(JOB)
        assert record.status == status, record.exception
        return record

    return next_run


def told(datakit, key):
    """What the newest object of a distribution tells of its certificate.

    After an outage one of them is written once more with an old time, to see what the connector makes of it.
    """
    points = [point for point in datakit.points("custom_object") if point.tags["Id"] == key]
    newest = max(points, key=lambda point: point.time)
    return tuple(newest.fields.get(name) for name in FIELDS)


def asked(aws):
    counts = aws.call_counts()
    return counts.get("DescribeCertificate", 0), counts.get("ListServerCertificates", 0)


def test_with_details_objects_tell_when_a_certificate_expires_and_who_renews_it(func, run, aws, datakit) -> None:
    configure(func, details=True)
    renewed = aws.add_certificate(aws.account, NOW + 20.5 * DAY)
    imported = aws.add_certificate(aws.account, NOW + 2.5 * DAY, Type="IMPORTED", RenewalEligibility="INELIGIBLE")
    uploaded = aws.add_server_certificate(aws.account, NOW - 0.5 * DAY)
    keys = [aws.add_distribution(aws.account, traffic=IDLE, certificate=one) for one in (renewed, imported, uploaded)]
    own = aws.add_distribution(aws.account, traffic=IDLE)
    record = run()
    assert [told(datakit, key) for key in keys] == [
        ("2026-03-21T22:00:00Z", 20, "eligible"),
        ("2026-03-03T22:00:00Z", 2, "imported"),
        ("2026-02-28T22:00:00Z", -1, "imported"),
    ]
    assert told(datakit, own) == (None, None, None)
    assert "Certificates: 3 answers; 3 of 3 known." in record.log
    assert {call.region for call in aws.calls if call.operation == "DescribeCertificate"} == {"us-east-1"}


def test_a_certificate_is_asked_for_once_a_day_however_many_distributions_have_it(
    func, run, aws, datakit, clock
) -> None:
    configure(func, details=True)
    arn, number = aws.add_certificate(aws.account, NOW + 20.5 * DAY), aws.add_server_certificate(aws.account, NOW + DAY)
    keys = [aws.add_distribution(aws.account, traffic=IDLE, certificate=one) for one in (arn, arn, number, number)]
    for _ in range(4):
        run()
    assert asked(aws) == (1, 1)
    aws.change_certificate(arn, NotAfter=float(NOW + 400 * DAY))
    run(after=DAY - 4 * 15 * MINUTE)
    assert asked(aws) == (1, 1)
    assert told(datakit, keys[0])[1] == 19
    run()
    assert asked(aws) == (2, 2)
    assert told(datakit, keys[1])[1] == 398


def test_without_details_nothing_is_asked_or_told(func, run, aws, datakit) -> None:
    key = aws.add_distribution(aws.account, traffic=IDLE, certificate=aws.add_certificate(aws.account, NOW + DAY))
    run()
    assert asked(aws) == (0, 0)
    assert told(datakit, key) == (None, None, None)


@pytest.mark.parametrize("partition", ["aws", "aws-cn"])
def test_a_partition_is_asked_in_its_own_region(func, run, aws, datakit, partition) -> None:
    account = (
        aws.account if partition == "aws" else aws.add_account("AKIACHINA00000000001", AK_SECRET, partition=partition)
    )
    configure(func, details=True)
    if partition == "aws-cn":
        script = f"startup__{SET}"
        func.scripts[script] = func.scripts[script].replace('# "partition": "aws-cn",', '"partition": "aws-cn",')
        func.publish(script)
        use_key(func, ak_id=account.ak_id)
    arn = aws.add_certificate(account, NOW + 20.5 * DAY)
    uploaded = aws.add_server_certificate(account, NOW + 5.5 * DAY)
    keys = [aws.add_distribution(account, traffic=IDLE, certificate=one) for one in (arn, uploaded)]
    run()
    assert [told(datakit, key)[1:] for key in keys] == [(20, "eligible"), (5, "imported")]
    regions = {
        operation: {call.region for call in aws.calls if call.operation == operation}
        for operation in ("DescribeCertificate", "ListServerCertificates")
    }
    # IAM is global: its requests are signed for the region of its endpoint, or, as here, for the client's.
    assert (
        regions
        == {
            "aws": {"DescribeCertificate": {"us-east-1"}, "ListServerCertificates": {"us-east-1"}},
            "aws-cn": {"DescribeCertificate": {"cn-northwest-1"}, "ListServerCertificates": {"cn-northwest-1"}},
        }[partition]
    )


def test_what_is_denied_is_one_warning_and_costs_nothing_but_these_fields(func, run, aws, datakit) -> None:
    configure(func, details=True)
    certificates = [aws.add_certificate(aws.account, NOW + number * DAY) for number in range(1, 4)]
    certificates.append(aws.add_server_certificate(aws.account, NOW + DAY))
    keys = [aws.add_distribution(aws.account, traffic=IDLE, certificate=one) for one in certificates]
    for action in ("acm:DescribeCertificate", "iam:ListServerCertificates"):
        aws.deny(AK_ID, action)
    record = run()
    for action in ("acm:DescribeCertificate", "iam:ListServerCertificates"):
        assert record.log.count(f"Allow the IAM action {action} on resource *") == 1
    assert "WARNING: Reading a certificate failed: permission is denied" in record.log
    assert f"Concerns {keys[0]}. Until then, objects carry only what was known of these certificates" in record.log
    assert f"Concerns {keys[3]}. Until then, objects carry only what was known of these certificates" in record.log
    assert asked(aws) == (1, 1)
    assert [told(datakit, key) for key in keys] == [(None, None, None)] * 4
    assert record.return_value["objects"] == 4


ODD_ANSWERS = {
    "a proxy's page": {"answer": odd_answers.PROXY_PAGE},
    "an empty body": {"answer": odd_answers.EMPTY},
    "204": {"answer": odd_answers.NO_CONTENT},
    "another root": {"body": odd_answers.other_root},
    "half of it": {"cut_answer": True},
}
ODD_CERTIFICATES = {
    "no certificate": lambda body: b"{}",
    "a certificate that is none": lambda body: b'{"Certificate": "' + b"x" * 20 + b'"}',
    "another certificate": lambda body: body.replace(b"certificate/", b"certificate/0"),
    "a certificate without a name": lambda body: b'{"Certificate": {"NotAfter": 1772359200}}',
}
ODD_LISTS = {
    "no list": odd_answers.without("ServerCertificateMetadataList"),
    "not whether more is to come": odd_answers.without("IsTruncated"),
    "more to come, and no word where": odd_answers.with_text("IsTruncated", "true"),
}


@pytest.mark.parametrize("odd", [*ODD_ANSWERS, *ODD_CERTIFICATES])
def test_an_answer_of_acm_that_is_none_is_not_believed(func, run, aws, datakit, odd) -> None:
    configure(func, details=True)
    key = aws.add_distribution(
        aws.account, traffic=IDLE, certificate=aws.add_certificate(aws.account, NOW + 20.5 * DAY)
    )
    fault = ODD_ANSWERS.get(odd) or {"body": ODD_CERTIFICATES[odd]}
    aws.faults.add(Fault("DescribeCertificate", **fault))
    record = run("failure")
    assert "Reading a certificate failed: the answer " in record.exception
    assert f"Concerns {key}. Until then, objects carry only what was known of these" in record.exception
    assert told(datakit, key) == (None, None, None)
    assert "answer; " not in record.log
    # Nothing of it was kept: the next objects ask again.
    aws.faults.clear()
    run()
    assert told(datakit, key)[1] == 20


@pytest.mark.parametrize("odd", [*ODD_ANSWERS, *ODD_LISTS])
def test_an_answer_of_iam_that_is_none_is_not_believed(func, run, aws, datakit, odd) -> None:
    configure(func, details=True)
    key = aws.add_distribution(
        aws.account, traffic=IDLE, certificate=aws.add_server_certificate(aws.account, NOW + 20.5 * DAY)
    )
    fault = ODD_ANSWERS.get(odd) or {"body": ODD_LISTS[odd]}
    aws.faults.add(Fault("ListServerCertificates", **fault))
    record = run("failure")
    assert "Listing the server certificates of IAM failed: the answer " in record.exception
    assert told(datakit, key) == (None, None, None)
    aws.faults.clear()
    run()
    assert told(datakit, key)[1] == 20


def test_a_certificate_that_fails_costs_the_others_and_all_else_nothing(func, run, aws, datakit) -> None:
    configure(func, details=True)
    arns = [aws.add_certificate(aws.account, NOW + (number + 0.5) * DAY) for number in range(4)]
    keys = [aws.add_distribution(aws.account, certificate=arn) for arn in arns]
    # botocore tries once more.
    aws.faults.add(Fault("DescribeCertificate", code="InternalFailure", status=500, nth={1, 2}))
    record = run("failure")
    assert 'Account "prod": 1 part of the run failed.' in record.exception
    assert "Reading a certificate failed: AWS had a fault of its own, also after retries (Internal" in record.exception
    assert f"The next run asks again. Concerns {keys[0]}. Until then, objects carry only what" in record.exception
    assert [told(datakit, key)[1] for key in keys] == [None, 1, 2, 3]
    assert {point.tags["DistributionId"] for point in datakit.points("metric")} == set(keys)
    run()
    assert [told(datakit, key)[1] for key in keys] == [0, 1, 2, 3]
    assert asked(aws) == (6, 0)


def test_an_acm_that_cannot_be_reached_is_asked_for_one_certificate(func, run, aws, datakit) -> None:
    configure(func, details=True)
    keys = [
        aws.add_distribution(aws.account, certificate=aws.add_certificate(aws.account, NOW + 9.5 * DAY))
        for _ in range(3)
    ]
    aws.faults.add(Fault("DescribeCertificate", cut_connection=True))
    record = run("failure")
    assert "Reading a certificate failed: AWS could not be reached" in record.exception
    assert asked(aws) == (2, 0)
    assert {point.tags["DistributionId"] for point in datakit.points("metric")} == set(keys)
    aws.faults.clear()
    run()
    assert [told(datakit, key)[1] for key in keys] == [9, 9, 9]


@pytest.mark.parametrize("service", ["ACM", "IAM"])
def test_an_address_that_is_none_costs_only_the_certificates(func, run, aws, datakit, monkeypatch, service) -> None:
    configure(func, details=True)
    monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", "no address")
    certificates = {"ACM": aws.add_certificate, "IAM": aws.add_server_certificate}
    keys = {
        name: aws.add_distribution(aws.account, certificate=add(aws.account, NOW + 9.5 * DAY))
        for name, add in certificates.items()
    }
    record = run("failure")
    assert "Preparing the calls to AWS failed: botocore refused to (" in record.exception
    assert (
        "Check the environment variables of the Func host whose names begin with AWS_ENDPOINT_URL" in record.exception
    )
    assert {point.tags["DistributionId"] for point in datakit.points("metric")} == set(keys.values())
    assert {name: told(datakit, key)[1] for name, key in keys.items()} == {"ACM": 9, "IAM": 9, service: None}


def test_what_was_known_is_told_for_a_week_while_acm_fails(func, run, aws, datakit, keeps_time) -> None:
    configure(func, details=True)
    key = aws.add_distribution(
        aws.account, traffic=IDLE, certificate=aws.add_certificate(aws.account, NOW + 20.5 * DAY)
    )
    run()
    aws.faults.add(Fault("DescribeCertificate", code="InternalFailure", status=500))
    told_of = []
    for _ in range(8):
        run("failure", after=DAY)
        told_of.append(told(datakit, key)[1])
    assert told_of == [19, 18, 17, 16, 15, 14, None, None]


def test_a_certificate_without_an_end_is_warned_of_once_a_day(func, run, aws, datakit) -> None:
    configure(func, details=True)
    odd = aws.add_certificate(aws.account, NOW + 20.5 * DAY, NotAfter="soon")
    gone = f"{odd[:-1]}{'0' if odd[-1] != '0' else '1'}"
    whole = aws.add_certificate(aws.account, NOW + 20.5 * DAY)
    certificates = (odd, gone, "ASCA99999999999999999", whole)
    keys = [aws.add_distribution(aws.account, traffic=IDLE, certificate=one) for one in certificates]
    record = run()
    said = f"WARNING: AWS does not tell when the certificate of {keys[0]}, {keys[1]}, {keys[2]} expires: look at it in "
    assert said in record.log
    assert [told(datakit, key) for key in keys[:3]] == [(None, None, "eligible"), (None,) * 3, (None,) * 3]
    assert told(datakit, keys[3])[1] == 20
    assert said not in run().log
    assert asked(aws) == (3, 1)
    assert said in run(after=DAY).log


def test_a_clock_that_was_ahead_does_not_keep_a_certificate_from_being_asked_for(
    func, run, aws, datakit, clock
) -> None:
    configure(func, details=True)
    arn = aws.add_certificate(aws.account, NOW + 400.5 * DAY)
    aws.add_distribution(aws.account, traffic=IDLE, certificate=arn)
    clock.set(NOW + 300 * DAY)
    run()
    clock.set(NOW)
    aws.change_certificate(arn, NotAfter=float(NOW + 500.5 * DAY))
    run()
    assert datakit.points("custom_object")[-1].fields["CertificateDaysLeft"] == 500
    assert asked(aws) == (2, 0)


def test_many_certificates_are_asked_for_in_several_runs_at_the_pace_that_acm_allows(func, run, aws, datakit) -> None:
    configure(func, details=True, concurrency=1)
    keys = [
        aws.add_distribution(aws.account, traffic=IDLE, certificate=aws.add_certificate(aws.account, NOW + 9.5 * DAY))
        for _ in range(130)
    ]
    log = run().log
    assert "Certificates: 100 answers; 100 of 130 known." in log
    assert asked(aws) == (100, 0)
    assert "Certificates: 30 answers; 130 of 130 known." in run().log
    assert {told(datakit, key)[1] for key in keys} == {9}
    times = sorted(call.at for call in aws.calls if call.operation == "DescribeCertificate")
    # AWS's quota: ten calls a second.
    assert all(later - earlier >= 1 for earlier, later in zip(times, times[10:]))


def test_server_certificates_are_listed_page_by_page(func, run, aws, datakit) -> None:
    configure(func, details=True)
    numbers = [aws.add_server_certificate(aws.account, NOW + (number + 0.5) * DAY) for number in range(120)]
    keys = [aws.add_distribution(aws.account, traffic=IDLE, certificate=numbers[number]) for number in (0, 119)]
    run()
    assert [told(datakit, key)[1] for key in keys] == [0, 119]
    assert asked(aws) == (0, 2)


def test_a_preview_shows_the_fields_and_keeps_nothing(func, run, aws, datakit) -> None:
    configure(func, details=True)
    key = aws.add_distribution(
        aws.account, traffic=IDLE, certificate=aws.add_certificate(aws.account, NOW + 20.5 * DAY)
    )
    record = func.call(PREVIEW)
    assert record.status == "success", record.exception
    assert '"CertificateDaysLeft": 20' in record.log
    run()
    assert told(datakit, key)[1] == 20
    assert asked(aws) == (2, 0)


def test_check_tries_the_actions_and_says_what_their_lack_costs(func, aws, datakit) -> None:
    def rows():
        return {row["what"]: (row["result"], row["detail"]) for row in func.call(CHECK).return_value["checks"]}

    arn = aws.add_certificate(aws.account, NOW + 20.5 * DAY)
    key = aws.add_distribution(aws.account, traffic=IDLE)
    assert not {"acm:DescribeCertificate", "iam:ListServerCertificates"} & set(rows())
    key = aws.add_distribution(aws.account, traffic=IDLE, certificate=arn)
    aws.add_distribution(aws.account, traffic=IDLE, certificate=aws.add_server_certificate(aws.account, NOW + DAY))
    found = rows()
    said = f"optional; the certificate of {key} is valid until 2026-03-21 22:00 UTC"
    assert found["acm:DescribeCertificate"] == ("ok", said)
    assert found["iam:ListServerCertificates"] == ("ok", "optional; 1 server certificate listed")
    configure(func, details=True)
    aws.deny(AK_ID, "acm:DescribeCertificate")
    aws.deny(AK_ID, "iam:ListServerCertificates")
    found = rows()
    for action, kind in (("acm:DescribeCertificate", "certificate of ACM"), ("iam:ListServerCertificates", "IAM")):
        assert found[action][0] == "missing"
        assert found[action][1].startswith("needed by your configuration; without it an object cannot tell when a ")
        assert kind in found[action][1]
        assert f"Allow the IAM action {action}" in found[action][1]
