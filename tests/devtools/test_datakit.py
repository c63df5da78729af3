"""The receiver answers as DataKit does, keeps what it took, and fails on demand."""

import gzip
import sqlite3
import urllib.error
import urllib.request
from contextlib import closing
from http.client import HTTPException

import pytest

from devtools.clock import SimulatedClock
from devtools.datakit import DataKit
from tests.conftest import NOW

AT = NOW * 10**9


@pytest.fixture
def datakit():
    with DataKit(clock=SimulatedClock(NOW + 5)) as receiver:
        yield receiver


def post(datakit, body, category="metric", query="input=test", **headers):
    request = urllib.request.Request(f"{datakit.url}/v1/write/{category}?{query}", body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
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
    (seen,) = datakit.posts
    assert (seen.category, seen.source, seen.lines, seen.status, seen.at) == ("metric", "test", 2, 200, NOW + 5)


def test_one_bad_line_refuses_the_whole_body_and_is_named(datakit) -> None:
    status, answer = post(datakit, line() + b"\n" + line("E2", "nan"))
    assert status == 400
    assert "datakit.invalidLinePoint" in answer
    assert "name=E2" in answer
    assert datakit.points() == []


def test_the_type_of_a_field_stays_what_it_was(datakit) -> None:
    post(datakit, line())
    status, answer = post(datakit, line(value="1i"))
    assert status == 400
    assert "type conflict: the field f is a int, it was a float" in answer


def test_a_body_may_be_compressed_but_must_be_what_it_says(datakit) -> None:
    assert post(datakit, gzip.compress(line()), **{"Content-Encoding": "gzip"})[0] == 200
    assert post(datakit, line("E2"), **{"Content-Encoding": "gzip"})[0] == 400
    assert len(datakit.points()) == 1


@pytest.mark.parametrize("category", ["nonsense", "object"])
def test_there_are_two_places_to_write_to(datakit, category) -> None:
    assert post(datakit, line(), category)[0] == 404


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
    assert [post(datakit, line())[0], post(datakit, line("E2"))[0]] == [200, 400]


def test_connections_are_refused_while_it_is_down_and_its_port_stays(datakit) -> None:
    port = datakit.port
    datakit.go_down()
    with pytest.raises(urllib.error.URLError):
        post(datakit, line())
    datakit.come_up()
    assert (post(datakit, line())[0], datakit.port) == (200, port)


def test_an_answer_can_be_lost_after_the_write(datakit) -> None:
    datakit.lose_answers(1)
    with pytest.raises((OSError, HTTPException)):
        post(datakit, line())
    assert len(datakit.points()) == 1
    assert datakit.posts[0].status == 0
    assert post(datakit, line("E2"))[0] == 200


def test_doubles_are_told_from_revisions(datakit) -> None:
    for value in ("1.0", "2.0", "2.0"):
        post(datakit, line(value=value))
    assert [point.fields for point in datakit.doubles()] == [{"f": 2.0}]
    (seen,) = datakit.latest().values()
    assert seen.fields == {"f": 2.0}


def test_a_reader_sees_the_last_value_of_each_field(datakit) -> None:
    post(datakit, f"m,name=E1 f=1,g=1 {AT}".encode())
    post(datakit, f"m,name=E1 g=2,h=3 {AT}".encode())
    (seen,) = datakit.latest().values()
    assert seen.fields == {"f": 1.0, "g": 2.0, "h": 3.0}


def test_the_points_lie_in_a_file_that_others_can_read(tmp_path) -> None:
    path = tmp_path / "points.sqlite"
    with DataKit(str(path), SimulatedClock(NOW)) as datakit, closing(sqlite3.connect(str(path))) as other:
        post(datakit, line())
        rows = other.execute("SELECT measurement, tags, fields, time, source FROM points").fetchall()
    assert rows == [("m", '{"name": "E1"}', '{"f": 1.0}', NOW, "test")]
