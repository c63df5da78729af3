"""DataKit's rules for a line: each is a fact of what DataKit refuses, cuts or changes."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devtools.line_protocol import BadLineError, parse_body

AT = "1772359200000000000"


def test_a_line_becomes_a_point() -> None:
    (point,) = parse_body(f'aws_AWS/CloudFront,name=E1,a\\ b=c\\,d f=1.5,i=2i,b=true,s="x" {AT}', "custom_object", 7.0)
    assert (point.measurement, point.tags) == ("aws_AWS/CloudFront", {"name": "E1", "a b": "c,d"})
    assert (point.fields, point.time, point.received_at) == ({"f": 1.5, "i": 2, "b": True, "s": "x"}, 1772359200, 7.0)


REFUSED = [
    ("metric", "m,name=E1 f=1", "no time stamp in nanoseconds"),
    ("metric", "m,name=E1 f=1 1772359200", "no time stamp in nanoseconds"),
    ("metric", f"m,name=E1 f=nan {AT}", "a value that is no float"),
    ("metric", f"m,name=E1 f=NaN,g=1 {AT}", "a value that is no float"),
    ("metric", f"m,name=E1 f=inf {AT}", "a value that is no float"),
    ("metric", f"m,name=E1 f=-Infinity {AT}", "a value that is no float"),
    ("metric", f"m,name=E1 f=1u {AT}", "a value that is no float"),
    ("metric", f"m,name=E1 f=1e400 {AT}", ""),
    ("metric", f"m,name=E1  {AT}", "Failed to parse"),
    ("metric", f"m,name=E1 {AT}", "Failed to parse"),
    ("metric", f'm,name=E1 s="text" {AT}', "the field s is a string in a metric"),
    ("metric", f"m,name=E1,f=x f=1 {AT}", "the key f is a tag and a field"),
    ("metric", f"m,name= f=1 {AT}", ""),
    ("metric", f"m,name=x\\\\ f=1 {AT}", ""),
    ("metric", f"{'m' * 1025},name=E1 f=1 {AT}", "the measurement is empty or over 1024 bytes"),
    ("metric", f"m,name={'x' * 1025} f=1 {AT}", "a tag is over 1024 bytes"),
    ("metric", f"m,{'k' * 257}=x f=1 {AT}", "a key is empty or over 256 bytes"),
    ("metric", f"m,name=E1 {'k' * 257}=1 {AT}", "a key is empty or over 256 bytes"),
    ("metric", f"m,{','.join(f't{n}=x' for n in range(257))} f=1 {AT}", "more than 256 tags"),
    ("metric", f"m,name=E1 {','.join(f'f{n}=1' for n in range(1025))} {AT}", "1024 fields"),
    ("metric", f"m,{','.join(f't{n}={chr(120) * 1000}' for n in range(66))} f=1 {AT}", ""),
    ("custom_object", f"m,a=E1 f=1 {AT}", "an object without the tag name"),
    ("custom_object", f"m,name=E1 a.b=1 {AT}", "the key a.b is not allowed in an object"),
    ("custom_object", f"m,name=E1,class=x f=1 {AT}", "the key class is not allowed in an object"),
    ("custom_object", f"m,name=E1 date=1 {AT}", "the key date is not allowed in an object"),
    ("custom_object", f'm,name=E1 s="broken\nline" {AT}', ""),
    ("metric", "nonsense", "no time stamp"),
]


@pytest.mark.parametrize(("category", "line", "said"), REFUSED)
def test_a_line_that_datakit_would_refuse_cut_or_change_is_refused(category, line, said) -> None:
    with pytest.raises(BadLineError) as error:
        parse_body(f"m,name=good f=1 {AT}\n{line}", category, 0.0)
    assert said in str(error.value)


@pytest.mark.parametrize("text", ['a = 1u, b =nan"', "=1u ", '\\"=nan '])
def test_what_only_looks_like_a_bad_value_is_text(text) -> None:
    escaped = re.sub(r'(["\\])', r"\\\1", text)
    assert parse_body(f'm,name=E1 s="{escaped}" {AT}', "custom_object", 0.0)[0].fields == {"s": text}


PLAIN = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\u2028\u2029"), min_size=1, max_size=20
)
# What Func's helper leaves of a name: no white space but blanks, none at its ends that matter, no backslash.
NAMES = PLAIN.map(lambda text: re.sub(r'[\s\\"]', "_", text))

FLOATS = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)


@example("0", "NAN", "0", 0.0, 0)
@given(NAMES, NAMES, PLAIN, FLOATS, st.integers(-(2**63), 2**63 - 1))
def test_what_is_escaped_comes_back_as_it_was(measurement, tag, text, number, whole) -> None:
    def escaped(name, characters=",= "):
        return re.sub(f"([{characters}])", r"\\\1", name)

    string = re.sub(r'(["\\])', r"\\\1", text)
    line = f'{escaped(measurement, ", ")},name={escaped(tag)} f={number},i={whole}i,s="{string}" {AT}'
    (point,) = parse_body(line, "custom_object", 0.0)
    assert (point.measurement, point.tags) == (measurement, {"name": tag})
    assert point.fields == {"f": number, "i": whole, "s": text}
