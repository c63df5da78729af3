"""What all tests share: a point in time, an account and a configuration of defaults."""

import pytest

from guance_aws_cloudfront.config import parse_account, parse_config

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
