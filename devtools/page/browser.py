"""A headless Chromium for the tests and pictures of the demo's page: Debian's chromium with its chromium-driver."""

from __future__ import annotations

import base64
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.support.wait import WebDriverWait

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
DRIVER = "chromedriver"
MISSING = "There is no Chromium with its driver here (Debian: apt-get install chromium chromium-driver)."
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--hide-scrollbars", "--disable-dev-shm-usage"),
)
PATIENCE = 60


def found() -> Optional[Tuple[str, str]]:
    """Where the browser and its driver are; None unless both are there."""
    browser, driver = next(filter(None, map(shutil.which, BROWSERS)), None), shutil.which(DRIVER)
    return (browser, driver) if browser and driver else None


@contextmanager
def opened(path: Path, wish: str = "", size: Tuple[int, int] = (1280, 900), phone: bool = False) -> Iterator[Chrome]:
    """The page in a browser of its own, drawn; `wish` is what is asked for in its address, such as `zh,dark`."""
    with _browser(size) as driver:
        if phone:
            _command(driver, "Emulation.setDeviceMetricsOverride", _metrics(size))
        driver.get(f"{path.resolve().as_uri()}#{wish}")
        wait_until_drawn(driver)
        yield driver


def drawn_svg(svg: str, pixels: int) -> bytes:
    """An SVG as a square PNG of so many pixels, transparent where nothing is drawn."""
    style = f"<style>*{{margin:0}}svg{{display:block;width:{pixels}px;height:{pixels}px}}</style>"
    page = base64.b64encode(f"<!doctype html>{style}{svg}".encode()).decode()
    clip = {"x": 0, "y": 0, "width": pixels, "height": pixels, "scale": 1}
    with _browser((800, 600)) as driver:
        _command(driver, "Emulation.setDefaultBackgroundColorOverride", {"color": {"r": 0, "g": 0, "b": 0, "a": 0}})
        driver.get(f"data:text/html;base64,{page}")
        answer = _command(driver, "Page.captureScreenshot", {"clip": clip})
    return base64.b64decode(answer["data"])


@contextmanager
def _browser(size: Tuple[int, int]) -> Iterator[Chrome]:
    places = found()
    if places is None:
        raise RuntimeError(MISSING)
    options = ChromeOptions()
    options.binary_location = places[0]
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory() as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}"):
            options.add_argument(flag)
        driver = Chrome(options=options, service=ChromeService(places[1]))
        try:
            yield driver
        finally:
            driver.quit()


def wait_until_drawn(driver: Chrome) -> None:
    """Until every chart has been drawn."""
    script = (
        "return !!document.body.dataset.drawn && "
        "[...document.querySelectorAll('.plot')].every((it) => it.querySelector('.main-svg'))"
    )
    WebDriverWait(driver, PATIENCE).until(lambda it: it.execute_script(script))


def complaints(driver: Chrome) -> List[str]:
    """What the page has said on the console since it was asked last."""
    entries: List[Dict[str, Any]] = driver.get_log("browser")  # type: ignore[no-untyped-call]
    return [entry["message"] for entry in entries]


def picture(driver: Chrome, charts: Optional[int] = None) -> bytes:
    """The page from its top as PNG, whole unless the number of charts is given after which it ends."""
    width, height = driver.execute_script(
        "const last = arguments[0] && document.querySelectorAll('.chart')[arguments[0] - 1];"
        "const end = last ? last.getBoundingClientRect().bottom + scrollY + 12 : document.documentElement.scrollHeight;"
        "return [innerWidth, end]",
        charts,
    )
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    answer = _command(driver, "Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True})
    return base64.b64decode(answer["data"])


def _metrics(size: Tuple[int, int]) -> Dict[str, Any]:
    return {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": True}


def _command(driver: Chrome, name: str, parameters: Dict[str, Any]) -> Dict[str, Any]:
    return dict(driver.execute_cdp_cmd(name, parameters) or {})
