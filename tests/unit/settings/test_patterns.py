"""Distributions are chosen by patterns on their names; a pattern that fits none is told with what is nearest."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guance_aws_cloudfront.points.choice import choose, idle_patterns
from guance_aws_cloudfront.settings.patterns import Choice, fits, parse_distributions
from guance_aws_cloudfront.settings.validation import ConfigError

RECORDS = [
    {"Id": "E1SHOP", "DomainName": "d1.cloudfront.net", "Aliases": {"Items": ["www.example.com", "example.com"]}},
    {"Id": "E2IMG", "DomainName": "d2.cloudfront.net", "Aliases": {"Quantity": 0}},
    {"Id": "E3API", "DomainName": "d3.cloudfront.net", "Aliases": {"Items": ["*.api.example.org"]}},
]
TAGS = {"E1SHOP": {"env": "prod", "team": "Web"}, "E2IMG": {"env": "staging"}, "E3API": {}}


@pytest.mark.parametrize(
    ("patterns", "ids"),
    [
        (None, ["E1SHOP", "E2IMG", "E3API"]),
        (["*"], ["E1SHOP", "E2IMG", "E3API"]),
        (["E2IMG"], ["E2IMG"]),
        (["e2img", " E3API "], ["E2IMG", "E3API"]),
        (["*.example.com"], ["E1SHOP"]),
        (["WWW.Example.COM", "d3.*"], ["E1SHOP", "E3API"]),
        (["NOT", "*.example.*"], ["E2IMG"]),
        (["NOT", "E1*", "d2.cloudfront.net"], ["E3API"]),
        (["nothing"], []),
        ({"tag:env": ["prod"]}, ["E1SHOP"]),
        ({"tag:env": ["prod", "stag*"]}, ["E1SHOP", "E2IMG"]),
        ({"tag:env": ["NOT", "prod"]}, ["E2IMG", "E3API"]),
        ({"tag:env": ["*"], "tag:team": ["Web"]}, ["E1SHOP"]),
        ({"tag:team": ["web"]}, []),
        ({"tag:env": ["*"], "name": ["NOT", "E1*"]}, ["E2IMG"]),
        ({"name": ["d3.*"]}, ["E3API"]),
    ],
)
def test_patterns_choose_by_id_alias_and_domain(patterns, ids) -> None:
    assert [record["Id"] for record in choose(RECORDS, parse_distributions(patterns), TAGS)] == ids


def test_a_pattern_that_fits_none_is_told_with_the_nearest_names() -> None:
    patterns = parse_distributions(["E1SHOPS", "*.example.com", "zzz"])
    assert list(idle_patterns(RECORDS, patterns, TAGS)) == [
        "No distribution fits 'e1shops' of the key 'distributions'. The nearest are E1SHOP.",
        "No distribution fits 'zzz' of the key 'distributions'.",
    ]
    assert list(idle_patterns(RECORDS, parse_distributions(["NOT", "E9"]), TAGS)) != []
    assert list(idle_patterns([], Choice(), {})) == []


def test_a_pattern_of_a_tag_that_fits_none_is_told_with_the_nearest_values_or_keys() -> None:
    choice = parse_distributions({"tag:env": ["prods", "stag*"], "tag:teams": ["Web"]})
    assert list(idle_patterns(RECORDS, choice, TAGS, ["env", "Team"])) == [
        "No distribution fits 'prods' of the key 'distributions', 'tag:env'. The nearest are prod.",
        "No distribution has the resource tag 'teams' of the key 'distributions'. The nearest are Team.",
    ]


@pytest.mark.parametrize("raw", ["E1", [], ["NOT"], [7], [""], [" "], 7, {"name": "E1"}, {"name": []}])
def test_what_is_no_list_of_patterns_is_refused(raw) -> None:
    with pytest.raises(ConfigError, match=r"Configuration key 'distributions' is .*: allowed is a list of IDs"):
        parse_distributions(raw)


@pytest.mark.parametrize(
    ("raw", "allowed"),
    [
        ({}, "a list of IDs, alternate domain names"),
        ({"env": ["prod"]}, "a dict with the keys 'name' and 'tag:<key>'"),
        ({"tag:": ["prod"]}, "a dict with the keys 'name' and 'tag:<key>'"),
        ({7: ["prod"]}, "a dict with the keys 'name' and 'tag:<key>'"),
        ({"tag:env": "prod"}, "a list of values of the tag 'env' or patterns of these"),
        ({"tag:env": ["NOT"]}, "a list of values of the tag 'env' or patterns of these"),
    ],
)
def test_a_choice_by_tags_that_is_none_is_refused(raw, allowed) -> None:
    with pytest.raises(ConfigError, match=f"Configuration key 'distributions' is .*: allowed is {re.escape(allowed)}"):
        parse_distributions(raw)


@pytest.mark.parametrize("raw", [["*.example.com", "NOT", "test.*"], ["NOT", "a", "NOT", "b"], {"name": ["a", "NOT"]}])
def test_a_not_that_is_not_the_head_is_refused(raw) -> None:
    with pytest.raises(ConfigError, match="allowed is 'NOT' only at the head of a list, for all that follows"):
        parse_distributions(raw)


def test_only_the_star_stands_for_anything() -> None:
    assert fits(["a.b"], ["a*"]) and fits(["a\nb"], ["a*b"])
    assert not any(fits([name], [pattern]) for name, pattern in (("ab", "a?"), ("a", "[a]"), ("axb", "a.b")))


NAMES = st.text(max_size=6) | st.sampled_from(["E1SHOP", "e2*", "*", "**", "*.example.com", "[a-", "\\", "?", "NOT"])


@given(st.lists(NAMES, max_size=4))
def test_any_list_of_names_chooses_or_is_refused_with_a_sentence(raw) -> None:
    try:
        patterns = parse_distributions(raw)
    except ConfigError as error:
        assert str(error).startswith("Configuration key 'distributions' is ")
        return
    chosen = [record["Id"] for record in choose(RECORDS, patterns, TAGS)]
    assert chosen == [record["Id"] for record in RECORDS if record["Id"] in chosen]
    if raw[0] != "NOT":
        # What is taken away is the rest of what is taken.
        others = [record["Id"] for record in choose(RECORDS, parse_distributions(["NOT", *raw]), TAGS)]
        assert sorted(chosen + others) == [record["Id"] for record in RECORDS]
    assert all("\n" not in text for text in idle_patterns(RECORDS, patterns, TAGS))
