"""Several accounts: in one task one after the other, or each in a task of its own; none costs another its data."""

import json

import pytest

from devtools.aws.embedded import Fault, Traffic
from devtools.demo.judge import seen, truth
from tests.conftest import AK_SECRET, NOW
from tests.contract.conftest import CHECK, JOB, PREVIEW, RESET, RUN, SET, sent_again

HOUR, SETTLED = 3600, 180
BUSY = Traffic(requests=900.0)
SCRIPT = f"startup__{SET}"
FAN_OUT = f"{SCRIPT}.fan_out"
NAMES = ("shop", "blog", "api")


def key_of(number):
    return f"AKIAMANY{number:012}"


def entry(name, ak_id, **more):
    return {"ak_id": ak_id, "ak_secret": AK_SECRET, "extra_tags": {"account_name": name}, **more}


def let_accounts_be(func, accounts):
    """Put a list in the place of the deployed script's account, as a user would."""
    code = func.scripts[SCRIPT]
    start, end = code.index("ACCOUNT = "), code.index("\n# How to collect")
    func.scripts[SCRIPT] = f"{code[:start]}ACCOUNT = {accounts!r}\n{code[end:]}"
    func.publish(SCRIPT)


@pytest.fixture
def keys(aws):
    """A distribution in each of three accounts, by the accounts' names."""
    return {
        name: aws.add_distribution(aws.add_account(key_of(number), AK_SECRET), traffic=BUSY)
        for number, name in enumerate(NAMES)
    }


@pytest.fixture
def three(func, keys):
    let_accounts_be(func, [entry(name, key_of(number)) for number, name in enumerate(NAMES)])
    return keys


def names_in(datakit):
    return {point.tags["account_name"] for point in datakit.points("metric")}


def whole(aws, keys, start, end):
    return truth(aws, list(keys), start - SETTLED, end - SETTLED)


def test_a_list_of_accounts_is_collected_in_one_task(func, aws, datakit, three) -> None:
    record = func.run_cron_job(JOB)
    assert (record.status, record.exception) == ("success", None)
    assert seen(datakit) == whole(aws, three.values(), NOW - HOUR, NOW)
    by_id = {point.tags["Id"]: point.tags["account_name"] for point in datakit.points("custom_object")}
    assert by_id == {key: name for name, key in three.items()}
    assert list(record.return_value["accounts"]) == list(NAMES)
    assert record.return_value["accounts"]["blog"]["distributions"] == 1
    assert "--- 3 accounts: 3 ok, 0 under way elsewhere, 0 failed." in record.log


def test_each_account_has_its_own_configuration(func, aws, datakit, keys) -> None:
    func.add_connector("another", "df_datakit", host=datakit.host, port=datakit.port)
    own = {"datakit_id": "another", "metrics": ["Requests"], "first_lookback": 600}
    let_accounts_be(func, [entry("shop", key_of(0)), entry("blog", key_of(1), configs=own)])
    record = func.run_cron_job(JOB)
    assert record.status == "success"
    fields = {point.tags["account_name"]: set(point.fields) for point in datakit.points("metric")}
    assert fields["blog"] == {"Requests_Sum"} and len(fields["shop"]) == 6 + 3
    assert 'account "blog" (aws), metrics from us-east-1, to the connector "another"' in record.log
    assert sum(point.tags["account_name"] == "blog" for point in datakit.points("metric")) == 10


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda aws, one: aws.deny(one["ak_id"], "cloudfront:ListDistributions"), "Allow the IAM action"),
        (lambda aws, one: one.update(ak_secret="wrong/secret/wrong/secret/wrong/secret/0"), "refused the signature"),
        (lambda aws, one: one.update(ak_secret=""), "Account 2 of 3 (\"blog\"): Account key 'ak_secret' is missing"),
        (lambda aws, one: one.update(ak="x"), "has an unknown key 'ak': known keys are"),
        (lambda aws, one: one.update(configs={"periods": 60}), "unknown key 'periods': did you mean 'period'"),
        (lambda aws, one: one.update(configs="x"), "Account key 'configs' is 'x': allowed is a dict of what is other"),
        (lambda aws, one: one.update(extra_tags={"account_name": "shop"}), "another one has the same 'account_name'"),
        (lambda aws, one: one.update(extra_tags={}), "Account 2 of 3: The account name is missing"),
    ],
)
def test_one_account_s_failure_costs_the_others_nothing_and_is_named(func, aws, datakit, keys, spoil, sentence) -> None:
    accounts = [entry(name, key_of(number)) for number, name in enumerate(NAMES)]
    spoil(aws, accounts[1])
    let_accounts_be(func, accounts)
    record = func.run_cron_job(JOB)
    assert record.status == "failure"
    assert "1 of 3 accounts failed. " in record.exception
    assert sentence in record.exception
    assert "wrong/secret" not in record.exception + record.log + record.traceback
    assert seen(datakit) == whole(aws, [keys["shop"], keys["api"]], NOW - HOUR, NOW)


def test_all_failed_accounts_are_named(func, aws, datakit, three) -> None:
    aws.faults.add(Fault("ListDistributions", code="AccessDenied", status=403))
    record = func.run_cron_job(JOB)
    assert "3 of 3 accounts failed." in record.exception
    assert all(f'Account "{name}": 1 part of the run failed.' in record.exception for name in NAMES)


def test_what_nobody_thought_of_in_one_account_costs_the_others_nothing(func, aws, datakit, three) -> None:
    code = func.scripts[f"{SET}__collect"]
    line = "    objects_due = are_objects_due(run)\n"
    assert line in code
    func.scripts[f"{SET}__collect"] = code.replace(
        line, f"{line}    if run.account.account_name == 'blog': {{}}['x']\n"
    )
    record = func.run_cron_job(JOB)
    assert "Account \"blog\": KeyError ('x'). Report it with this line." in record.exception
    assert names_in(datakit) == {"shop", "api"}


def test_when_the_time_is_over_the_rest_is_named_and_nothing_is_lost(func, aws, datakit, clock, three) -> None:
    # The first account takes all the time there is.
    func.on_event = lambda name: clock.advance(300 if name == "write metric" and len(datakit.posts) < 3 else 0)
    code = func.scripts[SCRIPT]
    func.scripts[SCRIPT] = code.replace("timeout=290", "timeout=3600")
    func.publish(SCRIPT)
    record = func.run_cron_job(JOB)
    assert record.status == "failure"
    assert 'Account "api" was not started: the time limit of all accounts is over' in record.exception
    func.on_event = lambda name: None
    clock.advance(600)
    assert func.run_cron_job(JOB).status == "success"
    end = int(clock.time())
    assert whole(aws, three.values(), NOW, end).items() <= seen(datakit).items()


def test_every_run_begins_with_another_account(func, aws, clock, three) -> None:
    firsts = []
    for _ in range(4):
        record = func.run_cron_job(JOB)
        firsts.append(next(line for line in record.log.splitlines() if line.startswith("---")).rpartition(" ")[2])
        clock.advance(300)
    assert sorted(firsts[:3]) == sorted(NAMES) and firsts[3] == firsts[0]


def test_a_list_leaves_an_account_to_a_run_of_its_own_however_long_that_takes(func, aws, datakit, clock, three) -> None:
    def meet(name):
        if name == "write metric":
            func.on_event = lambda name: None
            clock.advance(200)
            records.append(func.run_cron_job(JOB))

    records = []
    func.on_event = meet
    func.call(RUN, account_name="blog")
    assert records[0].status == "success"
    assert "2 ok, 1 under way elsewhere, 0 failed" in records[0].log
    assert sent_again(datakit) == []


def test_parameters_choose_one_of_several_accounts(func, aws, datakit, three) -> None:
    assert func.call(RUN, account_name="blog").return_value["distributions"] == 1
    assert names_in(datakit) == {"blog"}
    record = func.call(RUN, account_name="blogs")
    assert "No account of the startup script has the name 'blogs': did you mean 'blog'?" in record.exception
    assert func.call(PREVIEW, account_name="api").status == "success"
    assert "3 accounts" in func.call(CHECK).log


def test_a_reset_is_for_one_of_several_accounts(func, aws, three) -> None:
    func.run_cron_job(JOB)
    record = func.call(RESET)
    assert "A reset is for one of several accounts: give its 'account_name'." in record.exception
    record = func.call(RESET, account_name="blog")
    assert record.status == "success" and 'Deleted the state of account "blog" (aws): ' in record.log
    kept = {key for _, key in func.store.rows if key.startswith("watermark/")}
    assert kept == {"watermark/aws/shop", "watermark/aws/api"}


def test_a_key_in_the_environment_is_that_of_all_accounts_without_one(func, aws, datakit, keys) -> None:
    func.set_env("GUANCE_AWS_CLOUDFRONT_AK_ID", key_of(0))
    func.set_env("GUANCE_AWS_CLOUDFRONT_AK_SECRET", AK_SECRET)
    func.set_env("GUANCE_AWS_CLOUDFRONT_ACCOUNT_NAME", "not of any")
    hub = {"extra_tags": {"account_name": "hub"}}
    let_accounts_be(func, [hub, entry("blog", key_of(1))])
    assert func.run_cron_job(JOB).status == "success"
    by_id = {point.tags["DistributionId"]: point.tags["account_name"] for point in datakit.points("metric")}
    assert by_id == {keys["shop"]: "hub", keys["blog"]: "blog"}


def test_a_list_without_accounts_is_refused(func) -> None:
    let_accounts_be(func, [])
    assert "The list of accounts is empty" in func.run_cron_job(JOB).exception
    let_accounts_be(func, [7, {}])
    record = func.run_cron_job(JOB)
    assert "Account 1 of 2: The account is of type int" in record.exception
    assert "Account 2 of 2: Account key 'ak_id' is missing" in record.exception


def test_fifty_accounts_fan_out_into_tasks_of_their_own(func, aws, datakit, clock) -> None:
    names = [f"account {number:02}" for number in range(50)]
    keys = {}
    for number, name in enumerate(names):
        keys[name] = aws.add_distribution(aws.add_account(key_of(number), AK_SECRET), traffic=BUSY)
    let_accounts_be(func, [entry(name, key_of(number)) for number, name in enumerate(names)])
    record = func.call(FAN_OUT)
    assert (record.status, record.return_value) == ("success", {"started": names})
    aws.deny(key_of(7), "cloudwatch:GetMetricData")
    tasks = func.drain()
    assert [task.kwargs for task in tasks] == [{"account_name": name} for name in names]
    # Func stores a task's arguments in plain text.
    assert AK_SECRET not in repr([task.kwargs for task in tasks]) and key_of(0) not in repr(tasks[0].kwargs)
    assert [task.func_id for task in tasks if task.status != "success"] == [RUN]
    assert tasks[7].status == "failure" and 'Account "account 07"' in tasks[7].exception
    others = [key for name, key in keys.items() if name != names[7]]
    assert seen(datakit) == whole(aws, others, NOW - HOUR, NOW)
    watermarks = {
        key: json.loads(value)["at"] for (_, key), (value, _) in func.store.rows.items() if "watermark" in key
    }
    assert len(watermarks) == 50
    assert {at for key, at in watermarks.items() if not key.endswith("account 07")} == {NOW - SETTLED}
    assert watermarks["watermark/aws/account 07"] == NOW - HOUR - SETTLED


def test_accounts_that_cannot_be_started_are_named_and_the_others_are(func, aws, datakit, keys) -> None:
    accounts = [entry(name, key_of(number)) for number, name in enumerate(NAMES)]
    accounts += [entry("api", key_of(2)), {"ak_id": "x"}]
    let_accounts_be(func, accounts)
    record = func.call(FAN_OUT)
    assert record.status == "failure"
    assert "3 of 5 accounts not started." in record.exception
    assert "Account 3 of 5: 2 accounts" in record.exception
    assert "Account 5 of 5: The account name is missing" in record.exception
    func.drain()
    assert names_in(datakit) == {"shop", "blog"}


def test_a_single_account_fans_out_too(func, aws, datakit) -> None:
    aws.add_distribution(aws.account, traffic=BUSY)
    assert func.call(FAN_OUT).return_value == {"started": ["prod"]}
    func.drain()
    assert names_in(datakit) == {"prod"}
