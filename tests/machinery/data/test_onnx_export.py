"""ONNX answers in the place of scikit-learn only where it gives the same answers; and what is judged is what serves.

Skipped where the packages are not there; tests/test_onnx.py of the template runs them where they are.
"""

import importlib.util
import json
import re
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from threadpoolctl import threadpool_limits

from conftest import ROOT
from mlops import UserError
from mlops.data.adoption.model import FEATURES
from mlops.data.artefacts import Artefact
from mlops.data.files import hash_folder, read_json
from mlops.data.model_folder import load_model
from mlops.data.onnx_export import ASKED_ROWS, TOLERANCE, answers, export, rows_to_ask
from mlops.data.probe import PROBE_FILE, UNSEEN
from mlops.data.scoring_script import SCRIPT, load_script, scoring_script
from mlops.decide.tasks.binary import Binary
from mlops.decide.tasks.multiclass import Multiclass
from mlops.decide.tasks.regression import Regression
from mlops.operate.cross_validation import recipe_of
from steps import train

INSTALLED = all(map(importlib.util.find_spec, ("onnxruntime", "skl2onnx")))
NEEDS_ONNX = pytest.mark.skipif(not INSTALLED, reason="the group onnx is not installed")
REFUSED = r"sklearn, not onnx: its answers to 10,000 rows are up to [\d.]+ apart, 1e-05 is the most"
SOME = 3000
DRAW = np.random.default_rng(3)
ROWS = pd.DataFrame(
    {
        "paid at": pd.date_range("2024-01-01", periods=SOME, freq="7h").astype("datetime64[ns]"),
        "place": DRAW.choice(["north", "south", "east", None], SOME),
        "width": np.where(DRAW.random(SOME) < 0.1, np.nan, DRAW.normal(size=SOME)),
        "count": DRAW.integers(0, 50, SOME),
        "height": DRAW.normal(size=SOME),
    }
)
VALUE = ROWS["width"].fillna(-1) * 40 + (ROWS["place"] == "south") * 90 + ROWS["count"] + DRAW.normal(size=SOME)
CLASS = pd.cut(VALUE, 3, labels=["low", "middle", "high"]).astype(str)
FEW = {"max_iter": 20, "random_state": 0}
TASKS = {
    "binary": (Binary("auc", 0.5), HistGradientBoostingClassifier(**FEW), VALUE > 20),
    "multiclass": (Multiclass("log_loss", 0.5), HistGradientBoostingClassifier(**FEW), CLASS),
    "regression": (Regression("rmse", 0.5), HistGradientBoostingRegressor(**FEW), VALUE),
}
NUMBERS = pd.DataFrame({"a": DRAW.normal(size=SOME), "b": DRAW.normal(size=SOME) * 1e6})


class Own(ClassifierMixin, BaseEstimator):
    """An estimator that no converter knows."""

    def fit(self, rows, answers):
        self.classes_ = np.unique(answers)
        return self

    def predict_proba(self, rows):
        return np.full((len(rows), 2), 0.5)

    def predict(self, rows):
        return np.zeros(len(rows))


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Small models are fitted faster so, whatever else runs on this machine."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    """What `adopt` drafts, from a file of its own."""
    path = tmp_path_factory.mktemp("drafted") / "features.py"
    path.write_text(FEATURES, encoding="utf-8")
    return load_script(path).Features()


def numbers(rows):
    return rows.to_numpy("float64")


@pytest.fixture(scope="module", params=TASKS)
def exported(request, features):
    """A task, its model as `adopt` drafts it, fitted on times, text, nulls and whole numbers; and that in ONNX."""
    task, estimator, answers = TASKS[request.param]
    model = make_pipeline(features, estimator).fit(ROWS, answers)
    return task, model, export(model, ROWS)


@NEEDS_ONNX
def test_the_drafted_model_of_each_task_is_answered_alike(exported):
    task, model, (onnx, found) = exported
    assert found.startswith("onnx: the same answers to 10,000 rows, ") and "\n" not in found
    served, labels = scoring_script().with_onnx(model, onnx), task.known(model)
    assert served[-1] is not model[-1] and task.known(served) == labels
    scores, wanted = (task.predict(each, ROWS, labels) for each in (served, model))
    np.testing.assert_allclose(scores, wanted, rtol=0, atol=TOLERANCE * max(1, wanted.std()))
    assert not np.array_equal(scores, wanted), "32 bits, so it is ONNX that answered"


@NEEDS_ONNX
@pytest.mark.parametrize("estimator", [LogisticRegression(), LinearRegression()], ids=["logistic", "linear"])
def test_linear_models_keep_all_their_digits(estimator):
    model = make_pipeline(FunctionTransformer(numbers), estimator).fit(NUMBERS, NUMBERS["a"] > 0)
    served = scoring_script().with_onnx(model, export(model, NUMBERS).onnx)
    assert np.abs(answers(served, NUMBERS) - answers(model, NUMBERS)).max() < 1e-14


@NEEDS_ONNX
@pytest.mark.parametrize(
    "trees",
    [HistGradientBoostingClassifier(categorical_features=[4, 6], **FEW), RandomForestClassifier(20, random_state=0)],
    ids=["sets of categories taken for thresholds", "nulls in a forest"],
)
def test_what_the_converter_gets_wrong_without_a_word_is_refused(features, trees):
    onnx, found = export(make_pipeline(features, trees).fit(ROWS, VALUE > 20), ROWS)
    assert onnx is None and re.fullmatch(REFUSED, found)


@NEEDS_ONNX
def test_numbers_that_32_bits_cannot_tell_apart_are_refused():
    rows = pd.DataFrame({"id": 2**30 + DRAW.permutation(SOME)})
    answers = (rows["id"] - 2**30 > SOME / 2) ^ (DRAW.random(SOME) < 0.1)
    model = make_pipeline(FunctionTransformer(numbers), HistGradientBoostingClassifier(max_iter=5)).fit(rows, answers)
    assert re.fullmatch(REFUSED, export(model, rows).found)


@NEEDS_ONNX
@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (make_pipeline(FunctionTransformer(numbers), Own()), "Own cannot be converted and asked: "),
        (HistGradientBoostingClassifier(), "model/ gives no Pipeline with the estimator as its last step"),
        (make_pipeline(FunctionTransformer(), Own()), "Own cannot be converted and asked: "),
    ],
    ids=["own", "no pipeline", "no matrix"],
)
def test_what_does_not_convert_is_served_by_scikit_learn_and_one_line_says_why(model, reason):
    onnx, found = export(model.fit(NUMBERS, NUMBERS["a"] > 0), NUMBERS)
    assert onnx is None and found.startswith(f"sklearn, not onnx: {reason}") and "\n" not in found


def test_it_is_asked_training_rows_and_mixed_ones_nulls_and_new_text(features):
    model = make_pipeline(features, HistGradientBoostingClassifier(max_iter=2)).fit(ROWS, VALUE > 20)
    asked = rows_to_ask(model, ROWS)
    assert len(asked) == ASKED_ROWS and (asked.dtypes == ROWS.dtypes).all()
    nulls = {name for name in asked if asked[name].isna().any()}
    assert nulls == {"place", "width", "height"}, "the last had none in training, but the model answers one"
    assert 100 < (asked["place"] == UNSEEN).sum() < 300
    known = len(asked.merge(ROWS.drop_duplicates(), how="inner"))
    assert ASKED_ROWS * 0.4 < known < ASKED_ROWS * 0.6, "about half the rows are those of training"


@pytest.fixture
def saved(exported, project):
    """The task, and the model folder with model.onnx."""
    task, model, (onnx, _) = exported
    folder = project / "out/model"
    train.save(task, model, ROWS, {}, folder, onnx)
    return task, folder


@NEEDS_ONNX
def test_what_is_loaded_and_what_the_scoring_script_serves_is_the_onnx_model(saved, monkeypatch):
    task, folder = saved
    probe, before = read_json(folder / PROBE_FILE, Artefact), hash_folder(folder)
    script = load_script(ROOT / "serving" / "score.py")
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(folder))
    script.init()
    assert script.run(json.dumps(probe["request"])) == probe["answer"], "to the last digit"
    model = load_model(folder)
    rows = script.read_rows(json.dumps(probe["request"]), script.schema)
    labels = task.known(model)
    assert task.answer(task.predict(model, rows, labels), labels) == probe["answer"]
    (folder / "model.onnx").unlink()
    alone = task.answer(task.predict(load_model(folder), rows, labels), labels)
    assert alone != probe["answer"] and hash_folder(folder) != before, "scikit-learn has more digits"


@NEEDS_ONNX
def test_what_is_fitted_anew_on_folds_is_the_model_as_it_was_trained(saved):
    task, folder = saved
    again = recipe_of(folder, load_model(folder), SCRIPT).fitted(ROWS, TASKS[task.name][2])
    (folder / "model.onnx").unlink()
    said, wanted = (task.predict(each, ROWS, task.known(each)) for each in (again, load_model(folder)))
    np.testing.assert_array_equal(said, wanted)


@NEEDS_ONNX
@pytest.mark.parametrize("exported", ["binary"], indirect=True)
def test_a_damaged_onnx_model_is_one_line(saved):
    _, folder = saved
    (folder / "model.onnx").write_bytes(b"no model")
    with pytest.raises(UserError, match=r"model: its model\.onnx cannot be read \(.*\); train it again$"):
        load_model(folder)


def test_without_the_packages_one_line_says_what_to_run(features, project, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    model = make_pipeline(features, HistGradientBoostingClassifier(max_iter=2)).fit(ROWS, VALUE > 20)
    with pytest.raises(UserError, match=r"^serving\.engine: onnx needs missing packages; uv sync --inexact --group"):
        export(model, ROWS)
    train.save(Binary("auc", 0.5), model, ROWS, {}, project / "model_folder")
    (project / "model_folder/model.onnx").write_bytes(b"a model")
    with pytest.raises(UserError, match=r"model_folder: its model\.onnx needs missing packages; uv sync"):
        load_model(project / "model_folder")
