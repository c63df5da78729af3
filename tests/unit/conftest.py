"""What the unit tests of whole runs share."""

import pytest

from tests.unit.runs import World


@pytest.fixture
def world(monkeypatch):
    """An account with two busy distributions that has never been collected."""
    return World(monkeypatch)
