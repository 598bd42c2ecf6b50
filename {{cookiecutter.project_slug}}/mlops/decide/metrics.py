"""Metrics of one model on test rows: points and 95 % intervals, for all rows and for slices."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlops.decide.bootstrap import Vector, auc_samples, mean_samples

CLIP = 1e-15  # keeps the log-loss of a certain and wrong answer finite

Metrics = dict[str, float]


def row_values(target: NDArray[np.int64], scores: Vector, threshold: float) -> dict[str, Vector]:
    """What each row adds to the metrics that are means over rows."""
    certain = np.clip(scores, CLIP, 1 - CLIP)
    return {
        "log_loss": -np.where(target == 1, np.log(certain), np.log1p(-certain)),
        "brier": (scores - target) ** 2,
        "accuracy": ((scores > threshold) == (target == 1)).astype(float),
    }


def measure(target: NDArray[np.int64], scores: Vector, threshold: float) -> Metrics:
    """AUC, log-loss, Brier score and accuracy at the threshold. AUC is NaN when only one class is there."""
    from sklearn.metrics import roc_auc_score

    auc = float(roc_auc_score(target, scores)) if 0 < target.sum() < len(target) else math.nan
    return {"auc": auc} | {name: float(rows.mean()) for name, rows in row_values(target, scores, threshold).items()}


def intervals(target: NDArray[np.int64], scores: Vector, threshold: float, seed: int) -> dict[str, list[float]]:
    """The 95 % bootstrap interval of each metric, as [lower, upper]. Needs both classes."""
    rows = row_values(target, scores, threshold)
    samples = np.column_stack([auc_samples(target, [scores], seed), mean_samples(target, list(rows.values()), seed)])
    bounds = np.quantile(samples, [0.025, 0.975], axis=0).T
    return dict(zip(["auc", *rows], bounds.tolist(), strict=True))


def slices(frame: pd.DataFrame, columns: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
    """`column=value` to the mask of its rows, for every value of the columns, in name order."""
    return {
        f"{column}={value}": (frame[column] == value).to_numpy()
        for column in columns
        for value in sorted(frame[column].dropna().unique())
    }


def slice_rows(frame: pd.DataFrame, columns: Sequence[str], threshold: float) -> list[dict[str, Any]]:
    """One row a slice: its name, rows, positives, and the metrics of each model scored in the frame."""
    rows = []
    for name, mask in slices(frame, columns).items():
        part, target = frame[mask], frame.loc[mask, "target"].to_numpy()
        models = [model for model in ("challenger", "champion") if model in frame]
        metrics = {model: measure(target, part[model].to_numpy(), threshold) for model in models}
        rows.append({"slice": name, "rows": len(part), "positives": int(target.sum()), **metrics})
    return rows
