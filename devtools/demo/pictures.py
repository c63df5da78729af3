"""The pictures in the READMEs, of the page that `make demo` has written, and the icons: `make pictures`."""

from __future__ import annotations

import sys
from typing import NamedTuple, Tuple

from devtools.demo.run import PAGE
from devtools.market.build import ROOT
from devtools.page.browser import drawn_svg, opened, picture

FOLDER = ROOT / "docs" / "img"
ICONS = ROOT / "docs" / "icon" / "aws_cloudfront"
ICON_SIZE = 128
# The icon's own blue, and the one on a dark ground.
BLUE, BRIGHT = "#1b62d1", "#4f8ff0"


class Picture(NamedTuple):
    """A picture: its file, what is asked for in the page's address, the window's size, and how many charts it has."""

    name: str
    wish: str
    size: Tuple[int, int]
    charts: int
    phone: bool = False


PICTURES = (
    Picture("dashboard.en.png", "en,light", (1280, 900), 12),
    Picture("dashboard.zh.png", "zh,light", (1280, 900), 12),
    Picture("dashboard.phone.png", "en,dark", (390, 844), 7, phone=True),
)


def icons() -> None:
    """Both icons of the integration page, out of the SVG."""
    svg = (ICONS / "icon.svg").read_text(encoding="utf-8")
    for name, drawn in (("icon.png", svg), ("icon-dark.png", svg.replace(BLUE, BRIGHT))):
        (ICONS / name).write_bytes(drawn_svg(drawn, ICON_SIZE))
        print(f"docs/icon/aws_cloudfront/{name}")


def main() -> int:
    """Take them all; the exit status."""
    icons()
    if not PAGE.is_file():
        print("Run make demo first: the pictures are of the page that it writes.", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    for one in PICTURES:
        with opened(PAGE, one.wish, one.size, one.phone) as driver:
            (FOLDER / one.name).write_bytes(picture(driver, one.charts))
        print(f"docs/img/{one.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
