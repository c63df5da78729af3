"""The CloudFront metrics that the collector knows, with the statistics that mean something for each.

Source: CloudFront developer guide, "Viewing CloudFront and edge function metrics", "Programming CloudWatch metrics".
"""

import re
from typing import Dict, NamedTuple, Tuple

NAMESPACE = "AWS/CloudFront"
METRIC_MEASUREMENT = "aws_AWS/CloudFront"
OBJECT_MEASUREMENT = "aws_cloudfront"
CLOUD_PROVIDER = "AWS"
# The dimensions of a distribution's metrics: CloudWatch answers with nothing, and no error, unless both are given. The
# metrics of a CloudFront function carry its name instead of the distribution's ID, or beside it.
DISTRIBUTION, REGION = "DistributionId", "Region"
DIMENSIONS = ("DistributionId", "Region")
FUNCTION_DIMENSION = "FunctionName"
GLOBAL = "Global"
# GetMetricData, in US dollars a metric requested, in all commercial regions; there is no free tier for it. Up to five
# statistics of a metric in one call are billed as one.
PRICE_PER_METRIC = 0.01 / 1000
STATISTICS_PER_METRIC = 5

DEFAULT, ADDITIONAL, FUNCTION, EDGE = "default", "additional", "function", "edge"
PERCENTILE = re.compile(r"p(100|\d{1,2}(\.\d{1,2})?)")


class Metric(NamedTuple):
    """A CloudWatch metric of CloudFront.

    `statistics` are those that are asked for unless the configuration says otherwise, `unit` is that of the values,
    `group` says for what it is published: every distribution (default), those with additional metrics switched on
    (additional), CloudFront Functions (function), or distributions with Lambda@Edge (edge).
    """

    name: str
    statistics: Tuple[str, ...]
    unit: str
    meaning: str
    group: str = "default"


DEFAULT_METRICS: Tuple[Metric, ...] = (
    Metric("Requests", ("Sum",), "count", "Viewer requests, of all HTTP methods, over HTTP and HTTPS"),
    Metric("BytesDownloaded", ("Sum",), "byte", "Bytes that viewers downloaded with GET, HEAD and OPTIONS"),
    Metric("BytesUploaded", ("Sum",), "byte", "Bytes that viewers uploaded to the origin with POST and PUT"),
    Metric("4xxErrorRate", ("Average",), "percent", "Share of viewer requests answered with a 4xx status"),
    Metric("5xxErrorRate", ("Average",), "percent", "Share of viewer requests answered with a 5xx status"),
    Metric("TotalErrorRate", ("Average",), "percent", "Share of viewer requests answered with a 4xx or 5xx status"),
)
OTHER_METRICS: Tuple[Metric, ...] = (
    Metric("CacheHitRate", ("Average",), "percent", "Share of cacheable requests served from the cache", ADDITIONAL),
    Metric(
        "OriginLatency",
        ("p50", "p90", "p99"),
        "ms",
        "Time from receiving a request to the first byte of the response, of requests not served from the cache",
        ADDITIONAL,
    ),
    *(
        Metric(f"{status}ErrorRate", ("Average",), "percent", f"Share of requests answered with {status}", ADDITIONAL)
        for status in (401, 403, 404, 502, 503, 504)
    ),
    Metric("FunctionInvocations", ("Sum",), "count", "Invocations of the CloudFront function", FUNCTION),
    Metric("FunctionValidationErrors", ("Sum",), "count", "Invalid results of the CloudFront function", FUNCTION),
    Metric("FunctionExecutionErrors", ("Sum",), "count", "Execution errors of the CloudFront function", FUNCTION),
    Metric("FunctionThrottles", ("Sum",), "count", "Throttled invocations of the CloudFront function", FUNCTION),
    Metric(
        "FunctionComputeUtilization",
        ("Average",),
        "percent",
        "Run time of the CloudFront function, as a share of the maximum allowed",
        FUNCTION,
    ),
    Metric("LambdaExecutionError", ("Sum",), "count", "Execution errors of Lambda@Edge functions", EDGE),
    Metric("LambdaValidationError", ("Sum",), "count", "Invalid responses of Lambda@Edge functions", EDGE),
    Metric("LambdaLimitExceededErrors", ("Sum",), "count", "Invocations of Lambda@Edge beyond a limit", EDGE),
)


class Derived(NamedTuple):
    """A field that the collector computes from two values that CloudWatch gave for the same minute of a distribution.

    A rate cannot be added up over distributions; what it is a rate of can be. `name` is the field. Its value is the
    requests times the field `rate` / 100; with `whole`, all requests of a minute in which `rate` has a value: the
    number to divide the others by where some distributions have no such metric. `group` is that of the rate's metric.
    """

    name: str
    rate: str
    meaning: str
    group: str = "default"
    whole: bool = False


def all_metrics() -> Dict[str, Metric]:
    """Every metric by its name, the default ones first."""
    return {metric.name: metric for metric in (*DEFAULT_METRICS, *OTHER_METRICS)}


def carries(metric: Metric, statistic: str) -> bool:
    """Whether a statistic of the metric means something: CloudWatch answers any other with numbers that do not."""
    if _has_percentiles(metric):
        return PERCENTILE.fullmatch(statistic) is not None
    return statistic in metric.statistics


def statistics_of(metric: Metric) -> str:
    """The statistics that a metric carries, in words."""
    return "percentiles such as p50, p90 and p99" if _has_percentiles(metric) else " and ".join(metric.statistics)


def _has_percentiles(metric: Metric) -> bool:
    return metric.statistics[0].startswith("p")


def field_name(metric: str, statistic: str) -> str:
    """The field that carries a statistic of a metric, as Guance's cloud collectors name it: `Requests_Sum`.

    The dot of a percentile such as p99.9 becomes an underscore.
    """
    return f"{metric}_{statistic.replace('.', '_')}"


REQUESTS_FIELD = "Requests_Sum"
# CloudWatch's own names of metrics never begin with Derived.
DERIVED: Tuple[Derived, ...] = (
    *(
        Derived(
            f"Derived_{metric.name[: -len('ErrorRate')]}Errors",
            field_name(metric.name, "Average"),
            metric.meaning[len("Share of ") :].capitalize(),
            metric.group,
        )
        for metric in all_metrics().values()
        if metric.name.endswith("ErrorRate")
    ),
    # CacheHitRate is of cacheable requests only, and CloudWatch does not say how many of them there are.
    Derived(
        "Derived_CacheHitsUpperBound",
        "CacheHitRate_Average",
        "Upper bound of requests served from the cache: the rate is of cacheable requests only, Requests_Sum of all",
        ADDITIONAL,
    ),
    Derived(
        "Derived_RequestsWithCacheHitRate",
        "CacheHitRate_Average",
        "Requests of minutes that have a cache hit rate: the divisor for the upper bound of cache hits",
        ADDITIONAL,
        whole=True,
    ),
)
