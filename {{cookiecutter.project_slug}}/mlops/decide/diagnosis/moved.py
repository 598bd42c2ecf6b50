"""Whether training and test rows can be told apart: where they can, metrics are of rows that training never saw."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlops.decide.diagnosis.numbers import as_numbers, matrix
from mlops.decide.diagnosis.subject import Subject, evenly
from mlops.decide.measures import Vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 4
MOST_ROWS = 4_000  # of either side
TREES = 50


@dataclass(frozen=True)
class Moved:
    """auc: of a classifier that is to tell the sides apart, 0.5 where nobody can. features: which tell most."""

    auc: float
    features: list[str]


def moved(subject: Subject) -> Moved:
    """By boosted trees, cross-validated, on some rows of each side."""
    import pandas as pd
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    sides = [side.iloc[evenly(len(side), MOST_ROWS)] for side in (subject.train, subject.test)]
    side = np.repeat([0, 1], [len(each) for each in sides])
    numbers = as_numbers(pd.concat(sides, ignore_index=True))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=subject.seed)
    told = HistGradientBoostingClassifier(max_iter=TREES, random_state=subject.seed)
    found = cross_val_predict(told, matrix(numbers), side, cv=folds, method="predict_proba")[:, 1]
    alone = sorted(numbers, key=lambda each: -apart(side, each.values))
    return Moved(float(roc_auc_score(side, found)), list(dict.fromkeys(each.feature for each in alone))[:3])


def apart(side: "NDArray[np.int64]", values: Vector) -> float:
    """How well the values alone tell the sides apart: the AUC's distance from one half."""
    from sklearn.metrics import roc_auc_score

    known = ~np.isnan(values)
    return abs(roc_auc_score(side[known], values[known]) - 0.5) if len({*side[known]}) > 1 else 0.0
