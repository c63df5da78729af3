"""Every row of the fault table: the user reads what it says, nothing is lost, nothing doubled, nothing leaked."""

import pytest

from tests.faults.scenario import AWS
from tests.faults.table import SCENARIOS


def cases():
    """All scenarios; on both Pythons only those of AWS: botocore's versions read answers differently."""
    for scenario in SCENARIOS:
        marks = () if scenario.where == AWS and not scenario.large else pytest.mark.newest
        yield pytest.param(scenario, marks=marks, id=f"{scenario.where}: {scenario.fault}")


def said(record) -> str:
    """All that a user can read of a run."""
    return f"{record.exception}\n{record.log}"


@pytest.mark.parametrize("scenario", [*cases()])
def test_when_the_fault_is_over_every_minute_stands_in_the_sink_once(world, capfd, scenario) -> None:
    world.configure(scenario.configs, scenario.role)
    world.run()
    world.run_for(6)
    good = len(world.func.records)
    assert {record.status for record in world.func.records} == {"success"}

    scenario.begin(world)
    world.run_for(scenario.minutes)
    struck = world.func.records[good:]
    statuses = {record.status for record in struck}
    assert [record for record in struck if record.status == scenario.status and scenario.reads in said(record)], [
        said(record) for record in struck
    ]
    assert statuses == {"success"} or scenario.status != "success"

    world.heal()
    scenario.end(world)
    over = world.clock.time()
    world.run_for(21)
    after = world.func.records[good + len(struck) :]
    # One may meet the claim of a run that was killed.
    assert {record.status for record in after[1:]} == {"success"}, [record.exception for record in after]
    assert world.missing_or_wrong() == ({}, {})
    assert set(world.series().values()) == {1}
    assert world.objects_since(over) == set(world.ids) - set(world.removed)
    assert bool(world.sent_again()) == bool(scenario.again)
    assert world.leaks("".join(capfd.readouterr())) == []
