"""The processes of one endpoint, below its folder: started, found again, ended. Called with the endpoint locked."""

import secrets
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from mlops import UserError
from mlops.platform.local import processes, scoring
from mlops.platform.local.client import bearer, healthy
from mlops.platform.local.endpoint_state import EndpointState, Slot, Started, log_file, write_state
from mlops.platform.local.processes import Marker
from mlops.platform.local.traffic import statistics

IMPORT_ROOT = Path(__file__).parents[3]  # where `mlops` is imported from
START_LIMIT = 60.0  # seconds
HEALTH_LIMIT = 5.0  # seconds for a process that may be busy with a request
DRAIN_LIMIT = 35.0  # seconds; longer than the router waits for an answer

Fill = Callable[[Path], None]  # puts the scoring script and the model into a folder


def router_marker(folder: Path) -> Marker:
    """What tells the endpoint's router from all other processes."""
    return [*processes.ROUTER, str(folder)]


def slot_folder(folder: Path, slot: str) -> Path:
    return folder / "deployments" / slot


def markers(folder: Path) -> dict[str, Marker]:
    """What tells the endpoint's processes from all others, by `router` and slot."""
    slots = sorted(path.name for path in (folder / "deployments").glob("*"))
    return {"router": router_marker(folder), **{slot: scoring.marker(slot_folder(folder, slot)) for slot in slots}}


def end_all(folder: Path) -> list[str]:
    """End all processes of the endpoint, written down or not; returns which there were."""
    found = {name: processes.find_marked([marker]) for name, marker in markers(folder).items()}
    processes.end(process for each in found.values() for process in each)
    return [name for name, each in found.items() if each]


def with_router(folder: Path, state: EndpointState) -> EndpointState:
    """The state with a router that answers, started when it is not there. UserError when it must have a taken port."""
    if not processes.find(state.router) or not state.scoring_key:  # or is one from before there was such a key
        state = start_router(folder, state)
    assert state.router is not None
    if not processes.wait_until_ready(state.router, lambda: answers(state.router, state.port), START_LIMIT):
        log = log_file(folder, "router")
        raise UserError(f"the router of {folder.name} does not answer: {processes.cause_of_death(log)}; see {log}")
    return state


def start_router(folder: Path, state: EndpointState) -> EndpointState:
    """Start the router; one whose start was never written down goes first."""
    processes.end(processes.find_marked([router_marker(folder)]))
    state = on_free_port(folder, state)
    state = state.changed(router=None, scoring_key=state.scoring_key or secrets.token_urlsafe(32))
    write_state(folder, state)
    command = [sys.executable, *router_marker(folder)]
    state = state.changed(router=processes.start(command, IMPORT_ROOT, log_file(folder, "router")))
    write_state(folder, state)
    print(f"{folder.name}: it answers at {state.url}", flush=True)
    return state


def with_port(folder: Path, state: EndpointState, wanted: int) -> EndpointState:
    """The state with this port wanted; where it is not its own, its router is ended. UserError when it is taken."""
    if wanted in {0, state.port}:
        state = state.changed(wanted_port=wanted)
        write_state(folder, state)
        return state
    check_free(folder, wanted)
    processes.end(processes.find_marked([router_marker(folder)]))
    return state.changed(port=wanted, wanted_port=wanted, router=None)


def on_free_port(folder: Path, state: EndpointState) -> EndpointState:
    """The state on its port, or on another where that is taken. UserError when it must be this one."""
    if state.wanted_port:
        check_free(folder, state.port)
    elif trouble := processes.trouble_with(state.port):
        print(f"{folder.name}: port {state.port} {trouble}; another one is chosen", flush=True)
        return state.changed(port=processes.free_port())
    return state


def check_free(folder: Path, port: int) -> None:
    if trouble := processes.trouble_with(port):
        mend = f"set another endpoint.port for {folder.name} in environments/, or none, and apply again"
        raise UserError(f"port {port} {trouble}; {mend}")


def answers(process: Started | None, port: int, headers: Mapping[str, str] | None = None, limit: float = 1.0) -> bool:
    """Whether it is this process that listens there, and says that it is well within the limit (seconds)."""
    return processes.listens(process, port) and healthy(port, headers, limit)


def serves(state: EndpointState, placed: Slot) -> bool:
    """Whether the slot's process is there and answers."""
    return answers(placed.process, placed.port, bearer(state.scoring_key), HEALTH_LIMIT)


def place(folder: Path, state: EndpointState, slot: str, new: Slot, python: Path, fill: Fill) -> Slot:
    """Put this into the slot, in the place of what ran there; returns it ready or failed."""
    home = slot_folder(folder, slot)
    incoming = home.with_name(f"{slot}.incoming")
    remove(incoming)
    incoming.mkdir(parents=True)
    fill(incoming)
    write_state(folder, state.with_slot(slot, new))
    clear(folder, state, slot)
    incoming.rename(home)
    log, known = log_file(folder, slot), bearer(state.scoring_key)
    process = scoring.start_scoring(python, home, new.port, state.scoring_key, log, new.explain)
    new = new.changed(process=process)
    write_state(folder, state.with_slot(slot, new))
    if processes.wait_until_ready(process, lambda: answers(process, new.port, known), START_LIMIT):
        return new.changed(state="ready")
    hangs = processes.find(process)
    processes.end([hangs] if hangs else [])
    reason = f"not ready after {START_LIMIT:g} s" if hangs else processes.cause_of_death(log)
    return new.changed(state="failed", reason=reason, process=None)


def clear(folder: Path, state: EndpointState, slot: str) -> None:
    """End what runs in the slot, once nothing is under way there, and remove its folder."""
    drain(state, slot)
    end_slot(folder, slot)
    remove(slot_folder(folder, slot))


def end_slot(folder: Path, slot: str) -> None:
    """End what runs in the slot, written down or not, at once."""
    processes.end(processes.find_marked([scoring.marker(slot_folder(folder, slot))]))


def drain(state: EndpointState, slot: str) -> None:
    """Wait until the answers under way are out; the endpoint's file must no longer send any request to the slot."""
    deadline = time.monotonic() + DRAIN_LIMIT
    with suppress(OSError, UserError):  # no router of ours: nothing is under way
        while slot in statistics(state).under_way and time.monotonic() < deadline:
            time.sleep(0.05)


def remove(folder: Path) -> None:
    """Remove the folder with all that is in it, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)
