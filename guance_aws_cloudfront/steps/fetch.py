"""What CloudWatch answers to a window: asked for a few calls at a time, what is missing told, what it costs counted."""

from collections import Counter
from contextlib import closing
from typing import Any, Callable, Dict, Generator, Iterator, List, NamedTuple, Sequence, Set, Union

from guance_aws_cloudfront.aws.client import Aws
from guance_aws_cloudfront.aws.errors import AwsError
from guance_aws_cloudfront.errors import StepError
from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.func.state import State
from guance_aws_cloudfront.guance.sink import Preview, Sink
from guance_aws_cloudfront.points.answers import Answers, incomplete, no_numbers, remarks
from guance_aws_cloudfront.points.metrics import Minutes, gather
from guance_aws_cloudfront.points.queries import metric_data_request
from guance_aws_cloudfront.points.series import Series, metrics_billed
from guance_aws_cloudfront.points.windows import Window
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.settings.config import CollectorConfig
from guance_aws_cloudfront.text import count, some_of

# So many calls one after the other, each of which may hang for a minute, are begun before the clock is looked at again.
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
    log: RunLog
    seconds_left: Callable[[], float]


class Told:
    """What is to be told of the answers to a window."""

    def __init__(self) -> None:
        self.calls = self.answered = self.values = 0
        self.all_missing = False
        self.failed: Dict[str, List[str]] = {}
        self.strange: Counter[str] = Counter()

    def texts(self) -> List[str]:
        """What failed, and of which sources."""
        return [
            f"{text} Concerns {some_of(list(dict.fromkeys(sources)))}; the next run asks again."
            for text, sources in self.failed.items()
        ]


class Fetch:
    """Asks CloudWatch; `billed` is how many metrics were asked for, as AWS bills them.

    `failed` are the sources of which it did not answer all, of the window that is being asked for.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self.billed = 0
        self.failed: Set[str] = set()

    def ask(self, window: Window, asked: Sequence[Sequence[Series]]) -> Generator[Minutes, None, None]:
        """What CloudWatch answers, a few calls at a time, so that it need not be held all at once; each source once.

        What is missing is told at the end, also when the caller stops before. UnansweredError when all is missing.
        """
        self.failed = set()
        told = Told()
        try:
            yield from self._whole_sources(window, asked, told)
            told.all_missing = bool(asked) and not told.answered
        finally:
            self._tell(told)
        if told.all_missing:
            raise UnansweredError(" ".join(told.texts()))

    def _whole_sources(self, window: Window, asked: Sequence[Sequence[Series]], told: Told) -> Iterator[Minutes]:
        minutes: Minutes = {}
        with closing(self._answers(window, asked)) as answers:
            for number, (batch, answer) in enumerate(zip(asked, answers), 1):
                self._gather(batch, answer, minutes, told)
                # The metrics of the last source may go on in the next call.
                last = batch[-1].source
                goes_on = number < len(asked) and asked[number][0].source == last
                rest = {last: minutes.pop(last)} if goes_on and last in minutes else {}
                yield minutes
                minutes = rest

    def _gather(self, batch: Sequence[Series], answers: Union[Answers, AwsError], minutes: Minutes, told: Told) -> None:
        told.calls += 1
        if isinstance(answers, AwsError):
            self._miss(str(answers), batch, told)
            return
        told.answered += 1
        self.billed += metrics_billed(batch)
        told.values += gather(batch, answers, minutes)
        told.strange.update(no_numbers(batch, answers))
        for said, series in incomplete(batch, answers).items():
            self._miss(f"CloudWatch did not answer {count(len(series), 'metric')} completely ({said}).", series, told)
        for remark in remarks(answers):
            self._tools.log.warn(f"CloudWatch remarked: {remark}")

    def _miss(self, text: str, series: Sequence[Series], told: Told) -> None:
        sources = [one.source for one in series]
        told.failed.setdefault(text, []).extend(sources)
        self.failed.update(sources)

    def _answers(
        self, window: Window, asked: Sequence[Sequence[Series]]
    ) -> Generator[Union[Answers, AwsError], None, None]:
        """What CloudWatch answers to each batch, for as long as the run has time."""
        answered, longest, before = 0, 0.0, self._tools.seconds_left()

        def requests() -> Iterator[Dict[str, Any]]:
            for batch in asked:
                if self._tools.seconds_left() <= longest * ROUNDS:
                    return
                yield metric_data_request(batch, window, self._tools.config.period)

        for answer in self._tools.aws.metric_data(requests()):
            longest, answered = max(longest, before - self._tools.seconds_left()), answered + 1
            yield answer
            before = self._tools.seconds_left()
        yield from [AwsError(TOO_LATE)] * (len(asked) - answered)

    def _tell(self, told: Told) -> None:
        self._tools.log.say(f"  CloudWatch: {count(told.calls, 'call')}, {count(told.values, 'value')}.")
        if told.strange:
            number, fields = count(sum(told.strange.values()), "value"), some_of(sorted(told.strange))
            self._tools.log.warn(f"CloudWatch answered {number} of {fields} that are no numbers: they are left out.")
        for text in () if told.all_missing else told.texts():
            self._tools.log.fail(text)
