"""Writes what is imported into Guance, in both languages, out of one description: `make assets`."""

from __future__ import annotations

import json
import sys
from typing import Any, Dict

from devtools.assets.dashboard_json import dashboard
from devtools.assets.monitor_json import checker
from devtools.assets.monitors import MONITORS
from devtools.assets.viewer_json import viewer
from devtools.market.build import ROOT

LANGUAGES = ("en", "zh")


def assets() -> Dict[str, str]:
    """The files by their paths in the repository."""
    made: Dict[str, Any] = {}
    for language in LANGUAGES:
        made[f"dashboard/{language}/aws_cloudfront.json"] = dashboard(language)
        monitors = {"checkers": [checker(monitor, language) for monitor in MONITORS]}
        made[f"monitor/{language}/aws_cloudfront.json"] = monitors
        made[f"resource-catalog/{language}/aws_cloudfront.json"] = viewer(language)
    return {path: json.dumps(content, ensure_ascii=False, indent=2) + "\n" for path, content in made.items()}


def main() -> int:
    """Write them all; the exit status."""
    for name, text in assets().items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
