"""Each task through train, evaluate, gate and the scoring script: what is served is what the gate has seen."""

import importlib.util
import json
import shutil
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from batched import batch_script

from conftest import ROOT
from mlops.data.artefacts import Artefact, Diagnosis
from mlops.data.files import read_json, write_json
from mlops.data.model_folder import load_model, payload
from mlops.operate.batch import as_endpoint
from steps import diagnose, evaluate, gate, train, try_serving

ESTIMATOR = """
from sklearn.compose import ColumnTransformer
from sklearn.{module} import {model}
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder


def build(**parameters):
    columns = [("place", OneHotEncoder(handle_unknown="ignore"), ["place"]), ("width", "passthrough", ["width"])]
    return Pipeline([("columns", ColumnTransformer(columns)), ("model", {model}(**parameters))])
"""
TASKS = {  # module and class of the estimator, floors, worst of a slice, labels
    "binary": ("ensemble", "RandomForestClassifier", {"auc": 0.6, "brier": 0.3}, 0.5, ["no", "yes"]),
    "multiclass": ("ensemble", "RandomForestClassifier", {"log_loss": 1.2, "f1_macro": 0.4}, 2, ["a", "b", "c"]),
    "regression": ("ensemble", "RandomForestRegressor", {"rmse": 2, "r2": 0.5}, 4, []),
}
ROWS = 2000


def made(labels, rng):
    """Rows whose answer depends on width and place: the place among the labels, or a number."""
    rows = pd.DataFrame({"width": rng.normal(size=ROWS), "place": rng.choice(["north", "south"], ROWS)})
    rows["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(ROWS) % 40, unit="D")
    value = 2 * rows["width"] + (rows["place"] == "south") + rng.normal(scale=0.5, size=ROWS)
    if labels:
        return rows.assign(answer=np.array(labels)[np.clip(value.round().astype(int) + 1, 0, len(labels) - 1)])
    return rows.assign(answer=value)


@pytest.fixture(params=TASKS)
def task(request, project, monkeypatch):
    """A project for that task, its rows split; the model's own folder is where its code is imported from."""
    module, model, floors, worst, labels = TASKS[request.param]
    settings = yaml.safe_load((project / "project.yml").read_text(encoding="utf-8"))
    settings |= {
        "task": request.param,
        "features": ["width", "place"],
        "model": {"random_state": 0, "n_estimators": 30, "min_samples_leaf": 10},
    }
    settings["data"] |= {"target": "answer", "time": "day", "known_only_after": []}
    settings["gate"] |= {"floors": floors, "min_rows": 50}
    settings["gate"].pop("metric", None)
    settings["gate"]["slices"] |= {"columns": ["place"], "floor": worst}
    (project / "project.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    (project / "model/estimator.py").write_text(ESTIMATOR.format(module=module, model=model), encoding="utf-8")
    (project / "tests/behaviour.yml").write_text("tests: []\n", encoding="utf-8")
    rng, split = np.random.default_rng(4), project / "out/split"
    split.mkdir(parents=True)
    for part in ("train", "test"):
        made(labels, rng).to_parquet(split / f"{part}.parquet", index=False)
    facts = {part: {"rows": ROWS, "from": "2024-01-01", "to": "2024-02-01"} for part in ("train", "test")}
    write_json(split / "split.json", {"data_hash": "d", **facts})
    monkeypatch.syspath_prepend(str(project))
    as_in_another_process(monkeypatch)
    return request.param, labels


def as_in_another_process(monkeypatch):
    """The package `model` has not been imported."""
    for name in [name for name in sys.modules if name.split(".")[0] == "model"]:
        monkeypatch.delitem(sys.modules, name)


def served(folder, monkeypatch):
    """The scoring script with that model."""
    spec = importlib.util.spec_from_file_location("score", ROOT / "serving" / "score.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(folder))
    script.init()
    return script


def diagnosed(project):
    """What each look at the model found."""
    found = read_json(project / "out/diagnosis/diagnosis.json", Diagnosis)
    return {name: each for name, each in found.items() if name != "model_hash"}


def test_it_is_trained_measured_gated_and_served_alike(task, project, monkeypatch):
    name, labels = task
    assert [step.main([]) for step in (train, try_serving, evaluate, diagnose, gate)] == [0, 0, 0, 0, 0]
    assert [name for name, each in diagnosed(project).items() if each["why"]] == []
    assert evaluate.main(["--champion", "out/model"]) == 0
    found = read_json(project / "out/evaluation/evaluation.json", Artefact)
    verdict = read_json(project / "out/gate/verdict.json", Artefact)
    scores = pd.read_parquet(project / "out/evaluation/scores.parquet")
    assert (scores["cluster"] == np.arange(ROWS) % 40).all(), "the days stay known"
    assert (found["task"], found["labels"], verdict["cold_start"]) == (name, labels, True)
    assert found["champion"]["metrics"] == found["challenger"]["metrics"] == verdict["metrics"]
    for metric, value in verdict["metrics"].items():
        lower, upper = found["challenger"]["intervals"][metric]
        assert lower < value < upper
    assert {path.stem for path in (project / "out/evaluation/plots").iterdir()} > {"slices"}
    probe = read_json(project / "out/model/probe.json", Artefact)
    answer = served(project / "out/model", monkeypatch).run(json.dumps(probe["request"]))
    assert answer == probe["answer"] and json.loads(json.dumps(answer)) == answer


def test_a_batch_answers_as_the_endpoint_does_and_as_the_model_did_offline(task, project, monkeypatch):
    name, labels = task
    assert [step.main([]) for step in (train, try_serving)] == [0, 0]
    rows = pd.concat([made(labels, np.random.default_rng(seed)) for seed in range(5)], ignore_index=True)
    assert len(rows) == 10_000
    (project / "in").mkdir()
    rows.to_parquet(project / "in/rows.parquet", index=False)
    model = shutil.copytree(project / "out/model", project / "5")
    with batch_script(model, project, serving=ROOT / "serving") as script:
        assert script.run([str(project / "in/rows.parquet")]) == ["rows.parquet 10000"]
        online = script.score.run(json.dumps(payload(rows[["width", "place"]])))
    batch = as_endpoint(pq.read_table(project / "rows.parquet"), labels)
    assert batch == online
    offline = load_model(project / "out/model")
    said = getattr(offline, "predict" if name == "regression" else "predict_proba")(rows[["width", "place"]])
    form = {"binary": "scores", "multiclass": "probabilities", "regression": "values"}[name]
    assert batch[form] == (said[:, 1] if name == "binary" else said).tolist()


DONE = {  # what each of these models does
    "binary": {"never": "lower"},
    "multiclass": {"never": "lower", "of": "c"},
    "regression": {"never": "lower"},
}


def test_what_a_challenger_must_do_is_tried_and_gated(task, project, capsys):
    name, _ = task
    wider = {"name": "wider", "change": {"width": {"add": 1.5}}, "share": 0.95, **DONE[name]}
    assert [step.main([]) for step in (train, try_serving)] == [0, 0]
    for never, code in (("lower", 0), ("higher", 1)):
        text = yaml.safe_dump({"rows": 300, "tests": [{**wider, "never": never}]})
        (project / "tests/behaviour.yml").write_text(text, encoding="utf-8")
        capsys.readouterr()
        assert evaluate.main([]) == 0
        said = capsys.readouterr().out
        assert gate.main([]) == code
        (check,) = [each for each in verdict_checks(project) if each["name"] == "behaviour: wider"]
        assert check["status"] == ("FAIL" if code else "PASS")
        assert ("behaviour: wider: " in said and "{'width': " in said) == bool(code), "the row is shown"


def verdict_checks(project):
    return read_json(project / "out/gate/verdict.json", Artefact)["checks"]


@pytest.mark.parametrize("task", ["regression"], indirect=True)
def test_a_model_that_takes_too_long_or_answers_out_of_range_does_not_pass(task, project):
    assert [step.main([]) for step in (train, try_serving)] == [0, 0]
    (project / "tests/behaviour.yml").write_text("between: [-1, 1]\nlatency_ms: 0.001\n", encoding="utf-8")
    assert (evaluate.main([]), gate.main([])) == (0, 1)
    assert {each["name"] for each in verdict_checks(project) if each["status"] == "FAIL"} == {
        "behaviour: every answer",
        "behaviour: one row",
    }


@pytest.mark.parametrize("task", ["binary"], indirect=True)
def test_a_test_that_does_not_fit_is_one_line_with_the_file(task, project, capsys):
    assert train.main([]) == 0
    for text, said in (
        (
            "tests: [{name: a, change: {place: {add: 1}}, within: 0}]\n",
            "place holds no numbers; add and noise are for these",
        ),
        ("tests: [{name: a, change: {plaice: {to: x}}, within: 0}]\n", "plaice is no feature; the nearest are place"),
    ):
        (project / "tests/behaviour.yml").write_text(text, encoding="utf-8")
        assert evaluate.main([]) == 2
        assert capsys.readouterr().err.endswith(f"error: tests/behaviour.yml: tests: a: {said}\n")
    (project / "tests/behaviour.yml").unlink()
    assert evaluate.main([]) == 2
    assert not (project / "out/evaluation").exists()


@pytest.mark.parametrize("task", ["binary"], indirect=True)
def test_an_evaluation_without_what_was_tried_is_none(task, project, capsys):
    assert [step.main([]) for step in (train, try_serving, evaluate)] == [0, 0, 0]
    path = project / "out/evaluation/evaluation.json"
    found = read_json(path, Artefact)
    write_json(path, {key: value for key, value in found.items() if key != "behaviour"})
    assert gate.main([]) == 2
    assert "behaviour" in capsys.readouterr().err


COST = """
import numpy as np

from model.prices import LATE


def cost(target, scores):
    called = scores > 0.3
    return float(np.mean(LATE * (target & ~called) + (called & (target == 0))))
"""


@pytest.fixture
def costly(task, project):
    """That project, in which a metric of its user's own decides."""
    (project / "model/metrics.py").write_text(COST, encoding="utf-8")
    (project / "model/prices.py").write_text("LATE = 3\n", encoding="utf-8")
    settings = yaml.safe_load((project / "project.yml").read_text(encoding="utf-8"))
    settings["gate"] |= {"own_metrics": {"cost": "lower"}, "metric": "cost", "floors": {"cost": 0.9, "auc": 0.6}}
    settings["gate"]["slices"] |= {"floor": 1.2}
    (project / "project.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return project


@pytest.mark.parametrize("task", ["binary"], indirect=True)
def test_a_metric_of_ones_own_decides(costly, monkeypatch):
    assert [step.main([]) for step in (train, try_serving, evaluate, gate)] == [0, 0, 0, 0]
    verdict = read_json(costly / "out/gate/verdict.json", Artefact)
    scores = pd.read_parquet("out/evaluation/scores.parquet")
    called, late = scores["challenger"] > 0.3, scores["target"] == 1
    cost = (3 * (late & ~called) + (~late & called)).mean()
    assert verdict["metrics"]["cost"] == pytest.approx(cost) and verdict["comparison"]["metric"] == "cost"
    assert {each["name"] for each in verdict["checks"]} > {"floor cost", "slice place=north"}
    assert verdict["rules"]["own_metrics"] == {"cost": "lower"}
    (costly / "model/prices.py").write_text("LATE = 10\n", encoding="utf-8")
    as_in_another_process(monkeypatch)
    assert evaluate.main(["--champion", "out/model"]) == 0
    found = read_json(costly / "out/evaluation/evaluation.json", Artefact)
    assert found["champion"]["metrics"]["cost"] == pytest.approx(cost), "the code is that of the model that is judged"
    assert gate.main([]) == 1, "no better than itself"


@pytest.mark.parametrize("task", ["binary"], indirect=True)
def test_a_model_whose_metric_was_changed_is_not_the_evaluated_one(costly, capsys):
    assert [step.main([]) for step in (train, try_serving, evaluate)] == [0, 0, 0]
    (costly / "out/model/code/model/prices.py").write_text("LATE = 0\n", encoding="utf-8")
    assert gate.main([]) == 2
    line = "error: out/evaluation: about another model than out/model; run evaluate on this one\n"
    assert capsys.readouterr().err.endswith(line)


@pytest.mark.parametrize("task", ["binary"], indirect=True)
def test_what_cannot_be_measured_is_said_before_the_work(costly, capsys):
    (costly / "model/metrics.py").unlink()
    assert train.main([]) == 2
    assert capsys.readouterr().err.startswith("error: model/metrics.py: cannot be imported (ModuleNotFoundError")
    assert not (costly / "out/model").exists()


def test_a_champion_of_another_task_is_refused_in_one_line(task, project, capsys):
    name, _ = task
    assert train.main([]) == 0
    settings = (project / "out/model/MLmodel").read_text(encoding="utf-8")
    (project / "out/model/MLmodel").write_text(settings.replace(f"task: {name}", "task: ranking"), encoding="utf-8")
    assert evaluate.main([]) == 2
    assert f"error: out/model: a model for task ranking, not {name}; " in capsys.readouterr().err


@pytest.mark.parametrize("task", ["regression"], indirect=True)
def test_an_estimator_that_does_not_fit_the_task_is_one_line(task, project, capsys):
    (project / "model/estimator.py").write_text(ESTIMATOR.format(module="dummy", model="DummyClassifier"), "utf-8")
    text = (
        (project / "project.yml")
        .read_text(encoding="utf-8")
        .replace("  min_samples_leaf: 10\n  n_estimators: 30\n", "")
    )
    (project / "project.yml").write_text(text, encoding="utf-8")
    assert train.main([]) == 2
    line = "error: model/estimator.py: DummyClassifier tells classes apart; task regression needs values\n"
    assert capsys.readouterr().err.endswith(line)
