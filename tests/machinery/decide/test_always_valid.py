"""Evidence that may be looked at all the time misleads as seldom as it says, and is there when something is so."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.decide.always_valid import Share, above, below, best_apart, bounds, fit, higher, not_higher_by, reached

RUNS, LOOKS, EACH = 1000, 60, 50
SHARES = st.integers(1, 3000).flatmap(lambda n: st.integers(0, n).map(lambda count: Share(count, n)))


def misled(evidence, rates, alpha, runs=RUNS):
    """In how many runs it is reached at any look, with requests at these rates."""
    rng = np.random.default_rng(7)
    found = 0
    for _ in range(runs):
        counts = [np.cumsum(rng.binomial(EACH, rate, LOOKS)) for rate in rates]
        looks = ([Share(int(count[at]), EACH * (at + 1)) for count in counts] for at in range(LOOKS))
        found += any(reached(evidence(*look), alpha) for look in looks)
    return found


def most(alpha, runs=RUNS):
    """Of a chance of alpha, so many of the runs at most, but for one time in a thousand."""
    from scipy.stats import binom

    return int(binom.ppf(0.999, runs, alpha))


@pytest.mark.parametrize("rate", [0.001, 0.02, 0.3])
def test_equal_rates_are_hardly_ever_taken_for_a_rise(rate):
    assert misled(higher, (rate, rate), 0.05) <= most(0.05)


@pytest.mark.parametrize("rate", [0.0, 0.02])
def test_a_rise_by_the_margin_is_hardly_ever_ruled_out(rate):
    assert misled(lambda one, other: not_higher_by(one, other, 0.05), (rate + 0.05, rate), 0.05, 300) <= most(0.05, 300)


@pytest.mark.parametrize("rate", [0.05, 0.5])
def test_a_share_at_the_limit_is_hardly_ever_taken_for_another(rate):
    assert misled(lambda share: above(share, rate), (rate,), 0.05) <= most(0.05)
    assert misled(lambda share: below(share, rate), (rate,), 0.05) <= most(0.05)


@given(SHARES, st.floats(0.001, 0.999))
def test_a_share_is_not_above_and_below_the_same_rate(share, rate):
    assert min(above(share, rate), below(share, rate)) <= 1e-9


@given(SHARES, SHARES, st.floats(0.001, 0.5))
def test_the_best_rates_apart_fit_no_worse_than_any_and_no_better_than_the_best_of_all(candidate, stable, margin):
    best = best_apart(candidate, stable, margin)
    assert best <= fit(candidate, candidate.rate) + fit(stable, stable.rate) + 1e-6
    for rate in np.linspace(0, 1 - margin, 41):
        assert best >= fit(candidate, min(1.0, rate + margin)) + fit(stable, rate) - 1e-6


def test_a_rise_is_seen_and_its_absence_too():
    assert reached(higher(Share(96, 2400), Share(48 * 9, 21600)), 0.01), "2 to 4 % within 24 looks of 100"
    assert reached(not_higher_by(Share(0, 1000), Share(0, 1000), 0.01), 0.05)
    assert not reached(not_higher_by(Share(0, 100), Share(0, 1000), 0.01), 0.05), "a hundred requests cannot tell"
    assert not_higher_by(Share(600, 10_000), Share(0, 10_000), 0.01) < 0, "it is higher by more than the margin"


def test_what_is_as_likely_as_allowed_is_enough():
    assert reached(-math.log(0.01), 0.01) and not reached(-math.log(0.0101), 0.01)


def test_without_requests_nothing_is_known():
    nothing = Share(0, 0)
    assert (above(nothing, 0.1), below(nothing, 0.1), higher(nothing, nothing)) == (0.0, 0.0, 0.0)
    assert not_higher_by(nothing, nothing, 0.1) == 0.0
    assert (higher(nothing, Share(3, 100)), higher(Share(3, 100), nothing)) == (0.0, 0.0)
    assert math.isfinite(not_higher_by(Share(3, 3), Share(0, 3), 1.0))


@pytest.mark.parametrize(("count", "requests"), [(0, 100), (5, 100), (50, 1000), (10, 10), (0, 0)])
def test_bounds_are_where_the_rate_is_certain_not_to_be(count, requests):
    share = Share(count, requests)
    low, high = bounds(share, 0.05)
    assert 0 <= low <= share.rate <= high <= 1
    assert (low > 0, high < 1) == (count > 0, count < requests), "what was seen rules something out"
    assert low == 0 or (reached(above(share, 0.999 * low), 0.025) and not reached(above(share, 1.01 * low), 0.025))
    assert high == 1 or (reached(below(share, 1.001 * high), 0.025) and not reached(below(share, 0.99 * high), 0.025))
    assert (low, high) == ((0.0, 1.0) if not requests else (low, high))


def test_bounds_hold_at_every_look():
    rng, outside = np.random.default_rng(3), 0
    for _ in range(60):
        counts = np.cumsum(rng.binomial(EACH, 0.05, 10))
        edges = [bounds(Share(int(count), EACH * (at + 1)), 0.05) for at, count in enumerate(counts)]
        outside += any(not low <= 0.05 <= high for low, high in edges)
    assert outside <= most(0.05, 60)
