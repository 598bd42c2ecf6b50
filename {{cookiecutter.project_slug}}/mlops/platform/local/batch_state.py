"""What a batch endpoint is: one JSON file in one folder, the only source of truth. `LocalBatches` alone writes it.

.mlops/batch/<endpoint>/
    batch.json               the deployments and which of them is the default
    deployments/<slot>/      the scoring scripts, and the model as model_folder/<version>/
    logs/worker-<n>.log      what the n-th worker of the last run wrote
"""

from pathlib import Path

from pydantic import Field, model_validator

from mlops.data.files import read_json, write_json
from mlops.platform.local.endpoint_state import Part, SlotName

STATE_FILE = "batch.json"
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
