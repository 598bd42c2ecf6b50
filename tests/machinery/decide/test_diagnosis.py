"""The diagnosis names what was planted: a broken slice, a leak, a shift, a feature of no use; and nothing else."""

import re
from dataclasses import replace

import numpy as np
import pytest
from planted import LABELS, subject
from sklearn.linear_model import LinearRegression, LogisticRegression

from mlops.decide.diagnosis.alone import telling_alone
from mlops.decide.diagnosis.curve import learning_curve
from mlops.decide.diagnosis.importance import importances
from mlops.decide.diagnosis.ladder import ladder
from mlops.decide.diagnosis.mistakes import mistakes
from mlops.decide.diagnosis.moved import moved
from mlops.decide.diagnosis.partial import dependence
from mlops.decide.diagnosis.weak import weak_slices
from mlops.decide.scored import Scored


def broken(test, value):
    """In one town, of wide ones, the answer has nothing to do with the features."""
    wrong = (test["town"] == "Linz") & (test["width"] > 0)
    return value.where(~wrong, -value)


@pytest.mark.parametrize("task", LABELS)
def test_a_broken_slice_is_found_by_itself(task):
    (worst, *_) = weak_slices(subject(task, spoil=broken))
    assert "town is Linz" in worst.where and "width > " in worst.where
    assert worst.loss > 2 * worst.elsewhere and worst.p < 0.001
    assert 100 < worst.rows < 700, "a sixth of 3,000, as far as a small tree sees it"


@pytest.mark.parametrize("days", [True, False])
def test_of_a_model_that_is_equally_wrong_everywhere_none_is_named(days):
    def even(seed):
        one = subject("regression", seed, 1500, days=days)
        said = one.scored.target + np.random.default_rng(seed).normal(size=1500)
        return replace(one, scored=Scored(one.scored.target, {"challenger": said}, one.test[[]], [], None))

    named = [seed for seed in range(20) if weak_slices(even(seed))]
    assert len(named) <= 1


def test_too_few_rows_name_none():
    assert weak_slices(subject(rows=100, spoil=broken)) == []


@pytest.mark.parametrize("task", LABELS)
def test_the_answers_rest_on_what_the_model_uses(task):
    found = importances(subject(task))
    assert [each.feature for each in found][:2] == ["width", "town"]
    assert [each.feature for each in found if each.lower > 0] == ["width", "town"]
    for each in found:
        assert each.lower <= each.rise <= each.upper


@pytest.mark.parametrize(("task", "classes"), [("binary", 1), ("multiclass", 3), ("regression", 1)])
def test_the_mean_answer_goes_the_way_of_the_feature(task, classes):
    means = np.array(dependence(subject(task), "width").means)
    assert means.shape[1] == classes
    assert dependence(subject(task), "town").classes == (LABELS[task] if classes > 1 else [])
    assert means[-1, -1] - means[0, -1] > 0.5 and np.corrcoef(np.arange(len(means)), means[:, -1])[0, 1] > 0.9
    towns = dependence(subject(task), "town")
    by_town = dict(zip(towns.values, np.array(towns.means)[:, -1], strict=True))
    assert set(by_town) == {"Graz", "Linz", "Wels"} and by_town["Graz"] == max(by_town.values())
    times = dependence(subject(task), "at")
    assert len(times.values) > 5 and re.fullmatch(r"\d{4}-\d\d-\d\d [A-Z][a-z]{2} \d\d:\d\d", times.values[0])
    assert times.ordered and not towns.ordered


def test_a_feature_that_tells_all_but_alone_is_a_leak():
    one = subject("binary")
    assert telling_alone(one) == []
    given = one.train.assign(code=(one.answers == "yes") * 2.0 + np.random.default_rng(0).uniform(size=len(one.train)))
    (leak,) = telling_alone(replace(one, train=given))
    assert leak.feature == "code" and leak.strength > 0.99


def test_sides_that_differ_are_told_apart_by_the_feature_that_has_moved():
    one = subject("binary")
    assert moved(one).auc == pytest.approx(0.5, abs=0.05)
    away = moved(replace(one, test=one.test.assign(noise=one.test["noise"] + 4)))
    assert away.auc > 0.95 and away.features[0] == "noise"


def test_more_rows_would_help_where_there_are_few():
    few, many = (learning_curve(subject("regression", rows=rows, days=False)) for rows in (200, 6000))
    assert few.rows == [20, 50, 100, 200] and len(few.losses) == 4
    assert few.lower > 0 and few.losses[0] > few.losses[-1]
    flat = learning_curve(subject("regression", rows=6000, days=False, learner=LinearRegression()))
    assert flat.lower <= 0 and flat.gain < 0.01 < many.losses[0]


def test_the_ladder_stands_from_no_features_to_the_champion():
    one = subject("binary", learner=LogisticRegression())
    rungs = ladder(one)
    assert list(rungs) == ["trivial", "linear", "challenger"]
    assert rungs["trivial"]["auc"] == 0.5 and rungs["linear"]["auc"] > 0.8
    assert rungs["linear"]["auc"] == pytest.approx(rungs["challenger"]["auc"], abs=0.01)
    for task in LABELS:
        assert set(ladder(subject(task))["linear"]) == set(one.task.metrics) if task == "binary" else True


def test_the_linear_rung_takes_whatever_columns_there_are():
    one = subject("binary")
    strange = {"flag": np.arange(3000) % 2 == 0, "empty": np.nan, "none": None}
    sides = {side: getattr(one, side).assign(**strange) for side in ("train", "test")}
    assert ladder(replace(one, **sides))["linear"]["auc"] > 0.8


@pytest.mark.parametrize("task", LABELS)
def test_the_worst_mistakes_come_with_what_was_said_and_what_was(task):
    one = subject(task, spoil=broken)
    found = mistakes(one)
    losses = [one.losses[each.row] for each in found]
    assert losses == sorted(one.losses, reverse=True)[: len(found)] and len(found) == 5
    first = found[0]
    assert first.values == {}, "nobody's row is shown unasked"
    (shown, *_) = mistakes(replace(one, rows_shown=True))
    assert shown.values["town"] == one.test["town"].iloc[first.row]
    if task != "regression":
        assert first.was == LABELS[task][one.scored.target[first.row]]
