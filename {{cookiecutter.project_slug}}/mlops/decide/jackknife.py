"""How sure a number is that was measured on test rows, by the delete-a-group jackknife.

A metric is measured again without each group of rows in turn. By how much it moves says by how much it would differ on
other rows; Student's t with one degree of freedom fewer than groups makes bounds of that. Rows that came together (of
one day, of one customer) are in one group, so that what they share is not taken for evidence over and over.
Sources: Kott 2001, "The delete-a-group jackknife"; MacKinnon, Nielsen, Webb 2023, "Fast and reliable jackknife and
bootstrap methods for cluster-robust inference" (their CV3).
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from mlops.decide.measures import Groups, Rows, Vector

MOST = 50  # groups: more say hardly more, fewer leave Student's t wide


@dataclass(frozen=True)
class Estimate:
    """value: what was measured. error: its standard error. groups: that it was measured without, each in turn."""

    value: float
    error: float
    groups: int

    @property
    def finite(self) -> bool:
        return isfinite(self.value) and isfinite(self.error)

    def quantile(self, chance: float) -> float:
        """What the true value is below with that chance."""
        return self.value + student(chance, self.groups - 1) * self.error

    def chance_above(self, limit: float) -> float:
        """The one-sided p-value: how often so high a value is seen where the true one is the limit. NaN: undefined."""
        return self.chance(limit, self.value)

    def chance_below(self, limit: float) -> float:
        """The same of so low a value."""
        return self.chance(self.value, limit)

    def chance(self, low: float, high: float) -> float:
        """How often chance alone moves an estimate from the one to the other, or further."""
        from scipy.special import stdtr

        if self.error == 0:
            return float(high <= low)
        return float(stdtr(self.groups - 1, (low - high) / self.error))


def student(chance: float, freedom: int) -> float:
    """The quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, chance))


def estimate(values: Vector) -> Estimate:
    """Of a metric (or a difference of two) without each group, and last of all rows."""
    each, value = values[:-1], float(values[-1])
    count = len(each)
    error = np.sqrt((count - 1) / count * ((each - value) ** 2).sum()) if count > 1 else np.nan
    return Estimate(value, float(error), count)


def dealt(strata: Sequence[Rows], most: int, seed: int) -> tuple[Groups, int]:
    """That many groups, 50 at most, of rows that have nothing to do with each other: each stratum dealt in turn."""
    generator, count = np.random.default_rng(seed), max(1, min(MOST, most))
    order = np.concatenate([generator.permutation(each) for each in strata])
    groups = np.zeros(len(order), dtype=np.intp)
    groups[order] = np.arange(len(order)) % count
    return groups, count


def together(clusters: Groups) -> tuple[Groups, int]:
    """Groups of whole clusters: a cluster each, or the largest first into the smallest group where they are many."""
    _, codes, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    count = min(MOST, len(sizes))
    heap = [(0, number) for number in range(count)]
    group_of = np.zeros(len(sizes), dtype=np.intp)
    for cluster in np.argsort(-sizes, kind="stable"):
        size, number = heapq.heappop(heap)
        group_of[cluster] = number
        heapq.heappush(heap, (size + int(sizes[cluster]), number))
    return group_of[codes], count
