"""Test rows with what models predicted for them: what `evaluate` measures and `gate` compares."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlops import UserError
from mlops.decide.jackknife import dealt, together
from mlops.decide.measures import Groups, Rows, Vector
from mlops.decide.resampled import FOLD, ROW, are_dealt
from mlops.decide.tasks.interface import Target, Task

if TYPE_CHECKING:
    import pandas as pd

MODELS = ("challenger", "champion")
CLUSTER = "cluster"
SLICE, GROUP = "slice:", "group:"  # before the names of the user's columns: they may be called as ours are
UNFIT = "scores.parquet: not the predictions that evaluation.json is about; run evaluate again"


@dataclass(frozen=True)
class Scored:
    """target, predictions and slices have a row for each test row; labels are the classes that codes stand for.

    clusters: the number of what each row came together with, such as its day; None: nothing says so. families: the
    columns whose groups are held against each other, as slices; None as none of them.

    folds: the number of the fold that tested each row, by a model that was fitted on the other rows of that repeat; all
    rows are there in each of the repeats, one after the other. None: all of them were held out.
    """

    target: Target
    predictions: Mapping[str, Vector]
    slices: "pd.DataFrame"
    labels: Sequence[Any] = ()
    clusters: Groups | None = None
    families: "pd.DataFrame | None" = None
    folds: Groups | None = None
    repeats: int = 1

    @property
    def once(self) -> "Scored":
        """Each row once, with folds as it was predicted in the first repeat: no row is evidence twice."""
        return self if self.folds is None else self.where(np.arange(len(self.target)) < len(self.target) / self.repeats)

    def dealt(self, folds: Groups, repeats: int, predictions: Mapping[str, Vector]) -> "Scored":
        """These rows in each of the repeats, with what models that were fitted without them predicted."""
        every = np.tile(np.arange(len(self.target)), repeats)
        return replace(self.where(every), predictions=predictions, folds=folds, repeats=repeats)

    def groups(self, task: Task, seed: int) -> tuple[Groups, int]:
        """What the jackknife leaves out in turn: whole clusters, or else some rows of each answer."""
        if self.clusters is not None:
            return together(self.clusters)
        strata, counts = task.groups(self.target, self.labels), task.counts(self.target, self.labels)
        return dealt([*strata.values()], min(counts.values()), seed)

    @property
    def rows_hash(self) -> str:
        """SHA-256 (hex) of answers and clusters, whatever models, features and folds: which test rows these are."""
        once = self.once
        clusters = b"" if once.clusters is None else once.clusters.tobytes()
        return hashlib.sha256(once.target.tobytes() + clusters).hexdigest()

    @property
    def answers_hash(self) -> str:
        """SHA-256 (hex) of what the challenger says of each row, to nine digits: a model by what it does.

        One that was trained again from the same rows with the same parameters is the same.
        """
        return hashlib.sha256(np.round(self.predictions["challenger"], 9).tobytes()).hexdigest()

    def where(self, mask: NDArray[np.bool_] | Rows) -> "Scored":
        """Some of the rows, without their folds."""
        predictions = {name: values[mask] for name, values in self.predictions.items()}
        clusters = None if self.clusters is None else self.clusters[mask]
        families = None if self.families is None else self.families.iloc[mask]
        return Scored(self.target[mask], predictions, self.slices.iloc[mask], self.labels, clusters, families)

    def to_frame(self) -> "pd.DataFrame":
        """As a table: target, a column a model (a list a row of several classes), the slices, the families.

        With folds also the place of the row in test.parquet, and its fold; clusters where they are known.
        """
        frame = self.slices.add_prefix(SLICE).reset_index(drop=True)
        if self.families is not None:
            frame = frame.join(self.families.add_prefix(GROUP).reset_index(drop=True))
        frame.insert(0, "target", self.target)
        if self.clusters is not None:
            frame.insert(1, CLUSTER, self.clusters)
        if self.folds is not None:
            frame.insert(1, FOLD, self.folds)
            frame.insert(1, ROW, np.tile(np.arange(len(frame) // self.repeats), self.repeats))
        for place, (name, values) in enumerate(self.predictions.items()):
            frame.insert(place + 1, name, list(values))
        return frame


def from_frame(frame: "pd.DataFrame", labels: Sequence[Any], *, coded: bool) -> Scored:
    """What `to_frame` made a table of. UserError when it is another table, or of other labels.

    coded: whether the answers are places among the labels.
    """
    slices, families = (columns_of(frame, kind) for kind in (SLICE, GROUP))
    by_fold = ROW in frame or FOLD in frame
    try:
        target = frame["target"].to_numpy(dtype="int64" if coded else "float64")
        named = [name for name in MODELS if name in frame or name == MODELS[0]]
        predictions = {name: np.array(frame[name].tolist(), dtype="float64") for name in named}
        clusters = frame[CLUSTER].to_numpy(dtype=np.intp) if CLUSTER in frame else None
        rows, folds = (frame[name].to_numpy(dtype=np.intp) for name in (ROW, FOLD)) if by_fold else (None, None)
    except (KeyError, TypeError, ValueError):
        raise UserError(UNFIT) from None
    places, shapes = {*range(len(labels))}, {(len(frame),), (len(frame), len(labels))}
    fit = not coded or (len({*map(str, labels)}) == len(labels) and places >= {*target.tolist()})
    if not fit or not {values.shape for values in predictions.values()} <= shapes:
        raise UserError(UNFIT)
    repeats = 1 if rows is None else int((rows == 0).sum())
    found = Scored(target, predictions, slices, labels, clusters, families, folds, repeats)
    if rows is not None and not are_dealt(found, rows):
        raise UserError(UNFIT)
    return found


def columns_of(frame: "pd.DataFrame", kind: str) -> "pd.DataFrame":
    """The user's columns of that kind, by their own names."""
    return frame.filter(regex=f"^{kind}").rename(columns=lambda name: name.removeprefix(kind))
