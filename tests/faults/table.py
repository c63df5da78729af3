"""The fault table of tests/README.md, out of the scenarios: `python -m tests.faults.table` writes it there."""

from pathlib import Path

from tests.faults.at_aws import AT_AWS
from tests.faults.at_func import AT_FUNC
from tests.faults.at_late import AT_LATE
from tests.faults.at_sink import AT_SINK

README = Path(__file__).resolve().parents[1] / "README.md"
SCENARIOS = (*AT_AWS, *AT_LATE, *AT_SINK, *AT_FUNC)
BEGIN, END = "<!-- faults, by python -m tests.faults.table -->\n", "<!-- end -->\n"
HEAD = (
    "| where | fault | what the user reads, word for word | what is lost | what is sent twice |\n"
    "|---|---|---|---|---|\n"
)


def with_table(text: str) -> str:
    """The README's text with the table as it should be."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + HEAD + "".join(f"{scenario.row()}\n" for scenario in SCENARIOS) + END + after


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
