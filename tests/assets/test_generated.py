"""The committed dashboards and monitors are those of the description, and ask the same in both languages."""

import pytest

from devtools.assets.write import assets
from devtools.market.build import ASSETS
from tests.assets.conftest import ROOT, read

TEXTS = {
    *("title", "summary", "name", "titleDesc", "alias", "message", "content", "prevGroupName"),
    *("mappingVal", "label", "viewName"),
}


def test_the_committed_files_are_up_to_date() -> None:
    for path, text in assets().items():
        assert (ROOT / path).read_text(encoding="utf-8") == text, f"{path}: run make assets"


def test_there_are_no_other_files_beside_them() -> None:
    found = {str(path.relative_to(ROOT)) for kind in ASSETS for path in (ROOT / kind).rglob("*.json")}
    assert found == set(assets())


def differences(one, other, path=()):
    """The paths at which two structures differ."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [it for key in one for it in differences(one[key], other[key], (*path, key))]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [it for number, pair in enumerate(zip(one, other)) for it in differences(*pair, (*path, number))]
    return [] if one == other else [path]


@pytest.mark.parametrize("kind", ASSETS)
def test_the_languages_differ_in_texts_only(kind) -> None:
    found = differences(read(kind, "en"), read(kind, "zh"))
    assert found
    # The state of the groups is kept by their names.
    beside = [path for path in found if path[-1] not in TEXTS and path != ("dashboardExtend", "groupUnfoldStatus")]
    assert beside == []
    # An alias within a query is a name in DQL, not a text.
    assert [path for path in found if "query" in path and path[-1] != "content"] == []


def has_chinese(text):
    return any("一" <= character <= "鿿" for character in text)


def test_titles_and_help_texts_are_in_the_language() -> None:
    for language, chinese in (("en", False), ("zh", True)):
        for chart in read("dashboard", language)["main"]["charts"]:
            helped = chart["extend"]["settings"]["titleDesc"] or chart["queries"][0]["query"]["content"]
            assert has_chinese(helped) is chinese, chart["name"]
            assert has_chinese(chart["name"]) <= chinese
        for checker in read("monitor", language)["checkers"]:
            assert has_chinese(checker["jsonScript"]["title"]) is chinese
            assert has_chinese(checker["jsonScript"]["message"]) is chinese
