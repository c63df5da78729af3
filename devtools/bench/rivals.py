"""What the collector is measured against: botocore's parser alone, a plain script, and a call for each metric."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Callable, Dict, Iterable, List, Sequence, Tuple

import boto3
import botocore.parsers

from devtools.bench.canned import CannedAWS
from guance_aws_cloudfront.cloudfront.catalog import DEFAULT_METRICS, METRIC_MEASUREMENT, NAMESPACE

KEY = {"aws_access_key_id": "AKIAEXAMPLE000000001", "aws_secret_access_key": "s" * 40}
QUERIES = 500
Write = Callable[[str, List[Dict[str, Any]]], Any]


def client(canned: CannedAWS) -> Any:
    """A client of CloudWatch as boto3 makes it, with canned answers."""
    made = boto3.Session(region_name="us-east-1", **KEY).client("cloudwatch")
    canned.attach(made)
    return made


def two_clients() -> List[Any]:
    """What a script that uses boto3 for CloudFront and CloudWatch begins with."""
    return [boto3.client(service, region_name="us-east-1", **KEY) for service in ("cloudfront", "cloudwatch")]


def parse(cloudwatch: Any, bodies: Iterable[bytes]) -> None:
    """Nothing but botocore's own parser, with its own parser of time stamps, over the bodies of answers."""
    model = cloudwatch.meta.service_model
    parser = botocore.parsers.create_parser(protocol(cloudwatch))
    shape = model.operation_model("GetMetricData").output_shape
    for body in bodies:
        parser.parse({"body": body, "headers": {}, "status_code": 200, "context": {}}, shape)


def protocol(cloudwatch: Any) -> str:
    """The wire protocol that a client speaks."""
    model = cloudwatch.meta.service_model
    return str(getattr(model, "resolved_protocol", None) or model.metadata["protocol"])


def script(cloudwatch: Any, ids: Sequence[str], start: int, end: int, write: Write) -> None:
    """The same points as a straightforward script makes them: the paginator, a dict of points, a hundred a write."""
    asked = [(one, metric.name, metric.statistics[0]) for one in ids for metric in DEFAULT_METRICS]
    points: Dict[Tuple[str, datetime], Dict[str, Any]] = {}
    paginator = cloudwatch.get_paginator("get_metric_data")
    times = {name: datetime.fromtimestamp(at, timezone.utc) for name, at in (("StartTime", start), ("EndTime", end))}
    for first in range(0, len(asked), QUERIES):
        some = asked[first : first + QUERIES]
        queries = [_query(number, *one) for number, one in enumerate(some)]
        for page in paginator.paginate(MetricDataQueries=queries, **times):
            for result in page["MetricDataResults"]:
                distribution_id, metric, statistic = some[int(result["Id"][1:])]
                for at, value in zip(result["Timestamps"], result["Values"]):
                    point = points.setdefault((distribution_id, at), _point(distribution_id, at))
                    point["fields"][f"{metric}_{statistic}"] = value
    every = list(points.values())
    for first in range(0, len(every), 100):
        write("metric", every[first : first + 100])


def statistics(cloudwatch: Any, ids: Sequence[str], start: int, end: int, write: Write) -> None:
    """The same points by a call of GetMetricStatistics for each metric of each distribution."""
    times = {name: datetime.fromtimestamp(at, timezone.utc) for name, at in (("StartTime", start), ("EndTime", end))}
    for one in ids:
        points: Dict[datetime, Dict[str, Any]] = {}
        for metric in DEFAULT_METRICS:
            answer = cloudwatch.get_metric_statistics(
                Namespace=NAMESPACE,
                MetricName=metric.name,
                Dimensions=_dimensions(one),
                Period=60,
                Statistics=[metric.statistics[0]],
                **times,
            )
            for said in answer["Datapoints"]:
                point = points.setdefault(said["Timestamp"], _point(one, said["Timestamp"]))
                # Canned answers are of one statistic.
                point["fields"][f"{metric.name}_{metric.statistics[0]}"] = said["Sum"]
        write("metric", list(points.values()))


def _query(number: int, distribution_id: str, metric: str, statistic: str) -> Dict[str, Any]:
    of = {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": _dimensions(distribution_id)}
    return {"Id": f"q{number}", "MetricStat": {"Metric": of, "Period": 60, "Stat": statistic}}


def _dimensions(distribution_id: str) -> List[Dict[str, str]]:
    return [{"Name": "DistributionId", "Value": distribution_id}, {"Name": "Region", "Value": "Global"}]


def _point(distribution_id: str, at: datetime) -> Dict[str, Any]:
    tags = {"DistributionId": distribution_id, "name": distribution_id, "account_name": "prod"}
    return {"measurement": METRIC_MEASUREMENT, "tags": tags, "fields": {}, "timestamp": int(at.timestamp())}
