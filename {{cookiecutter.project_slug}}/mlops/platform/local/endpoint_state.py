"""What an endpoint is: one JSON file in one folder, the only source of truth. `LocalEndpoints` alone writes it.

.mlops/endpoints/<endpoint>/
    endpoint.json       port, keys, traffic, mirror, tags, deployments, processes
    deployments/<slot>/ the scoring script and the model that the slot serves
    logs/               router.log and <slot>.log
    requests.db         one row a request, with inputs and outputs
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Self

from filelock import FileLock, Timeout
from pydantic import Field, model_validator

from mlops import UserError
from mlops.data.files import read_json, write_json
from mlops.decide.observed import State
from mlops.platform.local.client import LOOPBACK
from mlops.settings.reading import Settings

STATE_FILE = "endpoint.json"
LOCK_TIMEOUT = 180.0  # seconds; longer than any deploy

Port = Annotated[int, Field(ge=1, le=65535)]
Share = Annotated[int, Field(ge=0, le=100)]
SlotName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]  # it becomes the name of a folder


class Part(Settings):
    """A part of the state. It is never changed, only replaced."""

    def changed(self, **fields: Any) -> Self:
        """The same with these fields replaced."""
        return self.model_copy(update=fields)


class Started(Part):
    """A process that we started. A pid is used again after its process ended; the creation time tells them apart.

    boot: when the machine was started, by the same clock as `created`: both move when that is set.
    """

    pid: int = Field(gt=0, lt=2**31)
    created: float
    boot: float = 0.0


class Slot(Part):
    """What a slot runs and where it listens."""

    model: str
    version: int
    port: Port
    state: State
    reason: str = ""
    process: Started | None = None
    explain: bool = False


class EndpointState(Part):
    """The whole state. Shares in percent by slot; a slot that is not named has none.

    wanted_port: the manifest's `endpoint.port` (0: whichever is free); port: the one that it is.
    scoring_key: what the scoring processes ask of the router, as the router asks its clients for the key.
    """

    port: Port
    wanted_port: int = Field(default=0, ge=0, le=65535)
    key: str
    scoring_key: str = ""  # of a state from before there was one
    traffic: dict[str, Share] = Field(default_factory=dict)
    mirror: dict[str, Share] = Field(default_factory=dict)
    tags: dict[str, str] = Field(default_factory=dict)
    deployments: dict[SlotName, Slot] = Field(default_factory=dict)
    router: Started | None = None

    @model_validator(mode="after")
    def key_fits_a_header(self) -> "EndpointState":  # not a pattern, whose message would show the key
        if not self.key or not self.key.isascii() or not self.key.isprintable():
            raise ValueError("key: must be of letters, digits and signs that are plain, and not empty")
        return self

    @model_validator(mode="after")
    def shares_are_of_deployments(self) -> "EndpointState":
        for slot in {**self.traffic, **self.mirror}:
            if self.gets_traffic(slot) and slot not in self.deployments:
                raise ValueError(f"traffic: {slot} has some, and is no deployment")
        return self

    @property
    def url(self) -> str:
        """The scoring URI."""
        return f"http://{LOOPBACK}:{self.port}/score"

    def with_slot(self, slot: str, deployment: Slot) -> "EndpointState":
        """The same endpoint with this in the slot."""
        return self.changed(deployments={**self.deployments, slot: deployment})

    def without_slot(self, slot: str) -> "EndpointState":
        """The same endpoint with nothing in the slot."""
        return self.changed(deployments={name: each for name, each in self.deployments.items() if name != slot})

    def gets_traffic(self, slot: str) -> bool:
        """Whether live or mirrored requests go to the slot."""
        return bool(self.traffic.get(slot) or self.mirror.get(slot))


def log_file(folder: Path, name: str) -> Path:
    """Where the router, or the scoring process of a slot, writes."""
    return folder / "logs" / f"{name}.log"


def read_state(folder: Path) -> EndpointState | None:
    """The endpoint in the folder; None when there is none. UserError when its file is damaged."""
    path = folder / STATE_FILE
    if not path.exists():
        return None
    mend = f"run `stop`, delete {folder} and apply again"
    return EndpointState.model_validate(read_json(path, EndpointState, mend))


def write_state(folder: Path, endpoint: EndpointState) -> None:
    """Write the file, whole or not at all."""
    write_json(folder / STATE_FILE, endpoint.model_dump())


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the endpoint against other commands. The operating system lets go of it when its holder is killed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder.with_name(f"{folder.name}.lock"), timeout=LOCK_TIMEOUT):
            for leftover in folder.glob(".*.json.*"):  # of a command that was killed while it wrote
                leftover.unlink()
            yield
    except Timeout:
        raise UserError(f"{folder.name}: another command is changing it; try again when that one has ended") from None
