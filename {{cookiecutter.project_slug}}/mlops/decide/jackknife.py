"""How sure a number is that was measured on test rows, by the delete-a-group jackknife.

A metric is measured again without each group of rows in turn. By how much it moves says by how much it would differ on
other rows; Student's t with one degree of freedom fewer than groups makes bounds of that. Rows that came together (of
one day, of one customer) are in one group, so that what they share is not taken for evidence over and over.

A month has but thirty days, and one stormy day may weigh as much as ten others: where a month happens to be without
its like, a model looks better, and more surely so. Hence what the groups say of the value's bias and of their skewness
is taken into account (Hall's transformation of t), and the latter only where it asks for more evidence: how skewed
they are is itself hardly known.
Sources: Kott 2001, "The delete-a-group jackknife"; MacKinnon, Nielsen, Webb 2023, "Fast and reliable jackknife and
bootstrap methods for cluster-robust inference" (their CV3); Hall 1992, "On the removal of skewness by transformation".
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np

from mlops.decide.measures import Groups, Rows, Vector

LEAST_ROOT = 0.5  # of the slope of Hall's transformation
MOST = 200  # groups: more say hardly more, fewer leave Student's t wide


@dataclass(frozen=True)
class Estimate:
    """value: what was measured. error: its standard error. groups: that it was measured without, each in turn.

    bias: by how much such values lie above the true one on average. skew: the skewness of what the groups contribute,
    divided by the root of their number.
    """

    value: float
    error: float
    groups: int
    bias: float = 0.0
    skew: float = 0.0

    @property
    def finite(self) -> bool:
        return isfinite(self.value) and isfinite(self.error)

    def quantile(self, chance: float) -> float:
        """What the true value is below with that chance; below one half a lower bound, else an upper one."""
        even = -student(chance, self.groups - 1)
        wider = max if chance < 0.5 else min
        return self.value - self.bias - wider(even, skewed(even, self.skew)) * self.error

    def chance_above(self, limit: float) -> float:
        """The one-sided p-value: how often so high a value is seen where the true one is the limit. NaN: undefined."""
        return self.chance(self.value - self.bias - limit, self.skew)

    def chance_below(self, limit: float) -> float:
        """The same of so low a value."""
        return self.chance(limit - self.value + self.bias, -self.skew)

    def chance(self, distance: float, skew: float) -> float:
        """How often chance alone moves an estimate so far to one side, or further."""
        from scipy.special import stdtr

        if self.error == 0:
            return float(distance <= 0)
        seen = distance / self.error
        return float(stdtr(self.groups - 1, -min(seen, symmetric(seen, skew))))


def symmetric(seen: float, skew: float) -> float:
    """A studentised mean of skewed values as one that is distributed evenly about 0.

    Hall's seen + skew * seen**2 / 3 + skew**2 * seen**3 / 27 + skew / 6, and a straight line from where its slope is
    but a quarter: there a few groups decide, and it would ask for twice what a count of so few rare events does.
    """
    root = max(1 + skew * seen / 3, LEAST_ROOT)
    return seen * (root**2 + root + 1) / 3 + skew / 6


def skewed(even: float, skew: float) -> float:
    """What `symmetric` makes that number of."""
    root = max(float(np.cbrt(1 + skew * (even - skew / 6))), LEAST_ROOT)
    return 3 * (even - skew / 6) / (root**2 + root + 1)


def student(chance: float, freedom: int) -> float:
    """The quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, chance))


def estimate(values: Vector) -> Estimate:
    """Of a metric (or a difference of two) without each group, and last of all rows."""
    each, value = values[:-1], float(values[-1])
    count = len(each)
    if count < 2:
        return Estimate(value, nan, count)
    error = np.sqrt((count - 1) / count * ((each - value) ** 2).sum())
    added = each.mean() - each  # what a group adds is missing without it
    spread = np.sqrt((added**2).mean())
    skew = (added**3).mean() / spread**3 / np.sqrt(count) if spread > 0 else 0.0
    return Estimate(value, float(error), count, float((count - 1) * (each.mean() - value)), float(skew))


def dealt(strata: Sequence[Rows], most: int, seed: int) -> tuple[Groups, int]:
    """That many groups, 200 at most, of rows that have nothing to do with each other: each stratum dealt in turn."""
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
