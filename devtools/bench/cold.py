"""Whole processes for the benchmark, from start to end: a run of the collector, and what it is held against.

Libraries and the benchmark itself come with bytecode, as pip and Python leave it. The package's scripts do too, or they
are compiled from their text, as Func does when a worker meets them for the first time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Mapping, Sequence

from devtools.market.build import ROOT
from devtools.market.imports import PACKAGE

BARE = "bare"
BOTO3 = (
    "import boto3; [boto3.client(one, region_name='us-east-1', aws_access_key_id='A', aws_secret_access_key='s') "
    "for one in ('cloudfront', 'cloudwatch')]"
)
WORLD = (
    "from pathlib import Path; from devtools.bench.world import World; "
    "world, answers = World({number}, first_lookback=1200), Path({file!r}); "
)
# AWS's answers are made before anything is measured.
MAKE = WORLD + "world.run(); world.canned.save(answers)"
RUN = WORLD + "world.canned.load(answers); world.run()"


def cold(numbers: Sequence[int], rounds: int, environment: Mapping[str, str]) -> Dict[str, List[float]]:
    """The seconds of processor time of each process in each round, all taking turns.

    They are `bare` (boto3 with two clients), `bytecode <n>` and `text <n>`: a run of n distributions.
    """
    seconds: Dict[str, List[float]] = {}
    with tempfile.TemporaryDirectory() as kept, tempfile.TemporaryDirectory() as less:
        runs = {}
        for number in numbers:
            file = str(Path(kept) / f"answers of {number}")
            _processor_time(MAKE.format(number=number, file=file), environment)
            runs[str(number)] = RUN.format(number=number, file=file)
        with_bytecode = _with_bytecode(Path(kept), [BOTO3, *runs.values()], environment)
        with_text = _with_bytecode(Path(less), [BOTO3, *runs.values()], environment)
        for folder in Path(less).rglob(PACKAGE):
            shutil.rmtree(folder)
        processes = {
            BARE: (BOTO3, with_bytecode),
            **{f"bytecode {number}": (code, with_bytecode) for number, code in runs.items()},
            **{f"text {number}": (code, with_text) for number, code in runs.items()},
        }
        for _ in range(rounds):
            for name, (code, env) in processes.items():
                seconds.setdefault(name, []).append(_processor_time(code, env))
    return seconds


def _with_bytecode(folder: Path, codes: Sequence[str], environment: Mapping[str, str]) -> Dict[str, str]:
    """An environment in which all that these need is there as bytecode, and no more is written."""
    env = {**environment, "PYTHONPYCACHEPREFIX": str(folder)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    for code in codes:
        _processor_time(code, env)
    return {**env, "PYTHONDONTWRITEBYTECODE": "1"}


def _processor_time(code: str, env: Mapping[str, str]) -> float:
    child = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status) if sys.version_info >= (3, 9) else status
    if status:
        raise RuntimeError(f"a process of the benchmark ended with {status}")
    return used.ru_utime + used.ru_stime
