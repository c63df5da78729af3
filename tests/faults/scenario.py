"""What a row of the fault table is: a fault, what the user reads of it, and what it does to a running collector."""

from types import MappingProxyType
from typing import Any, Callable, Mapping, NamedTuple

AWS, SINK, FUNC = "AWS", "sink", "Func"
# Kinds of odd answers, hosts and words, of which each scenario is one of many inputs.
NO_ANSWER = "an answer that is none"
ODD_RECORD = "one odd record"
OUT_OF_STEP = "numbers out of step"
HOST = "the host's AWS files and variables"
ENDLESS = "pages without an end"
ADVICE = "advice that can help"


def nothing(world: Any) -> None:
    """Nothing beyond what always happens."""


class Scenario(NamedTuple):
    """A fault that begins after two good runs, lasts `minutes` of simulated time, and is over.

    `begin` brings it about. While it lasts, one run at least has the `status` and says `reads` in its sentence or log,
    word for word; where the status is success, every run has it. After it, all runs succeed, and every minute stands in
    the sink. `again` tells which points arrive a second time with the same values, because nobody can know that they
    stand there; of all others none does. `kind` is what it is one of many inputs of, if so. A `large` one takes long.
    """

    where: str
    fault: str
    begin: Callable[[Any], None]
    status: str = "failure"
    reads: str = ""
    again: str = ""
    minutes: int = 15
    end: Callable[[Any], None] = nothing
    configs: Mapping[str, Any] = MappingProxyType({})
    role: bool = False
    kind: str = ""
    large: bool = False

    def row(self) -> str:
        """Its row of the table in tests/README.md."""
        said = f"{self.status}: “{self.reads}”" if self.reads else f"{self.status}; nothing of the fault"
        return f"| {self.where} | {self.fault} | {said} | nothing | {self.again or 'nothing'} |"
