"""What a run asks CloudWatch for: the series of all its distributions, and the tags of their points."""

from typing import Dict, List, NamedTuple, Sequence

from guance_aws_cloudfront.points.metrics import source_tags
from guance_aws_cloudfront.points.series import Series, plan_series
from guance_aws_cloudfront.points.windows import Progress, Stretch
from guance_aws_cloudfront.steps.deleted import deleted_distributions
from guance_aws_cloudfront.steps.inventory import Distributions
from guance_aws_cloudfront.steps.listing import Listing
from guance_aws_cloudfront.steps.run import Run


class Targets(NamedTuple):
    """`every` series, those to ask for in the `recent` window, and the tags of the points of each source.

    `ids` are those of all distributions, the deleted ones with minutes left included; `active_ids` those of the recent
    series.
    """

    every: List[Series]
    recent: List[Series]
    tags: Dict[str, Dict[str, str]]
    ids: List[str]
    active_ids: List[str]

    def of(self, window: Stretch) -> Sequence[Series]:
        """The series of a window of the backlog: of the sources that it names, or all."""
        if not window.sources:
            return self.every
        sources = set(window.sources)
        return [one for one in self.every if one.source in sources]


def choose_targets(
    run: Run, distributions: Distributions, listing: Listing, progress: Progress, objects_due: bool
) -> Targets:
    """The targets of a run. Deleted distributions are among them until their last minutes have been reported."""
    deleted = deleted_distributions(run, distributions, progress, must_keep=objects_due)
    records = [*distributions.records, *deleted.records]
    ids = [record["Id"] for record in records]
    gone = {record["Id"] for record in deleted.records}
    active_ids = ids
    if listing.active is not None:
        active_ids = [key for key in ids if key in listing.active or key in gone]
        run.log.say(f"Active in the last 3 hours: {len(active_ids):,} of {len(ids):,}; no others are requested.")
    functions = None if distributions.are_all_collected else distributions.functions
    every, recent = (
        plan_series(some, run.config.metrics, listing.listed, run.config.named_metrics, functions)
        for some in (ids, active_ids)
    )
    resource_tags = {**distributions.resource_tags, **deleted.resource_tags}
    tags = source_tags(every, records, run.account, resource_tags, distributions.callers)
    return Targets(every, recent, tags, ids, active_ids)
