"""Each change is told once, whatever becomes of the sink, the listing, the choice or what was known."""

import copy
import json
import random

import pytest

from devtools.clock import SimulatedClock
from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.guance.sink import KeepsTime, Preview, Refusal, ReportError
from guance_aws_cloudfront.points.changes import known_form
from guance_aws_cloudfront.settings.account import parse_account
from guance_aws_cloudfront.settings.config import parse_config
from guance_aws_cloudfront.steps.events import MOST_PENDING, Memory, load_memory, report_changes
from guance_aws_cloudfront.steps.inventory import Distributions
from guance_aws_cloudfront.steps.old_points import OldPoints
from guance_aws_cloudfront.steps.run import Run
from tests.conftest import NOW, RAW_ACCOUNT
from tests.unit.points.test_changes import RECORD, SECRET

ACCOUNT = parse_account(RAW_ACCOUNT)


def distribution(number, **changes):
    return {**copy.deepcopy(RECORD), "Id": f"E{number:04d}", "DomainName": f"d{number}.cloudfront.net", **changes}


class Cache:
    """State of which only this step's part is used."""

    def __init__(self) -> None:
        self.kept, self.writes = {}, 0

    def recall(self, what):
        return json.loads(self.kept[what]) if what in self.kept else None

    def keep(self, what, kept, otherwise):
        self.kept[what] = json.dumps(kept)
        self.writes += 1


class Told:
    """A sink that takes events, or fails for some writes or for some points."""

    def __init__(self) -> None:
        self.points, self.fails, self.refuses, self.writes = [], None, (), 0

    def keeps_time(self, configured, witness, now):
        return KeepsTime(True, "the connector writes past DataKit")

    def write(self, category, points, written):
        assert category == "keyevent"
        assert 0 < len(points) <= 100
        self.writes += 1
        if self.fails:
            raise self.fails
        refusals = []
        for position, point in enumerate(points):
            if point["tags"]["name"] in self.refuses:
                refusals.append(Refusal(position, "400"))
            else:
                self.points.append(point)
                written(position)
        return refusals

    def kinds(self):
        return [(point["tags"]["name"], point["tags"]["change_type"]) for point in self.points]


def a_run(configs, state, sink, log, now):
    """What the steps of a run work with, but for AWS, which events do not ask."""
    return Run(ACCOUNT, parse_config(configs), SimulatedClock(now), 0.0, state, log, sink, None, False)


def distributions(listed, chosen):
    """All distributions, and those that are collected."""
    return Distributions(chosen, {}, listed, {}, set())


class Runs:
    """Runs every five minutes, each with a listing."""

    def __init__(self) -> None:
        self.cache, self.sink, self.now, self.log = Cache(), Told(), NOW, RunLog("prod")

    def run(self, listed, chosen=None, details=None, configs=None, sink=None):
        self.now += 300
        run = a_run(configs or {}, self.cache, sink or self.sink, self.log, self.now)
        known = distributions(listed, listed if chosen is None else chosen)
        return report_changes(run, known, details or {}, OldPoints(run, known))


@pytest.fixture
def runs():
    return Runs()


ONE, TWO = distribution(1), distribution(2)
# One and two after a modification.
ONE_MODIFIED = distribution(1, HttpVersion="http3", LastModifiedTime=NOW + 100.0)
TWO_MODIFIED = distribution(2, PriceClass="PriceClass_100", LastModifiedTime=NOW + 100.0)


def test_the_first_run_tells_nothing_and_what_changes_after_it_is_told_once(runs) -> None:
    assert runs.run([ONE, TWO]) == 0
    assert runs.run([ONE, TWO]) == 0
    assert runs.run([ONE_MODIFIED, TWO]) == 1
    assert runs.run([ONE_MODIFIED, TWO]) == 0
    assert runs.sink.kinds() == [("E0001", "changed")]
    assert runs.sink.points[0]["timestamp"] == NOW + 100


def test_nothing_is_kept_anew_while_nothing_changes_but_once_a_day(runs) -> None:
    runs.run([ONE])
    before = runs.cache.kept["events"]
    runs.run([ONE])
    assert runs.cache.kept["events"] == before
    # Kept by the first run: a second less than a day ago, then a day.
    runs.now += 86400 - 601
    runs.run([ONE])
    assert runs.cache.kept["events"] == before
    runs.now -= 299
    runs.run([ONE])
    assert runs.cache.kept["events"] != before


def test_a_created_distribution_is_told_and_one_that_is_newly_chosen_is_not(runs) -> None:
    runs.run([ONE, TWO], chosen=[ONE])
    runs.run([ONE, TWO], chosen=[ONE, TWO])
    assert runs.sink.points == []
    runs.run([ONE, TWO, distribution(3)])
    assert runs.sink.kinds() == [("E0003", "created")]
    runs.run([ONE, TWO_MODIFIED, distribution(3)], chosen=[TWO_MODIFIED])
    runs.run([ONE, TWO_MODIFIED, distribution(3)])
    runs.run([ONE_MODIFIED, TWO_MODIFIED, distribution(3)])
    assert runs.sink.kinds() == [("E0003", "created"), ("E0002", "changed"), ("E0001", "changed")]


def test_what_is_not_collected_is_not_told(runs) -> None:
    runs.run([ONE, TWO], chosen=[ONE])
    runs.run([ONE, TWO_MODIFIED], chosen=[ONE])
    runs.run([ONE, TWO_MODIFIED, distribution(3)], chosen=[ONE])
    for _ in range(3):
        runs.run([ONE], chosen=[ONE])
    assert runs.sink.points == []


def test_a_deletion_is_told_when_two_good_listings_agree(runs) -> None:
    runs.run([ONE, TWO])
    runs.run([ONE])
    assert runs.sink.points == []
    runs.run([ONE])
    assert runs.sink.kinds() == [("E0002", "deleted")]
    assert runs.sink.points[0]["timestamp"] == NOW + 600
    runs.run([ONE])
    runs.run([ONE])
    assert len(runs.sink.points) == 1


def test_a_distribution_that_is_missing_once_or_in_an_empty_listing_is_not_deleted(runs) -> None:
    runs.run([ONE, TWO])
    for listed in ([ONE], [ONE, TWO], [ONE], [], [], [ONE, TWO], [], []):
        runs.run(listed)
    runs.run([ONE, TWO_MODIFIED])
    assert runs.sink.kinds() == [("E0002", "changed")]


def test_a_choice_of_none_tells_nothing_and_keeps_who_was_there(runs) -> None:
    runs.run([ONE, TWO])
    runs.run([ONE, TWO], chosen=[])
    runs.run([ONE, TWO])
    assert runs.sink.points == []


DOWN = ReportError("Writing 1 point failed.", 0, "")


def test_nothing_is_lost_while_the_sink_is_down(runs) -> None:
    """Each change that was seen is told of its own, also where a distribution changed twice meanwhile."""
    runs.run([ONE, TWO])
    runs.sink.fails = DOWN
    again = distribution(1, HttpVersion="http2", LastModifiedTime=NOW + 700.0)
    for listed in ([ONE_MODIFIED, TWO], [ONE_MODIFIED, TWO_MODIFIED], [again, TWO_MODIFIED], [again, TWO_MODIFIED]):
        with pytest.raises(ReportError):
            runs.run(listed)
    runs.sink.fails = None
    assert runs.run([again, TWO_MODIFIED]) == 3
    assert runs.run([again, TWO_MODIFIED]) == 0
    told = [(point["tags"]["name"], point["fields"]["diff"]) for point in runs.sink.points]
    assert told == [
        ("E0001", "HTTP version: http2 → http3"),
        ("E0002", "Price class: PriceClass_All → PriceClass_100"),
        ("E0001", "HTTP version: http3 → http2"),
    ]


def test_an_event_whose_write_may_have_arrived_comes_again_under_its_id(runs) -> None:
    runs.run([ONE])
    runs.sink.fails = DOWN
    with pytest.raises(ReportError):
        runs.run([ONE_MODIFIED])
    (pending,) = load_memory(runs.cache.recall("events")).pending
    runs.sink.fails = None
    runs.run([ONE_MODIFIED])
    assert runs.sink.points == [pending]


def test_a_sink_that_takes_no_events_does_not_end_the_run(runs, capsys) -> None:
    runs.run([ONE])
    runs.sink.fails = ReportError("Writing 1 point failed (403).", 403, "")
    assert runs.run([ONE_MODIFIED]) == 0
    printed = capsys.readouterr().out
    assert "FAILED: Changes: Writing 1 point failed (403)." in printed
    assert "'events': False" in printed
    runs.sink.fails = None
    assert runs.run([ONE_MODIFIED]) == 1


def test_an_event_that_is_refused_for_ever_does_not_come_again(runs, capsys) -> None:
    runs.run([ONE, TWO])
    runs.sink.refuses = ("E0001",)
    assert runs.run([ONE_MODIFIED, TWO_MODIFIED]) == 1
    assert "FAILED: The connector refused the change event of E0001 (400). Report it" in capsys.readouterr().out
    runs.sink.refuses = ()
    assert runs.run([ONE_MODIFIED, TWO_MODIFIED]) == 0
    assert runs.sink.kinds() == [("E0002", "changed")]


def test_a_lost_cache_starts_anew_in_silence(runs) -> None:
    runs.run([ONE, TWO])
    runs.cache.kept.clear()
    assert runs.run([ONE_MODIFIED]) == 0
    assert runs.run([ONE_MODIFIED, TWO_MODIFIED]) == 1
    assert runs.sink.kinds() == [("E0002", "created")]


@pytest.mark.parametrize(
    "kept", [{}, {"form": 0}, {"form": 1, "at": 0, "packed": "x"}, {"form": 1}, {"form": 1, "at": "x", "packed": ""}]
)
def test_what_is_kept_in_another_form_starts_anew_in_silence(runs, kept) -> None:
    runs.cache.kept["events"] = json.dumps(kept)
    assert runs.run([ONE]) == 0
    assert runs.run([ONE_MODIFIED]) == 1


@pytest.mark.parametrize("number", [MOST_PENDING, MOST_PENDING + 1, 250, 2 * MOST_PENDING + 250])
def test_many_changes_at_once_are_all_told(runs, number, capsys) -> None:
    runs.run([distribution(one) for one in range(number)])
    modified = [distribution(one, WebACLId="", LastModifiedTime=NOW + 100.0) for one in range(number)]
    runs.sink.fails = DOWN
    with pytest.raises(ReportError):
        runs.run(modified)
    assert len(load_memory(runs.cache.recall("events")).pending) == min(number, MOST_PENDING)
    runs.sink.fails = None
    before = runs.cache.writes
    assert runs.run(modified) == number
    # What is known of thousands takes long to keep: as rarely as can be, and once at the end.
    assert runs.cache.writes - before <= -(-number // MOST_PENDING) + 1
    # One write failed; the others are of a hundred each.
    assert runs.sink.writes == 1 + -(-number // 100)
    assert sorted(runs.sink.kinds()) == [(f"E{one:04d}", "changed") for one in range(number)]
    assert len({point["tags"]["df_event_id"] for point in runs.sink.points}) == number
    assert f"Changes: {number:,} events reported." in capsys.readouterr().out


def test_what_pends_is_bounded_though_some_was_left_before(runs) -> None:
    number = MOST_PENDING + 100
    runs.run([distribution(one) for one in range(number)])
    runs.sink.fails = DOWN
    # Fewer than a write takes are left; then all others change, too.
    for changed in (50, number):
        later = [distribution(one, WebACLId="", LastModifiedTime=NOW + 100.0) for one in range(changed)]
        with pytest.raises(ReportError):
            runs.run([*later, *(distribution(one) for one in range(changed, number))])
        pending = load_memory(runs.cache.recall("events")).pending
        assert len(pending) == min(changed, MOST_PENDING)
    runs.sink.fails = None
    runs.run(later)
    assert sorted(runs.sink.kinds()) == [(f"E{one:04d}", "changed") for one in range(number)]


def test_the_log_has_five_titles_and_how_many_more_there_are(runs, capsys) -> None:
    records = [distribution(one) for one in range(7)]
    runs.run(records)
    for number in (5, 7):
        capsys.readouterr()
        runs.run(
            [distribution(one, PriceClass=f"for {number}", LastModifiedTime=NOW + number) for one in range(number)]
        )
        lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Changed: ")]
        assert len([line for line in lines if not line.endswith("more.")]) == 5
        assert lines[5:] == (["Changed: 2 more."] if number == 7 else [])


def test_an_event_that_is_too_old_for_the_connector_stands_at_the_present(runs) -> None:
    runs.run([ONE])
    runs.sink.keeps_time = lambda configured, witness, now: KeepsTime(False, "it gives old points the present time")
    runs.sink.fails = DOWN
    with pytest.raises(ReportError):
        runs.run([ONE_MODIFIED])
    runs.sink.fails = None
    runs.now += 3 * 3600
    assert runs.run([ONE_MODIFIED]) == 1
    assert runs.sink.points[0]["timestamp"] == runs.now
    # The text says when it was.
    assert "seen 2026-03-01T10:10:00Z" in runs.sink.points[0]["fields"]["df_message"]


def test_switched_off_or_in_a_preview_nothing_is_told_or_kept(runs, capsys) -> None:
    for options in ({"configs": {"events": False}}, {"sink": Preview()}):
        assert runs.run([ONE], **options) == 0
        assert runs.run([ONE_MODIFIED], **options) == 0
    assert (runs.sink.points, runs.cache.kept) == ([], {})


def test_what_could_not_be_asked_for_is_known_from_before(runs) -> None:
    runs.run([ONE], details={"E0001": {"Logging": "off"}})
    runs.run([ONE_MODIFIED])
    runs.run([ONE_MODIFIED], details={"E0001": {"Logging": "logs/cdn"}})
    runs.run([ONE_MODIFIED], details={"E0001": {"Logging": "logs/cdn"}})
    assert [point["fields"]["diff"] for point in runs.sink.points] == [
        "HTTP version: http2 → http3",
        "Standard logging: off → logs/cdn",
    ]


def wide(number):
    """A distribution with as many alternate domain names and behaviors as CloudFront allows by default."""
    record = distribution(number)
    names = [f"{number:04d}-{place:03d}.{hash((number, place)) & 0xFFFFFFFF:08x}.example.com" for place in range(100)]
    record["Aliases"] = {"Quantity": 100, "Items": names}
    behavior = record["CacheBehaviors"]["Items"][0]
    record["CacheBehaviors"]["Items"] = [{**behavior, "PathPattern": f"/{number}/{place}/*"} for place in range(25)]
    return record


def test_texts_are_kept_whole_where_there_is_room_for_them() -> None:
    memory = Memory()
    memory.known = {"E1": known_form(wide(1))}
    assert any(len(text) > 2000 for text in memory.known["E1"]["texts"].values())
    assert load_memory(memory.dump(NOW)).known == memory.known


@pytest.mark.parametrize("make", [distribution, wide])
def test_a_thousand_distributions_are_kept_in_less_than_a_megabyte(make) -> None:
    records = [make(number) for number in range(1000)]
    memory = Memory()
    memory.known = {record["Id"]: known_form(record) for record in records}
    memory.others = [f"EOTHER{number:08d}" for number in range(1000)]
    point = {
        "measurement": "event",
        "tags": {"name": "E"},
        "fields": {"df_message": "x" * 4000, "diff": "x" * 4000},
        "timestamp": NOW,
    }
    # Of each its own text, as the configurations differ.
    differs = random.Random(1)
    memory.pending = [
        {**point, "fields": {**point["fields"], "diff": f"{differs.getrandbits(4000):x}"}} for _ in range(MOST_PENDING)
    ]
    kept = json.dumps(memory.dump(NOW))
    assert len(kept) < 1_000_000
    assert SECRET not in json.dumps(memory.known)
    # And what was cut for that is known all the same.
    cache, sink = Cache(), Told()
    cache.kept["events"] = kept
    run = a_run({}, cache, sink, RunLog("prod"), NOW + 300)
    known = distributions(records, records)
    assert report_changes(run, known, {}, OldPoints(run, known)) == MOST_PENDING
    assert {point["tags"]["name"] for point in sink.points} == {"E"}
