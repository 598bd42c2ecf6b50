"""Standard errors by groups, held against what statistics says of means; rows that came together stay together."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student
from scipy.stats import ttest_1samp

from mlops.decide.jackknife import MOST, Estimate, dealt, estimate, together
from mlops.decide.measures import mean_of


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=40))
def test_of_a_mean_with_a_group_a_row_it_is_the_t_test(values):
    found = estimate(mean_of(np.array(values)).without_each(np.arange(len(values)), len(values)))
    assert found.value == pytest.approx(np.mean(values), abs=1e-9)
    assert found.error == pytest.approx(np.std(values, ddof=1) / math.sqrt(len(values)), rel=1e-6, abs=1e-6)


def test_bounds_and_chances_are_those_of_the_t_test():
    values = np.random.default_rng(1).normal(0.3, 1, 20)
    found = estimate(mean_of(values).without_each(np.arange(20), 20))
    above, below = (ttest_1samp(values, 0.1, alternative=each).pvalue for each in ("greater", "less"))
    assert found.chance_above(0.1) == pytest.approx(above) and found.chance_below(0.1) == pytest.approx(below)
    assert found.quantile(0.9) == pytest.approx(found.value + student.ppf(0.9, 19) * found.error)


@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0])
def test_without_any_doubt_it_is_one_or_the_other(value):
    found = Estimate(value, 0.0, 50)
    assert found.quantile(0.01) == found.quantile(0.99) == value
    assert found.chance_above(0.0) == (value <= 0) and found.chance_below(0.0) == (value >= 0)


@pytest.mark.parametrize(
    "found", [Estimate(math.nan, 1, 50), Estimate(1, math.nan, 50), estimate(np.array([1.0, 1.0]))]
)
def test_what_has_no_value_or_only_one_group_has_no_chance(found):
    assert math.isnan(found.chance_above(0)) and math.isnan(found.chance_below(0)) and not found.finite


@given(st.lists(st.integers(1, 90), min_size=1, max_size=3), st.integers(0, 200))
def test_rows_are_dealt_evenly_of_every_stratum(sizes, most):
    ends = np.cumsum(sizes)
    strata = [np.arange(end - size, end) for size, end in zip(sizes, ends, strict=True)]
    groups, count = dealt(strata, most, seed=1)
    assert count == max(1, min(MOST, most))
    for rows in strata:
        assert np.ptp(np.bincount(groups[rows], minlength=count)) <= 1


def test_rows_of_a_stratum_are_dealt_by_chance():
    first, other = (dealt([np.arange(100)], 50, seed)[0] for seed in (1, 2))
    assert (first != other).any() and (first == dealt([np.arange(100)], 50, 1)[0]).all()


@given(st.lists(st.integers(0, 300), min_size=1, max_size=400))
def test_what_came_together_stays_together_in_groups_of_like_size(clusters):
    clusters = np.array(clusters)
    groups, count = together(clusters)
    sizes = np.bincount(groups, minlength=count)
    assert count == min(MOST, len(set(clusters.tolist()))) and sizes.min() > 0
    assert all(len(set(groups[clusters == each].tolist())) == 1 for each in set(clusters.tolist()))
    assert np.ptp(sizes) <= np.unique(clusters, return_counts=True)[1].max()


def test_rows_that_share_what_happens_to_them_tell_less():
    """Days of 40 rows each: what they share makes the mean as unsure as 30 numbers, not as 1,200."""
    rng = np.random.default_rng(3)
    days = np.repeat(np.arange(30), 40)
    values = rng.normal(size=30)[days] + rng.normal(size=1200)
    by_day = estimate(mean_of(values).without_each(*together(days)))
    alone = estimate(mean_of(values).without_each(*dealt([np.arange(1200)], MOST, 1)))
    means = values.reshape(30, 40).mean(axis=1)
    assert by_day.error == pytest.approx(means.std(ddof=1) / math.sqrt(30))
    assert by_day.error > 3 * alone.error
