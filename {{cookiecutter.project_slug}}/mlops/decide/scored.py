"""Test rows with what models predicted for them: what `evaluate` measures and `gate` compares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlops.decide.bootstrap import Vector
from mlops.decide.tasks.interface import Target

if TYPE_CHECKING:
    import pandas as pd

MODELS = ("challenger", "champion")
SLICE = "slice:"  # before the names of the user's columns: they may be called as ours are


@dataclass(frozen=True)
class Scored:
    """target, predictions and slices have a row for each test row; labels are the classes that codes stand for."""

    target: Target
    predictions: Mapping[str, Vector]
    slices: "pd.DataFrame"
    labels: Sequence[Any] = ()

    def where(self, mask: NDArray[np.bool_]) -> "Scored":
        """Some of the rows."""
        predictions = {name: values[mask] for name, values in self.predictions.items()}
        return Scored(self.target[mask], predictions, self.slices[mask], self.labels)

    def to_frame(self) -> "pd.DataFrame":
        """As a table: target, a column a model (a list a row where there are several classes), the slice columns."""
        frame = self.slices.add_prefix(SLICE).reset_index(drop=True)
        frame.insert(0, "target", self.target)
        for place, (name, values) in enumerate(self.predictions.items()):
            frame.insert(place + 1, name, list(values))
        return frame


def from_frame(frame: "pd.DataFrame", labels: Sequence[Any]) -> Scored:
    """What `to_frame` made a table of."""
    predictions = {name: np.array(frame[name].tolist()) for name in MODELS if name in frame}
    slices = frame.filter(regex=f"^{SLICE}").rename(columns=lambda name: name.removeprefix(SLICE))
    return Scored(frame["target"].to_numpy(), predictions, slices, labels)
