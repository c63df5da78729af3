"""The MD5 of a script set is Func's own, and what Func's database refuses is named."""

import pytest

from devtools.script_sets import code_md5, refusals, set_md5

# Worked out by Func itself.
KNOWN_SET = {
    "id": "demo_set",
    "title": 'Demo "set" 示例',
    "description": "A set.\nTwo lines",
    "requirements": "boto3\nbotocore",
}
KNOWN_SCRIPTS = [
    {"id": "demo_set__a", "title": "A é", "description": "a/b", "type": "python", "codeMD5": code_md5('y = "ü"\n')},
    {"id": "demo_set__b", "title": "B", "type": "python", "codeMD5": code_md5("x = 1\n")},
]
KNOWN_MD5 = "ad26a4223dc5165112eec885bfc821bc"


def test_the_md5_is_what_func_works_out() -> None:
    assert set_md5(KNOWN_SET, KNOWN_SCRIPTS) == KNOWN_MD5


def test_neither_the_order_of_the_scripts_nor_other_fields_count() -> None:
    scripts = [{**script, "publishVersion": 7, "code": "x"} for script in reversed(KNOWN_SCRIPTS)]
    assert set_md5({**KNOWN_SET, "originMD5": "y", "scripts": scripts}, scripts) == KNOWN_MD5


@pytest.mark.parametrize("field", ["id", "title", "description", "requirements"])
def test_every_field_of_the_set_counts(field) -> None:
    assert set_md5({**KNOWN_SET, field: "other"}, KNOWN_SCRIPTS) != KNOWN_MD5


@pytest.mark.parametrize("field", ["id", "title", "description", "type", "codeMD5"])
def test_every_field_of_a_script_counts(field) -> None:
    assert set_md5(KNOWN_SET, [KNOWN_SCRIPTS[0], {**KNOWN_SCRIPTS[1], field: "other"}]) != KNOWN_MD5


def test_what_the_columns_take_is_not_refused() -> None:
    longest = {"id": "é" * 64, "title": "é" * 256, "description": "x" * 65_535}
    script = {**longest, "publishVersion": 2**63 - 1, "type": "python", "codeMD5": "0" * 32}
    least = {"id": "s__least", "title": None, "publishVersion": 0}
    assert refusals({**longest, "requirements": "boto3", "scripts": [script, least]}) == []


REFUSED = [
    ({"title": "t" * 257}, 'script set "s": title has 257 characters, and Func\'s column takes 256'),
    ({"description": "é" * 32_768}, 'script set "s": description has 65536 bytes, and Func\'s column takes 65535'),
    ({"requirements": ["boto3"]}, 'script set "s": requirements is of type list, and Func\'s column takes text'),
    ({"originMD5": "0" * 65}, 'script set "s": originMD5 has 65 characters'),
    ({"id": None}, 'script set "None": the id is missing'),
]
REFUSED_OF_SCRIPT = [
    ({"id": "s__" + "x" * 62}, "id has 65 characters, and Func's column takes 64"),
    ({"title": "t" * 257}, "title has 257 characters"),
    ({"type": "p" * 65}, "type has 65 characters"),
    ({"type": None}, "type is null, and Func's column takes no null"),
    *(
        ({"publishVersion": value}, f"publishVersion is {value!r}, and Func's column takes a whole number of 64 bits")
        for value in ("0.1.0", "", 0.1, 2**63, -(2**63) - 1, True)
    ),
    ({"publishVersion": None}, "publishVersion is null"),
]


@pytest.mark.parametrize(("change", "sentence"), REFUSED)
def test_what_the_columns_of_a_set_do_not_take_is_refused(change, sentence) -> None:
    (said,) = refusals({"id": "s", **change})
    assert said.startswith(sentence)


@pytest.mark.parametrize(("change", "sentence"), REFUSED_OF_SCRIPT)
def test_what_the_columns_of_a_script_do_not_take_is_refused(change, sentence) -> None:
    script = {"id": "s__a", "type": "python", **change}
    (said,) = refusals({"id": "s", "scripts": [{"id": "s__fine"}, script]})
    assert said.startswith(f'script "{script["id"]}": {sentence}')
