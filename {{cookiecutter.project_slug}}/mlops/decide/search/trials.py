"""What was tried, what to give up, and who wins."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

FEWEST = 5  # complete trials before any is given up

State = Literal["complete", "pruned", "failed"]


@dataclass(frozen=True)
class Trial:
    """One set of parameters. values: of the metric, one a fold that was measured; why: it failed."""

    params: dict[str, Any]
    state: State
    values: list[float]
    seconds: float
    why: str = ""

    @property
    def value(self) -> float | None:
        """The mean over the folds; None where not all of them were measured."""
        return float(np.mean(self.values)) if self.state == "complete" else None


def hopeless(values: Sequence[float], trials: Sequence[Trial], higher: bool) -> bool:
    """Whether the mean of these first folds is worse than half of the complete trials had after as many."""
    others = [np.mean(each.values[: len(values)]) for each in trials if each.state == "complete"]
    if len(others) < FEWEST:
        return False
    gain = float(np.mean(values) - np.median(others))
    return gain < 0 if higher else gain > 0


def best(trials: Sequence[Trial], higher: bool) -> int | None:
    """The place of the best complete trial, of equal ones the first; None when there is none."""
    values = {place: each.value for place, each in enumerate(trials) if each.value is not None}
    return (max if higher else min)(values, key=lambda place: values[place], default=None)


def beaten(default: Trial, winner: Trial, higher: bool) -> bool:
    """Whether the winner's value is better than that of the parameters that were there before."""
    if default.value is None or winner.value is None:
        return winner.value is not None
    return winner.value > default.value if higher else winner.value < default.value


def needed(
    model: Mapping[str, Any], params: Mapping[str, Any], identity: Callable[[Mapping[str, Any]], str]
) -> dict[str, Any]:
    """Those of the parameters that make the model what it is: without any other it is the same.

    identity: of parameters, what is the same for two that make one model. So a family's winner has not the losing
    families' parameters, nor what only says again what is the default.
    """
    whole, found = identity({**model, **params}), dict(params)
    for name in params:
        without = {other: value for other, value in found.items() if other != name}
        with suppress(TypeError, ValueError):  # a model that cannot do without it
            found = without if identity({**model, **without}) == whole else found
    return found


def in_short(params: Mapping[str, Any]) -> str:
    """`family forest, forest_max_features 0.3`"""
    return ", ".join(f"{name} {value}" for name, value in params.items())
