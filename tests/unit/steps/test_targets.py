"""Which series a run asks for: those of functions only where a distribution that is collected calls them."""

import pytest

from tests.unit.runs import record

FUNCTIONS = {"metrics": ["Requests", "FunctionInvocations"]}


def calling(key, function):
    """A distribution that calls a function."""
    arn = f"arn:aws:cloudfront::123456789012:function/{function}"
    called = {"Quantity": 1, "Items": [{"FunctionARN": arn, "EventType": "viewer-request"}]}
    return record(key, DefaultCacheBehavior={"FunctionAssociations": called})


@pytest.mark.parametrize(
    ("chosen", "functions"), [({}, ["f", "g", "unused"]), ({"distributions": ["E1"]}, ["f"])], ids=["all", "one"]
)
def test_functions_that_no_chosen_distribution_calls_are_left_out_unless_all_are_chosen(
    world, chosen, functions
) -> None:
    world.records = [calling("E1", "f"), calling("E2", "g")]
    world.listed = {
        "FunctionInvocations": {(("FunctionName", name), ("Region", "Global")) for name in ("f", "g", "unused")}
    }
    world.run(**FUNCTIONS, **chosen)
    asked = {
        query["MetricStat"]["Metric"]["Dimensions"][0]["Value"]
        for query in world.requests[0]["MetricDataQueries"]
        if query["MetricStat"]["Metric"]["MetricName"] == "FunctionInvocations"
    }
    assert sorted(asked) == functions


def test_the_points_of_a_function_have_the_tags_of_the_one_distribution_that_calls_it(world) -> None:
    world.records = [calling("E1", "f"), calling("E2", "g"), calling("E3", "g")]
    world.listed = {"FunctionInvocations": {(("FunctionName", name), ("Region", "Global")) for name in ("f", "g")}}
    world.run(distributions=["E1", "E2"], **FUNCTIONS)
    tags = {
        point["tags"]["FunctionName"]: point["tags"]
        for category, point in world.points
        if category == "metric" and "FunctionName" in point["tags"]
    }
    assert tags["f"]["DistributionId"] == "E1"
    # Also one that is not collected calls it.
    assert tags["g"]["DistributionIds"] == "E2,E3"
    assert "DistributionId" not in tags["g"]
