"""Words for numbers, times and foreign text."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guance_aws_cloudfront.text import (
    calls_made,
    clock_difference,
    count,
    duration,
    iso_utc,
    masked,
    minute_utc,
    one_line,
    some_of,
    url_decoded,
)
from tests.conftest import NOW


@pytest.mark.parametrize("forged", ["a\nFAILED: b", "a\r\nb", "a\u2028b", "a\x1b[2Jb", "a\x85b"])
def test_foreign_text_stays_on_one_line(forged) -> None:
    line = one_line(forged)
    assert len(line.splitlines()) == 1
    assert line.isprintable()


def test_long_foreign_text_is_cut_visibly() -> None:
    assert one_line("x" * 400) == "x" * 299 + "…"
    assert one_line("x" * 300) == "x" * 300


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (12000, "3 h 20 min"),
        (86399, "23 h 59 min"),
        (86400, "1 d"),
        (187200, "2 d 4 h"),
        # Each unit counts whole ones of the next.
        (30 * 86400 - 1, "29 d 23 h"),
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
    assert some_of(list("abcde")) == "a, b, c, d, e"
    assert some_of(list("abcdef")) == "a, b, c, d, e and 1 more"


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (0.0, "in sync with AWS"),
        (5.4, "in sync with AWS"),
        (-5.4, "in sync with AWS"),
        (6, "6 s ahead of AWS's"),
        (-6, "6 s behind AWS's"),
        (-420.2, "7 min behind AWS's"),
    ],
)
def test_how_a_clock_stands(ahead, words) -> None:
    assert clock_difference(ahead) == words


def test_what_is_encoded_as_in_a_url_is_shown_as_it_was() -> None:
    assert url_decoded("a%20b%FF+c") == "a b\ufffd+c"
    assert url_decoded("a b") == "a b"


def test_calls_are_told_by_operation() -> None:
    assert calls_made({"ListDistributions": 1, "GetMetricData": 12}) == "12 GetMetricData, 1 ListDistributions"
    assert calls_made({}) == "none"


def test_a_secret_of_eight_characters_is_masked_and_a_shorter_one_is_a_word() -> None:
    assert masked("1234567 12345678", ["1234567", "12345678"]) == "1234567 ***"


def test_secrets_and_key_ids_are_masked_and_words_are_not() -> None:
    text = "AKIAEXAMPLE000000001 and ASIA000000000000ABCD, s3cret/s3cret for prod"
    assert masked(text, ["s3cret/s3cret", "prod"]) == "*** and ***, *** for prod"


SCHEMES = st.sampled_from(["http://", "https://", "HTTP://", "socks5://", "Socks5H://", "//", "http:\\\\", "x+y://"])
# Whatever a password may be made of, but for blanks, which end a word.
CHARACTERS = string.ascii_letters + string.digits + "/#?\\:@'\"!$%&()*+,;=[]{}|<>~^`ä中-._"
SPELLED = st.text(CHARACTERS, min_size=1, max_size=20)
HOSTS = st.sampled_from(["proxy", "proxy.example.com:3128", "[::1]:8080", "10.0.0.1:80/path?x=1"])
BEFORE = st.sampled_from(["", "'", '"', "(", "= ", 'proxy URL: "'])
AFTER = st.sampled_from(["", "'", '" ', "). Check"])


@given(SCHEMES, SPELLED, SPELLED, HOSTS, BEFORE, AFTER)
@example("http://", "user", "p/a#s?s\\w@r:d", "proxy:3128", "", "")
@example("SOCKS5://", "u'ser", '"pass', "proxy:3128", "'", "'")
def test_the_user_information_of_a_url_is_masked_however_it_is_spelled(
    scheme, user, password, host, before, after
) -> None:
    text = masked(f"Failed {before}{scheme}{user}:{password}@{host}{after}", ())
    assert f"{user}:{password}@" not in text
    # Nothing is left of it: all between the scheme and the host.
    assert text == f"Failed {before}{scheme}***@{host}{after}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://user:pass word@proxy:3128 is down", "http://***@proxy:3128 is down"),
        ("user:pass@proxy:3128 is down", "***@proxy:3128 is down"),
        ("proxies user:p/a#s?s@proxy, none", "proxies ***@proxy, none"),
        ("http://token@proxy/", "http://***@proxy/"),
        ("http:/user:pass@proxy", "http:/***@proxy"),
    ],
)
def test_user_information_of_other_forms_is_masked_too(text, shown) -> None:
    assert masked(text, ()) == shown


@pytest.mark.parametrize(
    "text",
    [
        "User: arn:aws:sts::123456789012:assumed-role/admin/me@example.com is not authorized",
        "https://monitoring.us-east-1.amazonaws.com:443/ did not answer; write to me@example.com",
        "10:00 to 11:00 @ UTC",
        "owner is me@example.com",
        "https://example.com/a?b=c",
    ],
)
def test_what_is_no_user_information_stays(text) -> None:
    assert masked(text, ()) == text


def test_a_secret_is_masked_as_a_part_of_an_address_too() -> None:
    assert masked("a=s%2Fecret%2B%3D&b=s/ecret%2B%3D&c=s/ecret+=", ["s/ecret+="]) == "a=***&b=***&c=***"


@given(st.text(max_size=200))
def test_any_text_can_be_masked(text) -> None:
    assert isinstance(masked(text, ["s3cret/s3cret", "\ud800s3cret/s3cret"]), str)
