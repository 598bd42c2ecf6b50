"""Runs of `apply` in processes of their own that cost no imports: each is forked from one that has them."""

import itertools
import json
import os
import select
import signal
import subprocess
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standin.faults import Fault, drop

WARM = Path(__file__).parent / "warm.py"
NO_THREADS = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}  # they are not forked
PATIENCE = 120.0  # seconds; an `apply` that takes longer hangs
KILLED = -signal.SIGKILL


@dataclass(frozen=True)
class Run:
    """What became of one `apply`."""

    code: int  # negative: ended by a signal
    output: str

    @property
    def gave_up_in_one_line(self) -> bool:
        """Whether its last word is the one line that says why it gave up."""
        lines = self.output.splitlines()
        return self.code == 2 and "Traceback" not in self.output and lines[-1].startswith("error: ")


class Warm:
    """The process that is forked."""

    def __init__(self, python: Path) -> None:
        self._process = subprocess.Popen(
            [str(python), "-P", str(WARM)],
            env={**os.environ, **NO_THREADS},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    def ask(self, **asked: Any) -> int:
        """What it answers."""
        assert self._process.stdin and self._process.stdout
        with self._lock:
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def start(self, project: Path, variables: Mapping[str, str]) -> "Applying":
        """Start one `apply` of staging in the project, with these environment variables."""
        log = project / f"apply-{next(self._numbers)}.txt"
        return Applying(self, self.ask(start="staging", folder=str(project), variables=variables, log=str(log)), log)

    def close(self) -> None:
        """End it."""
        self._process.communicate()


@dataclass(frozen=True)
class Applying:
    """An `apply` under way."""

    warm: Warm
    process: int
    log: Path

    def kill(self) -> None:
        """End it on the spot, and return when it is no more."""
        os.kill(self.process, signal.SIGKILL)
        assert self.is_over()

    def is_over(self) -> bool:
        """Whether it ends by itself before patience does."""
        handle = os.pidfd_open(self.process)
        try:
            return bool(select.select([handle], [], [], PATIENCE)[0])
        finally:
            os.close(handle)

    def end(self) -> Run:
        """Wait for it. AssertionError with what it said when it hangs."""
        hangs = not self.is_over()
        if hangs:
            self.kill()
        run = Run(self.warm.ask(wait=self.process), self.log.read_text(encoding="utf-8"))
        assert not hangs, f"apply hangs:\n{run.output}"
        return run


def killing(applying: "Future[Applying]") -> Fault:
    """A fault that kills that `apply`."""

    def kill() -> None:
        applying.result().kill()
        drop()

    return kill
