"""Runs of `collect` in one process: AWS is an object that answers in the form of its responses, and nothing waits."""

import json
from collections import Counter

import pytest

from devtools.clock import SimulatedClock
from devtools.func.builtins import Cache, Scoped, ScopedCache, Store
from guance_aws_cloudfront import collect
from guance_aws_cloudfront.aws.errors import AwsError
from guance_aws_cloudfront.errors import CollectError
from guance_aws_cloudfront.points.answers import merge_pages
from guance_aws_cloudfront.settings.account import parse_account
from guance_aws_cloudfront.settings.config import parse_config
from tests.conftest import NOW, RAW_ACCOUNT

MINUTE, HOUR = 60, 3600
# The end of the minutes that a run at NOW asks for.
END = NOW - 180


def record(key, **more):
    """A distribution as ListDistributions answers it, as far as these tests need it."""
    arn = f"arn:aws:cloudfront::123456789012:distribution/{key}"
    domain = f"{key.lower()}.cloudfront.net"
    return {
        "Id": key,
        "ARN": arn,
        "DomainName": domain,
        "Status": "Deployed",
        "LastModifiedTime": NOW - 86400.0,
        **more,
    }


class FakeAws:
    """The `Aws` of one run; what it answers stands in the world."""

    def __init__(self, world, seconds_left):
        self._world, self._seconds_left = world, seconds_left
        self.calls = Counter()

    def _called(self, operation):
        self.calls[operation] += 1
        self._world.seconds_left.append(self._seconds_left())
        self._world.clock.advance(self._world.seconds.get(operation, 0))
        error = self._world.errors.get(operation)
        if error:
            raise error

    def distributions(self, warn):
        self._called("ListDistributions")
        return list(self._world.records)

    def listed_metrics(self, recently=False, **only):
        self._called("ListMetrics")
        self._world.listings.append((recently, only))
        return self._world.listed

    def resource_tags(self):
        self._called("GetResources")
        return dict(self._world.tags)

    def tags_of(self, arns):
        self.calls.update(["ListTagsForResource"] * len(arns))
        self._world.tags_asked.extend(arns)
        return [self._world.errors.get(arn) or self._world.tags.get(arn, {}) for arn in arns]

    def configurations(self, distribution_ids):
        self.calls.update(["GetDistributionConfig"] * len(distribution_ids))
        self._world.configurations_asked.extend(distribution_ids)
        return [self._world.errors.get(f"config {key}") or self._world.configurations for key in distribution_ids]

    def certificates(self, arns):
        self.calls.update(["DescribeCertificate"] * len(arns))
        return [{"CertificateArn": arn, "NotAfter": self._world.certificates_end} for arn in arns]

    def metric_data(self, requests):
        for request in requests:
            self.calls["GetMetricData"] += 1
            self._world.clock.advance(self._world.seconds.get("GetMetricData", 0))
            yield self._world.answer(request)


class Connector:
    """A connector of the type DataKit that takes every point, but for what the world says."""

    def __init__(self, world):
        self._world = world

    def write_by_category_many(self, category, points):
        world = self._world
        world.writes.append((category, len(points)))
        world.before_write(category, points)
        world.clock.advance(world.seconds.get(category, 0))
        refused = [point for point in points if world.refuses(category, point)]
        if refused:
            answer = {"error_code": "datakit.invalidLinePoint", "message": "bad"}
            raise Exception(f"POST http://datakit failed. Status Code: 400, Response: {json.dumps(answer)}")
        world.points.extend((category, point) for point in points)
        return 200, {}


class World:
    """An account, its CloudWatch, its Func and what arrived in Guance; one run after the other."""

    def __init__(self, monkeypatch):
        self.clock = SimulatedClock(NOW)
        self.records = [record("E1"), record("E2")]
        # What CloudWatch has: (source, minute) -> the value of each statistic, None where it has none.
        self.value = lambda source, minute: 10.0
        # What it says beside it: (source, metric) -> StatusCode; the requests that fail: request -> AwsError or None.
        self.status, self.fails = lambda source, metric: "Complete", lambda request: None
        self.messages = []
        self.listed, self.listings = {}, []
        self.tags, self.tags_asked = {}, []
        self.configurations, self.configurations_asked = {"Logging": {"Enabled": False}}, []
        self.certificates_end = NOW + 30 * 86400.0
        # The error of an operation, or of a call for one distribution; how many seconds calls and writes take.
        self.errors, self.seconds = {}, {}
        # What `Aws` was told at each call of how much of the time limit is left.
        self.seconds_left = []
        self.requests, self.writes, self.points = [], [], []
        self.refuses, self.before_write = lambda category, point: False, lambda category, points: None
        self.configs = {"events": False}
        self.on_event = lambda name: None
        self.store = Store(self.clock, lambda name: self.on_event(name))
        self.cache = Cache(self.clock, lambda name: self.on_event(name))
        self.STORE, self.CACHE = Scoped(self.store, "startup"), ScopedCache(self.cache, "startup")
        monkeypatch.setattr(collect, "Aws", lambda account, config, version, clock, left, deadline: FakeAws(self, left))

    def CONN(self, connector_id):  # noqa: N802 - Func's name
        return Connector(self)

    def answer(self, request):
        """The answers to a request of GetMetricData, or its error."""
        self.requests.append(request)
        error = self.fails(request)
        if error:
            return error
        results = []
        for query in request["MetricDataQueries"]:
            metric = query["MetricStat"]["Metric"]
            source = metric["Dimensions"][0]["Value"]
            status = self.status(source, metric["MetricName"])
            found = {}
            for at in range(request["StartTime"], request["EndTime"], query["MetricStat"]["Period"]):
                value = self.value(source, at)
                if value is not None and status == "Complete":
                    found[at] = value
            results.append(
                {"Id": query["Id"], "Timestamps": [*found], "Values": [*found.values()], "StatusCode": status}
            )
        return merge_pages([{"MetricDataResults": results, "Messages": self.messages}], request)

    def run(self, minutes=0, is_dry_run=False, **configs):
        """A run so many minutes after the one before; its summary. CollectError when it failed."""
        self.clock.advance(minutes * MINUTE)
        config = parse_config({**self.configs, **configs})
        return collect.collect(parse_account(RAW_ACCOUNT), config, self, self.clock, is_dry_run)

    def run_for(self, minutes, every=5, **configs):
        """Runs every five minutes, for so many minutes; the summary of the last one."""
        for _ in range(minutes // every - 1):
            self.run(every, **configs)
        return self.run(every, **configs)

    def fail(self, minutes=0, **configs):
        """A run that fails; what it says."""
        with pytest.raises(CollectError) as error:
            self.run(minutes, **configs)
        return str(error.value)

    def asked(self):
        """(start, end, sources) of each request since the last time."""
        found = []
        for request in self.requests:
            sources = {
                query["MetricStat"]["Metric"]["Dimensions"][0]["Value"] for query in request["MetricDataQueries"]
            }
            found.append((request["StartTime"], request["EndTime"], sorted(sources)))
        self.requests.clear()
        return found

    def arrived(self, category="metric"):
        """(name, minute) of each point that arrived since the last time, in ascending order."""
        found = [(point["tags"]["name"], point["timestamp"]) for of, point in self.points if of == category]
        self.points = [(of, point) for of, point in self.points if of != category]
        return sorted(found)

    def metric(self, name, minute):
        """The last point that arrived of a distribution and minute."""
        found = [point for of, point in self.points if (of, point["timestamp"]) == ("metric", minute)]
        return next(point for point in reversed(found) if point["tags"]["name"] == name)

    def progress(self):
        """What STORE has of how far the account has been reported."""
        return self.STORE.get("watermark/aws/prod", scope="guance_aws_cloudfront")

    def recall(self, what):
        """What CACHE has under a name."""
        return json.loads(self.CACHE.get(f"{what}/aws/prod", scope="guance_aws_cloudfront"))["kept"]


def minutes(source, start, end):
    """(source, minute) of every minute."""
    return [(source, at) for at in range(start, end, MINUTE)]


UNREACHABLE = AwsError("AWS could not be reached.")
