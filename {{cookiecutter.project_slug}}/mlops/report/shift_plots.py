"""Pictures of what has moved: then and now, as SVG."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from mlops.report.figures import FIRST, SECOND, plain, save

COLOURS = {"then": SECOND, "now": FIRST}


def draw_shifts(features: Sequence[Mapping[str, Any]], folder: Path) -> dict[str, str]:
    """An SVG for each; the name of its file by feature, which may hold anything and so names none."""
    draws = {f"shift-{number}": partial(shift_bars, each) for number, each in enumerate(features, 1)}
    for old in folder.glob("shift-*.svg"):
        old.unlink()
    save(draws, folder)
    return {each["feature"]: f"{name}.svg" for each, name in zip(features, draws, strict=True)}


def shift_bars(feature: Mapping[str, Any]) -> Figure:
    """Two bars for each value or bin: the share of the rows then and now."""
    figure, picture = Figure(figsize=(4.6, 3.2)), feature["picture"]
    axes = figure.subplots()
    places = range(len(picture["labels"]))
    for offset, side in enumerate(COLOURS):
        axes.bar([place + 0.4 * offset for place in places], picture[side], width=0.4, color=COLOURS[side], label=side)
    names = [plain(label, 24) for label in picture["labels"]]
    axes.set_xticks(list(places), names, fontsize=9, rotation=45, ha="right", rotation_mode="anchor")
    axes.set(ylabel="share of the rows", title=plain(feature["feature"]))
    axes.legend()
    return figure
