"""The layout holds: the order of the wings, no circle, which wings are pure, and where Func's `DFF` is named."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SET = "guance_aws_cloudfront"
# Each wing, or module at the top, and which others it may use; `text`, `errors`, `version` and `deadline` serve all.
WINGS = {
    "main": {"accounts", "collect", "logs", "check", "steps", "func", "settings"},
    "accounts": {"settings"},
    "logs": {"steps", "aws", "func", "guance", "points", "settings", "cloudfront"},
    "collect": {"steps", "aws", "func", "guance", "points", "settings", "cloudfront"},
    "check": {"steps", "logs", "aws", "func", "guance", "points", "settings", "cloudfront"},
    "steps": {"aws", "func", "guance", "points", "settings", "cloudfront"},
    "aws": {"points", "settings", "cloudfront"},
    "func": {"settings"},
    "points": {"settings", "guance", "cloudfront"},
    "settings": {"cloudfront"},
    "guance": set(),
    "cloudfront": set(),
}
COMMON = {"text", "errors", "version", "deadline"}
DEVTOOLS = {
    "docs": {"assets", "demo", "market"},
    "demo": {"aws", "func", "guance", "market", "page"},
    "bench": {"aws", "func", "market"},
    "page": {"guance", "market"},
    "assets": {"market"},
    "func": set(),
    "aws": set(),
    "guance": set(),
    "market": set(),
}
PURE = ("points", "settings", "cloudfront")
# Of the access logs, all but finding and collecting them.
PURE_OF_LOGS = ("logs.files", "logs.gunzip", "logs.keep", "logs.lines", "logs.points", "logs.progress")
TALKING = {"boto3", "botocore", "http", "socket", "urllib", "requests", "threading", "time", "datetime", "random"}


def modules(package):
    """The trees of a package's modules by their dotted path in it."""
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        if path.name != "__init__.py":
            relative = path.relative_to(ROOT / package).with_suffix("")
            found[".".join(relative.parts)] = ast.parse(path.read_text(encoding="utf-8"))
    return found


TREES, TOOLS = modules(SET), modules("devtools")
STARTUP = ast.parse((ROOT / "startup" / f"{SET}.py").read_text(encoding="utf-8"))


def imported(tree):
    """The full names of the modules that a tree imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def own(tree, package):
    """The modules of a package that a tree imports, by their dotted path in it."""
    return {name.partition(".")[2] for name in imported(tree) if name.startswith(f"{package}.")}


def wing(module):
    """The wing that a module stands in, or its own name at the top."""
    return module.partition(".")[0]


@pytest.mark.parametrize("module", TREES)
def test_a_module_uses_only_the_wings_that_its_own_may_use(module) -> None:
    used = {wing(other) for other in own(TREES[module], SET)} - {wing(module)} - COMMON
    assert used <= WINGS.get(wing(module), set())


def test_every_wing_has_its_sentence_and_its_place_in_the_order() -> None:
    assert {wing(module) for module in TREES} == set(WINGS) | COMMON
    for package in (SET, "devtools"):
        for folder in {path.parent for path in (ROOT / package).rglob("*.py")}:
            assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))), folder


@pytest.mark.parametrize("wings", [WINGS, DEVTOOLS])
def test_the_order_of_the_wings_has_no_circle(wings) -> None:
    left = dict(wings)
    while left:
        free = [name for name, uses in left.items() if not uses & set(left)]
        assert free, f"a circle among {sorted(left)}"
        for name in free:
            del left[name]


@pytest.mark.parametrize(("package", "trees"), [(SET, TREES), ("devtools", TOOLS)])
def test_imports_go_in_no_circle(package, trees) -> None:
    left = {name: own(tree, package) for name, tree in trees.items()}
    while left:
        free = [name for name, needs in left.items() if not needs & set(left)]
        assert free, f"a circle among {sorted(left)}"
        for name in free:
            del left[name]


@pytest.mark.parametrize("module", [*(name for name in TREES if wing(name) in PURE), *PURE_OF_LOGS])
def test_a_pure_wing_imports_nothing_that_talks(module) -> None:
    assert not {name.partition(".")[0] for name in imported(TREES[module])} & TALKING


def test_of_guance_the_pure_wings_use_only_its_limits() -> None:
    used = {name for module, tree in TREES.items() if wing(module) in PURE for name in own(tree, SET)}
    assert {name for name in used if wing(name) == "guance"} <= {"guance.limits"}


def test_only_the_wing_aws_knows_botocore_and_none_boto3() -> None:
    outside = {name: {full.partition(".")[0] for full in imported(tree)} for name, tree in TREES.items()}
    assert {wing(name) for name, used in outside.items() if "botocore" in used} == {"aws"}
    assert not [name for name, used in outside.items() if "boto3" in used]


def test_nothing_imports_main_but_the_startup_script() -> None:
    assert not [name for name, tree in TREES.items() if "main" in own(tree, SET)]
    assert f"{SET}.main" in set(imported(STARTUP))


def test_only_the_startup_script_names_the_global_dff() -> None:
    for name, tree in TREES.items():
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "DFF"], name
    assert [node for node in ast.walk(STARTUP) if isinstance(node, ast.Name) and node.id == "DFF"]


@pytest.mark.parametrize("module", [name for name in TOOLS if "." in name])
def test_a_tool_uses_only_the_wings_that_its_own_may_use(module) -> None:
    used = {wing(other) for other in own(TOOLS[module], "devtools") if "." in other} - {wing(module)}
    assert used <= DEVTOOLS[wing(module)]
