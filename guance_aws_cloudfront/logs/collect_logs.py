"""One run of one account's access logs, from the files in S3 to lines in Guance, top to bottom."""

from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, DefaultDict, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Set, Tuple
from typing import Counter as Counts

from guance_aws_cloudfront.aws.errors import AwsDeniedError, AwsError
from guance_aws_cloudfront.aws.log_files import LogFilesAws
from guance_aws_cloudfront.deadline import Deadline
from guance_aws_cloudfront.errors import RunSkipped, StepError
from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.func.state import LOGS_AREA, READING, State, claim_seconds
from guance_aws_cloudfront.guance.sink import LOGGING, POINTS_PER_CALL, Preview
from guance_aws_cloudfront.logs.files import (
    HOUR,
    Listing,
    LogFile,
    Place,
    hour_floor,
    in_reading_order,
    listings,
    log_file,
)
from guance_aws_cloudfront.logs.gunzip import BrokenFileError, lines_in_blocks
from guance_aws_cloudfront.logs.keep import Keep
from guance_aws_cloudfront.logs.lines import (
    Layout,
    UnreadableError,
    has_time,
    header_of,
    is_data,
    layout_of,
    request_time,
    values_of,
    with_delimiter,
)
from guance_aws_cloudfront.logs.places import are_places_due, find_places
from guance_aws_cloudfront.logs.points import LinePoints, log_tags, unknown_fields
from guance_aws_cloudfront.logs.progress import (
    LATE_HOURS,
    MOST_FILES,
    NOTHING_WRITTEN,
    LogProgress,
    Stretches,
    after_file,
    after_part,
    after_run,
    both_written,
    first_progress,
    is_look_due,
    is_waiting,
    look_from,
    not_caught_up,
    parse_log_progress,
    stretches_of,
    to_read,
    to_the_end,
    written_until,
)
from guance_aws_cloudfront.points.metrics import metric_tags
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.settings.config import CollectorConfig
from guance_aws_cloudfront.settings.logs import LogsConfig
from guance_aws_cloudfront.steps.inventory import Distributions, Inventory
from guance_aws_cloudfront.steps.old_points import REMEDY, OldPoints
from guance_aws_cloudfront.steps.run import Run, end_run, open_sink
from guance_aws_cloudfront.steps.window import run_despite_timeout
from guance_aws_cloudfront.text import calls_made, count, iso_utc, minute_utc, some_of
from guance_aws_cloudfront.version import VERSION

# In US dollars, of S3 in us-east-1: a request to list, one to read, and a gigabyte that leaves AWS's network.
PRICE_OF_LIST, PRICE_OF_GET, PRICE_OF_GB = 0.005 / 1000, 0.0004 / 1000, 0.09
# So many files are kept in mind of those that are to be read: a run gets through fewer.
MOST_FILES_A_RUN = 20_000
# So many errors end reading the files of a distribution in a run, or one that denies it; and so many distributions with
# errors end reading their bucket.
MOST_ERRORS = 3
# So many lines or files are named in a sentence.
MOST_NAMED = 3
FILES_COUNTED = ("listed", "read", "left", "waiting", "unreadable", "gone", "given_up")
LINES_COUNTED = ("read", "kept", "written", "refused", "unreadable", "waiting")
REMEDY_OF_LOGS = REMEDY.replace("as long as CloudWatch keeps them (15 days)", "as long as 'max_catch_up' of LOGS says")

Summary = Dict[str, Any]


@dataclass
class Tally:
    """How many lines or files there are of a kind, and where the first ones are."""

    number: int = 0
    first: List[str] = field(default_factory=list)

    def add(self, where: str) -> None:
        """Count one more."""
        self.number += 1
        if len(self.first) < MOST_NAMED:
            self.first.append(where)

    def __str__(self) -> str:
        """Where they are, in words."""
        more = self.number - len(self.first)
        return ", ".join(self.first) + (f" and {more:,} more" if more else "")


Tallies = DefaultDict[str, Tally]


@dataclass
class LogsRun:
    """A run, and what becomes of files and lines in it.

    `places`, `tags` and `progress` are by distribution ID; of those in `looked` all hours are looked through, those in
    `failed` could not be listed. `bad_lines`, `bad_files` and `refused` have by the reason where they are; in
    `timeless` are distributions whose lines do not say when their request was made.
    """

    run: Run
    logs: LogsConfig
    old_points: OldPoints
    places: Mapping[str, Place]
    tags: Mapping[str, Dict[str, str]]
    keep: Keep
    points: LinePoints
    progress: Dict[str, LogProgress]
    files: Counts[str] = field(default_factory=Counter)
    lines: Counts[str] = field(default_factory=Counter)
    bytes: int = 0
    looked: Set[str] = field(default_factory=set)
    failed: Set[str] = field(default_factory=set)
    bad_lines: Tallies = field(default_factory=lambda: defaultdict(Tally))
    bad_files: Tallies = field(default_factory=lambda: defaultdict(Tally))
    refused: Tallies = field(default_factory=lambda: defaultdict(Tally))
    timeless: Set[str] = field(default_factory=set)

    def is_over(self) -> bool:
        """Whether the run has no time left, or has written as many lines as it may."""
        return self.run.seconds_left() <= 0 or self.lines_left() <= 0

    def lines_left(self) -> int:
        """How many lines the run may still write."""
        return self.logs.max_lines_a_run - self.lines["written"]


def collect_logs(
    account: Account,
    config: CollectorConfig,
    logs: LogsConfig,
    func: Any,
    clock: Any,
    is_dry_run: bool,
    deadline: Optional[Deadline] = None,
) -> Summary:
    """Collect and report the access logs of an account once; with `is_dry_run`, show lines, and write and keep nothing.

    `func` is Func's global DFF, `clock` the module `time` or its like. No call to AWS outlasts the `deadline`, if there
    is one. Returns the summary. Raises CollectError when any part failed, RunSkipped while another run of the account's
    logs is under way; a run of its metrics may be.
    """
    started = clock.monotonic()
    log = RunLog(account.account_name, account.secrets)
    state = State(func, account, log.warn, read_only=is_dry_run, area=LOGS_AREA)
    summary: Summary = {"account": account.account_name, "partition": account.partition.name}
    target = "dry run, nothing is written" if is_dry_run else f'to the connector "{config.datakit_id}"'
    log.say(
        f'Access logs of AWS CloudFront to Guance {VERSION}: account "{account.account_name}" '
        f"({account.partition.name}), {target}."
    )
    since = state.begin(clock, claim_seconds(config.time_limit))
    if since is not None:
        raise RunSkipped(
            f'Account "{account.account_name}": another run of its access logs has been under way since '
            f"{iso_utc(since)}; this one leaves the work to it. Nothing is lost."
        )
    aws: Optional[LogFilesAws] = None
    try:
        sink = Preview() if is_dry_run else open_sink(func, config, clock, started, log)
        aws = LogFilesAws(
            account, config, VERSION, clock, lambda: config.time_limit - (clock.monotonic() - started), deadline
        )
        aws.requester_pays = logs.requester_pays
        if logs.distributions is not None:
            config = replace(config, distributions=logs.distributions)
        report_logs(Run(account, config, clock, started, state, log, sink, aws, is_dry_run), aws, logs, summary)
    except StepError as error:
        log.fail(str(error))
    finally:
        state.end()
    return end_run(log, summary, aws, clock.monotonic() - started)


def report_logs(run: Run, aws: LogFilesAws, logs: LogsConfig, summary: Summary) -> None:
    """Find the log files of the chosen distributions, and report their new lines; `summary` is filled in.

    The newest hour comes first. After each file, and in CACHE after each write, it is kept how far it has been read.
    Raises StepError for what ends the run; the next one goes on from there.
    """
    now = run.now()
    for text in unknown_fields(logs):
        run.log.warn(text)
    # Resource tags are asked for again as often as places are.
    is_due = are_places_due(run.state, now)
    inventory = Inventory(run.account, run.config, run.aws, run.state, run.log, objects_due=is_due)
    distributions = inventory.distributions()
    summary["distributions"] = len(distributions.records)
    known = _known_progress(run, [record["Id"] for record in distributions.records])
    begun = {distribution: progress.place for distribution, progress in known.items()}
    places = find_places(distributions.records, run.account, logs, aws, run.state, run.log, now, begun)
    kinds = Counter(place.kind for place in places.values())
    summary["places"] = {**kinds, "none": len(distributions.records) - len(places)}
    report = LogsRun(
        run,
        logs,
        OldPoints(run, distributions),
        places,
        _tags(run, distributions, places),
        Keep(logs.rules, logs.keep_rest),
        LinePoints(logs),
        _progress(run, logs, places, known, now),
    )
    report.looked.update(key for key, progress in report.progress.items() if is_look_due(progress, now))
    files = list_files(report, aws, now)
    parts = [mark for progress in report.progress.values() for mark in progress.files]
    left = in_reading_order(files, parts)
    try:
        read_files(report, aws, left)
    finally:
        run_despite_timeout(lambda: _end(report, left, now))
        _say(report, aws, left, summary)


def _tags(run: Run, distributions: Distributions, places: Mapping[str, Place]) -> Dict[str, Dict[str, str]]:
    return {
        record["Id"]: log_tags(metric_tags(record, run.account, distributions.resource_tags.get(record["Id"], {})))
        for record in distributions.records
        if record["Id"] in places
    }


def _known_progress(run: Run, distributions: Iterable[str]) -> Dict[str, LogProgress]:
    """What earlier runs knew of the files of each distribution; StateError when STORE cannot be read."""
    found = {}
    for distribution in set(run.state.known_files()).intersection(distributions):
        kept = run.state.files_of(distribution)
        if kept is not None:
            try:
                found[distribution] = parse_log_progress(kept)
            except ValueError:
                run.state.warn_unknown(f"progress of the log files of {distribution}", kept)
    return found


def _progress(
    run: Run, logs: LogsConfig, places: Mapping[str, Place], known: Mapping[str, LogProgress], now: float
) -> Dict[str, LogProgress]:
    """What is known of the files of each distribution at the beginning of a run; StateError when STORE fails."""
    listed = run.state.known_files()
    new = [one for one in places if one not in listed]
    if new:
        run.state.save_known_files([*listed, *new], int(now))
    found = {}
    for distribution, place in places.items():
        progress = known.get(distribution)
        if progress is not None and progress.place != place.name:
            run.log.warn(
                f"Access logs of {distribution} are in {place.name} now, and were in {progress.place}: they are read "
                f"there from {minute_utc(hour_floor(now))} UTC on. Lines of that hour may be there twice."
            )
            progress = None
            first = first_progress(now, 0)
        else:
            first = first_progress(now, logs.first_lookback)
        if progress is None:
            progress = first._replace(place=place.name)
            # At once: where the files cannot be listed, the next run begins where this one would have begun.
            run.state.save_files_of(distribution, progress.as_json())
        found[distribution] = progress
    # A run that was killed had kept in CACHE how far it was.
    reading = run.state.recall(READING)
    if reading and reading["distribution"] in found:
        progress = found[reading["distribution"]]
        mark, hour = reading["mark"], reading["hour"]
        is_done = mark in progress.done.get(hour, ())
        if not is_done and hour >= progress.since:
            known_there = tuple((first, cutoff) for first, cutoff in reading["stretches"])
            stretches = both_written(stretches_of(progress, mark), known_there)
            files = {**progress.files, mark: (hour, stretches)}
            found[reading["distribution"]] = progress._replace(files=files)
            # At once: the next file that is read takes its place in CACHE.
            run.state.save_files_of(reading["distribution"], found[reading["distribution"]].as_json())
    late = [gap for gap in (not_caught_up(one, now, logs.max_catch_up) for one in found.values()) if gap]
    if late:
        start, end = min(gap[0] for gap in late), max(gap[1] for gap in late)
        run.log.warn(
            f"Access logs from {minute_utc(start)} to {minute_utc(end)} UTC are given up: no run has looked for them "
            "for longer than 'max_catch_up' of LOGS says. Raise it to have more of them."
        )
    return found


def list_files(report: LogsRun, aws: LogFilesAws, now: float) -> List[LogFile]:
    """The files that are to be read, as far as one run can get through; what cannot be listed is told."""
    keeps_old = _keeps_old(report)
    oldest = now - report.logs.max_catch_up
    wanted: Dict[str, int] = {}
    of_listing: Dict[Listing, List[str]] = {}
    for distribution, progress in report.progress.items():
        wanted[distribution] = max(look_from(progress, now, keeps_old), hour_floor(oldest))
        for one in listings(report.places[distribution], distribution, wanted[distribution], int(now)):
            of_listing.setdefault(one, []).append(distribution)
    found: Dict[Tuple[str, str], LogFile] = {}
    errors: Dict[str, List[str]] = {}
    for (listing, distributions), answer in zip(of_listing.items(), aws.listed_keys(list(of_listing))):
        if isinstance(answer, AwsError):
            errors.setdefault(str(answer), []).extend(distributions)
            report.failed.update(distributions)
            continue
        report.files["listed"] += len(answer)
        by_distribution: Dict[str, List[LogFile]] = {}
        # A folder of a thousand distributions has a million files in 26 hours.
        known = frozenset(distributions)
        for key, size in answer:
            file = log_file(listing.bucket, key, size, known)
            if file and file.hour >= wanted[file.distribution]:
                by_distribution.setdefault(file.distribution, []).append(file)
        for distribution, files in by_distribution.items():
            for file in to_read(report.progress[distribution], files, keeps_old):
                found[file.bucket, file.key] = file
        if len(found) > 2 * MOST_FILES_A_RUN:
            found = _newest(found.values())
    _fail_each(report.run, errors)
    return list(_newest(found.values()).values())


def _newest(files: Iterable[LogFile]) -> Dict[Tuple[str, str], LogFile]:
    """As many files as a run may get through, and one of each hour and distribution that has others."""
    order = in_reading_order(files)
    rest = {(file.distribution, file.hour): file for file in order[MOST_FILES_A_RUN:]}
    return {(file.bucket, file.key): file for file in (*order[:MOST_FILES_A_RUN], *rest.values())}


def _keeps_old(report: LogsRun) -> bool:
    """Whether lines that wait may be written now; the connector is asked only when there are any."""
    waits = any(is_waiting(one, mark) for one in report.progress.values() for mark in one.files)
    return waits and not report.old_points.must_wait(0)


def _fail_each(run: Run, errors: Mapping[str, List[str]]) -> None:
    for text, ids in errors.items():
        run.log.fail(f"{text} Concerns the access logs of {some_of(list(dict.fromkeys(ids)))}.")


def read_files(report: LogsRun, aws: LogFilesAws, left: List[LogFile]) -> None:
    """Report the lines of the files, one after the other; of `left`, those that are done are taken away.

    Ends when the time of the run is over, or it has written as many lines as it may. What cannot be read is told.
    """
    asked: List[LogFile] = []
    in_bucket: DefaultDict[str, Counts[str]] = defaultdict(Counter)
    denied: Set[Tuple[str, str]] = set()
    # By bucket, the first sentence: each names another file.
    denials: Dict[str, str] = {}
    errors: Dict[str, List[str]] = {}

    def wanted() -> Iterator[Tuple[str, str, int]]:
        # What does not let itself be read is not asked for each of its files. In a bucket, those of some distributions
        # may be denied, archived or encrypted, and those of others not.
        for file in list(left):
            failed = in_bucket[file.bucket]
            is_given_up = failed[file.distribution] >= MOST_ERRORS or len(failed) >= MOST_ERRORS
            if not is_given_up and (file.bucket, file.distribution) not in denied:
                asked.append(file)
                yield file.bucket, file.key, file.size

    try:
        with closing(aws.contents(wanted())) as contents:
            for number, content in enumerate(contents):
                if report.is_over():
                    break
                file = asked[number]
                try:
                    if isinstance(content, AwsError):
                        raise content
                    is_done = read_file(report, file, content)
                except AwsError as error:
                    # A file that is gone was deleted since the listing.
                    is_done = error.is_gone
                    if is_done:
                        report.files["gone"] += 1
                        _keep(report, file, after_file(report.progress[file.distribution], file))
                    else:
                        text = str(error)
                        if isinstance(error, AwsDeniedError):
                            denied.add((file.bucket, file.distribution))
                            text = denials.setdefault(file.bucket, text)
                        else:
                            in_bucket[file.bucket][file.distribution] += 1
                        errors.setdefault(text, []).append(file.distribution)
                if is_done:
                    left.remove(file)
                if report.is_over():
                    break
    finally:
        _fail_each(report.run, errors)


def read_file(report: LogsRun, file: LogFile, content: Iterable[bytes]) -> bool:
    """Report the lines of a file, and keep how far; whether it was read to its end, for the run may end before.

    Raises StepError when the connector fails, AwsError when the file's bytes break off on their way.
    """
    run, place, tags = report.run, report.places[file.distribution], report.tags[file.distribution]
    keep, points, old_points, lines = report.keep, report.points, report.old_points, report.lines
    progress = report.progress[file.distribution]
    before = stretches_of(progress, file.mark)
    is_first_time = before[-1][1] == NOTHING_WRITTEN
    # In milliseconds: lines of requests before it may have to wait.
    limit = old_points.limit * 1000
    layout, is_settled = layout_of(place.columns, place.delimiter), False
    columns: Optional[Layout] = None
    places: Sequence[int] = ()
    pending: List[Dict[str, Any]] = []
    numbers: List[int] = []
    changes = list(before)
    number = cutoff = waiting = 0
    broken = ""

    def reached(line: int) -> Stretches:
        return written_until(before, line, limit if waiting else 0)

    def write() -> None:
        """Write what is pending, and keep how far the file has been gone through: in CACHE, for that is quick."""
        if not pending:
            return
        written: List[int] = []
        is_done = False
        try:
            for position, reason in run.sink.write(LOGGING, pending, written.append):
                report.refused[reason].add(f"line {numbers[position] + 1} of {file.name}")
            is_done = True
        finally:
            # Also when Func's time-out ends the run here. What arrived has been written in this order.
            arrived = max(written, default=-1) + 1
            line = number if is_done or arrived == len(numbers) else numbers[arrived]
            lines["written"] += len(written)
            run_despite_timeout(lambda: _keep_reading(report, file, reached(line)))
            if not is_done:
                run_despite_timeout(lambda: _keep(report, file, after_part(progress, file, reached(line))))
        pending.clear()
        numbers.clear()

    try:
        for block in lines_in_blocks(_counted(report, content)):
            for line in block:
                if changes and number >= changes[0][0]:
                    cutoff = changes.pop(0)[1]
                number += 1
                if not is_data(line):
                    layout, is_settled = header_of(line, place.delimiter) or layout, False
                    continue
                if not cutoff:
                    continue
                try:
                    if not is_settled:
                        layout, is_settled = with_delimiter(layout, line), True
                    own, values = values_of(line, layout)
                    if own is not columns:
                        columns, places = own, keep.places(own)
                        if not has_time(own):
                            report.timeless.add(file.distribution)
                    lines["read"] += is_first_time
                    if not keep.takes(values, places):
                        continue
                    lines["kept"] += is_first_time
                    at = request_time(own, values, file.hour * 1000)
                except UnreadableError as error:
                    if is_first_time:
                        report.bad_lines[str(error)].add(f"line {number} of {file.name}")
                    continue
                if at >= cutoff:
                    # Written by an earlier run.
                    continue
                if at < limit and old_points.must_wait(at // 1000):
                    waiting += 1
                    continue
                pending.append(points.point(own, values, at, tags))
                numbers.append(number - 1)
                if len(pending) == min(POINTS_PER_CALL, report.lines_left()):
                    write()
                    if report.is_over():
                        break
            if report.is_over():
                write()
                _keep(report, file, after_part(progress, file, reached(number)))
                return False
    except BrokenFileError as error:
        broken = str(error)
    except AwsError:
        write()
        _keep(report, file, after_part(progress, file, reached(number)))
        raise
    write()
    report.files["read"] += 1
    lines["waiting"] += waiting
    if broken:
        report.bad_files[broken].add(f"{file.name} after {count(number, 'line')}")
    _keep(report, file, after_file(progress, file, to_the_end(before, number, limit) if waiting else None))
    return True


def _counted(report: LogsRun, content: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in content:
        report.bytes += len(chunk)
        yield chunk


def _keep(report: LogsRun, file: LogFile, progress: LogProgress) -> None:
    report.progress[file.distribution] = progress
    report.run.state.save_files_of(file.distribution, progress.as_json())


def _keep_reading(report: LogsRun, file: LogFile, stretches: Stretches) -> None:
    kept = {"distribution": file.distribution, "mark": file.mark, "hour": file.hour, "stretches": stretches}
    report.run.state.keep(READING, kept, "a run that is killed now sends lines of a file again")


def _end(report: LogsRun, left: Sequence[LogFile], now: float) -> None:
    """Keep what is known of the files of each distribution that could be listed, and tell what is given up."""
    lost: Counts[int] = Counter()
    full: List[str] = []
    for distribution, progress in report.progress.items():
        if distribution in report.failed:
            continue
        unread = [file for file in left if file.distribution == distribution]
        looked = distribution in report.looked
        closed = after_run(progress, unread, now, report.logs.max_catch_up, looked)
        lost.update(dict(closed.given_up))
        may_come_late = max(hour_floor(now) - LATE_HOURS * HOUR, hour_floor(now - report.logs.max_catch_up))
        if closed.progress.since > max(progress.since, may_come_late):
            full.append(distribution)
        if closed.progress != progress:
            report.progress[distribution] = closed.progress
            report.run.state.save_files_of(distribution, closed.progress.as_json())
    if full:
        report.run.log.warn(
            f"Access logs of {some_of(full)}: there are more log files than are kept in mind of a distribution "
            f"({MOST_FILES:,}). Files of the older hours that come late are not read."
        )
    if lost:
        report.files["given_up"] = sum(lost.values())
        report.run.log.warn(
            f"Access logs: {count(sum(lost.values()), 'file')} of the hours from {minute_utc(min(lost))} to "
            f"{minute_utc(max(lost))} UTC are given up, for they could not be written in the time that 'max_catch_up' "
            "of LOGS gives them."
        )


def _say(report: LogsRun, aws: LogFilesAws, left: Sequence[LogFile], summary: Summary) -> None:
    """Sum up the run for the log, and fill in `summary`."""
    run, files, lines = report.run, report.files, report.lines
    files["left"] = len(left)
    files["waiting"] = sum(
        1 for progress in report.progress.values() for mark in progress.files if is_waiting(progress, mark)
    )
    files["unreadable"] = sum(one.number for one in report.bad_files.values())
    lines["unreadable"] = sum(one.number for one in report.bad_lines.values())
    lines["refused"] = sum(one.number for one in report.refused.values())
    run.log.say(
        f"Files: {files['listed']:,} listed, {files['read']:,} read to their end, {files['left']:,} left. "
        f"Lines: {lines['read']:,} read, {lines['kept']:,} kept, {lines['written']:,} "
        f"{'would be ' if run.is_dry_run else ''}written."
    )
    if left:
        oldest = min(file.hour for file in left)
        run.log.warn(
            f"Access logs: {count(len(left), 'file')} of the hours from {minute_utc(oldest)} UTC on are left for the "
            "next run. If that lasts, keep fewer lines ('keep' of LOGS), or raise 'max_lines_a_run' and 'time_limit'."
        )
    if files["waiting"] and report.old_points.must_wait(0):
        run.log.warn(
            f"Access logs: lines of {count(files['waiting'], 'file')} wait, {lines['waiting']:,} of them from this "
            f"run: {report.old_points.why()}. {REMEDY_OF_LOGS}"
        )
    for text, found in report.bad_lines.items():
        are = "is" if found.number == 1 else "are"
        run.log.warn(
            f"{count(found.number, 'line')} of access logs cannot be read and {are} left out: {text} ({found})."
        )
    for text, found in report.bad_files.items():
        run.log.warn(
            f"{count(found.number, 'log file')} cannot be read to the end, and {'is' if found.number == 1 else 'are'} "
            f"not read again: {text} ({found})."
        )
    for text, found in report.refused.items():
        run.log.fail(
            f"The connector refused {count(found.number, 'line')} of access logs ({text}): {found}. All others were "
            "written. Report it with this line."
        )
    if report.timeless:
        run.log.warn(
            f"Access logs of {some_of(sorted(report.timeless))} have no column for the time: their lines get the hour "
            "of their file. Choose the fields date and time, or timestamp(ms), in the delivery."
        )
    requests = {name: aws.calls[name] for name in ("ListObjectsV2", "GetObject")}
    price = requests["ListObjectsV2"] * PRICE_OF_LIST + requests["GetObject"] * PRICE_OF_GET
    run.log.say(
        f"Cost: {calls_made(requests)} of S3, ${price:.5f}; {report.bytes / 1e6:,.1f} MB read, which cost "
        f"${report.bytes / 1e9 * PRICE_OF_GB:.5f} more where they leave AWS."
    )
    if isinstance(run.sink, Preview):
        run.log.say(run.sink.shown(**{LOGGING: "line"}))
    summary.update(
        files={name: files[name] for name in FILES_COUNTED},
        lines={name: lines[name] for name in LINES_COUNTED},
        bytes=report.bytes,
        estimated_price_usd=round(price, 6),
    )
