"""The check of a pull request: trained when what a model is made of changed, against the champion of the target.

The pipeline here is a quick one that writes down what it was given; the gate in it is the real one.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from artefacts import evaluation, measured
from hosted import PRODUCTION, SYSTEMS, clone_project, commit, git, register, run_of, write

from conftest import MONTHS, edit
from mlops.commands import run_pipeline
from mlops.data.artefacts import Ran
from mlops.data.files import hash_folder, read_json, write_json
from mlops.decide.metrics import measure
from mlops.decide.tasks import task_of
from mlops.settings.project import load_project

PIPELINE = """
type: pipeline
settings: {default_compute: serverless}
inputs:
  data: {type: uri_folder, path: ../data}
  champion: {type: uri_folder}
  criterion: superiority
outputs: {seen: {type: uri_folder}}
jobs:
  record:
    type: command
    component: components/record.yml
    inputs: {champion: "${{parent.inputs.champion}}", criterion: "${{parent.inputs.criterion}}"}
    outputs: {seen: "${{parent.outputs.seen}}"}
"""
RECORD = """
type: command
environment: azureml:training:1
inputs: {criterion: {type: string}, champion: {type: uri_folder, optional: true}}
outputs: {seen: {type: uri_folder}}
command: python -m record ${{outputs.seen}} ${{inputs.criterion}} $[[${{inputs.champion}}]]
"""
RECORD_CODE = "import json, pathlib, sys\n(pathlib.Path(sys.argv[1]) / 'seen').write_text(json.dumps(sys.argv[2:]))\n"
GATED = """
type: pipeline
settings: {default_compute: serverless}
inputs:
  data: {type: uri_folder, path: ../data}
  evaluation: {type: uri_folder, path: ../evaluation}
  served: {type: uri_folder, path: ../served}
  model: {type: uri_folder, path: ../challenger}
  criterion: superiority
outputs: {gate: {type: uri_folder}}
jobs:
  gate:
    type: command
    component: components/gate.yml
    inputs:
      model: ${{parent.inputs.model}}
      evaluation: ${{parent.inputs.evaluation}}
      served: ${{parent.inputs.served}}
      criterion: ${{parent.inputs.criterion}}
    outputs: {gate: "${{parent.outputs.gate}}"}
"""
LINE = "Nothing that a model is made of differs from origin/main: not trained."


@pytest.fixture
def branch(tmp_path, monkeypatch):
    """The current folder is a clone of the project with the quick pipeline, on a branch of its own; its remote."""
    bare = clone_project(tmp_path, monkeypatch)
    write("pipelines/train.yml", PIPELINE)
    write("pipelines/components/record.yml", RECORD)
    write("record.py", RECORD_CODE)
    commit("the quick pipeline")
    git("push", "--quiet", "origin", "main")
    git("checkout", "--quiet", "-b", "work")
    return bare


def seen():
    """The arguments of the run; None when there was none."""
    path = Path("out/seen/seen")
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def touch(path):
    write(path, (Path(path).read_text(encoding="utf-8") if Path(path).exists() else "") + "\n# a remark\n")


@pytest.mark.parametrize(
    "path", [None, "README.md", "docs/model/guide.md", "environments/base.yml", "serving/score.py"]
)
@pytest.mark.parametrize("committed", [True, False])
def test_it_is_skipped_when_nothing_that_a_model_is_made_of_changed(branch, capsys, path, committed):
    if path:
        touch(path)
    if committed:
        commit("change")
    assert run_pipeline.main(["--pull-request"]) == 0
    assert capsys.readouterr().out == f"{LINE}\n"
    assert seen() is None


@pytest.mark.parametrize(
    "path",
    [
        "data/notes.txt",
        "expectations/flights.json",
        "mlops/new.py",
        "model/features.py",
        "pipelines/components/train.yml",
        "project.yml",
        "pyproject.toml",
        "steps/train.py",
        "tests/behaviour.yml",
        "uv.lock",
    ],
)
def test_it_is_trained_when_any_of_it_changed(branch, path):
    touch(path)
    commit("change")
    assert run_pipeline.main(["--pull-request"]) == 0
    assert seen() == ["non-inferiority"], "without a champion there is none to give"


def test_a_mistake_in_what_a_model_must_do_is_said_before_the_work(branch, capsys):
    write("tests/behaviour.yml", "tests: [{name: a, change: {tmp: {add: 1}}, within: 0}]\n")
    assert run_pipeline.main(["--pull-request"]) == 2
    assert capsys.readouterr().err.startswith("error: tests/behaviour.yml: tests: a: tmp is no feature; ")
    assert seen() is None


def test_on_a_laptop_an_uncommitted_change_counts_and_so_does_a_new_file(branch):
    touch("project.yml")
    run_pipeline.main(["--pull-request"])
    assert seen()
    git("checkout", "--quiet", "project.yml")
    Path("out/seen/seen").unlink()
    write("model/more.py", "x = 1\n")
    run_pipeline.main(["--pull-request"])
    assert seen()


def test_data_that_was_taken_away_counts(branch):
    git("rm", "--quiet", f"data/{MONTHS[0].name}")
    commit("less data")
    run_pipeline.main(["--pull-request"])
    assert seen()


def test_the_champion_is_the_targets_not_the_branchs(branch):
    for version in (1, 2):
        register(version)
    git("checkout", "--quiet", "main")
    edit(PRODUCTION, "version: null ", "version: 1 ")
    commit("promote 1")
    git("push", "--quiet", "origin", "main")
    git("checkout", "--quiet", "-B", "work")
    edit(PRODUCTION, "version: 1 ", "version: 2 ")
    touch("project.yml")
    commit("change both")
    assert run_pipeline.main(["--pull-request"]) == 0
    assert seen() == ["non-inferiority", str(Path(".mlops/champions/local/flights-1").resolve())]
    assert run_pipeline.main([]) == 0
    assert seen() == ["superiority", str(Path(".mlops/champions/local/flights-2").resolve())], (
        "without the flag: this one's"
    )


@pytest.mark.parametrize("system", SYSTEMS)
def test_in_ci_the_page_says_why_nothing_was_trained(branch, monkeypatch, system):
    touch("README.md")
    commit("change")
    git("push", "--quiet", "origin", "work")
    touch("uv.lock")  # made by the installation, not by the pull request
    with run_of(system, branch, monkeypatch, pull_request=3):
        assert run_pipeline.main(["--pull-request"]) == 0
    assert Path("out/summary/model.md").read_text(encoding="utf-8") == LINE
    assert seen() is None


@pytest.mark.parametrize("system", SYSTEMS)
def test_in_ci_the_page_shows_the_report(branch, monkeypatch, system):
    touch("project.yml")
    commit("change")
    git("push", "--quiet", "origin", "work")
    with run_of(system, branch, monkeypatch, pull_request=3):
        assert run_pipeline.main(["--pull-request"]) == 0
    assert Path("out/summary/model.md").read_text(encoding="utf-8").startswith("### flights: INCOMPLETE")
    assert seen() == ["non-inferiority"]


def test_a_finished_training_is_no_reason_to_skip_the_check(branch, capsys):
    touch("project.yml")
    assert run_pipeline.main([]) == 0
    assert run_pipeline.main([]) == 0
    assert "re-used record" in capsys.readouterr().out
    assert seen() == ["superiority"]
    assert read_json(Path("out/run.json"), Ran) == {"commit": git("rev-parse", "HEAD"), "dirty": "true"}
    assert run_pipeline.main(["--pull-request"]) == 0
    assert seen() == ["non-inferiority"]
    assert run_pipeline.main([]) == 0
    assert seen() == ["superiority"], "a check leaves nothing behind that would pass for a training"


def test_the_gate_is_content_with_a_challenger_that_is_no_worse(branch):
    rng = np.random.default_rng(1)
    target = rng.integers(0, 2, 4000)
    scores = 1 / (1 + np.exp(-target - rng.normal(size=4000)))
    Path("evaluation").mkdir()
    frame = pd.DataFrame({"target": target, "champion": scores, "challenger": scores, "slice:carrier": "UA"})
    frame.to_parquet("evaluation/scores.parquet")
    write("challenger/MLmodel", "a model")
    write_json(Path("challenger/lineage.json"), {"run_id": "nobodys"})
    metrics = measure(task_of(load_project()), target, scores)
    challenger = measured(model_hash=hash_folder(Path("challenger")), metrics=metrics)
    write_json(Path("evaluation/evaluation.json"), evaluation(challenger=challenger))
    write_json(Path("served/served.json"), {"model_hash": challenger["model_hash"], "rows": 20})
    write("pipelines/gated.yml", GATED)
    assert run_pipeline.main(["--pull-request", "--pipeline", "pipelines/gated.yml"]) == 0
    verdict = json.loads(Path("out/gate/verdict.json").read_text(encoding="utf-8"))
    assert (verdict["status"], verdict["criterion"]) == ("PASS", "non-inferiority")
