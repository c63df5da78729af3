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


RULES = [
    {"status": ["4xx", "5xx"]},
    {"method": ["POST"], "path": ["/api/*"]},
    {"edge_result": ["Origin*"]},
    [{"path": ["/index.html"]}, {"status": ["000"]}],
]


@given(st.permutations(range(6)))
def test_a_line_falls_the_same_way_in_whatever_order_its_columns_are(order) -> None:
    names = [[*COLUMNS, "x-edge-request-id"][place] for place in order]
    for keep in RULES:
        config = parse_logs({"keep": keep, "keep_rest": 0.5})
        chosen = Keep(config.rules, config.keep_rest)
        taken = [
            name
            for name, values in LINES.items()
            if chosen.takes([values[place] for place in order], chosen.places(layout_of(names)))
        ]
        assert taken == kept(keep, 0.5)


@pytest.mark.parametrize(
    ("column", "keep"),
    [
        (0, {"method": ["GET", "POST"]}),
        (1, {"status": ["2xx", "4xx", "5xx", "000"]}),
        (2, {"path": ["/*"]}),
    ],
)
def test_of_a_line_without_a_column_no_other_is_taken_for_it(column, keep) -> None:
    names = [*COLUMNS, "x-edge-request-id"]
    without = layout_of(names[:column] + names[column + 1 :])
    chosen = Keep(parse_logs({"keep": keep}).rules, 0)
    for values in LINES.values():
        # The last of the values would fit.
        rest = values[:column] + values[column + 1 : -1] + [values[column]]
        assert not chosen.takes(rest, chosen.places(without))
        assert chosen.takes(values, chosen.places(LAYOUT))


@pytest.mark.parametrize("column", ["x-edge-result-type", "x-edge-detailed-result-type"])
def test_one_column_of_edge_results_will_do(column) -> None:
    keep = Keep(parse_logs({"keep": {"edge_result": ["Error"]}}).rules, 0)
    layout = layout_of([column, "sc-status"])
    assert keep.takes(["Error", "Hit"], keep.places(layout))
    assert not keep.takes(["Hit", "Error"], keep.places(layout))


def test_without_a_request_id_the_share_is_drawn_by_the_whole_line() -> None:
    keep = Keep(parse_logs({"keep": {"status": ["5xx"]}}).rules, 0.5)
    layout = layout_of(["sc-status", "cs-uri-stem"])
    places = keep.places(layout)
    one = [keep.takes(["200", f"/{number}"], places) for number in range(200)]
    other = [keep.takes([str(200 + number), "/"], places) for number in range(200)]
    assert 70 < sum(one) < 130
    assert 70 < sum(other) < 130
    # With an ID, nothing else of the line counts.
    ids = keep.places(layout_of(["x-edge-request-id", "sc-status", "cs-uri-stem"]))
    assert len({keep.takes(["r1", "200", f"/{number}"], ids) for number in range(50)}) == 1
