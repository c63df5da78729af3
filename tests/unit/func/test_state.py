"""What is kept between runs: per account, versioned, and never fatal where it only saves work."""

import random
import threading
import time

import pytest

from devtools.clock import SimulatedClock
from devtools.func.builtins import Cache, ScopedCache
from guance_aws_cloudfront.func.state import LOGS_AREA, State, StateError, claim_seconds
from guance_aws_cloudfront.points.windows import PERIODS_PER_WINDOW
from guance_aws_cloudfront.settings.account import parse_account
from tests.conftest import NOW, RAW_ACCOUNT

FIELDS = {"Requests_Sum": 1.0}


class Kept(dict):
    """STORE or CACHE of Func, as far as the collector uses them."""

    broken = None

    def get(self, key, scope=None):
        if self.broken:
            raise self.broken
        return super().get((scope, key))

    def set(self, key, value, scope=None, expire=None, not_exists=False):
        if self.broken:
            raise self.broken
        if not_exists and (scope, key) in self:
            return None
        self[(scope, key)] = value
        return True

    def delete(self, key, scope=None):
        self.pop((scope, key), None)


class Func:
    def __init__(self):
        self.STORE, self.CACHE = Kept(), Kept()


@pytest.fixture
def func():
    return Func()


def state(func, said, account=None, **options):
    return State(func, account or parse_account(RAW_ACCOUNT), said.append, **options)


def test_what_is_kept_is_known_to_the_next_run(func) -> None:
    first = state(func, [])
    assert (first.watermark(), first.objects_at()) == (None, None)
    first.save_progress({"at": NOW})
    first.save_objects_at(NOW + 1)
    digest = first.digest(60)
    digest.remember("E1", NOW, FIELDS)
    first.save_digest(digest)
    second = state(func, [])
    assert (second.watermark(), second.objects_at()) == (NOW, NOW + 1)
    assert second.digest(60).verdict("E1", NOW, FIELDS, False)[0] == "unchanged"


@pytest.mark.parametrize("other", [{"extra_tags": {"account_name": "dev"}}, {"partition": "aws-cn"}])
def test_another_account_or_partition_has_a_state_of_its_own(func, other) -> None:
    state(func, []).save_progress({"at": NOW})
    assert state(func, [], parse_account({**RAW_ACCOUNT, **other})).watermark() is None


def test_a_new_access_key_goes_on_where_the_old_one_ended(func) -> None:
    state(func, []).save_progress({"at": NOW})
    assert state(func, [], parse_account({**RAW_ACCOUNT, "ak_id": "AKIAEXAMPLE000000002"})).watermark() == NOW


def test_neither_keys_nor_values_hold_a_secret(func, account) -> None:
    one = state(func, [], account)
    one.save_progress({"at": NOW})
    one.save_digest(one.digest(60))
    everything = repr(dict(func.STORE)) + repr(dict(func.CACHE))
    assert account.ak_id not in everything
    assert account.ak_secret not in everything


@pytest.mark.parametrize(
    "garbage", ["nonsense", 7, [], {"at": NOW}, {"version": 9, "at": NOW}, {"version": 1, "at": "x"}]
)
def test_an_unknown_watermark_begins_anew_with_a_warning(func, garbage) -> None:
    said = []
    state(func, []).save_progress({"at": NOW})
    func.STORE[next(iter(func.STORE))] = garbage
    assert state(func, said).watermark() is None
    assert said[0].startswith("Func's STORE holds an unknown watermark (")


def test_a_store_that_fails_is_an_error_with_a_sentence(func) -> None:
    func.STORE.broken = OSError("MySQL has\ngone away")
    with pytest.raises(StateError, match=r"STORE could not be read \(MySQL has gone away\)\. Check Func's database"):
        state(func, []).watermark()
    with pytest.raises(StateError, match="STORE could not be written"):
        state(func, []).save_progress({"at": NOW})


def test_a_cache_that_fails_or_holds_garbage_costs_a_warning_only(func) -> None:
    said = []
    func.CACHE.broken = OSError("Redis is down")
    digest = state(func, said).digest(60)
    state(func, said).save_digest(digest)
    assert [text.split(" (")[0] for text in said] == [
        "What was sent before is not known",
        "Func's CACHE could not be written",
    ]
    func.CACHE.broken = None
    state(func, []).save_digest(digest)
    func.CACHE[next(iter(func.CACHE))] = "garbage"
    assert state(func, said).digest(60).verdict("E1", NOW, FIELDS, False)[0] == "new"
    assert "not a digest" in said[-1]


def test_a_dry_run_knows_nothing_of_what_was_reported(func) -> None:
    real = state(func, [])
    real.save_progress({"at": NOW})
    real.save_objects_at(NOW)
    dry = state(func, [], read_only=True)
    assert (dry.progress(), dry.watermark(), dry.objects_at(), dry.recall("tags")) == (None, None, None, None)


def test_a_dry_run_keeps_nothing(func) -> None:
    dry = state(func, [], read_only=True)
    dry.save_progress({"at": NOW})
    dry.save_objects_at(NOW)
    dry.save_digest(dry.digest(60))
    assert not func.STORE
    assert not func.CACHE


@pytest.mark.parametrize("partial", [False, True])
def test_the_state_of_a_thousand_distributions_is_small(func, partial) -> None:
    """As much as is ever remembered: what a deeper look asks for again, of each."""
    one = state(func, [])
    one.begin(SimulatedClock(NOW), 300)
    one.save_progress({"at": NOW})
    one.save_objects_at(NOW)
    digest = one.digest(60)
    for number in range(1000):
        for minute in range(NOW - 4 * 3600, NOW, 60):
            digest.remember(f"E{number:013}", minute, FIELDS, partial)
    digest.keep(NOW - (PERIODS_PER_WINDOW + 5) * 60)
    one.save_digest(digest)
    assert len(func.STORE) == len(func.CACHE) == 2
    assert sum(len(repr(row)) for row in func.STORE.items()) < 10_000
    assert 500_000 < sum(len(repr(row)) for row in func.CACHE.items()) < 1_000_000


class Redis:
    """Func's CACHE over a Redis with a clock of its own; `old` without `not_exists`, `delay` before each command."""

    def __init__(self, clock, old=False, delay=lambda: None):
        self.store = Cache(clock, lambda name: None)
        self.store.round_trip = delay
        self.STORE, self.CACHE = Kept(), ScopedCache(self.store, "script")
        if old:
            in_one_step = self.CACHE.set
            self.CACHE.set = lambda key, value, scope, expire: in_one_step(key, value, scope=scope, expire=expire)


@pytest.fixture
def clock():
    return SimulatedClock(NOW)


@pytest.fixture(params=[False, True], ids=["not_exists", "older Func"])
def redis(request, clock):
    return Redis(clock, old=request.param)


def test_a_run_claims_its_account_until_it_ends_or_its_time_is_over(redis, clock) -> None:
    first, second = state(redis, []), state(redis, [])
    assert first.begin(clock, 270) is None
    clock.advance(10)
    assert NOW <= second.begin(clock, 270) <= NOW + 1
    # What did not get the claim does not release it.
    second.end()
    assert state(redis, []).begin(clock, 270) is not None
    first.end()
    assert redis.store.rows == {}
    assert state(redis, []).begin(clock, 270) is None
    clock.advance(270)
    assert state(redis, []).begin(clock, 270) is None


def test_a_run_that_outlived_its_claim_does_not_end_another_one_s(redis, clock) -> None:
    late, later = state(redis, []), state(redis, [])
    late.begin(clock, 270)
    clock.advance(300)
    assert later.begin(clock, 270) is None
    late.end()
    assert state(redis, []).begin(clock, 270) is not None


@pytest.mark.parametrize("offset", [-300, 300])
def test_clocks_of_hosts_that_differ_do_not_matter(redis, clock, offset) -> None:
    other = SimulatedClock(NOW + offset)
    assert state(redis, []).begin(clock, 270) is None
    clock.advance(200)
    assert state(redis, []).begin(other, 270) is not None
    # The one that has the claim was killed: the next run takes over, whatever its clock says.
    clock.advance(95)
    assert state(redis, []).begin(other, 270) is None
    clock.advance(200)
    assert state(redis, []).begin(clock, 270) == pytest.approx(NOW + offset, abs=1)


@pytest.mark.parametrize(("limit", "seconds"), [(30, 60), (240, 270), (255, 285), (285, 285), (286, 316), (3600, 3630)])
def test_a_claim_ends_before_the_next_run_unless_the_run_may_last_longer(limit, seconds) -> None:
    assert claim_seconds(limit) == seconds


@pytest.mark.parametrize("garbage", ["garbage", "", "0 0", "nan x"])
def test_garbage_in_the_place_of_a_claim_stops_no_run(redis, clock, garbage) -> None:
    assert state(redis, []).begin(clock, 270) is None
    redis.store.rows = dict.fromkeys(redis.store.rows, (garbage, None))
    assert state(redis, []).begin(clock, 270) is None
    assert state(redis, []).begin(clock, 270) is not None


def test_the_claim_of_an_older_version_counts(redis, clock) -> None:
    redis.CACHE.set("run/aws/prod", f"{float(NOW)} {NOW + 300.0}", scope="guance_aws_cloudfront", expire=300)
    assert state(redis, []).begin(clock, 270) == NOW
    clock.advance(300)
    assert state(redis, []).begin(clock, 270) is None


def test_a_claim_that_ends_between_two_calls_is_taken_by_one(clock) -> None:
    redis = Redis(clock)
    state(redis, []).begin(clock, 270)
    at_once = redis.CACHE.get

    def late(key, scope):
        redis.store.rows.clear()
        return at_once(key, scope=scope)

    redis.CACHE.get = late
    assert state(redis, []).begin(clock, 270) is None
    redis.CACHE.get = at_once
    assert state(redis, []).begin(clock, 270) is not None


def test_a_claim_that_another_run_takes_between_two_calls_is_that_of_the_other_run(clock) -> None:
    redis = Redis(clock)
    state(redis, []).begin(clock, 270)
    at_once = redis.CACHE.get

    def late(key, scope):
        redis.CACHE.get = at_once
        redis.store.rows.clear()
        found = at_once(key, scope=scope)
        state(redis, []).begin(SimulatedClock(NOW + 7), 270)
        return found

    redis.CACHE.get = late
    assert state(redis, []).begin(clock, 270) == NOW + 7


def test_an_older_func_is_given_a_second_in_which_others_may_write(clock) -> None:
    assert state(Redis(clock, old=True), []).begin(clock, 270) is None
    assert clock.time() == NOW + 1


def test_a_broken_cache_stops_no_run(func, clock) -> None:
    func.CACHE.broken = OSError("Redis is down")
    said = []
    assert state(func, said).begin(clock, 270) is None
    assert "a second run at the same time would not be noticed" in said[0]


class Hosts:
    """Time for threads: a second of the product takes some milliseconds, and passes for all."""

    time = staticmethod(time.time)

    @staticmethod
    def sleep(seconds):
        time.sleep(seconds / 5)


@pytest.mark.parametrize("old", [False, True], ids=["not_exists", "older Func"])
@pytest.mark.parametrize("attempt", range(20))
def test_of_twenty_runs_in_the_same_moment_one_gets_the_claim(old, attempt) -> None:
    redis = Redis(time, old, delay=lambda: time.sleep(random.uniform(0, 0.01)))
    together, got = threading.Barrier(20), []

    def run():
        one = state(redis, [])
        together.wait()
        got.append(one.begin(Hosts, 270))

    threads = [threading.Thread(target=run) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got.count(None) == 1
    assert len(got) == 20


@pytest.mark.parametrize("name", ["STORE", "CACHE"])
def test_a_storage_is_tried_without_a_trace(func, name) -> None:
    state(func, []).save_progress({"at": NOW})
    before = (dict(func.STORE), dict(func.CACHE))
    state(func, []).try_storage(name)
    state(func, [], read_only=True).try_storage(name)
    assert before == (func.STORE, func.CACHE)
    getattr(func, name).broken = OSError("gone")
    for read_only in (False, True):
        with pytest.raises(StateError, match=rf"Func's {name} fails \(gone\)\. Check Func's"):
            state(func, [], read_only=read_only).try_storage(name)


def test_what_is_kept_under_a_name_is_recalled_until_it_is_of_another_version_or_garbage(func) -> None:
    one = state(func, [])
    assert one.recall("tags") is None
    one.keep("tags", {"wanted": ["env"], "tags": {}})
    assert one.recall("tags") == {"wanted": ["env"], "tags": {}}
    assert one.recall("details") is None
    key = ("guance_aws_cloudfront", "tags/aws/prod")
    for garbage in ('{"version":2,"kept":{}}', '{"version":1}', '{"version":1,"kept":7}', "7", "garbage", ""):
        func.CACHE[key] = garbage
        assert one.recall("tags") is None
    func.CACHE.broken = OSError("gone")
    assert one.recall("tags") is None


def test_what_is_dropped_is_named_and_the_watermark_goes_last(func) -> None:
    one = state(func, [])
    assert one.forget() == []
    one.save_progress({"at": NOW})
    one.keep("events", {})
    func.STORE[("guance_aws_cloudfront", "watermark/aws/other")] = {"version": 1, "at": NOW}
    assert one.forget() == ["events", "watermark"]
    assert list(func.STORE) == [("guance_aws_cloudfront", "watermark/aws/other")]
    assert not func.CACHE
    one.save_progress({"at": NOW})
    func.CACHE.broken = OSError("gone")
    with pytest.raises(StateError, match=r"Func's STORE or CACHE could not be emptied \(gone\)\."):
        one.forget()
    assert one.watermark() == NOW


def test_what_is_kept_has_the_form_that_other_versions_know(func) -> None:
    state(func, []).save_progress({"at": NOW})
    assert dict(func.STORE) == {("guance_aws_cloudfront", "watermark/aws/prod"): {"version": 1, "at": NOW}}


def test_the_digest_is_kept_for_a_week_and_a_claim_for_the_run(func) -> None:
    kept = []
    func.CACHE.set = lambda key, value, scope, expire, not_exists=False: kept.append((key, expire)) or True
    one = state(func, [])
    one.save_digest(one.digest(60))
    one.begin(SimulatedClock(NOW), 300)
    assert kept == [("digest/aws/prod", 604800), ("run/aws/prod", 300)]


def test_the_sentences_word_for_word(func) -> None:
    said = []
    state(func, []).save_progress({"at": NOW})
    func.STORE[next(iter(func.STORE))] = 7
    state(func, said).watermark()
    func.CACHE.broken = func.STORE.broken = OSError("gone")
    one = state(func, said)
    digest = one.digest(60)
    one.save_digest(digest)
    one.begin(SimulatedClock(NOW), 300)
    with pytest.raises(StateError) as error:
        one.watermark()
    assert said == [
        "Func's STORE holds an unknown watermark (7): starting again without it.",
        "What was sent before is not known (gone): recent points are sent again.",
        "Func's CACHE could not be written (gone): the next run sends points again.",
        "Func's CACHE could not be written (gone): a second run at the same time would not be noticed.",
    ]
    assert str(error.value) == (
        "Func's STORE could not be read (gone). Check Func's database; the next run goes on from the last watermark."
    )


def test_a_digest_knows_whether_it_is_saved(func) -> None:
    digest = state(func, []).digest(60)
    assert digest.is_saved
    digest.remember("E1", NOW, FIELDS)
    assert not digest.is_saved
    state(func, [], read_only=True).save_digest(digest)
    assert not digest.is_saved
    func.CACHE.broken = OSError("gone")
    state(func, []).save_digest(digest)
    assert not digest.is_saved
    func.CACHE.broken = None
    state(func, []).save_digest(digest)
    assert digest.is_saved


def test_how_far_log_files_have_been_read_is_kept_by_distribution_and_forgotten_as_a_whole(func) -> None:
    logs = state(func, [], area=LOGS_AREA)
    assert (logs.files_of("E1"), logs.known_files()) == (None, [])
    logs.save_known_files(["E1", "E2"], NOW)
    logs.save_files_of("E1", {"at": NOW})
    logs.keep("places", {"E1": "there"})
    again, dry = state(func, [], area=LOGS_AREA), state(func, [], area=LOGS_AREA, read_only=True)
    assert again.files_of("E1")["at"] == NOW
    assert again.known_files() == ["E1", "E2"]
    assert (dry.files_of("E1"), dry.known_files()) == (None, [])
    # Metrics have nothing to do with it.
    assert state(func, []).files_of("E1") is None
    assert again.forget_logs() == ["E1"]
    assert (again.files_of("E1"), again.known_files(), again.recall("places")) == (None, [], None)
    assert not func.STORE and not func.CACHE


def test_a_store_that_fails_while_log_files_are_forgotten_is_told(func) -> None:
    logs = state(func, [], area=LOGS_AREA)
    logs.save_known_files(["E1"], NOW)

    def fail(key, scope):
        raise OSError("gone")

    func.STORE.delete = fail
    with pytest.raises(StateError, match=r"Func's STORE or CACHE could not be emptied \(gone\)\."):
        logs.forget_logs()
