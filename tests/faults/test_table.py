"""The tables in tests/README.md are what the scenarios and the kinds say."""

import pytest

from tests.faults.kinds import KINDS
from tests.faults.scenario import AWS, FUNC, SINK
from tests.faults.table import README, SCENARIOS, with_tables


def test_the_tables_are_what_the_scenarios_and_kinds_say() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == with_tables(text), "python -m tests.faults.table writes them anew"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_what_a_user_reads_of_a_kind_stands_in_its_tests(kind) -> None:
    texts = [(README.parent / path).read_text(encoding="utf-8") for path in kind.tests]
    said = [scenario.reads for scenario in SCENARIOS if scenario.kind == kind.kind]
    assert any(kind.reads in text for text in [*texts, *said])
    assert "|" not in kind.tried + kind.reads


def test_every_kind_of_a_scenario_has_its_row() -> None:
    assert {scenario.kind for scenario in SCENARIOS} - {""} <= {kind.kind for kind in KINDS}


def test_there_are_forty_rows_and_more_of_every_place_each_once() -> None:
    names = [(scenario.where, scenario.fault) for scenario in SCENARIOS]
    assert len(set(names)) == len(names) >= 40
    assert {where for where, _ in names} == {AWS, SINK, FUNC}
    # A pipe would end a cell.
    assert not any("|" in scenario.fault + scenario.reads + scenario.again for scenario in SCENARIOS)
