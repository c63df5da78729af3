"""The built package between an embedded AWS and a DataKit receiver, with marked secrets, in simulated time."""

import re
from typing import Any

from devtools.aws.embedded import Traffic
from devtools.demo.judge import seen, truth
from devtools.func.runtime import TaskTimeout
from tests.conftest import NOW
from tests.contract.conftest import deployed

SET = "guance_aws_cloudfront"
JOB, STARTUP, RUN = f"cron-starup-{SET}", f"startup__{SET}", f"startup__{SET}.run"
MINUTE, HOUR = 60, 3600
SETTLED = 180
# Every piece of a secret holds this word, in small or in large letters.
MARK = "leak"
AK_ID = "AKIALEAKLEAKLEAK0001"
AK_SECRET = "leak/leak+leak/leak+leak/leak+leak/leak1"
FILLED_IN = {"AWS AK ID": AK_ID, "AWS AK SECRET": AK_SECRET, "AWS Account Name": "prod"}
TOKEN = "leak/token+leak/token+leak=="
EXTERNAL_ID = "leak-external-id"
DATAWAY_TOKEN = "tkn_leakleakleakleakleak"
# What the embedded AWS gives out when a role is assumed.
TEMPORARY = (r"ASIA\w{12}", "secret/of")
MARKED = re.compile("|".join([MARK, "token=tkn", *TEMPORARY]), re.IGNORECASE)
# What AWS says to a signature that it does not take: it repeats the request.
ECHO = f"key {AK_ID} secret {AK_SECRET} x-amz-security-token:{TOKEN}"


class HostClock:
    """The clock of the Func host: the true one, wrong by `offset` seconds."""

    def __init__(self, true: Any) -> None:
        self._true, self.offset = true, 0.0

    def time(self) -> float:
        """What the host takes for the time."""
        return self._true.time() + self.offset

    def __getattr__(self, name: str) -> Any:
        return getattr(self._true, name)


class World:
    """A Func with the package deployed for an account of three distributions: two are busy, one is not."""

    def __init__(self, market: Any, aws: Any, datakit: Any, clock: Any, monkeypatch: Any) -> None:
        self.aws, self.datakit, self.clock, self._monkeypatch = aws, datakit, clock, monkeypatch
        self.account = aws.add_account(AK_ID, AK_SECRET)
        self.host = HostClock(clock)
        self.func = deployed(self.host, market, FILLED_IN, datakit)
        self.write_startup('# "session_token": "…",', f'"session_token": "{TOKEN}",')
        busy = [Traffic(requests=900.0), Traffic(requests=120.0), Traffic(requests=3.0, interval=7)]
        self.ids = [self._distribution(f"{n}.example.com", busy[n]) for n in range(3)]
        self.removed = {}
        self.refused = set()

    # What it is made of

    def _distribution(self, alias: str, traffic: Traffic) -> str:
        return self.aws.add_distribution(self.account, aliases=[alias], traffic=traffic, tags={"env": "prod"})

    def configure(self, configs: Any, role: bool = False) -> None:
        """Put configuration keys, and perhaps a role, into the startup script."""
        given = "".join(f'    "{key}": {value!r},\n' for key, value in configs.items())
        self.write_startup("CONFIGS = {\n", f"CONFIGS = {{\n{given}")
        if role:
            arn = f"arn:aws:iam::{self.account.account_id}:role/guance"
            self.aws.demand_external_id(arn, EXTERNAL_ID)
            self.write_startup('# "role_arn"', f'"role_arn": "{arn}", "external_id": "{EXTERNAL_ID}",  #')

    def write_startup(self, old: str, new: str) -> None:
        """Change the startup script, as a user does."""
        self.write_script(STARTUP, old, new)
        self.func.publish(STARTUP)

    def write_script(self, script: str, old: str, new: str) -> None:
        """Change a script of the package."""
        assert old in self.func.scripts[script]
        self.func.scripts[script] = self.func.scripts[script].replace(old, new, 1)

    def patch(self, target: str, value: Any) -> None:
        """Change something of the machine, until the fault is over."""
        self._monkeypatch.setattr(target, value)

    def set_variable(self, name: str, value: str) -> None:
        """Set a variable of the host's environment, until the fault is over."""
        self._monkeypatch.setenv(name, value)

    # What happens

    def run(self) -> Any:
        """One run of the cron job, now."""
        return self.func.run_cron_job(JOB)

    def run_for(self, minutes: float) -> None:
        """Let the cron job run for so many simulated minutes."""
        for _ in self.func.run_until(self.host.time() + minutes * MINUTE):
            pass

    def on(self, event: str, act: Any, nth: int = 1) -> None:
        """Do something at the n-th event of that name from now on, once."""
        met = []

        def strike(name: str) -> None:
            if name == event:
                met.append(name)
                if len(met) == nth and met[-1] == name:
                    act()

        self.func.on_event = strike

    def kill_at(self, event: str, nth: int = 1) -> None:
        """Let Func's time-out strike at the n-th event of that name from now on."""
        self.on(event, time_out, nth)

    def heal(self) -> None:
        """End every fault; the DataKit, which re-dates old points as it comes, is set right."""
        self.datakit.set_right()
        self._monkeypatch.undo()
        self.aws.faults.clear()
        self.aws._accounts._denied.clear()
        self.datakit.clear_faults()
        self.datakit.come_up()
        self.func.on_event = lambda name: None
        self.host.offset = 0.0

    # What came of it

    def missing_or_wrong(self) -> Any:
        """What CloudWatch has and the sink has not, or with another value, up to the watermark; and the other way."""
        end = self.watermark()
        assert self.waiting() == [], "the collector has left minutes behind"
        assert end >= self.clock.time() - SETTLED - 6 * MINUTE, "the collector has not caught up"
        first = NOW - SETTLED - HOUR
        # A first hour of failures is followed by the lookback before it, of which nobody has asked.
        allowed = self._expected(first - 15 * MINUTE, end)
        expected = {key: value for key, value in allowed.items() if key[1] >= first}
        found = seen(self.datakit)
        wrong = {key: (expected[key], found.get(key)) for key in expected if found.get(key) != expected[key]}
        return wrong, {key: found[key] for key in found if found[key] != allowed.get(key)}

    def _expected(self, start: int, end: int) -> Any:
        found = truth(self.aws, self.ids, start, end)
        return {key: value for key, value in found.items() if key[1] < self.removed.get(key[0], end)}

    def watermark(self) -> int:
        """Epoch seconds before which, says the collector, every minute stands in the sink, but for those waiting."""
        return self.func.store.get("watermark/aws/prod", SET)["at"]

    def waiting(self) -> Any:
        """The stretches that the collector has left behind: start, end, sources, whether they wait for the sink."""
        return self.func.store.get("watermark/aws/prod", SET)["backlog"]

    def sent_again(self) -> Any:
        """The points that arrived though all of their values stood in the sink already."""
        return self.datakit.doubles()

    def series(self) -> Any:
        """How many series the sink has of each distribution."""
        tags = {tuple(sorted(point.tags.items())) for point in self.datakit.points("metric")}
        ids = [dict(series)["DistributionId"] for series in tags]
        return {key: ids.count(key) for key in ids}

    def objects_since(self, at: float) -> Any:
        """The distributions whose objects arrived since then."""
        return {point.tags["Id"] for point in self.datakit.points("custom_object") if point.received_at >= at}

    def leaks(self, printed: str = "") -> Any:
        """The pieces around every secret in all that came out: records, state, signatures, points, and the console."""
        func, signatures = self.func, [function.signature for function in self.func.functions.values()]
        things = (func.records, signatures, func.store.rows, func.cache.rows, self.datakit.points(), self.datakit.posts)
        everything = "\n".join([*map(repr, things), printed])
        return [everything[max(0, at.start() - 80) : at.end() + 40] for at in MARKED.finditer(everything)]


def time_out() -> None:
    """Func's end of a task."""
    raise TaskTimeout("Task timeout")
