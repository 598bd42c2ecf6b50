"""A space in the terms of a sweep job: what Azure draws there is what the space has, each whole number as often."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.decide.search.spelling import meant
from mlops.platform.azureml.search_space import distribution, sampling, search_space
from mlops.settings.search import Points, Search


def drawn(points, at):
    """What Azure draws when chance is that share of the way, as its documentation has the distributions."""
    kind, given = distribution(points)._to_rest_object()
    if kind == "choice":
        return given[0][min(int(at * len(given[0])), len(given[0]) - 1)]
    value = given[0] + at * (given[1] - given[0])
    value = math.exp(value) if "log" in kind else value
    return str(round(value / given[2]) * given[2] if kind.startswith("q") else value)


ENDS = st.tuples(st.integers(1, 50), st.integers(1, 50)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(ENDS, st.booleans(), st.booleans(), st.floats(0, 1))
def test_what_is_drawn_is_in_the_space(ends, whole, log, at):
    low, high = ends if whole else (ends[0] / 4, ends[1] / 4)
    points = Points(low=low, high=high, log=log)
    value = meant(points, drawn(points, at))
    assert low <= value <= high and isinstance(value, int) == whole
    assert (meant(points, drawn(points, 0)), meant(points, drawn(points, 1))) == (low, high)


def test_each_whole_number_comes_as_often_as_another():
    points = Points(low=1, high=4)
    counts = Counter(meant(points, drawn(points, at)) for at in np.linspace(0, 1, 4001))
    assert sorted(counts) == [1, 2, 3, 4] and max(counts.values()) - min(counts.values()) <= 2


def test_a_logarithm_is_spread_by_size():
    points = Points(low=0.01, high=1.0, log=True)
    assert meant(points, drawn(points, 0.5)) == pytest.approx(0.1)


@given(st.lists(st.sampled_from(["trees", "linear", True, False, 0, 0.1, 2]), min_size=1, unique_by=str))
def test_a_list_comes_back_with_its_own_types(choices):
    points = Points.model_construct(choices=choices)
    found = [meant(points, drawn(points, (place + 0.5) / len(choices))) for place in range(len(choices))]
    assert [(type(each), each) for each in found] == [(type(each), each) for each in choices]


def test_bayesian_sampling_is_asked_for_what_it_knows_alone():
    known = {"leaves": Points(low=4, high=40), "share": Points(low=0.1, high=0.9), "family": Points(choices=["a"])}
    assert {kind.type for kind in search_space(known).values()} <= {"choice", "uniform", "quniform"}
    assert sampling(Search(space=known)).type == "bayesian"
    by_chance = sampling(Search(space={**known, "rate": Points(low=0.1, high=1.0, log=True)}, seed=11))
    assert (by_chance.type, by_chance.seed) == ("random", 11)
