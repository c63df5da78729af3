"""The examples in the documents, seen in real runs of the demo: an object, the log of a run, the table of a check."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack, redirect_stdout
from io import StringIO
from typing import Any, Dict, Mapping

# A longer field of an object is left out.
LONGEST = 100
# A longer line of a log is cut.
LONGEST_LINE = 160
# What differs from one machine or run to another, and what stands for it.
VARYING = (
    (re.compile(r"Done in [\d.]+ s"), "Done in … s"),
    (re.compile(r"Python 3[\d.]+"), "Python 3.…"),
)


def seen_examples() -> Dict[str, str]:
    """The text of each example by the name of its place. The package is built, installed, deployed and run for them."""
    # The demo's tools are there for the newest Python only.
    from devtools.demo import run as demo

    with ExitStack() as stack, redirect_stdout(StringIO()):
        stage = demo.set_up(stack, ":memory:")
        stage.func.run_cron_job(stage.job_id)
        point = stage.datakit.points("custom_object")[0]._asdict()
        # As a new user has it: the default metrics, and the minimum policy with some of the optional actions.
        stage = demo.set_up(stack, ":memory:")
        script = next(name for name in stage.func.scripts if name.startswith("startup__"))
        for default, edited in demo.CONFIGS:
            stage.func.scripts[script] = stage.func.scripts[script].replace(edited, default, 1)
        stage.func.publish(script)
        stage.aws.deny(demo.KEY[0], "tag:GetResources")
        log = stage.func.run_cron_job(stage.job_id).log
        check = stage.func.call(f"{script}.check").log
    shown = json.dumps(shortened(point), ensure_ascii=False, indent=2)
    return {"object": f"```json\n{shown}\n```\n", "log": as_block(log), "check": as_block(check)}


def as_block(log: str) -> str:
    """A task's log as a block of text, without what differs from run to run, and long lines cut."""
    for pattern, instead in VARYING:
        log = pattern.sub(instead, log)
    lines = [line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]} …" for line in log.strip().splitlines()]
    return "\n".join(["```text", *lines, "```", ""])


def shortened(point: Mapping[str, Any]) -> Dict[str, Any]:
    """A point without its time, its long structures left out."""
    fields = {
        key: "{…}" if isinstance(value, str) and len(value) > LONGEST else value
        for key, value in point["fields"].items()
    }
    return {"measurement": point["measurement"], "tags": point["tags"], "fields": fields}
