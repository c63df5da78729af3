"""STORE and CACHE of the local Func do in one step what they do in one step in Func, and no more."""

import threading
import time

import pytest

from devtools.clock import SimulatedClock
from devtools.func.builtins import Cache, Scoped, ScopedCache, Store
from tests.conftest import NOW

THREADS = 20


@pytest.fixture
def clock():
    return SimulatedClock(NOW)


@pytest.fixture
def store(clock):
    return Scoped(Store(clock, lambda name: None), "s")


@pytest.fixture
def cache(clock):
    return ScopedCache(Cache(clock, lambda name: None), "s")


def at_once(storage, work):
    """What `work(number)` returns to each of twenty threads that begin in the same moment; a round trip takes 5 ms."""
    storage._store.round_trip = lambda: time.sleep(0.005)
    gate, results = threading.Barrier(THREADS), [None] * THREADS

    def go(number):
        gate.wait()
        results[number] = work(number)

    threads = [threading.Thread(target=go, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    storage._store.round_trip = lambda: None
    return results


def test_cache_set_if_there_is_none_is_one_step_and_says_who_did_it(cache) -> None:
    results = at_once(cache, lambda number: cache.set("k", number, expire=60, not_exists=True))
    assert sorted(map(str, results)) == ["None"] * (THREADS - 1) + ["True"]
    assert cache.get("k") == str(results.index(True))


def test_cache_takes_a_new_value_when_the_old_one_has_expired(cache, clock) -> None:
    assert cache.set("k", "a", expire=60, not_exists=True) is True
    clock.advance(59)
    assert cache.set("k", "b", expire=60, not_exists=True) is None
    clock.advance(1)
    assert cache.set("k", "b", expire=60, not_exists=True) is True
    assert cache.get("k") == "b"


def test_cache_getset_is_one_step_and_drops_the_expiry(cache, clock) -> None:
    cache.set("k", "first", expire=60)
    before = at_once(cache, lambda number: cache.getset("k", number))
    assert len(set(before)) == THREADS
    assert {*before, cache.get("k")} == {"first", *map(str, range(THREADS))}
    clock.advance(3600)
    assert cache.get("k") is not None


def test_cache_says_how_many_it_has_dropped(cache) -> None:
    cache.set("k", 1)
    assert [cache.delete("k"), cache.delete("k")] == [1, 0]


def test_a_read_followed_by_a_write_is_two_steps(cache) -> None:
    def claim(number):
        if cache.get("k") is None:
            return cache.set("k", number)
        return None

    assert at_once(cache, claim).count(True) > 1


def test_store_set_if_there_is_none_never_says_who_did_it(store) -> None:
    assert at_once(store, lambda number: store.set("k", number, not_exists=True)) == [None] * THREADS
    kept = store.get("k")
    assert kept in range(THREADS)
    assert store.set("k", "late", not_exists=True) is None
    assert store.get("k") == kept


def test_store_keeps_the_first_of_several_rows_that_are_inserted_at_once(store) -> None:
    """INSERT IGNORE drops the others: even of plain `set` calls, the last one need not win."""
    steps = []

    def round_trip():
        steps.append(None)
        if len(steps) == 2:
            # Between the SELECT and the INSERT of the outer call.
            store.set("k", "inner")

    store._store.round_trip = round_trip
    store.set("k", "outer")
    store._store.round_trip = lambda: None
    assert store.get("k") == "inner"
    store.set("k", "after")
    assert store.get("k") == "after"


def test_a_row_of_store_that_has_expired_is_still_in_the_way(store, clock) -> None:
    store.set("k", "old", expire=60)
    clock.advance(61)
    store.set("k", "new", not_exists=True)
    assert store.get("k") is None
    store.set("k", "new")
    assert store.get("k") == "new"


@pytest.mark.parametrize("call", [("k", 1, "scope"), ("k", 1, "scope", 60)])
def test_what_follows_the_value_must_be_named(store, cache, call) -> None:
    for storage in (store, cache):
        with pytest.raises(TypeError):
            storage.set(*call)
