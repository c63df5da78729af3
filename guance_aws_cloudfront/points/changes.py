"""What has changed at a distribution from one listing to another, in words, and the event that reports it."""

import base64
import hashlib
import json
import uuid
from types import MappingProxyType
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple
from zlib import crc32

from guance_aws_cloudfront.cloudfront.catalog import CLOUD_PROVIDER, OBJECT_MEASUREMENT
from guance_aws_cloudfront.cloudfront.record import (
    ASSOCIATIONS,
    aliases,
    behaviors,
    is_time,
    readable_fields,
    structure,
    structures,
    text_of,
)
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.text import iso_utc, one_line

MEASUREMENT = "event"
# What DataKit itself writes on the changes that it sees: of Kubernetes resources, hosts and files.
EVENT_TAGS = {"df_source": "change", "df_status": "info", "df_sub_status": "info"}
CHANGED, DEPLOYED, CREATED, DELETED = "changed", "deployed", "created", "deleted"
# The form in which a distribution is known; what is kept in another form counts as not known.
FORM = 1

NONE = "none"
STATUS, OTHER = "Status", "Other settings"
NOT_LISTED = "something that CloudFront's listing does not tell"
# Known from a distribution's configuration, which is read with the key 'details' only.
OF_DETAILS = {"Logging": "Standard logging", "DefaultRootObject": "Default root object"}
BEHAVIORS = ("DefaultCacheBehavior", "CacheBehaviors")
# The members of a record that each item covers: when it has changed, these are not named again under OTHER.
MEMBERS_OF_ITEM: Dict[str, Tuple[str, ...]] = {
    "Enabled": ("Enabled",),
    "Aliases": ("Aliases",),
    "Origins": (
        "Origins",
        "Origins.DomainName",
        "Origins.OriginPath",
        "Origins.CustomOriginConfig.OriginProtocolPolicy",
    ),
    "Viewer protocol policy": (
        "CacheBehaviors",
        "CacheBehaviors.ViewerProtocolPolicy",
        "DefaultCacheBehavior.ViewerProtocolPolicy",
    ),
    "Functions": tuple(f"{member}.{kind}FunctionAssociations" for member in BEHAVIORS for kind in ("", "Lambda")),
    "Certificate": tuple(
        f"ViewerCertificate.{name}"
        for name in (
            *("ACMCertificateArn", "IAMCertificateId", "CloudFrontDefaultCertificate"),
            # The same once more, in a form that CloudFront keeps for old clients.
            *("Certificate", "CertificateSource"),
        )
    ),
    "TLS version": ("ViewerCertificate.MinimumProtocolVersion",),
    "WAF": ("WebACLId",),
    "Price class": ("PriceClass",),
    "HTTP version": ("HttpVersion",),
    "Real-time logging": ("CacheBehaviors.RealtimeLogConfigArn", "DefaultCacheBehavior.RealtimeLogConfigArn"),
    "Geo restriction": ("Restrictions.GeoRestriction",),
    "Staging": ("Staging",),
}
NO_SETTINGS = frozenset(["Id", "ARN", "DomainName", "ETag", "LastModifiedTime", STATUS])
# These change by themselves, without a modification of the distribution.
OF_THEMSELVES = ("AliasICPRecordals",)
# What an entry of a list is known by.
ENTRY_KEYS = ("Id", "PathPattern", "ErrorCode", "CNAME")
HEADER_VALUE = "HeaderValue"
# In characters, of each of old and new in an event.
LONGEST_VALUE = 600
LONGEST_TEXT = 4000
# Of each item of what is known.
LONGEST_KNOWN = 20_000
# Behind a text that is kept cut: the checksum of the whole.
CUT = "…#"
# Made once: json.dumps makes one for each value.
ENCODER = json.JSONEncoder(sort_keys=True, default=str, separators=(",", ":"))

Record = Mapping[str, Any]
Details = Mapping[str, str]
# A distribution as it is known between runs: plain data, without any secret.
Form = Dict[str, Any]


class Change(NamedTuple):
    """What has changed, and its old and new value in words; of `Other settings`, the new value names the members."""

    name: str
    old: str
    new: str


def fingerprint(record: Record, details: Details = MappingProxyType({})) -> str:
    """A checksum of all that is known of a distribution, so that an unchanged one needs no second look."""
    text = _json([record, dict(details)])
    # Most distributions have no headers for their origins.
    return _short_hash(_json([_concealed(record), dict(details)]) if HEADER_VALUE in text else text, 12)


def known_form(record: Record, details: Details = MappingProxyType({})) -> Form:
    """What to remember of a distribution: what people care about in words, and checksums of all members by name.

    `details` is what its configuration says (`record.logging_fields`), as far as it is known.
    """
    modified = record.get("LastModifiedTime")
    return {
        "fingerprint": fingerprint(record, details),
        "modified": modified if is_time(modified) else None,
        "etag": text_of(record, "ETag"),
        "domain": text_of(record, "DomainName"),
        "alias": (aliases(record) or [""])[0],
        "texts": {name: text for name, text in _texts(record).items() if text},
        "details": {
            OF_DETAILS[key]: one_line(text, LONGEST_KNOWN).replace(CUT, "…")
            for key, text in details.items()
            if key in OF_DETAILS
        },
        "members": {name: _digest(value, 3) for name, value in _members(_concealed(record))},
    }


def compare(known: Form, record: Record, details: Details = MappingProxyType({})) -> List[Change]:
    """What has changed since a distribution was `known`, in the order in which people care about it."""
    return compare_forms(known, known_form(record, details))


def compare_forms(known: Form, new: Form) -> List[Change]:
    """What has changed between two known forms of a distribution.

    Members that only one of both has, and checksums, count where CloudFront says that the distribution was modified:
    another version of boto3 makes records of another shape, at all distributions at once.
    """
    modified = is_modified(known, new)
    changes = []
    for name in dict.fromkeys([*known["texts"], *new["texts"]]):
        old_text, new_text = known["texts"].get(name), new["texts"].get(name)
        if (modified or (old_text and new_text)) and not _is_same(old_text or NONE, new_text or NONE):
            changes.append(Change(name, _shown(old_text or NONE), _shown(new_text or NONE)))
    for name, text in new["details"].items():
        if name in known["details"] and not _is_same(known["details"][name], text):
            changes.append(Change(name, _shown(known["details"][name]), _shown(text)))
    others = _other_members(known["members"], new["members"], [change.name for change in changes], modified)
    if others:
        changes.append(Change(OTHER, "", ", ".join(others)))
    elif modified and not any(change.name != STATUS for change in changes):
        changes.append(Change(OTHER, "", NOT_LISTED))
    return sorted(changes, key=lambda change: _rank(change.name))


def is_modified(known: Form, new: Form) -> bool:
    """Whether CloudFront says that a distribution was modified since."""
    return any(known[mark] and new[mark] and known[mark] != new[mark] for mark in ("modified", "etag"))


def shortened(form: Form, limit: int) -> Form:
    """A form whose texts are kept in so many characters; a longer one is known by its checksum from then on."""
    return {
        **form,
        "texts": {name: _cut(text, limit) for name, text in form["texts"].items()},
        "details": {name: _cut(text, limit) for name, text in form["details"].items()},
    }


class EventText(NamedTuple):
    """The parts of an event: kind, end of its title, message, the difference as text, and when it happened."""

    kind: str
    title: str
    message: str
    diff: str
    at: float


def changed(known: Form, new: Form, now: int) -> Optional[EventText]:
    """What has changed at a distribution, seen at `now` (epoch seconds); None where nothing has.

    It happened when CloudFront says that the distribution was modified, where it says so.
    """
    changes = compare_forms(known, new)
    if not changes:
        return None
    diff = "; ".join(
        f"{change.name}: {change.old} → {change.new}" if change.old else f"{change.name}: {change.new}"
        for change in changes
    )
    if changes == [Change(STATUS, "InProgress", "Deployed")]:
        return EventText(DEPLOYED, "deployed", f"{diff}. {_took(new, now)}", diff, now)
    modified = new["modified"] if is_modified(known, new) else None
    # Every modification is deployed: that is no news beside what was modified.
    names = [change.name for change in changes if change.name != STATUS] or [STATUS]
    title = f"{', '.join(names)} changed"
    return EventText(CHANGED, title, f"{diff}. {_modified(modified)}", diff, modified or now)


def created(new: Form, now: int) -> EventText:
    """A distribution that was not there before, seen at `now` (epoch seconds)."""
    described = _described(new)
    return EventText(
        CREATED, "created", f"{described}. {_modified(new['modified'])}", described, new["modified"] or now
    )


def deleted(known: Form, since: int) -> EventText:
    """A distribution that has not been listed `since` (epoch seconds)."""
    described = _described(known)
    message = f"Not listed since {iso_utc(since)}. Last known: {described}."
    return EventText(DELETED, "deleted", message, described, since)


def event_point(
    distribution_id: str,
    form: Form,
    text: EventText,
    account: Account,
    now: int,
    resource_tags: Mapping[str, str] = MappingProxyType({}),
) -> Dict[str, Any]:
    """The event as a point of the category `keyevent`, seen at `now` (epoch seconds); `resource_tags` are clean ones.

    `form` is what is known of the distribution after the change, or of a deleted one before it.
    """
    names = [name for name in (form["alias"], form["domain"]) if name]
    tags = {
        **resource_tags,
        **account.extra_tags,
        "class": OBJECT_MEASUREMENT,
        "name": distribution_id,
        "DistributionId": distribution_id,
        "DomainName": form["domain"],
        "Alias": form["alias"],
        "change_type": text.kind,
        "cloud_provider": CLOUD_PROVIDER,
        **EVENT_TAGS,
        "df_event_id": _event_id(distribution_id, form, text.kind, account),
    }
    named = f"{names[0]} ({distribution_id})" if names else distribution_id
    where = f"Distribution {distribution_id} ({', '.join(names)}), account {account.account_name}, seen {iso_utc(now)}."
    return {
        "measurement": MEASUREMENT,
        "tags": {key: value for key, value in tags.items() if value},
        "fields": {
            "df_title": one_line(f"CloudFront distribution {named}: {text.title}"),
            "df_message": one_line(f"{text.message} {where}", LONGEST_TEXT),
            "diff": one_line(text.diff, LONGEST_TEXT),
        },
        # Where the host's clock is behind AWS's, no event of the future.
        "timestamp": min(int(text.at), now),
    }


def _event_id(distribution_id: str, form: Form, kind: str, account: Account) -> str:
    """The same for the same new state of the same distribution, so that an event sent twice is known as one."""
    state = NONE if kind == DELETED else f"{form['modified']}/{form['etag']}/{form['fingerprint']}"
    name = f"{account.partition.name}/{account.account_name}/{distribution_id}/{kind}/{state}"
    return f"event-{uuid.uuid5(uuid.NAMESPACE_URL, name)}"


def _took(form: Form, now: int) -> str:
    if form["modified"] is None:
        return "The deployment has ended."
    modified = int(form["modified"])
    minutes = -(-max(0, now - modified) // 60)
    return f"The deployment took at most {minutes} min: modified {iso_utc(modified)}, seen deployed {iso_utc(now)}."


def _modified(at: Optional[float]) -> str:
    return "CloudFront does not say that it was modified." if at is None else f"CloudFront: modified {iso_utc(at)}."


def _described(form: Form) -> str:
    return "; ".join(f"{name}: {_shown(text)}" for name, text in form["texts"].items())


def _texts(record: Record) -> Dict[str, str]:
    """What people care about, in words, of what the record has."""
    readable = readable_fields(record)
    texts = {
        "Enabled": _yes_or_no(record.get("Enabled")),
        STATUS: text_of(record, STATUS),
        "Aliases": _listed(record, ["Aliases"], sorted(aliases(record))),
        "Origins": _listed(record, ["Origins"], sorted(map(_origin, structures(record.get("Origins"))))),
        "Viewer protocol policy": _listed(record, BEHAVIORS, _protocols(record)),
        "Functions": _listed(record, BEHAVIORS, _functions(record)),
        "Certificate": readable.get("Certificate", ""),
        "TLS version": readable.get("MinimumProtocolVersion", ""),
        "WAF": readable.get("WAF", ""),
        "Price class": text_of(record, "PriceClass"),
        "HTTP version": text_of(record, "HttpVersion"),
        "Real-time logging": readable.get("RealtimeLogging", ""),
        "Geo restriction": readable.get("GeoRestriction", ""),
        "Staging": _yes_or_no(record.get("Staging")),
    }
    return {name: one_line(text, LONGEST_KNOWN).replace(CUT, "…") for name, text in texts.items() if text}


def _listed(record: Record, members: Sequence[str], texts: Iterable[str]) -> str:
    """The texts of members as a list; empty where the record does not have all of these."""
    has_them = all(isinstance(record.get(member), dict) for member in members)
    return (", ".join(texts) or NONE) if has_them else ""


def _yes_or_no(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else ""


def _origin(origin: Record) -> str:
    policy = text_of(structure(origin.get("CustomOriginConfig")), "OriginProtocolPolicy")
    return f"{text_of(origin, 'DomainName')}{text_of(origin, 'OriginPath')}{f' ({policy})' if policy else ''}"


def _protocols(record: Record) -> Iterator[str]:
    for behavior in behaviors(record):
        yield f"{text_of(behavior, 'PathPattern') or 'default'} {text_of(behavior, 'ViewerProtocolPolicy') or NONE}"


def _functions(record: Record) -> Iterator[str]:
    for behavior in behaviors(record):
        for associations, key in ASSOCIATIONS.items():
            called = [
                # arn:aws:cloudfront::123456789012:function/<name>, arn:aws:lambda:…:function:<name>:<version>
                f"{text_of(one, 'EventType')} {text_of(one, key).rpartition(':function')[2][1:]}"
                for one in structures(behavior.get(associations))
            ]
            for text in sorted(called):
                yield f"{text_of(behavior, 'PathPattern') or 'default'} {text}"


def _members(record: Record) -> Iterator[Tuple[str, Any]]:
    """The settings of a record by name: `Comment`, `DefaultCacheBehavior.CachePolicyId`, `Origins.OriginShield`.

    A list's own name stands for which entries it has; its members are those of all entries together.
    """
    for name, value in record.items():
        if name in NO_SETTINGS:
            continue
        entries = value.get("Items") if isinstance(value, dict) else value
        if isinstance(entries, (list, tuple)) and entries and all(isinstance(entry, dict) for entry in entries):
            flat = [dict(_flat(entry)) for entry in entries]
            if name != "CacheBehaviors":  # whose order decides which one a request meets
                flat.sort(key=_place)
            yield name, list(map(_place, flat))
            for key in sorted({key for entry in flat for key in entry}):
                yield f"{name}.{key}", [entry.get(key) for entry in flat]
        elif isinstance(value, dict) and "Items" not in value and "Quantity" not in value:
            for key, inner in value.items():
                yield f"{name}.{key}", inner
        else:
            yield name, (entries or []) if isinstance(value, dict) else value


def _flat(entry: Mapping[str, Any]) -> Iterator[Tuple[str, Any]]:
    for key, value in entry.items():
        if isinstance(value, dict) and "Items" not in value and "Quantity" not in value:
            yield from ((f"{key}.{inner}", of_inner) for inner, of_inner in value.items())
        else:
            yield key, value


def _place(entry: Mapping[str, Any]) -> str:
    return next((str(entry[key]) for key in ENTRY_KEYS if key in entry), "")


def _other_members(known: Mapping[str, str], new: Mapping[str, str], named: Sequence[str], modified: bool) -> List[str]:
    """The names of members that differ and that none of the named changes covers."""
    differing = [name for name in {**known, **new} if known.get(name) != new.get(name)]
    if not modified:
        differing = [
            name for name in differing if name.partition(".")[0] in OF_THEMSELVES and name in known and name in new
        ]
    covered = {member for change in named for member in MEMBERS_OF_ITEM.get(change, ())}
    # Where entries came or went, all members of the list differ.
    whole = {name for name in differing if "." not in name}
    return sorted(name for name in differing if name not in covered and name.partition(".")[0] not in whole - {name})


def _digest(value: Any, size: int) -> str:
    return _short_hash(_json(_sorted(value)), size)


def _json(value: Any) -> str:
    return ENCODER.encode(value)


def _short_hash(text: str, size: int) -> str:
    digest = hashlib.sha256(text.encode(errors="replace")).digest()[:size]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _concealed(value: Any) -> Any:
    """A value in which 16 bits stand for what CloudFront sends to an origin alone, often a shared secret.

    Enough to see that it has changed, too few to try out what it was.
    """
    if isinstance(value, dict):
        return {
            key: crc32(str(inner).encode(errors="replace")) & 0xFFFF if key == HEADER_VALUE else _concealed(inner)
            for key, inner in value.items()
        }
    return [_concealed(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _sorted(value: Any) -> Any:
    """A value whose lists of plain values are in order: to CloudFront they are sets."""
    if isinstance(value, dict):
        return {key: _sorted(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        inners = [_sorted(inner) for inner in value]
        return sorted(inners) if all(isinstance(inner, str) for inner in inners) else inners
    return value


def _is_same(old: str, new: str) -> bool:
    """Whether two texts are the same, either of which may be kept cut."""
    if old == new:
        return True
    return (CUT in old or CUT in new) and _checksum(old) == _checksum(new)


def _checksum(text: str) -> str:
    return text.rpartition(CUT)[2] if CUT in text else _digest(text, 9)


def _cut(text: str, limit: int) -> str:
    body = text.rpartition(CUT)[0] if CUT in text else text
    return text if len(body) <= limit else f"{body[:limit]}{CUT}{_checksum(text)}"


def _shown(text: str) -> str:
    return one_line(text.rpartition(CUT)[0] + "…" if CUT in text else text, LONGEST_VALUE)


def _rank(name: str) -> int:
    order = [*MEMBERS_OF_ITEM, *OF_DETAILS.values(), OTHER, STATUS]
    return order.index(name) if name in order else len(order)
