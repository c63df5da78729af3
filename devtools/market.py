"""Builds what a Script Market serves, and the zip of the same, out of the source tree: `python -m devtools.market`.

A market is a folder with META.yaml and script-sets/<set>/<script>.py; the same tree as a zip is what Func's import of
script sets takes. Same input, same bytes. A source that Func could not run is refused with one sentence.
"""

from __future__ import annotations

import ast
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any, Dict, List, Tuple

import yaml

from devtools.market_imports import PACKAGE, REQUIREMENTS, import_problems, rewritten
from devtools.market_rules import STARTUP, MarketError, Source, read_source, script_problems

ROOT = Path(__file__).resolve().parent.parent
STARTUP_PATH = f"startup/{PACKAGE}.py"
TITLE = "Guance Integration (AWS CloudFront)"
DESCRIPTION = (
    "Reports CloudFront distributions as custom objects, and their CloudWatch metrics for every minute, to Guance."
)
# The library modules that ship, each with its title in Func; the startup script is added by itself.
SCRIPTS = {
    "main": "Collector",
    "run": "One run",
    "round": "Several accounts in one task",
    "minutes": "Metrics of a run",
    "fetch": "Metrics of a window",
    "checks": "Check",
    "check_actions": "Optional permissions",
    "check_host": "Host of a check",
    "check_table": "Table of a check",
    "account": "Account",
    "accounts": "One account or several",
    "config": "Configuration",
    "extra_tags": "Tags of the user",
    "resource_tags": "Tags of the distributions",
    "door": "Mistakes in the configuration",
    "catalog": "Metric catalog",
    "partitions": "AWS partitions",
    "patterns": "Patterns",
    "record": "Record of a distribution",
    "distributions": "Choice of distributions",
    "inventory": "Distributions of a run",
    "listing": "Listing of metrics",
    "selection": "Choice of metrics",
    "windows": "Windows",
    "series": "Series",
    "objects": "Custom objects",
    "metrics": "Queries and metric points",
    "aws": "AWS calls",
    "aws_errors": "AWS errors",
    "aws_session": "AWS session",
    "pace": "Pace of AWS calls",
    "credentials": "AWS credentials",
    "report": "Reporting",
    "limits": "Limits of DataKit",
    "state": "State between runs",
    "reset": "Forgetting the state",
    "digest": "Digest of what was sent",
    "story": "Log of a run",
    "errors": "Errors",
    "text": "Texts",
}
# What stands beside the scripts: the page of the script set, what it links to, and what is imported into Guance.
DOCUMENTS = (
    *("README.md", "README.zh.md", "CHANGELOG.md", "SECURITY.md", "LICENSE"),
    "docs/benchmarks.md",
    *(f"docs/img/dashboard.{name}.png" for name in ("en", "zh", "phone")),
    *(f"{kind}/{language}/aws_cloudfront.json" for kind in ("dashboard", "monitor") for language in ("en", "zh")),
)
# The first moment that a zip can name: the files of a build are of no date.
NO_DATE = (1980, 1, 1, 0, 0, 0)


def build(root: Path = ROOT, scripts: Dict[str, str] = SCRIPTS) -> Dict[str, bytes]:
    """The files of the market by their paths in it; MarketError for the first thing that Func could not run."""
    sources = _sources(root, scripts)
    library = {source.name: source for source in sources if source.name != STARTUP}
    for source in sources:
        problems = [*script_problems(source), *import_problems(source, library)]
        for line, text in sorted(problems)[:1]:
            raise MarketError(f"{source.path}:{line}: {text}.")
    files = {f"script-sets/{PACKAGE}/{source.name}.py": rewritten(source).encode() for source in sources}
    files["META.yaml"] = _meta(sources, scripts, version_of(library["run"])).encode()
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


def version_of(source: Source) -> str:
    """The version that a module's VERSION names; MarketError when it names none."""
    for node in source.tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "VERSION":
            return str(ast.literal_eval(node.value))
    raise MarketError(f"{source.path}:1: there is no VERSION: it is what Func shows as the version of the scripts.")


def _sources(root: Path, scripts: Dict[str, str]) -> List[Source]:
    found = {path.stem for path in (root / PACKAGE).glob("*.py")} - {"__init__"}
    for name in sorted(found - set(scripts)):
        path = f"{PACKAGE}/{name}.py"
        raise MarketError(f"{path}:1: the module is missing from META: add it to SCRIPTS in devtools/market.py.")
    library = [read_source(root, f"{PACKAGE}/{name}.py", name) for name in scripts]
    return [*library, read_source(root, STARTUP_PATH, STARTUP)]


def _meta(sources: List[Source], scripts: Dict[str, str], version: str) -> str:
    titles = {**scripts, STARTUP: "Startup script (example)"}
    listed = [_script(source, titles[source.name], version) for source in sources]
    script_set = {
        "id": PACKAGE,
        "title": TITLE,
        "description": DESCRIPTION,
        "requirements": "\n".join(REQUIREMENTS),
        "scripts": listed,
    }
    return str(yaml.safe_dump({"scriptSets": [script_set]}, sort_keys=False, allow_unicode=True, width=1000))


def _script(source: Source, title: str, version: str) -> Dict[str, Any]:
    description = (ast.get_docstring(source.tree) or "").partition("\n")[0]
    return {
        "id": f"{PACKAGE}__{source.name}",
        # Without a type Func installs an empty script and says nothing.
        "type": "python",
        "title": title,
        "description": description,
        "publishVersion": version,
    }


def main() -> int:
    """Build into dist/; the exit status."""
    try:
        folder, archive = write(build(ROOT), ROOT / "dist")
    except MarketError as error:
        print(error, file=sys.stderr)
        return 1
    scripts = len(SCRIPTS) + 1
    print(f"{folder.relative_to(ROOT)}/ and {archive.relative_to(ROOT)}: {scripts} scripts of the set {PACKAGE}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
