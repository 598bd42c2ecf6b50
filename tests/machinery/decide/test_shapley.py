"""Shapley values add up to the answers, name what moves them, and show nobody's row unasked.

Skipped where the package is not there; tests/test_groups.py of the template runs them where it is.
"""

from dataclasses import replace

import numpy as np
import pytest
from groups import NEEDS_EXPLAIN
from planted import LABELS, subject
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from mlops.decide.diagnosis.shapley import of_trees, permuted, shapley

pytestmark = NEEDS_EXPLAIN
FEATURES = {"width", "town", "noise"}


def answered(one, parts):
    """What the model says of these rows, shape (rows, outputs)."""
    found = one.scored.predictions["challenger"][parts.rows]
    return found if found.ndim == 2 else found[:, None]


def sizes(parts):
    return dict(zip(parts.features, np.abs(parts.values).mean(axis=(0, 2)), strict=True))


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_of_trees_they_add_up_by_feature(task):
    one = subject(task)
    parts = of_trees(one)
    assert set(parts.features) == FEATURES, "the two columns that are made of the town are one"
    off = np.abs(parts.base + parts.values.sum(axis=1) - answered(one, parts)).max()
    assert off < 0.01 and parts.how == f"of the trees, within {off:.2g}"
    assert len(parts.rows) > 900
    found = sizes(parts)
    assert found["width"] > found["town"] > 4 * found["noise"]
    again = sizes(permuted(one))
    assert {name: found[name] for name in ("width", "town")} == pytest.approx(
        {name: again[name] for name in ("width", "town")}, rel=0.3
    )


@pytest.mark.parametrize("task", LABELS)
def test_of_any_model_they_add_up(task):
    linear = LinearRegression() if task == "regression" else LogisticRegression()
    one = subject(task, learner=linear)
    assert task == "multiclass" or of_trees(one) is None, "no trees"
    parts = permuted(one)
    assert parts.base + parts.values.sum(axis=1) == pytest.approx(answered(one, parts))
    found = sizes(parts)
    assert found["width"] > found["town"] > found["noise"] and found["at"] == 0, "a time that the model does not see"


def test_what_does_not_add_up_is_not_called_of_trees():
    """A step before the trees that answers otherwise each time."""
    one = subject("regression")
    chance = np.random.default_rng(0)
    restless = FunctionTransformer(lambda numbers: numbers + chance.normal(size=numbers.shape))
    shaken = make_pipeline(one.model[0], restless, one.model[-1])
    assert of_trees(replace(one, model=shaken)) is None
    assert shapley(replace(one, model=shaken)).how == "permutations"


def test_a_column_made_of_two_features_is_named_by_both():
    one = subject("regression")

    def mixed(frame):
        return np.column_stack([frame["width"] + frame["noise"], frame["town"] == "Graz"]).astype(float)

    model = make_pipeline(FunctionTransformer(mixed), type(one.model[-1])(max_iter=10))
    model.fit(one.train, one.answers)
    said = one.task.predict(model, one.test, [])
    mixed_subject = replace(one, model=model, scored=replace(one.scored, predictions={"challenger": said}))
    assert of_trees(mixed_subject).features == ["width and noise", "town"]
    assert shapley(mixed_subject).features[0].feature == "width and noise"


@pytest.mark.parametrize("task", LABELS)
def test_five_rows_go_from_a_low_to_a_high_answer(task):
    found = shapley(subject(task))
    assert found.how.startswith("permutations" if task == "multiclass" else "of the trees")
    assert [each.feature for each in found.features][:2] == ["width", "town"]
    answers = [float(each.answer.split("(")[-1].rstrip(")")) for each in found.rows]
    assert answers == sorted(answers) and len(answers) == 5 and answers[0] < answers[-1]
    for each, answer in zip(found.rows, answers, strict=True):
        if task != "multiclass":
            assert found.base[0] + sum(each.parts.values()) == pytest.approx(answer, abs=0.01)
        largest = [abs(part) for part in each.parts.values()]
        assert largest == sorted(largest, reverse=True)


def test_a_column_that_never_changes_is_none_of_a_feature():
    def with_constant(frame):
        return np.column_stack([frame["width"], np.ones(len(frame))]).astype(float)

    one = subject("regression")
    model = make_pipeline(FunctionTransformer(with_constant), type(one.model[-1])(max_iter=5))
    model.fit(one.train, one.answers)
    scored = replace(one.scored, predictions={"challenger": one.task.predict(model, one.test, [])})
    assert of_trees(replace(one, model=model, scored=scored)).features == ["width"]


def test_nobodys_row_is_shown_unasked():
    one = subject()
    found = shapley(one)
    assert [each.values for each in found.rows] == [{}] * 5
    for each in found.features:
        parts = [part for part, _ in each.points]
        assert parts == sorted(parts), "not in the order of the rows, which would put them together again"
    shown = shapley(replace(one, rows_shown=True))
    assert all({"width", "town"} <= each.values.keys() for each in shown.rows)
