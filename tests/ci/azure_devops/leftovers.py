"""Processes that outlive their job: known by a variable in their environment, and ended with the job."""

import contextlib
import os
import signal
from pathlib import Path

MARK = "VSTS_PROCESS_LOOKUP_ID"


def end_marked(value: str) -> None:
    """Kill all that carries the mark with that value, until nothing is left."""
    while found := marked(value):
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def marked(value: str) -> list[int]:
    """The processes that live and carry the mark."""
    wanted, result = f"{MARK}={value}".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended, or is somebody else's
            if wanted in environment(process).split(b"\0"):
                result.append(int(process.name))
    return result


def environment(process: Path) -> bytes:
    """The environment that the process started with, empty if it has none. OSError when it runs no program."""
    while True:
        before, command, after = ((process / name).read_bytes() for name in ("environ", "cmdline", "environ"))
        if before or command or after:
            return before or after
        (process / "exe").readlink()  # still there: it is just turning into another program, which soon shows
