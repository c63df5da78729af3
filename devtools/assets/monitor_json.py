"""The description of the monitors as the file that Guance imports: its keys are those of Guance's checker API."""

from __future__ import annotations

import uuid
from typing import Any, Dict, List

from devtools.assets.dql import NAMESPACES, Formula, Query, Text
from devtools.assets.monitors_form import NAMES_OF_DISTRIBUTIONS, Monitor, Number, Target
from devtools.assets.thresholds import LEVELS

GROUP = "AWS CloudFront"
RECOVER_AFTER = 3
# Two spaces end a line within a quotation of Markdown.
HEAD = Text(
    ">Level: {{ df_status }}  \n>Account: {{ account_name }}  \n",
    ">等级：{{ df_status }}  \n>账户：{{ account_name }}  \n",
)
# A distribution may have no alternate domain name.
WHERE = Text(
    ">Distribution: {% if ALIAS %}{{ ALIAS }} ({{ ID }}){% else %}{{ ID }}{% endif %}  \n",
    ">分配：{% if ALIAS %}{{ ALIAS }}（{{ ID }}）{% else %}{{ ID }}{% endif %}  \n",
)
PARTS = Text(
    "{{% if df_status != 'ok' %}}>What: {what}  \n>Look first at: {look}  \n{links}"
    "{{% else %}}>Recovered: {recovered}\n{{% endif %}}",
    "{{% if df_status != 'ok' %}}>内容：{what}  \n>排查：{look}  \n{links}"
    "{{% else %}}>恢复：{recovered}\n{{% endif %}}",
)
CONSOLE = "console.aws.amazon.com/cloudfront/v4/home#/distributions/{{ ID }}"
CHINA = "console.amazonaws.cn/cloudfront/v4/home#/distributions/{{ ID }}"
LINKS = Text(
    f">Next: [CloudFront console](https://{CONSOLE}), [in China](https://{CHINA})  \n",
    f">下一步：[CloudFront 控制台](https://{CONSOLE})，[中国区](https://{CHINA})  \n",
)
# The name of this variable differs between Guance's documents; where both are missing, the line is left out.
EVENT = Text(
    "{% if df_event_link %}>Event: {{ df_event_link }}\n{% elif df_event_url %}>Event: {{ df_event_url }}\n{% endif %}",
    "{% if df_event_link %}>事件：{{ df_event_link }}\n{% elif df_event_url %}>事件：{{ df_event_url }}\n{% endif %}",
)


def checker(monitor: Monitor, language: str) -> Dict[str, Any]:
    """A monitor as an import file has it; what `extend` repeats is made once."""
    rules = _rules(monitor)
    return {
        "extend": {
            "funcName": "",
            "isNeedCreateIssue": False,
            "issueLevelUUID": "",
            "needRecoverIssue": False,
            "querylist": [_listed(monitor, target) for target in monitor.targets],
            "rules": rules,
            "recoverNeedPeriodCount": RECOVER_AFTER,
        },
        "is_disable": monitor.disabled,
        "jsonScript": {
            "type": "seniorMutationsCheck" if monitor.comparison else "simpleCheck",
            "title": title(monitor, language),
            "message": message(monitor, language),
            "every": monitor.every,
            "interval": monitor.interval,
            **_spans(monitor),
            "groupBy": list(monitor.by.by),
            "recoverNeedPeriodCount": RECOVER_AFTER,
            "noDataAction": monitor.no_data,
            **({} if monitor.no_data == "none" else {"noDataInterval": monitor.interval}),
            "targets": [{"alias": target.alias, "dql": target.asked.dql, "qtype": "dql"} for target in monitor.targets],
            "checkerOpt": {"infoEvent": False, **_compared(monitor), "rules": rules},
            # What is overwritten when it is reported again has no end of the window before the present.
            "disableCheckEndTime": monitor.objects,
            "channels": [],
            "atAccounts": [],
            "atNoDataAccounts": [],
        },
        "monitorName": GROUP,
        "secret": "",
        "tagInfo": [],
        "type": "trigger",
    }


def title(monitor: Monitor, language: str) -> str:
    """The title of the event, which is also the monitor's name."""
    of = _of("{{ ALIAS }} {{ ID }}", monitor) or "{{ account_name }}"
    return f"{getattr(monitor.title, language)}{': ' if language == 'en' else '：'}{of}"


def message(monitor: Monitor, language: str) -> str:
    """The text of the event: what, where, what to look at first; or that it is over."""
    parts = {key: getattr(getattr(monitor, key), language) for key in ("what", "look", "recovered")}
    links = _of(getattr(LINKS, language), monitor) + getattr(EVENT, language)
    where = _of(getattr(WHERE, language), monitor)
    # An object without any says so.
    where = where.replace("{% if AlternateDomainNames %}", "{% if AlternateDomainNames != 'none' %}")
    fetched = "".join(_fetched(number) for number in monitor.numbers)
    return str(fetched + getattr(HEAD, language) + where + getattr(PARTS, language).format(**parts, links=links))


def _of(template: str, monitor: Monitor) -> str:
    """A template of a distribution with the monitor's names of its ID and alias; empty for one of an account."""
    found = [names for names in NAMES_OF_DISTRIBUTIONS if set(names) <= set(monitor.by.by)]
    return template.replace("ID }}", f"{found[0][0]} }}}}").replace("ALIAS", found[0][1]) if found else ""


def _fetched(number: Number) -> str:
    """A query of a message, with the dimensions of the event as its parameters; its value is `name.value`."""
    asked = number.asked
    if isinstance(asked, Formula):
        # An embedded query is no eval: the arithmetic is between its aggregates.
        first, second = asked.queries
        operator = asked.expression.replace("A", "").replace("B", "").strip()
        asked = first._replace(targets=f"{first.targets} {operator} {second.targets}")
    parameters = "".join(f", {tag}" for tag, _ in asked.filters)
    return f'{{% set {number.name} = DQL("{asked._replace(alias="value").dql}"{parameters}) %}}'


def _spans(monitor: Monitor) -> Dict[str, Any]:
    if monitor.comparison is None:
        return {}
    # 0: the same span as long before as periodBefore says.
    return {"range": monitor.comparison.range, "range_2": 0, "periodBefore": monitor.comparison.before}


def _compared(monitor: Monitor) -> Dict[str, Any]:
    if monitor.comparison is None:
        return {}
    return {
        "diffMode": "percent",
        "direction": monitor.comparison.direction,
        "threshold": {"status": True, "operator": ">=", "value": monitor.comparison.least},
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


def _listed(monitor: Monitor, target: Target) -> Dict[str, Any]:
    asked = target.asked
    asked.check()
    shown = (
        {
            "code": target.alias,
            "type": "expression",
            "expression": asked.expression,
            "funcList": [],
            "children": [_simple(one, code) for code, one in zip("AB", asked.queries)],
            "q": asked.dql,
        }
        if isinstance(asked, Formula)
        else _simple(asked.queries[0], target.alias)
    )
    return {"datasource": "dataflux", "qtype": "dql", "query": shown, "uuid": _uuid(monitor.key, target.alias)}


def _simple(query: Query, code: str) -> Dict[str, Any]:
    return {
        "code": code,
        "type": "simple",
        "namespace": query.namespace,
        "dataSource": NAMESPACES[query.namespace][1],
        "field": query.field,
        "fieldFunc": query.function.lower(),
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
