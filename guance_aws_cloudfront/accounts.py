"""Several accounts, one after the other, within the time of one task: none of them costs another its data."""

from dataclasses import replace
from typing import Any, Callable, Dict, List, Sequence

from guance_aws_cloudfront.errors import CollectError, RunSkipped
from guance_aws_cloudfront.settings.accounts import Collected
from guance_aws_cloudfront.text import count, one_line

Summary = Dict[str, Any]
# Below this many seconds, an account is not begun any more: a call that hangs takes a minute, and Func's time-out is
# not far behind the time limit.
LEAST_SECONDS = 10
# The crontab's: each run begins with another account, so that a slow one does not always cost the same ones their turn.
EVERY = 300

Work = Callable[[Collected], Summary]


def run_accounts(accounts: Sequence[Collected], seconds: float, clock: Any, work: Work, advice: str) -> Summary:
    """Do `work` for each account within the time limit of all together, in `seconds`.

    `advice` is what to do about an account that was not started in that time.

    Returns the summaries by account. Raises CollectError that names all accounts that failed, or RunSkipped when all
    of them are under way elsewhere.
    """
    end = clock.monotonic() + seconds
    total = len(accounts)
    summaries: Dict[str, Summary] = {}
    failures: List[str] = []
    skips: List[str] = []

    def fail(text: str) -> None:
        failures.append(text)
        print(f"FAILED: {text}")

    first = int(clock.time() // EVERY) % total
    for place in range(total):
        number = (first + place) % total
        one = accounts[number]
        print(f"--- Account {number + 1} of {total}: {one_line(one.name)}")
        left = end - clock.monotonic()
        if one.account is None or one.config is None:
            fail(one.mistake)
            continue
        if left < LEAST_SECONDS:
            fail(f'Account "{one.name}" was not started: the time limit of all accounts is over; {advice}')
            continue
        # Each gets its part of what is left, so that a slow one leaves time to those after it.
        share = max(LEAST_SECONDS, int(left / (total - place)))
        limited = replace(one.config, time_limit=min(one.config.time_limit, share))
        try:
            summaries[one.name] = work(one._replace(config=limited))
        except RunSkipped as skip:
            skips.append(str(skip))
            print(skip)
        except CollectError as error:
            failures.append(str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not cost the others their data
            reason = f"{type(error).__name__} ({one.account.sanitized(error)})"
            fail(f'Account "{one.name}": {reason}. Report it with this line.')
    print(
        f"--- {count(total, 'account')}: {len(summaries)} ok, {len(skips)} under way elsewhere, {len(failures)} failed."
    )
    if failures:
        raise CollectError(f"{len(failures)} of {count(total, 'account')} failed. " + " ".join(failures))
    if skips and not summaries:
        raise RunSkipped(" ".join(skips))
    return {"accounts": summaries, "skipped": skips}
