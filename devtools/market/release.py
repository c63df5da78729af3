"""Makes a release: changelog and version, then market, zip and their checksums: `make release VERSION=1.2.3`.

What it writes into the source are two lines; commit, tag and publication stay a person's.
"""

from __future__ import annotations

import hashlib
import re
import sys
import time
from pathlib import Path
from typing import Dict, List, Tuple

from devtools.market.build import ROOT, build, write
from devtools.market.imports import PACKAGE
from devtools.market.rules import MarketError

VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
NAMED = re.compile(r'^VERSION = "(.*)"$', re.MULTILINE)
UNRELEASED = "## [Unreleased]"
# The one place of the version: Func shows it, pyproject.toml reads it.
PLACE = f"{PACKAGE}/version.py"
CHANGELOG = "CHANGELOG.md"
CHECKSUMS = "SHA256SUMS"


class ReleaseError(Exception):
    """A release that cannot be made as things are."""


def release(root: Path, version: str, today: str) -> List[Path]:
    """Write version and changelog, build; the files to publish. A refusal comes before anything is written."""
    source, changelog = root / PLACE, root / CHANGELOG
    code, changes = (path.read_text(encoding="utf-8") for path in (source, changelog))
    changed = {source: with_version(code, version), changelog: with_section(changes, version, today)}
    build(root)
    for path, text in changed.items():
        path.write_text(text, encoding="utf-8")
    files = build(root)
    folder, archive = write(files, root / "dist")
    sums = root / "dist" / CHECKSUMS
    sums.write_text(checksums(files, folder.name, archive), encoding="utf-8")
    return [folder, archive, sums]


def with_version(code: str, version: str) -> str:
    """The source with another version; ReleaseError unless it is one, and not below that which is there."""
    found = NAMED.findall(code)
    if len(found) != 1:
        raise ReleaseError(f"{PLACE} names {len(found)} versions, not one.")
    if _order(version) < _order(found[0]):
        raise ReleaseError(f"{version} comes before {found[0]}, which {PLACE} names already.")
    return NAMED.sub(f'VERSION = "{version}"', code)


def with_section(changes: str, version: str, today: str) -> str:
    """The changelog with what was unreleased under the version; ReleaseError when that is nothing, or it is there."""
    if f"## [{version}]" in changes:
        raise ReleaseError(f"{CHANGELOG} has a section {version} already.")
    before, heading, after = changes.partition(f"{UNRELEASED}\n")
    if not heading:
        raise ReleaseError(f"{CHANGELOG} has no section {UNRELEASED}.")
    if not re.search(r"^- ", after.partition("\n## [")[0], re.MULTILINE):
        raise ReleaseError(f"{CHANGELOG} says nothing under {UNRELEASED}: what does this release change?")
    return f"{before}{heading}\n## [{version}] - {today}\n{after}"


def checksums(files: Dict[str, bytes], folder: str, archive: Path) -> str:
    """The SHA-256 of every file, as `sha256sum -c` reads it beside them."""
    named = {archive.name: archive.read_bytes(), **{f"{folder}/{path}": content for path, content in files.items()}}
    return "".join(f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in sorted(named.items()))


def _order(version: str) -> Tuple[int, ...]:
    found = VERSION.fullmatch(version)
    if found is None:
        raise ReleaseError(f"{version!r} is no version such as 1.2.3: make release VERSION=1.2.3")
    return tuple(map(int, found.groups()))


def main(arguments: List[str]) -> int:
    """Make the release that the one argument names; the exit status."""
    version = arguments[0] if arguments else ""
    try:
        made = release(ROOT, version, time.strftime("%Y-%m-%d", time.gmtime()))
    except (ReleaseError, MarketError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{version}: {', '.join(str(path.relative_to(ROOT)) for path in made)}.")
    print(
        f'Now: make test, git commit -am "Release {version}", git tag v{version}, and publish them (README, Install).'
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
