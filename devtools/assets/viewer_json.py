"""The template of the Resource Catalog's viewer, in the form of Guance's object configuration API (`objc_cfg`).

Columns, quick filters, and the dashboard as a view of each object: its variables take the values of the object's fields
of the same name.
"""

from __future__ import annotations

from typing import Any, Dict

from devtools.assets.dql import OBJECT_TAGS, AssetError, Text, object_fields
from devtools.assets.groups import TITLE
from guance_aws_cloudfront.cloudfront.catalog import OBJECT_MEASUREMENT

NAME = "AWS CloudFront"
COLUMNS = (
    *("account_name", "AlternateDomainNames", "DomainName", "Status", "Enabled", "OriginDomainNames", "WAF"),
    *("Certificate", "CertificateDaysLeft", "MinimumProtocolVersion", "PriceClass", "Description"),
)
FILTERS = ("account_name", "Status", "Enabled", "WAF", "MinimumProtocolVersion", "PriceClass", "HttpVersion")
GROUPS = ("account_name", "Status", "PriceClass")
# The dashboard's variable by which an object's view is filtered.
LINK = "DomainName"
VIEW = Text("Monitoring", "监控")


def viewer(language: str) -> Dict[str, Any]:
    """The template in a language; AssetError for a field that objects lack."""
    for name in (*COLUMNS, *FILTERS, *GROUPS, LINK):
        if name not in object_fields() | OBJECT_TAGS:
            raise AssetError(f"objects have no field {name}")
    view = {
        "title": getattr(VIEW, language),
        # Shown for an object that has the field.
        "required": True,
        "keys": {LINK: "*"},
        "viewType": "dashboard",
        "viewName": getattr(TITLE, language),
        "timerange": "1h",
    }
    main = {
        "class": "custom_object",
        "source": {"key": OBJECT_MEASUREMENT, "name": NAME},
        "filters": [{"key": name} for name in FILTERS],
        "table": {"columns": [{"key": name} for name in ("name", *COLUMNS)], "detail": {"views": [view]}},
        # What data must have to be taken at all: no more than Guance asks of every object.
        "fields": [{"name": "name"}],
        "groups": [{"key": name} for name in GROUPS],
        "fills": [],
    }
    return {"main": [main], "title": NAME, "summary": "", "iconSet": None}
