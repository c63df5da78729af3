"""What a script must not hold: what Func, its Script Market or Python 3.8 would break on."""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Iterable, Iterator, NamedTuple, Set, Tuple

import vermin

PLACEHOLDERS = ("AWS AK ID", "AWS AK SECRET", "AWS Account Name")
STARTUP = "example"
# Both patterns are Func's own, in Python's spelling.
PULLED_SET = re.compile(r"(?:import|from)\s+([a-zA-Z0-9_]+)__[a-zA-Z0-9_]+")
PLACEHOLDER = re.compile(r'"<(.+)>"')
SECRET = re.compile(r"secret|token|passw|credential|(^|_)(ak|ak_id|access_key|api_key|private_key)(_|$)", re.IGNORECASE)
NAMES = {
    "BaseException": "the name BaseException is missing in Func: catch Exception, and clean up in finally",
    "__doc__": "Func gives a script no __doc__: write the text as a constant",
    "__spec__": "Func gives a script no __spec__: use __name__, which is the script's id",
    "__package__": "Func gives a script no __package__: use __name__, which is the script's id",
}
BUILTIN_TYPES = ("bool", "bytes", "dict", "float", "frozenset", "int", "list", "object", "set", "str", "tuple", "type")

# A line, and what is wrong on it.
Problem = Tuple[int, str]


class MarketError(ValueError):
    """The source tree cannot be built; the text is one sentence that begins with `file:line:`."""


class Source(NamedTuple):
    """A script as it stands in the source tree.

    `name` is what Func knows it by within its set: the path of the module joined by one underscore.
    """

    name: str
    path: str
    text: str
    tree: ast.Module


def read_source(root: Path, path: str, name: str) -> Source:
    """The script at `path` below `root`; MarketError when there is none or it is not Python 3.8."""
    try:
        return _parsed(name, path, (root / path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MarketError(f"{path}:1: the file does not exist: every script of the set needs one.") from None
    except SyntaxError as error:
        raise MarketError(f"{path}:{error.lineno or 1}: {error.msg}: only syntax of Python 3.8 is allowed.") from None
    except ValueError as error:
        raise MarketError(f"{path}:1: the file cannot be read ({error}): it must be text in UTF-8.") from None


# The tests build a hundred trees that differ in one script each: what is the same is parsed and judged once.
@lru_cache(maxsize=256)
def _parsed(name: str, path: str, text: str) -> Source:
    with warnings.catch_warnings():
        # A warning of the parser becomes a SyntaxError with its line.
        warnings.simplefilter("error")
        return Source(name, path, text, ast.parse(text, path, feature_version=(3, 8)))


@lru_cache(maxsize=256)
def script_problems(source: Source) -> Tuple[Problem, ...]:
    """Everything wrong with a script as such; its imports are judged in `devtools.market.imports`."""
    return tuple(problem for rule in RULES for problem in rule(source))


def _empty(source: Source) -> Iterator[Problem]:
    if not (ast.get_docstring(source.tree) or "").strip():
        yield 1, "the module has no docstring: its first line becomes the script's description in Func"
    elif len(source.tree.body) == 1:
        yield 1, "the module is empty: delete it"


def _pulled_sets(source: Source) -> Iterator[Problem]:
    for match in PULLED_SET.finditer(source.text):
        line = source.text.count("\n", 0, match.start()) + 1
        text = " ".join(match.group().split())
        yield line, f'the text "{text}" makes the market install a script set "{match.group(1)}": say it otherwise'


def _placeholders(source: Source) -> Iterator[Problem]:
    expected = PLACEHOLDERS if source.name == STARTUP else ()
    places = {(node.lineno, node.col_offset) for node in _dict_values(source.tree)}
    seen: Counter[str] = Counter()
    for number, line in enumerate(source.text.split("\n"), 1):
        for match in PLACEHOLDER.finditer(line):
            name, column = match.group(1), len(line[: match.start()].encode())
            seen[name] += 1
            if expected:
                yield from _placeholder(name, number, (number, column) in places, seen[name])
            elif name in PLACEHOLDERS:
                yield number, f'the placeholder "<{name}>" stands in a library module: only the startup script has any'
    missing = [name for name in expected if not seen[name]]
    yield from (
        (source.text.count("\n"), f'the placeholder "<{name}>" is missing: it must stand once') for name in missing
    )


def _placeholder(name: str, line: int, in_place: bool, times: int) -> Iterator[Problem]:
    if '"<' in name:
        yield line, "two placeholders stand on one line, where Func takes them for one: write one a line"
    elif name not in PLACEHOLDERS:
        yield line, f'Func takes "<{name}>" for a placeholder: only {", ".join(PLACEHOLDERS)} are allowed'
    elif times > 1:
        yield line, f'the placeholder "<{name}>" stands twice, and Func fills only the first: it must stand once'
    elif not in_place:
        yield line, f'the placeholder "<{name}>" is outside its place: it must be a whole value in a literal dict'


def _dict_values(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            yield from (value for value in node.values if isinstance(value, ast.Constant))


def _names(source: Source) -> Iterator[Problem]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name) and node.id in NAMES:
            yield node.lineno, NAMES[node.id]


def _bare_excepts(source: Source) -> Iterator[Problem]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield node.lineno, "a bare except swallows Func's time-out, and the task runs on: catch Exception"


def _secret_defaults(source: Source) -> Iterator[Problem]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.arguments):
            positional = [*node.posonlyargs, *node.args]
            with_default = positional[len(positional) - len(node.defaults) :]
            for argument, default in [*zip(with_default, node.defaults), *zip(node.kwonlyargs, node.kw_defaults)]:
                is_none = default is None or (isinstance(default, ast.Constant) and default.value is None)
                if SECRET.search(argument.arg) and not is_none:
                    text = f'the parameter "{argument.arg}" has a default, and Func stores those in plain text'
                    yield argument.lineno, f"{text}: only None is allowed"


def _string_annotations(source: Source) -> Iterator[Problem]:
    future = _has_future_annotations(source.tree)
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ClassDef) or not any(map(_is_dataclass, node.decorator_list)):
            continue
        if future:
            yield (
                node.lineno,
                "@dataclass fails in Func under from __future__ import annotations: leave that import out",
            )
        for field in node.body:
            if isinstance(field, ast.AnnAssign) and isinstance(getattr(field.annotation, "value", None), str):
                yield field.lineno, "@dataclass fails in Func on an annotation that is a string: write the type itself"


def _is_dataclass(decorator: ast.expr) -> bool:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    return "dataclass" in (getattr(target, "id", ""), getattr(target, "attr", ""))


def _has_future_annotations(tree: ast.Module) -> bool:
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    return any(alias.name == "annotations" for node in imports for alias in node.names)


def _newer_features(source: Source) -> Iterator[Problem]:
    config = vermin.Config()
    config.add_target("3.8", exact=False)
    config.set_only_show_violations(True)
    config.set_eval_annotations(True)
    config.set_parse_comments(False)
    config.set_format(vermin.formats.ParsableFormat())
    idle = _lines(annotation for annotation, evaluated in _annotations(source.tree) if not evaluated)
    for found in vermin.visit(source.text, config, "-").output_text().splitlines():
        _, line, _, _, version, feature = found.split(":", 5)
        # vermin takes every annotation for one that is evaluated.
        if "generic type annotation" not in feature or int(line) not in idle:
            yield int(line or 1), f"{feature} needs Python {version}: only what Python 3.8 has is allowed"


def _unions(source: Source) -> Iterator[Problem]:
    annotations = list(_annotations(source.tree))
    evaluated = {id(node) for annotation, is_evaluated in annotations if is_evaluated for node in ast.walk(annotation)}
    idle = {id(node) for annotation, is_evaluated in annotations if not is_evaluated for node in ast.walk(annotation)}
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.BitOr) or id(node) in idle:
            continue
        if id(node) in evaluated or _is_type(node.left) or _is_type(node.right):
            yield node.lineno, "a union as X | Y needs Python 3.10: write typing.Union or typing.Optional"


def _is_type(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return node.id in BUILTIN_TYPES
    return isinstance(node, ast.Constant) and node.value is None


def _annotations(tree: ast.Module) -> Iterator[Tuple[ast.expr, bool]]:
    """Every annotation, and whether Python evaluates it."""
    future = _has_future_annotations(tree)
    return ((annotation, evaluated and not future) for annotation, evaluated in _annotations_below(tree, False))


def _annotations_below(node: ast.AST, in_function: bool) -> Iterator[Tuple[ast.expr, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.AnnAssign):
            yield child.annotation, not in_function
        elif isinstance(child, ast.arg) and child.annotation:
            yield child.annotation, True
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) and child.returns:
            yield child.returns, True
        is_function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
        yield from _annotations_below(child, is_function or (in_function and not isinstance(child, ast.ClassDef)))


def _lines(nodes: Iterable[ast.expr]) -> Set[int]:
    return {line for node in nodes for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}


RULES = (
    _empty,
    _pulled_sets,
    _placeholders,
    _names,
    _bare_excepts,
    _secret_defaults,
    _string_annotations,
    _newer_features,
    _unions,
)
