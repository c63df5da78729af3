"""One true line: from the built package, by Func's rules, over AWS calls, to points in the sink."""

from tests.conftest import NOW
from tests.contract.conftest import JOB, seen, truth

HOUR = 3600
SETTLED = 180


def test_a_run_reports_objects_and_every_settled_minute(func, aws, datakit) -> None:
    ids = [aws.add_distribution(aws.account, aliases=["www.example.com"], comment="shop") for _ in range(3)]
    record = func.run_cron_job(JOB)
    assert (record.status, record.exception) == ("success", None)
    assert {point.tags["Id"] for point in datakit.points("custom_object")} == set(ids)
    expected = truth(aws, ids, NOW - SETTLED - HOUR, NOW - SETTLED)
    assert len(expected) == 3 * 60
    assert seen(datakit) == expected
