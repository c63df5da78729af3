"""Makes a release: changelog and version, then market, zip, bill of materials, checksums: `make release VERSION=1.2.3`.

It wants an audit of the pinned packages (`make audit`), or the word that it was left out (AUDIT=skipped). It writes two
lines into the source; commit, tag and publication stay a person's.
"""

from __future__ import annotations

import hashlib
import re
import sys
import time
from pathlib import Path
from typing import List, Mapping, Optional, Sequence, Tuple

from devtools.audit import AuditError, kept_result
from devtools.market.bill import bill_of_materials
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
BILL = f"{PACKAGE}.cdx.json"
SKIPPED = "skipped"


class ReleaseError(Exception):
    """A release that cannot be made as things are."""


def release(root: Path, version: str, today: str, audited: str) -> List[Path]:
    """Write version and changelog, build; the files to publish. A refusal comes before anything is written.

    `today` is YYYY-MM-DD, `audited` what the bill of materials says of the audit.
    """
    source, changelog = root / PLACE, root / CHANGELOG
    code, changes = (path.read_text(encoding="utf-8") for path in (source, changelog))
    changed = {source: with_version(code, version), changelog: with_section(changes, version, today)}
    build(root)
    for path, text in changed.items():
        path.write_text(text, encoding="utf-8")
    files = build(root)
    folder, archive = write(files, root / "dist")
    bill, sums = root / "dist" / BILL, root / "dist" / CHECKSUMS
    bill.write_text(bill_of_materials(root, version, today, archive, audited), encoding="utf-8")
    sums.write_text(checksums(files, folder.name, (archive, bill)), encoding="utf-8")
    return [folder, archive, bill, sums]


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


def checksums(files: Mapping[str, bytes], folder: str, others: Sequence[Path]) -> str:
    """The SHA-256 of the files of a folder and of others beside it, as `sha256sum -c` reads it beside them."""
    named = {other.name: other.read_bytes() for other in others}
    named.update({f"{folder}/{path}": content for path, content in files.items()})
    return "".join(f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in sorted(named.items()))


def _order(version: str) -> Tuple[int, ...]:
    found = VERSION.fullmatch(version)
    if found is None:
        raise ReleaseError(f"{version!r} is no version such as 1.2.3: make release VERSION=1.2.3")
    return tuple(map(int, found.groups()))


def main(arguments: Sequence[str], root: Path = ROOT, now: Optional[float] = None) -> int:
    """Make the release of a version; the exit status. A second argument `skipped` says that there was no audit."""
    version, audit = [*arguments, "", ""][:2]
    now = time.time() if now is None else now
    try:
        audited = SKIPPED if audit == SKIPPED else kept_result(root, now)
        made = release(root, version, time.strftime("%Y-%m-%d", time.gmtime(now)), audited)
    except AuditError as error:
        print(f"{error} Run make audit, or say that you leave it out: AUDIT={SKIPPED}.", file=sys.stderr)
        return 1
    except (ReleaseError, MarketError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{version}: {', '.join(str(path.relative_to(root)) for path in made)}. Audit: {audited}")
    print(
        f'Now: make test, git commit -am "Release {version}", git tag v{version}, and publish them (CONTRIBUTING.md).'
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
