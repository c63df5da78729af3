"""What a call gives: a name, and from startup scripts of earlier versions a key; both in the stored arguments."""

import inspect

import pytest

from devtools.aws.embedded import Traffic
from tests.conftest import AK_ID, AK_SECRET
from tests.contract.conftest import CHECK, JOB, PREVIEW, RESET, RUN, SET, use_key

SCRIPT = f"startup__{SET}"
BUSY = Traffic(requests=900.0)
OTHER = "AKIAOTHER00000000001"
# The functions of the startup script as the first version put them there, and as users keep them.
OLD_FUNCTIONS = """
def _collector(**parameters):
    return aws_cloudfront.DataCollector(aws_cloudfront.fill_account(ACCOUNT, DFF, **parameters), CONFIGS)


@DFF.API("AWS CloudFront: run", fixed_crontab="*/5 * * * *", timeout=290)
def run(ak_id=None, ak_secret=None, account_name=None):
    return _collector(ak_id=ak_id, ak_secret=ak_secret, account_name=account_name).run(DFF)


@DFF.API("AWS CloudFront: check", timeout=290)
def check(ak_id=None, ak_secret=None, account_name=None):
    return _collector(ak_id=ak_id, ak_secret=ak_secret, account_name=account_name).check(DFF)
"""


@pytest.fixture
def old_startup(func):
    """The startup script of the first version, in the place of the one that was deployed."""
    code = func.scripts[SCRIPT]
    func.scripts[SCRIPT] = code[: code.index("def _collector(")] + inspect.cleandoc(OLD_FUNCTIONS)
    func.publish(SCRIPT)


def names_in(datakit):
    return {point.tags["account_name"] for point in datakit.points()}


def test_no_function_of_the_startup_script_takes_a_key(func) -> None:
    assert {name.partition(".")[2]: function.signature for name, function in func.functions.items()} == {
        **{
            name: f"{name}(account_name=None)"
            for name in ("run", "check", "preview", "reset", "collect_logs", "reset_logs")
        },
        "fan_out": "fan_out()",
    }


def test_an_old_startup_script_runs_as_before(func, aws, datakit, old_startup) -> None:
    aws.add_distribution(aws.account, traffic=BUSY)
    record = func.run_cron_job(JOB)
    assert record.status == "success" and "WARNING" not in record.log
    assert names_in(datakit) == {"prod"}


def test_a_secret_as_a_parameter_still_works_and_is_warned_about(func, aws, datakit, old_startup) -> None:
    other = aws.add_distribution(aws.add_account(OTHER, AK_SECRET), traffic=BUSY)
    record = func.call(RUN, ak_id=OTHER, ak_secret=AK_SECRET, account_name="other")
    assert record.status == "success", record.exception
    assert {point.tags["Id"] for point in datakit.points("custom_object")} == {other}
    assert names_in(datakit) == {"other"}
    warnings = [line for line in record.log.splitlines() if line.startswith("WARNING: the secret access key came as")]
    assert len(warnings) == 1
    # What the warning says: the secret stands in the record's arguments, and only there.
    assert record.kwargs["ak_secret"] == AK_SECRET
    assert AK_SECRET not in record.log + repr(record.return_value)


@pytest.mark.parametrize("function", [RUN, CHECK, PREVIEW, RESET])
def test_a_name_other_than_the_account_s_is_refused_before_anything_is_called(func, aws, datakit, function) -> None:
    aws.add_distribution(aws.account, traffic=BUSY)
    record = func.call(function, account_name="prodd")
    assert (record.status, record.exception_type) == ("failure", "ConfigError")
    assert "No account has the name 'prodd': the only one is 'prod', by the startup script." in record.exception
    assert (aws.calls, datakit.posts, func.store.rows, func.cache.rows) == ([], [], {}, {})


def test_the_account_s_own_name_is_taken(func, aws, datakit) -> None:
    aws.add_distribution(aws.account, traffic=BUSY)
    assert func.call(RUN, account_name="prod").status == "success"
    use_key(func, account_name="by environment")
    assert func.call(RUN, account_name="by environment").status == "success"
    assert "the only one is 'by environment'" in func.call(RUN, account_name="prod").exception
    assert names_in(datakit) == {"prod", "by environment"}


def test_an_account_that_was_deployed_without_a_name_takes_the_call_s(func, aws, datakit) -> None:
    aws.add_distribution(aws.account, traffic=BUSY)
    func.scripts[SCRIPT] = func.scripts[SCRIPT].replace('"account_name": "prod"', '"account_name": ""')
    func.publish(SCRIPT)
    assert "The account name is missing" in func.call(RUN).exception
    assert func.call(RUN, account_name="by call").status == "success"


def test_the_same_key_under_another_name_is_refused(func, aws, datakit, old_startup) -> None:
    record = func.call(RUN, ak_id=AK_ID, ak_secret=AK_SECRET, account_name="prodd")
    assert "No account has the name 'prodd'" in record.exception
    assert datakit.posts == []


def test_a_key_in_a_call_is_for_one_of_several_accounts(func, old_startup) -> None:
    code = func.scripts[SCRIPT]
    begin, end = code.index("ACCOUNT = {"), code.index("\n# How to collect")
    func.scripts[SCRIPT] = f"{code[:begin]}ACCOUNT = [{{}}, {{}}]\n{code[end:]}"
    func.publish(SCRIPT)
    record = func.call(RUN, ak_id=OTHER)
    assert "Parameter 'ak_id' is for one of several accounts: give its 'account_name' too." in record.exception
