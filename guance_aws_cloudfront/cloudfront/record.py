"""What a distribution's record says: the structures of ListDistributions, read for people and for choosing.

Any record will do: what is missing, or is not of its type, is passed over here, and `oddities` names it.
"""

from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Set, Tuple

from guance_aws_cloudfront.text import one_line, some_of

NONE = "none"
RESTRICTIONS = {"whitelist": "only", "blacklist": "not"}
# What `readable_fields` may give, and what is known of a distribution beside its record.
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
EXTRA_FIELDS = (
    "AdditionalMetrics",
    "Logging",
    "DefaultRootObject",
    "CertificateExpires",
    "CertificateDaysLeft",
    "CertificateRenewal",
)

Record = Mapping[str, Any]
# 2000 to 2100, in epoch seconds: a time outside is none, or one in milliseconds.
TIMES = (946684800, 4102444800)
# Members that a record always has, and what is read of it comes from.
TEXTS = ("ARN", "DomainName", "Status")
STRUCTURES = ("Origins", "DefaultCacheBehavior")
# Structures and their lists that are read where they are there.
LISTS = ("Aliases", "Origins", "CacheBehaviors")
ASSOCIATIONS = {"FunctionAssociations": "FunctionARN", "LambdaFunctionAssociations": "LambdaFunctionARN"}


def has_id(record: Any) -> bool:
    """Whether a record says which distribution it is of; one that does not cannot be collected."""
    return isinstance(record, Mapping) and bool(text_of(record, "Id").strip())


def text_of(record: Record, name: str) -> str:
    """A text of a record; empty when it is missing or no text."""
    value = record.get(name)
    return value if isinstance(value, str) else ""


def is_time(value: Any) -> bool:
    """Whether a value is a time in epoch seconds that a distribution may have been changed at."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and TIMES[0] <= value <= TIMES[1]


def aliases(record: Record) -> List[str]:
    """The alternate domain names of a distribution, in CloudFront's order."""
    return [name for name in _items(record.get("Aliases")) if isinstance(name, str)]


def behaviors(record: Record) -> Iterator[Record]:
    """The cache behaviors of a distribution, the default one first."""
    yield structure(record.get("DefaultCacheBehavior"))
    yield from structures(record.get("CacheBehaviors"))


def functions_of(record: Record) -> Set[str]:
    """The names of the CloudFront functions that a distribution calls, by its cache behaviors."""
    # arn:aws:cloudfront::123456789012:function/<name>
    return {arn.rpartition("/")[2] for arn in _arns(record, "FunctionAssociations")} - {""}


def edge_lambdas_of(record: Record) -> Set[str]:
    """The names, with version, of the Lambda@Edge functions that a distribution calls, by its cache behaviors."""
    # arn:aws:lambda:us-east-1:123456789012:function:<name>:<version>
    return {arn.partition(":function:")[2] for arn in _arns(record, "LambdaFunctionAssociations")} - {""}


def readable_fields(record: Record) -> Dict[str, str]:
    """Fields that a person can read, filter and sort by, where the record has what they are made from."""
    made_from: Dict[str, Tuple[str, Callable[[Any], str]]] = {
        "AlternateDomainNames": ("Aliases", lambda _: _listed(aliases(record))),
        "Certificate": ("ViewerCertificate", _certificate),
        "MinimumProtocolVersion": ("ViewerCertificate", lambda given: text_of(given, "MinimumProtocolVersion")),
        "RealtimeLogging": ("DefaultCacheBehavior", lambda _: _realtime_logging(record)),
        "OriginDomainNames": ("Origins", _origin_domain_names),
        "ViewerProtocolPolicy": ("DefaultCacheBehavior", lambda given: text_of(given, "ViewerProtocolPolicy")),
        "GeoRestriction": ("Restrictions", lambda given: _geo_restriction(structure(given.get("GeoRestriction")))),
        "EdgeFunctions": ("DefaultCacheBehavior", lambda _: _listed(functions_of(record) | edge_lambdas_of(record))),
    }
    fields = {
        name: read(record[source])
        for name, (source, read) in made_from.items()
        if isinstance(record.get(source), Mapping)
    }
    if isinstance(record.get("WebACLId"), str):
        fields["WAF"] = _waf(record["WebACLId"])
    return {name: text for name, text in fields.items() if text}


def logging_fields(configuration: Record) -> Dict[str, str]:
    """What only a distribution's whole configuration holds: where its standard logs go, and its default root object."""
    fields = {"DefaultRootObject": text_of(configuration, "DefaultRootObject") or NONE}
    if "Logging" in configuration:
        logging = structure(configuration["Logging"])
        place = f"{text_of(logging, 'Bucket')}/{text_of(logging, 'Prefix')}".rstrip("/")
        fields["Logging"] = place if logging.get("Enabled") else "off"
    return fields


def oddities(records: Iterable[Any]) -> List[str]:
    """A sentence for each way in which records are not as CloudFront has them, with the distributions and the field."""
    found: Dict[str, List[str]] = {}
    without_id = []
    for record in records:
        if has_id(record):
            for text in dict.fromkeys(_oddities(record)):
                found.setdefault(text, []).append(record["Id"])
        else:
            known = text_of(record, "DomainName") or text_of(record, "ARN") if isinstance(record, Mapping) else ""
            without_id.append(one_line(known or "nothing else is known of it", 80))
    sentences = [
        f"CloudFront's record of {some_of(ids)}: {text}. What cannot be read is left out."
        for text, ids in found.items()
    ]
    if without_id:
        sentences.append(
            f"CloudFront lists a distribution without an Id, which is not collected: {some_of(without_id)}."
        )
    return sentences


def _oddities(record: Record) -> Iterator[str]:
    for name in TEXTS:
        if not text_of(record, name):
            yield _odd(record, name, "no text")
    if not is_time(record.get("LastModifiedTime")):
        yield _odd(record, "LastModifiedTime", "no time")
    for name in STRUCTURES:
        if not isinstance(record.get(name), Mapping):
            yield _odd(record, name, "no structure")
    for name in LISTS:
        yield from _odd_list(record, name)
    if [name for name in structures(record.get("Origins")) if not text_of(name, "DomainName")]:
        yield "an origin of Origins has no DomainName"
    for behavior in behaviors(record):
        for name, arn in ASSOCIATIONS.items():
            yield from _odd_list(behavior, name)
            if [one for one in structures(behavior.get(name)) if not text_of(one, arn)]:
                yield f"an association of {name} has no {arn}"


def _odd(record: Record, name: str, otherwise: str) -> str:
    if name not in record:
        return f"{name} is missing"
    value = record[name]
    # Not its own words, because a structure may hold what CloudFront says to an origin alone.
    shown = f" ({one_line(repr(value), 60)})" if isinstance(value, (str, int, float)) else ""
    return f"{name} cannot be read" if value is None else f"{name} is {otherwise}{shown}"


def _odd_list(record: Record, name: str) -> Iterator[str]:
    value = record.get(name)
    if value is None and name not in STRUCTURES:
        if name in record:
            yield f"{name} cannot be read"
    elif not isinstance(value, dict):
        if name not in STRUCTURES:
            yield _odd(record, name, "no structure")
    elif not isinstance(value.get("Items") or [], (list, tuple)):
        yield f"the Items of {name} are no list"
    else:
        items = value.get("Items") or ()
        wanted = str if name == "Aliases" else Mapping
        if value.get("Quantity", len(items)) != len(items):
            yield f"the Quantity of {name} is not the number of its Items"
        if [one for one in items if not isinstance(one, wanted)]:
            yield f"an item of {name} is {'no text' if wanted is str else 'no structure'}"


def structure(value: Any) -> Record:
    """A structure of a record; an empty one where it is none."""
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> List[Any]:
    # CloudFront's lists are {"Quantity": n, "Items": [...]}; Items is absent when there are none.
    items = structure(value).get("Items")
    return list(items) if isinstance(items, (list, tuple)) else []


def structures(value: Any) -> List[Record]:
    """The structures in a list of CloudFront's, without what is none."""
    return [one for one in _items(value) if isinstance(one, dict)]


def _arns(record: Record, associations: str) -> Set[str]:
    """The ARNs of the functions that the cache behaviors are associated with."""
    arn = ASSOCIATIONS[associations]
    return {text_of(one, arn) for behavior in behaviors(record) for one in structures(behavior.get(associations))}


def _listed(names: Any) -> str:
    return ", ".join(sorted(names) if isinstance(names, set) else names) or NONE


def _origin_domain_names(origins: Record) -> str:
    names = [name for name in (text_of(one, "DomainName") for one in structures(origins)) if name]
    # "none" is said only where AWS says it.
    return ", ".join(names) if names or _items(origins) else NONE


def _certificate(given: Record) -> str:
    own = text_of(given, "ACMCertificateArn") or text_of(given, "IAMCertificateId")
    return own or ("CloudFront default" if given.get("CloudFrontDefaultCertificate") is True else "")


def _waf(web_acl: str) -> str:
    # arn:aws:wafv2:us-east-1:123456789012:global/webacl/<name>/<id>; of WAF Classic there is only an ID.
    parts = web_acl.split("/")
    return parts[2] if len(parts) > 3 else web_acl or NONE


def _realtime_logging(record: Record) -> str:
    # arn:aws:cloudfront::123456789012:realtime-log-config/<name>
    arns = {text_of(behavior, "RealtimeLogConfigArn") for behavior in behaviors(record)} - {""}
    return ", ".join(sorted(arn.rpartition("/")[2] for arn in arns)) or "off"


def _geo_restriction(given: Record) -> str:
    kind = text_of(given, "RestrictionType")
    countries = ", ".join(name for name in _items(given) if isinstance(name, str))
    return f"{RESTRICTIONS[kind]} {countries}" if kind in RESTRICTIONS else kind
