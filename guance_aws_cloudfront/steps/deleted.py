"""Distributions that were deleted: they are asked for until their last minutes have been reported."""

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

from guance_aws_cloudfront.cloudfront.record import aliases
from guance_aws_cloudfront.points.windows import Progress
from guance_aws_cloudfront.steps.inventory import Distributions
from guance_aws_cloudfront.steps.run import Run
from guance_aws_cloudfront.text import some_of

Record = Dict[str, Any]


class Deleted(NamedTuple):
    """The records of deleted distributions, as far as metric points need them, and their resource tags by ID."""

    records: List[Record]
    resource_tags: Dict[str, Dict[str, str]]


def deleted_distributions(run: Run, distributions: Distributions, progress: Progress, must_keep: bool) -> Deleted:
    """Those that were collected by an earlier run, are listed no more, and have minutes left to ask for.

    CloudWatch keeps the values of a deleted distribution. What is known of the distributions is kept for a week, and
    written again when it has changed, or with `must_keep`.
    """
    kept = run.state.recall("known") or {}
    now = int(run.now())
    gone: Dict[str, Any] = {
        key: one for key, one in (kept.get("deleted") or {}).items() if _has_minutes_left(key, one["seen_at"], progress)
    }
    for key, one in (kept.get("collected") or {}).items():
        if key not in distributions.listed_ids:
            gone[key] = {**one, "seen_at": now}
    for key in distributions.listed_ids:
        # One that was missing from a listing by mistake is there again.
        gone.pop(key, None)
    collected = {record["Id"]: _known(record, distributions.resource_tags) for record in distributions.records}
    if must_keep or kept != {"collected": collected, "deleted": gone}:
        run.state.keep("known", {"collected": collected, "deleted": gone})
    if gone:
        run.log.say(f"Deleted, requested until their last minutes are reported: {some_of(sorted(gone))}.")
    return Deleted(
        [_record(key, one) for key, one in sorted(gone.items())], {key: one["tags"] for key, one in gone.items()}
    )


def _has_minutes_left(key: str, seen_at: int, progress: Progress) -> bool:
    waiting = [one for one in progress.backlog if not one.sources or key in one.sources]
    return progress.watermark < seen_at or any(stretch.start < seen_at for stretch in waiting)


def _known(record: Mapping[str, Any], resource_tags: Mapping[str, Dict[str, str]]) -> Dict[str, Any]:
    return {
        "domain": record.get("DomainName") or "",
        "alias": (aliases(record) or [""])[0],
        "tags": resource_tags.get(record["Id"], {}),
    }


def _record(key: str, known: Mapping[str, Any]) -> Record:
    names: Sequence[str] = [known["alias"]] if known["alias"] else []
    return {"Id": key, "DomainName": known["domain"], "Aliases": {"Quantity": len(names), "Items": names}}
