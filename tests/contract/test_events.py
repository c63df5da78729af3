"""Each sentence that is promised of change events, on the built package."""

import base64
import json
import re
import uuid
import zlib

import pytest

from devtools.aws.embedded import IDLE, Fault, Traffic
from devtools.func.runtime import TaskTimeout
from tests.conftest import NOW
from tests.contract.conftest import JOB, PREVIEW, SET, configure

MINUTE, HOUR = 60, 3600
SECRET = "only-the-origin-knows-this"
BUSY = Traffic(requests=60.0)


@pytest.fixture
def shop(aws):
    return aws.add_distribution(aws.account, aliases=["www.example.com"], comment="The shop", traffic=BUSY)


@pytest.fixture
def run(func, clock):
    """A run, five minutes after the last one."""

    def next_run(status="success"):
        clock.advance(5 * MINUTE)
        record = func.run_cron_job(JOB)
        assert record.status == status, record.exception
        return record

    return next_run


def events(datakit):
    return datakit.points("keyevent")


def told(datakit):
    """(distribution, kind) of each event, in the order in which they came."""
    return [(point.tags["DistributionId"], point.tags["change_type"]) for point in events(datakit)]


def test_a_change_is_an_event_in_the_form_of_datakit_s_own(run, aws, datakit, clock, shop) -> None:
    run()
    clock.advance(3 * MINUTE)
    aws.update_distribution(aws.account, shop, deployed_after=6 * MINUTE, origin="origin-2.example.com")
    record = run()
    (point,) = events(datakit)
    domain = f"d{shop[1:].lower()}.cloudfront.net"
    assert (point.measurement, point.time) == ("event", NOW + 8 * MINUTE)
    event_id = point.tags["df_event_id"]
    assert point.tags == {
        **{"df_source": "change", "df_status": "info", "df_sub_status": "info", "df_event_id": event_id},
        **{"class": "aws_cloudfront", "change_type": "changed", "cloud_provider": "AWS", "account_name": "prod"},
        **{"name": shop, "DistributionId": shop, "Alias": "www.example.com", "DomainName": domain},
    }
    assert event_id.startswith("event-")
    assert str(uuid.UUID(event_id[6:])) == event_id[6:]
    difference = (
        "Origins: origin.example.com (https-only) → origin-2.example.com (https-only); Status: Deployed → InProgress"
    )
    assert point.fields == {
        "df_title": f"CloudFront distribution www.example.com ({shop}): Origins changed",
        "df_message": (
            f"{difference}. CloudFront: modified 2026-03-01T10:08:00Z. Distribution {shop} (www.example.com, "
            f"{domain}), account prod, seen 2026-03-01T10:13:00Z."
        ),
        "diff": difference,
    }
    assert record.return_value["events"] == 1
    assert f"Changed: CloudFront distribution www.example.com ({shop}): Origins changed." in record.log
    assert "Changes: 1 event reported." in record.log


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"enabled": False}, "Enabled: yes → no"),
        ({"aliases": ["www.example.com", "a.example.com"]}, "Aliases: www.example.com → a.example.com, www.example"),
        ({"aliases": []}, "Aliases: www.example.com → none"),
        ({"settings": {"PriceClass": "PriceClass_100"}}, "Price class: PriceClass_All → PriceClass_100"),
        ({"settings": {"HttpVersion": "http2and3"}}, "HTTP version: http2 → http2and3"),
        ({"settings": {"WebACLId": "arn:aws:wafv2:us-east-1:1:global/webacl/shop/5f6c"}}, "WAF: none → shop"),
        (
            {"settings": {"DefaultCacheBehavior": {"TargetOriginId": "origin", "ViewerProtocolPolicy": "allow-all"}}},
            "Viewer protocol policy: default redirect-to-https → default allow-all",
        ),
        ({"comment": "Another comment"}, "Other settings: Comment"),
        ({}, "Other settings: something that CloudFront's listing does not tell"),
    ],
)
def test_what_changed_is_told_in_words(run, aws, datakit, shop, changes, words) -> None:
    run()
    aws.update_distribution(aws.account, shop, deployed_after=0, **changes)
    run()
    (point,) = events(datakit)
    assert point.fields["diff"].startswith(words)
    assert words in point.fields["df_message"]


FUNCTION = (
    "<Quantity>1</Quantity><Items><FunctionAssociation><FunctionARN>arn:aws:cloudfront::1:function/rewrite"
    "</FunctionARN><EventType>viewer-request</EventType></FunctionAssociation></Items></FunctionAssociations>"
)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "<ACMCertificateArn></ACMCertificateArn>",
            "<ACMCertificateArn>arn:aws:acm:us-east-1:1:certificate/7</ACMCertificateArn>",
            "Certificate: CloudFront default → arn:aws:acm:us-east-1:1:certificate/7",
        ),
        (">TLSv1<", ">TLSv1.2_2021<", "TLS version: TLSv1 → TLSv1.2_2021"),
        (
            "<RestrictionType>none</RestrictionType><Quantity>0</Quantity>",
            "<RestrictionType>blacklist</RestrictionType><Quantity>1</Quantity><Items><Location>DE</Location></Items>",
            "Geo restriction: none → not DE",
        ),
        ("<Staging>false", "<Staging>true", "Staging: no → yes"),
        (
            "<RealtimeLogConfigArn></RealtimeLogConfigArn>",
            "<RealtimeLogConfigArn>arn:aws:cloudfront::1:realtime-log-config/all</RealtimeLogConfigArn>",
            "Real-time logging: off → all",
        ),
        (
            "<Quantity>0</Quantity></FunctionAssociations>",
            FUNCTION,
            "Functions: none → default viewer-request rewrite",
        ),
        (
            "<CachePolicyId></CachePolicyId>",
            "<CachePolicyId>658327ea</CachePolicyId>",
            "Other settings: DefaultCacheBehavior.CachePolicyId",
        ),
        ("<OriginReadTimeout>30", "<OriginReadTimeout>9", "Other settings: Origins.CustomOriginConfig.OriginReadTim"),
    ],
)
def test_what_the_listing_answers_otherwise_is_told_in_words(run, aws, datakit, shop, old, new, words) -> None:
    """Of what the embedded AWS cannot be told, the listing itself is changed."""
    run()
    aws.faults.add(Fault("ListDistributions", body=lambda body: body.replace(old.encode(), new.encode())))
    aws.update_distribution(aws.account, shop, deployed_after=0)
    run()
    assert events(datakit)[0].fields["diff"].startswith(words)


def test_a_deployment_that_ends_is_one_event_that_says_how_long_it_took(run, aws, datakit, shop) -> None:
    run()
    aws.update_distribution(aws.account, shop, deployed_after=7 * MINUTE, comment="x")
    for _ in range(4):
        run()
    assert told(datakit) == [(shop, "changed"), (shop, "deployed")]
    message = events(datakit)[1].fields["df_message"]
    assert "The deployment took at most 10 min: modified 2026-03-01T10:05:00Z, seen deployed 2026-03-01T10:15:00Z." in (
        message
    )
    assert events(datakit)[1].time == NOW + 15 * MINUTE


def test_created_and_deleted_distributions_are_events(run, aws, datakit, clock, shop) -> None:
    run()
    new = aws.add_distribution(aws.account, aliases=["new.example.com"], traffic=IDLE, created_at=clock.time())
    run()
    aws.remove_distribution(aws.account, shop)
    run()
    assert told(datakit) == [(new, "created")]
    for _ in range(3):
        run()
    assert told(datakit) == [(new, "created"), (shop, "deleted")]
    created, deleted = events(datakit)
    assert (created.time, deleted.time) == (NOW + 5 * MINUTE, NOW + 15 * MINUTE)
    assert deleted.tags["Alias"] == "www.example.com"
    assert (
        "Last known: Enabled: yes; Status: Deployed; Aliases: www.example.com; Origins: "
        in (deleted.fields["df_message"])
    )


def test_the_first_run_and_runs_without_a_change_tell_nothing(run, datakit, shop) -> None:
    for _ in range(4):
        assert "Change" not in run().log
    assert events(datakit) == []


def test_an_empty_or_a_failed_listing_deletes_nothing(run, aws, datakit, shop) -> None:
    run()

    def empty(body):
        return re.sub(
            rb"<Quantity>1</Quantity><Items>.*</Items>(?=</DistributionList>)", b"<Quantity>0</Quantity>", body
        )

    for fault in (
        Fault("ListDistributions", body=empty),
        Fault("ListDistributions", code="ServiceUnavailable", status=503),
        Fault("ListDistributions", body=lambda body: b"<html>proxy</html>"),
        Fault("ListDistributions", body=lambda body: b""),
    ):
        aws.faults.add(fault)
        run("success" if fault.body is empty else "failure")
        run("success" if fault.body is empty else "failure")
        aws.faults.clear()
    run()
    assert events(datakit) == []


def test_a_distribution_that_one_listing_leaves_out_is_not_deleted(run, aws, datakit, shop) -> None:
    other = aws.add_distribution(aws.account, traffic=IDLE)
    run()

    def without_other(body):
        of_other = rb"<DistributionSummary>(?:(?!<DistributionSummary>).)*<Id>" + other.encode() + rb"</Id>.*?"
        body, found = re.subn(of_other + rb"</DistributionSummary>", b"", body, flags=re.DOTALL)
        assert found == 1
        return body.replace(b"<Quantity>2</Quantity><Items><Dis", b"<Quantity>1</Quantity><Items><Dis")

    aws.faults.add(Fault("ListDistributions", body=without_other, times=1))
    run()
    for _ in range(3):
        run()
    assert events(datakit) == []


def test_secret_values_appear_nowhere_and_text_of_aws_is_data(run, func, aws, datakit, shop) -> None:
    def with_header(value):
        header = f"<OriginCustomHeader><HeaderName>x-known</HeaderName><HeaderValue>{value}</HeaderValue>"
        headers = f"<Quantity>1</Quantity><Items>{header}</OriginCustomHeader></Items></CustomHeaders>".encode()
        none = b"<Quantity>0</Quantity></CustomHeaders>"
        aws.faults.clear()
        aws.faults.add(Fault("ListDistributions", body=lambda body: body.replace(none, headers)))
        aws.update_distribution(aws.account, shop, deployed_after=0)

    with_header(SECRET)
    run()
    with_header(f"{SECRET}-rotated")
    run()
    assert events(datakit)[0].fields["diff"] == "Other settings: Origins.CustomHeaders"
    evil = "x\nFAILED: all is lost\r\u2028{{forged}}"
    aws.faults.clear()
    aws.faults.add(
        Fault("ListDistributions", body=lambda body: body.replace(b"origin.example.com", evil.encode() + b"&amp;"))
    )
    run()
    assert len(events(datakit)) == 2
    assert "x FAILED: all is lost {{forged}}&" in events(datakit)[1].fields["diff"]
    assert "\nFAILED" not in func.records[-1].log
    everything = repr([func.records, func.store.rows, func.cache.rows, datakit.points(), unpacked(func)])
    assert SECRET not in everything


def unpacked(func):
    """What is kept for the events, as it is inside."""
    kept = json.loads(func.cache.get("events/aws/prod", SET))["kept"]
    return json.loads(zlib.decompress(base64.b64decode(kept["packed"])))


def test_no_event_comes_twice_and_the_same_change_has_the_same_id(run, func, aws, datakit, shop) -> None:
    run()
    aws.update_distribution(aws.account, shop, deployed_after=0, comment="x")
    # It is kept, but nobody hears of it: so it comes once more, as the very same point.
    datakit.lose_answers(1)
    run("failure")
    for _ in range(3):
        run()
    first, second = events(datakit)
    assert (first.tags, first.fields, first.time) == (second.tags, second.fields, second.time)


def test_no_event_is_lost_while_the_sink_is_down(run, aws, datakit, clock, shop) -> None:
    run()
    datakit.go_down()
    first = clock.time()
    aws.update_distribution(aws.account, shop, deployed_after=0, comment="x")
    run("failure")
    second = clock.time()
    aws.update_distribution(aws.account, shop, deployed_after=0, origin="origin-2.example.com")
    run("failure")
    run("failure")
    datakit.come_up()
    run()
    run()
    assert [(point.time, point.fields["diff"].partition(":")[0]) for point in events(datakit)] == [
        (first, "Other settings"),
        (second, "Origins"),
    ]


def test_what_is_known_moves_on_though_a_run_is_killed_at_the_write(run, func, aws, datakit, shop) -> None:
    run()
    aws.update_distribution(aws.account, shop, deployed_after=0, comment="x")

    def kill(name):
        if name == "write keyevent":
            raise TaskTimeout("Task timeout")

    func.on_event = kill
    run("timeout")
    func.on_event = lambda name: None
    run()
    run()
    assert told(datakit) == [(shop, "changed")]


def test_a_sink_that_takes_no_events_still_gets_objects_and_metrics(run, aws, datakit, shop) -> None:
    run()
    datakit.refuse(403, category="keyevent")
    aws.update_distribution(aws.account, shop, deployed_after=0, comment="x")
    before = len(datakit.points("metric"))
    record = run("failure")
    assert "switch them off with 'events': False" in record.exception
    assert len(datakit.points("metric")) > before
    datakit.clear_faults()
    run()
    assert told(datakit) == [(shop, "changed")]


def test_a_lost_cache_starts_anew_in_silence(run, func, aws, datakit, shop) -> None:
    run()
    aws.update_distribution(aws.account, shop, deployed_after=0, comment="x")
    aws.add_distribution(aws.account, traffic=IDLE)
    func.cache.rows.clear()
    run()
    assert events(datakit) == []
    aws.update_distribution(aws.account, shop, deployed_after=0, comment="y")
    run()
    assert told(datakit) == [(shop, "changed")]


def test_a_change_of_the_choice_makes_no_events(run, func, aws, datakit, shop) -> None:
    ids = [aws.add_distribution(aws.account, aliases=[f"{name}.example.com"], traffic=IDLE) for name in "abc"]
    configure(func, distributions=["www.example.com"])
    run()
    for choice in (["*"], ["a.example.com"], ["NOT", "a.example.com"], ["*"]):
        configure(func, distributions=choice)
        run()
        run()
    assert events(datakit) == []
    aws.update_distribution(aws.account, ids[2], deployed_after=0, comment="x")
    run()
    assert told(datakit) == [(ids[2], "changed")]


def test_events_cost_no_call_and_can_be_switched_off(run, func, aws, datakit, shop) -> None:
    run()
    before = aws.call_counts()
    aws.update_distribution(aws.account, shop, deployed_after=0, comment="x")
    run()
    assert {name: number - before[name] for name, number in aws.call_counts().items()} == {
        "ListDistributions": 1,
        "GetMetricData": 1,
    }
    configure(func, events=False)
    aws.update_distribution(aws.account, shop, deployed_after=0, comment="y")
    assert run().return_value["events"] == 0
    assert len(events(datakit)) == 1


def test_a_preview_tells_and_keeps_nothing(run, func, aws, datakit, shop) -> None:
    run()
    aws.update_distribution(aws.account, shop, deployed_after=0, comment="x")
    record = func.call(PREVIEW)
    assert record.status == "success"
    assert "Changes: not shown in a preview" in record.log
    run()
    assert told(datakit) == [(shop, "changed")]


def test_details_tell_of_logging_in_the_same_event(run, func, aws, datakit, shop) -> None:
    configure(func, details=True)
    run()
    logging = {"Enabled": "true", "IncludeCookies": "false", "Bucket": "logs.s3.amazonaws.com", "Prefix": "cdn"}
    aws.update_distribution(aws.account, shop, deployed_after=0, settings={"Logging": logging})
    before = aws.call_counts()["GetDistributionConfig"]
    run()
    run()
    assert [point.fields["diff"] for point in events(datakit)] == ["Standard logging: off → logs.s3.amazonaws.com/cdn"]
    assert aws.call_counts()["GetDistributionConfig"] == before + 1


def test_resource_tags_stand_on_events(run, func, aws, datakit) -> None:
    configure(func, resource_tags=["env"])
    key = aws.add_distribution(aws.account, traffic=IDLE, tags={"env": "live"})
    run()
    aws.update_distribution(aws.account, key, deployed_after=0, comment="x")
    run()
    assert events(datakit)[0].tags["env"] == "live"


def own_time(point):
    """The time of a point, which DataKit has perhaps given the present one: what is over two hours old."""
    return point.fields.get("__orig_time", point.time * 10**9) // 10**9


@pytest.mark.newest
def test_a_simulated_day_with_changes_an_outage_and_a_lost_cache(func, aws, datakit, clock) -> None:
    """The events are those that happened, each once."""
    ids = [aws.add_distribution(aws.account, aliases=[f"{name}.example.com"], traffic=IDLE) for name in "abcd"]
    expected = []

    def change(key, deployed_after=0.0, told_of_end=False, **changes):
        aws.update_distribution(aws.account, key, deployed_after=deployed_after, **changes)
        expected.append((key, "changed", int(clock.time())))
        if told_of_end:
            expected.append((key, "deployed", None))

    def create():
        key = aws.add_distribution(aws.account, traffic=IDLE, created_at=clock.time())
        expected.append((key, "created", int(clock.time())))
        return key

    def remove(key):
        aws.remove_distribution(aws.account, key)
        expected.append((key, "deleted", None))

    def lose_cache():
        # A distribution that was modified meanwhile is known as it is found.
        aws.update_distribution(aws.account, ids[1], deployed_after=0, comment="unseen")
        func.cache.rows.clear()

    new = []
    day = [
        (1.00, lambda: change(ids[0], comment="1")),
        (1.02, lambda: change(ids[1], deployed_after=12 * MINUTE, told_of_end=True, origin="b2.example.com")),
        (3.51, lambda: new.append(create())),
        (5.00, datakit.go_down),
        (5.52, lambda: change(ids[2], deployed_after=9 * MINUTE, told_of_end=True, enabled=False)),
        (6.03, lambda: change(ids[0], comment="2")),
        (6.53, lambda: change(ids[0], comment="1")),
        (7.04, lambda: remove(ids[3])),
        (7.54, lambda: aws.faults.add(Fault("ListDistributions", code="Throttling", times=30))),
        (9.00, datakit.come_up),
        (9.01, aws.faults.clear),
        (11.03, lambda: change(new[0], settings={"PriceClass": "PriceClass_100"})),
        (12.50, lose_cache),
        (14.04, lambda: change(ids[1], comment="seen")),
        (15.00, lambda: datakit.lose_answers(2)),
        (15.01, lambda: change(ids[0], aliases=["a.example.com", "z.example.com"])),
        (20.05, lambda: remove(new[0])),
        (23.00, lambda: None),
    ]
    start = clock.time()
    for hour, act in day:
        for _ in func.run_until(start + hour * HOUR):
            pass
        clock.advance(max(0.0, start + hour * HOUR - clock.time()))
        act()
    for _ in func.run_until(start + 24 * HOUR):
        pass
    came = {}
    for point in events(datakit):
        came.setdefault(point.tags["df_event_id"], []).append(point)
    # A write of which the answer was lost comes again: as the very same event.
    assert all(len({(point.time, repr(point.fields)) for point in points}) == 1 for points in came.values())
    found = [(points[0].tags["name"], points[0].tags["change_type"], own_time(points[0])) for points in came.values()]
    assert sorted((key, kind) for key, kind, _ in found) == sorted((key, kind) for key, kind, _ in expected)
    times = {(key, kind, at) for key, kind, at in found}
    assert {(key, kind, at) for key, kind, at in expected if at is not None} <= times
