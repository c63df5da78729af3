"""What the demo shows: the story of a run, tables and small charts; reads well without colours too."""

from __future__ import annotations

import json
import math
import time
from itertools import groupby
from pathlib import Path
from typing import Dict, Iterable, List, Mapping, Sequence, Tuple

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sparklines import sparklines

from devtools.demo.judge import DEFAULTS
from devtools.func.runtime import TaskRecord
from devtools.guance.datakit import DataKit, Point

# A column of a chart, in seconds: seven hours are 42 columns.
COLUMN = 600
BLANK = "·"

# Lines are not cut into 80 columns where the output is no terminal.
console = Console(highlight=False, soft_wrap=True)


def heading(text: str) -> None:
    """Begin a part."""
    console.print()
    console.print(f"[bold]{text}[/bold]")


def say(text: str) -> None:
    """A line of the story; what comes from elsewhere is text, never markup."""
    console.print(text, markup=False)


def story(record: TaskRecord) -> None:
    """A task's log as Func shows it, and how it ended."""
    for line in record.log.splitlines():
        console.print(f"  | {line}", markup=False, style="dim")
    verdict = record.status if record.exception is None else f"{record.status}: {record.exception}"
    console.print(f"  => {verdict}", markup=False, style="green" if record.status == "success" else "red")


def runs(records: Iterable[TaskRecord]) -> None:
    """The runs that followed the first: when, how they ended, what they wrote; those that are alike in one line."""
    for _, alike in groupby(records, _what_happened):
        group = list(alike)
        if group[0].status == "success":
            console.print(f"  {_when(group)}  {_succeeded(group)}", markup=False)
            continue
        first, *others = group
        console.print(f"  {_when([first])}  {first.status}: {first.exception}", markup=False, style="red")
        if others:
            console.print(f"  {_when(others)}  {first.status}: as before", markup=False, style="red")


def _what_happened(record: TaskRecord) -> Tuple[str, bool, bool]:
    if record.status != "success":
        return record.status, False, False
    return record.status, record.return_value["points"]["changed"] > 0, len(record.return_value["windows"]) > 1


def _when(group: Sequence[TaskRecord]) -> str:
    times = [clock_time(group[0].started_at), *(clock_time(it.started_at) for it in group[1:][-1:])]
    return f"{' to '.join(times):<14}"


def _succeeded(group: Sequence[TaskRecord]) -> str:
    summaries = [record.return_value for record in group]
    new, changed = (sum(it["points"][name] for it in summaries) for name in ("new", "changed"))
    windows = sum(len(it["windows"]) for it in summaries if len(it["windows"]) > 1)
    reports = sum(it["objects"] > 0 for it in summaries)
    parts = [
        "ok" if len(group) == 1 else f"{len(group)} runs ok",
        counted(new, "new point"),
        *([f"{changed:,} changed"] if changed else []),
        *([f"{counted(windows, 'window')} caught up"] if windows else []),
        *([f"{counted(reports, 'report')} of the objects"] if reports else []),
    ]
    return ", ".join(parts)


def counted(number: int, thing: str) -> str:
    """So many of a thing: "1 point", "1,234 points"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def objects(points: Iterable[Point]) -> None:
    """The objects as the Resource Catalog lists them, the newest report of each."""
    table = Table("Id", "Domain", "Status", "Enabled", "Description", box=SIMPLE_HEAD, pad_edge=False)
    for point in {point.tags["name"]: point for point in points}.values():
        aliases = json.loads(point.fields.get("Aliases", "{}")).get("Items") or [point.tags["DomainName"]]
        enabled = "yes" if point.fields.get("Enabled") else "no"
        cells = (point.tags["Id"], aliases[0], point.tags["Status"], enabled, point.fields.get("Description", ""))
        table.add_row(*map(Text, cells))
    console.print(table)


def changes(points: Iterable[Point]) -> None:
    """The change events in a line each, with the difference below."""
    for point in points:
        say(f"  {clock_time(point.time)}  {point.fields['df_title']}")
        say(f"         {point.fields['diff']}")


def charts(datakit: DataKit, start: int, end: int) -> None:
    """The default metrics of every distribution in [start, end) in blocks, a column for ten minutes.

    A dot stands where there is none.
    """
    by_distribution: Dict[str, List[Point]] = {}
    for point in datakit.latest().values():
        if "FunctionName" not in point.tags:
            by_distribution.setdefault(point.tags["DistributionId"], []).append(point)
    for distribution_id, points in by_distribution.items():
        say(f"  {points[0].tags.get('Alias', points[0].tags['DomainName'])} ({distribution_id})")
        for field in sorted({name for point in points for name in point.fields if name in DEFAULTS}, key=_order):
            within = [point for point in points if start <= point.time < end and field in point.fields]
            if within:
                values = {point.time: point.fields[field] for point in within}
                say(f"  {field:<22} {chart(values, field, start, end)} {_range(field, values)}")


def chart(values: Mapping[int, float], field: str, start: int, end: int) -> str:
    """The chart of one field: sums are summed in a column, rates averaged."""
    columns = []
    for first in range(start, end, COLUMN):
        inside = [values[minute] for minute in range(first, first + COLUMN, 60) if minute in values]
        columns.append(_together(field, inside) if inside else None)
    # From zero up, so that a high block is a high value; sparklines needs a maximum above it.
    highest = max([1e-9, *(value for value in columns if value is not None)])
    return str(sparklines(columns, minimum=0, maximum=highest)[0]).replace(" ", BLANK)


def date_and_time(seconds: float) -> str:
    """The date and the time of day in UTC, as 2026-03-02 09:35."""
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(seconds))


def clock_time(seconds: float) -> str:
    """The time of day in UTC, as 09:35."""
    return time.strftime("%H:%M", time.gmtime(seconds))


def short(path: Path) -> Path:
    """A path as one would type it here."""
    return path.relative_to(Path.cwd()) if Path.cwd() in path.parents else path


def counts(rows: Sequence[Tuple[str, str]]) -> None:
    """Names and numbers, side by side."""
    for name, value in rows:
        say(f"  {name:<54} {value}")


def _together(field: str, values: Sequence[float]) -> float:
    whole = math.fsum(values)
    return whole if field.endswith("_Sum") else whole / len(values)


def _range(field: str, values: Mapping[int, float]) -> str:
    if field.endswith("_Sum"):
        return f"in all {abbreviated(math.fsum(values.values()))}"
    return f"up to {max(values.values()):.1f} %"


def abbreviated(number: float) -> str:
    """A number in three digits, as 1.29M."""
    for unit in ("", "k", "M", "G"):
        if abs(number) < 1000:
            return f"{number:.3g}{unit}"
        number /= 1000
    return f"{number:,.0f}T"


def _order(field: str) -> Tuple[bool, str]:
    return not field.endswith("_Sum"), field
