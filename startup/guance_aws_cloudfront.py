"""Collects AWS CloudFront for Guance: what "Deploy Startup Script" copies into Func's script set Startup.

An upgrade of the script set leaves this script as you have made it. The cron job of `run` and its task records are in
Management / Cron Job (older: Crontab Config). README: the script set's page in the market.
"""

from typing import Any, Dict, Optional

import guance_aws_cloudfront.main as aws_cloudfront

# The account to collect from, or a list of such dicts: see README, "Several accounts". Of a single one, Func's
# environment variables (Development / ENV) GUANCE_AWS_CLOUDFRONT_AK_ID, GUANCE_AWS_CLOUDFRONT_AK_SECRET and
# GUANCE_AWS_CLOUDFRONT_ACCOUNT_NAME take precedence over what stands here.
ACCOUNT = {
    "ak_id": "<AWS AK ID>",
    "ak_secret": "<AWS AK SECRET>",
    # "session_token": "…",              # only for a temporary access key (ASIA…)
    # "role_arn": "arn:aws:iam::…",      # a role to assume with the key; with "external_id": "…" if it wants one
    # "partition": "aws-cn",             # "aws" unless given; or by region: "regions": ["cn-northwest-1"]
    "extra_tags": {
        # Tags on every object and point; the account name is one of them.
        "account_name": "<AWS Account Name>",
    },
}

# How to collect: every key, with its default where nothing else is said; times in seconds.
CONFIGS = {
    # "datakit_id": "datakit",           # ID of the connector in Func: DataKit, DataWay or Guance
    # "datakit_keeps_time": None,        # None: find out; True or False: whether DataKit keeps the time of old points
    # "distributions": ["*"],            # by ID or domain, or {"tag:env": ["prod"]}: see README; all unless given
    # "metrics": "ALL",                  # which metrics: see README; the six free ones unless given
    # "statistics": {},                  # such as {"OriginLatency": ["p50", "p95"]}
    # "derived": True,                   # False: only what CloudWatch says, no derived error and cache-hit counts
    # "resource_tags": [],               # such as ["env", "team*"]: resource tags to put on objects and points
    # "details": False,                  # True: objects tell of standard logging, for a call when one has changed
    # "events": True,                    # False: no events of what has changed at a distribution
    # "recently_active": False,          # True: ask only for distributions that had traffic in the last 3 hours
    # "period": 60,                      # length of a data point, a multiple of 60
    # "delay": 180,                      # how long after its end a minute is asked for: values settle until then
    # "lookback": 900,                   # how far back minutes are asked again, for late and revised values
    # "first_lookback": 3600,            # where the very first run begins
    # "max_catch_up": 172800,            # how far back an outage is caught up, at most 15 days
    # "object_interval": 900,            # how often objects are reported
    # "concurrency": 4,                  # CloudWatch calls side by side
    # "time_limit": 240,                 # when a run ends in good order; below the timeouts further down
    # "dry_run": False,                  # True: show what would be written, write nothing
}


def _collector(account_name: Optional[str]) -> Any:
    return aws_cloudfront.DataCollector(aws_cloudfront.fill_account(ACCOUNT, DFF, account_name=account_name), CONFIGS)


# In each function `account_name` chooses one of several accounts. A key is no parameter: Func keeps the arguments of a
# call in plain text, in its task records and in Redis.


@DFF.API("AWS CloudFront: run", fixed_crontab="*/5 * * * *", timeout=290)
def run(account_name: Optional[str] = None) -> Dict[str, Any]:
    """Collect once: write objects and metrics of all distributions to the connector."""
    return _collector(account_name).run(DFF)


@DFF.API("AWS CloudFront: check", timeout=290)
def check(account_name: Optional[str] = None) -> Dict[str, Any]:
    """Try each AWS call and the connector, and say what is missing."""
    return _collector(account_name).check(DFF)


@DFF.API("AWS CloudFront: preview", timeout=290)
def preview(account_name: Optional[str] = None) -> Dict[str, Any]:
    """Collect once as if nothing had been reported yet, and show the points that would be written; write nothing."""
    return _collector(account_name).preview(DFF)


@DFF.API("AWS CloudFront: reset", timeout=60)
def reset(account_name: Optional[str] = None) -> Dict[str, Any]:
    """Forget what is kept of the account between runs: the next run begins as the first one did."""
    return _collector(account_name).reset(DFF)


@DFF.API("AWS CloudFront: fan out", fixed_crontab="*/5 * * * *", timeout=60)
def fan_out() -> Dict[str, Any]:
    """Start `run` for each of many accounts as a task of its own, by name; for a cron job in the place of run's."""
    return aws_cloudfront.fan_out(ACCOUNT, DFF, f"{__name__}.run")
