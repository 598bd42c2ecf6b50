"""A trial as its run has it, and back: parameters, a metric for each fold, their mean, how it ended."""

from collections.abc import Mapping
from typing import Any

from mlops.decide.search.spelling import meant, spelled
from mlops.decide.search.trials import Trial
from mlops.settings.search import Search

TRIED = "tried."  # begins the names of parameters: those without it are Azure's, should it log any
STATE, SECONDS, WHY = "search_state", "search_seconds", "search_why"  # tags
LATE, ENDED = "its values did not arrive", "its job ended before it did"


def named(params: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of a run."""
    return {f"{TRIED}{name}": spelled(value) for name, value in params.items()}


def metrics_of(trial: Trial, metric: str) -> dict[str, float]:
    """The metrics of a run. The search's own is there where the trial has a value, and so once at most."""
    folds = {f"fold_{place + 1}": value for place, value in enumerate(trial.values)}
    return folds if trial.value is None else {**folds, metric: trial.value}


def tags_of(trial: Trial) -> dict[str, str]:
    """The tags of a run, by which a trial that is over is known."""
    return {STATE: trial.state, SECONDS: f"{trial.seconds:.3f}", **({WHY: trial.why} if trial.why else {})}


def trial_of(
    params: Mapping[str, str], metrics: Mapping[str, float], tags: Mapping[str, str], search: Search, *, asked: bool
) -> Trial | None:
    """The trial of a run that is over; None where it ended before it said what it tries.

    asked: it tries parameters, not those that are there. A trial is complete with a value for each fold only: one
    whose values are not all there has failed, and LATE says why.
    """
    mine = {name.removeprefix(TRIED): text for name, text in params.items() if name.startswith(TRIED)}
    if asked and mine.keys() != search.space.keys():
        return None
    found = {name: meant(points, mine[name]) for name, points in search.space.items()} if asked else {}
    values = [metrics[name] for name in (f"fold_{place + 1}" for place in range(search.folds)) if name in metrics]
    seconds = float(tags.get(SECONDS, 0))
    if tags.get(STATE) == "complete" and len(values) == search.folds:
        return Trial(found, "complete", values, seconds)
    why = LATE if tags.get(STATE) == "complete" else tags.get(WHY, ENDED)
    return Trial(found, "failed", values, seconds, why)
