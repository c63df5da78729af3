"""Series -> the arguments of GetMetricData."""

from typing import Any, Dict, Sequence

from guance_aws_cloudfront.cloudfront.catalog import NAMESPACE
from guance_aws_cloudfront.points.series import Series
from guance_aws_cloudfront.points.windows import Window

DATA_POINTS_PER_CALL = 100_800


def metric_data_request(batch: Sequence[Series], window: Window, period: int) -> Dict[str, Any]:
    """The arguments of GetMetricData for a batch; the query of the n-th series has the Id `q<n>`."""
    return {
        "MetricDataQueries": [_query(number, series, period) for number, series in enumerate(batch)],
        "StartTime": window.start,
        "EndTime": window.end,
        "ScanBy": "TimestampAscending",
        "MaxDatapoints": DATA_POINTS_PER_CALL,
    }


def _query(number: int, series: Series, period: int) -> Dict[str, Any]:
    metric = {
        "Namespace": NAMESPACE,
        "MetricName": series.metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in series.dimensions],
    }
    return {"Id": f"q{number}", "MetricStat": {"Metric": metric, "Period": period, "Stat": series.statistic}}
