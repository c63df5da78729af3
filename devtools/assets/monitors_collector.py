"""The monitors of the collector itself: is the listing reported, are the metrics?"""

from __future__ import annotations

from devtools.assets.dql import CUSTOM_OBJECT, Query, Text, number_of_objects, total
from devtools.assets.monitors_form import (
    A_WEEK,
    HOUR,
    MINUTE,
    RESULT,
    Monitor,
    Target,
    against_last_week,
    requests,
)

ACCOUNT = ("account_name",)
# Objects are due every 15 minutes, at the latest with the next run after that: this is past both, and still speaks
# before traffic seems to have dropped.
SILENCE = 30 * MINUTE

SILENT = Monitor(
    key="silent",
    title=Text(
        "AWS CloudFront collector silent: {{ account_name }}", "AWS CloudFront 采集器无数据：{{ account_name }}"
    ),
    what=Text(
        "no distribution of the account has been reported for half an hour (they are due every 15 minutes): soon "
        "nothing else about CloudFront is watched any more.",
        "该账户已有半小时没有上报任何分配（正常为每 15 分钟一次）：CloudFront 的其他监控即将失效。",
    ),
    look=Text(
        "Func, Management / Crontab Config, the job of guance_aws_cloudfront: its latest record says what failed. "
        "Then the function check of the startup script. Was the account given up, or its last distribution deleted? "
        "Mute it (Monitoring / Mute Management).",
        "先看 Func「管理 / 自动触发配置」中 guance_aws_cloudfront 任务的最新记录，其中写明了失败原因；"
        "再运行启动脚本的 check 函数。账户已弃用或其最后一个分配已删除？请将其静默（「监控 / 静默管理」）。",
    ),
    recovered=Text("the collector reports again.", "采集器已恢复上报。"),
    levels="silent",
    targets=(Target(RESULT, (Query(number_of_objects(), RESULT, ACCOUNT, namespace=CUSTOM_OBJECT),)),),
    by=ACCOUNT,
    interval=SILENCE,
    no_data="checkAs0",
)
# By the account: a distribution may well be idle, and its own drop is watched apart. It speaks while the hour still
# holds a few minutes, so that it does not hang on what Guance makes of no data at all.
METRICS = Monitor(
    key="metrics",
    title=Text("AWS CloudFront metrics missing: {{ account_name }}", "AWS CloudFront 指标缺失：{{ account_name }}"),
    what=Text(
        "the last hour holds {{ Result | to_fixed(0) }} % of the account's requests of the same hour a week ago "
        "({{ Requests | to_fixed(0) }}): the metrics are not collected, or all distributions have lost their traffic.",
        "最近一小时内该账户的请求数只有上周同一小时（{{ Requests | to_fixed(0) }} 次）的 {{ Result | to_fixed(0) }} %："
        "指标没有采集到，或者所有分配都失去了流量。",
    ),
    look=Text(
        "Func, Management / Crontab Config, the job of guance_aws_cloudfront: its latest record says whether the "
        "metrics failed (cloudwatch:GetMetricData denied?), although distributions may still be listed. If it is a "
        "success: the sites themselves, and whether last week's hour was unusual.",
        "先看 Func「管理 / 自动触发配置」中 guance_aws_cloudfront 任务的最新记录：即使分配仍能列出，指标也可能采集失败"
        "（cloudwatch:GetMetricData 被拒绝？）。若记录为成功，再看站点本身，以及上周同一小时是否异常。",
    ),
    recovered=Text(
        "the metrics hold {{ Result | to_fixed(0) }} % of the requests of the week before again.",
        "指标中的请求数已恢复到上周同期的 {{ Result | to_fixed(0) }} %。",
    ),
    levels="metrics",
    targets=(against_last_week(total("Requests"), "A/B*100", ACCOUNT), requests(A_WEEK, ACCOUNT)),
    least=600,
    by=ACCOUNT,
    interval=HOUR,
    no_data="checkAs0",
)
