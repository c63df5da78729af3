"""The user's own tags, checked against DataKit's rules and the collector's own keys."""

import math
import re
from typing import Any, Dict, Mapping

from guance_aws_cloudfront.cloudfront.catalog import all_metrics
from guance_aws_cloudfront.cloudfront.record import EXTRA_FIELDS, READABLE
from guance_aws_cloudfront.settings.validation import ConfigError, invisible, is_placeholder, quoted, refusal, where
from guance_aws_cloudfront.text import one_line

# What the collector itself says on objects and points; a user's tag of the same name would make two meanings of one
# key. DataKit allows no object key `class` or `date`.
RESERVED_TAGS = (
    *("cloud_provider", "name", "Id", "ARN", "DomainName", "Status", "Alias", "DistributionId", "Region", "Dimensions"),
    *("message", "class", "date", "Description", "Comment", "ETag", "LastModifiedTime", "Aliases", "Origins"),
    *("OriginGroups", "DefaultCacheBehavior", "CacheBehaviors", "CustomErrorResponses", "PriceClass", "Enabled"),
    *("ViewerCertificate", "Restrictions", "WebACLId", "HttpVersion", "IsIPV6Enabled", "AliasICPRecordals", "Staging"),
    *("CreatedDate", "ApiKeySelectionExpression", "DisableSchemaValidation"),
    *("FunctionName", "DistributionIds"),
    *READABLE,
    *EXTRA_FIELDS,
)
# DataKit takes some 61 KiB of tags a point: half for the user's own, half for resource tags (resource_tags.MOST_BYTES).
MOST_TAGS, MOST_BYTES = 64, 30 * 1024


def is_reserved(key: str) -> bool:
    """Whether a key is one of the collector's own, or would be taken for one."""
    return key.lower() in {one.lower() for one in RESERVED_TAGS} or _is_metric_field(key)


def parse_extra_tags(raw: Any) -> Dict[str, str]:
    """The tags that stand on everything, `account_name` among them; ConfigError when one of them is wrong."""
    tags = {} if raw is None else raw
    if not isinstance(tags, Mapping):
        raise refusal("Account", "extra_tags", raw, "a dict of tags, such as {'account_name': 'prod'}")
    name = tags.get("account_name")
    name = name.strip() if isinstance(name, str) else name
    if not name or is_placeholder(str(name)):
        raise ConfigError(f"The account name is missing: give it in {where('account_name')}.")
    if len(tags) > MOST_TAGS:
        raise refusal("Account", "extra_tags", f"a dict of {len(tags)}", f"at most {MOST_TAGS} tags")
    if len(str(name)) > 128:
        raise refusal("Account", "account_name", name, "a name of at most 128 characters")
    parsed = {_tag_key(key): _tag_value(key, value) for key, value in tags.items()}
    if sum(_bytes(key) + _bytes(value) for key, value in parsed.items()) > MOST_BYTES:
        raise refusal("Account", "extra_tags", f"a dict of {len(tags)}", f"tags of at most {MOST_BYTES} bytes in all")
    return parsed


def _tag_key(key: Any) -> str:
    if key in RESERVED_TAGS or _is_metric_field(str(key)):
        raise ConfigError(
            f"Account key 'extra_tags': the tag '{key}' is set by the collector or not allowed; use another name."
        )
    if not isinstance(key, str) or not 1 <= _bytes(key) <= 256 or re.search(r"[.\s\\\x00-\x1f\x7f]", key):
        raise refusal("Account", "extra_tags", key, "tag names of 1 to 256 bytes without dots, blanks and backslashes")
    _refuse_invisible(f"the tag {quoted(key)}", key)
    return key


def _tag_value(key: str, value: Any) -> str:
    """The value without white space at its ends."""
    text = value.strip() if isinstance(value, str) else ""
    if not text or _bytes(text) > 1024 or text != one_line(text, 1024) or text.endswith("\\"):
        raise ConfigError(
            f"Account key 'extra_tags': the value of '{key}' is {quoted(value)}: it must be a non-empty string on one "
            "line, of at most 1,024 bytes, without a backslash at its end."
        )
    _refuse_invisible(f"the value of '{key}'", text)
    return text


def _refuse_invisible(what: str, text: str) -> None:
    unseen = invisible(text)
    if unseen:
        raise ConfigError(
            f"Account key 'extra_tags': {what} has an invisible character ({unseen}): type it again, with plain blanks."
        )


def _is_metric_field(key: str) -> bool:
    return any(key.startswith(f"{metric}_") for metric in all_metrics())


def _bytes(text: str) -> float:
    try:
        return len(text.encode())
    except UnicodeEncodeError:  # half a character, which no body can carry
        return math.inf
