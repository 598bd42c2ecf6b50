"""A candidate's health: breached only beyond chance, healthy only with enough requests."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from test_rollout import RULES

from mlops.decide.health import chance_of, judge
from mlops.decide.observed import Traffic


@settings(deadline=None)  # the first example pays for importing SciPy
@given(requests=st.integers(1, 120), share=st.floats(0, 1), rate=st.integers(0, 1000))
def test_the_chance_is_the_binomial_tail(requests, share, rate):
    """Against the sum in whole numbers, which rounds nothing."""
    errors = round(share * requests)
    tail = sum(
        math.comb(requests, count) * rate**count * (1000 - rate) ** (requests - count)
        for count in range(errors, requests + 1)
    )
    assert chance_of(errors, requests, rate / 1000) == pytest.approx(tail / 1000**requests, rel=1e-9)


def test_the_chance_holds_for_millions_of_requests():
    assert chance_of(40_000, 2_000_000, 0.02) == pytest.approx(0.500685, abs=1e-6)  # as by summing logarithms


@pytest.mark.parametrize(
    ("candidate", "stable", "healthy", "breached"),
    [
        (Traffic(500, 0, 5), Traffic(500, 0, 5), True, False),
        (Traffic(500, 5, 5), Traffic(500, 0, 5), True, False),  # exactly the allowed 1 %
        (Traffic(500, 9, 5), Traffic(500, 0, 5), False, False),  # above it, but within chance
        (Traffic(500, 30, 5), Traffic(500, 0, 5), False, True),
        (Traffic(500, 30, 5), Traffic(500, 30, 5), True, False),  # stable fails as often
        (Traffic(20, 20, 5), Traffic(500, 0, 5), False, True),  # few requests, all failed
        (Traffic(29, 0, 5), Traffic(500, 0, 5), False, False),
        (Traffic(500, 0, 101), Traffic(500, 0, 5), False, True),
        (Traffic(500, 0, math.nan), Traffic(500, 0, 5), False, False),
        (Traffic(500, 0, 5), None, True, False),
        (Traffic(500, 30, 5), None, False, True),
        (Traffic(500, 13, 5), None, False, False),  # 0.0019 by chance
        (Traffic(500, 14, 5), None, False, True),  # 0.0006
        (Traffic(0, 0, math.nan), None, False, False),
    ],
)
def test_a_look(candidate, stable, healthy, breached):
    look = judge(candidate, stable, RULES)
    assert (look.healthy, look.breached) == (healthy, breached)


@pytest.mark.parametrize("requests", [100, 500, 2000])
def test_a_candidate_that_fails_just_as_often_as_allowed_is_hardly_ever_rolled_back(requests):
    """At one look at most once in a thousand, and yet as soon as that holds."""
    allowed = RULES.max_error_rate_increase
    breached = [errors for errors in range(80) if judge(Traffic(requests, errors, 5.0), None, RULES).breached]
    assert breached == list(range(breached[0], 80))
    assert binom.sf(breached[0] - 1, requests, allowed) <= 0.001 < binom.sf(breached[0] - 2, requests, allowed)


def test_what_is_just_enough_is_enough():
    assert judge(Traffic(RULES.min_requests, 0, RULES.max_p95_latency_ms), None, RULES).healthy


def test_a_stable_that_served_nothing_is_taken_for_one_without_errors():
    for errors in (5, 30):
        candidate = Traffic(500, errors, 5.0)
        assert judge(candidate, Traffic(0, 0, math.nan), RULES) == judge(candidate, None, RULES)


def test_a_candidate_is_told_by_what_was_seen_and_what_is_allowed():
    assert judge(Traffic(500, 30, 5), None, RULES).why == "30 of 500 requests failed, p95 5 ms; at most 1.0% may fail"
    assert judge(Traffic(500, 30, 5), Traffic(200, 4, 5), RULES).why.endswith("at most 3.0% may fail")
    assert judge(Traffic(500, 0, 101), None, RULES).why.endswith("p95 101 ms; p95 may be at most 100 ms")
    assert judge(Traffic(29, 0, 5), None, RULES).why == "29 of 30 requests needed"


@settings(deadline=None)  # the first example pays for importing SciPy
@given(
    st.builds(Traffic, requests=st.integers(0, 400), errors=st.just(0), p95_ms=st.floats(0, 500) | st.just(math.nan)),
    st.integers(0, 400),
)
def test_healthy_means_enough_requests_few_errors_and_quick_answers(traffic, errors):
    candidate = Traffic(traffic.requests, min(errors, traffic.requests), traffic.p95_ms)
    look = judge(candidate, None, RULES)
    assert not (look.healthy and look.breached)
    if look.healthy:
        assert candidate.requests >= RULES.min_requests
        assert candidate.errors <= RULES.max_error_rate_increase * candidate.requests
        assert candidate.p95_ms <= RULES.max_p95_latency_ms
