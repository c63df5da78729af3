"""Whatever a point holds, what goes out is a line that DataKit takes, and what was done for that is said."""

import json
import math
import random
import re

import botocore.loaders
import botocore.model
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtools.func.connectors import _line
from devtools.guance.line_protocol import METRIC, OBJECT, STUMBLES, parse_body
from guance_aws_cloudfront.cloudfront.catalog import all_metrics
from guance_aws_cloudfront.guance import limits
from guance_aws_cloudfront.guance.limits import fitted, shortened
from guance_aws_cloudfront.points.answers import merge_pages, no_numbers
from guance_aws_cloudfront.points.metrics import gather, metric_points, source_tags
from guance_aws_cloudfront.points.objects import object_point
from guance_aws_cloudfront.points.queries import metric_data_request
from guance_aws_cloudfront.points.series import plan_series
from guance_aws_cloudfront.points.windows import Window
from guance_aws_cloudfront.settings.account import parse_account
from tests.conftest import NOW, RAW_ACCOUNT

ACCOUNT = parse_account(RAW_ACCOUNT)


def point(tags=None, fields=None):
    return {"measurement": "m", "tags": {"name": "E1", **(tags or {})}, "fields": fields or {"a": 1}, "timestamp": NOW}


def size_of(whole):
    """What a point takes in all, as the limit counts it: 24 bytes for each field beside its key and a text."""
    texts = [whole["measurement"], *whole["tags"], *whole["tags"].values(), *whole["fields"]]
    texts += [value for value in whole["fields"].values() if isinstance(value, str)]
    return sum(len(text.encode()) for text in texts) + 24 * len(whole["fields"])


def taken(fit, is_object=True):
    """The point as the independent parser reads it."""
    (read,) = parse_body(_line(fit), OBJECT if is_object else METRIC, NOW)
    return read


def test_a_point_within_the_limits_stays_as_it_is() -> None:
    whole = point({"Id": "E1", "Alias": "ü.example.com"}, {"s": "a b", "b": True, "i": 7, "f": 0.5})
    assert fitted(whole, OBJECT) == (whole, [])


# Values of log lines: what the short look must not let by, and what it should.
LOG_VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["a\nb", "\u2028", "ü", "", "x" * 200_000, "\ud800"]),
    st.integers(-(2**65), 2**65),
    st.floats(allow_nan=True, allow_infinity=True),
    st.booleans(),
    st.sampled_from([None, b"x", 2**63 - 1, 2**63, -(2**63), 1e300, -1e300]),
)


@given(st.dictionaries(st.sampled_from(["message", "status", "a", "b.c", "name", "é"]), LOG_VALUES, max_size=5))
def test_the_short_look_at_a_log_line_lets_by_only_what_the_long_one_would_not_change(fields) -> None:
    line = {"measurement": "aws_cloudfront", "tags": {"name": "E1"}, "fields": fields, "timestamp": NOW}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "_is_plain", lambda point, category: False)
        expected = fitted(line, "logging")
    assert fitted(line, "logging") == expected


def test_a_usual_log_line_goes_out_as_it_is_without_a_long_look(monkeypatch) -> None:
    fields = {"message": "GET / 200", "status": "ok", "sc_status": 200, "time_taken_ms": 1.5, "cs_uri_stem": "/ü"}
    line = {"measurement": "aws_cloudfront", "tags": {"name": "E1"}, "fields": fields, "timestamp": NOW}
    monkeypatch.setattr(limits, "_fields", None)
    assert fitted(line, "logging")[0] is line


@pytest.mark.parametrize("beside", [{}, {"b": 7}])
@pytest.mark.parametrize(
    ("value", "is_sent"),
    [
        *((2**63 - 1, True), (1 - 2**63, True), (2**63, False), (-(2**63), False)),
        *((1e300, True), (-1e300, True), (math.inf, False), (-math.inf, False), (math.nan, False)),
    ],
)
def test_a_number_in_a_log_line_is_finite_and_not_too_large(value, is_sent, beside) -> None:
    line = {"measurement": "m", "tags": {"name": "E1"}, "fields": {"a": value, **beside}, "timestamp": NOW}
    assert fitted(line, "logging")[0]["fields"] == ({"a": value, **beside} if is_sent else beside)


@pytest.mark.parametrize("text", ["x" * 790_000, "ü" * 400_000, "\U0001f600" * 200_000])
def test_a_log_line_that_is_too_large_is_shortened(text) -> None:
    line = {"measurement": "m", "tags": {"name": "E1"}, "fields": {"message": text, "a": 1}, "timestamp": NOW}
    fit, said = fitted(line, "logging")
    assert len(said) == 1
    assert size_of(fit) <= 768 * 1024


LONG = "ü" * 600
CASES = [
    ({"T": LONG}, {}, {"T": "ü" * 512}, {}, "the tag 'T' is longer than 1,024 bytes and is cut"),
    ({"T": "x" * 1024}, {}, {"T": "x" * 1024}, {}, None),
    ({"T": "\U0001f600" * 300}, {}, {"T": "\U0001f600" * 256}, {}, "the tag 'T' is longer than 1,024 bytes and is cut"),
    ({"T": " \\ "}, {}, {}, {}, "the tag 'T' is empty and left out"),
    ({"T": "", "U": "x"}, {}, {"U": "x"}, {}, "the tag 'T' is empty and left out"),
    ({"T": "a\nb\\"}, {}, {"T": "a b"}, {}, None),
    ({"T\u00a0U": "a\u3000b"}, {}, {"T U": "a b"}, {}, None),
    ({"T U": "x", "T\u00a0U": "y"}, {}, {"T U": "x"}, {}, "the tag 'T\u00a0U' is there twice and left out"),
    ({"class": "x"}, {}, {"class_": "x"}, {}, "the key 'class' is not allowed in an object and is renamed 'class_'"),
    ({}, {"a.b": 1}, {}, {"a_b": 1}, "the key 'a.b' is not allowed in an object and is renamed 'a_b'"),
    ({}, {"date": 1}, {}, {"date_": 1}, "the key 'date' is not allowed in an object and is renamed 'date_'"),
    ({}, {"k" * 300: 1}, {}, {"k" * 256: 1}, f"the key '{'k' * 40}…' is longer than 256 bytes and is cut"),
    ({"T": "x"}, {"T": 1, "a": 1}, {"T": "x"}, {"a": 1}, "the field 'T' is there twice and is left out"),
    ({}, {"a.b": 1, "a_b": 2}, {}, {"a_b": 1}, "the field 'a_b' is there twice and is left out"),
    (
        {},
        {"n": float("nan"), "a": 1},
        {},
        {"a": 1},
        "the field 'n' is no finite number, or too large a one, and is left out",
    ),
    (
        {},
        {"n": float("-inf"), "a": 1},
        {},
        {"a": 1},
        "the field 'n' is no finite number, or too large a one, and is left out",
    ),
    ({}, {"n": 2**63, "a": 1}, {}, {"a": 1}, "the field 'n' is no finite number, or too large a one, and is left out"),
    ({}, {"n": None, "a": 1}, {}, {"a": 1}, "the field 'n' is of the type NoneType and is left out"),
    ({}, {"": 1, "a": 1}, {}, {"a": 1}, "the field '' has no name and is left out"),
    ({"T": "x", "T ": "y"}, {}, {"T": "x"}, {}, "the tag 'T ' is there twice and left out"),
]


@pytest.mark.parametrize(("tags", "fields", "tags_then", "fields_then", "said"), CASES)
def test_what_is_beyond_a_limit_is_shortened_renamed_or_left_out_and_said(
    tags, fields, tags_then, fields_then, said
) -> None:
    fit, clauses = fitted(point(tags, fields), OBJECT)
    assert fit["tags"] == {"name": "E1", **tags_then}
    assert fit["fields"] == (fields_then or {"a": 1})
    assert said in clauses if said else clauses == []
    taken(fit)


def test_a_metric_may_have_what_an_object_may_not() -> None:
    assert fitted(point({"class": "x"}, {"a.b": 1.0}), METRIC)[1] == []


def test_too_many_tags_leave_the_name_and_those_that_stand_last() -> None:
    fit, (said,) = fitted(point({f"t{n}": "x" for n in range(300)}), OBJECT)
    assert len(fit["tags"]) == 256
    assert next(iter(fit["tags"])) == "name"
    assert {"t299", "t45"} <= set(fit["tags"])
    assert said.startswith("there are over 256 tags, or 62,971 bytes of them: left out are t0, t1, t2, t3, t4 and 40")
    taken(fit)


@pytest.mark.parametrize(("letter", "number"), [("x", 62), ("=", 31)])
def test_too_large_tags_leave_what_fits_with_its_escapes(letter, number) -> None:
    fit, (said,) = fitted(point({f"t{n}": letter * 1000 for n in range(70)}), OBJECT)
    assert len(fit["tags"]) == number + 1
    assert "name" in fit["tags"]
    assert "left out are t0" in said
    taken(fit)


@pytest.mark.parametrize("excess", [0, 1])
def test_tags_may_be_as_large_as_datakit_takes_them(excess) -> None:
    # Each tag has two separators; 62,971 bytes are left by the longest measurement and the longest key of a field.
    tags = {"name": "E1", **{f"t{n}": "x" * 1000 for n in range(10, 72)}}
    rest = 62_971 - sum(len(key) + len(value) + 2 for key, value in tags.items()) - len("last") - 2
    fit, said = fitted({**point(), "tags": {**tags, "last": "y" * (rest + excess)}}, OBJECT)
    assert set(tags) - set(fit["tags"]) == ({"t10"} if excess else set())
    assert len(said) == excess


def test_too_many_fields_leave_the_whole_record_and_those_that_stand_first() -> None:
    fit, said = fitted(point({}, {**{f"f{n}": n for n in range(1100)}, "message": "{}"}), OBJECT)
    assert len(fit["fields"]) == 1024
    assert {"message", "f0"} <= set(fit["fields"])
    assert "the field 'f1099' is beyond the 1,024 fields of a point and is left out" in said
    taken(fit)


MIB = 2**20


def test_an_object_of_a_mebibyte_is_shortened_visibly_and_its_message_is_still_json() -> None:
    record = {"Id": "E1", "Origins": "o" * 500_000, "CacheBehaviors": ["c" * 90] * 4000, "Comment": "short"}
    fit, (said,) = fitted(point({}, {"message": json.dumps(record), "a": 1}), OBJECT)
    assert json.loads(fit["fields"]["message"]) == {**record, "Origins": "… 500,002 bytes are left out"}
    assert re.fullmatch(
        r"the field 'message' has 8\d\d,\d\d\d bytes and is shortened, because DataKit loses .+ 1 MiB", said
    )
    taken(fit)


@pytest.mark.parametrize("excess", [0, 1])
def test_a_point_may_be_as_large_as_datakit_takes_it(excess) -> None:
    whole = point({"T": "x"}, {"message": "", "a": 1})
    whole["fields"]["message"] = "m" * (768 * 1024 - size_of(whole) + excess)
    fit, said = fitted(whole, OBJECT)
    assert len(said) == excess
    assert (fit["fields"] == whole["fields"]) is (excess == 0)


@pytest.mark.parametrize(
    ("tags", "fields"),
    [
        ({}, {name: name * 500_000 for name in "abc"}),
        ({f"t{n}": "x" * 1000 for n in range(60)}, {"a": "a" * 790_000}),
        ({}, {**{f"f{n}": n for n in range(1000)}, "a": "a" * 790_000}),
        ({}, {"a": json.dumps({"b": "b" * 400_000, "c": "c" * 400_000}), "d": "d" * 300_000}),
    ],
)
def test_what_is_shortened_fits(tags, fields) -> None:
    fit, said = fitted({**point(tags, fields), "measurement": "m" * 1024}, OBJECT)
    assert said
    assert 400_000 < size_of(fit) <= 768 * 1024
    taken(fit)


def test_of_several_long_texts_the_longest_are_shortened() -> None:
    fields = {f"f{n}": str(n) * 100_000 for n in range(6)}
    fields.update({"longest": "x" * 300_000, "list": json.dumps([7] * 90_000)})
    fit, said = fitted(point({}, fields), OBJECT)
    cut = fit["fields"]["longest"]
    assert [name for name in fields if fit["fields"][name] != fields[name]] == ["longest", "list"]
    assert cut == "… (300,000 bytes in all)"
    assert json.loads(fit["fields"]["list"])[-1].endswith("more are left out")
    assert len(said) == 2
    taken(fit)


SHORTENED = [
    ('{"a": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "b": 1}', 60),
    (json.dumps({str(n): n for n in range(500)}), 1000),
    (json.dumps({"a": "x" * 500, "b": "y" * 500, "c": 1}), 525),
    (json.dumps(["y" * 50] * 100), 700),
    (json.dumps({"s": "\ud800" * 200, "t": "\u2028"}), 100),
    ("ü" * 500, 300),
    ("{" * 5000, 100),
    ("[" * 100_000, 100),
    (json.dumps("text" * 100), 100),
]


@pytest.mark.parametrize(("text", "most"), SHORTENED)
def test_a_shortened_text_is_short_and_stays_json_where_it_was(text, most) -> None:
    short = shortened(text, most)
    assert len(short.encode()) <= most
    assert "…" in short
    if text.startswith(('{"', '["')):
        assert type(json.loads(short)) is type(json.loads(text))


def test_of_a_list_the_first_items_stay_and_the_others_are_counted() -> None:
    *kept, note = json.loads(shortened(json.dumps(["y" * 50] * 100), 700))
    assert kept == ["y" * 50] * 12
    assert note == "… 88 more are left out"
    text = json.dumps(["y" * 50] * 12)
    assert shortened(text, len(text)) == text


@pytest.mark.parametrize(
    ("measurement", "then"),
    [("#m", "m"), ("# # m", "m"), ("m#", "m#"), ("a\\", "a"), ("a\nb", "a b"), ("m" * 1030, "m" * 1024), ("#", "")],
)
def test_a_measurement_is_no_comment_and_not_too_long(measurement, then) -> None:
    fit, said = fitted({**point(), "measurement": measurement}, METRIC)
    assert fit["measurement"] == then
    if then:
        taken(fit, False)
    else:
        assert fit["fields"] == {}
        assert "a point without a measurement is left out" in said


def test_a_text_is_no_value_of_a_metric() -> None:
    fit, said = fitted(point({}, {"s": "x", "a": 1.0}), METRIC)
    assert fit["fields"] == {"a": 1.0}
    assert said == ["the field 's' is a text, which DataKit drops from a metric, and is left out"]
    assert fitted(point({}, {"df_title": "x"}), "keyevent") == (point({}, {"df_title": "x"}), [])


@pytest.mark.parametrize(
    ("whole", "category", "said"),
    [
        (point({"name": "\\"}), OBJECT, "an object without a name is left out"),
        (point({}, {"n": float("nan")}), METRIC, "a point without a field is left out"),
    ],
)
def test_what_cannot_be_sent_at_all_has_no_field_left(whole, category, said) -> None:
    fit, clauses = fitted(whole, category)
    assert fit["fields"] == {}
    assert said in clauses


# Whatever comes

TEXT = st.text(max_size=40) | st.text("\\ ,=\"'.#\n\t\u2028üx", max_size=12) | st.just("x" * 1100)
KEYS = TEXT | st.sampled_from(["class", "date", "name", "a.b", "message"])
VALUES = st.one_of(TEXT, st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_subnormal=False), st.none())
POINTS = st.builds(
    lambda tags, fields: {"measurement": "aws_cloudfront", "tags": tags, "fields": fields, "timestamp": NOW},
    st.dictionaries(KEYS, TEXT, max_size=6),
    st.dictionaries(KEYS, VALUES, max_size=6),
)


@given(POINTS)
def test_a_point_of_any_content_is_a_line_that_datakit_takes(whole) -> None:
    fit, _ = fitted(whole, OBJECT)
    assert not fit["fields"] or taken(fit).tags == fit["tags"] or STUMBLES


PIECES = [
    "\\",
    " ",
    ",",
    "=",
    '"',
    "'",
    ".",
    "#",
    "\n",
    "\t",
    "ü",
    "x",
    "E1",
    "\u2028",
    "\U0001f600",
    "class",
    "x" * 400,
]

if STUMBLES:
    # The parser for Python 3.8 takes an escaped quotation mark in a key for a plain one.
    PIECES.remove('"')


def any_point(dice):
    """A point of up to eight tags and fields, out of what lines break on."""

    def text():
        return "".join(dice.choices(PIECES, k=dice.randint(0, 5)))

    def value():
        return dice.choice([text(), dice.uniform(-1e9, 1e9), dice.randint(-(2**65), 2**65), float("nan"), True, None])

    tags = {text(): text() for _ in range(dice.randint(0, 8))}
    fields = {text(): value() for _ in range(dice.randint(0, 8))}
    return {"measurement": "aws_cloudfront", "tags": {"name": "E1", **tags}, "fields": fields, "timestamp": NOW}


@pytest.mark.parametrize("seed", range(10))
def test_ten_thousand_points_go_through_the_independent_parser(seed) -> None:
    dice = random.Random(seed)
    points = [fitted(any_point(dice), OBJECT)[0] for _ in range(1000)]
    sent = [point for point in points if point["fields"]]
    assert len(sent) > 500
    read = parse_body("\n".join(map(_line, sent)), OBJECT, NOW)
    # The parser for Python 3.8 reads escapes in keys in its own way.
    assert STUMBLES or [(point.tags, point.fields) for point in read] == [
        (point["tags"], point["fields"]) for point in sent
    ]


MODEL = botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model("cloudfront", "service-2"))


def values_of(shape):
    """Any value that a shape of botocore's model allows, as the parser hands it over."""
    # The judge's parser takes no subnormal numbers (5e-324), which Go's, and so DataKit's, does.
    times = st.floats(0, 4e9, allow_subnormal=False)
    simple = {"string": st.text(max_size=8), "boolean": st.booleans(), "timestamp": times}
    if shape.type_name == "structure":
        members = {name: values_of(member) for name, member in shape.members.items()}
        needed = {name: members.pop(name) for name in shape.required_members if name in members}
        return st.fixed_dictionaries(needed, optional=members)
    if shape.type_name == "list":
        return st.lists(values_of(shape.member), max_size=2)
    return simple.get(
        shape.type_name,
        st.integers(-(2**63), 2**63 - 1) if "int" in shape.type_name else st.floats(allow_subnormal=False),
    )


@given(values_of(MODEL.shape_for("DistributionSummary")))
def test_any_record_that_botocore_s_model_allows_makes_an_object_that_datakit_takes(record) -> None:
    fit, said = fitted(object_point(record, ACCOUNT, NOW), OBJECT)
    if fit["fields"]:
        assert taken(fit).fields["message"] == fit["fields"]["message"]
    else:
        assert "an object without a name is left out" in said


SERIES = plan_series(["E1"], tuple(all_metrics().values()))
MINUTE_AND_VALUE = st.tuples(
    st.integers(NOW - 10**6, NOW).map(lambda at: at // 60 * 60),
    st.floats(allow_subnormal=False) | st.integers(-(2**70), 2**70) | st.none(),
)
ANSWERED = st.builds(
    lambda pairs, status: {
        "Timestamps": [minute for minute, _ in pairs],
        "Values": [value for _, value in pairs],
        "StatusCode": status,
    },
    st.lists(MINUTE_AND_VALUE, max_size=4, unique_by=lambda pair: pair[0]),
    st.sampled_from(["Complete", "PartialData", "InternalError"]),
)


@settings(max_examples=50)
@given(st.lists(ANSWERED, min_size=len(SERIES), max_size=len(SERIES)))
def test_any_answer_makes_metric_points_that_datakit_takes(answered) -> None:
    page = {"MetricDataResults": [{"Id": f"q{number}", **one} for number, one in enumerate(answered)]}
    window = Window((NOW - 10**6) // 60 * 60, NOW + 60)
    answers, minutes = merge_pages([page], metric_data_request(SERIES, window, 60)), {}
    assert not any(answer.wrong for answer in answers.queries)
    number = gather(SERIES, answers, minutes)
    assert no_numbers(SERIES, answers) or number <= sum(len(one["Values"]) for one in answered)
    records = [{"Id": "E1", "DomainName": "d"}]
    for _, made in metric_points(minutes, source_tags(SERIES, records, ACCOUNT), True):
        fit, said = fitted(made, METRIC)
        assert said == []
        assert taken(fit, False).fields == made["fields"]


def test_tags_that_points_share_are_fitted_once_and_said_of_each() -> None:
    known, tags = {}, {"name": "E1", "T": LONG}
    fits = [
        fitted({"measurement": "m", "tags": tags, "fields": {"a": at}, "timestamp": NOW}, METRIC, known)
        for at in (0.5, 1.5)
    ]
    assert fits[0][0]["tags"] is fits[1][0]["tags"]
    assert fits[0][1] == fits[1][1] == ["the tag 'T' is longer than 1,024 bytes and is cut"]
    # Objects are held to more: what became of a metric's tags says nothing of theirs.
    assert fitted({**point(), "tags": {"name": "E1", "class": "x"}}, OBJECT, known)[0]["tags"]["class_"] == "x"
