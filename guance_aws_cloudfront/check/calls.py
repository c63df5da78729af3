"""The calls to AWS of a check: asked one by one, as long as AWS can be asked and there is time for it."""

from collections import Counter
from dataclasses import replace
from typing import Any, Callable, Dict, List, Optional

from guance_aws_cloudfront.aws.client import Aws
from guance_aws_cloudfront.aws.errors import AwsError
from guance_aws_cloudfront.check.table import Attempt, attempt
from guance_aws_cloudfront.deadline import Deadline
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.settings.config import CollectorConfig
from guance_aws_cloudfront.version import VERSION

# With less time than this left, in seconds, a call is not begun: that it failed would say nothing of AWS.
LEAST_SECONDS = 3
# One attempt at a call may take so many seconds, so that one that hangs leaves time to others.
MOST_SECONDS = 15


class AwsCalls:
    """Asks AWS for an account, and counts the calls. Nothing more is asked once AWS has refused the access key.

    No call outlasts `seconds` from now. `connection` makes what is asked, as the class `Aws` does.
    """

    def __init__(
        self,
        account: Account,
        config: CollectorConfig,
        clock: Any,
        seconds: float,
        connection: Callable[..., Aws] = Aws,
    ) -> None:
        self._new_connection = connection
        self._account, self._config, self._clock = account, config, clock
        self._seconds, self._deadline = seconds, Deadline(seconds, clock, MOST_SECONDS)
        # The first one is that of the account's own region.
        self._connections: List[Aws] = []
        self._is_key_refused = False

    def connect(self) -> Attempt:
        """Prepare the calls, and assume the account's role if it has one. Before it, nothing can be asked."""
        return attempt(lambda: self._connect(self._account))

    def untried(self) -> str:
        """Why AWS is not asked; empty when it is."""
        if self._is_key_refused:
            return "AWS does not take the access key, see above"
        if not self._connections:
            return "AWS cannot be asked, see above"
        if self._deadline.left() < LEAST_SECONDS:
            return f"the calls before took too long: of a check, AWS gets {self._seconds:.0f} s"
        return ""

    def ask(self, work: Callable[[Aws], Any], region: str = "", unless: str = "") -> Attempt:
        """What `work` answers, in another region of CloudWatch if one is given; `unless` is a reason not to ask."""
        untried = self.untried() or unless
        if untried:
            return Attempt(untried=untried)
        if region:
            return attempt(lambda: work(self._connect(replace(self._account, cloudwatch_region=region))))
        asked = attempt(lambda: work(self._connections[0]))
        if isinstance(asked.error, AwsError) and asked.error.is_of_key:
            self._is_key_refused = True
        return asked

    def calls(self) -> Dict[str, int]:
        """How many calls were made, by operation."""
        counted: Counter[str] = Counter()
        for connection in self._connections:
            counted.update(connection.calls)
        return dict(sorted(counted.items()))

    def clock_ahead(self) -> Optional[float]:
        """By how many seconds the host's clock is ahead of AWS's; None before AWS has answered."""
        seen = [connection.clock_ahead for connection in self._connections if connection.clock_ahead is not None]
        return seen[0] if seen else None

    def _connect(self, account: Account) -> Aws:
        connection = self._new_connection(account, self._config, VERSION, self._clock, deadline=self._deadline)
        self._connections.append(connection)
        return connection
