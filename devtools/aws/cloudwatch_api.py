"""GetMetricData, ListMetrics and GetMetricStatistics of the embedded AWS, by the rules that AWS documents."""

from __future__ import annotations

import re
import threading
import zlib
from collections import OrderedDict
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from devtools.aws.cloudwatch import Caller, DataPoints, floor, publishes
from devtools.aws.cloudwatch_metrics import METRICS, NAMESPACE, dimensions, is_statistic, statistic_of
from devtools.aws.cloudwatch_wire import epoch_seconds
from devtools.aws.traffic import DAY
from devtools.aws.wire import ApiError

QUERIES_PER_CALL = 500
DATA_POINTS_PER_CALL = 100_800
DATA_POINTS_PER_STATISTICS_CALL = 1_440
METRICS_PER_PAGE = 500
QUERY_ID = re.compile(r"[a-z][a-zA-Z0-9_]{0,254}")
ASCENDING = "TimestampAscending"
COMPLETE, PARTIAL = "Complete", "PartialData"
STATUSES = (COMPLETE, PARTIAL, "InternalError", "Forbidden")
LISTED_FOR = 14 * DAY
RECENTLY = 3 * 3600
# A new metric is listed up to a quarter of an hour late; here, always.
LISTED_LATE = 900
TOKENS_KEPT = 256


class Break(NamedTuple):
    """How a series is answered that is broken on demand."""

    status: str
    message: str


class CloudWatch:
    """The operations of CloudWatch on the data points; every one takes parameters and gives a result as plain data."""

    def __init__(self, points: DataPoints) -> None:
        self._points = points
        self._breaks: Dict[Tuple[str, str], Tuple[Break, Optional[int]]] = {}
        self._pages: OrderedDict[str, Tuple[object, List[Dict[str, Any]]]] = OrderedDict()
        self._lock = threading.Lock()
        self._tokens = 0
        # Whether every page of GetMetricData names another one after it, though nothing is left.
        self.endless = False
        # AWS may put fewer data points on a page than it was asked for.
        self.page = DATA_POINTS_PER_CALL

    def break_series(self, distribution_id: str, metric: str, status: str, message: str, times: Optional[int]) -> None:
        """Answer a distribution's metric with this status and message the next `times` times, or for good."""
        if status not in STATUSES:
            raise ValueError(f"no status {status!r} in CloudWatch, only {', '.join(STATUSES)}")
        self._breaks[self._points.source(distribution_id).id, METRICS[metric].name] = (Break(status, message), times)

    def get_metric_data(self, caller: Caller, given: Mapping[str, Any], now: float) -> Dict[str, Any]:
        """GetMetricData: the data points of up to 500 queries, in pages of MaxDatapoints."""
        queries = _valid_queries(given)
        given = {**given, **{name: epoch_seconds(given[name]) for name in ("StartTime", "EndTime")}}
        most = int(given.get("MaxDatapoints") or DATA_POINTS_PER_CALL)
        if not 1 <= most <= DATA_POINTS_PER_CALL:
            raise _invalid(f"The parameter MaxDatapoints must be between 1 and {DATA_POINTS_PER_CALL}.")
        _valid_span(given, 60, now)
        # AWS takes a token only with the request that it was given out for.
        asked = (caller, queries, given.get("StartTime"), given.get("EndTime"), given.get("ScanBy"))
        if given.get("NextToken"):
            results = self._continued(str(given["NextToken"]), asked)
        else:
            results = [self._result(caller, query, given, now) for query in queries if _returns_data(query)]
        page, rest = cut_page(results, min(most, self.page))
        token = self._token(asked, rest) if rest or self.endless else None
        return {"MetricDataResults": page, "NextToken": token, "Messages": []}

    def get_metric_statistics(self, caller: Caller, given: Mapping[str, Any], now: float) -> Dict[str, Any]:
        """GetMetricStatistics: at most 1,440 data points of one metric, in no order."""
        period = _valid_period(given.get("Period"), "Period")
        start, end = _valid_span(given, period, now)
        if (end - start) / period > DATA_POINTS_PER_STATISTICS_CALL:
            message = f"You have requested more than {DATA_POINTS_PER_STATISTICS_CALL} datapoints."
            raise ApiError("InvalidParameterCombination", message)
        statistics, extended = given.get("Statistics") or [], given.get("ExtendedStatistics") or []
        found: List[Dict[str, Any]] = []
        published = self._points.source_of(caller, given)
        for time, datum in self._points.buckets(*published, (start, end), period, now) if published else ():
            served = METRICS[str(given["MetricName"])]
            point = {name: statistic_of(served, datum, name) for name in statistics}
            more = {name: statistic_of(served, datum, name) for name in extended}
            found.append({"Timestamp": time, **point, "Unit": served.unit, "ExtendedStatistics": more or None})
        found.sort(key=lambda point: zlib.crc32(str(point["Timestamp"]).encode()))
        return {"Label": given["MetricName"], "Datapoints": [_present(point) for point in found]}

    def list_metrics(self, caller: Caller, given: Mapping[str, Any], now: float) -> Dict[str, Any]:
        """ListMetrics: what has published in the last two weeks (RecentlyActive: three hours), 500 a page."""
        if given.get("RecentlyActive") not in (None, "PT3H"):
            raise ApiError("InvalidParameterValue", "The only valid value of RecentlyActive is PT3H.")
        token = str(given.get("NextToken") or 0)
        if not token.isdecimal():
            raise ApiError("InvalidParameterValue", "Invalid nextToken")
        since = now - (RECENTLY if given.get("RecentlyActive") else LISTED_FOR)
        listed = [metric for metric in self._published(caller, since, now - LISTED_LATE) if _matches(metric, given)]
        first, after = int(token), int(token) + METRICS_PER_PAGE
        return {"Metrics": listed[first:after], "NextToken": str(after) if after < len(listed) else None}

    def _published(self, caller: Caller, start: float, end: float) -> List[Dict[str, Any]]:
        return [
            {"Namespace": NAMESPACE, "MetricName": metric.name, "Dimensions": _as_list(dimensions(metric, source.id))}
            for source in self._points.sources(caller)
            if self._points.was_active(source, start, end)
            for metric in METRICS.values()
            if publishes(source, metric)
        ]

    def _result(self, caller: Caller, query: Mapping[str, Any], given: Mapping[str, Any], now: float) -> Dict[str, Any]:
        stat = query["MetricStat"]
        period = int(stat["Period"])
        published = self._points.source_of(caller, stat["Metric"])
        label = query.get("Label") or stat["Metric"]["MetricName"]
        result = {"Id": query["Id"], "Label": label, "Timestamps": [], "Values": [], "StatusCode": COMPLETE}
        if published is None:
            return result
        source, metric = published
        found: List[Tuple[int, float]] = []
        for time, datum in self._points.buckets(source, metric, _valid_span(given, period, now), period, now):
            value = statistic_of(metric, datum, stat["Stat"])
            if value is not None:
                found.append((time, value))
        found.sort(reverse=given.get("ScanBy") != ASCENDING)
        broken = self._broken(source.id, metric.name)
        if broken:
            # Of partial data a part is there; of the failures, nothing.
            left = {COMPLETE: len(found), PARTIAL: len(found) // 2}.get(broken.status, 0)
            found, result["StatusCode"] = found[:left], broken.status
            if broken.message:
                result["Messages"] = [{"Code": broken.status, "Value": broken.message}]
        return {**result, "Timestamps": [time for time, _ in found], "Values": [value for _, value in found]}

    def _broken(self, distribution_id: str, metric: str) -> Optional[Break]:
        with self._lock:
            broken, left = self._breaks.get((distribution_id, metric), (None, 0))
            if broken is None or left == 0:
                return None
            self._breaks[distribution_id, metric] = (broken, None if left is None else left - 1)
            return broken

    def _token(self, asked: object, rest: List[Dict[str, Any]]) -> str:
        with self._lock:
            self._tokens += 1
            token = f"page-{self._tokens}"
            self._pages[token] = (asked, rest)
            if len(self._pages) > TOKENS_KEPT:
                self._pages.popitem(last=False)
            return token

    def _continued(self, token: str, asked: object) -> List[Dict[str, Any]]:
        with self._lock:
            expected, rest = self._pages.get(token, (None, []))
        if expected != asked:
            raise ApiError("InvalidNextToken", "The next token is not valid for this request.")
        return rest


def cut_page(results: Sequence[Dict[str, Any]], most: int) -> Tuple[List[Dict[str, Any]], List[Dict[str, Any]]]:
    """The results that fit a page of `most` data points, and the rest; a series that is split is PartialData before."""
    page: List[Dict[str, Any]] = []
    for number, result in enumerate(results):
        times, values = result["Timestamps"], result["Values"]
        if len(times) > most:
            rest = [{**result, "Timestamps": times[most:], "Values": values[most:]}, *results[number + 1 :]]
            part = {**result, "Timestamps": times[:most], "Values": values[:most], "StatusCode": PARTIAL}
            return [*page, part] if most else page, rest
        page.append(result)
        most -= len(times)
    return page, []


def _valid_queries(given: Mapping[str, Any]) -> List[Dict[str, Any]]:
    queries: List[Dict[str, Any]] = given.get("MetricDataQueries") or []
    if not queries:
        raise _invalid("The parameter MetricDataQueries is required.")
    if len(queries) > QUERIES_PER_CALL:
        raise _invalid(f"The collection MetricDataQueries must not have a size greater than {QUERIES_PER_CALL}.")
    ids = [str(query.get("Id", "")) for query in queries]
    for text in ids:
        if not QUERY_ID.fullmatch(text):
            raise _invalid(f"The value {text} for parameter Id is not matching the expected pattern.")
    if len(set(ids)) < len(ids):
        raise _invalid("The values for parameter Id in MetricDataQueries are not unique.")
    for query in queries:
        if not query.get("MetricStat"):
            raise _invalid("The embedded AWS answers MetricStat only, no Expression.")
        _valid_period(query["MetricStat"].get("Period"), "MetricStat.Period")
        if not is_statistic(str(query["MetricStat"].get("Stat"))):
            raise _invalid(f"The value {query['MetricStat'].get('Stat')} for parameter MetricStat.Stat is not valid.")
    return queries


def _valid_period(given: object, name: str) -> int:
    # CloudFront publishes every minute: the finer periods of high-resolution metrics do not apply.
    period = int(str(given or 0))
    if period < 60 or period % 60:
        raise _invalid(f"The value {given} for parameter {name} is not valid: it must be a multiple of 60.")
    return period


def _valid_span(given: Mapping[str, Any], period: int, now: float) -> Tuple[int, int]:
    start, end = epoch_seconds(given["StartTime"]), epoch_seconds(given["EndTime"])
    if start >= end:
        raise _invalid("The parameter StartTime must be less than the parameter EndTime.")
    age = now - start
    step = 60 if age < 15 * DAY else 300 if age < 63 * DAY else 3600
    return floor(start, max(step, period)), int(end)


def _returns_data(query: Mapping[str, Any]) -> bool:
    return query.get("ReturnData", True) not in (False, "false")


def _matches(metric: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    if any(given.get(name) not in (None, metric[name]) for name in ("Namespace", "MetricName")):
        return False
    has = {pair["Name"]: pair["Value"] for pair in metric["Dimensions"]}
    filters = given.get("Dimensions") or []
    return all(pair["Name"] in has and pair.get("Value") in (None, has[pair["Name"]]) for pair in filters)


def _as_list(named: Mapping[str, str]) -> List[Dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in named.items()]


def _present(point: Mapping[str, Any]) -> Dict[str, Any]:
    return {name: value for name, value in point.items() if value is not None}


def _invalid(message: str) -> ApiError:
    return ApiError("ValidationError", message)
