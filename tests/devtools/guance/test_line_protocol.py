"""DataKit's rules for a line: each is a fact of what DataKit refuses, skips, cuts or changes."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from devtools.guance.line_protocol import BadLineError, Point, parse_body, problems

AT = "1772359200000000000"
NO_VALUE = "a value that is no float, integer, string or boolean"


def test_a_line_becomes_a_point() -> None:
    (point,) = parse_body(f'aws_AWS/CloudFront,name=E1,a\\ b=c\\,d f=1.5,i=2i,b=true,s="x" {AT}', "custom_object", 7.0)
    assert (point.measurement, point.tags) == ("aws_AWS/CloudFront", {"name": "E1", "a b": "c,d"})
    assert (point.fields, point.time, point.received_at) == ({"f": 1.5, "i": 2, "b": True, "s": "x"}, 1772359200, 7.0)
    assert [type(point.fields[key]) for key in "fibs"] == [float, int, bool, str]


def test_a_body_is_a_point_a_line_and_may_end_in_a_newline() -> None:
    body = f"m,name=E1 f=1 {AT}\nm,name=E2 f=2 {AT}\n"
    assert [point.tags["name"] for point in parse_body(body, "metric", 0.0)] == ["E1", "E2"]


REFUSED = [
    ("metric", "nonsense", "no time stamp"),
    ("metric", "m,name=E1 f=1", "no time stamp in nanoseconds"),
    ("metric", "m,name=E1 f=1 1772359200", "no time stamp in nanoseconds"),
    ("metric", "m,name=E1 f=1 177235920000000000", "no time stamp in nanoseconds"),  # 18 digits
    ("metric", "m,name=E1 f=1 0177235920000000000", "no time stamp in nanoseconds"),
    ("metric", "m,name=E1 f=1 4133980800000000000", "up to the year 2100"),
    ("metric", f"nonsense {AT}", "there is no field"),
    ("metric", f"m,name=E1 {AT}", "there is no field"),
    ("metric", f"m,name=E1  {AT}", "there is no field"),
    ("metric", f"m,name=E1 f=nan {AT}", NO_VALUE),
    ("metric", f"m,name=E1 f=NaN,g=1 {AT}", NO_VALUE),
    ("metric", f"m,name=E1 f=inf {AT}", NO_VALUE),
    ("metric", f"m,name=E1 f=-Infinity {AT}", NO_VALUE),
    ("metric", f"m,name=E1 f=1u {AT}", NO_VALUE),
    ("custom_object", f'm,name=a"b f=1u,s="x" {AT}', NO_VALUE),  # a quote in a tag hides nothing
    ("metric", f"m,name=E1 f= {AT}", NO_VALUE),
    ("metric", f"m,name=E1 f=0x10 {AT}", NO_VALUE),
    ("metric", f"m,name=E1 f=text {AT}", NO_VALUE),
    ("metric", f"m,name=E1 f={2**63}i {AT}", NO_VALUE),
    ("metric", f"m,name=E1 f=1e400 {AT}", "f=1e400"),
    ("metric", f'm,name=E1 s="text" {AT}', "the field s is a string in a metric"),
    ("metric", f"m,name=E1,f=x f=1 {AT}", "the key f is a tag and a field"),
    ("metric", f"m,name=E1,name=E2 f=1 {AT}", "Failed to parse key of tag|a key is there twice"),
    ("metric", f"m,name=E1 f=1,f=2 {AT}", "a key is there twice"),
    ("metric", f"m,name= f=1 {AT}", "Failed to parse value of tag|the tag name is empty"),
    ("metric", f"m,name=x\\ f=1 {AT}", "no line protocol"),
    ("metric", f"m,name=x\\\\ f=1 {AT}", "no line protocol"),
    ("metric", f"m,name=x=y f=1 {AT}", "no line protocol"),
    ("metric", f"m,name=x\ty f=1 {AT}", "no line protocol"),
    ("metric", f",name=E1 f=1 {AT}", "no line protocol"),
    ("metric", f"#m,name=E1 f=1 {AT}", "no line protocol"),  # DataKit would skip it as a comment
    ("metric", f"m,name=E1 =1 {AT}", "no line protocol"),
    ("metric", f"m,name=E1 f=1, {AT}", "no line protocol"),
    ("metric", f"m,name=E1 f=1 g=2 {AT}", "no line protocol"),
    ("custom_object", f'm,name=E1 s="a"b {AT}', "no line protocol"),
    ("custom_object", f'm,name=E1 s="open {AT}', "no line protocol"),
    ("custom_object", f'm,name=E1 s="broken\nline" {AT}', "no time stamp"),
    ("metric", f"m,name=broken\nline f=1 {AT}", "no time stamp"),
    ("custom_object", f"m,a=E1 f=1 {AT}", "an object without the tag name"),
    ("custom_object", f"m,name=E1 a.b=1 {AT}", "the key a.b is not allowed in an object"),
    ("custom_object", f"m,name=E1,a.b=x f=1 {AT}", "the key a.b is not allowed in an object"),
    ("custom_object", f"m,name=E1,class=x f=1 {AT}", "the key class is not allowed in an object"),
    ("custom_object", f"m,name=E1 date=1 {AT}", "the key date is not allowed in an object"),
    ("logging", f'm,source=x message="m",status="ok" {AT}', "the tag source of a log line is dropped"),
    ("logging", f'm,a.b=x message="m",status="ok" {AT}', "the key a.b of a log line would be renamed"),
    ("logging", f'm,a=x message="m",status="ok",a.b=1 {AT}', "the key a.b of a log line would be renamed"),
    ("logging", f'm,a=x status="ok" {AT}', "a log line without the text message"),
    ("logging", f'm,a=x message="m" {AT}', "a log line without the text status"),
    ("logging", f'm,a=x message="m",status=200i {AT}', "a log line without the text status"),
]
GOOD = {"logging": f'm,name=good message="m",status="ok" {AT}'}


@pytest.mark.parametrize(("category", "line", "said"), REFUSED)
def test_a_line_that_datakit_would_refuse_skip_or_change_is_refused(category, line, said) -> None:
    with pytest.raises(BadLineError, match=said):
        parse_body(f"{GOOD.get(category, f'm,name=good f=1 {AT}')}\n{line}", category, 0.0)


@pytest.mark.parametrize(
    ("form", "most", "said"),
    [
        (lambda n: f"{'m' * n},name=E1 f=1", 1024, "the measurement is empty or over 1024 bytes"),
        (lambda n: f"m,name={'x' * n} f=1", 1024, "a tag is over 1024 bytes"),
        (lambda n: f"m,name={'ü' * (n // 2)}{'x' * (n % 2)} f=1", 1024, "a tag is over 1024 bytes"),
        (lambda n: f"m,{'k' * n}=x f=1", 256, "a key is empty or over 256 bytes"),
        (lambda n: f"m,name=E1 {'k' * n}=1", 256, "a key is empty or over 256 bytes"),
        (lambda n: f"m,{','.join(f'k{i}=x' for i in range(n))} f=1", 256, "more than 256 tags"),
        (lambda n: f"m,name=E1 {','.join(f'f{i}=1' for i in range(n))}", 1024, "more than 1024 fields"),
    ],
)
def test_what_datakit_would_cut_is_refused_and_what_just_fits_is_taken(form, most, said) -> None:
    assert len(parse_body(f"{form(most)} {AT}", "metric", 0.0)) == 1
    with pytest.raises(BadLineError, match=said):
        parse_body(f"{form(most + 1)} {AT}", "metric", 0.0)


@pytest.mark.parametrize("tag", ["", "a\nb", "a\n", "a\\"])
def test_a_tag_is_never_empty_and_has_nothing_that_would_be_stripped(tag) -> None:
    assert list(problems(Point("metric", "m", {"name": tag}, {"f": 1.0}, 1, 0.0))) == [
        "the tag name is empty, or has a newline, or a backslash at its end"
    ]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_is_finite_however_the_parser_came_to_it(value) -> None:
    assert list(problems(Point("metric", "m", {}, {"f": value}, 1, 0.0))) == ["the field f is no finite number"]


@pytest.mark.parametrize("text", ['a = 1u, b =nan"', "=1u ", '\\"=nan ', ",f=1u", f" {AT}", '"', "\\", "#", ""])
def test_what_only_looks_like_a_bad_value_is_text(text) -> None:
    escaped = re.sub(r'(["\\])', r"\\\1", text)
    assert parse_body(f'm,name=E1 s="{escaped}" {AT}', "custom_object", 0.0)[0].fields == {"s": text}


@pytest.mark.parametrize("tag", ["nan", "INF", "1u", "99999999999999999999i", '"', "#", "a\\b"])
def test_a_tag_may_look_like_anything(tag) -> None:
    assert parse_body(f"m,name={tag},other=x f=1 {AT}", "metric", 0.0)[0].tags == {"name": tag, "other": "x"}


@pytest.mark.parametrize(("written", "value"), [("1e-07", 1e-7), ("1e+16", 1e16), ("-0.5", -0.5), ("3", 3.0)])
def test_floats_are_read_as_python_writes_them(written, value) -> None:
    (found,) = parse_body(f"m,name=E1 f={written} {AT}", "metric", 0.0)[0].fields.values()
    assert (found, type(found)) == (value, float)


PLAIN = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\u2028\u2029"), min_size=1, max_size=20
)
# What Func's helper leaves of a name: of white space only blanks. Before another escape a backslash is read in several
# ways, so there is none.
NAMES = PLAIN.map(lambda text: re.sub(r"[^\S ]|\\", "_", text))
MEASUREMENTS = NAMES.filter(lambda name: name.strip() and not name.startswith("#"))
FLOATS = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)


def escaped(name, characters=",= "):
    return re.sub(f"([{characters}])", r"\\\1", name)


@settings(deadline=None)
@given(MEASUREMENTS, NAMES, NAMES, PLAIN, FLOATS, st.integers(-(2**63), 2**63 - 1))
@example("a b,c=d", 'say "x", = y', 'k, "=', '"\\" \\\\', 1e22, -(2**63))
def test_what_is_escaped_comes_back_as_it_was(measurement, tag, key, text, number, whole) -> None:
    string = re.sub(r'(["\\])', r"\\\1", text)
    head = f"{escaped(measurement, ', ')},name={escaped(tag)},t{escaped(key)}={escaped(tag)}"
    line = f'{head} f={number},i={whole}i,s="{string}",x{escaped(key)}=1,z="{string}" {AT}'
    (point,) = parse_body(line, "any but metric and object", 0.0)
    assert (point.measurement, point.tags) == (measurement, {"name": tag, f"t{key}": tag})
    assert point.fields == {"f": number, "i": whole, "s": text, f"x{key}": 1.0, "z": text}
