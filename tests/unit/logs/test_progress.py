"""No line twice and none lost: whatever order files come in, whenever a run ends, and whatever must wait."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guance_aws_cloudfront.logs.files import HOUR, LogFile
from guance_aws_cloudfront.logs.progress import (
    LATE_HOURS,
    LOOK_EVERY,
    MOST_FILES,
    NOTHING_WRITTEN,
    SLACK,
    UNREAD,
    LogProgress,
    after_file,
    after_part,
    after_run,
    both_written,
    cutoff_at,
    first_progress,
    is_look_due,
    is_waiting,
    look_from,
    not_caught_up,
    parse_log_progress,
    stretches_of,
    to_read,
    to_the_end,
    written_until,
)
from tests.conftest import NOW

DAY = 86400
SINCE = NOW - 26 * HOUR


def file_of(hour, name="a"):
    return LogFile("E1", NOW - hour * HOUR, "b", f"{hour}-{name}", 1)


def closed(progress, left=(), now=NOW, max_catch_up=2 * DAY, looked=True):
    return after_run(progress, left, now, max_catch_up, looked)


def test_the_first_run_looks_as_far_back_as_it_was_told() -> None:
    first = first_progress(NOW + 1800, HOUR)
    assert first.since == NOW - HOUR
    assert look_from(first, NOW + 1800, False) == NOW - HOUR
    assert first_progress(NOW + 1800, 0).since == NOW


def test_every_run_looks_for_recent_files_and_once_an_hour_for_late_ones() -> None:
    progress = LogProgress(SINCE, looked=NOW)
    assert look_from(progress, NOW + 1800, False) == NOW - 2 * HOUR
    assert look_from(progress._replace(left=NOW - 7 * HOUR), NOW + 1800, False) == NOW - 7 * HOUR
    assert look_from(progress._replace(since=NOW - HOUR), NOW + 1800, True) == NOW - HOUR
    assert look_from(progress, NOW + 3600, False) == SINCE
    # A clock that was ahead.
    assert is_look_due(progress, NOW - 100)


def test_a_file_is_read_once_and_only_from_the_first_open_hour_on() -> None:
    new, late, too_old = file_of(0), file_of(25), file_of(27)
    progress = LogProgress(SINCE)
    assert to_read(progress, [new, late, too_old, new], keeps_old=False) == [new, late]
    progress = after_file(progress, late)
    assert to_read(progress, [new, late, too_old], keeps_old=True) == [new]


def test_a_file_that_is_done_takes_nothing_of_the_others() -> None:
    half, other = file_of(1), file_of(1, "b")
    progress = after_part(after_part(LogProgress(SINCE), half, ((0, 0), (5, NOTHING_WRITTEN))), other, ((0, 0),))
    progress = after_file(progress, other)
    assert set(progress.files) == {half.mark}
    assert stretches_of(progress, half.mark) == ((0, 0), (5, NOTHING_WRITTEN))
    assert progress.done == {NOW - HOUR: (other.mark,)}
    # And of what is kept after a run: parts of hours that are still open, also of the first of them.
    first = file_of(26, "c")
    progress = closed(after_part(progress, first, ((0, 0), (7, NOTHING_WRITTEN)))).progress
    assert set(progress.files) == {half.mark, first.mark}
    progress = closed(progress, now=NOW + 30 * HOUR, max_catch_up=40 * HOUR).progress
    assert set(progress.files) == {half.mark}


def test_all_hours_are_looked_through_again_after_an_hour_less_the_slack_of_a_crontab() -> None:
    progress = LogProgress(SINCE, looked=NOW)
    assert not is_look_due(progress, NOW)
    assert not is_look_due(progress, NOW + LOOK_EVERY - SLACK - 1)
    assert is_look_due(progress, NOW + LOOK_EVERY - SLACK)


def test_hours_stay_open_as_long_as_files_may_come_late() -> None:
    progress = after_file(LogProgress(SINCE - 5 * HOUR), file_of(28))
    progress, given_up = closed(after_file(progress, file_of(3)))
    assert (progress.since, progress.looked, given_up) == (NOW - LATE_HOURS * HOUR, NOW, [])
    assert list(progress.done) == [NOW - 3 * HOUR]
    # Who has not looked through all hours does not know of files that came late.
    assert closed(LogProgress(SINCE - 5 * HOUR), looked=False).progress.since == SINCE - 5 * HOUR


def test_what_is_left_keeps_its_hour_open_until_it_is_too_old() -> None:
    old = file_of(40)
    progress, given_up = closed(LogProgress(NOW - 41 * HOUR), [old])
    assert (progress.since, progress.left, given_up) == (NOW - 40 * HOUR, NOW - 40 * HOUR, [])
    progress, given_up = closed(progress, [old], now=NOW + 10 * HOUR)
    assert given_up == [(NOW - 40 * HOUR, 1)]
    assert progress.left is None
    # A file of which a part is written is one file.
    half = after_part(LogProgress(NOW - 41 * HOUR), old, ((0, 0), (5, NOTHING_WRITTEN)))
    assert closed(half, [old], now=NOW + 10 * HOUR).given_up == [(NOW - 40 * HOUR, 1)]
    assert closed(half, [old]).progress.left == NOW - 40 * HOUR


def test_lines_that_wait_keep_their_hour_open_and_ask_for_no_listing() -> None:
    waiting = after_file(LogProgress(SINCE), file_of(20), ((0, 12345),))
    progress, _ = closed(waiting, now=NOW + 10 * HOUR)
    assert (progress.since, progress.left) == (NOW - 20 * HOUR, None)
    assert is_waiting(progress, file_of(20).mark)
    assert to_read(progress, [file_of(20)], keeps_old=False) == []
    assert to_read(progress, [file_of(20)], keeps_old=True) == [file_of(20)]
    progress = progress._replace(looked=NOW + 10 * HOUR)
    assert look_from(progress, NOW + 10 * HOUR, keeps_old=False) == NOW + 8 * HOUR
    assert look_from(progress, NOW + 10 * HOUR, keeps_old=True) == NOW - 20 * HOUR


def test_what_is_kept_is_bounded_and_the_oldest_hours_give_way() -> None:
    marks = tuple(f"{number:08d}" for number in range(MOST_FILES // 2))
    hours = [NOW - hour * HOUR for hour in range(4)]
    progress, _ = closed(LogProgress(SINCE, dict.fromkeys(hours, marks)))
    assert sorted(progress.done) == sorted(hours[:2])
    assert progress.since == NOW - HOUR
    assert len(json.dumps(progress.as_json())) < 40_000
    # Up to the bound, nothing gives way.
    few = dict.fromkeys([NOW - 5 * HOUR, NOW - 6 * HOUR], marks)
    assert sorted(closed(LogProgress(SINCE, few)).progress.done) == sorted(few)


def test_the_first_open_hour_counts_too() -> None:
    marks = tuple(f"{number:08d}" for number in range(MOST_FILES))
    progress = closed(LogProgress(NOW - 5 * HOUR, {NOW - 5 * HOUR: marks, NOW - 4 * HOUR: marks[:1]})).progress
    assert (progress.since, list(progress.done)) == (NOW - 4 * HOUR, [NOW - 4 * HOUR])


def test_of_more_files_than_are_kept_none_of_this_hour_and_the_last_is_given_up() -> None:
    marks = tuple(f"{number:08d}" for number in range(MOST_FILES + 1))
    hours = [NOW - hour * HOUR for hour in range(4)]
    progress, _ = closed(LogProgress(SINCE, dict.fromkeys(hours, marks)), now=NOW + 1800)
    assert progress.since == NOW - HOUR
    # A file that comes in the next minute is read, and those that are done are not read again.
    assert to_read(progress, [file_of(0), file_of(1), file_of(2)], keeps_old=False) == [file_of(0), file_of(1)]
    assert list(progress.done) == hours[:2]


def test_an_outage_that_was_too_long_is_told() -> None:
    assert not_caught_up(LogProgress(SINCE, looked=NOW - 3 * DAY), NOW, 2 * DAY) == (NOW - 3 * DAY, NOW - 2 * DAY)
    assert not_caught_up(LogProgress(SINCE, looked=NOW - DAY), NOW, 2 * DAY) is None
    assert not_caught_up(LogProgress(SINCE, looked=NOW - 2 * DAY), NOW, 2 * DAY) is None
    assert not_caught_up(LogProgress(SINCE), NOW, 2 * DAY) is None


MARKS = st.text("abc_-09", min_size=8, max_size=8)
STRETCHES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2**53)), min_size=1, max_size=4).map(tuple)


@given(
    st.integers(0, NOW),
    st.dictionaries(st.integers(0, NOW), st.lists(MARKS, max_size=5).map(tuple), max_size=4),
    st.dictionaries(MARKS, st.tuples(st.integers(0, NOW), STRETCHES), max_size=4),
    st.none() | st.integers(0, NOW),
)
def test_what_is_kept_comes_back(since, done, files, left) -> None:
    progress = LogProgress(since, done, files, since, left, "s3://b/cf/")
    assert parse_log_progress(json.loads(json.dumps(progress.as_json()))) == progress


@pytest.mark.parametrize(
    "kept", [{}, {"at": 1}, {"at": 1, "done": [], "files": {}, "looked": 0, "left": None}, {"at": "x"}]
)
def test_what_is_no_progress_is_refused(kept) -> None:
    with pytest.raises(ValueError, match="not a progress"):
        parse_log_progress(kept)


# A run: how many lines of the file it gets through, and the time before which the connector takes none.
RUNS = st.lists(st.tuples(st.integers(0, 12), st.sampled_from([0, 10, 20, 30])), max_size=8)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=10), RUNS)
def test_each_line_of_a_file_is_written_once_however_runs_end_and_lines_wait(times, runs) -> None:
    written = [0] * len(times)
    stretches = UNREAD
    # The last run takes all there is.
    for many, limit in [*runs, (len(times), 0)]:
        waits = False
        for line, at in enumerate(times[:many]):
            if at < cutoff_at(stretches, line):
                if at < limit:
                    waits = True
                else:
                    written[line] += 1
        stretches = written_until(stretches, many, limit if waits else 0)
    assert written == [1] * len(times)
    assert all(cutoff == 0 for first, cutoff in stretches if first < len(times))


@given(STRETCHES, STRETCHES, st.integers(0, 12))
def test_what_is_known_at_two_places_to_be_written_is_written(one, other, line) -> None:
    one, other = (((0, cutoffs[0][1]), *sorted(dict(cutoffs[1:]).items())) for cutoffs in (one, other))
    both = both_written(one, other)
    assert cutoff_at(both, line) == min(cutoff_at(one, line), cutoff_at(other, line))


def test_the_stretches_of_a_file_that_was_read_in_two_parts() -> None:
    progress = LogProgress(SINCE)
    assert stretches_of(progress, "x") == UNREAD
    # Later than any request.
    assert NOTHING_WRITTEN > 1000 * (NOW + 100 * 365 * DAY)
    first = written_until(UNREAD, 5, 0)
    assert first == ((0, 0), (5, NOTHING_WRITTEN))
    second = written_until(first, 9, 100)
    assert second == ((0, 0), (5, 100), (9, NOTHING_WRITTEN))
    assert written_until(second, 9, 0) == ((0, 0), (9, NOTHING_WRITTEN))
    assert to_the_end(second, 12, 100) == ((0, 0), (5, 100))
    assert to_the_end(UNREAD, 1, 100) == ((0, 100),)
