"""All distributions of a busy account without values at once: it is said, and late values are looked for."""

from typing import NamedTuple, Optional

from guance_aws_cloudfront.aws.errors import AwsError
from guance_aws_cloudfront.cloudfront.catalog import DEFAULT_METRICS
from guance_aws_cloudfront.func.digest import Digest
from guance_aws_cloudfront.points.queries import metric_data_request
from guance_aws_cloudfront.points.series import plan_series
from guance_aws_cloudfront.points.silence import (
    LONGEST_SECONDS,
    find_silence,
    is_over,
    late_stretch,
    probe_window,
    with_found,
)
from guance_aws_cloudfront.points.windows import Progress, merged
from guance_aws_cloudfront.steps.run import Run
from guance_aws_cloudfront.text import duration, minute_utc


class Probe(NamedTuple):
    """The progress after a look for late values, and how many metrics AWS bills for it."""

    progress: Progress
    billed: int


def look_for_late_values(run: Run, progress: Progress) -> Probe:
    """Ask one metric of one distribution whether values of a silence have come that no regular look reaches any more.

    Where they have, their minutes are put into the backlog.
    """
    silence = progress.silence
    window = silence and probe_window(silence, progress)
    if silence is None or window is None or run.is_dry_run:
        return Probe(progress, 0)
    period = run.config.period
    series = plan_series([silence.source], DEFAULT_METRICS[:1])
    (answers,) = run.aws.metric_data([metric_data_request(series, window, period)])
    if isinstance(answers, AwsError):
        run.log.fail(str(answers))
        return Probe(progress, 0)
    minutes = [int(minute) for minute in answers.queries[0].times]
    stretch = late_stretch(silence, minutes, period)
    if stretch is not None:
        run.log.say(
            f"Late values have come: {minute_utc(stretch.start)} to {minute_utc(stretch.end)} UTC "
            f"({duration(stretch.end - stretch.start)}) is requested again."
        )
        silence = with_found(silence, range(stretch.start, stretch.end, period), period)
        progress = progress._replace(silence=silence, backlog=merged([*progress.backlog, stretch]))
    if is_over(silence, minutes, window.end, period) or progress.watermark - silence.since > LONGEST_SECONDS:
        progress = progress._replace(silence=None)
    return Probe(progress, 1)


def watch_for_silence(run: Run, progress: Progress, sent: Digest, end: int) -> Progress:
    """Notice that nothing has values any more though the account was busy, and warn while that lasts."""
    newest: Optional[int] = sent.newest()
    period = run.config.period
    silence = progress.silence or find_silence(newest, sent.reported_since, end, period)
    if silence is None:
        return progress
    # In a catch-up, older windows that may have values are still to come.
    if progress.silence is None and any(one.end > silence.since and not one.sources for one in progress.backlog):
        return progress
    if newest is not None and newest >= silence.since:
        reported = sent.reported_since(silence.since).get(silence.source, ())
        # What stands in Guance must not be taken for late once no regular look reaches it any more.
        known = None if is_over(silence, reported, end, period) else with_found(silence, reported, period)
        return progress._replace(silence=known)
    run.log.warn(
        f"No distribution has had values since {minute_utc(silence.since)} UTC, though there were some in nearly "
        "every minute before: CloudWatch delivers late, or there are no more requests. Values that come up "
        "to a day late are still collected."
    )
    return progress._replace(silence=silence)
