"""One account or several: each with its own configuration, and a mistake in one costs the others nothing."""

import pytest

from guance_aws_cloudfront.settings.accounts import account_name, account_named, parse_accounts
from guance_aws_cloudfront.settings.config import parse_config
from guance_aws_cloudfront.settings.validation import ConfigError

COMMON = {"delay": 240}


def account(name, **more):
    return {"ak_id": "AKIAEXAMPLE000000001", "ak_secret": "s" * 40, "extra_tags": {"account_name": name}, **more}


def parsed(raw, configs=COMMON):
    return parse_accounts(raw, configs, parse_config(configs))


def refused(raw):
    with pytest.raises(ConfigError) as error:
        parsed(raw)
    return str(error.value)


def test_a_single_account_is_a_list_of_one() -> None:
    (one,) = parsed(account(" prod "))
    assert (one.name, one.account.account_name, one.config.delay, one.mistake) == ("prod", "prod", 240, "")
    assert parsed([account("prod")]) == [one] == parsed((account("prod"),))


def test_an_account_has_the_common_configuration_but_for_what_it_says_itself() -> None:
    plain, own = parsed([account("plain"), account("own", configs={"lookback": 600})])
    assert (plain.config.delay, plain.config.lookback) == (240, 900)
    assert (own.config.delay, own.config.lookback) == (240, 600)
    # Where there is no common configuration, too.
    ((_, _, config, _),) = parsed([account("own", configs={"lookback": 600})], None)
    assert (config.delay, config.lookback) == (180, 600)


def test_a_mistake_in_one_account_costs_the_others_nothing_and_says_which_it_is() -> None:
    good, bad, nameless = parsed([account("a"), account("b", ak_id=""), "nonsense"])
    assert good.account.account_name == "a"
    assert (bad.name, bad.account, bad.config) == ("b", None, None)
    assert bad.mistake.startswith('Account 2 of 3 ("b"): ')
    # What has no name is called by its place.
    assert nameless.name == "Account 3 of 3"
    assert nameless.mistake.startswith("Account 3 of 3: ")


def test_of_two_accounts_of_one_name_the_later_is_a_mistake() -> None:
    first, second, other = parsed([account("a"), account(" a "), account("b")])
    assert first.account and other.account
    assert second.mistake == (
        "Account 2 of 3 (\"a\"): another one has the same 'account_name', by which is known what was reported."
    )


def test_several_accounts_without_a_name_are_no_namesakes() -> None:
    mistakes = [one.mistake for one in parsed([account("a"), {}, {}])[1:]]
    assert all("another one has the same" not in mistake for mistake in mistakes)


def test_nothing_to_collect_is_refused_with_all_mistakes() -> None:
    assert refused([]) == "The list of accounts is empty: give one account at least in the startup script."
    said = refused([account("a", ak_id=""), account("b", ak_secret="")])
    assert 'Account 1 of 2 ("a"): ' in said and ' Account 2 of 2 ("b"): ' in said
    assert "Account 1" not in refused(account("a", ak_id=""))


@pytest.mark.parametrize("own", ["datakit", 7, [], ["x"], False])
def test_what_an_account_says_itself_is_a_dict(own) -> None:
    assert "a dict of what is other than in CONFIGS" in refused([account("a", configs=own)])


def test_a_mistake_in_an_account_s_own_configuration_is_told() -> None:
    assert "'delay'" in refused(account("a", configs={"delay": "x"}))


@pytest.mark.parametrize(
    ("one", "name"),
    [
        (account(" prod "), "prod"),
        *((one, "") for one in ({}, "prod", None, {"extra_tags": "prod"}, {"extra_tags": {}})),
        ({"extra_tags": {"account_name": 7}}, ""),
    ],
)
def test_the_name_of_an_account(one, name) -> None:
    assert account_name(one) == name


def named(accounts, name):
    with pytest.raises(ConfigError) as error:
        account_named(accounts, name)
    return str(error.value)


def test_an_account_is_found_by_its_name_or_it_is_said_why_not() -> None:
    accounts = [account("east"), account("west"), {}, account("twin"), account("twin")]
    assert account_named(accounts, " west ") is accounts[1]
    assert account_named(accounts, "east") is accounts[0]
    assert named(accounts, "") == "The account name is missing: give it in the 'extra_tags' of the account."
    assert named(accounts, "twin") == "2 accounts of the startup script have the name 'twin': give each its own."
    assert named(accounts, "eas") == "No account of the startup script has the name 'eas': did you mean 'east'?"
    said = "No account of the startup script has the name 'xyz': the accounts are east, west, twin, twin."
    assert named(accounts, "xyz") == said
    assert named([{}], "xyz") == "No account of the startup script has the name 'xyz': no account has a name."
