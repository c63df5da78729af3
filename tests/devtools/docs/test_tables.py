"""What READMEs and integration pages take from elsewhere is up to date: metrics, monitors, the example of an object."""

import json
import re
from xml.etree import ElementTree

import pytest
import yaml

from devtools.assets.monitors import MONITORS
from devtools.docs import write as docs
from devtools.docs.write import PAGES, READMES, ROOT, shortened, tables, with_example, with_monitors, written
from guance_aws_cloudfront.cloudfront.catalog import DERIVED, all_metrics, field_name

DOCUMENTS = {**READMES, **PAGES}


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_tables_in_a_document_are_up_to_date(name) -> None:
    assert written(read(name), DOCUMENTS[name]) == read(name), "run make docs"


@pytest.mark.parametrize("language", READMES.values(), ids=READMES)
def test_every_metric_has_a_row_with_its_fields_meaning_and_unit(language) -> None:
    drawn = tables(language)
    for metric in all_metrics().values():
        fields = [f"`{field_name(metric.name, statistic)}`" for statistic in metric.statistics]
        row = f"| {', '.join(fields)} | {language.meanings[metric.name]} | {language.units[metric.unit]} |"
        assert row in drawn.splitlines()


@pytest.mark.parametrize("language", READMES.values(), ids=READMES)
def test_every_derived_field_is_listed_as_derived(language) -> None:
    before, derived = tables(language).split(language.derived)
    assert "Derived_" not in before
    listed = re.findall(r"^\| `(\w+)` \| `.+` \| .+ \| .+ \|$", derived, re.MULTILINE)
    assert listed == [one.name for one in DERIVED]


@pytest.mark.parametrize("name", PAGES)
def test_the_monitors_in_a_page_are_up_to_date(name) -> None:
    assert with_monitors(read(name), name.split("/")[1]) == read(name), "run make docs"
    assert len(re.findall(r"^\| AWS CloudFront ", read(name), re.MULTILINE)) == len(MONITORS)


@pytest.mark.parametrize(("name", "said"), [("README.md", "and {} monitors"), ("README.zh.md", "和{}个监控器")])
def test_a_readme_counts_the_monitors(name, said) -> None:
    number = {"README.md": {8: "eight", 9: "nine", 10: "ten"}, "README.zh.md": {8: "八", 9: "九", 10: "十"}}[name]
    assert said.format(number[len(MONITORS)]) in read(name)


@pytest.mark.parametrize("name", PAGES)
def test_monitors_that_need_what_is_paid_are_marked(name) -> None:
    rows = re.findall(r"^\| (AWS CloudFront .+? ¹) \|", read(name), re.MULTILINE)
    assert len(rows) == 2
    (note,) = re.findall(r"^¹ .+$", read(name), re.MULTILINE)
    assert '`"metrics": "ALL"`' in note


def test_the_object_in_a_page_is_one_that_the_demo_reports(monkeypatch) -> None:
    # The demo's tools are there for the newest Python only.
    pytest.importorskip("sparklines")
    pytest.importorskip("plotly")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")
    point = docs.reported_object()
    for name in PAGES:
        assert with_example(read(name), point) == read(name), "run make docs"


def test_only_long_texts_of_an_object_are_left_out() -> None:
    point = {"measurement": "m", "tags": {"name": "E1"}, "fields": {"a": "x" * 101, "b": "short", "c": True}, "time": 1}
    assert shortened(point) == {
        "measurement": "m",
        "tags": {"name": "E1"},
        "fields": {"a": "{…}", "b": "short", "c": True},
    }


@pytest.mark.parametrize(
    "make", [lambda text: written(text, READMES["README.md"]), lambda text: with_monitors(text, "en")]
)
def test_a_document_without_a_place_for_the_tables_is_an_error(make) -> None:
    with pytest.raises(ValueError, match="there are 0 places"):
        make("# nothing")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_what_is_there(name) -> None:
    head = yaml.safe_load(read(name).split("---\n")[1])
    language = name.split("/")[1]
    assert head["title"] == "AWS CloudFront"
    assert "guance_aws_cloudfront" in head["summary"]
    assert ElementTree.parse(ROOT / "docs" / f"{head['__int_icon']}.svg").getroot().tag.endswith("svg")
    for kind in ("dashboard", "monitor"):
        ((named),) = head[kind]
        assert named["path"] == f"{kind}/{language}/aws_cloudfront"
        assert (ROOT / f"{named['path']}.json").is_file()
    shipped = json.loads((ROOT / f"{head['dashboard'][0]['path']}.json").read_text(encoding="utf-8"))
    assert head["dashboard"][0]["desc"] == shipped["title"]
    for path in re.findall(r"\]\((?!http)([^)#]+)\)", read(name)):
        assert (ROOT / name).parent.joinpath(path).is_file(), path


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_the_sections_of_guances_integrations_and_speaks_of_no_other_product(name) -> None:
    text = read(name)
    assert re.findall(r"^## .+\{#(\w+)\}$", text, re.MULTILINE) == ["config", "metric", "object"]
    assert "{#verify}" in text
    assert "gateway" not in text.lower()


def test_the_policy_is_the_same_everywhere() -> None:
    policies = {name: re.findall(r"```json\n(\{\n  \"Version\".+?)```", read(name), re.DOTALL) for name in DOCUMENTS}
    assert len({json.dumps(json.loads(found[0])) for found in policies.values()}) == 1


def test_every_picture_is_small_and_shown_somewhere() -> None:
    shown = {path for name in READMES for path in re.findall(r"\]\((docs/img/[^)]+)\)", read(name))}
    there = {path.relative_to(ROOT).as_posix(): path.stat().st_size for path in (ROOT / "docs" / "img").iterdir()}
    assert shown == set(there)
    assert max(there.values()) < 300_000
