"""What has changed at a distribution is told in words; nothing is invented, and no secret is kept or told."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guance_aws_cloudfront.points.changes import (
    MEMBERS_OF_ITEM,
    NOT_LISTED,
    OTHER,
    STATUS,
    Change,
    changed,
    compare,
    created,
    deleted,
    event_point,
    fingerprint,
    known_form,
    shortened,
)
from guance_aws_cloudfront.settings.account import parse_account
from tests.conftest import NOW, RAW_ACCOUNT

SECRET = "the origin knows me by this"
FUNCTION = "arn:aws:cloudfront::123456789012:function/"
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:"
ACM = "arn:aws:acm:us-east-1:123456789012:certificate/"
WAF = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/"
# As ListDistributions answers it.
RECORD = {
    "Id": "E2EXAMPLE00001",
    "ARN": "arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE00001",
    "ETag": "E1AAAAAAAAAAAA",
    "Status": "Deployed",
    "LastModifiedTime": NOW - 86400.0,
    "DomainName": "d111111abcdef8.cloudfront.net",
    "Aliases": {"Quantity": 2, "Items": ["www.example.com", "example.com"]},
    "Origins": {
        "Quantity": 2,
        "Items": [
            {
                "Id": "shop",
                "DomainName": "origin.example.com",
                "OriginPath": "/v1",
                "CustomHeaders": {"Quantity": 1, "Items": [{"HeaderName": "x-secret", "HeaderValue": SECRET}]},
                "CustomOriginConfig": {
                    "HTTPPort": 80,
                    "HTTPSPort": 443,
                    "OriginProtocolPolicy": "https-only",
                    "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
                    "OriginReadTimeout": 30,
                },
                "ConnectionAttempts": 3,
                "OriginShield": {"Enabled": False},
            },
            {
                "Id": "images",
                "DomainName": "images.s3.amazonaws.com",
                "OriginPath": "",
                "CustomHeaders": {"Quantity": 0},
                "S3OriginConfig": {"OriginAccessIdentity": ""},
                "ConnectionAttempts": 3,
                "OriginShield": {"Enabled": False},
            },
        ],
    },
    "OriginGroups": {"Quantity": 0},
    "DefaultCacheBehavior": {
        "TargetOriginId": "shop",
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": {"Quantity": 2, "Items": ["HEAD", "GET"]},
        "Compress": True,
        "FunctionAssociations": {
            "Quantity": 1,
            "Items": [{"FunctionARN": f"{FUNCTION}rewrite", "EventType": "viewer-request"}],
        },
        "LambdaFunctionAssociations": {"Quantity": 0},
        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        "RealtimeLogConfigArn": "",
    },
    "CacheBehaviors": {
        "Quantity": 1,
        "Items": [
            {
                "PathPattern": "/api/*",
                "TargetOriginId": "shop",
                "ViewerProtocolPolicy": "https-only",
                "FunctionAssociations": {"Quantity": 0},
                "LambdaFunctionAssociations": {
                    "Quantity": 1,
                    "Items": [{"LambdaFunctionARN": f"{LAMBDA}auth:3", "EventType": "origin-request"}],
                },
                "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
            }
        ],
    },
    "CustomErrorResponses": {"Quantity": 1, "Items": [{"ErrorCode": 404, "ResponsePagePath": "/404.html"}]},
    "Comment": "The shop",
    "PriceClass": "PriceClass_All",
    "Enabled": True,
    "ViewerCertificate": {
        "CloudFrontDefaultCertificate": False,
        "ACMCertificateArn": f"{ACM}1",
        "SSLSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
        "Certificate": f"{ACM}1",
        "CertificateSource": "acm",
    },
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": f"{WAF}shop/5f6c",
    "HttpVersion": "http2",
    "IsIPV6Enabled": True,
    "AliasICPRecordals": [
        {"CNAME": "www.example.com", "ICPRecordalStatus": "APPROVED"},
        {"CNAME": "example.com", "ICPRecordalStatus": "APPROVED"},
    ],
    "Staging": False,
}
LATER = {"LastModifiedTime": NOW - 60.0, "ETag": "E2BBBBBBBBBBBB"}
ACCOUNT = parse_account(RAW_ACCOUNT)


def modified(path="", value=None, record=RECORD):
    """A record with another value at a path such as `Origins.Items.0.DomainName`, modified a minute ago."""
    new = {**copy.deepcopy(record), **LATER}
    *way, last = path.split(".") if path else [""]
    place = new
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if path:
        place[int(last) if isinstance(place, list) else last] = value
    return new


def kept(form):
    """A form as it comes back from where it was kept."""
    return json.loads(json.dumps(form))


ORIGINS = "images.s3.amazonaws.com, origin.example.com/v1 (https-only)"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("Enabled", False, Change("Enabled", "yes", "no")),
        ("Aliases.Items", ["www.example.com"], Change("Aliases", "example.com, www.example.com", "www.example.com")),
        ("Aliases", {"Quantity": 0}, Change("Aliases", "example.com, www.example.com", "none")),
        (
            "Origins.Items.0.DomainName",
            "origin-2.example.com",
            Change("Origins", ORIGINS, "images.s3.amazonaws.com, origin-2.example.com/v1 (https-only)"),
        ),
        (
            "Origins.Items.0.OriginPath",
            "",
            Change("Origins", ORIGINS, "images.s3.amazonaws.com, origin.example.com (https-only)"),
        ),
        (
            "Origins.Items.0.CustomOriginConfig.OriginProtocolPolicy",
            "http-only",
            Change("Origins", ORIGINS, "images.s3.amazonaws.com, origin.example.com/v1 (http-only)"),
        ),
        ("Origins.Items", RECORD["Origins"]["Items"][1:], Change("Origins", ORIGINS, "images.s3.amazonaws.com")),
        (
            "DefaultCacheBehavior.ViewerProtocolPolicy",
            "allow-all",
            Change(
                "Viewer protocol policy",
                "default redirect-to-https, /api/* https-only",
                "default allow-all, /api/* https-only",
            ),
        ),
        (
            "DefaultCacheBehavior.FunctionAssociations",
            {"Quantity": 0},
            Change(
                "Functions",
                "default viewer-request rewrite, /api/* origin-request auth:3",
                "/api/* origin-request auth:3",
            ),
        ),
        (
            "CacheBehaviors.Items.0.LambdaFunctionAssociations.Items.0.LambdaFunctionARN",
            f"{LAMBDA}auth:4",
            Change(
                "Functions",
                "default viewer-request rewrite, /api/* origin-request auth:3",
                "default viewer-request rewrite, /api/* origin-request auth:4",
            ),
        ),
        ("ViewerCertificate.MinimumProtocolVersion", "TLSv1", Change("TLS version", "TLSv1.2_2021", "TLSv1")),
        ("WebACLId", "", Change("WAF", "shop", "none")),
        ("PriceClass", "PriceClass_100", Change("Price class", "PriceClass_All", "PriceClass_100")),
        ("HttpVersion", "http2and3", Change("HTTP version", "http2", "http2and3")),
        (
            "DefaultCacheBehavior.RealtimeLogConfigArn",
            "arn:aws:cloudfront::123456789012:realtime-log-config/all",
            Change("Real-time logging", "off", "all"),
        ),
        (
            "Restrictions.GeoRestriction",
            {"RestrictionType": "whitelist", "Quantity": 1, "Items": ["CN"]},
            Change("Geo restriction", "none", "only CN"),
        ),
        ("Staging", True, Change("Staging", "no", "yes")),
    ],
)
def test_what_people_care_about_is_told_old_and_new_and_nothing_else(path, value, told) -> None:
    assert compare(known_form(RECORD), modified(path, value)) == [told]


def test_another_certificate_is_told_by_its_arn() -> None:
    certificate = {**RECORD["ViewerCertificate"], "ACMCertificateArn": f"{ACM}2", "Certificate": f"{ACM}2"}
    told = compare(known_form(RECORD), modified("ViewerCertificate", certificate))
    assert told == [Change("Certificate", f"{ACM}1", f"{ACM}2")]


@pytest.mark.parametrize(
    ("path", "value", "names"),
    [
        ("Comment", "Another shop", "Comment"),
        ("IsIPV6Enabled", False, "IsIPV6Enabled"),
        ("DefaultCacheBehavior.CachePolicyId", "another", "DefaultCacheBehavior.CachePolicyId"),
        ("DefaultCacheBehavior.AllowedMethods.Items", ["GET"], "DefaultCacheBehavior.AllowedMethods"),
        ("CacheBehaviors.Items.0.TargetOriginId", "images", "CacheBehaviors.TargetOriginId"),
        ("Origins.Items.0.CustomOriginConfig.OriginReadTimeout", 60, "Origins.CustomOriginConfig.OriginReadTimeout"),
        ("Origins.Items.1.OriginShield.Enabled", True, "Origins.OriginShield.Enabled"),
        ("Origins.Items.0.CustomHeaders.Items.0.HeaderValue", "rotated", "Origins.CustomHeaders"),
        ("Origins.Items.0.Id", "renamed", "Origins"),
        # Another ACL of the same name.
        ("WebACLId", f"{WAF}shop/7777", "WebACLId"),
        ("OriginGroups", {"Quantity": 1, "Items": [{"Id": "group", "Members": {"Quantity": 2}}]}, "OriginGroups"),
        ("CustomErrorResponses.Items.0.ResponsePagePath", "/gone.html", "CustomErrorResponses.ResponsePagePath"),
        ("CustomErrorResponses", {"Quantity": 0}, "CustomErrorResponses"),
        ("NewAtAws", {"Quantity": 0}, "NewAtAws"),
    ],
)
def test_everything_else_is_told_by_the_name_of_the_member(path, value, names) -> None:
    assert compare(known_form(RECORD), modified(path, value)) == [Change(OTHER, "", names)]


def test_what_the_listing_does_not_tell_is_told_as_that() -> None:
    assert compare(known_form(RECORD), modified()) == [Change(OTHER, "", NOT_LISTED)]
    in_progress = modified("Status", "InProgress")
    told = [Change(OTHER, "", NOT_LISTED), Change(STATUS, "Deployed", "InProgress")]
    assert compare(known_form(RECORD), in_progress) == told


def test_another_order_of_what_is_a_set_is_no_change_but_of_behaviors_it_is() -> None:
    turned = copy.deepcopy(RECORD)
    for place in (turned["Aliases"], turned["Origins"], turned["DefaultCacheBehavior"]["AllowedMethods"]):
        place["Items"].reverse()
    assert compare(known_form(RECORD), turned) == []
    two = copy.deepcopy(RECORD)
    two["CacheBehaviors"]["Items"].append({**two["CacheBehaviors"]["Items"][0], "PathPattern": "*.jpg"})
    other = modified("CacheBehaviors.Items", two["CacheBehaviors"]["Items"][::-1], two)
    assert "Viewer protocol policy" in [change.name for change in compare(known_form(two), other)]


def without(record, *names):
    return {name: value for name, value in record.items() if name not in names}


@pytest.mark.parametrize("names", [("Staging",), ("ETag",), ("OriginGroups", "AliasICPRecordals"), ("HttpVersion",)])
def test_another_version_of_boto3_that_knows_other_members_makes_no_change(names) -> None:
    assert compare(known_form(without(RECORD, *names)), RECORD) == []
    assert compare(known_form(RECORD), without(RECORD, *names)) == []


def test_a_recordal_changes_without_a_modification() -> None:
    suspended = copy.deepcopy(RECORD)
    suspended["AliasICPRecordals"][0]["ICPRecordalStatus"] = "SUSPENDED"
    told = compare(known_form(RECORD), suspended)
    assert told == [Change(OTHER, "", "AliasICPRecordals.ICPRecordalStatus")]


DETAILS = {"Logging": "logs.s3.amazonaws.com/cdn", "DefaultRootObject": "index.html"}


def test_details_are_compared_where_they_are_known_on_both_sides() -> None:
    off = {**DETAILS, "Logging": "off"}
    told = [Change("Standard logging", "logs.s3.amazonaws.com/cdn", "off")]
    assert compare(known_form(RECORD, DETAILS), modified(), off) == told
    assert compare(known_form(RECORD, DETAILS), RECORD, off) == told
    assert compare(known_form(RECORD), RECORD, off) == []
    assert compare(known_form(RECORD, DETAILS), RECORD) == []


def test_texts_that_are_kept_cut_are_still_known() -> None:
    aliases = {"Quantity": 100, "Items": [f"{number:03d}.example.com" for number in range(100)]}
    many = {**RECORD, "Aliases": aliases}
    for limit in (1000, 300, 30):
        form = kept(shortened(shortened(known_form(many), 1000), limit))
        assert compare(form, many) == []
        assert len(form["texts"]["Aliases"]) < limit + 20
        (told,) = compare(form, modified("Aliases.Items", aliases["Items"][1:], many))
        assert told.name == "Aliases"
        assert told.old.startswith("000.example.com, ")
        assert "#" not in told.old


def test_the_value_of_a_header_is_neither_kept_nor_told() -> None:
    form = known_form(RECORD)
    rotated = modified("Origins.Items.0.CustomHeaders.Items.0.HeaderValue", "even more secret")
    told = changed(form, known_form(rotated), NOW)
    everything = repr([form, known_form(rotated), told, event_point("E1", form, told, ACCOUNT, NOW)])
    assert SECRET not in everything
    assert "even more secret" not in everything
    assert "x-secret" not in everything


# Property-based: whatever a record holds

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
# None of them stands in the record.
WORDS = TEXTS.map(lambda text: f"another {text.strip()}")
LEAVES = st.one_of(TEXTS, st.booleans(), st.integers(0, 9), st.none())
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["Quantity", "Items", "Id", "Enabled", "HeaderValue", "Some"]), inner),
    ),
    max_leaves=8,
)


def leaves(value, path=""):
    """The paths of all plain values of a record."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{path}.{number}")
    else:
        yield path


LEAF_PATHS = sorted(set(leaves(RECORD)) - {"Id", "ARN", "ETag", "LastModifiedTime", "DomainName", "Status"})
PATHS_TOLD = [path for path in LEAF_PATHS if not path.endswith("Quantity")]


@st.composite
def odd_records(draw):
    """Records of which any part may be missing or of another type."""
    record = copy.deepcopy(RECORD)
    for path in draw(st.lists(st.sampled_from(PATHS), max_size=4)):
        *way, last = path.split(".")
        place = record
        for step in way:
            place = (place.get(step) if isinstance(place, dict) else None) if not step.isdigit() else nth(place, step)
        if isinstance(place, dict) and last in place:
            if draw(st.booleans()):
                del place[last]
            else:
                place[last] = draw(VALUES)
    return record


def nth(place, step):
    return place[int(step)] if isinstance(place, list) and int(step) < len(place) else None


def structures_of(value, path=""):
    """The paths of all parts of a record."""
    if path:
        yield path
    inners = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inners:
        yield from structures_of(inner, f"{path}.{key}" if path else str(key))


PATHS = sorted(set(structures_of(RECORD)) - {"Id"})


@given(odd_records())
def test_a_record_is_the_same_as_itself_whatever_it_holds(record) -> None:
    form = kept(known_form(record))
    assert form["fingerprint"] == fingerprint(record)
    assert compare(form, record) == []
    assert compare(kept(shortened(form, 30)), record) == []
    told = [created(form, NOW), deleted(form, NOW)]
    assert all(event_point("E1", form, one, ACCOUNT, NOW)["fields"]["df_message"] for one in told)
    assert SECRET not in repr([form, told])


@given(st.sampled_from(sorted(RECORD)))
def test_a_member_that_one_listing_leaves_out_is_no_change(name) -> None:
    """Odd records stand for themselves, and CloudFront's next one is as the one before."""
    if name != "Id":
        assert compare(known_form(RECORD), without(RECORD, name)) == []
        assert compare(known_form(without(RECORD, name)), RECORD) == []


def at(record, path):
    """The value at a path of a record."""
    for step in path.split("."):
        record = record[int(step)] if isinstance(record, list) else record[step]
    return record


def of_same_type(value):
    """Another value of the type that botocore's parser gives."""
    return st.just(not value) if isinstance(value, bool) else st.integers(100, 999) if isinstance(value, int) else WORDS


@given(st.sampled_from(PATHS_TOLD), st.data())
def test_whatever_differs_is_told_once_and_by_the_member_it_stands_in(path, data) -> None:
    value = data.draw(of_same_type(at(RECORD, path)))
    told = compare(known_form(RECORD), modified(path, value))
    assert told, path
    assert len({change.name for change in told}) == len(told)
    for change in told:
        members = change.new.split(", ") if change.name == OTHER else MEMBERS_OF_ITEM[change.name]
        assert change.new != NOT_LISTED
        assert path.partition(".")[0] in {member.partition(".")[0] for member in members}
        assert change.old != change.new


@given(st.sampled_from([path for path in PATHS_TOLD if isinstance(at(RECORD, path), str)]), TEXTS)
def test_an_event_is_on_one_line_whatever_aws_says(path, value) -> None:
    told = changed(known_form(RECORD), known_form(modified(path, f"{value}\n\u2028x\r\x00")), NOW)
    point = event_point(RECORD["Id"], known_form(RECORD), told, ACCOUNT, NOW)
    for text in point["fields"].values():
        assert text
        assert text.isprintable() or not set(text) & set("\n\r\x00\u2028\u2029")


# The event


def told_of(record, now=NOW, form=None):
    new = known_form(record)
    told = changed(form or known_form(RECORD), new, now)
    return event_point(RECORD["Id"], new, told, ACCOUNT, now, {"env": "live"})


def test_an_event_has_the_form_of_datakit_s_own_change_events() -> None:
    point = told_of(modified("HttpVersion", "http2and3"))
    event_id = point["tags"].pop("df_event_id")
    assert point == {
        "measurement": "event",
        "tags": {
            "df_source": "change",
            "df_status": "info",
            "df_sub_status": "info",
            "class": "aws_cloudfront",
            "change_type": "changed",
            "name": "E2EXAMPLE00001",
            "DistributionId": "E2EXAMPLE00001",
            "DomainName": "d111111abcdef8.cloudfront.net",
            "Alias": "www.example.com",
            "account_name": "prod",
            "team": "edge",
            "env": "live",
            "cloud_provider": "AWS",
        },
        "fields": {
            "df_title": "CloudFront distribution www.example.com (E2EXAMPLE00001): HTTP version changed",
            "df_message": (
                "HTTP version: http2 → http2and3. CloudFront: modified 2026-03-01T09:59:00Z. Distribution "
                "E2EXAMPLE00001 (www.example.com, d111111abcdef8.cloudfront.net), account prod, seen "
                "2026-03-01T10:00:00Z."
            ),
            "diff": "HTTP version: http2 → http2and3",
        },
        "timestamp": NOW - 60,
    }
    assert event_id.startswith("event-")
    assert event_id == event_id.lower()
    assert [len(part) for part in event_id[len("event-") :].split("-")] == [8, 4, 4, 4, 12]


def test_the_id_of_an_event_is_made_of_account_distribution_and_new_state() -> None:
    record = modified("HttpVersion", "http2and3")
    ids = {
        told_of(record)["tags"]["df_event_id"],
        told_of(record, now=NOW + 300)["tags"]["df_event_id"],
        told_of(record, form=known_form(modified("Comment", "x")))["tags"]["df_event_id"],
    }
    assert len(ids) == 1
    told = changed(known_form(RECORD), known_form(record), NOW)
    others = [
        told_of(modified("HttpVersion", "http3")),
        event_point("E3", known_form(record), told, ACCOUNT, NOW),
        event_point(RECORD["Id"], known_form(record), told, other_account(extra_tags={"account_name": "dev"}), NOW),
        event_point(RECORD["Id"], known_form(record), told, other_account(partition="aws-cn"), NOW),
    ]
    assert len(ids | {point["tags"]["df_event_id"] for point in others}) == 5


def other_account(**changes):
    return parse_account({**RAW_ACCOUNT, **changes})


def test_a_deployment_that_ends_is_one_event_that_says_how_long_it_took() -> None:
    in_progress = modified("Status", "InProgress")
    told = changed(known_form(in_progress), known_form({**in_progress, "Status": "Deployed"}), NOW + 241)
    assert (told.kind, told.title, told.at) == ("deployed", "deployed", NOW + 241)
    assert told.message == (
        "Status: InProgress → Deployed. The deployment took at most 6 min: modified 2026-03-01T09:59:00Z, seen "
        "deployed 2026-03-01T10:04:01Z."
    )


def test_a_modification_that_was_deployed_meanwhile_is_one_event() -> None:
    in_progress = modified("Status", "InProgress")
    new = {**in_progress, "Status": "Deployed", "LastModifiedTime": NOW + 60.0, "Comment": "x"}
    told = changed(known_form(in_progress), known_form(new), NOW + 300)
    assert (told.kind, told.title) == ("changed", "Other settings changed")
    assert told.at == NOW + 60


def test_a_created_and_a_deleted_distribution_are_described() -> None:
    form = known_form(RECORD)
    new, gone = created(form, NOW), deleted(form, NOW - 300)
    assert (new.kind, new.title, new.at) == ("created", "created", NOW - 86400)
    assert (gone.kind, gone.title, gone.at) == ("deleted", "deleted", NOW - 300)
    for told in (new, gone):
        assert "Aliases: example.com, www.example.com; Origins: images.s3.amazonaws.com, " in told.message
    assert "Not listed since 2026-03-01T09:55:00Z." in gone.message


def test_no_event_lies_in_the_future() -> None:
    record = {**RECORD, "Comment": "x", "LastModifiedTime": NOW + 100.0}
    assert told_of(record)["timestamp"] == NOW


def with_header(value):
    """The record with another value of the header for its origin, not modified otherwise."""
    record = copy.deepcopy(RECORD)
    record["Origins"]["Items"][0]["CustomHeaders"]["Items"][0]["HeaderValue"] = value
    return record


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    # Found by trying: the same lower half of the checksum, and one that differs in the last bit.
    [("value-83", "value-5260", True), ("value-416", "value-2000", False)],
)
def test_sixteen_bits_stand_for_the_value_of_a_header(one, other, is_same) -> None:
    """Two values of the same sixteen bits cannot be told apart: nobody can try out what the value was."""
    forms = [known_form(with_header(value)) for value in (one, other)]
    assert (forms[0] == forms[1]) is is_same
    assert (fingerprint(with_header(one)) == fingerprint(with_header(other))) is is_same


def test_another_order_of_what_is_a_set_does_not_count_in_a_modification_either() -> None:
    turned = {**copy.deepcopy(RECORD), **LATER}
    for place in (turned["Aliases"], turned["Origins"], turned["DefaultCacheBehavior"]["AllowedMethods"]):
        place["Items"].reverse()
    assert compare(known_form(RECORD), turned) == [Change(OTHER, "", NOT_LISTED)]


def test_another_order_of_the_members_is_no_change() -> None:
    turned = {name: RECORD[name] for name in reversed(RECORD)}
    assert fingerprint(turned) == fingerprint(RECORD)
    assert known_form(turned)["members"] == known_form(RECORD)["members"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({"Quantity": 0}, {"Quantity": 0, "Items": []}, NOT_LISTED),
        ({"Quantity": 1, "Items": ["a"]}, {"Quantity": 1, "Items": ["b"]}, "NewAtAws"),
        ({"Quantity": 2, "Items": ["a", "b"]}, {"Quantity": 2, "Items": ["b", "a"]}, NOT_LISTED),
        ({"Quantity": 0}, {"Quantity": 1, "Items": ["a"]}, "NewAtAws"),
        (["a"], ["b"], "NewAtAws"),
        ("", "a", "NewAtAws"),
        (None, False, "NewAtAws"),
        ("", False, "NewAtAws"),
    ],
)
def test_a_member_that_nobody_knows_is_compared_as_a_list_or_as_it_is(old, new, told) -> None:
    before = {**RECORD, "NewAtAws": old}
    assert compare(known_form(before), modified("NewAtAws", new, before)) == [Change(OTHER, "", told)]


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 0), (1, 1), (60, 1), (300, 5), (301, 6), (-5, 0)])
def test_a_deployment_took_whole_minutes_rounded_up(seconds, minutes) -> None:
    in_progress = modified("Status", "InProgress")
    told = changed(known_form(in_progress), known_form({**in_progress, "Status": "Deployed"}), NOW - 60 + seconds)
    assert f"The deployment took at most {minutes} min: " in told.message
