"""Groups of the test rows by the values of a column: which rows are whose, and what is measured on each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from math import hypot, isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlops import UserError
from mlops.decide.jackknife import Estimate, dealt, estimate, together
from mlops.decide.measures import Groups, Measure, Rows, Vector, whole
from mlops.decide.metrics import interval
from mlops.settings.metrics import GROUP_METRICS, Metric

if TYPE_CHECKING:
    import pandas as pd

    from mlops.decide.scored import Scored
    from mlops.decide.tasks.interface import Task

NAMELESS = "(missing)"  # the group of the rows that have no value there
COUNTED = {"true_positive_rate": 1, "false_positive_rate": 0}  # the rows of that answer alone


def group_rows(scored: "Scored", column: str, metric: str) -> dict[str, Rows]:
    """The rows of each group on which the metric is measured, by name in that order.

    UserError when the scores have no such column.
    """
    if scored.families is None or column not in scored.families:
        raise UserError(f"scores.parquet: no groups by {column}, which fairness.group_by names; run evaluate again")
    names = text(scored.families[column])
    counted = np.ones(len(names), dtype=bool)
    if metric in COUNTED:
        counted = scored.target == COUNTED[metric]
    return {str(name): np.flatnonzero((names == name) & counted) for name in np.unique(names)}


def text(values: "pd.Series") -> NDArray[np.str_]:
    """The values as names, shape (rows,)."""
    return values.astype("object").where(values.notna(), NAMELESS).to_numpy().astype(str)


def metric_of(task: "Task", name: str) -> Metric:
    """What there is to know of a metric that groups are compared in."""
    return GROUP_METRICS[task.name][name]


def measure_of(task: "Task", scored: "Scored", metric: str, rows: Rows) -> Measure:
    """The challenger's metric of those rows."""
    target, predictions = scored.target[rows], scored.predictions["challenger"][rows]
    return {**task.of_task(target, predictions), **task.of_groups(target, predictions)}[metric]


def without_each(
    task: "Task", scored: "Scored", metric: str, parts: Sequence[Rows], seed: int
) -> tuple[list[Vector], int]:
    """The metric of each of these parts without each group of the jackknife, which are the same for all of them.

    Also how many of those the part has rows in that is in the fewest: of no more can it tell how alike they are. Rows
    of a cluster are together; others are dealt part by part, so that every part loses as many at a time.
    """
    rows, sizes = np.concatenate(parts), [len(part) for part in parts]
    groups, count = jackknifed(scored, rows, sizes, seed)
    own = np.split(groups, np.cumsum(sizes)[:-1])
    values = [
        measure_of(task, scored, metric, part).without_each(each, count) for part, each in zip(parts, own, strict=True)
    ]
    return values, min(len(np.unique(each)) for each in own)


def jackknifed(scored: "Scored", rows: Rows, sizes: list[int], seed: int) -> tuple[Groups, int]:
    """What is left out in turn of those rows, which are parts of these sizes."""
    if scored.clusters is not None:
        return together(scored.clusters[rows])
    return dealt(np.split(np.arange(len(rows)), np.cumsum(sizes)[:-1]), min(sizes), seed)


def values(task: "Task", scored: "Scored", columns: Sequence[str], metric: str) -> dict[str, list[dict[str, Any]]]:
    """By column, one entry a group: its name, the rows that count, and the metric."""
    return {
        column: [
            {"group": name, "rows": len(rows), "value": whole(measure_of(task, scored, metric, rows), len(rows))}
            for name, rows in group_rows(scored, column, metric).items()
        ]
        for column in columns
    }


def with_intervals(task: "Task", scored: "Scored", column: str, metric: str, seed: int) -> list[dict[str, Any]]:
    """One entry a group of that column: its name, the rows that count, the metric and its 95 % interval."""
    found = group_rows(scored, column, metric)
    known = by_fairlearn(task, scored, metric, found)
    return [
        {
            "group": name,
            "rows": len(rows),
            "value": known.get(name, np.nan),
            "interval": sure(task, scored, metric, rows, seed),
        }
        for name, rows in found.items()
    ]


def sure(task: "Task", scored: "Scored", metric: str, rows: Rows, seed: int) -> list[float]:
    """The 95 % interval of that metric of those rows, within what the metric can be."""
    if not len(rows):
        return [np.nan, np.nan]
    [values], _ = without_each(task, scored, metric, [rows], seed)
    known = metric_of(task, metric)
    return interval(cautious(estimate(values), known, [rows]), known)


def cautious(found: Estimate, metric: Metric, parts: Sequence[Rows]) -> Estimate:
    """As if one more row of each part might be otherwise: a few rows that agree are not taken for certainty."""
    reach = metric.highest - metric.lowest
    floor = reach * hypot(*(1 / (len(part) + 2) for part in parts)) if isfinite(reach) else 0.0
    return replace(found, error=max(found.error, floor))  # NaN, as the first, stays


def check_installed() -> None:
    """UserError when Fairlearn is not."""
    if find_spec("fairlearn") is None:
        raise UserError("project.yml: fairness needs a missing package; uv sync --inexact --group fairness")


def by_fairlearn(task: "Task", scored: "Scored", metric: str, groups: Mapping[str, Rows]) -> dict[str, float]:
    """The metric of each group that has rows. UserError when Fairlearn is not installed."""
    check_installed()
    from fairlearn.metrics import MetricFrame

    rows = np.concatenate([*groups.values()])
    names = np.repeat([*groups], [len(each) for each in groups.values()])
    called = task.decisions(scored.predictions["challenger"])
    said = scored.predictions["challenger"] if called is None or metric == "brier" else called.astype(int)
    frame = MetricFrame(
        metrics={metric: function(metric)}, y_true=scored.target[rows], y_pred=said[rows], sensitive_features=names
    )
    return {str(name): float(value) for name, value in frame.by_group[metric].items()}


def function(metric: str) -> Callable[..., Any]:
    """Fairlearn's or scikit-learn's function of that metric: of answers and what is predicted."""
    from fairlearn import metrics as fairlearn
    from sklearn import metrics as sklearn

    functions: dict[str, Callable[..., Any]] = {
        "accuracy": sklearn.accuracy_score,
        "selection_rate": partial(fairlearn.selection_rate, pos_label=1),
        "true_positive_rate": partial(fairlearn.true_positive_rate, pos_label=1),
        "false_positive_rate": partial(fairlearn.false_positive_rate, pos_label=1),
        "brier": sklearn.mean_squared_error,
        "f1_macro": partial(sklearn.f1_score, average="macro", zero_division=0),
        "mean_error": lambda target, said: np.mean(said - target),
        "mae": sklearn.mean_absolute_error,
        "rmse": sklearn.root_mean_squared_error,
    }
    return functions[metric]
