"""Points at the limits go through Func's helper and a DataKit, and come out as they went in: nothing is cut there."""

import json
import random

import pytest

from devtools.clock import SimulatedClock
from devtools.func.connectors import DataKitConnector
from devtools.guance.datakit import DataKit
from guance_aws_cloudfront.guance.limits import LONGEST_POINT, fitted
from tests.conftest import NOW

pytestmark = pytest.mark.newest

QUERY = {"input": "limits", "ignore_global_host_tags": "true"}
LETTERS = ["x", "ü", "€", "😀", ",", "=", " ", "\\", '"', "#", "'", "\n", "."]


def text(dice, about):
    """A text of about so many bytes, of one or two kinds of letters."""
    pair = dice.choices(LETTERS, k=2)
    unit = "".join(pair)
    return (unit * (about // len(unit.encode()) + 1))[: max(1, about // len(unit.encode()) * 2)]


def near(dice, limit):
    """A size around a limit."""
    return max(1, limit + dice.choice([-2, -1, 0, 1, 2, 3, 100]))


def any_key(dice, number):
    return f"k{number}{text(dice, near(dice, 250))}" if dice.random() < 0.2 else f"k{number}"


def any_tags(dice):
    kind = dice.random()
    if kind < 0.02:  # too many
        return {f"t{n}": "v" for n in range(near(dice, 256))}
    if kind < 0.06:  # too large in all
        return {f"t{n}": text(dice, 1000) for n in range(dice.randint(29, 66))}
    return {any_key(dice, n): text(dice, near(dice, 1024)) for n in range(dice.randint(0, 3))}


def any_fields(dice, category):
    kind = dice.random()
    if kind < 0.02:
        return {f"f{n}": float(n) for n in range(near(dice, 1024))}
    if kind < 0.024 and category == "custom_object":
        record = {f"Member{n}": text(dice, 100_000) for n in range(dice.randint(6, 11))}
        return {"message": json.dumps(record, ensure_ascii=dice.random() < 0.5), "other": text(dice, 300_000)}
    values = [
        lambda: dice.uniform(-1e300, 1e300),
        lambda: float("inf"),
        lambda: -0.0,
        lambda: dice.choice([2**63 - 1, -(2**63) + 1, 2**63]),
        lambda: dice.random() < 0.5,
        lambda: text(dice, dice.randint(1, 200)),
    ]
    return {any_key(dice, n): dice.choice(values)() for n in range(dice.randint(1, 6))}


def any_point(dice, category):
    name = dice.choice(["m", "#m", text(dice, near(dice, 1024)), "aws_AWS/CloudFront"])
    tags = {"name": f"E{dice.randint(0, 9)}", **any_tags(dice)}
    return {"measurement": name, "tags": tags, "fields": any_fields(dice, category), "timestamp": NOW}


@pytest.mark.parametrize("category", ["custom_object", "metric"])
@pytest.mark.parametrize("seed", range(10))
def test_ten_thousand_points_at_the_limits_come_out_as_they_were_fitted(category, seed) -> None:
    dice = random.Random(f"{category} {seed}")
    with DataKit(clock=SimulatedClock(NOW), is_strict=False) as datakit:
        connector = DataKitConnector({"host": datakit.host, "port": datakit.port}, lambda *_: None, True)
        changed = 0
        for _ in range(5):
            fits = [fitted(any_point(dice, category), category) for _ in range(100)]
            changed += sum(1 for _, said in fits if said)
            points = [point for point, _ in fits if point["fields"]]
            before = len(datakit.points())
            connector.post_line_protocol(path=f"/v1/write/{category}", points=points, query=QUERY)
            kept = datakit.points()[before:]
            assert [(it.measurement, it.tags, typed(it.fields), it.time) for it in kept] == [
                (it["measurement"], it["tags"], typed(it["fields"]), NOW) for it in points
            ]
    # Most of them went beyond a limit, or the test tries nothing.
    assert changed > 200


def typed(fields):
    return {key: (type(value), repr(value)) for key, value in fields.items()}


def test_an_object_of_more_than_a_mebibyte_arrives() -> None:
    message = json.dumps({"Id": "E1", "Origins": ["o" * 1000] * 2000, "Comment": "the shop"})
    whole = {"measurement": "aws_cloudfront", "tags": {"name": "E1"}, "fields": {"message": message}, "timestamp": NOW}
    with DataKit(clock=SimulatedClock(NOW), is_strict=False) as datakit:
        connector = DataKitConnector({"host": datakit.host, "port": datakit.port}, lambda *_: None, True)
        for point in (whole, fitted(whole, "custom_object")[0]):
            connector.post_line_protocol(path="/v1/write/custom_object", points=[point], query=QUERY)
        # As it was, DataKit answered 200 and lost it.
        (kept,) = datakit.points()
    assert json.loads(kept.fields["message"]) == {
        "Id": "E1",
        "Origins": "… 2,008,000 bytes are left out",
        "Comment": "the shop",
    }
    assert len(kept.fields["message"]) < LONGEST_POINT
