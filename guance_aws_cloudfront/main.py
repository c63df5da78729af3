"""The collector's face: one call collects one account or several, from CloudFront's listing to points in Guance."""

import time
from dataclasses import replace
from typing import Any, Callable, Dict, List, Mapping, NoReturn, Optional

from guance_aws_cloudfront.accounts import run_accounts
from guance_aws_cloudfront.check.check import check
from guance_aws_cloudfront.collect import collect
from guance_aws_cloudfront.deadline import EDITOR_SECONDS, Deadline
from guance_aws_cloudfront.errors import CollectError
from guance_aws_cloudfront.func.reset import reset, reset_logs
from guance_aws_cloudfront.settings.accounts import Collected, account_name, account_named, parse_accounts
from guance_aws_cloudfront.settings.config import parse_config
from guance_aws_cloudfront.settings.former import translated
from guance_aws_cloudfront.settings.validation import ConfigError, is_placeholder, quoted
from guance_aws_cloudfront.text import count, one_line

ENVIRONMENT = "GUANCE_AWS_CLOUDFRONT_"
KEYS = ("ak_id", "ak_secret")
NOT_FOR_A_RUNNER = (
    "DataCollector of guance_aws_cloudfront collects by itself: no Runner of another script set can start it{}. "
    "Delete the startup script of Guance's own collector and deploy this one's, or call "
    'DataCollector(account, configs).run(DFF). See "Changing over" in README.'
)
# What to do about an account that was not started in time.
MAKES_UP = "one of the next runs catches up. 'fan_out' collects many accounts in parallel, see README."
CALL_FOR_IT = "call the function with its 'account_name'."
KEY_IN_A_CALL = (
    "WARNING: the secret access key came as a parameter of the call: Func keeps the arguments of calls in plain text, "
    "in its task records and in Redis. Give it in the environment variable GUANCE_AWS_CLOUDFRONT_AK_SECRET of the type "
    "password (Development / ENV) or in ACCOUNT of the startup script instead, and replace this key in IAM."
)


def fill_account(account: Any, func: Any, **parameters: Optional[str]) -> Any:
    """The account or accounts of the startup script, with what the call and Func's environment variables give.

    `parameters` are those of the call, None or missing when not given: `account_name`, and from startup scripts of
    earlier versions `ak_id` and `ak_secret` too. For a single account they take precedence over Func's environment
    variables, and these over the script; a name other than the account's needs a key of its own. Of a list,
    `account_name` chooses one, to which the parameters belong; the environment's key is that of all accounts that have
    none of their own. What is neither a dict nor a list is handed through, for DataCollector to refuse.

    Raises ConfigError when the parameters name no account, or leave open which one they are for.
    """
    given = {key: value for key, value in parameters.items() if value}
    if "ak_secret" in given:
        print(KEY_IN_A_CALL)
    known = {key: func.ENV(ENVIRONMENT + key.upper()) for key in (*KEYS, "account_name")}
    if not isinstance(account, (list, tuple)):
        _refuse_another_name(account, known, given)
        return _filled(account, {**known, **given})
    keys = {key: given[key] for key in KEYS if key in given}
    if "account_name" in given:
        return _filled(_with_key(account_named(list(account), str(given["account_name"])), known), keys)
    if keys:
        raise ConfigError("Parameter 'ak_id' is for one of several accounts: give its 'account_name' too.")
    return [_with_key(one, known) for one in account]


def _refuse_another_name(account: Any, known: Mapping[str, Optional[str]], given: Mapping[str, Any]) -> None:
    """ConfigError when a call names another account than the only one: its data would be collected once more."""
    name = str(given.get("account_name") or "").strip()
    configured = str(known["account_name"] or account_name(account)).strip()
    if not name or not configured or is_placeholder(configured) or name == configured:
        return
    its_key = known["ak_id"] or (account.get("ak_id") if isinstance(account, Mapping) else "")
    if given.get("ak_id") and str(given["ak_id"]).strip() != str(its_key).strip():
        # A key of its own: another account.
        return
    source = f"environment variable {ENVIRONMENT}ACCOUNT_NAME" if known["account_name"] else "startup script"
    raise ConfigError(
        f"No account has the name {quoted(name)}: the only one is {quoted(configured)}, by the {source}. Leave the "
        "parameter 'account_name' out; for several accounts, make ACCOUNT of the startup script a list: "
        'see README, "Several accounts".'
    )


def _with_key(account: Any, known: Mapping[str, Optional[str]]) -> Any:
    """An account of a list with the key of the environment, where it has none of its own."""
    if not isinstance(account, Mapping):
        return account
    own = [account[key] for key in KEYS if account.get(key) and not is_placeholder(str(account[key]))]
    return account if own else _filled(account, {key: known[key] for key in KEYS})


def _filled(account: Any, given: Mapping[str, Optional[str]]) -> Any:
    tags = account.get("extra_tags") or {} if isinstance(account, Mapping) else None
    if not isinstance(tags, Mapping):
        return account
    name = given.get("account_name")
    filled = {**account, **{key: given[key] for key in KEYS if given.get(key)}}
    if filled.get("ak_id") != account.get("ak_id"):
        # The token belongs to the key that stood beside it.
        filled.pop("session_token", None)
    if name:
        filled["extra_tags"] = {**tags, "account_name": name}
    return filled


def fan_out(account: Any, func: Any, func_id: str) -> Dict[str, Any]:
    """Start the function `func_id` for each account of the startup script, as a task of Func's of its own, by name.

    The names of those started; CollectError when one could not be started. No key is handed over.
    """
    accounts = list(account) if isinstance(account, (list, tuple)) else [account]
    mistakes = [_start(func, func_id, accounts, number) for number in range(len(accounts))]
    started = [account_name(one) for one, mistake in zip(accounts, mistakes) if not mistake]
    print(f"Started {func_id} for {count(len(started), 'account')}: {', '.join(started)}.")
    failures = [mistake for mistake in mistakes if mistake]
    if failures:
        raise CollectError(f"{len(failures)} of {count(len(accounts), 'account')} not started. " + " ".join(failures))
    return {"started": started}


def _start(func: Any, func_id: str, accounts: List[Any], number: int) -> str:
    """Start one of the accounts; empty, or why it could not be started."""
    name = account_name(accounts[number])
    try:
        # A single account needs no name to be known by: the environment may give it.
        if len(accounts) > 1:
            account_named(accounts, name)
        func.FUNC(func_id, {"account_name": name} if len(accounts) > 1 else {})
    except ConfigError as mistake:
        return f"Account {number + 1} of {len(accounts)}: {mistake}"
    except Exception as error:  # noqa: BLE001 - Func's own exceptions cannot be imported in a script
        return f'Account "{one_line(name)}": Func did not start {func_id} ({one_line(error)}).'
    return ""


class DataCollector:
    """Collects one account or several; `account` and `configs` are what the startup script holds (see README).

    Raises ConfigError when one of them is wrong, before anything is called; of several accounts, when all are. `clock`
    is the module `time` or its like. `logs` is which access logs to collect, None for none.
    """

    def __init__(self, account: Any, configs: Any = None, clock: Any = time, logs: Any = None) -> None:
        account, configs = translated(account, configs)
        common = parse_config(configs)
        self._accounts = parse_accounts(account, configs, common)
        self._is_list = isinstance(account, (list, tuple))
        self._time_limit = common.time_limit
        self._clock = clock
        # Looked at only by those who collect access logs, or check that they can be collected.
        self._logs = logs

    def __getattr__(self, name: str) -> NoReturn:
        """A startup script of Guance's own collector hands this object to a Runner, which looks for its own methods."""
        raise AttributeError(NOT_FOR_A_RUNNER.format(f" (it asked for '{name}')"))

    def run(self, func: Any = None) -> Dict[str, Any]:
        """Collect and report once; `func` is Func's global DFF. The summary, or CollectError when a part failed.

        RunSkipped while another run of the account is under way.
        """
        if not hasattr(func, "STORE"):
            raise ConfigError(NOT_FOR_A_RUNNER.format(""))
        return self._each(lambda one: self._collect(one, func), self._time_limit, MAKES_UP)

    def collect_logs(self, func: Any = None) -> Dict[str, Any]:
        """Collect the access logs and report them once, beside `run` and apart from it; the summary or CollectError.

        ConfigError when the startup script does not say which. RunSkipped while another run of the account's access
        logs is under way.
        """
        # Not before: those who collect no logs read none of it.
        from guance_aws_cloudfront.logs.collect_logs import collect_logs
        from guance_aws_cloudfront.settings.logs import parse_logs

        logs = parse_logs(self._logs)

        def work(one: Any) -> Dict[str, Any]:
            return collect_logs(one.account, one.config, logs, func, self._clock, one.config.dry_run)

        return self._each(work, self._time_limit, MAKES_UP)

    def preview(self, func: Any) -> Dict[str, Any]:
        """Like `run`, but print the points that would be written, and write and keep nothing.

        It ends within 55 s, as `check` does, because Func cuts off what is run from its editor after 60 s.
        """
        return self._each(lambda one: self._preview(one, func), EDITOR_SECONDS, CALL_FOR_IT)

    def check(self, func: Any) -> Dict[str, Any]:
        """Try all that a run needs, and print a table of it; the summary, or CollectError that names what is missing.

        One object is written, just as a run writes it: there is no other way to know that the sink takes points. With
        `dry_run` none is.
        """
        return self._each(lambda one: self._check(one, func), EDITOR_SECONDS, CALL_FOR_IT)

    def reset(self, func: Any) -> Dict[str, Any]:
        """Forget what is kept of the account between runs, and say what it was; RunSkipped while a run is under way.

        Of several accounts, one must be named at the call: ConfigError.
        """
        if self._is_list:
            raise ConfigError("A reset is for one of several accounts: give its 'account_name'.")
        one: Any = self._accounts[0]
        return reset(one.account, func, self._clock)

    def reset_logs(self, func: Any) -> Dict[str, Any]:
        """Forget which access logs of the account have been reported; as `reset`, which leaves them alone."""
        if self._is_list:
            raise ConfigError("A reset is for one of several accounts: give its 'account_name'.")
        one: Any = self._accounts[0]
        return reset_logs(one.account, func, self._clock)

    def _each(self, work: Callable[[Collected], Dict[str, Any]], seconds: int, advice: str) -> Dict[str, Any]:
        if not self._is_list:
            return work(self._accounts[0])
        return run_accounts(self._accounts, min(seconds, self._time_limit), self._clock, work, advice)

    def _collect(self, one: Any, func: Any) -> Dict[str, Any]:
        return collect(one.account, one.config, func, self._clock, one.config.dry_run)

    def _preview(self, one: Any, func: Any) -> Dict[str, Any]:
        seconds = min(EDITOR_SECONDS, one.config.time_limit)
        # Calls are given up some seconds after the last one has begun, and the end of the run takes its time too.
        deadline = Deadline(seconds * 0.9, self._clock)
        config = replace(one.config, time_limit=int(seconds * 0.8))
        return collect(one.account, config, func, self._clock, True, deadline)

    def _check(self, one: Any, func: Any) -> Dict[str, Any]:
        if self._logs is None:
            return check(one.account, one.config, func, self._clock, one.config.dry_run)
        # Not before: those who collect no logs read none of it.
        from guance_aws_cloudfront.check.access_logs import access_logs_rows
        from guance_aws_cloudfront.settings.logs import parse_logs

        more = access_logs_rows(one.account, one.config, parse_logs(self._logs))
        return check(one.account, one.config, func, self._clock, one.config.dry_run, more)
