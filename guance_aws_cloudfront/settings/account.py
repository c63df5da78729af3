"""The account to collect from, validated before anything is called."""

import re
from dataclasses import dataclass, field
from typing import Any, Mapping, Optional, Sequence, Tuple

from guance_aws_cloudfront.cloudfront.partitions import PARTITIONS, Partition, partition_of
from guance_aws_cloudfront.settings.extra_tags import parse_extra_tags
from guance_aws_cloudfront.settings.validation import (
    ConfigError,
    either,
    invisible,
    is_placeholder,
    known_keys,
    refusal,
    where,
)
from guance_aws_cloudfront.text import masked, one_line

# As STS has it.
EXTERNAL_ID = r"[\w+=,.@:/-]{2,1224}"
# A line of a credentials file, or of a shell, in the place of its value: `aws_secret_access_key=…`.
NAMED_VALUE = re.compile(r"(?i)(?:export\s+|set\s+|\$env:)?\w*(?:key|secret|token|id)\s*[=:]\s*[^=\s]")
ACCOUNT_KEYS = (
    *("ak_id", "ak_secret", "session_token", "role_arn", "external_id"),
    *("partition", "regions", "cloudwatch_region", "extra_tags"),
)


@dataclass(frozen=True)
class Account:
    """An AWS account to collect from. `extra_tags` (with `account_name`) stand on every point."""

    account_name: str
    partition: Partition
    cloudwatch_region: str
    extra_tags: Mapping[str, str]
    # Kept out of repr, so that no log and no traceback can show them.
    ak_id: str = field(repr=False)
    ak_secret: str = field(repr=False)
    session_token: Optional[str] = field(default=None, repr=False)
    # The role to assume with the key, in another account perhaps.
    role_arn: str = ""
    external_id: str = field(default="", repr=False)

    @property
    def secrets(self) -> Tuple[str, ...]:
        """What must never come out."""
        return tuple(filter(None, (self.ak_secret, self.session_token, self.external_id, self.ak_id)))

    def sanitized(self, text: object, hidden: Sequence[str] = ()) -> str:
        """Foreign text on one line, without secrets of the account or `hidden` ones, and the full stop at its end."""
        return one_line(masked(str(text), (*self.secrets, *hidden))).rstrip(".")


def parse_account(raw: Any) -> Account:
    """The account out of a dict with the keys of `ACCOUNT_KEYS`; ConfigError when anything in it is wrong."""
    given = known_keys(raw, "The account", ACCOUNT_KEYS)
    ak_id, ak_secret = _secret(given, "ak_id"), _secret(given, "ak_secret")
    # The pattern is IAM's own; the value is not repeated, because it may be the secret in the wrong place.
    if not re.fullmatch(r"[A-Za-z0-9_]{16,128}", ak_id):
        raise ConfigError(
            "Account key 'ak_id' is not an AWS access key ID: use the 16 to 128 letters and digits that IAM shows "
            "(they begin with AKIA or ASIA), not the secret access key."
        )
    if re.fullmatch(r"(?:AKIA|ASIA)[A-Z0-9]{12,124}", ak_secret):
        raise ConfigError(
            "Account key 'ak_secret' holds an access key ID: use the secret access key, which IAM shows once, when it "
            "creates the key."
        )
    if not re.fullmatch(r"[A-Za-z0-9/+=]{16,128}", ak_secret):
        raise ConfigError(
            "Account key 'ak_secret' is not an AWS secret access key: use the 40 letters, digits, / and + that IAM "
            "shows once, when it creates the key."
        )
    token = _secret(given, "session_token") if given.get("session_token") is not None else None
    if ak_id.startswith("ASIA") and token is None:
        raise ConfigError(
            "Account key 'session_token' is missing: an access key that begins with ASIA is temporary and is valid "
            "only with its session token; give both in the startup script, or use a long-lived access key (AKIA…)."
        )
    tags = parse_extra_tags(given.get("extra_tags"))
    partition = _partition(given)
    region = given.get("cloudwatch_region", partition.cloudwatch_regions[0])
    if region not in partition.cloudwatch_regions:
        raise refusal(
            "Account", "cloudwatch_region", region, f"{either(partition.cloudwatch_regions)} in {partition.name}"
        )
    role_arn, external_id = _role(given, partition)
    return Account(tags["account_name"], partition, region, tags, ak_id, ak_secret, token, role_arn, external_id)


def _secret(given: Mapping[str, Any], key: str) -> str:
    value = given.get(key)
    if value is None or (isinstance(value, str) and not value.strip()):
        raise ConfigError(f"Account key '{key}' is missing or empty; give it in {where(key)}.")
    if not isinstance(value, str):
        raise ConfigError(f"Account key '{key}' is of type {type(value).__name__}: it must be a string.")
    if is_placeholder(value):
        raise ConfigError(f"Account key '{key}' still holds its placeholder; give the value in {where(key)}.")
    value = value.strip()
    # The value is never shown: it is, or holds, a secret.
    unseen = invisible(value)
    if unseen:
        raise ConfigError(f"Account key '{key}' has an invisible character ({unseen}): copy it again from IAM.")
    if re.search("[\"'`\u2018-\u201f\u00ab\u00bb\uff02\uff07]", value):
        raise ConfigError(f"Account key '{key}' has quotes in it: give the value without them.")
    if NAMED_VALUE.match(value):
        raise ConfigError(f"Account key '{key}' holds a name and its value: give only what comes after the '='.")
    if re.search(r"[*\u2022\u25cf]", value):
        raise ConfigError(
            f"Account key '{key}' is masked, as a page shows it: give the value itself. IAM shows a secret once, when "
            "it creates the key; create another key when it is lost."
        )
    if re.search(r"\s", value):
        raise ConfigError(f"Account key '{key}' has white space inside: copy it again from IAM, on one line.")
    return value


def _role(given: Mapping[str, Any], partition: Partition) -> Tuple[str, str]:
    """The role to assume and its external ID, empty where not given."""
    role_arn, external_id = given.get("role_arn"), given.get("external_id")
    if role_arn is None and external_id is not None:
        raise ConfigError("Account key 'external_id' is given without 'role_arn': it belongs to a role; give both.")
    form = rf"arn:{partition.name}:iam::\d{{12}}:role/[\w+=,.@/-]+"
    if role_arn is not None and not (isinstance(role_arn, str) and re.fullmatch(form, role_arn)):
        example = f"arn:{partition.name}:iam::123456789012:role/<name>"
        raise refusal("Account", "role_arn", role_arn, f"the ARN of a role in the partition, such as {example}")
    if external_id is not None and not (isinstance(external_id, str) and re.fullmatch(EXTERNAL_ID, external_id)):
        # Not repeated: it is as good as a secret.
        raise ConfigError(
            "Account key 'external_id' is not one: allowed are 2 to 1,224 letters, digits and characters of +=,.@:/_-."
        )
    return role_arn or "", external_id or ""


def _partition(given: Mapping[str, Any]) -> Partition:
    regions = given.get("regions")
    if regions is not None and (not isinstance(regions, (list, tuple)) or not regions):
        raise refusal("Account", "regions", regions, "a list of region names, such as ['us-east-1'], or leave it out")
    found = [_partition_by_region(region) for region in regions or ()]
    name = given.get("partition", found[0].name if found else "aws")
    if not isinstance(name, str) or name not in PARTITIONS:
        raise refusal("Account", "partition", name, f"{either(PARTITIONS)}; no other partition has CloudFront")
    for region, partition in zip(regions or (), found):
        if partition.name != name:
            raise ConfigError(
                f"Account key 'regions': '{region}' is a region of the partition {partition.name}, not of {name}; "
                f"name regions of one partition only, or leave 'regions' out (all of {name} is collected anyway)."
            )
    return PARTITIONS[name]


def _partition_by_region(region: Any) -> Partition:
    partition = partition_of(region) if isinstance(region, str) else None
    if partition is None:
        raise refusal(
            "Account", "regions", region, f"regions of {either(PARTITIONS)}; no other partition has CloudFront"
        )
    return partition
