"""Known holes in what is installed, by pip-audit; and the plain word where no service of known holes can be asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, List, Mapping, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ("requirements/dev.txt", "requirements/dev-py38.txt")
NOT_AUDITED = "NOT AUDITED"
UNASKED = 3


class Verdict(NamedTuple):
    """What came out: the exit status, and what a person reads."""

    status: int
    text: str


def main() -> int:
    """Ask about every pinned package; 0 when all are known and sound, 1 for a hole, 3 when nobody could be asked."""
    options = ("--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json")
    found = []
    for path in REQUIREMENTS:
        call = [sys.executable, "-m", "pip_audit", "-r", str(ROOT / path), *options]
        done = subprocess.run(call, capture_output=True, text=True)
        found.append(verdict(done.stdout, done.stderr))
        print(f"{path}: {found[-1].text}")
    statuses = [status for status, _ in found]
    return 1 if 1 in statuses else max(statuses)


def verdict(out: str, err: str) -> Verdict:
    """What pip-audit's JSON says. It ends well when it could look nothing up: that is no audit."""
    try:
        packages: List[Mapping[str, Any]] = json.loads(out)["dependencies"]
    except (ValueError, KeyError):
        last = (err.strip().splitlines() or ["nothing was said"])[-1]
        return Verdict(UNASKED, f"{NOT_AUDITED}: pip-audit did not finish ({last}).")
    asked = [package for package in packages if "skip_reason" not in package]
    if not asked:
        return Verdict(UNASKED, f"{NOT_AUDITED}: no service of known holes knows any of the {len(packages)} packages.")
    holes = [f"{one['name']} {one['version']}: {hole['id']}" for one in asked for hole in one.get("vulns", ())]
    unknown = sorted(package["name"] for package in packages if "skip_reason" in package)
    said = f"{len(asked)} packages audited, {len(holes)} known holes. {' '.join(holes)}".strip()
    if unknown:
        said += f" Not known there: {', '.join(unknown)}."
    return Verdict(1 if holes or unknown else 0, said)


if __name__ == "__main__":
    sys.exit(main())
