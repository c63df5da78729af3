"""What the startup script hands over is filled in by parameters and environment, and nothing else is touched."""

import pytest

from guance_aws_cloudfront.main import fill_account
from guance_aws_cloudfront.settings.validation import ConfigError


class Func:
    def __init__(self, **env):
        self.env = env

    def ENV(self, name):  # noqa: N802 - Func's name
        return self.env.get(name)


SCRIPT = {"ak_id": "by script", "ak_secret": "by script", "extra_tags": {"account_name": "by script", "team": "edge"}}
NOTHING = {"ak_id": None, "ak_secret": None, "account_name": None}


def test_without_parameters_and_environment_the_script_stands() -> None:
    assert fill_account(SCRIPT, Func(), **NOTHING) == SCRIPT


def test_parameters_win_over_the_environment_and_this_over_the_script() -> None:
    func = Func(GUANCE_AWS_CLOUDFRONT_AK_ID="by env", GUANCE_AWS_CLOUDFRONT_ACCOUNT_NAME="by env")
    filled = fill_account(SCRIPT, func, **{**NOTHING, "ak_id": "by parameter"})
    assert filled == {
        "ak_id": "by parameter",
        "ak_secret": "by script",
        "extra_tags": {"account_name": "by env", "team": "edge"},
    }


@pytest.mark.parametrize(("ak_id", "kept"), [("other", False), ("by script", True), (None, True)])
def test_a_session_token_stays_with_its_key(ak_id, kept) -> None:
    filled = fill_account({**SCRIPT, "session_token": "t"}, Func(), **{**NOTHING, "ak_id": ak_id})
    assert ("session_token" in filled) is kept


HUB = {"extra_tags": {"account_name": "hub"}}
OWN = {"ak_id": "own", "ak_secret": "own", "extra_tags": {"account_name": "own"}}
KEY = {"GUANCE_AWS_CLOUDFRONT_AK_ID": "by env", "GUANCE_AWS_CLOUDFRONT_AK_SECRET": "env secret"}
ENV = Func(**KEY, GUANCE_AWS_CLOUDFRONT_ACCOUNT_NAME="of none of several")


def test_of_several_accounts_those_without_a_key_get_that_of_the_environment() -> None:
    hub = {**HUB, "ak_id": "by env", "ak_secret": "env secret"}
    assert fill_account([HUB, OWN], ENV, **NOTHING) == [hub, OWN]
    placeholders = {**HUB, "ak_id": "<AWS AK ID>", "ak_secret": ""}
    assert fill_account([placeholders, 7], ENV, **NOTHING) == [hub, 7]


def test_a_name_chooses_one_of_several_accounts_to_which_the_parameters_belong() -> None:
    given = {"account_name": "hub", "ak_id": "by parameter", "ak_secret": None}
    assert fill_account([HUB, OWN], ENV, **given) == {**HUB, "ak_id": "by parameter", "ak_secret": "env secret"}


@pytest.mark.parametrize(
    ("accounts", "given", "sentence"),
    [
        ([HUB, OWN], {"account_name": "hubs"}, "has the name 'hubs': did you mean 'hub'?"),
        ([HUB, OWN], {"account_name": "zzz"}, "has the name 'zzz': the accounts are hub, own."),
        ([{}], {"account_name": "zzz"}, "has the name 'zzz': no account has a name."),
        ([OWN, OWN], {"account_name": "own"}, "2 accounts of the startup script have the name 'own'"),
        ([HUB, OWN], {"ak_id": "x"}, "Parameter 'ak_id' is for one of several accounts: give its 'account_name' too."),
    ],
)
def test_what_names_no_account_is_refused(accounts, given, sentence) -> None:
    with pytest.raises(ConfigError) as error:
        fill_account(accounts, ENV, **{**NOTHING, **given})
    assert sentence in str(error.value)


@pytest.mark.parametrize("account", [None, [], "x", {"extra_tags": ["x"]}, {"extra_tags": "x"}])
def test_what_is_no_dict_is_left_for_the_door(account) -> None:
    assert fill_account(account, Func(GUANCE_AWS_CLOUDFRONT_ACCOUNT_NAME="n"), **NOTHING) == account
