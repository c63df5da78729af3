"""What CloudWatch delivers late, and distributions that are deleted at a bad moment."""

from tests.faults.scenario import AWS, Scenario
from tests.faults.world import HOUR, MINUTE


def held_back(hours, late):
    """A begin: from now on, for so many hours, all values come `late` seconds late."""

    def begin(world):
        start = int(world.clock.time()) // MINUTE * MINUTE - 5 * MINUTE
        for minute in range(start, start + int(hours * HOUR), MINUTE):
            for key in world.ids:
                world.aws.delay_minute(key, minute, visible_at=minute + MINUTE + late)

    return begin


def nothing_until(hours, back=0):
    """A begin: nothing of the next hours is to be seen before they are over, and `back` seconds more."""

    def begin(world):
        start = int(world.clock.time()) // MINUTE * MINUTE - 5 * MINUTE
        end = start + int(hours * HOUR)
        for minute in range(start, end, MINUTE):
            for key in world.ids:
                world.aws.delay_minute(key, minute, visible_at=end + back)

    return begin


def deleted_while_the_sink_is_down(world):
    """A distribution works for another half an hour, and is deleted while nothing can be written."""
    key = world.ids[0]
    world.datakit.go_down()
    world.run_for(30)
    world.aws.remove_distribution(world.account, key)
    world.removed[key] = world.clock.time()


def deleted_between_two_runs(world):
    key = world.ids[1]
    world.clock.advance(3 * MINUTE)
    world.aws.remove_distribution(world.account, key)
    world.removed[key] = world.clock.time()


SILENT = "No distribution has had values since"
AT_LATE = (
    Scenario(AWS, "CloudWatch shows nothing for 20 minutes", nothing_until(1 / 3), "success", SILENT, minutes=30),
    Scenario(AWS, "CloudWatch shows nothing for an hour", nothing_until(1), "success", SILENT, minutes=75),
    Scenario(AWS, "CloudWatch shows nothing for three hours", nothing_until(3), "success", SILENT, minutes=195),
    Scenario(AWS, "CloudWatch shows nothing for four hours", nothing_until(4), "success", SILENT, minutes=255),
    Scenario(AWS, "the values of an hour come three hours late", held_back(1, 3 * HOUR), "success", minutes=240),
    Scenario(
        AWS,
        "a distribution is deleted while the sink is down",
        deleted_while_the_sink_is_down,
        reads="Connection refused",
        minutes=30,
    ),
    Scenario(
        AWS,
        "a distribution is deleted between two runs",
        deleted_between_two_runs,
        "success",
        "Deleted, requested until their last minutes are reported",
    ),
)
