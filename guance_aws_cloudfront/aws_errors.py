"""What went wrong at AWS, as a sentence that says what failed and what to do."""

import re
from typing import Any, Dict, NamedTuple, Tuple

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as BotocoreConnectionError

from guance_aws_cloudfront.config import Account
from guance_aws_cloudfront.errors import StepError
from guance_aws_cloudfront.text import masked, one_line


class AwsError(StepError):
    """A call to AWS failed for good; the text is a whole sentence for the user, without any secret."""


class AwsDeniedError(AwsError):
    """The access key may not make the call."""


class Remedy(NamedTuple):
    """What a family of AWS error codes means and what to do; `{action}` is the IAM action of the call."""

    codes: Tuple[str, ...]
    meaning: str
    advice: str


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
        "Check that 'ak_secret' is the secret of this access key, and that the clock of the Func host is right.",
    ),
    Remedy(
        ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"),
        "the session token or the request has expired",
        "Give a new session token, or use a long-lived access key, and check the clock of the Func host.",
    ),
    Remedy(
        ("Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "TooManyRequestsException"),
        "AWS throttles the account's calls, also after retries",
        "The next run asks again; if it lasts, lower 'concurrency' or raise the quota of {action} in Service Quotas.",
    ),
)
ACTIONS: Dict[str, Tuple[str, str]] = {
    "Connect": ("Preparing the calls to AWS", ""),
    "AssumeRole": ("Assuming the role", "sts:AssumeRole"),
    "ListDistributions": ("Listing the distributions", "cloudfront:ListDistributions"),
    "GetMetricData": ("Reading the metrics", "cloudwatch:GetMetricData"),
    "ListMetrics": ("Listing the metrics", "cloudwatch:ListMetrics"),
}


def explain(error: Exception, account: Account, operation: str) -> AwsError:
    """The sentence for what botocore raised while calling an operation named in `ACTIONS`."""
    step, action = ACTIONS[operation]
    if not action:
        reason = f"botocore refused to ({type(error).__name__}: {_harmless(error, account)})"
        advice = "Check the environment variables of the Func host whose names begin with AWS_."
    elif isinstance(error, ClientError):
        reason, advice = _of_answer(error.response, action, account)
    elif isinstance(error, (HTTPClientError, BotocoreConnectionError)):
        # The names of botocore's connection errors are plain words, and their texts name the endpoint.
        reason = f"AWS could not be reached ({type(error).__name__}: {_harmless(error, account)})"
        advice = "Check that the Func host reaches the internet, or its proxy; the next run asks again."
    else:
        reason = f"the answer could not be read ({type(error).__name__}: {_harmless(error, account)})"
        advice = "The next run asks again; if it lasts, report it with this line."
    kind = AwsDeniedError if _is_denied(error) else AwsError
    return kind(f"{step} failed: {reason}. {advice}")


def _is_denied(error: Exception) -> bool:
    return isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") in REMEDIES[0].codes


def _of_answer(answer: Any, action: str, account: Account) -> Tuple[str, str]:
    code = str(answer.get("Error", {}).get("Code", "unknown"))
    text = _harmless(answer.get("Error", {}).get("Message", ""), account)
    for remedy in REMEDIES:
        if code in remedy.codes:
            denied = re.search(r"not authorized to perform: ([\w-]+:\w+)", text)
            advice = remedy.advice.format(
                action=denied.group(1) if denied else action, partition=account.partition.name
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


def _harmless(text: object, account: Account) -> str:
    return one_line(masked(str(text), account.secrets)).rstrip(".")
