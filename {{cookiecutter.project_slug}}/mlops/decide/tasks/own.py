"""A user's own metrics: functions of model/metrics.py, which gate.own_metrics of project.yml names with a direction.

A function takes some rows as two arrays, the answers and what a model predicts, and returns one number:

binary      0 or 1 (the second label), shape (rows,); the scores of the second label, shape (rows,)
multiclass  the answer's place among the sorted labels, shape (rows,); the probabilities, shape (rows, labels)
regression  the values, shape (rows,); the predicted values, shape (rows,)

NaN says that these rows have no value, and is never a pass.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops import UserError, counted
from mlops.data.own_metrics import METRICS_FILE, in_a_line
from mlops.decide.measures import Groups, Measure, Vector
from mlops.settings.metrics import Metric

Function = Callable[[NDArray[Any], Vector], Any]


@dataclass(frozen=True)
class OwnMetric:
    """A function that a person wrote, and what project.yml says of it."""

    metric: Metric
    function: Function

    def value(self, target: NDArray[Any], predictions: Vector) -> float:
        """The metric of these rows, or NaN. UserError when the function fails or returns no number."""
        name = self.metric.title
        try:
            found = self.function(target, predictions)
        except Exception as error:  # whatever a person's own code may raise
            why, rows = in_a_line(error), counted(len(target), "row")
            mend = "return nan where it has no value"
            raise UserError(f"{METRICS_FILE}: {name} fails on {rows} ({why}); {mend}") from None
        if not isinstance(found, Real) or math.isinf(found):
            said = " ".join(f"{found!r:.60}".split())
            rows = counted(len(target), "row")
            raise UserError(f"{METRICS_FILE}: {name} returned {said} for {rows}; return a finite number, or nan")
        return float(found)

    def measure(self, target: NDArray[Any], predictions: Vector) -> Measure:
        """The same, ready to be computed without some of these rows."""
        return OfFunction(self, target, predictions)


@dataclass(frozen=True)
class OfFunction:
    """A user's own metric of these rows: called once for every group that is left out, and once for all."""

    own: OwnMetric
    target: NDArray[Any]
    predictions: Vector

    def without_each(self, groups: Groups, count: int) -> Vector:
        each = [self.value(groups != group) for group in range(count)]
        return np.array([*each, self.value(np.ones(len(groups), dtype=bool))])

    def value(self, rows: NDArray[np.bool_]) -> float:
        return self.own.value(self.target[rows], self.predictions[rows]) if rows.any() else np.nan
