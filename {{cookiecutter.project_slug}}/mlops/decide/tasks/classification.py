"""What the tasks with classes have in common: labels of any one kind, and probabilities of each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops import UserError
from mlops.decide.measures import Rows, Vector
from mlops.decide.tasks.interface import Target, Task, kind

if TYPE_CHECKING:
    import pandas as pd

CLIP = 1e-15  # keeps the log-loss of a certain and wrong answer finite


class Classification(Task):
    """Answers are classes: text, numbers, or true and false."""

    coded = True

    def labels(self, target: "pd.Series", models: Sequence[Any]) -> list[Any]:
        known = {label for model in models for label in self.known(model)}
        try:
            return sorted(known.union(target.unique().tolist()))
        except TypeError:
            raise UserError(f"{target.name}: text and numbers cannot both be classes; make all of them text") from None

    def known(self, model: Any) -> list[Any]:
        if not hasattr(model, "predict_proba"):
            raise UserError(f"model/estimator.py: task {self.name} needs predict_proba, which {kind(model)} lacks")
        found: list[Any] = model.classes_.tolist()
        return found

    def encode(self, target: "pd.Series", labels: Sequence[Any]) -> Target:
        return target.map({label: place for place, label in enumerate(labels)}).to_numpy(dtype="int64")

    def groups(self, target: Target, labels: Sequence[Any]) -> dict[str, Rows]:
        return {str(label): np.flatnonzero(target == place) for place, label in enumerate(labels)}

    def probabilities(self, model: Any, rows: "pd.DataFrame", labels: Sequence[Any]) -> Vector:
        """Shape (rows, labels); 0 for a class that the model does not know."""
        found = np.zeros((len(rows), len(labels)))
        found[:, [labels.index(label) for label in self.known(model)]] = model.predict_proba(rows)
        return found

    def shares(self, target: Target, labels: Sequence[Any]) -> Vector:
        """The share of each class."""
        return np.bincount(target, minlength=len(labels)) / max(1, len(target))
