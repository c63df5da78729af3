"""Forgetting what is kept of an account between runs, so that the next run begins as the very first one."""

from typing import Any, Dict

from guance_aws_cloudfront.account import Account
from guance_aws_cloudfront.errors import RunSkipped, StepError
from guance_aws_cloudfront.state import State
from guance_aws_cloudfront.story import Story
from guance_aws_cloudfront.text import iso_utc

# For how long a run of which the end is not known may still be under way, in seconds: as a run's claim.
CLAIM = 300
KEPT = {
    "digest": "what was sent in the last minutes",
    "tags": "resource tags",
    "details": "details of configurations",
    "asked": "until when distributions have been asked for",
    "objects_at": "the time of the last objects",
    "watermark": "the watermark",
}


def reset(account: Account, func: Any, clock: Any) -> Dict[str, Any]:
    """Forget all that is kept of the account, and say what it was; RunSkipped while a run is under way."""
    story = Story(account.account_name, account.secrets)
    state = State(func, account, story.warn)
    since = state.begin(clock.time(), CLAIM)
    if since is not None:
        raise RunSkipped(
            f'Account "{account.account_name}": a run has been under way since {iso_utc(since)}, and would write down '
            "again what is forgotten. Try again when it has ended; nothing was forgotten."
        )
    forgotten = []
    try:
        forgotten = [KEPT[what] for what in state.forget()]
    except StepError as error:
        story.fail(str(error))
    finally:
        state.end()
    if forgotten:
        story.say(f"Forgotten: {', '.join(forgotten)}. The next run begins as the first one, and sends its hour again.")
    elif not story.failures:
        story.say("Nothing is kept of this account.")
    return story.end({"account": account.account_name, "forgotten": forgotten})
