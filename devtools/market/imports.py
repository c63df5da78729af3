"""The imports of a script: which of them Func can do, and how they read there."""

from __future__ import annotations

import ast
import pkgutil
import re
import sys
import sysconfig
from functools import lru_cache
from typing import Any, FrozenSet, Iterator, List, Mapping, Union

from devtools.market.rules import STARTUP, Problem, Source

PACKAGE = "guance_aws_cloudfront"
REQUIREMENTS = ("boto3", "botocore")
FORMS = f"write from {PACKAGE}.<module> import <name>, or import {PACKAGE}.<module> as <name>, at the line's beginning"
SPELLING = re.compile(rf"(\s*(?:from|import) {PACKAGE})\.(\w+(?:\.\w+)*)( (?:import|as) )")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
COLLECTIONS = (ast.Tuple, ast.List, ast.Set)
ARITHMETIC = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop)
Import = Union[ast.Import, ast.ImportFrom]


def import_problems(source: Source, library: Mapping[str, Source]) -> Iterator[Problem]:
    """Every import of a script that Func cannot do or that must not ship; `library` are the set's modules by name."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            yield from _call(node)
        elif isinstance(node, ast.ImportFrom):
            yield from _from_import(node, source, library)
        elif isinstance(node, ast.Import):
            yield from _import(node, source, library)


@lru_cache(maxsize=256)
def rewritten(source: Source) -> str:
    """The script as it ships: the package's modules by their names in Func, every line where it was."""
    lines = source.text.split("\n")
    for node in ast.walk(source.tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            lines[node.lineno - 1] = SPELLING.sub(_as_script, lines[node.lineno - 1])
    return "\n".join(lines)


def script_name(module: str) -> str:
    """The name in Func of a module of the package, such as `aws_session` for `aws.session`.

    Func's own "clone script set" cuts an ID at its second double underscore, so one underscore joins the path.
    """
    return module.replace(".", "_")


def _as_script(spelling: re.Match[str]) -> str:
    return f"{spelling[1]}__{script_name(spelling[2])}{spelling[3]}"


def standard_library() -> FrozenSet[str]:
    """The names of the standard library's top modules, of the Python that runs this."""
    if sys.version_info >= (3, 10):
        return sys.stdlib_module_names
    folders = [sysconfig.get_path("stdlib"), str(sysconfig.get_config_var("DESTSHARED"))]
    return frozenset([*sys.builtin_module_names, *(module.name for module in pkgutil.iter_modules(folders))])


def _call(node: ast.Call) -> Iterator[Problem]:
    name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
    if name in ("import_module", "__import__"):
        yield node.lineno, f"{name}() does not find scripts in Func: {FORMS}"


def _import(node: ast.Import, source: Source, library: Mapping[str, Source]) -> Iterator[Problem]:
    for alias in node.names:
        package, _, module = alias.name.partition(".")
        if package != PACKAGE:
            yield from _foreign(node, alias.name)
        elif not module or not alias.asname or len(node.names) > 1:
            yield node.lineno, f"this import of {alias.name} cannot be rewritten for Func: {FORMS}, one a statement"
        else:
            yield from _module(node, module, source, library)


def _from_import(node: ast.ImportFrom, source: Source, library: Mapping[str, Source]) -> Iterator[Problem]:
    package, _, module = (node.module or "").partition(".")
    if node.level:
        yield node.lineno, f"a relative import does not work in Func: {FORMS}"
    elif any(alias.name == "*" for alias in node.names):
        yield node.lineno, "import * does not work in Func: name what is imported"
    elif package != PACKAGE:
        yield from _foreign(node, node.module or "")
    elif not module:
        yield node.lineno, f"a module cannot be imported from {PACKAGE} in Func: {FORMS}"
    elif source.name == STARTUP:
        use = f"import {PACKAGE}.{module} as <name>"
        yield node.lineno, f"a startup script outlives upgrades of the library, so it from-imports nothing of it: {use}"
    else:
        yield from _module(node, module, source, library)
        for alias in node.names if module in library else ():
            doubt = doubt_of(alias.name, library[module].tree)
            if doubt:
                yield node.lineno, f"{alias.name} of {PACKAGE}.{module} {doubt}"


def _foreign(node: Import, name: str) -> Iterator[Problem]:
    if name.partition(".")[0] not in (*REQUIREMENTS, *standard_library()):
        those = f"the standard library, {', '.join(REQUIREMENTS)} and {PACKAGE}"
        yield node.lineno, f"{name} cannot be imported in Func: only {those} can"


def _module(node: Import, module: str, source: Source, library: Mapping[str, Source]) -> Iterator[Problem]:
    line = source.text.split("\n")[node.lineno - 1]
    if module not in library:
        yield node.lineno, f"there is no module {PACKAGE}.{module}: there are {', '.join(library)}"
    elif line[: node.col_offset].strip() or not SPELLING.match(line):
        yield node.lineno, f"this spelling of the import cannot be rewritten for Func: {FORMS}"


@lru_cache(maxsize=4096)
def doubt_of(name: str, tree: ast.Module) -> str:
    """Why a from-import of a module's name is not safe in Func, as the rest of a sentence; empty when it is.

    Func's from-import fails on a name that is falsy; so only what is truthy beyond doubt is let through: a function, a
    class, a literal with something in it, arithmetic on literals, an alias of a type.
    """
    bound = [node for node in _module_scope(tree) if name in _names_bound(node)]
    if not bound:
        return "does not exist: import a name that the module defines"
    (node, *more) = bound
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return "is itself an import there: import it from where it is defined"
    if more or node not in tree.body:
        return "is not bound once and for all there: define it by one plain statement at the module's top level"
    if isinstance(node, DEFINITIONS) or _is_truthy(getattr(node, "value", None)):
        return ""
    return f"may be falsy, and Func's from-import fails on that: import the module ({PACKAGE}.<module> as <name>)"


def _module_scope(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below that are in the module's own scope, and the definitions in it."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (*DEFINITIONS, ast.Lambda)):
            yield from _module_scope(child)


def _names_bound(node: ast.AST) -> List[str]:
    if isinstance(node, DEFINITIONS):
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.For, ast.withitem)):
        inside = [found for found in ast.walk(node) if isinstance(found, ast.Name)]
        return [found.id for found in inside if isinstance(found.ctx, ast.Store)]
    return []


def _is_truthy(value: Any) -> bool:
    if isinstance(value, ast.Subscript):
        return True  # an alias of a type, such as Dict[str, int]
    if isinstance(value, COLLECTIONS):
        return any(not isinstance(item, ast.Starred) for item in value.elts)
    if isinstance(value, ast.Dict):
        return any(key is not None for key in value.keys)
    if isinstance(value, ast.expr) and all(isinstance(node, ARITHMETIC) for node in ast.walk(value)):
        try:
            return bool(eval(compile(ast.Expression(value), "<constant>", "eval"), {"__builtins__": {}}))
        except (TypeError, ArithmeticError):
            return False
    return False
