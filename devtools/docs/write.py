"""Writes what the documents take from elsewhere: the tables of metrics and monitors, an object: `make docs`."""

from __future__ import annotations

import json
import re
import sys
from contextlib import ExitStack, redirect_stdout
from io import StringIO
from typing import Any, Dict, List, Mapping, NamedTuple, Pattern

from devtools.docs.monitors import monitors_table
from devtools.market.build import ROOT
from guance_aws_cloudfront.cloudfront.catalog import (
    ADDITIONAL,
    DEFAULT,
    DERIVED,
    EDGE,
    FUNCTION,
    Derived,
    Metric,
    all_metrics,
    field_name,
)

TABLE = re.compile(r"(<!-- metrics, by make docs -->\n).*?(<!-- end -->)", re.DOTALL)
# A longer field of the example is left out.
LONGEST = 100
MONITORS = re.compile(r"(<!-- monitors, by make docs -->\n).*?(<!-- end -->)", re.DOTALL)
OBJECT = re.compile(r"(<!-- object, by make docs -->\n).*?(<!-- end -->)", re.DOTALL)


class Language(NamedTuple):
    """The words of a README: the table's head, the groups' introductions, the units, and meanings by metric."""

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
        FUNCTION: "**CloudFront Functions**, points of their own with the tag `FunctionName`:",
        EDGE: "**Lambda@Edge**, as the distribution sees it:",
    },
    units={"count": "count", "byte": "byte", "percent": "percent (0-100)", "ms": "milliseconds"},
    meanings={metric.name: metric.meaning[0].lower() + metric.meaning[1:] for metric in all_metrics().values()},
    derived=(
        "**Derived**: computed by the collector, not by CloudWatch, from two values of the same minute; a minute that "
        "lacks one of them has no such field. Rates cannot be added up, these can: `SUM(Derived_5xxErrors) / "
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
    derived=(
        "**派生字段**：由采集器根据同一分钟的两个值计算，并非 CloudWatch 给出的值；缺少其中任何一个值的分钟没有该字段。"
        "先求和再相除：`SUM(Derived_5xxErrors) / SUM(Requests_Sum)` 即多个分配合计的错误率。"
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
READMES = {"README.md": ENGLISH, "README.zh.md": CHINESE}
PAGES = {"docs/en/aws_cloudfront.md": ENGLISH, "docs/zh/aws_cloudfront.md": CHINESE}


def tables(language: Language) -> str:
    """The metric tables, one for each group of the catalog."""
    parts: List[str] = []
    for group, introduction in language.groups.items():
        rows = [row(metric, language) for metric in all_metrics().values() if metric.group == group]
        parts += [introduction, "", language.head, "|---|---|---|", *rows, ""]
    rows = [derived_row(one, language) for one in DERIVED]
    parts += [language.derived, "", language.derived_head, "|---|---|---|---|", *rows, ""]
    return "\n".join(parts)


def row(metric: Metric, language: Language) -> str:
    """A metric's row; its default statistics are fields of their own."""
    fields = ", ".join(f"`{field_name(metric.name, statistic)}`" for statistic in metric.statistics)
    return f"| {fields} | {language.meanings[metric.name]} | {language.units[metric.unit]} |"


def derived_row(one: Derived, language: Language) -> str:
    """The row of a derived field, with what it is computed from."""
    computed = "`Requests_Sum`" if one.whole else f"`Requests_Sum * {one.rate} / 100`"
    return f"| `{one.name}` | {computed} | {language.derived_meanings[one.name]} | {language.units['count']} |"


def written(text: str, language: Language) -> str:
    """A document with its tables made anew; ValueError when it has no place for them."""
    return _replaced(text, TABLE, tables(language), "the metric tables")


def with_monitors(text: str, code: str) -> str:
    """A page in a language with its table of monitors made anew; ValueError when it has no place for it."""
    return _replaced(text, MONITORS, monitors_table(code), "the table of monitors")


def with_example(text: str, point: Mapping[str, Any]) -> str:
    """A page with its example of an object made anew; ValueError when it has no place for it."""
    shown = json.dumps(shortened(point), ensure_ascii=False, indent=2)
    return _replaced(text, OBJECT, f"```json\n{shown}\n```\n", "the example of an object")


def shortened(point: Mapping[str, Any]) -> Dict[str, Any]:
    """A point without its time, its long structures left out."""
    fields = {
        key: "{…}" if isinstance(value, str) and len(value) > LONGEST else value
        for key, value in point["fields"].items()
    }
    return {"measurement": point["measurement"], "tags": point["tags"], "fields": fields}


def reported_object() -> Dict[str, Any]:
    """The first object that the demo reports, in a real run of it: built, installed, deployed, run."""
    # The demo's tools are there for the newest Python only.
    from devtools.demo import run as demo

    with ExitStack() as stack, redirect_stdout(StringIO()):
        stage = demo.set_up(stack, ":memory:")
        stage.func.run_cron_job(stage.job_id)
        return stage.datakit.points("custom_object")[0]._asdict()


def _replaced(text: str, place: Pattern[str], made: str, name: str) -> str:
    done, times = place.subn(lambda found: f"{found.group(1)}{made}{found.group(2)}", text)
    if times != 1:
        raise ValueError(f"there are {times} places for {name}, not one")
    return done


def main() -> int:
    """Write all documents; the exit status."""
    point = reported_object()
    for name, language in {**READMES, **PAGES}.items():
        path = ROOT / name
        text = written(path.read_text(encoding="utf-8"), language)
        if name in PAGES:
            text = with_example(with_monitors(text, path.parent.name), point)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
