"""Shapley values: by how much each feature takes an answer away from the mean one (Shapley 1953; Lundberg, Lee 2017).

Of trees that answer with one number by way of the trees (Lundberg et al. 2020), else by permutations of the features;
both by the package shap.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops import UserError
from mlops.decide.diagnosis.subject import Subject, evenly
from mlops.decide.measures import Rows, Vector

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS, PERMUTATION_ROWS = 1000, 100  # of the test, evenly from all of them
BACKGROUND, PERMUTATION_BACKGROUND = 100, 20  # training rows whose mean answer the parts start from
PERMUTATIONS = 2  # each forwards and backwards
TYPICAL = (0.05, 0.25, 0.5, 0.75, 0.95)  # quantiles of the answer
ADDS_UP = 0.002  # shap rounds values and limits to 32 bits, which takes some to the other side of a tree's limit
ENOUGH = 0.9  # of the rows


@dataclass(frozen=True)
class Parts:
    """rows: their places in the test. values: shape (rows, features, outputs). base: the mean answer, (outputs,).

    how: they were found, and how far at most they are from adding up.
    """

    how: str
    rows: Rows
    features: Sequence[str]
    values: Vector
    base: Vector


@dataclass(frozen=True)
class Feature:
    """size: the mean of its parts, whatever their sign. points: parts of one output and the value's rank, from 0 to 1.

    The points are in the order of the parts, so that nobody can put a row together from those of several features.
    """

    feature: str
    size: float
    points: list[tuple[float, float]]


@dataclass(frozen=True)
class Typical:
    """A row: its answer, the parts that make it, the largest first, and its values where rows may be shown."""

    answer: str
    parts: dict[str, float]
    values: dict[str, str]


@dataclass(frozen=True)
class Shapley:
    """The features, the largest first, and five rows from a low to a high answer."""

    how: str
    base: list[float]
    classes: list[str]
    features: list[Feature]
    rows: list[Typical]


def check_installed() -> None:
    """UserError when shap is not."""
    if find_spec("shap") is None:
        raise UserError("project.yml: report.shap needs missing packages; uv sync --inexact --group explain")


def shapley(subject: Subject) -> Shapley:
    parts = of_trees(subject) or permuted(subject)
    sizes = np.abs(parts.values).sum(axis=2).mean(axis=0)
    order = np.argsort(-sizes, kind="stable")
    features = [
        Feature(parts.features[at], float(sizes[at]), points(subject, parts, at) if parts.values.shape[2] == 1 else [])
        for at in order
    ]
    return Shapley(parts.how, parts.base.tolist(), subject.classes, features, list(typical(subject, parts)))


def points(subject: Subject, parts: Parts, at: int) -> list[tuple[float, float]]:
    """What a picture of one feature shows."""
    name, found = parts.features[at], parts.values[:, at, 0]
    if name not in subject.test:  # several features in one
        return [(float(part), 0.5) for part in np.sort(found)]
    column = subject.test[name].iloc[parts.rows]
    rank = (column.astype(str) if column.dtype == object else column).rank(pct=True).fillna(0.5).to_numpy()
    return [(float(found[row]), round(float(rank[row]), 2)) for row in np.argsort(found, kind="stable")]


def typical(subject: Subject, parts: Parts) -> Iterator[Typical]:
    """Rows with answers at those quantiles; of classes, the answer is the likeliest one's probability."""
    answers = parts.base + parts.values.sum(axis=1)
    outputs = answers.argmax(axis=1)
    order = np.argsort(answers.max(axis=1), kind="stable")
    for quantile in TYPICAL:
        row = order[int(quantile * (len(order) - 1))]
        found = dict(zip(parts.features, parts.values[row, :, outputs[row]].tolist(), strict=True))
        place = int(parts.rows[row])
        largest = dict(sorted(found.items(), key=lambda each: -abs(each[1])))
        yield Typical(subject.said(place), largest, subject.values(place))


def of_trees(subject: Subject) -> Parts | None:
    """Of the last step's trees; None where shap does not know them, or what it says does not add up to the answers."""
    import shap

    if len(subject.labels) > 2 or not hasattr(subject.model, "steps"):
        return None
    before, trees = subject.model[:-1], subject.model[-1]
    rows = evenly(len(subject.test), MOST_ROWS)
    start = subject.train.iloc[evenly(len(subject.train), BACKGROUND)]
    asked = subject.test.iloc[rows]
    output = "probability" if subject.labels else "raw"
    try:
        explainer = shap.TreeExplainer(trees, data=before.transform(start), model_output=output)
        found = explainer.shap_values(before.transform(asked), check_additivity=False)
    except Exception:  # whatever it raises at what is no tree
        return None
    values = found[..., -1] if found.ndim == 3 else found
    rest = subject.task.predict(subject.model, asked, subject.labels) - values.sum(axis=1)
    base = np.median(rest)  # the background's mean answer in 32 bits, which shap does not tell
    off = np.abs(rest - base)
    right = off <= ADDS_UP * max(1.0, np.ptp(rest + values.sum(axis=1)))
    if right.mean() < ENOUGH:
        return None
    names, grouped = by_feature(before, asked, values)
    how = f"of the trees, within {off[right].max():.2g}"
    return Parts(how, rows[right], names, grouped[right][:, :, None], np.array([base]))


def by_feature(before: Any, rows: "pd.DataFrame", values: Vector) -> tuple[list[str], Vector]:
    """The parts of the columns that the trees see, summed up to those of the features that each is made of."""
    made = np.asarray(before.transform(rows), dtype=float)
    fed: dict[int, list[str]] = {column: [] for column in range(made.shape[1])}
    for name in map(str, rows):
        turned = np.asarray(before.transform(rows.assign(**{name: rows[name].to_numpy()[::-1]})), dtype=float)
        for column in np.flatnonzero(~((turned == made) | (np.isnan(turned) & np.isnan(made))).all(axis=0)):
            fed[int(column)].append(name)
    names = {column: " and ".join(features) for column, features in fed.items() if features}  # else it never changes
    different = list(dict.fromkeys(names.values()))
    sums = [values[:, [column for column in names if names[column] == each]].sum(axis=1) for each in different]
    return different, np.column_stack(sums)


def permuted(subject: Subject) -> Parts:
    """Of any model. Values go through shap as their places among all that there are, since it takes numbers alone."""
    import shap

    rows = evenly(len(subject.test), PERMUTATION_ROWS)
    start = subject.train.iloc[evenly(len(subject.train), PERMUTATION_BACKGROUND)]
    table = frame_of([start, subject.test.iloc[rows]])
    width = table.shape[1]
    codes = np.tile(np.arange(len(table))[:, None], (1, width))

    def ask(coded: Vector) -> Vector:
        places = coded.astype(int)
        values = {str(name): table[name].to_numpy()[places[:, at]] for at, name in enumerate(table)}
        asked = table.iloc[:0].assign(**values).astype(table.dtypes)
        found = subject.task.predict(subject.model, asked, subject.labels)
        return found if found.ndim == 2 else found[:, None]

    outputs = 1 if subject.scored.predictions["challenger"].ndim == 1 else len(subject.labels)
    explainer = shap.PermutationExplainer(ask, shap.maskers.Independent(codes[: len(start)]), seed=subject.seed)
    told = explainer(codes[len(start) :], max_evals=(2 * width + 1) * PERMUTATIONS, silent=True)
    values = told.values.reshape(len(rows), width, outputs)
    return Parts("permutations", rows, [str(name) for name in table], values, np.ravel(told.base_values[0]))


def frame_of(parts: "Sequence[pd.DataFrame]") -> "pd.DataFrame":
    import pandas as pd

    return pd.concat(parts, ignore_index=True)
