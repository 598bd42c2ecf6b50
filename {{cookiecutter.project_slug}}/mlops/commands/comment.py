"""Put what this run has found on its pull request: one comment, updated by later runs.

Reads out/summary/, where each command left its section and the time that it took.
"""

import argparse
import sys
from collections.abc import Sequence

from mlops.ci import SUMMARIES, open_ci
from mlops.commands.console import TIMES, YES, command
from mlops.data.artefacts import Artefact
from mlops.data.files import whole_lines
from mlops.settings.reading import read_text

MEND = "delete it, and run again what writes it"


class Took(Artefact):
    """A command, and how long it took."""

    command: str
    seconds: float


def times_table(text: str) -> str:
    """The commands in the order in which they ended, as a Markdown table."""
    rows = whole_lines(text, Took, TIMES)
    return "\n".join(
        ["| command | seconds |", "| --- | ---: |", *(f"| {row['command']} | {row['seconds']:.1f} |" for row in rows)]
    )


@command
def main(argv: Sequence[str] | None = None) -> int:
    argparse.ArgumentParser(prog="comment", description=__doc__).parse_args(argv)
    ci = open_ci()
    if TIMES.exists():
        ci.summary("times", times_table(read_text(TIMES, MEND)))
    sections = sorted(SUMMARIES.glob("*.md"), key=lambda path: path.stat().st_mtime_ns)
    if not sections:
        print(f"{SUMMARIES}: no command has left anything to say")
        return YES
    page = ci.comment("\n\n".join(read_text(path, MEND).strip() for path in sections))
    if page:
        print(f"commented: {page}")
    return YES


if __name__ == "__main__":
    sys.exit(main())
