"""What DataKit should have, and what it has: the demo and the contract tests judge by the same."""

from __future__ import annotations

from typing import Dict, Iterable, Tuple

from devtools.aws.cloudwatch_metrics import DEFAULT_METRICS, METRICS
from devtools.aws.embedded import EmbeddedAWS
from devtools.guance.datakit import DataKit

# (distribution ID, minute in epoch seconds) -> field -> value
Values = Dict[Tuple[str, int], Dict[str, float]]
KINDS_OF_ERRORS = ("4xx", "5xx", "Total")
DEFAULTS = [f"{metric.name}_{metric.statistic}" for metric in DEFAULT_METRICS]
DERIVED = [f"Derived_{kind}Errors" for kind in KINDS_OF_ERRORS]


def truth(aws: EmbeddedAWS, ids: Iterable[str], start: int, end: int) -> Values:
    """What CloudWatch finally shows of the default metrics, named and added to as the collector should."""
    return {
        (key, minute): {
            **{f"{name}_{METRICS[name].statistic}": value for name, value in values.items()},
            **{
                f"Derived_{kind}Errors": round(values["Requests"] * values[f"{kind}ErrorRate"] / 100, 6)
                for kind in KINDS_OF_ERRORS
                if "Requests" in values and f"{kind}ErrorRate" in values
            },
        }
        for key in ids
        for minute, values in aws.true_minutes(key, start, end).items()
    }


def seen_defaults(datakit: DataKit) -> Values:
    """The same of the default metrics alone, where others are collected beside them."""
    fields = [*DEFAULTS, *DERIVED]
    return {
        (point.tags["DistributionId"], point.time): {key: point.fields[key] for key in fields if key in point.fields}
        for point in datakit.latest().values()
        if "FunctionName" not in point.tags
    }


def seen(datakit: DataKit) -> Values:
    """What a reader of DataKit's points sees of distributions, in the form of `truth`."""
    return {(point.tags["DistributionId"], point.time): point.fields for point in datakit.latest().values()}
