"""Whatever goes wrong: a sentence with account, step and remedy, the run failed, nothing lost, no secret anywhere."""

import re

import pytest

from devtools.aws.embedded import IDLE, Fault, Traffic
from devtools.demo.judge import seen, truth
from tests.conftest import AK_ID, AK_SECRET, NOW
from tests.contract.conftest import JOB, RUN, SET, configure, sent_again, use_key
from tests.unit.settings.test_config import BAD_ACCOUNTS, BAD_CONFIGS

HOUR, MINUTE, SETTLED = 3600, 60, 180
BUSY = Traffic(requests=900.0)


@pytest.fixture
def no_pauses(monkeypatch):
    """Retries of botocore wait in real time: not here."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def failed(record):
    """The sentence of a run that failed; it names the account, and nothing that came out holds a secret."""
    assert (record.status, record.exception_type) == ("failure", "CollectError")
    assert record.exception.startswith('Account "prod": ')
    assert AK_SECRET not in repr(record)
    return record.exception


def test_a_wrong_key_is_told(func, aws, datakit) -> None:
    use_key(func, ak_id="AKIAUNKNOWN000000001")
    record = func.call(RUN)
    assert "Listing the distributions failed: AWS does not know the access key (InvalidClientTokenId" in failed(record)
    assert "is it a key of the partition aws, which was asked?" in record.exception
    assert record.exception.endswith("The access key ends in …0001.")
    assert "AKIAUNKNOWN" not in record.exception + record.log
    assert datakit.posts == []


def test_a_wrong_secret_is_told_without_it(func, aws) -> None:
    use_key(func, ak_secret="wrong/secret/wrong/secret/wrong/secret/0")
    record = func.call(RUN)
    assert "AWS refused the signature (SignatureDoesNotMatch). Check that 'ak_secret'" in failed(record)
    assert record.exception.endswith(f"The access key ends in …{AK_ID[-4:]}.")
    assert "wrong/secret" not in record.exception + record.log + record.traceback


@pytest.mark.parametrize(
    ("ahead", "sentence"),
    [
        (0.0, "The clock of the Func host is not the reason: it is in sync with AWS."),
        (
            450.0,
            "The clock of the Func host is 7 min behind AWS's. Correct it: AWS accepts 5 minutes at most.",
        ),
        (-3700.0, "The clock of the Func host is 1 h 1 min ahead of AWS's. Correct it"),
    ],
)
def test_a_refused_signature_tells_how_the_clocks_stand(func, aws, ahead, sentence) -> None:
    aws.clock_ahead = ahead
    aws.faults.add(Fault(code="SignatureDoesNotMatch", status=403))
    assert sentence in failed(func.run_cron_job(JOB))


@pytest.mark.parametrize("code", ["ServiceUnavailable", "Throttling", "AccessDenied"])
def test_the_access_key_is_named_only_where_it_is_the_reason(func, aws, code) -> None:
    aws.faults.add(Fault("ListDistributions", code=code, status=400))
    assert "ends in" not in failed(func.run_cron_job(JOB))


def test_a_denied_listing_names_the_action(func, aws) -> None:
    aws.add_distribution(aws.account)
    aws.deny(AK_ID, "cloudfront:ListDistributions")
    assert "Allow the IAM action cloudfront:ListDistributions on resource *" in failed(func.run_cron_job(JOB))


def test_denied_metrics_cost_the_objects_nothing_and_lose_nothing(func, aws, datakit, clock) -> None:
    key = aws.add_distribution(aws.account, traffic=BUSY)
    aws.deny(AK_ID, "cloudwatch:GetMetricData")
    sentence = failed(func.run_cron_job(JOB))
    assert "Allow the IAM action cloudwatch:GetMetricData on resource *" in sentence
    assert f"Concerns {key}" in sentence
    assert len(datakit.points("custom_object")) == 1
    aws._accounts._denied.clear()
    clock.advance(300)
    assert func.run_cron_job(JOB).status == "success"
    assert truth(aws, [key], NOW - HOUR - SETTLED, NOW + 300 - SETTLED).items() <= seen(datakit).items()


def test_a_missing_connector_is_told_before_aws_is_called(func, aws) -> None:
    func._connectors.clear()
    assert 'The connector "datakit" does not exist in Func: create it' in failed(func.run_cron_job(JOB))
    assert aws.calls == []


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize(
    ("status", "advice"), [(403, "Check the connector's token"), (500, "Check the log of DataKit")]
)
def test_a_refused_write_is_told_in_both_manners_of_func_and_is_made_up_for(
    func, aws, datakit, clock, old, status, advice
) -> None:
    key = aws.add_distribution(aws.account, traffic=BUSY)
    func.old_helpers = old
    datakit.refuse(status)
    sentence = failed(func.run_cron_job(JOB))
    assert 'to the connector "datakit" failed' in sentence
    assert advice in sentence
    datakit.clear_faults()
    clock.advance(300)
    assert func.run_cron_job(JOB).status == "success"
    assert truth(aws, [key], NOW - HOUR - SETTLED, NOW + 300 - SETTLED).items() <= seen(datakit).items()
    assert datakit.doubles() == []


def test_one_bad_point_is_named_and_costs_the_others_nothing(func, aws, datakit, clock) -> None:
    good, bad = (aws.add_distribution(aws.account, traffic=BUSY) for _ in range(2))
    minute = NOW - 10 * MINUTE
    datakit.refuse_points(lambda point: point.tags["name"] == bad and point.time == minute)
    sentence = failed(func.run_cron_job(JOB))
    assert f"The connector refused 1 point of {bad} at 2026-03-01 09:50 UTC" in sentence
    assert "datakit.invalidLinePoint" in sentence
    expected = truth(aws, [good, bad], NOW - HOUR - SETTLED, NOW - SETTLED)
    del expected[bad, minute]
    assert seen(datakit) == expected
    # And the next run goes on, whether or not the point is taken by then.
    datakit.clear_faults()
    clock.advance(300)
    assert func.run_cron_job(JOB).status == "success"
    assert (bad, minute) in seen(datakit)
    assert datakit.doubles() == []


def test_one_bad_object_is_named_and_costs_the_others_nothing(func, aws, datakit) -> None:
    ids = [aws.add_distribution(aws.account, traffic=BUSY) for _ in range(3)]
    datakit.refuse_points(lambda point: point.category == "custom_object" and point.tags["name"] == ids[1])
    assert f"The connector refused the object of {ids[1]}" in failed(func.run_cron_job(JOB))
    assert [point.tags["name"] for point in datakit.points("custom_object")] == [ids[0], ids[2]]
    assert len(seen(datakit)) == 180


@pytest.mark.parametrize("status", [400, 403, 500])
def test_objects_that_the_sink_refused_are_reported_by_the_next_run_though_they_would_not_be_due(
    func, aws, datakit, clock, status
) -> None:
    key = aws.add_distribution(aws.account, traffic=BUSY)
    datakit.refuse(status, category="custom_object")
    assert "Objects: " in failed(func.run_cron_job(JOB))
    assert datakit.points("custom_object") == []
    # The metrics are taken all the same.
    assert len(seen(datakit)) == 60
    datakit.clear_faults()
    clock.advance(300)
    record = func.run_cron_job(JOB)
    assert (record.status, record.return_value["objects"]) == ("success", 1)
    assert [point.tags["name"] for point in datakit.points("custom_object")] == [key]
    clock.advance(300)
    assert func.run_cron_job(JOB).return_value["objects"] == 0


def test_a_sink_that_is_gone_ends_the_run_before_cloudwatch_is_asked(func, aws, datakit) -> None:
    aws.add_distribution(aws.account, traffic=BUSY)
    datakit.go_down()
    assert "Connection refused" in failed(func.run_cron_job(JOB))
    assert aws.call_counts() == {"ListDistributions": 1}


@pytest.mark.parametrize(("early", "reported"), [(60, 1), (61, 0)])
def test_a_crontab_that_fires_a_minute_early_does_not_put_the_objects_off_by_a_run(
    func, aws, clock, early, reported
) -> None:
    aws.add_distribution(aws.account, traffic=IDLE)
    configure(func, object_interval=900)
    assert func.run_cron_job(JOB).return_value["objects"] == 1
    clock.advance(900 - early)
    record = func.run_cron_job(JOB)
    assert record.return_value["objects"] == reported
    assert ("Objects: not due before 2026-03-01 10:15 UTC." in record.log) is not bool(reported)


@pytest.mark.parametrize("status", ["PartialData", "InternalError", "Forbidden"])
def test_anything_but_complete_is_a_failure_and_is_asked_again(func, aws, datakit, clock, status) -> None:
    broken, whole = (aws.add_distribution(aws.account, traffic=BUSY) for _ in range(2))
    aws.break_series(broken, "5xxErrorRate", status, message="come back later", times=1)
    sentence = failed(func.run_cron_job(JOB))
    assert f"CloudWatch did not answer 1 metric completely ({status}; {status}: come back later)" in sentence
    assert f"Concerns {broken}; the next run asks again" in sentence
    assert len([key for key in seen(datakit) if key[0] == whole]) == 60
    clock.advance(300)
    assert func.run_cron_job(JOB).status == "success"
    expected = truth(aws, [broken, whole], NOW - HOUR - SETTLED, NOW + 300 - SETTLED)
    assert expected.items() <= seen(datakit).items()
    assert sent_again(datakit) == []


def test_a_series_that_fails_for_once_costs_no_minute_a_second_sending(func, aws, datakit, clock) -> None:
    key = aws.add_distribution(aws.account, traffic=BUSY)
    assert func.run_cron_job(JOB).status == "success"
    clock.advance(300)
    aws.break_series(key, "5xxErrorRate", "InternalError", times=1)
    failed(func.run_cron_job(JOB))
    clock.advance(300)
    assert func.run_cron_job(JOB).status == "success"
    assert sent_again(datakit) == []
    assert seen(datakit) == truth(aws, [key], NOW - HOUR - SETTLED, NOW + 600 - SETTLED)


def test_a_series_that_fails_for_good_is_given_up_and_holds_nothing_else(func, aws, datakit, clock) -> None:
    configure(func, max_catch_up=4 * HOUR)
    broken, whole = (aws.add_distribution(aws.account, traffic=Traffic(requests=90.0)) for _ in range(2))
    aws.break_series(broken, "5xxErrorRate", "InternalError")
    given_up = []
    for _ in range(8):
        record = func.run_cron_job(JOB)
        failed(record)
        given_up += [line for line in record.log.splitlines() if f"of {broken}, which CloudWatch has not answ" in line]
        clock.advance(HOUR)
    assert given_up
    assert sent_again(datakit) == []
    # Only the broken one is asked for again.
    assert int(re.search(r"Cost: (\d+) metrics", record.log)[1]) <= 6 * 2 + 6 * 3
    expected = truth(aws, [whole], NOW - HOUR - SETTLED, NOW + 7 * HOUR - SETTLED)
    assert expected.items() <= seen(datakit).items()


def test_a_remark_with_a_complete_answer_is_a_warning(func, aws) -> None:
    key = aws.add_distribution(aws.account, traffic=BUSY)
    aws.break_series(key, "Requests", "Complete", message="mind the gap")
    record = func.run_cron_job(JOB)
    assert record.status == "success"
    assert record.return_value["warnings"] == ["CloudWatch remarked: Complete: mind the gap"]


def test_one_failed_batch_costs_the_others_nothing_and_holds_the_watermark(
    func, aws, datakit, clock, no_pauses
) -> None:
    ids = [aws.add_distribution(aws.account, traffic=Traffic(requests=9.0, interval=15)) for _ in range(170)]
    aws.faults.add(Fault("GetMetricData", code="ValidationError", message="no such luck", nth={1}))
    assert "Reading the metrics failed: AWS refused the call (ValidationError: no such luck)" in failed(
        func.run_cron_job(JOB)
    )
    expected = truth(aws, ids, NOW - HOUR - SETTLED, NOW - SETTLED)
    assert 0 < len(seen(datakit)) < len(expected)
    clock.advance(300)
    assert func.run_cron_job(JOB).status == "success"
    expected = truth(aws, ids, NOW - HOUR - SETTLED, NOW + 300 - SETTLED)
    assert expected.items() <= seen(datakit).items()


@pytest.mark.parametrize("code", ["Throttling", "ThrottlingException"])
def test_throttling_that_passes_costs_nothing(func, aws, datakit, no_pauses, code) -> None:
    key = aws.add_distribution(aws.account, traffic=BUSY)
    aws.faults.add(Fault("*", code=code, message="Rate exceeded", nth={1, 3}))
    assert func.run_cron_job(JOB).status == "success"
    assert seen(datakit) == truth(aws, [key], NOW - HOUR - SETTLED, NOW - SETTLED)


def test_a_throttled_listing_is_never_taken_for_none(func, aws, datakit, no_pauses) -> None:
    aws.add_distribution(aws.account)
    aws.faults.add(Fault("ListDistributions", code="Throttling", message="Rate exceeded"))
    assert "Listing the distributions failed: AWS throttles the account's calls, also after retries" in failed(
        func.run_cron_job(JOB)
    )


def test_a_cut_connection_is_retried(func, aws, datakit, no_pauses) -> None:
    aws.add_distribution(aws.account, traffic=BUSY)
    aws.faults.add(Fault("*", nth={1, 3}, cut_connection=True))
    assert func.run_cron_job(JOB).status == "success"


def test_an_aws_out_of_reach_is_told(func, aws, monkeypatch, no_pauses) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert "AWS could not be reached (EndpointConnectionError" in failed(func.run_cron_job(JOB))


def broken_store(event):
    if event.startswith("STORE"):
        raise OSError("MySQL has gone away")


def test_a_store_that_is_gone_is_told(func, aws) -> None:
    func.on_event = broken_store
    assert "Func's STORE could not be read (MySQL has gone away)" in failed(func.run_cron_job(JOB))


# What a sink refuses


def test_a_lone_point_that_is_refused_holds_the_watermark(func, aws, datakit, clock) -> None:
    """Nothing tells whether the point or the sink is at fault: so nothing is given up."""
    key = aws.add_distribution(aws.account, traffic=Traffic(requests=3.0, interval=40))
    datakit.refuse(400, category="metric")
    for _ in range(8):
        failed(func.run_cron_job(JOB))
        clock.advance(300)
    datakit.clear_faults()
    assert func.run_cron_job(JOB).status == "success"
    expected = truth(aws, [key], NOW - HOUR - SETTLED, NOW + 2400 - SETTLED)
    assert len(expected) > 1
    assert expected.items() <= seen(datakit).items()


def test_a_distribution_of_which_nothing_is_taken_does_not_block_the_others(func, aws, datakit, clock) -> None:
    good, bad = (aws.add_distribution(aws.account, traffic=BUSY) for _ in range(2))
    assert func.run_cron_job(JOB).status == "success"
    clock.advance(HOUR)
    datakit.refuse_points(lambda point: point.tags["name"] == bad and point.category == "metric")
    sentence = failed(func.run_cron_job(JOB))
    assert f"The connector refused 60 points of {bad} from 2026-03-01 09:57 to 2026-03-01 10:56 UTC" in sentence
    assert len(sentence) < 1000
    expected = truth(aws, [good], NOW - HOUR - SETTLED, NOW + HOUR - SETTLED)
    assert expected.items() <= seen(datakit).items()


def test_a_sink_that_refuses_everything_from_some_moment_on_loses_nothing(func, aws, datakit, clock) -> None:
    ids = [aws.add_distribution(aws.account, traffic=BUSY) for _ in range(3)]
    posts = []

    def turn(name):
        posts.append(name)
        if name == "write metric" and posts.count(name) == 2:
            datakit.refuse(400)

    func.on_event = turn
    failed(func.run_cron_job(JOB))
    func.on_event = lambda name: None
    datakit.clear_faults()
    clock.advance(300)
    assert func.run_cron_job(JOB).status == "success"
    assert truth(aws, ids, NOW - HOUR - SETTLED, NOW + 300 - SETTLED).items() <= seen(datakit).items()
    assert sent_again(datakit) == []


def test_what_was_written_beside_a_bad_point_is_not_written_again_after_a_failure(func, aws, datakit, clock) -> None:
    keys = [aws.add_distribution(aws.account, traffic=BUSY) for _ in range(2)]
    datakit.refuse_points(lambda point: point.tags["name"] == keys[1])
    posts = []

    def fail_after_some(name):
        posts.append(name)
        if posts.count("write metric") == 60 and name == "write metric":
            datakit.refuse(503)

    func.on_event = fail_after_some
    failed(func.run_cron_job(JOB))
    func.on_event = lambda name: None
    datakit.clear_faults()
    clock.advance(300)
    assert func.run_cron_job(JOB).status == "success"
    assert datakit.doubles() == []


def test_a_slow_sink_ends_the_run_in_good_order(func, aws, datakit, clock) -> None:
    ids = [aws.add_distribution(aws.account, traffic=BUSY) for _ in range(50)]
    func.on_event = lambda name: clock.advance(9) if name == "write metric" else None
    sentence = failed(func.run_cron_job(JOB))
    assert "The time limit is over before all points were written; the next run goes on." in sentence
    func.on_event = lambda name: None
    clock.advance(60)
    assert func.run_cron_job(JOB).status == "success"
    assert datakit.doubles() == []
    assert truth(aws, ids, NOW - HOUR - SETTLED, NOW - SETTLED).items() <= seen(datakit).items()


# Runs at the same time, and a host that is set up oddly


def test_a_run_during_another_is_skipped_and_says_so(func, aws, datakit, clock) -> None:
    aws.add_distribution(aws.account, traffic=BUSY)
    inner = []

    def begin_another(name):
        if name == "write metric" and not inner:
            inner.append(None)
            inner.append(func.call(RUN))

    func.on_event = begin_another
    assert func.run_cron_job(JOB).status == "success"
    record = inner[1]
    assert (record.status, record.exception_type) == ("skip", "RunSkipped")
    assert "another run has been under way since 2026-03-01T10:00:00Z" in record.exception
    assert datakit.doubles() == []


def test_a_run_that_was_killed_keeps_the_account_no_longer_than_its_time(func, aws, datakit, clock) -> None:
    aws.add_distribution(aws.account, traffic=BUSY)

    def die(name):
        if name == "write metric":
            func.cache.set = func.cache.delete = lambda *_: None  # nothing is tidied up any more
            raise KeyboardInterrupt

    func.on_event = die
    with pytest.raises(KeyboardInterrupt):
        func.run_cron_job(JOB)
    del func.cache.set, func.cache.delete
    func.on_event = lambda name: None
    assert func.run_cron_job(JOB).status == "skip"
    clock.advance(300)
    assert func.run_cron_job(JOB).status == "success"


def test_the_profile_of_the_host_is_not_looked_at(func, aws, datakit, monkeypatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nope")
    assert func.run_cron_job(JOB).status == "success"


def test_an_environment_that_botocore_refuses_is_told(func, aws, monkeypatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "no address")
    sentence = failed(func.run_cron_job(JOB))
    assert "the calls to AWS failed: botocore refused to (ValueError: Invalid endpoint: no address)" in sentence
    assert "environment variables of the Func host whose names begin with AWS_ENDPOINT_URL" in sentence


# The door


EDITS = [
    ('# "period": 60,', '"period": 90,', "Configuration key 'period' is 90: allowed is"),
    ('# "period": 60,', '"periode": 60,', "unknown key 'periode': did you mean 'period'?"),
    (
        '# "partition": "aws-cn",',
        '"partition": "aws-us-gov",',
        "Account key 'partition' is 'aws-us-gov': allowed is aws",
    ),
    ('# "partition": "aws-cn",', '"regions": ["cn-north-1", "us-east-1"],', "is a region of the partition aws, not of"),
    (
        "# Tags on every object and point; the account name is one of them.",
        '"cloud_provider": "x",',
        "the tag 'cloud_provider' is set by the collector",
    ),
]


@pytest.mark.parametrize(("old", "new", "sentence"), EDITS)
def test_a_mistake_in_the_startup_script_is_told_before_any_call(func, aws, datakit, old, new, sentence) -> None:
    script = f"startup__{SET}"
    assert old in func.scripts[script]
    func.scripts[script] = func.scripts[script].replace(old, new)
    func.publish(script)
    record = func.run_cron_job(JOB)
    assert (record.status, record.exception_type) == ("failure", "ConfigError")
    assert sentence in record.exception
    assert (aws.calls, datakit.posts, func.store.rows) == ([], [], {})


def test_no_secret_comes_out_of_any_run(func, aws, datakit, clock) -> None:
    """Logs, records, state and points of a good run and a bad one."""
    aws.add_distribution(aws.account, comment=f"{AK_ID[:4]}")
    func.run_cron_job(JOB)
    clock.advance(300)
    aws.faults.add(Fault("GetMetricData", code="Odd", message=f"key {AK_ID} secret {AK_SECRET}"))
    sentence = failed(func.run_cron_job(JOB))
    assert "Odd: key *** secret ***" in sentence
    everything = repr((func.records, func.store.rows, func.cache.rows, datakit.points(), datakit.posts))
    assert AK_SECRET not in everything
    assert AK_ID not in everything


def test_text_from_aws_cannot_forge_a_line_of_the_log(func, aws) -> None:
    aws.faults.add(Fault("*", code="Odd", message="x\nDistributions: 7 listed.\nAWS calls: none."))
    record = func.run_cron_job(JOB)
    assert [line for line in record.log.splitlines() if line.startswith("Distributions")] == []
    assert "\n" not in failed(record)


def test_every_bad_configuration_gets_its_sentence_in_func_before_anything_is_called(func, aws, datakit) -> None:
    given = [(raw, sentence) for raw, sentence in BAD_CONFIGS if isinstance(raw, dict)]
    script, code = f"startup__{SET}", func.scripts[f"startup__{SET}"]
    for raw, sentence in given:
        func.scripts[script] = code.replace("CONFIGS = {", f"CONFIGS = {{**{raw!r},")
        func.publish(script)
        record = func.run_cron_job(JOB)
        assert record.status == "failure"
        assert sentence in record.exception
    assert len(given) >= 25
    assert (aws.calls, datakit.posts, func.store.rows) == ([], [], {})


def test_every_bad_account_gets_its_sentence_in_func_before_anything_is_called(func, aws, datakit) -> None:
    script, code = f"startup__{SET}", func.scripts[f"startup__{SET}"]
    start, end = code.index("ACCOUNT = "), code.index("\n# How to collect")
    for raw, sentence in BAD_ACCOUNTS:
        if isinstance(raw, list):
            continue  # several accounts, see test_accounts
        func.scripts[script] = f"{code[:start]}ACCOUNT = {raw!r}\n{code[end:]}"
        func.publish(script)
        record = func.run_cron_job(JOB)
        assert record.status == "failure"
        assert sentence in record.exception
    assert len(BAD_ACCOUNTS) >= 40
    assert (aws.calls, datakit.posts, func.store.rows) == ([], [], {})
