"""A worker as whoever gives it files sees it. It ends with this process, even when that is killed."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from mlops.platform.local.processes import GRACE, cause_of_death, variables
from mlops.settings.reading import parse_json

PROCESS = Path(__file__).with_name("batch_process.py")


@dataclass(frozen=True)
class Workplace:
    """What workers are started with. scripts: the folder of the scoring scripts; environment: what they read."""

    scripts: Path
    environment: Mapping[str, str]
    logs: Path

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-I", "-u", str(PROCESS), str(self.scripts)]


class EndedError(Exception):
    """The worker has ended by itself, in one line."""


class Worker:
    """One process. EndedError from any call when it ends."""

    def __init__(self, place: Workplace, number: int) -> None:
        self.log = place.logs / f"worker-{number}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                place.command,
                cwd=place.scripts,
                env=variables(place.environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="utf-8",
                start_new_session=True,  # an interrupt on the terminal is for whoever gives the files
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def wait_until_ready(self) -> None:
        self.heard()

    def ask(self, files: Sequence[Path], tell: Callable[[str, int], None]) -> dict[str, Any]:
        """What became of the files: `done`, or `failed` and perhaps `errno`. tell: rows of a file scored just now."""
        assert self.process.stdin
        with suppress(OSError):  # it has ended: its answer will say so
            self.process.stdin.write(json.dumps([str(path.resolve()) for path in files]) + "\n")
            self.process.stdin.flush()
        while "rows" in (said := self.heard()):
            tell(said["file"], said["rows"])
        return said

    def heard(self) -> dict[str, Any]:
        """The next that it says."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line.endswith("\n"):
            code = self.process.wait()
            cause = f"signal {-code}" if code < 0 else cause_of_death(self.log)
            raise EndedError(f"its worker ended: {cause}")
        return parse_json(line, self.log)

    def end(self) -> None:
        """End the process, whatever is under way; returns when it is gone."""
        with suppress(OSError):
            assert self.process.stdin
            self.process.stdin.close()
        try:
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()
