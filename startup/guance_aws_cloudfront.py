"""Startup script: which AWS account to collect CloudFront from, and how. Yours to edit: click Publish after editing.

An upgrade of the script set leaves this script as it is. Its log: Management / Cron Job (older: Crontab Config) / Task
Record. Documentation: README.md and docs/ in the folder of the Script Market and in the zip.

启动脚本：从哪个 AWS 账户采集 CloudFront、如何采集。可以编辑，编辑后请点击「发布」；升级脚本集不会改动它。
日志：管理 / 定时任务（旧版：自动触发配置）/ 任务记录。文档：脚本市场目录和 zip 中的 README.zh.md 与 docs/zh。
"""

import guance_aws_cloudfront.main as aws_cloudfront

# The account, or a list of such dicts: README, "Several accounts". For a single one, Func's environment variables
# (Development / ENV) GUANCE_AWS_CLOUDFRONT_AK_ID, GUANCE_AWS_CLOUDFRONT_AK_SECRET and
# GUANCE_AWS_CLOUDFRONT_ACCOUNT_NAME take precedence over what is written here.
ACCOUNT = {
    "ak_id": "<AWS AK ID>",
    "ak_secret": "<AWS AK SECRET>",
    "extra_tags": {
        # Tags on every object and point; the account name is one of them.
        "account_name": "<AWS Account Name>",
    },
    # Examples, to be used without the "#":
    # "session_token": "…",              # only for a temporary access key (ASIA…)
    # "role_arn": "arn:aws:iam::123456789012:role/guance",    # a role to assume with the key
    # "external_id": "a-long-random-text",    # the external ID that the role requires
    # "partition": "aws-cn",             # AWS China; the default is "aws"
    # "regions": ["cn-northwest-1"],     # the partition by a region of it, in place of "partition"
    # "cloudwatch_region": "cn-north-1",    # China only, if CloudWatch has no values in cn-northwest-1
}

# How to collect: docs/en/configuration.md. Times are in seconds.
CONFIGS = {
    # Examples, to be used without the "#":
    # "distributions": ["*.example.com", "E2EXAMPLE00001"],  # by domain or ID, or {"tag:env": ["prod"]}; default: all
    # "metrics": "ALL",                  # or a list of names; default: the six that are free at CloudFront
    # "statistics": {"OriginLatency": ["p50", "p95"]},  # default: p50, p90, p99
    # "resource_tags": ["env", "team*"],  # resource tags to put on objects and points; default: none
    #
    # Defaults, to be changed and used without the "#":
    # "datakit_id": "datakit",           # ID of the connector in Func: DataKit, DataWay or Guance
    # "datakit_keeps_time": None,        # None: find out whether DataKit keeps the time of old points; True or False
    # "derived": True,                   # False: only what CloudWatch says, no derived error and cache-hit counts
    # "details": False,                  # True: objects show standard logging and when certificates expire
    # "events": True,                    # False: no events about changes of distributions
    # "recently_active": False,          # True: request only distributions that had traffic in the last 3 hours
    # "period": 60,                      # length of a data point, a multiple of 60
    # "delay": 180,                      # how long after its end a minute is requested: values settle until then
    # "lookback": 900,                   # how far back minutes are requested again, for late and revised values
    # "first_lookback": 3600,            # how far back the first run begins
    # "max_catch_up": 172800,            # how far back an outage is caught up, at most 15 days
    # "object_interval": 900,            # how often objects are reported
    # "concurrency": 4,                  # CloudWatch calls at a time
    # "time_limit": 240,                 # when a run starts no more windows; keep it below the timeout of run
    # "dry_run": False,                  # True: show what would be written, write nothing
}

# Which access logs to collect, for `collect_logs` and a cron job of its own (documentation, "Access logs"); None: none.
LOGS = None
# {} for all lines of all distributions, or any of these keys:
# LOGS = {
#     # Examples:
#     "distributions": ["*.example.com"],  # as in CONFIGS, and by default those of CONFIGS
#     "buckets": {"E2EXAMPLE00001": "my-logs/cloudfront/"},  # where the files are, if AWS does not tell
#     "keep": {"status": ["4xx", "5xx"]},  # also method, path, edge_result; or a list of such dicts; default: all lines
#     "keep_rest": 0.01,                 # the share of the other lines; default: none of them
#     "requester_pays": True,            # read buckets where the requester pays; default: False
#     # Defaults:
#     "fields": ["NOT", "cs_uri_query", "cs_cookie"],  # which fields: names or patterns; ["*"]: all
#     "anonymize_ip": True,              # IP addresses without their last octet, or the last 80 bits of IPv6
#     "first_lookback": 3600,            # how far back the first run begins
#     "max_catch_up": 172800,            # how far back an outage is caught up
#     "max_lines_a_run": 100000,         # how many lines a run writes at most
# }


def _collector(account_name):
    account = aws_cloudfront.fill_account(ACCOUNT, DFF, account_name=account_name)
    return aws_cloudfront.DataCollector(account, CONFIGS, logs=LOGS)


# Of a list of accounts, `account_name` chooses one. A key is no parameter: Func keeps arguments in plain text.


@DFF.API("AWS CloudFront: run / 采集", fixed_crontab="*/5 * * * *", timeout=290)
def run(account_name=None):
    """Collect once: write objects and metrics of all distributions to the connector."""
    return _collector(account_name).run(DFF)


@DFF.API("AWS CloudFront: check / 检查", timeout=290)
def check(account_name=None):
    """Try each AWS call and the connector, and say what is missing."""
    return _collector(account_name).check(DFF)


@DFF.API("AWS CloudFront: preview / 预览", timeout=290)
def preview(account_name=None):
    """Collect once as if nothing had been reported yet, and show the points that would be written; write nothing."""
    return _collector(account_name).preview(DFF)


@DFF.API("AWS CloudFront: reset / 重置", timeout=60)
def reset(account_name=None):
    """Forget what is kept of the account between runs: the next run begins as the first one did."""
    return _collector(account_name).reset(DFF)


@DFF.API("AWS CloudFront: fan out / 按账户分发", fixed_crontab="*/5 * * * *", timeout=60)
def fan_out():
    """Start `run` for each of many accounts as a task of its own; for a cron job in place of the one for run."""
    return aws_cloudfront.fan_out(ACCOUNT, DFF, f"{__name__}.run")


@DFF.API("AWS CloudFront: collect logs / 采集访问日志", fixed_crontab="*/5 * * * *", timeout=290)
def collect_logs(account_name=None):
    """Collect the access logs that LOGS names and write their lines; for a cron job beside the one for run."""
    return _collector(account_name).collect_logs(DFF)


@DFF.API("AWS CloudFront: reset logs / 重新采集访问日志", timeout=60)
def reset_logs(account_name=None):
    """Forget which access logs have been reported: the next run of collect_logs begins as the first one did."""
    return _collector(account_name).reset_logs(DFF)
