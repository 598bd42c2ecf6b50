"""environments/: what should run where. An environment's file overrides base.yml by key."""

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from mlops import UserError, counted
from mlops.settings.reading import MODEL_NAME, Settings, check, read_yaml

FOLDER = Path("environments")
BASE = "base.yml"
UNITS = {"s": 1, "m": 60, "h": 3600}
LONGEST = 7 * 24 * 3600  # seconds
NEWEST = 2**31 - 1  # what registries can count to
ENDPOINT_NAME = r"^[a-z][a-z0-9-]{1,30}[a-z0-9]$"
NAMED = (("endpoint", "name"), ("batch", "endpoint"))  # what one environment has a name for, and no other


def seconds(text: object) -> float:
    """`90s`, `30m` or `2h` in seconds."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([smh])", str(text))
    length = float(match[1]) * UNITS[match[2]] if match else math.inf
    if length > LONGEST:
        raise ValueError("Input should be a duration such as 90s, 30m or 2h, and 168h at most")
    return length


Duration = Annotated[float, BeforeValidator(seconds)]


class Workspace(Settings):
    """Where Azure ML keeps the environment. The subscription is AZURE_SUBSCRIPTION_ID unless it is named here.

    registry: the Azure ML registry that models go through from one workspace to another; None: there is one workspace.
    """

    subscription: str | None = None
    resource_group: str = Field(default="", pattern=r"^[A-Za-z0-9_().-]{1,90}$")
    name: str = Field(default="", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{2,32}$")
    region: str = ""
    registry: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{1,31}$")


class EndpointSettings(Settings):
    name: str = Field(pattern=ENDPOINT_NAME)
    instance_type: str
    instance_count: int = Field(gt=0)
    max_instances: int = Field(default=1, gt=0)
    auth: Literal["key", "aad_token"] = "key"
    port: int = Field(default=0, ge=0, le=65535)
    explain: bool = Field(
        default=False, description='whether `"explain": true` in a request gets the parts of each feature'
    )


class ModelSettings(Settings):
    """The version that should serve. `promote` writes it, with the hash of its content and why it serves unverified."""

    name: str = Field(pattern=MODEL_NAME)
    version: int | None = Field(ge=1, le=NEWEST)
    hash: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    unverified: str | None = Field(default=None, min_length=1)


class Rollout(Settings):
    steps: list[Annotated[int, Field(ge=1, le=100)]]
    bake: Duration
    deadline: Duration
    at_deadline: Literal["roll-back", "hold"] = "roll-back"
    min_requests: int = Field(ge=1)
    max_error_rate_increase: float = Field(gt=0, lt=1)
    max_p95_latency_ms: float = Field(gt=0)
    max_disagreement: float = Field(default=2.0, gt=0)
    synthetic_rate: float = Field(ge=0, le=1000)

    @model_validator(mode="after")
    def rising_to_100(self) -> "Rollout":
        if self.steps != sorted(set(self.steps)) or self.steps[-1:] != [100]:
            raise ValueError(f"rollout.steps must rise and end at 100, got {self.steps}")
        return self

    @model_validator(mode="after")
    def time_for_every_step(self) -> "Rollout":
        least = len(self.steps) * self.bake
        if not self.deadline or self.deadline < least:
            steps = f"{counted(len(self.steps), 'step')} of {self.bake:g} s"
            raise ValueError(f"rollout.deadline: {self.deadline:g} s are too few for {steps}; it takes {least:g} s")
        return self


class BatchSettings(Settings):
    """How the same version scores files. Without this block there is no batch scoring."""

    endpoint: str = Field(pattern=ENDPOINT_NAME, description="the name of the batch endpoint")
    instance_count: int = Field(default=1, ge=1, le=100, description="files scored at once, each by one worker")
    mini_batch: int = Field(default=1, ge=1, le=10_000, description="files that a worker is given at a time")
    retries: int = Field(default=2, ge=0, le=10, description="how often a file that failed is tried again")
    schedule: str | None = Field(default=None, description="none on platform local, which keeps no time")


class Manifest(Settings):
    """The desired state of one environment. Durations in seconds, latencies in milliseconds, shares in percent."""

    platform: Literal["local", "azureml"]
    workspace: Workspace = Workspace()
    endpoint: EndpointSettings
    model: ModelSettings
    rollout: Rollout
    batch: BatchSettings | None = None

    @model_validator(mode="after")
    def batch_is_possible(self) -> "Manifest":
        if self.batch and self.platform == "azureml":
            raise ValueError("batch: platform azureml scores no files yet; take the block out, or use platform local")
        if self.batch and self.batch.schedule:
            raise ValueError("batch.schedule: platform local keeps no time; take it out, and let cron call score_batch")
        if self.batch and self.batch.endpoint == self.endpoint.name:
            raise ValueError(f"batch.endpoint: {self.endpoint.name} is endpoint.name too; choose another")
        return self

    @model_validator(mode="after")
    def workspace_on_azure(self) -> "Manifest":
        missing = [key for key in ("resource_group", "name", "region") if not getattr(self.workspace, key)]
        if self.platform == "azureml" and missing:
            raise ValueError(f"workspace.{missing[0]}: missing; platform azureml needs it")
        return self


class Stages(Settings):
    """The one key of base.yml that is about all environments together."""

    stages: list[str] = Field(default=["staging", "production"], min_length=1)

    @model_validator(mode="after")
    def each_once(self) -> "Stages":
        if len(set(self.stages)) < len(self.stages):
            raise ValueError(f"stages: each environment may stand there once, got {self.stages}")
        return self


def merge(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """Override base by key, mapping by mapping. A list or a value replaces the whole of what it overrides."""
    merged = dict(base)
    for key, value in override.items():
        both = isinstance(value, Mapping) and isinstance(base.get(key), Mapping)
        merged[key] = merge(base[key], value) if both else value
    return merged


def environments(folder: Path = FOLDER) -> list[str]:
    """The names of all environments, sorted."""
    return names_of(folder.glob("*"))


def names_of(files: Iterable[Path]) -> list[str]:
    """The environments that these files are."""
    return sorted(path.stem for path in files if path.suffix == ".yml" and path.name != BASE)


def manifest_path(environment: str, folder: Path = FOLDER) -> Path:
    """The environment's own file. UserError when there is none, naming those that exist."""
    known = environments(folder)
    if environment not in known:
        raise UserError(f"{folder}: no environment {environment!r}; there is {', '.join(known) or 'none'}")
    return folder / f"{environment}.yml"


def load_manifest(environment: str, folder: Path = FOLDER) -> Manifest:
    """The environment's file merged over base.yml, checked. UserError also when its endpoint is another one's too."""
    path, base = manifest_path(environment, folder), read_yaml(folder / BASE)
    manifest = manifest_of(base, read_yaml(path), path)
    for other in environments(folder):
        theirs = merge(base, read_yaml(folder / f"{other}.yml"))
        for block, key in NAMED if other != environment else ():
            name = getattr(getattr(manifest, block), key, None)
            if name and isinstance(theirs.get(block), Mapping) and theirs[block].get(key) == name:
                raise UserError(f"{path}: {block}.{key}: {name} is that of {other} too; choose another")
    return manifest


def manifest_of(base: Mapping[str, Any], override: Mapping[str, Any], path: Path) -> Manifest:
    """The manifest that these contents of base.yml and of that path make. UserError naming the first mistake."""
    shared = {key: value for key, value in base.items() if key != "stages"}
    return check(Manifest, merge(shared, override), path)


def stages(folder: Path = FOLDER) -> list[str]:
    """The environments that a version passes through, in order. UserError when one of them has no file."""
    path = folder / BASE
    order = check(Stages, {key: value for key, value in read_yaml(path).items() if key == "stages"}, path).stages
    for name in order:
        if name not in environments(folder):
            raise UserError(f"{path}: stages: there is no {folder / name}.yml; write it, or take {name} out")
    return order


def training_stage(folder: Path = FOLDER) -> str:
    """The first stage: models are made and registered on its platform, and the others take them over."""
    return stages(folder)[0]


def champion_stage(folder: Path = FOLDER) -> str:
    """The last stage: what a challenger has to beat serves there."""
    return stages(folder)[-1]


def stage_before(environment: str, folder: Path = FOLDER) -> str | None:
    """The stage whose version this one takes over; None for the first one, and for an environment that is no stage."""
    order = stages(folder)
    at = order.index(environment) if environment in order else 0
    return order[at - 1] if at else None


def check_source(environment: str, manifest: Manifest, folder: Path = FOLDER) -> None:
    """UserError when the environment cannot have the versions that are registered where models are made."""
    made, taken = (source(each) for each in (load_manifest(training_stage(folder), folder), manifest))
    if made != taken:
        raise UserError(
            f"{folder / environment}.yml: its models come from {taken}, but are registered in {made};"
            f" let {folder / BASE} name one platform with one workspace, or with a workspace.registry"
        )


def source(manifest: Manifest) -> str:
    """Where the environment takes its model versions from."""
    workspace = manifest.workspace
    if manifest.platform == "local":
        return "this machine's .mlops"
    if workspace.registry:
        return f"registry {workspace.registry}"
    return "workspace " + "/".join(filter(None, (workspace.subscription, workspace.resource_group, workspace.name)))


def differences(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str = "") -> list[str]:
    """One line a key that differs: `model.version: 7 -> 8`."""
    lines = []
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        if isinstance(old, Mapping | None) and isinstance(new, Mapping):
            lines += differences(old or {}, new, f"{prefix}{key}.")
        elif old != new:
            lines.append(f"{prefix}{key}: {show(old)} -> {show(new)}")
    return lines


def show(value: Any) -> str:
    """A value as it stands in the file, or `none`."""
    return "none" if value is None else str(value)
