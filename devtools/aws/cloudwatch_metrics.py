"""The CloudWatch metrics that the embedded AWS serves for a distribution, and what their statistics are."""

from __future__ import annotations

import math
import re
from statistics import NormalDist
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

from devtools.aws.traffic import Minute

NAMESPACE = "AWS/CloudFront"
SUM, AVERAGE, PERCENTILE = "Sum", "Average", "Percentile"
STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
PERCENTILES = re.compile(r"p(\d{1,2}(\.\d{1,10})?|100)")
# A count is published by several places at once, so that its Average is a number that means nothing.
PUBLISHERS = 8
LATENCY_SPREAD = 0.6
FUNCTION = "viewer-request"


class Datum(NamedTuple):
    """What CloudWatch keeps of a metric for a while: the sum of the samples and their number."""

    sum: float
    samples: float


class Served(NamedTuple):
    """A metric, the one statistic of it that means something, and its datum for a minute.

    `edge_function` metrics carry the dimension FunctionName beside the two of every CloudFront metric.
    """

    name: str
    statistic: str
    unit: str
    datum: Callable[[Minute], Datum]
    additional: bool = False
    edge_function: bool = False


def _count(of: Callable[[Minute], float]) -> Callable[[Minute], Datum]:
    return lambda minute: Datum(float(of(minute)), PUBLISHERS)


def _percent(of: Callable[[Minute], float]) -> Callable[[Minute], Datum]:
    # Weighted by requests: an average over several minutes is the share of all their requests.
    return lambda minute: Datum(100.0 * of(minute), minute.requests)


DEFAULT_METRICS: Tuple[Served, ...] = (
    Served("Requests", SUM, "None", _count(lambda minute: minute.requests)),
    Served("BytesDownloaded", SUM, "None", _count(lambda minute: minute.downloaded)),
    Served("BytesUploaded", SUM, "None", _count(lambda minute: minute.uploaded)),
    Served("4xxErrorRate", AVERAGE, "Percent", _percent(lambda minute: minute.client_errors)),
    Served("5xxErrorRate", AVERAGE, "Percent", _percent(lambda minute: minute.server_errors)),
    Served("TotalErrorRate", AVERAGE, "Percent", _percent(lambda minute: minute.client_errors + minute.server_errors)),
)
ADDITIONAL_METRICS: Tuple[Served, ...] = (
    Served("CacheHitRate", AVERAGE, "Percent", _percent(lambda minute: minute.cache_hits), additional=True),
    Served("401ErrorRate", AVERAGE, "Percent", _percent(lambda minute: minute.client_errors // 8), additional=True),
    Served("403ErrorRate", AVERAGE, "Percent", _percent(lambda minute: minute.client_errors // 4), additional=True),
    Served("404ErrorRate", AVERAGE, "Percent", _percent(lambda minute: minute.client_errors // 2), additional=True),
    Served("502ErrorRate", AVERAGE, "Percent", _percent(lambda minute: minute.server_errors // 2), additional=True),
    Served("503ErrorRate", AVERAGE, "Percent", _percent(lambda minute: minute.server_errors // 4), additional=True),
    Served("504ErrorRate", AVERAGE, "Percent", _percent(lambda minute: minute.server_errors // 8), additional=True),
    Served(
        "OriginLatency",
        PERCENTILE,
        "Milliseconds",
        lambda minute: Datum(minute.latency * minute.requests, minute.requests),
        additional=True,
    ),
    Served("LambdaExecutionError", SUM, "None", _count(lambda minute: minute.server_errors // 3), additional=True),
    Served("LambdaValidationError", SUM, "None", _count(lambda minute: 0), additional=True),
    Served("LambdaLimitExceededErrors", SUM, "None", _count(lambda minute: 0), additional=True),
    Served("FunctionInvocations", SUM, "None", _count(lambda minute: minute.requests), True, True),
    Served("FunctionValidationErrors", SUM, "None", _count(lambda minute: 0), True, True),
    Served("FunctionExecutionErrors", SUM, "None", _count(lambda minute: minute.client_errors // 10), True, True),
    Served("FunctionThrottles", SUM, "None", _count(lambda minute: 0), True, True),
    Served("FunctionComputeUtilization", AVERAGE, "Percent", _percent(lambda minute: minute.requests // 4), True, True),
)
METRICS: Dict[str, Served] = {metric.name: metric for metric in DEFAULT_METRICS + ADDITIONAL_METRICS}


def dimensions(metric: Served, distribution_id: str) -> Dict[str, str]:
    """The dimensions under which the metric of a distribution is published; CloudWatch matches them exactly."""
    named = {"DistributionId": distribution_id, "Region": "Global"}
    return {**named, "FunctionName": FUNCTION} if metric.edge_function else named


def is_statistic(text: str) -> bool:
    """Whether CloudWatch knows the statistic, be it any that means something for a metric or not."""
    return text in STATISTICS or PERCENTILES.fullmatch(text) is not None


def statistic_of(metric: Served, datum: Datum, statistic: str) -> Optional[float]:
    """A statistic of a datum; None where CloudWatch has none: percentiles of sets, anything else of OriginLatency."""
    mean = datum.sum / datum.samples
    if metric.statistic == PERCENTILE:
        return _percentile(mean, statistic) if PERCENTILES.fullmatch(statistic) else None
    values = {"Sum": datum.sum, "SampleCount": float(datum.samples)}
    return values.get(statistic, mean) if statistic in STATISTICS else None


def datum_with(metric: Served, value: float, samples: float) -> Datum:
    """The datum whose meaningful statistic has the given value."""
    return Datum(value if metric.statistic == SUM else value * samples, samples)


def unsettled(metric: Served, datum: Datum) -> Datum:
    """The datum as it reads before all of its minute has arrived: counts are low, shares are beside the truth."""
    if metric.statistic == SUM:
        return Datum(float(math.floor(datum.sum * 0.6)), datum.samples)
    return Datum(datum.sum * 0.9, datum.samples)


def merged(data: List[Datum]) -> Datum:
    """The datum of several minutes together."""
    return Datum(sum(datum.sum for datum in data), sum(datum.samples for datum in data))


def _percentile(median: float, statistic: str) -> float:
    # Latencies are spread log-normally about the median; 0 and 100 have no quantile.
    share = min(max(float(statistic[1:]) / 100, 0.0001), 0.9999)
    return round(median * math.exp(LATENCY_SPREAD * NormalDist().inv_cdf(share)), 3)
