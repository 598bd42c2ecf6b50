"""How sure a number is that was measured on folds: the mean over them, and the corrected resampled t.

Models of two folds have learned from mostly the same rows, and with repeats every row is tested often: taken for
independent, folds are evidence over and over, and models that are no better are promoted several times as often as
alpha says. So the variance of the mean gets the share of the test in what was learned from added to it.
Sources: Nadeau, Bengio 2003, "Inference for the generalization error"; Bouckaert, Frank 2004, "Evaluating the
replicability of significance tests for comparing learning algorithms" (folds that are dealt again and again).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from mlops.decide.checks import Check
from mlops.decide.jackknife import Estimate
from mlops.decide.measures import Rows, Vector, whole

if TYPE_CHECKING:
    from mlops.decide.scored import Scored
    from mlops.decide.tasks.interface import Task
    from mlops.settings.project import Gate

FOLD, ROW = "fold", "row"  # columns of scores.parquet


def by_fold(task: "Task", scored: "Scored", model: str) -> dict[str, Vector]:
    """Each metric of that model on each fold, shape (folds,). NaN where it is undefined."""
    assert scored.folds is not None
    parts = [np.flatnonzero(scored.folds == each) for each in range(scored.folds.max() + 1)]
    measures = [task.measures(scored.target[part], scored.predictions[model][part]) for part in parts]
    return {
        name: np.array([whole(each[name], len(part)) for each, part in zip(measures, parts, strict=True)])
        for name in task.metrics
    }


def decisive(task: "Task", scored: "Scored", model: str) -> list[float] | None:
    """The metric that decides, of that model on each fold; None where rows were held out."""
    return None if scored.folds is None else by_fold(task, scored, model)[task.primary].tolist()


def corrected(values: Vector, scored: "Scored") -> Estimate:
    """Of a metric (or a difference of two) on each of its folds; NaN where it has no value on one of them."""
    assert scored.folds is not None
    tested, count = np.bincount(scored.folds), len(values)
    share = float((tested / (len(scored.once.target) - tested)).mean())
    return Estimate(float(values.mean()), float(np.sqrt((1 / count + share) * values.var(ddof=1))), count)


def without_value(task: "Task", metrics: Mapping[str, float | None], scored: "Scored", rules: "Gate") -> list[Check]:
    """What is to be said of a metric that the gate asks for and that has no value on a fold: nothing can be told."""
    asked = {} if scored.folds is None else {name: metrics.get(name) for name in (task.primary, *rules.floors)}
    lacking = [task.metrics[name].title for name, value in asked.items() if value is None or np.isnan(value)]
    seen = f"no value on some of them: {', '.join(lacking)}"
    wanted = "one on each; write fewer folds in data.split, or add data"
    return [Check("folds", "INSUFFICIENT", seen, wanted)] if lacking else []


def are_dealt(scored: "Scored", rows: Rows) -> bool:
    """Whether each repeat has all rows in their order, with the same answers, and its own folds: two at least.

    rows: the place of each row. A cluster is in one fold of a repeat.
    """
    repeats, folds = scored.repeats, scored.folds
    if folds is None or not repeats or len(rows) % repeats:
        return False
    count, rest = divmod(int(folds.max()) + 1, repeats)
    of_repeat = folds.reshape(repeats, -1) // max(1, count)
    whole_folds = (of_repeat == np.arange(repeats)[:, None]).all() and len(np.unique(folds)) == count * repeats
    whole_rows = (rows.reshape(repeats, -1) == np.arange(len(rows) // repeats)).all()
    return bool(not rest and count > 1 and whole_folds and whole_rows and same_each_time(scored))


def same_each_time(scored: "Scored") -> bool:
    """Whether each repeat has the same answers and clusters, and a cluster is in one fold of each."""
    known = [each.reshape(scored.repeats, -1) for each in (scored.target, scored.clusters) if each is not None]
    alike = all((each == each[0]).all() for each in known)
    if scored.clusters is None or scored.folds is None:
        return alike
    pairs = np.unique(np.column_stack([scored.clusters, scored.folds]), axis=0)
    return alike and len(pairs) == len(np.unique(scored.clusters)) * scored.repeats
