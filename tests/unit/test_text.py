"""Words for numbers, times and foreign text."""

import pytest

from guance_aws_cloudfront.text import calls_made, count, duration, iso_utc, masked, minute_utc, one_line, some_of
from tests.conftest import NOW


@pytest.mark.parametrize("forged", ["a\nFAILED: b", "a\r\nb", "a\u2028b", "a\x1b[2Jb", "a\x85b"])
def test_foreign_text_stays_on_one_line(forged) -> None:
    line = one_line(forged)
    assert len(line.splitlines()) == 1
    assert line.isprintable()


def test_long_foreign_text_is_cut_visibly() -> None:
    assert one_line("x" * 400) == "x" * 299 + "…"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3600, "1 h"),
        (12000, "3 h 20 min"),
        (86400, "1 d"),
        (187200, "2 d 4 h"),
    ],
)
def test_durations_read_well(seconds, words) -> None:
    assert duration(seconds) == words


def test_times_are_utc_whatever_the_machine_s_zone(monkeypatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        assert iso_utc(NOW + 0.9) == "2026-03-01T10:00:00Z"
        assert minute_utc(NOW) == "2026-03-01 10:00"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_counts_and_lists() -> None:
    assert (count(1, "point"), count(1200, "point")) == ("1 point", "1,200 points")
    assert some_of(["a", "b"]) == "a, b"
    assert some_of(list("abcdefg"), 3) == "a, b, c and 4 more"


def test_calls_are_told_by_operation() -> None:
    assert calls_made({"ListDistributions": 1, "GetMetricData": 12}) == "12 GetMetricData, 1 ListDistributions"
    assert calls_made({}) == "none"


def test_secrets_and_key_ids_are_masked_and_words_are_not() -> None:
    text = "AKIAEXAMPLE000000001 and ASIA000000000000ABCD, s3cret/s3cret for prod"
    assert masked(text, ["s3cret/s3cret", "prod"]) == "*** and ***, *** for prod"
