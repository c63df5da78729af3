"""Answers of AWS for the benchmark, made beforehand: botocore parses them as if they had come, and no socket is opened.

CloudWatch's in the protocol that the botocore at hand speaks: JSON today's, query XML that of Python 3.8.
"""

from __future__ import annotations

import json
import pickle
import re
import threading
import time
from io import BytesIO
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.awsrequest import AWSResponse

from guance_aws_cloudfront.aws.session import epoch_seconds

A_PAGE = 100
MINUTE = 60
# In so many bytes at the end of a request its times are to be found.
TAIL = 300
# Numbers as CloudWatch sends them: counts, bytes, shares.
VALUES = [1834.0, 73215488.0, 912384.0, 2.6172300981461287, 0.10905125408942203, 2.7262813522355507, 0.0]
SUMMARY = """<DistributionSummary><Id>{id}</Id><ARN>arn:aws:cloudfront::123456789012:distribution/{id}</ARN>
<Status>Deployed</Status><LastModifiedTime>2022-03-09T06:13:31.000Z</LastModifiedTime>
<DomainName>d{id}.cloudfront.net</DomainName><Aliases><Quantity>1</Quantity><Items><CNAME>www.{id}.example.com</CNAME>
</Items></Aliases><Origins><Quantity>1</Quantity><Items><Origin><Id>web</Id><DomainName>web.example.com</DomainName>
<OriginPath/><CustomHeaders><Quantity>0</Quantity></CustomHeaders></Origin></Items></Origins><DefaultCacheBehavior>
<TargetOriginId>web</TargetOriginId><ViewerProtocolPolicy>redirect-to-https</ViewerProtocolPolicy><Compress>true
</Compress></DefaultCacheBehavior><CacheBehaviors><Quantity>0</Quantity></CacheBehaviors><Comment>A site</Comment>
<PriceClass>PriceClass_All</PriceClass><Enabled>true</Enabled><ViewerCertificate><CloudFrontDefaultCertificate>true
</CloudFrontDefaultCertificate></ViewerCertificate><Restrictions><GeoRestriction><RestrictionType>none
</RestrictionType><Quantity>0</Quantity></GeoRestriction></Restrictions><WebACLId/><HttpVersion>http2</HttpVersion>
<IsIPV6Enabled>true</IsIPV6Enabled><Staging>false</Staging></DistributionSummary>"""

JSON_RESULT = (
    '{{"Id": "q{query}", "Label": "q{query}", "Timestamps": {times}, "Values": {values}, "StatusCode": "Complete"}}'
)
JSON_ANSWER = '{"MetricDataResults": [RESULTS], "Messages": []}'
XML_RESULT = (
    "<member><Id>q{query}</Id><Label>q{query}</Label><Timestamps>{times}</Timestamps><StatusCode>Complete</StatusCode>"
    "<Values>{values}</Values></member>"
)
XML_ANSWER = (
    "<GetMetricDataResponse><GetMetricDataResult><MetricDataResults>RESULTS</MetricDataResults></GetMetricDataResult>"
    "</GetMetricDataResponse>"
)


class Asked(NamedTuple):
    """What a request for metrics asks for: how many queries, and the minutes."""

    queries: int
    minutes: range


class Raw(BytesIO):
    """A body as urllib3 hands it on."""

    def stream(self) -> Iterator[bytes]:
        """The whole of it."""
        yield self.read()


class CannedAWS:
    """Answers for so many distributions, each after `latency` seconds; `times` are those of the requests.

    A body is made once for all calls of as many queries and the same minutes, and kept until other minutes are asked
    for.
    """

    def __init__(self, distributions: int, latency: float = 0.0) -> None:
        self.ids = [f"E{number:013d}" for number in range(distributions)]
        self.latency = latency
        self._lock = threading.Lock()
        self.bodies: Dict[Asked, bytes] = {}
        self._pages: Dict[str, bytes] = {}
        self.times: List[float] = []

    def save(self, file: Path) -> None:
        """Keep the answers that have been made."""
        file.write_bytes(pickle.dumps((self.bodies, self._pages)))

    def load(self, file: Path) -> None:
        """Have the answers that were saved."""
        self.bodies, self._pages = pickle.loads(file.read_bytes())

    def attach(self, client: Any) -> None:
        """Let it answer all that a client asks."""
        client.meta.events.register("before-send", self.answer)

    def answer(self, request: Any, **_: Any) -> AWSResponse:
        """The answer to a prepared request of botocore."""
        self.times.append(time.monotonic())
        time.sleep(self.latency)
        if request.method == "GET":
            body = self._listing(request.url)
        elif _is_statistics(request):
            body = statistics_body(_is_json(request))
        else:
            body = self._metrics(request)
        return AWSResponse(request.url, 200, {"Content-Length": str(len(body))}, Raw(body))

    def _metrics(self, request: Any) -> bytes:
        asked = asked_for(request)
        with self._lock:
            if asked not in self.bodies:
                if any(known.minutes != asked.minutes for known in self.bodies):
                    self.bodies.clear()
                self.bodies[asked] = metrics_body(asked, _is_json(request))
            return self.bodies[asked]

    def _listing(self, url: str) -> bytes:
        if url not in self._pages:
            first = int(parse_qs(urlsplit(url).query).get("Marker", ["0"])[0])
            self._pages[url] = listing_body(self.ids, first)
        return self._pages[url]


def asked_for(request: Any) -> Asked:
    """What a request of GetMetricData asks for, without the cost of reading all of it."""
    body = request.body if isinstance(request.body, bytes) else request.body.encode()
    # The times stand behind the queries.
    tail = body[-TAIL:].decode()
    if _is_json(request):
        queries, times = body.count(b'"MetricStat"'), [float(one) for one in re.findall(r'Time": ?([\d.]+)', tail)]
    else:
        found = re.findall(r"(?:Start|End)Time=([^&]+)", tail)
        queries, times = body.count(b".MetricStat.Stat="), [epoch_seconds(unquote(one)) for one in found]
    start, end = sorted(map(int, times))
    return Asked(queries, range(start, end, MINUTE))


def metrics_body(asked: Asked, as_json: bool) -> bytes:
    """A whole answer of GetMetricData: a value for every query and minute."""
    # The same value for a query and minute, whenever it is asked for.
    places = [at // MINUTE for at in asked.minutes]
    values = [[VALUES[(query + place) % len(VALUES)] for place in places] for query in range(len(VALUES))]
    if as_json:
        result, whole, times, texts = JSON_RESULT, JSON_ANSWER, json.dumps([*asked.minutes]), map(json.dumps, values)
    else:
        result, whole, times = XML_RESULT, XML_ANSWER, _members(map(_iso, asked.minutes))
        texts = map(_members, values)
    # Made of few texts, for what is measured shares the process and its memory.
    known = list(texts)
    results = (
        result.format(query=query, times=times, values=known[query % len(known)]) for query in range(asked.queries)
    )
    return whole.replace("RESULTS", (", " if as_json else "").join(results)).encode()


def statistics_body(as_json: bool, minutes: int = 15) -> bytes:
    """An answer of GetMetricStatistics, which is of one metric."""
    times = [1772359200 + MINUTE * number for number in range(minutes)]
    if as_json:
        points = [{"Timestamp": at, "Sum": VALUES[0], "Unit": "None"} for at in times]
        return json.dumps({"Label": "Requests", "Datapoints": points}).encode()
    rows = "".join(f"<member><Timestamp>{_iso(at)}</Timestamp><Sum>{VALUES[0]}</Sum></member>" for at in times)
    result = f"<GetMetricStatisticsResult><Label>Requests</Label><Datapoints>{rows}</Datapoints>"
    return f"<GetMetricStatisticsResponse>{result}</GetMetricStatisticsResult></GetMetricStatisticsResponse>".encode()


def listing_body(ids: List[str], first: int) -> bytes:
    """A page of ListDistributions that begins with the distribution of that number."""
    page, last = ids[first : first + A_PAGE], first + A_PAGE
    more = f"<IsTruncated>true</IsTruncated><NextMarker>{last}</NextMarker>" if last < len(ids) else ""
    items = "".join(SUMMARY.format(id=one) for one in page).replace("\n", "")
    head = f"<Marker/><MaxItems>100</MaxItems>{more or '<IsTruncated>false</IsTruncated>'}"
    return f"<DistributionList>{head}<Quantity>{len(page)}</Quantity><Items>{items}</Items></DistributionList>".encode()


def _members(values: Iterable[object]) -> str:
    return "".join(f"<member>{value}</member>" for value in values)


def _iso(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _is_json(request: Any) -> bool:
    return "X-Amz-Target" in request.headers


def _is_statistics(request: Any) -> bool:
    target = request.headers.get("X-Amz-Target", b"" if _is_json(request) else request.body)
    text = target if isinstance(target, str) else target.decode()
    return "GetMetricStatistics" in text[-2000:] if _is_json(request) else "Action=GetMetricStatistics" in text[:200]
