"""What the startup script hands over is filled in by parameters and environment, and nothing else is touched."""

import pytest

from guance_aws_cloudfront.main import fill_account


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


@pytest.mark.parametrize("account", [None, [], "x", {"extra_tags": ["x"]}, {"extra_tags": "x"}])
def test_what_is_no_dict_is_left_for_the_door(account) -> None:
    assert fill_account(account, Func(GUANCE_AWS_CLOUDFRONT_ACCOUNT_NAME="n"), **NOTHING) == account
