"""What README says of keys, defaults and metrics is what the code has."""

import ast
import re
from pathlib import Path

import pytest

from devtools.market.build import library_of
from guance_aws_cloudfront.settings.account import ACCOUNT_KEYS
from guance_aws_cloudfront.settings.config import CONCURRENCY, CONFIG_KEYS, SECONDS, parse_config

ROOT = Path(__file__).resolve().parents[2]
READMES = [ROOT / "README.md", ROOT / "README.zh.md"]
STARTUP = (ROOT / "startup" / "guance_aws_cloudfront.py").read_text()


@pytest.fixture(params=READMES, ids=lambda path: path.name)
def readme(request):
    return request.param.read_text()


def rows(text):
    """The cells of all table rows, by the first cell's text."""
    split = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    return {cells[0]: cells[1:] for cells in split}


def test_every_key_of_the_configuration_has_its_row_with_default_and_limits(readme) -> None:
    table = rows(readme)
    for key in CONFIG_KEYS:
        assert f"`{key}`" in table
    for key, allowed in {**SECONDS, "concurrency": CONCURRENCY}.items():
        default, limits = table[f"`{key}`"][1:3]
        assert int(default) == allowed.default
        assert [int(number) for number in re.findall(r"\d+", limits)][:2] == [allowed.minimum, allowed.maximum]


def test_every_key_of_the_account_has_its_row(readme) -> None:
    listed = " ".join(rows(readme))
    assert all(f"`{key}`" in listed for key in ACCOUNT_KEYS)


def test_links_within_a_readme_lead_somewhere(readme) -> None:
    headings = [line.lstrip("#").strip() for line in readme.splitlines() if line.startswith("#")]
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", readme)) <= anchors
    for path in re.findall(r"\]\((?!http|#)([^)#]+)\)", readme):
        assert (ROOT / path).exists(), path


def test_the_startup_script_shows_every_key_of_the_configuration_with_its_default() -> None:
    shown = dict(re.findall(r'^    # "(\w+)": ([^,]+),', STARTUP, re.MULTILINE))
    assert [key for key in CONFIG_KEYS if key not in shown] == []
    for key, allowed in {**SECONDS, "concurrency": CONCURRENCY}.items():
        assert int(shown[key]) == allowed.default


def test_the_time_limit_is_below_the_time_out_of_run() -> None:
    timeouts = [int(number) for number in re.findall(r"timeout=(\d+)", STARTUP)]
    assert SECONDS["time_limit"].default < timeouts[0]


def test_every_line_that_the_startup_script_shows_is_one_that_works() -> None:
    shown = re.findall(r'^    # ("\w+": .+?),  ', STARTUP.partition("CONFIGS = {")[2], re.MULTILINE)
    assert len(shown) == len(CONFIG_KEYS)
    for line in shown:
        parse_config(ast.literal_eval(f"{{{line}}}"))


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_every_wing_that_ships_has_its_place_in_the_layout(readme) -> None:
    text = readme.read_text(encoding="utf-8")
    layout = text[text.index("guance_aws_cloudfront/   ") : text.index("\nstartup/  ")]
    wings = {module.partition(".")[0] for module in library_of()} - {"text", "errors", "version"}
    assert [wing for wing in wings if not re.search(rf"\b{wing}\b", layout)] == []
