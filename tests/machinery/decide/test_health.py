"""A candidate's health: sick and healthy are said on evidence alone, and as seldom wrongly as they promise."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rolled import RULES

from mlops.decide.health import FAILS, FAILS_NOW, HEALTHY, SICK, SLOWS, SLOWS_NOW, judge
from mlops.decide.observed import Traffic

NOTHING = Traffic(0, 0, math.nan)


def quick(requests, errors, slow=0):
    """Traffic whose latencies are all known, as this machine knows them."""
    return Traffic(requests, errors, 5.0, requests, slow)


def minutes(requests, timed, slow):
    """Traffic whose latency is known by the minute."""
    return Traffic(requests, 0, 5.0, timed, slow, by_minute=True)


@pytest.mark.parametrize(
    ("candidate", "stable", "answer"),
    [
        (quick(650, 0), quick(5850, 0), "healthy"),
        (quick(500, 0), quick(4500, 0), "cannot tell"),  # a rise by 1 % is not ruled out by so few
        (quick(2000, 60), quick(18_000, 540), "cannot tell"),  # 3 % both: it takes more
        (quick(10_000, 300), quick(90_000, 2700), "healthy"),
        (quick(650, 7), quick(5850, 0), "sick"),  # 1.1 %
        (quick(650, 4), quick(5850, 0), "cannot tell"),  # a rise, but within the margin
        (quick(500, 30), quick(500, 0), "sick"),
        (quick(500, 30), quick(500, 30), "cannot tell"),
        (quick(20, 20), quick(500, 0), "sick"),  # few requests, all failed
        (quick(20, 2), quick(180, 0), "cannot tell"),
        (quick(500, 0), None, "healthy"),  # nothing serves yet: its own share of errors
        (quick(400, 0), None, "cannot tell"),
        (quick(500, 30), None, "sick"),
        (quick(500, 12), None, "cannot tell"),
        (quick(500, 0), quick(29, 9), "healthy"),  # stable has served too little to compare with
        (quick(500, 30), quick(29, 9), "sick"),
        (quick(500, 0), quick(30, 0), "cannot tell"),  # and now it has
        (NOTHING, None, "cannot tell"),
        (NOTHING, quick(5000, 0), "cannot tell"),
    ],
)
def test_errors(candidate, stable, answer):
    assert judge(candidate, stable, RULES).answer == answer


@pytest.mark.parametrize(
    ("candidate", "answer"),
    [
        (quick(1000, 0, slow=10), "healthy"),
        (quick(1000, 0, slow=50), "healthy"),  # the 95th percentile lies at the limit
        (quick(1000, 0, slow=75), "cannot tell"),
        (quick(1000, 0, slow=100), "sick"),
        (quick(8, 0, slow=8), "sick"),
        (quick(30, 0, slow=4), "cannot tell"),  # p95 over the limit, as one look would have it
        (Traffic(1000, 0, 5.0), "cannot tell"),  # nothing is known of its latency
        (minutes(1000, 3, 0), "healthy"),
        (minutes(1000, 3, 1), "healthy"),
        (minutes(1000, 4, 2), "healthy"),
        (minutes(1000, 3, 3), "cannot tell"),  # some bad minutes happen to a quick one, too
        (minutes(1000, 0, 0), "cannot tell"),
        (minutes(1000, 12, 12), "sick"),
        (minutes(1000, 40, 22), "cannot tell"),
    ],
)
def test_latency(candidate, answer):
    assert judge(candidate, None, RULES).answer == answer


def test_a_rise_by_the_margin_itself_is_allowed():
    half, quarter = quick(1000, 500), quick(1000, 250)
    for margin, answer in ((0.25, "cannot tell"), (0.24, "sick")):
        assert judge(half, quarter, RULES.model_copy(update={"max_error_rate_increase": margin})).answer == answer


def test_what_turns_sick_late_shows_in_its_bake():
    whole, stable = quick(100_000, 300), quick(900_000, 0)
    assert judge(whole, stable, RULES).answer == "healthy"
    assert judge(whole, stable, RULES, bake=quick(1000, 300)).answer == "sick"
    assert judge(whole, stable, RULES, bake=quick(1000, 0)).answer == "healthy"
    assert judge(whole, stable, RULES, bake=quick(50, 0, slow=50)).answer == "sick"


@pytest.mark.parametrize(
    "odd",
    [Traffic(30, 31, 5.0, 30), Traffic(30, 0, 5.0, 30, 31), Traffic(500, -1, 5.0, 500), Traffic(500, 0, 5.0, 9, -9)],
)
@pytest.mark.parametrize("place", range(4))
def test_metrics_that_contradict_each_other_tell_nothing(odd, place):
    served = [quick(1000, 0), quick(9000, 0), quick(1000, 0), quick(9000, 0)]
    assert judge(served[0], served[1], RULES, *served[2:]).answer == "healthy"
    served[place] = odd
    found = judge(served[0], served[1], RULES, *served[2:])
    assert found.answer == "cannot tell" and found.why.endswith("; the metrics contradict each other")


def test_what_befalls_both_in_a_bake_is_not_the_candidates():
    whole, stable, bake = quick(100_000, 300), quick(900_000, 300), quick(2000, 300)
    answers = {quick(2000, 300): "healthy", quick(2000, 0): "sick", quick(29, 9): "sick", None: "sick"}
    for beside, answer in answers.items():
        assert judge(whole, stable, RULES, bake, beside).answer == answer
    both = quick(1000, 150), quick(9000, 1350)
    assert judge(*both, RULES, quick(1000, 150), quick(29, 9)).answer == "cannot tell", "compared with all of stable's"


def test_the_chances_of_all_that_is_looked_at_add_up_to_the_one_that_is_promised():
    assert math.fsum((FAILS, SLOWS, FAILS_NOW, SLOWS_NOW)) == pytest.approx(SICK)


def test_a_look_is_told_by_what_was_seen_and_what_is_allowed():
    def why(candidate, stable=None):
        return judge(candidate, stable, RULES).why

    assert why(quick(500, 30)) == "30 of 500 requests failed, p95 5 ms; at most 1.0% more than none may fail"
    assert why(quick(500, 90), quick(200, 4)) == (
        "90 of 500 requests failed (stable: 4 of 200), p95 5 ms; at most 1.0% more than stable's may fail"
    )
    assert why(quick(29, 0)) == "0 of 29 requests failed, p95 5 ms; cannot rule out 1.0% more failures yet"
    assert why(quick(500, 0)) == "0 of 500 requests failed, p95 5 ms"
    assert why(quick(500, 0, slow=100)) == "100 of 500 requests were over 100 ms, 5% may be; p95 5 ms"
    assert why(minutes(500, 12, 12)) == "12 of 12 minutes had their p95 over 100 ms, 50% may be; p95 5 ms"
    assert why(minutes(500, 3, 2)).endswith("cannot rule out yet that it is slow: 2 of 3 over the limit")


@settings(deadline=None)  # the first example pays for importing SciPy
@given(st.integers(0, 3000), st.floats(0, 1), st.floats(0, 1), st.none() | st.integers(0, 9000))
def test_healthy_means_few_errors_and_quick_answers(requests, errors, slow, stable):
    candidate = quick(requests, round(errors * requests), round(slow * requests))
    if judge(candidate, quick(stable, 0) if stable else None, RULES).answer == "healthy":
        assert candidate.errors < RULES.max_error_rate_increase * requests
        assert candidate.slow < 0.1 * requests


def outcomes(rise, base, looks, runs=200, over=0.0, times=9):
    """How often each answer comes first in looks of 100 requests on the candidate, and so many times 100 on stable."""
    rng = np.random.default_rng(11)
    first = {"healthy": 0, "sick": 0, "cannot tell": 0}
    for _ in range(runs):
        errors, slow = rng.binomial(100, base + rise, looks).cumsum(), rng.binomial(100, over, looks).cumsum()
        stable = rng.binomial(100 * times, base, looks).cumsum()
        answers = (
            judge(
                quick(100 * at, int(errors[at - 1]), int(slow[at - 1])),
                quick(100 * times * at, int(stable[at - 1])),
                RULES,
            )
            for at in range(1, looks + 1)
        )
        first[next((each.answer for each in answers if each.answer != "cannot tell"), "cannot tell")] += 1
    return {answer: count / runs for answer, count in first.items()}


def at_most(chance, runs=200):
    """Of a chance, the share of runs that only one time in a thousand is more."""
    from scipy.stats import binom

    return binom.ppf(0.999, runs, chance) / runs


@pytest.mark.parametrize("base", [0.0, 0.02])
def test_a_healthy_candidate_is_hardly_ever_sick_and_one_at_the_margin_hardly_ever_healthy(base):
    assert outcomes(0.0, base, 40)["sick"] <= at_most(SICK)
    assert outcomes(0.01, base, 40)["healthy"] <= at_most(HEALTHY)


@pytest.mark.parametrize(("times", "least"), [(9, 0.95), (4, 0.95), (1, 0.8)])
def test_errors_of_four_percent_for_two_are_seen_within_24_looks(times, least):
    """Where both serve half, one single look at the end would see 96 %, knowing beforehand that it is the only one."""
    assert outcomes(0.02, 0.02, 24, 400, times=times)["sick"] >= least


def test_latencies_whose_percentile_is_close_to_the_limit_are_not_sick():
    """4.5 % over the limit: one look at a percentile is above it in a third of all looks of 100 requests."""
    assert outcomes(0.0, 0.0, 40, over=0.045)["sick"] <= at_most(SICK)


def test_a_percentile_that_is_not_known_is_not_told():
    assert "p95" not in judge(Traffic(10, 0, math.nan, timed=10), None, RULES).why
    assert ", p95 12 ms" in judge(Traffic(10, 0, 12.0, timed=10), None, RULES).why
