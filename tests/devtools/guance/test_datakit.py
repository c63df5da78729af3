"""The receiver answers as DataKit does, keeps what it took, and fails on demand."""

import gzip
import json
import sqlite3
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPException

import pytest

from devtools.clock import SimulatedClock
from devtools.guance.datakit import DataKit
from tests.conftest import NOW

AT = NOW * 10**9


@pytest.fixture
def datakit():
    with DataKit(clock=SimulatedClock(NOW + 5)) as receiver:
        yield receiver


def post(datakit, body, category="metric", query="input=test&ignore_global_host_tags=true", timeout=10, **headers):
    request = urllib.request.Request(f"{datakit.url}/v1/write/{category}?{query}", body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def line(name="E1", value="1.0", at=AT):
    return f"m,name={name} f={value} {at}".encode()


def test_points_are_kept_with_all_that_is_known_of_them(datakit) -> None:
    assert post(datakit, line() + b"\n" + line("E2"))[0] == 200
    assert [(it.category, it.tags, it.fields, it.time, it.received_at) for it in datakit.points("metric")] == [
        ("metric", {"name": "E1"}, {"f": 1.0}, NOW, NOW + 5),
        ("metric", {"name": "E2"}, {"f": 1.0}, NOW, NOW + 5),
    ]
    assert datakit.posts == [("metric", "test", 2, 200, 2 * len(line()) + 1, NOW + 5)]


def test_one_bad_line_refuses_the_whole_body_and_is_named(datakit) -> None:
    status, answer = post(datakit, line() + b"\n" + line("E2", "nan"))
    assert (status, json.loads(answer)["error_code"]) == (400, "datakit.invalidLinePoint")
    bad = line("E2", "nan").decode()
    assert f"unable to parse '{bad}'(pos: {len(line()) + 2}): invalid number\n" in json.loads(answer)["message"]
    assert datakit.points() == []
    # It counts as a POST all the same, with its lines.
    assert [(seen.lines, seen.status) for seen in datakit.posts] == [(2, 400)]


def test_the_type_of_a_field_stays_what_it_was(datakit) -> None:
    post(datakit, line())
    status, answer = post(datakit, line(value="1i"))
    assert status == 400
    assert "type conflict: the field f is a int, it was a float" in answer
    # Another measurement has types of its own, and so has every object.
    assert post(datakit, b"other" + line(value="1i"))[0] == 200
    assert [post(datakit, line(value=value), "custom_object")[0] for value in ("1.0", "1i")] == [200, 200]


def test_a_body_may_not_contradict_itself_and_a_refused_one_teaches_no_types(datakit) -> None:
    assert post(datakit, line(value="1i") + b"\n" + line("E2", "1.0"))[0] == 400
    assert post(datakit, line(value="1i") + b"\nnonsense")[0] == 400
    assert post(datakit, line(value="1.0"))[0] == 200


def test_a_receiver_on_an_old_file_goes_on_with_its_points_and_types(tmp_path) -> None:
    for value, status in (("1.0", 200), ("1i", 400), ("1.0", 200)):
        with DataKit(str(tmp_path / "points.sqlite"), SimulatedClock(NOW)) as datakit:
            assert post(datakit, line(value=value))[0] == status
            points, doubles = datakit.points(), datakit.doubles()
    assert (len(points), len(doubles)) == (2, 1)


def test_a_body_may_be_compressed_but_must_be_what_it_says(datakit) -> None:
    assert post(datakit, gzip.compress(line()), **{"Content-Encoding": "gzip"})[0] == 200
    compressed = gzip.compress(line("E2") * 20)
    broken = compressed[:12] + b"\xff\xff\xff" + compressed[15:]
    for body in (line("E2"), compressed[:-9], broken):
        status, answer = post(datakit, body, **{"Content-Encoding": "gzip"})
        assert (status, json.loads(answer)["error_code"]) == (400, "datakit.decodeBodyFailed")
    status, answer = post(datakit, gzip.compress(b"\xff"), **{"Content-Encoding": "gzip"})
    assert (status, json.loads(answer)["error_code"]) == (400, "datakit.invalidLinePoint")
    assert len(datakit.points()) == 1


def test_what_is_no_category_is_refused(datakit) -> None:
    status, answer = post(datakit, line(), "nonsense")
    assert (status, json.loads(answer)["error_code"]) == (400, "datakit.invalidCategory")


def test_a_token_is_needed_where_there_is_one() -> None:
    with DataKit(clock=SimulatedClock(NOW), token="tkn_x") as dataway:
        assert post(dataway, line())[0] == 403
        assert post(dataway, line(), query="token=tkn_x")[0] == 200


def test_it_refuses_on_demand_so_many_times_in_that_category(datakit) -> None:
    datakit.refuse(429, times=2, category="metric", error_code="datakit.tooMany")
    answers = [post(datakit, line())[0] for _ in range(3)]
    assert answers == [429, 429, 200]
    assert [seen.status for seen in datakit.posts] == answers
    datakit.refuse(500, category="custom_object")
    assert post(datakit, line("E2"))[0] == 200
    assert post(datakit, line("E2"), "custom_object")[0] == 500
    datakit.clear_faults()
    assert post(datakit, line("E2"), "custom_object")[0] == 200


def test_points_are_refused_on_demand(datakit) -> None:
    datakit.refuse_points(lambda point: point.tags["name"] == "E2")
    assert post(datakit, line())[0] == 200
    assert post(datakit, line("E2") + b"\n" + line("E3"))[0] == 400
    assert [point.tags["name"] for point in datakit.points()] == ["E1"]
    datakit.clear_faults()
    assert post(datakit, line("E2"))[0] == 200


def test_connections_are_refused_while_it_is_down_and_its_port_stays(datakit) -> None:
    port = datakit.port
    datakit.go_down()
    with pytest.raises(urllib.error.URLError) as error:
        post(datakit, line())
    assert isinstance(error.value.reason, ConnectionRefusedError)
    assert datakit.posts == []
    datakit.come_up()
    assert (post(datakit, line())[0], datakit.port) == (200, port)


def test_an_answer_can_be_lost_after_the_write(datakit) -> None:
    datakit.lose_answers(1)
    with pytest.raises((OSError, HTTPException)):
        post(datakit, line())
    assert len(datakit.points()) == 1
    assert datakit.posts[0].status == 0
    assert post(datakit, line("E2"))[0] == 200


def test_points_may_be_kept_after_the_client_has_gone(datakit) -> None:
    datakit.delay(600)
    with pytest.raises(OSError, match="timed out"):
        post(datakit, line(), timeout=0.2)
    assert datakit.points() == []
    # What is under way is finished, without waiting, before it is down.
    datakit.go_down()
    assert [seen.status for seen in datakit.posts] == [200]
    assert len(datakit.points()) == 1


def test_a_delay_ends_with_the_faults(datakit) -> None:
    datakit.delay(600)
    waiting = threading.Timer(0.05, datakit.clear_faults)
    waiting.start()
    assert post(datakit, line())[0] == 200
    waiting.join()


def test_many_may_write_at_once(datakit) -> None:
    datakit.refuse(429, times=10)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: post(datakit, line(f"E{n}"))[0], range(50)))
    assert (answers.count(200), answers.count(429)) == (40, 10)
    assert len({point.tags["name"] for point in datakit.points()}) == len(datakit.points()) == 40
    assert len(datakit.posts) == 50


def test_doubles_are_told_from_revisions(datakit) -> None:
    for value in ("1.0", "2.0", "2.0"):
        post(datakit, line(value=value))
    assert [point.fields for point in datakit.doubles()] == [{"f": 2.0}]
    (seen,) = datakit.latest().values()
    assert seen.fields == {"f": 2.0}


def test_a_double_is_what_tells_a_reader_nothing_new(datakit) -> None:
    for fields in ("f=1.0", "g=2.0", "f=1.0", "f=1.0,g=3.0", "f=1.0,h=4.0"):
        post(datakit, f"m,name=E1 {fields} {AT}".encode())
    for other in (line("E2"), line(at=AT + 60 * 10**9), b"other" + line()):
        post(datakit, other)
    assert [(point.tags["name"], point.fields) for point in datakit.doubles()] == [("E1", {"f": 1.0})]


def test_objects_are_no_doubles(datakit) -> None:
    for _ in range(2):
        post(datakit, line(), "custom_object")
    assert (datakit.doubles(), datakit.latest(), len(datakit.points("custom_object"))) == ([], {}, 2)


def test_a_reader_sees_the_last_value_of_each_field(datakit) -> None:
    post(datakit, f"m,name=E1 f=1,g=1 {AT}".encode())
    post(datakit, f"m,name=E1 g=2,h=3 {AT}".encode())
    (seen,) = datakit.latest().values()
    assert seen.fields == {"f": 1.0, "g": 2.0, "h": 3.0}


def test_the_points_lie_in_a_file_that_others_can_read(tmp_path) -> None:
    path = tmp_path / "points.sqlite"
    with DataKit(str(path), SimulatedClock(NOW)) as datakit:
        post(datakit, line())
        with closing(sqlite3.connect(str(path))) as other:
            rows = other.execute("SELECT measurement, tags, fields, time, received_at, source FROM points").fetchall()
    assert rows == [("m", '{"name": "E1"}', '{"f": 1.0}', NOW, NOW, "test")]


# Log lines

LOG = 'aws_cloudfront,DistributionId=E1 message="GET / 502",status="error",sc_status=502i,x_edge_request_id="{id}" {at}'


def log_line(identity="a", at=AT):
    return LOG.format(id=identity, at=at).encode()


def test_a_log_line_is_kept_with_its_time_to_the_millisecond(datakit) -> None:
    assert post(datakit, log_line(at=AT + 123_000_000), "logging")[0] == 200
    (point,) = datakit.points("logging")
    assert (point.measurement, point.tags, point.time_ns) == (
        "aws_cloudfront",
        {"DistributionId": "E1"},
        AT + 123_000_000,
    )
    assert point.fields == {"message": "GET / 502", "status": "error", "sc_status": 502, "x_edge_request_id": "a"}


@pytest.mark.parametrize("keeps_time", [False, True])
def test_a_log_line_older_than_two_hours_gets_the_present_time_unless_datakit_keeps_it(keeps_time) -> None:
    old = AT - 7206 * 10**9
    with DataKit(clock=SimulatedClock(NOW), keeps_time=keeps_time) as datakit:
        assert post(datakit, log_line(at=old), "logging")[0] == 200
        (point,) = datakit.points("logging")
        assert (point.time_ns, point.fields.get("__orig_time")) == ((old, None) if keeps_time else (AT, old))


def test_a_type_may_differ_from_log_line_to_log_line(datakit) -> None:
    other = log_line("b").replace(b"502i", b'"502"')
    assert [post(datakit, one, "logging")[0] for one in (log_line(), other)] == [200, 200]


def test_a_log_line_over_a_mebibyte_is_refused_or_lost_behind_a_200() -> None:
    long = log_line("x" * 1_048_600)
    for is_strict, status in ((True, 400), (False, 200)):
        with DataKit(clock=SimulatedClock(NOW), is_strict=is_strict) as datakit:
            assert post(datakit, long, "logging")[0] == status
            assert post(datakit, log_line(), "logging")[0] == 200
            assert [len(point.fields["x_edge_request_id"]) for point in datakit.points()] == [1]


def test_log_lines_are_found_by_a_query(datakit) -> None:
    post(datakit, log_line("a") + b"\n" + log_line("b"), "logging")
    query = "L::`aws_cloudfront`:(COUNT(`message`) AS `lines`) { `sc_status` >= 500 } BY `DistributionId`"
    body = json.dumps({"queries": [{"query": query}]}).encode()
    request = urllib.request.Request(f"{datakit.url}/v1/query/raw", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        ((series,),) = [one["series"] for one in json.loads(response.read())["content"]]
    assert (series["tags"], series["values"][0][1]) == ({"DistributionId": "E1"}, 2)
