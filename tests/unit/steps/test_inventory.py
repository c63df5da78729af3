"""Which distributions a run collects, their resource tags and what their configurations tell, asked for or kept."""

import pytest

from guance_aws_cloudfront.aws.errors import AwsDeniedError, AwsError
from guance_aws_cloudfront.points.series import distribution_dimensions
from tests.conftest import NOW
from tests.unit.runs import END, UNREACHABLE, record

ALL_AT_ONCE = AwsDeniedError("Allow the IAM action tag:GetResources.")
ONE_BY_ONE = AwsDeniedError("Allow the IAM action cloudfront:ListTagsForResource.")
CONFIGURATION = AwsDeniedError("Allow the IAM action cloudfront:GetDistributionConfig.")
GONE = AwsError("There is no such distribution.", is_gone=True)
BY_TAG = {"distributions": {"tag:env": ["prod"]}}


def arn(key):
    return record(key)["ARN"]


@pytest.fixture
def tagged(world):
    """E1 is of production and has a team, E2 is of development; E3 never had a tag."""
    world.records = [record("E1"), record("E2"), record("E3")]
    world.tags = {arn("E1"): {"env": "prod", "team": "shop"}, arn("E2"): {"env": "dev"}}
    return world


def objects(world):
    """The last objects by distribution."""
    return {point["tags"]["Id"]: point for category, point in world.points if category == "custom_object"}


def seen(world, key):
    """The resource tag of that key on each object."""
    return {name: point["tags"].get(key) for name, point in sorted(objects(world).items())}


def test_without_the_keys_no_resource_tag_is_asked_for(tagged) -> None:
    calls = tagged.run(distributions=["E1"])["calls"]
    assert calls == {"GetMetricData": 1, "ListDistributions": 1}


def test_it_is_said_how_many_are_listed_and_chosen(tagged, capsys) -> None:
    tagged.run()
    assert "Distributions: 3 listed." in capsys.readouterr().out
    tagged.run(5, distributions=["E1", "E2"])
    assert "Distributions: 3 listed, 2 chosen." in capsys.readouterr().out
    tagged.records = []
    tagged.run(5, distributions=["E1"])
    assert "Distributions: there are none." in capsys.readouterr().out


def test_tags_stand_on_objects_and_points_under_their_keys(tagged) -> None:
    summary = tagged.run(resource_tags=["env"])
    assert summary["calls"]["GetResources"] == 1
    assert seen(tagged, "env") == {"E1": "prod", "E2": "dev", "E3": None}
    assert tagged.metric("E1", END - 60)["tags"]["env"] == "prod"
    assert "tag_team" not in objects(tagged)["E1"]["tags"]


def test_tags_are_asked_for_when_objects_are_due_and_kept_in_between(tagged) -> None:
    tagged.run(resource_tags=["env"])
    tagged.tags[arn("E1")]["env"] = "staging"
    assert "GetResources" not in tagged.run(5, resource_tags=["env"])["calls"]
    assert tagged.metric("E1", END)["tags"]["env"] == "prod"
    assert tagged.run(10, resource_tags=["env"])["calls"]["GetResources"] == 1
    assert seen(tagged, "env")["E1"] == "staging"


def test_other_keys_are_asked_for_at_once(tagged) -> None:
    tagged.run(resource_tags=["env"])
    assert tagged.run(5, resource_tags=["team"])["calls"]["GetResources"] == 1
    assert tagged.run(5, resource_tags=["team"], **BY_TAG)["calls"]["GetResources"] == 1


def test_a_new_distribution_has_its_tags_at_once_and_one_that_is_gone_is_forgotten(tagged) -> None:
    tagged.run(resource_tags=["env"])
    tagged.records = [record("E1"), record("E4")]
    tagged.tags[arn("E4")] = {"env": "new"}
    assert tagged.run(5, resource_tags=["env"])["calls"]["GetResources"] == 1
    assert tagged.metric("E4", END)["tags"]["env"] == "new"
    kept = tagged.recall("tags")
    assert set(kept["tags"]) == {"E1", "E4"}


def test_where_all_at_once_are_denied_they_are_asked_for_one_by_one(tagged) -> None:
    tagged.errors["GetResources"] = ALL_AT_ONCE
    assert tagged.run(resource_tags=["env"])["warnings"] == []
    assert tagged.tags_asked == [arn("E1"), arn("E2"), arn("E3")]
    assert seen(tagged, "env") == {"E1": "prod", "E2": "dev", "E3": None}


def test_of_several_reasons_for_a_denial_the_first_is_named(tagged) -> None:
    others = [AwsDeniedError(f"Denied {number}.") for number in range(3)]
    tagged.errors.update({"GetResources": ALL_AT_ONCE, **dict(zip(map(arn, ("E1", "E2", "E3")), others))})
    # The first one was denied, so no other was asked for.
    (warning,) = tagged.run(resource_tags=["env"])["warnings"]
    assert warning.startswith(f"{ALL_AT_ONCE} Denied 0. One of both")
    del tagged.errors[arn("E1")]
    (warning,) = tagged.run(resource_tags=["team"])["warnings"]
    assert warning.startswith(f"{ALL_AT_ONCE} Denied 1. One of both")
    tagged.errors[arn("E1")] = others[0]
    tagged.errors.update({f"config E{number}": other for number, other in enumerate(others, 1)})
    warnings = tagged.run(5, details=True)["warnings"]
    assert warnings[0].startswith("Denied 0. Until then, objects do not show")
    for key in ("config E2", "config E3"):
        del tagged.errors[key]
    tagged.records = tagged.records[:1]
    assert tagged.run(5, details=True)["warnings"][0].startswith("Denied 0. Until then")


def test_where_neither_is_allowed_one_call_is_enough_and_both_actions_are_named(tagged) -> None:
    tagged.errors.update({"GetResources": ALL_AT_ONCE, **{arn(key): ONE_BY_ONE for key in ("E1", "E2", "E3")}})
    assert tagged.run(resource_tags=["env"])["warnings"] == [
        f"{ALL_AT_ONCE} {ONE_BY_ONE} One of both is enough. "
        "Until then, only resource tags that were read before are known."
    ]
    assert tagged.tags_asked == [arn("E1")]
    assert seen(tagged, "env") == {"E1": None, "E2": None, "E3": None}


def test_of_those_that_fail_the_tags_of_before_are_known_and_the_others_are_new(tagged) -> None:
    tagged.run(resource_tags=["env"])
    tagged.errors.update({"GetResources": ALL_AT_ONCE, arn("E2"): UNREACHABLE, arn("E3"): GONE})
    for key in ("E1", "E2"):
        tagged.tags[arn(key)] = {"env": "later"}
    said = tagged.fail(15, resource_tags=["env"])
    assert "1 part of the run failed. (1) AWS could not be reached." in said
    assert seen(tagged, "env") == {"E1": "later", "E2": "dev", "E3": None}


def test_when_some_are_denied_and_others_fail_each_is_a_failure(tagged) -> None:
    tagged.errors.update({"GetResources": ALL_AT_ONCE, arn("E2"): ONE_BY_ONE, arn("E3"): UNREACHABLE})
    assert "2 parts of the run failed." in tagged.fail(resource_tags=["env"])


def test_all_at_once_that_fail_are_a_failure_and_the_tags_of_before_are_known(tagged) -> None:
    tagged.run(resource_tags=["env"])
    tagged.errors["GetResources"] = UNREACHABLE
    said = tagged.fail(15, resource_tags=["env"])
    assert "AWS could not be reached. Until then, only resource tags that were read before are known." in said
    assert seen(tagged, "env")["E1"] == "prod"
    assert tagged.tags_asked == []


def test_distributions_are_chosen_by_their_tags_which_are_not_reported(tagged) -> None:
    tagged.run(**BY_TAG)
    assert list(objects(tagged)) == ["E1"]
    assert tagged.asked() == [(END - 3600, END, ["E1"])]
    assert "env" not in objects(tagged)["E1"]["tags"]


def test_without_its_tags_no_distribution_is_chosen_by_guess(tagged) -> None:
    tagged.errors["GetResources"] = UNREACHABLE
    said = tagged.fail(**BY_TAG)
    assert (
        "Which distributions to collect cannot be known without their resource tags (key 'distributions'); concerns "
        "E1, E2, E3. Until then nothing is collected; the next run that can read them catches up."
    ) in said
    assert tagged.points == []
    # Where they only stand on points, the run goes on.
    tagged.fail(resource_tags=["env"])
    assert len(objects(tagged)) == 3


def test_a_distribution_without_an_arn_counts_as_one_without_tags(tagged) -> None:
    tagged.records.append(record("E4", ARN=None))
    tagged.errors["GetResources"] = ALL_AT_ONCE
    tagged.run(**BY_TAG)
    assert list(objects(tagged)) == ["E1"]
    assert tagged.tags_asked == [arn("E1"), arn("E2"), arn("E3")]


def test_a_mistaken_key_is_named_with_the_nearest_one(tagged) -> None:
    warnings = tagged.run(resource_tags=["teem"], distributions={"tag:enf": ["prod"]})["warnings"]
    assert warnings[0] == "No distribution has the resource tag 'enf' of the key 'distributions'. The nearest are env."
    assert warnings[1] == "No distribution has a resource tag 'teem' (key 'resource_tags'). The nearest are team."


def test_keys_that_would_clash_get_another_name_and_it_is_said(tagged, capsys) -> None:
    tagged.tags[arn("E1")]["name"] = "shop"
    tagged.run(resource_tags=["name"])
    assert "Resource tags: 'name' as 'tag_name'." in capsys.readouterr().out
    assert seen(tagged, "tag_name")["E1"] == "shop"


def test_tags_that_are_too_long_are_cut_and_it_is_said(tagged) -> None:
    tagged.tags[arn("E1")]["team"] = "x" * 2000
    (warning,) = tagged.run(resource_tags=["team"])["warnings"]
    assert warning.startswith("Resource tags are cut to the ")


# Configurations


def test_a_configuration_is_asked_for_once_and_again_when_the_distribution_has_changed(world, capsys) -> None:
    world.records = [record("E1", ETag="A"), record("E2", ETag="A"), record("E3", ETag=None, LastModifiedTime=None)]
    assert world.run(details=True)["calls"]["GetDistributionConfig"] == 3
    assert "Configurations: 3 calls; 3 of 3 known." in capsys.readouterr().out
    assert {key: point["fields"]["Logging"] for key, point in objects(world).items()} == dict.fromkeys(
        ["E1", "E2", "E3"], "off"
    )
    world.configurations_asked.clear()
    world.records[0]["ETag"] = "B"
    world.run(15, details=True)
    # Of the third nobody knows whether it has changed.
    assert world.configurations_asked == ["E1", "E3"]
    world.records = world.records[:2]
    world.configurations_asked.clear()
    capsys.readouterr()
    assert "GetDistributionConfig" not in world.run(15, details=True)["calls"]
    assert "Configurations:" not in capsys.readouterr().out
    assert objects(world)["E2"]["fields"]["Logging"] == "off"
    assert "GetDistributionConfig" not in world.run(5)["calls"]


def test_many_configurations_are_asked_for_a_hundred_a_run(world, capsys) -> None:
    world.records = [record(f"E{number:03}") for number in range(120)]
    world.run(details=True)
    assert "Configurations: 100 calls; 100 of 120 known." in capsys.readouterr().out
    world.run(5, details=True)
    assert "Configurations: 20 calls; 120 of 120 known." in capsys.readouterr().out
    assert len(set(world.configurations_asked)) == 120


def test_configurations_that_are_denied_are_a_warning_and_asked_for_again(world) -> None:
    world.errors.update({"config E1": CONFIGURATION, "config E2": CONFIGURATION})
    assert world.run(details=True)["warnings"] == [
        f"{CONFIGURATION} Until then, objects do not show whether standard logging is on."
    ]
    assert "Logging" not in objects(world)["E1"]["fields"]
    world.errors.clear()
    assert world.run(5, details=True)["calls"]["GetDistributionConfig"] == 2


def test_a_configuration_that_fails_is_a_failure_and_one_that_is_gone_is_none(world) -> None:
    world.errors.update({"config E1": GONE, "config E2": UNREACHABLE})
    assert "1 part of the run failed. (1) AWS could not be reached." in world.fail(details=True)
    world.errors.update({"config E2": CONFIGURATION})
    assert "1 part of the run failed. (1) Allow the IAM action cloudfront:GetDist" in world.fail(5, details=True)
    world.errors.update({"config E2": GONE})
    assert world.run(5, details=True)["warnings"] == []


def test_configurations_outlast_the_week_that_they_are_kept_for(world) -> None:
    world.run(details=True)
    for _ in range(9):
        world.run(24 * 60, details=True)
    assert len(world.configurations_asked) == 2


def test_certificates_are_asked_for_with_the_key_details_alone(world) -> None:
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/1"
    world.records[0]["ViewerCertificate"] = {"ACMCertificateArn": certificate}
    assert "DescribeCertificate" not in world.run()["calls"]
    assert world.run(15, details=True)["calls"]["DescribeCertificate"] == 1
    assert objects(world)["E1"]["fields"]["CertificateDaysLeft"] == 29
    assert "CertificateDaysLeft" not in objects(world)["E2"]["fields"]


def test_objects_tell_whether_additional_metrics_are_on_where_that_is_known(world) -> None:
    world.records.append(record("E3"))
    world.listed = {
        "CacheHitRate": {distribution_dimensions("E1")},
        "Requests": {distribution_dimensions("E1"), distribution_dimensions("E2")},
    }
    world.run(metrics=["CacheHitRate"], details=True)
    found = {key: point["fields"].get("AdditionalMetrics") for key, point in objects(world).items()}
    assert found == {"E1": True, "E2": False, "E3": None}
    assert objects(world)["E1"]["fields"]["Logging"] == "off"
    assert objects(world)["E1"]["timestamp"] == NOW
