"""What went wrong at AWS, as a sentence that says what failed and what to do."""

import re
import time
from email.utils import parsedate_to_datetime
from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as BotocoreConnectionError

from guance_aws_cloudfront.errors import StepError
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.text import clock_difference


class AwsError(StepError):
    """A call to AWS failed for good; the text is a whole sentence for the user, without any secret.

    `is_gone` when what it asked about does not exist any more, `is_of_key` when AWS does not take the access key.
    """

    def __init__(self, text: str, is_gone: bool = False, is_of_key: bool = False) -> None:
        super().__init__(text)
        self.is_gone, self.is_of_key = is_gone, is_of_key


class AwsDeniedError(AwsError):
    """The access key may not make the call."""


class Remedy(NamedTuple):
    """What a family of AWS error codes means and what to do.

    In the advice, `{action}` is the IAM action of the call, and `{clock}` what is known of the host's clock.
    """

    codes: Tuple[str, ...]
    meaning: str
    advice: str


# Seconds that a clock may differ by and be no reason for anything; AWS takes a signature for five minutes.
CLOCK_TOLERANCE = 240


# The spelling depends on the wire protocol, and that on the botocore version: `Throttling`, `ThrottlingException`.
REMEDIES = (
    Remedy(
        ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"),
        "permission is denied",
        "Allow the IAM action {action} on resource * to the access key's user.",
    ),
    Remedy(
        ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"),
        "AWS does not know the access key",
        "Check 'ak_id': is the key active, and is it a key of the partition {partition}, which was asked? A key of AWS "
        'China needs "partition": "aws-cn" in ACCOUNT.',
    ),
    Remedy(
        ("SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "InvalidSignature"),
        "AWS refused the signature",
        "Check that 'ak_secret' is the secret of this access key. {clock}",
    ),
    Remedy(
        ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "RequestTimeTooSkewed", "TokenRefreshRequired"),
        "the session token or the request has expired",
        "Give a new session token, or use a long-lived access key. {clock}",
    ),
    Remedy(
        ("Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "TooManyRequestsException"),
        "AWS throttles the account's calls, also after retries",
        "The next run asks again; if it lasts, lower 'concurrency' or raise the quota of {action} in Service Quotas.",
    ),
)
# An unknown key, a refused signature, an expired token: no other call will fare better.
OF_KEY = REMEDIES[1:4]
GONE = ("NoSuchDistribution", "NoSuchResource")
ACTIONS: Dict[str, Tuple[str, str]] = {
    "Connect": ("Preparing the calls to AWS", ""),
    "AssumeRole": ("Assuming the role", "sts:AssumeRole"),
    "ListDistributions": ("Listing the distributions", "cloudfront:ListDistributions"),
    "GetMetricData": ("Reading the metrics", "cloudwatch:GetMetricData"),
    "ListMetrics": ("Listing the metrics", "cloudwatch:ListMetrics"),
    "GetResources": ("Reading the resource tags", "tag:GetResources"),
    "ListTagsForResource": ("Reading the tags of a distribution", "cloudfront:ListTagsForResource"),
    "GetDistributionConfig": ("Reading the configuration of a distribution", "cloudfront:GetDistributionConfig"),
    "GetCallerIdentity": ("Asking AWS who the access key belongs to", "sts:GetCallerIdentity"),
}


def explain(error: Exception, account: Account, operation: str) -> AwsError:
    """The sentence for what botocore raised while calling an operation named in `ACTIONS`."""
    step, action = ACTIONS[operation]
    if not action:
        reason = f"botocore refused to ({type(error).__name__}: {account.sanitized(error)})"
        advice = "Check the environment variables of the Func host whose names begin with AWS_."
    elif isinstance(error, ClientError):
        reason, advice = _of_answer(error.response, action, account)
    elif isinstance(error, (HTTPClientError, BotocoreConnectionError)):
        # The names of botocore's connection errors are plain words, and their texts name the endpoint.
        reason = f"AWS could not be reached ({type(error).__name__}: {account.sanitized(error)})"
        advice = "Check that the Func host reaches the internet, or its proxy; the next run asks again."
    else:
        reason = f"the answer could not be read ({type(error).__name__}: {account.sanitized(error)})"
        advice = "The next run asks again; if it lasts, report it with this line."
    code = _code(error)
    kind = AwsDeniedError if code in REMEDIES[0].codes else AwsError
    return kind(
        f"{step} failed: {reason}. {advice}",
        is_gone=code in GONE,
        is_of_key=any(code in remedy.codes for remedy in OF_KEY),
    )


def _code(error: Exception) -> str:
    return str(error.response.get("Error", {}).get("Code")) if isinstance(error, ClientError) else ""


def _of_answer(answer: Any, action: str, account: Account) -> Tuple[str, str]:
    code = str(answer.get("Error", {}).get("Code", "unknown"))
    text = account.sanitized(answer.get("Error", {}).get("Message", ""))
    for remedy in REMEDIES:
        if code in remedy.codes:
            denied = re.search(r"not authorized to perform: ([\w-]+:\w+)", text)
            advice = remedy.advice.format(
                action=denied.group(1) if denied else action,
                partition=account.partition.name,
                clock=_of_the_clock(answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})),
            )
            # AWS's own text to a bad signature repeats the request's headers, the session token among them.
            said = code if "signature" in remedy.meaning else f"{code}: {text}"
            if denied and denied.group(1) == "sts:AssumeRole":
                advice = (
                    "Check 'role_arn' and 'external_id', allow the key's user the IAM action sts:AssumeRole on the "
                    "role, and let the role's trust policy name that user."
                )
            return f"{remedy.meaning} ({said})", advice
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= 500:
        return f"AWS had a fault of its own, also after retries ({code}: {text})", "The next run asks again."
    return f"AWS refused the call ({code}: {text})", "If it lasts, report it with this line."


def clock_ahead(headers: Mapping[str, str], now: float) -> Optional[float]:
    """By how many seconds `now` is ahead of the time in an answer's headers; None where that cannot be read."""
    try:
        return now - parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return None


def _of_the_clock(headers: Mapping[str, str]) -> str:
    ahead = clock_ahead(headers, time.time())
    if ahead is None:
        return "Check that the clock of the Func host is right."
    if abs(ahead) < CLOCK_TOLERANCE:
        return f"The clock of the Func host is not the reason: it is {clock_difference(ahead)}."
    return f"The clock of the Func host is {clock_difference(ahead)}: set it right, for AWS takes 5 minutes at most."
