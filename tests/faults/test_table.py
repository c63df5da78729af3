"""The table in tests/README.md and the scenarios are the same."""

from tests.faults.scenario import AWS, FUNC, SINK
from tests.faults.table import README, SCENARIOS, with_table


def test_the_table_is_what_the_scenarios_say() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == with_table(text), "python -m tests.faults.table writes it anew"


def test_there_are_forty_rows_and_more_of_every_place_each_once() -> None:
    names = [(scenario.where, scenario.fault) for scenario in SCENARIOS]
    assert len(set(names)) == len(names) >= 40
    assert {where for where, _ in names} == {AWS, SINK, FUNC}
    # A pipe would end a cell.
    assert not any("|" in scenario.fault + scenario.reads + scenario.again for scenario in SCENARIOS)
