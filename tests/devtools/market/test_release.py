"""A release: two lines of the source, a market that serves, checksums that hold; refusals that leave all as it was."""

import hashlib
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from devtools.audit import REQUIREMENTS, Verdict, keep_result
from devtools.clock import SimulatedClock
from devtools.func.runtime import LocalFunc
from devtools.market import release as module
from devtools.market.build import ROOT, build, write
from devtools.market.imports import PACKAGE
from devtools.market.release import ReleaseError, release, with_section, with_version
from guance_aws_cloudfront.version import VERSION
from tests.conftest import NOW

AUDITED = "2026-03-01: nothing was found."
CHANGES = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A thing.\n\n## [0.9.0] - 2026-01-01\n\n- An older one.\n"


@pytest.fixture
def tree(tree):
    """A copy of the source tree, with changes that are not released."""
    (tree / "CHANGELOG.md").write_text(CHANGES)
    (tree / "requirements").mkdir()
    for path in REQUIREMENTS:
        shutil.copy(ROOT / path, tree / path)
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
    folder, archive, bill, sums = release(tree, "1.2.3", "2026-03-02", AUDITED)
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
    assert {bill.parent, sums.parent} == {folder.parent}


def test_the_checksums_are_of_every_file_and_hold(tree) -> None:
    sums = release(tree, "1.2.3", "2026-03-02", AUDITED)[-1]
    listed = dict(line.split("  ")[::-1] for line in sums.read_text().splitlines())
    there = {path.relative_to(sums.parent).as_posix() for path in sums.parent.rglob("*") if path.is_file()}
    assert set(listed) == there - {sums.name}
    for name, checksum in listed.items():
        assert hashlib.sha256((sums.parent / name).read_bytes()).hexdigest() == checksum


def test_the_same_release_made_twice_has_the_same_checksums(tree, tmp_path_factory) -> None:
    again = tmp_path_factory.mktemp("again") / "tree"
    shutil.copytree(tree, again)
    first, second = (release(where, "1.2.3", "2026-03-02", AUDITED)[-1].read_text() for where in (tree, again))
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
        release(tree, version, "2026-03-02", AUDITED)
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


def test_a_refusal_is_a_sentence_and_a_status(tree, capsys) -> None:
    assert module.main(["", "skipped"], tree) == 1
    assert "make release VERSION=1.2.3" in capsys.readouterr().err


def test_the_bill_of_materials_is_valid_and_names_what_ships_and_what_it_uses(tree) -> None:
    _, archive, bill, _ = release(tree, "1.2.3", "2026-03-02", AUDITED)
    text = bill.read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    told = json.loads(text)
    shipped = told["metadata"]["component"]
    assert (shipped["name"], shipped["version"]) == (PACKAGE, "1.2.3")
    assert shipped["hashes"][0]["content"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert shipped["properties"] == [{"name": f"{PACKAGE}:audit", "value": AUDITED}]
    used = {one["name"]: {it["name"]: it["value"] for it in one["properties"]} for one in told["components"]}
    assert set(used) == {"boto3", "botocore"}
    for name, tested in used.items():
        oldest, newest = (pinned_version(path, name) for path in ("requirements/dev-py38.txt", "requirements/dev.txt"))
        assert tested == {f"{PACKAGE}:tested_from": oldest, f"{PACKAGE}:tested_to": newest}


def pinned_version(path, name):
    lines = (ROOT / path).read_text().splitlines()
    return next(line.split()[0].partition("==")[2] for line in lines if line.startswith(f"{name}=="))


@pytest.mark.parametrize(
    ("status", "age", "sentence"),
    [
        (None, 0, "The pinned packages have not been audited."),
        (3, 0, "The audit of 2026-03-01 did not pass"),
        (0, 8 * 86400, "older than 7 days"),
    ],
)
def test_a_release_wants_an_audit_or_the_word_that_there_was_none(tree, capsys, status, age, sentence) -> None:
    if status is not None:
        keep_result(tree, Verdict(status, "."), NOW)
    assert module.main(["1.2.3"], tree, NOW + age) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert "make audit" in said
    assert "AUDIT=skipped" in said
    assert (tree / "CHANGELOG.md").read_text() == CHANGES
    assert module.main(["1.2.3", "skipped"], tree, NOW + age) == 0
    assert "Audit: skipped" in capsys.readouterr().out


def test_an_audit_that_passed_is_named_in_the_release(tree, capsys) -> None:
    keep_result(tree, Verdict(0, "Nothing was found."), NOW)
    assert module.main(["1.2.3"], tree, NOW) == 0
    assert "2026-03-01: Nothing was found." in capsys.readouterr().out


def test_a_func_installs_and_deploys_from_the_served_market(served) -> None:
    func = LocalFunc(SimulatedClock(NOW))
    installed = func.install(served)
    assert f"{PACKAGE}__example" in installed
    job = func.deploy(PACKAGE, {"AWS AK ID": "A", "AWS AK SECRET": "B", "AWS Account Name": "C"})
    assert job.func_id == f"startup__{PACKAGE}.run"
    assert all(func.scripts[script] for script in installed)


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_commands_of_a_readme_check_unpack_and_serve_a_release(tree, tmp_path_factory, readme) -> None:
    _, archive, _, sums = release(tree, "1.2.3", "2026-03-02", AUDITED)
    downloads = tmp_path_factory.mktemp("downloads")
    for file in (archive, sums):
        shutil.copy(file, downloads)
    (block,) = re.findall(r"```shell\n([^`]*http\.server[^`]*)```", (ROOT / readme).read_text(encoding="utf-8"))
    *before, serve = [line.strip() for line in block.strip().splitlines()]
    for command in before:
        arguments = command.replace("python3", sys.executable, 1).split()
        if shutil.which(arguments[0]):
            subprocess.run(arguments, cwd=downloads, check=True)
    assert (downloads / "script-market" / "META.yaml").is_file()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert " 8000 " in serve
    arguments = serve.replace("python3", sys.executable, 1).replace(" 8000 ", f" {port} ").split()
    with subprocess.Popen([*arguments, "--bind", "127.0.0.1"], cwd=downloads, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(port)
            assert f"{PACKAGE}__example" in LocalFunc(SimulatedClock(NOW)).install(f"http://127.0.0.1:{port}")
        finally:
            server.terminate()


def wait_for(port):
    """Wait until a server accepts connections at a port, 10 seconds at most."""
    end = time.monotonic() + 10
    while not is_up(port) and time.monotonic() < end:
        time.sleep(0.1)


def is_up(port):
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def test_an_address_without_a_market_is_an_error(served) -> None:
    func = LocalFunc(SimulatedClock(NOW))
    with pytest.raises((TypeError, HTTPError)):
        func.install(f"{served}/nowhere")
