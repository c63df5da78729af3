"""What the monitors watch: errors, the origin, traffic, and the collector itself."""

from __future__ import annotations

from typing import Tuple

from devtools.assets.dql import (
    Scope,
    Text,
    error_rate,
    last_of_objects,
    lowest_of_objects,
    middle,
    misses,
    number_of_changes,
    number_of_objects,
    total,
)
from devtools.assets.monitors_form import (
    ACCOUNT,
    DISTRIBUTION,
    HOUR,
    MINUTE,
    OBJECT,
    REQUESTS,
    RESULT,
    Comparison,
    Monitor,
    Number,
    Target,
)

# The dimensions by which a message fetches numbers; the values are put in for the question marks.
OF_DISTRIBUTION = Scope(filters=(("account_name", "?"), ("DistributionId", "?")))
OF_ACCOUNT = Scope(filters=(("account_name", "?"),))
OF_OBJECT = Scope(filters=(("account_name", "?"), ("Id", "?")))
SEEN = Number("requests", total("Requests_Sum", OF_DISTRIBUTION))
# Objects are due every 15 minutes, at the latest with the next run after that.
SILENCE = 30 * MINUTE


def _error_rate(kind: str, said: str, title: Text, look: Text, least: int) -> Monitor:
    return Monitor(
        key=f"{kind}ErrorRate",
        title=title,
        what=Text(
            f"{{{{ Result | to_fixed(2) }}}} % of {{{{ requests.value | to_fixed(0) }}}} requests of the last "
            f"15 minutes were answered with {said} ({{{{ errors.value | to_fixed(0) }}}} requests).",
            f"最近 15 分钟的 {{{{ requests.value | to_fixed(0) }}}} 次请求中，{{{{ Result | to_fixed(2) }}}} % "
            f"（{{{{ errors.value | to_fixed(0) }}}} 次）返回了 {said.replace(' or ', ' 或 ')}。",
        ),
        look=look,
        recovered=Text(
            "the share of failed requests is {{ Result | to_fixed(2) }} % again.",
            "失败请求的占比已恢复到 {{ Result | to_fixed(2) }} %。",
        ),
        levels=f"{kind}ErrorRate",
        targets=(
            Target(RESULT, error_rate(kind, DISTRIBUTION)),
            Target(REQUESTS, total("Requests_Sum", DISTRIBUTION)),
        ),
        numbers=(SEEN, Number("errors", total(f"Derived_{kind}Errors", OF_DISTRIBUTION))),
        least=least,
    )


ORIGIN = Monitor(
    key="OriginLatency",
    title=Text("AWS CloudFront origin slow", "AWS CloudFront 源站响应慢"),
    what=Text(
        "in half of the last 15 minutes the p90 of the origin's latency was {{ Result | to_fixed(0) }} ms or more.",
        "最近 15 分钟中，有一半的分钟源站延迟 p90 达到或超过 {{ Result | to_fixed(0) }} 毫秒。",
    ),
    look=Text(
        "the origin's own latency and load, its database, then the way between (another region, a cold cache).",
        "先看源站自身的延迟与负载及其数据库，再看回源链路（跨区域、缓存未预热）。",
    ),
    recovered=Text(
        "p90 of the origin is {{ Result | to_fixed(0) }} ms again.",
        "源站 p90 已恢复到 {{ Result | to_fixed(0) }} 毫秒。",
    ),
    levels="OriginLatency",
    targets=(
        Target(RESULT, middle("OriginLatency", DISTRIBUTION, "p90")),
        Target(REQUESTS, misses(DISTRIBUTION)),
    ),
    # 20 a minute: two of them are slower than its p90.
    least=300,
    least_of=Text("requests to the origin", "次回源请求"),
)
DROP = Monitor(
    key="drop",
    title=Text("AWS CloudFront traffic drop", "AWS CloudFront 流量骤降"),
    what=Text(
        "the last hour saw {{ requests.value | to_fixed(0) }} requests, far fewer than the same hour a week before. "
        "Its last minutes (up to 9, up to 19 with a cron job every 15 minutes) have not arrived yet.",
        "最近一小时有 {{ requests.value | to_fixed(0) }} 次请求，远少于一周前的同一小时。"
        "其中最后几分钟的数据尚未到达（最多 9 分钟，定时任务每 15 分钟一次时最多 19 分钟）。",
    ),
    look=Text(
        "the latest record of the Func job (no new points look the same), then whether the name still resolves to "
        "CloudFront and the certificate is valid, and changes of the site that links here. Or the hour a week before "
        "was unusual.",
        "先看 Func 任务的最新记录（没有新数据点时现象相同），再看域名是否仍解析到 CloudFront、证书是否有效、"
        "引流站点有无改动；或者一周前的那一小时本身异常。",
    ),
    recovered=Text("requests are near those of a week before again.", "请求数已恢复到接近一周前同期的水平。"),
    levels="drop",
    targets=(Target(RESULT, total("Requests_Sum", DISTRIBUTION)),),
    numbers=(SEEN,),
    comparison=Comparison("down", least=300),
    every="15m",
    interval=HOUR,
)
SURGE = Monitor(
    key="surge",
    title=Text("AWS CloudFront traffic surge", "AWS CloudFront 流量激增"),
    what=Text(
        "the last hour saw {{ requests.value | to_fixed(0) }} requests, far more than the same hour a week before.",
        "最近一小时有 {{ requests.value | to_fixed(0) }} 次请求，远多于一周前的同一小时。",
    ),
    look=Text(
        "WAF's sampled requests (one client, one path?), the cache hit rate and the origin's load; then the bill. "
        "Or the hour a week before was unusual.",
        "先看 WAF 的采样请求（是否集中于某个客户端或路径）、缓存命中率与源站负载，再看费用；"
        "或者一周前的那一小时本身异常。",
    ),
    recovered=Text("requests are near those of a week before again.", "请求数已恢复到接近一周前同期的水平。"),
    levels="surge",
    targets=(Target(RESULT, total("Requests_Sum", DISTRIBUTION)),),
    numbers=(SEEN,),
    comparison=Comparison("up", least=6000),
    every="15m",
    interval=HOUR,
)
CACHE = Monitor(
    key="misses",
    title=Text("AWS CloudFront cache misses up", "AWS CloudFront 缓存未命中激增"),
    what=Text(
        "of {{ requests.value | to_fixed(0) }} requests of the last hour, far more than in the same hour a week before "
        "were not served from the cache: at least {{ missed.value | to_fixed(0) }}.",
        "最近一小时的 {{ requests.value | to_fixed(0) }} 次请求中，未由缓存响应的至少有 "
        "{{ missed.value | to_fixed(0) }} 次，远多于一周前的同一小时。",
    ),
    look=Text(
        "the cache hit rate (an invalidation, a change of cache policy, cache keys or the origin's Cache-Control?), "
        "then whether traffic has surged; and whether the origin bears the load. Or the hour a week before was "
        "unusual.",
        "先看缓存命中率（是否做过缓存失效，或改动了缓存策略、缓存键或源站的 Cache-Control），再看流量是否激增，"
        "以及源站能否承受负载；或者一周前的那一小时本身异常。",
    ),
    recovered=Text(
        "requests not served from the cache are near those of a week before again.",
        "未由缓存响应的请求数已恢复到接近一周前同期的水平。",
    ),
    levels="misses",
    targets=(Target(RESULT, misses(DISTRIBUTION)),),
    numbers=(SEEN, Number("missed", misses(OF_DISTRIBUTION))),
    comparison=Comparison("up", least=3000),
    least_of=Text("requests not served from the cache", "次未由缓存响应的请求"),
    every="15m",
    interval=HOUR,
)
SILENT = Monitor(
    key="silent",
    title=Text("AWS CloudFront collector silent", "AWS CloudFront 采集器无数据"),
    what=Text(
        "no distribution of the account has been reported for half an hour (they are due every 15 minutes): soon "
        "nothing else about CloudFront is watched any more.",
        "该账户已有半小时没有上报任何分配（正常为每 15 分钟一次）：CloudFront 的其他监控即将失效。",
    ),
    look=Text(
        "Func, Management / Cron Job (older: Crontab Config), the job of guance_aws_cloudfront: its latest record says "
        "what failed. "
        "Then the function check of the startup script. Was the account given up, or its last distribution deleted? "
        "Mute it (Monitoring / Mute Management).",
        "先看 Func「管理 / 定时任务」（旧版：自动触发配置）中 guance_aws_cloudfront 任务的最新记录，"
        "其中写明了失败原因；"
        "再运行启动脚本的 check 函数。账户已弃用或其最后一个分配已删除？请将其静默（「监控 / 静默管理」）。",
    ),
    recovered=Text("the collector reports again.", "采集器已恢复上报。"),
    levels="silent",
    targets=(Target(RESULT, number_of_objects(ACCOUNT)),),
    by=ACCOUNT,
    interval=SILENCE,
    no_data="checkAs0",
    objects=True,
)
# By the account: a distribution may well be idle, and its own drop is watched apart.
METRICS = Monitor(
    key="metrics",
    title=Text("AWS CloudFront metrics missing", "AWS CloudFront 指标缺失"),
    what=Text(
        "the last hour holds {{ requests.value | to_fixed(0) }} requests of the account, far fewer than the same hour "
        "a week before: the metrics are not collected, or all distributions have lost their traffic.",
        "最近一小时该账户只有 {{ requests.value | to_fixed(0) }} 次请求，远少于一周前的同一小时："
        "指标没有采集到，或者所有分配都失去了流量。",
    ),
    look=Text(
        "Func, Management / Cron Job (older: Crontab Config), the job of guance_aws_cloudfront: its latest record says "
        "whether the "
        "metrics failed (cloudwatch:GetMetricData denied?), although distributions may still be listed. If it is a "
        "success: the sites themselves, and whether the hour a week before was unusual.",
        "先看 Func「管理 / 定时任务」（旧版：自动触发配置）中 guance_aws_cloudfront 任务的最新记录："
        "即使分配仍能列出，指标也可能采集失败"
        "（cloudwatch:GetMetricData 被拒绝？）。若记录为成功，再看站点本身，以及一周前的那一小时是否异常。",
    ),
    recovered=Text(
        "the account's requests are near those of a week before again.", "该账户的请求数已恢复到接近一周前同期的水平。"
    ),
    levels="metrics",
    targets=(Target(RESULT, total("Requests_Sum", ACCOUNT)),),
    by=ACCOUNT,
    numbers=(Number("requests", total("Requests_Sum", OF_ACCOUNT)),),
    comparison=Comparison("down", least=300),
    every="15m",
    interval=HOUR,
)
# Only with `details`, and the IAM action that it needs: else objects have no such field, and it says nothing. AWS
# renews its own certificates weeks before the first of these thresholds: one that reaches it is late.
CERTIFICATE = Monitor(
    key="certificate",
    title=Text("AWS CloudFront certificate expires", "AWS CloudFront 证书即将过期"),
    what=Text(
        "the certificate of the distribution has {{ Result | to_fixed(0) }} days left (below zero: it has expired). "
        "Renewal: {{ renewal.value }}.",
        "该分配的证书还有 {{ Result | to_fixed(0) }} 天过期（负数表示已过期），续期状态为 {{ renewal.value }}。",
    ),
    look=Text(
        "who renews it. imported: nobody but you, import or upload its successor. eligible, pending: AWS does by "
        "itself, and is late. pending validation, failed: AWS cannot, for the DNS record of the validation is missing "
        "or an e-mail is unanswered. In AWS Certificate Manager, us-east-1; server certificates (as in China) in IAM.",
        "先看由谁续期。imported：只能由您自己更换，请导入或上传新证书。eligible、pending：由 AWS 自动续期，但已经晚了。"
        "pending validation、failed：AWS 无法续期，用于验证的 DNS 记录缺失或验证邮件没有回复。"
        "证书在 us-east-1 的 AWS Certificate Manager 中，服务器证书（如中国区）在 IAM 中。",
    ),
    recovered=Text("the certificate is valid for more than 30 days.", "证书的有效期已超过 30 天。"),
    levels="certificate",
    targets=(Target(RESULT, lowest_of_objects("CertificateDaysLeft", OBJECT)),),
    by=OBJECT,
    numbers=(Number("renewal", last_of_objects("CertificateRenewal", OF_OBJECT)),),
    every="1h",
    interval=3 * HOUR,
    objects=True,
)
# For those who want to know of every change: no fault, and switched off until somebody wants it.
CHANGED = Monitor(
    key="changed",
    title=Text("AWS CloudFront distribution changed", "AWS CloudFront 分配发生变更"),
    what=Text(
        "the distribution has been changed ({{ Result | to_fixed(0) }} times in the last 30 minutes).",
        "该分配发生变更（最近 30 分钟内 {{ Result | to_fixed(0) }} 次）。",
    ),
    look=Text(
        "the dashboard's recent changes, beside the errors: from what to what. Then AWS CloudTrail: by whom.",
        "先看仪表板中错误图表旁的「最近的变更」中变更前后的值；再到 AWS CloudTrail 中查看由谁变更。",
    ),
    recovered=Text("no further change in the last 30 minutes.", "最近 30 分钟内没有新的变更。"),
    levels="changed",
    targets=(Target(RESULT, number_of_changes(DISTRIBUTION)),),
    # An event arrives with the next run after the change.
    interval=30 * MINUTE,
    disabled=True,
)
MONITORS: Tuple[Monitor, ...] = (
    _error_rate(
        "5xx",
        "5xx",
        Text("AWS CloudFront 5xx error rate high", "AWS CloudFront 5xx 错误率过高"),
        Text(
            "the dashboard's failed requests by status code (502, 504: the origin cannot be reached or is slow; 503: "
            "it is overloaded, or an edge function fails), then the origin's health and its last deployment.",
            "先看仪表板中按状态码的失败请求数（502、504：源站不可达或太慢；503：源站过载，或边缘函数出错），"
            "再看源站的健康状况和最近一次发布。",
        ),
        least=500,
    ),
    _error_rate(
        "4xx",
        "4xx",
        Text("AWS CloudFront 4xx error rate high", "AWS CloudFront 4xx 错误率过高"),
        Text(
            "the dashboard's failed requests by status code (403: WAF, signed URLs, bucket policy; 404: a broken "
            "deployment or a scanner), then CloudFront's report of popular objects.",
            "先看仪表板中按状态码的失败请求数（403：WAF、签名 URL、存储桶策略；404：发布有误或有人扫描），"
            "再看 CloudFront 的热门对象报告。",
        ),
        least=1000,
    ),
    _error_rate(
        "Total",
        "4xx or 5xx",
        Text("AWS CloudFront total error rate high", "AWS CloudFront 总错误率过高"),
        Text(
            "which of the two it is, on the dashboard: 4xx and 5xx error rate side by side.",
            "先在仪表板上看 4xx 与 5xx 错误率，判断是哪一类。",
        ),
        least=500,
    ),
    DROP,
    SURGE,
    CACHE,
    ORIGIN,
    SILENT,
    METRICS,
    CERTIFICATE,
    CHANGED,
)
