"""What the tests of the embedded AWS and of the builder share."""

import shutil

import pytest

from devtools.aws.embedded import EmbeddedAWS
from devtools.clock import SimulatedClock
from devtools.market.build import DOCUMENTS, ROOT
from devtools.market.imports import PACKAGE
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


@pytest.fixture
def tree(tmp_path):
    """A copy of the source tree, what is built of it, to be changed."""
    for folder in (PACKAGE, "startup"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in DOCUMENTS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path
