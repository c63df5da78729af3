"""What the tests of the embedded AWS share."""

import pytest

from devtools.clock import SimulatedClock
from devtools.cloud import EmbeddedAWS
from tests.conftest import AK_ID, AK_SECRET, NOW


@pytest.fixture
def clock():
    return SimulatedClock(NOW)


@pytest.fixture
def aws(clock):
    with EmbeddedAWS(clock) as embedded:
        yield embedded


@pytest.fixture
def account(aws):
    """An account whose signatures are verified."""
    return aws.add_account(AK_ID, AK_SECRET)
