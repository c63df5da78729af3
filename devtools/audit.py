"""Known vulnerabilities of the pinned packages, by pip-audit: `make audit`.

Where no service of known vulnerabilities can be asked, it says so. The result is kept for `make release`.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ("requirements/dev.txt", "requirements/dev-py38.txt")
NOT_AUDITED = "NOT AUDITED"
UNASKED = 3
# Where the result is kept, for how long a release may use it, in seconds.
RESULT = "dist/audit.json"
VALID_FOR = 7 * 86400


class AuditError(Exception):
    """There is no audit of these pins that found nothing."""


class Verdict(NamedTuple):
    """What came out: the exit status, and what a person reads."""

    status: int
    text: str


def main() -> int:
    """Ask about every pinned package; 0 when all are known and sound, 1 for a finding, 3 when nobody could be asked."""
    options = ("--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json")
    found = []
    for path in REQUIREMENTS:
        call = [sys.executable, "-m", "pip_audit", "-r", str(ROOT / path), *options]
        done = subprocess.run(call, capture_output=True, text=True)
        found.append(verdict(done.stdout, done.stderr))
        print(f"{path}: {found[-1].text}")
    statuses = [status for status, _ in found]
    status = 1 if 1 in statuses else max(statuses)
    keep_result(ROOT, Verdict(status, " ".join(text for _, text in found)), time.time())
    return status


def keep_result(root: Path, result: Verdict, now: float) -> None:
    """Keep the result of an audit of the pins as they are; `now` is in epoch seconds."""
    kept = {"pins": _pins(root), "at": now, "status": result.status, "text": result.text}
    (root / RESULT).parent.mkdir(exist_ok=True)
    (root / RESULT).write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def kept_result(root: Path, now: float) -> str:
    """What the last audit said of the pins, with its date; AuditError unless it was of these, of late, and found none.

    `now` is in epoch seconds.
    """
    if not (root / RESULT).exists():
        raise AuditError("The pinned packages have not been audited.")
    kept = json.loads((root / RESULT).read_text(encoding="utf-8"))
    day = time.strftime("%Y-%m-%d", time.gmtime(kept["at"]))
    if kept["pins"] != _pins(root):
        raise AuditError(f"The pinned packages have changed since their audit of {day}.")
    if now - kept["at"] > VALID_FOR:
        raise AuditError(f"The audit of {day} is older than {VALID_FOR // 86400} days.")
    if kept["status"] != 0:
        raise AuditError(f"The audit of {day} did not pass: {kept['text']}")
    return f"{day}: {kept['text']}"


def _pins(root: Path) -> Dict[str, str]:
    return {path: hashlib.sha256((root / path).read_bytes()).hexdigest() for path in REQUIREMENTS}


def verdict(out: str, err: str) -> Verdict:
    """What pip-audit's JSON says. It ends well when it could look nothing up: that is no audit."""
    try:
        packages: List[Mapping[str, Any]] = json.loads(out)["dependencies"]
    except (ValueError, KeyError):
        last = (err.strip().splitlines() or ["nothing was said"])[-1]
        return Verdict(UNASKED, f"{NOT_AUDITED}: pip-audit did not finish ({last}).")
    asked = [package for package in packages if "skip_reason" not in package]
    if not asked:
        return Verdict(
            UNASKED, f"{NOT_AUDITED}: no service of known vulnerabilities knows any of the {len(packages)} packages."
        )
    holes = [f"{one['name']} {one['version']}: {hole['id']}" for one in asked for hole in one.get("vulns", ())]
    unknown = sorted(package["name"] for package in packages if "skip_reason" in package)
    said = f"{len(asked)} packages audited, {len(holes)} known vulnerabilities. {' '.join(holes)}".strip()
    if unknown:
        said += f" Not known there: {', '.join(unknown)}."
    return Verdict(1 if holes or unknown else 0, said)


if __name__ == "__main__":
    sys.exit(main())
