"""The training rows of a split, and what a model with some parameters is worth on folds of them."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops import UserError
from mlops.decide.search.trials import Trial
from mlops.settings.project import Project
from mlops.settings.reading import one_line

if TYPE_CHECKING:
    import pandas as pd

    from mlops.decide.folds import Fold

TRAINING_ROWS = "train.parquet"  # of what split_data wrote, all that a search may see

Measure = Callable[[Mapping[str, Any]], Iterator[float]]  # of parameters, the metric on one fold after the other


def rows_to_learn(folder: Path, project: Project) -> "pd.DataFrame":
    """The training rows of a split, with the columns that features, target and folds are made of."""
    from mlops.data.tables import read_file

    others = [each for each in (project.data.time, project.data.cluster) if each]
    columns = list(dict.fromkeys([*project.features, project.data.target, *others]))
    return read_file(folder / TRAINING_ROWS, columns)


def measure_of(project: Project, rows: "pd.DataFrame", folds: "Sequence[Fold]") -> Measure:
    """What measures a model with some parameters on each fold."""
    from mlops.data.own_metrics import own_metrics
    from mlops.decide.measures import whole
    from mlops.decide.tasks import task_of
    from steps.train import fit

    task = task_of(project, own_metrics(project.gate.own_metrics))
    parts = [[rows.iloc[places].reset_index(drop=True) for places in (fold.fit, fold.score)] for fold in folds]

    def measure(parameters: Mapping[str, Any]) -> Iterator[float]:
        for train, test in parts:
            model = fit(train, project.model_copy(update={"model": dict(parameters)}))
            labels = task.labels(rows[project.data.target], [model])
            target = task.encode(test[project.data.target], labels)
            predictions = task.predict(model, test[project.features], labels)
            yield whole(task.measures(target, predictions)[project.searched_by], len(target))

    return measure


def never(_: Sequence[float]) -> bool:
    return False


def attempt(
    asked: Mapping[str, Any], values: Iterator[float], give_up: Callable[[Sequence[float]], bool] = never
) -> Trial:
    """Measured on one fold after the other, until it is given up or fails. UserError: the project's own mistake."""
    start, found = time.monotonic(), list[float]()

    def over(state: Any, why: str = "") -> Trial:
        return Trial(dict(asked), state, found, round(time.monotonic() - start, 3), why)

    try:
        for value in values:
            if not math.isfinite(value):
                return over("failed", f"the metric has no value on fold {len(found) + 1}")
            found.append(value)
            if give_up(found):
                return over("pruned")
    except UserError:
        raise
    except Exception as error:  # whatever a person's own model may raise
        return over("failed", one_line(f"{type(error).__name__}: {error}"))
    return over("complete")
