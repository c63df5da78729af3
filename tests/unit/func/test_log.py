"""The log of a run and its closing sentence."""

import pytest

from guance_aws_cloudfront.errors import CollectError
from guance_aws_cloudfront.func.log import RunLog


def test_what_failed_alike_is_said_once_and_counted(capsys) -> None:
    log = RunLog("prod")
    for _ in range(3):
        log.fail("It broke.")
    log.warn("Mind that.")
    assert capsys.readouterr().out == "FAILED: It broke.\nWARNING: Mind that.\n"
    with pytest.raises(CollectError) as error:
        log.end({})
    assert str(error.value) == 'Account "prod": 1 part of the run failed. (1) It broke. (3 times)'


def test_the_closing_sentence_names_ten_parts_and_counts_the_rest() -> None:
    log = RunLog("prod")
    for number in range(25):
        log.fail(f"Part {number:02} broke.")
    with pytest.raises(
        CollectError, match=r"25 parts of the run failed\. \(1\) Part 00 .*Part 09 broke\. And 15 more, in the log"
    ):
        log.end({})


def test_of_ten_parts_there_are_no_more() -> None:
    log = RunLog("prod")
    for number in range(10):
        log.fail(f"Part {number:02} broke.")
    with pytest.raises(CollectError, match=r"\(10\) Part 09 broke\.$"):
        log.end({})


def test_a_good_end_gives_the_summary_with_the_warnings() -> None:
    log = RunLog("prod")
    log.warn("Mind that.")
    assert log.end({"points": 1}) == {"points": 1, "warnings": ["Mind that."]}


def test_no_secret_comes_out_whoever_says_it(capsys) -> None:
    log = RunLog("prod", ["s3cret/s3cret"])
    log.say("a s3cret/s3cret")
    log.warn("b s3cret/s3cret")
    log.fail("c s3cret/s3cret")
    assert capsys.readouterr().out == "a ***\nWARNING: b ***\nFAILED: c ***\n"
    assert log.warnings == ["b ***"]
    with pytest.raises(CollectError) as error:
        log.end({})
    assert "s3cret" not in str(error.value)
