"""What is looked at: a model, its training and test rows, and how wrong it is on each of the latter."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops.decide.jackknife import Estimate, estimate
from mlops.decide.measures import Measure, OfSums, Rows, Vector, ratio
from mlops.decide.scored import Scored
from mlops.decide.tasks import Task

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Subject:
    """A fitted pipeline with the rows it learned from and those it is tested on; both hold features alone.

    answers: of the training rows. scored: what is known of the test rows. seed: of every draw. rows_shown: whether a
    page may show the values of single rows (report.rows).
    """

    task: Task
    model: Any
    train: "pd.DataFrame"
    answers: "pd.Series[Any]"
    test: "pd.DataFrame"
    scored: Scored
    seed: int
    rows_shown: bool = False

    @property
    def labels(self) -> Sequence[Any]:
        return self.scored.labels

    @property
    def classes(self) -> list[str]:
        """The names of what an answer has a number for each of; none where it is one number."""
        return [str(label) for label in self.labels] if self.scored.predictions["challenger"].ndim > 1 else []

    @cached_property
    def losses(self) -> Vector:
        """How wrong the challenger is on each test row."""
        return self.task.losses(self.scored.target, self.scored.predictions["challenger"])

    def losses_of(self, model: Any, rows: "pd.DataFrame") -> Vector:
        """How wrong a model is on the test rows with these values of the features."""
        return self.task.losses(self.scored.target, self.task.predict(model, rows, self.labels))

    def said(self, at: int) -> str:
        """The answer to that row of the test: a score or value, or the likeliest class with its probability."""
        found = self.scored.predictions["challenger"][at]
        if np.ndim(found) == 0:
            return f"{found:.4g}"
        return f"{self.labels[int(np.argmax(found))]} ({np.max(found):.4g})"

    def was(self, at: int) -> str:
        """The right answer."""
        target = self.scored.target[at]
        return str(self.labels[int(target)]) if self.labels else f"{target:.4g}"

    def values(self, at: int) -> dict[str, str]:
        """The row itself, where it may be shown."""
        return {str(name): str(value) for name, value in self.test.iloc[at].items()} if self.rows_shown else {}

    def sure(self, measure: Measure) -> Estimate:
        """A measure of the test rows, and how sure it is; of whole clusters, where there are some."""
        groups, count = self.scored.groups(self.task, self.seed)
        return estimate(measure.without_each(groups, count))


def evenly(count: int, most: int) -> Rows:
    """The places of at most so many of the rows, evenly from all of them."""
    return np.arange(0, count, -(-count // most))


def contrast(values: Vector, chosen: "NDArray[np.bool_]") -> Measure:
    """The mean of the values of the chosen rows less that of the others."""
    inside, others = chosen.astype(float), (~chosen).astype(float)
    sums = np.column_stack([values * inside, inside, values * others, others])
    return OfSums(sums, lambda of, _: ratio(of[..., 0], of[..., 1]) - ratio(of[..., 2], of[..., 3]))
