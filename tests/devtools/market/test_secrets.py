"""What is built carries what is meant to ship, and no key of anybody."""

import re

from devtools.market.build import DOCUMENTS, PACKAGE, build, library_of
from tests.conftest import AK_ID, AK_SECRET

# IDs of access keys, secrets of 40 characters beside the word, private keys, tokens of a workspace.
KEYS = re.compile(
    rb"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|secret\S{0,20}[=:]\s*[\"'][A-Za-z0-9/+]{40}[\"']|PRIVATE KEY|\btkn_[0-9a-f]{20,}"
)


def test_nothing_ships_that_is_not_meant_to() -> None:
    folder = f"script-sets/{PACKAGE}/"
    meant = {f"{folder}{name}.py" for name in (*(source.name for source in library_of().values()), "example")} | {
        "META.yaml"
    }
    beside = {path for path in build() if path not in meant}
    assert beside == set(DOCUMENTS)


def test_no_key_is_in_what_ships() -> None:
    assert KEYS.search(b'"ak_id": "AKIAEXAMPLE00000001X"')
    for path, content in build().items():
        assert not KEYS.search(content), path
        assert AK_ID.encode() not in content
        assert AK_SECRET.encode() not in content
