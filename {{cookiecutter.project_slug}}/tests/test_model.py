"""Your estimator with your parameters, fitted on some rows of your data: what every later step takes for granted."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlops.data.model_folder import load_model, payload
from mlops.data.tables import data_files, local_folder, read_file
from mlops.decide.tasks import task_of
from mlops.settings.project import load_project
from steps.train import fit, save

ROOT = Path(__file__).parent.parent
PROJECT = load_project(ROOT / "project.yml")
NEWEST = data_files(ROOT / local_folder(PROJECT.data.uri))[-1]
TASK, TARGET = task_of(PROJECT), PROJECT.data.target
ROWS_A_CLASS = 1000
ASKED = 10
CLOSE = {"rtol": 0, "atol": 1e-6}


@pytest.fixture(scope="module")
def rows():
    """Some rows, of each class where there are classes."""
    newest = read_file(NEWEST, [*PROJECT.features, TARGET])
    labels = TASK.labels(newest[TARGET], [])
    groups = TASK.groups(TASK.encode(newest[TARGET], labels), labels).values()
    return newest.iloc[np.sort(np.concatenate([group[:ROWS_A_CLASS] for group in groups]))].reset_index(drop=True)


@pytest.fixture(scope="module")
def model(rows):
    return fit(rows, PROJECT)


@pytest.fixture(scope="module")
def saved(model, rows, tmp_path_factory):
    """The model folder, as `train` makes it."""
    folder = tmp_path_factory.mktemp("saved") / "model"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        save(TASK, model, rows[PROJECT.features], {}, folder)
    return folder


@pytest.fixture(scope="module")
def asked(rows):
    """The first rows, and of every feature that can be null a row where it is."""
    features = rows[PROJECT.features]
    with_nulls = [features[features[name].isna()][:1] for name in PROJECT.features]
    return pd.concat([features[:ASKED], *with_nulls], ignore_index=True)


def score(model, rows):
    """What the model says of each row."""
    return TASK.predict(model, rows, TASK.known(model))


def test_it_gives_a_sound_prediction_for_each_row(model, rows):
    predictions = score(model, rows[PROJECT.features])
    assert len(predictions) == len(rows)
    assert np.isfinite(predictions).all(), "a prediction has to be a number, and no NaN"
    if TASK.known(model):
        assert predictions.min() >= 0 and predictions.max() <= 1, "predict_proba has to give numbers from 0 to 1"


def test_a_score_depends_on_its_own_row_alone(model, asked):
    together = score(model, asked)
    again = "model/ scores a row otherwise when other rows are beside it, in another order, or before it"
    np.testing.assert_allclose(score(model, asked[::-1])[::-1], together, **CLOSE, err_msg=again)
    alone = [score(model, asked.iloc[[at]])[0] for at in range(len(asked))]
    np.testing.assert_allclose(alone, together, **CLOSE, err_msg=again)


def test_scoring_leaves_the_rows_as_they_were(model, asked):
    before = asked.copy()
    score(model, asked)
    pd.testing.assert_frame_equal(asked, before)


def test_a_saved_model_gives_the_same_scores(model, saved, asked):
    np.testing.assert_allclose(score(load_model(saved), asked), score(model, asked), **CLOSE)


def test_an_endpoint_gives_the_same_scores(model, saved, asked, monkeypatch):
    monkeypatch.setattr(sys, "path", sys.path.copy())
    spec = importlib.util.spec_from_file_location("score", ROOT / "serving" / "score.py")
    endpoint = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(endpoint)
    served, schema = endpoint.load(saved)
    try:
        received = endpoint.read_rows(json.dumps(payload(asked)), schema)
    except endpoint.BadRequestError as refusal:
        line = f"serving/score.py refuses rows that the model is trained on; correct data or features: {refusal}"
        pytest.fail(line, pytrace=False)
    np.testing.assert_allclose(score(served, received), score(model, asked), **CLOSE)
