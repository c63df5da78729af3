"""Which lines are kept: any rule will do, all its parts must fit, and of the rest a share that is always the same."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guance_aws_cloudfront.logs.keep import Keep
from guance_aws_cloudfront.logs.lines import layout_of
from guance_aws_cloudfront.settings.logs import parse_logs

COLUMNS = ["cs-method", "sc-status", "cs-uri-stem", "x-edge-result-type", "x-edge-detailed-result-type"]
LAYOUT = layout_of([*COLUMNS, "x-edge-request-id"])
LINES = {
    "hit": ["GET", "200", "/index.html", "Hit", "Hit", "request-1=="],
    "lost": ["GET", "404", "/old.html", "Error", "Error", "request-2=="],
    "down": ["POST", "502", "/api/orders", "Error", "OriginConnectError", "request-3=="],
    "left": ["GET", "000", "/api/slow", "Error", "ClientCommError", "request-4=="],
    "slow": ["POST", "200", "/api/orders", "Miss", "Miss", "request-5=="],
}


def kept(keep, rest=0, layout=LAYOUT):
    config = parse_logs({"keep": keep, "keep_rest": rest})
    chosen = Keep(config.rules, config.keep_rest)
    places = chosen.places(layout)
    return [name for name, values in LINES.items() if chosen.takes(values, places)]


@pytest.mark.parametrize("path", ["/größe *", "/gr%C3%B6%C3%9Fe%20*", "/gr*"])
def test_a_path_is_told_as_guance_shows_it_or_as_it_is_in_the_file(path) -> None:
    values = ["GET", "200", "/gr%C3%B6%C3%9Fe%20xl", "Hit", "Hit", "request-6=="]
    for patterns, is_kept in (([path], True), (["NOT", path], False)):
        chosen = Keep(parse_logs({"keep": {"path": patterns}}).rules, 0)
        assert chosen.takes(values, chosen.places(LAYOUT)) is is_kept


@pytest.mark.parametrize("status", [0, "000"])
def test_a_viewer_that_left_is_kept_by_the_number_too(status) -> None:
    assert kept({"status": [status]}) == ["left"]


def test_methods_that_viewers_make_up_do_not_fill_the_memory() -> None:
    chosen = Keep(parse_logs({"keep": {"method": ["POST"]}}).rules, 0)
    places = chosen.places(LAYOUT)
    tracemalloc.start()
    try:
        for number in range(50_000):
            assert not chosen.takes([f"M{number}", "400", "/", "Error", "Error", "r"], places)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 5e6
    assert chosen.takes(LINES["down"], places)


def test_edge_results_fit_in_small_letters_too() -> None:
    assert kept({"edge_result": ["error"]}) == kept({"edge_result": ["Error"]})
    assert kept({"edge_result": ["NOT", "hit", "miss"]}) == kept({"edge_result": ["NOT", "Hit", "Miss"]})


@pytest.mark.parametrize(
    ("keep", "names"),
    [
        (None, ["hit", "lost", "down", "left", "slow"]),
        ({"status": ["4xx", "5xx"]}, ["lost", "down"]),
        ({"status": [502, "000"]}, ["down", "left"]),
        ({"status": ["NOT", "2xx"]}, ["lost", "down", "left"]),
        ({"method": ["post"]}, ["down", "slow"]),
        ({"path": ["/api/*"]}, ["down", "left", "slow"]),
        ({"path": ["/api/*"], "status": ["2xx"]}, ["slow"]),
        ([{"path": ["/index.html"]}, {"status": ["5xx"]}], ["hit", "down"]),
        ([{"path": ["/never"]}, {"path": ["/old*"], "method": ["GET"]}], ["lost"]),
        ({"edge_result": ["Error"]}, ["lost", "down", "left"]),
        ({"edge_result": ["Origin*"]}, ["down"]),
        ({"edge_result": ["NOT", "Hit", "Miss"]}, ["lost", "down", "left"]),
        ({"status": ["3xx"]}, []),
    ],
)
def test_a_line_is_kept_that_all_parts_of_any_rule_fit(keep, names) -> None:
    assert kept(keep) == names
    # What is known of the parts of a line by then changes nothing.
    assert kept(keep) == names


def test_of_columns_that_a_file_does_not_have_no_rule_fits() -> None:
    config = parse_logs({"keep": {"status": ["NOT", "200"]}})
    chosen = Keep(config.rules, config.keep_rest)
    other = layout_of(["cs-uri-stem"])
    assert not chosen.takes(["/index.html"], chosen.places(other))
    path = Keep(parse_logs({"keep": {"path": ["/in*"]}}).rules, 0)
    assert path.takes(["/index.html"], path.places(other))
    assert not path.takes(["GET"], path.places(layout_of(["cs-method"])))


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=50), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_of_the_rest_holds_the_smaller_one(requests, one, other) -> None:
    rules = parse_logs({"keep": {"status": ["5xx"]}}).rules
    small, large = sorted((one, other))
    values = [["GET", "200", "/", "Hit", "Hit", request] for request in requests]
    found = []
    for share in (small, large):
        keep = Keep(rules, share)
        found.append([keep.takes(line, keep.places(LAYOUT)) for line in values])
    assert all(in_large or not in_small for in_small, in_large in zip(*found))


def test_the_share_of_the_rest_is_as_large_as_it_was_asked_for() -> None:
    keep = Keep(parse_logs({"keep": {"status": ["5xx"]}}).rules, 0.1)
    places = keep.places(LAYOUT)
    taken = sum(keep.takes(["GET", "200", "/", "Hit", "Hit", f"request-{n}"], places) for n in range(20_000))
    assert 1800 < taken < 2200
    assert kept({"status": ["5xx"]}, 1) == list(LINES)
