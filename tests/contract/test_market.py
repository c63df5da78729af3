"""The built market on a Func: it is taken, and its page says truly whether the set is edited or can be upgraded."""

import hashlib
import shutil
import zipfile

import pytest
import yaml

from devtools.clock import SimulatedClock
from devtools.func.runtime import FuncError, LocalFunc
from devtools.market.build import ROOT, build, write
from guance_aws_cloudfront.version import VERSION
from tests.conftest import NOW
from tests.contract.conftest import FILLED_IN, SET


@pytest.fixture
def func():
    """A Func with nothing installed."""
    return LocalFunc(SimulatedClock(NOW))


@pytest.fixture
def served(market, tmp_path):
    """A copy of the market's folder, to be changed."""
    return shutil.copytree(market[0], tmp_path / "script-market")


def change_meta(folder, change):
    """Change the one script set of a market's META.yaml."""
    path = folder / "META.yaml"
    meta = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(meta["scriptSets"][0])
    path.write_text(yaml.safe_dump(meta, allow_unicode=True), encoding="utf-8")


def zipped(folder, path):
    """The zip of a market's folder."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.rglob("*"):
            archive.write(file, file.relative_to(folder))
    return path


def meta_of_the_first_builds(script_set):
    """META as it was built until a real Func refused it."""
    script_set.pop("originMD5", None)
    for script in script_set["scripts"]:
        script.pop("codeMD5", None)
        script["publishVersion"] = "0.1.0"


@pytest.mark.parametrize("is_zip", [False, True])
def test_the_first_builds_are_refused_and_todays_is_installed(func, served, market, tmp_path, is_zip) -> None:
    change_meta(served, meta_of_the_first_builds)
    with pytest.raises(FuncError, match="HTTP 500") as error:
        func.install(zipped(served, tmp_path / "old.zip") if is_zip else served)
    assert f"script \"{SET}__main\": publishVersion is '0.1.0'" in str(error.value)
    assert (func.scripts, func.script_sets) == ({}, {})
    func.install(market[1] if is_zip else market[0])
    assert func.scripts[f"{SET}__main"]


def test_what_is_refused_leaves_the_installed_set_as_it_is(func, served, market) -> None:
    func.install(market[0])
    before = (dict(func.scripts), dict(func.script_sets))
    change_meta(served, meta_of_the_first_builds)
    with pytest.raises(FuncError):
        func.install(served)
    assert (func.scripts, func.script_sets) == before


def test_a_person_sees_the_version_in_the_description_of_the_set(func, market) -> None:
    func.install(market[0])
    assert func.script_sets[SET]["description"].startswith(f"Version {VERSION}. ")


def test_codes_are_summed_as_func_does(market) -> None:
    (script_set,) = yaml.safe_load((market[0] / "META.yaml").read_text(encoding="utf-8"))["scriptSets"]
    for script in script_set["scripts"]:
        code = (market[0] / "script-sets" / SET / f"{script['id'].partition('__')[2]}.py").read_bytes()
        assert script["codeMD5"] == hashlib.md5(code).hexdigest()


def test_a_deploy_before_boto3_is_installed_fails_and_the_next_one_keeps_what_was_typed(func, market) -> None:
    func.install(market[0])
    func.missing_packages.update(["boto3", "botocore"])
    with pytest.raises(FuncError) as error:
        func.deploy(SET, FILLED_IN)
    assert str(error.value) == (
        "HTTP 400: Startup Script deploying failed, Please contact the author; No module named 'botocore'"
    )
    assert (func.functions, func.cron_jobs) == ({}, {})
    func.missing_packages.clear()
    job = func.deploy(SET, {})
    assert job.func_id == f"startup__{SET}.run"
    assert f'"ak_id": "{FILLED_IN["AWS AK ID"]}"' in func.scripts[f"startup__{SET}"]


# The page of the market


def page(func, market):
    return func.market_page(market)[SET]


def test_the_page_offers_to_install_what_is_not_installed(func, market) -> None:
    row = page(func, market[0])
    assert (row.is_installed, row.can_install) == (False, True)


def test_the_page_of_what_was_just_installed_says_neither_edited_nor_new(func, market) -> None:
    func.install(market[0])
    func.deploy(SET, FILLED_IN)
    row = page(func, market[0])
    assert (row.is_installed, row.is_edited, row.has_update, row.can_install) == (True, False, False, True)


def test_the_page_says_edited_and_disables_the_upgrade_when_a_script_was_changed(func, market) -> None:
    func.install(market[0])
    func.scripts[f"{SET}__text"] += "\nMINE = 1\n"
    row = page(func, market[0])
    assert (row.is_edited, row.has_update, row.can_install) == (True, False, False)
    func.install(market[0])
    assert not page(func, market[0]).is_edited


@pytest.fixture
def newer(tmp_path):
    """A newer build: another version, nothing else."""
    tree = tmp_path / "tree"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".*", "tests", "devtools", "dist", "__pycache__"))
    version = tree / SET / "version.py"
    version.write_text(version.read_text().replace(f'"{VERSION}"', '"99.0.0"'))
    return build(tree)


def test_the_page_offers_a_newer_build_and_is_content_after_the_upgrade(func, tmp_path, newer) -> None:
    folder, _ = write(build(), tmp_path / "dist")
    func.install(folder)
    assert write(newer, tmp_path / "dist")[0] == folder
    row = page(func, folder)
    assert (row.is_edited, row.has_update, row.can_install) == (False, True, True)
    func.install(folder)
    row = page(func, folder)
    assert (row.is_edited, row.has_update, row.can_install) == (False, False, True)
    assert func.script_sets[SET]["description"].startswith("Version 99.0.0. ")


def test_an_edited_set_is_not_upgraded_though_there_is_a_newer_build(func, tmp_path, newer) -> None:
    folder, _ = write(build(), tmp_path / "dist")
    func.install(folder)
    func.scripts[f"{SET}__text"] += "\nMINE = 1\n"
    write(newer, tmp_path / "dist")
    row = page(func, folder)
    assert (row.is_edited, row.has_update, row.can_install) == (True, True, False)


def test_a_set_that_was_imported_as_a_zip_is_not_upgraded_from_the_page(func, market) -> None:
    func.install(market[1])
    row = page(func, market[0])
    assert (row.is_installed, row.is_edited, row.has_update, row.can_install) == (True, False, False, False)
