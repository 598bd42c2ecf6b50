"""The report's section about the search that the challenger's parameters come from: pictures, what families cost."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from mlops.data.search_file import search_of, told
from mlops.report.figures import FIRST, INK, address, plain
from mlops.report.pages import number
from mlops.settings.project import Project

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 300  # lines of a picture
BOX = {"facecolor": INK, "edgecolor": "none", "boxstyle": "round,pad=0.2"}  # lines go behind it
WORDS = {"complete": "complete", "pruned": "given up", "failed": "failed"}
FAMILY = "family"  # the parameter of model/families.py
CLEAR = "interpretable"  # the family that explains itself


def searched(project: Project) -> dict[str, Any] | None:
    """What the section shows. None where project.yml's parameters are no search's winner."""
    search = search_of(project.model)
    if search is None:
        return None
    states = [each["state"] for each in search["trials"]]
    families = best_of_family(search)
    return {
        "line": told(search),
        "counts": ", ".join(f"{states.count(state)} {word}" for state, word in WORDS.items()),
        "seconds": sum(each["seconds"] for each in search["trials"]),
        "winner": search["trials"][search["winner"]]["params"],
        "importance": search["importance"],
        "families": in_words(search, families),
        "cost": cost(families, search["higher"]),
        "metric": project.metrics[search["metric"]].title if search["metric"] in project.metrics else search["metric"],
        "plots": {draw.__name__: address(partial(picture, draw, search)) for draw in (trials, weights)},
    }


def best_of_family(search: Mapping[str, Any]) -> dict[str, float]:
    """The best value of each family that was tried, the best first; nothing where the search did not choose one."""
    if FAMILY not in search["space"]:
        return {}
    found: dict[str, float] = {}
    for each in sorted(complete(search), key=lambda each: each["value"], reverse=search["higher"]):
        found.setdefault(str(each["params"][FAMILY]), each["value"])
    return found


def in_words(search: Mapping[str, Any], families: Mapping[str, float]) -> dict[str, str]:
    """The families with their best value, then those of which no trial came to one, with what became of these."""
    states: dict[str, set[str]] = {}
    for each in search["trials"] if FAMILY in search["space"] else []:
        states.setdefault(str(each["params"][FAMILY]), set()).add(each["state"])
    without = {name: "pruned" if "pruned" in found else "failed" for name, found in states.items()}
    values = {name: number(value) for name, value in families.items()}
    return values | {name: WORDS[state] for name, state in without.items() if name not in families}


def cost(families: Mapping[str, float], higher: bool) -> str:
    """What the family that explains itself costs, in a sentence; nothing where it was not tried beside another."""
    others = [value for name, value in families.items() if name != CLEAR]
    if CLEAR not in families or not others:
        return ""
    best = max(others) if higher else min(others)
    lost = best - families[CLEAR] if higher else families[CLEAR] - best
    if lost <= 0:
        return "The interpretable model costs nothing: none of another family was better on the folds."
    return f"An interpretable model costs {number(lost)}: so much better is the best of another family on the folds."


def complete(search: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The trials with a value."""
    return [each for each in search["trials"] if each["value"] is not None]


def picture(draw: Callable[["Axes", Mapping[str, Any]], None], search: Mapping[str, Any]) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(max(9.2, 1.4 * len(search["space"])), 4.2))
    draw(figure.subplots(), search)
    return figure


def trials(axes: "Axes", search: Mapping[str, Any]) -> None:
    """Parallel coordinates: a line a trial through its parameters to its value, the better the darker."""
    shown = sorted(complete(search), key=lambda each: each["value"], reverse=search["higher"])[:SHOWN]
    winner, names = search["trials"][search["winner"]], [*search["space"]]
    values = scaled([each["value"] for each in shown])
    for each, height in zip(reversed(shown), reversed(values), strict=True):
        line = [*(place(each["params"][name], search["space"][name]) for name in names), height]
        if each == winner:
            axes.plot(range(len(line)), line, color=FIRST, linewidth=2.5)
        else:
            axes.plot(range(len(line)), line, color=INK, alpha=0.15 + 0.6 * height)
    ends = [*(labels(search["space"][name]) for name in names), labels(span([each["value"] for each in shown]))]
    for column, marks in enumerate(ends):
        axes.axvline(column, color=INK, linewidth=1)
        for height, text in marks:
            axes.text(column, height, text, color="white", ha="center", va="center", bbox=BOX)
    axes.set_xticks(range(len(ends)), [plain(each, 30) for each in [*names, search["metric"]]], rotation=20, ha="right")
    axes.set_yticks([])
    axes.set(title="Trials: parameters and value (the winner in blue)", xlim=(-0.4, len(ends) - 0.6))
    axes.spines[:].set_visible(False)


def weights(axes: "Axes", search: Mapping[str, Any]) -> None:
    """How much of the difference between trials each parameter makes."""
    found = dict(reversed(search["importance"].items()))
    axes.barh([*found], [*found.values()], color=FIRST)
    axes.set(xlim=(0, 1), xlabel="share of the difference between trials", title="Parameters: what matters")
    axes.spines[["top", "right"]].set_visible(False)


def place(value: Any, points: Mapping[str, Any]) -> float:
    """Where a value stands between the lowest, 0, and the highest, 1."""
    import numpy as np

    if (choices := points.get("choices")) is not None:
        return float(choices.index(value) / max(1, len(choices) - 1))
    scale = np.log if points.get("log") else float
    low, high = scale(points["low"]), scale(points["high"])
    return float((scale(value) - low) / (high - low))


def labels(points: Mapping[str, Any]) -> list[tuple[float, str]]:
    """What is written beside an axis, and at which height."""
    if (choices := points.get("choices")) is not None:
        return [(place(each, points), f"{each!s:.20}") for each in choices]
    return [(0, f"{points['low']:.4g}"), (1, f"{points['high']:.4g}")]


def span(values: Sequence[float]) -> dict[str, float]:
    return {"low": min(values), "high": max(values)}


def scaled(values: Sequence[float]) -> list[float]:
    """Each between the lowest, 0, and the highest, 1; all of them 1 where they are alike."""
    ends = span(values)
    return [place(each, ends) for each in values] if ends["low"] < ends["high"] else [1.0] * len(values)
