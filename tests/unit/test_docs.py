"""What the documents say of keys, defaults and versions is what the code has, and every link leads somewhere."""

import ast
import errno
import os
import re
from pathlib import Path

import pytest

from devtools.docs.write import GUIDE, READMES
from devtools.market.build import TITLE, library_of
from guance_aws_cloudfront.settings import logs as settings_logs
from guance_aws_cloudfront.settings.account import ACCOUNT_KEYS, parse_account
from guance_aws_cloudfront.settings.config import CONCURRENCY, CONFIG_KEYS, SECONDS, parse_config
from guance_aws_cloudfront.settings.logs import KEYS, NUMBERS, parse_logs
from tests.conftest import AK_SECRET

ROOT = Path(__file__).resolve().parents[2]
STARTUP = (ROOT / "startup" / "guance_aws_cloudfront.py").read_text(encoding="utf-8")
# All that a reader may follow a link in.
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for pattern in ("*.md", "docs/**/*.md", "tests/README.md")
    for path in sorted(ROOT.glob(pattern))
}
LANGUAGES = list(READMES)
# Sentences of Func and DataKit, which the local ones say too, and of the operating system and Python.
LOCAL = ("devtools/func/*.py", "devtools/guance/*.py")
OTHERS = (os.strerror(errno.ECONNREFUSED), "ModuleNotFoundError: No module named ")
# What stands for a value in a sentence: an ellipsis, or an example of a name in quotes, a number or an IAM action.
VALUES = r"…|\"\w+\"|'\w+'|\d+|\w+:[A-Z]\w+"
# The headings of the README that older releases' sentences, other people's bookmarks and the startup scripts that they
# have deployed point to.
FORMER_ANCHORS = {
    "README.md": (
        *("what-you-get", "try-it-first", "install", "from-the-zip", "verify", "iam-policy", "configuration"),
        *("several-accounts", "metrics", "choosing-metrics", "choosing-distributions", "tags", "resource-tags"),
        *("object", "dashboard-and-monitors", "what-the-log-says", "cost", "speed", "troubleshooting"),
        *("upgrade-and-removal", "for-contributors", "one-tick-against-real-aws", "project-layout", "begin-anew"),
    ),
    "README.zh.md": (
        *("功能概览", "先试用", "安装", "从-zip-安装", "验证", "iam-策略", "配置", "多个账户", "指标", "选择指标"),
        *("选择分配", "标签", "资源标签", "自定义对象", "仪表板与监控器", "日志说明", "费用", "速度", "故障排查"),
        *("升级与卸载", "参与开发", "针对真实-aws-运行一次", "代码结构", "begin-anew"),
    ),
}


def without_code(text):
    """A document without its blocks of code and comments, in which nothing is a heading or a link."""
    return re.sub(r"^```.*?^```$|<!--.*?-->", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(text):
    """Where a link into a document may lead: its headings, as GitHub names them, and its explicit anchors."""
    text = without_code(text)
    headings = re.findall(r"^#+ (.+?)(?: \{#([\w-]+)\})?$", text, re.MULTILINE)
    named = {identifier for _, identifier in headings if identifier}
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading, _ in headings)
    return named | set(plain) | set(re.findall(r'<a id="([^"]+)">', text))


def links(text):
    """The relative links of a document: path (empty: itself) and anchor (empty: its top)."""
    found = re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", without_code(text))
    assert ("", "") not in found
    return found


def rows(text):
    """The cells of all table rows, by the first cell's text."""
    split = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    return {cells[0]: cells[1:] for cells in split}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name) -> None:
    for path, anchor in links(DOCUMENTS[name]):
        target = (ROOT / name).parent.joinpath(path).resolve() if path else ROOT / name
        assert target.is_file(), path
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{path}#{anchor}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_found_from_the_readme_and_from_every_other_page(language) -> None:
    from_readme = {path for path, _ in links(DOCUMENTS[READMES[language]])}
    assert {f"docs/{language}/{page}.md" for page in GUIDE} <= from_readme
    for page in GUIDE:
        linked = {path for path, _ in links(DOCUMENTS[f"docs/{language}/{page}.md"])}
        assert {f"{other}.md" for other in GUIDE if other != page} | {f"../../{READMES[language]}"} <= linked
    there = {path.stem for path in (ROOT / "docs" / language).glob("*.md")}
    assert there == {*GUIDE, "aws_cloudfront"}


def test_both_languages_have_the_same_headings_tables_and_code() -> None:
    for one, other in [READMES.values(), *((f"docs/en/{page}.md", f"docs/zh/{page}.md") for page in GUIDE)]:
        for form in (r"^(#+) ", r"^(\|)", r"^(```\w*)$", r"^(\d)\. "):
            found = [re.findall(form, DOCUMENTS[name], re.MULTILINE) for name in (one, other)]
            assert found[0] == found[1], f"{one}, {other}: {form}"


@pytest.mark.parametrize("name", READMES.values())
def test_a_readme_is_short_and_its_contents_are_its_sections(name) -> None:
    text = DOCUMENTS[name]
    assert len(text.splitlines()) <= 200
    (contents,) = re.findall(r"^\*\*(?:Contents|目录).\*\* (.+?)\n\n", text, re.MULTILINE | re.DOTALL)
    assert re.findall(r"\[(.+?)\]\(#", contents) == re.findall(r"^## (.+)$", without_code(text), re.MULTILINE)


@pytest.mark.parametrize("name", FORMER_ANCHORS)
def test_former_anchors_of_a_readme_still_lead_somewhere(name) -> None:
    assert [anchor for anchor in FORMER_ANCHORS[name] if anchor not in anchors(DOCUMENTS[name])] == []


def test_what_a_sentence_of_the_code_points_to_is_found_in_the_readme() -> None:
    for source in [*library_of().values(), None]:
        text = STARTUP if source is None else source.text
        for named in re.findall(r'README, "([^"]+)"', text) + re.findall(r'"([^"]+)" in README', text):
            for readme in READMES.values():
                assert named in DOCUMENTS[readme], f"{source and source.path}: {named}"


def placeholder(value):
    """What stands for a value in an f-string: an ellipsis, and the noun where `count` puts one."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "count":
        noun = value.args[1]
        return f"… {noun.value}s" if isinstance(noun, ast.Constant) else "…"
    return "…"


def constant_parts(code):
    """What a module says between the values: the constant parts of its texts, docstrings left out."""
    nodes = list(ast.walk(ast.parse(code)))
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        text = ""
        if isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else placeholder(part.value) for part in node.values)
            text = "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            text = node.value
        yield from filter(None, re.split(VALUES, text))


def is_said(piece, parts):
    """Whether a piece of a sentence is within one constant part, or is put together from long ones and punctuation."""
    if any(piece in part for part in parts):
        return True
    heads = [part for part in parts if (len(part) > 8 or not re.search(r"\w", part)) and piece.startswith(part)]
    return any(is_said(piece[len(head) :], parts) for head in heads)


def quoted_sentences(language):
    """The sentences that the pages quote, with the pieces between the values: all that troubleshooting explains."""
    troubleshooting = DOCUMENTS[f"docs/{language}/troubleshooting.md"]
    cells = [line.split("|")[1] for line in troubleshooting.splitlines() if line.startswith("|")]
    quoted = [sentence for cell in cells for sentence in re.findall(r"`([^`]+)`", cell)]
    for page in GUIDE:
        spans = re.findall(r"`([^`\n]+)`", without_code(DOCUMENTS[f"docs/{language}/{page}.md"]))
        quoted += [span for span in spans if span.count(" ") > 2 and not re.search(r"[=*/→{[]", span)]
    return {sentence: [piece for piece in re.split(VALUES, sentence) if piece.strip(" ().,")] for sentence in quoted}


def test_every_sentence_that_the_pages_quote_is_one_of_the_code() -> None:
    local = [path.read_text(encoding="utf-8") for pattern in LOCAL for path in sorted(ROOT.glob(pattern))]
    codes = [*(source.text for source in library_of().values()), *local]
    parts = {part for code in codes for part in constant_parts(code)} | set(OTHERS)
    quoted = quoted_sentences("en")
    assert len(quoted) > 40
    unknown = {sentence: [one for one in pieces if not is_said(one, parts)] for sentence, pieces in quoted.items()}
    assert {sentence: pieces for sentence, pieces in unknown.items() if pieces or not quoted[sentence]} == {}
    assert quoted_sentences("zh") == quoted


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_of_the_configuration_has_its_row_with_default_and_limits(language) -> None:
    table = rows(DOCUMENTS[f"docs/{language}/configuration.md"])
    for key in CONFIG_KEYS:
        assert f"`{key}`" in table
    for key, allowed in {**SECONDS, "concurrency": CONCURRENCY}.items():
        default, limits = table[f"`{key}`"][1:3]
        assert int(default) == allowed.default
        assert [int(number) for number in re.findall(r"\d+", limits)][:2] == [allowed.minimum, allowed.maximum]


@pytest.mark.parametrize(("language", "title"), [*zip(LANGUAGES, TITLE.split(" / "))])
def test_the_script_set_is_found_in_the_market_by_the_title_that_the_pages_name(language, title) -> None:
    for page in (READMES[language], f"docs/{language}/aws_cloudfront.md"):
        assert title in DOCUMENTS[page]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_of_logs_has_its_row_with_default_and_limits(language) -> None:
    text = DOCUMENTS[f"docs/{language}/access-logs.md"]
    table = rows(text)
    assert [key for key in settings_logs.KEYS if f"`{key}`" not in table] == []
    for key, (allowed, _) in settings_logs.NUMBERS.items():
        default, limits = table[f"`{key}`"][1:3]
        assert int(default) == allowed.default
        assert [int(number) for number in re.findall(r"\d+", limits)] == [allowed.minimum, allowed.maximum]
    usual = settings_logs.parse_logs({})
    for key in ("fields", "anonymize_ip", "requester_pays", "keep_rest", "buckets"):
        default = ast.literal_eval(table[f"`{key}`"][1].strip("`"))
        assert settings_logs.parse_logs({key: default}) == usual, key
    # The examples are good ones.
    examples = re.findall(r"^ *LOGS = (\{.+?^ *\})$", text, re.MULTILINE | re.DOTALL)
    assert len(examples) == 3
    for example in examples:
        assert settings_logs.parse_logs(ast.literal_eval(example)) != usual


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_of_the_account_has_its_row(language) -> None:
    listed = " ".join(rows(DOCUMENTS[f"docs/{language}/configuration.md"]))
    assert all(f"`{key}`" in listed for key in ACCOUNT_KEYS)


@pytest.mark.parametrize("name", READMES.values())
def test_a_readme_names_the_versions_that_are_tested_and_required(name) -> None:
    pins = [(ROOT / "requirements" / file).read_text(encoding="utf-8") for file in ("dev-py38.txt", "dev.txt")]
    oldest, newest = (re.findall(r"^boto3==([\d.]+)", pin, re.MULTILINE)[0] for pin in pins)
    (row,) = re.findall(r"^\| boto3 \| (.+) \|$", DOCUMENTS[name], re.MULTILINE)
    (badge,) = re.findall(r"badge/boto3-(.+?)-blue", DOCUMENTS[name])
    for shown in (row, badge):
        assert re.findall(r"1\.\d+\.\d+", shown) == [oldest, newest]
    (required,) = re.findall(r'^requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert f"badge/python-{required}%20or%20newer-blue" in DOCUMENTS[name]
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def shown_in(part):
    """The keys and values of the commented lines in a part of the startup script."""
    lines = re.findall(r'^    # ("\w+": .+?),  ', part, re.MULTILINE)
    assert len(lines) == len(re.findall(r'^    # "', part, re.MULTILINE))
    return ast.literal_eval(f"{{{', '.join(lines)}}}")


ACCOUNT_PART, CONFIGS_PART = STARTUP.split("CONFIGS = {")
EXAMPLES_PART, DEFAULTS_PART = CONFIGS_PART.split("# Defaults", 1)


def test_the_startup_script_shows_every_key_of_the_configuration_and_marks_defaults_and_examples() -> None:
    defaults, examples = shown_in(DEFAULTS_PART), shown_in(EXAMPLES_PART)
    assert sorted([*defaults, *examples]) == sorted(CONFIG_KEYS)
    usual = parse_config({})
    for key, value in defaults.items():
        assert parse_config({key: value}) == usual, key
    every = {"metrics": "ALL"}
    for key, value in examples.items():
        others = {} if key == "metrics" else every
        assert parse_config({**others, key: value}) != parse_config(others), key
    parse_config({**defaults, **examples})


def test_the_startup_script_shows_every_key_of_logs_and_marks_defaults_and_examples() -> None:
    part = STARTUP[STARTUP.index("# LOGS = {") :]
    examples, defaults = (
        ast.literal_eval(f"{{{', '.join(re.findall(place, lines, re.MULTILINE))}}}")
        for lines in part.split("# Defaults:")
        for place in [r'^#     ("\w+": .+?),  ']
    )
    assert sorted([*examples, *defaults]) == sorted((*KEYS, *NUMBERS))
    assert parse_logs(defaults) == parse_logs({})
    for key, value in examples.items():
        others = {"keep": examples["keep"]} if key == "keep_rest" else {}
        assert parse_logs({**others, key: value}) != parse_logs(others), key
    parse_logs({**defaults, **examples})


def test_the_startup_script_shows_every_key_of_the_account() -> None:
    assert [key for key in ACCOUNT_KEYS if f'"{key}": ' not in ACCOUNT_PART] == []
    examples = shown_in(ACCOUNT_PART)
    own = {"ak_id": "AKIAIOSFODNN7EXAMPLE", "ak_secret": AK_SECRET, "extra_tags": {"account_name": "prod"}}
    china = ("partition", "regions", "cloudwatch_region")
    assert parse_account({**own, **{key: examples[key] for key in china}}).partition.name == "aws-cn"
    assert parse_account({**own, **{key: value for key, value in examples.items() if key not in china}}).role_arn


def test_the_startup_script_says_to_publish_and_where_the_documents_are() -> None:
    head = ast.get_docstring(ast.parse(STARTUP))
    assert "click Publish after editing" in head and "编辑后请点击「发布」" in head
    for path in re.findall(r"\b(?:README|docs)[\w./]*", STARTUP):
        target = path.rstrip("./") if path.startswith("docs") else {"README": "README.md"}.get(path.rstrip("."), path)
        assert (ROOT / target.rstrip(".")).exists(), path


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_operation_names_every_function_of_the_startup_script(language) -> None:
    functions = re.findall(r"^def ([a-z]\w+)", STARTUP, re.MULTILINE)
    assert len(functions) >= 5
    assert [name for name in functions if f"`{name}`" not in DOCUMENTS[f"docs/{language}/operation.md"]] == []


def test_the_time_limit_is_below_the_time_out_of_run() -> None:
    timeouts = [int(number) for number in re.findall(r"timeout=(\d+)", STARTUP)]
    assert SECONDS["time_limit"].default < timeouts[0]


def test_every_wing_that_ships_has_its_place_in_the_layout() -> None:
    text = DOCUMENTS["CONTRIBUTING.md"]
    layout = text[text.index("guance_aws_cloudfront/   ") : text.index("\nstartup/  ")]
    wings = {module.partition(".")[0] for module in library_of()} - {"text", "errors", "version"}
    assert [wing for wing in wings if not re.search(rf"\b{wing}\b", layout)] == []
