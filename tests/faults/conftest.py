"""A world for each scenario."""

import pytest

from devtools.aws.embedded import EmbeddedAWS
from devtools.clock import SimulatedClock
from devtools.guance.datakit import DataKit
from tests.conftest import NOW
from tests.contract.conftest import aws, clock, datakit, func, market  # noqa: F401 - fixtures
from tests.faults.world import World


@pytest.fixture
def world(market, monkeypatch):  # noqa: F811 - the fixture
    """A world in which nothing goes wrong yet; botocore's retries do not wait."""
    now = SimulatedClock(NOW)
    with EmbeddedAWS(now) as embedded, DataKit(clock=now) as receiver, pytest.MonkeyPatch.context() as patch:
        for name, value in embedded.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("time.sleep", lambda seconds: None)
        yield World(market[0], embedded, receiver, now, patch)
