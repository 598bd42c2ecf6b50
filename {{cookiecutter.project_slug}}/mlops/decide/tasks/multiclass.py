"""One of several answers: the model gives the probability of each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlops.decide.measures import Measure, OfSums, Vector, mean_of, ratio
from mlops.decide.tasks.classification import CLIP, Classification
from mlops.decide.tasks.interface import Target

if TYPE_CHECKING:
    import pandas as pd


class Multiclass(Classification):
    """Predictions: probabilities, shape (rows, labels)."""

    name = "multiclass"
    watched = "classes"

    def predict(self, model: Any, rows: "pd.DataFrame", labels: Sequence[Any]) -> Vector:
        return self.probabilities(model, rows, labels)

    def answer(self, predictions: Vector, labels: Sequence[Any]) -> dict[str, Any]:
        most = [labels[place] for place in predictions.argmax(axis=1)]
        return {"classes": most, "labels": list(labels), "probabilities": predictions.tolist()}

    def decisions(self, predictions: Vector) -> NDArray[np.intp]:
        called: NDArray[np.intp] = predictions.argmax(axis=1)
        return called

    def losses(self, target: Target, predictions: Vector) -> Vector:
        right = target[:, None] == np.arange(predictions.shape[1])
        found: Vector = ((predictions - right) ** 2).sum(axis=1) / 2
        return found

    def trivial(self, target: Target, labels: Sequence[Any]) -> Vector:
        return np.tile(self.shares(target, labels), (len(target), 1))

    def of_task(self, target: Target, predictions: Vector) -> dict[str, Measure]:
        of_answer = predictions[np.arange(len(target)), target]
        called = self.decisions(predictions)
        return {
            "log_loss": mean_of(-np.log(np.clip(of_answer, CLIP, 1))),
            "accuracy": mean_of((called == target).astype(float)),
            "f1_macro": macro_f1(target, called, predictions.shape[1]),
        }


def macro_f1(target: NDArray[np.int64], called: NDArray[np.int64], classes: int) -> Measure:
    """The mean over the classes that are there, or called, of 2 * right / (there + called)."""
    places = np.arange(classes)
    there, said = (np.equal.outer(each, places).astype(float) for each in (target, called))

    def f1(sums: Vector, rows: Vector) -> Vector:
        right, both = sums[..., :classes], sums[..., classes:]
        each = ratio(2 * right, both)
        present = ~np.isnan(each)
        return ratio(np.where(present, each, 0).sum(axis=-1), present.sum(axis=-1))

    return OfSums(np.column_stack([there * said, there + said]), f1)
