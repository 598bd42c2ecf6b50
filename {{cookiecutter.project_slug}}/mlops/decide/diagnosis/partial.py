"""Partial dependence: the mean answer, were all rows to have the same value of one feature."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops.decide.diagnosis.subject import Subject, evenly

if TYPE_CHECKING:
    import pandas as pd

POINTS = 12
MOST_ROWS = 500  # of the test, evenly from all of them


@dataclass(frozen=True)
class Dependence:
    """values: of the feature, in words. means: the mean answer at each, shape (values, classes), or (values, 1).

    classes: their names, where there are several. ordered: whether there is anything between two values.
    """

    feature: str
    values: list[str]
    means: list[list[float]]
    classes: list[str]
    ordered: bool


def dependence(subject: Subject, name: str) -> Dependence:
    """Friedman 2001. Only what rows with other values of the feature hold is averaged over: it may be impossible."""
    rows, means = subject.test.iloc[evenly(len(subject.test), MOST_ROWS)], []
    values = points(subject.test[name])
    for value in values:
        asked = rows.assign(**{name: value}).astype({name: rows[name].dtype})
        means.append(np.atleast_1d(subject.task.predict(subject.model, asked, subject.labels).mean(axis=0)).tolist())
    return Dependence(name, [shown(each) for each in values], means, subject.classes, is_ordered(rows[name]))


def is_ordered(column: "pd.Series[Any]") -> bool:
    """Numbers and times are."""
    return column.dtype.kind in "iufM"


def points(column: "pd.Series[Any]") -> Sequence[Any]:
    """Values to look at: quantiles of numbers and times, of all else the most frequent ones."""
    known = column.dropna()
    if is_ordered(column):
        return known.quantile(np.linspace(0.02, 0.98, POINTS), interpolation="nearest").unique().tolist()
    return known.value_counts().index[:POINTS].tolist()


def shown(value: Any) -> str:
    """In words; a time with its weekday, since a model may go by that."""
    if hasattr(value, "strftime"):
        return f"{value:%Y-%m-%d %a %H:%M}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)[:20]
