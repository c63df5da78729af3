"""Windows: no gap, aligned, in bounds; the recent minutes first, and nothing left behind is forgotten."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guance_aws_cloudfront.points.windows import (
    MOST_STRETCHES,
    PERIODS_PER_WINDOW,
    Progress,
    Silence,
    Stretch,
    Window,
    after_window,
    backlog_windows,
    held,
    merged,
    parse_progress,
    plan_windows,
    without,
)
from guance_aws_cloudfront.settings.config import parse_config
from tests.conftest import NOW

DEFAULTS = parse_config({})
END = NOW - 180
HOUR, DAY = 3600, 86400
REACH = PERIODS_PER_WINDOW * 60


def at(watermark, settled=None, *backlog):
    return Progress(watermark, watermark - 3 * HOUR if settled is None else settled, tuple(backlog))


def test_the_first_run_begins_an_hour_before_the_settled_end() -> None:
    plan = plan_windows(NOW + 13, None, DEFAULTS)
    assert plan.recent == Window(END - HOUR, END)
    assert plan.start == Progress(END - HOUR, END - HOUR)
    assert (plan.settled, plan.given_up) == (END - HOUR, ())


def test_a_long_first_look_back_comes_after_the_present() -> None:
    plan = plan_windows(NOW, None, parse_config({"first_lookback": DAY}))
    # Eight windows of the same length.
    assert plan.recent == Window(END - 3 * HOUR, END)
    assert plan.start.backlog == (Stretch(END - DAY, END - 3 * HOUR),)
    assert {one.end - one.start for one in backlog_windows(plan.start.backlog, 60)} == {3 * HOUR}
    assert plan.settled == END - 3 * HOUR


def test_a_later_run_asks_again_for_the_lookback() -> None:
    plan = plan_windows(NOW, at(NOW - 480), DEFAULTS)
    assert plan.recent == Window(NOW - 480 - 900, END)
    assert plan.start.watermark == NOW - 480
    # It did not reach back to where all is settled, so nothing more is.
    assert plan.settled == NOW - 480 - 3 * HOUR


def test_now_and_then_a_run_looks_back_three_hours_in_the_same_window() -> None:
    settled = END - 3 * HOUR - 900
    plan = plan_windows(NOW, at(END - 300, settled), DEFAULTS)
    assert plan.recent == Window(settled, END)
    assert plan.settled == END - 3 * HOUR
    assert plan_windows(NOW, at(END - 300, settled + 60), DEFAULTS).recent == Window(END - 1200, END)


def test_an_outage_leaves_its_older_part_behind() -> None:
    watermark = END - 7 * HOUR
    plan = plan_windows(NOW, at(watermark), DEFAULTS)
    assert plan.recent == Window(END - REACH, END)
    # From where all was settled: what came late while the outage began is found too.
    assert plan.start.backlog == (Stretch(watermark - 3 * HOUR, END - REACH),)
    assert plan.settled == END - 3 * HOUR


def test_a_window_is_as_long_as_one_page_of_cloudwatch_takes_and_a_deep_look_reaches_three_hours() -> None:
    # 500 queries of 200 periods are 100,000 data points, of at most 100,800.
    plan = plan_windows(NOW, None, parse_config({"first_lookback": 200 * 60}))
    assert (plan.recent, plan.start.backlog) == (Window(END - 200 * 60, END), ())
    plan = plan_windows(NOW, None, parse_config({"first_lookback": 201 * 60}))
    # Of two windows, the newest reaches back to where minutes are settled.
    assert plan.recent == Window(END - 3 * HOUR, END)
    assert plan.start.backlog == (Stretch(END - 201 * 60, END - 3 * HOUR),)
    assert plan.settled == END - 3 * HOUR


@pytest.mark.parametrize(("outage", "recent"), [(185, 200), (186, 191)])
def test_what_is_asked_for_for_the_first_time_comes_in_one_window_where_it_fits(outage, recent) -> None:
    # With the lookback, 185 minutes are a whole window; of more, and of the deeper look, two are made of one length.
    plan = plan_windows(NOW, at(END - outage * 60, END - outage * 60 - 195 * 60), DEFAULTS)
    assert plan.recent == Window(END - recent * 60, END)
    assert plan.start.backlog == (Stretch(END - (outage + 195) * 60, END - recent * 60),)


def test_while_nothing_has_values_every_run_looks_back_to_where_that_began() -> None:
    known = at(END - 300)._replace(silence=Silence(END - 2 * HOUR, "E1"))
    assert plan_windows(NOW, known, DEFAULTS).recent == Window(END - 2 * HOUR, END)
    # Not before what is settled, nor farther than one window reaches.
    settled = at(END - 300, END - HOUR)._replace(silence=Silence(END - 2 * HOUR, "E1"))
    assert plan_windows(NOW, settled, DEFAULTS).recent == Window(END - HOUR, END)
    long = at(END - 300, END - 5 * HOUR)._replace(silence=Silence(END - 4 * HOUR, "E1"))
    plan = plan_windows(NOW, long, parse_config({"delay": 180}))
    assert plan.recent.start == END - REACH


def test_what_lies_beyond_the_catch_up_is_named_as_given_up() -> None:
    watermark = END - 54 * HOUR
    plan = plan_windows(NOW, at(watermark), DEFAULTS)
    oldest = END - 2 * DAY
    assert plan.given_up == (Stretch(watermark, oldest),)
    assert plan.start.watermark == oldest == plan.start.backlog[0].start


def test_nothing_is_given_up_where_the_catch_up_reaches_just_far_enough() -> None:
    assert plan_windows(NOW, at(END - 2 * DAY), DEFAULTS).given_up == ()
    # Nor the lookback alone.
    assert plan_windows(NOW, at(END - 2 * DAY + 60), DEFAULTS).given_up == ()


def test_a_watermark_from_a_clock_that_was_ahead_does_not_open_a_gap() -> None:
    plan = plan_windows(NOW, Progress(NOW + 7200, NOW + 7200), DEFAULTS)
    assert plan.start.watermark == plan.start.settled == END
    assert plan.recent == Window(END - 900, END)


def test_what_cloudwatch_does_not_answer_is_given_up_and_what_waits_is_kept() -> None:
    old = [Stretch(END - 3 * DAY, END - 60 * HOUR, ("E1",)), Stretch(END - 50 * HOUR, END - 40 * HOUR, ("E2",))]
    waiting = [Stretch(END - 14 * DAY, END - 13 * DAY), Stretch(END - 16 * DAY, END - 14 * DAY, (), True)]
    plan = plan_windows(NOW, at(END - 300, None, *old, *waiting), DEFAULTS)
    kept = NOW - 15 * DAY + 60
    assert set(plan.given_up) == {
        old[0],
        Stretch(END - 50 * HOUR, END - 2 * DAY, ("E2",)),
        Stretch(END - 16 * DAY, kept, (), True),
    }
    assert set(plan.start.backlog) == {
        Stretch(END - 2 * DAY, END - 40 * HOUR, ("E2",)),
        waiting[0],
        Stretch(kept, END - 14 * DAY, (), True),
    }


def test_a_stretch_that_ends_or_begins_where_the_catch_up_begins_is_given_up_or_kept_whole() -> None:
    limit = END - 2 * DAY
    ends, begins = Stretch(limit - HOUR, limit, ("E1",)), Stretch(limit, limit + HOUR, ("E2",))
    plan = plan_windows(NOW, at(END - 300, None, ends, begins), DEFAULTS)
    assert (plan.given_up, plan.start.backlog) == ((ends,), (begins,))


def test_what_cloudwatch_has_dropped_is_not_asked_for_minute_by_minute() -> None:
    config = parse_config({"max_catch_up": 15 * DAY})
    plan = plan_windows(NOW, at(NOW - 16 * DAY), config)
    assert plan.start.watermark == NOW - 15 * DAY + 60
    assert plan.given_up == (Stretch(NOW - 16 * DAY, NOW - 15 * DAY + 60),)
    assert plan_windows(NOW + 59, at(NOW - 16 * DAY), config).start.watermark == NOW - 15 * DAY + 60
    # Of five minutes and more it keeps 63 days.
    coarse = parse_config({"max_catch_up": 15 * DAY, "period": 300})
    assert plan_windows(NOW, at(NOW - 16 * DAY), coarse).start.watermark == NOW - 300 - 15 * DAY


def test_the_backlog_is_cut_into_windows_the_newest_first() -> None:
    backlog = [Stretch(0, 2 * REACH + 60), Stretch(10 * REACH, 10 * REACH + 60, ("E1",), True)]
    assert backlog_windows(backlog, 60) == [
        backlog[1],
        Stretch(16020, 2 * REACH + 60),
        Stretch(7980, 16020),
        Stretch(0, 7980),
    ]


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 3000), st.integers(0, 59)), max_size=4))
def test_the_backlog_is_cut_into_as_few_windows_as_can_be_of_much_the_same_length(backlog: Any) -> None:
    stretches = [Stretch(start * 60, (start + length) * 60 - rest) for start, length, rest in backlog]
    windows = backlog_windows(stretches, 60)
    assert len(windows) == sum(-(-(one.end - one.start) // REACH) for one in stretches)
    assert sum(one.end - one.start for one in windows) == sum(one.end - one.start for one in stretches)
    # Where nothing is left of a stretch, there is nothing to ask for.
    assert backlog_windows([Stretch(600, 600)], 60) == []
    for one in stretches:
        parts = backlog_windows([one], 60)
        assert max(part.end - part.start for part in parts) <= min(REACH, (one.end - one.start) / len(parts) + 60)
        assert [part.start for part in parts[:-1]] == [part.end for part in parts[1:]]


def test_a_window_that_is_done_leaves_the_rest_of_its_stretch() -> None:
    of_one = Stretch(0, 600, ("E1",))
    assert without([Stretch(0, 600), of_one], Stretch(120, 240)) == (Stretch(0, 120), Stretch(240, 600), of_one)
    assert without([of_one], Stretch(0, 600, ("E1",))) == ()
    assert without([of_one], Stretch(0, 600)) == (of_one,)
    assert without([of_one, Stretch(0, 60), Stretch(60, 120)], Stretch(60, 120)) == (of_one, Stretch(0, 60))


def test_stretches_that_touch_become_one_and_others_stay() -> None:
    assert merged([Stretch(60, 120), Stretch(0, 60), Stretch(300, 360), Stretch(60, 90, ("E1",))]) == (
        *(Stretch(0, 120), Stretch(60, 90, ("E1",)), Stretch(300, 360)),
    )
    assert merged([Stretch(0, 60), Stretch(120, 180), Stretch(180, 240)]) == (Stretch(0, 60), Stretch(120, 240))


def names(*numbers):
    return tuple(f"E{n:03}" for n in range(*numbers))


def test_more_than_fifty_sources_are_all() -> None:
    assert merged([Stretch(0, 60, names(50))]) == (Stretch(0, 60, names(50)),)
    assert merged([Stretch(0, 60, names(51))]) == (Stretch(0, 60),)


STRETCHES = st.lists(
    st.builds(
        lambda start, length, sources, is_held: Stretch(start * 60, (start + length) * 60, sources, is_held),
        st.integers(0, 2000),
        st.integers(1, 300),
        st.sampled_from([(), ("E1",), ("E1", "E2")]),
        st.booleans(),
    ),
    max_size=12,
)


def minutes(stretches):
    """(minute, source) of all stretches, `*` for all sources."""
    return {
        (minute, source)
        for stretch in stretches
        for minute in range(stretch.start, stretch.end, 60)
        for source in stretch.sources or ("*",)
    }


@given(STRETCHES)
def test_merging_and_cutting_change_no_minute(stretches) -> None:
    assert minutes(merged(stretches)) == minutes(stretches)
    assert minutes(backlog_windows(merged(stretches), 60)) == minutes(stretches)
    assert merged(merged(stretches)) == merged(stretches)


@given(STRETCHES)
def test_a_backlog_that_is_worked_off_window_by_window_is_empty_at_last(stretches) -> None:
    plan = plan_windows(NOW, at(END - 300), DEFAULTS)
    progress = Progress(END, END, merged(stretches))
    for window in backlog_windows(progress.backlog, 60):
        before = minutes(progress.backlog)
        progress = after_window(plan, progress, window, False, [])
        assert minutes(progress.backlog) <= before
    assert progress.backlog == ()


def crowd(left, right):
    """As many stretches as are kept, and one more: all an hour apart but two, in their midst, by a minute."""
    far = [Stretch(n * HOUR, n * HOUR + 60, (f"E{n}",)) for n in range(-100, 100) if n not in (0, 1)]
    return [*far, left._replace(start=0, end=60), right._replace(start=120, end=180), Stretch(200 * HOUR, 201 * HOUR)]


@pytest.mark.parametrize(
    ("left", "right", "joined"),
    [
        (("E1",), ("E2",), Stretch(0, 180, ("E1", "E2"))),
        (("E1",), (), Stretch(0, 180)),
        ((), ("E2",), Stretch(0, 180)),
        (names(25), names(25, 50), Stretch(0, 180, names(50))),
        (names(25), names(25, 51), Stretch(0, 180)),
    ],
)
@pytest.mark.parametrize("held", [(False, False), (True, False), (False, True), (True, True)])
def test_of_too_many_stretches_those_that_are_nearest_become_one(left, right, joined, held) -> None:
    stretches = crowd(Stretch(0, 0, left, held[0]), Stretch(0, 0, right, held[1]))
    assert len(stretches) == MOST_STRETCHES + 1 == 201
    # Both wait for the connector only if each of them does.
    expected = [*stretches[:-3], joined._replace(is_held=all(held)), stretches[-1]]
    assert merged(stretches) == tuple(sorted(expected))
    assert merged(stretches[1:]) == tuple(sorted(stretches[1:]))


def test_more_stretches_than_can_be_kept_are_joined_and_none_is_lost() -> None:
    stretches = [Stretch(n * 600, n * 600 + 60, (f"E{n % 7}",)) for n in range(MOST_STRETCHES + 50)]
    kept = merged(stretches)
    assert len(kept) == MOST_STRETCHES
    assert minutes(stretches) <= minutes(kept)


def test_a_held_window_waits_and_the_rest_does_not() -> None:
    progress = held(Progress(END, END, (Stretch(0, 1200),)), Stretch(0, 600))
    assert progress.backlog == (Stretch(0, 600, (), True), Stretch(600, 1200))


def test_progress_survives_storage_and_an_older_one_is_understood() -> None:
    backlog = (Stretch(0, 60, ("E1",), False), Stretch(60, 120, (), True))
    progress = Progress(END, END - 60, backlog, Silence(END - 600, "E1", (Window(END - 300, END),)))
    assert parse_progress(progress.as_json()) == progress
    assert parse_progress({"version": 1, "at": END}) == Progress(END, END)


@pytest.mark.parametrize(
    "odd",
    [
        {"settled": END},
        {"at": "x"},
        {"at": None},
        {"at": END, "backlog": [[0, 60, []]]},
        {"at": END, "backlog": 7},
        {"at": END, "silence": [END, "E1"]},
        {"at": END, "silence": {"since": END}},
        7,
    ],
)
def test_what_is_no_progress_is_not_understood(odd) -> None:
    with pytest.raises(ValueError, match="not a progress"):
        parse_progress(odd)


CONFIGS = st.builds(
    lambda period, delay, lookback, catch_up: parse_config(
        {"period": 60 * period, "delay": delay, "lookback": lookback, "max_catch_up": catch_up}
    ),
    st.integers(1, 60),
    st.integers(0, 3600),
    st.integers(0, 7200),
    st.integers(3600, 15 * 86400),
)


@given(CONFIGS, st.floats(NOW, NOW + 10**7), st.one_of(st.none(), st.integers(-(10**7), 10**5)), st.integers(0, 20000))
def test_windows_are_aligned_and_in_bounds(config, now, offset, unsettled) -> None:
    known = None if offset is None else Progress(int(now) + offset, int(now) + offset - unsettled)
    plan = plan_windows(now, known, config)
    windows = [*([Stretch(*plan.recent)] if plan.recent else []), *backlog_windows(plan.start.backlog, config.period)]
    assert all(edge % config.period == 0 for window in windows for edge in window[:2])
    assert all(0 < window.end - window.start <= PERIODS_PER_WINDOW * config.period for window in windows)
    assert all(left.start == right.end for left, right in zip(windows, windows[1:]))
    if plan.recent:
        assert plan.recent.end <= now - config.delay < plan.recent.end + config.period
        assert plan.recent.end - windows[-1].start <= max(config.max_catch_up, config.first_lookback)


@given(CONFIGS, st.lists(st.floats(1, 40000), min_size=1, max_size=8), st.data())
def test_every_period_is_asked_for_and_once_more_when_late_values_have_come_or_is_named(config, pauses, data) -> None:
    now, known, asked = float(NOW), None, {}
    first = plan_windows(now, None, config).start.watermark
    for pause in pauses:
        plan = plan_windows(now, known, config)
        # The first run keeps where it begins before it asks for anything.
        known = known or Progress(plan.start.watermark, plan.start.settled)
        for stretch in plan.given_up:
            for minute in range(stretch.start, stretch.end, config.period):
                asked[minute] = float("inf")
        progress = plan.start
        todo = [*([Stretch(*plan.recent)] if plan.recent else []), *backlog_windows(progress.backlog, config.period)]
        for number, window in enumerate(todo):
            # The time limit may end the run at any window.
            if data.draw(st.integers(0, 9)) == 0:
                break
            for minute in range(window.start, window.end, config.period):
                asked[minute] = max(asked.get(minute, 0), now - minute)
            progress = after_window(plan, progress, window, number == 0 and bool(plan.recent), [])
            known = progress
        now += pause
    waiting = {minute for stretch in known.backlog for minute in range(stretch.start, stretch.end, config.period)}
    assert set(range(first, known.watermark, config.period)) - waiting <= set(asked)
    settled = set(range(first, known.settled, config.period)) - waiting
    # Whoever wants no more than the last hours caught up gets no later values either.
    if config.max_catch_up >= DAY:
        assert all(asked[minute] >= 3 * HOUR - config.period for minute in settled)


def test_values_up_to_three_hours_late_are_asked_for_with_one_window_a_run() -> None:
    known, asked, windows = None, {}, []
    for run in range(288):
        now = NOW + run * 300
        plan = plan_windows(now, known, DEFAULTS)
        assert plan.start.backlog == ()
        windows.append(plan.recent.end - plan.recent.start)
        for minute in range(plan.recent.start, plan.recent.end, 60):
            asked.setdefault(minute, []).append(now)
        known = after_window(plan, plan.start, Stretch(*plan.recent), True, [])
    for minute in range(NOW, NOW + 72000, 60):
        # A minute that is visible three hours after its end, and no sooner.
        assert any(now >= minute + 60 + 3 * HOUR for now in asked[minute])
    assert max(windows) <= REACH
    # A deeper look now and then, not in every run.
    assert sum(window > HOUR for window in windows[1:]) < len(windows) / 2


@given(st.integers(0, 20 * 3600), st.integers(0, 20 * 3600), st.sampled_from([60, 300]), st.integers(0, 7200))
def test_no_window_but_the_newest_has_minutes_that_a_later_look_asks_for_again(
    outage, before, period, lookback
) -> None:
    config = parse_config({"period": period, "lookback": lookback})
    plan = plan_windows(NOW, at(END - outage, END - outage - before), config)
    after = after_window(plan, plan.start, Stretch(*plan.recent), True, ()) if plan.recent else plan.start
    asked_again_from = min(after.watermark - lookback, after.settled)
    for stretch in after.backlog:
        assert stretch.end <= max(asked_again_from, plan.recent.end - PERIODS_PER_WINDOW * period)
    # No more windows than there must be.
    windows = ([plan.recent] if plan.recent else []) + backlog_windows(plan.start.backlog, period)
    assert max((one.end - one.start for one in windows), default=0) <= PERIODS_PER_WINDOW * period
    length = sum(one.end - one.start for one in windows)
    assert len(windows) == -(-length // (PERIODS_PER_WINDOW * period))
