"""What READMEs and integration pages take from elsewhere is up to date: metrics, monitors, the example of an object."""

import json
import re
import struct
from xml.etree import ElementTree

import pytest
import yaml

from devtools.assets.monitors import MONITORS
from devtools.docs import write as docs
from devtools.docs.examples import as_block, seen_examples, shortened
from devtools.docs.languages import LANGUAGES
from devtools.docs.write import READMES, ROOT, DocsError, documents, metric_tables, untranslated
from devtools.market.build import DOCUMENTS
from guance_aws_cloudfront.cloudfront.catalog import DERIVED, Metric, all_metrics, field_name

PAGES = [f"docs/{language}/aws_cloudfront.md" for language in LANGUAGES]
MONITOR_PAGES = [*PAGES, *(f"docs/{language}/dashboard-and-monitors.md" for language in LANGUAGES)]
EXAMPLES = {"object": "```json\n{}\n```\n", "log": "```text\n…\n```\n", "check": "```text\n…\n```\n"}
POINT = {"measurement": "m", "tags": {"name": "E1"}, "fields": {"a": "x" * 101, "b": "short", "c": True}, "time": 1}


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def without_examples(text):
    return re.sub(r"(<!-- (?:object|log|check), by make docs -->\n).+?(<!-- end -->)", r"\1\2", text, flags=re.DOTALL)


def test_every_generated_part_but_the_examples_is_up_to_date() -> None:
    made = documents(ROOT, EXAMPLES)
    assert len(made) == 2 * (len(docs.GUIDE) + 1)
    for name, text in made.items():
        assert without_examples(text) == without_examples(read(name)), f"{name}: run make docs"


def test_the_examples_are_what_the_demo_sees(monkeypatch) -> None:
    # The demo's tools are there for the newest Python only.
    pytest.importorskip("sparklines")
    pytest.importorskip("plotly")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")
    examples = seen_examples()
    assert set(examples) == set(EXAMPLES)
    assert "READY: 15 of 16 checks are ok; missing: tag:GetResources." in examples["check"]
    for name, text in documents(ROOT, examples).items():
        assert text == read(name), f"{name}: run make docs"


def test_an_example_of_a_log_holds_nothing_that_differs_between_runs_and_no_long_line() -> None:
    assert as_block(f"Python 3.13.0, botocore 1.44.8\nAWS calls: none. Done in 12.3 s.\n{'x' * 200}\n") == (
        f"```text\nPython 3.…, botocore 1.44.8\nAWS calls: none. Done in … s.\n{'x' * 160} …\n```\n"
    )


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_every_metric_has_a_row_with_its_fields_meaning_and_unit(language) -> None:
    drawn = metric_tables(language)
    for metric in all_metrics().values():
        fields = [f"`{field_name(metric.name, statistic)}`" for statistic in metric.statistics]
        row = f"| {', '.join(fields)} | {language.meanings[metric.name]} | {language.units[metric.unit]} |"
        assert row in drawn.splitlines()


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_every_derived_field_is_listed_as_derived(language) -> None:
    before, derived = metric_tables(language).split(language.derived)
    assert "Derived_" not in before
    listed = re.findall(r"^\| `(\w+)` \| `.+` \| .+ \| .+ \|$", derived, re.MULTILINE)
    assert listed == [one.name for one in DERIVED]


@pytest.mark.parametrize("name", MONITOR_PAGES)
def test_every_monitor_has_a_row(name) -> None:
    assert len(re.findall(r"^\| AWS CloudFront ", read(name), re.MULTILINE)) == len(MONITORS)


@pytest.mark.parametrize(("name", "said"), [("README.md", "and {} monitors"), ("README.zh.md", "和{}个监控器")])
def test_a_readme_counts_the_monitors(name, said) -> None:
    words = {"README.md": {10: "ten", 11: "eleven"}, "README.zh.md": {10: "十", 11: "十一"}}[name]
    assert said.format(words.get(len(MONITORS), len(MONITORS))) in read(name)


@pytest.mark.parametrize("name", MONITOR_PAGES)
def test_monitors_that_need_details_are_marked(name) -> None:
    (row,) = re.findall(r"^\| AWS CloudFront .+? ² \| (.+?) \|", read(name), re.MULTILINE)
    assert re.findall(r"\d+", row) == ["30", "14", "3"]
    (note,) = re.findall(r"^² .+$", read(name), re.MULTILINE)
    assert '`"details": True`' in note
    assert "`acm:DescribeCertificate`" in note


@pytest.mark.parametrize("name", MONITOR_PAGES)
def test_monitors_that_need_what_is_paid_are_marked(name) -> None:
    rows = re.findall(r"^\| (AWS CloudFront .+? ¹) \|", read(name), re.MULTILINE)
    assert len(rows) == 2
    (note,) = re.findall(r"^¹ .+$", read(name), re.MULTILINE)
    assert '`"metrics": "ALL"`' in note


def test_only_long_texts_of_an_object_are_left_out() -> None:
    assert shortened(POINT) == {
        "measurement": "m",
        "tags": {"name": "E1"},
        "fields": {"a": "{…}", "b": "short", "c": True},
    }


def test_a_document_without_a_place_for_a_part_is_an_error(tree) -> None:
    page = tree / "docs" / "zh" / "metrics.md"
    page.write_text("# 指标\n", encoding="utf-8")
    with pytest.raises(DocsError, match=r"docs/zh/metrics.md has 0 places <!-- metrics, by make docs -->"):
        documents(tree, EXAMPLES)


def test_a_metric_without_a_chinese_meaning_is_named_before_anything_is_written(tree, monkeypatch, capsys) -> None:
    new = Metric("GrpcRequests", ("Sum",), "frames", "Requests over gRPC", "grpc")
    monkeypatch.setattr(docs, "all_metrics", lambda: {**all_metrics(), new.name: new})
    monkeypatch.setattr(docs, "seen_examples", lambda: EXAMPLES)
    monkeypatch.setattr(docs, "ROOT", tree)
    before = {path: path.read_bytes() for path in tree.rglob("*.md")}
    assert docs.main() == 1
    said = capsys.readouterr().err
    assert said.startswith("Nothing was written. ")
    for wanted in (
        "'zh' meaning of the metric GrpcRequests",
        "'zh' unit frames",
        "'en' unit frames",
        "'zh' group grpc",
    ):
        assert f"devtools/docs/languages.py has no {wanted}: add it." in said
    assert {path: path.read_bytes() for path in tree.rglob("*.md")} == before


def test_a_meaning_of_no_metric_is_named() -> None:
    language = LANGUAGES["zh"]
    stale = language._replace(meanings={**language.meanings, "Gone": "…"})
    (problem,) = untranslated("zh", stale)
    assert problem.endswith("has a 'zh' meaning of the metric Gone, which the catalog does not have: remove it.")


def test_make_docs_writes_what_it_made(tree, monkeypatch) -> None:
    monkeypatch.setattr(docs, "seen_examples", lambda: EXAMPLES)
    monkeypatch.setattr(docs, "ROOT", tree)
    page = tree / "docs" / "en" / "metrics.md"
    page.write_text(page.read_text(encoding="utf-8").replace("Requests_Sum", "Reqs"), encoding="utf-8")
    assert docs.main() == 0
    made = documents(ROOT, EXAMPLES)
    assert {name: (tree / name).read_text(encoding="utf-8") for name in made} == made


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_what_is_there(name) -> None:
    head = yaml.safe_load(read(name).split("---\n")[1])
    language = name.split("/")[1]
    assert head["title"] == "AWS CloudFront"
    assert "guance_aws_cloudfront" in head["summary"]
    assert head["tags"] == ["AWS"]
    # A folder with an icon for each ground, both drawn from the SVG beside them.
    icon = ROOT / "docs" / head["__int_icon"]
    assert ElementTree.parse(icon / "icon.svg").getroot().tag.endswith("svg")
    light, dark = ((icon / f"{name}.png").read_bytes() for name in ("icon", "icon-dark"))
    assert light != dark
    for drawn in (light, dark):
        # The header of a PNG: its signature, and width and height.
        assert drawn[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", drawn[16:24]) == (128, 128)
    for kind in ("dashboard", "monitor"):
        ((named),) = head[kind]
        assert named["path"] == f"{kind}/{language}/aws_cloudfront"
        assert (ROOT / f"{named['path']}.json").is_file()
    shipped = json.loads((ROOT / f"{head['dashboard'][0]['path']}.json").read_text(encoding="utf-8"))
    assert head["dashboard"][0]["desc"] == shipped["title"]
    # Guance's site has the page alone: a link to another file leads nowhere there.
    assert re.findall(r"\]\((?!http)([^)]+)\)", read(name)) == []
    # Files that a reader is told to import are there.
    for path in re.findall(r"`((?:dashboard|monitor|resource-catalog)/[^`]+)`", read(name)):
        assert (ROOT / path).is_file(), path


@pytest.mark.parametrize(
    ("name", "places"),
    [
        (
            "docs/en/aws_cloudfront.md",
            ["Cron Job", "older: Crontab Config", "Resource Catalog", "older: Infrastructure"],
        ),
        ("docs/zh/aws_cloudfront.md", ["定时任务", "自动触发配置", "资源目录", "基础设施 / 自定义"]),
    ],
)
def test_a_page_names_places_by_their_new_and_old_names(name, places) -> None:
    for place in places:
        assert place in read(name)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_the_sections_of_guances_integrations_and_speaks_of_no_other_product(name) -> None:
    text = read(name)
    assert re.findall(r"^## .+\{#(\w+)\}$", text, re.MULTILINE) == ["config", "metric", "object"]
    assert "{#verify}" in text
    assert "gateway" not in text.lower()


def test_the_policy_is_the_same_everywhere() -> None:
    policies = [
        found
        for name in (*READMES.values(), *PAGES)
        for found in re.findall(r"```json\n(\{\n  \"Version\".+?)```", read(name), re.DOTALL)
    ]
    assert len(policies) == 4
    assert len({json.dumps(json.loads(policy)) for policy in policies}) == 1


def test_every_picture_is_small_and_shown_somewhere() -> None:
    shown = {path for name in READMES.values() for path in re.findall(r"\]\((docs/img/[^)]+)\)", read(name))}
    there = {path.relative_to(ROOT).as_posix(): path.stat().st_size for path in (ROOT / "docs" / "img").iterdir()}
    assert shown == set(there)
    assert shown <= set(DOCUMENTS)
    assert max(there.values()) < 300_000
