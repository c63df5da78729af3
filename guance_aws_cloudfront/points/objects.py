"""A distribution, as ListDistributions describes it, becomes the custom object `aws_cloudfront`."""

import json
from types import MappingProxyType
from typing import Any, Dict, Mapping, Union

from guance_aws_cloudfront.cloudfront.catalog import CLOUD_PROVIDER, OBJECT_MEASUREMENT
from guance_aws_cloudfront.cloudfront.record import is_time, readable_fields, text_of
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.text import iso_utc, printable

TAG_KEYS = ("ARN", "DomainName", "Id", "Status")
# CloudFront calls the description of a distribution its comment.
RENAMED = {"Comment": "Description"}
TIMES = ("LastModifiedTime",)
HEADER_VALUE, HIDDEN = "HeaderValue", "***"


def object_point(
    record: Mapping[str, Any],
    account: Account,
    reported_at: int,
    resource_tags: Mapping[str, str] = MappingProxyType({}),
    extra_fields: Mapping[str, Union[str, bool, int]] = MappingProxyType({}),
) -> Dict[str, Any]:
    """The point of a distribution record; `reported_at` is in epoch seconds.

    `resource_tags` are clean ones; `extra_fields` are fields that do not come from the record (`record.EXTRA_FIELDS`).

    Strings, numbers and booleans of the record become fields of their own name, lists and structures JSON strings;
    nothing is invented, and what a newer API adds to the record is passed on. Any record with an Id will do: what is
    not of its type is passed on as it is. `message` holds the whole record, but for the values of the headers that
    CloudFront adds for an origin.
    """
    shown = without_header_values(record)
    facts = {key: iso_utc(value) if key in TIMES and is_time(value) else value for key, value in shown.items()}
    tags = {
        **resource_tags,
        **account.extra_tags,
        **{key: text_of(facts, key) for key in TAG_KEYS if text_of(facts, key)},
        # The unique key of an object in Guance. CloudFront's records carry no `name`; one that does keeps it.
        "name": text_of(facts, "name") or facts["Id"],
        "cloud_provider": CLOUD_PROVIDER,
    }
    fields: Dict[str, Any] = {"message": _json(facts)}
    for key, value in {**readable_fields(record), **extra_fields, **facts}.items():
        field = RENAMED.get(key, key)
        if value is not None and field not in tags:
            fields[field] = _field(value)
    return {"measurement": OBJECT_MEASUREMENT, "tags": tags, "fields": fields, "timestamp": reported_at}


def without_header_values(value: Any) -> Any:
    """A record, or a part of one, without what CloudFront says to an origin alone: often that is a shared secret."""
    if isinstance(value, dict):
        # As text, because JSON knows no other keys.
        return {
            str(key): HIDDEN if key == HEADER_VALUE else without_header_values(inner) for key, inner in value.items()
        }
    return [without_header_values(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _field(value: Any) -> Union[str, bool, int, float]:
    if isinstance(value, str):
        # A line break in a string would end the line that carries the point.
        return printable(value)
    return value if isinstance(value, (bool, int, float)) else _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
