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


def test_lines_go_to_a_path_with_the_query_that_is_given(datakit) -> None:
    seen, query = [], {"input": "own", "ignore_global_host_tags": "true"}
    path = "/v1/write/metric"
    answer = connector(datakit, seen=seen).post_line_protocol(path=path, points=[point()] * 150, query=query)
    assert answer == (200, b"")
    assert [(post.source, post.lines) for post in datakit.posts] == [("own", 100), ("own", 50)]
    assert datakit.points()[0].tags == {"name": "E1"}
    assert seen == [("metric", 150)]
    # Without one the host's tags are there.
    connector(datakit).post_line_protocol(path=path, points=[point()])
    assert set(datakit.points()[-1].tags) == {"name", "host", "ip"}


def test_a_get_gives_json_or_bytes(datakit) -> None:
    status, answer = connector(datakit).get("/v1/ping")
    assert (status, answer["content"]["version"]) == (200, "1.84.1")
    status, page = connector(datakit).get("/metrics")
    assert (status, type(page)) == (200, bytes)
    with pytest.raises(Exception, match=r"GET http://127.*/nothing failed\. Status Code: 404"):
        connector(datakit).get("/nothing")
    assert connector(datakit, raises=False).get("/nothing")[0] == 404


def test_a_dataway_cannot_get(dataway) -> None:
    with pytest.raises(Exception, match=r"failed\. Error: object of type 'NoneType' has no len\(\)"):
        by_dataway(dataway).get("/v1/ping")


def test_a_query_gives_series_or_rows(datakit) -> None:
    connector(datakit).write_by_category_many("metric", [point(), point(timestamp=NOW - 60)])
    dql = "M::`m`:(COUNT(`a`) AS `found`) BY `name`"
    (series,) = connector(datakit).query(dql)[1]["series"]
    assert (series["columns"], series["tags"], series["values"][0][1]) == (["time", "found"], {"name": "E1"}, 2)
    _, found = connector(datakit).query(dql, dict_output=True, time_range=[NOW * 1000, (NOW + 60) * 1000])
    ((row,),) = found["series"]
    assert (row["found"], row["tags"]) == (1, {"name": "E1"})
    assert connector(datakit).query(dql, time_range=[0, 1000]) == (200, {"series": []})
    with pytest.raises(Exception, match="Status Code: 400"):
        connector(datakit).query("what is this?")
    # An older helper stumbles over an answer that is none.
    with pytest.raises(KeyError):
        connector(datakit, raises=False).query("what is this?")
