"""What is run from Func's editor is cut off after 60 s: check, preview and reset end in good order before that."""

import pytest

from devtools.aws.embedded import Fault, Traffic
from devtools.clock import SimulatedClock
from tests.conftest import AK_SECRET, NOW
from tests.contract.conftest import CHECK, PREVIEW, RESET, configure
from tests.contract.test_accounts import NAMES, entry, key_of, let_accounts_be

pytestmark = pytest.mark.newest

HOUR = 3600
WITHIN = 55
BUSY = Traffic(requests=900.0)
SLOW = """
import time


@DFF.API("slow", timeout=290)
def slow(seconds):
    time.sleep(seconds)
    print("end")
"""


@pytest.fixture
def one(aws):
    return aws.add_distribution(aws.account, traffic=BUSY)


def took(record):
    return record.ended_at - record.started_at


def test_the_editor_cuts_off_what_takes_longer(func) -> None:
    func.scripts["demo__slow"] = SLOW
    func.publish("demo__slow")
    assert func.run_in_editor("demo__slow.slow", seconds=59).log == "end"
    assert func.run_in_editor("demo__slow.slow", seconds=60).status == "timeout"
    assert func.call("demo__slow.slow", seconds=60).status == "success"


@pytest.mark.parametrize("function", [CHECK, PREVIEW, RESET])
def test_all_ends_well_when_aws_is_quick(func, aws, datakit, one, function) -> None:
    assert func.run_in_editor(function).status == "success"


def test_a_preview_of_slow_answers_ends_in_time(func, aws, datakit, one) -> None:
    aws.faults.add(Fault(takes=20))
    record = func.run_in_editor(PREVIEW)
    assert (record.status, record.exception) == ("success", None)
    assert 40 <= took(record) <= WITHIN
    assert "Shown: 1 of 1 object, 5 of 60 points." in record.log
    assert datakit.posts == [] and func.store.rows == func.cache.rows == {}


@pytest.mark.parametrize(
    ("operation", "step"),
    [("ListDistributions", "Listing the distributions"), ("GetMetricData", "Reading the metrics")],
)
def test_a_preview_to_which_aws_does_not_answer_ends_with_a_sentence(func, aws, datakit, one, operation, step) -> None:
    aws.faults.add(Fault(operation, takes=70))
    record = func.run_in_editor(PREVIEW)
    assert (record.status, record.exception_type) == ("failure", "CollectError")
    sentence = "failed: AWS did not answer in time (no answer before the time of 50 s was over)."
    assert f"{step} {sentence}" in record.exception
    assert took(record) <= WITHIN


def test_a_preview_says_what_it_leaves_out(func, aws, datakit, one) -> None:
    configure(func, first_lookback=20 * HOUR)
    aws.faults.add(Fault(takes=9))
    record = func.run_in_editor(PREVIEW)
    assert record.status == "success"
    assert took(record) <= WITHIN
    assert "The time of a preview is over: 3 windows are left out of it." in record.return_value["warnings"]


@pytest.mark.parametrize("function", [CHECK, PREVIEW])
def test_several_accounts_share_the_time(func, aws, datakit, function) -> None:
    for number in range(len(NAMES)):
        aws.add_distribution(aws.add_account(key_of(number), AK_SECRET), traffic=BUSY)
    let_accounts_be(func, [entry(name, key_of(number)) for number, name in enumerate(NAMES)])
    aws.faults.add(Fault(takes=12))
    record = func.run_in_editor(function)
    assert (record.status, record.exception_type) == ("failure", "CollectError")
    assert took(record) <= WITHIN
    assert all(f'Account "{name}"' in record.exception for name in NAMES)


def test_the_end_of_an_account_that_was_not_begun_says_what_to_do(func, aws, datakit) -> None:
    for number in range(len(NAMES)):
        aws.add_distribution(aws.add_account(key_of(number), AK_SECRET), traffic=BUSY)
    let_accounts_be(func, [entry(name, key_of(number)) for number, name in enumerate(NAMES)])
    clock = func._clock
    assert isinstance(clock, SimulatedClock) and clock.time() == NOW
    func.on_event = lambda name: clock.advance(25) if name == "CONN" else None
    record = func.run_in_editor(CHECK)
    assert "was not started: the time limit of all accounts is over; call the function with its" in record.exception
