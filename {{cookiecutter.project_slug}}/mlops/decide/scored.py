"""Test rows with what models predicted for them: what `evaluate` measures and `gate` compares."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlops import UserError
from mlops.decide.jackknife import dealt, together
from mlops.decide.measures import Groups, Vector
from mlops.decide.tasks.interface import Target, Task

if TYPE_CHECKING:
    import pandas as pd

MODELS = ("challenger", "champion")
CLUSTER = "cluster"
SLICE = "slice:"  # before the names of the user's columns: they may be called as ours are
UNFIT = "scores.parquet: not the predictions that evaluation.json is about; run evaluate again"


@dataclass(frozen=True)
class Scored:
    """target, predictions and slices have a row for each test row; labels are the classes that codes stand for.

    clusters: the number of what each row came together with, such as its day; None: nothing says so.
    """

    target: Target
    predictions: Mapping[str, Vector]
    slices: "pd.DataFrame"
    labels: Sequence[Any] = ()
    clusters: Groups | None = None

    def groups(self, task: Task, seed: int) -> tuple[Groups, int]:
        """What the jackknife leaves out in turn: whole clusters, or else some rows of each answer."""
        if self.clusters is not None:
            return together(self.clusters)
        strata, counts = task.groups(self.target, self.labels), task.counts(self.target, self.labels)
        return dealt([*strata.values()], min(counts.values()), seed)

    @property
    def rows_hash(self) -> str:
        """SHA-256 (hex) of answers and clusters, whatever models and features: which test rows these are."""
        clusters = b"" if self.clusters is None else self.clusters.tobytes()
        return hashlib.sha256(self.target.tobytes() + clusters).hexdigest()

    def where(self, mask: NDArray[np.bool_]) -> "Scored":
        """Some of the rows."""
        predictions = {name: values[mask] for name, values in self.predictions.items()}
        clusters = None if self.clusters is None else self.clusters[mask]
        return Scored(self.target[mask], predictions, self.slices[mask], self.labels, clusters)

    def to_frame(self) -> "pd.DataFrame":
        """As a table: target, a column a model (a list a row where there are several classes), the slice columns."""
        frame = self.slices.add_prefix(SLICE).reset_index(drop=True)
        frame.insert(0, "target", self.target)
        if self.clusters is not None:
            frame.insert(1, CLUSTER, self.clusters)
        for place, (name, values) in enumerate(self.predictions.items()):
            frame.insert(place + 1, name, list(values))
        return frame


def from_frame(frame: "pd.DataFrame", labels: Sequence[Any], *, coded: bool) -> Scored:
    """What `to_frame` made a table of. UserError when it is another table, or of other labels.

    coded: whether the answers are places among the labels.
    """
    slices = frame.filter(regex=f"^{SLICE}").rename(columns=lambda name: name.removeprefix(SLICE))
    try:
        target = frame["target"].to_numpy(dtype="int64" if coded else "float64")
        named = [name for name in MODELS if name in frame or name == MODELS[0]]
        predictions = {name: np.array(frame[name].tolist(), dtype="float64") for name in named}
        clusters = frame[CLUSTER].to_numpy(dtype=np.intp) if CLUSTER in frame else None
    except (KeyError, TypeError, ValueError):
        raise UserError(UNFIT) from None
    places, shapes = {*range(len(labels))}, {(len(frame),), (len(frame), len(labels))}
    fit = not coded or (len({*map(str, labels)}) == len(labels) and places >= {*target.tolist()})
    if not fit or not {values.shape for values in predictions.values()} <= shapes:
        raise UserError(UNFIT)
    return Scored(target, predictions, slices, labels, clusters)
