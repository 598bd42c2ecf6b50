"""Model folders: each brings its own code, and none disturbs another or the project."""

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from mlops import UserError
from mlops.data.files import hash_folder
from mlops.data.model_folder import load_model, own_code, payload

ROWS = pd.DataFrame({"x": np.arange(10.0)})
CODE = "def derive(rows):\n    return rows * {factor}\n"


def save(folder, factor):
    """A model whose code multiplies by the factor before anything else."""
    import mlflow

    package = folder / "source" / "model"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "features.py").write_text(CODE.format(factor=factor), encoding="utf-8")
    with own_code(folder / "source_as_code"):
        sys.path.insert(0, str(folder / "source"))
        from model.features import derive

        model = make_pipeline(FunctionTransformer(derive), LogisticRegression()).fit(ROWS, ROWS["x"] > 4)
        options = {"code_paths": [str(package)], "pip_requirements": ["scikit-learn"]}
        mlflow.sklearn.save_model(model, folder / "saved", **options)
        sys.path.remove(str(folder / "source"))
    return folder / "saved", model.predict_proba(ROWS)[:, 1]


def test_two_models_are_each_scored_with_their_own_code(tmp_path):
    first, first_scores = save(tmp_path / "first", 1)
    second, second_scores = save(tmp_path / "second", -3)
    one, two = load_model(first), load_model(second)
    for model, factor, scores in ((one, 1, first_scores), (two, -3, second_scores)):
        assert model[0].transform(ROWS)["x"].iloc[1] == factor
        assert model.predict_proba(ROWS)[:, 1] == pytest.approx(scores)


def test_loading_leaves_the_projects_own_package_alone(tmp_path):
    import model.features as own

    saved, _ = save(tmp_path / "other", 5)
    path = list(sys.path)
    load_model(saved)
    assert sys.modules["model.features"] is own
    assert sys.path == path


def test_loading_does_not_change_the_folder(tmp_path, monkeypatch):
    saved, _ = save(tmp_path / "other", 5)
    before = hash_folder(saved)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    load_model(saved)
    assert hash_folder(saved) == before
    assert sys.dont_write_bytecode is False


def test_a_folder_without_a_model_is_a_one_line_error(tmp_path):
    with pytest.raises(UserError, match="no model there; run `train` first"):
        load_model(tmp_path)
    (tmp_path / "MLmodel").write_text("flavors: {}\n", encoding="utf-8")
    with pytest.raises(UserError, match="not a scikit-learn model in MLflow's format"):
        load_model(tmp_path)


def test_a_scoring_request_keeps_numbers_missing_values_and_times():
    rows = pd.DataFrame({"time": pd.to_datetime(["2013-01-31T17:00:00"]), "a": [0.1], "b": [np.nan], "c": ["é"]})
    assert payload(rows) == {
        "input_data": {"columns": ["time", "a", "b", "c"], "data": [["2013-01-31T17:00:00", 0.1, None, "é"]]}
    }
