"""Metrics of test rows: of all of them, and without each of some groups of rows in turn.

All but the AUC and a user's own are made of sums over rows, so all values together cost about as much as one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Rows = NDArray[np.intp]
Groups = NDArray[np.intp]  # the number of each row's group, from 0 on, shape (rows,)


class Measure(Protocol):
    """A metric of these rows, ready to be computed without some of them."""

    def without_each(self, groups: Groups, count: int) -> Vector:
        """Its value without group 0, without group 1, …, and last that of all rows; shape (count + 1,).

        NaN where it is undefined.
        """


def whole(measure: Measure, rows: int) -> float:
    """The metric of all rows."""
    return float(measure.without_each(np.zeros(rows, dtype=np.intp), 1)[-1])


def ratio(above: Any, below: Any) -> Vector:
    """above / below, NaN where that is 0 / 0."""
    above, below = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    found: Vector = np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0)
    return found


def by_group(values: Vector, groups: Groups, count: int) -> Vector:
    """The sum of the values of each group, shape (count,)."""
    found: Vector = np.bincount(groups, values, count).astype(float)
    return found


def left_out(each: Vector) -> Vector:
    """The sum without each of these, and last the whole sum; shape (each + 1, …)."""
    total = each.sum(axis=0)
    found: Vector = np.concatenate([total - each, [total]])
    return found


@dataclass(frozen=True)
class OfSums:
    """values: shape (rows, sums). finish: makes the metric of their sums, shape (…, sums), and the number of rows."""

    values: Vector
    finish: Callable[[Vector, Vector], Vector]

    def without_each(self, groups: Groups, count: int) -> Vector:
        sums = np.column_stack([by_group(column, groups, count) for column in self.values.T])
        rows = by_group(np.ones(len(groups)), groups, count)
        return self.finish(left_out(sums), left_out(rows))


def mean_of(values: Vector, of_mean: Callable[[Vector], Vector] = lambda mean: mean) -> OfSums:
    """The mean of per-row values (losses, hits), or what is made of it."""
    return OfSums(values[:, None], lambda sums, rows: of_mean(ratio(sums[..., 0], rows)))


@dataclass(frozen=True)
class Auc:
    """The area under the ROC curve: the share of pairs of a positive and a negative row that are in order.

    Equal scores count half. NaN where only one class is there.
    """

    target: NDArray[np.int64]
    scores: Vector

    def without_each(self, groups: Groups, count: int) -> Vector:
        positive = self.target == 1
        mine, theirs = (by_group(each, groups, count) for each in (positive.astype(float), (~positive).astype(float)))
        ranks = ranked(self.scores)
        won = np.where(positive, beaten(ranks, ~positive), mine.sum() - beaten(ranks, positive))
        total = by_group(won, groups, count).sum() / 2  # each pair is in it twice: as its positive's and its negative's
        within = self.pairs_won(groups * len(ranks) + ranks, groups, theirs)
        in_order = np.append(total - by_group(won, groups, count) + within, total)
        return ratio(in_order, left_out(mine) * left_out(theirs))

    def pairs_won(self, ordered: Rows, groups: Groups, negatives: Vector) -> Vector:
        """The pairs of each group that are in order.

        ordered: numbers that go up with the groups, and with the score within a group. negatives: how many each has.
        """
        positive, before = self.target == 1, np.cumsum(negatives) - negatives
        won = np.where(positive, beaten(ranked(ordered), ~positive) - before[groups], 0)
        return by_group(won, groups, len(negatives))


def ranked(values: NDArray[Any]) -> Rows:
    """The place of each among the values that there are; equal ones share theirs."""
    ranks: Rows = np.unique(values, return_inverse=True)[1]
    return ranks


def beaten(ranks: Rows, others: NDArray[np.bool_]) -> Vector:
    """How many of the others each row is above; an equal one counts half."""
    there = np.bincount(ranks[others], minlength=len(ranks))
    found: Vector = (np.cumsum(there) - there / 2)[ranks]
    return found
