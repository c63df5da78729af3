"""Finds out where the log files of each distribution are: by what the user says, and by what AWS tells."""

from types import MappingProxyType
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from guance_aws_cloudfront.aws.errors import AwsDeniedError, AwsError
from guance_aws_cloudfront.aws.log_files import Deliveries, LogFilesAws
from guance_aws_cloudfront.cloudfront.record import aliases, text_of
from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.func.state import State
from guance_aws_cloudfront.logs.files import Place, configured_place, delivered_place, older_place
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.settings.logs import LogsConfig
from guance_aws_cloudfront.settings.patterns import fits
from guance_aws_cloudfront.text import count, some_of

# What AWS tells is asked for again after so many seconds.
ASKED_EVERY = 3600
# A crontab fires some seconds early or late.
SLACK = 60
# Configurations are asked for one by one: so many a run, until all are known.
CONFIGURATIONS_A_RUN = 100
# Where the newer kind of logging is offered.
HAS_V2 = ("aws",)
S3, PARQUET = "S3", "parquet"
NAME_IT = "or say in 'buckets' of LOGS where the files are"
Record = Mapping[str, Any]


class Delivered(NamedTuple):
    """Where deliveries of the newer kind go to, by distribution ID; and what is told of those that cannot be read."""

    places: Dict[str, Place]
    remarks: List[str]


def find_places(
    records: Sequence[Record],
    account: Account,
    logs: LogsConfig,
    aws: LogFilesAws,
    state: State,
    log: RunLog,
    now: float,
    begun: Mapping[str, str],
) -> Dict[str, Place]:
    """Where the files of each distribution are, by its ID, which is said; those that are not known are left out.

    Of a distribution that writes both kinds of logs one is read, for each line is in both: the one that was `begun`
    (the name of its place by distribution ID), or else the newer one. What AWS tells is kept for an hour, and of the
    older kind until the distribution changes. What fails is told to the log.
    """
    places = {record["Id"]: place for record in records for place in [configured_place_of(record, logs)] if place}
    unknown = [record for record in records if record["Id"] not in places]
    kept = state.recall("places") or {}
    if are_places_due(state, now):
        kept = {**kept, "asked": int(now)}
        if unknown and account.partition.name in HAS_V2:
            try:
                delivered = delivered_places(aws.deliveries(), unknown, begun)
                kept.update(v2=delivered.places, remarks=delivered.remarks)
            except AwsDeniedError as denied:
                text = f"{denied} Until then, only the older kind of logging is found; {NAME_IT}."
                kept.update(v2={}, remarks=[text])
            except AwsError as error:
                log.fail(str(error))
                if "v2" not in kept:
                    # Lines of the older kind might come a second time once the newer one is known.
                    log.say(f"Access logs: {count(len(unknown), 'distribution')} cannot be looked up until then.")
                    return places
                # Asked for again by the next run.
                kept["asked"] = 0
    for text in kept.get("remarks", ()):
        log.warn(text)
    places.update({one["Id"]: _place(kept["v2"][one["Id"]]) for one in unknown if one["Id"] in kept.get("v2", {})})
    # Those that may be begun at a place of the older kind.
    others = [
        one
        for one in unknown
        if one["Id"] not in places or begun.get(one["Id"], places[one["Id"]].name) != places[one["Id"]].name
    ]
    kept["older"] = _older(others, kept.get("older", {}), aws, log)
    for key, one in kept["older"].items():
        older = _place(one["place"]) if one["place"] else None
        if older and (key not in places or older.name == begun.get(key)):
            places[key] = older
    state.keep("places", kept)
    _say(records, places, log)
    return places


def are_places_due(state: State, now: float) -> bool:
    """Whether AWS is to be asked again where log files are."""
    asked = (state.recall("places") or {}).get("asked", 0)
    return not asked <= now < asked + ASKED_EVERY - SLACK


def delivered_places(
    told: Deliveries, records: Sequence[Record], begun: Mapping[str, str] = MappingProxyType({})
) -> Delivered:
    """Where the deliveries to S3 of these distributions go to, out of what CloudWatch Logs tells of all deliveries.

    Of several deliveries of a distribution one is read, because each line is in all of them: the one that was `begun`
    (the name of its place by distribution ID), or else the first by its ID.
    """
    sources: Dict[str, str] = {}
    accounts: Dict[str, str] = {}
    for record in records:
        arn = text_of(record, "ARN")
        accounts[record["Id"]] = arn.split(":")[4] if arn.count(":") >= 5 else ""
        for source in told.sources:
            if arn and arn in (source.get("resourceArns") or ()):
                sources[str(source.get("name"))] = record["Id"]
    destinations = {str(one.get("arn")): one for one in told.destinations}
    places: Dict[str, Place] = {}
    parquet: List[str] = []
    elsewhere: List[str] = []
    for delivery in sorted(told.deliveries, key=lambda one: str(one.get("id"))):
        distribution = sources.get(str(delivery.get("deliverySourceName")), "")
        if not distribution or delivery.get("deliveryDestinationType") != S3:
            continue
        destination = destinations.get(str(delivery.get("deliveryDestinationArn")))
        if destination is None:
            elsewhere.append(distribution)
        elif destination.get("outputFormat") == PARQUET:
            parquet.append(distribution)
        else:
            bucket = (destination.get("deliveryDestinationConfiguration") or {}).get("destinationResourceArn")
            place = delivered_place(delivery, str(bucket), distribution, accounts[distribution])
            if distribution not in places or place.name == begun.get(distribution):
                places[distribution] = place
    return Delivered(places, _remarks(parquet, elsewhere, places))


def _remarks(parquet: Sequence[str], elsewhere: Sequence[str], places: Mapping[str, Place]) -> List[str]:
    remarks = []
    unread = sorted({one for one in parquet if one not in places})
    if unread:
        remarks.append(
            f"Access logs of {some_of(unread)} are delivered as Parquet, which is not supported: create a delivery "
            "destination with the output format w3c, json or plain."
        )
    unread = sorted({one for one in elsewhere if one not in places})
    if unread:
        remarks.append(
            f"Access logs of {some_of(unread)} are delivered to another account, which does not tell this one its "
            "bucket: say in 'buckets' of LOGS where the files are."
        )
    return remarks


def _older(records: Sequence[Record], kept: Mapping[str, Any], aws: LogFilesAws, log: RunLog) -> Dict[str, Any]:
    """Where the older kind writes, by distribution ID: the mark of the configuration and the place, None where off."""
    marks = {record["Id"]: str(record.get("ETag") or record.get("LastModifiedTime") or "") for record in records}
    # Of a record without either, nobody knows whether it has changed.
    known = {key: kept[key] for key, mark in marks.items() if mark and kept.get(key, {}).get("mark") == mark}
    asked = [key for key in marks if key not in known][:CONFIGURATIONS_A_RUN]
    errors: Dict[str, List[str]] = {}
    for key, answer in zip(asked, aws.configurations(asked)):
        if isinstance(answer, AwsError):
            # One that was deleted since the listing is nobody's fault.
            if not answer.is_gone:
                errors.setdefault(str(answer), []).append(key)
        else:
            known[key] = {"mark": marks[key], "place": older_place(answer.get("Logging") or {})}
    for text, ids in errors.items():
        log.fail(f"{text} Concerns the access logs of {some_of(ids)}; {NAME_IT}.")
    left = len(marks) - len(known) - sum(map(len, errors.values()))
    if left > 0:
        log.say(f"Access logs: of {count(left, 'distribution')} the configuration is read in the next runs.")
    return known


def configured_place_of(record: Record, logs: LogsConfig) -> Optional[Place]:
    """Where the user says that the files of a distribution are; None where nothing is said of it."""
    names = [name.lower() for name in (record["Id"], text_of(record, "DomainName"), *aliases(record))]
    for pattern, bucket in logs.buckets:
        if fits(names, [pattern]):
            return configured_place(bucket, record["Id"])
    return None


def _place(kept: Sequence[Any]) -> Place:
    """A place out of what it is as JSON."""
    kind, bucket, paths, columns, delimiter = kept
    return Place(kind, bucket, tuple(paths), tuple(columns), delimiter)


def _say(records: Sequence[Record], places: Mapping[str, Place], log: RunLog) -> None:
    kinds = {kind: sum(1 for place in places.values() if place.kind == kind) for kind in ("v2", "older", "configured")}
    told = [f"{number:,} {name}" for name, number in kinds.items() if number]
    without = len(records) - len(places)
    buckets = count(len({place.bucket for place in places.values()}), "bucket")
    log.say(
        f"Access logs: {count(len(places), 'distribution')} in {buckets} ({', '.join(told) or 'none'}); "
        f"{without:,} without standard logging to S3."
    )
