"""One of two answers: the model gives the probability of the second, the higher of the two labels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlops import UserError
from mlops.decide.measures import Auc, Measure, Vector, mean_of
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
