"""The digest lets only new and changed points through, survives storage, and stays bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guance_aws_cloudfront.func import digest as digest_module
from guance_aws_cloudfront.func.digest import Digest, load_digest
from tests.conftest import NOW


def verdict(digest, source, minute, fields):
    """What a completely answered minute is to what was sent."""
    return digest.verdict(source, minute, fields, partial=False)[0]


FIELDS = {"Requests_Sum": 12.0, "4xxErrorRate_Average": 0.5}


def test_a_point_is_new_then_unchanged_then_changed() -> None:
    digest = Digest(60)
    assert verdict(digest, "E1", NOW, FIELDS) == "new"
    digest.remember("E1", NOW, FIELDS)
    assert verdict(digest, "E1", NOW, dict(reversed(list(FIELDS.items())))) == "unchanged"
    assert verdict(digest, "E1", NOW, {**FIELDS, "Requests_Sum": 13.0}) == "changed"
    assert verdict(digest, "E1", NOW, {"Requests_Sum": 12.0}) == "changed"
    assert verdict(digest, "E1", NOW + 60, FIELDS) == "new"
    assert verdict(digest, "E2", NOW, FIELDS) == "new"


@given(
    st.dictionaries(
        st.sampled_from(["E1", "E2", "EDFDVBD6EXAMPLE"]),
        st.dictionaries(st.integers(0, 60), st.floats(0, 1e12), max_size=8),
        max_size=3,
    ),
    st.sampled_from([60, 300]),
)
def test_what_was_remembered_is_known_after_storage(sent, period) -> None:
    digest = Digest(period)
    points = [
        (key, NOW + at * period, {"Requests_Sum": v}) for key, minutes in sent.items() for at, v in minutes.items()
    ]
    for point in points:
        digest.remember(*point)
    loaded = load_digest(digest.dump(), period)
    assert all(verdict(loaded, *point) == "unchanged" for point in points)
    assert verdict(loaded, "E1", NOW + 61 * period, FIELDS) == "new"


def test_another_period_and_another_version_begin_anew() -> None:
    digest = Digest(60)
    digest.remember("E1", NOW, FIELDS)
    assert verdict(load_digest(digest.dump(), 300), "E1", NOW, FIELDS) == "new"
    assert verdict(load_digest(digest.dump().replace('"version":4', '"version":1'), 60), "E1", NOW, FIELDS) == "new"
    assert verdict(load_digest(None, 60), "E1", NOW, FIELDS) == "new"


@pytest.mark.parametrize(
    "text", ["nonsense", "[]", '{"version":4,"period":60,"covers":[0,0],"start":0,"sent":{"E1":[0,"AAA"]}}', "7"]
)
def test_what_is_no_digest_is_refused(text) -> None:
    with pytest.raises(ValueError, match="not a digest"):
        load_digest(text, 60)


def test_minutes_that_will_not_be_asked_again_are_forgotten() -> None:
    digest = Digest(60)
    for minute in range(0, 30 * 60, 60):
        digest.remember("E1", NOW + minute, FIELDS)
    digest.remember("E2", NOW, FIELDS)
    digest.keep(NOW + 600)
    assert verdict(digest, "E1", NOW + 540, FIELDS) == "new"
    assert verdict(digest, "E1", NOW + 600, FIELDS) == "unchanged"
    assert "E2" not in digest.dump()


def test_what_was_left_behind_is_remembered_too_of_its_sources_alone() -> None:
    digest = Digest(60)
    for name in ("E1", "E2"):
        for minute in range(0, 100 * 60, 60):
            digest.remember(name, NOW + minute, FIELDS)
    digest.keep(NOW + 90 * 60, 0, [(NOW + 600, NOW + 1200, ("E1",)), (NOW + 1200, NOW + 1260, ())])
    digest = load_digest(digest.dump(), 60)
    known = {
        (name, minute)
        for name in ("E1", "E2")
        for minute in range(100)
        if verdict(digest, name, NOW + minute * 60, FIELDS) == "unchanged"
    }
    recent = {(name, minute) for name in ("E1", "E2") for minute in range(90, 100)}
    assert known == recent | {("E1", minute) for minute in range(10, 20)} | {("E1", 20), ("E2", 20)}


def test_what_was_left_behind_stays_bounded_and_the_recent_minutes_are_always_kept(monkeypatch) -> None:
    monkeypatch.setattr(digest_module, "MOST_ENTRIES", 40)
    digest = Digest(60)
    for name in ("E1", "E2"):
        for minute in range(0, 100 * 60, 60):
            digest.remember(name, NOW + minute, FIELDS)
    digest.keep(NOW + 50 * 60, 0, [(NOW, NOW + 30 * 60, ())])
    kept = sum(len(span.checksums) for spans in digest._sent.values() for span in spans)
    assert kept == 2 * 50 + 30
    assert verdict(digest, "E2", NOW + 50 * 60, FIELDS) == "unchanged"


@pytest.mark.parametrize("partial", [False, True])
def test_a_thousand_distributions_stay_under_a_megabyte(partial) -> None:
    digest = Digest(60)
    for number in range(1000):
        for minute in range(0, 3 * 3600, 60):
            digest.remember(f"E{number:013}", NOW + minute, FIELDS, partial)
    digest.keep(0)
    assert len(digest.dump()) < 1_000_000


def test_one_very_old_minute_does_not_make_the_dump_large() -> None:
    digest = Digest(60)
    for number in range(250):
        digest.remember(f"E{number}", NOW, FIELDS)
    digest.remember("E0", NOW - 15 * 86400, FIELDS)
    digest.keep(0)
    assert len(digest.dump()) < 50_000
    assert verdict(digest, "E249", NOW, FIELDS) == "unchanged"


PART = {"Requests_Sum": 12.0}


def test_of_a_point_that_was_sent_in_part_only_the_rest_is_sent_later() -> None:
    digest = Digest(60)
    assert digest.verdict("E1", NOW, PART, partial=True) == ("new", PART)
    digest.remember("E1", NOW, PART, partial=True)
    digest = load_digest(digest.dump(), 60)
    assert digest.verdict("E1", NOW, PART, partial=True) == ("unchanged", {})
    assert digest.verdict("E1", NOW, PART, partial=False) == ("unchanged", {})
    assert digest.verdict("E1", NOW, FIELDS, partial=False) == ("changed", {"4xxErrorRate_Average": 0.5})
    digest.remember("E1", NOW, FIELDS)
    assert digest.verdict("E1", NOW, FIELDS, partial=False) == ("unchanged", {})
    assert '"partial":[]' in digest.dump()


def test_of_a_point_that_was_sent_in_part_and_revised_all_is_sent() -> None:
    digest = Digest(60)
    digest.remember("E1", NOW, PART, partial=True)
    revised = {**FIELDS, "Requests_Sum": 13.0}
    assert digest.verdict("E1", NOW, revised, partial=False) == ("changed", revised)


def test_a_point_that_was_sent_whole_is_left_alone_while_only_a_part_is_answered() -> None:
    digest = Digest(60)
    digest.remember("E1", NOW, FIELDS)
    assert digest.verdict("E1", NOW, PART, partial=True) == ("unchanged", {})
    assert digest.verdict("E1", NOW, FIELDS, partial=False) == ("unchanged", {})


def test_a_thousand_points_sent_in_part_stay_small() -> None:
    digest = Digest(60)
    for number in range(1000):
        for minute in range(0, 20 * 60, 60):
            digest.remember(f"E{number:013}", NOW + minute, PART, partial=True)
    assert len(digest.dump()) < 600_000
    digest.keep(NOW + 3600)
    assert '"partial":[]' in digest.dump()


def test_which_fields_were_sent_comes_back_for_every_minute() -> None:
    digest, sets = Digest(60), [{"a": 1.0}, {"a": 1.0}, {"b": 1.0}, None, {"b": 1.0}, {"a": 1.0, "b": 1.0}]
    for source in ("E1", "E2"):
        for number, fields in enumerate(sets):
            if fields:
                digest.remember(source, NOW + number * 60, fields, partial=True)
            else:
                digest.remember(source, NOW + number * 60, {"whole": 1.0})
        sets = sets[::-1]
    again = load_digest(digest.dump(), 60)
    assert (again._sent, again._partial) == (digest._sent, {key: dict(value) for key, value in digest._partial.items()})
    assert again.dump() == digest.dump()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["remember", "forget", "store"]),
            st.sampled_from(["E1", "E2"]),
            st.integers(0, 400),
            st.floats(0, 1e12),
        ),
        max_size=40,
    ),
    st.sampled_from([60, 300]),
)
def test_it_knows_what_was_sent_in_whatever_order_and_no_other_minute(steps, period) -> None:
    digest, sent = Digest(period), {}
    for what, source, at, value in steps:
        if what == "remember":
            digest.remember(source, NOW + at * period, {"Requests_Sum": value})
            sent[source, at] = value
        elif what == "forget":
            digest.keep(NOW + at * period)
            sent = {key: kept for key, kept in sent.items() if key[1] >= at}
        else:
            digest = load_digest(digest.dump(), period)
        for key in [
            (source, place)
            for source in ("E1", "E2")
            for place in {-1, 401, at, *range(0, 402, 7), *(key[1] for key in sent)}
        ]:
            fields = {"Requests_Sum": sent.get(key, 0.5)}
            wanted = "unchanged" if key in sent else "new"
            assert verdict(digest, key[0], NOW + key[1] * period, fields) == wanted


def test_a_minute_takes_four_bytes() -> None:
    digest = Digest(60)
    for minute in range(0, 24 * 3600, 60):
        digest.remember("E1", NOW + minute, FIELDS)
    ((_, checksums),) = digest._sent["E1"]
    assert len(checksums) * checksums.itemsize == 4 * 24 * 60


def test_it_knows_since_when_all_that_was_sent_is_known() -> None:
    digest = Digest(60)
    assert digest.known_since(NOW) is None
    digest.keep(NOW - 3600, NOW)
    digest = load_digest(digest.dump(), 60)
    assert digest.known_since(NOW) == NOW - 3600
    # A run that could not keep what it had sent has moved the watermark on.
    assert digest.known_since(NOW + 60) is None


def test_a_point_whose_checksum_is_zero_is_remembered_too() -> None:
    # Found by trying them one after the other: 0 stands for "nothing sent".
    digest, fields = Digest(60), {"a": 9993818.0}
    digest.remember("E1", NOW, fields)
    assert verdict(digest, "E1", NOW, fields) == "unchanged"
    assert verdict(load_digest(digest.dump(), 60), "E1", NOW, fields) == "unchanged"


def test_it_knows_the_newest_minute_and_what_was_sent_since_one() -> None:
    digest = Digest(300)
    assert (digest.newest(), digest.reported_since(0)) == (None, {})
    for minute in (0, 300, 900, 90_000):
        digest.remember("E1", NOW + minute, FIELDS)
    digest.remember("E2", NOW + 600, FIELDS)
    assert digest.newest() == NOW + 90_000
    assert digest.reported_since(0) == {
        "E1": [NOW, NOW + 300, NOW + 900, NOW + 90_000],
        "E2": [NOW + 600],
    }
    assert digest.reported_since(NOW + 900) == {"E1": [NOW + 900, NOW + 90_000]}
    assert digest.reported_since(NOW + 90_001) == {}


def known_minutes(digest, source, until=200):
    """The minutes of a source, from NOW on, that are known as sent."""
    return [minute for minute in range(until) if verdict(digest, source, NOW + minute * 60, FIELDS) == "unchanged"]


@pytest.mark.parametrize(
    ("sent", "left_behind", "known"),
    [
        # Nothing was sent of what was left behind, before all that was sent or after it.
        ([range(20, 30)], [(5, 10)], []),
        ([range(20, 30)], [(40, 50)], []),
        ([range(20, 30)], [(10, 20)], []),
        ([range(20, 30)], [(30, 40)], []),
        ([range(20, 30)], [(10, 21)], [20]),
        ([range(20, 30)], [(29, 40)], [29]),
        # Stretches that overlap, and that reach beyond what is kept in any case.
        ([range(20, 30)], [(20, 25), (22, 28)], [*range(20, 28)]),
        ([range(20, 120)], [(20, 25), (95, 110)], [*range(20, 25), *range(95, 120)]),
        ([range(20, 120)], [(100, 110)], [*range(100, 120)]),
        # Several spans of one source, more than an hour apart.
        (
            [range(0, 5), range(80, 90), range(100, 110)],
            [(0, 3), (85, 100)],
            [0, 1, 2, *range(85, 90), *range(100, 110)],
        ),
    ],
)
def test_of_what_was_left_behind_exactly_what_was_sent_is_known(sent, left_behind, known) -> None:
    digest = Digest(60)
    for minutes in sent:
        for minute in minutes:
            digest.remember("E1", NOW + minute * 60, FIELDS)
    digest.keep(NOW + 100 * 60, 0, [(NOW + start * 60, NOW + end * 60, ()) for start, end in left_behind])
    assert known_minutes(digest, "E1") == known
    assert known_minutes(load_digest(digest.dump(), 60), "E1") == known


def test_stretches_that_touch_become_one_again() -> None:
    digest = Digest(60)
    for minute in range(0, 120):
        digest.remember("E1", NOW + minute * 60, FIELDS)
    digest.keep(NOW + 100 * 60, 0, [(NOW, NOW + 600, ()), (NOW + 90 * 60, NOW + 100 * 60, ())])
    assert known_minutes(digest, "E1") == [*range(10), *range(90, 120)]
    assert len(digest._sent["E1"]) == 2


@pytest.mark.parametrize(("gap", "spans"), [(60, 1), (61, 2)])
def test_minutes_more_than_an_hour_apart_are_kept_in_spans_of_their_own(gap, spans) -> None:
    later, earlier = Digest(60), Digest(60)
    for minute in (0, gap + 1):
        later.remember("E1", NOW + minute * 60, FIELDS)
    for minute in (gap, 0):
        earlier.remember("E1", NOW + minute * 60, FIELDS)
    assert len(later._sent["E1"]) == len(earlier._sent["E1"]) == spans
    assert known_minutes(later, "E1") == [0, gap + 1]
    assert known_minutes(earlier, "E1") == [0, gap]


@pytest.mark.parametrize(("most", "kept"), [(60, 60), (59, 30), (30, 30), (29, 0)])
def test_what_was_left_behind_is_kept_up_to_its_bound(monkeypatch, most, kept) -> None:
    monkeypatch.setattr(digest_module, "MOST_ENTRIES", most)
    digest = Digest(60)
    for name in ("E1", "E2"):
        for minute in range(0, 100):
            digest.remember(name, NOW + minute * 60, FIELDS)
    digest.keep(NOW + 100 * 60, 0, [(NOW, NOW + 30 * 60, ())])
    assert len(known_minutes(digest, "E1") + known_minutes(digest, "E2")) == kept


def test_which_fields_were_sent_in_part_is_known_of_all_that_is_kept() -> None:
    digest = Digest(60)
    for name in ("E1", "E2"):
        for minute in range(0, 100):
            digest.remember(name, NOW + minute * 60, PART, partial=True)
    digest.keep(NOW + 90 * 60, 0, [(NOW + 10 * 60, NOW + 20 * 60, ("E1",))])
    digest = load_digest(digest.dump(), 60)
    rest = ("changed", {"4xxErrorRate_Average": 0.5})
    for name, minutes in (("E1", [*range(10, 20), *range(90, 100)]), ("E2", range(90, 100))):
        found = [digest.verdict(name, NOW + minute * 60, FIELDS, partial=False) for minute in range(0, 100)]
        assert found == [rest if minute in minutes else ("new", FIELDS) for minute in range(0, 100)]
