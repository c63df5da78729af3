"""What the tests of the assets share: the committed files, and the queries in them."""

import json
import re
from pathlib import Path

import jinja2
import pytest

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("en", "zh")


def read(kind, language):
    return json.loads((ROOT / kind / language / "aws_cloudfront.json").read_text(encoding="utf-8"))


@pytest.fixture(params=LANGUAGES)
def dashboard(request):
    return read("dashboard", request.param)


@pytest.fixture(params=LANGUAGES)
def monitors(request):
    return read("monitor", request.param)["checkers"]


def all_statements():
    """Every DQL of the committed assets as it is sent: of charts, monitors, and the messages of these."""
    for language in LANGUAGES:
        for chart in read("dashboard", language)["main"]["charts"]:
            yield from (query["query"]["q"] for query in chart["queries"] if "q" in query["query"])
        for checker in read("monitor", language)["checkers"]:
            yield from (target["dql"] for target in checker["jsonScript"]["targets"])
            yield from embedded(checker["jsonScript"]["message"])


def render(template, fetch, **values):
    """A template as Guance renders it (its syntax is Jinja's); `fetch` answers the queries that it makes for itself."""
    environment = jinja2.Environment(autoescape=False)
    environment.filters["to_fixed"] = lambda value, digits=0: f"{value:.{digits}f}"
    environment.globals["DQL"] = fetch
    return environment.from_string(template).render(**values)


def embedded(message):
    """The queries that a message makes for itself."""
    return re.findall(r'DQL\("(.+?)"[,)]', message)
