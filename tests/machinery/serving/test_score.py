"""The scoring script: right answers for right requests, and one clear line for a client's mistake."""

import importlib.util
import json
import re
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_model import PACKAGE, REQUEST, ROWS, save_model

from conftest import ROOT

SERVING = ROOT / "serving"
SHARED = ("cloudpickle", "joblib", "numpy", "pandas", "scikit-learn", "scipy", "threadpoolctl")
ROW = ["2013-01-01T05:00:00", "B6", 700.0]


def fresh_script():
    """The script, imported anew."""
    spec = importlib.util.spec_from_file_location("score", SERVING / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT = fresh_script()


@pytest.fixture
def score():
    return fresh_script()


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "model"
    save_model(folder, 1)
    return folder


@pytest.fixture
def ready(score, saved, monkeypatch):
    """The script after init, with only the model's own folder to import its code from."""
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(saved))
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.delitem(sys.modules, PACKAGE, raising=False)
    score.init()
    return score


def body(columns=REQUEST["columns"], data=REQUEST["data"]):
    return json.dumps({"input_data": {"columns": columns, "data": data}})


def test_the_scores_are_the_models(ready):
    frame = ROWS.assign(distance=ROWS["distance"].where(ROWS.index != 3))
    split = json.loads(frame.to_json(orient="split", index=False, date_format="iso"))
    answer = ready.run(json.dumps({"input_data": split}))
    np.testing.assert_array_equal(answer["scores"], ready.model.predict_proba(frame)[:, 1])
    assert json.loads(json.dumps(answer)) == answer


def test_the_model_sees_the_types_it_was_trained_with(ready):
    columns, data = REQUEST["columns"], [["2013-01-01T05:00:00", "B6", 700]]  # a whole number where it knows floats
    frame = ready.read_rows(body(columns, data), ready.schema)
    assert list(frame.dtypes.items()) == list(ROWS.dtypes.items())


@given(order=st.permutations(range(3)))
def test_the_order_of_columns_does_not_matter(order):
    shuffled = body([REQUEST["columns"][at] for at in order], [[row[at] for at in order] for row in REQUEST["data"]])
    signed = [{"name": name, "type": kind} for name, kind in zip(ROWS, ("datetime", "string", "double"), strict=True)]
    schema = SCRIPT.columns_of({"signature": {"inputs": json.dumps(signed)}})
    assert SCRIPT.read_rows(shuffled, schema).equals(SCRIPT.read_rows(body(), schema))


RECORDS = [dict(zip(ROWS, row, strict=True)) for row in REQUEST["data"]]
FORMS = {
    "dataframe_split": {"index": [0, 1], **REQUEST},
    "dataframe_records": [dict(reversed(row.items())) for row in RECORDS],
    "inputs": {name: [row[name] for row in RECORDS] for name in reversed(ROWS.columns)},
}


@pytest.mark.parametrize("sent", [*({name: form} for name, form in FORMS.items()), {"inputs": RECORDS, "params": {}}])
def test_mlflows_forms_are_read_as_azures(ready, sent):
    assert ready.read_rows(json.dumps(sent), ready.schema).equals(ready.read_rows(body(), ready.schema))
    assert ready.run(json.dumps(sent)) == ready.run(body())


def test_one_row_is_sent_as_it_is(ready):
    assert ready.run(json.dumps(RECORDS[0])) == ready.run(body(data=REQUEST["data"][:1]))


@pytest.mark.parametrize("name", FORMS)
def test_a_column_may_be_called_as_a_form_is(name):
    columns = {name: SCRIPT.Column(name, "number", np.dtype("float64"), False)}
    for sent in ({name: 7}, {"inputs": {name: [7]}}, {"input_data": {"columns": [name], "data": [[7]]}}):
        assert SCRIPT.read_rows(json.dumps(sent), columns)[name].tolist() == [7]


def test_the_model_may_lie_deeper(score, saved, monkeypatch):
    monkeypatch.setattr(sys, "path", sys.path.copy())
    _, schema = score.load(saved.parent)
    assert list(schema) == list(ROWS)


def test_no_model_is_said_so(score, tmp_path):
    with pytest.raises(FileNotFoundError, match=f"no MLmodel below {re.escape(str(tmp_path))}"):
        score.load(tmp_path)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("", "the body is not valid JSON"),
        ("{", "the body is not valid JSON"),
        ("[" * 100_000, "the body is not valid JSON"),
        ("[]", 'send {"input_data"'),
        ("null", 'send {"input_data"'),
        ('{"data": []}', 'send {"input_data"'),
        ("{}", 'send {"input_data"'),
        ('{"instances": [[1]]}', 'send {"input_data"'),
        ('{"input_data": {"columns": [], "data": []}, "inputs": []}', 'send {"input_data"'),
        ('{"input_data": 7}', "column 'time_hour': missing"),
        ('{"dataframe_split": {"columns": ["distance"]}}', 'send {"input_data"'),
        ('{"dataframe_records": {"distance": 1}}', 'send {"input_data"'),
        ('{"dataframe_records": []}', "data: send 1 to 10000 rows, got 0"),
        ('{"dataframe_records": [{"distance": 1}, 7]}', "data: row 1 is not an object of columns and values"),
        ('{"dataframe_records": [{"distance": 1}, {}]}', "data: row 1 and row 0 differ in their columns: 'distance'"),
        ('{"inputs": [[1, 2]]}', "data: row 0 is not an object of columns and values"),
        ('{"inputs": {"distance": 1}}', "column 'distance': not a list of values"),
        ('{"inputs": {"distance": [1], "carrier": []}}', "inputs: the columns differ in their number of values"),
        ('{"inputs": {}}', "data: send 1 to 10000 rows, got 0"),
        ('{"distance": 1}', "column 'time_hour': missing"),
        ('{"input_data": [[1, 2]]}', 'send {"input_data"'),
        ('{"input_data": {"columns": ["distance"]}}', 'send {"input_data"'),
        (body(columns="time_hour"), "columns: not a list of names"),
        (body(columns=[1, 2, 3]), "columns: not a list of names"),
        (body(data={"0": ROW}), "data: not a list of rows"),
        (body(data=[]), "data: send 1 to 10000 rows, got 0"),
        (body(data=[ROW] * 10_001), "data: send 1 to 10000 rows, got 10001"),
        (body(data=[ROW, ROW[:2]]), "data: row 1 is not a list with one value for each column"),
        (body(data=["abc"]), "data: row 0 is not a list with one value for each column"),
        (body(["time_hour", "carrier"], [ROW[:2]]), "column 'distance': missing"),
        (body([*ROWS, "dep_delay"], [[*ROW, 1.0]]), "column 'dep_delay': unknown"),
        (
            json.dumps({**dict(zip(ROWS, ROW, strict=True)), "explain": True}),
            """column 'explain': unknown; to be told why, send {"inputs": [{...}], "explain": true}""",
        ),
        (body([*ROWS, "carrier"], [[*ROW, "UA"]]), "column 'carrier': twice"),
        (body(data=[ROW, [*ROW[:2], "12"]]), "column 'distance': row 1 must be a number or null, got '12'"),
        (body(data=[[*ROW[:2], True]]), "column 'distance': row 0 must be a number"),
        (body(data=[[*ROW[:2], [1]]]), "column 'distance': row 0 must be a number"),
        (body(data=[[*ROW[:2], float("nan")]]), "column 'distance': row 0 must be a number"),
        (body(data=[[*ROW[:2], float("inf")]]), "column 'distance': row 0 must be a number"),
        (body(data=[[*ROW[:2], 10**400]]), "column 'distance': row 0 must be a number"),
        (body(data=[[ROW[0], None, 1.0]]), "column 'carrier': row 0 must be text, got None"),
        (body(data=[[ROW[0], 7, 1.0]]), "column 'carrier': row 0 must be text, got 7"),
        (body(data=[[ROW[0], "B\ud800", 1.0]]), r"column 'carrier': row 0 must be text, got 'B\ud800'"),
        (body(data=[[1357016400, "B6", 1.0]]), "column 'time_hour': row 0 must be a time"),
        (body(data=[["noon", "B6", 1.0]]), "column 'time_hour': row 0 must be a time"),
        (body(data=[["2013-01-01T05:00:00Z", "B6", 1.0]]), "column 'time_hour': row 0 must be a time"),
        (body(data=[["9999-01-01T05:00:00", "B6", 1.0]]), "column 'time_hour': row 0 must be a time"),
    ],
)
def test_a_mistake_is_named(ready, raw, message):
    with pytest.raises(ready.BadRequestError) as raised:
        ready.read_rows(raw, ready.schema)
    assert str(raised.value).startswith(message)
    assert len(str(raised.value)) < 200


def test_ten_thousand_rows_are_served(ready):
    assert len(ready.run(body(data=[ROW] * 10_000))["scores"]) == 10_000


def test_imports_stay_lean():
    """A heavy import here is paid by every deployment's start."""
    script = f"import runpy, sys; runpy.run_path({str(SERVING / 'score.py')!r}); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"mlflow", "sklearn", "scipy", "matplotlib"} & set(loaded)


def test_models_are_unpickled_by_what_pickled_them():
    text = (SERVING / "image" / "requirements.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", text, flags=re.MULTILINE))
    assert {name: pinned[name] for name in SHARED} == {name: version(name) for name in SHARED}


def test_requirements_are_hashed_and_name_no_index():
    text = (SERVING / "image" / "requirements.txt").read_text(encoding="utf-8")
    for block in re.split(r"\n(?=[a-z])", text):
        assert "--hash=sha256:" in block or block.startswith("#")
    assert "://" not in text
