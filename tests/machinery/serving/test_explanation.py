"""`"explain": true` says why one row was answered so, where the deployment allows it; and adds up."""

import importlib.util
import json
import sys

import numpy as np
import pandas as pd
import pytest
from planted import LABELS, subject

from conftest import ROOT
from mlops.data.scoring_script import load_script
from steps import train

ROW = {"width": 1.2, "town": "Graz", "noise": 0.3, "at": "2024-01-03T05:00:00"}
ODD = [
    ({"explain": "yes"}, "explain: must be true or false, got 'yes'"),
    ({"explain": None}, "explain: must be true or false, got None"),
    ({"explain": 1}, "explain: must be true or false, got 1"),
]


def code(name):
    """A file of serving/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "serving" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


EXPLANATION = code("explanation")


def body(*rows, **flags):
    return json.dumps({"dataframe_records": list(rows or [ROW]), **flags})


def refused(score, **sent):
    """Why the request is none. A whole server's answer to it is in tests of endpoints."""
    request = body(*sent.pop("rows", []), **sent)
    with pytest.raises(score.BadRequestError) as found:
        score.wants_explanation(request, request.count("width"))
    return str(found.value)


@pytest.fixture(params=LABELS)
def started(request, tmp_path, monkeypatch):
    """Start the scoring script with a model of each task, as a deployment does, explaining or not."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model/__init__.py").write_text("", encoding="utf-8")
    one = subject(request.param, rows=600)
    folder = tmp_path / "saved/3"
    train.save(one.task, one.model, one.train, {}, folder)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(folder))
    monkeypatch.delenv("AML_APP_ROOT", raising=False)

    def start(explain="1"):
        monkeypatch.setenv("EXPLAIN", explain)
        script = load_script(ROOT / "serving/score.py")
        script.init()
        return script

    return start


def test_the_parts_add_up_to_the_answer(started):
    score = started()
    plain = score.run(body())
    answer = score.run(body(explain=True))
    found = answer.pop("explanation")
    assert answer == plain == score.run(body(explain=False)), "the answer itself is the same"
    assert set(found["parts"]) == set(ROW)
    total = found["base"] + sum(found["parts"].values())
    if score.task == "multiclass":
        assert found["class"] == answer["classes"][0]
        said = answer["probabilities"][0][answer["labels"].index(found["class"])]
    else:
        assert "class" not in found
        [said] = answer.get("scores") or answer["values"]
    assert total == pytest.approx(said)
    assert found["parts"]["at"] == 0, "the model does not see the time"
    assert abs(found["parts"]["width"]) > abs(found["parts"]["noise"])
    assert score.run(body(explain=True))["explanation"] == found, "the same each time"


@pytest.mark.parametrize(("flags", "line"), ODD)
def test_a_flag_that_is_none_is_refused(started, flags, line):
    assert refused(started(), **flags) == line


def test_several_rows_are_refused(started):
    assert refused(started(), rows=[ROW, ROW], explain=True) == "explain: one row at a time, got 2"
    assert "explanation" not in started().run(body(ROW, ROW))


def test_where_it_is_not_allowed_that_is_said(started):
    score = started(explain="")
    said = "explain: this deployment does not; endpoint.explain of its environment says so"
    assert refused(score, explain=True) == said
    assert score.run(body(explain=False)) == score.run(body())
    assert "explain" not in json.dumps(score.openapi(score.schema, score.task, 3))


def test_the_document_says_that_it_can_be_asked(started):
    score = started()
    schemas = score.openapi(score.schema, score.task, 3, explains=True)["components"]["schemas"]
    assert schemas["DataframeRecords"]["properties"]["explain"] == {"type": "boolean"}
    told = schemas["Answer"]["properties"]["explanation"]
    assert told["required"][-2:] == ["base", "parts"] and "explanation" not in schemas["Answer"]["required"]
    assert set(told["properties"]["parts"]["properties"]) == set(ROW)


def test_of_a_sum_each_part_is_its_own():
    """With a model that adds up, every order says the same: the value less the mean one."""
    others = pd.DataFrame({"a": [1.0, 3.0], "b": [10.0, 30.0], "c": ["x", "y"]})
    row = pd.DataFrame({"a": [5.0], "b": [0.0], "c": ["y"]})
    base, parts = EXPLANATION.explained(lambda rows: rows["a"] + rows["b"] + (rows["c"] == "y"), row, others)
    assert (base, parts) == (pytest.approx(22.5), pytest.approx({"a": 3.0, "b": -20.0, "c": 0.5}))


def test_it_asks_no_more_of_a_model_the_more_rows_there_are():
    asked = []

    def ask(rows):
        asked.append(len(rows))
        return rows["a"]

    for count in (1, 20, 60):
        EXPLANATION.explained(ask, pd.DataFrame({"a": [1.0]}), pd.DataFrame({"a": np.arange(count, dtype=float)}))
    assert asked == [240, 240, 240], "60 orders and their opposites, each of them before and after the one feature"


def test_the_base_is_the_mean_answer_to_the_rows_that_the_model_brings(started, tmp_path):
    score, folder = started(), tmp_path / "saved/3"
    assert len(score.usual) == 60
    base = score.run(body(explain=True))["explanation"]["base"]
    request = (folder / "usual.json").read_text(encoding="utf-8")
    said = score.run(request)
    if score.task == "multiclass":
        place = said["labels"].index(score.run(body())["classes"][0])
        assert base == pytest.approx(np.mean([row[place] for row in said["probabilities"]]))
    else:
        assert base == pytest.approx(np.mean(said.get("scores") or said["values"]))
    (folder / "usual.json").unlink()
    assert len(started().usual) == 20, "a model that has none is explained from its probe"


def test_what_two_features_do_together_is_shared_alike():
    others = pd.DataFrame({"a": [0.0], "b": [0.0]})
    row = pd.DataFrame({"a": [2.0], "b": [3.0]})
    _, parts = EXPLANATION.explained(lambda rows: rows["a"] * rows["b"], row, others)
    assert parts == pytest.approx({"a": 3.0, "b": 3.0}), "each order and its opposite"


def test_each_order_is_followed_by_its_opposite():
    places = EXPLANATION.in_both_directions(5, 4)
    assert places.shape == (10, 4) and (np.sort(places, axis=1) == np.arange(4)).all()
    assert (places[0::2] + places[1::2] == 3).all(), "first becomes last"
    assert len({*map(tuple, places)}) > 5


def test_types_stay_as_they_are():
    others = pd.DataFrame({"n": pd.array([1, None], "Int64"), "t": pd.to_datetime(["2024-01-01", "2024-02-01"])})
    seen = []

    def ask(rows):
        seen.append(rows.dtypes.to_dict())
        return np.zeros(len(rows))

    EXPLANATION.explained(ask, others[:1], others)
    assert seen == [others.dtypes.to_dict()]
