"""What CloudWatch answers to a window: asked for a few calls at a time, what is missing told, what it costs counted."""

from collections import Counter
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Sequence, Set, Union

from guance_aws_cloudfront.account import Account
from guance_aws_cloudfront.aws import Aws
from guance_aws_cloudfront.aws_errors import AwsError
from guance_aws_cloudfront.config import CollectorConfig
from guance_aws_cloudfront.errors import StepError
from guance_aws_cloudfront.metrics import Answers, Minutes, gather, incomplete, metric_data_request, no_numbers, remarks
from guance_aws_cloudfront.report import Preview, Sink
from guance_aws_cloudfront.series import Series, metrics_billed
from guance_aws_cloudfront.state import State
from guance_aws_cloudfront.story import Story
from guance_aws_cloudfront.text import count, some_of
from guance_aws_cloudfront.windows import Window

# For so many calls one after the other, each of which may hang for a minute, the clock is not looked at.
ROUNDS = 2
TOO_LATE = "The time limit is over before all metrics were asked for."


class UnansweredError(StepError):
    """CloudWatch answered nothing at all of a window."""


class Tools(NamedTuple):
    """What a run works with; `seconds_left` is how much of the run's time limit remains."""

    account: Account
    config: CollectorConfig
    aws: Aws
    sink: Union[Sink, Preview]
    state: State
    story: Story
    seconds_left: Callable[[], float]


class Fetch:
    """Asks CloudWatch; `billed` is how many metrics were asked for, as AWS bills them."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self.billed = 0

    def ask(self, window: Window, asked: Sequence[Sequence[Series]], minutes: Minutes) -> Set[str]:
        """Fill `minutes` with what CloudWatch answers; the sources of which it did not answer all."""
        failed: Dict[str, List[str]] = {}
        requests = [metric_data_request(batch, window, self._tools.config.period) for batch in asked]
        strange: Counter[str] = Counter()
        answered = values = 0
        for batch, answers in zip(asked, self._answers(requests)):
            if isinstance(answers, AwsError):
                failed.setdefault(str(answers), []).extend(series.source for series in batch)
                continue
            answered += 1
            self.billed += metrics_billed(batch)
            values += gather(batch, answers, minutes)
            strange.update(no_numbers(batch, answers))
            for said, series in incomplete(batch, answers).items():
                text = f"CloudWatch did not answer {count(len(series), 'metric')} completely ({said})."
                failed.setdefault(text, []).extend(one.source for one in series)
            for remark in remarks(answers):
                self._tools.story.warn(f"CloudWatch remarked: {remark}")
        self._tools.story.say(f"  CloudWatch: {count(len(requests), 'call')}, {count(values, 'value')}.")
        if strange:
            number, fields = count(sum(strange.values()), "value"), some_of(sorted(strange))
            self._tools.story.warn(f"CloudWatch answered {number} of {fields} that are no numbers: they are left out.")
        texts = [self._concerning(text, sources) for text, sources in failed.items()]
        if requests and not answered:
            raise UnansweredError(" ".join(texts))
        for text in texts:
            self._tools.story.fail(text)
        return {source for sources in failed.values() for source in sources}

    def _answers(self, requests: List[Dict[str, Any]]) -> Iterator[Union[Answers, AwsError]]:
        """What CloudWatch answers to each request, a few at a time, for as long as the run has time."""
        few, longest = self._tools.config.concurrency * ROUNDS, 0.0
        for first in range(0, len(requests), few):
            before = self._tools.seconds_left()
            if before <= longest:
                yield from [AwsError(TOO_LATE)] * (len(requests) - first)
                return
            yield from self._tools.aws.metric_data(requests[first : first + few])
            longest = max(longest, before - self._tools.seconds_left())

    def _concerning(self, text: str, sources: Sequence[str]) -> str:
        return f"{text} Concerns {some_of(list(dict.fromkeys(sources)))}; the next run asks again."
