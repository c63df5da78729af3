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


class Round:
    """One task for several accounts; `seconds` is the time limit of all together.

    `advice` is what to do about an account that was not begun in that time.
    """

    def __init__(self, accounts: Sequence[Collected], seconds: float, clock: Any, advice: str) -> None:
        self._accounts, self._clock, self._advice = accounts, clock, advice
        self._end = clock.monotonic() + seconds
        self._failures: List[str] = []
        self._skips: List[str] = []

    def go(self, work: Work) -> Summary:
        """`work` for each account; the summaries by account, or CollectError that names all that failed.

        RunSkipped when all of them are under way elsewhere.
        """
        summaries: Dict[str, Summary] = {}
        of_all = len(self._accounts)
        first = int(self._clock.time() // EVERY) % of_all
        for place in range(of_all):
            number = (first + place) % of_all
            one = self._accounts[number]
            print(f"--- Account {number + 1} of {of_all}: {one_line(one.name)}")
            summary = self._try(one, of_all - place, work)
            if summary is not None:
                summaries[one.name] = summary
        print(
            f"--- {count(len(self._accounts), 'account')}: {len(summaries)} ok, {len(self._skips)} under way "
            f"elsewhere, {len(self._failures)} failed."
        )
        if self._failures:
            head = f"{len(self._failures)} of {count(len(self._accounts), 'account')} failed. "
            raise CollectError(head + " ".join(self._failures))
        if self._skips and not summaries:
            raise RunSkipped(" ".join(self._skips))
        return {"accounts": summaries, "skipped": self._skips}

    def _try(self, one: Collected, to_come: int, work: Work) -> Any:
        if one.account is None or one.config is None:
            return self._fail(one.mistake)
        left = self._end - self._clock.monotonic()
        if left < LEAST_SECONDS:
            return self._fail(
                f'Account "{one.name}" was not begun, for the time limit of all accounts is over; {self._advice}'
            )
        # Each gets its part of what is left, so that a slow one leaves time to those after it.
        share = max(LEAST_SECONDS, int(left / to_come))
        limit = min(one.config.time_limit, share)
        try:
            return work(one._replace(config=replace(one.config, time_limit=limit)))
        except RunSkipped as skip:
            self._skips.append(str(skip))
            print(skip)
        except CollectError as error:
            self._failures.append(str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not cost the others their data
            said = f"{type(error).__name__} ({one.account.sanitized(error)})"
            self._fail(f'Account "{one.name}": {said}. Report it with this line.')
        return None

    def _fail(self, text: str) -> None:
        self._failures.append(text)
        print(f"FAILED: {text}")
