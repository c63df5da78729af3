"""What a distribution's record says: the structures of ListDistributions, read for people and for choosing."""

from typing import Any, Callable, Dict, Iterator, List, Mapping, Set, Tuple

NONE = "none"
RESTRICTIONS = {"whitelist": "only", "blacklist": "not"}
# What `readable_fields` may give, and what is known of a distribution beyond its record.
READABLE = (
    "AlternateDomainNames",
    "Certificate",
    "MinimumProtocolVersion",
    "WAF",
    "RealtimeLogging",
    "OriginDomainNames",
    "ViewerProtocolPolicy",
    "GeoRestriction",
    "EdgeFunctions",
)
EXTRA_FIELDS = ("AdditionalMetrics", "Logging", "DefaultRootObject")

Record = Mapping[str, Any]


def aliases(record: Record) -> List[str]:
    """The alternate domain names of a distribution, in CloudFront's order."""
    return _items(record.get("Aliases"))


def behaviors(record: Record) -> Iterator[Mapping[str, Any]]:
    """The cache behaviors of a distribution, the default one first."""
    yield record.get("DefaultCacheBehavior") or {}
    yield from _items(record.get("CacheBehaviors"))


def functions_of(record: Record) -> Set[str]:
    """The names of the CloudFront functions that a distribution calls, by its cache behaviors."""
    return {
        # arn:aws:cloudfront::123456789012:function/<name>
        str(association["FunctionARN"]).rpartition("/")[2]
        for behavior in behaviors(record)
        for association in _items(behavior.get("FunctionAssociations"))
    }


def edge_lambdas_of(record: Record) -> Set[str]:
    """The names, with version, of the Lambda@Edge functions that a distribution calls, by its cache behaviors."""
    return {
        # arn:aws:lambda:us-east-1:123456789012:function:<name>:<version>
        str(association["LambdaFunctionARN"]).partition(":function:")[2]
        for behavior in behaviors(record)
        for association in _items(behavior.get("LambdaFunctionAssociations"))
    }


def readable_fields(record: Record) -> Dict[str, str]:
    """Fields that a person can read, filter and sort by, where the record has what they are made from."""
    made_from: Dict[str, Tuple[str, Callable[[Any], Any]]] = {
        "AlternateDomainNames": ("Aliases", lambda _: _listed(aliases(record))),
        "Certificate": ("ViewerCertificate", _certificate),
        "MinimumProtocolVersion": ("ViewerCertificate", lambda given: given.get("MinimumProtocolVersion")),
        "WAF": ("WebACLId", _waf),
        "RealtimeLogging": ("DefaultCacheBehavior", lambda _: _realtime_logging(record)),
        "OriginDomainNames": ("Origins", lambda given: _listed(one["DomainName"] for one in _items(given))),
        "ViewerProtocolPolicy": ("DefaultCacheBehavior", lambda given: given.get("ViewerProtocolPolicy")),
        "GeoRestriction": ("Restrictions", lambda given: _geo_restriction(given.get("GeoRestriction") or {})),
        "EdgeFunctions": ("DefaultCacheBehavior", lambda _: _listed(functions_of(record) | edge_lambdas_of(record))),
    }
    fields = {
        name: read(record[source]) for name, (source, read) in made_from.items() if record.get(source) is not None
    }
    return {name: text for name, text in fields.items() if text}


def logging_fields(configuration: Mapping[str, Any]) -> Dict[str, str]:
    """What only a distribution's whole configuration tells: where its standard logs go, and its default root object."""
    logging = configuration.get("Logging") or {}
    place = f"{logging.get('Bucket', '')}/{logging.get('Prefix', '')}".rstrip("/")
    return {
        "Logging": place if logging.get("Enabled") else "off",
        "DefaultRootObject": str(configuration.get("DefaultRootObject") or NONE),
    }


def _items(structure: Any) -> List[Any]:
    # CloudFront's lists are {"Quantity": n, "Items": [...]}; Items is absent when there are none.
    return list((structure or {}).get("Items") or ())


def _listed(names: Any) -> str:
    return ", ".join(sorted(names) if isinstance(names, set) else names) or NONE


def _certificate(given: Mapping[str, Any]) -> str:
    own = given.get("ACMCertificateArn") or given.get("IAMCertificateId")
    return str(own or ("CloudFront default" if given.get("CloudFrontDefaultCertificate") else ""))


def _waf(web_acl: str) -> str:
    # arn:aws:wafv2:us-east-1:123456789012:global/webacl/<name>/<id>; of WAF Classic there is only an ID.
    parts = web_acl.split("/")
    return parts[2] if len(parts) > 3 else web_acl or NONE


def _realtime_logging(record: Record) -> str:
    # arn:aws:cloudfront::123456789012:realtime-log-config/<name>
    arns = {str(behavior["RealtimeLogConfigArn"]) for behavior in behaviors(record) if _logs(behavior)}
    return ", ".join(sorted(arn.rpartition("/")[2] for arn in arns)) or "off"


def _logs(behavior: Mapping[str, Any]) -> bool:
    return bool(behavior.get("RealtimeLogConfigArn"))


def _geo_restriction(given: Mapping[str, Any]) -> str:
    kind = str(given.get("RestrictionType") or "")
    return f"{RESTRICTIONS[kind]} {', '.join(_items(given))}" if kind in RESTRICTIONS else kind
