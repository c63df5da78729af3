"""The dashboard's groups for those who look closer: cache and origin, edge code, top lists, the distributions."""

from __future__ import annotations

from devtools.assets.charts import (
    ADDITIONAL,
    BYTES,
    COUNT,
    MILLISECONDS,
    PER_INTERVAL,
    PERCENT,
    WEIGHTED,
    Group,
    both,
    by_each,
    failures,
    lines,
    note,
    of_functions,
    percentiles,
    table,
    top,
)
from devtools.assets.dql import Text, highest, rate, total

CACHE = Group(
    "cache",
    Text("Cache and origin", "缓存与源站"),
    (
        note(
            "needs_additional",
            Text("What these charts need", "这些图表需要什么"),
            Text(
                "Additional metrics, paid at AWS: switch them on for a distribution (CloudFront console: Telemetry / "
                'Monitoring) and set `"metrics": "ALL"` in `CONFIGS` of the startup script.',
                "需要附加指标（AWS 收费）：在 CloudFront 控制台「Telemetry / Monitoring」中为分配开启，"
                '并在启动脚本的 `CONFIGS` 中设置 `"metrics": "ALL"`。',
            ),
        ),
        by_each(
            "hit_rate_each",
            Text("Cache hit rate by distribution", "各分配的缓存命中率"),
            both(WEIGHTED, ADDITIONAL),
            rate("CacheHitRate"),
            PERCENT,
        ),
        lines(
            "latency",
            Text("Origin latency: p50, p90, p99", "源站延迟：p50、p90、p99"),
            Text(
                "The slowest minute of the slowest distribution in each interval: percentiles cannot be averaged.",
                "每个时间间隔内最慢的分配、最慢的一分钟：百分位数不能求平均。",
            ),
            MILLISECONDS,
            *percentiles("p50", "p90", "p99"),
        ),
        by_each(
            "latency_p90_each",
            Text("Origin latency p90 by distribution", "各分配的源站延迟 p90"),
            Text("The slowest minute in each interval of the chart.", "图表每个时间间隔内最慢的一分钟。"),
            highest("OriginLatency", "p90"),
            MILLISECONDS,
        ),
        by_each(
            "latency_p99_each",
            Text("Origin latency p99 by distribution", "各分配的源站延迟 p99"),
            Text("The slowest minute in each interval of the chart.", "图表每个时间间隔内最慢的一分钟。"),
            highest("OriginLatency", "p99"),
            MILLISECONDS,
        ),
    ),
)
FOLLOWS_ACCOUNT = Text(
    " By function; follows the account chosen, not the distribution.", "按函数统计；仅随所选账户变化，不随分配变化。"
)
EDGE_CODE = Group(
    "edge",
    Text("Edge code", "边缘代码"),
    (
        of_functions(
            "invocations",
            Text("CloudFront Functions: invocations", "CloudFront Functions：调用次数"),
            both(PER_INTERVAL, FOLLOWS_ACCOUNT),
            COUNT,
            ("invocations", total("FunctionInvocations"), Text("invocations", "调用")),
        ),
        of_functions(
            "function_errors",
            Text("CloudFront Functions: errors and throttles", "CloudFront Functions：错误与限流"),
            both(PER_INTERVAL, FOLLOWS_ACCOUNT),
            COUNT,
            ("execution_errors", total("FunctionExecutionErrors"), Text("execution errors", "执行错误")),
            ("validation_errors", total("FunctionValidationErrors"), Text("validation errors", "校验错误")),
            ("throttles", total("FunctionThrottles"), Text("throttles", "限流")),
        ),
        of_functions(
            "utilization",
            Text("CloudFront Functions: compute utilization", "CloudFront Functions：计算利用率"),
            both(Text("The busiest minute in each interval.", "每个时间间隔内最忙的一分钟。"), FOLLOWS_ACCOUNT),
            PERCENT,
            ("utilization", highest("FunctionComputeUtilization"), Text("utilization", "利用率")),
        ),
        lines(
            "lambda_errors",
            Text("Lambda@Edge: errors", "Lambda@Edge：错误"),
            PER_INTERVAL,
            COUNT,
            ("lambda_execution", total("LambdaExecutionError"), Text("execution errors", "执行错误")),
            ("lambda_validation", total("LambdaValidationError"), Text("validation errors", "校验错误")),
            ("lambda_limit", total("LambdaLimitExceededErrors"), Text("limit exceeded", "超出限制")),
        ),
    ),
)
TOP = Group(
    "top",
    Text("Top distributions", "分配排行"),
    (
        top("top_requests", Text("By requests", "按请求数"), Text("Sum.", "总和。"), total("Requests")),
        top(
            "top_bytes",
            Text("By data transferred", "按传输数据量"),
            Text("Bytes downloaded and uploaded.", "下载与上传的字节数之和。"),
            total("BytesDownloaded", "BytesUploaded"),
            BYTES,
        ),
        top(
            "top_errors",
            Text("By failed requests", "按失败请求数"),
            Text("Requests times total error rate.", "请求数乘以总错误率。"),
            failures(),
        ),
    ),
)
OBJECTS = Group(
    "distributions",
    Text("Distributions", "分配列表"),
    (
        table(
            "objects",
            Text("State and settings", "状态与设置"),
            Text("As last reported to Infrastructure / Custom.", "为最近一次上报到「基础设施 / 自定义」的内容。"),
            ("DomainName", Text("Domain", "域名")),
            ("AlternateDomainNames", Text("Aliases", "备用域名")),
            ("Status", Text("Status", "状态")),
            ("Enabled", Text("Enabled", "已启用")),
            ("PriceClass", Text("Price class", "价格级别")),
            ("WAF", Text("WAF", "WAF")),
            ("Description", Text("Description", "描述")),
        ),
    ),
)
