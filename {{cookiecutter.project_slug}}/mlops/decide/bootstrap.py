"""Paired bootstrap: the same resampled rows for every model, drawn group by group."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 1000
CELLS = 100_000  # draws are worked on together up to this many numbers: they stay in the cache of a processor

Vector = NDArray[np.float64]
Rows = NDArray[np.intp]
Counts = NDArray[np.int64]
Weighted = Callable[[Counts], Vector]  # a metric when row i counts counts[..., i] times; shape counts[..., 0]


@dataclass(frozen=True)
class RankedScores:
    """Scores prepared for many weighted AUCs: the row order and where each run of equal scores starts."""

    order: Rows
    starts: Rows
    positive: Vector

    @classmethod
    def of(cls, target: NDArray[np.int64], scores: Vector) -> "RankedScores":
        order = np.argsort(scores, kind="stable")
        ordered = scores[order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        return cls(order, starts, target[order].astype(float))

    def auc(self, counts: Counts) -> Vector:
        """Area under the ROC curve; equal scores count half. NaN when only one class is there."""
        weight = counts[..., self.order]
        positives = np.add.reduceat(weight * self.positive, self.starts, axis=-1)
        negatives = np.add.reduceat(weight, self.starts, axis=-1) - positives
        below = np.cumsum(negatives, axis=-1) - negatives
        won = (positives * (below + negatives / 2)).sum(axis=-1)
        return ratio(won, positives.sum(axis=-1) * negatives.sum(axis=-1))


def ratio(above: Vector, below: Vector) -> Vector:
    """above / below, NaN where that is 0 / 0."""
    above, below = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    found: Vector = np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0)
    return found


def mean_of(values: Vector) -> Weighted:
    """The mean of per-row values (losses, hits) as a metric."""
    return lambda counts: ratio(counts @ values, counts.sum(axis=-1))


def resamples(groups: Sequence[Rows], seed: int, draws: int = DRAWS) -> Iterator[Counts]:
    """How often each row is drawn, in pieces of shape (some draws, rows). Each group keeps its number of rows."""
    generator = np.random.default_rng(seed)
    size = sum(len(rows) for rows in groups)
    together = max(1, CELLS // size)
    for start in range(0, draws, together):
        shape = (min(together, draws - start), size)
        drawn = [rows[generator.integers(0, len(rows), (shape[0], len(rows)))] for rows in groups if len(rows)]
        cells = np.concatenate(drawn, axis=1) + np.arange(shape[0])[:, None] * size
        yield np.bincount(cells.ravel(), minlength=shape[0] * size).reshape(shape)


def samples(metrics: Sequence[Weighted], groups: Sequence[Rows], seed: int, draws: int = DRAWS) -> Vector:
    """Every metric on the same resampled rows, shape (draws, metrics)."""
    pieces = resamples(groups, seed, draws)
    return np.concatenate([np.column_stack([metric(counts) for metric in metrics]) for counts in pieces])
