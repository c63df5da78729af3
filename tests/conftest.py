"""What all tests share: a point in time, an account and a configuration of defaults."""

import os

import pytest
from hypothesis import HealthCheck, settings

from guance_aws_cloudfront.settings.account import parse_account
from guance_aws_cloudfront.settings.config import parse_config

# A slow machine fails no test; in CI the examples are the same every time.
settings.register_profile(
    "tests", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")

# A minute of no importance, so that no test depends on the date: 2026-03-01 10:00 UTC.
NOW = 1772359200
AK_ID = "AKIAEXAMPLE000000001"
AK_SECRET = "secret/of+the+example+access+key/0000001"
RAW_ACCOUNT = {"ak_id": AK_ID, "ak_secret": AK_SECRET, "extra_tags": {"account_name": "prod", "team": "edge"}}


@pytest.fixture
def account():
    return parse_account(RAW_ACCOUNT)


@pytest.fixture
def config():
    return parse_config({})
