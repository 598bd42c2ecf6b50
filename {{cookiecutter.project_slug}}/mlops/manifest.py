"""environments/: what should run where. An environment's file overrides base.yml by key."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from mlops.changes import files_at, text_at
from mlops.command import UserError
from mlops.config import Settings, check, parse_yaml, read_yaml

FOLDER = Path("environments")
BASE = "base.yml"
TRAINING = "staging"  # models are made and registered where this environment is; the others take them over
CHAMPION = "production"  # what a challenger has to beat serves here
UNITS = {"s": 1, "m": 60, "h": 3600}


def seconds(text: object) -> float:
    """`90s`, `30m` or `2h` in seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", str(text))
    if not match:
        raise ValueError("Input should be a duration such as 90s, 30m or 2h")
    return float(match[1]) * UNITS[match[2]]


Duration = Annotated[float, BeforeValidator(seconds)]


class Workspace(Settings):
    """Where Azure ML keeps the environment. The subscription is AZURE_SUBSCRIPTION_ID unless it is named here.

    registry: the Azure ML registry that models go through from one workspace to another; None: there is one workspace.
    """

    subscription: str | None
    resource_group: str = Field(min_length=1)
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{2,32}$")
    region: str
    registry: str | None = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{1,31}$")


class Endpoint(Settings):
    name: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}[a-z0-9]$")
    instance_type: str
    instance_count: int = Field(gt=0)
    max_instances: int = Field(gt=0)
    auth: Literal["key", "aad_token"]
    port: int = Field(ge=0, le=65535)

    @model_validator(mode="after")
    def room_to_scale(self) -> "Endpoint":
        if self.max_instances < self.instance_count:
            raise ValueError(f"endpoint.max_instances must be at least instance_count, got {self.max_instances}")
        return self


class Model(Settings):
    name: str
    version: int | None = Field(ge=1)


class Rollout(Settings):
    steps: list[Annotated[int, Field(ge=1, le=100)]]
    bake: Duration
    deadline: Duration
    min_requests: int = Field(ge=1)
    max_error_rate_increase: float = Field(ge=0, le=1)
    max_p95_latency_ms: float = Field(gt=0)
    synthetic_rate: float = Field(ge=0, le=1000)

    @model_validator(mode="after")
    def rising_to_100(self) -> "Rollout":
        if self.steps != sorted(set(self.steps)) or self.steps[-1:] != [100]:
            raise ValueError(f"rollout.steps must rise and end at 100, got {self.steps}")
        return self


class Manifest(Settings):
    """The desired state of one environment. Durations in seconds, latencies in milliseconds, shares in percent."""

    platform: Literal["local", "azureml"]
    workspace: Workspace
    endpoint: Endpoint
    model: Model
    rollout: Rollout


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


def environments_at(commit: str, folder: Path = FOLDER) -> list[str]:
    """The same as they were in that commit."""
    return names_of(files_at(commit, folder))


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
    """The environment's file merged over base.yml, checked."""
    path = manifest_path(environment, folder)
    return check(Manifest, merge(read_yaml(folder / BASE), read_yaml(path)), path)


def check_source(environment: str, manifest: Manifest, folder: Path = FOLDER) -> None:
    """UserError when the environment cannot have the versions that are registered where models are made."""
    made, taken = (source(each) for each in (load_manifest(TRAINING, folder), manifest))
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


def manifest_at(commit: str, environment: str, folder: Path = FOLDER) -> Manifest | None:
    """The environment's manifest in that commit; None when there was none."""
    paths = (folder / BASE, folder / f"{environment}.yml")
    texts = [text_at(commit, path) for path in paths]
    if None in texts:
        return None
    base, override = (parse_yaml(text or "", path) for text, path in zip(texts, paths, strict=True))
    return check(Manifest, merge(base, override), paths[1])


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
