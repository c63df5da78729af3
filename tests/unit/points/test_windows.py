"""Windows: no gap, no overlap beyond the lookback, aligned, in bounds."""

from hypothesis import given
from hypothesis import strategies as st

from guance_aws_cloudfront.points.windows import CHUNK_SECONDS, Window, plan_windows
from guance_aws_cloudfront.settings.config import parse_config
from tests.conftest import NOW

DEFAULTS = parse_config({})


def test_the_first_run_begins_an_hour_before_the_settled_end() -> None:
    plan = plan_windows(NOW + 13, None, DEFAULTS)
    end = NOW - 180
    assert plan.chunks == [Window(end - 3600, end)]
    assert plan.watermark == end - 3600
    assert plan.given_up is None


def test_a_later_run_asks_again_for_the_lookback() -> None:
    plan = plan_windows(NOW, NOW - 480, DEFAULTS)
    assert plan.chunks == [Window(NOW - 480 - 900, NOW - 180)]
    assert plan.watermark == NOW - 480


def test_an_outage_is_caught_up_oldest_first_in_chunks_of_three_hours() -> None:
    watermark = NOW - 180 - 7 * 3600
    chunks = plan_windows(NOW, watermark, DEFAULTS).chunks
    assert [chunk.end - chunk.start for chunk in chunks] == [10800, 10800, 3600 + 900]
    assert chunks[0].start == watermark - 900


def test_what_lies_beyond_the_catch_up_is_named_as_given_up() -> None:
    watermark = NOW - 180 - 54 * 3600
    plan = plan_windows(NOW, watermark, DEFAULTS)
    oldest = NOW - 180 - 172800
    assert plan.given_up == Window(watermark, oldest)
    assert plan.chunks[0].start == oldest == plan.watermark


def test_nothing_is_given_up_where_the_catch_up_reaches_just_far_enough() -> None:
    plan = plan_windows(NOW, NOW - 180 - 172800, DEFAULTS)
    assert plan.given_up is None
    assert plan.chunks[0].start == plan.watermark == NOW - 180 - 172800


def test_the_lookback_alone_is_never_given_up() -> None:
    watermark = NOW - 180 - 172800 + 60
    assert plan_windows(NOW, watermark, DEFAULTS).given_up is None


def test_a_watermark_from_a_clock_that_was_ahead_does_not_open_a_gap() -> None:
    plan = plan_windows(NOW, NOW + 7200, DEFAULTS)
    assert plan.watermark == NOW - 180
    assert plan.chunks == [Window(NOW - 180 - 900, NOW - 180)]


CONFIGS = st.builds(
    lambda period, delay, lookback, catch_up: parse_config(
        {"period": 60 * period, "delay": delay, "lookback": lookback, "max_catch_up": catch_up}
    ),
    st.integers(1, 60),
    st.integers(0, 3600),
    st.integers(0, 7200),
    st.integers(3600, 15 * 86400),
)


@given(CONFIGS, st.floats(NOW, NOW + 10**7), st.one_of(st.none(), st.integers(-(10**7), 10**5)))
def test_windows_are_aligned_gapless_and_in_bounds(config, now, watermark_offset) -> None:
    watermark = None if watermark_offset is None else int(now) + watermark_offset
    plan = plan_windows(now, watermark, config)
    edges = [edge for chunk in plan.chunks for edge in chunk]
    assert all(edge % config.period == 0 for edge in edges)
    assert all(0 < chunk.end - chunk.start <= CHUNK_SECONDS for chunk in plan.chunks)
    assert all(left.end == right.start for left, right in zip(plan.chunks, plan.chunks[1:]))
    if plan.chunks:
        end = plan.chunks[-1].end
        assert end <= now - config.delay < end + config.period
        assert end - plan.chunks[0].start <= max(config.max_catch_up, config.first_lookback)
        assert plan.chunks[0].start <= plan.watermark


@given(CONFIGS, st.lists(st.floats(1, 40000), min_size=1, max_size=8))
def test_successive_runs_ask_for_every_period_or_name_it_as_given_up(config, pauses) -> None:
    now, watermark, asked = float(NOW), None, set()
    first = plan_windows(now, None, config).chunks[0].start
    for pause in pauses:
        plan = plan_windows(now, watermark, config)
        for window in plan.chunks + ([plan.given_up] if plan.given_up else []):
            asked.update(range(window.start, window.end, config.period))
        watermark = max([plan.watermark, *(chunk.end for chunk in plan.chunks)])
        now += pause
    assert set(range(first, watermark, config.period)) <= asked


@given(CONFIGS, st.floats(NOW, NOW + 10**6), st.integers(60, 40000))
def test_a_run_asks_again_for_the_lookback_and_no_period_more(config, now, pause) -> None:
    before = plan_windows(now, None, config)
    watermark = max([before.watermark, *(chunk.end for chunk in before.chunks)])
    plan = plan_windows(now + pause, watermark, config)
    asked = [chunk for chunk in plan.chunks if chunk.start < watermark]
    again = sum(min(chunk.end, watermark) - chunk.start for chunk in asked)
    assert again <= -(-config.lookback // config.period) * config.period
    # And all of it, unless that lies before what may be caught up.
    if plan.chunks and plan.chunks[0].start > now + pause - config.delay - config.max_catch_up + config.period:
        assert again >= min(config.lookback, watermark - plan.chunks[0].start)


def test_what_cloudwatch_has_dropped_is_not_asked_for_minute_by_minute() -> None:
    config = parse_config({"max_catch_up": 15 * 86400})
    plan = plan_windows(NOW, NOW - 16 * 86400, config)
    assert plan.chunks[0].start == plan.watermark == NOW - 15 * 86400 + 60
    assert plan.given_up == Window(NOW - 16 * 86400, plan.watermark)
    # Of five minutes and more it keeps 63 days.
    coarse = parse_config({"max_catch_up": 15 * 86400, "period": 300})
    assert plan_windows(NOW, NOW - 16 * 86400, coarse).chunks[0].start == NOW - 300 - 15 * 86400
