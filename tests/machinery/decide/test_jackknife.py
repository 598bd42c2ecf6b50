"""Standard errors by groups, held against what statistics says of means; rows that came together stay together."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import gamma, ttest_1samp
from scipy.stats import skew as skewness
from scipy.stats import t as student

from mlops.decide.jackknife import MOST, Estimate, dealt, estimate, skewed, symmetric, together
from mlops.decide.measures import mean_of


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=40))
def test_of_a_mean_with_a_group_a_row_it_is_the_t_test(values):
    found = estimate(mean_of(np.array(values)).without_each(np.arange(len(values)), len(values)))
    assert found.value == pytest.approx(np.mean(values), abs=1e-9)
    assert found.error == pytest.approx(np.std(values, ddof=1) / math.sqrt(len(values)), rel=1e-6, abs=1e-6)


def test_bounds_and_chances_are_those_of_the_t_test():
    half = np.random.default_rng(1).normal(0.3, 1, 10)
    values = np.concatenate([half, 0.8 - half])  # not skewed
    found = estimate(mean_of(values).without_each(np.arange(20), 20))
    above, below = (ttest_1samp(values, 0.1, alternative=each).pvalue for each in ("greater", "less"))
    assert found.chance_above(0.1) == pytest.approx(above) and found.chance_below(0.1) == pytest.approx(below)
    assert found.quantile(0.9) == pytest.approx(found.value + student.ppf(0.9, 19) * found.error)


def alone(values):
    """What each of the values tells as a group of its own of the mean of all."""
    return estimate(mean_of(values).without_each(np.arange(len(values)), len(values)))


def test_the_bias_of_a_value_is_taken_off_its_bounds():
    """The mean of squared distances from the mean is too small by a known factor."""
    values = np.random.default_rng(1).normal(size=12)
    without = [np.var(np.delete(values, place)) for place in range(12)]
    found = estimate(np.array([*without, np.var(values)]))
    assert found.value == pytest.approx(np.var(values))
    assert found.value - found.bias == pytest.approx(np.var(values, ddof=1))
    level, true = Estimate(found.value, found.error, 12, found.bias), np.var(values, ddof=1)
    assert level.quantile(0.5) == pytest.approx(true)
    assert level.chance_above(true) == pytest.approx(0.5) and level.chance_below(true) == pytest.approx(0.5)


def test_skewness_is_that_of_what_the_groups_contribute():
    values = np.random.default_rng(1).exponential(size=30)
    found = alone(values)
    assert found.skew * math.sqrt(30) == pytest.approx(skewness(values)) and found.skew > 0
    assert alone(-values).skew == pytest.approx(-found.skew)


@given(st.floats(-8, 8), st.floats(-1, 1))
def test_what_was_made_symmetric_can_be_made_skewed_again(seen, skew):
    assert symmetric(skewed(seen, skew), skew) == pytest.approx(seen, abs=1e-6)


@given(st.floats(-1, 1), st.floats(0.0001, 0.49))
def test_skewness_may_ask_for_more_evidence_and_never_for_less(skew, alpha):
    level, leaning = Estimate(0.3, 0.1, 30), Estimate(0.3, 0.1, 30, skew=skew)
    almost = 1e-12
    assert leaning.quantile(alpha) <= level.quantile(alpha) + almost
    assert leaning.quantile(1 - alpha) >= level.quantile(1 - alpha) - almost
    assert leaning.chance_above(0.2) >= level.chance_above(0.2) - almost
    assert leaning.chance_below(0.4) >= level.chance_below(0.4) - almost
    for chance, found in ((leaning.chance_above, alpha), (leaning.chance_below, 1 - alpha)):
        assert chance(leaning.quantile(found)) == pytest.approx(alpha, rel=1e-6)


@pytest.mark.parametrize(("seen", "skew"), [(1.7, -0.3), (-2.0, 0.4), (3.0, 0.9)])
def test_it_is_halls_transformation_while_no_few_groups_decide(seen, skew):
    assert symmetric(seen, skew) == pytest.approx(seen + skew * seen**2 / 3 + skew**2 * seen**3 / 27 + skew / 6)


@pytest.mark.parametrize("events", [1, 2, 3, 4, 10])
@pytest.mark.parametrize("alpha", [0.05, 0.0025])
def test_where_a_few_groups_decide_it_asks_for_about_what_a_count_of_rare_events_does(events, alpha):
    """So many of 1,000 groups lose 1, the others nothing: the bound of a Poisson count is known."""
    lost = np.zeros(1000)
    lost[:events] = -1.0
    assert -1000 * alone(lost).quantile(alpha) == pytest.approx(gamma.ppf(1 - alpha, events + 1), rel=0.3)


def test_a_month_that_was_spared_its_storms_is_not_taken_for_a_better_model():
    """Thirty days, a few of which lose much: without them the mean is higher, and seems surer."""
    chance, wrong = np.random.default_rng(1), {"seen": 0, "t test": 0}
    for _ in range(1000):
        days = 1 - chance.exponential(size=30)
        wrong["seen"] += alone(days).quantile(0.05) > 0
        wrong["t test"] += ttest_1samp(days, 0, alternative="greater").pvalue < 0.05
    assert wrong["seen"] <= 67, "99 % binomial limit for 1,000 at 5 %"
    assert wrong["t test"] > 75


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
@example([90, 90, 90], MOST + 1)
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
@example([*range(MOST + 1)])
def test_what_came_together_stays_together_in_groups_of_like_size(clusters):
    clusters = np.array(clusters)
    groups, count = together(clusters)
    sizes = np.bincount(groups, minlength=count)
    assert count == min(MOST, len(set(clusters.tolist()))) and sizes.min() > 0
    assert all(len(set(groups[clusters == each].tolist())) == 1 for each in set(clusters.tolist()))
    assert np.ptp(sizes) <= np.unique(clusters, return_counts=True)[1].max()


def test_the_largest_clusters_are_placed_first():
    """Else the largest of them would lie in a group with another, though a smaller one could."""
    clusters = np.concatenate([np.arange(MOST), np.full(100, MOST)])
    assert np.bincount(together(clusters)[0]).max() == 100


def test_groups_that_all_tell_the_same_leave_no_doubt():
    found = estimate(np.full(30, 0.25))
    assert (found.error, found.skew, found.quantile(0.01)) == (0, 0, 0.25)


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
