"""Where the log files of a distribution are, which of them to list, and what a file's name says. Pure.

Both kinds of standard logging name a file `<distribution>.YYYY-MM-DD-HH.<unique>.gz`; the hour is that of the requests.
Of the newer kind the folder may have the distribution and the hour in it too.
"""

import base64
import hashlib
import itertools
import re
from typing import Any, Collection, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from guance_aws_cloudfront.logs.lines import hour_of
from guance_aws_cloudfront.settings.logs import Bucket
from guance_aws_cloudfront.text import iso_utc

HOUR = 3600
# The parts of a time in a path, in the order in which names of files are in the order of time.
TIME_VARIABLES = ("yyyy", "MM", "dd", "HH")
STAMP = "{yyyy}-{MM}-{dd}-{HH}"
NAME = re.compile(r"(.*?)\.(\d{4})-(\d{2})-(\d{2})-(\d{2})\.([^/]*)\Z", re.DOTALL)
VARIABLE = re.compile(r"\{(\w+)\}")
# With `enableHiveCompatiblePath`, a variable that is a whole folder has its name before it.
HIVE = {"yyyy": "year", "MM": "month", "dd": "day", "HH": "hour", "account-id": "aws-account-id"}
# `my-logs.s3.amazonaws.com`, as GetDistributionConfig names a bucket.
BUCKET_HOST = re.compile(r"\.s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?\Z")
# In bytes, of a file's mark: of 5,000 files two have the same with a probability of one in twenty million.
MARK = 6


class Place(NamedTuple):
    """Where a distribution's log files are: a bucket, and folders with the time's variables in braces.

    A path ends with "/" but where CloudFront puts the file's name right after it. `columns` and `delimiter` are those
    of files without a header. `kind` is `v2`, `older` or `configured`.
    """

    kind: str
    bucket: str
    paths: Tuple[str, ...]
    columns: Tuple[str, ...] = ()
    delimiter: str = "\t"

    @property
    def name(self) -> str:
        """The place as a person knows it, and as it is told from others."""
        return f"s3://{self.bucket}/{self.paths[0]}"


class Listing(NamedTuple):
    """What to ask ListObjectsV2 for: keys that begin with `prefix` and come after `after` (empty: all of them)."""

    bucket: str
    prefix: str
    after: str


class LogFile(NamedTuple):
    """A log file: the distribution and the hour (epoch seconds) of its requests, and where it is; `size` in bytes."""

    distribution: str
    hour: int
    bucket: str
    key: str
    size: int

    @property
    def mark(self) -> str:
        """A short name that no other file of the distribution has."""
        digest = hashlib.blake2b(f"{self.bucket}/{self.key}".encode(errors="replace"), digest_size=MARK).digest()
        return base64.urlsafe_b64encode(digest).decode()

    @property
    def name(self) -> str:
        """The file as a person finds it."""
        return f"s3://{self.bucket}/{self.key}"


def older_place(logging: Mapping[str, Any]) -> Optional[Place]:
    """Where the older kind of logging writes, by the `Logging` of GetDistributionConfig; None where it is off."""
    bucket, prefix = str(logging.get("Bucket") or ""), str(logging.get("Prefix") or "")
    if not logging.get("Enabled") or not bucket:
        return None
    # Documents say that CloudFront puts a slash after a prefix without one, and in another place that it does not.
    paths = (prefix,) if not prefix or prefix.endswith("/") else (f"{prefix}/", prefix)
    return Place("older", BUCKET_HOST.sub("", bucket), paths)


def configured_place(given: Bucket, distribution: str) -> Place:
    """Where the user says that a distribution's files are."""
    path = _of_distribution(given.path, distribution)
    path = path if not path or path.endswith("/") else f"{path}/"
    return Place("configured", given.bucket, (path,), given.fields, given.delimiter)


def delivered_place(delivery: Mapping[str, Any], destination: str, distribution: str, account: str) -> Place:
    """Where a delivery of the newer kind writes: `destination` is the ARN of a bucket, with a prefix or without.

    `delivery` is what DescribeDeliveries says of it; `account` the number of the distribution's account.
    """
    bucket, _, prefix = destination.partition(":::")[2].partition("/")
    configuration = delivery.get("s3DeliveryConfiguration") or {}
    suffix = str(configuration.get("suffixPath") or "")
    if not prefix and not suffix:
        suffix = "AWSLogs/{account-id}/CloudFront"
    folders = [part for part in f"{prefix}/{suffix}".split("/") if part]
    if configuration.get("enableHiveCompatiblePath"):
        folders = [re.sub(r"\A\{([\w-]+)\}\Z", _hive, part) for part in folders]
    path = _of_distribution("".join(f"{part}/" for part in folders), distribution)
    path = path.replace("{account-id}", account).replace("{accountid}", account)
    columns = tuple(map(str, delivery.get("recordFields") or ()))
    return Place("v2", bucket, (path,), columns, str(delivery.get("fieldDelimiter") or "") or "\t")


def _hive(variable: Any) -> str:
    name = variable.group(1)
    return f"{HIVE.get(name, name)}={{{name}}}"


def _of_distribution(path: str, distribution: str) -> str:
    return path.replace("{DistributionId}", distribution).replace("{distributionid}", distribution)


def listings(place: Place, distribution: str, since: int, until: int) -> List[Listing]:
    """What to list for the files of a distribution of the hours from `since` to `until`, both in epoch seconds.

    As few calls as can be: one for all hours where keys are in the order of time; of a folder that several
    distributions share, the same listing for all of them; else one for each folder.
    """
    return [one for path in place.paths for one in _listings_of_path(place.bucket, path, distribution, since, until)]


def _listings_of_path(bucket: str, path: str, distribution: str, since: int, until: int) -> List[Listing]:
    variables = tuple(VARIABLE.findall(path))
    head = path.partition("{")[0]
    if not variables:
        return [Listing(bucket, f"{path}{distribution}.", filled(f"{path}{distribution}.{STAMP}", since))]
    is_in_order = variables == TIME_VARIABLES[: len(variables)]
    if is_in_order and distribution in head:
        return [Listing(bucket, head, filled(f"{path}{distribution}.{STAMP}", since))]
    if variables == TIME_VARIABLES:
        first, last = (filled(path[: path.rindex("}") + 1], hour) for hour in (since, until))
        in_common = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, last))
        # At a bucket's root, anything may stand beside the years.
        return [Listing(bucket, head or "".join(one for one, _ in in_common), first)]
    folders = (filled(path, hour) for hour in range(since, until + 1, HOUR))
    return [Listing(bucket, f"{folder}{distribution}.", "") for folder in dict.fromkeys(folders)]


def filled(path: str, hour: int) -> str:
    """A path with the time's variables filled in."""
    # 2026-11-24T08:00:00Z
    text = iso_utc(hour)
    parts = {"yyyy": text[:4], "MM": text[5:7], "dd": text[8:10], "HH": text[11:13]}
    return VARIABLE.sub(lambda variable: parts.get(variable.group(1), variable.group(0)), path)


def log_file(bucket: str, key: str, size: int, distributions: Collection[str]) -> Optional[LogFile]:
    """The log file that a key is of, if it is one of these distributions; None for any other object."""
    found = NAME.match(key.rpartition("/")[2])
    if not found:
        return None
    head, *hour, _ = found.groups()
    try:
        at = hour_of(*map(int, hour))
    except ValueError:
        return None
    if head in distributions:
        return LogFile(head, at, bucket, key, size)
    # Where a prefix has no slash at its end, it stands right before the distribution.
    named = [one for one in distributions if head.endswith(one)]
    return LogFile(max(named, key=len), at, bucket, key, size) if named else None


def hour_floor(seconds: float) -> int:
    """The beginning of the hour that a time lies in, both in epoch seconds."""
    return int(seconds // HOUR) * HOUR


def in_reading_order(files: Iterable[LogFile], first: Sequence[str] = ()) -> List[LogFile]:
    """The newest hour first, for what happens now is looked at now; of an hour those of which a part is read.

    `first` are the marks of these. Within an hour the distributions take turns, by no order of names.
    """
    return sorted(files, key=lambda file: (-file.hour, file.mark not in first, file.mark))
