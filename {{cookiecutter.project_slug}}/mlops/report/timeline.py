"""The picture of a rollout."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from mlops.report.figures import FIRST, SECOND, save

COLOURS = {"candidate": FIRST, "stable": SECOND}


def draw(rows: Sequence[Mapping[str, Any]], path: Path) -> Path | None:
    """The picture, as SVG there; none where nothing was looked at."""
    if not rows:
        return None
    save({path.stem: partial(timeline, rows)}, path.parent)
    return path


def timeline(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """The candidate's share of the traffic, and the failures of both with their bounds, over seconds."""
    figure = Figure(figsize=(9.2, 5.2))
    shares, rates = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [1, 2]})
    seconds = [row["seconds"] for row in rows]
    shares.step(seconds, [row["share"] for row in rows], where="post", color=COLOURS["candidate"])
    shares.set(ylabel="% of traffic", ylim=(0, 105))
    for name, colour in COLOURS.items():
        known = [row for row in rows if row[name]]
        times = [row["seconds"] for row in known]
        rates.plot(times, [100 * row[name]["rate"] for row in known], color=colour, label=name)
        low, high = ([100 * row[name][edge] for row in known] for edge in ("low", "high"))
        rates.fill_between(times, low, high, color=colour, alpha=0.2, linewidth=0)
    rates.set(xlabel="seconds", ylabel="% of requests that failed", ylim=(0, None))
    rates.legend()
    return figure
