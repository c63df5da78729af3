"""What GetMetricData answered: pages merged, and each query's answer judged."""

import math
from array import array
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Sequence

from guance_aws_cloudfront.cloudfront.catalog import field_name
from guance_aws_cloudfront.points.series import Series
from guance_aws_cloudfront.text import one_line

COMPLETE = "Complete"
NUMBERS = frozenset((int, float))


class Answer:
    """What GetMetricData said of one query, over all its pages: times in epoch seconds, values, the last status.

    Values that are no finite numbers are left out and counted: they are as good as missing. Lists are replaced and
    never changed, for the queries of a call share them.
    """

    def __init__(self) -> None:
        self.times: Sequence[int] = ()
        self.values: Sequence[float] = ()
        self.no_numbers = 0
        self.status = "no answer"
        self.messages: Sequence[str] = ()


class Answers(NamedTuple):
    """The answers to the queries of a call, in the queries' order, and what CloudWatch said of the call as a whole."""

    queries: List[Answer]
    messages: List[str]


def merge_pages(pages: Iterable[Mapping[str, Any]], queries: int) -> Answers:
    """The answers to a call with that many queries; a query may be answered on several pages, or on none.

    ValueError for a page without results: botocore takes half an answer in JSON for an empty one.
    """
    merged = Answers([Answer() for _ in range(queries)], [])
    # Mostly all queries of a call are answered for the same minutes: these are kept once.
    said: Sequence[float] = ()
    times: Sequence[int] = ()
    for page in pages:
        if "MetricDataResults" not in page:
            raise ValueError("a page has no MetricDataResults")
        merged.messages.extend(_messages(page))
        for result in page["MetricDataResults"]:
            answer = merged.queries[int(result["Id"][1:])]
            if result.get("Timestamps", ()) != said:
                said = result.get("Timestamps", ())
                times = [*map(int, said)]
            _add(answer, times, result.get("Values", ()))
            # PartialData on a page says that more follows: only what the last page says is final.
            answer.status = result.get("StatusCode", COMPLETE)
            answer.messages = [*answer.messages, *_messages(result)] if result.get("Messages") else answer.messages
    return merged


def _add(answer: Answer, times: Sequence[int], values: Sequence[float]) -> None:
    if not _are_numbers(values):
        pairs = [(time, value) for time, value in zip(times, values) if _are_numbers([value])]
        answer.no_numbers += len(values) - len(pairs)
        times, values = [time for time, _ in pairs], [value for _, value in pairs]
    answer.times = [*answer.times, *times] if answer.times else times
    answer.values = array("d", [*answer.values, *values]) if answer.values else array("d", values)


def _are_numbers(values: Sequence[Any]) -> bool:
    # Of all at once, for there are hundreds of thousands in a run.
    return NUMBERS.issuperset(map(type, values)) and all(map(math.isfinite, values))


def _messages(said: Mapping[str, Any]) -> List[str]:
    return [one_line(f"{message.get('Code')}: {message.get('Value')}") for message in said.get("Messages") or ()]


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
