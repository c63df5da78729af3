"""The house keeps its shape: who may import whom, and which modules are pure."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SET = "guance_aws_cloudfront"
TREES = {path.stem: ast.parse(path.read_text()) for path in (ROOT / SET).glob("*.py") if path.stem != "__init__"}
PURE = (
    *(
        "account",
        "accounts",
        "catalog",
        "config",
        "digest",
        "distributions",
        "door",
        "errors",
        "extra_tags",
        "limits",
        "metrics",
        "objects",
    ),
    *("pace", "partitions", "patterns", "record", "resource_tags", "selection", "series", "text", "windows"),
)
STARTUP = ast.parse((ROOT / "startup" / f"{SET}.py").read_text())


def imported(tree):
    """The full names of the modules that a tree imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def own(name):
    """The modules of the package that a module imports."""
    return {full.split(".")[1] for full in imported(TREES[name]) if full.startswith(f"{SET}.")}


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_imports_neither_boto3_nor_what_talks(name) -> None:
    assert own(name) <= set(PURE)
    outside = {full.split(".")[0] for full in imported(TREES[name])} - {SET}
    assert not outside & {"boto3", "botocore", "http", "socket", "urllib", "requests", "threading"}


def test_only_four_modules_know_botocore_and_none_boto3() -> None:
    knowing = {name for name, tree in TREES.items() if any("boto" in full for full in imported(tree))}
    assert knowing == {"aws", "aws_errors", "aws_session", "credentials"}


def test_nothing_imports_main_but_the_startup_script() -> None:
    assert all("main" not in own(name) for name in TREES)
    assert f"{SET}.main" in set(imported(STARTUP))


def test_imports_go_in_no_circle() -> None:
    left = {name: own(name) for name in TREES}
    while left:
        free = [name for name, needs in left.items() if not needs & set(left)]
        assert free, f"a circle among {sorted(left)}"
        for name in free:
            del left[name]


def test_only_the_startup_script_names_the_global_dff() -> None:
    for name, tree in TREES.items():
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "DFF"], name
    assert [node for node in ast.walk(STARTUP) if isinstance(node, ast.Name) and node.id == "DFF"]
