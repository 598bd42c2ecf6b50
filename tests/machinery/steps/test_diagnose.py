"""The diagnosis of a model that was trained and evaluated: written for people, and stopping nothing."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest
from groups import NEEDS_EXPLAIN

from conftest import MONTHS
from mlops.data.artefacts import Diagnosis
from mlops.data.files import read_json, write_json
from mlops.data.tables import read_file
from mlops.settings.project import load_project
from steps import diagnose, evaluate, train

DIAGNOSIS, PLOTS = Path("out/diagnosis/diagnosis.json"), Path("out/diagnosis/plots")
ALWAYS = ["weak_slices", "mistakes", "ladder", "learning_curve", "telling_alone", "moved", "importances", "effects"]


@pytest.fixture
def evaluated(project, monkeypatch):
    """The current folder is the fixture's project with a model of its first months, evaluated on the last."""
    split = project / "out/split"
    split.mkdir(parents=True)
    for side, month in (("train", MONTHS[0]), ("test", MONTHS[-1])):
        shutil.copy(month, split / f"{side}.parquet")
    parts = {side: {"rows": len(read_file(split / f"{side}.parquet"))} for side in ("train", "test")}
    write_json(split / "split.json", {"data_hash": "d", **parts})
    for name in [name for name in sys.modules if name.split(".")[0] == "model"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(project))
    assert [step.main([]) for step in (train, evaluate)] == [0, 0]
    return project


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_every_look_is_written_and_timed_and_nobodys_row_is_shown(evaluated, capsys):
    capsys.readouterr()
    assert diagnose.main([]) == 0
    found = read_json(DIAGNOSIS, Diagnosis)
    assert [name for name in found if name != "model_hash"] == ALWAYS
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ALWAYS
    assert all(found[name]["why"] is None and found[name]["seconds"] >= 0 for name in ALWAYS)
    assert {each["feature"] for each in found["importances"]["found"]} == set(load_project().features)
    assert {path.stem for path in PLOTS.iterdir()} == {"importances", "learning_curve", "effects"}
    assert [each["values"] for each in found["mistakes"]["found"]] == [{}] * 5
    edit(evaluated / "project.yml", "  rows: false", "  rows: true")
    assert diagnose.main([]) == 0
    assert all(each["values"]["carrier"] for each in read_json(DIAGNOSIS, Diagnosis)["mistakes"]["found"])


def test_what_cannot_be_told_says_why_and_stops_nothing(evaluated, capsys):
    """Numbers where training had text: the linear rung fails, and is the only one."""
    test = Path("out/split/test.parquet")
    read_file(test).assign(carrier=1).to_parquet(test, index=False)
    capsys.readouterr()
    assert diagnose.main([]) == 0
    found = read_json(DIAGNOSIS, Diagnosis)
    assert [name for name in ALWAYS if found[name]["why"]] == ["ladder"]
    assert found["ladder"]["found"] is None and f"ladder: {found['ladder']['why']}\n" in capsys.readouterr().out


def test_scores_of_another_model_are_refused(evaluated, capsys):
    edit(Path("out/model/lineage.json"), '"run_id": "', '"run_id": "0')
    assert diagnose.main([]) == 2
    assert capsys.readouterr().err == "error: out/evaluation: of another model than out/model; run `evaluate` again\n"


@NEEDS_EXPLAIN
def test_shapley_values_are_there_where_they_are_asked_for(evaluated):
    edit(evaluated / "project.yml", "  shap: false", "  shap: true")
    assert diagnose.main([]) == 0
    assert len(read_json(DIAGNOSIS, Diagnosis)["shapley"]["found"]["rows"]) == 5
    assert (PLOTS / "shapley.svg").exists()


@pytest.mark.skipif(importlib.util.find_spec("shap") is not None, reason="the package is there")
def test_without_its_package_that_is_said_before_the_work(evaluated, capsys):
    edit(evaluated / "project.yml", "  shap: false", "  shap: true")
    assert diagnose.main([]) == 2
    assert "report.shap needs missing packages; uv sync --inexact --group explain" in capsys.readouterr().err
    assert not DIAGNOSIS.exists()
