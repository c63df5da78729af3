"""The page of the benchmark, docs/benchmarks.md: its table, what the figures mean for a user, how they come about."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

from guance_aws_cloudfront.cloudfront.catalog import PRICE_PER_METRIC
from guance_aws_cloudfront.collect import RUNS_PER_MONTH

HEAD = """# Benchmarks

Written by `make bench`, with what was measured in that run. Seconds differ between machines; ratios, of things that
took turns on one machine, less so. Nothing here decides over the tests, but what can be exact is held by them too:
the number of calls (rows 1) and of POSTs (rows 6).

**Conditions:** {conditions}.

Times are of the processor and the least of several rounds, but for rows 7, which are about waiting. AWS's answers are
canned: they go through botocore, but over no network, and in rows 3 making them counts as ours. Each case has a process
of its own.

| | what | measured | target | verdict |
|---|---|---|---|---|
"""

USERS = """
## What this means for you

A regular run every 5 minutes with the six default metrics, AWS answering each call in 100 ms, and a sink that takes
no time:

| distributions | seconds a run | of these, processor | memory of the process | metrics a run | $ a month |
|---|---|---|---|---|---|
"""

MEANING = """
- **Rows 1, the bill and the quota:** CloudWatch bills metrics, not calls, so the dollars follow from the
  distributions and metrics that you choose ("Cost" in docs/en/operation.md). No run makes a call more than AWS's own
  limits ask for: 100 distributions a page, 500 metrics a call.
- **Rows 2, the processor of your Func:** 1,000 distributions keep a worker busy for {side:.2f} s a run, which is
  {busy:.2f} % of the 5 minutes. What Func's own helper then spends on line protocol, {helper} as much, is not ours
  to change; it is measured with this repository's copy of the helper.
- **Rows 3, the first run of a worker:** most of it is importing botocore and reading its models of the two services,
  as in the bare process; the rest is the run's own work, which grows with the distributions: a hundred of them are 600
  metrics, 12,000 values and 2,000 points, of which the bare process has none. Bytecode is there as Python leaves it for
  boto3 and us alike; Func keeps none, so a new worker compiles the scripts once, as the other row has it. Later runs of
  the same worker find the scripts compiled, botocore imported and the models read.
- **Rows 4 and 5, many distributions and long outages:** each of 10,000 distributions takes {time:.2f} times the time
  and {memory:.2f} times the memory of each of 100, and a day's outage is caught up in {day:.0f} MB beyond what
  botocore takes. What is left of a difference between 3 and 24 hours is what C's allocator holds back for each thread.
- **Rows 6, the sink:** no more POSTs than Func's helper needs for so many points, and none for what stands there
  already.
- **Rows 7, the quota that you share:** the calls of a run never take more than AWS allows the account in a second,
  so neither they nor your other tools are throttled for it. A regular run asks for 20 minutes, and then AWS's quota
  of data points (180,000 a second, 500 metrics x 20 minutes = 10,000 a call) is reached before that of calls.
  A `concurrency` greater than the default of 4 helps only where AWS is far away.
- **Rows 8, Func's storage:** what is kept is small enough for Redis at any number of distributions; it is read and
  written once a run.

## How the design reaches it

- **One call for everything that fits.** Series are packed 500 to a call across distributions; the paginator's page
  of 100 is CloudFront's largest.
- **An answer in JSON is taken as it is.** botocore looks up each of a call's numbers in its service model and makes
  a `datetime` in the machine's zone of each time, which is most of the time of parsing. CloudWatch's JSON *is* the
  wanted form, so `aws_session` decodes it and leaves all else (errors, other operations, other protocols) to
  botocore. In query XML the parser of time stamps alone is replaced, by one that remembers the texts it has seen.
- **A request in JSON is sent as it is**, too. botocore's serializer took a fifth of our side to look each of a call's
  thousands of parts up; two of its events let the arguments by. Nor does it validate them, which takes as long. Tests
  hold what we ask against the service model, and what is sent against what botocore would send.
- **Numbers are packed as they are read.** When JSON's decoder has read the answer to a query, its values become an
  array of eight bytes each, and minutes that are those of the query before are that query's. So the answers that wait
  for their turn take a tenth of the room.
- **The tags of a distribution are fitted to DataKit's limits once a run**, not once a point; keys once, numbers by
  one look at all of a point's.
- **Checksums are of packed numbers** and not of their text, and kept in four bytes a minute.
- **A stream, not a heap.** An answer becomes points and is written while the next few calls are under way; only a
  distribution whose metrics go on in the next call waits for it, and what does not fill a POST. The digest forgets
  a window as soon as the watermark has passed it.
- **Service models are read once for each worker process**, through a loader that sessions of all accounts share; it
  knows of no account and no key. And they are looked up where they are: botocore goes through the folders of its 400
  services first, three times.
- **Calls take turns** (`pace`): each takes its part of a second's quotas of calls and data points, less 5 %.

What stayed out, because it would buy less than 10 %: holding off Python's garbage collector during a run, or freezing
what botocore has loaded (3 %, at 10,000 distributions 7 %); remembering which names of fields may stand beside which
tags (3 %); asking botocore for a session without the event handlers of other services (2 % of a cold process).
"""


def page(rows: Sequence[Any], users: Mapping[int, Dict[str, Any]], conditions: str, figures: Dict[str, Any]) -> str:
    """The whole page; `rows` are those of the table, `users` the regular runs by number of distributions.

    `figures` are those of the cases `side` and `growth`, and the memory of a day's catch-up as `day`.
    """
    table = [f"| {row.item} | {row.what} | {row.measured} | {row.target or '-'} | {row.verdict} |" for row in rows]
    meaning = MEANING.format(
        side=figures["ours"],
        busy=figures["ours"] / 300 * 100,
        time=figures["seconds"][1] / figures["seconds"][0],
        memory=figures["bytes"][1] / figures["bytes"][0],
        day=figures["day"],
        helper=f"{figures['helper'] / figures['ours']:.1f} times",
    )
    return HEAD.format(conditions=conditions) + _lines(table) + USERS + _lines(user_rows(users)) + meaning


def user_rows(users: Mapping[int, Dict[str, Any]]) -> List[str]:
    """What a regular run takes and costs, a line for each number of distributions."""
    return [
        f"| {number:,} | {one['seconds']:.2f} | {one['processor']:.2f} | {one['megabytes']:.0f} MB | {one['billed']:,} "
        f"| {one['billed'] * PRICE_PER_METRIC * RUNS_PER_MONTH:.0f} |"
        for number, one in users.items()
    ]


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
