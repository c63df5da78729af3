"""The metrics of one window: CloudWatch's answers become points, and those that are new or changed are written."""

from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Callable, Dict, Generator, Iterator, List, Mapping, NamedTuple, Sequence, Set, Union
from typing import Counter as Counts

from guance_aws_cloudfront.aws.errors import AwsError
from guance_aws_cloudfront.errors import StepError
from guance_aws_cloudfront.func.digest import Digest
from guance_aws_cloudfront.guance.sink import POINTS_PER_CALL
from guance_aws_cloudfront.points.answers import Answers, incomplete, no_numbers, remarks
from guance_aws_cloudfront.points.metrics import Minutes, gather, metric_points
from guance_aws_cloudfront.points.queries import metric_data_request
from guance_aws_cloudfront.points.series import Series, batches, metrics_billed
from guance_aws_cloudfront.points.windows import Progress, Stretch, Window
from guance_aws_cloudfront.steps.old_points import OldPoints
from guance_aws_cloudfront.steps.run import Run
from guance_aws_cloudfront.text import count, duration, minute_utc, some_of

# So many calls one after the other, each of which may hang for a minute, are begun before the clock is looked at again.
ROUNDS = 2
TOO_LATE = "The time limit is over before all metrics were requested."


class PendingPoint(NamedTuple):
    """A point to write: its source (a distribution ID, mostly), and all the fields that are known of its minute.

    `is_partial` when these are only a part, because not all of the source's metrics were answered.
    """

    source: str
    point: Dict[str, Any]
    fields: Mapping[str, float]
    is_partial: bool


@dataclass
class WindowReport:
    """What became of a window.

    `points` counts by verdict (new, changed, unchanged). `failed_sources` were not answered completely; `held` are the
    minutes of points that were not written, by source, because the connector would change their time. `errors` has the
    sources by what went wrong.
    """

    window: Stretch
    calls: int = 0
    answered: int = 0
    values: int = 0
    billed: int = 0
    points: Counts[str] = field(default_factory=lambda: Counter(new=0, changed=0, unchanged=0))
    errors: Dict[str, List[str]] = field(default_factory=dict)
    failed_sources: Set[str] = field(default_factory=set)
    not_numbers: Counts[str] = field(default_factory=Counter)
    refused: Dict[str, List[int]] = field(default_factory=dict)
    refusals: Dict[str, str] = field(default_factory=dict)
    held: Dict[str, List[int]] = field(default_factory=dict)

    @property
    def is_unanswered(self) -> bool:
        """Whether CloudWatch answered nothing at all."""
        return self.calls > 0 and not self.answered

    def left_behind(self, period: int, is_partial: bool) -> List[Stretch]:
        """What another run has to ask for again; with `is_partial`, the whole window."""
        left = []
        if is_partial:
            left.append(self.window._replace(is_held=False))
        elif self.failed_sources:
            left.append(Stretch(self.window.start, self.window.end, tuple(sorted(self.failed_sources))))
        if self.held:
            minutes = [minute for of_source in self.held.values() for minute in of_source]
            left.append(Stretch(min(minutes), max(minutes) + period, tuple(sorted(self.held)), is_held=True))
        return left


def report_window(
    run: Run,
    window: Stretch,
    series: Sequence[Series],
    tags: Mapping[str, Dict[str, str]],
    sent: Digest,
    old_points: OldPoints,
    is_partial: bool,
) -> WindowReport:
    """Ask CloudWatch for `series` in a window, and write what is new or changed.

    `tags` are those of each source's points. `sent` remembers what was written. With `is_partial`, metrics of which
    nothing is known may be missing of every source. Points that are too old for the connector are held back. Raises
    StepError when the sink fails, or the time limit ends before all is written.
    """
    run.log.say(
        f"Window: {minute_utc(window.start)} to {minute_utc(window.end)} UTC ({duration(window.end - window.start)})."
    )
    report = WindowReport(window)
    requests = batches(series)
    minutes: Minutes = {}
    pending: List[PendingPoint] = []
    try:
        with closing(_answers(run, window, requests)) as answers:
            for number, (batch, answer) in enumerate(zip(requests, answers), 1):
                _add_answer(run, report, batch, answer, minutes)
                # The metrics of the last source may go on in the next call.
                last = batch[-1].source
                goes_on = number < len(requests) and requests[number][0].source == last
                unfinished = {last: minutes.pop(last)} if goes_on and last in minutes else {}
                for source, point in metric_points(minutes, tags, run.config.derived):
                    fields, minute = point["fields"], point["timestamp"]
                    source_is_partial = is_partial or source in report.failed_sources
                    verdict, to_send = sent.verdict(source, minute, fields, source_is_partial)
                    if to_send and old_points.must_wait(minute):
                        report.held.setdefault(source, []).append(minute)
                        continue
                    report.points[verdict] += 1
                    if to_send:
                        # Of a point that was sent in part, only the rest goes out.
                        whole = point if len(to_send) == len(fields) else {**point, "fields": to_send}
                        pending.append(PendingPoint(source, whole, fields, source_is_partial))
                # What is left over goes out with the next answer's points: no more writes than there must be.
                while len(pending) >= POINTS_PER_CALL:
                    _write(run, report, pending[:POINTS_PER_CALL], sent)
                    del pending[:POINTS_PER_CALL]
                minutes = unfinished
        if pending:
            _write(run, report, pending, sent)
    finally:
        _say(run, report)
    return report


def _answers(
    run: Run, window: Stretch, requests: Sequence[Sequence[Series]]
) -> Generator[Union[Answers, AwsError], None, None]:
    """What CloudWatch answers to each batch, or the error, for as long as the run has time."""
    longest, before = 0.0, run.seconds_left()

    def arguments() -> Iterator[Dict[str, Any]]:
        for batch in requests:
            if run.seconds_left() <= longest * ROUNDS:
                return
            yield metric_data_request(batch, Window(window.start, window.end), run.config.period)

    for answer in run.aws.metric_data(arguments()):
        longest = max(longest, before - run.seconds_left())
        yield answer
        before = run.seconds_left()
    # For all that were not asked for.
    yield from repeat(AwsError(TOO_LATE))


def _add_answer(
    run: Run, report: WindowReport, batch: Sequence[Series], answer: Union[Answers, AwsError], minutes: Minutes
) -> None:
    """Add the values of an answer to `minutes`, and note in the report what was not answered."""
    report.calls += 1
    if isinstance(answer, AwsError):
        _note_failure(report, str(answer), batch)
        return
    report.answered += 1
    report.billed += metrics_billed(batch)
    report.values += gather(batch, answer, minutes)
    report.not_numbers.update(no_numbers(batch, answer))
    for reason, series in incomplete(batch, answer).items():
        text = f"CloudWatch did not answer {count(len(series), 'metric')} completely ({reason})."
        _note_failure(report, text, series)
    for remark in remarks(answer):
        run.log.warn(f"CloudWatch remarked: {remark}")


def _note_failure(report: WindowReport, text: str, series: Sequence[Series]) -> None:
    sources = [one.source for one in series]
    report.errors.setdefault(text, []).extend(sources)
    report.failed_sources.update(sources)


def _write(run: Run, report: WindowReport, pending: Sequence[PendingPoint], sent: Digest) -> None:
    """Write at most 100 points, remember those that stand in Guance, and note those that the sink refused.

    A refused point would be refused for ever, so it is not asked for again.
    """
    if run.seconds_left() <= 0:
        raise StepError("The time limit is over before all points were written; the next run goes on.")

    def remember(position: int) -> None:
        source, point, fields, is_partial = pending[position]
        sent.remember(source, point["timestamp"], fields, is_partial)

    for position, reason in run.sink.write("metric", [one.point for one in pending], remember):
        source, minute = pending[position].source, pending[position].point["timestamp"]
        report.refused.setdefault(source, []).append(minute)
        report.refusals.setdefault(source, reason)


def _say(run: Run, report: WindowReport) -> None:
    run.log.say(f"  CloudWatch: {count(report.calls, 'call')}, {count(report.values, 'value')}.")
    if report.not_numbers:
        number, fields = count(sum(report.not_numbers.values()), "value"), some_of(sorted(report.not_numbers))
        run.log.warn(f"CloudWatch answered {number} of {fields} that are not numbers: they are left out.")
    for text, sources in report.errors.items():
        run.log.fail(f"{text} Concerns {some_of(list(dict.fromkeys(sources)))}; the next run asks again.")
    if report.answered:
        new, changed, unchanged = (report.points[verdict] for verdict in ("new", "changed", "unchanged"))
        run.log.say(f"  Points: {new:,} new, {changed:,} changed, {unchanged:,} sent before.")
    for source, minutes in report.refused.items():
        first, last = minute_utc(min(minutes)), minute_utc(max(minutes))
        span = f"at {first}" if first == last else f"from {first} to {last}"
        run.log.fail(
            f"The connector refused {count(len(minutes), 'point')} of {source} {span} UTC ({report.refusals[source]}). "
            "All others were written. Report it with this line."
        )


def asked_again_from(run: Run, progress: Progress) -> int:
    """From which minute on runs that go on from `progress` ask again, whatever becomes of the backlog."""
    return min(progress.watermark - run.config.lookback, progress.settled)


def forget_settled(run: Run, sent: Digest, progress: Progress, until: int) -> None:
    """Forget what was sent but for the minutes that may be asked for again, going on from `progress`.

    All minutes up to `until` that were sent are known to `sent`.
    """
    sent.keep(asked_again_from(run, progress), max(progress.watermark, until), progress.backlog)


def keep_sent(run: Run, sent: Digest, progress: Progress, until: int) -> None:
    """Keep for the next run what was sent of the minutes that it may ask for."""
    forget_settled(run, sent, progress, until)
    run.state.save_digest(sent)


def run_despite_timeout(work: Callable[[], None]) -> None:
    """Do it, and do it over when Func's time-out strikes in its midst: in a run, that strikes only once."""
    done = False
    try:
        work()
        done = True
    finally:
        if not done:
            work()
