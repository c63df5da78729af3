"""The built package in the local Func, between an embedded AWS and a DataKit receiver, over real HTTP."""

import re
from functools import lru_cache

import pytest

from devtools.aws.embedded import EmbeddedAWS
from devtools.clock import SimulatedClock
from devtools.func.runtime import LocalFunc
from devtools.guance.datakit import DataKit
from devtools.market.build import build, write
from tests.conftest import AK_ID, AK_SECRET, NOW

SET = "guance_aws_cloudfront"
JOB = f"cron-starup-{SET}"
RUN = f"startup__{SET}.run"
CHECK = f"startup__{SET}.check"
COLLECT_LOGS = f"startup__{SET}.collect_logs"
RESET_LOGS = f"startup__{SET}.reset_logs"
PREVIEW = f"startup__{SET}.preview"
RESET = f"startup__{SET}.reset"
FILLED_IN = {"AWS AK ID": AK_ID, "AWS AK SECRET": AK_SECRET, "AWS Account Name": "prod"}
METRICS = ("Requests", "BytesDownloaded", "BytesUploaded", "4xxErrorRate", "5xxErrorRate", "TotalErrorRate")


@pytest.fixture(scope="session")
def market(tmp_path_factory):
    """The market's folder and its zip, as `make market` builds them."""
    return write(build(), tmp_path_factory.mktemp("dist"))


@pytest.fixture
def clock():
    return SimulatedClock(NOW)


@pytest.fixture
def aws(clock, monkeypatch):
    """AWS with one account and no distributions; the environment sends botocore's calls there."""
    with EmbeddedAWS(clock) as embedded:
        for name, value in embedded.environment.items():
            monkeypatch.setenv(name, value)
        embedded.account = embedded.add_account(AK_ID, AK_SECRET)
        yield embedded


@pytest.fixture
def datakit(clock):
    # One that keeps the time of old points: what becomes of them at one that does not is tested in tests/faults.
    with DataKit(clock=clock, keeps_time=True) as receiver:
        yield receiver


@pytest.fixture
def keeps_time(datakit):
    """The DataKit is set up to keep the time of points that are more than two hours old, so that none must wait."""
    datakit.set_right()


@pytest.fixture
def func(clock, market, aws, datakit):
    """A Func in which the package is installed and its startup script deployed."""
    return deployed(clock, market[0], FILLED_IN, datakit)


def deployed(clock, market, values, datakit):
    """A Func in which the package of a market is deployed with these values, and a connector to the receiver."""
    func = LocalFunc(clock)
    func.add_connector("datakit", "df_datakit", host=datakit.host, port=datakit.port)
    func.take_over(_installed(market, tuple(values.items())))
    return func


@lru_cache(maxsize=None)
def _installed(market, values):
    # Once for all tests of a process.
    func = LocalFunc(SimulatedClock(NOW))
    func.install(market)
    func.deploy(SET, dict(values))
    return func


def sent_again(datakit):
    """(source tags, minute, field) of every metric value that arrived though it stood in the sink already."""
    known, again = {}, []
    for point in datakit.points("metric"):
        place = (tuple(sorted(point.tags.items())), point.time)
        for field, value in point.fields.items():
            if known.get((place, field)) == value:
                again.append((*place, field))
            known[place, field] = value
    return again


def use_key(func, **given):
    """Put `ak_id`, `ak_secret` or `account_name` into Func's environment variables, as a user does."""
    for key, value in given.items():
        func.set_env(f"GUANCE_AWS_CLOUDFRONT_{key.upper()}", value, password=key != "account_name")


def configure(func, **configs):
    """Put keys into CONFIGS of the deployed startup script, after those that stand there: these win."""
    script = f"startup__{SET}"
    lines = "".join(f"\n    {key!r}: {value!r}," for key, value in configs.items())
    before, begin, after = func.scripts[script].partition("CONFIGS = {")
    func.scripts[script] = before + begin + after.replace("\n}\n", f"{lines}\n}}\n", 1)
    func.publish(script)


def configure_logs(func, **logs):
    """Let LOGS of the deployed startup script be these keys, as a user does."""
    script = f"startup__{SET}"
    func.scripts[script] = re.sub("(?m)^LOGS = .*$", lambda _: f"LOGS = {logs!r}", func.scripts[script])
    func.publish(script)
