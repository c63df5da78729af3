"""When the certificates of distributions expire: requested from ACM and IAM, at most once a day for each."""

from typing import Any, Dict, List, Mapping, Sequence, Union

from guance_aws_cloudfront.aws.client import Aws
from guance_aws_cloudfront.aws.errors import AwsDeniedError, AwsError
from guance_aws_cloudfront.cloudfront.certificate import (
    Facts,
    acm_certificate,
    acm_facts,
    certificate_fields,
    iam_certificate,
    iam_facts,
    region_of,
)
from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.func.state import State
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.text import count, some_of

DAY = 86400
# What was answered longer ago is not reported any more: the certificate may have been renewed.
STALE_AFTER = 7 * DAY
# ACM is asked for each one by itself: so many a run, until all are known.
MOST_A_RUN = 100
UNTIL_THEN = "Until then, objects carry only what was known of these certificates in the last week."

Record = Mapping[str, Any]
# The IDs of the distributions that show a certificate, by its ARN (ACM) or its ID (IAM).
Certificates = Dict[str, List[str]]


def fields_of_certificates(
    records: Sequence[Record], account: Account, aws: Aws, state: State, log: RunLog, now: float
) -> Dict[str, Dict[str, Any]]:
    """The fields of objects about their certificates, by distribution ID; `now` is in epoch seconds.

    A denied call is a warning, one that fails a failure of the run. Neither costs another certificate anything, and
    what was known of a certificate before is reported all the same.
    """
    of_acm: Certificates = {}
    of_iam: Certificates = {}
    for record in records:
        if region_of(acm_certificate(record), account.partition):
            of_acm.setdefault(acm_certificate(record), []).append(record["Id"])
        elif iam_certificate(record):
            of_iam.setdefault(iam_certificate(record), []).append(record["Id"])
    shown = {**of_acm, **of_iam}
    kept = state.recall("certificates") or {}
    known: Dict[str, Facts] = {
        name: kept[name] for name in shown if name in kept and now - kept[name]["at"] < STALE_AFTER
    }
    # A time in the future is that of a clock that was ahead.
    due = {name for name in shown if name not in known or not 0 <= now - known[name]["at"] < DAY}

    answers = _ask_acm({name: ids for name, ids in of_acm.items() if name in due}, aws, log)
    if due.intersection(of_iam):
        answers.update(_ask_iam(of_iam, aws, log))
    known.update({name: {**facts, "at": now} for name, facts in answers.items()})
    if answers:
        state.keep("certificates", known)
        log.say(f"Certificates: {count(len(answers), 'answer')}; {len(known):,} of {len(shown):,} known.")
    endless = [key for name, facts in answers.items() if "expires" not in facts for key in shown[name]]
    if endless:
        log.warn(
            f"AWS does not tell when the certificate of {some_of(endless)} expires: look at it in AWS Certificate "
            "Manager or, with a server certificate, in IAM. It is requested again in a day."
        )
    return {key: certificate_fields(known[name], now) for name in known for key in shown[name]}


def _ask_acm(certificates: Certificates, aws: Aws, log: RunLog) -> Dict[str, Facts]:
    """What ACM answers, by ARN, without those that fail; a certificate that it does not know has no facts."""
    arns = list(certificates)[:MOST_A_RUN]
    answers: List[Union[Dict[str, Any], AwsError]] = []
    try:
        # One is enough to learn that they may not be read, or that ACM cannot be reached.
        answers = aws.certificates(arns[:1])
        if not any(isinstance(one, AwsDeniedError) or getattr(one, "is_unreached", False) for one in answers):
            answers += aws.certificates(arns[1:])
    except AwsError as error:
        log.fail(f"{error} {UNTIL_THEN}")
    facts: Dict[str, Facts] = {}
    denied: Certificates = {}
    failed: Certificates = {}
    for arn, answer in zip(arns, answers):
        if not isinstance(answer, AwsError):
            facts[arn] = acm_facts(answer)
        elif answer.is_gone:
            facts[arn] = {}
        else:
            those = denied if isinstance(answer, AwsDeniedError) else failed
            those.setdefault(str(answer), []).extend(certificates[arn])
    if denied:
        # AWS names the certificate in each: of many the first will do.
        concerned = [key for ids in denied.values() for key in ids]
        log.warn(f"{next(iter(denied))} Concerns {some_of(concerned)}. {UNTIL_THEN}")
    for text, ids in failed.items():
        log.fail(f"{text} Concerns {some_of(ids)}. {UNTIL_THEN}")
    return facts


def _ask_iam(certificates: Certificates, aws: Aws, log: RunLog) -> Dict[str, Facts]:
    """What IAM answers, by ID, empty when it fails; a certificate that it does not list has no facts."""
    concerned = [key for ids in certificates.values() for key in ids]
    try:
        listed = {one.get("ServerCertificateId"): one for one in aws.server_certificates()}
    except AwsDeniedError as denied:
        log.warn(f"{denied} Concerns {some_of(concerned)}. {UNTIL_THEN}")
        return {}
    except AwsError as error:
        log.fail(f"{error} Concerns {some_of(concerned)}. {UNTIL_THEN}")
        return {}
    return {name: iam_facts(listed[name]) if name in listed else {} for name in certificates}
