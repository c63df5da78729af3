"""The connectors of the local Func write as Func's helpers were measured to write."""

import pytest

from devtools.clock import SimulatedClock
from devtools.func.connectors import DataKitConnector, DataWayConnector, GuanceConnector
from devtools.guance.datakit import DataKit
from tests.conftest import NOW

TOKEN = "tkn_0123456789abcdefghijklmnopqrstuv"


def point(**changes):
    return {
        "measurement": "m",
        "tags": {"name": "E1"},
        "fields": {"a": 1.0},
        "timestamp": NOW,
        **changes,
    }


@pytest.fixture
def datakit():
    with DataKit(clock=SimulatedClock(NOW)) as receiver:
        yield receiver


@pytest.fixture
def dataway():
    with DataKit(clock=SimulatedClock(NOW), token=TOKEN) as receiver:
        yield receiver


def connector(datakit, raises=True, seen=None, **config):
    on_write = (lambda category, points: seen.append((category, len(points)))) if seen is not None else lambda *_: None
    return DataKitConnector({"host": datakit.host, "port": datakit.port, **config}, on_write, raises)


def by_dataway(dataway):
    return DataWayConnector({"url": dataway.url, "token": TOKEN}, lambda *_: None, True)


def test_points_go_out_a_hundred_a_post_and_the_last_answer_counts(datakit) -> None:
    seen = []
    status, answer = connector(datakit, seen=seen, source="me").write_by_category_many("metric", [point()] * 250)
    assert (status, answer) == (200, b"")
    assert [post.lines for post in datakit.posts] == [100, 100, 50]
    assert {post.source for post in datakit.posts} == {"me"}
    assert seen == [("metric", 250)]


def test_an_empty_list_returns_none_and_sends_nothing(datakit) -> None:
    assert connector(datakit).write_by_category_many("metric", []) is None
    assert datakit.posts == []


def test_a_refused_post_raises_and_the_earlier_ones_stay_written(datakit) -> None:
    datakit.refuse_points(lambda it: it.tags["name"] == "bad")
    points = [point()] * 150 + [point(tags={"name": "bad"})] + [point()] * 149
    with pytest.raises(Exception, match=r"POST http://127.*/v1/write/metric\?input=.* failed\. Status Code: 400, Resp"):
        connector(datakit).write_by_category_many("metric", points)
    assert [post.status for post in datakit.posts] == [200, 400]
    assert len(datakit.points()) == 100


def test_an_older_func_returns_the_status_instead(datakit) -> None:
    datakit.refuse(403, error_code="datakit.publicAccessDisabled")
    status, answer = connector(datakit, raises=False).write_by_category_many("metric", [point()])
    assert (status, answer["error_code"]) == (403, "datakit.publicAccessDisabled")


def test_a_sink_that_is_down_refuses_the_connection(datakit) -> None:
    datakit.go_down()
    with pytest.raises(Exception, match=r"Error: \[Errno 111\] Connection refused"):
        connector(datakit).write_by_category_many("metric", [point()])


@pytest.mark.parametrize(
    ("changes", "sent"),
    [
        ({"measurement": "a b,c"}, "a b,c"),
        ({"tags": {"name": "a b,c=d"}}, "a b,c=d"),
        ({"tags": {"name": "a\nb"}}, "a b"),  # white space becomes a blank
        ({"tags": {"name": "a\\"}}, "a"),  # a backslash at the end is stripped
        ({"tags": {"name": "E1", "empty": ""}}, "E1"),  # an empty tag is left out
    ],
)
def test_names_are_escaped_and_normalised(datakit, changes, sent) -> None:
    connector(datakit).write_by_category_many("metric", [point(**changes)])
    (kept,) = datakit.points()
    assert sent in (kept.measurement, kept.tags["name"])
    assert "empty" not in kept.tags


def test_fields_keep_their_types_and_their_text(datakit) -> None:
    fields = {"f": 1.0, "i": 7, "b": True, "s": 'say "hi" \\ = , ü', "j": '{"a": "b\\nc"}'}
    connector(datakit).write_by_category_many("custom_object", [point(fields={**fields, "none": None})])
    (kept,) = datakit.points()
    assert kept.fields == fields
    assert {key: type(value) for key, value in kept.fields.items()} == {key: type(v) for key, v in fields.items()}


@pytest.mark.parametrize("timestamp", [NOW, NOW + 0.9, NOW * 1000, NOW * 10**9])
def test_time_stamps_may_be_seconds_milliseconds_or_nanoseconds(datakit, timestamp) -> None:
    connector(datakit).write_by_category_many("metric", [point(timestamp=timestamp)])
    assert datakit.points()[0].time == NOW


@pytest.mark.parametrize(
    "changes", [{"tags": {"name": 1}}, {"tags": {"name": None}}, {"fields": {"a": {}}}, {"fields": None}]
)
def test_values_of_other_types_raise(datakit, changes) -> None:
    with pytest.raises((Exception, TypeError), match=r"should be a|invalid data type"):
        connector(datakit).write_by_category_many("metric", [point(**changes)])
    assert datakit.posts == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**70])
def test_what_is_no_number_of_the_sink_goes_out_as_it_is_and_is_refused(datakit, value) -> None:
    with pytest.raises(Exception, match="Status Code: 400"):
        connector(datakit).write_by_category_many("metric", [point(fields={"a": value})])


def test_dataway_loses_what_follows_a_compressed_body_in_the_same_call(dataway) -> None:
    big = [point(tags={"name": f"E{n:0250}"}) for n in range(100)]
    with pytest.raises(Exception, match="Status Code: 400"):
        by_dataway(dataway).write_by_category_many("metric", [*big, point()])
    assert len(dataway.points()) == 100
    # One POST a call is safe.
    by_dataway(dataway).write_by_category_many("metric", [point()])
    assert len(dataway.points()) == 101


def test_a_wrong_token_is_refused_and_masked(dataway) -> None:
    wrong = DataWayConnector({"url": dataway.url, "token": TOKEN.replace("g", "x")}, lambda *_: None, True)
    with pytest.raises(Exception, match=r"token=tkn_01234\*{5}rstuv failed\. Status Code: 403"):
        wrong.write_by_category_many("metric", [point()])


def test_a_guance_connector_writes_through_its_dataway(dataway) -> None:
    guance = GuanceConnector({"guanceOpenWayURL": dataway.url, "token": TOKEN}, lambda *_: None, True)
    assert not hasattr(guance, "write_by_category_many")
    assert guance.dataway.write_by_category_many("metric", [point()])[0] == 200
