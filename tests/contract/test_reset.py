"""Forgetting the state of an account."""

from devtools.aws.embedded import Traffic
from devtools.demo.judge import seen, truth
from tests.conftest import NOW
from tests.contract.conftest import JOB, RESET, RUN, SET

HOUR, SETTLED = 3600, 180


def test_reset_forgets_the_account_and_says_what(func, aws, datakit, clock) -> None:
    key = aws.add_distribution(aws.account, traffic=Traffic(requests=900.0))
    func.run_cron_job(JOB)
    func.call(RUN, account_name="another")
    others = {row for row in [*func.store.rows, *func.cache.rows] if "another" in row[1]}
    record = func.call(RESET)
    assert record.status == "success"
    assert record.return_value["forgotten"] == [
        *("what was sent in the last minutes", "which distributions there were", "what is known of distributions"),
        *("the time of the last objects", "the watermark"),
    ]
    assert record.log.startswith(
        'Deleted the state of account "prod" (aws): what was sent in the last minutes, which distributions there were, '
        "what is known of distributions, the time of the last objects, the watermark. It was reported up to "
        "2026-03-01 09:57 UTC."
    )
    clock.advance(60)
    left = {
        row
        for row, (_, until) in [*func.store.rows.items(), *func.cache.rows.items()]
        if until is None or until > clock.time()
    }
    assert left == {row for row in others if "run/" not in row[1]}
    # And the next run begins as the first.
    record = func.run_cron_job(JOB)
    assert "First run: collecting from 2026-03-01 08:58 UTC on." in record.log
    assert seen(datakit) == truth(aws, [key], NOW - SETTLED - HOUR, NOW + 60 - SETTLED)


def test_reset_of_an_unknown_account_says_that_nothing_is_kept(func, aws) -> None:
    record = func.call(RESET)
    assert (record.status, record.return_value["forgotten"]) == ("success", [])
    assert record.log == 'Nothing is kept of account "prod" (aws).'
    assert aws.calls == []


def test_reset_leaves_a_run_that_is_under_way_alone(func, aws, datakit) -> None:
    aws.add_distribution(aws.account, traffic=Traffic(requests=900.0))
    inner = []

    def strike(name):
        if name == "write metric" and not inner:
            inner.append(None)
            inner.append(func.call(RESET))

    func.on_event = strike
    assert func.run_cron_job(JOB).status == "success"
    assert (inner[1].status, inner[1].exception_type) == ("skip", "RunSkipped")
    assert "a run has been under way since 2026-03-01T10:00:00Z" in inner[1].exception
    assert (SET, "watermark/aws/prod") in func.store.rows


def test_reset_tells_of_a_store_that_is_gone_and_goes_on_from_the_watermark(func, aws) -> None:
    func.run_cron_job(JOB)

    def strike(name):
        if name == "STORE.delete":
            raise OSError("MySQL has gone away")

    func.on_event = strike
    record = func.call(RESET)
    assert record.status == "failure"
    assert "Func's STORE or CACHE could not be emptied (MySQL has gone away)" in record.exception
    assert (SET, "watermark/aws/prod") in func.store.rows
