"""An Aws whose requests are answered by functions."""

from functools import lru_cache

import pytest

from guance_aws_cloudfront.aws import session
from guance_aws_cloudfront.aws.client import Aws

# botocore's own, whose files are read once for all tests.
LOADER = lru_cache(maxsize=None)(session._own_loader)


def changed(*_, **__):
    """What reaches into botocore finds it changed."""
    raise AttributeError("botocore is not what it was")


@pytest.fixture(params=["lean", "plain"])
def botocore_as(request, monkeypatch):
    """botocore as it is, and one that has changed so that each of our short cuts falls back to its own way."""
    if request.param == "plain":
        monkeypatch.setattr(session, "_own_loader", LOADER)
        for short_cut in ("_shared_loader", "JsonSerializer", "MetricsParser"):
            monkeypatch.setattr(session, short_cut, changed)
    return request.param


@pytest.fixture
def aws(account, config, monkeypatch, botocore_as):
    """An Aws whose requests are answered by the functions put into `aws.answers`, one by one, the last for ever."""
    return answering(Aws(account, config, "test"), monkeypatch)


def answering(made, monkeypatch):
    """The Aws with its list of answers; botocore's retries do not wait."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    made.answers, made.requests = [], []

    def answer(request, **_):
        made.requests.append(request)
        chosen = made.answers.pop(0) if len(made.answers) > 1 else made.answers[0]
        answered = chosen(request)
        if isinstance(answered, Exception):
            raise answered
        return answered

    made.answer = answer
    for client in (made._cloudfront, made._cloudwatch):
        client.meta.events.register("before-send", answer)
    return made
