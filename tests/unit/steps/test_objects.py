"""When the objects are due."""

from types import SimpleNamespace

import pytest

from guance_aws_cloudfront.steps.objects import are_objects_due
from tests.conftest import NOW


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (None, True),
        (NOW, False),
        (NOW - 839, False),
        # A crontab that fires up to a minute early.
        (NOW - 840, True),
        # A clock that was ahead when it was written down must not put them off.
        (NOW + 1, True),
        (NOW + 86400, True),
    ],
)
def test_objects_are_due_after_their_interval(last, due) -> None:
    said = []
    run = SimpleNamespace(
        now=lambda: NOW + 0.5,
        state=SimpleNamespace(objects_at=lambda: last),
        config=SimpleNamespace(object_interval=900),
        log=SimpleNamespace(say=said.append),
    )
    assert are_objects_due(run) is due
    assert bool(said) is not due
