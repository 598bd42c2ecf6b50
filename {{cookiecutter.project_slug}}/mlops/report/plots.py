"""Pictures of an evaluation, as SVG: two or three that the task asks for, and the slices."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlops.decide.scored import MODELS, Scored
from mlops.decide.tasks import Task
from mlops.report.figures import FIRST, SECOND, plain, save

COLOURS = dict(zip(MODELS, (FIRST, SECOND), strict=True))
GUIDE: dict[str, Any] = {"color": "#d0d7de", "linestyle": "--", "linewidth": 1}
BINS = 10
LARGEST_SLICES = 12
MANY_POINTS, MANY_CLASSES = 2000, 12

Draw = Callable[[Axes, Scored], None]


def roc(axes: Axes, scored: Scored) -> None:
    """True against false positive rate of each model."""
    from sklearn.metrics import roc_curve

    for name, scores in scored.predictions.items():
        false, true, _ = roc_curve(scored.target, scores)
        axes.plot(false, true, color=COLOURS[name], label=name)
    axes.plot([0, 1], [0, 1], **GUIDE)
    axes.set(xlabel="false positive rate", ylabel="true positive rate", title="ROC")


def precision_recall(axes: Axes, scored: Scored) -> None:
    """Precision against recall of each model; the guide is what calling every row positive gives."""
    from sklearn.metrics import precision_recall_curve

    for name, scores in scored.predictions.items():
        precision, recall, _ = precision_recall_curve(scored.target, scores)
        axes.plot(recall, precision, color=COLOURS[name], label=name)
    axes.axhline(scored.target.mean(), **GUIDE)
    axes.set(xlabel="recall", ylabel="precision", title="Precision and recall", ylim=(0, 1.02))


def calibration(axes: Axes, scored: Scored) -> None:
    """Observed share of positives against the mean score, in bins of equal size."""
    for name, scores in scored.predictions.items():
        frame = pd.DataFrame({"score": scores, "target": scored.target})
        means = frame.groupby(pd.qcut(frame["score"].rank(method="first"), BINS, labels=False)).mean()
        axes.plot(means["score"], means["target"], color=COLOURS[name], marker="o", markersize=4, label=name)
    axes.plot([0, 1], [0, 1], **GUIDE)
    axes.set(xlabel="mean score", ylabel="observed share", title="Calibration", xlim=(0, 1), ylim=(0, 1))


def confusion(axes: Axes, scored: Scored) -> None:
    """How often the challenger calls each class by each name: shares of the rows of the class."""
    size = len(scored.labels)
    called = scored.predictions["challenger"].argmax(axis=1)
    counts = np.bincount(scored.target * size + called, minlength=size**2).reshape(size, size)
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if size <= MANY_CLASSES:
        names = [plain(label, 14) for label in scored.labels]
        axes.set_xticks(range(size), names, fontsize=8, rotation=30)
        axes.set_yticks(range(size), names, fontsize=8)
        for row, column in np.ndindex(size, size):
            colour = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour, fontsize=8)
    axes.set(xlabel="called (challenger)", ylabel="is", title="Confusion")


def predicted(axes: Axes, scored: Scored) -> None:
    """The actual value against the predicted one."""
    some = some_rows(scored)
    for name, values in some.predictions.items():
        axes.scatter(values, some.target, s=6, alpha=0.4, color=COLOURS[name], label=name, rasterized=True)
    ends = [some.target.min(), some.target.max()]
    axes.plot(ends, ends, **GUIDE)
    axes.set(xlabel="predicted", ylabel="actual", title="Predicted and actual")


def residuals(axes: Axes, scored: Scored) -> None:
    """What is left of the actual value, against the predicted one."""
    some = some_rows(scored)
    for name, values in some.predictions.items():
        axes.scatter(values, some.target - values, s=6, alpha=0.4, color=COLOURS[name], label=name, rasterized=True)
    axes.axhline(0, **GUIDE)
    axes.set(xlabel="predicted", ylabel="actual - predicted", title="Residuals")


def some_rows(scored: Scored) -> Scored:
    """Every n-th row, so that a page stays small."""
    step = -(-len(scored.target) // MANY_POINTS)
    return scored.where(np.arange(len(scored.target)) % step == 0)


OF_TASK: Mapping[str, Sequence[Draw]] = {
    "binary": (roc, precision_recall, calibration),
    "multiclass": (confusion,),
    "regression": (predicted, residuals),
}


def picture(draw: Draw, scored: Scored) -> Figure:
    """One picture of both models."""
    figure = Figure(figsize=(4.6, 4.2))
    axes = figure.subplots()
    draw(axes, scored)
    if axes.get_legend_handles_labels()[0]:
        axes.legend()
    return figure


def slice_bars(task: Task, rows: Sequence[dict[str, Any]]) -> Figure:
    """The primary metric of each model on the largest slices."""
    figure, largest = Figure(figsize=(9.2, 4.2)), sorted(rows, key=lambda row: row["rows"])[-LARGEST_SLICES:]
    axes = figure.subplots()
    for offset, name in enumerate(name for name in MODELS if name in largest[0]):
        places = [place + 0.4 * offset for place in range(len(largest))]
        values = [row[name][task.primary] for row in largest]
        axes.barh(places, values, height=0.38, color=COLOURS[name], label=name)
    names = [f"{plain(row['slice'], 30)} ({row['rows']:,})" for row in largest]
    axes.set_yticks(range(len(largest)), names, fontsize=9)
    axes.set(xlabel=task.decisive.title, title="Slices (rows)")
    if "champion" in largest[0]:
        axes.legend(loc="lower right")
    return figure


def write_plots(task: Task, scored: Scored, rows: Sequence[dict[str, Any]], folder: Path) -> None:
    """An SVG for each picture of the task, and slices.svg where there are slices."""
    draws = {draw.__name__: partial(picture, draw, scored) for draw in OF_TASK[task.name]}
    save(draws | ({"slices": partial(slice_bars, task, rows)} if rows else {}), folder)
