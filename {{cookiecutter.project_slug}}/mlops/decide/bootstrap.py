"""Paired bootstrap: the same resampled rows for every model, drawn class by class."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 1000
CELLS = 100_000  # draws are worked on together up to this many numbers: they stay in the cache of a processor

Vector = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class RankedScores:
    """Scores prepared for many weighted AUCs: the row order and where each run of equal scores starts."""

    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    positive: Vector

    @classmethod
    def of(cls, target: Labels, scores: Vector) -> "RankedScores":
        order = np.argsort(scores, kind="stable")
        ordered = scores[order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        return cls(order, starts, target[order].astype(float))

    def auc(self, weights: NDArray[np.int64]) -> Vector:
        """Area under the ROC curve when row i counts weights[..., i] times; ties count half. Shape weights[..., 0]."""
        weight = weights[..., self.order]
        positives = np.add.reduceat(weight * self.positive, self.starts, axis=-1)
        negatives = np.add.reduceat(weight, self.starts, axis=-1) - positives
        below = np.cumsum(negatives, axis=-1) - negatives
        won = (positives * (below + negatives / 2)).sum(axis=-1)
        areas: Vector = won / (positives.sum(axis=-1) * negatives.sum(axis=-1))
        return areas


def resamples(target: Labels, seed: int, draws: int = DRAWS) -> Iterator[NDArray[np.int64]]:
    """How often each row is drawn, in pieces of shape (some draws, rows). Each class keeps its number of rows."""
    generator = np.random.default_rng(seed)
    groups = [np.flatnonzero(target == label) for label in (0, 1)]
    together = max(1, CELLS // len(target))
    for start in range(0, draws, together):
        shape = (min(together, draws - start), len(target))
        drawn = [rows[generator.integers(0, len(rows), (shape[0], len(rows)))] for rows in groups]
        cells = np.concatenate(drawn, axis=1) + np.arange(shape[0])[:, None] * len(target)
        yield np.bincount(cells.ravel(), minlength=shape[0] * shape[1]).reshape(shape)


def auc_samples(target: Labels, models: Sequence[Vector], seed: int, draws: int = DRAWS) -> Vector:
    """AUC of every model on the same resampled rows, shape (draws, models)."""
    ranked = [RankedScores.of(target, scores) for scores in models]
    pieces = resamples(target, seed, draws)
    return np.concatenate([np.column_stack([scores.auc(counts) for scores in ranked]) for counts in pieces])


def mean_samples(target: Labels, values: Sequence[Vector], seed: int, draws: int = DRAWS) -> Vector:
    """Mean of per-row values (losses, hits) on the resampled rows, shape (draws, values)."""
    rows = np.column_stack(values)
    return np.concatenate([counts @ rows / len(target) for counts in resamples(target, seed, draws)])
