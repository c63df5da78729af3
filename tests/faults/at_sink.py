"""What goes wrong at the sink."""

from devtools.guance.line_protocol import METRIC
from tests.conftest import NOW
from tests.faults.scenario import SINK, Scenario
from tests.faults.world import DATAWAY_TOKEN, HOUR, MINUTE

REFUSED = 'to the connector "datakit" failed'
HELPER = "devtools.func.connectors.TIMEOUT"
# A metric alone: the objects of the same run are written.
LOST = "the points of the POST whose answer was lost"


def refusing(status, times=None, category=None):
    return lambda world: world.datakit.refuse(status, times, category)


def down(world):
    world.datakit.go_down()


def down_for_a_moment(world):
    """DataKit restarts: it is back while the run waits for its second attempt."""
    world.datakit.go_down()
    world.clock.listeners.append(lambda: world.datakit.come_up() if world.func._task else None)


def restarted(world):
    world.clock.listeners.clear()


def slow(seconds):
    def begin(world):
        world.patch(HELPER, 0.2)
        world.datakit.delay(seconds)

    return begin


def one_bad_point(world):
    bad, minute = world.ids[0], NOW + 5 * MINUTE
    world.datakit.refuse_points(lambda point: point.tags["name"] == bad and point.time == minute)


def one_bad_object(world):
    bad = world.ids[0]
    world.clock.advance(15 * MINUTE)
    world.datakit.refuse_points(lambda point: point.category != METRIC and point.tags["name"] == bad)


def answers_lost(world):
    world.datakit.lose_answers(1)


def answers_of_objects_lost(world):
    world.clock.advance(15 * MINUTE)
    world.datakit.lose_answers(1)


def one_post_of_many_refused(world):
    """Three hours are caught up, in six POSTs; the third fails as often as it is tried."""
    world.datakit.set_right()
    world.clock.advance(3 * HOUR)
    posts = []

    def turn(name):
        if name == "write metric":
            posts.append(name)
            if 3 <= len(posts) <= 6:
                world.datakit.refuse(500, times=1)

    world.func.on_event = turn


def down_between_posts(world):
    world.datakit.set_right()
    world.clock.advance(3 * HOUR)
    world.on("write metric", world.datakit.go_down, nth=3)


def down_for_two_hours(world):
    world.datakit.go_down()
    world.run_for(119)


def down_for_a_day(world):
    """A run an hour, of which each fails: one every five minutes would fail no other way, and take its time."""
    world.datakit.go_down()
    for _ in range(24):
        world.clock.advance(HOUR)
        world.run()


def connector_gone(world):
    world.connectors = dict(world.func._connectors)
    world.func._connectors.clear()


def connector_back(world):
    world.func._connectors.update(world.connectors)


def other_connector(kind, **config):
    """Another connector in the place of DataKit's, which comes back."""

    def begin(world):
        world.connectors = dict(world.func._connectors)
        world.func._connectors["datakit"] = (kind, config)

    return begin


def older_func(world):
    world.func.old_helpers = True
    world.datakit.refuse(500)


def newer_func(world):
    world.func.old_helpers = False


def dataway_without_its_token(world):
    address = f"{world.datakit.url}?token={DATAWAY_TOKEN}"
    other_connector("df_dataway", url=address, token=DATAWAY_TOKEN)(world)
    world.datakit._token = "another"


def dataway_gone(world):
    world.datakit._token = None
    connector_back(world)


def other_id(world):
    world.write_startup('# "datakit_id": "datakit",', '"datakit_id": "datakti",')


def right_id(world):
    world.write_startup('"datakit_id": "datakti",', '# "datakit_id": "datakit",')


AT_SINK = (
    Scenario(SINK, "down for a quarter of an hour", down, reads="Connection refused). Check that DataKit (or DataWay)"),
    Scenario(
        SINK,
        "down for a second",
        down_for_a_moment,
        "success",
        reads="again in 1 s.",
        end=restarted,
    ),
    Scenario(SINK, "down for two hours", down_for_two_hours, reads="Connection refused"),
    Scenario(
        SINK,
        "down for a day",
        down_for_a_day,
        reads="Connection refused",
    ),
    Scenario(
        SINK,
        "its host has no name any more",
        other_connector("df_datakit", host="datakit.invalid", port=1),
        reads="Check that DataKit (or DataWay) runs and that the Func host reaches the connector's address.",
        end=connector_back,
    ),
    Scenario(SINK, "slow, but in time", slow(0.05), "success"),
    Scenario(
        SINK,
        "slower than Func's helper waits, and keeps the points",
        slow(0.4),
        reads="failed (timed out). Check that DataKit (or DataWay) runs",
        again="the points of the POSTs that were given up too early",
        minutes=6,
    ),
    Scenario(
        SINK,
        "400 for one bad point",
        one_bad_point,
        reads="The connector refused 1 point of",
        minutes=10,
    ),
    Scenario(SINK, "400 for one bad object", one_bad_object, reads="The connector refused the object of", minutes=6),
    Scenario(
        SINK,
        "400 for everything",
        refusing(400),
        reads="The connector refused all of them: check that the connector's address is that of a DataKit or DataWay.",
    ),
    Scenario(
        SINK,
        "403",
        refusing(403),
        reads="Check the connector's token, and that DataKit admits the Func host.",
    ),
    Scenario(
        SINK,
        "a wrong token of a DataWay",
        dataway_without_its_token,
        reads="Check the connector's token, and that DataKit admits the Func host.",
        end=dataway_gone,
    ),
    Scenario(SINK, "429 for a moment", refusing(429, times=2), "success", reads="again in 3 s."),
    Scenario(
        SINK,
        "429 for long",
        refusing(429),
        reads="The connector limits the rate of requests; raise its limit if this lasts.",
    ),
    Scenario(SINK, "503 for a moment", refusing(503, times=1), "success", reads="again in 1 s."),
    Scenario(SINK, "500 for long", refusing(500), reads="Check the log of DataKit (or DataWay)."),
    Scenario(
        SINK,
        "500 for long, to the helper of an older Func",
        older_func,
        reads="Check the log of DataKit",
        end=newer_func,
    ),
    Scenario(SINK, "504 from a gateway", refusing(504, category="metric"), reads="Check the log of DataKit"),
    Scenario(
        SINK,
        "an answer is lost after the write of points",
        answers_lost,
        reads="Remote end closed connection without response",
        again=LOST,
    ),
    Scenario(
        SINK,
        "an answer is lost after the write of objects",
        answers_of_objects_lost,
        reads="Remote end closed connection without response",
    ),
    Scenario(
        SINK,
        "one POST of six is refused",
        one_post_of_many_refused,
        reads="Writing 100 points to the connector",
        minutes=6,
    ),
    Scenario(SINK, "down between two POSTs of a run", down_between_posts, reads="Connection refused", minutes=6),
    Scenario(
        SINK,
        "the connector is deleted",
        connector_gone,
        reads='The connector "datakit" does not exist in Func: create it (Development / Connector',
        end=connector_back,
    ),
    Scenario(
        SINK,
        "another connector's ID in the startup script",
        other_id,
        reads='The connector "datakti" does not exist in Func',
        end=right_id,
    ),
)
