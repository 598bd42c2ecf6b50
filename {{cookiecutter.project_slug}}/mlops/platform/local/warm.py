"""A Python that has paid for the heavy imports once and forks a fresh process for each command.

Only third-party packages are imported ahead, so every command sees the project's own code as it is at that moment.
Linux only: elsewhere forking after such imports is not safe, and commands start from nothing.
"""

import contextlib
import functools
import gc
import json
import os
import runpy
import subprocess
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

AVAILABLE = sys.platform == "linux"
# An idle thread of OpenMP spins by default, which takes processors from the endpoints; one that sleeps at once makes
# a small fit eight times slower. This many turns are some hundredths of a millisecond.
PATIENT = {"GOMP_SPINCOUNT": "10000"}


class WarmPython:
    """The parent's end. It ends with its parent: its standard input closes."""

    def __init__(self, modules: Sequence[str]) -> None:
        command = [sys.executable, "-m", "mlops.platform.local.warm", *modules]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | PATIENT,
            encoding="utf-8",
        )
        self.unread = 0

    def run(self, module: str, arguments: Sequence[str], log: Path) -> int:
        """Run `python -m module arguments` in a process of its own, its output into the log; its exit code."""
        assert self.process.stdout is not None
        self.send(module, arguments, log)
        for _ in range(self.unread):
            answer = self.process.stdout.readline()
        self.unread = 0
        return int(answer) if answer else self.process.wait() or 1

    def ahead(self, module: str, log: Path) -> None:
        """Run the module as soon as the imports are done; whatever comes next waits for it."""
        self.send(module, [], log)

    def send(self, module: str, arguments: Sequence[str], log: Path) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"module": module, "arguments": list(arguments), "log": str(log)}) + "\n")
        self.process.stdin.flush()
        self.unread += 1


def warm_python(modules: tuple[str, ...]) -> WarmPython:
    """The one warm Python of this process for these modules and this folder; importing starts at the first call."""
    return start(modules, Path.cwd())


@functools.cache
def start(modules: tuple[str, ...], _folder: Path) -> WarmPython:
    return WarmPython(modules)


def run_here(module: str, arguments: Sequence[str], log: str) -> int:
    """Run the module as a script in this process, its output into the log; its exit code."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def serve(modules: Sequence[str]) -> None:
    """Import the modules, then fork for each request that comes in, one line each."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever an import prints must not pass for an answer
    gc.disable()  # imports make objects by the hundred thousand and no garbage
    for name in modules:
        with contextlib.suppress(ImportError):  # the step that needs it will say so in its log
            import_module(name)
    gc.freeze()  # nor do the forks look through them for garbage, which would copy every page of them
    gc.enable()
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            code = run_here(request["module"], request["arguments"], request["log"])
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
        answers.flush()


if __name__ == "__main__":
    serve(sys.argv[1:])
