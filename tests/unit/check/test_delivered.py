"""Whether what was written is found in the workspace: what is asked, for how long, and what is said."""

import pytest

from devtools.clock import SimulatedClock
from guance_aws_cloudfront.check.delivered import Sought, delivered_row, sought_object, sought_points
from guance_aws_cloudfront.check.table import FAILED, OK, UNTRIED
from guance_aws_cloudfront.deadline import Deadline
from guance_aws_cloudfront.guance.sink import ReportError
from guance_aws_cloudfront.settings.config import parse_config
from tests.conftest import NOW

OBJECT = Sought("the object of E1", "CO::x", NOW, NOW + 600)
POINT = Sought("the point of E1 at 2026-03-01 09:56 UTC", "M::x", NOW - 240, NOW - 180)


class Workspace:
    """Answers each query as the sink hands it on; finds things from a time on."""

    def __init__(self, **found_at):
        self.clock, self.asked = SimulatedClock(NOW), []
        self._found_at = found_at
        self.error = None

    def query(self, dql, start, end):
        self.asked.append((dql, start, end))
        if self.error:
            raise self.error
        is_found = self.clock.time() - NOW >= self._found_at.get(dql[:1], float("inf"))
        return [{"time": 1, "found": 1}] if is_found else [{"time": 1, "found": 0}]

    def row(self, *sought, seconds=55):
        return delivered_row(self, sought, self.clock, Deadline(seconds, self.clock))


def test_what_is_found_at_once_is_said_and_asked_for_once() -> None:
    workspace = Workspace(C=0, M=0)
    row = workspace.row(OBJECT, POINT)
    assert (row.result, row.what) == (OK, "delivered")
    assert row.detail == ("found in the workspace: the object of E1 and the point of E1 at 2026-03-01 09:56 UTC")
    assert workspace.asked == [("CO::x", NOW, NOW + 600), ("M::x", NOW - 240, NOW - 180)]


def test_only_what_is_missing_is_asked_for_again_every_three_seconds() -> None:
    workspace = Workspace(C=0, M=7)
    assert workspace.row(OBJECT, POINT).result == OK
    assert [dql for dql, _, _ in workspace.asked] == ["CO::x", *["M::x"] * 4]
    assert workspace.clock.time() == NOW + 9


@pytest.mark.parametrize(
    ("seconds", "waited", "result"), [(34, 33, FAILED), (33, 30, FAILED), (32, 30, FAILED), (30, 27, UNTRIED)]
)
def test_what_is_not_found_in_time_has_failed_if_that_was_long_enough(seconds, waited, result) -> None:
    workspace = Workspace(C=0)
    row = workspace.row(OBJECT, POINT, seconds=seconds)
    assert row.result == result
    assert row.detail.startswith(
        "the point of E1 at 2026-03-01 09:56 UTC was written but is not found in the workspace within "
        f"{waited} seconds; found was the object of E1"
    )
    if result == FAILED:
        assert ". DataKit answers 200 also for what it then drops: look into its log, and check" in row.detail
    else:
        assert row.detail.endswith("; Guance may need longer: check again in a few minutes")


def test_where_nothing_is_found_nothing_is_said_of_what_was() -> None:
    assert "found was" not in Workspace().row(OBJECT, POINT).detail
    assert Workspace().row(OBJECT, POINT).detail.startswith("the object of E1 and the point of E1 at ")


def test_a_workspace_that_cannot_be_asked_leaves_it_untried() -> None:
    workspace = Workspace()
    workspace.error = ReportError("Querying the workspace failed (403).")
    assert workspace.row(OBJECT)[:3] == (UNTRIED, "delivered", "Querying the workspace failed (403).")


def test_a_row_of_nothing_found_and_no_row_are_both_nothing(monkeypatch) -> None:
    workspace = Workspace()
    workspace.query = lambda dql, start, end: []
    assert workspace.row(OBJECT, seconds=3).result == UNTRIED


def test_the_object_is_sought_from_its_own_time_on() -> None:
    sought = sought_object({"tags": {"name": "E1"}, "timestamp": NOW})
    assert sought == Sought(
        "the object of E1", "CO::`aws_cloudfront`:(COUNT(`name`) AS `found`) { `name` = 'E1' }", NOW, NOW + 600
    )


def test_the_newest_point_of_a_distribution_is_sought_by_its_first_default_metric() -> None:
    sent = {"E1": [NOW - 300, NOW - 240], "E2": [NOW - 300], "FunctionName=f": [NOW], "E3": []}
    assert sought_points(sent, ["E2", "E1", "E3", "E4"], parse_config({})) == Sought(
        "the point of E1 at 2026-03-01 09:56 UTC",
        "M::`aws_AWS/CloudFront`:(COUNT(`Requests_Sum`) AS `found`) { `DistributionId` = 'E1' }",
        NOW - 240,
        NOW - 180,
    )
    assert sought_points(sent, ["E3", "E4"], parse_config({})) is None
    assert sought_points(sent, ["E1"], parse_config({"metrics": ["CacheHitRate"]})) is None
    chosen = sought_points(sent, ["E1"], parse_config({"metrics": ["CacheHitRate", "5xxErrorRate"], "period": 300}))
    assert "COUNT(`5xxErrorRate_Average`)" in chosen.dql
    assert chosen.end == NOW - 240 + 300
