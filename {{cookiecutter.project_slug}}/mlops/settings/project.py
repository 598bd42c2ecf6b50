"""project.yml: all that a data scientist tunes, read and checked."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from mlops.settings.metrics import METRICS
from mlops.settings.reading import Settings, check, read_yaml

PROJECT_FILE = Path("project.yml")


class Data(Settings):
    uri: str
    suite: str
    time: str
    target: str
    known_only_after: list[str]


class SliceRules(Settings):
    columns: list[str]
    min_rows: int = Field(gt=0)
    floor: float
    max_drop: float = Field(ge=0)


class Gate(Settings):
    metric: str | None = None
    threshold: float = Field(default=0.5, gt=0, lt=1)
    floors: dict[str, float] = Field(min_length=1)
    alpha: float = Field(gt=0, lt=0.5)
    minimum_gain: float = Field(gt=0)
    max_loss: float = Field(default=0.02, gt=0)
    min_rows: int = Field(gt=0)
    seed: int
    slices: SliceRules


class Promotion(Settings):
    staging: Literal["pull-request", "commit"] = "pull-request"


class Monitoring(Settings):
    alpha: float = Field(gt=0, lt=0.5)
    min_effect: float = Field(gt=0, lt=1)
    min_rows: int = Field(gt=0)
    cooldown_days: float = Field(default=7, ge=0)


class Project(Settings):
    """project.yml as a whole."""

    name: str
    task: Literal["binary", "multiclass", "regression"] = "binary"
    data: Data
    features: list[str] = Field(min_length=1)
    model: dict[str, Any]
    gate: Gate
    promotion: Promotion = Promotion()
    monitoring: Monitoring

    @model_validator(mode="after")
    def no_leaks(self) -> "Project":
        leaks = sorted(set(self.features) & {*self.data.known_only_after, self.data.target})
        if leaks:
            raise ValueError(f"features must be known when the model is asked; take out {', '.join(leaks)}")
        return self

    @model_validator(mode="after")
    def metrics_are_of_the_task(self) -> "Project":
        floors = {f"floors.{name}": (name, floor) for name, floor in self.gate.floors.items()}
        named = floors | {"metric": (self.metric, None), "slices.floor": (self.metric, self.gate.slices.floor)}
        for key, (name, floor) in named.items():
            metric = METRICS[self.task].get(name)
            if metric is None:
                raise ValueError(f"gate.{key}: task {self.task} has {', '.join(METRICS[self.task])}, got {name!r}")
            if floor is not None and not metric.lowest <= floor <= metric.highest:
                least, most = metric.lowest, metric.highest
                raise ValueError(f"gate.{key}: {metric.title} is from {least:g} to {most:g}, got {floor:g}")
        return self

    @property
    def metric(self) -> str:
        """The metric that decides: gate.metric, or else the first of the task."""
        return self.gate.metric or next(iter(METRICS[self.task]))


def load_project(path: Path = PROJECT_FILE) -> Project:
    """project.yml, checked."""
    return check(Project, read_yaml(path), path)
