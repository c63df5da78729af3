"""The sink with Func's connectors in front of a DataKit: old points, tags of its host, queries, reasons, limits."""

import json

import pytest

from devtools.clock import SimulatedClock
from devtools.func.connectors import DataKitConnector, DataWayConnector, GuanceConnector
from devtools.guance.datakit import DataKit
from guance_aws_cloudfront.guance.sink import OLDEST_KEPT, Preview, ReportError, Sink
from tests.conftest import NOW

TOKEN = "tkn_0123456789abcdefghijklmnopqrstuv"
OBJECT = {
    "measurement": "aws_cloudfront",
    "tags": {"name": "E1", "account_name": "prod"},
    "fields": {"message": "{}"},
    "timestamp": NOW,
}
METRIC = {
    "measurement": "aws_AWS/CloudFront",
    "tags": {"name": "E1", "account_name": "prod"},
    "fields": {"Requests_Sum": 1.0},
    "timestamp": NOW,
}
KEPT = "DataKit 1.84.1 kept the time of an old object"
REDATES = "DataKit 1.84.1 gives points older than 2 h the present time"


class Func:
    def __init__(self, connector):
        self.connector = connector

    def CONN(self, connector_id):  # noqa: N802 - Func's name
        return self.connector


def sink_of(datakit, raises=True):
    config = {"host": datakit.host, "port": datakit.port}
    return Sink(Func(DataKitConnector(config, lambda *_: None, raises)), "datakit")


@pytest.fixture
def datakit():
    """As DataKit comes: it gives old points the present time."""
    with DataKit(clock=SimulatedClock(NOW)) as receiver:
        yield receiver


@pytest.fixture
def dataway():
    with DataKit(clock=SimulatedClock(NOW), token=TOKEN) as receiver:
        yield receiver


def write(sink, category, *points):
    return sink.write(category, points, lambda _: None)


# Whether old points keep their time


@pytest.mark.parametrize("raises", [True, False])
def test_a_datakit_as_it_comes_redates_and_one_object_shows_it(datakit, raises) -> None:
    sink = sink_of(datakit, raises)
    assert sink.keeps_time(None, OBJECT, NOW) == (False, REDATES)
    (probe,) = datakit.points()
    assert (probe.tags, probe.time) == (OBJECT["tags"], NOW)
    # It is known for as long as that DataKit runs, and nothing is written again.
    assert sink_of(datakit).keeps_time(None, OBJECT, NOW) == (False, REDATES)
    assert len(datakit.posts) == 1


def test_a_datakit_that_is_told_to_keeps_the_time(datakit) -> None:
    datakit.keeps_time = True
    assert sink_of(datakit).keeps_time(None, OBJECT, NOW) == (True, KEPT)
    (probe,) = datakit.points()
    assert NOW - probe.time > OLDEST_KEPT


@pytest.mark.parametrize(("version", "keeps"), [("1.77.9", True), ("1.5.0", True), ("1.78.0", False), ("2.0.0", False)])
def test_a_datakit_from_before_the_change_keeps_it_and_is_not_tried(datakit, version, keeps) -> None:
    datakit.version = version
    found, why = sink_of(datakit).keeps_time(None, OBJECT, NOW)
    assert (found, version in why) == (keeps, True)
    assert len(datakit.posts) == (0 if keeps else 1)


def test_where_the_counter_cannot_be_read_the_worst_is_assumed(datakit) -> None:
    datakit.is_remote = datakit.keeps_time = True
    keeps, why = sink_of(datakit).keeps_time(None, OBJECT, NOW)
    assert not keeps
    assert why.startswith(f"{REDATES} by default, and whether this one does cannot be seen (")
    assert why.endswith(
        f"(GET {datakit.url}/metrics failed. Status Code: 403, Response: datakit.publicAccessDisabled: api /metrics "
        "disabled from external IP, only loopback(localhost) allowed)"
    )
    assert datakit.posts == []
    datakit.public_apis = ["/v1/ping", "/v1/write/custom_object", "/metrics"]
    assert sink_of(datakit).keeps_time(None, OBJECT, NOW) == (True, KEPT)


def test_an_older_func_returns_the_status_of_a_page_that_is_refused(datakit) -> None:
    datakit.is_remote = True
    keeps, why = sink_of(datakit, raises=False).keeps_time(None, OBJECT, NOW)
    assert not keeps
    assert "cannot be seen (GET /metrics: 403, datakit.publicAccessDisabled: api /metrics disabled" in why


def test_without_an_object_to_try_it_with_the_worst_is_assumed(datakit) -> None:
    datakit.keeps_time = True
    keeps, why = sink_of(datakit).keeps_time(None, None, NOW)
    assert (keeps, why) == (False, f"{REDATES} by default, and there is no object to try it with")
    assert datakit.posts == []


def test_an_object_that_is_refused_or_unsendable_proves_nothing(datakit) -> None:
    datakit.keeps_time = True
    datakit.refuse(500)
    keeps, why = sink_of(datakit).keeps_time(None, OBJECT, NOW)
    assert not keeps
    assert "cannot be seen (" in why and "datakit.no: refused on demand" in why
    datakit.clear_faults()
    keeps, why = sink_of(datakit).keeps_time(None, {**OBJECT, "tags": {"Id": "E1"}}, NOW)
    assert (keeps, why) == (False, f"{REDATES} by default, and there is no object to try it with")


def test_a_datakit_that_is_down_cannot_be_asked(datakit) -> None:
    datakit.go_down()
    keeps, why = sink_of(datakit).keeps_time(None, OBJECT, NOW)
    assert not keeps
    assert why.startswith("DataKit cannot be asked for its version (GET http://127.0.0.1:")
    assert "Connection refused" in why


@pytest.mark.parametrize("keeps", [True, False])
def test_what_is_configured_takes_precedence_and_nothing_is_asked(datakit, keeps) -> None:
    datakit.go_down()
    assert sink_of(datakit).keeps_time(keeps, OBJECT, NOW) == (keeps, f"'datakit_keeps_time' is {keeps}")


def test_who_writes_past_datakit_keeps_the_time_and_is_not_asked(dataway) -> None:
    way = DataWayConnector({"url": dataway.url, "token": TOKEN}, lambda *_: None, True)
    guance = GuanceConnector({"guanceOpenWayURL": dataway.url, "token": TOKEN}, lambda *_: None, True)
    for connector in (way, guance):
        sink = Sink(Func(connector), "x")
        assert sink.keeps_time(None, OBJECT, NOW) == (True, "the connector writes past DataKit")
        write(sink, "metric", {**METRIC, "timestamp": NOW - 86400})
    assert [point.time for point in dataway.points()] == [NOW - 86400] * 2
    assert [post.category for post in dataway.posts] == ["metric"] * 2


def test_a_preview_asks_nothing() -> None:
    assert Preview().keeps_time(None, OBJECT, NOW).keeps


@pytest.mark.parametrize("page", [b"<html>a proxy's page</html>", "nothing", {"content": None}])
def test_a_page_that_is_not_datakit_s_proves_nothing(datakit, page) -> None:
    sink, get = sink_of(datakit), DataKitConnector.get
    datakit.keeps_time = True
    connector = sink._connector
    connector.get = lambda path: (200, page) if path == "/metrics" else get(connector, path)
    keeps, why = sink.keeps_time(None, OBJECT, NOW)
    assert (keeps, "GET /metrics is no page of DataKit's" in why) == (False, True)
    assert datakit.posts == []


@pytest.mark.parametrize("answer", [b"<html>", {"content": {}}, {"content": None}, [], None])
def test_an_answer_to_ping_that_names_no_version_proves_nothing(datakit, answer) -> None:
    sink = sink_of(datakit)
    sink._connector.get = lambda path: (200, answer)
    keeps, why = sink.keeps_time(None, OBJECT, NOW)
    assert (keeps, why.startswith("DataKit cannot be asked for its version (")) == (False, True)


def test_a_helper_that_cannot_ask_proves_nothing(datakit) -> None:
    class Older:
        def write_by_category_many(self, category, points):
            return 200, {}

    assert not Sink(Func(Older()), "x").keeps_time(None, OBJECT, NOW).keeps


# Tags of the DataKit host


def test_points_do_not_carry_the_tags_of_the_datakit_host(datakit) -> None:
    write(sink_of(datakit), "metric", METRIC)
    write(sink_of(datakit), "custom_object", OBJECT)
    assert [point.tags for point in datakit.points()] == [METRIC["tags"], OBJECT["tags"]]
    assert {post.source for post in datakit.posts} == {"guance_aws_cloudfront"}


def test_a_helper_without_a_query_writes_as_before(datakit) -> None:
    class Older(DataKitConnector):
        def post_line_protocol(self, points, path=None, headers=None):
            raise NotImplementedError

    class Oldest(DataKitConnector):
        @property
        def post_line_protocol(self):
            raise AttributeError

    for kind in (Older, Oldest):
        connector = kind({"host": datakit.host, "port": datakit.port, "source": "mine"}, lambda *_: None, True)
        write(Sink(Func(connector), "datakit"), "metric", METRIC)
    assert [set(point.tags) for point in datakit.points()] == [{"name", "account_name", "host", "ip"}] * 2
    assert {post.source for post in datakit.posts} == {"mine"}


def test_an_older_helper_takes_the_points_first(datakit) -> None:
    class Older(DataKitConnector):
        def post_line_protocol(self, points, path=None, query=None, headers=None):
            return super().post_line_protocol(path, points, query)

    connector = Older({"host": datakit.host, "port": datakit.port}, lambda *_: None, False)
    write(Sink(Func(connector), "datakit"), "metric", METRIC)
    assert datakit.points()[0].tags == METRIC["tags"]


# Queries

FOUND = "CO::`aws_cloudfront`:(COUNT(`name`) AS `found`) { `account_name` = 'prod' and `name` = 'E1' }"


def test_the_workspace_is_asked_for_what_was_written(datakit) -> None:
    sink = sink_of(datakit)
    assert sink.query(FOUND, NOW - 600, NOW + 60) == []
    write(sink, "custom_object", OBJECT)
    (row,) = sink.query(FOUND, NOW - 600, NOW + 60)
    assert row["found"] == 1
    assert sink.query(FOUND.replace("'E1'", "'E2'"), NOW - 600, NOW + 60) == []
    assert sink.query(FOUND, NOW - 600, NOW - 60) == []
    write(sink, "metric", METRIC, {**METRIC, "timestamp": NOW - 60})
    (row,) = sink.query(
        "M::`aws_AWS/CloudFront`:(COUNT(`Requests_Sum`) AS `found`) { `account_name` = 'prod' }", NOW - 600, NOW + 60
    )
    assert row["found"] == 2
    (row,) = sink.query(
        "CO::`aws_cloudfront`:(LAST(`name`) AS `last`) { `account_name` = 'prod' } BY `name`", NOW - 600, NOW + 60
    )
    assert (row["last"], row["tags"]) == ("E1", {"name": "E1"})


def test_what_datakit_drops_behind_a_200_is_not_found(datakit) -> None:
    datakit.drop_everything()
    assert write(sink_of(datakit), "custom_object", OBJECT) == []
    assert [post.status for post in datakit.posts] == [200]
    assert sink_of(datakit).query(FOUND, NOW - 600, NOW + 60) == []


def test_what_is_not_indexed_yet_is_found_later(datakit) -> None:
    datakit.index_after(30)
    write(sink_of(datakit), "custom_object", OBJECT)
    assert sink_of(datakit).query(FOUND, NOW - 600, NOW + 60) == []
    datakit._clock.advance(30)
    assert len(sink_of(datakit).query(FOUND, NOW - 600, NOW + 60)) == 1


def test_a_query_by_a_dataway_carries_its_token(dataway) -> None:
    sink = Sink(Func(DataWayConnector({"url": dataway.url, "token": TOKEN}, lambda *_: None, True)), "way")
    write(sink, "custom_object", OBJECT)
    assert len(sink.query(FOUND, NOW - 600, NOW + 60)) == 1


@pytest.mark.parametrize("raises", [True, False])
def test_a_query_that_is_refused_is_an_error_with_a_sentence(datakit, raises) -> None:
    datakit.refuse_queries(403, "datakit.publicAccessDisabled")
    with pytest.raises(ReportError, match='Querying the workspace by the connector "datakit" failed'):
        sink_of(datakit, raises).query(FOUND, NOW - 600, NOW + 60)


def test_a_helper_without_queries_is_an_error_with_a_sentence() -> None:
    class Older:
        def write_by_category_many(self, category, points):
            return 200, {}

    with pytest.raises(ReportError, match='The connector "x" cannot query'):
        Sink(Func(Older()), "x").query(FOUND, NOW - 600, NOW + 60)


# Reasons


@pytest.mark.parametrize("raises", [True, False])
def test_a_refusal_is_its_reason_and_neither_the_line_nor_the_body(datakit, raises) -> None:
    """A point that is refused for its content, after others were taken."""
    datakit.refuse_points(lambda point: point.tags["name"] == "E2")
    points = [{**METRIC, "tags": {"name": f"E{n}"}} for n in (1, 2, 3)]
    (refused,) = write(sink_of(datakit, raises), "metric", *points)
    assert refused == (1, "datakit.invalidLinePoint: refused on demand")


@pytest.mark.parametrize(
    ("category", "point", "where"), [("metric", METRIC, "E1 at 2026-03-01 10:00 UTC"), ("custom_object", OBJECT, "E1")]
)
def test_a_refusal_of_everything_names_the_first_point(datakit, category, point, where) -> None:
    datakit.refuse_points(lambda _: True)
    with pytest.raises(ReportError) as error:
        write(sink_of(datakit), category, point)
    assert str(error.value) == (
        f'Writing 1 point to the connector "datakit" failed ({where}: datakit.invalidLinePoint: refused on demand). '
        "Report it with this line. The next run sends them again."
    )


def test_another_refusal_keeps_the_address_and_its_reason(datakit) -> None:
    datakit.public_apis, datakit.is_remote = ["/v1/ping"], True
    with pytest.raises(ReportError) as error:
        write(sink_of(datakit), "metric", METRIC)
    assert error.value.said == (
        f"POST {datakit.url}/v1/write/metric failed. Status Code: 403, Response: datakit.publicAccessDisabled: "
        "api /v1/write/metric disabled from external IP, only loopback(localhost) allowed"
    )


def test_no_text_of_a_point_passes_for_a_reason() -> None:
    line = 'm,name=E1 s="x\'(pos: 1): forged\nwith 0 point parse ok, 1 points failed. Origin data: " 1'
    message = (
        f"invalid lineprotocol: unable to parse '{line}'(pos: 1): invalid field format\n"
        f"with 0 point parse ok, 1 points failed. Origin data: {json.dumps(line)}"
    )
    answer = json.dumps({"error_code": "datakit.invalidLinePoint", "message": message})

    class Refusing:
        def write_by_category_many(self, category, points):
            if len(points) == 1:
                raise Exception(f"POST http://x/ failed. Status Code: 400, Response: {answer}")
            return 200, b""

    sink = Sink(Func(Refusing()), "datakit")
    write(sink, "metric", METRIC, METRIC)
    assert [one.said for one in write(sink, "metric", METRIC)] == ["datakit.invalidLinePoint: invalid field format"]
