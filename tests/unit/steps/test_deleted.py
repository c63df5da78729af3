"""Deleted distributions are asked for until their last minutes have been reported, with the tags that they had."""

import pytest

from tests.unit.runs import END, HOUR, MINUTE, UNREACHABLE, minutes, record

ALIAS = {"Aliases": {"Quantity": 2, "Items": ["www.example.com", "example.com"]}}


def test_a_deleted_distribution_is_asked_for_until_its_last_minute_is_reported(world, capsys) -> None:
    world.records = [record("E1"), record("E2", **ALIAS)]
    world.run()
    world.arrived()
    deleted_at = world.clock.time() + 2 * MINUTE
    world.value = lambda source, minute: 10.0 if source == "E1" or minute < deleted_at else None
    world.records = [record("E1")]
    capsys.readouterr()
    assert world.run(5)["distributions"] == 1
    assert "Deleted, requested until their last minutes are reported: E2." in capsys.readouterr().out
    tags = world.metric("E2", END)["tags"]
    assert (tags["DomainName"], tags["Alias"], tags["name"]) == ("e2.cloudfront.net", "www.example.com", "E2")
    assert world.arrived() == sorted(minutes("E1", END, END + 300) + minutes("E2", END, int(deleted_at)))
    # Up to when it was missed for the first time: three minutes later that has been asked for.
    world.asked()
    world.run(5)
    assert world.asked()[0][2] == ["E1", "E2"]
    world.run(5)
    assert world.asked()[0][2] == ["E1"]
    assert world.recall("known")["deleted"] == {}


def test_it_is_not_asked_for_once_all_is_reported_up_to_when_it_was_missed(world) -> None:
    world.run()
    world.records = [record("E1")]
    world.run(5)
    world.run(3)
    assert world.progress()["at"] == world.recall("known")["deleted"]["E2"]["seen_at"]
    world.asked()
    world.run(1)
    assert [sources for _, _, sources in world.asked()] == [["E1"]]


def test_what_is_known_of_a_deleted_distribution_has_its_resource_tags(world) -> None:
    world.tags = {record("E2")["ARN"]: {"env": "prod"}}
    world.run(resource_tags=["env"])
    world.records = [record("E1")]
    world.run(5, resource_tags=["env"])
    assert world.metric("E2", END)["tags"]["env"] == "prod"
    assert "Alias" not in world.metric("E2", END)["tags"]


def test_one_that_is_listed_again_is_not_deleted(world, capsys) -> None:
    world.run()
    world.records = [record("E1")]
    world.run(5)
    world.records = [record("E1"), record("E2")]
    capsys.readouterr()
    world.run(5)
    assert "Deleted" not in capsys.readouterr().out
    assert world.recall("known")["deleted"] == {}
    assert len(world.requests[-1]["MetricDataQueries"]) == 12


def test_one_that_is_no_longer_chosen_is_not_deleted(world, capsys) -> None:
    world.run()
    capsys.readouterr()
    world.run(5, distributions=["E1"])
    assert "Deleted" not in capsys.readouterr().out
    assert world.asked()[-1][2] == ["E1"]


def test_while_minutes_of_it_wait_it_is_asked_for(world) -> None:
    world.configs["datakit_keeps_time"] = True
    world.run()
    world.status = lambda source, metric: "InternalError" if source == "E2" else "Complete"
    world.fail(5)
    world.records = [record("E1")]
    world.fail(5)
    world.fail(HOUR / MINUTE)
    assert world.progress()["at"] > world.recall("known")["deleted"]["E2"]["seen_at"]
    world.status = lambda source, metric: "Complete"
    world.arrived()
    world.run(5)
    assert ("E2", END + 300) in world.arrived()
    assert world.progress()["backlog"] == []
    world.run(5)
    assert world.recall("known")["deleted"] == {}


@pytest.mark.parametrize(("before", "sources"), [(0, [["E1"]]), (MINUTE, [["E1", "E2"], ["E2"]])])
def test_minutes_after_it_was_missed_do_not_keep_it(world, before, sources) -> None:
    world.run()
    world.records = [record("E1")]
    world.run(5)
    seen_at = world.recall("known")["deleted"]["E2"]["seen_at"]
    waiting = [seen_at - before, seen_at + MINUTE, ["E2"], False]
    kept = {**world.progress(), "at": seen_at, "backlog": [waiting]}
    world.STORE.set("watermark/aws/prod", kept, scope="guance_aws_cloudfront")
    world.asked()
    world.run(10)
    assert [of for _, _, of in world.asked()] == sources


def test_minutes_of_another_one_that_wait_do_not_keep_it(world) -> None:
    world.run()
    world.status = lambda source, metric: "InternalError" if source == "E1" else "Complete"
    world.records = [record("E1")]
    world.fail(5)
    world.fail(5)
    world.fail(5)
    assert world.progress()["backlog"] != []
    assert world.recall("known")["deleted"] == {}


def test_what_is_known_is_kept_when_it_has_changed_or_objects_are_due(world) -> None:
    world.run()
    key = ("guance_aws_cloudfront", "known/aws/prod")
    before = world.cache.rows[key]
    world.run(5)
    assert world.cache.rows[key] is before
    world.run(10)
    # It ends after a week: with the objects it is kept anew.
    assert world.cache.rows[key] is not before
    before = world.cache.rows[key]
    world.records[0]["DomainName"] = "other.cloudfront.net"
    world.run(5)
    assert world.cache.rows[key] is not before


def test_an_outage_does_not_forget_whoever_was_deleted_in_it(world) -> None:
    world.configs["datakit_keeps_time"] = True
    world.run()
    world.fails = lambda request: UNREACHABLE
    world.records = [record("E1")]
    world.fail(5)
    for _ in range(3):
        world.fail(60)
    world.fails = lambda request: None
    world.arrived()
    world.run(5)
    assert ("E2", END) in world.arrived()
