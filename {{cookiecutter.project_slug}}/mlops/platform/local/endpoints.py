"""Endpoints on this machine: a router process for each, a scoring process for each deployment.

Whatever a killed command leaves behind is put right by the next one: the state file is written whole, a process counts
as ours by its command line even if its start was never written down, and a slot is ready only once that is written.
"""

import json
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from mlops import TakenError, UserError
from mlops.decide.observed import Deployment, Observed, Traffic
from mlops.platform import DEPLOYMENT_HEADER, Models, Reply
from mlops.platform.legal_traffic import check_shares
from mlops.platform.local import hosting, processes, scoring
from mlops.platform.local.endpoint_state import (
    STATE_FILE,
    EndpointState,
    Slot,
    locked,
    log_file,
    read_state,
    write_state,
)
from mlops.platform.local.traffic import ask_router, samples_since, traffic_since

ANSWER_LIMIT = 35.0  # seconds; longer than the router waits for an answer


class LocalEndpoints:
    """Endpoints below the root folder (`.mlops`), for the project around it.

    `environments` is where serving environments are installed: below the root, unless several projects share them.
    """

    def __init__(self, root: Path, models: Models, environments: Path | None = None, explain: bool = False) -> None:
        self.root = root.resolve() / "endpoints"
        self.serving = root.resolve().parent / "serving"
        self.environments = environments or root.resolve() / "serving"
        self.explain = explain
        self.models = models

    def names(self) -> list[str]:
        """The endpoints that there are, sorted."""
        return sorted(path.parent.name for path in self.root.glob(f"*/{STATE_FILE}"))

    def url(self, endpoint: str) -> str:
        """The scoring URI."""
        return self.state(endpoint).url

    def key(self, endpoint: str) -> str:
        """The key that the scoring URI asks for."""
        return self.state(endpoint).key

    def lease(self, endpoint: str, holder: str) -> AbstractContextManager[None]:
        return leased(self.root, endpoint, holder)

    def observe(self, endpoint: str) -> Observed | None:
        state = read_state(self.root / endpoint)
        if state is None:
            return None
        deployments = {slot: self.deployment(endpoint, slot, each) for slot, each in state.deployments.items()}
        if not processes.find(state.router):
            deployments = {slot: unreachable(each) for slot, each in deployments.items()}
        traffic = {slot: state.traffic.get(slot, 0) for slot in deployments}
        return Observed(deployments, traffic, state.mirror, state.tags, state.wanted_port)

    def create(self, endpoint: str, port: int) -> None:
        folder = self.root / endpoint
        with locked(folder):
            state = read_state(folder)
            if state is None:
                hosting.end_all(folder)  # of an endpoint whose delete was interrupted
                key = secrets.token_urlsafe(32)
                state = EndpointState(port=port or processes.free_port(), wanted_port=port, key=key)
            elif port != state.wanted_port:
                state = hosting.with_port(folder, state, port)
            hosting.with_router(folder, state)

    def deploy(self, endpoint: str, slot: str, model: str, version: int) -> Deployment:
        python = scoring.serving_python(self.environments, self.serving / scoring.REQUIREMENTS)
        folder = self.root / endpoint
        with locked(folder):
            state = hosting.with_router(folder, self.state(endpoint))
            there = state.deployments.get(slot)
            same = there is not None and (there.model, there.version) == (model, version)
            if there and same and hosting.serves(state, there):
                placed = there.changed(state="ready", reason="")
            elif there and not same and state.gets_traffic(slot):
                raise UserError(f"{endpoint}: {slot} serves {there.model}:{there.version}; take its traffic away first")
            else:
                if same:
                    hosting.end_slot(folder, slot)  # it does not answer, so its clients need not wait for it
                port = processes.free_port()
                new = Slot(model=model, version=version, port=port, state="creating", explain=self.explain)
                placed = hosting.place(folder, state, slot, new, python, lambda to: self.fill(to, model, version))
            write_state(folder, state.with_slot(slot, placed))
        return Deployment(slot, model, version, placed.state, placed.reason)

    def update(
        self, endpoint: str, traffic: Mapping[str, int], mirror: Mapping[str, int], tags: Mapping[str, str]
    ) -> None:
        folder = self.root / endpoint
        with locked(folder):
            state = self.state(endpoint)
            deployments = [self.deployment(endpoint, slot, each) for slot, each in state.deployments.items()]
            ready = {each.slot for each in deployments if each.state == "ready"}
            check_shares(state.deployments, traffic, mirror, ready)
            state = hosting.with_router(folder, state)
            write_state(folder, state.changed(traffic=dict(traffic), mirror=dict(mirror), tags=dict(tags)))

    def scale(self, endpoint: str, slot: str) -> None:
        """Nothing: there is one machine."""

    def delete_deployment(self, endpoint: str, slot: str) -> None:
        folder = self.root / endpoint
        with locked(folder):
            state = self.state(endpoint)
            if state.gets_traffic(slot):
                raise UserError(f"{endpoint}: {slot} has live or mirrored traffic; take it away first")
            write_state(folder, state.without_slot(slot))
            hosting.clear(folder, state, slot)

    def delete(self, endpoint: str) -> None:
        folder = self.root / endpoint
        with locked(folder):
            hosting.end_all(folder)
            (folder / STATE_FILE).unlink(missing_ok=True)
            hosting.remove(folder)

    def stop(self) -> list[str]:
        """End all processes of all endpoints and keep the rest; returns what ended, a line an endpoint."""
        lines = []
        for folder in sorted(path for path in self.root.glob("*") if path.is_dir()):
            with locked(folder):
                ended = hosting.end_all(folder)
                with suppress(UserError):  # a damaged state is not in the way
                    write_stopped(folder)
            lines += [f"{folder.name}: {', '.join(ended)}"] if ended else []
        return lines

    def score(self, endpoint: str, payload: Mapping[str, Any], slot: str | None = None) -> Reply:
        state = self.state(endpoint)
        headers = {"Content-Type": "application/json"}
        if slot is not None:
            headers[DEPLOYMENT_HEADER] = slot
        body = json.dumps(payload).encode()
        start = time.perf_counter()
        answer = ask_router(state, "/score", ANSWER_LIMIT, body, headers)
        milliseconds = (time.perf_counter() - start) * 1000
        return Reply(answer.status, parsed(answer.body), answer.headers.get(DEPLOYMENT_HEADER, ""), milliseconds)

    def measure(self, endpoint: str, since: float, limit_ms: float) -> Mapping[str, Traffic]:
        return traffic_since(self.root / endpoint, self.state(endpoint), since, limit_ms)

    def collected(self, endpoint: str, since: float) -> Sequence[Mapping[str, Any]]:
        try:
            return list(samples_since(self.root / endpoint, self.state(endpoint), since))
        except OSError as error:
            raise UserError(f"{error}; apply again, and it begins anew") from None

    def logs(self, endpoint: str, slot: str, lines: int = 50) -> str:
        return "\n".join(processes.last_lines(log_file(self.root / endpoint, slot), lines))

    def state(self, endpoint: str) -> EndpointState:
        """What is written down. UserError when there is no such endpoint."""
        state = read_state(self.root / endpoint)
        if state is None:
            raise UserError(f"there is no endpoint {endpoint!r}; there is {', '.join(self.names()) or 'none'}")
        return state

    def deployment(self, endpoint: str, slot: str, placed: Slot) -> Deployment:
        """What the slot runs now: what is written down, unless its process is gone."""
        shown = Deployment(slot, placed.model, placed.version, placed.state, placed.reason, explain=placed.explain)
        if placed.state in {"creating", "ready"} and not processes.find(placed.process):
            if placed.process and processes.of_another_boot(placed.process):
                return replace(shown, state="stopped", reason="the machine was restarted")
            words = processes.cause_of_death(log_file(self.root / endpoint, slot))
            reason = f"its process ended: {words}" if placed.state == "ready" else "its deploy was interrupted"
            return replace(shown, state="failed", reason=reason)
        return shown

    def fill(self, folder: Path, model: str, version: int) -> None:
        """Put the model and the scoring script of this moment into a deployment's folder."""
        self.models.download(model, version, folder / scoring.MODEL_FOLDER)
        for name in scoring.BESIDE:
            shutil.copy2(self.serving / name, folder)


@contextmanager
def leased(root: Path, endpoint: str, holder: str) -> Iterator[None]:
    """Hold the endpoint of that root folder for one run of `apply`. TakenError naming who holds it already."""
    root.mkdir(parents=True, exist_ok=True)
    named = root / f"{endpoint}.holder"
    try:
        with FileLock(root / f"{endpoint}.lease", timeout=0):  # let go of when its holder is killed
            named.write_text(holder, encoding="utf-8")
            yield
    except Timeout:
        other = named.read_text(encoding="utf-8", errors="replace") if named.exists() else "another command"
        raise TakenError(f"{endpoint} is being rolled out by {other}; try again when that has ended") from None


def unreachable(deployment: Deployment) -> Deployment:
    """The deployment when nothing routes to it."""
    if deployment.state in {"failed", "stopped"}:
        return deployment
    return replace(deployment, state="stopped", reason="the endpoint's router is not running")


def write_stopped(folder: Path) -> None:
    """Write down that nothing runs any more, and why."""
    state = read_state(folder)
    if state is None:
        return
    for slot, placed in state.deployments.items():
        if placed.state != "failed":
            stopped = placed.changed(state="stopped", reason="it was stopped; `apply` starts it again", process=None)
            state = state.with_slot(slot, stopped)
    write_state(folder, state.changed(router=None))


def parsed(body: bytes) -> Any:
    """The body as JSON, or as text when it is not JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", errors="replace")
