"""Pictures of an evaluation, as SVG: ROC, calibration and slices."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = {"challenger": "#1f6feb", "champion": "#8b949e"}
BINS = 10
LARGEST_SLICES = 12


def models(frame: pd.DataFrame) -> list[str]:
    """The models that the frame holds scores of."""
    return [name for name in COLOURS if name in frame]


def roc(axes: Axes, frame: pd.DataFrame) -> None:
    """True against false positive rate of each model."""
    from sklearn.metrics import roc_curve

    for name in models(frame):
        false, true, _ = roc_curve(frame["target"], frame[name])
        axes.plot(false, true, color=COLOURS[name], label=name)
    axes.plot([0, 1], [0, 1], color="#d0d7de", linestyle="--", linewidth=1)
    axes.set(xlabel="false positive rate", ylabel="true positive rate", title="ROC")
    axes.legend(frameon=False)


def calibration(axes: Axes, frame: pd.DataFrame) -> None:
    """Observed share of positives against the mean score, in bins of equal size."""
    for name in models(frame):
        bins = pd.qcut(frame[name].rank(method="first"), BINS, labels=False)
        means = frame.groupby(bins)[[name, "target"]].mean()
        axes.plot(means[name], means["target"], color=COLOURS[name], marker="o", markersize=4, label=name)
    axes.plot([0, 1], [0, 1], color="#d0d7de", linestyle="--", linewidth=1)
    axes.set(xlabel="mean score", ylabel="observed share", title="Calibration", xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False)


def slice_bars(axes: Axes, rows: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    """AUC of each model on the largest slices."""
    largest = sorted(rows, key=lambda row: row["rows"])[-LARGEST_SLICES:]
    for offset, name in enumerate(names):
        places = [place + 0.4 * offset for place in range(len(largest))]
        axes.barh(places, [row[name]["auc"] for row in largest], height=0.38, color=COLOURS[name], label=name)
    axes.set_yticks(range(len(largest)), [f"{row['slice']} ({row['rows']:,})" for row in largest], fontsize=8)
    axes.set(xlabel="AUC", title="Slices (rows)", xlim=(0.4, 1))
    axes.legend(frameon=False, loc="lower right")


def write_plots(frame: pd.DataFrame, rows: Sequence[dict[str, Any]], folder: Path) -> None:
    """roc.svg, calibration.svg and slices.svg. The frame holds `target` and the scores of each model."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in (("roc", roc), ("calibration", calibration)):
        figure = Figure(figsize=(4.6, 4.2))
        draw(figure.subplots(gridspec_kw={"left": 0.13, "right": 0.97, "bottom": 0.12, "top": 0.92}), frame)
        figure.savefig(folder / f"{name}.svg")
    figure = Figure(figsize=(9.2, 4.2))
    slice_bars(figure.subplots(gridspec_kw={"left": 0.17, "right": 0.98, "bottom": 0.12}), rows, models(frame))
    figure.savefig(folder / "slices.svg")
