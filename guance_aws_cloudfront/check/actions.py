"""The IAM actions that a run can do without: what their lack costs, and when the configuration needs them."""

from typing import Any, Callable, Dict, NamedTuple, Sequence

from guance_aws_cloudfront.aws.client import Aws
from guance_aws_cloudfront.aws.errors import AwsDeniedError, AwsError
from guance_aws_cloudfront.check.table import FAILED, MISSING, OK, UNTRIED, Attempt, Row
from guance_aws_cloudfront.cloudfront.certificate import Facts, acm_certificate, acm_facts, iam_certificate
from guance_aws_cloudfront.cloudfront.record import text_of
from guance_aws_cloudfront.settings.config import CollectorConfig
from guance_aws_cloudfront.text import count, minute_utc

Record = Dict[str, Any]


class OptionalAction(NamedTuple):
    """An action, what a run lacks without it, whether the configuration needs it, and how it is tried.

    `ask` gets all distributions, of which there is at least one where `of_one` is set, and says what was answered;
    AwsError when AWS did not answer.
    """

    action: str
    lack: str
    needed: Callable[[CollectorConfig], bool]
    of_one: bool
    ask: Callable[[Aws, Sequence[Record]], str]
    # Whether there is anything to ask about; where there is not, the action has no row.
    applies: Callable[[Sequence[Record]], bool] = lambda records: True

    def of(self, records: Sequence[Record]) -> Callable[[Aws], str]:
        """The trial of these distributions."""
        return lambda aws: self.ask(aws, records)


def optional_row(optional: OptionalAction, asked: Attempt, config: CollectorConfig) -> Row:
    """The row of an action; where it is not needed, or denied, it is missing and not failed."""
    if asked.untried:
        return Row(UNTRIED, optional.action, asked.untried)
    is_needed = optional.needed(config)
    need = "needed by your configuration" if is_needed else "optional"
    if asked.error is None:
        return Row(OK, optional.action, f"{need}; {asked.answer}")
    if is_needed and not isinstance(asked.error, AwsDeniedError):
        return Row(FAILED, optional.action, str(asked.error))
    detail = f"{need}; without it {optional.lack}. {asked.error}"
    return Row(MISSING, optional.action, detail, needed=is_needed)


def _never(_: CollectorConfig) -> bool:
    return False


def _for_listing(config: CollectorConfig) -> bool:
    return bool(config.other_metrics) or config.recently_active


def _for_details(config: CollectorConfig) -> bool:
    return config.details


def _metrics(aws: Aws, _: Sequence[Record]) -> str:
    return f"{count(sum(map(len, aws.listed_metrics().values())), 'metric')} listed"


def _all_tags(aws: Aws, _: Sequence[Record]) -> str:
    return f"tags of {count(len(aws.resource_tags()), 'distribution')}"


def _tags_of_one(aws: Aws, records: Sequence[Record]) -> str:
    # An odd record may lack its ARN.
    record = next((one for one in records if text_of(one, "ARN")), records[0])
    (tags,) = aws.tags_of([text_of(record, "ARN")])
    if isinstance(tags, AwsError):
        raise tags
    return f"{count(len(tags), 'tag')} of {record['Id']}"


def _configuration_of_one(aws: Aws, records: Sequence[Record]) -> str:
    (configuration,) = aws.configurations([records[0]["Id"]])
    if isinstance(configuration, AwsError):
        raise configuration
    logs = "writes" if (configuration.get("Logging") or {}).get("Enabled") else "does not write"
    return f"{records[0]['Id']} {logs} standard logs"


def _has_certificates(certificate: Callable[[Record], str]) -> Callable[[Sequence[Record]], bool]:
    return lambda records: any(map(certificate, records))


def _certificate_of_one(aws: Aws, records: Sequence[Record]) -> str:
    record = next(one for one in records if acm_certificate(one))
    (certificate,) = aws.certificates([acm_certificate(record)])
    if isinstance(certificate, AwsError):
        raise certificate
    return f"the certificate of {record['Id']} {_until(acm_facts(certificate))}"


def _server_certificates(aws: Aws, _: Sequence[Record]) -> str:
    return f"{count(len(aws.server_certificates()), 'server certificate')} listed"


def _until(facts: Facts) -> str:
    return f"is valid until {minute_utc(facts['expires'])} UTC" if "expires" in facts else "has no end"


OPTIONAL_ACTIONS = (
    OptionalAction(
        "cloudwatch:ListMetrics",
        "all are requested, active or not, and of metrics beyond the default ones only those named in full",
        _for_listing,
        False,
        _metrics,
    ),
    OptionalAction(
        "tag:GetResources",
        "resource tags take a call for each distribution, if cloudfront:ListTagsForResource is allowed",
        # Either of both is enough for tags: the row of the distributions says whether they can be read.
        _never,
        False,
        _all_tags,
    ),
    OptionalAction(
        "cloudfront:ListTagsForResource",
        "resource tags need tag:GetResources",
        _never,
        True,
        _tags_of_one,
    ),
    OptionalAction(
        "cloudfront:GetDistributionConfig",
        "objects do not show where distributions write standard logs",
        _for_details,
        True,
        _configuration_of_one,
    ),
    OptionalAction(
        "acm:DescribeCertificate",
        "an object cannot tell when a certificate of ACM expires",
        _for_details,
        True,
        _certificate_of_one,
        _has_certificates(acm_certificate),
    ),
    OptionalAction(
        "iam:ListServerCertificates",
        "an object cannot tell when a server certificate of IAM expires",
        _for_details,
        False,
        _server_certificates,
        _has_certificates(iam_certificate),
    ),
)
