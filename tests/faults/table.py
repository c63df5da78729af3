"""The tables of faults and kinds in tests/README.md, out of their data: `python -m tests.faults.table` writes them."""

from pathlib import Path

from tests.faults.at_aws import AT_AWS
from tests.faults.at_func import AT_FUNC
from tests.faults.at_late import AT_LATE
from tests.faults.at_sink import AT_SINK
from tests.faults.kinds import KINDS, Kind

README = Path(__file__).resolve().parents[1] / "README.md"
SCENARIOS = (*AT_AWS, *AT_LATE, *AT_SINK, *AT_FUNC)
BEGIN, END = "<!-- faults, by python -m tests.faults.table -->\n", "<!-- end -->\n"
HEAD = (
    "| where | fault | what the user reads, word for word | what is lost | what is sent twice |\n"
    "|---|---|---|---|---|\n"
)


BEGIN_KINDS = "<!-- kinds, by python -m tests.faults.table -->\n"
HEAD_KINDS = "| kind | what is tried | what the user reads | scenarios | and tests |\n|---|---|---|---|---|\n"


def with_tables(text: str) -> str:
    """The README's text with the tables as they should be."""
    faults = HEAD + "".join(f"{scenario.row()}\n" for scenario in SCENARIOS)
    kinds = HEAD_KINDS + "".join(f"{kind_row(kind)}\n" for kind in KINDS)
    return _filled(_filled(text, BEGIN, faults), BEGIN_KINDS, kinds)


def kind_row(kind: Kind) -> str:
    """The row of a kind."""
    said = f"“{kind.reads}”" if kind.reads else "nothing, for nothing fails"
    number = len([scenario for scenario in SCENARIOS if scenario.kind == kind.kind])
    tests = ", ".join(f"`{path}`" for path in kind.tests)
    return f"| {kind.kind} | {kind.tried} | {said} | {number or 'none'} | {tests} |"


def _filled(text: str, begin: str, table: str) -> str:
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(END)
    return before + begin + table + END + after


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
