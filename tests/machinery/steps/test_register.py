"""Only a PASS that the scores give again, for this very model, logged by this very run, is registered; and once."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from artefacts import LINEAGE, RULES, evaluation, measured
from hosted import PASSED

from conftest import edit
from mlops.data.artefacts import Artefact
from mlops.data.files import hash_folder, read_json, write_json
from mlops.data.provenance import write_provenance
from mlops.decide.metrics import measure
from mlops.decide.scored import Scored, from_frame
from mlops.decide.tasks import task_of
from mlops.platform import ModelVersion, Platform
from mlops.settings.project import load_project
from steps import gate, register

ROWS = 2000
VERDICT, EVALUATION, SCORES = "out/gate/verdict.json", "out/evaluation/evaluation.json", "out/evaluation/scores.parquet"
CHAMPION = "c" * 64


class Registry:
    """A registry whose run logged the model folder as it was at first."""

    def __init__(self, model):
        self.logged = {path.name: path.read_bytes() for path in model.iterdir()}
        self.made = []

    def versions(self, name):
        return self.made

    def logged_model(self, run_id, to):
        to.mkdir()
        for name, content in self.logged.items():
            (to / name).write_bytes(content)
        return to

    def keep_card(self, name, run_id, folder):
        self.card = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
        return f"cards/{run_id}"

    def register(self, name, run_id, tags):
        self.made.append(ModelVersion(name, len(self.made) + 1, run_id, tags))
        return self.made[-1]


def evaluate(project, noise, champion=None):
    """Write what evaluate and try_serving would: a challenger whose scores are that noisy, with or without champion."""
    rng, settings = np.random.default_rng(5), load_project(project / "project.yml")
    target = rng.integers(0, 2, ROWS)
    predictions = {"challenger": np.clip(target * 0.5 + 0.25 + rng.normal(scale=noise, size=ROWS), 0.01, 0.99)}
    if champion:
        predictions["champion"] = np.clip(target * 0.5 + 0.25 + rng.normal(scale=1.0, size=ROWS), 0.01, 0.99)
    slices = pd.DataFrame({"carrier": rng.choice(["UA", "B6"], ROWS), "origin": "JFK"})
    task, model_hash = task_of(settings), hash_folder(project / "out/model")
    challenger = measured(model_hash=model_hash, metrics=measure(task, target, predictions["challenger"]))
    known = {"champion": measured(model_hash=champion)} if champion else {}
    (project / SCORES).parent.mkdir(parents=True, exist_ok=True)
    Scored(target, predictions, slices, [0, 1]).to_frame().to_parquet(project / SCORES, index=False)
    write_json(project / EVALUATION, evaluation(test={"rows": ROWS}, challenger=challenger, **known))
    write_json(project / "out/served/served.json", {"model_hash": model_hash, "rows": 20})


@pytest.fixture
def registry(project, monkeypatch):
    """A trained model with a PASS, and the registry that it may go to."""
    write_json(project / "out/model/lineage.json", LINEAGE)
    (project / "out/model/model.pkl").write_bytes(b"pickle")
    record(project / "out/model")
    evaluate(project, 0.3)
    assert gate.main([]) == 0
    registry = Registry(project / "out/model")
    monkeypatch.setattr(register, "open_platform", lambda manifest: Platform("local", registry, None, None))
    return registry


def record(model, **facts):
    """Let the folder tell how it came to be."""
    requirements = model.parent / "requirements.txt"
    requirements.write_text("numpy==2.4.6\n", encoding="utf-8")
    write_provenance(model, LINEAGE | facts, requirements)


def change(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8")


def test_a_pass_makes_a_version_with_its_lineage(registry, project):
    assert register.main([]) == 0
    [version] = registry.made
    assert version.run_id == "r1"
    auc = str(read_json(project / VERDICT, Artefact)["metrics"]["auc"])
    expected = {"commit": "c0ffee", "data_hash": "d", "verdict": "PASS", "test_auc": auc}
    assert expected.items() <= version.tags.items()
    content = hash_folder(project / "out/model")
    assert version.tags["model_hash"] == content
    made = {"model": "flights", "version": 1, "model_hash": content}
    assert read_json(project / "out/registered.json", Artefact) == made


def test_the_same_model_twice_is_one_version(registry, capsys):
    register.main([])
    assert register.main([]) == 0
    assert len(registry.made) == 1
    assert "flights:1 was registered before" in capsys.readouterr().out


def test_a_version_made_before_its_hash_had_this_name_is_known(registry, project):
    old = ModelVersion("flights", 1, "r1", {"artefact": hash_folder(project / "out/model")})
    registry.made.append(old)
    assert register.main([]) == 0
    assert registry.made == [old]


def test_without_a_pass_nothing_is_registered(registry, project, capsys):
    evaluate(project, 20.0)
    assert gate.main([]) == 1
    assert register.main([]) == 1
    assert registry.made == []
    assert "not registered: the verdict is FAIL, not PASS" in capsys.readouterr().err


def test_a_fail_that_was_edited_into_a_pass_is_refused_by_name(registry, project, capsys):
    evaluate(project, 20.0)
    gate.main([])
    change(project / VERDICT, status="PASS")
    assert register.main([]) == 2
    assert registry.made == []
    assert "out/gate/verdict.json: status is not what scores and project.yml give" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"metrics": {"auc": None}}, "metrics.auc"),
        ({"metrics": {"auc": 0.9}}, "metrics.auc"),
        ({"checks": []}, "checks"),
        ({"champion": CHAMPION}, "champion"),
        ({"model_hash": "another"}, "model_hash"),
        ({"rules": RULES}, "rules.own_metrics"),
        ({"cold_start": False}, "cold_start"),
        ({"served_rows": 0}, "served_rows"),
        ({"looks": 20}, "status"),
    ],
)
def test_any_other_edit_of_the_verdict_is_refused_by_name(registry, project, capsys, values, named):
    change(project / VERDICT, **values)
    assert register.main([]) == 2
    assert registry.made == []
    assert f"verdict.json: {named} is not what scores and project.yml give" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["[]", "null", '"PASS"', "{}"])
def test_a_verdict_of_another_shape_is_one_line(registry, project, capsys, content):
    (project / VERDICT).write_text(content, encoding="utf-8")
    assert register.main([]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_rules_that_were_changed_since_the_verdict_count(registry, project, capsys):
    edit(project / "project.yml", "floors: {auc: 0.58,", "floors: {auc: 0.999,")
    assert register.main([]) == 2
    assert "verdict.json: status is not" in capsys.readouterr().err


def test_scores_that_were_changed_are_not_those_that_were_measured(registry, project, capsys):
    scored = from_frame(pd.read_parquet(project / SCORES), [0, 1], coded=True)
    better = {"challenger": np.clip(scored.target * 0.9 + 0.05, 0, 1)}
    Scored(scored.target, better, scored.slices, [0, 1]).to_frame().to_parquet(project / SCORES, index=False)
    assert register.main([]) == 2
    assert "evaluation.json and scores.parquet differ in" in capsys.readouterr().err


def test_a_pass_of_a_pull_request_is_not_enough(registry, project, capsys):
    registry.made.append(ModelVersion("flights", 1, "r0", {**PASSED, "model_hash": CHAMPION}))
    edit(project / "environments/production.yml", "version: null", "version: 1")
    evaluate(project, 0.9, champion=CHAMPION)
    assert gate.main(["--criterion", "non-inferiority"]) == 0
    assert register.main([]) == 1
    assert len(registry.made) == 1
    assert "the verdict is about non-inferiority, which is for pull requests" in capsys.readouterr().err


def test_another_champion_since_the_verdict_asks_for_a_new_one(registry, project, capsys):
    registry.made.append(ModelVersion("flights", 1, "r0", {**PASSED, "model_hash": CHAMPION}))
    edit(project / "environments/production.yml", "version: null", "version: 1")
    assert register.main([]) == 1
    assert "the champion has changed since the verdict" in capsys.readouterr().err
    evaluate(project, 0.3, champion=CHAMPION)
    assert gate.main([]) == 0
    assert register.main([]) == 0


def test_a_model_changed_after_its_verdict_is_refused(registry, project):
    (project / "out/model/model.pkl").write_bytes(b"swapped")
    assert register.main([]) == 2
    assert registry.made == []


def test_a_run_that_logged_something_else_is_refused(registry, capsys):
    registry.logged["model.pkl"] = b"swapped"
    assert register.main([]) == 1
    assert registry.made == []
    assert "the training run logged another model" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (None, "it has no provenance.json"),
        ({"commit": "badc0de"}, "provenance.json says commit badc0de, and its lineage c0ffee"),
        ({"run_id": "r2"}, "provenance.json says run_id r2, and its lineage r1"),
    ],
)
def test_a_model_whose_provenance_is_lacking_or_tells_otherwise_is_not_registered(
    project, monkeypatch, capsys, told, why
):
    write_json(project / "out/model/lineage.json", LINEAGE)
    if told:
        record(project / "out/model", **told)
    evaluate(project, 0.3)
    assert gate.main([]) == 0
    registry = Registry(project / "out/model")
    monkeypatch.setattr(register, "open_platform", lambda manifest: Platform("local", registry, None, None))
    assert register.main([]) == 1
    assert capsys.readouterr().err == f"not registered: {why}\n"
    assert registry.made == []


@pytest.mark.parametrize("labels", [[], [0], [0, 0]], ids=str)
def test_an_evaluation_whose_labels_were_changed_is_one_line(registry, project, capsys, labels):
    change(project / EVALUATION, labels=labels)
    assert gate.main([]) == 2
    assert re.fullmatch(r"error: [^\n]*run evaluate again\n", capsys.readouterr().err.splitlines(keepends=True)[-1])
