"""A release: two lines of the source, a market that serves, checksums that hold; refusals that leave all as it was."""

import hashlib
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError

import pytest

from devtools.clock import SimulatedClock
from devtools.func.runtime import LocalFunc
from devtools.market import release as module
from devtools.market.build import ROOT, build, write
from devtools.market.imports import PACKAGE
from devtools.market.release import ReleaseError, release, with_section, with_version
from guance_aws_cloudfront.version import VERSION
from tests.conftest import NOW

CHANGES = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A thing.\n\n## [0.9.0] - 2026-01-01\n\n- An older one.\n"


@pytest.fixture
def tree(tree):
    """A copy of the source tree, with changes that are not released."""
    (tree / "CHANGELOG.md").write_text(CHANGES)
    return tree


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def served(tmp_path):
    """The built market on a static web server, as `python3 -m http.server` serves it."""
    folder, _ = write(build(), tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_release_sets_the_version_in_one_place_and_dates_the_changelog(tree) -> None:
    folder, archive, sums = release(tree, "1.2.3", "2026-03-02")
    assert (
        "## [Unreleased]\n\n## [1.2.3] - 2026-03-02\n\n### Added\n\n- A thing." in (tree / "CHANGELOG.md").read_text()
    )
    changed = [
        path
        for path in (tree / PACKAGE).rglob("*.py")
        if path.read_bytes() != (ROOT / path.relative_to(tree)).read_bytes()
    ]
    assert [path.name for path in changed] == ["version.py"]
    assert 'VERSION = "1.2.3"' in changed[0].read_text()
    assert "description: Version 1.2.3. " in (folder / "META.yaml").read_text()
    assert archive.is_file()
    assert sums.parent == folder.parent


def test_the_checksums_are_of_every_file_and_hold(tree) -> None:
    sums = release(tree, "1.2.3", "2026-03-02")[2]
    listed = dict(line.split("  ")[::-1] for line in sums.read_text().splitlines())
    there = {path.relative_to(sums.parent).as_posix() for path in sums.parent.rglob("*") if path.is_file()}
    assert set(listed) == there - {sums.name}
    for name, checksum in listed.items():
        assert hashlib.sha256((sums.parent / name).read_bytes()).hexdigest() == checksum


def test_the_same_release_made_twice_has_the_same_checksums(tree, tmp_path_factory) -> None:
    again = tmp_path_factory.mktemp("again") / "tree"
    shutil.copytree(tree, again)
    first, second = (release(where, "1.2.3", "2026-03-02")[2].read_text() for where in (tree, again))
    assert first == second


@pytest.mark.parametrize(
    ("version", "changes", "sentence"),
    [
        ("", CHANGES, "'' is no version such as 1.2.3"),
        ("1.2", CHANGES, "'1.2' is no version"),
        ("v1.2.3", CHANGES, "'v1.2.3' is no version"),
        ("0.0.1", CHANGES, "0.0.1 comes before"),
        ("0.9.0", CHANGES, "has a section 0.9.0 already"),
        ("1.2.3", CHANGES.replace("- A thing.\n", ""), "says nothing under"),
        ("1.2.3", CHANGES.replace("Unreleased", "Next"), "has no section"),
    ],
)
def test_what_cannot_be_released_is_refused_and_nothing_is_written(tree, version, changes, sentence) -> None:
    (tree / "CHANGELOG.md").write_text(changes)
    with pytest.raises(ReleaseError, match=sentence):
        release(tree, version, "2026-03-02")
    assert (tree / "CHANGELOG.md").read_text() == changes
    assert (tree / PACKAGE / "version.py").read_bytes() == (ROOT / PACKAGE / "version.py").read_bytes()
    assert not (tree / "dist").exists()


def test_the_version_that_is_there_may_be_released_for_the_first_time() -> None:
    code = (ROOT / PACKAGE / "version.py").read_text()
    assert with_version(code, VERSION) == code
    with pytest.raises(ReleaseError, match="names 0 versions"):
        with_version("", "1.0.0")


def test_the_changelog_of_this_repository_can_be_released_or_has_just_been() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    if f"## [{VERSION}]" not in changes:
        assert f"## [{VERSION}] - 2026-03-02" in with_section(changes, VERSION, "2026-03-02")


def test_a_refusal_is_a_sentence_and_a_status(capsys) -> None:
    assert module.main([]) == 1
    assert "make release VERSION=1.2.3" in capsys.readouterr().err


def test_a_func_installs_and_deploys_from_the_served_market(served) -> None:
    func = LocalFunc(SimulatedClock(NOW))
    installed = func.install(served)
    assert f"{PACKAGE}__example" in installed
    job = func.deploy(PACKAGE, {"AWS AK ID": "A", "AWS AK SECRET": "B", "AWS Account Name": "C"})
    assert job.func_id == f"startup__{PACKAGE}.run"
    assert all(func.scripts[script] for script in installed)


def test_an_address_without_a_market_is_an_error(served) -> None:
    func = LocalFunc(SimulatedClock(NOW))
    with pytest.raises((TypeError, HTTPError)):
        func.install(f"{served}/nowhere")
