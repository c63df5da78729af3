"""The CloudFront metrics that the collector knows, with the one statistic that means something for each.

Source: CloudFront developer guide, "Viewing CloudFront and edge function metrics".
"""

from typing import NamedTuple, Tuple

NAMESPACE = "AWS/CloudFront"
METRIC_MEASUREMENT = "aws_AWS/CloudFront"
OBJECT_MEASUREMENT = "aws_cloudfront"
CLOUD_PROVIDER = "AWS"
# CloudWatch answers with nothing, and no error, unless both dimensions are given.
DIMENSIONS = ("DistributionId", "Region")
GLOBAL = "Global"
# GetMetricData, in US dollars a metric requested, in all commercial regions; there is no free tier for it.
PRICE_PER_METRIC = 0.01 / 1000


class Metric(NamedTuple):
    """A CloudWatch metric of CloudFront: `statistics` are those that mean something, `unit` that of its values."""

    name: str
    statistics: Tuple[str, ...]
    unit: str
    meaning: str


DEFAULT_METRICS: Tuple[Metric, ...] = (
    Metric("Requests", ("Sum",), "count", "Viewer requests, of all HTTP methods, over HTTP and HTTPS"),
    Metric("BytesDownloaded", ("Sum",), "byte", "Bytes that viewers downloaded with GET, HEAD and OPTIONS"),
    Metric("BytesUploaded", ("Sum",), "byte", "Bytes that viewers uploaded to the origin with POST and PUT"),
    Metric("4xxErrorRate", ("Average",), "percent", "Share of viewer requests answered with a 4xx status"),
    Metric("5xxErrorRate", ("Average",), "percent", "Share of viewer requests answered with a 5xx status"),
    Metric("TotalErrorRate", ("Average",), "percent", "Share of viewer requests answered with a 4xx or 5xx status"),
)


def field_name(metric: str, statistic: str) -> str:
    """The field that carries a statistic of a metric, as Guance's cloud collectors name it: `Requests_Sum`."""
    return f"{metric}_{statistic}"
