"""Which distributions are collected, their resource tags, and what their objects tell beyond the record."""

import pytest

from devtools.aws import odd_answers
from devtools.aws.embedded import Fault, Traffic
from devtools.demo.judge import seen, truth
from tests.conftest import AK_ID, AK_SECRET, NOW
from tests.contract.conftest import JOB, PREVIEW, SET, configure, sent_again, use_key

HOUR, SETTLED = 3600, 180
BUSY = Traffic(requests=900.0)
TAGS = {"env": "prod", "team": "web", "aws:cloudformation:stack-name": "cdn", "Name": "shop"}
BOTH = ("tag:GetResources", "cloudfront:ListTagsForResource")


@pytest.fixture
def shop(aws):
    return aws.add_distribution(aws.account, traffic=BUSY, tags=TAGS)


@pytest.fixture
def blog(aws):
    return aws.add_distribution(aws.account, traffic=BUSY)


def objects(datakit):
    """The latest object of each distribution."""
    return {point.tags["Id"]: point for point in datakit.points("custom_object")}


def later(func, clock, seconds=300):
    clock.advance(seconds)
    return func.run_cron_job(JOB)


def test_resource_tags_stand_on_objects_and_points_under_clean_keys(func, aws, datakit, shop, blog) -> None:
    configure(func, resource_tags=["*"])
    record = func.run_cron_job(JOB)
    assert (record.status, record.exception) == ("success", None)
    expected = {"env": "prod", "team": "web", "aws_cloudformation_stack-name": "cdn", "tag_Name": "shop"}
    assert expected.items() <= objects(datakit)[shop].tags.items()
    points = {point.tags["DistributionId"]: point.tags for point in datakit.points("metric")}
    assert expected.items() <= points[shop].items()
    # AWS's listing of tags leaves out what never had one; the distribution is there all the same.
    assert not set(expected) & set(points[blog])
    assert "Resource tags: 'Name' as 'tag_Name', 'aws:cloudformation:stack-name' as" in record.log
    assert record.return_value["calls"]["GetResources"] == 1


def test_only_chosen_keys_are_reported_and_without_the_key_none_is_asked_for(func, aws, datakit, shop) -> None:
    func.run_cron_job(JOB)
    assert "GetResources" not in aws.call_counts()
    configure(func, resource_tags=["NOT", "aws:*", "Name"], object_interval=60)
    assert {key for key in objects(datakit)[shop].tags if key in ("env", "team", "tag_Name")} == set()


def test_tags_are_asked_for_when_objects_are_due_and_kept_in_between(func, aws, clock, datakit, shop) -> None:
    configure(func, resource_tags=["env"])
    for _ in range(4):
        assert later(func, clock).status == "success"
    assert aws.call_counts()["GetResources"] == 2
    aws.tag(aws.account, shop, {"env": "stage"})
    for _ in range(3):
        assert later(func, clock).status == "success"
    assert [point.tags["env"] for point in datakit.points("custom_object")] == ["prod", "prod", "stage"]
    # A tag that changes makes a new time series; no minute that was sent before is sent again under it.
    assert seen(datakit) == truth(aws, [shop], NOW + 300 - HOUR - SETTLED, int(clock.time()) - SETTLED)
    assert len(datakit.points("metric")) == len({point.time for point in datakit.points("metric")})


def test_a_new_distribution_has_its_tags_at_once(func, aws, clock, datakit, shop) -> None:
    configure(func, resource_tags=["env"])
    func.run_cron_job(JOB)
    key = aws.add_distribution(aws.account, traffic=BUSY, tags={"env": "new"})
    later(func, clock)
    assert {p.tags.get("env") for p in datakit.points("metric") if p.tags["DistributionId"] == key} == {"new"}


def test_where_all_tags_at_once_are_denied_they_are_asked_for_one_by_one(func, aws, datakit, shop, blog) -> None:
    configure(func, resource_tags=["env"])
    aws.deny(AK_ID, "tag:GetResources")
    record = func.run_cron_job(JOB)
    assert (record.status, record.return_value["warnings"]) == ("success", [])
    assert objects(datakit)[shop].tags["env"] == "prod"
    assert aws.call_counts()["ListTagsForResource"] == 2


def test_where_no_tags_may_be_read_the_run_goes_on_and_names_both_actions(func, aws, datakit, shop) -> None:
    configure(func, resource_tags=["env"])
    for action in BOTH:
        aws.deny(AK_ID, action)
    record = func.run_cron_job(JOB)
    assert record.status == "success"
    (warning,) = record.return_value["warnings"]
    assert all(action in warning for action in BOTH) and "One of both is enough." in warning
    assert "env" not in objects(datakit)[shop].tags
    assert seen(datakit) == truth(aws, [shop], NOW - HOUR - SETTLED, NOW - SETTLED)


@pytest.mark.parametrize("denied", [(), ("tag:GetResources",)])
def test_tags_that_fail_are_those_of_before_and_the_run_fails(func, aws, clock, datakit, shop, denied) -> None:
    configure(func, resource_tags=["env"], object_interval=60)
    for action in denied:
        aws.deny(AK_ID, action)
    assert func.run_cron_job(JOB).status == "success"
    for operation in ("GetResources", "ListTagsForResource"):
        aws.faults.add(Fault(operation, code="InternalError", status=500))
    record = later(func, clock)
    assert record.status == "failure"
    assert "AWS had a fault of its own" in record.exception
    assert {point.tags.get("env") for point in datakit.points()} == {"prod"}
    assert seen(datakit) == truth(aws, [shop], NOW - HOUR - SETTLED, int(clock.time()) - SETTLED)


def test_tags_that_may_not_be_read_cost_two_calls_a_run(func, aws, clock, shop, blog) -> None:
    configure(func, resource_tags=["env"])
    for action in BOTH:
        aws.deny(AK_ID, action)
    for _ in range(3):
        later(func, clock)
    assert [aws.call_counts()[name] for name in ("GetResources", "ListTagsForResource")] == [3, 3]


def test_tags_that_were_read_are_kept_though_others_failed(func, aws, clock, datakit, shop, blog) -> None:
    configure(func, distributions={"tag:env": ["*"]})
    aws.deny(AK_ID, "tag:GetResources")
    aws.faults.add(Fault("ListTagsForResource", code="Throttling", status=400, nth=range(2, 5)))
    assert "cannot be known" in func.run_cron_job(JOB).exception
    # Objects are due still: all are asked for again.
    assert later(func, clock).status == "success"
    assert set(objects(datakit)) == {shop}


def test_details_outlast_the_week_that_they_are_kept_for(func, aws, clock, shop) -> None:
    configure(func, details=True)
    for _ in range(9):
        func.run_cron_job(JOB)
        clock.advance(86400)
    assert aws.call_counts()["GetDistributionConfig"] == 1


def test_a_mistaken_key_of_a_tag_is_told_with_the_nearest_one(func, aws, shop) -> None:
    configure(func, distributions={"tag:Env": ["prod"]})
    warning, _ = func.run_cron_job(JOB).return_value["warnings"]
    assert warning.endswith(
        "No distribution has the resource tag 'Env' of the key 'distributions'. The nearest are env."
    )


def test_a_distribution_that_is_gone_when_its_tags_are_asked_for_is_no_failure(func, aws, datakit, shop, blog) -> None:
    configure(func, resource_tags=["env"], details=True)
    aws.deny(AK_ID, "tag:GetResources")
    aws.faults.add(Fault("ListTagsForResource", code="NoSuchResource", status=404, nth=[1]))
    aws.faults.add(Fault("GetDistributionConfig", code="NoSuchDistribution", status=404, nth=[1]))
    record = func.run_cron_job(JOB)
    assert (record.status, record.return_value["warnings"]) == ("success", [])
    assert len(objects(datakit)) == 2


@pytest.mark.parametrize(
    ("distributions", "chosen"),
    [
        ({"tag:env": ["prod", "stag*"]}, {"shop", "api"}),
        ({"tag:env": ["NOT", "prod"]}, {"blog", "api"}),
        ({"tag:env": ["*"], "name": ["NOT", "api.*"]}, {"shop"}),
    ],
)
def test_distributions_are_chosen_by_tag(func, aws, datakit, shop, blog, distributions, chosen) -> None:
    api = aws.add_distribution(aws.account, traffic=BUSY, aliases=["api.example.com"], tags={"env": "staging"})
    configure(func, distributions=distributions)
    record = func.run_cron_job(JOB)
    assert record.status == "success"
    assert set(objects(datakit)) == {{"shop": shop, "blog": blog, "api": api}[name] for name in chosen}
    assert f"Distributions: 3 listed, {len(chosen)} chosen." in record.log
    # Chosen by, not reported.
    assert all("env" not in point.tags for point in datakit.points())


@pytest.mark.usefixtures("keeps_time")
def test_a_choice_that_fits_nothing_is_told_with_what_is_nearest_and_loses_nothing(
    func, aws, datakit, clock, shop
) -> None:
    configure(func, distributions={"tag:env": ["prd"]})
    record = func.run_cron_job(JOB)
    assert record.status == "success"
    nearest, nothing = record.return_value["warnings"]
    assert nearest == "No distribution fits 'prd' of the key 'distributions', 'tag:env'. The nearest are prod."
    assert nothing == "No distribution is chosen: nothing is collected, and the watermark stays where it is."
    assert datakit.points() == []
    clock.advance(3 * HOUR)
    configure(func, distributions={"tag:env": ["prod"]})
    assert func.run_cron_job(JOB).status == "success"
    assert truth(aws, [shop], NOW - HOUR, int(clock.time()) - SETTLED).items() <= seen(datakit).items()


def test_a_key_of_resource_tags_that_no_distribution_has_is_told_with_the_nearest_one(func, aws, shop) -> None:
    configure(func, resource_tags=["env", "teem", "NOT*"])
    warnings = func.run_cron_job(JOB).return_value["warnings"]
    assert warnings == [
        "No distribution has a resource tag 'teem' (key 'resource_tags'). The nearest are team.",
        "No distribution has a resource tag 'NOT*' (key 'resource_tags').",
    ]


def test_without_its_tags_nothing_is_chosen_by_guess_and_the_next_run_makes_up_for_it(
    func, aws, clock, datakit, shop, blog
) -> None:
    configure(func, distributions={"tag:env": ["prod"]})
    aws.faults.add(Fault("GetResources", code="InternalError", status=500, nth=range(1, 4)))
    record = func.run_cron_job(JOB)
    assert record.status == "failure"
    assert "Which distributions to collect cannot be known without their resource tags" in record.exception
    assert datakit.points() == []
    assert later(func, clock).status == "success"
    # With its lookback, the second run begins before the first.
    assert seen(datakit) == truth(aws, [shop], NOW - HOUR - 900 - SETTLED, int(clock.time()) - SETTLED)
    assert sent_again(datakit) == []


def test_details_tell_of_standard_logging_by_a_call_for_what_has_changed(func, aws, clock, datakit, blog) -> None:
    # As moto renders it, whatever its version.
    logging = {"Enabled": "true", "IncludeCookies": "false", "Bucket": "logs.s3.amazonaws.com", "Prefix": "cdn/"}
    shop = aws.add_distribution(aws.account, traffic=BUSY, settings={"Logging": logging})
    configure(func, details=True)
    assert "Configurations: 2 calls; 2 of 2 known." in func.run_cron_job(JOB).log
    assert {key: point.fields["Logging"] for key, point in objects(datakit).items()} == {
        shop: "logs.s3.amazonaws.com/cdn",
        blog: "off",
    }
    for _ in range(3):
        assert later(func, clock).status == "success"
    assert aws.call_counts()["GetDistributionConfig"] == 2
    assert objects(datakit)[shop].fields["Logging"] == "logs.s3.amazonaws.com/cdn"


def test_many_configurations_are_read_some_at_a_time(func, aws, clock, datakit) -> None:
    code = func.scripts[f"{SET}__steps_inventory"]
    func.scripts[f"{SET}__steps_inventory"] = code.replace("CONFIGURATIONS_A_RUN = 100", "CONFIGURATIONS_A_RUN = 2")
    for _ in range(3):
        aws.add_distribution(aws.account)
    configure(func, details=True, object_interval=60)
    assert "Configurations: 2 calls; 2 of 3 known." in func.run_cron_job(JOB).log
    assert "Configurations: 1 call; 3 of 3 known." in later(func, clock).log
    assert all("Logging" in point.fields for point in objects(datakit).values())


def test_details_that_are_denied_are_told_and_cost_nothing_else(func, aws, datakit, shop) -> None:
    configure(func, details=True)
    aws.deny(AK_ID, "cloudfront:GetDistributionConfig")
    record = func.run_cron_job(JOB)
    assert record.status == "success"
    (warning,) = record.return_value["warnings"]
    assert "Allow the IAM action cloudfront:GetDistributionConfig" in warning
    assert "Logging" not in objects(datakit)[shop].fields


def test_objects_tell_whether_additional_metrics_are_on_where_metrics_are_listed(func, aws, datakit, shop) -> None:
    more = aws.add_distribution(aws.account, traffic=BUSY, additional_metrics=True)
    idle = aws.add_distribution(aws.account, enabled=False)
    configure(func, metrics="ALL")
    assert func.run_cron_job(JOB).status == "success"
    found = {key: point.fields.get("AdditionalMetrics") for key, point in objects(datakit).items()}
    assert found == {shop: False, more: True, idle: None}


def test_a_preview_shows_tags_and_keeps_nothing(func, aws, datakit, shop) -> None:
    configure(func, resource_tags=["env"], details=True)
    record = func.call(PREVIEW)
    assert record.status == "success"
    assert '"env": "prod"' in record.log and '"Logging": "off"' in record.log
    # Func cuts a longer line; the last field of an object stands in the log too.
    assert max(map(len, record.log.splitlines())) < 3000
    assert '  {"Staging": false}' in record.log
    assert (func.cache.rows, func.store.rows, datakit.points()) == ({}, {}, [])


def test_a_china_account_reports_what_the_seed_s_example_has(func, aws, datakit, clock) -> None:
    account = aws.add_account("AKIACHINA00000000001", AK_SECRET, partition="aws-cn")
    key = aws.add_distribution(
        account, aliases=["www.example.cn"], comment="Created by AWS Lambda", traffic=BUSY, tags={"env": "prod"}
    )
    script = f"startup__{SET}"
    func.scripts[script] = func.scripts[script].replace(
        "ACCOUNT = {", 'ACCOUNT = {\n    "regions": ["cn-northwest-1"],'
    )
    func.publish(script)
    configure(func, resource_tags=["env"], metrics="ALL")
    use_key(func, ak_id=account.ak_id)
    record = func.call(f"{script}.run")
    assert (record.status, record.exception) == ("success", None)
    thing = objects(datakit)[key]
    assert thing.measurement == "aws_cloudfront"
    assert thing.tags["ARN"] == f"arn:aws-cn:cloudfront::{account.account_id}:distribution/{key}"
    assert thing.tags["DomainName"].endswith(".cloudfront.cn")
    assert {"Id": key, "name": key, "Status": "Deployed", "env": "prod"}.items() <= thing.tags.items()
    assert thing.fields["Description"] == "Created by AWS Lambda"
    assert {call.region for call in aws.calls} == {"cn-northwest-1"}
    assert seen(datakit) == truth(aws, [key], NOW - HOUR - SETTLED, NOW - SETTLED)


def test_the_two_required_permissions_suffice_for_the_default_metrics(func, aws, datakit, clock, shop) -> None:
    for action in (*BOTH, "cloudwatch:ListMetrics", "cloudfront:GetDistributionConfig", "sts:GetCallerIdentity"):
        aws.deny(AK_ID, action)
    for _ in range(4):
        record = later(func, clock)
        assert (record.status, record.return_value["warnings"]) == ("success", [])
    assert set(aws.call_counts()) == {"ListDistributions", "GetMetricData"}
    assert seen(datakit) == truth(aws, [shop], NOW + 300 - HOUR - SETTLED, int(clock.time()) - SETTLED)


@pytest.mark.parametrize(
    "odd",
    [
        {"answer": odd_answers.PROXY_PAGE},
        {"answer": odd_answers.EMPTY},
        {"answer": odd_answers.NO_CONTENT},
        {"body": odd_answers.other_root},
        {"body": odd_answers.without("DefaultCacheBehavior")},
    ],
)
def test_a_configuration_that_is_none_is_not_kept(func, aws, clock, datakit, blog, odd) -> None:
    configure(func, details=True)
    aws.faults.add(Fault("GetDistributionConfig", **odd))
    record = func.run_cron_job(JOB)
    assert "Reading the configuration of a distribution failed: the answer is not CloudFront's" in record.exception
    assert "Logging" not in datakit.points("custom_object")[-1].fields
    aws.faults.clear()
    clock.advance(1200)
    assert func.run_cron_job(JOB).status == "success"
    assert datakit.points("custom_object")[-1].fields["Logging"] == "off"


@pytest.mark.parametrize("odd", [odd_answers.PROXY_PAGE, odd_answers.EMPTY, odd_answers.NO_CONTENT])
@pytest.mark.parametrize("one_by_one", [False, True])
def test_tags_that_are_no_answer_choose_nothing_and_take_none_away(
    func, aws, clock, datakit, shop, odd, one_by_one
) -> None:
    configure(func, distributions={"tag:env": ["prod"]}, resource_tags=["env"])
    if one_by_one:
        aws.deny(AK_ID, "tag:GetResources")
    fault = Fault("ListTagsForResource" if one_by_one else "GetResources", answer=odd)
    aws.faults.add(fault)
    first = func.run_cron_job(JOB)
    # Nothing is known: nothing is chosen by guess.
    assert "cannot be known without their resource tags" in first.exception
    assert datakit.points() == []
    aws.faults.clear()
    clock.advance(300)
    assert func.run_cron_job(JOB).status == "success"
    aws.faults.add(fault)
    clock.advance(1200)
    # What was known is kept.
    assert "is not " in func.run_cron_job(JOB).exception
    assert {point.tags["env"] for point in datakit.points("metric")} == {"prod"}


def test_a_distribution_without_an_arn_is_collected_with_the_others(func, aws, datakit, shop, blog) -> None:
    configure(func, resource_tags=["*"], details=True)
    aws.deny(AK_ID, "tag:GetResources")
    aws.faults.add(Fault("ListDistributions", body=odd_answers.without("ARN")))
    record = func.run_cron_job(JOB)
    assert record.status == "success"
    assert ": ARN is missing. What cannot be read is left out." in record.log
    assert {point.tags["Id"] for point in datakit.points("custom_object")} == {shop, blog}
    assert {point.tags["DistributionId"] for point in datakit.points("metric")} == {shop, blog}


def test_a_distribution_without_an_id_costs_the_others_nothing(func, aws, datakit, shop, blog) -> None:
    aws.faults.add(Fault("ListDistributions", body=odd_answers.without("Id")))
    record = func.run_cron_job(JOB)
    assert record.status == "success"
    assert "CloudFront lists a distribution without an Id, which is not collected: d" in record.log
    assert len({point.tags["Id"] for point in datakit.points("custom_object")}) == 1
