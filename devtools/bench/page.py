"""The page of the benchmark, docs/benchmarks.md: its table, what the figures mean for a user, how they come about."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

from guance_aws_cloudfront.cloudfront.catalog import PRICE_PER_METRIC
from guance_aws_cloudfront.collect import RUNS_PER_MONTH

HEAD = """# Benchmarks

Written by `make bench`, with the measurements of that run. Seconds differ between machines; ratios of two things
measured alternately on one machine differ less. No test depends on this page, but tests also check what can be exact:
the number of calls (rows 1) and of POSTs (rows 6).

**Conditions:** {conditions}.

Times are processor time, the lowest of several rounds. Rows 3 give the median of the rounds, because whole processes
vary more. Rows 7 measure elapsed time. Memory in rows 5 is the median of three processes. AWS's answers are prepared in
advance: they go through botocore, but not over a network. Each case runs in its own process.

| | what | measured | target | verdict |
|---|---|---|---|---|
"""

USERS = """
## What this means for you

A regular run every 5 minutes with the six default metrics. AWS answers each call in 100 ms; writing takes no time:

| distributions | seconds a run | of these, processor | memory of the process | metrics a run | $ a month |
|---|---|---|---|---|---|
"""

MEANING = """
- **Rows 1, the bill and the quota:** CloudWatch bills metrics, not calls, so the price depends only on the
  distributions and metrics that you choose ([Cost](en/operation.md#cost)). A run makes the fewest calls that AWS's
  limits allow: 100 distributions a page, 500 metrics a call.
- **Rows 2, the processor of your Func:** 1,000 distributions keep a worker busy for {side:.2f} s a run, which is
  {busy:.2f} % of the 5 minutes. Func's own helper then spends {helper} as much on line protocol, which this package
  cannot change; it is measured with this repository's copy of the helper.
- **Rows 3, the first run of a worker:** most of it is importing botocore and reading its models of the two services,
  as in the bare process. The rest is the run's own work, which grows with the number of distributions: 100 of them
  are 600 metrics, 12,000 values and 2,000 points, which the bare process does not have. Both use Python's stored
  bytecode; Func stores none, so a new worker compiles the scripts once (the other row). Later runs of the same worker
  find the scripts compiled, botocore imported and the models read.
- **Rows 4 and 5, many distributions and long outages:** with 10,000 distributions, each takes {time:.2f} times the
  time and {memory:.2f} times the memory that each takes with 100. Catching up a day's outage takes {day:.0f} MB more
  than botocore itself. The remaining difference between 3 and 24 hours is what is known of the points that were
  sent in the last three hours, and memory that C's allocator keeps for each thread.
- **Rows 6, writing:** no more POSTs than Func's helper needs for so many points, and none for points that have been
  written before.
- **Rows 7, the quota that you share:** the calls of a run never exceed what AWS allows the account in a second, so
  neither they nor your other tools are throttled because of them. A regular run requests 20 minutes; AWS's quota of
  data points (180,000 a second, 500 metrics x 20 minutes = 10,000 a call) is then reached before that of calls. A
  `concurrency` above the default of 4 helps only if AWS is far away.
- **Rows 8, Func's storage:** the state is small enough for Redis at any number of distributions; it is read and
  written once a run.
- **Rows 9, access logs:** with `keep`, a worker reads {log_lines:,.0f} lines a second: about twice what unpacking
  and splitting them costs. A line that is sent costs many times that: its 28 fields are read one by one, held against
  DataKit's limits, and written as line protocol by Func's helper, which takes longest. That is why the target is
  missed where all lines are sent. So send few: `keep` of `LOGS`. A file is a stream: its size does not matter.

## How the design achieves it

- **Calls are filled up.** Series are packed 500 to a call across distributions; distributions are listed 100 to a
  page, which is CloudFront's maximum.
- **JSON answers are not parsed by botocore.** botocore looks up each number of an answer in its service model and
  makes a `datetime` of each time, which is most of the parsing time. CloudWatch's JSON already has the form that is
  needed, so `aws/session` decodes it and leaves everything else (errors, other operations, other protocols) to
  botocore. For query XML, only the parser of timestamps is replaced, by one that remembers the texts it has seen.
- **JSON requests are not serialized by botocore** either. Its serializer took a fifth of our time to look up the
  thousands of parts of a call; two of its events pass the arguments by. It does not validate them either, which takes
  as long. Tests check our requests against the service model, and what is sent against what botocore would send.
- **Numbers are packed as they are read.** As soon as the JSON decoder has read the answer to a query, its values
  become an array of eight bytes each, and equal lists of minutes are shared between queries. Answers that wait to be
  processed take a tenth of the memory.
- **The tags of a distribution are fitted to DataKit's limits once a run**, not once a point; keys are checked once,
  and all numbers of a point together.
- **Checksums are computed from packed numbers**, not from their text, and take four bytes a minute.
- **Points are streamed.** An answer becomes points and is written while the next few calls are in progress. Only a
  distribution whose metrics continue in the next call waits for it, and points that do not fill a POST. The checksums
  of a window are dropped as soon as the watermark has passed it.
- **Service models are read once for each worker process**, through a loader that the sessions of all accounts share;
  it knows no account and no key. They are read directly: botocore would first search the folders of its 400 services,
  three times.
- **Calls are paced** (`aws/pace`): each takes its part of a second's quotas of calls and data points, less 8 %.

Left out because the gain would be less than 10 %: holding off Python's garbage collector during a run, or freezing
what botocore has loaded (3 %, at 10,000 distributions 7 %); remembering which field names are allowed with which tags
(3 %); asking botocore for a session without the event handlers of other services (2 % of a cold process).
"""


def page(rows: Sequence[Any], users: Mapping[int, Dict[str, Any]], conditions: str, figures: Dict[str, Any]) -> str:
    """The whole page; `rows` are those of the table, `users` the regular runs by number of distributions.

    `figures` are those of the cases `side` and `growth`, the memory of a day's catch-up as `day`, and how many lines of
    access logs are read a second, most of them dropped, as `log_lines`.
    """
    table = [f"| {row.item} | {row.what} | {row.measured} | {row.target or '-'} | {row.verdict} |" for row in rows]
    meaning = MEANING.format(
        side=figures["ours"],
        busy=figures["ours"] / 300 * 100,
        time=figures["seconds"][1] / figures["seconds"][0],
        memory=figures["bytes"][1] / figures["bytes"][0],
        day=figures["day"],
        log_lines=figures["log_lines"],
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
