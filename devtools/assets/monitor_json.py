"""The description of the monitors as the file that Guance imports."""

from __future__ import annotations

import uuid
from typing import Any, Dict, List

from devtools.assets.dql import NAMESPACES, Query, Text
from devtools.assets.monitors_form import Monitor, Target
from devtools.assets.thresholds import LEVELS

GROUP = "AWS CloudFront"
RECOVER_AFTER = 3
# Two spaces end a line within a quotation of Markdown.
HEADS = Text(
    ">Level: {{ df_status }}  \n>Account: {{ account_name }}  \n",
    ">等级：{{ df_status }}  \n>账户：{{ account_name }}  \n",
)
WHERE = Text(
    ">Distribution: {{ DomainName }} ({{ DistributionId }})  \n", ">分配：{{ DomainName }}（{{ DistributionId }}）  \n"
)
PARTS = Text(
    "{{% if df_status != 'ok' %}}>What: {what}  \n>Look first at: {look}\n"
    "{{% else %}}>Recovered: {recovered}\n{{% endif %}}",
    "{{% if df_status != 'ok' %}}>内容：{what}  \n>排查：{look}\n{{% else %}}>恢复：{recovered}\n{{% endif %}}",
)


def checker(monitor: Monitor, language: str) -> Dict[str, Any]:
    """A monitor as an import file has it; what `extend` repeats is made once."""
    rules = _rules(monitor)
    return {
        "extend": {
            "funcName": "",
            "querylist": [_listed(monitor, target) for target in monitor.targets],
            "rules": rules,
            "recoverNeedPeriodCount": RECOVER_AFTER,
        },
        "is_disable": False,
        "jsonScript": {
            "type": "simpleCheck",
            "title": getattr(monitor.title, language),
            "message": _message(monitor, language),
            "every": monitor.every,
            "interval": monitor.interval,
            "groupBy": list(monitor.by),
            "recoverNeedPeriodCount": RECOVER_AFTER,
            "noDataAction": monitor.no_data,
            **({} if monitor.no_data == "none" else {"noDataInterval": monitor.interval}),
            "targets": [{"alias": target.alias, "dql": target.dql} for target in monitor.targets],
            "checkerOpt": {"rules": rules},
        },
        "monitorName": GROUP,
    }


def _rules(monitor: Monitor) -> List[Dict[str, Any]]:
    levels = LEVELS[monitor.levels]
    gate = [] if monitor.least is None else [_condition(monitor.targets[1].alias, ">=", monitor.least)]
    return [
        {
            "status": status,
            "conditions": [_condition(monitor.targets[0].alias, levels.operator, operand), *gate],
            "conditionLogic": "and",
        }
        for status, operand in levels.steps
    ]


def _condition(alias: str, operator: str, operand: float) -> Dict[str, Any]:
    return {"alias": alias, "operator": operator, "operands": [f"{operand:g}"]}


def _message(monitor: Monitor, language: str) -> str:
    parts = {key: getattr(getattr(monitor, key), language) for key in ("what", "look", "recovered")}
    where = getattr(WHERE, language) if "DomainName" in monitor.by else ""
    return str(getattr(HEADS, language) + where + getattr(PARTS, language).format(**parts))


def _listed(monitor: Monitor, target: Target) -> Dict[str, Any]:
    query = target.queries[0]
    shown = (
        {
            "code": target.alias,
            "type": "expression",
            "expression": target.formula,
            "funcList": [],
            "children": [_simple(one, code) for code, one in zip("AB", target.queries)],
            "q": target.dql,
        }
        if target.formula
        else _simple(query, target.alias)
    )
    return {"datasource": "dataflux", "qtype": "dql", "query": shown, "uuid": _uuid(monitor.key, target.alias)}


def _simple(query: Query, code: str) -> Dict[str, Any]:
    return {
        "code": code,
        "type": "simple" if query.expression.is_simple and not query.shift else "dql",
        "namespace": query.namespace,
        "dataSource": NAMESPACES[query.namespace][1],
        "field": query.expression.fields[0],
        "fieldFunc": query.expression.function.lower(),
        "fieldType": "float" if query.namespace == "metric" else "keyword",
        "alias": query.alias,
        "groupBy": list(query.by),
        "groupByTime": "",
        "funcList": [],
        "q": query.dql,
    }


def _uuid(*names: str) -> str:
    """The same at every build."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("guance_aws_cloudfront", "monitor", *names))))
