"""Models tested without held-out rows: each one's recipe, fitted anew on one side of a fold, predicts the other.

A recipe is the estimator with its parameters and its code, and the columns that the model was fitted on. What is
compared so is two recipes, not the two fits that serve.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops import UserError
from mlops.data.model_folder import model_columns, own_code
from mlops.decide.folds import Fold, repeated
from mlops.decide.measures import Groups, Vector
from mlops.decide.scored import Scored
from mlops.decide.tasks import Task
from mlops.settings.project import Project
from mlops.settings.reading import one_line

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Recipe:
    """How the model of that folder was made, to make others so. columns: that it was fitted on."""

    folder: Path
    model: Any
    columns: Sequence[str]

    def fitted(self, rows: "pd.DataFrame", answers: "pd.Series[Any]") -> Any:
        """A new model of these rows. UserError when there cannot be one."""
        from sklearn.base import clone

        if lacking := [name for name in self.columns if name not in rows]:
            names = ", ".join(lacking)
            raise UserError(f"{self.folder}: its recipe needs {names}; keep that in features, and drop it in model/")
        try:
            with own_code(self.folder):
                return clone(self.model).fit(rows[self.columns].reset_index(drop=True), answers.reset_index(drop=True))
        except Exception as error:  # whatever a person's own model may raise
            why = one_line(f"{type(error).__name__}: {error}")
            raise UserError(
                f"{self.folder}: its recipe cannot be fitted on part of the rows ({why}); correct it, or take"
                " data.split.folds out"
            ) from None


def recipe_of(folder: Path, model: Any, script: Path) -> Recipe:
    """That of the model from the folder. Whatever serves it, a copy is fitted and answers by scikit-learn."""
    return Recipe(folder, model, list(model_columns(folder, script)))


def cross_validated(
    task: Task, recipes: Mapping[str, Recipe], rows: "pd.DataFrame", scored: Scored, project: Project
) -> Scored:
    """What models of each recipe say of all rows, in each repeat by one that was fitted without the fold of the row.

    scored: what is known of the rows, without predictions. UserError for too few groups, or as in Recipe.
    """
    repeats, predictions = repeated(rows, project.data, project.gate.seed), {name: list[Vector]() for name in recipes}
    for time, folds in enumerate(repeats, start=1):
        for name, recipe in recipes.items():
            predictions[name].append(predicted(task, recipe, rows, project.data.target, scored.labels, folds))
        print(f"every row tested {time} of {len(repeats)} times", flush=True)
    together = {name: np.concatenate(each) for name, each in predictions.items()}
    return scored.dealt(numbered(repeats, len(rows)), len(repeats), together)


def predicted(
    task: Task, recipe: Recipe, rows: "pd.DataFrame", target: str, labels: Sequence[Any], folds: Sequence[Fold]
) -> Vector:
    """Of each row, in their order, what a model says that was fitted on the other side of its fold."""
    said = []
    for fold in folds:
        fit, test = rows.iloc[fold.fit], rows.iloc[fold.score]
        model = recipe.fitted(fit, fit[target])
        said.append(task.predict(model, test[recipe.columns], labels))
    found = np.concatenate(said)
    in_order = np.empty_like(found)
    in_order[np.concatenate([fold.score for fold in folds])] = found
    return in_order


def numbered(repeats: Sequence[Sequence[Fold]], rows: int) -> Groups:
    """The number of each row's fold, one repeat after the other, counted on through all of them."""
    found = np.empty((len(repeats), rows), dtype=np.intp)
    for time, folds in enumerate(repeats):
        for place, fold in enumerate(folds):
            found[time, fold.score] = time * len(folds) + place
    return found.ravel()
