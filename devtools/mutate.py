"""Mutation of the core: change one thing of a module at a time, and see whether the unit tests notice.

`python -m devtools.mutate windows state` prints a line for each change that no test noticed, and the figure. It works
in copies of the tree.
"""

from __future__ import annotations

import ast
import copy
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Type

from devtools.market import DOCUMENTS, ROOT
from devtools.market_imports import PACKAGE

# What notices a change of a module beside its own unit tests.
MORE_TESTS: Dict[str, List[str]] = {"state": ["tests/contract/test_reset.py"]}
SIDE_BY_SIDE, SECONDS = 2, 120
COMPARISONS: Dict[Type[ast.cmpop], Type[ast.cmpop]] = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq},
    **{ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In},
}
ARITHMETIC: Dict[Type[ast.operator], Type[ast.operator]] = {
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult},
}
NAMES = {"max": "min", "min": "max"}


class Mutant(NamedTuple):
    """A module with one thing changed."""

    module: str
    line: int
    change: str
    code: str


def main(modules: List[str]) -> int:
    """Mutate the modules and print the survivors; the number of these."""
    for module in modules:
        # Tests that fail anyway would notice everything.
        if is_noticed(Mutant(module, 0, "nothing", (ROOT / PACKAGE / f"{module}.py").read_text(encoding="utf-8"))):
            raise RuntimeError(f"the tests of {module} fail without any change")
    mutants = [mutant for module in modules for mutant in mutants_of(module)]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        noticed = list(pool.map(is_noticed, mutants))
    for mutant, seen in zip(mutants, noticed):
        if not seen:
            print(f"survives: {mutant.module}.py:{mutant.line}: {mutant.change}")
    for module in modules:
        of_module = [seen for mutant, seen in zip(mutants, noticed) if mutant.module == module]
        print(f"{module}: {sum(of_module)} of {len(of_module)} noticed")
    return noticed.count(False)


def mutants_of(module: str) -> Iterator[Mutant]:
    """Every mutant of a module of the package."""
    tree = ast.parse((ROOT / PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
    places = len(list(ast.walk(tree)))
    texts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    docstrings = [number for number, node in enumerate(ast.walk(tree)) if id(node) in texts]
    for number in range(places):
        if number in docstrings and isinstance(list(ast.walk(tree))[number], ast.Constant):
            continue
        changed = copy.deepcopy(tree)
        node: Any = list(ast.walk(changed))[number]
        before = _text(node)
        if _change(node):
            yield Mutant(module, getattr(node, "lineno", 0), f"{before}  ->  {_text(node)}", ast.unparse(changed))


def _change(node: Any) -> bool:
    """Change the node where something can be changed."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        node.ops[0] = COMPARISONS[type(node.ops[0])]()
    elif isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in ARITHMETIC:
        node.op = ARITHMETIC[type(node.op)]()
    elif isinstance(node, ast.BoolOp):
        node.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
    elif isinstance(node, (ast.If, ast.IfExp)):
        node.test = ast.UnaryOp(ast.Not(), node.test)
    elif isinstance(node, (ast.Return, ast.Expr)) and not isinstance(node.value, (ast.Constant, type(None))):
        node.value = ast.Constant(None)
    elif isinstance(node, ast.Name) and node.id in NAMES:
        node.id = NAMES[node.id]
    elif isinstance(node, ast.Constant):
        return _change_constant(node)
    else:
        return False
    return True


def _change_constant(node: ast.Constant) -> bool:
    if isinstance(node.value, bool):
        node.value = not node.value
    elif isinstance(node.value, (int, float)):
        node.value += 1
    elif isinstance(node.value, str) and node.value:
        node.value = f"X{node.value}"
    else:
        return False
    return True


def is_noticed(mutant: Mutant) -> bool:
    """Whether a test fails, or does not end, with the mutant in the module's place."""
    with tempfile.TemporaryDirectory() as folder:
        for name in (PACKAGE, "startup", "devtools", "tests"):
            shutil.copytree(ROOT / name, Path(folder, name), ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", *DOCUMENTS):
            Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, Path(folder, name))
        Path(folder, PACKAGE, f"{mutant.module}.py").write_text(mutant.code, encoding="utf-8")
        tests = [f"tests/unit/test_{mutant.module}.py", *MORE_TESTS.get(mutant.module, ())]
        call = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
        try:
            # The same examples each time.
            environment = {**os.environ, "CI": "true", "PYTHONDONTWRITEBYTECODE": "1"}
            done = subprocess.run(call, cwd=folder, capture_output=True, timeout=SECONDS, env=environment)
        except subprocess.TimeoutExpired:
            return True
        return done.returncode != 0


def _text(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:100] if isinstance(node, (ast.expr, ast.stmt)) else type(node).__name__


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
