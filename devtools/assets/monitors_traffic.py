"""The monitors that compare with the same hour a week ago: traffic drop and surge, cache hit rate."""

from __future__ import annotations

from devtools.assets.dql import Text, rate, total
from devtools.assets.monitors_form import A_WEEK, HOUR, Monitor, against_last_week, requests

DROP = Monitor(
    key="drop",
    title=Text("AWS CloudFront traffic drop: {{ DomainName }}", "AWS CloudFront 流量骤降：{{ DomainName }}"),
    what=Text(
        "the last hour saw {{ Result | to_fixed(0) }} % of the requests of the same hour a week ago "
        "({{ Requests | to_fixed(0) }}). Of the last hour up to 8 minutes have not arrived yet, "
        "up to 18 with a cron job every 15 minutes.",
        "最近一小时的请求数只有上周同一小时（{{ Requests | to_fixed(0) }} 次）的 {{ Result | to_fixed(0) }} %。"
        "最近一小时中最多 8 分钟（自动触发每 15 分钟一次时最多 18 分钟）的数据尚未到达。",
    ),
    look=Text(
        "the latest record of the Func job (no new points look the same), then whether the name still resolves to "
        "CloudFront and the certificate is valid, and changes of the site that links here. Or last week's hour was "
        "unusual.",
        "先看 Func 任务的最新记录（没有新数据点时现象相同），再看域名是否仍解析到 CloudFront、证书是否有效、"
        "引流站点有无改动，或者上周同一小时本身异常。",
    ),
    recovered=Text(
        "requests are at {{ Result | to_fixed(0) }} % of the week before again.",
        "请求数已恢复到上周同期的 {{ Result | to_fixed(0) }} %。",
    ),
    levels="drop",
    targets=(against_last_week(total("Requests"), "A/B*100"), requests(A_WEEK)),
    least=6000,
    # Every 5 minutes: of an hour that runs empty, less than 10 % is left for 6 minutes only.
    every="5m",
    interval=HOUR,
)
SURGE = Monitor(
    key="surge",
    title=Text("AWS CloudFront traffic surge: {{ DomainName }}", "AWS CloudFront 流量激增：{{ DomainName }}"),
    what=Text(
        "the last hour saw {{ Requests | to_fixed(0) }} requests: {{ Result | to_fixed(0) }} % of the same hour a "
        "week ago.",
        "最近一小时有 {{ Requests | to_fixed(0) }} 次请求，为上周同一小时的 {{ Result | to_fixed(0) }} %。",
    ),
    look=Text(
        "WAF's sampled requests (one client, one path?), the cache hit rate and the origin's load; then the bill. "
        "Or last week's hour was unusual.",
        "先看 WAF 的采样请求（是否集中于某个客户端或路径）、缓存命中率与源站负载，再看费用；或者上周同一小时本身异常。",
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
)
CACHE = Monitor(
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
)
