"""A line of either kind of log, in each format, has its columns by one set of names, and the time of its request."""

import calendar
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guance_aws_cloudfront.logs.lines import (
    Layout,
    UnreadableError,
    column_name,
    has_time,
    header_of,
    hour_of,
    is_data,
    layout_of,
    request_time,
    values_of,
    with_delimiter,
)
from tests.conftest import NOW

# As AWS documents it for the older kind.
OLDER = (
    "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) "
    "cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes "
    "time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status "
    "fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len "
    "sc-range-start sc-range-end"
)
# As it documents an excerpt of the newer kind.
NEWER = "#Fields: date time x-edge-location asn timestamp(ms) x-host-header cs(Cookie)"
LINE = "2024-11-14\t22:30:25\tSOF50-P2\t16509\t1731623425421\td111111abcdef8.cloudfront.net\texamplecookie=value2"
AT = 1731623425421


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("cs(User-Agent)", "cs_user_agent"),
        ("cs-user-agent", "cs_user_agent"),
        ("cs(Host)", "cs_host"),
        ("timestamp(ms)", "timestamp_ms"),
        ("DistributionId", "distributionid"),
        ("x-edge-result-type", "x_edge_result_type"),
        ("time-to-first-byte", "time_to_first_byte"),
    ],
)
def test_the_columns_of_both_kinds_have_one_set_of_names(written, name) -> None:
    assert column_name(written) == name


def test_the_header_says_which_columns_a_file_has() -> None:
    older, newer = header_of(OLDER, "\t"), header_of(NEWER.replace(" ", "\t"), "\t")
    assert older and newer
    assert len(older.columns) == 33
    assert older.columns[:3] == ("date", "time", "x_edge_location")
    assert newer.columns == ("date", "time", "x_edge_location", "asn", "timestamp_ms", "x_host_header", "cs_cookie")
    assert header_of("#Version: 1.0", "\t") is None
    assert header_of("#Fields:", "\t") is None
    assert [is_data(line) for line in (OLDER, "#Version: 1.0", "", "  ", LINE)] == [False] * 4 + [True]


def test_a_line_has_a_value_for_each_column() -> None:
    layout, values = values_of(LINE, header_of(NEWER, "\t"))
    assert dict(zip(layout.columns, values))["x_host_header"] == "d111111abcdef8.cloudfront.net"
    for wrong in (f"{LINE}\tmore", LINE.rpartition("\t")[0], "one"):
        with pytest.raises(UnreadableError, match="columns in the place of 7"):
            values_of(wrong, header_of(NEWER, "\t"))
    with pytest.raises(UnreadableError, match="no header"):
        values_of(LINE, Layout())


@pytest.mark.parametrize("delimiter", ["\t", " ", ",", "|", "#;#"])
def test_the_delimiter_is_that_which_gives_as_many_columns_as_the_header(delimiter) -> None:
    layout = layout_of(NEWER.split()[1:], "#;#")
    assert with_delimiter(layout, LINE.replace("\t", delimiter)).delimiter == delimiter
    assert with_delimiter(layout, "no line of it") == layout


def test_a_line_of_json_names_its_own_columns() -> None:
    found = {"date": "2024-11-14", "time": "21:34:06", "sc-status": 200, "cs(Cookie)": None, "origin-fbl": "0.251"}
    layout, values = values_of(json.dumps(found), Layout())
    assert dict(zip(layout.columns, values)) == {
        "date": "2024-11-14",
        "time": "21:34:06",
        "sc_status": "200",
        "cs_cookie": "-",
        "origin_fbl": "0.251",
    }
    for wrong in ('{"date": "2024-1', "{}", '{"a":' * 5000):
        with pytest.raises(UnreadableError, match="JSON"):
            values_of(wrong, Layout())


@pytest.mark.parametrize(
    ("columns", "line", "at"),
    [
        ("date time", "2024-11-14\t22:30:25", AT // 1000 * 1000),
        ("timestamp date time", f"{AT // 1000}\t-\t-", AT // 1000 * 1000),
        ("timestamp timestamp(ms)", f"-\t{AT}", AT),
        ("sc-status", "200", NOW * 1000),
        ("date", "2024-11-14", NOW * 1000),
        ("time", "22:30:25", NOW * 1000),
        ("time sc-status date", "22:30:25\t200\t2024-11-14", AT // 1000 * 1000),
        ("date time", "2024-11-14\t22:30:25.999", AT // 1000 * 1000),
        ("date time", "2000-01-01\t00:00:00", 946_684_800_000),
        ("date time", "2024-10-31\t23:59:59", 1_730_419_199_000),
        ("timestamp", "4102444800", 4_102_444_800_000),
    ],
)
def test_the_time_is_that_of_the_request_as_exactly_as_the_line_says(columns, line, at) -> None:
    layout = layout_of(columns.split())
    assert request_time(layout, values_of(line, layout)[1], NOW * 1000) == at
    assert has_time(layout) == (at != NOW * 1000)


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        ("date time", "2024-11-14\t-"),
        ("date time", "2024-13-14\t22:30:25"),
        ("date time", "2024-00-14\t22:30:25"),
        ("date time", "2024-11-00\t22:30:25"),
        ("date time", "2024-10-32\t22:30:25"),
        ("date time", "2024-11-14\t24:30:25"),
        ("date time", "2024-11-14\t-1:30:25"),
        ("date time", "2024-11-1\t22:30:25"),
        ("date time", "2024-11-14\t2:30:2"),
        ("date time", "24-11-14\t22:30:25"),
        ("date time", "0024-11-14\t22:30:25"),
        ("date time", "2024-11-14\t22:30"),
        ("timestamp", "1731623425421"),
        ("timestamp(ms)", "1731623425"),
        ("timestamp(ms)", "yesterday"),
    ],
)
def test_a_line_with_no_time_where_there_should_be_one_cannot_be_read(columns, line) -> None:
    layout = layout_of(columns.split())
    with pytest.raises(UnreadableError, match="time"):
        request_time(layout, values_of(line, layout)[1], NOW * 1000)


@given(st.integers(0, 4_000_000_000))
def test_every_second_of_the_calendar_is_told_as_the_standard_library_tells_it(seconds) -> None:
    found = time.gmtime(seconds)
    assert hour_of(*found[:4]) == calendar.timegm(found) // 3600 * 3600
    if seconds >= 946_684_800:
        layout = layout_of(["date", "time"])
        values = time.strftime("%Y-%m-%d %H:%M:%S", found).split()
        assert request_time(layout, values, 0) == seconds * 1000


@given(st.text(max_size=300), st.sampled_from([OLDER, NEWER, "#Fields: date"]))
def test_whatever_a_line_is_it_is_read_or_called_unreadable(line, header) -> None:
    try:
        layout, values = values_of(line, header_of(header, "\t"))
        request_time(layout, values, NOW * 1000)
        assert len(layout.columns) == len(values)
    except UnreadableError as error:
        assert str(error)
