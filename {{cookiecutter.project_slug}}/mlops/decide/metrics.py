"""Metrics of one model on test rows: points and 95 % intervals, for all rows and for slices."""

from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops.decide.jackknife import Estimate, estimate
from mlops.decide.measures import Vector, whole
from mlops.decide.resampled import by_fold, corrected
from mlops.decide.scored import MODELS, Scored
from mlops.decide.tasks.interface import Target, Task
from mlops.settings.metrics import Metric

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

Metrics = dict[str, float]


def measure(task: Task, target: Target, predictions: Vector) -> Metrics:
    """Every metric of the task. NaN where it is undefined: AUC of one class, R² of answers that are all equal."""
    return {name: whole(metric, len(target)) for name, metric in task.measures(target, predictions).items()}


def metrics_of(task: Task, scored: Scored, model: str) -> Metrics:
    """Every metric of that model on all rows; with folds the mean over them."""
    if scored.folds is None:
        return measure(task, scored.target, scored.predictions[model])
    return {name: float(values.mean()) for name, values in by_fold(task, scored, model).items()}


def estimates(task: Task, scored: Scored, model: str, seed: int) -> dict[str, Estimate]:
    """Each metric of that model, and how sure it is."""
    if scored.folds is not None:
        return {name: corrected(values, scored) for name, values in by_fold(task, scored, model).items()}
    groups, count = scored.groups(task, seed)
    measures = task.measures(scored.target, scored.predictions[model])
    return {name: estimate(measure.without_each(groups, count)) for name, measure in measures.items()}


def interval(found: Estimate, metric: Metric) -> list[float]:
    """Its 95 % interval, as [lower, upper], within what the metric can be."""
    bounds = found.quantile(0.025), found.quantile(0.975)
    return [bound if isnan(bound) else min(max(bound, metric.lowest), metric.highest) for bound in bounds]


def intervals(task: Task, scored: Scored, model: str, seed: int) -> dict[str, list[float]]:
    """The 95 % interval of each metric of that model."""
    return {name: interval(found, task.metrics[name]) for name, found in estimates(task, scored, model, seed).items()}


def slices(columns: "pd.DataFrame") -> "dict[str, NDArray[np.bool_]]":
    """`column=value` to the mask of its rows, for every value of the columns, in name order."""
    return {
        f"{column}={value}": (columns[column] == value).to_numpy()
        for column in columns
        for value in sorted(columns[column].dropna().unique())
    }


def slice_rows(task: Task, scored: Scored) -> list[dict[str, Any]]:
    """One row a slice: its name, rows, and the metrics of each model."""
    rows = []
    for name, mask in slices(scored.slices).items():
        part = scored.where(mask)
        models = [model for model in MODELS if model in part.predictions]
        metrics = {model: measure(task, part.target, part.predictions[model]) for model in models}
        rows.append({"slice": name, "rows": len(part.target), **metrics})
    return rows
