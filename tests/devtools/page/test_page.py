"""The demo's page in a real browser: it draws the shipped dashboard, and a person sees what happened."""

import json
import os
import re
from io import StringIO

import pytest

# The demo's tools are there for the newest Python only.
pytest.importorskip("plotly")
pytest.importorskip("selenium")
pytest.importorskip("sparklines")
from rich.console import Console

from devtools.aws.access_logs import BLAMED_EDGE, BLAMED_PATH
from devtools.demo import run as demo
from devtools.guance.datakit import DataKit
from devtools.market.build import ROOT
from devtools.page import browser
from devtools.page import data as page_data
from devtools.page import write as page

MINUTE = 60
BURST = (demo.MORNING + 10 * MINUTE, demo.MORNING + 25 * MINUTE)
# Whole columns of ten minutes, up to what the last run has promised (06:40 less the delay).
SPAN = page_data.Span(demo.MORNING - 3600, demo.MORNING + 30 * MINUTE, 5 * MINUTE)
END = demo.MORNING + 41 * MINUTE


@pytest.fixture(scope="module", autouse=True)
def chromium():
    if browser.found() is None:
        # CI has one, or says so.
        (pytest.fail if "CI" in os.environ else pytest.skip)(browser.MISSING)


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    """What a short day of the demo has left in the sink; its page lies beside."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "POINTS", folder / "points.sqlite")
        patch.setattr(demo, "PAGE", folder / "dashboard.html")
        patch.setattr(demo, "CHANGE", demo.MORNING + 8 * MINUTE)
        patch.setattr(demo, "BURST", BURST)
        patch.setattr(demo, "OUTAGE", (demo.MORNING + 26 * MINUTE, demo.MORNING + 34 * MINUTE))
        patch.setattr(demo, "END", END)
        patch.setenv("AWS_ENDPOINT_URL", "")
        terminal = StringIO()
        patch.setattr(demo.show, "console", Console(highlight=False, soft_wrap=True, file=terminal))
        assert demo.main() == 0
        (folder / "terminal.txt").write_text(terminal.getvalue())
    with DataKit(str(folder / "points.sqlite")) as datakit:
        yield datakit, folder / "dashboard.html"


def titles(language):
    shipped = json.loads((ROOT / "dashboard" / language / "aws_cloudfront.json").read_text(encoding="utf-8"))
    return [chart["name"] for chart in shipped["main"]["charts"]]


def texts(driver, selector):
    return driver.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map((it) => it.textContent)", selector
    )


def drawn(driver, title):
    """The lines of a chart as the library has them: name, times and values."""
    return driver.execute_script(
        """
        const cards = [...document.querySelectorAll(".chart")];
        const card = cards.find((it) => it.querySelector("h3").textContent === arguments[0]);
        return card.querySelector(".plot").data.map((it) => ({name: it.name, x: [...it.x], y: [...it.y]}));
        """,
        title,
    )


def test_it_draws_the_shipped_dashboard_without_a_complaint_or_a_network(points) -> None:
    datakit, path = points
    with browser.opened(path, "en,light") as driver:
        assert texts(driver, "h3") == titles("en")
        # Also the recent changes: somebody changes an origin before the burst.
        assert texts(driver, ".empty") == []
        plots = driver.execute_script(
            "return [...document.querySelectorAll('.plot')].map((it) => it.data.some((line) => line.y.length > 0))"
        )
        assert len(plots) == 18 + 6
        assert all(plots)
        assert texts(driver, "th")[:3] == ["Account", "Distribution", "Aliases"]
        # Distributions, changes, and failed requests out of the access logs.
        assert len(texts(driver, "td")) == 4 * 12 + 2 * 5 + 20 * 8
        assert {"Yes", "No"} <= set(texts(driver, "td"))
        # Counted beside the evaluator: every request that stands in the sink.
        requests = sum(
            point.fields.get("Requests_Sum", 0)
            for point in datakit.latest().values()
            if SPAN.start <= point.time < SPAN.end
        )
        assert texts(driver, ".number")[3] == f"{requests:,.0f}"
        assert driver.execute_script("return performance.getEntriesByType('resource').map((it) => it.name)") == []
        assert browser.complaints(driver) == []


def test_numbers_charts_and_the_terminal_show_the_same_sums_of_the_same_time(points) -> None:
    terminal = (points[1].parent / "terminal.txt").read_text()
    assert "The metrics, 2026-03-02 05:00 to 06:30 UTC" in terminal
    with browser.opened(points[1], "en") as driver:
        assert texts(driver, "#time") == ["2026-03-02 05:00 to 2026-03-02 06:30 UTC, in intervals of 5 minutes"]
        assert texts(driver, ".filter") == ["Account*", "Distribution*", "Domain*"]
        number = dict(zip(texts(driver, ".singlestat h3"), texts(driver, ".number")))["Requests"]
        (top,) = drawn(driver, "By requests")
        lines = {line["name"]: line["y"] for line in drawn(driver, "Requests by distribution")}
    sums = dict(zip(top["y"], top["x"]))
    assert len(sums) == 3
    assert f"{sum(sums.values()):,.0f}" == number
    for name, whole in sums.items():
        alias = name.partition(" ")[0]
        told = re.search(rf"{alias} .*\n(?:.*\n){{2}}  Requests_Sum .* in all (\S+)", terminal)
        assert told.group(1) == demo.show.abbreviated(whole)
        # A line has the mean of a minute. The API has no value in most minutes.
        assert alias == "api.example.com" or sum(lines[name]) * 5 == pytest.approx(whole)


def test_a_span_that_is_not_of_whole_intervals_is_refused(tmp_path) -> None:
    with DataKit() as datakit, pytest.raises(ValueError, match="not of whole intervals"):
        page.write_page(tmp_path / "page.html", ROOT, datakit, page_data.Span(0, 3601, 300))


def test_the_burst_can_be_followed_down_to_its_url_and_edge_location(points) -> None:
    datakit, path = points
    failed = [it.fields for it in datakit.points("logging") if it.fields["sc_status"] >= 500]
    with browser.opened(path, "en") as driver:
        for title, field, blamed in (
            ("URLs by 5xx", "cs_uri_stem", BLAMED_PATH),
            ("Edge locations by 5xx", "x_edge_location", BLAMED_EDGE),
            ("5xx by edge result", "x_edge_detailed_result_type", "OriginConnectError"),
        ):
            (bars,) = drawn(driver, title)
            most = dict(zip(bars["y"], bars["x"]))
            assert max(most, key=most.get) == blamed
            # Counted beside the evaluator.
            assert most[blamed] == sum(fields[field] == blamed for fields in failed) > len(failed) / 2


def test_the_burst_of_errors_is_to_be_seen(points) -> None:
    with browser.opened(points[1], "en") as driver:
        (line,) = [line for line in drawn(driver, "Error rates, all together") if line["name"] == "5xx"]
        inside = [value for time, value in zip(line["x"], line["y"]) if "T06:10" <= time[10:16] < "T06:25"]
        outside = [value for time, value in zip(line["x"], line["y"]) if not "T06:05" <= time[10:16] < "T06:30"]
        assert min(inside) > 10 > 1 > max(outside)
        number = driver.find_element("css selector", ".number.level")
        assert number.value_of_css_property("background-color") != "rgba(0, 0, 0, 0)"
        # Above the fold: the first number, and the first two charts, without scrolling.
        cards = driver.find_elements("css selector", ".chart")
        assert cards[0].find_element("tag name", "h3").text == "5xx error rate"
        assert all(card.rect["y"] + card.rect["height"] < 900 for card in cards[:8])


def test_language_and_theme_are_switched_and_follow_the_visitor(points) -> None:
    with browser.opened(points[1], "zh,light") as driver:
        assert texts(driver, "h3") == titles("zh")
        light = driver.find_element("tag name", "body").value_of_css_property("background-color")
        driver.find_element("id", "language").click()
        driver.find_element("id", "theme").click()
        browser.wait_until_drawn(driver)
        assert texts(driver, "h3") == titles("en")
        assert driver.find_element("tag name", "body").value_of_css_property("background-color") != light
        preferred = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", preferred)
        driver.get(points[1].as_uri())
        driver.refresh()
        browser.wait_until_drawn(driver)
        assert driver.execute_script("return document.documentElement.dataset.theme") == "dark"
        assert browser.complaints(driver) == []


def test_on_a_phone_nothing_is_wider_than_the_screen(points) -> None:
    with browser.opened(points[1], "en", (390, 844), phone=True) as driver:
        wide = driver.execute_script(
            "return [...document.querySelectorAll('.chart')]"
            ".filter((it) => it.getBoundingClientRect().right > innerWidth).length"
        )
        assert wide == 0
        assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        assert len(browser.picture(driver)) > 10_000


@pytest.mark.parametrize(("width", "phone"), [(390, True), (800, False), (1400, False)])
def test_names_and_numbers_of_the_top_lists_are_whole(points, width, phone) -> None:
    with browser.opened(points[1], "en", (width, 900), phone) as driver:
        labels = driver.execute_script(
            """
            return [...document.querySelectorAll(".chart.toplist .plot")].flatMap((plot) => {
              const room = plot.getBoundingClientRect();
              return [...plot.querySelectorAll(".bartext, .ytick text")].map((it) => {
                const place = it.getBoundingClientRect();
                return [it.textContent, place.left >= room.left && place.right <= room.right];
              });
            });
            """
        )
        english = page_data.page_data(ROOT, points[0], SPAN)["en"]
        lists = [one for group in english["groups"] for one in group["charts"] if one["type"] == "toplist"]
        assert len(labels) == sum(2 * len(one["values"]) for one in lists) > 3 * (3 + 3)
        assert [text for text, whole in labels if not whole] == []
        assert len([text for text, _ in labels if text.endswith("%")]) == 3


def test_a_chart_without_data_says_so_and_no_text_can_leave_its_place(tmp_path) -> None:
    with DataKit() as datakit:
        data = page_data.page_data(ROOT, datakit, page_data.Span(0, 3600, 300))
    for shown in data.values():
        shown["origin"] = shown["title"] = "</script><b id=forged>x</b>"
    path = tmp_path / "page.html"
    path.write_text(page.page(data), encoding="utf-8")
    with browser.opened(path, "en") as driver:
        assert set(texts(driver, ".empty")) == {"No data in the time drawn"}
        assert len(texts(driver, ".empty")) == len(titles("en")) - 2
        assert texts(driver, "#title") == ["</script><b id=forged>x</b>"]
        assert driver.find_elements("id", "forged") == []
        assert browser.complaints(driver) == []
