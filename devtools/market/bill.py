"""The software bill of materials of a release: what ships, and what it uses of the host, as CycloneDX 1.6 in JSON."""

from __future__ import annotations

import hashlib
import re
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import Tuple

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from devtools.market.imports import PACKAGE, REQUIREMENTS

LICENSE = "Apache-2.0"
# The pins of the oldest and of the newest Python that the tests run on.
OLDEST, NEWEST = "requirements/dev-py38.txt", "requirements/dev.txt"
PINNED = r"^{name}==([\d.]+)"


def tested_versions(root: Path, name: str) -> Tuple[str, str]:
    """The oldest and the newest version of a package that the tests run with; ValueError when one is not pinned."""
    found = []
    for path in (OLDEST, NEWEST):
        pin = re.search(PINNED.format(name=re.escape(name)), (root / path).read_text(encoding="utf-8"), re.MULTILINE)
        if pin is None:
            raise ValueError(f"{path} does not pin {name}.")
        found.append(pin.group(1))
    return found[0], found[1]


def bill_of_materials(root: Path, version: str, today: str, archive: Path, audited: str) -> str:
    """The bill of a release as JSON, the same for the same release.

    `today` is its date as YYYY-MM-DD, `archive` the zip that it describes, `audited` what became of the audit of pins.
    """
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    shipped = Component(
        name=PACKAGE,
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref=PACKAGE,
        licenses=[DisjunctiveLicense(id=LICENSE)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
        properties=[Property(name=f"{PACKAGE}:audit", value=audited)],
    )
    used = [_of_the_host(root, name) for name in REQUIREMENTS]
    bill = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_OID, digest), components=used)
    bill.metadata.component = shipped
    bill.metadata.timestamp = datetime.strptime(today, "%Y-%m-%d").replace(tzinfo=timezone.utc)
    bill.register_dependency(shipped, used)
    return JsonV1Dot6(bill).output_as_string(indent=2) + "\n"


def _of_the_host(root: Path, name: str) -> Component:
    """A package that is not shipped: Func's PIP Tool installs it, in the version that the user chooses."""
    oldest, newest = tested_versions(root, name)
    return Component(
        name=name,
        type=ComponentType.LIBRARY,
        bom_ref=name,
        scope=ComponentScope.REQUIRED,
        purl=PackageURL("pypi", name=name),
        licenses=[DisjunctiveLicense(id=LICENSE)],
        description="Not shipped: installed in DataFlux Func by its user.",
        properties=[
            Property(name=f"{PACKAGE}:tested_from", value=oldest),
            Property(name=f"{PACKAGE}:tested_to", value=newest),
        ],
    )
