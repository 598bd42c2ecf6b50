"""The record of a rollout: one line a decision, for whoever asks later why it went as it did."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORDS, RECORD_FILE = Path("out") / "apply", "rollout.jsonl"


@dataclass(frozen=True)
class Record:
    """The lines that runs of `apply` have written, in the file at that path. commit: of the manifest of this run."""

    path: Path
    commit: str

    def add(self, line: dict[str, Any]) -> None:
        """Write the line behind the others. One that a killed run left cut off stays alone. OSError when it cannot."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            file.seek(max(file.seek(0, 2) - 1, 0))
            cut_off = file.read() not in {b"", b"\n"}
            file.write(b"\n" * cut_off + json.dumps(line, allow_nan=False).encode() + b"\n")
