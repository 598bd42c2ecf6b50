"""Parameters as text: a trial elsewhere tries what a search here would, and its run says the same."""

import pytest
from groups import NEEDS_SEARCH
from hypothesis import given
from hypothesis import strategies as st

from mlops import UserError
from mlops.decide.search.asking import ask
from mlops.decide.search.runs import ENDED, LATE, metrics_of, named, tags_of, trial_of
from mlops.decide.search.spelling import check_spelling, meant, parameters_of, spelled
from mlops.decide.search.trials import Trial
from mlops.settings.search import Points, Search

SPACE = {
    "rate": Points(low=0.02, high=0.3, log=True),
    "leaves": Points(low=4, high=40),
    "family": Points(choices=["trees", "linear", True, 3, 0.5]),
}
SEARCH = Search(folds=3, space=SPACE)


@NEEDS_SEARCH
def test_what_a_search_here_tries_is_read_back_as_it_is():
    trials = []
    for number in range(20):
        asked = ask(SPACE, 3, trials, higher=True)
        assert parameters_of([f"{name}={spelled(value)}" for name, value in asked.items()], SPACE) == asked
        trials.append(Trial(asked, "complete", [number], 1.0))


@given(st.floats(0, 1000))
def test_what_is_drawn_elsewhere_is_brought_to_what_is_tried_here(drawn):
    leaves, rate = meant(SPACE["leaves"], f"{drawn}"), meant(SPACE["rate"], f"{drawn}")
    assert isinstance(leaves, int) and 4 <= leaves <= 40 and abs(leaves - min(max(drawn, 4), 40)) <= 0.5
    assert 0.02 <= rate <= 0.3 and rate == float(f"{rate:.4g}")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["rate=0.1"], "search.space has rate, leaves, family, got rate"),
        (["rate=fast", "leaves=4", "family=trees"], r"rate: no value of search.space \(could not convert"),
        (["rate=0.1", "leaves=4", "family=forest"], r"family: no value of search.space \('forest'\)"),
    ],
)
def test_other_words_are_refused(words, line):
    with pytest.raises(UserError, match=line):
        parameters_of(words, SPACE)
    assert parameters_of([], SPACE) == {}


@pytest.mark.parametrize("choices", [["1", 1], ["true", True], ["it's"], ["$HOME"], [""], ["a  b"]])
def test_a_list_that_no_command_line_tells_apart_is_refused(choices):
    check_spelling(SPACE)
    with pytest.raises(UserError, match=r"search.space.odd: on another machine .* cannot be told apart"):
        check_spelling({**SPACE, "odd": Points(choices=choices)})


PARAMS = {"rate": 0.1, "leaves": 12, "family": True}
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(st.lists(NUMBERS, min_size=3, max_size=3), st.integers(0, 10**6))
def test_a_complete_trial_is_read_back_from_its_run(values, milliseconds):
    trial = Trial(PARAMS, "complete", values, milliseconds / 1000)
    run = named(trial.params), metrics_of(trial, "auc"), tags_of(trial)
    assert trial_of(*run, SEARCH, asked=True) == trial
    assert run[1]["auc"] == trial.value
    assert trial_of({}, run[1], run[2], SEARCH, asked=False) == Trial({}, "complete", values, trial.seconds)


def test_a_failed_trial_keeps_its_reason_and_has_no_value():
    trial = Trial(PARAMS, "failed", [0.5], 1.5, "ValueError: no")
    run = named(trial.params), metrics_of(trial, "auc"), tags_of(trial)
    assert "auc" not in run[1] and trial_of(*run, SEARCH, asked=True) == trial


def test_nothing_is_taken_for_a_value_that_is_none():
    whole = Trial(PARAMS, "complete", [0.5, 0.6, 0.7], 1.0)
    params, metrics, tags = named(PARAMS), metrics_of(whole, "auc"), tags_of(whole)
    late = trial_of(params, {"fold_1": 0.5, "auc": 0.6}, tags, SEARCH, asked=True)
    assert (late.state, late.value, late.why) == ("failed", None, LATE)
    cut = trial_of(params, metrics, {}, SEARCH, asked=True)
    assert (cut.state, cut.value, cut.why) == ("failed", None, ENDED), "its job was ended after the last fold"
    others = {"rate": "0.1", "leaves": "12", "family": "true"}
    assert trial_of(others, metrics, tags, SEARCH, asked=True) is None, "those without a prefix are not ours"
