"""Processes that outlive the command that starts them: start, recognise, end."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from mlops.platform.crash_cause import cause_of
from mlops.platform.local.client import LOOPBACK
from mlops.platform.local.endpoint_state import Started

GRACE = 5.0  # seconds to finish what is under way before a process is killed
TAIL = 64 * 1024  # bytes
CLOCK_TOLERANCE = 1.0  # seconds that a process's creation time may seem to move while the clock is corrected
BOOT_TOLERANCE = 0.1  # seconds; what lies between boot and creation does not move, where the system keeps both

# All that a process gets of our environment: it runs a model's code, and in CI the rest can log in to Azure.
# The last two are how the runners of GitHub and of Azure DevOps find what a job has left behind, to end it.
SYSTEM = ("PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL", "TZ")
INHERITED = (*SYSTEM, "RUNNER_TRACKING_ID", "VSTS_PROCESS_LOOKUP_ID")

ROUTER = ("-m", "mlops.platform.local.router")  # in its command line, before the endpoint's folder

Marker = Sequence[str]  # consecutive arguments in the command line of a process of ours

_found: dict[tuple[int, float], psutil.Process] = {}  # looking again is cheap, and no matter of clocks
_children: list[subprocess.Popen[bytes]] = []  # kept, so that those that end while we run are reaped


def start(command: Sequence[str], cwd: Path, log: Path, environment: Mapping[str, str] | None = None) -> Started:
    """Start a process on its own, in no terminal and with little of our environment; what it says replaces the log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    windows = getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            cwd=cwd,
            env=variables(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            creationflags=windows,
        )
    _children.append(child)
    return Started(pid=child.pid, created=psutil.Process(child.pid).create_time(), boot=psutil.boot_time())


def variables(own: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process of ours, with these of its own."""
    return {**{name: os.environ[name] for name in INHERITED if name in os.environ}, **own}


def find(started: Started | None) -> psutil.Process | None:
    """The process if it still runs; another one that got the same pid is not it."""
    if started is None:
        return None
    key = started.pid, started.created
    process = _found.pop(key, None) or of_that_pid(started)
    if process is None or not runs(process):
        return None
    _found[key] = process
    return process


def of_that_pid(started: Started) -> psutil.Process | None:
    """The process with that pid, if it was created then: by the clock, or since the boot where the clock was set."""
    try:
        process = psutil.Process(started.pid)
        created = process.create_time()
        moved = (created - psutil.boot_time()) - (started.created - started.boot)
    except psutil.Error:
        return None
    same = abs(created - started.created) < CLOCK_TOLERANCE or abs(moved) < BOOT_TOLERANCE
    return process if same else None


def of_another_boot(started: Started) -> bool:
    """Whether the machine was started after the process: what ended it was no fault of its own."""
    return started.created < psutil.boot_time() - CLOCK_TOLERANCE


def runs(process: psutil.Process) -> bool:
    """Whether the process has not ended. One that ended stays visible until its parent takes notice."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def find_marked(markers: Iterable[Marker]) -> list[psutil.Process]:
    """All running processes with one of the markers in their command line, recorded anywhere or not."""
    wanted = [list(marker) for marker in markers]
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(contains(process.info["cmdline"] or [], marker) for marker in wanted)
    ]


def contains(arguments: Sequence[str], marker: Sequence[str]) -> bool:
    """Whether the marker occurs in the arguments, in one piece."""
    size = len(marker)
    return any(list(arguments[at : at + size]) == list(marker) for at in range(len(arguments) - size + 1))


def end(processes: Iterable[psutil.Process]) -> None:
    """End the processes with all that they started: politely, then not. Returns when they are gone."""
    family = {process for each in processes for process in [each, *descendants(each)]}
    for process in family:
        with suppress(psutil.Error):
            process.terminate()
    for process in survivors(family, GRACE):
        with suppress(psutil.Error):
            process.kill()
    survivors(family, GRACE)


def survivors(family: Iterable[psutil.Process], limit: float) -> list[psutil.Process]:
    """Those that still run after the limit (seconds); none, and at once, when all are gone."""
    deadline = time.monotonic() + limit
    while True:
        _children[:] = [child for child in _children if child.poll() is None]
        left = [process for process in family if runs(process)]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.02)


def descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def wait_until_ready(started: Started, is_ready: Callable[[], bool], limit: float) -> bool:
    """Whether the process was ready within the limit (seconds); False at once when it ends."""
    deadline = time.monotonic() + limit
    while find(started) and time.monotonic() < deadline:
        if is_ready():
            return find(started) is not None
        time.sleep(0.05)
    return False


def free_port() -> int:
    """A port that nothing listens on right now."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return int(listener.getsockname()[1])


def trouble_with(port: int) -> str:
    """Why we could not listen on the port, in words that follow `port 8000`; nothing when we could."""
    with socket.socket() as listener:
        if os.name == "posix":  # elsewhere this would take the port away from its owner
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OverflowError:
            return "is none"
        except PermissionError:
            return "may not be opened by you"
        except OSError:
            return f"is taken by {holder(port)}"
    return ""


def holder(port: int) -> str:
    """Who has the port, as far as the system tells us: it may not, of other users."""
    with suppress(psutil.Error, RuntimeError):
        for each in psutil.net_connections("tcp"):
            if each.laddr and each.laddr.port == port and each.pid:
                return description(psutil.Process(each.pid))
    return "another program"


def description(process: psutil.Process) -> str:
    """The process in a few words: a router by its endpoint and project, any other by its name."""
    arguments = process.cmdline()
    if contains(arguments[:-1], ROUTER):
        folder = Path(arguments[-1])  # <project>/.mlops/endpoints/<endpoint>
        return f"the endpoint {folder.name} of {folder.parents[2]}" if len(folder.parents) > 3 else f"{folder}"
    return f"{process.name()} (process {process.pid})"


def listens(started: Started | None, port: int) -> bool:
    """Whether that very process, or a child of its, listens on the port. It is the kernel that says so."""
    process = find(started)
    family = [process, *descendants(process)] if process else []
    with suppress(psutil.Error):
        opened = (each for member in family for each in member.net_connections("tcp"))
        return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in opened)
    return False


def last_lines(log: Path, lines: int) -> list[str]:
    """The last lines of a log, out of its last 64 KiB; none when there is no log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL))
            return file.read().decode("utf-8", errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        return []


def cause_of_death(log: Path) -> str:
    """What the process that wrote the log died of."""
    return cause_of(last_lines(log, 200))
