"""The local Func keeps Func's rules: each test holds it against a fact that was measured on Func itself."""

import pytest
import yaml

from devtools.clock import SimulatedClock
from devtools.func.builtins import EntityNotFound
from devtools.func.runtime import FuncError, LocalFunc, MarketRow, TaskTimeout, filled_in, is_due
from tests.conftest import NOW


@pytest.fixture
def func():
    return LocalFunc(SimulatedClock(NOW))


def run(func, code, **others):
    """The record of calling `run()` in a script with that code; `others` are further scripts of its set."""
    func.scripts.update({f"s__{name}": text for name, text in others.items()})
    func.scripts["s__main"] = code
    return func.call("s__main.run")


def returned(func, expression, before="", **others):
    record = run(func, f"{before}\ndef run():\n    return {expression}", **others)
    assert record.status == "success", record.traceback
    return record.return_value


# Imports and language


def test_scripts_import_each_other_nested_too(func) -> None:
    assert (
        returned(func, "a.b.X + Y", "import s__a as a\nfrom s__a import Y", a="import s__b as b\nY = 1", b="X = 2") == 3
    )


@pytest.mark.parametrize("falsy", ["''", "0", "None", "False", "{}", "[]"])
def test_a_from_import_of_a_falsy_name_fails(func, falsy) -> None:
    record = run(func, "from s__a import X\ndef run(): ...", a=f"X = {falsy}")
    assert (record.status, record.exception_type) == ("failure", "Exception")
    assert record.exception == "CustomImport: Cannot import name `X`"
    assert returned(func, "a.X", "import s__a as a") in ("", 0, None, False, {}, [])


def test_a_from_import_with_another_name_binds_both(func) -> None:
    assert returned(func, "[X, Y]", "from s__a import X as Y", a="X = 1") == [1, 1]


@pytest.mark.parametrize(
    "code", ["from .a import X", "from s__a import *\nX", "import importlib\nimportlib.import_module('s__a').X"]
)
def test_other_forms_of_import_do_not_work_between_scripts(func, code) -> None:
    assert run(func, f"{code}\ndef run(): ...", a="X = 1").status == "failure"


def test_a_module_s_names_are_the_script_s_id_and_nothing_else(func) -> None:
    code = "[a.N, [name in a.ALL for name in ('__doc__', '__spec__', '__package__')]]"
    assert returned(func, code, "import s__a as a", a="N = [__name__, __file__]\nALL = dir()") == [
        ["s__a", "s__a"],
        [False, False, False],
    ]


def test_dataclasses_with_string_annotations_die_and_others_work(func) -> None:
    plain = "from dataclasses import dataclass\n@dataclass\nclass C:\n    x: {}"
    assert returned(func, "a.C(1).x", "import s__a as a", a=plain.format("int")) == 1
    future = "from __future__ import annotations\n"
    for broken in (plain.format("'int'"), future + plain.format("int")):
        record = run(func, "import s__a as a\ndef run(): ...", a=broken)
        assert "'NoneType' object has no attribute '__dict__'" in record.exception
    named = future + "from typing import NamedTuple\nclass C(NamedTuple):\n    x: int"
    assert returned(func, "a.C(1).x", "import s__a as a", a=named) == 1


def test_base_exception_has_no_name_here(func) -> None:
    assert run(func, "def run():\n    BaseException").exception_type == "NameError"


def test_module_state_is_fresh_in_every_task(func) -> None:
    func.scripts["s__a"] = "SEEN = []"
    for _ in range(2):
        assert returned(func, "[a.SEEN.append(1), len(a.SEEN)][1]", "import s__a as a") == 1


# Running


def test_only_print_reaches_the_log(func) -> None:
    code = "import sys, logging\ndef run():\n    print('a', 1, sep='-', end='!', file=sys.stderr)\n"
    assert run(func, code + "    sys.stdout.write('b')\n    logging.warning('c')").log == "a-1"


def test_the_log_is_limited_per_line_and_in_all(func) -> None:
    log = run(func, "def run():\n    print('x' * 5000)\n    for n in range(100):\n        print('y' * 999)").log
    assert len(log.splitlines()[0]) == 3000
    assert "<skipped " in log
    assert len(log) < 50_100


def test_an_exception_s_class_text_and_script_frames_are_what_remains(func) -> None:
    code = "import json\ndef run():\n    try:\n        json.loads('{')\n"
    code += "    except ValueError as e:\n        raise KeyError('k') from e"
    record = run(func, code)
    assert (record.status, record.exception_type, record.exception) == ("failure", "KeyError", "'k'")
    assert record.traceback.splitlines() == [
        "Traceback (most recent call last *in User Script*):",
        '  File "s__main", line 6, in run',
        "    raise KeyError('k') from e",
        "KeyError: 'k'",
    ]


@pytest.mark.parametrize(
    ("statement", "status"),
    [("return {'a': 1}", "success"), ("raise UserWarning('x')", "skip"), ("raise SystemExit(1)", "pending")],
)
def test_how_a_function_ends_is_its_status(func, statement, status) -> None:
    assert run(func, f"def run():\n    {statement}").status == status


def test_what_is_no_plain_json_cannot_be_returned(func) -> None:
    assert run(func, "def run():\n    return object()").status == "failure"


SLOW = """
import time
{decorator}
def run():
    try:
        try:
            time.sleep({seconds})
            print('awake')
        except {caught}:
            print('caught')
    finally:
        DFF.STORE.set('cleaned', True)
"""


def test_a_time_out_is_no_exception_and_finally_runs(func) -> None:
    func.scripts["s__main"] = SLOW.format(decorator="@DFF.API('r', timeout=100)", seconds=101, caught="Exception")
    func.publish("s__main")
    record = func.call("s__main.run")
    assert (record.status, record.exception_type) == ("timeout", "TaskTimeout")
    assert not issubclass(TaskTimeout, Exception)


def test_the_time_out_is_35_seconds_unless_said_otherwise(func) -> None:
    for seconds, status in ((34, "success"), (36, "timeout")):
        func.scripts["s__main"] = SLOW.format(decorator="@DFF.API('r')", seconds=seconds, caught="Exception")
        func.publish("s__main")
        assert func.call("s__main.run").status == status


def test_scripts_are_given_the_runtime_s_clock(func) -> None:
    code = "[time.time(), time.strftime('%Y', time.gmtime(time.time())), monotonic() > 0]"
    assert returned(func, code, "import time\nfrom time import monotonic") == [NOW, "2026", True]


# Built-ins


def test_store_keeps_types_but_tuples(func) -> None:
    run(func, "def run():\n    DFF.STORE.set('k', {'a': (1, 2.5, None, True)}, scope='x')")
    assert returned(func, "[DFF.STORE.get('k', scope='x'), DFF.STORE.get('k')]") == [{"a": [1, 2.5, None, True]}, None]


def test_the_scope_is_that_of_the_script_whose_dff_is_used(func) -> None:
    func.scripts["s__a"] = "def put():\n    DFF.STORE.set('k', 1)"
    assert returned(func, "[a.put(), DFF.STORE.get('k'), DFF.STORE.get('k', scope='s__a')]", "import s__a as a") == [
        None,
        None,
        1,
    ]


def test_a_key_has_at_most_256_characters(func) -> None:
    assert "too long" in run(func, "def run():\n    DFF.STORE.get('k' * 257)").exception


def test_cache_takes_scalars_gives_text_and_expires(func) -> None:
    code = "[DFF.CACHE.set('k', 1.5, expire=60), DFF.CACHE.get('k'), DFF.CACHE.get('none')]"
    assert returned(func, code) == [True, "1.5", None]
    func._clock.advance(61)
    assert returned(func, "DFF.CACHE.get('k')") is None


@pytest.mark.parametrize("call", ["set('k', None)", "set('k', [])", "set('k', True)", "set('k', 1, expire=1.5)"])
def test_cache_refuses_what_redis_refuses(func, call) -> None:
    assert run(func, f"def run():\n    DFF.CACHE.{call}").status == "failure"


def test_environment_variables_are_none_when_missing(func) -> None:
    func.set_env("GIVEN", "x")
    assert returned(func, "[DFF.ENV('GIVEN'), DFF.ENV('MISSING')]") == ["x", None]


def test_a_password_is_masked_in_printed_lines_and_nowhere_else(func) -> None:
    func.set_env("SECRET", "hush-hush", password=True)
    record = run(func, "def run():\n    s = DFF.ENV('SECRET')\n    print(s)\n    raise ValueError(s)")
    assert record.log == "*****"
    assert record.exception == "hush-hush"


def test_a_missing_connector_is_not_found(func) -> None:
    record = run(func, "def run():\n    DFF.CONN('datakit')")
    assert (record.exception_type, record.exception) == ("EntityNotFound", "Connector not found: `datakit`")


def test_what_func_has_no_name_for_is_none(func) -> None:
    assert returned(func, "DFF.NOTHING") is None


def chained(func, *names):
    """A script of functions, each of which starts the next as a task."""
    parts = [
        f"@DFF.API('{name}')\ndef {name}(n=0):\n    DFF.FUNC('s__main.{after}', {{'n': n + 1}})\n    return n"
        for name, after in zip(names, [*names[1:], names[0]])
    ]
    func.scripts["s__main"] = "\n".join(parts)
    func.publish("s__main")
    return [func.call(f"s__main.{names[0]}"), *func.drain()]


def test_func_starts_tasks_of_their_own_in_a_chain_of_at_most_five(func) -> None:
    records = chained(func, *"abcdef")
    assert [record.return_value for record in records] == [0, 1, 2, 3, None]
    assert records[-1].exception_type == "FuncCallChainTooLong"


def test_a_function_cannot_stand_twice_in_a_chain(func) -> None:
    assert chained(func, "a", "b")[-1].exception_type == "FuncCircularCall"


# Market and deploying

EXAMPLE = """
@DFF.API("helper")
def helper(): ...

@DFF.API("run", fixed_crontab="*/5 * * * *", timeout=290)
def run(ak_id=None, secret="plain"):
    return [KEY, NAME]

@DFF.API("late", fixed_crontab="0 * * * *")
def late(): ...

KEY = "<Key>"
NAME = "<Name>"
"""


def market_of(tmp_path, example=EXAMPLE, **script):
    folder = tmp_path / "script-sets" / "pkg"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "example.py").write_text(example)
    (folder / "lib.py").write_text("@DFF.API('x')\ndef in_library(): ...")
    example_script = {"id": "pkg__example", "type": "python", **script}
    scripts = [
        {name: value for name, value in example_script.items() if value is not None},
        {"id": "pkg__lib", "type": "python"},
    ]
    (tmp_path / "META.yaml").write_text(yaml.safe_dump({"scriptSets": [{"id": "pkg", "scripts": scripts}]}))
    return tmp_path


def test_deploying_fills_in_and_creates_the_cron_job_of_the_first_function_with_a_crontab(func, tmp_path) -> None:
    func.install(market_of(tmp_path))
    job = func.deploy("pkg", {"Key": 'a"b', "Name": "prod"})
    assert (job.id, job.func_id, job.timeout) == ("cron-starup-pkg", "startup__pkg.run", 290)
    assert func.run_cron_job(job.id).return_value == ['a"b', "prod"]
    assert func.run_cron_job(job.id).kwargs == {}


def test_only_functions_of_the_startup_script_are_registered_and_defaults_are_stored(func, tmp_path) -> None:
    func.install(market_of(tmp_path))
    func.deploy("pkg", {})
    assert list(func.functions) == ["startup__pkg.helper", "startup__pkg.run", "startup__pkg.late"]
    assert func.functions["startup__pkg.run"].signature == "run(ak_id=None, secret='plain')"


def test_what_is_deployed_in_one_func_is_taken_over_by_another_which_goes_its_own_way(func, tmp_path) -> None:
    func.install(market_of(tmp_path))
    func.deploy("pkg", {"Key": "mine"})
    other = LocalFunc(SimulatedClock(NOW))
    other.take_over(func)
    assert other.run_cron_job("cron-starup-pkg").return_value == ["mine", ""]
    assert func.records == []
    market = market_of(tmp_path)
    assert other.market_page(market) == func.market_page(market) != {"pkg": MarketRow()}
    other.install(market_of(tmp_path, EXAMPLE.replace("[KEY, NAME]", "'upgraded'")))
    assert "'upgraded'" in other.scripts["pkg__example"]
    assert "'upgraded'" not in func.scripts["pkg__example"]


def test_an_existing_startup_script_outlives_an_upgrade(func, tmp_path) -> None:
    func.install(market_of(tmp_path))
    func.deploy("pkg", {"Key": "mine"})
    func.install(market_of(tmp_path, EXAMPLE.replace("[KEY, NAME]", "'upgraded'")))
    func.deploy("pkg", {"Key": "other"})
    assert func.run_cron_job("cron-starup-pkg").return_value == ["mine", ""]
    assert "'upgraded'" in func.scripts["pkg__example"]


@pytest.mark.parametrize("script", [{"type": None}, {"id": "pkg__elsewhere"}])
def test_a_script_without_type_or_file_is_installed_empty_and_silently(func, tmp_path, script) -> None:
    func.install(market_of(tmp_path, **script))
    assert func.scripts[script.get("id", "pkg__example")] == ""


def test_a_startup_script_that_does_not_run_is_not_deployed(func, tmp_path) -> None:
    func.install(market_of(tmp_path, "import nowhere_at_all"))
    with pytest.raises(FuncError, match=r"HTTP 400: Startup Script deploying failed.*No module named 'nowhere_at_all'"):
        func.deploy("pkg", {})
    assert (func.functions, func.cron_jobs) == ({}, {})


NOT_TAKEN = [{"publishVersion": "0.1.0"}, {"publishVersion": 2**63}, {"title": "t" * 257}, {"id": "pkg__" + "x" * 60}]


@pytest.mark.parametrize("script", NOT_TAKEN)
def test_what_the_database_does_not_take_installs_nothing(func, tmp_path, script) -> None:
    with pytest.raises(FuncError, match='HTTP 500: script "pkg__'):
        func.install(market_of(tmp_path, **script))
    assert func.scripts == {}


def test_without_an_origin_md5_an_installed_set_is_edited_for_ever(func, tmp_path) -> None:
    market = market_of(tmp_path)
    func.install(market)
    assert func.market_page(market)["pkg"] == MarketRow(True, is_edited=True, has_update=False, can_install=False)


def test_a_set_from_another_market_is_not_compared(func, tmp_path) -> None:
    func.install(market_of(tmp_path / "one"))
    assert func.market_page(market_of(tmp_path / "other"))["pkg"] == MarketRow(is_installed=True)


def test_a_set_without_an_example_cannot_be_deployed(func) -> None:
    with pytest.raises(EntityNotFound):
        func.deploy("pkg", {})


FILLINGS = [
    ('X = "<K>"', {"K": "v"}, 'X = "v"'),
    ('# "<K>"\nX = "<K>"', {"K": "v"}, '# "v"\nX = "" # K'),  # the first occurrence, even in a comment
    ('X = "<K>"', {"K": 'a"b\\'}, 'X = "a\\"b\\"'),  # a backslash is not escaped
    ('X = "<K>"', {"K": "a$$b"}, 'X = "a$b"'),
    ('X = "<K>",', {}, 'X = "", # K'),
    ('X = "<K>", "<L>"', {"K": "v"}, 'X = "v", "" # L'),
    ('X = "<K>", "<L>"', {}, 'X = "" # K>", "<L'),  # two on a line break it
    ("X = '<K>'", {"K": "v"}, "X = '<K>'"),
]


@pytest.mark.parametrize(("code", "values", "filled"), FILLINGS)
def test_placeholders_are_filled_in_by_func_s_rules_traps_and_all(code, values, filled) -> None:
    assert filled_in(code, values) == filled


@pytest.mark.parametrize(("offset", "due"), [(0, True), (1.5, True), (59, True), (60, False), (300, True)])
def test_a_crontab_names_minutes(offset, due) -> None:
    assert is_due("*/5 * * * *", NOW + offset) is due


def test_time_passes_and_cron_jobs_fire(func, tmp_path) -> None:
    func.install(market_of(tmp_path))
    func.deploy("pkg", {})
    records = list(func.run_until(NOW + 1800))
    assert [record.started_at - NOW for record in records] == [1, 301, 601, 901, 1201, 1501]
    assert func._clock.time() == NOW + 1800


def test_a_second_cron_job_is_made_by_hand_and_has_its_function_s_crontab(func, tmp_path) -> None:
    func.install(market_of(tmp_path))
    first = func.deploy("pkg", {})
    late, helper = func.add_cron_job("startup__pkg.late"), func.add_cron_job("startup__pkg.helper", "*/10 * * * *")
    assert (late.expression, late.timeout) == (func.functions[late.func_id].cron, func.functions[late.func_id].timeout)
    assert helper.expression == "*/10 * * * *"
    origins = [record.origin for record in func.run_until(NOW + 900)]
    assert origins.count(helper.id) == 2
    assert origins.count(first.id) == 3
    with pytest.raises(FuncError, match="No such Func"):
        func.add_cron_job("startup__pkg.none")


def test_a_hundred_records_of_a_job_are_kept(func, tmp_path) -> None:
    func.install(market_of(tmp_path))
    func.deploy("pkg", {})
    for _ in range(102):
        func.run_cron_job("cron-starup-pkg")
    assert len(func.records) == 100


@pytest.mark.parametrize(
    "options", ["timeout=-1", "timeout=3601", "timeout='x'", "fixed_crontab='* * * * * *'", "color=1"]
)
def test_options_that_func_does_not_take_fail_the_deploying(func, tmp_path, options) -> None:
    func.install(market_of(tmp_path, f"@DFF.API('x', {options})\ndef run(): ..."))
    with pytest.raises(FuncError, match=r"timeout|Cron|unexpected"):
        func.deploy("pkg", {})
