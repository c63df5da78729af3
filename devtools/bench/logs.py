"""The benchmark of access logs: a whole run over one file in a canned S3, against a loop that only splits its lines."""

from __future__ import annotations

import gzip
import re
import resource
import subprocess
import sys
import time
from contextlib import redirect_stdout
from io import BytesIO, StringIO
from typing import Any, Dict, Iterator, List, Tuple
from unittest.mock import patch
from urllib.parse import unquote

from botocore.awsrequest import AWSResponse

from devtools.aws.access_logs import HOUR, Logged, LogPlace
from devtools.aws.traffic import Traffic
from devtools.aws.wire import S3_IDS
from devtools.bench.world import NOW, World
from guance_aws_cloudfront.aws.log_files import LogFilesAws
from guance_aws_cloudfront.logs.collect_logs import collect_logs
from guance_aws_cloudfront.settings.logs import parse_logs

BUCKET = "bench-logs"
# What is kept of the lines: all errors and one of a hundred others, or everything.
KEEP: Dict[str, Dict[str, Any]] = {
    "kept": {"keep": {"status": ["4xx", "5xx"]}, "keep_rest": 0.01},
    "all": {},
}
LISTING = (
    "<ListBucketResult><Name>{bucket}</Name><Prefix></Prefix><KeyCount>{count}</KeyCount><MaxKeys>1000</MaxKeys>"
    "<IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
)
CONTENT = "<Contents><Key>{key}</Key><Size>{size}</Size></Contents>"


class Repeated:
    """A body of the same bytes so many times, which is never there as a whole; read as urllib3's responses are."""

    def __init__(self, part: bytes, times: int) -> None:
        self._part, self._left = part, times
        self._rest = memoryview(b"")

    def read(self, amount: int = -1, **_: Any) -> bytes:
        """At most so many bytes; none at the end."""
        if not self._rest and self._left:
            self._left -= 1
            self._rest = memoryview(self._part)
        most = len(self._rest) if amount is None or amount < 0 else amount
        taken, self._rest = bytes(self._rest[:most]), self._rest[most:]
        return taken

    def stream(self, amount: int = 1 << 16, **_: Any) -> Iterator[bytes]:
        """All of it, in parts."""
        part = self.read(amount)
        while part:
            yield part
            part = self.read(amount)

    def close(self) -> None:
        """Nothing is open."""


class LogWorld(World):
    """One distribution with one log file, whose bytes are a gzip file of an hour's lines so many times.

    Several gzip files one after the other are one.
    """

    def __init__(self, hour_of_lines: bytes, times: int) -> None:
        super().__init__(1)
        self.part, self.times, self.written = hour_of_lines, times, 0
        self.last: List[Dict[str, Any]] = []
        self._key = f"{self.canned.ids[0]}.{time.strftime('%Y-%m-%d-%H', time.gmtime(NOW))}.0123abcd.gz"

    def write_by_category_many(self, category: str, points: List[Dict[str, Any]]) -> Any:
        """Take log lines and do nothing with them."""
        self.written += len(points)
        self.last = points
        return 200, {}

    def CONN(self, connector_id: str) -> Any:  # noqa: N802 - Func's name
        """The connector, of whatever ID."""
        return self

    def logs_run(self, kept: str, is_first: bool = True) -> Dict[str, Any]:
        """A whole run, as the first one unless it is said; its summary."""
        world = self
        for storage in (self.store, self.cache) if is_first else ():
            storage.rows.clear()

        class Canned(LogFilesAws):
            def _new_session(self) -> Any:
                session = super()._new_session()
                session.register("before-send", world.answer)
                return session

        logs = parse_logs(
            {"buckets": {"*": BUCKET}, "max_lines_a_run": 10_000_000, "first_lookback": HOUR, **KEEP[kept]}
        )
        with redirect_stdout(StringIO()), patch("guance_aws_cloudfront.logs.collect_logs.LogFilesAws", Canned):
            return collect_logs(self.account, self.config, logs, self, self.clock, False)

    def answer(self, request: Any, **_: Any) -> AWSResponse:
        """The answer to a prepared request of botocore, of S3's or CloudFront's."""
        if "s3" not in request.url.split("/")[2]:
            return self.canned.answer(request)
        size = len(self.part) * self.times
        if "list-type" not in request.url:
            return AWSResponse(
                request.url, 200, {"Content-Length": str(size), **S3_IDS}, Repeated(self.part, self.times)
            )
        found = re.search(r"[?&]prefix=([^&]*)", request.url)
        is_there = self._key.startswith(unquote(found.group(1)) if found else "")
        contents = CONTENT.format(key=self._key, size=size) if is_there else ""
        body = LISTING.format(bucket=BUCKET, count=int(is_there), contents=contents).encode()
        return AWSResponse(request.url, 200, {"Content-Length": str(len(body)), **S3_IDS}, _Whole(body))


class _Whole(BytesIO):
    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


def hour_of_lines() -> Tuple[bytes, int]:
    """A log file of the older kind, as it lies in S3, and the number of its lines.

    It is made by another process, for the memory of this one is measured.
    """
    part = subprocess.run([sys.executable, "-m", "devtools.bench.logs"], stdout=subprocess.PIPE, check=True).stdout
    return part, plain_loop(part, 1)


def plain_loop(part: bytes, times: int) -> int:
    """The lines of the same bytes, each taken apart at its tabs and nothing else; how many there are."""
    number = 0
    with gzip.open(BytesIO(part * times), "rt") as lines:
        for line in lines:
            if not line.startswith("#"):
                line.rstrip("\n").split("\t")
                number += 1
    return number


def peak_megabytes() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    logged = Logged(1, "E0000000000000", "123456789012", "d1.cloudfront.net", "www.example.com", Traffic(1200.0))
    (file,) = logged.files(LogPlace(BUCKET), NOW, NOW + HOUR, 1)
    sys.stdout.buffer.write(file.body)
