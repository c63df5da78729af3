"""The point of a line: typed fields, a message as web servers write it, and nothing of a viewer that is not wanted."""

import ipaddress
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guance_aws_cloudfront.guance.limits import fitted
from guance_aws_cloudfront.logs.lines import header_of, layout_of
from guance_aws_cloudfront.logs.points import (
    FIELDS,
    LinePoints,
    log_tags,
    message,
    severity,
    unknown_fields,
    without_host,
)
from guance_aws_cloudfront.settings.logs import parse_logs
from tests.conftest import NOW
from tests.unit.logs.test_lines import OLDER

LAYOUT = header_of(OLDER, "\t")
# After the example of AWS's documents.
VALUES = [
    "2019-12-04",
    "21:02:31",
    "LAX1",
    "392",
    "192.0.2.100",
    "GET",
    "d111111abcdef8.cloudfront.net",
    "/a%2520b/index.html",
    "200",
    "https://www.example.com/page?token=secret",
    "Mozilla/5.0%2520(X11;%20Linux)",
    "user=jane&k=1",
    "session=abc",
    "Hit",
    "SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==",
    "www.example.com",
    "https",
    "23",
    "0.001",
    "203.0.113.7",
    "TLSv1.2",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "Hit",
    "HTTP/2.0",
    "-",
    "-",
    "11040",
    "0.0005",
    "Hit",
    "text/html",
    "78",
    "-",
    "-",
]
AT = NOW * 1000 + 31_000
TAGS = {"DistributionId": "E1", "account_name": "prod"}
PLAIN = parse_logs({})
ALL = parse_logs({"fields": ["*"], "anonymize_ip": False})


def point_of(config=PLAIN, values=VALUES, layout=LAYOUT):
    return LinePoints(config).point(layout, values, AT, TAGS)


def test_the_point_of_a_line() -> None:
    assert point_of() == {
        "measurement": "aws_cloudfront",
        "tags": TAGS,
        "timestamp": AT,
        "fields": {
            "message": '192.0.2.0 - - [01/Mar/2026:10:00:31 +0000] "GET /a%20b/index.html HTTP/2.0" 200 392 '
            '"https://www.example.com/page" "Mozilla/5.0 (X11; Linux)"',
            "status": "ok",
            "x_edge_location": "LAX1",
            "sc_bytes": 392,
            "c_ip": "192.0.2.0",
            "cs_method": "GET",
            "cs_host": "d111111abcdef8.cloudfront.net",
            "cs_uri_stem": "/a%20b/index.html",
            "sc_status": 200,
            "cs_referer": "https://www.example.com/page",
            "cs_user_agent": "Mozilla/5.0 (X11; Linux)",
            "x_edge_result_type": "Hit",
            "x_edge_request_id": "SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==",
            "x_host_header": "www.example.com",
            "cs_protocol": "https",
            "cs_bytes": 23,
            "time_taken_ms": 1.0,
            "x_forwarded_for": "203.0.113.0",
            "ssl_protocol": "TLSv1.2",
            "ssl_cipher": "ECDHE-RSA-AES128-GCM-SHA256",
            "x_edge_response_result_type": "Hit",
            "cs_protocol_version": "HTTP/2.0",
            "c_port": 11040,
            "time_to_first_byte_ms": 0.5,
            "x_edge_detailed_result_type": "Hit",
            "sc_content_type": "text/html",
            "sc_content_len": 78,
        },
    }


def test_what_a_viewer_typed_or_was_given_is_there_only_where_it_is_asked_for() -> None:
    told = str(point_of())
    for text in ("jane", "session", "token", "192.0.2.100", "203.0.113.7"):
        assert text not in told
    fields = point_of(ALL)["fields"]
    assert (fields["cs_uri_query"], fields["cs_cookie"]) == ("user=jane&k=1", "session=abc")
    assert fields["cs_referer"] == "https://www.example.com/page?token=secret"
    assert fields["message"].startswith("192.0.2.100 - - ")
    assert "/a%20b/index.html?user=jane&k=1 HTTP/2.0" in fields["message"]


def test_only_the_wanted_fields_are_there_and_in_the_message_too() -> None:
    fields = point_of(parse_logs({"fields": ["sc_status", "cs_uri*", "time_taken"]}))["fields"]
    assert fields == {
        "message": '- - - [01/Mar/2026:10:00:31 +0000] "- /a%20b/index.html?user=jane&k=1 -" 200 - "-" "-"',
        "status": "ok",
        "cs_uri_stem": "/a%20b/index.html",
        "cs_uri_query": "user=jane&k=1",
        "sc_status": 200,
        "time_taken_ms": 1.0,
    }


def test_a_list_that_begins_with_not_leaves_out_what_a_viewer_typed_too() -> None:
    for names in (["NOT", "c_ip"], ["NOT", "c-ip", "sc*"], ["NOT", "c-ip", "cs(Cookie)", "cs-uri-query"]):
        told = str(point_of(parse_logs({"fields": names})))
        for text in ("jane", "session", "token", "192.0.2"):
            assert text not in told, names


def test_a_line_is_as_bad_as_its_status_also_where_that_is_no_field() -> None:
    values = ["503" if value == "200" else value for value in VALUES]
    fields = point_of(parse_logs({"fields": ["cs_method"]}), values)["fields"]
    assert (fields["status"], "sc_status" in fields) == ("error", False)


@pytest.mark.parametrize("query", ["?q=secret", "%3Fq=secret", "%253Fq=secret", "#access_token=secret", "%23secret"])
def test_what_follows_the_path_of_the_page_before_is_left_out_however_it_is_encoded(query) -> None:
    fields = point_of(values=["200", f"https://www.example.com/page{query}"], layout=layout_of(["a", "cs(Referer)"]))
    assert fields["fields"]["cs_referer"] == "https://www.example.com/page"
    assert "secret" not in fields["fields"]["message"]


def test_fields_of_the_newer_kind_and_columns_that_nobody_knows_yet() -> None:
    names = [
        "timestamp(ms)",
        "DistributionId",
        "origin-fbl",
        "origin-lbl",
        "asn",
        "c-country",
        "new-column",
        "sc-status",
    ]
    fields = point_of(values=["1", "E1", "0.251", "-", "16509", "DE", "a%20b", "503"], layout=layout_of(names))[
        "fields"
    ]
    assert fields == {
        "message": '- - - [01/Mar/2026:10:00:31 +0000] "- - -" 503 - "-" "-"',
        "status": "error",
        "origin_fbl_ms": 251.0,
        "asn": 16509,
        "c_country": "DE",
        "new_column": "a b",
        "sc_status": 503,
    }


@pytest.mark.parametrize("text", ["many", "nan", "-1", "1e400", "0.5.5"])
def test_a_column_that_holds_no_number_where_one_should_be_is_left_out(text) -> None:
    fields = point_of(values=["200", text], layout=layout_of(["sc-status", "time-taken"]))["fields"]
    assert sorted(fields) == ["message", "sc_status", "status"]


def test_a_column_that_cannot_be_read_costs_none_of_those_after_it() -> None:
    names = ["sc-bytes", "time-taken", "time-to-first-byte", "cs-method"]
    fields = point_of(values=["many", "0.1234567", "0.000", "GET"], layout=layout_of(names))["fields"]
    assert fields["cs_method"] == "GET"
    # In milliseconds, to the microsecond; a cache may take none.
    assert (fields["time_taken_ms"], fields["time_to_first_byte_ms"]) == (123.457, 0.0)


def test_a_message_has_the_month_in_letters() -> None:
    christmas = 1_798_156_800
    assert "[25/Dec/2026:00:00:00 +0000]" in message({}, christmas * 1000)


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (200, "ok"),
        (304, "ok"),
        (399, "ok"),
        (400, "warning"),
        (499, "warning"),
        (500, "error"),
        (0, "warning"),
        (None, "ok"),
    ],
)
def test_how_bad_a_line_is(status, shown) -> None:
    assert severity(status) == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("192.0.2.100", "192.0.2.0"),
        ("255.255.255.255", "255.255.255.0"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff::"),
        ("2001:db8:1234:5678:9abc:def0:1234:5678", "2001:db8:1234::"),
        ("::ffff:192.0.2.100", "::ffff:192.0.2.0"),
        # 6to4: 192.0.2.100 in hexadecimal.
        ("2002:c000:264:1:2:3:4:5", "2002:c000:200::"),
        ("203.0.113.7,%20192.0.2.100", "203.0.113.0, 192.0.2.0"),
        ("unknown", "***"),
        ("192.0.2.100:443", "***"),
    ],
)
def test_an_address_is_shown_without_its_end(address, shown) -> None:
    assert without_host(address) == shown


@given(st.ip_addresses())
def test_no_address_keeps_its_end(address) -> None:
    shown = without_host(str(address))
    assert shown == without_host(shown)
    # Of an IPv4 address in an IPv6 one it is that of the former.
    is_short = address.version == 4 or address.ipv4_mapped
    bits = int(address) & ((1 << (8 if is_short else 80)) - 1)
    assert bits == 0 or shown != str(address)


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_inside_another_one_keeps_its_last_octet(address) -> None:
    inside = int(address)
    six_to_four = ipaddress.IPv6Address((0x2002 << 112) | (inside << 80) | 1)
    mapped = ipaddress.IPv6Address((0xFFFF << 32) | inside)
    network = ipaddress.IPv4Address(inside & ~0xFF)
    assert ipaddress.IPv6Address(without_host(str(six_to_four))).sixtofour == network
    assert ipaddress.IPv6Address(without_host(str(mapped))).ipv4_mapped == network


@pytest.mark.parametrize(
    ("patterns", "said"),
    [
        (["*"], []),
        (["sc_*", "time_taken", "time_taken_ms", "c-ip", "cs(User-Agent)", "date"], []),
        (["NOT", "cs_uri_query", "cs_cookie"], []),
        # A column that the user declares.
        (["x_special"], []),
        (
            ["NOT", "c_ipp"],
            [
                "'c_ipp' (key 'fields' of LOGS) is not a known field of CloudFront's access logs. The nearest are "
                "c_ip, c_port."
            ],
        ),
        # It is always there, and made of sc_status.
        (
            ["status"],
            [
                "'status' (key 'fields' of LOGS) is not a known field of CloudFront's access logs. The nearest are "
                "sc_status, fle_status."
            ],
        ),
        (["sc_status", "xyz_*"], ["'xyz_*' (key 'fields' of LOGS) is not a known field of CloudFront's access logs."]),
    ],
)
def test_a_pattern_that_fits_no_field_is_named_with_the_nearest(patterns, said) -> None:
    buckets = {"E1": {"path": "logs/cf/", "fields": ["date", "x-special"]}}
    assert unknown_fields(parse_logs({"fields": patterns, "buckets": buckets})) == said


def test_the_default_of_fields_names_known_ones() -> None:
    assert unknown_fields(parse_logs({})) == []


def test_tags_of_lines_are_those_of_metrics_and_clash_with_no_field() -> None:
    of_metrics = {"DistributionId": "E1", "Region": "Global", "Dimensions": "x", "status": "live", "source": "aws"}
    assert log_tags(of_metrics) == {"DistributionId": "E1", "tag_status": "live", "tag_source": "aws"}


@given(st.lists(st.text(max_size=40), min_size=33, max_size=33))
def test_whatever_stands_in_a_line_its_point_is_one_that_datakit_takes(values) -> None:
    point = point_of(ALL, values)
    fit, _ = fitted(point, "logging")
    assert {"message", "status"} <= fit["fields"].keys()
    assert "\n" not in fit["fields"]["message"]
    assert all(not isinstance(value, float) or math.isfinite(value) for value in fit["fields"].values())


def test_a_message_of_nothing_is_one() -> None:
    assert message({}, AT) == '- - - [01/Mar/2026:10:00:31 +0000] "- - -" - - "-" "-"'
    assert len(FIELDS) == len(set(FIELDS))
