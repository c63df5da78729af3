"""The market is built as Func takes it, the same every time, and refused when Func could not run it."""

import ast
import posixpath
import re
import zipfile
from pathlib import Path

import pytest
import yaml

from devtools.market import build as market
from devtools.market.build import DOCUMENTS, ROOT, MarketError, build, library_of, write
from devtools.market.imports import doubt_of
from guance_aws_cloudfront.version import VERSION

SET = "guance_aws_cloudfront"


def test_the_market_holds_meta_readme_and_every_script(tmp_path) -> None:
    folder, archive = write(build(), tmp_path)
    meta = yaml.safe_load((folder / "META.yaml").read_text())
    (script_set,) = meta["scriptSets"]
    assert script_set["id"] == SET
    assert script_set["requirements"].split("\n") == ["boto3", "botocore"]
    assert {script["type"] for script in script_set["scripts"]} == {"python"}
    assert {script["publishVersion"] for script in script_set["scripts"]} == {0}
    assert script_set["description"].startswith(f"Version {VERSION}. ")
    files = {f"script-sets/{SET}/{script['id'].split('__', 1)[1]}.py" for script in script_set["scripts"]}
    assert files | {"META.yaml", *DOCUMENTS} == {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    }
    assert f"script-sets/{SET}/example.py" in files
    with zipfile.ZipFile(archive) as opened:
        assert {name: opened.read(name) for name in opened.namelist()} == build()


def test_titles_are_in_english_and_chinese() -> None:
    (script_set,) = yaml.safe_load(build()["META.yaml"])["scriptSets"]
    titles = {script["id"]: script["title"] for script in script_set["scripts"]}
    for title in (script_set["title"], *titles.values()):
        english, chinese = title.rsplit(" / ", 1)
        assert english and re.search("[\u4e00-\u9fff]", chinese), title
    assert re.search("[\u4e00-\u9fff]", script_set["description"])


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name.endswith(".md")])
def test_what_a_document_links_to_is_in_the_market_too(name) -> None:
    linked = re.findall(r"\]\((?!http|#)([^)#]+)", (ROOT / name).read_text(encoding="utf-8"))
    there = {posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) for path in linked}
    assert there <= set(DOCUMENTS)


def test_the_same_input_gives_the_same_bytes(tree, tmp_path) -> None:
    first = write(build(tree), tmp_path / "first")[1].read_bytes()
    for path in tree.rglob("*.py"):
        path.touch()
    assert write(build(tree), tmp_path / "second")[1].read_bytes() == first


def test_a_script_is_its_source_line_for_line_but_for_the_imports_of_the_package() -> None:
    files = build()
    spelling = re.compile(rf"{SET}((?:\.\w+)+)")
    for module in library_of().values():
        source = (ROOT / module.path).read_text().split("\n")
        shipped = files[f"script-sets/{SET}/{module.name}.py"].decode().split("\n")
        assert len(shipped) == len(source)
        changed = [(was, became) for was, became in zip(source, shipped) if was != became]
        for was, became in changed:
            assert became == spelling.sub(lambda found: f"{SET}__{found[1][1:].replace('.', '_')}", was, count=1)
        imported = [node.module for node in ast.walk(ast.parse("\n".join(shipped))) if isinstance(node, ast.ImportFrom)]
        assert not [module for module in imported if module and module.startswith(f"{SET}.")]


def test_text_that_only_looks_like_an_import_stays(tree) -> None:
    path = tree / SET / "errors.py"
    path.write_text(path.read_text() + f'\nTEXT = """\nfrom {SET}.main import x\n"""\n')
    assert f"from {SET}.main import x" in build(tree)[f"script-sets/{SET}/errors.py"].decode()


APPENDED = [
    # imports
    (f"import {SET}.settings.config", "this import of guance_aws_cloudfront.settings.config cannot be rewritten"),
    (f"import {SET}.settings.config as a, {SET}.func.state as b", "cannot be rewritten for Func"),
    (f"from {SET} import settings", "a module cannot be imported from guance_aws_cloudfront in Func"),
    ("from . import settings", "a relative import does not work in Func"),
    ("from .settings import Account", "a relative import does not work in Func"),
    (f"from {SET}.settings.config import *", "import * does not work in Func"),
    (f"import os; from {SET}.settings.account import Account", "this spelling of the import cannot be rewritten"),
    (f"from  {SET}.settings.account  import Account", "this spelling of the import cannot be rewritten"),
    (f"from {SET}.nowhere import x", "there is no module guance_aws_cloudfront.nowhere"),
    (
        f"import importlib\nimportlib.import_module('{SET}.settings.config')",
        "import_module() does not find scripts in Func",
    ),
    ("import requests", "requests cannot be imported in Func"),
    ("from devtools.clock import SimulatedClock", "devtools.clock cannot be imported in Func"),
    # from-imports of what can be falsy, or is not there to stay
    (f"from {SET}.text import nothing", "does not exist"),
    (f"from {SET}.settings.config import Mapping", "is itself an import there"),
    # Python newer than 3.8
    ("def f(x):\n    match x:\n        case 1:\n            return 2", "only syntax of Python 3.8 is allowed"),
    ("X = {} | {'a': 1}\nX |= {'b': 2}", "needs Python 3.9"),
    ("def f(x: list[int]) -> None: ...", "needs Python 3.9"),
    ("def f(x: int | None) -> None: ...", "a union as X | Y needs Python 3.10"),
    ("import zoneinfo", "needs Python 3.9"),
    ("X = 'abc'.removeprefix('a')", "needs Python 3.9"),
    # what Func breaks on
    ("from dataclasses import dataclass\n@dataclass\nclass C:\n    x: 'int'", "on an annotation that is a string"),
    ("try:\n    X = 1\nexcept:\n    pass", "a bare except swallows Func's time-out"),
    ("X = BaseException", "the name BaseException is missing in Func"),
    ("X = __doc__", "Func gives a script no __doc__"),
    ("def f(ak_secret='x'): ...", 'the parameter "ak_secret" has a default'),
    ("def f(*, session_token=1): ...", 'the parameter "session_token" has a default'),
    ("# import other_set__main", 'makes the market install a script set "other_set"'),
    ('X = "<AWS AK ID>"', 'the placeholder "<AWS AK ID>" stands in a library module'),
]


@pytest.mark.parametrize(("appended", "sentence"), APPENDED)
def test_a_library_module_that_func_could_not_run_is_refused(tree, appended, sentence) -> None:
    path = tree / SET / "func" / "log.py"
    path.write_text(f"{path.read_text()}\n{appended}\n")
    with pytest.raises(MarketError) as error:
        build(tree)
    assert str(error.value).startswith(f"{SET}/func/log.py:")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_from_import_of_what_can_be_falsy_is_refused(tree) -> None:
    (tree / SET / "doubtful.py").write_text('"""Doubtful."""\nDOUBTFUL = {}\n')
    (tree / SET / "user.py").write_text(f'"""User."""\nfrom {SET}.doubtful import DOUBTFUL\n')
    with pytest.raises(MarketError, match=f"user.py:2: DOUBTFUL of {SET}.doubtful may be falsy"):
        build(tree)


MAY_BE_FALSY = [
    "''",
    "0",
    "None",
    "False",
    "{}",
    "()",
    "[]",
    "1 - 1",
    "1 / 0",
    "dict()",
    "int('7')",
    "(*[],)",
    "{**{}}",
]
TRUTHY = ["1", "60 * 60", "-1", "('a',)", "{'a': 0}", "[0]", "(*[], 0)", "Dict[str, int]"]


@pytest.mark.parametrize("value", MAY_BE_FALSY)
def test_what_can_be_falsy_is_doubted(value) -> None:
    assert "may be falsy" in doubt_of("X", ast.parse(f"X = {value}"))
    assert "may be falsy" in doubt_of("X", ast.parse(f"X: object = {value}"))


@pytest.mark.parametrize("definition", [f"X = {value}" for value in TRUTHY] + ["def X(): ...", "class X: ..."])
def test_what_is_truthy_is_not_doubted(definition) -> None:
    assert doubt_of("X", ast.parse(definition)) == ""


@pytest.mark.parametrize(
    "twice", ["X = 1\nX = 2", "if 1:\n    X = 1", "X = 1\nfor X in (1, 2): pass", "try:\n    X = 1\nfinally:\n    pass"]
)
def test_a_name_that_is_not_bound_once_and_for_all_is_doubted(twice) -> None:
    assert "is not bound once and for all there" in doubt_of("X", ast.parse(twice))


STARTUPS = [
    ('"<AWS AK ID>",', '"<AWS AK ID>", "b": "<AWS AK SECRET>",', "two placeholders stand on one line"),
    ("# How to collect", '# "<AWS AK ID>"', 'the placeholder "<AWS AK ID>" stands twice'),
    ('"<AWS AK ID>"', '""', 'the placeholder "<AWS AK ID>" is missing'),
    ('"<AWS AK ID>"', '"<AWS Key>"', 'Func takes "<AWS Key>" for a placeholder'),
    ('"ak_id": "<AWS AK ID>",', '# "<AWS AK ID>",', 'the placeholder "<AWS AK ID>" is outside its place'),
    ('"ak_id": "<AWS AK ID>",', '"ak_id": str("<AWS AK ID>"),', 'the placeholder "<AWS AK ID>" is outside its place'),
    (f"import {SET}.main as aws_cloudfront", f"from {SET}.main import DataCollector", "outlives upgrades"),
    ("account_name=None", "ak_secret=''", 'the parameter "ak_secret" has a default'),
]


@pytest.mark.parametrize(("old", "new", "sentence"), STARTUPS)
def test_a_startup_script_that_func_could_not_deploy_is_refused(tree, old, new, sentence) -> None:
    path = tree / "startup" / f"{SET}.py"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(MarketError) as error:
        build(tree)
    assert sentence in str(error.value)


def test_a_module_ships_without_being_listed_anywhere(tree) -> None:
    (tree / SET / "aws" / "extra.py").write_text('"""Something new.\n\nAnd more of it."""\nX = 1\n')
    files = build(tree)
    assert f"script-sets/{SET}/aws_extra.py" in files
    (script_set,) = yaml.safe_load(files["META.yaml"])["scriptSets"]
    titles = {script["id"]: script["title"] for script in script_set["scripts"]}
    assert titles[f"{SET}__aws_extra"] == "Something new / 访问 AWS"


def test_a_script_whose_id_or_title_the_database_would_refuse_is_refused(tree) -> None:
    path = tree / SET / "aws" / ("x" * 40 + ".py")
    path.write_text('"""Something new."""\nX = 1\n')
    with pytest.raises(MarketError, match=r'META.yaml:1: script "\S+": id has 67 characters.*takes 64: Func could not'):
        build(tree)
    path.rename(tree / SET / "aws" / "extra.py").write_text(f'"""{"t" * 248}."""\nX = 1\n')
    with pytest.raises(MarketError, match=r'META.yaml:1: script "\S+__aws_extra": title has 257 characters'):
        build(tree)


@pytest.mark.parametrize("version", ["1.2.3", "0"])
def test_the_version_is_for_people_and_no_number_of_func_s(tree, version) -> None:
    path = tree / SET / "version.py"
    path.write_text(path.read_text().replace(f'"{VERSION}"', f'"{version}"'))
    (script_set,) = yaml.safe_load(build(tree)["META.yaml"])["scriptSets"]
    assert {script["publishVersion"] for script in script_set["scripts"]} == {0}
    assert script_set["description"].startswith(f"Version {version}. ")


def test_two_paths_of_one_name_are_refused(tree) -> None:
    (tree / SET / "aws_session.py").write_text('"""Twice."""\nX = 1\n')
    with pytest.raises(MarketError, match=r"aws_session\.py:1: \S+/aws/session\.py has the same name"):
        build(tree)


def test_code_in_an_init_is_refused_for_it_would_not_ship(tree) -> None:
    path = tree / SET / "aws" / "__init__.py"
    path.write_text(path.read_text() + "X = 1\n")
    with pytest.raises(MarketError, match=r"aws/__init__\.py:2: Func knows no packages"):
        build(tree)


def test_a_package_without_its_face_is_refused(tree) -> None:
    (tree / SET / "main.py").unlink()
    with pytest.raises(MarketError, match=r"main\.py:1: the file does not exist"):
        build(tree)


def test_dataclasses_under_future_annotations_are_refused(tree) -> None:
    path = tree / SET / "settings" / "account.py"
    path.write_text(path.read_text().replace("import re\n", "from __future__ import annotations\nimport re\n"))
    with pytest.raises(MarketError, match="@dataclass fails in Func under from __future__ import annotations"):
        build(tree)


def test_the_command_says_one_sentence_and_fails(tree, monkeypatch, capsys) -> None:
    (tree / SET / "extra.py").write_text('"""Extra."""\n')
    monkeypatch.setattr(market, "ROOT", tree)
    assert market.main() == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert not Path(tree, "dist").exists()
