"""What all tests share: a point in time, an account and a configuration of defaults."""

import gc
import os
import socket

import pytest
from hypothesis import HealthCheck, settings

from guance_aws_cloudfront.settings.account import parse_account
from guance_aws_cloudfront.settings.config import parse_config

# A slow machine fails no test; in CI the examples are the same every time.
settings.register_profile(
    "tests", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")

# A minute of no importance, so that no test depends on the date: 2026-03-01 10:00 UTC.
NOW = 1772359200
AK_ID = "AKIAEXAMPLE000000001"
AK_SECRET = "secret/of+the+example+access+key/0000001"
RAW_ACCOUNT = {"ak_id": AK_ID, "ak_secret": AK_SECRET, "extra_tags": {"account_name": "prod", "team": "edge"}}

# A quarter of the processor's time went into looking for garbage among objects that live as long as the process.
FEWER_COLLECTIONS = 50_000
SLOW_FIRST = ("tests/faults/test_random.py", "tests/contract/test_activity.py")


def pytest_collection_modifyitems(items):
    """Begin with what takes longest, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(SLOW_FIRST))


def pytest_collection_finish():
    """Leave alone what has been imported."""
    gc.freeze()
    gc.set_threshold(FEWER_COLLECTIONS)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Two workers more than there are processors: a quarter of the time, a test waits for a socket or a thread."""
    return (os.cpu_count() or 1) + 2


@pytest.fixture(autouse=True, scope="session")
def no_name_server():
    """No test asks a name server: some would wait for seconds without a network, and reach AWS with one."""
    look_up = socket.getaddrinfo

    def of_loopback(host, *rest, **named):
        if host not in (None, "", "localhost", "127.0.0.1", "::1"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("socket.getaddrinfo", of_loopback)
        yield


@pytest.fixture
def account():
    return parse_account(RAW_ACCOUNT)


@pytest.fixture
def config():
    return parse_config({})
