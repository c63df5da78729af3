"""Several accounts one after the other: whose turn it is, how much time each gets, and how the run ends."""

import pytest

from devtools.clock import SimulatedClock
from guance_aws_cloudfront.accounts import run_accounts
from guance_aws_cloudfront.errors import CollectError, RunSkipped
from guance_aws_cloudfront.settings.account import parse_account
from guance_aws_cloudfront.settings.accounts import Collected
from guance_aws_cloudfront.settings.config import parse_config
from tests.conftest import AK_ID, AK_SECRET

# A multiple of the rotation: the first account has the first turn.
START = 900 * 1_000_000
LEAST_SECONDS = 10


def collected(name, **configs):
    account = parse_account({"ak_id": AK_ID, "ak_secret": AK_SECRET, "extra_tags": {"account_name": name}})
    return Collected(name, account, parse_config(configs))


class Worker:
    """Takes its time for an account, or raises what it was told; knows the time limits that it was given."""

    def __init__(self, clock, seconds=0, raises=None):
        self._clock, self._seconds, self._raises = clock, seconds, raises or {}
        self.limits = {}

    def __call__(self, one):
        self.limits[one.name] = one.config.time_limit
        self._clock.advance(self._seconds)
        if one.name in self._raises:
            raise self._raises[one.name]
        return {"account": one.name}


def run(accounts, seconds, took=0, raises=None, start=START):
    clock = SimulatedClock(start)
    worker = Worker(clock, took, raises)
    try:
        return run_accounts(accounts, seconds, clock, worker, "come back"), worker
    except Exception as error:  # noqa: BLE001 - handed to the test
        return error, worker


def test_each_account_gets_its_part_of_the_time_that_is_left() -> None:
    _, worker = run([collected(name) for name in "abc"], seconds=240, took=30)
    assert worker.limits == {"a": 80, "b": 105, "c": 180}


def test_what_one_does_not_use_is_for_the_others_but_never_more_than_its_own_limit() -> None:
    accounts = [collected("a"), collected("b", time_limit=60), collected("c")]
    _, worker = run(accounts, seconds=240)
    assert worker.limits == {"a": 80, "b": 60, "c": 240}


def test_an_account_is_begun_while_the_least_of_the_time_is_left_and_gets_that() -> None:
    least, worker = run([collected("a"), collected("b")], seconds=60 + LEAST_SECONDS, took=60)
    assert list(least["accounts"]) == ["a", "b"]
    assert worker.limits["b"] == LEAST_SECONDS
    error, worker = run([collected(name) for name in "abc"], seconds=60 + LEAST_SECONDS - 1, took=60)
    assert isinstance(error, CollectError)
    for name in "bc":
        assert f'Account "{name}" was not started: the time limit of all accounts is over; come back' in str(error)
    assert list(worker.limits) == ["a"]


def test_many_accounts_get_the_least_even_when_their_part_is_less() -> None:
    _, worker = run([collected(str(number)) for number in range(30)], seconds=60)
    assert worker.limits["0"] == LEAST_SECONDS


def test_turns_begin_with_another_account_each_five_minutes_and_are_numbered(capsys) -> None:
    accounts = [collected(name) for name in "abc"]
    for turn, order in enumerate(("abc", "bca", "cab", "abc")):
        _, worker = run(accounts, 240, start=START + 300 * turn)
        assert "".join(worker.limits) == order
        headings = [line for line in capsys.readouterr().out.splitlines() if "Account" in line]
        assert headings == [f"--- Account {'abc'.index(name) + 1} of 3: {name}" for name in order]


def test_a_mistake_of_one_account_costs_the_others_nothing(capsys) -> None:
    error, worker = run([Collected("a", None, None, "No key."), collected("b")], 240)
    assert str(error) == "1 of 2 accounts failed. No key."
    assert list(worker.limits) == ["b"]
    assert "FAILED: No key." in capsys.readouterr().out


def test_where_all_are_under_way_elsewhere_the_task_is_skipped_and_else_it_is_not(capsys) -> None:
    busy = {name: RunSkipped(f"{name} is under way.") for name in "ab"}
    error, _ = run([collected("a"), collected("b")], 240, raises=busy)
    assert isinstance(error, RunSkipped)
    assert str(error) == "a is under way. b is under way."
    summary, _ = run([collected("a"), collected("c")], 240, raises=busy)
    assert summary == {"accounts": {"c": {"account": "c"}}, "skipped": ["a is under way."]}
    assert "--- 2 accounts: 1 ok, 1 under way elsewhere, 0 failed." in capsys.readouterr().out


def test_an_error_that_nobody_thought_of_is_named_without_the_key(capsys) -> None:
    error, _ = run([collected("a"), collected("b")], 240, raises={"a": KeyError(AK_SECRET)})
    assert "1 of 2 accounts failed." in str(error)
    assert 'Account "a": KeyError' in str(error)
    assert AK_SECRET not in f"{error}{capsys.readouterr().out}"


@pytest.mark.parametrize("raised", [CollectError("It failed."), RunSkipped("Busy."), None])
def test_a_single_account_ends_as_it_ended(raised) -> None:
    ended, _ = run([collected("a")], 240, raises={"a": raised} if raised else None)
    if raised is None:
        assert ended == {"accounts": {"a": {"account": "a"}}, "skipped": []}
    else:
        assert isinstance(ended, type(raised))
