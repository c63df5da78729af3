"""The dashboard, as somebody on call looks: errors, distributions, traffic, requests, cache, edge code."""

from __future__ import annotations

from typing import Tuple

from devtools.assets.charts import (
    ADDITIONAL,
    ALL,
    BYTES,
    BYTES_PER_SECOND,
    COUNT,
    EACH,
    EACH_FUNCTION,
    MEAN,
    MILLISECONDS,
    NEEDS_LOGS,
    PER_MINUTE,
    PERCENT,
    REQUESTS_PER_MINUTE,
    SHARE,
    WEIGHTED,
    Chart,
    Group,
    both,
    by_each,
    coloured,
    events,
    lines,
    log_lines,
    note,
    stat,
    table,
    top,
)
from devtools.assets.dql import (
    Scope,
    Text,
    all_per_minute,
    error_rate,
    highest,
    hit_rate,
    most_lines,
    per_minute,
    per_second,
    slowest,
    sum_of,
    total,
)

TITLE = Text("AWS CloudFront Monitoring View", "AWS CloudFront 监控视图")
SUMMARY = Text(
    "Errors, traffic, cache, origin and edge code of CloudFront, from the script set guance_aws_cloudfront",
    "CloudFront 分配的错误、流量、缓存、源站与边缘代码，数据来自脚本集 guance_aws_cloudfront",
)
# So many requests are added to those of each distribution in the list by 5xx rate.
TOP_LEAST = 1000
RED, BLUE, GREEN = "rgba(239, 68, 68, 0.12)", "rgba(37, 99, 235, 0.12)", "rgba(16, 185, 129, 0.12)"
AMBER, VIOLET, GREY = "rgba(234, 179, 8, 0.12)", "rgba(139, 92, 246, 0.12)", "rgba(107, 114, 128, 0.12)"


def _rate_card(kind: str, title: Text) -> Chart:
    levels = f"{kind}ErrorRate"
    help_text = both(SHARE, coloured(levels))
    return stat(f"rate_{kind}", title, help_text, error_rate(kind, ALL), PERCENT, levels, "#0F766E")


OVERVIEW = Group(
    "overview",
    Text("Overview", "概览"),
    (
        _rate_card("5xx", Text("5xx error rate", "5xx 错误率")),
        _rate_card("4xx", Text("4xx error rate", "4xx 错误率")),
        _rate_card("Total", Text("Total error rate", "总错误率")),
        stat(
            "requests",
            Text("Requests", "请求数"),
            Text("In the selected time range.", "所选时间内的总数。"),
            total("Requests_Sum", ALL),
            colour="#2563EB",
        ),
        stat(
            "transferred",
            Text("Data transferred", "传输数据量"),
            Text("Downloaded and uploaded, in the selected time range.", "所选时间内下载与上传之和。"),
            sum_of(ALL, "BytesDownloaded_Sum", "BytesUploaded_Sum"),
            BYTES,
            colour="#7C3AED",
        ),
        stat(
            "hit_rate",
            Text("Cache hit rate", "缓存命中率"),
            both(Text("Weighted by requests.", "按请求数加权。"), ADDITIONAL),
            hit_rate(ALL),
            PERCENT,
            colour="#B45309",
        ),
        lines(
            "rates",
            Text("Error rates, all together", "总体错误率"),
            WEIGHTED,
            PERCENT,
            (error_rate("5xx", ALL), Text("5xx", "5xx")),
            (error_rate("4xx", ALL), Text("4xx", "4xx")),
        ),
        by_each(
            "rate_5xx_each",
            Text("5xx error rate by distribution", "各分配的 5xx 错误率"),
            WEIGHTED,
            error_rate("5xx", EACH),
            PERCENT,
        ),
    ),
    RED,
)
DISTRIBUTIONS = Group(
    "distributions",
    Text("Distributions", "分配列表"),
    (
        table(
            "objects",
            Text("State and settings", "状态与设置"),
            Text(
                "As last reported to the Resource Catalog (Infrastructure / Custom).",
                "最近一次上报到资源目录（基础设施 / 自定义）的内容。",
            ),
            ("Enabled", "Staging"),
            ("AlternateDomainNames", Text("Aliases", "备用域名")),
            ("DomainName", Text("Domain", "域名")),
            ("Status", Text("Status", "状态")),
            ("Enabled", Text("Enabled", "已启用")),
            ("Staging", Text("Staging", "预发布")),
            ("OriginDomainNames", Text("Origins", "源站")),
            ("WAF", Text("WAF", "WAF")),
            ("Certificate", Text("Certificate", "证书")),
            ("CertificateDaysLeft", Text("Days left", "剩余天数")),
            ("Description", Text("Description", "描述")),
        ),
    ),
    GREY,
)
ERRORS = Group(
    "errors",
    Text("Errors", "错误"),
    (
        lines(
            "errors_by_status",
            Text("Failed requests by status code", "按状态码的失败请求数"),
            ADDITIONAL,
            PER_MINUTE,
            *(
                (all_per_minute(f"Derived_{status}Errors", ALL), Text(str(status), str(status)))
                for status in (502, 503, 504, 401, 403, 404)
            ),
            stacked=True,
        ),
        by_each(
            "failed_each",
            Text("Failed requests by distribution", "各分配的失败请求数"),
            Text("4xx and 5xx. Mean of the minutes with requests.", "4xx 与 5xx 之和；有请求的各分钟的平均值。"),
            per_minute("Derived_TotalErrors", EACH),
            PER_MINUTE,
            stacked=True,
        ),
        events(
            "changes",
            Text("Recent changes", "最近的变更"),
            Text("Changes of the distributions, newest first.", "各分配的变更，最新的在前。"),
            20,
            ("Alias", Text("Alias", "备用域名")),
            ("DistributionId", Text("Distribution", "分配")),
            ("df_title", Text("Change", "变更")),
            ("diff", Text("From and to", "变更前后")),
        ),
    ),
    RED,
)
TRAFFIC = Group(
    "traffic",
    Text("Traffic", "流量"),
    (
        by_each(
            "requests_each",
            Text("Requests by distribution", "各分配的请求数"),
            MEAN,
            per_minute("Requests_Sum", EACH),
            REQUESTS_PER_MINUTE,
            stacked=True,
        ),
        by_each(
            "transferred_each",
            Text("Data transferred by distribution", "各分配的传输数据量"),
            Text("Downloaded and uploaded.", "下载与上传之和。"),
            per_second(EACH, "BytesDownloaded_Sum", "BytesUploaded_Sum"),
            BYTES_PER_SECOND,
            stacked=True,
        ),
        lines(
            "requests_before",
            Text("Requests, all together", "总请求数"),
            Text("Against the same time a day and a week before.", "与一天前、一周前的同一时间对比。"),
            REQUESTS_PER_MINUTE,
            (all_per_minute("Requests_Sum", ALL), Text("requests", "请求数")),
        )._replace(compared=True, size=(24, 10)),
    ),
    BLUE,
)
SERVER_ERRORS, CLIENT_ERRORS = (("sc_status", ">=", 500),), (("sc_status", ">=", 400), ("sc_status", "<", 500))
# Which requests failed: a list each, of the ten with the most lines.
MOST_LINES = 10


def _by(*fields: str) -> Scope:
    return ALL._replace(by=fields)


REQUESTS = Group(
    "requests",
    Text("Requests", "请求明细"),
    (
        note(
            "needs_logs",
            Text("Where these charts come from", "这些图表的数据来源"),
            Text(
                "CloudFront's access logs, which are off by default: set `LOGS` in the startup script and create a "
                "cron job for `collect_logs`; without it, these charts are empty. They count the lines collected: "
                "with `keep`, not all requests.",
                "数据来自 CloudFront 访问日志，默认不采集：请在启动脚本中设置 `LOGS`，并为 `collect_logs` "
                "新建定时任务，否则这些图表为空。统计的是已采集的日志行；设置 `keep` 后并非全部请求。",
            ),
        ),
        top(
            "urls_5xx",
            Text("URLs by 5xx", "5xx 最多的 URL"),
            both(Text("Lines with status 500 and above.", "状态码 500 及以上的日志行数。"), NEEDS_LOGS),
            most_lines(_by("cs_uri_stem"), MOST_LINES, *SERVER_ERRORS),
        ),
        top(
            "edges_5xx",
            Text("Edge locations by 5xx", "5xx 最多的边缘站点"),
            both(Text("Lines with status 500 and above.", "状态码 500 及以上的日志行数。"), NEEDS_LOGS),
            most_lines(_by("x_edge_location"), MOST_LINES, *SERVER_ERRORS),
        ),
        top(
            "results_5xx",
            Text("5xx by edge result", "5xx 的边缘结果类型"),
            both(Text("x-edge-detailed-result-type.", "x-edge-detailed-result-type。"), NEEDS_LOGS),
            most_lines(_by("x_edge_detailed_result_type"), MOST_LINES, *SERVER_ERRORS),
        ),
        top(
            "urls_4xx",
            Text("URLs by 4xx", "4xx 最多的 URL"),
            both(Text("Lines with status 400 to 499.", "状态码 400 至 499 的日志行数。"), NEEDS_LOGS),
            most_lines(_by("cs_uri_stem"), MOST_LINES, *CLIENT_ERRORS),
        ),
        top(
            "results",
            Text("Lines by edge result", "各边缘结果类型的日志行数"),
            both(Text("x-edge-result-type: Hit, Miss, Error.", "x-edge-result-type：如 Hit、Miss。"), NEEDS_LOGS),
            most_lines(_by("x_edge_result_type"), MOST_LINES),
        ),
        top(
            "slowest",
            Text("Slowest URLs", "最慢的 URL"),
            both(Text("p95 of time-taken, status below 400.", "time-taken 的 p95，状态码小于 400。"), NEEDS_LOGS),
            slowest(_by("cs_uri_stem"), 95, MOST_LINES, ("sc_status", "<", 400)),
            MILLISECONDS,
        ),
        log_lines(
            "failed",
            Text("Latest requests with 5xx", "最近的 5xx 请求"),
            both(Text("Newest first.", "最新的在前。"), NEEDS_LOGS),
            20,
            SERVER_ERRORS,
            ("Alias", Text("Alias", "备用域名")),
            ("sc_status", Text("Status", "状态码")),
            ("cs_method", Text("Method", "方法")),
            ("cs_uri_stem", Text("URL", "URL")),
            ("x_edge_location", Text("Edge location", "边缘站点")),
            ("x_edge_detailed_result_type", Text("Edge result", "边缘结果")),
            ("time_taken_ms", Text("Time taken, ms", "耗时（ms）")),
        ),
    ),
    GREY,
)
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
            Text("Weighted by requests.", "按请求数加权。"),
            hit_rate(EACH),
            PERCENT,
        ),
        lines(
            "latency",
            Text("Origin latency: p50, p90, p99", "源站延迟：p50、p90、p99"),
            Text(
                "The slowest distribution and minute: percentiles cannot be averaged.",
                "最慢的分配、最慢的一分钟：百分位数不能求平均。",
            ),
            MILLISECONDS,
            *((highest("OriginLatency", ALL, name), Text(name, name)) for name in ("p50", "p90", "p99")),
        ),
        by_each(
            "latency_p90_each",
            Text("Origin latency p90 by distribution", "各分配的源站延迟 p90"),
            Text("The slowest minute.", "最慢的一分钟。"),
            highest("OriginLatency", EACH, "p90"),
            MILLISECONDS,
        ),
        by_each(
            "latency_p99_each",
            Text("Origin latency p99 by distribution", "各分配的源站延迟 p99"),
            Text("The slowest minute.", "最慢的一分钟。"),
            highest("OriginLatency", EACH, "p99"),
            MILLISECONDS,
        ),
    ),
    AMBER,
)
FOLLOWS_ACCOUNT = Text("By function; depends on the selected account only.", "按函数统计；仅随所选账户变化。")
EDGE_CODE = Group(
    "edge",
    Text("Edge code", "边缘代码"),
    (
        lines(
            "invocations",
            Text("CloudFront Functions: invocations", "CloudFront Functions：调用次数"),
            FOLLOWS_ACCOUNT,
            PER_MINUTE,
            (per_minute("FunctionInvocations_Sum", EACH_FUNCTION), Text("invocations", "调用")),
            stacked=True,
        ),
        lines(
            "function_errors",
            Text("CloudFront Functions: errors and throttles", "CloudFront Functions：错误与限流"),
            FOLLOWS_ACCOUNT,
            PER_MINUTE,
            (per_minute("FunctionExecutionErrors_Sum", EACH_FUNCTION), Text("execution errors", "执行错误")),
            (per_minute("FunctionValidationErrors_Sum", EACH_FUNCTION), Text("validation errors", "校验错误")),
            (per_minute("FunctionThrottles_Sum", EACH_FUNCTION), Text("throttles", "限流")),
            stacked=True,
        ),
        lines(
            "utilization",
            Text("CloudFront Functions: compute utilization", "CloudFront Functions：计算利用率"),
            both(Text("The busiest minute. ", "最忙的一分钟。"), FOLLOWS_ACCOUNT),
            PERCENT,
            (highest("FunctionComputeUtilization", EACH_FUNCTION), Text("utilization", "利用率")),
        ),
        lines(
            "lambda_errors",
            Text("Lambda@Edge: errors", "Lambda@Edge：错误"),
            MEAN,
            PER_MINUTE,
            (all_per_minute("LambdaExecutionError_Sum", ALL), Text("execution errors", "执行错误")),
            (all_per_minute("LambdaValidationError_Sum", ALL), Text("validation errors", "校验错误")),
            (all_per_minute("LambdaLimitExceededErrors_Sum", ALL), Text("limit exceeded", "超出限制")),
            stacked=True,
        ),
    ),
    VIOLET,
)
TOP = Group(
    "top",
    Text("Top distributions", "分配排行"),
    (
        top(
            "top_rate",
            Text("By 5xx error rate", "按 5xx 错误率"),
            Text(
                f"Errors over requests + {TOP_LEAST:,}: one failed request of a few is no first place.",
                f"错误数除以（请求数 + {TOP_LEAST:,}）：少量请求中的个别失败不会排在前面。",
            ),
            error_rate("5xx", EACH, TOP_LEAST),
            PERCENT,
        ),
        top(
            "top_errors",
            Text("By failed requests", "按失败请求数"),
            Text("4xx and 5xx, in the selected time range.", "所选时间内 4xx 与 5xx 之和。"),
            total("Derived_TotalErrors", EACH),
            COUNT,
        ),
        top(
            "top_requests",
            Text("By requests", "按请求数"),
            Text("In the selected time range.", "所选时间内的总数。"),
            total("Requests_Sum", EACH),
        ),
    ),
    GREEN,
)
GROUPS: Tuple[Group, ...] = (OVERVIEW, DISTRIBUTIONS, ERRORS, TRAFFIC, REQUESTS, CACHE, EDGE_CODE, TOP)
