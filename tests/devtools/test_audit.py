"""An audit that could look nothing up is no audit."""

import json

import pytest

from devtools.audit import REQUIREMENTS, AuditError, Verdict, keep_result, kept_result, verdict
from tests.conftest import NOW


def answer(*packages):
    return json.dumps({"dependencies": list(packages)})


SOUND = {"name": "boto3", "version": "1", "vulns": []}
HOLED = {"name": "flask", "version": "2", "vulns": [{"id": "CVE-1"}, {"id": "CVE-2"}]}
UNKNOWN = {"name": "own", "skip_reason": "Dependency not found"}


@pytest.mark.parametrize(
    ("out", "status", "text"),
    [
        (answer(SOUND), 0, "1 packages audited, 0 known vulnerabilities."),
        (answer(SOUND, HOLED), 1, "2 packages audited, 2 known vulnerabilities. flask 2: CVE-1 flask 2: CVE-2"),
        (answer(SOUND, UNKNOWN), 1, "1 packages audited, 0 known vulnerabilities. Not known there: own."),
        (answer(UNKNOWN), 3, "NOT AUDITED: no service of known vulnerabilities knows any of the 1 packages."),
        ("", 3, "NOT AUDITED: pip-audit did not finish (no network)."),
    ],
)
def test_the_verdict_says_what_was_asked_and_what_was_not(out, status, text) -> None:
    assert verdict(out, "trace\nno network\n") == (status, text)


DAY = 86400
PASSED = Verdict(0, "2 packages audited, 0 known vulnerabilities.")


@pytest.fixture
def pinned(tmp_path):
    """A source tree of which only the pins matter."""
    for path in REQUIREMENTS:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("boto3==1.0.0\n")
    return tmp_path


def test_an_audit_that_passed_holds_for_its_pins_for_a_week(pinned) -> None:
    keep_result(pinned, PASSED, NOW)
    assert kept_result(pinned, NOW + 7 * DAY) == "2026-03-01: 2 packages audited, 0 known vulnerabilities."
    with pytest.raises(AuditError, match="The audit of 2026-03-01 is older than 7 days"):
        kept_result(pinned, NOW + 7 * DAY + 1)


@pytest.mark.parametrize("path", REQUIREMENTS)
def test_an_audit_does_not_hold_for_other_pins(pinned, path) -> None:
    keep_result(pinned, PASSED, NOW)
    (pinned / path).write_text("boto3==1.0.1\n")
    with pytest.raises(AuditError, match="The pinned packages have changed since their audit of 2026-03-01"):
        kept_result(pinned, NOW)


@pytest.mark.parametrize("status", [1, 3])
def test_an_audit_that_found_something_or_nobody_does_not_hold(pinned, status) -> None:
    keep_result(pinned, Verdict(status, "So it is."), NOW)
    with pytest.raises(AuditError, match="The audit of 2026-03-01 did not pass: So it is"):
        kept_result(pinned, NOW)


def test_without_an_audit_there_is_none(pinned) -> None:
    with pytest.raises(AuditError, match="have not been audited"):
        kept_result(pinned, NOW)
