"""What the monitors watch: errors, the origin, traffic, and the collector itself."""

from __future__ import annotations

from typing import Tuple

from devtools.assets.dql import Query, Text, missed, rate, typical
from devtools.assets.monitors_collector import METRICS, SILENT
from devtools.assets.monitors_form import DISTRIBUTION, REQUESTS, Monitor, Target, requests, watched
from devtools.assets.monitors_traffic import CACHE, DROP, SURGE


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


ORIGIN = Monitor(
    key="OriginLatency",
    title=Text("AWS CloudFront origin slow: {{ DomainName }}", "AWS CloudFront 源站响应慢：{{ DomainName }}"),
    what=Text(
        "the p90 of the origin's latency was {{ Result | to_fixed(0) }} ms, averaged over the minutes of the last 15; "
        "about {{ Requests | to_fixed(0) }} requests went to the origin.",
        "源站延迟的 p90 在最近 15 分钟内逐分钟平均为 {{ Result | to_fixed(0) }} 毫秒；"
        "约有 {{ Requests | to_fixed(0) }} 次回源请求。",
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
    targets=(watched(typical("OriginLatency", "p90")), Target(REQUESTS, (Query(missed(), REQUESTS, DISTRIBUTION),))),
    # 20 a minute: two of them are slower than its p90.
    least=300,
    least_of=Text("requests to the origin", "次回源请求"),
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
    DROP,
    SURGE,
    CACHE,
    ORIGIN,
    SILENT,
    METRICS,
)
