"""What the tests of the embedded AWS and of the builder share."""

import shutil
from importlib.util import find_spec

import pytest

from devtools.aws.embedded import EmbeddedAWS
from devtools.clock import SimulatedClock
from devtools.market.build import DOCUMENTS, ROOT
from devtools.market.imports import PACKAGE
from tests.conftest import AK_ID, AK_SECRET, NOW


@pytest.fixture(scope="session", autouse=True)
def _own_dist(tmp_path_factory):
    """What the demo builds goes to a folder of the process: others test at the same time."""
    # The demo's tools are there for the newest Python only.
    if find_spec("sparklines") is None:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        for name in ("run", "live"):
            patch.setattr(f"devtools.demo.{name}.DIST", tmp_path_factory.mktemp("dist"))
        yield


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
