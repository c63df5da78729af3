"""What the monitors watch: each with its query, the requests it needs to speak at all, and what a person reads."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

from devtools.assets_dql import (
    CUSTOM_OBJECT,
    Expression,
    Query,
    Text,
    number_of_objects,
    rate,
    total,
    typical,
)

MINUTE, HOUR = 60, 3600
DISTRIBUTION = ("account_name", "DistributionId", "DomainName")
A_WEEK = "1w"
RESULT, REQUESTS = "Result", "Requests"


class Target(NamedTuple):
    """A value that a monitor looks at: a query, or a formula over two, A and B."""

    alias: str
    queries: Tuple[Query, ...]
    formula: str = ""

    @property
    def dql(self) -> str:
        """The query as the monitor sends it."""
        if not self.formula:
            return self.queries[0].dql
        parts = [f'{code}="{query.dql}"' for code, query in zip("AB", self.queries)]
        return f"eval({self.formula}, {', '.join(parts)})"


class Monitor(NamedTuple):
    """A monitor; `levels` is its row in the table of thresholds, `least` what the second target must reach at least."""

    key: str
    title: Text
    what: Text
    look: Text
    recovered: Text
    levels: str
    targets: Tuple[Target, ...]
    least: Optional[int] = None
    by: Tuple[str, ...] = DISTRIBUTION
    every: str = "5m"
    interval: int = 15 * MINUTE
    no_data: str = "none"


def watched(expression: Expression) -> Target:
    """A value by distribution."""
    return Target(RESULT, (Query(expression, RESULT, DISTRIBUTION),))


def requests(shift: str = "") -> Target:
    """The requests by distribution, by which a monitor is gated."""
    return Target(REQUESTS, (Query(total("Requests"), REQUESTS, DISTRIBUTION, shift=shift),))


def against_last_week(expression: Expression, formula: str) -> Target:
    """A formula over a value now (A) and at the same time a week ago (B), by distribution."""
    now, before = (Query(expression, by=DISTRIBUTION, shift=shift) for shift in ("", A_WEEK))
    return Target(RESULT, (now, before), formula)


def _error_rate(metric: str, title: Text, status: str, look: Text, least: int) -> Monitor:
    return Monitor(
        key=metric,
        title=title,
        what=Text(
            f"{{{{ Result | to_fixed(2) }}}} % of {{{{ Requests | to_fixed(0) }}}} requests of the last 15 minutes "
            f"were answered with {status}.",
            f"最近 15 分钟的 {{{{ Requests | to_fixed(0) }}}} 次请求中，"
            f"{{{{ Result | to_fixed(2) }}}} % 返回了 {status.replace(' or ', ' 或 ')}。",
        ),
        look=look,
        recovered=Text(
            "the share of failed requests is {{ Result | to_fixed(2) }} % again.",
            "失败请求的占比已恢复到 {{ Result | to_fixed(2) }} %。",
        ),
        levels=metric,
        targets=(watched(rate(metric)), requests()),
        least=least,
    )


MONITORS: Tuple[Monitor, ...] = (
    _error_rate(
        "5xxErrorRate",
        Text("AWS CloudFront 5xx error rate high: {{ DomainName }}", "AWS CloudFront 5xx 错误率过高：{{ DomainName }}"),
        "5xx",
        Text(
            "the dashboard's errors by status code (502, 504: the origin cannot be reached or is slow; 503: it is "
            "overloaded, or an edge function fails), then the origin's health and its last deployment.",
            "先看仪表板中按状态码的错误（502、504：源站不可达或太慢；503：源站过载，或边缘函数出错），"
            "再看源站的健康状况和最近一次发布。",
        ),
        least=500,
    ),
    _error_rate(
        "4xxErrorRate",
        Text("AWS CloudFront 4xx error rate high: {{ DomainName }}", "AWS CloudFront 4xx 错误率过高：{{ DomainName }}"),
        "4xx",
        Text(
            "the dashboard's errors by status code (403: WAF, signed URLs, bucket policy; 404: a broken deployment or "
            "a scanner), then CloudFront's report of popular objects.",
            "先看仪表板中按状态码的错误（403：WAF、签名 URL、存储桶策略；404：发布有误或有人扫描），"
            "再看 CloudFront 的热门对象报告。",
        ),
        least=1000,
    ),
    _error_rate(
        "TotalErrorRate",
        Text("AWS CloudFront total error rate high: {{ DomainName }}", "AWS CloudFront 总错误率过高：{{ DomainName }}"),
        "4xx or 5xx",
        Text(
            "which of the two it is, on the dashboard: 4xx and 5xx error rate side by side.",
            "先在仪表板上看 4xx 与 5xx 错误率，判断是哪一类。",
        ),
        least=500,
    ),
    Monitor(
        key="drop",
        title=Text("AWS CloudFront traffic drop: {{ DomainName }}", "AWS CloudFront 流量骤降：{{ DomainName }}"),
        what=Text(
            "the last hour saw {{ Result | to_fixed(0) }} % of the requests of the same hour a week ago "
            "({{ Requests | to_fixed(0) }}). Of the last hour up to 8 minutes have not arrived yet.",
            "最近一小时的请求数只有上周同一小时（{{ Requests | to_fixed(0) }} 次）的 {{ Result | to_fixed(0) }} %。"
            "最近一小时中最多 8 分钟的数据尚未到达。",
        ),
        look=Text(
            "whether the name still resolves to CloudFront and the certificate is valid, then changes of the site that "
            "links here; and the monitor of the collector, if all distributions fall at once.",
            "先看域名是否仍解析到 CloudFront、证书是否有效，再看引流站点的改动；若所有分配同时下降，请看采集器监控器。",
        ),
        recovered=Text(
            "requests are at {{ Result | to_fixed(0) }} % of the week before again.",
            "请求数已恢复到上周同期的 {{ Result | to_fixed(0) }} %。",
        ),
        levels="drop",
        targets=(against_last_week(total("Requests"), "A/B*100"), requests(A_WEEK)),
        least=6000,
        every="15m",
        interval=HOUR,
    ),
    Monitor(
        key="surge",
        title=Text("AWS CloudFront traffic surge: {{ DomainName }}", "AWS CloudFront 流量激增：{{ DomainName }}"),
        what=Text(
            "the last hour saw {{ Requests | to_fixed(0) }} requests: {{ Result | to_fixed(0) }} % of the same hour a "
            "week ago.",
            "最近一小时有 {{ Requests | to_fixed(0) }} 次请求，为上周同一小时的 {{ Result | to_fixed(0) }} %。",
        ),
        look=Text(
            "WAF's sampled requests (one client, one path?), the cache hit rate and the origin's load; then the bill.",
            "先看 WAF 的采样请求（是否集中于某个客户端或路径）、缓存命中率与源站负载，再看费用。",
        ),
        recovered=Text(
            "requests are at {{ Result | to_fixed(0) }} % of the week before again.",
            "请求数已回落到上周同期的 {{ Result | to_fixed(0) }} %。",
        ),
        levels="surge",
        targets=(against_last_week(total("Requests"), "A/B*100"), requests()),
        least=6000,
        every="15m",
        interval=HOUR,
    ),
    Monitor(
        key="cache",
        title=Text(
            "AWS CloudFront cache hit rate fall: {{ DomainName }}", "AWS CloudFront 缓存命中率下降：{{ DomainName }}"
        ),
        what=Text(
            "the cache hit rate of the last hour is {{ Result | to_fixed(1) }} percentage points below that of the "
            "same hour a week ago.",
            "最近一小时的缓存命中率比上周同一小时低 {{ Result | to_fixed(1) }} 个百分点。",
        ),
        look=Text(
            "an invalidation or a change of cache policy, cache keys (query strings, cookies) or the origin's "
            "Cache-Control; and whether the origin bears the load.",
            "先看是否做过缓存失效，或改动了缓存策略、缓存键（查询字符串、Cookie）或源站的 Cache-Control；"
            "再看源站能否承受负载。",
        ),
        recovered=Text(
            "the cache hit rate is back, {{ Result | to_fixed(1) }} percentage points below the week before.",
            "缓存命中率已恢复，比上周同期低 {{ Result | to_fixed(1) }} 个百分点。",
        ),
        levels="CacheHitRate",
        targets=(against_last_week(rate("CacheHitRate"), "B-A"), requests()),
        least=6000,
        every="15m",
        interval=HOUR,
    ),
    Monitor(
        key="OriginLatency",
        title=Text("AWS CloudFront origin slow: {{ DomainName }}", "AWS CloudFront 源站响应慢：{{ DomainName }}"),
        what=Text(
            "every tenth request to the origin took longer than {{ Result | to_fixed(0) }} ms (p90 by minute, averaged "
            "over 15 minutes; {{ Requests | to_fixed(0) }} requests).",
            "每十次回源请求就有一次超过 {{ Result | to_fixed(0) }} 毫秒"
            "（每分钟的 p90，取 15 分钟平均；{{ Requests | to_fixed(0) }} 次请求）。",
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
        targets=(watched(typical("OriginLatency", "p90")), requests()),
        least=500,
    ),
    Monitor(
        key="silent",
        title=Text(
            "AWS CloudFront collector silent: {{ account_name }}", "AWS CloudFront 采集器无数据：{{ account_name }}"
        ),
        what=Text(
            "no distribution of the account has been reported for an hour (it is due every 15 minutes): nothing else "
            "about CloudFront is watched any more.",
            "该账户已有一小时没有上报任何分配（正常为每 15 分钟一次）：此时 CloudFront 的其他监控均已失效。",
        ),
        look=Text(
            "Func, Management / Crontab Config, the job of guance_aws_cloudfront: its latest record says what failed. "
            "Then the function check of the startup script. An account without distributions needs no such monitor.",
            "先看 Func「管理 / 自动触发配置」中 guance_aws_cloudfront 任务的最新记录，其中写明了失败原因；"
            "再运行启动脚本的 check 函数。没有分配的账户不需要此监控器。",
        ),
        recovered=Text("the collector reports again.", "采集器已恢复上报。"),
        levels="silent",
        targets=(Target(RESULT, (Query(number_of_objects(), RESULT, ("account_name",), namespace=CUSTOM_OBJECT),)),),
        by=("account_name",),
        every="15m",
        interval=HOUR,
        no_data="checkAs0",
    ),
)
