"""Every task's metrics held against scikit-learn, its trivial model against others, equal models against chance."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as truth
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlops import UserError
from mlops.decide.comparison import compare
from mlops.decide.gate import enough, verdict_on
from mlops.decide.metrics import measure, slice_rows
from mlops.decide.quality import assess
from mlops.decide.scored import Scored, from_frame
from mlops.decide.tasks import TASKS
from mlops.decide.tasks.interface import kind
from mlops.settings.metrics import METRICS
from mlops.settings.project import Gate

LABELS = ["a", "b", "c"]


def task(name, primary=None):
    return TASKS[name](primary or next(iter(METRICS[name])), 0.5)


def answers(name, seed, rows):
    """Answers of each class, and predictions that have some of the truth."""
    rng = np.random.default_rng(seed)
    if name == "regression":
        target = rng.normal(10, 3, rows)
        return target, target + rng.normal(size=rows)
    classes = 2 if name == "binary" else 3
    target = np.r_[np.arange(classes), rng.integers(0, classes, rows - classes)]
    logits = np.eye(classes)[target] + rng.normal(size=(rows, classes))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return target, shares[:, 1] if name == "binary" else shares


def expected(name, target, predictions):
    if name == "regression":
        squared = truth.mean_squared_error(target, predictions)
        absolute = truth.mean_absolute_error(target, predictions)
        return {"rmse": squared**0.5, "mae": absolute, "r2": truth.r2_score(target, predictions)}
    log_loss = truth.log_loss(target, predictions, labels=range(2 if name == "binary" else 3))
    if name == "multiclass":
        called = predictions.argmax(axis=1)
        f1 = truth.f1_score(target, called, average="macro")
        return {"log_loss": log_loss, "accuracy": truth.accuracy_score(target, called), "f1_macro": f1}
    return {
        "auc": truth.roc_auc_score(target, predictions) if len(set(target)) == 2 else np.nan,
        "log_loss": log_loss,
        "brier": np.mean((predictions - target) ** 2),
        "accuracy": truth.accuracy_score(target, predictions > 0.5),
    }


@pytest.mark.parametrize("name", METRICS)
@settings(max_examples=40, deadline=None)  # the first example pays for what scikit-learn loads
@given(seed=st.integers(0, 10_000), rows=st.integers(5, 60))
def test_metrics_without_each_group_are_those_of_scikit_learn_on_the_rows_that_are_left(name, seed, rows):
    target, predictions = answers(name, seed, rows)
    predictions = predictions.round(1).clip(0.1, 0.9) if name == "binary" else predictions  # equal scores
    groups = np.random.default_rng(seed).integers(0, 3, rows)
    left = [groups != group for group in range(3)] + [groups >= 0]
    wanted = [expected(name, target[each], predictions[each]) for each in left if each.sum() > 1]
    for key, metric in task(name).measures(target, predictions).items():
        found = [each for each, rest in zip(metric.without_each(groups, 3), left, strict=True) if rest.sum() > 1]
        assert found == pytest.approx([each[key] for each in wanted], nan_ok=True)


@pytest.mark.parametrize("name", METRICS)
def test_what_settings_may_name_is_what_is_computed(name):
    target, predictions = answers(name, 0, 20)
    assert list(measure(task(name), target, predictions)) == list(METRICS[name])


@pytest.mark.parametrize("name", METRICS)
def test_a_sign_says_which_way_is_better(name):
    target, predictions = answers(name, 0, 500)
    perfect = np.eye(3)[target] if name == "multiclass" else target.astype(float)
    good, best = measure(task(name), target, predictions), measure(task(name), target, perfect)
    for key, metric in METRICS[name].items():
        assert metric.sign * best[key] > metric.sign * good[key]
        assert best[key] == pytest.approx(metric.highest if metric.higher else metric.lowest)


@pytest.mark.parametrize(("name", "primary"), [(name, key) for name in METRICS for key in METRICS[name]])
def test_no_constant_beats_the_trivial_model(name, primary):
    target, _ = answers(name, 3, 400)
    if name == "regression":
        target = np.exp(target / 5)  # skewed: mean and median differ
    asked, labels = task(name, primary), LABELS[: len(set(target))] if name != "regression" else []
    sign, trivial = METRICS[name][primary].sign, asked.trivial(target, labels)
    seen = measure(asked, target, trivial)[primary]
    rng = np.random.default_rng(1)
    for _ in range(20):
        other = (
            trivial + rng.normal(scale=0.05) if name == "regression" else np.clip(trivial + 0.1 * rng.normal(), 0, 1)
        )
        if name == "multiclass":
            other = np.tile(rng.dirichlet(np.ones(3)), (len(target), 1))
        if primary not in ("accuracy", "f1_macro"):  # of a constant these say which class is called, no more
            assert sign * measure(asked, target, other)[primary] <= sign * seen + 1e-12


def scored(name, seed, rows, champion, challenger):
    """Two models with independent errors of these sizes."""
    rng = np.random.default_rng(seed)
    if name == "regression":
        target = rng.normal(size=rows)
        made = {
            key: target + size * rng.normal(size=rows)
            for key, size in (("champion", champion), ("challenger", challenger))
        }
    else:
        target = np.arange(rows) % 3
        made = {}
        for key, size in (("champion", champion), ("challenger", challenger)):
            logits = 1.5 * np.eye(3)[target] + size * rng.normal(size=(rows, 3))
            made[key] = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    slices = pd.DataFrame({"target": np.arange(rows) % 2})  # called as one of ours
    return Scored(target, made, slices, [] if name == "regression" else LABELS)


HARD = [("regression", "rmse"), ("regression", "mae"), ("multiclass", "log_loss"), ("multiclass", "f1_macro")]


@pytest.mark.parametrize(("name", "primary"), HARD)
def test_equal_models_pass_about_as_often_as_alpha_says(name, primary):
    asked = task(name, primary)
    passed = sum(
        compare(asked, scored(name, seed, 300, 0.8, 0.8), "champion", alpha=0.05, seed=seed).lower > 0
        for seed in range(100)
    )
    assert 1 <= passed <= 12, "99 % binomial limits for 100 runs at 5 %"


def gate(name, primary, floor, max_drop):
    return Gate.model_validate(
        {
            "metric": primary,
            "floors": {primary: floor},
            "alpha": 0.05,
            "looks": 1,
            "minimum_gain": 0.01,
            "max_loss": 0.02,
            "min_rows": 100,
            "seed": 1,
            "slices": {"columns": ["target"], "min_rows": 200, "floor": floor, "max_drop": max_drop},
        }
    )


@pytest.mark.parametrize(("name", "primary", "floor"), [("regression", "rmse", 1.5), ("multiclass", "log_loss", 1.2)])
def test_less_error_passes_and_more_does_not(name, primary, floor):
    asked, rules = task(name, primary), gate(name, primary, floor, 0.05)

    def status(champion, challenger):
        rows = scored(name, 5, 1200, champion, challenger)
        return verdict_on(asked, measure(asked, rows.target, rows.predictions["challenger"]), rows, rules)["status"]

    assert status(1.0, 0.6) == "PASS"
    assert status(0.6, 1.0) == "FAIL"
    assert status(6.0, 4.0) == "FAIL", "better, but the floor of an error is the most that it may be"


@pytest.mark.parametrize(("name", "missing", "status"), [("binary", 1, "INSUFFICIENT"), ("multiclass", 2, "PASS")])
def test_a_class_of_many_may_be_missing_in_the_test_and_one_of_two_may_not(name, missing, status):
    target, labels = np.arange(200) % missing, LABELS[: missing + 1]
    found = enough(task(name), target, labels, gate(name, next(iter(METRICS[name])), 1, 1))
    assert found.status == status


@pytest.mark.parametrize("name", ["multiclass", "regression"])
@pytest.mark.parametrize(("rows", "status"), [(100, "PASS"), (99, "INSUFFICIENT")])
def test_all_rows_together_have_to_be_enough(name, rows, status):
    target, _ = answers(name, 0, rows)
    rules = gate(name, next(iter(METRICS[name])), 1, 1)
    assert enough(task(name), target, LABELS if name == "multiclass" else [], rules).status == status


def test_live_an_error_is_lost_when_it_grows():
    asked, rules = task("regression"), gate("regression", "rmse", 9, 1)
    target, predictions = answers("regression", 4, 400)
    live = Scored(target, {"challenger": predictions}, pd.DataFrame(index=range(400)))
    lower, upper = assess(asked, live, {"test_rmse": "1"}, rules)["intervals"]["rmse"]
    width = upper - lower  # of about four standard errors
    for registered, status in ((lower, "HOLDING"), (lower - width, "DEGRADED"), (upper, "HOLDING")):
        assert assess(asked, live, {"test_rmse": str(registered)}, rules)["status"] == status


def test_a_cold_start_is_held_against_the_mean():
    asked, rules = task("regression"), gate("regression", "rmse", 5, 5)
    rows = scored("regression", 5, 1200, 1.0, 0.6)
    useless = Scored(rows.target, {"challenger": np.zeros(1200)}, rows.slices)
    for case, wanted in (
        (Scored(rows.target, {"challenger": rows.predictions["challenger"]}, rows.slices), "PASS"),
        (useless, "FAIL"),
    ):
        found = verdict_on(asked, measure(asked, case.target, case.predictions["challenger"]), case, rules)
        assert (found["status"], found["cold_start"]) == (wanted, True)


@pytest.mark.parametrize("name", METRICS)
def test_a_table_of_scored_rows_gives_them_back(name, tmp_path):
    target, predictions = answers(name, 0, 30)
    labels = {"binary": [False, True], "multiclass": LABELS, "regression": []}[name]
    slices = pd.DataFrame({"challenger": ["x", "y", None] * 10, "target": range(30)})
    days = np.arange(30) // 3
    rows = Scored(target, {"challenger": predictions}, slices, labels, days)
    rows.to_frame().to_parquet(tmp_path / "scores.parquet")
    back = from_frame(pd.read_parquet(tmp_path / "scores.parquet"), labels, coded=bool(labels))
    np.testing.assert_array_equal(back.target, target)
    np.testing.assert_array_equal(back.clusters, days)
    assert back.rows_hash == rows.rows_hash
    np.testing.assert_array_equal(back.predictions["challenger"], predictions)
    assert list(back.slices) == ["challenger", "target"] and back.labels == labels
    assert [row["slice"] for row in slice_rows(task(name), back)][:2] == ["challenger=x", "challenger=y"]


@pytest.mark.parametrize("values", [["no", "yes"], [1, 2], [False, True], [-1.0, 1.0]])
def test_two_labels_of_any_kind_are_binary(values):
    target = pd.Series(values * 20, name="churned")
    rows = pd.DataFrame({"a": np.arange(40) % 2})
    model = LogisticRegression().fit(rows, target)
    asked = task("binary")
    labels = asked.labels(target, [model])
    assert labels == values
    assert asked.encode(target, labels).tolist() == [0, 1] * 20
    assert measure(asked, asked.encode(target, labels), asked.predict(model, rows, labels))["auc"] == 1


def test_models_that_know_other_classes_than_the_rows_are_aligned():
    rows = pd.DataFrame({"a": np.arange(30) % 3})
    old, new = (LogisticRegression().fit(rows, rows["a"].map(dict(enumerate(names)))) for names in ("abb", "bcd"))
    target = pd.Series(["a", "c", "e"], name="kind")
    asked = task("multiclass")
    labels = asked.labels(target, [old, new])
    assert labels == ["a", "b", "c", "d", "e"]
    assert asked.encode(target, labels).tolist() == [0, 2, 4]
    for model, known in ((old, {"a", "b"}), (new, {"b", "c", "d"})):
        found = asked.predict(model, rows, labels)
        assert found.sum(axis=1) == pytest.approx(1)
        assert {label for label, column in zip(labels, found.T, strict=True) if column.any()} == known


ROWS = pd.DataFrame({"a": [0.0, 1.0, 2.0]})
CLASSES, LINE = DummyClassifier().fit(ROWS, ["a", "b", "b"]), LinearRegression().fit(ROWS, [1, 2, 4])
REFUSED = [
    ("binary", ["a", "b", "c"], CLASSES, "kind: task binary is for two answers, got 3 (a, b, c)"),
    ("binary", ["a", "a", "a"], DummyClassifier().fit(ROWS, ["a"] * 3), "is for two answers, got 1 (a)"),
    ("multiclass", ["a", "b", "c"], LINE, "needs predict_proba, which LinearRegression lacks"),
    ("multiclass", [0, 1, 2], CLASSES, "kind: text and numbers cannot both be classes"),
    ("regression", [1.0, 2.0, 3.0], CLASSES, "DummyClassifier tells classes apart"),
]


@pytest.mark.parametrize(("name", "values", "model", "line"), REFUSED)
def test_what_does_not_fit_the_task_is_one_line(name, values, model, line):
    with pytest.raises(UserError) as refused:
        task(name).labels(pd.Series(values, name="kind"), [model])
    assert line in str(refused.value) and "\n" not in str(refused.value)


def test_text_is_no_number():
    with pytest.raises(UserError, match="kind: task regression needs numbers"):
        task("regression").encode(pd.Series(["a", "b"], name="kind"), [])


def test_values_are_those_of_the_model():
    model = DummyRegressor().fit(ROWS, [1.0, 2.0, 6.0])
    asked = task("regression")
    assert asked.answer(asked.predict(model, ROWS, []), []) == {"values": [3.0, 3.0, 3.0]}


def test_rows_are_known_by_their_answers_and_clusters_whatever_models_say_of_them():
    target, days = np.arange(40) % 2, np.arange(40) // 4
    known = {
        Scored(target, {"challenger": scores}, None, [0, 1], days).rows_hash for scores in (target * 0.5, target * 0.1)
    }
    assert len(known) == 1
    others = [Scored(target, {}, None, [0, 1]), Scored(1 - target, {}, None, [0, 1], days)]
    others += [Scored(target, {}, None, [0, 1], days[::-1].copy()), Scored(target[1:], {}, None, [0, 1], days[1:])]
    assert len(known | {each.rows_hash for each in others}) == 5


def test_a_model_is_known_by_what_it_says_whoever_trained_it():
    scores = np.arange(40) / 64

    def of(values):
        return Scored(np.arange(40) % 2, {"challenger": values, "champion": scores}, None, [0, 1]).answers_hash

    assert of(scores) == of(scores + 1e-12) != of(scores + 1e-6), "digits that another machine may have otherwise"


def test_a_model_is_called_by_what_it_ends_in_however_deep_that_is():
    inner = make_pipeline(StandardScaler(), Ridge())
    assert kind(make_pipeline(StandardScaler(), inner)) == kind(Ridge()) == "Ridge"
