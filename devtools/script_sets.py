"""Script sets as Func's database keeps them: what its columns take, and the MD5 by which Func notices a change.

The builder writes by it and refuses by it; the local Func keeps and refuses by it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

Row = Mapping[str, Any]
BIGINT = 2**63
# A column of the type TEXT takes so many bytes.
TEXT = 65_535


class Column(NamedTuple):
    """What a column takes: text of at most so many characters or bytes, or else a whole number of 64 bits."""

    characters: Optional[int] = None
    bytes: Optional[int] = None


# The columns of Func's tables biz_main_script_set and biz_main_script that META.yaml fills in.
SCRIPT_SET = {
    "id": Column(characters=64),
    "title": Column(characters=256),
    "description": Column(bytes=TEXT),
    "requirements": Column(bytes=TEXT),
    "originMD5": Column(characters=64),
}
SCRIPT = {
    "id": Column(characters=64),
    "title": Column(characters=256),
    "description": Column(bytes=TEXT),
    "publishVersion": Column(),
    "type": Column(characters=64),
    "codeMD5": Column(characters=64),
}
# What must not be null, should it be given.
NOT_NULL = ("id", "publishVersion", "type")
# The fields that the MD5 of a script set is made of.
SUMMED = ("id", "title", "description", "requirements")
SUMMED_OF_SCRIPT = ("id", "title", "description", "type", "codeMD5")


def refusals(script_set: Row) -> List[str]:
    """Why Func's database (MySQL in its strict mode) refuses a script set of META.yaml; empty when it takes it."""
    found = _refusals(script_set, SCRIPT_SET, f'script set "{script_set.get("id")}"')
    for script in script_set.get("scripts") or ():
        found += _refusals(script, SCRIPT, f'script "{script.get("id")}"')
    return found


def _refusals(row: Row, columns: Mapping[str, Column], what: str) -> List[str]:
    if row.get("id") is None:
        return [f"{what}: the id is missing"]
    found = []
    for name, column in columns.items():
        if name in row:
            said = _refusal(row[name], column, name in NOT_NULL)
            found += [f"{what}: {name} {said}"] if said else []
    return found


def _refusal(value: Any, column: Column, not_null: bool) -> str:
    if value is None:
        return "is null, and Func's column takes no null" if not_null else ""
    if column == Column():
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if is_whole and -BIGINT <= value < BIGINT:
            return ""
        return f"is {value!r}, and Func's column takes a whole number of 64 bits"
    if not isinstance(value, str):
        return f"is of type {type(value).__name__}, and Func's column takes text"
    if column.characters is not None and len(value) > column.characters:
        return f"has {len(value)} characters, and Func's column takes {column.characters}"
    if column.bytes is not None and len(value.encode()) > column.bytes:
        return f"has {len(value.encode())} bytes, and Func's column takes {column.bytes}"
    return ""


def code_md5(code: str) -> str:
    """The MD5 of a script's code, as Func works it out."""
    return hashlib.md5(code.encode()).hexdigest()


def set_md5(script_set: Row, scripts: Sequence[Row]) -> str:
    """The MD5 of a script set and its scripts, as Func works it out; what is not given counts as null.

    On installation Func keeps what META.yaml says (`originMD5`), and compares: with its own, to see whether the
    set was edited, and with that of the market's META.yaml, to see whether there is a new version.
    """
    summed: Dict[str, Any] = {name: script_set.get(name) for name in SUMMED}
    summed["scriptSet"] = {}
    summed["scripts"] = [
        {name: script.get(name) for name in SUMMED_OF_SCRIPT} for script in sorted(scripts, key=lambda one: one["id"])
    ]
    text = json.dumps(summed, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.md5(text.encode()).hexdigest()
