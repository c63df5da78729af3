"""The connector: both kinds of refusal recognised, one POST a call, a sentence for each failure."""

import json

import pytest

from guance_aws_cloudfront.guance.sink import Preview, ReportError, Sink, in_batches

POINT = {"measurement": "m", "tags": {"name": "E1"}, "fields": {"a": 1.0}, "timestamp": 1}


def ignore(position):
    """What is written is not looked at."""


class EntityNotFound(Exception):  # noqa: N818 - Func's name
    """As Func's own, which a script cannot import."""


class Connector:
    def __init__(self, answer):
        self.answer, self.written = answer, []

    def write_by_category_many(self, category, points):
        self.written.append((category, points))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Func:
    def __init__(self, connector):
        self.connector = connector

    def CONN(self, connector_id):  # noqa: N802 - Func's name
        if isinstance(self.connector, Exception):
            raise self.connector
        return self.connector


def test_points_are_handed_to_the_connector() -> None:
    connector = Connector((200, {}))
    Sink(Func(connector), "datakit").write("metric", [POINT], ignore)
    assert connector.written == [("metric", [POINT])]


def test_a_guance_connector_writes_through_its_dataway() -> None:
    class Guance:
        dataway = Connector((200, {}))

    Sink(Func(Guance()), "guance").write("metric", [POINT], ignore)
    assert len(Guance.dataway.written) == 1


def test_a_missing_connector_gets_a_sentence_with_a_remedy() -> None:
    with pytest.raises(ReportError) as error:
        Sink(Func(EntityNotFound("Connector not found: `datakit`")), "datakit")
    assert str(error.value).startswith('The connector "datakit" does not exist in Func: create it')
    assert "'datakit_id'" in str(error.value)


def test_a_connector_of_another_type_gets_a_sentence() -> None:
    with pytest.raises(ReportError, match="cannot write points: set 'datakit_id' to a connector of the type DataKit"):
        Sink(Func(object()), "mysql")


def test_a_connector_that_cannot_be_opened_gets_a_sentence() -> None:
    with pytest.raises(ReportError, match=r'connector "x" could not be opened \(bad key\)'):
        Sink(Func(ValueError("bad\nkey")), "x")


REFUSED = "POST http://127.0.0.1:9529/v1/write/metric?token=tkn_secret failed. Status Code: {}, Response: no"
FAILURES = [
    (Exception(REFUSED.format(400)), 400, "check that the connector's address is that of a DataKit"),
    (Exception(REFUSED.format(400) + " datakit.invalidLinePoint"), 400, "Report it with this line."),
    (Exception(REFUSED.format(401)), 401, "Check the connector's token"),
    (Exception(REFUSED.format(403)), 403, "Check the connector's token"),
    (Exception(REFUSED.format(429)), 429, "limits the rate of requests"),
    (Exception(REFUSED.format(500)), 500, "Check the log of DataKit"),
    (Exception("POST http://127.0.0.1:9529/… failed. Error: [Errno 111] Connection refused"), 0, "Check that DataKit"),
    (TimeoutError("timed out"), 0, "Check that DataKit (or DataWay) runs"),
    ((400, {"error_code": "datakit.invalidLinePoint"}), 400, "Report it with this line."),
    ((403, "publicAccessDisabled"), 403, "Check the connector's token"),
    ((199, ""), 199, "Check the log of DataKit"),
    ((302, ""), 302, "Check the log of DataKit"),
    ((300, ""), 300, "Check the log of DataKit"),
    (("ok", ""), 0, "Check that DataKit"),
    ((), 0, "Check that DataKit"),
    ((0, None), 0, "Check that DataKit"),
    (None, 0, "Check that DataKit"),
]


@pytest.mark.parametrize(("answer", "status", "sentence"), FAILURES)
def test_a_failed_write_is_an_error_with_its_status_and_a_sentence(answer, status, sentence) -> None:
    with pytest.raises(ReportError) as error:
        Sink(Func(Connector(answer)), "datakit").write("metric", [POINT, POINT], ignore)
    assert error.value.status == status
    assert str(error.value).startswith('Writing 2 points to the connector "datakit" failed')
    assert sentence in str(error.value)
    assert "tkn_secret" not in str(error.value)


SENTENCE = 'Writing 1 point to the connector "datakit" failed ({}). {} The next run sends them again.'
ADVICE = [
    (400, "The connector refused all of them: check that the connector's address is that of a DataKit or DataWay."),
    (403, "Check the connector's token, and that DataKit admits the Func host."),
    (429, "The connector limits the rate of requests; raise its limit if this lasts."),
    (500, "Check the log of DataKit (or DataWay)."),
]


@pytest.mark.parametrize(("status", "advice"), ADVICE)
def test_the_sentence_of_a_failed_write_word_for_word(status, advice) -> None:
    said = f"POST http://127.0.0.1:9529/v1/write/metric?token=*** failed. Status Code: {status}, Response: no"
    with pytest.raises(ReportError) as error:
        Sink(Func(Connector(Exception(REFUSED.format(status)))), "datakit").write("metric", [POINT], ignore)
    assert str(error.value) == SENTENCE.format(said, advice)


def test_the_other_sentences_word_for_word() -> None:
    named = Connector(Exception("Status Code: 400, datakit.invalidLinePoint"))
    with pytest.raises(ReportError) as error:
        Sink(Func(named), "datakit").write("metric", [POINT], ignore)
    said = "E1 at 1970-01-01 00:00 UTC: Status Code: 400, datakit.invalidLinePoint"
    assert str(error.value) == SENTENCE.format(said, "Report it with this line.")
    with pytest.raises(ReportError) as error:
        Sink(Func(Connector(TimeoutError("timed out"))), "datakit").write("metric", [POINT], ignore)
    advice = "Check that DataKit (or DataWay) runs and that the Func host reaches the connector's address."
    assert str(error.value) == SENTENCE.format("timed out", advice)
    with pytest.raises(ReportError) as error:
        Sink(Func(object()), "x")
    assert str(error.value) == (
        "The connector \"x\" cannot write points: set 'datakit_id' to a connector of the type DataKit, DataWay or "
        "Guance."
    )
    with pytest.raises(ReportError) as error:
        Sink(Func(ValueError("bad")), "x")
    assert str(error.value) == 'The connector "x" could not be opened (bad): check its settings in Func.'
    # A status that is not known counts as none: what the sink's end means to a run hangs on it.
    assert (error.value.status, error.value.said) == (0, "")


class Picky:
    """A connector that refuses a whole body for each point with a value above 90."""

    def __init__(self):
        self.taken = []

    def write_by_category_many(self, category, points):
        if any(point["fields"]["a"] > 90 for point in points):
            raise Exception(REFUSED.format(400))
        self.taken += points
        return 200, {}


def valued(*values):
    return [{**POINT, "fields": {"a": value}} for value in values]


def test_a_bad_point_costs_no_other_its_place_and_is_named() -> None:
    picky, points, written = Picky(), valued(*range(60), 99.0, *range(30), 98.0), []
    refused = Sink(Func(picky), "datakit").write("metric", points, written.append)
    assert [one.position for one in refused] == [60, 91]
    assert "Status Code: 400" in refused[0].said
    assert picky.taken == valued(*range(60), *range(30))
    assert written == [*range(60), *range(61, 91)]


def test_when_nothing_at_all_is_taken_the_fault_is_the_sink_s() -> None:
    with pytest.raises(ReportError):
        Sink(Func(Picky()), "datakit").write("metric", valued(99.0), ignore)
    with pytest.raises(ReportError):
        Sink(Func(Picky()), "datakit").write("metric", valued(99.0, 98.0), ignore)


def test_when_others_of_the_run_were_taken_and_the_line_is_named_the_fault_is_the_point_s() -> None:
    class Naming(Picky):
        def write_by_category_many(self, category, points):
            try:
                return super().write_by_category_many(category, points)
            except Exception as error:  # noqa: BLE001 - as plain as Func's
                raise Exception(f"{error} datakit.invalidLinePoint") from None

    for kind, named in ((Naming, True), (Picky, False)):
        sink = Sink(Func(kind()), "datakit")
        sink.write("metric", valued(1.0), ignore)
        if named:
            assert len(sink.write("metric", valued(99.0), ignore)) == 1
        else:
            # All of a sudden it takes nothing, and says nothing of a line: it is the sink's own trouble.
            with pytest.raises(ReportError):
                sink.write("metric", valued(99.0), ignore)
        assert len(sink.write("metric", valued(99.0, 1.0), ignore)) == 1
        with pytest.raises(ReportError):
            sink.write("custom_object", valued(99.0), ignore)


def test_what_stands_in_the_sink_is_told_before_a_failure_on_the_way() -> None:
    class Dying(Picky):
        def write_by_category_many(self, category, points):
            if len(self.taken) >= 2:
                raise Exception(REFUSED.format(503))
            return super().write_by_category_many(category, points)

    written = []
    with pytest.raises(ReportError) as error:
        Sink(Func(Dying()), "datakit").write("metric", valued(1.0, 2.0, 3.0, 99.0), written.append)
    assert (error.value.status, written) == (503, [0, 1])


class Flaky:
    """A connector that fails so many times, and then takes everything."""

    def __init__(self, answer, times):
        self.answer, self.left, self.attempts = answer, times, 0

    def write_by_category_many(self, category, points):
        self.attempts += 1
        self.left -= 1
        if self.left >= 0 and isinstance(self.answer, Exception):
            raise self.answer
        return self.answer if self.left >= 0 else (200, {})


def waiting(pauses, room=100):
    """A `wait` that notes its pauses, and has room for so many seconds."""

    def wait(seconds, why):
        assert why
        if sum(pauses) + seconds > room:
            return False
        pauses.append(seconds)
        return True

    return wait


def test_points_are_brought_within_datakit_s_limits_and_each_kind_is_told_once() -> None:
    connector, told, written = Connector((200, {})), [], []
    sink = Sink(Func(connector), "datakit", warn=told.append)
    points = [{**POINT, "tags": {"name": key, "T": "x" * 2000}} for key in ("E1", "E2")]
    for category in ("metric", "custom_object"):
        assert sink.write(category, points, ignore) == []
    assert [len(point["tags"]["T"]) for _, batch in connector.written for point in batch] == [1024] * 4
    said = "DataKit's limits: of E1 the tag 'T' is longer than 1,024 bytes and is cut. The same applies to all like it."
    assert told == [said, said]
    # An object may not have every key that a metric may have.
    for category in ("metric", "custom_object"):
        sink.write(category, [{**POINT, "tags": {"name": "n" * 90, "class": "x"}}], ignore)
        sink.write(category, [{**POINT, "tags": {"T ": "y", "T": "x", "name": "E1"}}], ignore)
    assert [list(batch[0]["tags"]) for _, batch in connector.written[-4::2]] == [["name", "class"], ["name", "class_"]]
    renamed = "the key 'class' is not allowed in an object and is renamed 'class_'. The same applies to all like it."
    assert f"DataKit's limits: of {'n' * 79}… {renamed}" in told
    nameless, again = {**POINT, "tags": {"T": "x" * 2000}}, []
    Sink(Func(connector), "datakit", warn=again.append).write("metric", [nameless], ignore)
    assert again[0].startswith("DataKit's limits: of a point the tag 'T' is longer")
    # What has nothing to send is left out; it would be so for ever, and counts as done.
    unsendable = {**POINT, "fields": {"a": float("nan")}}
    assert sink.write("metric", [unsendable, POINT], written.append) == []
    assert (connector.written[-1], written) == (("metric", [POINT]), [0, 1])
    sent = len(connector.written)
    assert sink.write("metric", [unsendable], ignore) == []
    assert len(connector.written) == sent


NEVER_TAKEN = [
    Exception("POST http://… failed. Error: [Errno 111] Connection refused"),
    Exception("POST http://… failed. Error: [Errno -2] Name or service not known"),
    Exception(REFUSED.format(429)),
    Exception(REFUSED.format(500)),
    Exception(REFUSED.format(503)),
    (502, "the manner of an older Func"),
]


@pytest.mark.parametrize("answer", NEVER_TAKEN)
def test_a_write_that_took_nothing_is_tried_again_after_growing_pauses(answer) -> None:
    pauses, written, flaky = [], [], Flaky(answer, 2)
    assert Sink(Func(flaky), "datakit", waiting(pauses)).write("metric", [POINT], written.append) == []
    assert (pauses, written, flaky.attempts) == ([1, 3], [0], 3)


def test_without_a_way_to_wait_there_is_one_attempt() -> None:
    flaky = Flaky(Exception(REFUSED.format(503)), 1)
    with pytest.raises(ReportError):
        Sink(Func(flaky), "datakit").write("metric", [POINT], ignore)
    assert flaky.attempts == 1


def test_the_attempts_have_an_end() -> None:
    pauses, flaky = [], Flaky(Exception(REFUSED.format(503)), 99)
    with pytest.raises(ReportError):
        Sink(Func(flaky), "datakit", waiting(pauses)).write("metric", [POINT], ignore)
    assert (pauses, flaky.attempts) == ([1, 3, 9], 4)


def test_no_attempt_is_made_for_which_the_run_has_no_time() -> None:
    pauses, flaky = [], Flaky(Exception(REFUSED.format(503)), 99)
    with pytest.raises(ReportError):
        Sink(Func(flaky), "datakit", waiting(pauses, room=5)).write("metric", [POINT], ignore)
    assert (pauses, flaky.attempts) == ([1, 3], 3)


PERHAPS_TAKEN = [
    TimeoutError("timed out"),
    Exception("Remote end closed connection without response"),
    Exception("[Errno 104] Connection reset by peer"),
    Exception(REFUSED.format(499)),
    Exception(REFUSED.format(504)),
    None,
]


@pytest.mark.parametrize("answer", [*PERHAPS_TAKEN, Exception(REFUSED.format(403)), Exception(REFUSED.format(400))])
def test_what_may_have_been_taken_or_is_refused_for_good_is_not_tried_again(answer) -> None:
    pauses, flaky = [], Flaky(answer, 1)
    with pytest.raises(ReportError):
        Sink(Func(flaky), "datakit", waiting(pauses)).write("metric", [POINT], ignore)
    assert (pauses, flaky.attempts) == ([], 1)


@pytest.mark.parametrize(("number", "sizes"), [(0, []), (1, [1]), (100, [100]), (250, [100, 100, 50])])
def test_points_go_out_in_hundreds_and_never_in_an_empty_call(number, sizes) -> None:
    assert [len(batch) for batch in in_batches(range(number))] == sizes


def test_a_preview_shows_the_first_points_of_each_category(capsys) -> None:
    preview = Preview()
    for _ in range(4):
        preview.write("metric", [POINT, POINT], ignore)
    written = []
    assert preview.write("custom_object", [{**POINT, "tags": {"name": "ü"}}], written.append) == []
    assert written == [0]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["metric"] * 5 + ["custom_object"]
    assert preview.shown() == "Shown: 1 of 1 object, 5 of 8 points."
    assert "ü" in lines[-1]


def point_of(**fields):
    return {"measurement": "m", "tags": {"name": "E1"}, "fields": fields, "timestamp": 1}


def test_a_preview_shows_a_point_that_is_too_long_for_a_line_field_by_field(capsys) -> None:
    point = {**point_of(a="ä" * 500, b="x" * 980, c="x" * 3000, d=1), "tags": {"name": "ü"}}
    Preview().write("custom_object", [point], ignore)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == 'custom_object: {"measurement": "m", "tags": {"name": "ü"}, "timestamp": 1}'
    assert lines[1] == f'  {{"a": "{"ä" * 500}"}}'
    assert lines[2] == f'  {{"b": "{"x" * 980}"}}'
    assert lines[3] == f'  {{"c": "{"x" * 993}… (3,009 characters)'
    assert lines[4:] == ['  {"d": 1}']


@pytest.mark.parametrize(("length", "number"), [(1000, 1), (1001, 2)])
def test_a_preview_shows_a_point_of_a_thousand_characters_on_one_line(capsys, length, number) -> None:
    around = len(json.dumps(point_of(a="")))
    Preview().write("metric", [point_of(a="x" * (length - around))], ignore)
    assert len(capsys.readouterr().out.splitlines()) == number


@pytest.mark.parametrize(("length", "is_cut"), [(1000, False), (1001, True)])
def test_a_preview_shows_a_thousand_characters_of_a_field(capsys, length, is_cut) -> None:
    Preview().write("metric", [point_of(a="x" * (length - len('{"a": ""}')))], ignore)
    assert capsys.readouterr().out.endswith(f"… ({length:,} characters)\n") is is_cut


class Asked(Connector):
    """A connector that answers queries."""

    def __init__(self, answer):
        super().__init__((200, {}))
        self.queried, self.found = [], answer

    def query(self, dql, dict_output=False, time_range=None):
        self.queried.append((dql, dict_output, time_range))
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


@pytest.mark.parametrize("status", [200, 299])
def test_a_query_gets_the_rows_of_all_series_between_two_times_in_milliseconds(status) -> None:
    connector = Asked((status, {"series": [[{"a": 1}, {"a": 2}], [{"a": 3}]]}))
    assert Sink(Func(connector), "datakit").query("M::m:(a)", 1.5, 2) == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert connector.queried == [("M::m:(a)", True, [1500, 2000])]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((199, {"series": []}), "{'series': []}"),
        ((300, "moved"), "moved"),
        (("ok", "what"), "what"),
        ((200, {}), "KeyError: 'series'"),
        (Exception("GET http://x?token=tkn_secret failed. Status Code: 403, Response: no"), None),
    ],
)
def test_a_query_that_fails_says_what_was_answered(answer, said) -> None:
    with pytest.raises(ReportError) as error:
        Sink(Func(Asked(answer)), "datakit").query("M::m:(a)", 1, 2)
    said = said or "Exception: GET http://x?token=*** failed. Status Code: 403, Response: no"
    assert str(error.value) == f'Querying the workspace by the connector "datakit" failed ({said}).'


@pytest.mark.parametrize("status", [200, 204, 299])
def test_every_status_of_success_is_one_in_the_manner_of_an_older_func(status) -> None:
    written = []
    assert Sink(Func(Connector((status, ""))), "datakit").write("metric", [POINT], written.append) == []
    assert written == [0]


class Refusing:
    """A connector that takes points without a reason, and refuses every body that begins with another one for it."""

    def write_by_category_many(self, category, points):
        reason = points[0]["tags"].get("reason")
        return (400, {"error_code": reason, "message": points[0]["tags"]["name"]}) if reason else (200, "")


def refused_for(name, reason, **more):
    return {**POINT, "tags": {"name": name, "reason": reason}, **more}


def test_of_several_refused_points_the_first_is_named_and_decides_whose_fault_it_is() -> None:
    points = [refused_for("E1", "datakit.invalidLinePoint"), refused_for("E2", "datakit.other")]
    with pytest.raises(ReportError, match=r"failed \(E1 at 1970-01-01 00:00 UTC: datakit\.invalidLinePoint: E1\)"):
        Sink(Func(Refusing()), "datakit").write("metric", points, ignore)
    sink = Sink(Func(Refusing()), "datakit")
    sink.write("metric", [POINT], ignore)
    assert [one.position for one in sink.write("metric", points, ignore)] == [0, 1]
    with pytest.raises(ReportError):
        sink.write("metric", points[::-1], ignore)


def test_a_refused_line_of_a_log_is_named_with_its_minute_though_it_has_milliseconds() -> None:
    line = refused_for("E1", "datakit.invalidLinePoint", timestamp=1772359200999)
    with pytest.raises(ReportError, match=r"failed \(E1 at 2026-03-01 10:00 UTC: datakit\.invalidLinePoint: E1\)"):
        Sink(Func(Refusing()), "datakit").write("logging", [line], ignore)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((403, {"error_code": "datakit.denied", "message": "no"}), "status 403, datakit.denied: no"),
        ((403, {"error_code": "datakit.denied"}), "status 403, datakit.denied"),
        ((403, {"message": "no"}), "(403, {'message': 'no'})"),
        ((403, "x" * 300), None),
        ((403, {"error_code": "d", "message": "x" * 300}), f"status 403, d: {'x' * 196}…"),
    ],
)
def test_what_an_older_func_returns_is_said_as_its_reason_where_it_has_one(answer, said) -> None:
    with pytest.raises(ReportError) as error:
        Sink(Func(Connector(answer)), "datakit").write("metric", [POINT], ignore)
    if said is not None:
        assert error.value.said == said
    else:
        assert error.value.said.startswith("(403, 'xxx")
