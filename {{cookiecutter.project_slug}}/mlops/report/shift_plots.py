"""Pictures of what has moved: then and now, as SVG."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

COLOURS = {"then": "#8b949e", "now": "#1f6feb"}


def draw_shifts(features: Sequence[Mapping[str, Any]], folder: Path) -> dict[str, str]:
    """An SVG for each; the name of its file by feature, which may hold anything and so names none."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("shift-*.svg"):
        old.unlink()
    names = {each["feature"]: f"shift-{number}.svg" for number, each in enumerate(features, 1)}
    for each in features:
        shift_bars(each["feature"], each["picture"]).savefig(folder / names[each["feature"]])
    return names


def shift_bars(name: str, picture: Mapping[str, Any]) -> Figure:
    """Two bars for each value or bin: the share of the rows then and now."""
    figure = Figure(figsize=(4.6, 2.8), layout="constrained")
    axes = figure.subplots()
    places = range(len(picture["labels"]))
    for offset, side in enumerate(COLOURS):
        axes.bar([place + 0.4 * offset for place in places], picture[side], width=0.4, color=COLOURS[side], label=side)
    axes.set_xticks(list(places), [label.replace("$", r"\$") for label in picture["labels"]], rotation=60, fontsize=7)
    axes.set(ylabel="share of the rows", title=f"{name:.40}".replace("$", r"\$"))
    axes.legend(frameon=False)
    return figure
