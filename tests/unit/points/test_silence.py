"""A busy account that falls silent is noticed; one that is idle is not."""

import pytest

from guance_aws_cloudfront.points.silence import find_silence, is_over, late_stretch, probe_window, with_found
from guance_aws_cloudfront.points.windows import Progress, Silence, Stretch, Window
from tests.conftest import NOW

HOUR = 3600


def reported(*sources):
    """What has been reported of sources: (every so many minutes, until)."""
    known = {
        f"E{number}": list(range(until - 3 * HOUR, until, every * 60)) for number, (every, until) in enumerate(sources)
    }
    newest = max((minutes[-1] for minutes in known.values()), default=None)

    def since(begin):
        return {source: [minute for minute in minutes if minute >= begin] for source, minutes in known.items()}

    return newest, since


def test_a_busy_account_without_values_for_a_quarter_of_an_hour_is_silent() -> None:
    newest, since = reported((7, NOW), (1, NOW))
    assert find_silence(newest, since, NOW + 900, 60) == Silence(NOW, "E1")
    assert find_silence(newest, since, NOW + 840, 60) is None


def test_one_distribution_that_goes_on_is_no_silence() -> None:
    newest, since = reported((1, NOW), (1, NOW + 900))
    assert find_silence(newest, since, NOW + 900, 60) is None


def test_an_idle_account_is_never_silent() -> None:
    newest, since = reported((7, NOW), (13, NOW))
    assert find_silence(newest, since, NOW + 6 * HOUR, 60) is None
    assert find_silence(*reported(), NOW, 60) is None


def test_several_that_are_busy_together_make_a_busy_account() -> None:
    minutes = list(range(NOW - HOUR, NOW, 60))
    known = {"E0": minutes[::2], "E1": minutes[1::2]}
    silence = find_silence(minutes[-1], lambda begin: known, NOW + HOUR, 60)
    assert silence == Silence(NOW, "E0")


def test_only_what_no_regular_look_reaches_is_probed() -> None:
    silence = Silence(NOW, "E0")
    assert probe_window(silence, Progress(NOW + 3 * HOUR, NOW)) is None
    assert probe_window(silence, Progress(NOW + 4 * HOUR, NOW + HOUR)) == Window(NOW, NOW + HOUR)


def test_late_values_are_asked_for_once() -> None:
    silence = Silence(NOW, "E0")
    assert late_stretch(silence, [], 60) is None
    assert late_stretch(silence, [NOW + 60, NOW + 600], 60) == Stretch(NOW + 60, NOW + 660)
    known = silence._replace(found=(Window(NOW + 60, NOW + 660),))
    assert late_stretch(known, [NOW + 60, NOW + 600], 60) is None
    assert late_stretch(known, [NOW, NOW + 60, NOW + 600], 60) == Stretch(NOW, NOW + 60)


def test_it_is_over_when_nearly_all_has_come() -> None:
    silence, end = Silence(NOW, "E0"), NOW + HOUR
    assert not is_over(silence, [], end, 60)
    assert not is_over(silence, range(NOW, NOW + HOUR // 2, 60), end, 60)
    assert is_over(silence, range(NOW, end, 60), end, 60)


def test_minutes_that_were_found_are_kept_as_few_windows() -> None:
    found = with_found(Silence(NOW, "E0"), [NOW + 120, NOW + 180, NOW + 600], 60)
    assert found == Silence(NOW, "E0", (Window(NOW + 120, NOW + 240), Window(NOW + 600, NOW + 660)))
    assert with_found(found, [NOW + 240, NOW + 180], 60).found[0] == Window(NOW + 120, NOW + 300)
    assert with_found(found, range(NOW, NOW + 660, 60), 60).found == (Window(NOW, NOW + 660),)
    assert with_found(found, [], 60) == found
    longer = with_found(found, [NOW + 660, NOW + 720], 60)
    assert longer.found == (found.found[0], Window(NOW + 600, NOW + 780))
    assert with_found(longer, [NOW + 660], 60) == longer


@pytest.mark.parametrize(("period", "silent", "busy"), [(60, 900, HOUR), (300, 900, HOUR), (600, 1800, 2 * HOUR)])
def test_a_silence_is_three_periods_at_least_after_twelve_busy_ones(period, silent, busy) -> None:
    minutes, asked = list(range(NOW - 4 * HOUR, NOW, period)), []

    def since(begin):
        asked.append(begin)
        return {"E0": [minute for minute in minutes if minute >= begin]}

    assert find_silence(minutes[-1], since, NOW + silent - period, period) is None
    assert asked == []
    assert find_silence(minutes[-1], since, NOW + silent, period) == Silence(NOW, "E0")
    assert asked == [NOW - busy]


@pytest.mark.parametrize(("number", "is_silent"), [(53, False), (54, True)])
def test_nine_tenths_of_an_hour_make_a_busy_account(number, is_silent) -> None:
    minutes = range(NOW - number * 60, NOW, 60)
    assert (find_silence(minutes[-1], lambda begin: {"E0": minutes}, NOW + HOUR, 60) is not None) is is_silent


def test_nine_tenths_of_the_minutes_end_it_and_one_at_least() -> None:
    silence = Silence(NOW, "E0")
    assert is_over(silence, range(NOW, NOW + 54 * 60, 60), NOW + HOUR, 60)
    assert not is_over(silence, range(NOW, NOW + 53 * 60, 60), NOW + HOUR, 60)
    assert is_over(silence, [NOW], NOW + 60, 60)
    assert not is_over(silence, [], NOW, 60)


def test_the_minute_after_what_was_found_is_new() -> None:
    silence = Silence(NOW, "E0", (Window(NOW + 60, NOW + 660),))
    assert late_stretch(silence, [NOW + 600, NOW + 660], 60) == Stretch(NOW + 660, NOW + 720)
