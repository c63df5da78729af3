"""Access logs: each line of each file is once in Guance, and whatever stands in the way has its sentence."""

import pytest

from devtools.aws.access_logs import ALL_FIELDS, LogPlace
from guance_aws_cloudfront.logs.files import HOUR
from tests.conftest import NOW
from tests.contract.conftest import COLLECT_LOGS, configure_logs

BUCKET = "amzn-logs"
ID_AT = ALL_FIELDS.index("x-edge-request-id")
HOST = f"{BUCKET}.s3.amazonaws.com"
OLDER = {"Logging": {"Enabled": "true", "IncludeCookies": "false", "Bucket": HOST, "Prefix": "cf/"}}
START, END = NOW - HOUR, NOW - HOUR + 600


@pytest.fixture
def one(aws):
    """A distribution that writes the older kind of logs, with files of ten minutes of the hour before."""
    aws.add_bucket(aws.account, BUCKET)
    distribution = aws.add_distribution(aws.account, aliases=["www.example.com"], settings=OLDER)
    aws.put_logs(distribution, LogPlace(BUCKET, "cf/"), START, END)
    return distribution


def true_ids(aws, distribution, start=START, end=END):
    return sorted(row[ID_AT] for row in aws.access_logs(distribution).requests(start, end))


def written_ids(datakit, distribution=None):
    return sorted(
        point.fields["x_edge_request_id"]
        for point in datakit.points("logging")
        if distribution in (None, point.tags["DistributionId"])
    )


def collected(func):
    record = func.call(COLLECT_LOGS)
    assert record.status == "success", record.log
    return record


def test_each_line_is_written_once(func, aws, datakit, one) -> None:
    configure_logs(func)
    ids = true_ids(aws, one)
    assert len(ids) > 50
    first = collected(func).return_value
    assert written_ids(datakit) == ids
    assert first["lines"] == {"read": len(ids), "written": len(ids), "refused": 0, "unreadable": 0, "waiting": 0}
    assert (first["files"]["read"], first["files"]["left"]) == (2, 0)
    assert collected(func).return_value["lines"]["written"] == 0
    assert written_ids(datakit) == ids
