"""Weak slices: parts of the test rows, found by themselves, where the model is worse than elsewhere beyond chance."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops.decide.diagnosis.numbers import Numbers, as_numbers, matrix
from mlops.decide.diagnosis.subject import Subject, contrast
from mlops.decide.slicing import holm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

LEAVES = 8
LEAST_ROWS, LEAST_SHARE = 30, 0.03  # of the rows that a slice is found with
ALPHA = 0.01  # chance of naming any slice of a model that is equally wrong everywhere


@dataclass(frozen=True)
class Weak:
    """where: in words. rows: of the test. loss, elsewhere: the mean loss of these rows, and of all others."""

    where: str
    rows: int
    loss: float
    elsewhere: float
    p: float


def weak_slices(subject: Subject) -> list[Weak]:
    """The worst first.

    A small tree on one half of the rows says where, the other half whether it is so: what was found by searching would
    look bad by chance alone. Rows that came together are in one half. All that were found are tested together (Holm).
    """
    finding, numbers = half(subject), as_numbers(subject.test)
    if min(finding.sum(), (~finding).sum()) < 2 * LEAST_ROWS:
        return []
    found = [Weak(*each) for each in tested(subject, numbers, finding)]
    certain = holm([each.p for each in found], ALPHA)
    return sorted((each for each, sure in zip(found, certain, strict=True) if sure), key=lambda each: -each.loss)


def half(subject: Subject) -> "Mask":
    """Shape (rows,): half of the rows, or of what they came together with."""
    clusters = subject.scored.clusters
    units = np.arange(len(subject.test)) if clusters is None else clusters
    chance, different = np.random.default_rng(subject.seed), np.unique(units)
    return np.isin(units, chance.permutation(different)[: len(different) // 2])


def tested(subject: Subject, numbers: list[Numbers], finding: "Mask") -> Iterator[tuple[str, int, float, float, float]]:
    """Every leaf of the tree that is worse than the mean, with what the other half says of it."""
    from sklearn.tree import DecisionTreeRegressor

    values, losses = matrix(numbers), subject.losses
    least = max(LEAST_ROWS, int(LEAST_SHARE * finding.sum()))
    tree = DecisionTreeRegressor(max_leaf_nodes=LEAVES, min_samples_leaf=least, random_state=subject.seed)
    leaves = tree.fit(values[finding], losses[finding]).apply(values)
    confirming = replace(subject, test=subject.test[~finding], scored=subject.scored.where(~finding))
    for leaf, words in paths(tree.tree_, numbers).items():
        inside = leaves == leaf
        there = inside[~finding]
        if losses[finding & inside].mean() <= losses[finding].mean() or not LEAST_ROWS <= there.sum() < len(there):
            continue
        p = confirming.sure(contrast(losses[~finding], there)).chance_above(0.0)
        yield words, int(inside.sum()), float(losses[inside].mean()), float(losses[~inside].mean()), p


def paths(tree: Any, numbers: list[Numbers]) -> dict[int, str]:
    """The way to each leaf, in words; a limit that a later one on the way is stricter than is left out."""
    found: dict[int, str] = {}

    def walk(node: int, way: dict[tuple[int, bool], float]) -> None:
        if tree.children_left[node] < 0:
            words = (numbers[at].words(limit, above) for (at, above), limit in way.items())
            found[node] = " and ".join(words) or "all rows"
            return
        at, limit = int(tree.feature[node]), float(tree.threshold[node])
        walk(int(tree.children_left[node]), {**way, (at, False): limit})
        walk(int(tree.children_right[node]), {**way, (at, True): limit})

    walk(0, {})
    return found
