"""What a benchmark runs the collector in: canned AWS, Func's storage, and a connector that only takes the points."""

from __future__ import annotations

import pickle
import sys
import time
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any, Dict, Iterator, List, MutableMapping, Optional

import guance_aws_cloudfront.collect as collecting
from devtools.bench.canned import CannedAWS
from devtools.clock import SimulatedClock
from devtools.func.builtins import Cache, Scoped, ScopedCache, Store
from guance_aws_cloudfront.aws.client import Aws
from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.func.state import State
from guance_aws_cloudfront.guance.sink import Sink
from guance_aws_cloudfront.points.metrics import source_tags
from guance_aws_cloudfront.points.series import plan_series
from guance_aws_cloudfront.points.windows import plan_windows
from guance_aws_cloudfront.settings.account import parse_account
from guance_aws_cloudfront.settings.config import parse_config
from guance_aws_cloudfront.steps.inventory import Distributions
from guance_aws_cloudfront.steps.listing import Listing
from guance_aws_cloudfront.steps.old_points import OldPoints
from guance_aws_cloudfront.steps.run import Run
from guance_aws_cloudfront.steps.targets import Targets

# 2026-03-01 10:00 UTC, so that no figure depends on the date.
NOW = 1772359200
ACCOUNT = {
    "ak_id": "AKIAEXAMPLE000000001",
    "ak_secret": "s" * 40,
    "extra_tags": {"account_name": "prod"},
}


class RowsInFiles(MutableMapping[Any, Any]):
    """Rows that do not lie in the memory of the process, as those of Redis do not."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: Dict[Any, Path] = {}

    def __getitem__(self, key: Any) -> Any:
        return pickle.loads(self._files[key].read_bytes())

    def __setitem__(self, key: Any, row: Any) -> None:
        file = self._files.setdefault(key, self._folder / str(len(self._files)))
        file.write_bytes(pickle.dumps(row))

    def __delitem__(self, key: Any) -> None:
        self._files.pop(key)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


class Taker:
    """A connector that takes points and does nothing with them; counts POSTs and points, keeps the last write."""

    def __init__(self) -> None:
        self.posts: List[int] = []
        self.last: List[Dict[str, Any]] = []

    def write_by_category_many(self, category: str, points: List[Dict[str, Any]]) -> Any:
        """Take the points."""
        if category == "metric":
            self.posts.append(len(points))
            self.last = points
        return 200, {}


class World:
    """An account of so many distributions, and a collector for it; `clock` is simulated unless given.

    The connector is to a DataKit that keeps the time of old points.
    """

    def __init__(self, distributions: int, clock: Any = None, latency: float = 0.0, **configs: Any) -> None:
        self.clock = clock or SimulatedClock(NOW)
        self.canned, self.taker = CannedAWS(distributions, latency), Taker()
        self.account, self.config = parse_account(ACCOUNT), parse_config({"datakit_keeps_time": True, **configs})
        self.store, self.cache = Store(self.clock, lambda name: None), Cache(self.clock, lambda name: None)
        self.STORE, self.CACHE = Scoped(self.store, "bench"), ScopedCache(self.cache, "bench")
        self._records = [
            {"Id": one, "DomainName": f"{one}.cloudfront.net", "Aliases": {"Items": [f"www.{one}.example.com"]}}
            for one in self.canned.ids
        ]
        self._aws: Optional[Aws] = None

    def CONN(self, connector_id: str) -> Taker:  # noqa: N802 - Func's name
        """The connector, of whatever ID."""
        return self.taker

    def aws(self) -> Aws:
        """The collector's own module that talks to AWS, its answers canned."""
        if self._aws is None:
            self._aws = Aws(self.account, self.config, "bench", self.clock)
            for client in (self._aws._cloudfront, self._aws._cloudwatch):
                self.canned.attach(client)
        return self._aws

    def run(self) -> Dict[str, Any]:
        """A whole run, from the listing to the last point; its summary."""
        with redirect_stdout(StringIO()):
            self._aws = None
            aws = self.aws()
            # Not by unittest.mock: importing it takes a tenth of a cold process.
            vars(collecting)["Aws"] = lambda *_: aws
            try:
                return collecting.collect(self.account, self.config, self, self.clock, False)
            finally:
                vars(collecting)["Aws"] = Aws

    def our_side(self, start: int, end: int) -> None:
        """The part of a run that is about metrics: plan, ask, parse, merge, gather, digest, points, limits, hand over.

        Nothing is known from before, so every minute is new.
        """
        for storage in (self.store, self.cache):
            storage.rows.clear()
        forget_caches()
        log = RunLog("prod", self.account.secrets, is_quiet=True)
        state = State(self, self.account, log.warn)
        series = plan_series(self.canned.ids, self.config.metrics)
        sink, aws, started = Sink(self, "datakit"), self.aws(), self.clock.monotonic()
        run = Run(self.account, self.config, self.clock, started, state, log, sink, aws, False)
        distributions = Distributions(self._records, {}, self._records, {}, set())
        tags = source_tags(series, self._records, self.account)
        targets = Targets(series, series, tags, self.canned.ids, self.canned.ids)
        plan = plan_windows(end + self.config.delay, None, replace(self.config, first_lookback=end - start))
        collecting.report_metrics(run, plan, state.digest(60), OldPoints(run, distributions), targets, Listing(), {})


def forget_caches() -> None:
    """Empty what the package's functions remember: in Func, each task has the scripts to itself."""
    for name in [name for name in sys.modules if name.startswith("guance_aws_cloudfront.")]:
        for one in vars(sys.modules[name]).values():
            if hasattr(one, "cache_clear"):
                one.cache_clear()


class RealClock:
    """The real time, in which nobody has to wait for a turn unless `waits`."""

    def __init__(self, waits: bool) -> None:
        self._waits = waits
        self.time, self.monotonic = time.time, time.monotonic

    def sleep(self, seconds: float) -> None:
        """Wait, or not."""
        if self._waits:
            time.sleep(seconds)
