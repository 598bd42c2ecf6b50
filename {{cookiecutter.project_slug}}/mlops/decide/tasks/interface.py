"""What a task has to be able to do; binary.py, multiclass.py and regression.py do it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from numpy.typing import NDArray

from mlops.decide.measures import Measure, Rows, Vector
from mlops.decide.tasks.own import OwnMetric
from mlops.settings.metrics import METRICS, Metric, TaskName

if TYPE_CHECKING:
    import pandas as pd

Target = NDArray[Any]  # classes as their place among the labels (int64), or values (float64)


@dataclass(frozen=True)
class Task(ABC):
    """What the model of a project is for. primary: the metric that decides. threshold: see gate.threshold.

    own: the user's own metrics, by name.
    """

    primary: str
    threshold: float
    own: Mapping[str, OwnMetric] = field(default_factory=dict)
    name: ClassVar[TaskName]
    coded: ClassVar[bool]  # whether answers are places among labels
    watched: ClassVar[str]  # the part of an endpoint's answer that monitoring looks at: a value a row

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """What is measured, in the order of a report."""
        return {**METRICS[self.name], **{name: each.metric for name, each in self.own.items()}}

    @property
    def decisive(self) -> Metric:
        """What there is to know of the primary metric."""
        return self.metrics[self.primary]

    @abstractmethod
    def labels(self, target: "pd.Series", models: Sequence[Any]) -> list[Any]:
        """The classes that the rows or the models know, sorted; none for a regression. UserError if they don't fit."""

    @abstractmethod
    def known(self, model: Any) -> list[Any]:
        """The classes that the fitted model knows, sorted; none for a regression."""

    @abstractmethod
    def encode(self, target: "pd.Series", labels: Sequence[Any]) -> Target:
        """The answers as numbers, shape (rows,)."""

    @abstractmethod
    def predict(self, model: Any, rows: "pd.DataFrame", labels: Sequence[Any]) -> Vector:
        """What the fitted model says: scores or values (rows,), or probabilities (rows, labels)."""

    @abstractmethod
    def answer(self, predictions: Vector, labels: Sequence[Any]) -> dict[str, Any]:
        """The same as an endpoint answers it (serving/score.py), in plain values."""

    @abstractmethod
    def decisions(self, predictions: Vector) -> NDArray[Any] | None:
        """The place of the class that is decided on, for each row; None for a regression."""

    @abstractmethod
    def losses(self, target: Target, predictions: Vector) -> Vector:
        """How wrong each answer is, shape (rows,): of classes the Brier score, from 0 to 1; of numbers the distance."""

    @abstractmethod
    def trivial(self, target: Target, labels: Sequence[Any]) -> Vector:
        """The predictions of a model that knows no feature, and the distribution of these very answers."""

    @abstractmethod
    def groups(self, target: Target, labels: Sequence[Any]) -> dict[str, Rows]:
        """The rows of each answer, by name: each of them is dealt to groups for itself."""

    def counts(self, target: Target, labels: Sequence[Any]) -> dict[str, int]:
        """The rows that gate.min_rows is about, by name."""
        return {"rows": len(target)}

    @abstractmethod
    def of_task(self, target: Target, predictions: Vector) -> dict[str, Measure]:
        """The metrics that every project of the task has, ready to be computed without some of the rows."""

    def of_groups(self, target: Target, predictions: Vector) -> dict[str, Measure]:
        """What there is besides to hold groups of rows against each other in."""
        return {}

    def measures(self, target: Target, predictions: Vector) -> dict[str, Measure]:
        """These and the user's own."""
        own = {name: metric.measure(target, predictions) for name, metric in self.own.items()}
        return self.of_task(target, predictions) | own


def kind(model: Any) -> str:
    """The class that a pipeline ends in, or one within it."""
    return kind(model[-1]) if hasattr(model, "steps") else type(model).__name__
