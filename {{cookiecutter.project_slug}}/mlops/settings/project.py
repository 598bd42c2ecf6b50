"""project.yml: all that a data scientist tunes, read and checked."""

from collections.abc import Mapping
from math import inf
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from mlops import UserError
from mlops.settings.fairness import Fairness
from mlops.settings.metrics import GROUP_METRICS, METRICS, Better, Metric, TaskName
from mlops.settings.reading import MODEL_NAME, Reason, Settings, check, read_yaml
from mlops.settings.search import Search
from mlops.settings.split import By, Split
from mlops.settings.unread import as_told

PROJECT_FILE = Path("project.yml")
ADOPT = "uv run adopt my-table.csv --target COLUMN"  # what comes first in a project without a table
MOST_CHANCE = 0.2  # of an error that a gate or a monitor may make and still be one
MOST_LOSS = 0.2  # of a metric's range

FunctionName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
NOTED = {"rows", "to"}  # a model version has the tags train_rows and test_to beside test_<metric>


class Data(Settings):
    uri: str
    suite: str
    time: str | None = None
    target: str
    known_only_after: list[str]
    key: list[str] = Field(default=[], description="the columns that tell one row from every other")
    split: Split = Split()

    @property
    def cluster(self) -> str | None:
        """The column that says which rows came together; of data.time, the day. None: nothing says so."""
        return self.split.cluster or self.split.group or self.time

    @property
    def cluster_name(self) -> str | None:
        """What reports call a cluster."""
        return f"day of {self.time}" if self.cluster == self.time and self.time else self.cluster

    @property
    def split_by(self) -> By:
        return self.split.by or ("time" if self.time else "random")

    @model_validator(mode="after")
    def split_is_possible(self) -> "Data":
        split, by = self.split, self.split_by
        if by == "time" and not self.time:
            raise ValueError("data.split: by time needs data.time; name that column, or split by group or random")
        if (by == "group") != (split.group is not None):
            raise ValueError("data.split: group names the column for by: group; write both, or neither")
        if split.days and by != "time":
            raise ValueError("data.split: days are for by: time; take them out, or split by time")
        if split.days and split.share:
            raise ValueError("data.split: days and share exclude each other; take one out")
        return self

    @model_validator(mode="after")
    def folds_hold_nothing_out(self) -> "Data":
        split = self.split
        if split.folds and self.split_by == "time":
            raise ValueError("data.split: folds are for by: group or random; by time the newest rows are the test")
        if split.folds and split.share:
            raise ValueError("data.split: folds hold no share out; take share or folds out")
        if split.folds and split.group and split.cluster not in (None, split.group):
            raise ValueError("data.split: folds keep one column together, group or cluster; take cluster out")
        if split.repeats and not split.folds:
            raise ValueError("data.split: repeats are of folds; write both, or take repeats out")
        return self


class SliceRules(Settings):
    columns: list[str]
    min_rows: int = Field(gt=0)
    floor: float
    max_drop: float = Field(ge=0)
    waived: dict[str, Reason] = Field(
        default={}, description="smaller slices block, but for these (`column=value`, or all of `column`), and why"
    )


class Gate(Settings):
    own_metrics: dict[FunctionName, Better] = Field(
        default={}, description="functions of model/metrics.py that are metrics too: `{cost: lower}`; the better way"
    )
    metric: str | None = None
    threshold: float = Field(default=0.5, gt=0, lt=1)
    floors: dict[str, float] = Field(min_length=1)
    alpha: float = Field(gt=0, le=MOST_CHANCE)
    looks: int = Field(
        default=20,
        ge=1,
        le=100,
        description="models that may ask to be better on the same test rows; alpha is shared out",
    )
    minimum_gain: float = Field(gt=0)
    max_loss: float = Field(default=0.02, gt=0)
    min_rows: int = Field(gt=0)
    seed: int = Field(ge=0)
    slices: SliceRules

    @property
    def named_metrics(self) -> Mapping[str, Metric]:
        """The user's own metrics. They can be any number."""
        return {name: Metric(name, better == "higher", -inf, inf) for name, better in self.own_metrics.items()}


class Serving(Settings):
    engine: Literal["sklearn", "onnx"] = "sklearn"


class Report(Settings):
    """What pages for people may show."""

    rows: bool = Field(default=False, description="whether pages may show the values of single rows of the data")
    shap: bool = Field(
        default=False, description="Shapley values in the report; needs packages: `uv sync --inexact --group explain`"
    )


class Promotion(Settings):
    staging: Literal["pull-request", "commit"] = "pull-request"


class Webhook(Settings):
    """Where an alarm is told besides the issue."""

    variable: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="alarms are told to a chat, too: the environment variable that holds its address, a secret",
    )
    form: Literal["teams", "slack"] = Field(default="teams", description="what the other side reads")


class Monitoring(Settings):
    alpha: float = Field(gt=0, le=MOST_CHANCE)
    min_effect: float = Field(gt=0, lt=1)
    min_rows: int = Field(gt=0)
    cooldown_days: float = Field(default=7, ge=0, le=366)
    webhook: Webhook = Webhook()


class Project(Settings):
    """project.yml as a whole."""

    name: str = Field(pattern=MODEL_NAME)
    task: TaskName = "binary"
    data: Data
    features: list[str] = Field(min_length=1)
    model: dict[str, Any]
    search: Search | None = None
    gate: Gate
    fairness: Fairness | None = None
    serving: Serving = Serving()
    report: Report = Report()
    promotion: Promotion = Promotion()
    monitoring: Monitoring

    @model_validator(mode="after")
    def no_leaks(self) -> "Project":
        leaks = sorted(set(self.features) & {*self.data.known_only_after, self.data.target})
        if leaks:
            raise ValueError(f"features must be known when the model is asked; take out {', '.join(leaks)}")
        return self

    @property
    def columns(self) -> dict[str, str]:
        """Every column that a step reads, and the key that names it."""
        data = self.data
        split = {"data.split.group": data.split.group, "data.split.cluster": data.split.cluster}
        single = {"data.time": data.time, "data.target": data.target, **split}
        named = {name: key for key, name in single.items() if name}
        for key, names in self.lists().items():
            named |= {name: key for name in names if name not in named}
        return named

    def lists(self) -> dict[str, list[str]]:
        """The settings that list columns, by key."""
        named = {"features": self.features, "gate.slices.columns": self.gate.slices.columns, "data.key": self.data.key}
        return named | {"fairness.group_by": self.grouped_by}

    @property
    def grouped_by(self) -> list[str]:
        """The columns whose groups are held against each other; none without `fairness`."""
        return self.fairness.group_by if self.fairness else []

    @model_validator(mode="after")
    def columns_are_named_once(self) -> "Project":
        for key, names in self.lists().items():
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"{key}: {', '.join(twice)} more than once; take one out")
        return self

    @model_validator(mode="after")
    def target_is_only_that(self) -> "Project":
        data = self.data
        others = [data.time, data.split.group, data.split.cluster, *data.key, *self.gate.slices.columns]
        if data.target in [*others, *self.grouped_by]:
            raise ValueError(f"data.target: {data.target} is named as time, key, group or slice too; take it out there")
        return self

    @model_validator(mode="after")
    def own_metrics_have_names_of_their_own(self) -> "Project":
        if taken := self.gate.own_metrics.keys() & {*METRICS[self.task], *NOTED}:
            raise ValueError(f"gate.own_metrics: {min(taken)} is taken; call the function otherwise")
        return self

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """What may be named: the metrics of the task, and the user's own."""
        return {**METRICS[self.task], **self.gate.named_metrics}

    @model_validator(mode="after")
    def metrics_are_of_the_task(self) -> "Project":
        floors = {f"floors.{name}": (name, floor) for name, floor in self.gate.floors.items()}
        named = floors | {"metric": (self.metric, None), "slices.floor": (self.metric, self.gate.slices.floor)}
        for key, (name, floor) in named.items():
            metric = self.metrics.get(name)
            if metric is None:
                raise ValueError(f"gate.{key}: task {self.task} has {', '.join(self.metrics)}, got {name!r}")
            if floor is not None and not metric.lowest <= floor <= metric.highest:
                least, most = metric.lowest, metric.highest
                raise ValueError(f"gate.{key}: {metric.title} is from {least:g} to {most:g}, got {floor:g}")
        return self

    @model_validator(mode="after")
    def search_is_by_a_metric_of_the_task(self) -> "Project":
        if self.search and self.searched_by not in self.metrics:
            raise ValueError(f"search.metric: task {self.task} has {', '.join(self.metrics)}, got {self.searched_by!r}")
        return self

    @model_validator(mode="after")
    def search_sees_no_test_rows(self) -> "Project":
        if self.search and self.data.split.folds:
            raise ValueError("search: it would learn from the rows that data.split.folds test; take one of the two out")
        return self

    @model_validator(mode="after")
    def losses_are_small(self) -> "Project":
        metric = self.metrics[self.metric]
        most = MOST_LOSS * (metric.highest - metric.lowest)
        for key, loss in {"max_loss": self.gate.max_loss, "slices.max_drop": self.gate.slices.max_drop}.items():
            if loss > most:
                raise ValueError(f"gate.{key}: a loss of {loss:g} in {metric.title} is no limit; {most:g} is the most")
        return self

    @model_validator(mode="after")
    def groups_are_compared_in_a_metric_of_the_task(self) -> "Project":
        if rules := self.fairness:
            metrics = GROUP_METRICS[self.task]
            metric = metrics.get(rules.metric)
            if metric is None:
                raise ValueError(f"fairness.metric: task {self.task} has {', '.join(metrics)}, got {rules.metric!r}")
            if rules.max_difference >= metric.highest - metric.lowest:
                most, asked = metric.highest - metric.lowest, rules.max_difference
                raise ValueError(
                    f"fairness.max_difference: in {metric.title} groups differ by {most:g} at most, got {asked:g}"
                )
        return self

    @property
    def metric(self) -> str:
        """The metric that decides: gate.metric, or else the first of the task."""
        return self.gate.metric or next(iter(METRICS[self.task]))

    @property
    def searched_by(self) -> str:
        """The metric that `tune` looks for the best of: search.metric, or else the one that decides."""
        return (self.search and self.search.metric) or self.metric


def has_table(path: Path = PROJECT_FILE) -> bool:
    """Whether it names data: a project that begins with a table of one's own does not until that is adopted."""
    return read_yaml(path).get("data") is not None


def check_table(path: Path = PROJECT_FILE) -> None:
    """UserError when there is no table yet."""
    if not has_table(path):
        raise UserError(f"{path}: no table yet; take yours in: {ADOPT}")


def load_project(path: Path = PROJECT_FILE) -> Project:
    """project.yml, checked."""
    check_table(path)
    return as_told(check(Project, read_yaml(path), path))
