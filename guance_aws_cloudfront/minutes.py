"""The metrics of a run: window by window ask CloudWatch, write what is new, and move the watermark behind it."""

from collections import Counter
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Sequence, Set, Union

from guance_aws_cloudfront.aws import Aws
from guance_aws_cloudfront.aws_errors import AwsError
from guance_aws_cloudfront.config import Account, CollectorConfig
from guance_aws_cloudfront.errors import StepError
from guance_aws_cloudfront.metrics import (
    Answers,
    Minutes,
    gather,
    incomplete,
    metric_data_request,
    metric_points,
    no_numbers,
    remarks,
    source_tags,
)
from guance_aws_cloudfront.report import Preview, Sink, in_batches
from guance_aws_cloudfront.series import Series, batches, metrics_billed
from guance_aws_cloudfront.state import State
from guance_aws_cloudfront.story import Story
from guance_aws_cloudfront.text import count, duration, minute_utc, some_of
from guance_aws_cloudfront.windows import Plan, Window


class Fresh(NamedTuple):
    """A metric point to send: its source (a distribution ID, mostly), all the fields that are known of its minute,
    and whether these are only a part, for not all of the source's metrics were answered.
    """

    source: str
    point: Dict[str, Any]
    fields: Mapping[str, float]
    partial: bool


# Between the oldest minute that is remembered and the end of a window that is asked for: a run and its delay.
REACH_SLACK = 3600
# For so many calls one after the other, each of which may hang for a minute, the clock is not looked at.
ROUNDS = 2
TOO_LATE = "The time limit is over before all metrics were asked for."


class Tools(NamedTuple):
    """What a run works with; `seconds_left` is how much of the run's time limit remains."""

    account: Account
    config: CollectorConfig
    aws: Aws
    sink: Union[Sink, Preview]
    state: State
    story: Story
    seconds_left: Callable[[], float]


class Refused:
    """The points that the sink refused for their content, for one sentence a source.

    They would be refused for ever, so they do not hold the watermark.
    """

    def __init__(self) -> None:
        self._minutes: Dict[str, List[int]] = {}
        self._said: Dict[str, str] = {}

    def add(self, source: str, minute: int, said: str) -> None:
        """Note a refused point."""
        self._minutes.setdefault(source, []).append(minute)
        self._said.setdefault(source, said)

    def sentences(self) -> Iterator[str]:
        """What the user reads of them."""
        for source, minutes in self._minutes.items():
            first, last = minute_utc(min(minutes)), minute_utc(max(minutes))
            span = f"at {first}" if first == last else f"from {first} to {last}"
            yield (
                f"The sink refused {count(len(minutes), 'point')} of {source} {span} UTC "
                f"({self._said[source]}). All others were written. Report it with this line."
            )


class MinuteReporter:
    """Reports the minutes of the distributions; counts points by verdict, windows done, and metrics billed."""

    def __init__(
        self,
        tools: Tools,
        records: Sequence[Dict[str, Any]],
        series: Sequence[Series],
        plan: Plan,
        all_partial: bool = False,
    ) -> None:
        self._tools = tools
        self._plan = plan
        self._tags = source_tags(series, records, tools.account)
        self._batches = batches(series)
        # Whether metrics of which nothing is known may be missing of every source.
        self._all_partial = all_partial
        self._digest = tools.state.digest(tools.config.period)
        self.watermark = plan.watermark
        self.windows: List[Window] = []
        self.points: Counter[str] = Counter(new=0, changed=0, unchanged=0)
        self.billed = 0

    def report(self) -> None:
        """All windows of the plan, oldest first, as far as the time limit allows.

        A window of which anything failed holds the watermark, but not the windows after it. StepError when the sink or
        STORE failed, or AWS answered nothing at all: that ends the report.
        """
        longest, behind = 0.0, self._all_partial
        for window in self._plan.chunks:
            before = self._tools.seconds_left()
            # Well before Func's time-out, which would end the run without a word.
            if before < longest * 1.5:
                left = duration(self._plan.chunks[-1].end - window.start)
                self._tools.story.warn(f"The time limit is near: the last {left} are left for the next run.")
                return
            behind = not self._report_window(window) or behind
            longest = max(longest, before - self._tools.seconds_left())
            if not behind:
                self._move_watermark(window.end)
        if behind and self.windows:
            self._give_up()

    def _move_watermark(self, end: int) -> None:
        # A window may end before the watermark when the lookback is long: never move back.
        self.watermark = max(self.watermark, end)
        self._tools.state.save_watermark(self.watermark)

    def _give_up(self) -> None:
        """What some series have failed to answer for longer than what was sent of the others can be remembered."""
        reach = self._digest.reach(len(self._tags)) - self._tools.config.lookback - REACH_SLACK
        oldest = self.windows[-1].end - max(reach, 0) // self._digest.period * self._digest.period
        if self.watermark < oldest:
            lost = duration(oldest - self.watermark)
            self._tools.story.warn(f"{lost} before {minute_utc(oldest)} UTC are given up for what was not answered.")
            self._move_watermark(oldest)

    def _report_window(self, window: Window) -> bool:
        """False when anything of the window failed, which is said so."""
        length = duration(window.end - window.start)
        self._tools.story.say(f"Window: {minute_utc(window.start)} to {minute_utc(window.end)} UTC ({length}).")
        minutes: Minutes = {}
        failed = self._ask(window, minutes)
        self.windows.append(window)
        self._write(minutes, failed)
        return not failed

    def _ask(self, window: Window, minutes: Minutes) -> Set[str]:
        """Fill `minutes` with what CloudWatch answers; the sources of which it did not answer all."""
        failed: Dict[str, List[str]] = {}
        requests = [metric_data_request(batch, window, self._tools.config.period) for batch in self._batches]
        strange: Counter[str] = Counter()
        answered = values = 0
        for batch, answers in zip(self._batches, self._answers(requests)):
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
            raise StepError(" ".join(texts))
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

    def _write(self, minutes: Minutes, failed: Set[str]) -> None:
        before, refused = self.points.copy(), Refused()
        try:
            for batch in in_batches(self._fresh(minutes, failed)):
                if self._tools.seconds_left() <= 0:
                    raise StepError("The time limit is over before all points were written; the next run goes on.")
                self._write_batch(batch, refused)
        finally:
            # Also when Func's time-out ends the run here: what was sent must not be sent again.
            insist(self._keep_digest)
        new, changed, unchanged = (
            self.points[verdict] - before[verdict] for verdict in ("new", "changed", "unchanged")
        )
        self._tools.story.say(f"  Points: {new:,} new, {changed:,} changed, {unchanged:,} sent before.")
        for text in refused.sentences():
            self._tools.story.fail(text)

    def _keep_digest(self) -> None:
        self._digest.forget_before(self.watermark - self._tools.config.lookback)
        self._tools.state.save_digest(self._digest)

    def _write_batch(self, batch: List[Fresh], refused: Refused) -> None:
        def remember(position: int) -> None:
            source, point, fields, partial = batch[position]
            self._digest.remember(source, point["timestamp"], fields, partial)

        for position, said in self._tools.sink.write("metric", [one.point for one in batch], remember):
            refused.add(batch[position].source, batch[position].point["timestamp"], said)

    def _fresh(self, minutes: Minutes, failed: Set[str]) -> Iterator[Fresh]:
        for source, point in metric_points(minutes, self._tags):
            partial = self._all_partial or source in failed
            verdict, news = self._digest.news(source, point["timestamp"], point["fields"], partial)
            self.points[verdict] += 1
            if news:
                yield Fresh(source, {**point, "fields": news}, point["fields"], partial)

    def _concerning(self, text: str, sources: Sequence[str]) -> str:
        return f"{text} Concerns {some_of(list(dict.fromkeys(sources)))}; the next run asks again."


def insist(work: Callable[[], None]) -> None:
    """Do it, and do it over when Func's time-out strikes in its midst: in a run, that strikes only once."""
    done = False
    try:
        work()
        done = True
    finally:
        if not done:
            work()
