"""Pictures of a diagnosis, as SVG."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from mlops.report.figures import FIRST, INK, plain, save

MOST_BARS = 12


def write_plots(found: Mapping[str, Any], folder: Path) -> None:
    """importances.svg, learning_curve.svg, effects.svg and shapley.svg, as far as these were found."""
    draws: Mapping[str, Callable[[Any], Figure]] = {
        "importances": importance_bars,
        "learning_curve": curve_line,
        "effects": effect_lines,
        "shapley": shapley_points,
    }
    known = {name: found.get(name, {}).get("found") for name in draws}
    save({name: partial(draw, known[name]) for name, draw in draws.items() if known[name]}, folder)


def importance_bars(found: Sequence[Mapping[str, Any]]) -> Figure:
    """By how much the mean loss rises without each feature, with its 95 % interval."""
    figure = Figure(figsize=(4.6, 4.2))
    axes, most = figure.subplots(), list(reversed(found[:MOST_BARS]))
    rises = [each["rise"] for each in most]
    ends = [[each["rise"] - each["lower"] for each in most], [each["upper"] - each["rise"] for each in most]]
    axes.barh(range(len(most)), rises, xerr=ends, color=FIRST, error_kw={"ecolor": INK})
    axes.set_yticks(range(len(most)), [plain(each["feature"], 24) for each in most], fontsize=9)
    axes.axvline(0, color=INK, linewidth=1)
    axes.set(xlabel="rise of the mean loss when shuffled", title="What the answers rest on")
    return figure


def curve_line(found: Mapping[str, Any]) -> Figure:
    """The mean loss over the number of training rows."""
    figure = Figure(figsize=(4.6, 4.2))
    axes = figure.subplots()
    axes.plot(found["rows"], found["losses"], marker="o", color=FIRST)
    axes.set(xlabel="training rows", ylabel="mean loss on the test rows", title="Would more rows help?", xlim=(0, None))
    return figure


def effect_lines(found: Sequence[Mapping[str, Any]]) -> Figure:
    """The mean answer over the values of each of these features; a line for each class where there are several."""
    down = -(-len(found) // 2)
    figure = Figure(figsize=(9.2, 3.4 * down))
    for place, each in enumerate(found, start=1):
        axes = figure.add_subplot(down, 2, place)
        line = "-" if each["ordered"] else "none"
        axes.plot(each["means"], marker="o", linestyle=line, markersize=3, label=each["classes"] or None)
        if each["classes"]:
            axes.legend(fontsize=9)
        names = [plain(value, 21) for value in each["values"]]
        axes.set_xticks(range(len(names)), names, fontsize=9, rotation=45, ha="right", rotation_mode="anchor")
        axes.set(ylabel="mean answer", title=plain(each["feature"]))
    return figure


def shapley_points(found: Mapping[str, Any]) -> Figure:
    """By how much each feature moves the answer: a point a row, coloured by its value; else the mean as a bar."""
    most = list(reversed(found["features"][:MOST_BARS]))
    figure = Figure(figsize=(9.2, 4.6))
    axes = figure.subplots()
    for place, each in enumerate(most):
        if each["points"]:
            parts, ranks = zip(*each["points"], strict=True)
            heights = [place + 0.5 * ((at * 0.618) % 1 - 0.5) for at in range(len(parts))]
            shown = axes.scatter(parts, heights, c=ranks, cmap="coolwarm", s=5, vmin=0, vmax=1, rasterized=True)
        else:
            axes.barh(place, each["size"], color=FIRST)
    if most and most[-1]["points"]:
        bar = figure.colorbar(shown, ax=axes, ticks=[0, 1])
        bar.ax.set_yticklabels(["low", "high"])
        bar.set_label("value of the feature")
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_yticks(range(len(most)), [plain(each["feature"], 30) for each in most], fontsize=9)
    axes.set(xlabel="part of the answer", title="What moves the answers (Shapley values)")
    return figure
