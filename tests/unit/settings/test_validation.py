"""The words that sentences about a mistake are made of."""

import pytest

from guance_aws_cloudfront.settings.patterns import parse_resource_tags
from guance_aws_cloudfront.settings.validation import did_you_mean, invisible, is_placeholder, where


@pytest.mark.parametrize("key", ["ak_id", "ak_secret", "account_name"])
def test_what_can_be_given_by_a_variable_of_func_is_told_with_its_name(key) -> None:
    assert f"the environment variable GUANCE_AWS_CLOUDFRONT_{key.upper()} " in where(key)


def test_all_else_is_given_in_the_startup_script() -> None:
    assert where("session_token") == "the startup script"


@pytest.mark.parametrize(
    ("value", "is_one"), [("<AWS AK ID>", True), ("<>", True), ("<AKIA", False), ("AKIA>", False), ("", False)]
)
def test_a_placeholder_stands_in_two_brackets(value, is_one) -> None:
    assert is_placeholder(value) is is_one


def test_the_nearest_known_name_is_told() -> None:
    assert did_you_mean("metrix", ["metric", "metrics", "period"], "none.") == "did you mean 'metric'?"
    assert did_you_mean("perod", ["metrics", "periods", "period"], "none.") == "did you mean 'period'?"
    assert did_you_mean("zzz", ["metrics", "period"], "none.") == "none."


@pytest.mark.parametrize("number", [0xFE00, 0xFE0F, 0x200B, 0x3164])
def test_a_character_that_shows_nothing_is_named(number) -> None:
    assert f"U+{number:04X}" in invisible(f"AKIA{chr(number)}")


@pytest.mark.parametrize("text", ["", "AKIA", "é€", "\ufdff", "\ufe10", "a\U0001f600"])
def test_what_is_to_be_seen_is_none_of_them(text) -> None:
    assert invisible(text) == ""


@pytest.mark.parametrize(("raw", "patterns"), [(None, ()), ([], ()), ((), ()), (["env", "team*"], ("env", "team*"))])
def test_no_resource_tags_are_wanted_by_nothing_or_an_empty_list(raw, patterns) -> None:
    assert parse_resource_tags(raw) == patterns
