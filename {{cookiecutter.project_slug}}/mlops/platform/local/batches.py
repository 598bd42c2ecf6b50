"""Batch endpoints on this machine: a folder for each, and workers while an order is scored.

Nothing runs in between, so there is nothing to stop: what was deployed is files.
"""

import json
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from mlops import UserError
from mlops.data.batch_input import check_columns, check_key, input_files, lengths, passed_over
from mlops.data.files import incoming
from mlops.data.model_folder import model_columns
from mlops.decide.observed import Deployment, ObservedBatch
from mlops.platform import Models, Order, Scored
from mlops.platform.local.batch_output import Run, answers_to, begun, held
from mlops.platform.local.batch_run import BatchRun
from mlops.platform.local.batch_state import (
    BatchSlot,
    BatchState,
    model_folder,
    read_state,
    slot_folder,
    write_state,
)
from mlops.platform.local.batch_workers import Workplace
from mlops.platform.local.endpoint_state import locked
from mlops.platform.local.endpoints import leased
from mlops.settings.environments import BatchSettings

SCRIPTS = ("batch_score.py", "batch_rows.py", "score.py")  # what a deployment's folder gets of serving/


class LocalBatches:
    """Batch endpoints below the root folder (`.mlops`), for the project around it."""

    def __init__(self, root: Path, models: Models, settings: BatchSettings) -> None:
        self.root = root.resolve() / "batch"
        self.serving = root.resolve().parent / "serving"
        self.models, self.settings = models, settings

    def lease(self, endpoint: str, holder: str) -> AbstractContextManager[None]:
        return leased(self.root, endpoint, holder)

    def observe(self, endpoint: str) -> ObservedBatch | None:
        state = read_state(self.root / endpoint)
        if state is None:
            return None
        found = {slot: self.deployment(endpoint, slot, each) for slot, each in state.deployments.items()}
        return ObservedBatch(found, state.default)

    def create(self, endpoint: str) -> None:
        with locked(self.root / endpoint):
            if read_state(self.root / endpoint) is None:
                write_state(self.root / endpoint, BatchState())

    def deploy(self, endpoint: str, slot: str, model: str, version: int) -> Deployment:
        folder = self.root / endpoint
        with locked(folder):
            state = self.state(endpoint)
            there, wanted = state.deployments.get(slot), BatchSlot(model=model, version=version)
            if there and there != wanted and state.default == slot:
                raise UserError(f"{endpoint}: {slot} is the default; make another one the default first")
            if there != wanted or self.deployment(endpoint, slot, wanted).state != "ready":
                with incoming(slot_folder(folder, slot)) as home:
                    self.fill(home, wanted)
            write_state(folder, state.changed(deployments={**state.deployments, slot: wanted}))
        return self.deployment(endpoint, slot, wanted)

    def make_default(self, endpoint: str, slot: str) -> None:
        with locked(self.root / endpoint):
            state = self.state(endpoint)
            there = state.deployments.get(slot)
            if there is None or self.deployment(endpoint, slot, there).state != "ready":
                raise UserError(f"{endpoint}: {slot} is not ready to score; deploy to it first")
            write_state(self.root / endpoint, state.changed(default=slot))

    def delete_deployment(self, endpoint: str, slot: str) -> None:
        folder = self.root / endpoint
        with locked(folder):
            state = self.state(endpoint)
            if slot == state.default:
                raise UserError(f"{endpoint}: {slot} is the default; make another one the default first")
            left = {name: each for name, each in state.deployments.items() if name != slot}
            write_state(folder, state.changed(deployments=left))
            shutil.rmtree(slot_folder(folder, slot), ignore_errors=True)

    def delete(self, endpoint: str) -> None:
        with locked(self.root / endpoint):
            shutil.rmtree(self.root / endpoint, ignore_errors=True)

    def score(self, endpoint: str, order: Order, say: Callable[[str], None]) -> Scored:
        slot, placed = self.chosen(endpoint, order.slot)
        home = self.root / endpoint
        scripts, model = slot_folder(home, slot), model_folder(home, slot, placed.version)
        files = input_files(order.source)
        check_columns(files, [*model_columns(model, scripts / "score.py")], order.key)
        check_key(files, order.key)
        if others := passed_over(order.source, files):
            say(f"passed over: {', '.join(others)}")
        with held(order.output, order.holder):
            run = begun(order.output, placed.model, placed.version, order.key, files)
            todo = [path for path in files if not answers_to(order.output, path).exists()]
            if len(todo) < len(files):
                say(f"{len(files) - len(todo)} of {len(files)} files were done before")
            place = Workplace(scripts, variables(model, order, run), home / "logs")
            work = BatchRun(place, order.output, todo, lengths(files), self.settings, say)
            work.run()
        return self.scored(placed, files, todo, work)

    def scored(self, placed: BatchSlot, files: Sequence[Path], todo: Sequence[Path], work: BatchRun) -> Scored:
        seconds, rows = time.monotonic() - work.start, sum(work.done.values())
        before, failed = len(files) - len(todo), dict(sorted(work.failed.items()))
        return Scored(placed.model, placed.version, len(files), before, rows, seconds, failed)

    def chosen(self, endpoint: str, slot: str | None) -> tuple[str, BatchSlot]:
        """The slot that is to score, or the default. UserError when there is none, or its files are gone."""
        state = self.state(endpoint)
        name = slot or state.default
        placed = state.deployments.get(name) if name else None
        if name is None or placed is None:
            raise UserError(f"{endpoint}: no version scores by default yet; `promote` names one, `apply` deploys it")
        deployment = self.deployment(endpoint, name, placed)
        if deployment.state != "ready":
            raise UserError(f"{endpoint}: {name} cannot score, as {deployment.reason}; apply again")
        return name, placed

    def state(self, endpoint: str) -> BatchState:
        """What is written down. UserError when there is no such endpoint."""
        state = read_state(self.root / endpoint)
        if state is None:
            raise UserError(f"there is no batch endpoint {endpoint!r}; `apply` makes it")
        return state

    def deployment(self, endpoint: str, slot: str, placed: BatchSlot) -> Deployment:
        """What the slot scores with, and whether that is still there."""
        if model_folder(self.root / endpoint, slot, placed.version).exists():
            return Deployment(slot, placed.model, placed.version, "ready")
        return Deployment(slot, placed.model, placed.version, "failed", "its files are gone")

    def fill(self, folder: Path, wanted: BatchSlot) -> None:
        """Put the model and the scoring scripts of this moment into a deployment's folder."""
        self.models.download(wanted.model, wanted.version, folder / "model_folder" / str(wanted.version))
        for name in SCRIPTS:
            shutil.copy2(self.serving / name, folder)


def variables(model: Path, order: Order, run: Run) -> dict[str, str]:
    """What the scoring script is told. One thread a worker: there may be one on each core."""
    return {
        "AZUREML_MODEL_DIR": str(model),
        "AZUREML_BI_OUTPUT_PATH": str(order.output.resolve()),
        "BATCH_TIME": run.time,
        "BATCH_KEYS": json.dumps([*order.key]),
        "OMP_NUM_THREADS": "1",
    }
