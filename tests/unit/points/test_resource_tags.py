"""Resource tags become tags that Guance takes: clean keys, no clash, within DataKit's limits, and always the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guance_aws_cloudfront.guance.limits import LONGEST_TAGS
from guance_aws_cloudfront.points.resource_tags import MOST_BYTES, clean_key, cleaned
from guance_aws_cloudfront.settings.patterns import parse_resource_tags
from guance_aws_cloudfront.settings.validation import ConfigError

EXTRA = {"account_name": "prod", "team": "sre"}
ALL = ("*",)


@pytest.mark.parametrize(
    ("key", "clean"),
    [
        ("env", "env"),
        ("cost-center", "cost-center"),
        ("aws:cloudformation:stack-name", "aws_cloudformation_stack-name"),
        ("app.kubernetes.io/name", "app_kubernetes_io_name"),
        ("部门", "部门"),
        # `name`, `Status` and `WAF` are the collector's own, `team` the user's; case does not tell them apart.
        ("Name", "tag_Name"),
        ("status", "tag_status"),
        ("waf", "tag_waf"),
        ("Team", "tag_Team"),
        ("Requests_Sum", "tag_Requests_Sum"),
        ("account.name", "tag_account_name"),
        ("é" * 129, "é" * 128),
    ],
)
def test_a_key_becomes_one_that_guance_takes_and_that_clashes_with_none(key, clean) -> None:
    assert clean_key(key, EXTRA) == clean


def test_only_wanted_tags_are_reported_and_none_without_a_value() -> None:
    tags = {"E1": {"env": "prod", "aws:x": "y", "team": "", "blank": " "}, "E2": {}}
    assert cleaned(tags, ("NOT", "aws:*"), {}).by_id == {"E1": {"env": "prod"}, "E2": {}}
    assert cleaned(tags, ("en*",), {}) == ({"E1": {"env": "prod"}, "E2": {}}, "", [])
    assert cleaned(tags, (), {}) == ({"E1": {}, "E2": {}}, "", [])
    assert cleaned(tags, ("aws:*",), {}).renamed == "Resource tags: 'aws:x' as 'aws_x'."


def test_of_two_keys_that_become_one_the_one_that_stays_as_it_is_wins() -> None:
    clean = cleaned({"E1": {"a.b": "1", "a:b": "2", "a_b": "3"}}, ALL, {})
    assert clean.by_id == {"E1": {"a_b": "3"}}
    (warning,) = clean.warnings
    assert warning.startswith("Resource tags are left out, because another one has their key or they are too many: ")
    assert "'a.b' of E1, 'a:b' of E1" in warning


def test_what_is_too_long_is_cut_with_a_warning() -> None:
    clean = cleaned({"E1": {"k" * 300: "v", "long": "é" * 600}}, ALL, {})
    assert clean.by_id == {"E1": {"k" * 256: "v", "long": "é" * 512}}
    assert len(clean.warnings) == 1
    assert "cut to the 256 bytes of key and 1024 of value that DataKit takes" in clean.warnings[0]


def test_more_than_a_point_may_carry_is_left_out_with_a_warning() -> None:
    clean = cleaned({"E1": {f"key{n:02}": "v" * 1000 for n in range(50)}}, ALL, {})
    assert len(clean.by_id["E1"]) == 30
    assert "Name fewer in 'resource_tags'." in clean.warnings[0]
    # As much again of the user's own, and the collector's beside them.
    assert 2 * MOST_BYTES + 1024 <= LONGEST_TAGS


def test_text_of_a_tag_cannot_forge_a_line() -> None:
    (tags,) = cleaned({"E1": {"note\nFAILED: x": "a\nb\\"}}, ALL, {}).by_id.values()
    assert tags == {"note_FAILED__x": "a b"}


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=12), max_size=8), st.text(max_size=12))
def test_any_tags_become_valid_ones_and_each_key_the_same_whatever_stands_beside_it(tags, key) -> None:
    whole = cleaned({"E1": tags}, ALL, EXTRA).by_id["E1"]
    for name, value in whole.items():
        assert name and value == value.strip() and not value.endswith("\\")
        assert not set(name) & set(". \n\\,=") and "\n" not in value
        assert name.lower() not in EXTRA
    alone = cleaned({"E1": {key: "x"}}, ALL, EXTRA).by_id["E1"]
    assert set(alone) <= {clean_key(key, EXTRA)}


@pytest.mark.parametrize("raw", ["env", ["NOT"], [7], [""], {"env": "prod"}, 7])
def test_what_is_no_list_of_keys_is_refused(raw) -> None:
    with pytest.raises(ConfigError, match=r"Configuration key 'resource_tags' is .*: allowed is a list of tag keys"):
        parse_resource_tags(raw)


def test_no_list_and_an_empty_one_are_no_tags() -> None:
    assert parse_resource_tags(None) == parse_resource_tags([]) == ()
    assert parse_resource_tags([" env ", "team*"]) == ("env", "team*")


def test_a_not_that_is_not_the_head_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'resource_tags' is .*: allowed is 'NOT' only at the head of a list"):
        parse_resource_tags(["*", "NOT", "aws:*"])
