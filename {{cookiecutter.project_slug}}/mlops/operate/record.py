"""The record of a rollout: one line a decision, for whoever asks later why it went as it did."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops.data.files import whole_lines
from mlops.decide.recorded import Decision, begins

RECORDS, RECORD_FILE = Path("out") / "apply", "rollout.jsonl"
KEPT = 10  # rollouts, each in a file of its own


@dataclass(frozen=True)
class Record:
    """What runs of `apply` have decided in the present rollout, in the file at that path; those before are beside it.

    commit: of the manifest of this run.
    """

    path: Path
    commit: str

    def add(self, line: dict[str, Any]) -> None:
        """Write the line behind the others. One that a killed run left cut off stays alone. OSError when it cannot."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if begins(line) and self.path.exists() and any(map(begins, self.lines())):
            self.turn_over()
        with self.path.open("a+b") as file:
            file.seek(max(file.seek(0, 2) - 1, 0))
            cut_off = file.read() not in {b"", b"\n"}
            file.write(b"\n" * cut_off + json.dumps(line, allow_nan=False).encode() + b"\n")

    def lines(self) -> list[dict[str, Any]]:
        """What is in the file, but for lines that were cut off or damaged."""
        return whole_lines(self.path.read_text(encoding="utf-8", errors="replace"), Decision, self.path)

    def turn_over(self) -> None:
        """Begin a new file: rollout.jsonl becomes rollout.1.jsonl, that one the 2nd, and so on; the oldest goes."""
        files = [self.path, *(self.path.with_suffix(f".{number}.jsonl") for number in range(1, KEPT))]
        for older, newer in zip(files[:0:-1], files[-2::-1], strict=True):
            if newer.exists():
                newer.replace(older)
