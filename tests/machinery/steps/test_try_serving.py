"""The challenger is asked its sample rows through the scoring script, with the packages that an endpoint has."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from artefacts import evaluation, measured
from local_project import shared_python
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder

from conftest import ROOT
from mlops.data.artefacts import Artefact
from mlops.data.files import hash_folder, read_json, write_json
from mlops.data.probe import PROBE_FILE
from mlops.data.tables import read_file
from mlops.decide.tasks.binary import Binary
from steps import gate, train

MODEL, SCRIPT, SERVED = Path("out/model"), Path("serving/score.py"), Path("out/served/served.json")
COLUMNS = {"wet": pa.array([True, None, False, False] * 30), "sky": pa.array(["rain", "clear", "clear", None] * 30)}


@pytest.fixture
def trained(project, monkeypatch):
    """The current folder is a project with a model, code of its own in it, trained on booleans and text with nulls."""
    Path("model/own.py").write_text("def same(rows):\n    return rows\n", encoding="utf-8")
    for name in [name for name in sys.modules if name.split(".")[0] == "model"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(project)
    same = importlib.import_module("model.own").same
    pq.write_table(pa.table({**COLUMNS, "dew": pa.array([0.5, None] * 60)}), "rows.parquet")
    rows = read_file(Path("rows.parquet"))
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    features = make_column_transformer((codes, ["wet", "sky"]), remainder="passthrough")
    model = make_pipeline(FunctionTransformer(same), features, HistGradientBoostingClassifier(max_iter=5))
    train.save(Binary("auc", 0.5), model.fit(rows, [0, 1, 1, 0] * 30), rows, {}, MODEL)
    for name in ("model", "model.own"):
        del sys.modules[name]


@pytest.fixture
def try_serving(trained, tmp_path_factory):
    """Run the step with an endpoint's Python: its exit code and what it said."""
    command = [shared_python(tmp_path_factory), "-m", "steps.try_serving", "--script", SCRIPT]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}

    def run():
        done = subprocess.run(command, env=variables, capture_output=True, encoding="utf-8", check=False)
        return done.returncode, done.stdout + done.stderr

    return run


def test_the_same_scores_are_noted_for_the_gate_and_the_model_folder_stays_as_it_is(try_serving):
    before = hash_folder(MODEL)
    code, said = try_serving()
    assert code == 0, said
    scores = read_json(MODEL / PROBE_FILE, Artefact)["answer"]["scores"]
    assert read_json(SERVED, Artefact) == {"model_hash": before, "rows": len(scores)}
    assert hash_folder(MODEL) == before


DIFFERENT = "return np.array(values, dtype=dtype)"
REFUSED = "if value is None and (values[row] is not None or not column.nulls):"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (DIFFERENT, DIFFERENT.replace("values,", "values[:1] * len(values),"), "scores differ from the offline ones"),
        (REFUSED, "if value is None:", "status 400, {'error': \"column 'wet': row"),
        ("return {", "raise ValueError('no luck')\n    return {", "status 500, ValueError: no luck"),
    ],
)
def test_a_script_that_serves_it_otherwise_is_one_line_and_no(try_serving, old, new, problem):
    text = SCRIPT.read_text(encoding="utf-8")
    SCRIPT.write_text(text.replace(old, new, 1), encoding="utf-8")
    code, said = try_serving()
    assert (code, said.count("\n")) == (1, 1), said
    assert said.startswith(f"{MODEL} cannot be served as it was trained: ") and problem in said
    assert not SERVED.exists()


def test_the_gate_wants_to_know_that_this_very_model_was_tried(trained, capsys):
    write_json(Path("out/evaluation/evaluation.json"), evaluation(challenger=measured(model_hash="this")))
    pq.write_table(pa.table({"target": [0, 1], "challenger": [0.25, 0.5]}), "out/evaluation/scores.parquet")
    assert gate.main([]) == 2
    assert "served.json: no such file; run the step that writes it first" in capsys.readouterr().err
    write_json(SERVED, {"model_hash": "another", "rows": 20})
    assert gate.main([]) == 2
    line = "error: out/served: about another model than out/evaluation; run try_serving on this one\n"
    assert capsys.readouterr().err == line
