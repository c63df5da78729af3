"""An audit that could look nothing up is no audit."""

import json

import pytest

from devtools.audit import verdict


def answer(*packages):
    return json.dumps({"dependencies": list(packages)})


SOUND = {"name": "boto3", "version": "1", "vulns": []}
HOLED = {"name": "flask", "version": "2", "vulns": [{"id": "CVE-1"}, {"id": "CVE-2"}]}
UNKNOWN = {"name": "own", "skip_reason": "Dependency not found"}


@pytest.mark.parametrize(
    ("out", "status", "text"),
    [
        (answer(SOUND), 0, "1 packages audited, 0 known holes."),
        (answer(SOUND, HOLED), 1, "2 packages audited, 2 known holes. flask 2: CVE-1 flask 2: CVE-2"),
        (answer(SOUND, UNKNOWN), 1, "1 packages audited, 0 known holes. Not known there: own."),
        (answer(UNKNOWN), 3, "NOT AUDITED: no service of known holes knows any of the 1 packages."),
        ("", 3, "NOT AUDITED: pip-audit did not finish (no network)."),
    ],
)
def test_the_verdict_says_what_was_asked_and_what_was_not(out, status, text) -> None:
    assert verdict(out, "trace\nno network\n") == (status, text)
