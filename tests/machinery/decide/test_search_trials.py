"""Trials: what is given up, who wins, and that what is asked next depends on what was tried alone."""

import pytest
from groups import NEEDS_SEARCH

from mlops.decide.search.asking import ask, importance
from mlops.decide.search.trials import Trial, beaten, best, hopeless, in_short, needed
from mlops.settings.search import Points

SPACE = {
    "rate": Points(low=0.02, high=0.3, log=True),
    "leaves": Points(low=4, high=40),
    "family": Points(choices=["trees", "linear"]),
}


def trial(*values, state="complete", **params):
    return Trial(params, state, list(values), 1.0)


def worth(params):
    """Best at a rate of 0.1 and twenty leaves."""
    return -abs(params["rate"] - 0.1) - abs(params["leaves"] - 20) / 100


def searched(seed, count, higher=True):
    trials = []
    for _ in range(count):
        asked = ask(SPACE, seed, trials, higher)
        trials.append(trial(worth(asked) if higher else -worth(asked), **asked))
    return trials


def test_a_trial_is_hopeless_when_half_of_the_others_were_better_by_then():
    others = [trial(value, 0) for value in (1, 2, 3, 4, 5)]
    assert hopeless([2.9], others, higher=True) and not hopeless([3], others, higher=True)
    assert hopeless([3.1], others, higher=False) and not hopeless([3], others, higher=False)
    assert hopeless([9, -9], others, higher=True), "after two folds both of them count"
    assert not hopeless([0], others[1:], higher=True), "four others are too few to tell"
    assert not hopeless([0], [*others[1:], trial(9, state="pruned")], higher=True)


def test_the_best_is_the_first_of_the_best_complete_ones():
    trials = [trial(9, state="pruned"), trial(1, 3), trial(3, 1), trial(0, 1), trial(state="failed")]
    assert (best(trials, True), best(trials, False)) == (1, 3)
    assert best([trial(state="failed"), trial(1, state="pruned")], True) is None


def test_the_default_is_beaten_by_what_is_better_alone():
    assert beaten(trial(1), trial(2), True) and beaten(trial(2), trial(1), False)
    assert not beaten(trial(1), trial(1), True) and not beaten(trial(2), trial(1), True)
    assert beaten(trial(state="failed"), trial(0), True)


def a_family(parameters):
    """A forest has its own parameter alone, trees have the other; both have a default. None without a seed."""
    known = {"leaves": 4, "forest_share": 0.5, "family": "trees", **parameters}
    own = {"trees": "leaves", "forest": "forest_share"}[known["family"]]
    if "seed" not in parameters:
        raise TypeError("build() missing 1 required argument: 'seed'")
    return repr((known["family"], known[own], known["seed"]))


def test_only_what_makes_the_model_is_needed():
    model, forest = {"leaves": 9, "seed": 1}, {"family": "forest", "leaves": 7, "forest_share": 0.3}
    assert needed(model, forest, a_family) == {"family": "forest", "forest_share": 0.3}
    assert needed(model, {**forest, "forest_share": 0.5}, a_family) == {"family": "forest"}, "it is the default"
    assert needed(model, {"family": "trees", "leaves": 4}, a_family) == {"leaves": 4}, "not the default: 9 stands there"
    assert needed({}, {"seed": 1, "leaves": 7}, a_family) == {"seed": 1, "leaves": 7}
    assert in_short({"family": "forest", "forest_share": 0.3}) == "family forest, forest_share 0.3"


@NEEDS_SEARCH
def test_what_is_asked_is_in_the_space_and_readable():
    for each in searched(3, 15):
        rate, leaves = each.params["rate"], each.params["leaves"]
        assert 0.02 <= rate <= 0.3 and rate == float(f"{rate:.4g}")
        assert isinstance(leaves, int) and 4 <= leaves <= 40
        assert each.params["family"] in ("trees", "linear")


@NEEDS_SEARCH
def test_the_same_seed_asks_the_same_and_another_does_not():
    assert searched(3, 15) == searched(3, 15) != searched(4, 15)


@NEEDS_SEARCH
def test_it_learns_from_what_was_tried():
    trials = searched(5, 40)
    first, last = ([each.value for each in part] for part in (trials[:10], trials[-10:]))
    assert sum(last) > sum(first)
    assert [each.params for each in searched(5, 40, higher=False)] == [each.params for each in trials]


@NEEDS_SEARCH
def test_failed_and_given_up_trials_are_told_to_it_too():
    trials = searched(3, 12)
    broken = [trial(state="failed", **trials[0].params), trial(-1, state="pruned", **trials[1].params), *trials[2:]]
    assert ask(SPACE, 3, broken, True) != ask(SPACE, 3, trials, True)


@NEEDS_SEARCH
def test_what_matters_is_found():
    found = importance(SPACE, 0, searched(5, 40), True)
    assert set(found) == {*SPACE} and found["family"] < max(found.values())
    assert sum(found.values()) == pytest.approx(1, abs=0.01)
    assert importance(SPACE, 0, searched(5, 1), True) == {}, "of one trial nothing can be told"
