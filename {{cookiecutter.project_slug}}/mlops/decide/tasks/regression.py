"""A number: the model gives its value."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops import UserError
from mlops.decide.measures import Measure, OfSums, Rows, Vector, mean_of, ratio
from mlops.decide.tasks.interface import Target, Task, kind

if TYPE_CHECKING:
    import pandas as pd


class Regression(Task):
    """Predictions: values in the target's own unit, shape (rows,)."""

    name = "regression"
    coded = False
    watched = "values"

    def labels(self, target: "pd.Series", models: Sequence[Any]) -> list[Any]:
        for model in models:
            if hasattr(model, "predict_proba"):
                raise UserError(f"model/estimator.py: {kind(model)} tells classes apart; task regression needs values")
        return []

    def known(self, model: Any) -> list[Any]:
        return []

    def encode(self, target: "pd.Series", labels: Sequence[Any]) -> Target:
        try:
            return target.to_numpy(dtype="float64")
        except (TypeError, ValueError):
            raise UserError(f"{target.name}: task regression needs numbers, got {target.dtype}; see `task`") from None

    def predict(self, model: Any, rows: "pd.DataFrame", labels: Sequence[Any]) -> Vector:
        return np.asarray(model.predict(rows), dtype="float64")

    def answer(self, predictions: Vector, labels: Sequence[Any]) -> dict[str, Any]:
        return {"values": predictions.tolist()}

    def decisions(self, predictions: Vector) -> None:
        return None

    def losses(self, target: Target, predictions: Vector) -> Vector:
        return np.abs(target - predictions)

    def trivial(self, target: Target, labels: Sequence[Any]) -> Vector:
        """The best of all constants: the median for absolute errors, else the mean."""
        best = np.median if self.primary == "mae" else np.mean
        return np.full(len(target), best(target))

    def groups(self, target: Target, labels: Sequence[Any]) -> dict[str, Rows]:
        return {"rows": np.arange(len(target))}

    def of_task(self, target: Target, predictions: Vector) -> dict[str, Measure]:
        squared = (target - predictions) ** 2
        return {
            "rmse": mean_of(squared, np.sqrt),
            "mae": mean_of(np.abs(target - predictions)),
            "r2": explained(target, squared),
        }

    def of_groups(self, target: Target, predictions: Vector) -> dict[str, Measure]:
        return {"mean_error": mean_of(predictions - target)}


def explained(target: Target, squared: Vector) -> Measure:
    """The share of the target's variance that is no error. NaN where all answers are the same."""
    centred = target - target.mean()  # a shift changes no variance, and keeps the sums small

    def r2(sums: Vector, rows: Vector) -> Vector:
        error, mean, square = (ratio(sums[..., place], rows) for place in range(3))
        return 1 - ratio(error, square - mean**2)

    return OfSums(np.column_stack([squared, centred, centred**2]), r2)
