"""LOGS: what is allowed, and a sentence that names the key, the mistake and what is allowed for all that is not."""

import pytest

from guance_aws_cloudfront.settings.logs import Bucket, Rule, parse_logs
from guance_aws_cloudfront.settings.patterns import Choice
from guance_aws_cloudfront.settings.validation import ConfigError

BOUND = {"path": "logs", "delimiter": "12345"}


def test_the_defaults_collect_all_lines_and_nothing_that_a_viewer_typed() -> None:
    config = parse_logs({})
    assert (config.distributions, config.buckets, config.rules, config.keep_rest) == (None, (), (), 0.0)
    assert config.fields == ("NOT", "cs_uri_query", "cs_cookie")
    assert (config.anonymize_ip, config.requester_pays) == (True, False)
    assert (config.first_lookback, config.max_catch_up, config.max_lines_a_run) == (3600, 172800, 100_000)


def test_all_keys_are_taken() -> None:
    config = parse_logs(
        {
            "distributions": ["*.Example.com"],
            "buckets": {"E1": "s3://my-logs/a/b", "*": {"path": "other-logs", "fields": ["date"], "delimiter": " "}},
            "keep": [{"status": ["5xx", 404, "4*"], "method": ["get"]}, {"path": ["/api/*"], "edge_result": ["Error"]}],
            "keep_rest": 0.01,
            "fields": ["sc_*"],
            "anonymize_ip": False,
            "requester_pays": True,
            "first_lookback": 0,
            "max_catch_up": 86400,
            "max_lines_a_run": 5000,
        }
    )
    assert config.distributions == Choice(("*.example.com",))
    assert config.buckets == (
        ("e1", Bucket("my-logs", "a/b")),
        ("*", Bucket("other-logs", "", ("date",), " ")),
    )
    assert config.rules == (Rule(("5*", "404", "4*"), ("GET",), None, None), Rule(None, None, ("/api/*",), ("Error",)))
    assert config.keep_rest == 0.01


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        (["*"], ("*",)),
        (["cs(User-Agent)", "SC-Status", "time_*"], ("cs_user_agent", "sc_status", "time_*")),
        (["cs(*)", "x-edge-*"], ("cs_*", "x_edge_*")),
        # What a viewer types or is given is wanted only where it is named.
        (["NOT", "c-ip"], ("NOT", "c_ip", "cs_uri_query", "cs_cookie")),
        (["NOT", "cs(Cookie)", "cs_uri_query"], ("NOT", "cs_cookie", "cs_uri_query")),
    ],
)
def test_fields_may_be_spelled_as_aws_does(given, fields) -> None:
    assert parse_logs({"fields": given}).fields == fields


def test_what_lies_on_a_bound_is_allowed() -> None:
    at_most = {"first_lookback": 1_296_000, "max_catch_up": 1_296_000, "max_lines_a_run": 10_000_000}
    config = parse_logs({**at_most, "keep": {"status": ["5xx", 0]}, "keep_rest": 1, "buckets": {"*": BOUND}})
    assert {name: getattr(config, name) for name in at_most} == at_most
    assert (config.keep_rest, config.rules[0].status) == (1.0, ("5*", "0*"))
    assert config.buckets[0][1].delimiter == "12345"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "LOGS of the startup script is None. Set it to {}"),
        ([], "LOGS is of type list: it must be a dict"),
        ({"keeps": {}}, "LOGS has an unknown key 'keeps': did you mean 'keep'?"),
        ({"distributions": []}, "LOGS key 'distributions' is []: allowed is a list of IDs"),
        ({"buckets": "my-logs"}, "LOGS key 'buckets' is 'my-logs': allowed is a dict of places"),
        ({"buckets": {"E1": "X"}}, "LOGS key 'buckets', 'E1' is 'X': allowed is <bucket>/<path>"),
        ({"buckets": {"E1": {"paths": "b"}}}, "LOGS key 'buckets', 'E1' has an unknown key 'paths'"),
        ({"buckets": {"E1": "logs/{year}"}}, "LOGS key 'buckets', 'E1' has the variable {year}: allowed are {Distrib"),
        ({"buckets": {"E1": {"path": "logs", "fields": "date"}}}, "'fields' is 'date': allowed is a list"),
        ({"buckets": {"E1": {"path": "logs", "delimiter": ""}}}, "'delimiter' is '': allowed is what stands between"),
        ({"keep": []}, "LOGS key 'keep' is []: allowed is a dict with the keys status, method, path, edge_result"),
        ({"keep": {}}, "LOGS key 'keep' is {}: allowed is a dict"),
        ({"keep": {"state": ["5xx"]}}, "LOGS key 'keep' has an unknown key 'state': did you mean 'status'?"),
        ({"keep": {"status": "5xx"}}, "LOGS key 'keep', 'status' is '5xx': allowed is a list such as ['4xx'"),
        ({"keep": {"status": ["error"]}}, "LOGS key 'keep', 'status' is 'error': allowed is a list"),
        ({"keep": {"path": ["NOT"]}}, "LOGS key 'keep', 'path' is ['NOT']: allowed is a list of paths"),
        ({"keep_rest": 0.5}, "LOGS key 'keep_rest' is 0.5: allowed is 0 without 'keep'"),
        ({"keep": {"status": ["5xx"]}, "keep_rest": 2}, "LOGS key 'keep_rest' is 2: allowed is a share from 0 to 1"),
        (
            {"keep": {"status": ["5xx"]}, "keep_rest": "1"},
            "LOGS key 'keep_rest' is '1': allowed is a share from 0 to 1",
        ),
        ({"keep": {"status": ["5xx"]}, "keep_rest": True}, "LOGS key 'keep_rest' is True: allowed is a share"),
        ({"keep": {"status": ["5xx"]}, "keep_rest": -0.1}, "LOGS key 'keep_rest' is -0.1: allowed is a share"),
        ({"keep": {"status": [4.5]}}, "LOGS key 'keep', 'status' is [4.5]: allowed is a list"),
        ({"keep": {"status": [True]}}, "LOGS key 'keep', 'status' is [True]: allowed is a list"),
        ({"buckets": {" ": "my-logs"}}, "LOGS key 'buckets' is {' ': 'my-logs'}: allowed is a dict of places"),
        ({"buckets": {1: "my-logs"}}, "LOGS key 'buckets' is {1: 'my-logs'}: allowed is a dict of places"),
        ({"buckets": {"E1": {"path": "logs", "fields": ["date", 1]}}}, "'fields' is ['date', 1]: allowed is a list"),
        ({"buckets": {"E1": {"path": "logs", "fields": ["date", ""]}}}, "'fields' is ['date', '']: allowed is a list"),
        ({"buckets": {"E1": {"path": "logs", "delimiter": "123456"}}}, "'delimiter' is '123456': allowed is what"),
        ({"first_lookback": "1h"}, "LOGS key 'first_lookback' is '1h': allowed is a whole number of seconds"),
        ({"max_lines_a_run": True}, "LOGS key 'max_lines_a_run' is True: allowed is a whole number of lines"),
        ({"max_catch_up": 1_296_001}, "LOGS key 'max_catch_up' is 1296001: allowed is a whole number of seconds"),
        ({"max_lines_a_run": 10_000_001}, "LOGS key 'max_lines_a_run' is 10000001: allowed is a whole number"),
        ({"fields": []}, "LOGS key 'fields' is []: allowed is a list of names of fields"),
        ({"anonymize_ip": 1}, "LOGS key 'anonymize_ip' is 1: allowed is True or False"),
        ({"requester_pays": "yes"}, "LOGS key 'requester_pays' is 'yes': allowed is True or False"),
        (
            {"first_lookback": -1},
            "LOGS key 'first_lookback' is -1: allowed is a whole number of seconds from 0 to 1296000",
        ),
        ({"max_catch_up": 60}, "LOGS key 'max_catch_up' is 60: allowed is a whole number of seconds from 3600"),
        ({"max_lines_a_run": 10}, "LOGS key 'max_lines_a_run' is 10: allowed is a whole number of lines from 100"),
    ],
)
def test_what_is_wrong_is_refused_with_a_sentence(given, said) -> None:
    with pytest.raises(ConfigError) as error:
        parse_logs(given)
    assert said in str(error.value)
