"""Writes the metric tables of both READMEs out of the catalog: `make docs`."""

from __future__ import annotations

import re
import sys
from typing import Dict, List, NamedTuple

from devtools.market import ROOT
from guance_aws_cloudfront.catalog import ADDITIONAL, DEFAULT, EDGE, FUNCTION, Metric, all_metrics, field_name

TABLE = re.compile(r"(<!-- metrics, by make docs -->\n).*?(<!-- end -->)", re.DOTALL)


class Language(NamedTuple):
    """The words of a README: the table's head, the groups' introductions, the units, and meanings by metric."""

    head: str
    groups: Dict[str, str]
    units: Dict[str, str]
    meanings: Dict[str, str]


ENGLISH = Language(
    head="| field | meaning | unit |",
    groups={
        DEFAULT: "**Default**, free, collected unless `metrics` says otherwise:",
        ADDITIONAL: "**Additional metrics**, paid at AWS, where they are switched on for the distribution:",
        FUNCTION: "**CloudFront Functions**, points of their own with the tag `FunctionName`:",
        EDGE: "**Lambda@Edge**, as the distribution sees it:",
    },
    units={"count": "count", "byte": "byte", "percent": "percent (0-100)", "ms": "milliseconds"},
    meanings={metric.name: metric.meaning[0].lower() + metric.meaning[1:] for metric in all_metrics().values()},
)
CHINESE = Language(
    head="| 字段 | 含义 | 单位 |",
    groups={
        DEFAULT: "**默认指标**：免费，未设置 `metrics` 时采集：",
        ADDITIONAL: "**附加指标**：AWS 收费，仅在分配上已开启时采集：",
        FUNCTION: "**CloudFront Functions**：单独的数据点，带标签 `FunctionName`：",
        EDGE: "**Lambda@Edge**：从分配的角度看：",
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
)
READMES = {"README.md": ENGLISH, "README.zh.md": CHINESE}


def tables(language: Language) -> str:
    """The metric tables, one for each group of the catalog."""
    parts: List[str] = []
    for group, introduction in language.groups.items():
        rows = [row(metric, language) for metric in all_metrics().values() if metric.group == group]
        parts += [introduction, "", language.head, "|---|---|---|", *rows, ""]
    return "\n".join(parts)


def row(metric: Metric, language: Language) -> str:
    """A metric's row; its default statistics are fields of their own."""
    fields = ", ".join(f"`{field_name(metric.name, statistic)}`" for statistic in metric.statistics)
    return f"| {fields} | {language.meanings[metric.name]} | {language.units[metric.unit]} |"


def written(text: str, language: Language) -> str:
    """A README with its tables made anew; ValueError when it has no place for them."""
    made, times = TABLE.subn(lambda found: f"{found.group(1)}{tables(language)}{found.group(2)}", text)
    if times != 1:
        raise ValueError(f"there are {times} places for the metric tables, not one")
    return made


def main() -> int:
    """Write both READMEs; the exit status."""
    for name, language in READMES.items():
        path = ROOT / name
        path.write_text(written(path.read_text(encoding="utf-8"), language), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
