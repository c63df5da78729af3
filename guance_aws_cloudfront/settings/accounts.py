"""One account or several, each with its own configuration; a mistake in one costs the others nothing."""

from typing import Any, List, Mapping, NamedTuple, Optional

from guance_aws_cloudfront.settings.account import Account, parse_account
from guance_aws_cloudfront.settings.config import CollectorConfig, parse_config
from guance_aws_cloudfront.settings.validation import ConfigError, did_you_mean, quoted, refusal
from guance_aws_cloudfront.text import some_of

# The key of an account under which stands what is other than in the common configuration.
OWN = "configs"


class Collected(NamedTuple):
    """An account to collect from, and how; without them, the mistake that was found."""

    name: str
    account: Optional[Account]
    config: Optional[CollectorConfig]
    mistake: str = ""


def parse_accounts(raw: Any, configs: Any, common: CollectorConfig) -> List[Collected]:
    """Each account of a list with its configuration, or its mistake; ConfigError when nothing can be collected.

    What is no list is a single account. `common` is what `configs` says to all of them.
    """
    if not isinstance(raw, (list, tuple)):
        account, config = _parse(raw, configs, common)
        return [Collected(account.account_name, account, config)]
    if not raw:
        raise ConfigError("The list of accounts is empty: give one account at least in the startup script.")
    parsed: List[Collected] = []
    for number, one in enumerate(raw, 1):
        name = account_name(one)
        place = f"Account {number} of {len(raw)}" + (f' ("{name}")' if name else "")
        try:
            if name in [earlier.name for earlier in parsed if name]:
                raise ConfigError("another one has the same 'account_name', by which is known what was reported.")
            parsed.append(Collected(name, *_parse(one, configs, common)))
        except ConfigError as mistake:
            parsed.append(Collected(name or place, None, None, f"{place}: {mistake}"))
    if not any(one.account for one in parsed):
        raise ConfigError(" ".join(one.mistake for one in parsed))
    return parsed


def account_name(one: Any) -> str:
    """The name of an account, without white space at its ends; empty when there is none."""
    tags = one.get("extra_tags") if isinstance(one, Mapping) else None
    name = tags.get("account_name") if isinstance(tags, Mapping) else None
    return name.strip() if isinstance(name, str) else ""


def account_named(accounts: List[Any], name: str) -> Any:
    """The account of a list that has a name; ConfigError when it is not exactly one."""
    if not name:
        raise ConfigError("The account name is missing: give it in the 'extra_tags' of the account.")
    found = [one for one in accounts if account_name(one) == name.strip()]
    if not found:
        known = [given for given in map(account_name, accounts) if given]
        hint = did_you_mean(name, known, f"the accounts are {some_of(known)}." if known else "no account has a name.")
        raise ConfigError(f"No account of the startup script has the name {quoted(name)}: {hint}")
    if len(found) > 1:
        raise ConfigError(
            f"{len(found)} accounts of the startup script have the name {quoted(name)}: give each its own."
        )
    return found[0]


def _parse(one: Any, configs: Any, common: CollectorConfig) -> Any:
    own = one.get(OWN) if isinstance(one, Mapping) else None
    if own is None:
        return parse_account(_without_own(one)), common
    if not isinstance(own, Mapping):
        raise refusal("Account", OWN, own, "a dict of what is other than in CONFIGS, such as {'datakit_id': 'datakit'}")
    return parse_account(_without_own(one)), parse_config({**(configs or {}), **own})


def _without_own(one: Any) -> Any:
    return {key: value for key, value in one.items() if key != OWN} if isinstance(one, Mapping) else one
