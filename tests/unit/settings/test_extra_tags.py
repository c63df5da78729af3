"""The tags of users: allowed up to DataKit's bounds, and none of the collector's own names."""

import pytest

from guance_aws_cloudfront.settings.extra_tags import is_reserved, parse_extra_tags
from guance_aws_cloudfront.settings.validation import ConfigError

NAME = {"account_name": "prod"}


@pytest.mark.parametrize(
    "tags",
    [
        {"account_name": "n" * 128},
        {**NAME, "k": "v"},
        {**NAME, "k" * 256: "v"},
        {**NAME, "é" * 128: "v"},
        {**NAME, "k": "v" * 1024},
        {**NAME, "k": "é" * 512},
        {**NAME, **{f"k{number}": "v" for number in range(63)}},
        {**NAME, **{f"k{number:03}": "v" * 1020 for number in range(29)}},
    ],
)
def test_tags_on_a_bound_are_allowed(tags) -> None:
    assert parse_extra_tags(tags) == tags


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"account_name": "n" * 129}, "a name of at most 128 characters"),
        ({**NAME, "": "v"}, "tag names of 1 to 256 bytes"),
        ({**NAME, "k" * 257: "v"}, "tag names of 1 to 256 bytes"),
        ({**NAME, "é" * 129: "v"}, "tag names of 1 to 256 bytes"),
        ({**NAME, "k": "v" * 1025}, "of at most 1,024 bytes"),
        ({**NAME, "k": "é" * 513}, "of at most 1,024 bytes"),
        ({**NAME, **{f"k{number}": "v" for number in range(64)}}, "at most 64 tags"),
        ({**NAME, **{f"k{number:03}": "v" * 1020 for number in range(31)}}, "tags of at most 30720 bytes in all"),
        ({**NAME, "Requests_Sum": "v"}, "the tag 'Requests_Sum' is set by the collector or not allowed"),
        ({**NAME, "DomainName": "v"}, "the tag 'DomainName' is set by the collector or not allowed"),
    ],
)
def test_tags_beyond_a_bound_are_refused_with_a_sentence(tags, said) -> None:
    with pytest.raises(ConfigError) as error:
        parse_extra_tags(tags)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("key", "is_one"), [("domainname", True), ("Requests_Sum", True), ("name", True), ("team", False)]
)
def test_a_key_of_the_collector_s_own_is_known_in_any_letters(key, is_one) -> None:
    assert is_reserved(key) is is_one
