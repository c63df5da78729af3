"""The groups of the dashboard, with those at its top: the overview, traffic and errors."""

from __future__ import annotations

from typing import Tuple

from devtools.assets.charts import (
    ADDITIONAL,
    BYTES,
    PER_INTERVAL,
    PERCENT,
    SHARE,
    WEIGHTED,
    Group,
    both,
    by_each,
    coloured,
    failures,
    lines,
    stat,
    status_codes,
)
from devtools.assets.dql import Text, rate, total
from devtools.assets.groups_inside import CACHE, EDGE_CODE, OBJECTS, TOP

TITLE = Text("AWS CloudFront Monitoring View", "AWS CloudFront 监控视图")
SUMMARY = Text(
    "Traffic, errors, cache, origin and edge code of CloudFront, out of the script set guance_aws_cloudfront",
    "CloudFront 分配的流量、错误、缓存、源站与边缘代码，数据来自脚本集 guance_aws_cloudfront",
)
OVERVIEW = Group(
    "overview",
    Text("Overview", "概览"),
    (
        stat(
            "requests",
            Text("Requests", "请求数"),
            Text("Viewer requests in the time chosen.", "所选时间内的查看器请求数。"),
            total("Requests"),
        ),
        stat(
            "transferred",
            Text("Data transferred", "传输数据量"),
            Text("Bytes downloaded and uploaded by viewers.", "查看器下载与上传的字节数之和。"),
            total("BytesDownloaded", "BytesUploaded"),
            BYTES,
        ),
        stat(
            "rate_4xx",
            Text("4xx error rate", "4xx 错误率"),
            both(SHARE, coloured("4xxErrorRate")),
            rate("4xxErrorRate"),
            PERCENT,
            "4xxErrorRate",
        ),
        stat(
            "rate_5xx",
            Text("5xx error rate", "5xx 错误率"),
            both(SHARE, coloured("5xxErrorRate")),
            rate("5xxErrorRate"),
            PERCENT,
            "5xxErrorRate",
        ),
        stat(
            "rate_total",
            Text("Total error rate", "总错误率"),
            both(SHARE, coloured("TotalErrorRate")),
            rate("TotalErrorRate"),
            PERCENT,
            "TotalErrorRate",
        ),
        stat("hit_rate", Text("Cache hit rate", "缓存命中率"), both(SHARE, ADDITIONAL), rate("CacheHitRate"), PERCENT),
    ),
)
TRAFFIC = Group(
    "traffic",
    Text("Traffic", "流量"),
    (
        by_each(
            "requests_each",
            Text("Requests by distribution", "各分配的请求数"),
            PER_INTERVAL,
            total("Requests"),
            stacked=True,
        ),
        by_each(
            "downloaded_each",
            Text("Bytes downloaded by distribution", "各分配的下载字节数"),
            PER_INTERVAL,
            total("BytesDownloaded"),
            BYTES,
            stacked=True,
        ),
        by_each(
            "uploaded_each",
            Text("Bytes uploaded by distribution", "各分配的上传字节数"),
            PER_INTERVAL,
            total("BytesUploaded"),
            BYTES,
            stacked=True,
        ),
        lines(
            "traffic_all",
            Text("Data transferred, all together", "总传输数据量"),
            PER_INTERVAL,
            BYTES,
            ("downloaded", total("BytesDownloaded"), Text("downloaded", "下载")),
            ("uploaded", total("BytesUploaded"), Text("uploaded", "上传")),
        ),
    ),
)
ERRORS = Group(
    "errors",
    Text("Errors", "错误"),
    (
        lines(
            "rates",
            Text("Error rates, all together", "总体错误率"),
            WEIGHTED,
            PERCENT,
            ("rate_4xx", rate("4xxErrorRate"), Text("4xx", "4xx")),
            ("rate_5xx", rate("5xxErrorRate"), Text("5xx", "5xx")),
            ("rate_total", rate("TotalErrorRate"), Text("4xx and 5xx", "4xx 与 5xx")),
        ),
        by_each(
            "rate_5xx_each",
            Text("5xx error rate by distribution", "各分配的 5xx 错误率"),
            WEIGHTED,
            rate("5xxErrorRate"),
            PERCENT,
        ),
        lines(
            "rates_by_status",
            Text("Error rates by status code", "按状态码的错误率"),
            both(WEIGHTED, ADDITIONAL),
            PERCENT,
            *status_codes(401, 403, 404, 502, 503, 504),
        ),
        by_each(
            "failed_each",
            Text("Failed requests by distribution", "各分配的失败请求数"),
            Text(
                "Requests times total error rate, summed in each interval of the chart.",
                "请求数乘以总错误率，在图表每个时间间隔内求和。",
            ),
            failures(),
            stacked=True,
        ),
    ),
)
GROUPS: Tuple[Group, ...] = (OVERVIEW, TRAFFIC, ERRORS, CACHE, EDGE_CODE, TOP, OBJECTS)
