"""One of two answers: the model gives the probability of the second, the higher of the two labels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlops import UserError
from mlops.decide.measures import Auc, Measure, OfSums, Vector, mean_of, ratio
from mlops.decide.tasks.classification import CLIP, Classification
from mlops.decide.tasks.interface import Target

if TYPE_CHECKING:
    import pandas as pd


class Binary(Classification):
    """Predictions: scores of the second label, shape (rows,)."""

    name = "binary"
    watched = "scores"

    def labels(self, target: "pd.Series", models: Sequence[Any]) -> list[Any]:
        found = super().labels(target, models)
        if len(found) != 2:
            shown = ", ".join(map(str, found[:5]))
            raise UserError(f"{target.name}: task binary is for two answers, got {len(found)} ({shown}); see `task`")
        return found

    def predict(self, model: Any, rows: "pd.DataFrame", labels: Sequence[Any]) -> Vector:
        return self.probabilities(model, rows, labels)[:, 1]

    def answer(self, predictions: Vector, labels: Sequence[Any]) -> dict[str, Any]:
        return {"scores": predictions.tolist()}

    def decisions(self, predictions: Vector) -> NDArray[np.bool_]:
        return predictions > self.threshold

    def losses(self, target: Target, predictions: Vector) -> Vector:
        return (predictions - target) ** 2

    def trivial(self, target: Target, labels: Sequence[Any]) -> Vector:
        return np.full(len(target), self.shares(target, labels)[1])

    def counts(self, target: Target, labels: Sequence[Any]) -> dict[str, int]:
        return {name: len(rows) for name, rows in self.groups(target, labels).items()}

    def of_task(self, target: Target, predictions: Vector) -> dict[str, Measure]:
        certain = np.clip(predictions, CLIP, 1 - CLIP)
        return {
            "auc": Auc(target, predictions),
            "log_loss": mean_of(-np.where(target == 1, np.log(certain), np.log1p(-certain))),
            "brier": mean_of((predictions - target) ** 2),
            "accuracy": mean_of((self.decisions(predictions) == (target == 1)).astype(float)),
        }

    def of_groups(self, target: Target, predictions: Vector) -> dict[str, Measure]:
        called = self.decisions(predictions)
        return {
            "selection_rate": mean_of(called.astype(float)),
            "true_positive_rate": called_of(called, target == 1),
            "false_positive_rate": called_of(called, target == 0),
        }


def called_of(called: NDArray[np.bool_], rows: NDArray[np.bool_]) -> Measure:
    """The share of those rows that are called positive. NaN without such rows."""
    values = np.column_stack([called & rows, rows]).astype(float)
    return OfSums(values, lambda sums, _: ratio(sums[..., 0], sums[..., 1]))
