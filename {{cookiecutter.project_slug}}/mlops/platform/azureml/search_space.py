"""A search's space in the terms of Azure ML's sweep jobs.

A list goes there as text, so that nothing is written in another way on a command line than here. Whole numbers are
drawn from half a number below the lowest to half a number above the highest and rounded: else the two at the ends would
come half as often. Logarithms are given as exponents of e.
"""

import math
from typing import TYPE_CHECKING

from mlops.decide.search.asking import Space
from mlops.decide.search.spelling import spelled
from mlops.settings.search import Points, Search

if TYPE_CHECKING:
    from azure.ai.ml.entities import SweepDistribution
    from azure.ai.ml.sweep import SamplingAlgorithm

HALF = 0.5


def search_space(space: Space) -> "dict[str, SweepDistribution]":
    """By parameter, how its values are drawn."""
    return {name: distribution(points) for name, points in space.items()}


def distribution(points: Points) -> "SweepDistribution":
    """How values of these points are drawn."""
    from azure.ai.ml.sweep import Choice, LogUniform, QLogUniform, QUniform, Uniform

    if points.choices is not None:
        return Choice([spelled(each) for each in points.choices])
    assert points.low is not None and points.high is not None  # as settings/search.py has seen to
    low, high = float(points.low), float(points.high)
    if points.whole:
        low, high = low - HALF, high + HALF
    if points.log:
        low, high = math.log(low), math.log(high)
        return QLogUniform(low, high, 1) if points.whole else LogUniform(low, high)
    return QUniform(low, high, 1) if points.whole else Uniform(low, high)


def sampling(search: Search) -> "SamplingAlgorithm":
    """Who proposes the next trial: Azure's Bayesian sampling, or by chance where that does not know the space.

    It knows lists and ranges without a logarithm, and takes no seed.
    """
    from azure.ai.ml.sweep import BayesianSamplingAlgorithm, RandomSamplingAlgorithm

    if any(points.log for points in search.space.values()):
        return RandomSamplingAlgorithm(seed=search.seed)
    return BayesianSamplingAlgorithm()
