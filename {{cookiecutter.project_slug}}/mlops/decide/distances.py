"""How far apart the values of one feature are in two sets of rows: 0 the same, 1 nothing in common."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlops.decide.windows import Mask

BINS = 64

Counts = NDArray[np.float32]  # shape (..., bins): of rows in each bin, the missing ones in the last


@dataclass(frozen=True)
class Binned:
    """A feature in bins that hold about as many training rows each: numbers in their order, or the commonest texts."""

    before: NDArray[np.int_]
    now: NDArray[np.int_]
    bins: int
    ordered: bool

    def counts(self, rows: Mask) -> Counts:
        """Of the training rows in each set; rows: shape (..., rows)."""
        of_row = np.zeros((len(self.before), self.bins), dtype=np.float32)
        of_row[np.arange(len(self.before)), self.before] = 1
        counted: Counts = rows.astype(np.float32) @ of_row
        return counted

    def counts_now(self) -> Counts:
        """Of the live rows."""
        return np.bincount(self.now, minlength=self.bins).astype(np.float32)

    def distances(self, left: Counts, right: Counts) -> NDArray[np.float32]:
        """Shape (...). The largest difference of the distribution functions (numbers, of those that are there), or half
        the sum of the differences of the shares (text, missing ones counted as a value)."""
        if self.ordered:
            found = np.abs(np.cumsum(shares(left[..., :-1]) - shares(right[..., :-1]), axis=-1)).max(axis=-1)
        else:
            found = np.abs(shares(left) - shares(right)).sum(axis=-1) / 2
        return np.asarray(found)


def shares(counts: Counts) -> Counts:
    """What part of the rows is in each bin; where there are no rows, nothing is known and all bins are alike."""
    total = counts.sum(axis=-1, keepdims=True)
    return np.where(total > 0, counts / np.maximum(total, 1), np.float32(1 / counts.shape[-1]))


def binned(before: pd.Series, now: pd.Series) -> Binned:
    """Both sides in the bins of the training rows."""
    ordered = pd.api.types.is_numeric_dtype(before)
    edges = number_edges(before) if ordered else before.value_counts().index[: BINS - 1]
    sides = [places(side, edges, ordered) for side in (before, now)]
    return Binned(sides[0], sides[1], len(edges) + 2, ordered)


def number_edges(before: pd.Series) -> NDArray[np.float64]:
    """The values themselves where they are few, else as many quantiles."""
    values = np.unique(before.dropna())
    if len(values) < BINS:
        return values
    return np.unique(np.quantile(before.dropna(), np.linspace(0, 1, BINS + 1)[1:-1]))


def places(side: pd.Series, edges: Any, ordered: bool) -> NDArray[np.int_]:
    """The bin of each row: one beyond the edges for what is none of them, two for what is missing."""
    if ordered:
        found = np.searchsorted(edges, side.to_numpy(dtype="float64"))
    else:
        found = edges.get_indexer(side)
        found = np.where(found < 0, len(edges), found)
    return np.where(side.isna(), len(edges) + 1, found)
