"""Access logs of the embedded CloudFront: files as standard logging writes them, of the requests that metrics count.

Of every minute the lines have as many requests, 4xx and 5xx as CloudWatch shows, and the same bytes. In a burst of
errors nine in ten of them are of one URL (`BLAMED_PATH`), most of these at one edge location (`BLAMED_EDGE`), because
the origin takes no connection.
"""

from __future__ import annotations

import gzip
import json
import time
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from random import Random
from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

from devtools.aws.deliveries import Delivery
from devtools.aws.traffic import MINUTE, Minute, Traffic, minute_traffic

HOUR = 3600
# The fields of the older kind, in their order, and those that v2 has besides.
FIELDS = (
    *("date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(Host)", "cs-uri-stem", "sc-status"),
    *("cs(Referer)", "cs(User-Agent)", "cs-uri-query", "cs(Cookie)", "x-edge-result-type", "x-edge-request-id"),
    *("x-host-header", "cs-protocol", "cs-bytes", "time-taken", "x-forwarded-for", "ssl-protocol", "ssl-cipher"),
    *("x-edge-response-result-type", "cs-protocol-version", "fle-status", "fle-encrypted-fields", "c-port"),
    *("time-to-first-byte", "x-edge-detailed-result-type", "sc-content-type", "sc-content-len", "sc-range-start"),
    "sc-range-end",
)
MORE_FIELDS = ("timestamp(ms)", "origin-fbl", "origin-lbl", "asn", "c-country", "cache-behavior-path-pattern")
ALL_FIELDS = (*FIELDS, *MORE_FIELDS)
# As the console proposes it. By AWS's API the path holds what AWS puts before it, too.
PARTITIONED = "AWSLogs/{account-id}/CloudFront/{DistributionId}/{yyyy}/{MM}/{dd}/{HH}"

BLAMED_PATH, BLAMED_EDGE = "/img/hero/spring-sale.jpg", "FRA60-P3"
MISSING_PATH, SLOW_PATH = "/img/old-logo.png", "/search"
# Edge locations with the country and network of most of their viewers, and their share of the requests.
EDGES = (
    ("FRA60-P3", "DE", "3320", 22),
    ("LHR61-C2", "GB", "2856", 16),
    ("CDG52-P1", "FR", "3215", 13),
    ("IAD89-P2", "US", "7922", 17),
    ("SFO53-C1", "US", "7018", 9),
    ("NRT57-P4", "JP", "4713", 8),
    ("SIN2-P3", "SG", "9506", 6),
    ("SYD62-P2", "AU", "1221", 4),
    ("GRU1-C1", "BR", "28573", 3),
    ("BOM78-P5", "IN", "55836", 2),
)
# Paths with their query, content type and share of the requests.
PATHS = (
    ("/", "-", "text/html", 12),
    (BLAMED_PATH, "w=1280&q=80", "image/jpeg", 10),
    ("/css/main.4f1c2a.css", "-", "text/css", 9),
    ("/js/app.9d03be.js", "-", "application/javascript", 9),
    ("/img/logo.svg", "-", "image/svg+xml", 8),
    ("/img/products/1041-front.webp", "w=640", "image/webp", 7),
    ("/img/products/1041-back.webp", "w=640", "image/webp", 5),
    ("/img/products/2277-front.webp", "w=640", "image/webp", 5),
    ("/img/products/3310-front.webp", "w=320", "image/webp", 4),
    ("/fonts/inter-var.woff2", "-", "font/woff2", 4),
    ("/products/1041", "ref=newsletter&utm_source=mail", "text/html", 4),
    ("/products/2277", "-", "text/html", 3),
    (SLOW_PATH, "q=rain%20jacket&page=2", "text/html", 3),
    ("/cart", "session=4c1e9b7ad2", "text/html", 2),
    ("/api/v1/stock", "sku=1041", "application/json", 2),
    ("/robots.txt", "-", "text/plain", 1),
    ("/favicon.ico", "-", "image/x-icon", 1),
    ("/caf%C3%A9/men%C3%BC", "-", "text/html", 1),
)
SCANNED = ("/wp-login.php", "/.env", "/admin/config.php")
AGENTS = (
    "Mozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)%20AppleWebKit/537.36%20(KHTML,%20like%20Gecko)%20"
    "Chrome/131.0.0.0%20Safari/537.36",
    "Mozilla/5.0%20(iPhone;%20CPU%20iPhone%20OS%2018_1%20like%20Mac%20OS%20X)%20AppleWebKit/605.1.15%20"
    "(KHTML,%20like%20Gecko)%20Version/18.1%20Mobile/15E148%20Safari/604.1",
    "Mozilla/5.0%20(X11;%20Linux%20x86_64;%20rv:133.0)%20Gecko/20100101%20Firefox/133.0",
    "curl/8.11.0",
)
# Addresses that are for documentation only.
NETWORKS = ("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:85a3::8a2e:370:")
# Share of a burst's errors that is of the URL to blame, and of these, that is at the edge location to blame.
OF_PATH, OF_EDGE = 0.9, 0.85


class LogFile(NamedTuple):
    """A file: its bucket and key, its bytes (gzip), and the number of requests in it."""

    bucket: str
    key: str
    body: bytes
    lines: int


@dataclass(frozen=True)
class LogPlace:
    """Where the files of a distribution go, and what is in them.

    `path` is what stands before a file's name, with the variables of v2: {DistributionId}, {account-id}, {yyyy}, {MM},
    {dd}, {HH}. `output_format` is `w3c`, `json` or `plain`, which has no header.
    """

    bucket: str
    path: str = ""
    output_format: str = "w3c"
    fields: Sequence[str] = FIELDS
    delimiter: str = "\t"
    is_hive: bool = False

    def key(self, account_id: str, distribution_id: str, hour: int, unique: str) -> str:
        """The key of a file with the requests of the hour that begins at `hour` (epoch seconds)."""
        moment = time.gmtime(hour)
        path = self.path
        for variable, hive, value in (
            ("{DistributionId}", "DistributionId", distribution_id),
            ("{distributionid}", "distributionid", distribution_id.lower()),
            ("{account-id}", "aws-account-id", account_id),
            ("{yyyy}", "year", time.strftime("%Y", moment)),
            ("{MM}", "month", time.strftime("%m", moment)),
            ("{dd}", "day", time.strftime("%d", moment)),
            ("{HH}", "hour", time.strftime("%H", moment)),
        ):
            path = path.replace(variable, f"{hive}={value}" if self.is_hive else value)
        return f"{path}{distribution_id}.{time.strftime('%Y-%m-%d-%H', moment)}.{unique}.gz"


def place_of(delivery: Delivery) -> LogPlace:
    """Where a delivery of standard logging v2 writes to."""
    bucket, _, prefix = delivery.destination.split(":::")[1].partition("/")
    suffix = delivery.suffix_path or ("" if prefix else "AWSLogs/{account-id}/CloudFront")
    parts = [part.strip("/") for part in (prefix, suffix) if part.strip("/")]
    return LogPlace(
        bucket,
        "".join(f"{part}/" for part in parts),
        delivery.output_format,
        tuple(delivery.record_fields) or FIELDS,
        delivery.field_delimiter or "\t",
        delivery.is_hive,
    )


class Logged(NamedTuple):
    """A distribution as its access logs know it."""

    seed: int
    id: str
    account_id: str
    domain: str
    host: str
    traffic: Traffic

    def requests(self, start: int, end: int) -> Iterator[Tuple[str, ...]]:
        """The requests of the minutes in [start, end), as the values of `ALL_FIELDS`."""
        for minute in range(start // MINUTE * MINUTE, end, MINUTE):
            happened = minute_traffic(self.seed, self.id, self.traffic, minute)
            if happened:
                yield from _minute(self, minute, happened)

    def files(self, place: LogPlace, start: int, end: int, number: int) -> Iterator[LogFile]:
        """So many files for each hour with the requests of [start, end), by edge location; none without requests."""
        for hour in range(start // HOUR * HOUR, end, HOUR):
            first, last = max(start, hour), min(end, hour + HOUR)
            of_file: Dict[int, List[Tuple[str, ...]]] = {}
            for row in self.requests(first, last):
                of_file.setdefault(_edge_number(row[2]) % number, []).append(row)
            for which, rows in sorted(of_file.items()):
                name = f"{self.seed}/{self.id}/{place}/{first}/{last}/{which}/{number}"
                unique = blake2b(name.encode(), digest_size=4).hexdigest()
                key = place.key(self.account_id, self.id, hour, unique)
                yield LogFile(place.bucket, key, gzip.compress(written(place, rows), 1), len(rows))


def written(place: LogPlace, rows: Sequence[Tuple[str, ...]]) -> bytes:
    """Requests in the format of a place, before they are compressed."""
    columns = [ALL_FIELDS.index(name) for name in place.fields]
    is_whole = columns == list(range(len(columns)))
    picked = [row[: len(columns)] if is_whole else tuple(row[column] for column in columns) for row in rows]
    if place.output_format == "json":
        lines = [json.dumps(dict(zip(place.fields, row)), separators=(",", ":")) for row in picked]
    else:
        lines = [place.delimiter.join(row) for row in picked]
    if place.output_format == "w3c":
        lines[:0] = ["#Version: 1.0", f"#Fields: {' '.join(place.fields)}"]
    return "".join(f"{line}\n" for line in lines).encode()


@lru_cache(maxsize=None)
def _edge_number(edge: str) -> int:
    return [name for name, *_ in EDGES].index(edge)


def _minute(logged: Logged, minute: int, happened: Minute) -> List[Tuple[str, ...]]:
    """The requests of one minute, in the order of their time."""
    chance = Random(f"{logged.seed}/{logged.id}/{minute}/log")
    count, random = happened.requests, chance.random
    burst = logged.traffic.burst
    in_burst = burst is not None and burst[0] <= minute < burst[1]
    successes = count - happened.server_errors - happened.client_errors
    hits = min(happened.cache_hits, successes)
    kinds = ["5"] * happened.server_errors + ["4"] * happened.client_errors
    kinds += ["Hit"] * hits + ["Miss"] * (successes - hits)
    chance.shuffle(kinds)
    edges = chance.choices(EDGES, [share for *_, share in EDGES], k=count)
    paths = chance.choices(PATHS, [share for *_, share in PATHS], k=count)
    agents = chance.choices(AGENTS, (50, 30, 15, 5), k=count)
    times = sorted(int(random() * MINUTE * 1000) for _ in range(count))
    sizes = _shared_out(happened.downloaded, [0.2 + random() for _ in range(count)])
    sent = _shared_out(happened.uploaded, [0.8 + 0.4 * random() for _ in range(count)])
    date = time.strftime("%Y-%m-%d", time.gmtime(minute))
    clock = [time.strftime("%H:%M:%S", time.gmtime(minute + second)) for second in range(MINUTE)]
    rows: List[Tuple[str, ...]] = []
    for number, (kind, edge, path, agent, at) in enumerate(zip(kinds, edges, paths, agents, times)):
        stem, query, content, _ = path
        status, result, detail, seconds = "200", kind, kind, 0.002 + 0.04 * random()
        if kind == "Miss":
            seconds += happened.latency / 1000 * (0.5 + 1.5 * random())
        elif kind == "4":
            stem = MISSING_PATH if random() < 0.7 else SCANNED[number % len(SCANNED)]
            status, query, result, detail, content = "404", "-", "Error", "Error", "text/html"
        elif kind == "5":
            status, result, detail, content = "502", "Error", "OriginConnectError", "text/html"
            seconds = 9.0 + 2 * random()
            if in_burst and random() < OF_PATH:
                stem, query = BLAMED_PATH, "w=1280&q=80"
                if random() < OF_EDGE:
                    edge = EDGES[_edge_number(BLAMED_EDGE)]
            elif random() < 0.5:
                status, detail, seconds = "503", "Error", 0.1 + 0.2 * random()
        if stem == SLOW_PATH and status == "200":
            result = detail = "Miss"
            seconds = 1.5 + 3 * random()
        location, country, asn, _ = edge
        network = NETWORKS[number % len(NETWORKS)]
        taken = f"{seconds:.3f}"
        first_byte = f"{seconds * 0.9:.3f}"
        has_origin = result != "Hit"
        rows.append(
            (
                date,
                clock[at // 1000],
                location,
                str(sizes[number]),
                f"{network}{int(random() * 254) + 1}",
                "GET" if number % 20 else "HEAD",
                logged.domain,
                stem,
                status,
                "-" if number % 3 else f"https://{logged.host}/",
                agent,
                query,
                "-",
                result,
                f"{chance.getrandbits(216):054x}==",
                logged.host,
                "https",
                str(sent[number]),
                taken,
                "-",
                "TLSv1.3",
                "TLS_AES_128_GCM_SHA256",
                result,
                "HTTP/2.0" if number % 4 else "HTTP/1.1",
                "-",
                "-",
                str(1024 + int(random() * 60000)),
                first_byte,
                detail,
                content,
                str(sizes[number]),
                "-",
                "-",
                str(minute * 1000 + at),
                first_byte if has_origin else "-",
                taken if has_origin else "-",
                asn,
                country,
                "*",
            )
        )
    return rows


def _shared_out(total: int, weights: Sequence[float]) -> List[int]:
    """A total in whole parts by weight."""
    whole, so_far, parts, given = sum(weights), 0.0, [], 0
    for weight in weights:
        so_far += weight
        upto = int(total * so_far / whole + 0.5)
        parts.append(upto - given)
        given = upto
    return parts
