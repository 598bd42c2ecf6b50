"""What folds tell, held against a plain computation of the corrected t; the rows of an edited file are not believed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student
from sklearn.metrics import log_loss, roc_auc_score

from mlops import UserError
from mlops.decide.comparison import compare, gained
from mlops.decide.gate import verdict_on
from mlops.decide.metrics import intervals, metrics_of
from mlops.decide.resampled import corrected
from mlops.decide.scored import UNFIT, Scored, from_frame
from mlops.decide.tasks.binary import Binary
from mlops.decide.tasks.multiclass import Multiclass
from mlops.settings.project import Gate

TASK = Binary("auc", 0.5)
FOLDS, REPEATS, ROWS = 5, 3, 100
RULES = {
    "floors": {"auc": 0.6, "accuracy": 0.4},
    "alpha": 0.05,
    "looks": 1,
    "minimum_gain": 0.01,
    "min_rows": 20,
    "seed": 1,
    "slices": {"columns": ["town"], "min_rows": 20, "floor": 0.4, "max_drop": 0.1},
}


def dealt(folds, repeats, rows, chance):
    """Fold numbers of like size, counted on from repeat to repeat."""
    return np.concatenate([time * folds + chance.permutation(np.arange(rows) % folds) for time in range(repeats)])


def scored(seed=1, gain=0.5, clusters=None):
    """A champion and a challenger that has so much more signal, tested in three repeats."""
    chance = np.random.default_rng(seed)
    target, town = chance.integers(0, 2, ROWS), chance.choice(["Graz", "Linz"], ROWS)
    held = Scored(target, {}, pd.DataFrame({"town": town}), [0, 1], clusters, pd.DataFrame({"crew": town}))
    every, noise = np.tile(target, REPEATS), chance.normal(size=REPEATS * ROWS)
    said = {name: 1 / (1 + np.exp(noise - more * every)) for name, more in (("challenger", 1 + gain), ("champion", 1))}
    return held.dealt(dealt(FOLDS, REPEATS, ROWS, chance), REPEATS, said)


@given(
    st.integers(2, 6), st.integers(1, 5), st.lists(st.floats(-1, 1), min_size=30, max_size=30), st.floats(0.001, 0.499)
)
def test_the_error_is_the_corrected_one_and_bounds_are_students(folds, repeats, values, alpha):
    """Folds of one size: the test is 1 / (folds - 1) of what was learned from."""
    values = np.array(values[: folds * repeats])
    rows = Scored(np.zeros(60), {}, pd.DataFrame(index=range(60)))
    found = corrected(values, rows.dealt(dealt(folds, repeats, 60, np.random.default_rng(1)), repeats, {}))
    error = np.sqrt((1 / (folds * repeats) + 1 / (folds - 1)) * np.var(values, ddof=1))
    assert found.value == pytest.approx(values.mean()) and found.error == pytest.approx(error)
    freedom = folds * repeats - 1
    assert found.quantile(alpha) == pytest.approx(values.mean() + student.ppf(alpha, freedom) * error, abs=1e-9)
    if error > 1e-6:
        assert found.chance_above(0) == pytest.approx(student.sf(values.mean() / error, freedom), abs=1e-9)


def test_folds_of_unlike_size_count_by_their_share():
    numbers = np.repeat([0, 1, 2], [10, 20, 30])
    found = corrected(np.array([1.0, 2.0, 4.0]), Scored(np.zeros(60), {}, pd.DataFrame(index=range(60)), folds=numbers))
    share = np.mean([10 / 50, 20 / 40, 30 / 30])
    assert found.error == pytest.approx(np.sqrt((1 / 3 + share) * np.var([1, 2, 4], ddof=1)))


def test_metrics_and_gain_are_means_of_what_each_fold_says():
    rows = scored()
    parts = [rows.folds == fold for fold in range(FOLDS * REPEATS)]
    for name, function in (("auc", roc_auc_score), ("log_loss", log_loss)):
        task = Binary(name, 0.5)
        ours, theirs = (
            np.array([function(rows.target[part], rows.predictions[model][part]) for part in parts])
            for model in ("challenger", "champion")
        )
        assert metrics_of(task, rows, "challenger")[name] == pytest.approx(ours.mean())
        gain = task.decisive.sign * (ours - theirs)
        found = gained(task, rows, "champion", 1)
        error = np.sqrt((1 / len(gain) + 1 / (FOLDS - 1)) * gain.var(ddof=1))
        assert (found.value, found.error) == pytest.approx((gain.mean(), error))
        own = np.sqrt((1 / len(ours) + 1 / (FOLDS - 1)) * ours.var(ddof=1)) * student.ppf(0.975, len(ours) - 1)
        assert intervals(task, rows, "challenger", 1)[name] == pytest.approx([ours.mean() - own, ours.mean() + own])


def test_a_row_is_one_row_however_often_it_was_tested():
    rows = scored(clusters=np.arange(ROWS) % 20)
    found = compare(TASK, rows, "champion", 0.05, 1)
    assert (found.rows, found.clusters) == (ROWS, 20)
    once = rows.once
    assert once.folds is None and (once.target == rows.target[:ROWS]).all()
    assert (once.predictions["challenger"] == rows.predictions["challenger"][:ROWS]).all()
    assert len(once.slices) == len(once.families) == len(once.clusters) == ROWS
    verdict = verdict_on(TASK, metrics_of(TASK, rows, "challenger"), rows, Gate.model_validate(RULES))
    assert verdict["comparison"]["widened"] is None, "there is no interval of independent rows beside it"
    (enough, *_), slices = verdict["checks"], [each for each in verdict["checks"] if each["name"].startswith("slice ")]
    assert enough["seen"] == f"0: {(once.target == 0).sum()}, 1: {(once.target == 1).sum()}"
    alone = verdict_on(TASK, metrics_of(TASK, once, "challenger"), once, Gate.model_validate(RULES))
    assert len(slices) == 2 and slices == [each for each in alone["checks"] if each["name"].startswith("slice ")]


def test_looks_know_the_rows_whatever_the_models_the_folds_and_their_seed():
    rows = scored()
    others = scored(gain=0.1), replace(rows, folds=dealt(FOLDS, REPEATS, ROWS, np.random.default_rng(9))), rows.once
    assert {each.rows_hash for each in others} == {rows.rows_hash}
    assert scored(seed=2).rows_hash != rows.rows_hash
    assert scored(gain=0.1).answers_hash != rows.answers_hash


def test_the_same_recipe_is_never_better():
    rows = scored(gain=0)
    verdict = verdict_on(TASK, metrics_of(TASK, rows, "challenger"), rows, Gate.model_validate(RULES))
    assert verdict["status"] == "FAIL" and verdict["comparison"]["difference"] == 0
    assert verdict["comparison"]["lower"] == verdict["comparison"]["upper"] == 0


def test_a_metric_without_value_on_a_fold_tells_nothing_and_says_what_to_do():
    """All rows of one fold have one answer: there is no AUC."""
    rows = scored()
    first, rest = np.flatnonzero(rows.target[:ROWS] == 0)[:20], rows.folds[:ROWS]
    folds = rows.folds.copy()
    folds[:ROWS] = np.where(rest == 0, 1, rest)
    folds[first] = 0
    bare = replace(rows, folds=folds)
    metrics = metrics_of(TASK, bare, "challenger")
    assert np.isnan(metrics["auc"]) and metrics["accuracy"] > 0.4
    verdict = verdict_on(TASK, metrics, bare, Gate.model_validate(RULES))
    assert verdict["status"] == "INSUFFICIENT"
    (check,) = [each for each in verdict["checks"] if each["name"] == "folds"]
    assert check["seen"] == "no value on some of them: AUC"
    assert check["wanted"] == "one on each; write fewer folds in data.split, or add data"
    assert not any(each["name"].startswith(("floor", "better")) for each in verdict["checks"])


def frame_of():
    """A table of 20 clusters, each of which is whole in a fold."""
    clusters = np.arange(ROWS) % 20
    rows = scored(clusters=clusters)
    folds = np.concatenate([time * FOLDS + np.roll(np.arange(20), time)[clusters] % FOLDS for time in range(REPEATS)])
    return replace(rows, folds=folds).to_frame()


def test_what_was_written_is_read_again():
    frame = frame_of()
    again = from_frame(frame, [0, 1], coded=True)
    assert again.repeats == REPEATS and (again.folds == frame["fold"]).all()
    pd.testing.assert_frame_equal(again.to_frame(), frame)
    chance = np.random.default_rng(1)
    said = chance.dirichlet([1, 1, 1], 2 * ROWS)
    held = Scored(chance.integers(0, 3, ROWS), {}, pd.DataFrame(index=range(ROWS)), ["a", "b", "c"])
    several = held.dealt(dealt(4, 2, ROWS, chance), 2, {"challenger": said})
    again = from_frame(several.to_frame(), ["a", "b", "c"], coded=True)
    assert metrics_of(Multiclass("log_loss", 0.5), again, "challenger") == metrics_of(
        Multiclass("log_loss", 0.5), several, "challenger"
    )


EDITS = {
    "a row less": lambda frame: frame[:-1],
    "a row of each repeat less": lambda frame: frame[frame["row"] != 50],
    "a repeat without its rows": lambda frame: frame[frame["fold"] >= FOLDS],
    "a fold less": lambda frame: frame[frame["fold"] != 3],
    "the last fold in another": lambda frame: frame.assign(fold=frame["fold"].clip(upper=FOLDS * REPEATS - 2)),
    "a fold of another repeat": lambda frame: frame.assign(fold=frame["fold"].where(frame.index != 5, FOLDS)),
    "a fold below 0": lambda frame: frame.assign(fold=frame["fold"].where(frame.index != 5, -1)),
    "one fold a repeat": lambda frame: frame.assign(fold=frame["fold"] // FOLDS),
    "another order": lambda frame: frame.iloc[::-1],
    "another answer once": lambda frame: frame.assign(
        target=frame["target"].where(frame.index != 5, 1 - frame["target"])
    ),
    "another cluster once": lambda frame: frame.assign(cluster=frame["cluster"].where(frame.index != 5, 7)),
    "a cluster in two folds": lambda frame: frame.assign(
        fold=frame["fold"].where(frame.index != 5, (frame["fold"] + 1) % FOLDS)
    ),
    "no folds": lambda frame: frame.drop(columns="fold"),
    "no rows": lambda frame: frame.drop(columns="row"),
    "no numbers": lambda frame: frame.assign(fold="first"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_cut_or_edited_file_is_one_line(edit):
    with pytest.raises(UserError) as error:
        from_frame(EDITS[edit](frame_of()).reset_index(drop=True), [0, 1], coded=True)
    assert str(error.value) == UNFIT
