"""boto3 clients for the tests of the embedded AWS, and short ways to ask its CloudWatch."""

import calendar
import time
from email.utils import parsedate_to_datetime
from functools import lru_cache

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.conftest import AK_ID, AK_SECRET, NOW

COUNTS = ("Requests", "BytesDownloaded", "BytesUploaded")
RATES = ("4xxErrorRate", "5xxErrorRate", "TotalErrorRate")


@lru_cache(maxsize=1 << 16)
def epoch(value):
    """A time as any protocol sends it in epoch seconds; botocore's own parser takes most of a large answer's time."""
    try:
        return float(value)
    except ValueError:
        if "," in value:
            return parsedate_to_datetime(value).timestamp()
        return float(calendar.timegm(time.strptime(value[:19], "%Y-%m-%dT%H:%M:%S")))


# One session for all: the first client of a session is the expensive one.
SESSION = boto3.Session(region_name="us-east-1")
SESSION._session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=epoch)


def client(aws, service, key=AK_ID, secret=AK_SECRET, region="us-east-1", attempts=1, token=None, **config):
    """A client that calls the embedded AWS, without retries unless `attempts` says so."""
    return SESSION.client(
        service,
        region_name=region,
        endpoint_url=aws.url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"mode": "standard", "total_max_attempts": attempts}, **config),
    )


def speaks_json(boto):
    """Whether the client's protocol is JSON: CloudWatch's is with today's botocore, not with that of Python 3.8."""
    return "json" in getattr(boto.meta.service_model, "resolved_protocol", boto.meta.service_model.protocol)


def refusal(call, **parameters):
    """(code, message) of the error that a call raises."""
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    return raised.value.response["Error"]["Code"], raised.value.response["Error"]["Message"]


def query(name, distribution, metric="Requests", stat=None, period=60, region="Global", namespace="AWS/CloudFront"):
    """A query of GetMetricData; `region` None leaves that dimension out."""
    dimensions = {"DistributionId": distribution, "Region": region}
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": namespace,
                "MetricName": metric,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items() if value],
            },
            "Period": period,
            "Stat": stat or ("Sum" if metric in COUNTS else "Average"),
        },
    }


def request(*queries, start=NOW - 600, end=NOW, **others):
    """The parameters of GetMetricData for a span that ends now."""
    return {"MetricDataQueries": list(queries), "StartTime": start, "EndTime": end, **others}


def results(cloudwatch, *queries, **others):
    """The results of one call."""
    return cloudwatch.get_metric_data(**request(*queries, **others))["MetricDataResults"]


def series(cloudwatch, *arguments, start=NOW - 600, end=NOW, **others):
    """{time: value} of one query, made of the arguments as `query` takes them."""
    (result,) = results(cloudwatch, query("q", *arguments, **others), start=start, end=end)
    return dict(zip(result["Timestamps"], result["Values"]))
