"""What a batch endpoint is: one JSON file in one folder, the only source of truth. `LocalBatches` alone writes it.

.mlops/batch/<endpoint>/
    batch.json               the deployments and which of them is the default
    deployments/<slot>/      the scoring scripts, and the model as model_folder/<version>/
    logs/worker-<n>.log      what the n-th worker of the last run wrote
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import Field, model_validator

from mlops import UserError
from mlops.data.files import read_json, write_json
from mlops.platform.local.endpoint_state import Part, SlotName

STATE_FILE = "batch.json"
LOCK_TIMEOUT = 180.0  # seconds; longer than any deploy
MODEL_FOLDER = "model_folder"


class BatchSlot(Part):
    """What a slot scores with."""

    model: str
    version: int = Field(ge=0)


class BatchState(Part):
    """The whole state."""

    deployments: dict[SlotName, BatchSlot] = Field(default_factory=dict)
    default: SlotName | None = None

    @model_validator(mode="after")
    def default_is_there(self) -> "BatchState":
        if self.default is not None and self.default not in self.deployments:
            raise ValueError(f"default: {self.default} is no deployment")
        return self


def slot_folder(folder: Path, slot: str) -> Path:
    return folder / "deployments" / slot


def model_folder(folder: Path, slot: str, version: int) -> Path:
    """Where the model of a slot is: named by its version, as the scoring script reads it."""
    return slot_folder(folder, slot) / MODEL_FOLDER / str(version)


def read_state(folder: Path) -> BatchState | None:
    """The endpoint in the folder; None when there is none. UserError when its file is damaged."""
    path = folder / STATE_FILE
    if not path.exists():
        return None
    return BatchState.model_validate(read_json(path, BatchState, f"delete {folder} and apply again"))


def write_state(folder: Path, state: BatchState) -> None:
    """Write the file, whole or not at all."""
    write_json(folder / STATE_FILE, state.model_dump())


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the endpoint's state against other commands. The system lets go of it when its holder is killed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder.with_name(f"{folder.name}.lock"), timeout=LOCK_TIMEOUT):
            yield
    except Timeout:
        raise UserError(f"{folder.name}: another command is changing it; try again when that one has ended") from None
