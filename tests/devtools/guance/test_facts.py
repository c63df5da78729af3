"""The receiver does with a write what a real DataKit was seen to do: every recorded fact, over HTTP.

With DATAKIT_URL (such as http://127.0.0.1:9529) in the environment the same facts are held against that DataKit, by
status and error code: a real one, of a test workspace, for it gets the points. See its release against the facts' one.
"""

import base64
import gzip
import json
import os
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from devtools.clock import SimulatedClock
from devtools.guance.datakit import DataKit
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


@pytest.fixture(scope="module", params=["default", "no_time_correction", "restricted"])
def instance(request):
    """A DataKit set up as one of those whose facts were recorded, none of whose rules is stricter."""
    with DataKit(clock=SimulatedClock(NOW), is_strict=False) as datakit:
        datakit.keeps_time = request.param == "no_time_correction"
        datakit.public_apis = ["/v1/ping"] if request.param == "restricted" else None
        yield request.param, datakit


def expected(point):
    """A point of the facts in the form of the receiver."""
    tags = {filled(key): value_of(value) for key, value in point.get("tags", {}).items()}
    fields = {filled(key): value_of(value) for key, value in point.get("fields", {}).items()}
    for values, given in ((tags, point.get("tags_range")), (fields, point.get("fields_range"))):
        if given:
            first, last, value = given
            width = len(first) - 1
            values.update(
                {f"{first[0]}{n:0{width}}": value_of(value) for n in range(int(first[1:]), int(last[1:]) + 1)}
            )
    return point["measurement"], tags, fields


def value_of(value):
    if isinstance(value, str):
        return filled(value)
    if "b64" in value:
        return base64.b64decode(value["b64"]).decode(errors="surrogateescape")
    if "any_of" in value:
        return value["any_of"][-1]
    if value["type"] == "int" or value["type"] == "uint":
        return int(filled(str(value["value"])))
    return filled(value["value"]) if isinstance(value["value"], str) else value["value"]


@pytest.mark.skipif(bool(REAL), reason="a real DataKit is asked")
def test_the_receiver_does_what_datakit_did(instance) -> None:
    name, datakit = instance
    wrong = []
    for case in [case for case in CASES if case["instance"] == name]:
        datakit.is_remote = case.get("from") == "external"
        before = len(datakit.points())
        status, code, message, headers = ask(datakit.url, case, NOW)
        kept = datakit.points()[before:]
        if (status, code) != (case["status"], case["error_code"]):
            wrong.append((case["case"], "status", (status, code, message[:200]), (case["status"], case["error_code"])))
        said = filled(case.get("message", message))
        if case["case"] == "gzip body without the header":
            said = message
        if "…" not in said and said != message and "invalidJson" not in code:
            wrong.append((case["case"], "message", message[:600], said[:600]))
        if ("X-DataKit" in headers) is not case.get("datakit_header", True):
            wrong.append((case["case"], "header"))
        if len(kept) != len(case["out"]):
            wrong.append((case["case"], "number", len(kept), len(case["out"])))
            continue
        for point, fact in zip(
            sorted(kept, key=lambda p: sorted(p.tags.items())),
            sorted(case["out"], key=lambda p: sorted(map(str, p["tags"].items()))),
        ):
            measurement, tags, fields = expected(fact)
            added = fact.get("added", [])
            tags_kept = {k: v for k, v in point.tags.items() if k not in added}
            time_ns = (
                NOW * 10**9
                if fact["time_ns"] == "now"
                else None
                if fact["time_ns"] == "overflow"
                else int(filled(str(fact["time_ns"])))
            )
            if fact.get("fields_missing"):
                missing = set(fields) - set(point.fields)
                if len(missing) != 1:
                    wrong.append((case["case"], "missing", len(missing)))
                for m in missing:
                    del fields[m]
            if (point.measurement, tags_kept, point.fields) != (filled(measurement), tags, fields) or any(
                k not in point.tags for k in added
            ):
                wrong.append(
                    (
                        case["case"],
                        "point",
                        str((point.measurement, point.tags, point.fields))[:300],
                        str((measurement, tags, fields))[:300],
                    )
                )
            elif {k: type(v) for k, v in point.fields.items()} != {k: type(v) for k, v in fields.items()}:
                wrong.append((case["case"], "types", point.fields, fields))
            if time_ns is not None and point.time_ns != time_ns:
                wrong.append((case["case"], "time", point.time_ns, fact["time_ns"]))
    for w in wrong:
        print(w)
    assert not wrong
