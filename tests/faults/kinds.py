"""Kinds of odd answers, hosts and words: of each, many inputs are tried, and the user reads a sentence that helps."""

from typing import NamedTuple, Tuple

from tests.faults.scenario import ADVICE, ENDLESS, HOST, NO_ANSWER, ODD_RECORD, OUT_OF_STEP


class Kind(NamedTuple):
    """A kind: what is tried of it, what a user reads (empty for nothing), and the tests of it beside the scenarios."""

    kind: str
    tried: str
    reads: str
    tests: Tuple[str, ...]


KINDS = (
    Kind(
        NO_ANSWER,
        "of every operation, in XML and JSON, on any page: a page, an empty body, 204, another root, half of it, a "
        "member missing that the service model requires, fewer items than are counted, no list",
        "the answer is not CloudFront's, or not all of it: an HTML page titled",
        ("unit/aws/test_responses.py", "contract/test_check.py", "contract/test_distributions.py"),
    ),
    Kind(
        ODD_RECORD,
        "each part of a full record gone or of 22 odd values, alone and several at once; no Id; a number at which "
        "botocore gives up the listing",
        ". What cannot be read is left out.",
        ("unit/points/test_odd_records.py", "unit/aws/test_client.py"),
    ),
    Kind(
        OUT_OF_STEP,
        "minutes and values of unequal number on any page; minutes outside the window, of fractions, in milliseconds, "
        "twice, of other types",
        "completely (not as many values as minutes).",
        ("unit/points/test_answers.py",),
    ),
    Kind(
        HOST,
        "20 broken or contrary files, as config and as credentials, with a key and with a role; every variable that "
        "botocore knows a setting by; models and plugins",
        "",
        ("unit/aws/test_session.py",),
    ),
    Kind(
        "TLS",
        "a certificate that signs itself, with empty, blank and wrong AWS_CA_BUNDLE and REQUESTS_CA_BUNDLE; a bundle "
        "that is no file",
        "which is no file. Set it to a file of",
        ("unit/aws/test_session.py",),
    ),
    Kind(
        "the password of a proxy",
        "17 passwords in 13 forms of an address, to a proxy that refuses; any user information of any URL; a role's "
        "temporary key, percent-encoded and in an answer that breaks off",
        "the proxy refused the call (HTTP 407)",
        ("unit/aws/test_errors.py", "unit/test_text.py"),
    ),
    Kind(
        ENDLESS,
        "new tokens for ever of ListDistributions, ListMetrics, GetResources and GetMetricData; attempts again; a "
        "caller who has gone",
        "the time limit of the run is over (configuration key 'time_limit')",
        ("unit/aws/test_deadlines.py",),
    ),
    Kind(
        "two regions of one function",
        "any dimensions beside FunctionName: each set is a series with tags of its own",
        "",
        ("unit/points/test_series.py",),
    ),
    Kind(
        ADVICE,
        "explicit denies and policies that must allow too; session tokens; dates that are doubled or have no zone; "
        "redirects; 403 and 407 of proxies, to the call and to its tunnel",
        "allowing it elsewhere does not help",
        ("unit/aws/test_errors.py", "unit/aws/test_responses.py"),
    ),
    Kind(
        "typed by people",
        "keys, secrets and tokens with quotes, invisible characters, their names, masks, in each other's place; names "
        "and tags with blanks around them and with what nobody sees",
        "holds a name and its value: give only what comes after the '='.",
        ("unit/settings/test_config.py",),
    ),
)
