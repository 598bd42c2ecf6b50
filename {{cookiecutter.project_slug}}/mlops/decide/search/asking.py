"""Optuna's TPE, asked for one trial after the other.

The study is built anew from the trials that are there, with a seed of its own for every number: what comes next depends
on nothing else. So a search that was stopped goes on to the very trials that it would have made.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops import UserError
from mlops.decide.search.trials import Trial
from mlops.settings.search import Points

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution

Space = Mapping[str, Points]
TURNS = 50  # of the dice, before it is said that all has been tried
DIGITS = 4  # of a number that is tried: it stands in project.yml, for people


def never(_: dict[str, Any]) -> bool:
    return False


def optuna_version() -> str:
    """The installed one. UserError when there is none."""
    try:
        import optuna
    except ModuleNotFoundError:
        raise UserError("search: needs missing packages; uv sync --inexact --group search") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return version("optuna")


def ask(
    space: Space, seed: int, trials: Sequence[Trial], higher: bool, known: Callable[[dict[str, Any]], bool] = never
) -> dict[str, Any] | None:
    """The parameters to try after these trials, which are not known yet; None where there seem to be no others."""
    from optuna.samplers import TPESampler

    found = study(space, trials, higher)
    for turn in range(TURNS):
        own_seed = int(np.random.SeedSequence([seed, len(trials), turn]).generate_state(1)[0])
        found.sampler = TPESampler(seed=own_seed)
        asked = found.ask(distributions(space)).params
        parameters = {name: plain(asked[name], points) for name, points in space.items()}
        if not known(parameters):
            return parameters
    return None


def study(space: Space, trials: Sequence[Trial], higher: bool) -> "Study":
    """What Optuna knows after these trials."""
    from optuna import create_study
    from optuna.trial import TrialState, create_trial

    states = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}
    found = create_study(direction="maximize" if higher else "minimize")
    for each in trials:
        means = {place: float(np.mean(each.values[: place + 1])) for place in range(len(each.values))}
        found.add_trial(
            create_trial(
                state=states[each.state],
                value=each.value,
                params=each.params,
                distributions=distributions(space),
                intermediate_values=means,
            )
        )
    return found


def distributions(space: Space) -> "dict[str, BaseDistribution]":
    """The same in Optuna's terms."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    def of(points: Points) -> "BaseDistribution":
        if points.choices is not None:
            return CategoricalDistribution(points.choices)
        assert points.low is not None and points.high is not None  # as settings/search.py has seen to
        if points.whole:
            return IntDistribution(int(points.low), int(points.high), log=points.log)
        return FloatDistribution(points.low, points.high, log=points.log)

    return {name: of(points) for name, points in space.items()}


def plain(value: Any, points: Points) -> Any:
    """A number with few digits, still between low and high; anything else as it is."""
    if points.choices is not None or points.whole:
        return value
    assert points.low is not None and points.high is not None
    return min(max(float(f"{value:.{DIGITS}g}"), float(points.low)), float(points.high))


def importance(space: Space, seed: int, trials: Sequence[Trial], higher: bool) -> dict[str, float]:
    """The share of each parameter in how far apart the trials are, most first; nothing where that cannot be told."""
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    values = {each.value for each in trials if each.value is not None}
    if len(values) < 2:
        return {}
    found = get_param_importances(study(space, trials, higher), evaluator=FanovaImportanceEvaluator(seed=seed))
    return {name: round(float(share), DIGITS) for name, share in found.items()}
