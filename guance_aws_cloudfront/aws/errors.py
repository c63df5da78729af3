"""What went wrong at AWS, as a sentence that says what failed and what to do."""

import re
import time
from email.utils import parsedate_to_datetime
from typing import Any, Dict, Mapping, NamedTuple, Optional, Sequence, Tuple
from urllib.request import getproxies

from botocore.exceptions import ClientError, HTTPClientError, ProxyConnectionError, SSLError
from botocore.exceptions import ConnectionError as BotocoreConnectionError
from botocore.parsers import ResponseParserError

from guance_aws_cloudfront.aws.responses import ForeignAnswerError
from guance_aws_cloudfront.aws.session import CaBundleError
from guance_aws_cloudfront.deadline import DeadlineError
from guance_aws_cloudfront.errors import StepError
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.text import clock_difference


class AwsError(StepError):
    """A call to AWS failed for good; the text is a whole sentence for the user, without any secret.

    `is_gone` when what it asked about does not exist any more, `is_of_key` when AWS does not take the access key,
    `is_unreached` when nothing answered.
    """

    def __init__(self, text: str, is_gone: bool = False, is_of_key: bool = False, is_unreached: bool = False) -> None:
        super().__init__(text)
        self.is_gone, self.is_of_key, self.is_unreached = is_gone, is_of_key, is_unreached


class AwsDeniedError(AwsError):
    """The access key may not make the call."""


class RunOverError(Exception):
    """No request is sent any more: the run has no time left, or nobody waits for the answer."""


class Remedy(NamedTuple):
    """What a family of AWS error codes means and what to do.

    In the advice, `{action}` is the IAM action of the call, and `{clock}` what is known of the host's clock.
    """

    codes: Tuple[str, ...]
    meaning: str
    advice: str


# Seconds that a clock may differ by and be no reason for anything; AWS takes a signature for five minutes.
CLOCK_TOLERANCE = 240
# The only form that HTTP allows: a header that is there twice, or has no zone, is no time.
HTTP_DATE = re.compile(r"\w{3}, \d{1,2} \w{3} 20\d{2} \d{2}:\d{2}:\d{2} GMT")

NEXT_RUN = "the next run asks again."

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
        "Give a new session token (key 'session_token'), or use a long-lived access key. {clock}",
    ),
    Remedy(
        (
            *("Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded"),
            *("TooManyRequestsException", "SlowDown"),
        ),
        "AWS throttles the account's calls, also after retries",
        "The next run asks again; if it lasts, lower 'concurrency' or raise the quota of {action} in Service Quotas.",
    ),
    Remedy(
        ("NoSuchBucket",),
        "there is no such bucket",
        "Check the logging settings of the distribution, or 'buckets' of LOGS in the startup script.",
    ),
    Remedy(
        ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"),
        "the region of the bucket could not be found out",
        "Allow the IAM action s3:ListBucket on the bucket, by which its region is told; " + NEXT_RUN,
    ),
    Remedy(
        ("InvalidObjectState",),
        "the file is archived in a storage class that cannot be read at once",
        "Restore it, or let the bucket's lifecycle rule archive log files later than after 'max_catch_up' of LOGS.",
    ),
    Remedy(
        ("KMS.DisabledException", "KMS.NotFoundException", "KMS.KMSInvalidStateException"),
        "the KMS key that the file is encrypted with is disabled or gone",
        "Enable the key; " + NEXT_RUN,
    ),
)
# What else may be the reason where S3 denies, beside the policies of the user or role.
OF_S3 = (
    "Allow the IAM action {action} on the bucket (its ARN for s3:ListBucket, its ARN with /* for s3:GetObject) to the "
    "access key's user. A bucket of another account must allow it in its bucket policy too; a bucket where the "
    "requester pays needs 'requester_pays' in LOGS."
)
OF_KMS = (
    "The log files are encrypted with a KMS key: allow the IAM action {action} on the key to the access key's user, "
    "and let the key's policy allow it where the key is of another account."
)
# What AWS says of a policy that forbids, or that would have to allow as well.
EXPLICIT_DENY = re.compile(r"explicit deny(?: in (?:an? |the )?([a-z -]+?(?:policy|boundary)))?", re.IGNORECASE)
MUST_ALLOW_TOO = re.compile(r"because no (?!identity)([a-z -]+?) allows", re.IGNORECASE)
TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
PROXY_PASSWORD = (
    # Not shown as an address: what looks like the password of one is masked.
    "The proxy asks for a user and a password: put them into the address in HTTPS_PROXY of the Func host, before the "
    "name of the proxy (user, colon, password, at sign), with special characters as %XX; " + NEXT_RUN
)
PROXY_REFUSED = (
    "A proxy or firewall between the Func host and AWS forbids the call: let it pass calls to *.amazonaws.com (in AWS "
    "China *.amazonaws.com.cn), port 443; " + NEXT_RUN
)
PAGE_BETWEEN = (
    "Check what stands between the Func host and AWS (HTTPS_PROXY, AWS_ENDPOINT_URL, a firewall); " + NEXT_RUN
)
# An unknown key, a refused signature, an expired token: no other call will fare better.
OF_KEY = REMEDIES[1:4]
UNKNOWN_KEY, EXPIRED = REMEDIES[1], REMEDIES[3]
GONE = ("NoSuchDistribution", "NoSuchResource", "NoSuchKey", "ResourceNotFoundException")
UNREACHED = (HTTPClientError, BotocoreConnectionError)
ACTIONS: Dict[str, Tuple[str, str]] = {
    "Connect": ("Preparing the calls to AWS", ""),
    "AssumeRole": ("Assuming the role", "sts:AssumeRole"),
    "ListDistributions": ("Listing the distributions", "cloudfront:ListDistributions"),
    "GetMetricData": ("Reading the metrics", "cloudwatch:GetMetricData"),
    "ListMetrics": ("Listing the metrics", "cloudwatch:ListMetrics"),
    "GetResources": ("Reading the resource tags", "tag:GetResources"),
    "ListTagsForResource": ("Reading the tags of a distribution", "cloudfront:ListTagsForResource"),
    "GetDistributionConfig": ("Reading the configuration of a distribution", "cloudfront:GetDistributionConfig"),
    "DescribeCertificate": ("Reading a certificate", "acm:DescribeCertificate"),
    "ListServerCertificates": ("Listing the server certificates of IAM", "iam:ListServerCertificates"),
    "ListObjectsV2": ("Listing the log files", "s3:ListBucket"),
    "GetObject": ("Reading the log files", "s3:GetObject"),
    "DescribeDeliverySources": ("Finding the deliveries of access logs (v2)", "logs:DescribeDeliverySources"),
    "DescribeDeliveries": ("Finding the deliveries of access logs (v2)", "logs:DescribeDeliveries"),
    "DescribeDeliveryDestinations": ("Finding the deliveries of access logs (v2)", "logs:DescribeDeliveryDestinations"),
    "GetCallerIdentity": ("Asking AWS who the access key belongs to", "sts:GetCallerIdentity"),
}


def explain(
    error: Exception, account: Account, operation: str, hidden: Sequence[str] = (), about: str = ""
) -> AwsError:
    """The sentence for what botocore raised while calling an operation named in `ACTIONS`.

    `hidden` are secrets that must not come out beside those of the account. `about` is what was asked for, such as the
    bucket.
    """
    step, action = ACTIONS[operation]
    step = f"{step} {about}" if about else step
    said = f"{type(error).__name__}: {account.sanitized(error, hidden)}"
    if isinstance(error, RunOverError):
        reason = "the time limit of the run is over (configuration key 'time_limit')"
        advice = "The next run asks again."
    elif isinstance(error, CaBundleError):
        reason = account.sanitized(error)
        advice = "Set it to a file of certificates, in PEM, or remove it from the environment of the Func host."
    elif not action:
        reason = f"botocore refused to ({said})"
        advice = "Check the environment variables of the Func host whose names begin with AWS_ENDPOINT_URL."
    elif isinstance(error, ClientError):
        reason, advice = _of_answer(error.response, action, account, hidden)
    elif isinstance(error, ForeignAnswerError):
        reason, advice = _of_foreign_answer(error, account, hidden)
    elif isinstance(error, DeadlineError):
        reason = f"AWS did not answer in time ({error})"
        advice = "Check that the Func host reaches the internet, or its proxy; the next run asks again."
    elif isinstance(error, UNREACHED):
        reason, advice = _of_connection(error, said)
    else:
        if isinstance(error, ResponseParserError):
            # Its text repeats the answer, which may hold the keys of a role.
            said = f"{type(error).__name__}: it is no XML, or breaks off"
        reason = f"the answer could not be read ({said})"
        advice = "The next run asks again; if it lasts, report it with this line."
    code = _code(error)
    is_denied = code in REMEDIES[0].codes
    is_of_key = any(code in remedy.codes for remedy in OF_KEY)
    if is_of_key or (is_denied and operation == "AssumeRole"):
        # By its end, so that who has several keys knows which; the whole ID is masked everywhere.
        whose = "role is assumed with the access key that" if account.role_arn else "access key"
        advice = f"{advice} The {whose} ends in …{account.ak_id[-4:]}."
    kind = AwsDeniedError if is_denied else AwsError
    is_unreached = isinstance(error, (RunOverError, DeadlineError, *UNREACHED))
    return kind(f"{step} failed: {reason}. {advice}", code in GONE, is_of_key, is_unreached)


def _code(error: Exception) -> str:
    return str(error.response.get("Error", {}).get("Code")) if isinstance(error, ClientError) else ""


def _of_answer(answer: Any, action: str, account: Account, hidden: Sequence[str]) -> Tuple[str, str]:
    """What an error of AWS's means, and what to do."""
    code = str(answer.get("Error", {}).get("Code", "unknown"))
    message = str(answer.get("Error", {}).get("Message", ""))
    text = account.sanitized(message, hidden)
    for remedy in REMEDIES:
        if code in remedy.codes:
            meaning, advice = remedy.meaning, remedy.advice
            if remedy is REMEDIES[0]:
                action, advice = _of_denial(message, action, advice)
            elif remedy is UNKNOWN_KEY or remedy is EXPIRED:
                meaning, advice = _of_key(remedy, action, account)
            # AWS's own text to a bad signature repeats the request's headers, the session token among them.
            said = code if "signature" in remedy.meaning else f"{code}: {text}"
            return f"{meaning} ({said})", advice.format(
                action=action,
                partition=account.partition.name,
                clock=_of_the_clock(answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})),
            )
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= 500:
        return f"AWS had a fault of its own, also after retries ({code}: {text})", "The next run asks again."
    return f"AWS refused the call ({code}: {text})", "If it lasts, report it with this line."


def _of_denial(message: str, action: str, advice: str) -> Tuple[str, str]:
    """The action that was denied, and the advice, by what AWS says of the policies; else what was given."""
    named = re.search(r"not authorized to perform: ([\w-]+:\w+)", message)
    action = named.group(1) if named else action
    forbids, lacks = EXPLICIT_DENY.search(message), MUST_ALLOW_TOO.search(message)
    if forbids:
        where = (forbids.group(1) or "a policy").strip()
        return action, (
            f"A statement with the effect Deny in {where} forbids {{action}}: allowing it elsewhere does not help. "
            "Change that statement: it stands in a policy of the user or role, in its permissions boundary, or in a "
            "policy of the organization (SCP, RCP)."
        )
    if action.startswith(("s3:", "kms:")) and not lacks:
        return action, OF_S3 if action.startswith("s3:") else OF_KMS
    if action == "sts:AssumeRole" and (not lacks or lacks.group(1) == "resource-based policy"):
        return action, (
            "Check 'role_arn' and 'external_id', allow the key's user the IAM action sts:AssumeRole on the role, and "
            "let the role's trust policy name that user."
        )
    if lacks:
        return action, (
            f"The {lacks.group(1)} does not allow {{action}}: allowing it to the user or role alone does not help. "
            f"Allow the action in the {lacks.group(1)} too."
        )
    return action, advice


def _of_key(remedy: Remedy, action: str, account: Account) -> Tuple[str, str]:
    """The meaning and the advice where AWS does not take a key: with a session token, that may be the reason."""
    if account.role_arn and action != "sts:AssumeRole":
        meaning = "AWS does not take the temporary key of the role" if remedy is UNKNOWN_KEY else remedy.meaning
        return meaning, "The next run assumes 'role_arn' again. {clock}"
    if account.session_token and remedy is UNKNOWN_KEY:
        return "AWS does not take the access key with its session token", (
            "Check 'session_token': it is valid only with the 'ak_id' and 'ak_secret' that were issued with it, and "
            "only until it expires. Give all three again, or use a long-lived access key (AKIA…) without "
            '\'session_token\'. A key of AWS China needs "partition": "aws-cn" in ACCOUNT.'
        )
    return remedy.meaning, remedy.advice


def _of_foreign_answer(error: ForeignAnswerError, account: Account, hidden: Sequence[str]) -> Tuple[str, str]:
    """What an answer means that no service of AWS has sent, and what to do."""
    what = account.sanitized(error, hidden)
    if error.status == 407:
        return f"the proxy refused the call (HTTP 407, {what})", PROXY_PASSWORD
    if error.status == 403:
        return f"AWS was not reached (HTTP 403, {what})", PROXY_REFUSED
    if 300 <= error.status < 400:
        return f"AWS was not reached (HTTP {error.status}, {what})", PAGE_BETWEEN
    status = "" if error.status == 200 else f"HTTP {error.status}, "
    return f"the answer is not {error.service}'s, or not all of it: {status}{what}", PAGE_BETWEEN


def _of_connection(error: Exception, said: str) -> Tuple[str, str]:
    """What it means that no answer came, and what to do."""
    # A proxy's own words are in what botocore's error was made from.
    tunnel = TUNNEL.search(f"{error} {getattr(error, 'kwargs', {}).get('error')}")
    if any("@" in proxy for proxy in getproxies().values()):
        # The texts repeat the proxy's address, or parts of it, in ways that depend on how a password is spelled.
        said = type(error).__name__
    if tunnel:
        advice = {"407": PROXY_PASSWORD, "403": PROXY_REFUSED}.get(tunnel.group(1), PAGE_BETWEEN)
        return f"the proxy refused the call (HTTP {tunnel.group(1)})", advice
    if isinstance(error, ProxyConnectionError):
        return f"the proxy could not be reached ({said})", "Check HTTPS_PROXY of the Func host; " + NEXT_RUN
    if isinstance(error, SSLError):
        return f"AWS could not be reached ({said})", (
            "Where a proxy opens TLS, the file that AWS_CA_BUNDLE of the Func host names must hold the certificate of "
            "its authority; " + NEXT_RUN
        )
    # The names of botocore's connection errors are plain words, and their texts name the endpoint.
    return f"AWS could not be reached ({said})", (
        "Check that the Func host reaches the internet, or its proxy; " + NEXT_RUN
    )


def clock_ahead(headers: Mapping[str, str], now: float) -> Optional[float]:
    """By how many seconds `now` is ahead of the time in an answer's headers; None where that cannot be read."""
    try:
        if HTTP_DATE.fullmatch(headers["date"].strip()):
            return now - parsedate_to_datetime(headers["date"]).timestamp()
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        pass
    return None


def _of_the_clock(headers: Mapping[str, str]) -> str:
    ahead = clock_ahead(headers, time.time())
    if ahead is None:
        return "Check that the clock of the Func host is right."
    if abs(ahead) < CLOCK_TOLERANCE:
        return f"The clock of the Func host is not the reason: it is {clock_difference(ahead)}."
    return f"The clock of the Func host is {clock_difference(ahead)}. Correct it: AWS accepts 5 minutes at most."
