"""The metrics of a run: window by window ask CloudWatch, write what is new, and move the watermark behind it."""

from collections import Counter
from contextlib import closing
from types import MappingProxyType
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Sequence, Set

from guance_aws_cloudfront.cloudfront.catalog import PRICE_PER_METRIC
from guance_aws_cloudfront.errors import StepError
from guance_aws_cloudfront.guance.sink import Preview, in_batches
from guance_aws_cloudfront.points.metrics import Minutes, metric_points, source_tags
from guance_aws_cloudfront.points.series import Series, batches, in_words, metrics_billed
from guance_aws_cloudfront.points.windows import Plan, Window
from guance_aws_cloudfront.steps.fetch import Fetch, Tools, UnansweredError
from guance_aws_cloudfront.steps.inventory import Distributions
from guance_aws_cloudfront.text import count, duration, minute_utc, some_of


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
        distributions: Distributions,
        series: Sequence[Series],
        plan: Plan,
        all_partial: bool = False,
        woken: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self._tools = tools
        self._plan = plan
        self._tags = source_tags(
            series, distributions.records, tools.account, distributions.resource_tags, distributions.callers
        )
        self._batches = batches(series)
        # Distributions that are asked for from an earlier minute on than the others, and those that failed then.
        self._woken, self.not_woken = woken, set(woken)
        self._woken_batches = batches(one for one in series if one.source in woken)
        # Whether metrics of which nothing is known may be missing of every source.
        self._all_partial = all_partial
        self._digest = tools.state.digest(tools.config.period)
        self.watermark = plan.watermark
        self.windows: List[Window] = []
        self.points: Counter[str] = Counter(new=0, changed=0, unchanged=0)
        self._fetch = Fetch(tools)

    @property
    def billed(self) -> int:
        """How many metrics were asked for, as AWS bills them."""
        return self._fetch.billed

    def report(self) -> None:
        """All windows of the plan; a preview also says what is asked and at what price, and how much was shown."""
        sink = self._tools.sink
        if isinstance(sink, Preview):
            self._say_what_is_asked()
        self._report_windows()
        if isinstance(sink, Preview):
            self._tools.log.say(sink.shown())

    def _say_what_is_asked(self) -> None:
        series = [one for batch in self._batches for one in batch]
        billed = metrics_billed(series)
        asked = f"{count(billed, 'metric')} in {count(len(self._batches), 'call')}, ${billed * PRICE_PER_METRIC:.5f}"
        self._tools.log.say(f"GetMetricData, for each window: {asked}.")
        for line in in_words(series):
            self._tools.log.say(f"  {line}.")

    def _report_windows(self) -> None:
        """All windows of the plan, oldest first, as far as the time limit allows.

        A window of which anything failed holds the watermark, but not the windows after it. StepError when the sink or
        STORE failed, or AWS answered nothing at all: that ends the report.
        """
        self._report_woken()
        longest, behind = 0.0, self._all_partial
        for window in self._plan.chunks:
            before = self._tools.seconds_left()
            # Well before Func's time-out, which would end the run without a word.
            if before < longest * 1.5:
                left = duration(self._plan.chunks[-1].end - window.start)
                if isinstance(self._tools.sink, Preview):
                    self._tools.log.warn(f"The time of a preview is over: the last {left} are left out of it.")
                else:
                    self._tools.log.warn(f"The time limit is near: the last {left} are left for the next run.")
                return
            behind = bool(self._report_window(window, self._batches)) or behind
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
            self._tools.log.warn(f"{lost} before {minute_utc(oldest)} UTC are given up for what was not answered.")
            self._move_watermark(oldest)

    def _report_woken(self) -> None:
        if self._woken:
            window = Window(min(self._woken.values()), self._plan.chunks[0].start)
            self._tools.log.say(f"Active again: {some_of(sorted(self._woken))}.")
            try:
                self.not_woken = self._report_window(window, self._woken_batches)
            except UnansweredError as error:
                # Often a call of a single distribution, which must not cost the others their minutes.
                self._tools.log.fail(str(error))

    def _report_window(self, window: Window, asked: Sequence[Sequence[Series]]) -> Set[str]:
        """The sources of which anything failed, which is said."""
        length = duration(window.end - window.start)
        self._tools.log.say(f"Window: {minute_utc(window.start)} to {minute_utc(window.end)} UTC ({length}).")
        # The watermark has moved since the last window: so a long catch-up remembers no more than a short one.
        self._forget()
        with closing(self._fetch.ask(window, asked)) as answered:
            self._write(answered)
        self.windows.append(window)
        return self._fetch.failed

    def _write(self, answered: Iterable[Minutes]) -> None:
        before, refused = self.points.copy(), Refused()
        try:
            # What is left over of some answers goes out with the next ones: no more writes than there must be.
            for batch in in_batches(fresh for minutes in answered for fresh in self._fresh(minutes)):
                if self._tools.seconds_left() <= 0:
                    raise StepError("The time limit is over before all points were written; the next run goes on.")
                self._write_batch(batch, refused)
        finally:
            # Also when Func's time-out ends the run here: what was sent must not be sent again.
            insist(self._keep_digest)
        new, changed, unchanged = (
            self.points[verdict] - before[verdict] for verdict in ("new", "changed", "unchanged")
        )
        self._tools.log.say(f"  Points: {new:,} new, {changed:,} changed, {unchanged:,} sent before.")
        for text in refused.sentences():
            self._tools.log.fail(text)

    def _forget(self) -> None:
        """Drop what was sent of minutes that will not be asked for again."""
        oldest = min([self.watermark - self._tools.config.lookback, *self._woken.values()])
        self._digest.forget_before(oldest)

    def _keep_digest(self) -> None:
        self._forget()
        self._tools.state.save_digest(self._digest)

    def _write_batch(self, batch: List[Fresh], refused: Refused) -> None:
        def remember(position: int) -> None:
            source, point, fields, partial = batch[position]
            self._digest.remember(source, point["timestamp"], fields, partial)

        for position, said in self._tools.sink.write("metric", [one.point for one in batch], remember):
            refused.add(batch[position].source, batch[position].point["timestamp"], said)

    def _fresh(self, minutes: Minutes) -> Iterator[Fresh]:
        for source, point in metric_points(minutes, self._tags, self._tools.config.derived):
            if point["timestamp"] < self._woken.get(source, 0):
                continue
            partial = self._all_partial or source in self._fetch.failed
            verdict, news = self._digest.news(source, point["timestamp"], point["fields"], partial)
            self.points[verdict] += 1
            if news:
                whole = news is point["fields"]
                yield Fresh(source, point if whole else {**point, "fields": news}, point["fields"], partial)


def insist(work: Callable[[], None]) -> None:
    """Do it, and do it over when Func's time-out strikes in its midst: in a run, that strikes only once."""
    done = False
    try:
        work()
        done = True
    finally:
        if not done:
            work()
