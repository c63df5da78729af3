"""Access logs of 200 distributions with 50 files an hour each: every line once, in the fewest calls, in little state.

S3 and CloudFront are canned and the connector only counts: over HTTP, 10,000 files take a minute to serve.
"""

import gzip
import re
import time
from collections import Counter
from io import BytesIO
from urllib.parse import unquote

import pytest
from botocore.awsrequest import AWSResponse

from devtools.aws.wire import S3_IDS
from devtools.bench.canned import Raw
from devtools.bench.logs import BUCKET, CONTENT, LISTING, LogWorld
from devtools.bench.world import NOW, World

pytestmark = pytest.mark.newest

DISTRIBUTIONS, FILES, LINES = 200, 50, 3
HOUR = time.strftime("%Y-%m-%d-%H", time.gmtime(NOW))
HEADER = "#Version: 1.0\n#Fields: date time sc-status x-edge-request-id\n"


class ManyFiles(LogWorld):
    """So many small files of one hour for each distribution, and a connector that counts request IDs."""

    def __init__(self) -> None:
        World.__init__(self, DISTRIBUTIONS)
        self.bodies, self.calls, self.seen = {}, Counter(), Counter()
        for distribution in self.canned.ids:
            for number in range(FILES):
                self.add(distribution, number)

    def add(self, distribution, number):
        key = f"{distribution}.{HOUR}.{number:08x}.gz"
        at = time.strftime("%Y-%m-%d\t%H:%M:%S", time.gmtime(NOW))
        rows = "".join(f"{at}\t200\t{key}/{line}\n" for line in range(LINES))
        self.bodies[key] = gzip.compress((HEADER + rows).encode(), 1)

    def write_by_category_many(self, category, points):
        assert category == "logging"
        for point in points:
            request = point["fields"]["x_edge_request_id"]
            assert request.startswith(f"{point['tags']['DistributionId']}.")
            self.seen[request] += 1
        return 200, {}

    def answer(self, request, **_):
        if "s3" not in request.url.split("/")[2]:
            return self.canned.answer(request)
        if "list-type" not in request.url:
            self.calls["get"] += 1
            body = self.bodies[unquote(request.url.rpartition("/")[2])]
            return AWSResponse(request.url, 200, {"Content-Length": str(len(body)), **S3_IDS}, _Body(body))
        self.calls["list"] += 1
        asked = {name: unquote(value) for name, value in re.findall(r"[?&]([\w-]+)=([^&]*)", request.url)}
        keys = [key for key in self.bodies if key.startswith(asked["prefix"]) and key > asked.get("start-after", "")]
        contents = "".join(CONTENT.format(key=key, size=len(self.bodies[key])) for key in sorted(keys))
        body = LISTING.format(bucket=BUCKET, count=len(keys), contents=contents).encode()
        return AWSResponse(request.url, 200, {"Content-Length": str(len(body)), **S3_IDS}, Raw(body))


class _Body(BytesIO):
    def stream(self, *_):
        yield self.read()


def test_two_hundred_distributions_with_fifty_files_an_hour() -> None:
    world = ManyFiles()
    summary = world.logs_run("all")
    expected = {f"{key}/{line}" for key in world.bodies for line in range(LINES)}
    assert len(expected) == DISTRIBUTIONS * FILES * LINES
    assert set(world.seen) == expected
    assert set(world.seen.values()) == {1}
    assert summary["files"]["read"] == world.calls["get"] == DISTRIBUTIONS * FILES
    assert world.calls["list"] == DISTRIBUTIONS
    # A mark of eight characters for each file, and little beside.
    store = sum(len(str(value)) for value, _ in world.store.rows.values())
    assert store < DISTRIBUTIONS * (FILES * 8 + 250)
    # The next run reads what is new, and that alone.
    world.calls.clear()
    world.add(world.canned.ids[7], FILES)
    world.clock.advance(300)
    assert world.logs_run("all", is_first=False)["files"]["read"] == 1
    assert world.calls == {"list": DISTRIBUTIONS, "get": 1}
    assert len(world.seen) == len(expected) + LINES
    assert set(world.seen.values()) == {1}
