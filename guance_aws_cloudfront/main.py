"""The collector's face: one call collects one account, from CloudFront's listing to points in Guance."""

import time
from typing import Any, Dict, Mapping, Optional

from guance_aws_cloudfront.config import parse_account, parse_config
from guance_aws_cloudfront.reset import reset
from guance_aws_cloudfront.run import Run

ENVIRONMENT = "GUANCE_AWS_CLOUDFRONT_"


def fill_account(account: Any, func: Any, **parameters: Optional[str]) -> Any:
    """The account of the startup script, where nothing else is given: parameters win over Func's environment variables.

    `parameters` are ak_id, ak_secret and account_name, None when not given at the call. What is no dict is handed
    through, for DataCollector to refuse.
    """
    tags = account.get("extra_tags") or {} if isinstance(account, Mapping) else None
    if not isinstance(tags, Mapping):
        return account
    given = {key: value or func.ENV(ENVIRONMENT + key.upper()) for key, value in parameters.items()}
    name = given.pop("account_name", None)
    filled = {**account, **{key: value for key, value in given.items() if value}}
    if filled.get("ak_id") != account.get("ak_id"):
        # The token belongs to the key that stood beside it.
        filled.pop("session_token", None)
    if name:
        filled["extra_tags"] = {**tags, "account_name": name}
    return filled


class DataCollector:
    """Collects one account; `account` and `configs` are the dicts of the startup script (see README).

    Raises ConfigError when one of them is wrong, before anything is called. `clock` is the module `time` or its like.
    """

    def __init__(self, account: Any, configs: Any = None, clock: Any = time) -> None:
        self.account = parse_account(account)
        self.config = parse_config(configs)
        self._clock = clock

    def run(self, func: Any) -> Dict[str, Any]:
        """Collect and report once; `func` is Func's global DFF. The summary, or CollectError when a part failed.

        RunSkipped while another run of the account is under way.
        """
        return self._run(func, self.config.dry_run).collect()

    def preview(self, func: Any) -> Dict[str, Any]:
        """Like `run`, but print the points that would be written, and write and keep nothing."""
        return self._run(func, dry_run=True).collect()

    def check(self, func: Any) -> Dict[str, Any]:
        """Try every call that a run makes, and the connector; the summary, or CollectError that names what is missing.

        One object is written, just as a run writes it: there is no other way to know that the sink takes points. With
        `dry_run` none is.
        """
        return self._run(func, self.config.dry_run).check()

    def reset(self, func: Any) -> Dict[str, Any]:
        """Forget what is kept of the account between runs, and say what it was; RunSkipped while a run is under way."""
        return reset(self.account, func, self._clock)

    def _run(self, func: Any, dry_run: bool) -> Run:
        return Run(self.account, self.config, func, self._clock, dry_run)
