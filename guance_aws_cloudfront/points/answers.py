"""What GetMetricData answered: pages merged, and each query's answer judged."""

import math
from array import array
from typing import Any, Dict, FrozenSet, Iterable, List, Mapping, NamedTuple, Optional, Sequence

from guance_aws_cloudfront.cloudfront.catalog import field_name
from guance_aws_cloudfront.points.series import Series
from guance_aws_cloudfront.text import one_line

COMPLETE = "Complete"
MINUTE = 60
NUMBERS = frozenset((int, float))


class Answer:
    """What GetMetricData said of one query, over all its pages: times in epoch seconds, values, the last status.

    Values that are no finite numbers are left out and counted: they are as good as missing. `wrong` says why times and
    values cannot be matched: there are none then. Lists are replaced and never changed, for the
    queries of a call share them.
    """

    def __init__(self) -> None:
        self.times: Sequence[int] = ()
        self.values: Sequence[float] = ()
        self.no_numbers = 0
        self.status = "no answer"
        self.messages: Sequence[str] = ()
        self.wrong = ""


class Answers(NamedTuple):
    """The answers to the queries of a call, in the queries' order, and what CloudWatch said of the call as a whole."""

    queries: List[Answer]
    messages: List[str]


def merge_pages(pages: Iterable[Mapping[str, Any]], request: Mapping[str, Any]) -> Answers:
    """The answers to a request of GetMetricData; a query may be answered on several pages, or on none.

    A query whose minutes are not all whole ones of the request's window, or are not as many as its values, is as good
    as unanswered: `incomplete` names it, and the others stand. ValueError for a page without results: botocore takes
    half an answer in JSON for an empty one.
    """
    merged = Answers([Answer() for _ in request["MetricDataQueries"]], [])
    by_id = {query["Id"]: answer for query, answer in zip(request["MetricDataQueries"], merged.queries)}
    minutes = frozenset(range(request["StartTime"], request["EndTime"], MINUTE))
    # Mostly all queries of a call are answered for the same minutes: these are looked at, and kept, once.
    said: Any = ()
    times: Optional[Sequence[int]] = ()
    for page in pages:
        if not isinstance(page.get("MetricDataResults"), list):
            raise ValueError("a page has no MetricDataResults")
        merged.messages.extend(_messages(page))
        for result in page["MetricDataResults"]:
            answer = by_id.get(_id_of(result))
            if answer is None:
                merged.messages.append("a result is left out, because it belongs to none of the queries")
                continue
            if result.get("Timestamps", ()) != said:
                said = result.get("Timestamps", ())
                times = _minutes(said, minutes)
            _add(answer, times, result.get("Values", ()))
            # PartialData on a page says that more follows: only what the last page says is final.
            answer.status = str(result.get("StatusCode", COMPLETE))
            answer.messages = [*answer.messages, *_messages(result)] if result.get("Messages") else answer.messages
    for answer in merged.queries:
        if answer.wrong:
            answer.times, answer.values, answer.no_numbers, answer.status = (), (), 0, answer.wrong
    return merged


def _id_of(result: Any) -> Any:
    found = result.get("Id") if isinstance(result, dict) else None
    return found if isinstance(found, str) else None


def _minutes(said: Any, minutes: FrozenSet[int]) -> Optional[Sequence[int]]:
    """The minutes that a query was answered for; None when they are no list, or not all in the window, each once."""
    try:
        distinct = frozenset(said or ())
    except TypeError:
        return None
    if isinstance(said, (str, dict)) or not distinct <= minutes or len(distinct) != len(said or ()):
        return None
    return [*map(int, said or ())]


def _add(answer: Answer, times: Optional[Sequence[int]], values: Any) -> None:
    values = () if values is None else values
    if times is None:
        answer.wrong = "minutes that were not requested"
    elif isinstance(values, (str, dict)) or not hasattr(values, "__len__") or len(values) != len(times):
        answer.wrong = "not as many values as minutes"
    elif answer.times and not frozenset(times).isdisjoint(answer.times):
        answer.wrong = "a minute twice"
    if answer.wrong or times is None:
        return
    if not _are_numbers(values):
        pairs = [(time, value) for time, value in zip(times, values) if _are_numbers([value])]
        answer.no_numbers += len(values) - len(pairs)
        times, values = [time for time, _ in pairs], [value for _, value in pairs]
    answer.times = [*answer.times, *times] if answer.times else times
    if answer.values:
        values = [*answer.values, *values]
    # Packed while the answer was read, mostly.
    answer.values = values if isinstance(values, array) else array("d", values)


def _are_numbers(values: Sequence[Any]) -> bool:
    # Of all at once, because there are hundreds of thousands in a run.
    return NUMBERS.issuperset(map(type, values)) and all(map(math.isfinite, values))


def _messages(said: Mapping[str, Any]) -> List[str]:
    messages = said.get("Messages")
    return [
        one_line(f"{message.get('Code')}: {message.get('Value')}" if isinstance(message, Mapping) else message)
        for message in (messages if isinstance(messages, list) else ())
    ]


def incomplete(batch: Sequence[Series], answers: Answers) -> Dict[str, List[Series]]:
    """The series that CloudWatch did not answer completely, by what it said of them."""
    failed: Dict[str, List[Series]] = {}
    for series, answer in zip(batch, answers.queries):
        if answer.status != COMPLETE:
            said = "; ".join([answer.status, *dict.fromkeys(answer.messages)])
            failed.setdefault(said, []).append(series)
    return failed


def remarks(answers: Answers) -> List[str]:
    """What CloudWatch remarked on a call, or on queries that it answered completely, each remark once."""
    of_queries = (text for answer in answers.queries if answer.status == COMPLETE for text in answer.messages)
    return list(dict.fromkeys([*answers.messages, *of_queries]))


def no_numbers(batch: Sequence[Series], answers: Answers) -> Dict[str, int]:
    """How many values of each field are no finite numbers, so that neither a point nor DataKit can carry them."""
    found: Dict[str, int] = {}
    for series, answer in zip(batch, answers.queries):
        if answer.no_numbers:
            field = field_name(series.metric, series.statistic)
            found[field] = found.get(field, 0) + answer.no_numbers
    return found
