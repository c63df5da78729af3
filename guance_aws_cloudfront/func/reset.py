"""Delete the state of an account, so that the next run starts like a first run."""

from typing import Any, Dict

from guance_aws_cloudfront.errors import RunSkipped, StepError
from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.func.state import LOGS_AREA, State
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.text import count, iso_utc, minute_utc

# A reset claims its account for so many seconds, so that no run begins in its midst.
CLAIM = 60
KEPT = {
    "digest": "what was sent in the last minutes",
    "tags": "resource tags",
    "details": "details of configurations",
    "asked": "until when distributions have been requested",
    "certificates": "when certificates expire",
    "events": "what is known of distributions",
    "known": "which distributions there were",
    "objects_at": "the time of the last objects",
    "watermark": "the watermark",
}


def reset(account: Account, func: Any, clock: Any) -> Dict[str, Any]:
    """Delete the state of the account, and say what was deleted; RunSkipped while a run is under way."""
    log = RunLog(account.account_name, account.secrets)
    state = State(func, account, log.warn)
    since = state.begin(clock, CLAIM)
    if since is not None:
        raise RunSkipped(
            f'Account "{account.account_name}": a run has been under way since {iso_utc(since)}, and would write the '
            "state again. Nothing was deleted: try again when it has ended."
        )
    forgotten, reached = [], None
    try:
        reached = state.watermark()
        forgotten = [KEPT[what] for what in state.forget()]
    except StepError as error:
        log.fail(str(error))
    finally:
        state.end()
    name = f'account "{account.account_name}" ({account.partition.name})'
    if forgotten:
        until = "" if reached is None else f" It was reported up to {minute_utc(reached)} UTC."
        log.say(
            f"Deleted the state of {name}: {', '.join(forgotten)}.{until} The next run starts like a first run, as far "
            "back as 'first_lookback' says: earlier minutes are not sent any more, later minutes are sent again."
        )
    elif not log.failures:
        log.say(f"Nothing is kept of {name}.")
    return log.end({"account": account.account_name, "forgotten": forgotten})


def reset_logs(account: Account, func: Any, clock: Any) -> Dict[str, Any]:
    """Forget which access logs of the account have been reported; RunSkipped while a run of them is under way."""
    log = RunLog(account.account_name, account.secrets)
    state = State(func, account, log.warn, area=LOGS_AREA)
    since = state.begin(clock, CLAIM)
    if since is not None:
        raise RunSkipped(
            f'Account "{account.account_name}": a run of its access logs has been under way since {iso_utc(since)}, '
            "and would write the state again. Nothing was deleted: try again when it has ended."
        )
    forgotten = []
    try:
        forgotten = state.forget_logs()
        log.say(
            f'Deleted the state of account "{account.account_name}" ({account.partition.name}): which log files of '
            f"{count(len(forgotten), 'distribution')} have been reported. The next run starts like a first run, as "
            "far back as 'first_lookback' of LOGS says: later lines are sent again."
        )
    except StepError as error:
        log.fail(str(error))
    finally:
        state.end()
    return log.end({"account": account.account_name, "forgotten": forgotten})
