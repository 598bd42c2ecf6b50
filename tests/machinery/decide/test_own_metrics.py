"""A user's own metric: the same numbers as a built-in one, that of the model that is judged, never a silent pass."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from test_tasks import LABELS, answers, gate, scored

from mlops import UserError
from mlops.data.own_metrics import own_metrics
from mlops.decide.comparison import compare
from mlops.decide.gate import verdict_on
from mlops.decide.metrics import intervals, measure
from mlops.decide.quality import assess
from mlops.decide.scored import Scored
from mlops.decide.slicing import slice_checks
from mlops.decide.tasks import TASKS
from mlops.decide.tasks.own import OwnMetric
from mlops.settings.metrics import Metric


def auc(target, scores):
    return roc_auc_score(target, scores) if len(set(target)) == 2 else math.nan


def brier(target, scores):
    return np.mean((scores - target) ** 2)


def rmse(target, values):
    return np.sqrt(np.mean((values - target) ** 2))


def log_loss(target, probabilities):
    return -np.mean(np.log(probabilities[np.arange(len(target)), target]))


SAME = {  # task: a built-in metric, and the same as a person would write it
    "binary": ("brier", brier),
    "multiclass": ("log_loss", log_loss),
    "regression": ("rmse", rmse),
}


PAIRS = [("binary", "auc", auc), *((name, *SAME[name]) for name in SAME)]


def task(name, function, higher, primary="own"):
    return TASKS[name](primary, 0.5, {"own": OwnMetric(Metric("own", higher, -math.inf, math.inf), function)})


@pytest.mark.parametrize(("name", "builtin", "function"), PAIRS)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), rows=st.integers(5, 60))
def test_without_each_group_it_is_what_the_built_in_one_is(name, builtin, function, seed, rows):
    target, predictions = answers(name, seed, rows)
    found = task(name, function, True).measures(target, predictions)
    groups = np.arange(rows) // 2 % 3
    own, builtin = (found[key].without_each(groups, 3) for key in ("own", builtin))
    assert own == pytest.approx(builtin, nan_ok=True)


def as_binary(rows):
    """Two labels where there are three."""
    shares = {model: each[:, 1] / each[:, :2].sum(axis=1) for model, each in rows.predictions.items()}
    return type(rows)(rows.target % 2, shares, rows.slices, LABELS[:2])


@pytest.mark.parametrize("name", SAME)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000), champion=st.sampled_from([0.6, 1.0]), challenger=st.sampled_from([0.6, 0.8, 1.0]))
def test_its_verdict_is_that_of_the_built_in_one(name, seed, champion, challenger):
    rows = scored("regression" if name == "regression" else "multiclass", seed, 600, champion, challenger)
    rows = as_binary(rows) if name == "binary" else rows
    builtin, function = SAME[name]
    found = []
    for primary in (builtin, "own"):
        asked, rules = task(name, function, False, primary), gate(name, primary, 1, 0.05)
        verdict = verdict_on(asked, measure(asked, rows.target, rows.predictions["challenger"]), rows, rules)
        numbers = {key: verdict["comparison"].pop(key) for key in ("difference", "lower", "upper", "detectable")}
        found.append((verdict["status"], [each["status"] for each in verdict["checks"]], numbers))
    assert found[0][:2] == found[1][:2] and found[0][2] == pytest.approx(found[1][2])


def nan_of_some(target, values):
    """A value of all 400 rows, and none of fewer."""
    return -rmse(target, values) if len(target) == 400 else math.nan


def nothing(target, values):
    return math.nan


@pytest.mark.parametrize("function", [nothing, nan_of_some])
def test_what_has_no_value_is_never_a_pass(function):
    rows = scored("regression", 3, 400, 1.0, 0.3)
    asked, rules = task("regression", function, True), gate("regression", "own", -9, 9)
    metrics = measure(asked, rows.target, rows.predictions["challenger"])
    comparison = compare(asked, rows, "champion", 0.05, 1)
    assert comparison.difference > 0.5 or function is nothing
    verdict = verdict_on(asked, metrics, rows, rules)
    assert verdict["status"] == "FAIL"
    assert {each.status for each in slice_checks(asked, rows, "champion", rules)} == {"INSUFFICIENT"}
    live = assess(asked, rows, {"test_own": "-1"}, rules)
    assert live["status"] == "INSUFFICIENT"


def test_a_champion_that_has_no_value_does_not_let_a_slice_pass():
    rows = replace(scored("regression", 3, 400, 1.0, 0.3), slices=pd.DataFrame({"target": [1] * 400}))
    champion = rows.predictions["champion"].sum()

    def of_challenger(target, values):
        return math.nan if values.sum() == champion else 1.0

    asked, rules = task("regression", of_challenger, True), gate("regression", "own", 0, 9)
    assert {each.status for each in slice_checks(asked, rows, "champion", rules)} == {"INSUFFICIENT"}


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda target, values: "good", "own returned 'good' for 3 rows; return a finite number, or nan"),
        (lambda target, values: None, "own returned None for 3 rows"),
        (lambda target, values: values, r"own returned array\(\[1., 2., 3.\]\) for 3 rows"),
        (lambda target, values: np.full((9, 9), 1.0), "own returned array"),
        (lambda target, values: math.inf, "own returned inf for 3 rows"),
        (lambda target: 1.0, "own fails on 3 rows .TypeError: .* takes 1 positional argument but 2 were given"),
        (lambda target, values: 1 / 0, "own fails on 3 rows .ZeroDivisionError: division by zero.; return nan where"),
        (lambda target, values: {}["two\nlines"], "own fails on 3 rows .KeyError: "),
    ],
)
def test_what_is_no_number_is_one_line(function, said):
    with pytest.raises(UserError, match=f"^model/metrics.py: {said}") as refused:
        measure(task("regression", function, True), np.arange(3.0), np.arange(1.0, 4.0))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("number", [1, 0.25, np.float32(0.25), np.int64(3)])
def test_numbers_of_every_kind_are_taken(number):
    asked = task("regression", lambda target, values: number, True)
    target = np.arange(3.0)
    assert measure(asked, target, target)["own"] == float(number)
    rows = Scored(target, {"challenger": target}, pd.DataFrame(index=range(3)))
    assert intervals(asked, rows, "challenger", 1)["own"] == [number, number]


def test_a_metric_that_changes_its_arrays_changes_nobody_elses():
    def greedy(target, values):
        values[:] = 0
        target[:] = 0
        return 1.0

    target, values = np.arange(1.0, 4.0), np.arange(2.0, 5.0)
    measure(task("regression", greedy, True), target, values)
    assert (target.tolist(), values.tolist()) == ([1, 2, 3], [2, 3, 4])


COST = ["cost"]


def written(folder, text):
    code = folder / "code" / "model"
    code.mkdir(parents=True)
    (code / "__init__.py").write_text("", encoding="utf-8")
    (code / "weights.py").write_text("WEIGHT = 5\n", encoding="utf-8")
    if text is not None:
        (code / "metrics.py").write_text(text, encoding="utf-8")
    return folder


def test_it_is_loaded_from_the_model_that_is_judged_with_what_it_imports(tmp_path):
    text = "from model.weights import WEIGHT\n\n\ndef cost(target, scores):\n    return WEIGHT * len(target)\n"
    found = own_metrics(COST, written(tmp_path / "a", text))
    again = own_metrics(COST, written(tmp_path / "b", "def cost(target, scores):\n    return 7\n"))
    assert [each["cost"]([0, 1], [0, 1]) for each in (found, again)] == [10, 7]
    assert not list(tmp_path.rglob("__pycache__")), "loading must not change what a hash is taken of"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, r"cannot be imported .ModuleNotFoundError: No module named 'model.metrics'.; gate.own_metrics names"),
        ("def cost(:\n", "cannot be imported .SyntaxError: "),
        ("import nowhere\n", "cannot be imported .ModuleNotFoundError: No module named 'nowhere'"),
        ("price = 1\n", "no function cost, which gate.own_metrics names; write it, or take the name out"),
        ("cost = 1\n", "no function cost, which gate.own_metrics names"),
    ],
)
def test_a_function_that_is_not_there_is_one_line(tmp_path, text, said):
    with pytest.raises(UserError, match=f"^model/metrics.py: {said}") as refused:
        own_metrics(COST, written(tmp_path, text))
    assert "\n" not in str(refused.value)


def test_where_none_is_named_nothing_is_looked_for(tmp_path):
    assert own_metrics([], tmp_path / "no such folder") == {}


def test_reports_name_it_by_its_own_name():
    asked = task("multiclass", log_loss, False)
    assert list(asked.metrics) == ["log_loss", "accuracy", "f1_macro", "own"]
    assert (asked.decisive.title, asked.decisive.sign) == ("own", -1)
    frame = pd.DataFrame({"target": [0, 1, 2]})
    assert list(measure(asked, frame["target"].to_numpy(), np.eye(3))) == list(asked.metrics)
