"""A world for each scenario."""

import pytest

from devtools.aws.embedded import EmbeddedAWS
from devtools.clock import SimulatedClock
from devtools.guance.datakit import DataKit
from tests.conftest import NOW
from tests.contract.conftest import market  # noqa: F401 - a fixture
from tests.faults.world import World


@pytest.fixture
def world(market, monkeypatch):  # noqa: F811 - the fixture
    """A world in which nothing goes wrong yet; botocore's retries do not wait."""
    clock = SimulatedClock(NOW)
    receiver = DataKit(clock=clock)
    with EmbeddedAWS(clock) as aws, receiver as datakit, pytest.MonkeyPatch.context() as patch:
        for name, value in aws.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("time.sleep", lambda seconds: None)
        yield World(market[0], aws, datakit, clock, patch)
