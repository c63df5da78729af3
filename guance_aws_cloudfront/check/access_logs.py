"""What access logs need, tried where LOGS asks for them: where the files are, and that they can be listed and read."""

from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

from guance_aws_cloudfront.aws.errors import AwsDeniedError, AwsError
from guance_aws_cloudfront.aws.log_files import Deliveries, LogFilesAws
from guance_aws_cloudfront.check.calls import AwsCalls
from guance_aws_cloudfront.check.check import MoreRows
from guance_aws_cloudfront.check.table import FAILED, MISSING, OK, UNTRIED, Row, row_of
from guance_aws_cloudfront.logs.files import HOUR, LogFile, Place, hour_floor, listings, log_file, older_place
from guance_aws_cloudfront.logs.gunzip import BrokenFileError, lines_in_blocks
from guance_aws_cloudfront.logs.lines import (
    UnreadableError,
    header_of,
    is_data,
    layout_of,
    request_time,
    values_of,
    with_delimiter,
)
from guance_aws_cloudfront.logs.places import HAS_V2, Delivered, configured_place_of, delivered_places
from guance_aws_cloudfront.logs.points import unknown_fields
from guance_aws_cloudfront.logs.progress import LATE_HOURS
from guance_aws_cloudfront.points.choice import choose
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.settings.config import CollectorConfig
from guance_aws_cloudfront.settings.logs import LogsConfig
from guance_aws_cloudfront.text import count, iso_utc

# Of so many distributions it is looked up where their files are, and so many buckets are tried.
MOST_DISTRIBUTIONS, MOST_BUCKETS = 20, 3
NEEDED = "needed by LOGS"

Record = Dict[str, Any]


def access_logs_rows(account: Account, config: CollectorConfig, logs: LogsConfig) -> MoreRows:
    """The rows that a check has more, for `check`."""

    def rows(aws: AwsCalls, records: Sequence[Record], now: int) -> Iterator[Row]:
        choice = config.distributions if logs.distributions is None else logs.distributions
        # Which tags a distribution has is not asked for once more.
        chosen = list(records) if choice.tags else choose(records, choice, {})
        yield from _rows(aws, account, logs, chosen[:MOST_DISTRIBUTIONS], now)

    def connection(*arguments: Any, **options: Any) -> LogFilesAws:
        aws = LogFilesAws(*arguments, **options)
        aws.requester_pays = logs.requester_pays
        return aws

    return MoreRows(connection, rows)


def _rows(aws: AwsCalls, account: Account, logs: LogsConfig, records: Sequence[Record], now: int) -> Iterator[Row]:
    unknown_names = unknown_fields(logs)
    if unknown_names:
        yield Row(MISSING, "LOGS fields", " ".join(unknown_names), needed=True)
    no_records = "" if records else "no distribution is known"
    places = {one["Id"]: place for one in records for place in [configured_place_of(one, logs)] if place}
    unknown = [one for one in records if one["Id"] not in places]
    reason = no_records or ("" if unknown else "'buckets' of LOGS says where the files are")
    not_there = "" if account.partition.name in HAS_V2 else "AWS China has only the older kind of access logs"
    told = aws.ask(lambda connection: _logs(connection).deliveries(), unless=reason or not_there)
    if isinstance(told.error, AwsDeniedError):
        detail = f"{NEEDED}; without it only the older kind of logging is found. {told.error}"
        yield Row(MISSING, "logs:DescribeDeliveries", detail)
    else:
        yield row_of("logs:DescribeDeliveries", told, _deliveries_told)
    delivered = delivered_places(told.answer, unknown) if told.answer else Delivered({}, [])
    places.update(delivered.places)
    rest = [one["Id"] for one in unknown if one["Id"] not in places]
    reason = reason or ("" if rest else "all places are known")
    configurations = aws.ask(lambda connection: connection.configurations(rest), unless=reason)
    errors: List[AwsError] = []
    for distribution, answer in zip(rest, configurations.answer or ()):
        if isinstance(answer, AwsError):
            errors.append(answer)
        else:
            place = older_place(answer.get("Logging") or {})
            if place:
                places[distribution] = place
    yield _places_row(records, places, [*map(str, errors), *delivered.remarks], no_records)
    for bucket in list(dict.fromkeys(place.bucket for place in places.values()))[:MOST_BUCKETS]:
        distribution, place = next(it for it in places.items() if it[1].bucket == bucket)
        yield from _bucket_rows(aws, distribution, place, now)


def _logs(connection: Any) -> LogFilesAws:
    """The connection, which `AwsCalls` makes as it is told to by `MoreRows`."""
    found: LogFilesAws = connection
    return found


def _deliveries_told(told: Deliveries) -> str:
    to_s3 = [one for one in told.deliveries if one.get("deliveryDestinationType") == "S3"]
    number = count(len(to_s3), "delivery").replace("deliverys", "deliveries")
    return f"{NEEDED}; {number} of logs to S3 in the account"


def _places_row(
    records: Sequence[Record], places: Mapping[str, Place], mistakes: Sequence[str], no_records: str
) -> Row:
    what = "access logs"
    if no_records:
        return Row(UNTRIED, what, no_records)
    told = " ".join(dict.fromkeys(mistakes))
    if not places:
        detail = (
            f"Of {count(len(records), 'distribution')} looked at, none writes standard logs to S3. Switch logging on "
            "in CloudFront, or say in 'buckets' of LOGS where the files are."
        )
        return Row(MISSING, what, f"{detail} {told}".strip(), needed=True)
    kinds = {kind: sum(place.kind == kind for place in places.values()) for kind in ("v2", "older", "configured")}
    shown = ", ".join(f"{number} {kind}" for kind, number in kinds.items() if number)
    detail = f"{len(places)} of {count(len(records), 'distribution')} looked at write standard logs to S3 ({shown})"
    return Row(MISSING, what, f"{detail}. {told}", needed=True) if told else Row(OK, what, detail)


def _bucket_rows(aws: AwsCalls, distribution: str, place: Place, now: int) -> Iterator[Row]:
    """Whether the files of a distribution can be listed, and the newest one read."""
    wanted = [tuple(one) for one in listings(place, distribution, hour_floor(now) - LATE_HOURS * HOUR, now)]
    asked = aws.ask(lambda connection: _listed(_logs(connection), wanted, distribution))
    files: List[LogFile] = asked.answer or []
    hours = f"the last {LATE_HOURS} hours"
    yield row_of(
        "s3:ListBucket",
        asked,
        lambda found: f"{NEEDED}; {count(len(found), 'log file')} of {distribution} of {hours} in {place.bucket}",
    )
    if asked.answer is not None and not files:
        reason = f"no log file of {hours} is there; CloudFront begins about four hours after logging is switched on"
        yield Row(UNTRIED, "s3:GetObject", reason)
        return
    if not files:
        yield Row(UNTRIED, "s3:GetObject", "no log file is known")
        return
    newest = max(files, key=lambda file: (file.hour, file.key))
    read = aws.ask(lambda connection: _first_line(_logs(connection), newest, place))
    if read.answer and not read.answer[0]:
        yield Row(FAILED, "s3:GetObject", f"{newest.name} can be read, but not as a log file: {read.answer[1]}.")
    else:
        yield row_of("s3:GetObject", read, lambda answer: f"{NEEDED}; {newest.name}: {answer[1]}")


def _listed(aws: LogFilesAws, wanted: Any, distribution: str) -> List[LogFile]:
    found: List[LogFile] = []
    for (bucket, _, _), answer in zip(wanted, aws.listed_keys(wanted)):
        if isinstance(answer, AwsError):
            raise answer
        files = (log_file(bucket, key, size, [distribution]) for key, size in answer)
        found.extend(file for file in files if file)
    return found


def _first_line(aws: LogFilesAws, file: LogFile, place: Place) -> Tuple[bool, str]:
    """Whether the first line of a file can be read, and what it tells; AwsError when S3 gives none of the file."""
    (content,) = aws.contents([(file.bucket, file.key, file.size)])
    if isinstance(content, AwsError):
        raise content
    layout = layout_of(place.columns, place.delimiter)
    try:
        for block in lines_in_blocks(content):
            for line in block:
                if is_data(line):
                    own, values = values_of(line, with_delimiter(layout, line))
                    at = request_time(own, values, file.hour * 1000)
                    return True, f"{len(values)} columns, its first request at {iso_utc(at // 1000)}"
                layout = header_of(line, place.delimiter) or layout
    except (BrokenFileError, UnreadableError) as error:
        return False, str(error)
    return True, "no request is in it"
