"""Builds what a Script Market serves, and the zip of the same, out of the source tree: `make market`.

A market is a folder with META.yaml and script-sets/<set>/<script>.py; the same tree as a zip is what Func's import of
script sets takes. Same input, same bytes. A source that Func could not run is refused with one sentence.
"""

from __future__ import annotations

import ast
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any, Dict, List, Mapping, Tuple

import yaml

from devtools.market.imports import PACKAGE, REQUIREMENTS, import_problems, rewritten, script_name
from devtools.market.rules import STARTUP, MarketError, Source, read_source, script_problems
from devtools.script_sets import code_md5, refusals, set_md5

ROOT = Path(__file__).resolve().parents[2]
STARTUP_PATH = f"startup/{PACKAGE}.py"
# What startup scripts import: its name and functions stay, for an upgrade leaves a startup script as it is.
FACE = "main"
TITLE = "Guance Integration (AWS CloudFront) / 观测云集成（AWS CloudFront）"
DESCRIPTION = (
    "Reports CloudFront distributions as custom objects, and their CloudWatch metrics for every minute, to Guance. / "
    "将 CloudFront 分配作为自定义对象、将其 CloudWatch 指标逐分钟上报到观测云。"
)
# What is imported into Guance.
ASSETS = ("dashboard", "monitor", "resource-catalog")
# What a script is, in Chinese, by its wing or its own name at the top; its title has the English of its docstring too.
CHINESE = {
    STARTUP: "启动脚本",
    FACE: "入口",
    "accounts": "多个账户",
    "collect": "采集",
    "check": "检查",
    "steps": "采集步骤",
    "aws": "访问 AWS",
    "func": "状态与日志",
    "points": "数据点",
    "settings": "配置",
    "guance": "写入观测云",
    "cloudfront": "CloudFront 指标与对象",
    "logs": "访问日志",
    "deadline": "时限",
    "errors": "错误",
    "text": "文本",
    "version": "版本",
}
# What stands beside the scripts: the pages that a user reads, with their pictures, and what is imported into Guance.
DOCUMENTS = (
    *("README.md", "README.zh.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE"),
    *sorted(
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "docs").rglob("*")
        if path.suffix in (".md", ".png", ".svg")
    ),
    *(f"{kind}/{language}/aws_cloudfront.json" for kind in ASSETS for language in ("en", "zh")),
)
# The first moment that a zip can name: the files of a build are of no date.
NO_DATE = (1980, 1, 1, 0, 0, 0)


def build(root: Path = ROOT) -> Dict[str, bytes]:
    """The files of the market by their paths in it; MarketError for the first thing that Func could not run."""
    library = library_of(root)
    sources = [*library.values(), read_source(root, STARTUP_PATH, STARTUP)]
    for source in sources:
        problems = [*script_problems(source), *import_problems(source, library)]
        for line, text in sorted(problems)[:1]:
            raise MarketError(f"{source.path}:{line}: {text}.")
    files = {f"script-sets/{PACKAGE}/{source.name}.py": rewritten(source).encode() for source in sources}
    files["META.yaml"] = _meta(sources, version_of(library)).encode()
    files.update({name: (root / name).read_bytes() for name in DOCUMENTS})
    return dict(sorted(files.items()))


def write(files: Dict[str, bytes], dist: Path) -> Tuple[Path, Path]:
    """Write the market's folder and its zip below `dist`, in the place of older ones; their paths."""
    folder, archive = dist / "script-market", dist / f"{PACKAGE}.zip"
    shutil.rmtree(folder, ignore_errors=True)
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    # Stored, not compressed: compression differs between versions of zlib.
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as opened:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, NO_DATE)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            opened.writestr(entry, content)
    return folder, archive


def library_of(root: Path = ROOT) -> Dict[str, Source]:
    """The modules that ship by their dotted path in the package, `main` first; MarketError when two get one name."""
    found: Dict[str, Source] = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        relative = path.relative_to(root / PACKAGE)
        module = ".".join(relative.with_suffix("").parts)
        source = read_source(root, f"{PACKAGE}/{relative.as_posix()}", script_name(module))
        if relative.name == "__init__.py":
            _refuse_code(source)
            continue
        for other in found.values():
            if other.name == source.name:
                raise MarketError(
                    f"{source.path}:1: {other.path} has the same name in Func, {PACKAGE}__{source.name}: rename one."
                )
        found[module] = source
    if FACE not in found:
        raise MarketError(f"{PACKAGE}/{FACE}.py:1: the file does not exist: startup scripts import it.")
    return {FACE: found.pop(FACE), **found}


def _refuse_code(source: Source) -> None:
    for node in source.tree.body:
        if not isinstance(node, ast.Expr):
            raise MarketError(f"{source.path}:{node.lineno}: Func knows no packages, so no __init__.py holds code.")


def version_of(library: Mapping[str, Source]) -> str:
    """The version that the module `version` names; MarketError when it names none."""
    for node in library["version"].tree.body if "version" in library else ():
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "VERSION":
            return str(ast.literal_eval(node.value))
    raise MarketError(f"{PACKAGE}/version.py:1: there is no VERSION: it is what the log and the script set show.")


def _meta(sources: List[Source], version: str) -> str:
    scripts = [_script(source) for source in sources]
    script_set: Dict[str, Any] = {
        "id": PACKAGE,
        "title": TITLE,
        # The version for people to see: Func's own publishVersion takes only a whole number.
        "description": f"Version {version}. {DESCRIPTION}",
        "requirements": "\n".join(REQUIREMENTS),
    }
    script_set["originMD5"] = set_md5(script_set, scripts)
    script_set["scripts"] = scripts
    for refusal in refusals(script_set):
        raise MarketError(f"META.yaml:1: {refusal}: Func could not install it.")
    return str(yaml.safe_dump({"scriptSets": [script_set]}, sort_keys=False, allow_unicode=True, width=1000))


def _script(source: Source) -> Dict[str, Any]:
    return {
        "id": f"{PACKAGE}__{source.name}",
        # Without a type Func installs an empty script and says nothing.
        "type": "python",
        "title": _title(source),
        # Func counts with it how often the script was published; all official sets say 0.
        "publishVersion": 0,
        "codeMD5": code_md5(rewritten(source)),
    }


def _title(source: Source) -> str:
    """The first line of a script's docstring, and in Chinese what it belongs to."""
    english = (ast.get_docstring(source.tree) or "").partition("\n")[0].rstrip(".")
    part = STARTUP if source.path == STARTUP_PATH else Path(source.path).with_suffix("").parts[1]
    return f"{english} / {CHINESE[part]}" if part in CHINESE else english


def main() -> int:
    """Build into dist/; the exit status."""
    try:
        files = build(ROOT)
        folder, archive = write(files, ROOT / "dist")
    except MarketError as error:
        print(error, file=sys.stderr)
        return 1
    scripts = sum(path.endswith(".py") for path in files)
    print(f"{folder.relative_to(ROOT)}/ and {archive.relative_to(ROOT)}: {scripts} scripts of the set {PACKAGE}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
