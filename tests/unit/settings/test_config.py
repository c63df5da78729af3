"""Every mistake in the account or the configuration has its sentence, before anything is called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guance_aws_cloudfront.settings.account import parse_account
from guance_aws_cloudfront.settings.config import CONFIG_KEYS, SECONDS, parse_config
from guance_aws_cloudfront.settings.validation import ConfigError, invisible
from guance_aws_cloudfront.text import one_line
from tests.conftest import AK_ID, AK_SECRET, RAW_ACCOUNT


def account_with(**changes):
    return {key: value for key, value in {**RAW_ACCOUNT, **changes}.items() if value is not ...}


BAD_ACCOUNTS = [
    (None, "The account is of type NoneType: it must be a dict"),
    ([], "The account is of type list: it must be a dict"),
    (account_with(ak_id=...), "Account key 'ak_id' is missing or empty; give it in the startup script"),
    (account_with(ak_id=" "), "Account key 'ak_id' is missing or empty"),
    (account_with(ak_id="<AWS AK ID>"), "Account key 'ak_id' still holds its placeholder"),
    (account_with(ak_id=AK_SECRET), "Account key 'ak_id' is not an AWS access key ID"),
    (account_with(ak_id="AKIA123"), "Account key 'ak_id' is not an AWS access key ID"),
    (account_with(ak_id="ASIAEXAMPLE000000001"), "Account key 'session_token' is missing"),
    (account_with(ak_secret=...), "Account key 'ak_secret' is missing or empty; give it in the startup script"),
    (account_with(ak_secret=7), "Account key 'ak_secret' is of type int: it must be a string"),
    (account_with(ak_secret="two words"), "Account key 'ak_secret' has white space inside"),
    (
        account_with(ak_secret=f'"{AK_SECRET}"'),
        "Account key 'ak_secret' has quotes in it: give the value without them.",
    ),
    (account_with(ak_secret=f"\u201c{AK_SECRET}\u201d"), "Account key 'ak_secret' has quotes in it"),
    (account_with(ak_secret=f"{AK_SECRET}'"), "Account key 'ak_secret' has quotes in it"),
    (
        account_with(ak_secret=f"{AK_SECRET}\u200b"),
        "'ak_secret' has an invisible character (U+200B, ZERO WIDTH SPACE): copy it again from IAM.",
    ),
    (account_with(ak_secret=f"\ufeff{AK_SECRET}"), "has an invisible character (U+FEFF, ZERO WIDTH NO-BREAK SPACE)"),
    (account_with(ak_secret=f"{AK_SECRET[:9]}\u00a0{AK_SECRET[9:]}"), "has an invisible character (U+00A0, NO-BREAK"),
    (account_with(ak_secret=f"{AK_SECRET[:9]}\x00{AK_SECRET[9:]}"), "has an invisible character (U+0000, a control"),
    (
        account_with(ak_secret=f"{AK_SECRET[:9]}\u202e{AK_SECRET[9:]}"),
        "an invisible character (U+202E, RIGHT-TO-LEFT O",
    ),
    (
        account_with(ak_secret=f"aws_secret_access_key={AK_SECRET}"),
        "'ak_secret' holds a name and its value: give only what comes after the '='.",
    ),
    (account_with(ak_secret=f"aws_secret_access_key = {AK_SECRET}"), "'ak_secret' holds a name and its value"),
    (account_with(ak_secret=f"export AWS_SECRET_ACCESS_KEY={AK_SECRET}"), "'ak_secret' holds a name and its value"),
    (account_with(ak_secret=f"SecretAccessKey: {AK_SECRET}"), "'ak_secret' holds a name and its value"),
    (account_with(ak_secret="*" * 40), "Account key 'ak_secret' is masked, as a page shows it: give the value itself."),
    (account_with(ak_secret=f"{AK_SECRET[:4]}****{AK_SECRET[-4:]}"), "Account key 'ak_secret' is masked"),
    (account_with(ak_secret="\u2022" * 12), "Account key 'ak_secret' is masked"),
    (account_with(ak_secret=AK_ID), "Account key 'ak_secret' holds an access key ID: use the secret access key"),
    (account_with(ak_secret="hunter2"), "Account key 'ak_secret' is not an AWS secret access key: use the 40 letters"),
    (account_with(ak_secret=f"{AK_ID},{AK_SECRET}"), "Account key 'ak_secret' is not an AWS secret access key"),
    (account_with(ak_secret="pässword" * 5), "Account key 'ak_secret' is not an AWS secret access key"),
    (account_with(ak_secret=AK_SECRET * 4), "Account key 'ak_secret' is not an AWS secret access key"),
    (account_with(ak_id=f"'{AK_ID}'"), "Account key 'ak_id' has quotes in it"),
    (account_with(ak_id=f"{AK_ID}\u200d"), "Account key 'ak_id' has an invisible character (U+200D"),
    (account_with(ak_id=f"aws_access_key_id={AK_ID}"), "Account key 'ak_id' holds a name and its value"),
    (account_with(ak_id="AKIA************0001"), "Account key 'ak_id' is masked"),
    (account_with(session_token='"abc"'), "Account key 'session_token' has quotes in it"),
    (account_with(session_token="ab\u2060c"), "Account key 'session_token' has an invisible character (U+2060"),
    (account_with(session_token="AWS_SESSION_TOKEN=abc"), "Account key 'session_token' holds a name and its value"),
    (account_with(session_token="****"), "Account key 'session_token' is masked"),
    (account_with(session_token=""), "Account key 'session_token' is missing or empty"),
    (account_with(ak_sceret="x"), "The account has an unknown key 'ak_sceret': did you mean 'ak_secret'?"),
    (account_with(colour="x"), "The account has an unknown key 'colour': known keys are ak_id, ak_secret"),
    (account_with(extra_tags=...), "The account name is missing: give it in the startup script"),
    (account_with(extra_tags={}), "The account name is missing"),
    (account_with(extra_tags={"account_name": ""}), "The account name is missing"),
    (account_with(extra_tags={"account_name": "<AWS Account Name>"}), "The account name is missing"),
    (account_with(extra_tags={"account_name": " \t"}), "The account name is missing"),
    (account_with(extra_tags={"account_name": " <AWS Account Name> "}), "The account name is missing"),
    (
        account_with(extra_tags={"account_name": "pro\u200bd"}),
        "the value of 'account_name' has an invisible character (U+200B, ZERO WIDTH SPACE): type it again, with plain",
    ),
    (account_with(extra_tags={"account_name": "\ufeffprod"}), "'account_name' has an invisible character (U+FEFF"),
    (account_with(extra_tags={"account_name": "my\u00a0prod"}), "'account_name' has an invisible character (U+00A0"),
    (account_with(extra_tags={"account_name": "prod\u3164"}), "'account_name' has an invisible character (U+3164"),
    (account_with(extra_tags={"account_name": "prod\u202e"}), "'account_name' has an invisible character (U+202E"),
    (
        account_with(extra_tags={"account_name": "p", "te\u200bam": "x"}),
        "the tag 'te\\u200bam' has an invisible character (U+200B",
    ),
    (
        account_with(extra_tags={"account_name": "p", "team": "e\u00addge"}),
        "the value of 'team' has an invisible character (U+00AD, SOFT HYPHEN)",
    ),
    (account_with(extra_tags={"account_name": "x" * 129}), "allowed is a name of at most 128 characters"),
    (account_with(extra_tags="prod"), "Account key 'extra_tags' is 'prod': allowed is a dict of tags"),
    (
        account_with(extra_tags={"account_name": "p", "cloud_provider": "x"}),
        "the tag 'cloud_provider' is set by the coll",
    ),
    (
        account_with(extra_tags={"account_name": "p", "DistributionId": "x"}),
        "the tag 'DistributionId' is set by the col",
    ),
    (
        account_with(extra_tags={"account_name": "p", "class": "x"}),
        "the tag 'class' is set by the collector or not all",
    ),
    (account_with(extra_tags={"account_name": "p", "team": ""}), "the value of 'team' is ''"),
    (account_with(extra_tags={"account_name": "p", "team": 7}), "the value of 'team' is 7"),
    (account_with(extra_tags={"account_name": "p", "team": None}), "the value of 'team' is None"),
    (account_with(extra_tags={"account_name": "p", "team": "a\nb"}), "the value of 'team' is 'a\\nb'"),
    (account_with(extra_tags={"account_name": "p", "team": "a\\"}), "at most 1,024 bytes, without a backslash at its"),
    (account_with(extra_tags={"account_name": "p", "team": "é" * 513}), "of at most 1,024 bytes"),
    (account_with(extra_tags={"account_name": "p", "a.b": "x"}), "is 'a.b': allowed is tag names of 1 to 256 bytes"),
    (account_with(extra_tags={"account_name": "p", 7: "x"}), "is 7: allowed is tag names of 1 to 256 bytes"),
    (
        account_with(extra_tags={"account_name": "p", "OriginLatency_p99_9": "x"}),
        "the tag 'OriginLatency_p99_9' is set by",
    ),
    (
        account_with(extra_tags={"account_name": "p", "Description": "x"}),
        "the tag 'Description' is set by",
    ),
    (account_with(extra_tags={"account_name": "p", "half": "\ud800"}), "it must be a non-empty string on one line"),
    (account_with(extra_tags={"account_name": "p", "\ud800": "x"}), "allowed is tag names of 1 to 256 bytes"),
    (
        account_with(extra_tags={"account_name": "p", **{f"tag{n}": "x" for n in range(64)}}),
        "Account key 'extra_tags' is 'a dict of 65': allowed is at most 64 tags.",
    ),
    (
        account_with(extra_tags={"account_name": "p", **{f"tag{n}": "x" * 1000 for n in range(40)}}),
        "Account key 'extra_tags' is 'a dict of 41': allowed is tags of at most 30720 bytes in all.",
    ),
    (account_with(extra_tags={"account_name": "p", "WAF": "x"}), "the tag 'WAF' is set by the collector"),
    (account_with(partition="aws-us-gov"), "Account key 'partition' is 'aws-us-gov': allowed is aws or aws-cn"),
    (account_with(partition=7), "Account key 'partition' is 7: allowed is aws or aws-cn"),
    (account_with(regions="us-east-1"), "Account key 'regions' is 'us-east-1': allowed is a list of region names"),
    (account_with(regions=[]), "Account key 'regions' is []: allowed is a list of region names"),
    (account_with(regions=["us-gov-west-1"]), "Account key 'regions' is 'us-gov-west-1': allowed is regions of aws or"),
    (account_with(regions=[7]), "Account key 'regions' is 7: allowed is regions of aws or aws-cn"),
    (account_with(regions=["cn-north-1", "eu-west-1"]), "'eu-west-1' is a region of the partition aws, not of aws-cn"),
    (
        account_with(partition="aws-cn", regions=["us-east-1"]),
        "'us-east-1' is a region of the partition aws, not of aws-",
    ),
    (
        account_with(cloudwatch_region="eu-west-1"),
        "Account key 'cloudwatch_region' is 'eu-west-1': allowed is us-east-1",
    ),
    (
        account_with(partition="aws-cn", cloudwatch_region="us-east-1"),
        "allowed is cn-northwest-1 or cn-north-1 in aws-cn",
    ),
]

BAD_ROLES = [
    (
        {"role_arn": ""},
        "Account key 'role_arn' is '': allowed is the ARN of a role in the partition",
    ),
    ({"role_arn": 7}, "Account key 'role_arn' is 7: allowed is the ARN of a role"),
    ({"role_arn": "reader"}, "Account key 'role_arn' is 'reader': allowed is the ARN of a role"),
    ({"role_arn": "arn:aws:iam::123456789012:user/x"}, "allowed is the ARN of a role in the partition"),
    ({"role_arn": "arn:aws-us-gov:iam::123456789012:role/x"}, "such as arn:aws:iam::123456789012:role/<name>"),
    (
        {"role_arn": "arn:aws:iam::123456789012:role/x", "partition": "aws-cn"},
        "such as arn:aws-cn:iam::",
    ),
    ({"external_id": "abc"}, "Account key 'external_id' is given without 'role_arn'"),
    ({"role_arn": "arn:aws:iam::123456789012:role/x", "external_id": "a b"}, "Account key 'external_id' is not one"),
    ({"role_arn": "arn:aws:iam::123456789012:role/x", "external_id": ""}, "Account key 'external_id' is not one"),
]
BAD_ACCOUNTS += [(account_with(**changes), sentence) for changes, sentence in BAD_ROLES]

BAD_CONFIGS = [
    ("datakit", "The configuration is of type str: it must be a dict"),
    ({"periode": 60}, "The configuration has an unknown key 'periode': did you mean 'period'?"),
    ({7: 60}, "The configuration has an unknown key '7': known keys are distributions, metrics"),
    (
        {"period": 90},
        "Configuration key 'period' is 90: allowed is a whole number of seconds from 60 to 3600, a multiple",
    ),
    ({"period": 0}, "Configuration key 'period' is 0"),
    ({"period": "60"}, "Configuration key 'period' is '60'"),
    ({"period": 60.0}, "Configuration key 'period' is 60.0"),
    ({"period": True}, "Configuration key 'period' is True"),
    ({"delay": -1}, "Configuration key 'delay' is -1: allowed is a whole number of seconds from 0 to 3600."),
    (
        {"lookback": 7260},
        "'lookback' is 7260: allowed is a whole number of seconds from 0 to 7200.",
    ),
    (
        {"lookback": 600, "metrics": "ALL"},
        "'lookback' is 600: allowed is at least 900 seconds with 'recently_active'",
    ),
    ({"lookback": None}, "Configuration key 'lookback' is None"),
    ({"max_catch_up": 16 * 86400}, "Configuration key 'max_catch_up' is 1382400"),
    ({"first_lookback": 60, "period": 300}, "'first_lookback' is 60: allowed is at least one period (300 seconds)"),
    (
        {"concurrency": 0},
        "Configuration key 'concurrency' is 0: allowed is a whole number of calls at a time from 1 to 16",
    ),
    ({"datakit_id": " "}, "Configuration key 'datakit_id' is ' ': allowed is the ID of a connector in Func"),
    (
        {"datakit_keeps_time": "no"},
        "Configuration key 'datakit_keeps_time' is 'no': allowed is None (to find out), True or False.",
    ),
    ({"datakit_keeps_time": 0}, "Configuration key 'datakit_keeps_time' is 0"),
    ({"dry_run": "yes"}, "Configuration key 'dry_run' is 'yes': allowed is True or False"),
    ({"details": 1}, "Configuration key 'details' is 1: allowed is True or False"),
    ({"recently_active": "3h"}, "Configuration key 'recently_active' is '3h': allowed is True or False"),
    (
        {"recently_active": True, "lookback": 300},
        "'lookback' is 300: allowed is at least 900 seconds",
    ),
    (
        {"recently_active": True, "lookback": 7200, "delay": 3600},
        "'lookback' is 7200: allowed is at most 9000 seconds together with 'delay', because CloudWatch lists who",
    ),
    ({"resource_tags": ["*", "NOT", "aws:*"]}, "allowed is 'NOT' only at the head of a list, for all that follows."),
    ({"distributions": ["*", "NOT", "E1"]}, "allowed is 'NOT' only at the head of a list, for all that follows."),
    ({"resource_tags": "env"}, "Configuration key 'resource_tags' is 'env': allowed is a list of tag keys or patterns"),
    ({"resource_tags": ["NOT"]}, "Configuration key 'resource_tags' is ['NOT']: allowed is a list of tag keys"),
    ({"distributions": "E1"}, "Configuration key 'distributions' is 'E1': allowed is a list of IDs"),
    ({"distributions": {"env": ["prod"]}}, "is 'env': allowed is a dict with the keys 'name' and 'tag:<key>'"),
    ({"distributions": {"tag:env": "prod"}}, "is 'prod': allowed is a list of values of the tag 'env'"),
    ({"metrics": ["Request"]}, "no metric is called 'Request': did you mean 'Requests'?"),
    ({"statistics": {"Requests": ["p90"]}}, "Requests carries Sum."),
]


@pytest.mark.parametrize(("raw", "sentence"), BAD_ACCOUNTS)
def test_a_bad_account_gets_its_sentence(raw, sentence) -> None:
    with pytest.raises(ConfigError) as error:
        parse_account(raw)
    assert sentence in str(error.value)
    assert str(error.value).endswith((".", "?"))
    assert AK_SECRET not in str(error.value)
    if isinstance(raw, dict) and isinstance(raw.get("ak_secret"), str) and raw["ak_secret"] != AK_ID:
        assert not raw["ak_secret"] or raw["ak_secret"] not in str(error.value)


@pytest.mark.parametrize(("raw", "sentence"), BAD_CONFIGS)
def test_a_bad_configuration_gets_its_sentence(raw, sentence) -> None:
    with pytest.raises(ConfigError) as error:
        parse_config(raw)
    assert sentence in str(error.value)
    assert str(error.value).endswith((".", "?"))


def test_no_repr_shows_a_secret() -> None:
    account = parse_account(account_with(session_token="token-of-the-session"))
    assert all(secret not in repr(account) for secret in (AK_ID, AK_SECRET, "token-of-the-session"))


def test_a_role_and_its_external_id_are_taken_and_the_latter_is_not_shown() -> None:
    account = parse_account(account_with(role_arn="arn:aws:iam::123456789012:role/a/b", external_id="very-external"))
    assert (account.role_arn, account.external_id) == ("arn:aws:iam::123456789012:role/a/b", "very-external")
    assert "very-external" not in repr(account)


def test_pasted_keys_lose_the_white_space_around_them() -> None:
    account = parse_account(account_with(ak_id=f" {AK_ID}\n", ak_secret=f"{AK_SECRET} "))
    assert (account.ak_id, account.ak_secret) == (AK_ID, AK_SECRET)


@pytest.mark.parametrize("secret", [AK_SECRET, "a" * 40, "/+" * 20, "A1/+" * 4, "x" * 128])
def test_secrets_of_the_form_of_aws_are_taken(secret) -> None:
    assert parse_account(account_with(ak_secret=f"\n{secret} ")).ak_secret == secret


@pytest.mark.parametrize("token", ["FwoGZXIvYXdzE/key+token==", "id=", "token-of_the.session:x"])
def test_session_tokens_are_taken_whatever_they_spell(token) -> None:
    assert parse_account(account_with(session_token=token)).session_token == token


def test_names_and_tags_lose_the_white_space_around_them() -> None:
    account = parse_account(account_with(extra_tags={"account_name": " prod\n", "team": "\u3000a b "}))
    assert account.account_name == "prod"
    assert account.extra_tags == {"account_name": "prod", "team": "a b"}


@given(st.text())
def test_a_name_is_taken_as_it_is_seen_or_refused(name) -> None:
    try:
        account = parse_account(account_with(extra_tags={"account_name": name}))
    except ConfigError as error:
        assert str(error).endswith((".", "?"))
        return
    assert account.account_name == name.strip()
    assert not invisible(account.account_name)
    assert account.account_name == one_line(account.account_name)


@given(st.text())
def test_no_secret_that_is_refused_is_shown(secret) -> None:
    try:
        assert parse_account(account_with(ak_secret=secret)).ak_secret == secret.strip()
    except ConfigError as error:
        assert len(secret) < 8 or secret not in str(error)


@pytest.mark.parametrize(
    ("changes", "partition", "region"),
    [
        ({}, "aws", "us-east-1"),
        ({"regions": ["eu-west-1", "ap-southeast-2"]}, "aws", "us-east-1"),
        ({"partition": "aws-cn"}, "aws-cn", "cn-northwest-1"),
        ({"regions": ["cn-north-1"]}, "aws-cn", "cn-northwest-1"),
        ({"partition": "aws-cn", "cloudwatch_region": "cn-north-1"}, "aws-cn", "cn-north-1"),
    ],
)
def test_the_partition_decides_where_metrics_are_read(changes, partition, region) -> None:
    account = parse_account(account_with(**changes))
    assert (account.partition.name, account.cloudwatch_region) == (partition, region)


def test_every_key_has_a_default_that_is_allowed() -> None:
    config = parse_config(None)
    assert set(CONFIG_KEYS) - set(vars(config)) == {"statistics"}
    for key, allowed in SECONDS.items():
        assert getattr(parse_config({key: allowed.default}), key) == allowed.default
    # Accounts and configurations are values: nothing changes them once they have been read.
    with pytest.raises(AttributeError):
        config.period = 300


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(st.sampled_from(CONFIG_KEYS) | st.text(max_size=6), ANYTHING | st.integers(0, 20000), max_size=4)
)
def test_any_configuration_is_within_the_limits_or_refused_with_a_sentence(raw) -> None:
    try:
        config = parse_config(raw)
    except ConfigError as error:
        assert "onfiguration" in str(error)
        assert str(error).endswith((".", "?"))
        return
    for key, allowed in SECONDS.items():
        value = getattr(config, key)
        assert allowed.minimum <= value <= allowed.maximum
        assert value % allowed.multiple == 0
        assert value == raw.get(key, allowed.default)


@given(
    st.sampled_from([*sorted(RAW_ACCOUNT), "session_token", "role_arn", "external_id", "partition", "regions"]),
    ANYTHING,
)
def test_any_account_is_taken_or_refused_with_a_sentence_that_has_no_secret(key, value) -> None:
    try:
        account = parse_account(account_with(**{key: value}))
    except ConfigError as error:
        said = str(error)
    else:
        said = repr(account)
        assert key == "ak_secret" or AK_SECRET in account.secrets
    assert AK_SECRET not in said
    if key in ("ak_secret", "session_token") and isinstance(value, str) and len(value) > 4:
        assert value not in said


# As docs/en/configuration.md has them: the default, the least and the most that is allowed.
LIMITS = {
    "period": (60, 60, 3600),
    "delay": (180, 0, 3600),
    "lookback": (900, 0, 7200),
    "first_lookback": (3600, 60, 1_296_000),
    "max_catch_up": (172_800, 3600, 1_296_000),
    "object_interval": (900, 60, 86_400),
    "time_limit": (240, 30, 3600),
    "concurrency": (4, 1, 16),
}


@pytest.mark.parametrize("key", LIMITS)
def test_a_number_has_its_default_and_is_allowed_up_to_its_bounds(key) -> None:
    default, least, most = LIMITS[key]
    assert getattr(parse_config({}), key) == default
    step = 60 if key == "period" else 1
    # A period must fit into what is looked back.
    room = {"first_lookback": 3600} if key == "period" else {}
    for value in (least, most):
        assert getattr(parse_config({**room, key: value}), key) == value
    for value in (least - step, most + step):
        with pytest.raises(ConfigError, match=f"'{key}' is {value}: allowed is a whole number of .*from {least} to"):
            parse_config({**room, key: value})


def test_a_multiple_is_told_only_where_there_is_one() -> None:
    with pytest.raises(ConfigError, match="to 3600, a multiple of 60"):
        parse_config({"period": 90})
    with pytest.raises(ConfigError) as error:
        parse_config({"delay": -1})
    assert "multiple" not in str(error.value)


def test_switches_are_what_the_documents_say_unless_they_are_set() -> None:
    config = parse_config({})
    off = (config.details, config.recently_active, config.dry_run, config.datakit_keeps_time)
    assert off == (False, False, False, None)
    assert (config.derived, config.events) == (True, True)


def test_what_must_fit_together_is_allowed_up_to_where_it_does() -> None:
    assert parse_config({"period": 3600, "first_lookback": 3600, "max_catch_up": 3600}).period == 3600
    with pytest.raises(ConfigError, match="'first_lookback' is 3540: allowed is at least one period"):
        parse_config({"period": 3600, "first_lookback": 3540})
    # Metrics beyond the default ones, and who is active, are listed up to 15 minutes late.
    other = {"metrics": ["OriginLatency"]}
    for more in (other, {"recently_active": True}):
        assert parse_config({**more, "lookback": 900}).lookback == 900
        with pytest.raises(ConfigError, match="'lookback' is 899: allowed is at least 900 seconds"):
            parse_config({**more, "lookback": 899})
    assert parse_config({"lookback": 0}).other_metrics == []
    assert [metric.name for metric in parse_config({"metrics": ["OriginLatency", "Requests"]}).other_metrics] == [
        "OriginLatency"
    ]
    far = {"recently_active": True, "lookback": 7200}
    assert parse_config({**far, "delay": 1800}).delay == 1800
    assert parse_config({"lookback": 7200, "delay": 3600}).delay == 3600
    with pytest.raises(ConfigError, match="at most 9000 seconds together with 'delay'"):
        parse_config({**far, "delay": 1801})


def test_a_resource_tag_is_wanted_where_it_is_named_or_chosen_by() -> None:
    chosen = {"distributions": {"tag:env": ["prod"]}}
    for raw, wanted in (
        ({}, ()),
        ({"resource_tags": ["team*"]}, ("team", "team-2")),
        (chosen, ("env",)),
        ({**chosen, "resource_tags": ["team"]}, ("env", "team")),
    ):
        config = parse_config(raw)
        assert tuple(key for key in ("env", "team", "team-2") if config.wants_tag(key)) == wanted, raw
