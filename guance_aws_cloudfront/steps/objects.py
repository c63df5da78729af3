"""The objects of a run: one per distribution, as often as the configuration says."""

from typing import Any, Dict, List, Mapping

from guance_aws_cloudfront.cloudfront.catalog import OBJECT_MEASUREMENT
from guance_aws_cloudfront.errors import StepError
from guance_aws_cloudfront.guance.sink import ReportError, in_batches
from guance_aws_cloudfront.points.objects import object_point
from guance_aws_cloudfront.steps.inventory import Distributions
from guance_aws_cloudfront.steps.run import Run
from guance_aws_cloudfront.text import minute_utc

# A crontab fires some seconds early or late; an interval must not become one run longer by that.
OBJECT_SLACK = 60


def are_objects_due(run: Run) -> bool:
    """Whether the objects are to be reported in this run; when they are not, it is said when they will be."""
    now, last = int(run.now()), run.state.objects_at()
    if last is None or not last <= now < last + run.config.object_interval - OBJECT_SLACK:
        return True
    run.log.say(f"Objects: not due before {minute_utc(last + run.config.object_interval)} UTC.")
    return False


def report_objects(run: Run, distributions: Distributions, extra_fields: Mapping[str, Mapping[str, Any]]) -> int:
    """Write the object of each distribution; how many were written.

    `extra_fields` are the fields that do not come from the record, by distribution ID. The time of the report is kept
    only when all of them were written. StepError when the sink gives no answer, or the time limit ends.
    """
    now = int(run.now())
    points = [
        object_point(record, run.account, now, distributions.resource_tags[key], extra_fields[key])
        for key, record in ((record["Id"], record) for record in distributions.records)
    ]
    written: List[int] = []
    is_complete = True
    for batch in in_batches(points):
        if run.seconds_left() <= 0:
            raise StepError("The time limit is over before all objects were written; the next run goes on.")
        try:
            for position, reason in run.sink.write("custom_object", batch, written.append):
                name = batch[position]["tags"]["Id"]
                run.log.fail(f"The connector refused the object of {name} ({reason}). Report it with this line.")
        except ReportError as error:
            # A sink that lives may still take the metrics.
            if error.status == 0:
                raise
            is_complete = False
            run.log.fail(f"Objects: {error}")
    would = "would be reported" if run.is_dry_run else "reported"
    run.log.say(f"Objects: {len(written):,} {would} as {OBJECT_MEASUREMENT}.")
    if is_complete:
        run.state.save_objects_at(now)
    return len(written)


def witness_object(run: Run, distributions: Distributions) -> Dict[str, Any]:
    """An object that may be written with an old time, to see what the connector makes of it; empty when there is none.

    An object is overwritten by its next report, so nothing is spoilt.
    """
    for record in distributions.records:
        return object_point(record, run.account, int(run.now()), distributions.resource_tags.get(record["Id"], {}))
    return {}
