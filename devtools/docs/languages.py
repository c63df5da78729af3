"""The words of the generated tables, in English and Chinese. A new metric needs its meaning in `CHINESE` here."""

from __future__ import annotations

from typing import Dict, NamedTuple

from guance_aws_cloudfront.cloudfront.catalog import ADDITIONAL, DEFAULT, DERIVED, EDGE, FUNCTION, all_metrics


class Language(NamedTuple):
    """The words of one language.

    `head` is the head of a metric table; `groups` the introduction to each group of the catalog, in the order of the
    tables; `units` the catalog's units in words; `meanings` the meaning of each metric by its name. `derived`
    introduces the table of derived fields, with its own head and meanings.
    """

    head: str
    groups: Dict[str, str]
    units: Dict[str, str]
    meanings: Dict[str, str]
    derived: str
    derived_head: str
    derived_meanings: Dict[str, str]


ENGLISH = Language(
    head="| field | meaning | unit |",
    groups={
        DEFAULT: "**Default**, free, collected unless `metrics` says otherwise:",
        ADDITIONAL: "**Additional metrics**, paid at AWS, where they are switched on for the distribution:",
        FUNCTION: "**CloudFront Functions**, separate points with the tag `FunctionName`:",
        EDGE: "**Lambda@Edge**, counted for the distribution:",
    },
    units={"count": "count", "byte": "byte", "percent": "percent (0-100)", "ms": "milliseconds"},
    meanings={metric.name: metric.meaning[0].lower() + metric.meaning[1:] for metric in all_metrics().values()},
    derived=(
        "**Derived**: computed by the collector, not by CloudWatch, from two values of the same minute; where one of "
        "them is missing, there is no such field. Rates cannot be added up, these can: `SUM(Derived_5xxErrors) / "
        'SUM(Requests_Sum)` is the error rate of several distributions. `"derived": False` switches them off:'
    ),
    derived_head="| field | computed as | meaning | unit |",
    derived_meanings={one.name: one.meaning[0].lower() + one.meaning[1:] for one in DERIVED},
)
CHINESE = Language(
    head="| 字段 | 含义 | 单位 |",
    groups={
        DEFAULT: "**默认指标**：免费，未设置 `metrics` 时采集：",
        ADDITIONAL: "**附加指标**：AWS 收费，仅在分配上已开启时采集：",
        FUNCTION: "**CloudFront Functions**：单独的数据点，带标签 `FunctionName`：",
        EDGE: "**Lambda@Edge**：按分配统计：",
    },
    units={"count": "次", "byte": "字节", "percent": "百分比（0-100）", "ms": "毫秒"},
    meanings={
        "Requests": "查看器请求总数，含所有 HTTP 方法以及 HTTP 与 HTTPS 请求",
        "BytesDownloaded": "查看器通过 GET、HEAD 和 OPTIONS 请求下载的字节数",
        "BytesUploaded": "查看器通过 POST 和 PUT 请求上传到源站的字节数",
        "4xxErrorRate": "响应状态码为 4xx 的查看器请求占比",
        "5xxErrorRate": "响应状态码为 5xx 的查看器请求占比",
        "TotalErrorRate": "响应状态码为 4xx 或 5xx 的查看器请求占比",
        "CacheHitRate": "可缓存请求中由缓存响应的占比",
        "OriginLatency": "未由缓存响应的请求，从收到请求到开始返回首字节所用的时间",
        **{f"{status}ErrorRate": f"响应状态码为 {status} 的请求占比" for status in (401, 403, 404, 502, 503, 504)},
        "FunctionInvocations": "CloudFront 函数的调用次数",
        "FunctionValidationErrors": "CloudFront 函数返回无效结果的次数",
        "FunctionExecutionErrors": "CloudFront 函数执行出错的次数",
        "FunctionThrottles": "CloudFront 函数被限流的次数",
        "FunctionComputeUtilization": "CloudFront 函数所用时间占允许的最长时间的比例",
        "LambdaExecutionError": "Lambda@Edge 函数执行出错的次数",
        "LambdaValidationError": "Lambda@Edge 函数返回无效结果的次数",
        "LambdaLimitExceededErrors": "超出限制的 Lambda@Edge 调用次数",
    },
    derived=(
        "**派生字段**：由采集器根据同一分钟的两个值计算，并非 CloudWatch 给出的值；缺少其中任何一个值的分钟没有该字段。"
        "比率不能相加，这些字段可以：`SUM(Derived_5xxErrors) / SUM(Requests_Sum)` 即多个分配合计的错误率。"
        '设置 `"derived": False` 可关闭：'
    ),
    derived_head="| 字段 | 计算方法 | 含义 | 单位 |",
    derived_meanings={
        "Derived_4xxErrors": "响应状态码为 4xx 的查看器请求数",
        "Derived_5xxErrors": "响应状态码为 5xx 的查看器请求数",
        "Derived_TotalErrors": "响应状态码为 4xx 或 5xx 的查看器请求数",
        **{f"Derived_{status}Errors": f"响应状态码为 {status} 的请求数" for status in (401, 403, 404, 502, 503, 504)},
        "Derived_CacheHitsUpperBound": "由缓存响应的请求数的上限：命中率只针对可缓存请求，而 Requests_Sum 包含所有请求",
        "Derived_RequestsWithCacheHitRate": "有缓存命中率的分钟的请求数：用作缓存命中数上限的分母",
    },
)
LANGUAGES = {"en": ENGLISH, "zh": CHINESE}
