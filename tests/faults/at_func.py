"""What goes wrong at Func: its time-out, its storage, its clock, its workers."""

import tempfile
from pathlib import Path

from devtools.aws.embedded import Fault
from guance_aws_cloudfront.func.digest import VERSION
from tests.faults.scenario import ADVICE, FUNC, HOST, Scenario
from tests.faults.world import ECHO, HOUR, RUN, SET, STARTUP, time_out

SENT = "the points of the run that was cut off"
LOOKBACK = "the points of the last minutes, once"
MYSQL, REDIS = "MySQL has gone away", "Redis is down"


def killed_at(event, nth=1):
    return lambda world: world.kill_at(event, nth)


def catching_up(world):
    """The next run catches up five hours: the present in four POSTs, then an older window in three."""
    world.datakit.set_right()
    world.clock.advance(5 * HOUR)


def killed_with_much_to_write(event, nth):
    def begin(world):
        catching_up(world)
        world.kill_at(event, nth)

    return begin


def struck_as_it_keeps(storage, what, nth=1, strike=time_out):
    """In a run that catches up, at the n-th time that it keeps `what` in the storage (`store` or `cache`)."""

    def begin(world):
        rows, met = getattr(world.func, storage), []
        keep = rows.set

        def set_(key, *args, **options):
            if key == f"{what}/aws/prod":
                met.append(key)
                if len(met) == nth:
                    strike()
            return keep(key, *args, **options)

        catching_up(world)
        rows.set = set_

    return begin


def mysql_gone():
    raise OSError(MYSQL)


def killed_everywhere(world):
    """Run after run is killed, each one step later than the one before, until one gets through."""
    steps, met = [0], []

    def strike(name):
        met.append(name)
        if len(met) == steps[0] + 1:
            time_out()

    world.func.on_event = strike
    while not met or world.func.records[-1].status != "success":
        met.clear()
        # Past the claim of a run that was killed before it could give the account free.
        world.clock.advance(301)
        world.run()
        steps[0] += 1
    assert len(met) > 15


def worker_lost(world):
    """The process is gone between two writes of a run of the crontab: its claim stays, and no record remains."""
    at = world.clock.time() + 3 * HOUR
    world.clock.advance(3 * HOUR + 300 - at % 300 + 1)
    kept, dropped, forgotten = world.func.cache.set, world.func.cache.delete, []

    class Gone(BaseException):
        """The end of the process."""

    def die():
        world.func.cache.set = world.func.cache.delete = lambda *_: None
        raise Gone

    world.on("write metric", die, nth=3)
    try:
        world.run()
    except Gone:
        forgotten.append(True)
    assert forgotten
    assert (SET, "run/aws/prod") in world.func.cache.rows
    world.func.cache.set, world.func.cache.delete = kept, dropped
    world.func.on_event = lambda name: None


def failing(*events, text):
    """These built-ins fail whenever they are used."""

    def strike(name):
        if name in events:
            raise OSError(text)

    def begin(world):
        world.func.on_event = strike

    return begin


def emptied(world):
    world.func.cache.rows.clear()


def kept_instead(storage, what, value):
    """Something else in the place of what is kept."""

    def begin(world):
        rows = getattr(world.func, storage).rows
        assert (SET, f"{what}/aws/prod") in rows
        rows[SET, f"{what}/aws/prod"] = (value, None)

    return begin


def older_digest(world):
    key = (SET, "digest/aws/prod")
    text, expires = world.func.cache.rows[key]
    assert f'"version":{VERSION}' in text
    world.func.cache.rows[key] = (text.replace(f'"version":{VERSION}', '"version":1'), expires)


def two_at_once(world):
    def begin_another():
        world.inner = world.func.call(RUN)

    world.on("write metric", begin_another)


def two_at_once_without_cache(world):
    """The claim is not noticed, so both do the work."""

    def strike(name):
        if name == "CACHE.set" or name == "CACHE.get":
            raise OSError(REDIS)
        if name == "write metric" and not met:
            met.append(name)
            world.func.call(RUN)

    met = []
    world.func.on_event = strike


def asleep(hours):
    return lambda world: world.clock.advance(hours * HOUR)


# A startup script as the first version put it there, and as users keep it.
OLD_STARTUP = """
import guance_aws_cloudfront__main as aws_cloudfront

ACCOUNT = {account}


@DFF.API("AWS CloudFront: run", fixed_crontab="*/5 * * * *", timeout=290)
def run(ak_id=None, ak_secret=None, account_name=None):
    account = aws_cloudfront.fill_account(ACCOUNT, DFF, ak_id=ak_id, ak_secret=ak_secret, account_name=account_name)
    return aws_cloudfront.DataCollector(account, {{"period": 60}}).run(DFF)
"""


def old_startup(world):
    scope = {}
    code = world.func.scripts[STARTUP]
    literal = code[code.index("ACCOUNT = {") : code.index("# How to collect")]
    exec(literal, scope)
    world.kept = code
    world.func.scripts[STARTUP] = OLD_STARTUP.format(account=scope["ACCOUNT"])
    world.func.publish(STARTUP)


def new_startup(world):
    world.func.scripts[STARTUP] = world.kept
    world.func.publish(STARTUP)


def new_key(world):
    """The key is rotated: the old one is deactivated while runs are under way, the new one typed in after a while."""
    world.aws.faults.add(Fault("*", code="InvalidClientTokenId", status=403, message=ECHO))


def slow_catch_up(world):
    """Nine hours are to be caught up, and every POST takes half a minute."""
    world.datakit.set_right()
    world.clock.advance(9 * HOUR)
    world.func.on_event = lambda name: world.clock.advance(30) if name == "write metric" else None


def slow_writes(world):
    """Four POSTs, of which each takes one and a half minutes."""
    world.datakit.set_right()
    world.clock.advance(3 * HOUR)
    world.func.on_event = lambda name: world.clock.advance(90) if name == "write metric" else None


def clock_off(seconds):
    def begin(world):
        world.host.offset = seconds

    return begin


def clock_far_off(seconds):
    """AWS refuses a signature that is five minutes off."""

    def begin(world):
        world.host.offset = seconds
        world.aws.faults.add(Fault("*", code="SignatureDoesNotMatch", status=403, message=f"Signature expired {ECHO}"))

    return begin


def irregular(world):
    """Runs when they come: two in a minute, none for a while, one late."""
    for pause in (20, 17, 900, 61, 700, 3):
        world.clock.advance(pause)
        world.run()


def by_hand(world):
    """A second crontab calls the same function three minutes after the first."""
    for _ in range(3):
        world.run_for(3)
        world.func.call(RUN)
        world.run_for(2)


def broken_files(world):
    """A key twice, a byte order mark, Latin-1, and an address for all calls."""
    folder = Path(tempfile.mkdtemp())
    content = (
        b"\xef\xbb\xbf[default]\nregion = a\nregion = M\xfcnchen\nendpoint_url = http://127.0.0.1:9\nca_bundle =\n"
    )
    for name, variable in (("config", "AWS_CONFIG_FILE"), ("credentials", "AWS_SHARED_CREDENTIALS_FILE")):
        (folder / name).write_bytes(content)
        world.set_variable(variable, str(folder / name))


def odd_variables(world):
    names = ("AWS_PROFILE", "AWS_DEFAULTS_MODE", "AWS_RETRY_MODE", "AWS_MAX_ATTEMPTS", "AWS_USE_FIPS_ENDPOINT")
    for name in (*names, "AWS_USE_DUALSTACK_ENDPOINT", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        world.set_variable(name, "nonsense")
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        world.set_variable(name, "")


AT_FUNC = (
    Scenario(FUNC, "killed by the time-out before anything is done", killed_at("print"), "timeout", "Task timeout"),
    Scenario(FUNC, "killed while it lists", killed_at("print", 2), "timeout", "Task timeout"),
    Scenario(FUNC, "killed at its first write", killed_at("write metric"), "timeout", "Task timeout"),
    Scenario(
        FUNC,
        "killed at the fourth of seven writes",
        killed_with_much_to_write("write metric", 4),
        "timeout",
        "Task timeout",
        minutes=6,
    ),
    Scenario(
        FUNC,
        "killed between write and watermark",
        struck_as_it_keeps("store", "watermark"),
        "timeout",
        "Task timeout",
        minutes=6,
    ),
    Scenario(
        FUNC,
        "killed between write and progress of an older window",
        struck_as_it_keeps("store", "watermark", 2),
        "timeout",
        "Task timeout",
        minutes=6,
    ),
    Scenario(
        FUNC,
        "STORE fails once, after the writes of an older window",
        struck_as_it_keeps("store", "watermark", 2, mysql_gone),
        reads=f"Func's STORE could not be written ({MYSQL}). Check Func's database",
        minutes=6,
    ),
    Scenario(
        FUNC,
        "killed after the writes, at the note of what was sent",
        struck_as_it_keeps("cache", "digest"),
        "timeout",
        "Task timeout",
        minutes=6,
    ),
    Scenario(
        FUNC,
        "killed at the note of what was sent in an older window",
        struck_as_it_keeps("cache", "digest", 2),
        "timeout",
        "Task timeout",
        minutes=6,
    ),
    Scenario(
        FUNC,
        "killed at every step in turn, one run each",
        killed_everywhere,
        "timeout",
        "Task timeout",
        minutes=6,
        # So that all runs have the same steps.
        configs={"object_interval": 60},
    ),
    Scenario(
        FUNC,
        "the worker's process is lost between two writes",
        worker_lost,
        "success",
        again=SENT,
    ),
    Scenario(
        FUNC,
        "STORE is gone",
        failing("STORE.get", "STORE.set", text=MYSQL),
        reads=f"Func's STORE could not be read ({MYSQL}). Check Func's database",
    ),
    Scenario(
        FUNC,
        "STORE can be read only",
        failing("STORE.set", text=MYSQL),
        reads=f"Func's STORE could not be written ({MYSQL}). Check Func's database",
    ),
    Scenario(
        FUNC,
        "CACHE is gone",
        failing("CACHE.get", "CACHE.set", text=REDIS),
        "success",
        reads=f"What was sent before is not known ({REDIS}): recent points are sent again.",
        again="the points of the last 15 minutes, each run",
    ),
    Scenario(
        FUNC,
        "CACHE can be read only",
        failing("CACHE.set", text=REDIS),
        "success",
        reads=f"Func's CACHE could not be written ({REDIS}): the next run sends points again.",
        again="the points of the last 15 minutes, each run",
    ),
    Scenario(FUNC, "CACHE is emptied", emptied, "success", again=LOOKBACK),
    Scenario(
        FUNC,
        "STORE holds garbage",
        kept_instead("store", "watermark", '"garbage"'),
        "success",
        reads="Func's STORE holds an unknown watermark ('garbage'): starting again without it.",
    ),
    Scenario(
        FUNC,
        "STORE holds the state of another version",
        kept_instead("store", "watermark", '{"version": 0, "until": 1}'),
        "success",
        reads="Func's STORE holds an unknown watermark ({'version': 0, 'until': 1}): starting again without it.",
    ),
    Scenario(
        FUNC,
        "STORE holds garbage for the time of the objects",
        kept_instead("store", "objects_at", "[7]"),
        "success",
        reads="Func's STORE holds an unknown objects_at ([7]): starting again without it.",
    ),
    Scenario(
        FUNC,
        "CACHE holds garbage",
        kept_instead("cache", "digest", f'{{"version":{VERSION},"period":60,"sent":7}}'),
        "success",
        reads="What was sent before is not known (not a digest: ",
        again=LOOKBACK,
    ),
    Scenario(FUNC, "CACHE holds the notes of another version", older_digest, "success", again=LOOKBACK),
    Scenario(FUNC, "two runs at once", two_at_once, "skip", "another run has been under way since"),
    Scenario(
        FUNC,
        "two runs at once, and no CACHE to notice it",
        two_at_once_without_cache,
        "success",
        reads="a second run at the same time would not be noticed.",
        again="the points of both runs",
    ),
    Scenario(
        FUNC,
        "the worker sleeps for a day",
        asleep(24),
        "success",
        reads="(3 h 9 min).",
    ),
    Scenario(FUNC, "an upgrade, with the startup script of an older version", old_startup, "success", end=new_startup),
    Scenario(
        FUNC,
        "the access key is rotated",
        new_key,
        reads="AWS does not take the access key with its session token",
        kind=ADVICE,
    ),
    Scenario(FUNC, "the host's AWS files are broken, and say other things", broken_files, "success", kind=HOST),
    Scenario(FUNC, "the host's AWS variables say other things", odd_variables, "success", kind=HOST),
    Scenario(
        FUNC,
        "a long catch-up that does not fit into the time limit",
        slow_catch_up,
        "success",
        reads="The time limit is near: ",
        minutes=11,
    ),
    Scenario(
        FUNC,
        "writes so slow that the time limit ends in their midst",
        slow_writes,
        reads="The time limit is over before all points were written; the next run goes on.",
        minutes=6,
    ),
    Scenario(FUNC, "the host's clock is 4 minutes ahead", clock_off(240), "success"),
    Scenario(FUNC, "the host's clock is 4 minutes behind", clock_off(-240), "success"),
    Scenario(
        FUNC,
        "the host's clock is an hour ahead",
        clock_far_off(3600),
        reads="The clock of the Func host is 1 h ahead of AWS's. Correct it: AWS accepts 5 minutes at most.",
    ),
    Scenario(
        FUNC,
        "the host's clock is an hour behind",
        clock_far_off(-3600),
        reads="The clock of the Func host is 1 h behind AWS's. Correct it: AWS accepts 5 minutes at most.",
    ),
    Scenario(FUNC, "runs at irregular times", irregular, "success"),
    Scenario(FUNC, "runs by hand between those of the crontab", by_hand, "success"),
)
