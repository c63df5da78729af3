"""How the local Func reads a Script Market: a folder, a zip, or the address of a folder that a web server serves."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Callable, Optional, Union
from urllib.error import HTTPError
from urllib.request import urlopen

Market = Union[Path, str]
Reader = Callable[[str], Optional[str]]
NOT_FOUND = 404
PATIENCE = 10


def reader(market: Market) -> Reader:
    """A function from a path in the market to its text, None when there is none."""
    if isinstance(market, str):
        return _served(market.rstrip("/"))
    return _folder(market) if market.is_dir() else _zipped(market)


def _folder(folder: Path) -> Reader:
    # Bytes, for the code is summed as it is, line ends and all.
    return lambda path: (folder / path).read_bytes().decode() if (folder / path).is_file() else None


def _zipped(path: Path) -> Reader:
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return lambda name: files[name].decode() if name in files else None


def _served(url: str) -> Reader:
    def read(path: str) -> Optional[str]:
        try:
            with urlopen(f"{url}/{path}", timeout=PATIENCE) as answer:
                return str(answer.read().decode())
        except HTTPError as error:
            if error.code == NOT_FOUND:
                return None
            raise

    return read
