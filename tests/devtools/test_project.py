"""What a maintainer and a newcomer lean on: the pins, the public CI, and what make says on a bare machine."""

import re
import shutil
import subprocess

import pytest
import yaml

from devtools.market import bill
from devtools.market.build import ROOT
from devtools.market.imports import PACKAGE

PINS = ("dev.txt", "dev-py38.txt", "mutation.txt")


@pytest.mark.parametrize("name", PINS)
def test_every_pin_has_hashes_and_no_package_index_is_named(name) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    pins = re.findall(r"^\S.*==.*$", text, re.MULTILINE)
    assert len(pins) > 20
    for pin in re.split(r"\n(?=[A-Za-z])", text)[1:]:
        assert "--hash=sha256:" in pin, pin
    assert "://" not in text
    assert not re.search(r"--(index-url|extra-index-url|find-links|trusted-host)", text)


def test_the_oldest_boto3_that_is_tested_is_the_oldest_that_the_package_asks_for() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name in ("boto3", "botocore"):
        assert f'"{name}>={bill.tested_versions(ROOT, name)[0]}"' in text


def test_the_public_ci_calls_the_gate_and_nothing_more() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    assert list(workflow["jobs"]) == ["test"]
    steps = workflow["jobs"]["test"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == ["bash .ci/run"]
    for step in steps:
        # A tag can be moved to another commit.
        assert "run" in step or re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", step["uses"])
    assert workflow["permissions"] == {"contents": "read"}


def test_the_dependency_bot_looks_at_the_pins_and_at_the_workflow() -> None:
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    looked_at = {(update["package-ecosystem"], update["directory"]) for update in updates}
    assert looked_at == {("uv", "/requirements"), ("github-actions", "/")}


def make(folder, path, *arguments):
    """What make says on a machine whose programs are in `path`."""
    for name in ("Makefile", "requirements/dev.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    environment = {"PATH": str(path), "HOME": str(folder)}
    found = shutil.which("make")
    assert found
    return subprocess.run([found, *arguments], cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def bare(tmp_path):
    """A machine with a shell and without Python."""
    path = tmp_path / "bin"
    path.mkdir()
    for name in ("sh", "printf", "echo", "sed"):
        (path / name).symlink_to(shutil.which(name))
    return path


def python(path, name, code):
    """Put a Python there that does what the shell code says."""
    (path / name).write_text(f"#!/bin/sh\n{code}\n")
    (path / name).chmod(0o755)


@pytest.mark.parametrize("pythons", [{}, {"python3": "exit 1"}, {"python3.13": "exit 1", "python3.9": "exit 0"}])
@pytest.mark.parametrize("target", ["demo", "test", "check"])
def test_make_says_what_is_missing_before_it_makes_anything(tmp_path, bare, pythons, target) -> None:
    for name, code in pythons.items():
        python(bare, name, code)
    said = make(tmp_path, bare, target)
    assert said.returncode != 0
    assert said.stdout.count("\n") == 1
    assert said.stdout.startswith("Python 3.10 or newer with its venv module is missing. Install it (Debian, Ubuntu: ")
    assert {path.name for path in tmp_path.iterdir()} == {"Makefile", "requirements", "bin"}


def test_a_python_that_is_named_but_cannot_make_an_environment_is_refused_too(tmp_path, bare) -> None:
    python(bare, "python3", "exit 0")
    said = make(tmp_path, bare, "demo", "PYTHON=python3.9")
    assert "is missing" in said.stdout
    assert not (tmp_path / ".venv").exists()


def test_the_newest_python_that_can_make_an_environment_is_taken(tmp_path, bare) -> None:
    python(bare, "python3.13", "exit 1")
    python(bare, "python3.12", "exit 0")
    python(bare, "python3", "exit 0")
    said = make(tmp_path, bare, "-n", "demo")
    assert "python3.12 -m venv" in said.stdout


def test_the_table_of_modules_names_each_once_and_files_that_are_there() -> None:
    text = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
    table = text.partition("<!-- modules -->")[2].partition("<!-- end of modules -->")[0]
    named = re.findall(r"`([\w/]+)`", table)
    there = [
        path.relative_to(ROOT / PACKAGE).with_suffix("").as_posix()
        for path in (ROOT / PACKAGE).rglob("*.py")
        if path.name != "__init__.py"
    ]
    assert sorted(named) == sorted(there)
    files = re.findall(r"[\w/]+\.py", table)
    assert len(files) > 30
    assert [name for name in files if not (ROOT / "tests" / name).is_file()] == []
