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


def test_the_name_of_the_only_account_may_be_repeated() -> None:
    assert fill_account(SCRIPT, Func(), account_name="by script") == SCRIPT
    by_env = Func(GUANCE_AWS_CLOUDFRONT_ACCOUNT_NAME="by env")
    assert fill_account(SCRIPT, by_env, account_name="by env")["extra_tags"]["account_name"] == "by env"


@pytest.mark.parametrize("unnamed", [{}, {"account_name": ""}, {"account_name": "<AWS Account Name>"}])
def test_an_account_without_a_name_takes_that_of_the_call(unnamed) -> None:
    filled = fill_account({**SCRIPT, "extra_tags": unnamed}, Func(), account_name="by call")
    assert filled["extra_tags"]["account_name"] == "by call"


@pytest.mark.parametrize(
    ("env", "given", "sentence"),
    [
        ({}, {}, "the only one is 'by script', by the startup script."),
        # The environment's name takes precedence, so that of the script is another one.
        ({"GUANCE_AWS_CLOUDFRONT_ACCOUNT_NAME": "by env"}, {}, "variable GUANCE_AWS_CLOUDFRONT_ACCOUNT_NAME."),
        # The account's own key is no key of another account.
        ({}, {"ak_id": "by script"}, "the only one is 'by script'"),
        ({"GUANCE_AWS_CLOUDFRONT_AK_ID": "by env"}, {"ak_id": "by env"}, "the only one is 'by script'"),
    ],
)
def test_a_name_other_than_the_only_account_s_is_refused(env, given, sentence) -> None:
    with pytest.raises(ConfigError) as error:
        fill_account(SCRIPT, Func(**env), account_name="prodd", **given)
    assert str(error.value).startswith("No account has the name 'prodd': ")
    assert sentence in str(error.value)
    assert "Leave the parameter 'account_name' out" in str(error.value)


def test_a_key_of_its_own_may_come_with_a_name_of_its_own() -> None:
    filled = fill_account(SCRIPT, Func(), ak_id="other", ak_secret="other", account_name="other")
    assert filled == {"ak_id": "other", "ak_secret": "other", "extra_tags": {"account_name": "other", "team": "edge"}}


def test_a_secret_in_a_call_is_warned_about_once_and_not_repeated(capsys) -> None:
    fill_account(SCRIPT, Func(), ak_id="other", ak_secret="hush-hush")
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("WARNING: the secret access key came as a parameter of the call: Func keeps")
    assert "GUANCE_AWS_CLOUDFRONT_AK_SECRET" in line and "hush" not in line
    fill_account(SCRIPT, Func(GUANCE_AWS_CLOUDFRONT_AK_SECRET="x"), **NOTHING)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("account", [None, [], "x", {"extra_tags": ["x"]}, {"extra_tags": "x"}])
def test_what_is_no_dict_is_left_for_the_door(account) -> None:
    assert fill_account(account, Func(GUANCE_AWS_CLOUDFRONT_ACCOUNT_NAME="n"), **NOTHING) == account
