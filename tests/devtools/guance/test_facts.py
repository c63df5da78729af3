"""The receiver does with a request what a real DataKit was seen to do: every recorded fact, over HTTP.

With DATAKIT_URL (such as http://127.0.0.1:9529) in the environment the same facts are held against that DataKit, by
status and error code: a real one, of a test workspace, because it gets the points. Releases are shown.
"""

import base64
import gzip
import json
import os
import re
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional

import pytest

from devtools.clock import SimulatedClock
from devtools.guance.datakit import COUNTER, DataKit
from devtools.guance.intake import HOST_TAGS
from tests.conftest import NOW

FACTS = json.loads((Path(__file__).parent / "datakit-facts.json").read_text(encoding="utf-8"))
CASES = FACTS["cases"]
REAL = os.environ.get("DATAKIT_URL")
UNITS = {"": 10**9, "_s": 1, "_ms": 10**3, "_us": 10**6}
GZIP_FORMS = {
    True: lambda packed: packed,
    "truncated": lambda packed: packed[:-6],
    "6 bytes": lambda packed: packed[:6],
    "wrong checksum": lambda packed: packed[:-8] + b"\0\0\0\0" + packed[-4:],
}


def filled(text, now=NOW):
    """A text of the facts with its times and repetitions written out; a number where it was a time and nothing else."""

    def a_time(found):
        unit, sign, amount, of = found.groups()
        shift = int(f"{sign}{amount}") * (1 if of == "ns" else 10**9) if amount else 0
        return str((now * 10**9 + shift) * UNITS[unit or ""] // 10**9)

    text = re.sub(r"\{time(_s|_ms|_us)?(?:([+-])(\d+)(ns|s))?\}", a_time, text)
    return re.sub(r"\{([^{}*]{1,2})\*(\d+)\}", lambda found: found[1] * int(found[2]), text)


def body_of(case, now):
    """The bytes to be sent; None for none."""
    if "body_b64" in case:
        return base64.b64decode(case["body_b64"]).replace(b"{time}", filled("{time}", now).encode())
    if "body_repeat" in case:
        form = case["body_repeat"]
        text = form["template"].replace("{tags}", "".join(f",t{n:03}=v" for n in range(form.get("tags", 0))))
        text = text.replace("{fields}", ",".join(f"f{n:04}=1" for n in range(form.get("fields", 0))))
        lines = "".join(form.get("line", "").replace("{n}", str(n)) for n in range(form.get("lines", 0)))
        return filled(text.replace("{lines}", lines), now).encode()
    if "body" not in case:
        return None
    body = filled(case["body"], now).encode()
    return GZIP_FORMS[case["gzip"]](gzip.compress(body)) if case.get("gzip") else body


def ask(url, case, now):
    """Status, error code and message of an answer, and its headers."""
    path = case.get("path") or f"/v1/write/{case['category']}"
    address = f"{url}{path}?{case['query']}" if case["query"] else f"{url}{path}"
    headers = {"Content-Type": "text/plain", **case.get("headers", {})}
    request = urllib.request.Request(address, body_of(case, now), headers, method=case["method"])
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            status, raw, got = response.status, response.read(), response.headers
    except urllib.error.HTTPError as error:
        status, raw, got = error.code, error.read(), error.headers
    try:
        answer = json.loads(raw)
    except ValueError:
        answer = {}
    answer = answer if isinstance(answer, dict) else {}
    return status, answer.get("error_code", ""), answer.get("message", ""), got


def asked(datakit, case):
    """How the answer and what is kept differ from a fact, a line each."""
    datakit.is_remote = case.get("from") == "external"
    before = len(datakit.points())
    status, code, message, headers = ask(datakit.url, case, NOW)
    kept, out = datakit.points()[before:], case["out"]
    if (status, code) != (case["status"], case["error_code"]):
        yield f"{status} {code} {message[:200]}"
    is_known = "…" not in case.get("message", "…") and case["case"] not in UNKNOWN_MESSAGES
    if is_known and message != filled(case["message"]):
        yield f"message {message[:500]}"
    if ("X-DataKit" in headers) is not case.get("datakit_header", True):
        yield "header X-DataKit"
    if len(kept) != len(out):
        yield f"{len(kept)} points, not {len(out)}"
    for point, fact in zip(sorted(kept, key=in_order), sorted(map(expected, out), key=in_order)):
        # Of fields that are too many, DataKit drops any.
        fields = fact.fields
        if fact.one_missing and len(fields) == len(point.fields) + 1:
            fields = {key: value for key, value in fields.items() if key in point.fields}
        if (point.measurement, point.tags, typed(point.fields)) != (fact.measurement, fact.tags, typed(fields)):
            yield f"kept {point}"[:500]
        if fact.time_ns is not None and point.time_ns != fact.time_ns:
            yield f"time {point.time_ns}, not {fact.time_ns}"


class Fact(NamedTuple):
    """A point that reached Guance; no time where it overflowed."""

    measurement: str
    tags: Dict[str, str]
    fields: Dict[str, Any]
    time_ns: Optional[int]
    one_missing: bool


def expected(point):
    """A point of the facts in the form of the receiver."""
    tags = {filled(key): value_of(value) for key, value in point["tags"].items()}
    fields = {filled(key): value_of(value) for key, value in point["fields"].items()}
    for values, given in ((tags, point.get("tags_range")), (fields, point.get("fields_range"))):
        if given:
            first, last, value = given
            numbers = range(int(first[1:]), int(last[1:]) + 1)
            values.update({f"{first[0]}{n:0{len(first) - 1}}": value_of(value) for n in numbers})
    tags.update({name: HOST_TAGS[name] for name in point.get("added", [])})
    times = {"now": NOW * 10**9, "overflow": None}
    time_ns = times[point["time_ns"]] if point["time_ns"] in times else int(filled(str(point["time_ns"])))
    return Fact(filled(point["measurement"]), tags, fields, time_ns, "fields_missing" in point)


def value_of(value):
    """A value of a tag or a field; an unsigned integer is an int here, and of several possible values the last."""
    if isinstance(value, str):
        return filled(value)
    if "b64" in value:
        return base64.b64decode(value["b64"]).decode(errors="surrogateescape")
    if "any_of" in value:
        return value["any_of"][-1]
    if value["type"] in ("int", "uint"):
        return int(filled(str(value["value"])))
    return filled(value["value"]) if isinstance(value["value"], str) else value["value"]


def typed(fields):
    """Fields with the types of their values: 1 is not 1.0, and 0.0 is not -0.0."""
    return {key: (type(value), repr(value)) for key, value in fields.items()}


def in_order(point):
    return sorted(point.tags.items())


def set_up(datakit, instance):
    """Make it that one of the DataKits whose facts were recorded."""
    datakit.keeps_time = instance == "no_time_correction"
    datakit.public_apis = ["/v1/ping"] if instance == "restricted" else None


@pytest.mark.skipif(bool(REAL), reason="a real DataKit is asked")
@pytest.mark.parametrize("instance", FACTS["legend"]["instances"])
def test_the_receiver_does_what_datakit_did(instance) -> None:
    cases = [case for case in CASES if case["instance"] == instance]
    with DataKit(clock=SimulatedClock(NOW), is_strict=False) as datakit:
        set_up(datakit, instance)
        wrong = {case["case"]: [*asked(datakit, case)] for case in cases}
    assert len(wrong) == len(cases) > 0
    assert {case: differences for case, differences in wrong.items() if differences} == {}


# A text of gzip's that is not the same with every release of it, and one of Go's JSON parser.
UNKNOWN_MESSAGES = ("gzip body without the header", "content type application/json, line body")

# Where the receiver of the tests is stricter: it refuses what DataKit takes, and why. What DataKit takes and changes it
# refuses in any case, for the collector promises never to send it.
STRICTER = {
    r"value f=\d+u": "the helper writes no unsigned integers",
    r"value f=1e-400": "the helper writes no number that is less than any float",
    r"value f=\[|^array": "the collector sends no arrays",
    r"same field float, int, bool": "a field keeps its type, or a store of metrics may refuse the later ones",
    r"^no time|time none|without time|, none \(": "a point without a time would be dated by DataKit",
    r"time in (s|ms|us)|, in s \(": "the helper writes nanoseconds",
    r"time 9223372036854775806": "a time after the year 2100 is none of CloudWatch's",
    r"blank after the time|two blanks": "the helper writes one blank",
    r"(tab|NUL|CR) in|string: (newline|NUL)": "texts are on one line, without control characters",
    r"non-UTF-8|Latin-1": "texts are UTF-8",
    r"object: (no name|no tags|name as field)": "Guance knows an object by its tag name",
    r"object(:| with) (dots|tags class|fields class)": "documents forbid these keys: the collector renames them",
    r"string in metric$": "dropped from the echo as well",
}
# Where DataKit changes something and the receiver takes it all the same, and why.
AS_DATAKIT = {
    r"time (2 h 1 min|5 h|2 days) old \(|3 h in the future|time: (object )?5 h old( \(|, line|, 1024)": (
        "the collector has to see what re-dating does"
    ),
    r"^category object": "the collector writes none of them",
    r"escapes: measurement =|precision=s, time in ns": "the helper writes no such thing",
}


def test_where_the_receiver_is_stricter_on_purpose() -> None:
    used, wrong = set(), []
    with DataKit(clock=SimulatedClock(NOW)) as datakit:
        for case in [case for case in CASES if case["instance"] != "restricted" and case.get("from") != "external"]:
            set_up(datakit, case["instance"])
            datakit._types.clear()
            rows = [row for row in STRICTER if re.search(row, case["case"])]
            exempt = [row for row in AS_DATAKIT if re.search(row, case["case"])]
            is_changed = case["changed"] and case["status"] == 200
            used.update(exempt if is_changed else rows if case["status"] == 200 else [])
            is_refused = case["status"] != 200 or (is_changed and not exempt) or (not is_changed and rows)
            if (ask(datakit.url, case, NOW)[0] != 200) is not bool(is_refused):
                wrong.append(case["case"])
    assert wrong == []
    assert used == {*STRICTER, *AS_DATAKIT}


def test_re_dated_points_are_counted_as_datakit_counted_them() -> None:
    """Each step: an input, an answer, and how the counter moved."""
    known = {}
    with DataKit(clock=SimulatedClock(NOW), is_strict=False) as corrects, DataKit(clock=SimulatedClock(NOW)) as keeps:
        set_up(keeps, "no_time_correction")
        for step in FACTS["corrected_time_counter"]["steps"]:
            datakit = {"default": corrects, "no_time_correction": keeps}[step["instance"]]
            assert ask(datakit.url, step, NOW)[:2] == (step["status"], step["error_code"])
            page = metrics_of(datakit)
            counted = {line for line in page.splitlines() if line.startswith(COUNTER)}
            changes = step["counter_changes"]
            known.setdefault(step["instance"], set())
            known[step["instance"]] -= {change["line_before"] for change in changes}
            known[step["instance"]] |= {change["line_after"] for change in changes}
            assert counted == known[step["instance"]], step["step"]
            assert (FACTS["corrected_time_counter"]["help_line"] in page) is bool(counted)
            assert (FACTS["corrected_time_counter"]["type_line"] in page) is bool(counted)


def metrics_of(datakit):
    with urllib.request.urlopen(f"{datakit.url}/metrics") as response:
        assert response.headers["Content-Type"] == FACTS["corrected_time_counter"]["content_type"]
        return response.read().decode()


def test_ping_answers_as_datakit_did() -> None:
    with DataKit(clock=SimulatedClock(NOW)) as datakit, urllib.request.urlopen(f"{datakit.url}/v1/ping") as response:
        answer, headers = json.loads(response.read()), response.headers
    fact = FACTS["ping"]
    assert headers["Content-Type"] == fact["content_type"]
    assert set(answer["content"]) == set(fact["answer"]["content"])
    assert answer["content"]["version"] == fact["answer"]["content"]["version"] == headers["X-DataKit"].split("/")[0]


def test_too_many_requests_a_second_are_refused_as_datakit_refused_them() -> None:
    case = {"method": "POST", "category": "metric", "query": "input=trial&dry=1", "body": "m,a=b f=1 {time}"}
    with DataKit(clock=SimulatedClock(NOW)) as datakit:
        datakit.has_rate_limit = True
        answers = [ask(datakit.url, case, NOW) for _ in range(102)]
        of_another_route = ask(datakit.url, {**case, "category": "custom_object"}, NOW)
        datakit._clock.advance(1)
        a_second_later = ask(datakit.url, case, NOW)
    status, code, _, headers = next(answer for answer in answers if answer[0] != 200)
    assert (status, code) == (FACTS["rate_limit"]["status"], FACTS["rate_limit"]["error_code"])
    assert {name: headers[name] for name in FACTS["rate_limit"]["headers"]} == FACTS["rate_limit"]["headers"]
    assert [answer[0] for answer in answers].index(429) == 100
    assert 429 not in (of_another_route[0], a_second_later[0])


@pytest.mark.skipif(not REAL, reason="set DATAKIT_URL to the address of a DataKit of a test workspace")
def test_a_real_datakit_still_answers_as_recorded() -> None:
    """Those facts that need no other host and no other configuration, slowly, for its limit of requests."""
    now, wrong = int(time.time()), {}
    for case in [case for case in CASES if case["instance"] != "restricted" and case.get("from") != "external"]:
        time.sleep(0.02)
        status, code, message, _ = ask(REAL, case, now)
        if (status, code) != (case["status"], case["error_code"]):
            wrong[case["case"]] = f"{status} {code} {message[:200]}, not {case['status']} {case['error_code']}"
    with urllib.request.urlopen(f"{REAL}/v1/ping") as response:
        version = json.loads(response.read())["content"]["version"]
    assert wrong == {}, f"DataKit {version}; the facts are of {FACTS['ping']['answer']['content']['version']}"
