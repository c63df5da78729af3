"""A configuration of Guance's own collector is understood, or refused with a sentence that says what to do."""

import pytest

from guance_aws_cloudfront.main import DataCollector
from guance_aws_cloudfront.settings.account import parse_account
from guance_aws_cloudfront.settings.config import parse_config
from guance_aws_cloudfront.settings.former import translated
from guance_aws_cloudfront.settings.validation import ConfigError
from tests.conftest import AK_SECRET

ACCOUNT = {"ak_id": "AKIAIOSFODNN7EXAMPLE", "ak_secret": AK_SECRET, "extra_tags": {"account_name": "prod"}}
CLOUDFRONT = "AWS/CloudFront"


def test_a_configuration_of_this_package_is_handed_through() -> None:
    configs = {"metrics": "ALL", "lookback": 1800}
    assert translated(ACCOUNT, configs) == (ACCOUNT, configs)
    assert translated(ACCOUNT, None) == (ACCOUNT, None)
    assert translated("odd", "odd") == ("odd", "odd")


@pytest.mark.parametrize(
    ("regions", "partition"), [(["ap-northeast-1", "us-east-1"], "aws"), (["cn-northwest-1"], "aws-cn")]
)
def test_regions_of_the_configuration_decide_the_partition(regions, partition) -> None:
    account, configs = translated(ACCOUNT, {"regions": regions})
    assert configs == {}
    assert parse_account(account).partition.name == partition
    assert "regions" not in ACCOUNT


def test_what_an_account_says_of_its_place_takes_precedence_over_common_regions() -> None:
    china = {**ACCOUNT, "partition": "aws-cn"}
    japan = {**ACCOUNT, "regions": ["ap-northeast-1"]}
    accounts, _ = translated([ACCOUNT, china, japan, "odd"], {"regions": ["us-east-1"]})
    assert accounts == [{**ACCOUNT, "regions": ["us-east-1"]}, china, japan, "odd"]


@pytest.mark.parametrize(
    ("targets", "metrics"),
    [
        ([{"namespace": CLOUDFRONT, "metrics": "ALL"}], {"metrics": "ALL"}),
        ([{"namespace": CLOUDFRONT, "metrics": ["Requests", "*Rate"]}], {"metrics": ["Requests", "*Rate"]}),
        ([{"namespace": CLOUDFRONT}], {}),
        ([], {}),
    ],
)
def test_metrics_of_the_target_cloudfront_are_the_metrics(targets, metrics) -> None:
    _, configs = translated(ACCOUNT, {"targets": targets, "lookback": 1800})
    assert configs == {**metrics, "lookback": 1800}
    parse_config(configs)


@pytest.mark.parametrize(
    ("configs", "sentence"),
    [
        ({"targets": "ALL"}, "key 'targets' is 'ALL': allowed is a list of dicts, such as"),
        ({"targets": ["ALL"]}, "allowed is a list of dicts"),
        ({"targets": [{"namespace": "AWS/EC2", "metrics": "ALL"}]}, "names the namespace 'AWS/EC2': this script set"),
        ({"targets": [{"metrics": "ALL"}]}, "names the namespace None"),
        ({"targets": [{"namespace": CLOUDFRONT, "metric": "ALL"}]}, "unknown key 'metric': did you mean 'metrics'"),
        ({"targets": [{"namespace": CLOUDFRONT}] * 2}, "names AWS/CloudFront 2 times: join them into one"),
        ({"targets": [{"namespace": CLOUDFRONT, "metrics": "ALL"}], "metrics": "ALL"}, "both choose the metrics: keep"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_a_sentence(configs, sentence) -> None:
    with pytest.raises(ConfigError) as refused:
        translated(ACCOUNT, configs)
    assert sentence in str(refused.value)


def test_a_former_startup_script_makes_a_collector_and_reads_what_to_do() -> None:
    collector = DataCollector(ACCOUNT, {"regions": ["us-east-1"]})
    for use in (lambda: collector.run(), lambda: collector.run({"debug": True})):
        with pytest.raises(ConfigError) as refused:
            use()
        assert "no Runner of another script set can start it" in str(refused.value)
        assert "DataCollector(account, configs).run(DFF)" in str(refused.value)
    with pytest.raises(AttributeError, match=r"no Runner .* \(it asked for 'collect_objects'\)"):
        collector.collect_objects()
