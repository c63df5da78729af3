"""A startup script of Guance's own collector, which an installation leaves as it is, says what to do."""

import pytest

from tests.contract.conftest import AK_ID, AK_SECRET, SET

RUNNER = """
class Runner:
    def __init__(self, collectors, debug=False):
        self._collectors = collectors

    def run(self):
        for collector in self._collectors:
            {use}
"""
FORMER = f'''
from guance_integration__runner import Runner
import {SET}__main as aws_cloudfront

account = {{"ak_id": "{AK_ID}", "ak_secret": "{AK_SECRET}", "extra_tags": {{"account_name": "prod"}}}}

@DFF.API("AWS CloudFront", timeout=300)
def run():
    collectors = [aws_cloudfront.DataCollector(account, {{"regions": ["us-east-1"]}})]
    Runner(collectors).run()
'''


@pytest.mark.parametrize("use", ["collector.run()", "collector.collect_metrics()", "collector.name = collector.title"])
def test_a_runner_of_another_script_set_ends_with_a_sentence(func, aws, use) -> None:
    func.scripts["guance_integration__runner"] = RUNNER.format(use=use)
    func.scripts[f"startup__{SET}"] = FORMER
    func.publish(f"startup__{SET}")
    record = func.call(f"startup__{SET}.run")
    assert record.status == "failure"
    assert "no Runner of another script set can start it" in record.exception
    assert 'See "Changing over" in README.' in record.exception
    assert AK_SECRET not in record.exception + record.log
    assert not aws.calls


def test_a_configuration_of_the_former_collector_collects(func, aws, datakit) -> None:
    aws.add_distribution(aws.account)
    code = func.scripts[f"startup__{SET}"]
    former = '"regions": ["us-east-1"], "targets": [{"namespace": "AWS/CloudFront", "metrics": ["Requests"]}],'
    func.scripts[f"startup__{SET}"] = code.replace("CONFIGS = {", f"CONFIGS = {{\n    {former}")
    func.publish(f"startup__{SET}")
    assert func.call(f"startup__{SET}.run").status == "success"
    assert {field for point in datakit.points("metric") for field in point.fields} == {"Requests_Sum"}
