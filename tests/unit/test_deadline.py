"""Work that has to end by a moment: it does, or it is left to itself."""

import threading
import time

import pytest

from devtools.clock import SimulatedClock
from guance_aws_cloudfront.deadline import Deadline, DeadlineError
from tests.conftest import NOW


@pytest.fixture
def clock():
    return SimulatedClock(NOW)


def test_what_answers_in_time_answers_as_without_a_deadline(clock) -> None:
    deadline = Deadline(5, clock)
    assert deadline.wait_for(lambda: "answer") == "answer"
    with pytest.raises(OSError, match="no way"):
        deadline.wait_for(lambda: (_ for _ in ()).throw(OSError("no way")))


def test_the_time_is_that_of_the_clock(clock) -> None:
    deadline = Deadline(5, clock)
    clock.advance(3)
    assert deadline.left() == 2
    # A wall clock that is set does not matter.
    clock.set(NOW + 3600)
    assert deadline.left() == 2
    clock.advance(3)
    assert deadline.left() == 0


@pytest.mark.parametrize(
    ("most", "said"), [(60, "no answer before the time of 5 s was over"), (2, "no answer within 2 s")]
)
def test_what_hangs_is_left_to_itself(clock, most, said) -> None:
    deadline, released, begun = Deadline(5, clock, most), threading.Event(), clock.monotonic()

    def hang():
        for _ in range(20):
            clock.advance(0.5)
            released.wait(0.05)
        released.wait(60)

    before = set(threading.enumerate())
    with pytest.raises(DeadlineError, match=said):
        deadline.wait_for(hang)
    assert min(5, most) <= clock.monotonic() - begun <= min(5, most) + 1
    (left,) = set(threading.enumerate()) - before
    # Neither the task nor the end of a worker process waits for it.
    assert left.daemon
    released.set()
    left.join()


def test_nothing_is_begun_after_the_deadline(clock) -> None:
    deadline, begun = Deadline(5, clock), []
    clock.advance(5)
    with pytest.raises(DeadlineError, match="no time was left"):
        deadline.wait_for(lambda: begun.append(1))
    assert begun == []


def test_what_ends_without_a_word_is_no_answer(monkeypatch) -> None:
    # pytest warns of it, perhaps only during a later test.
    monkeypatch.setattr(threading, "excepthook", lambda args: None)

    def leave():
        raise SystemExit

    with pytest.raises(DeadlineError, match="it ended without an answer"):
        Deadline(60, time).wait_for(leave)
