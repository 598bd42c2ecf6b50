"""A group that the model is wrong about stops the gate by its name, on real rows; one that it is not, does not.

The column that tells the groups apart is no feature: who works on a row is thrown by lot, so that a sound model is as
right about one crew as about the other. Skipped where Fairlearn is not there; tests/test_fair_project.py of the
template runs them where it is.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

from conftest import edit
from mlops import UserError
from mlops.data.artefacts import Artefact
from mlops.data.files import hash_folder, read_json, write_json
from mlops.data.soundness import find_faults
from mlops.data.tables import hash_data
from mlops.settings.project import load_project
from steps import evaluate, gate, register, split_data, train

pytestmark = pytest.mark.skipif(find_spec("fairlearn") is None, reason="the group fairness is not installed")
SECTION = """
fairness:
  group_by: [crew]
  metric: accuracy
  max_difference: 0.1
  min_rows: 100
"""
CREWS = ["day", "night"]
VERDICT = "out/gate/verdict.json"


@pytest.fixture
def crewed(project, monkeypatch):
    """The sample with a column that nothing depends on, split by month."""
    rng = np.random.default_rng(2)
    for path in sorted((project / "data").glob("*.parquet")):
        rows = pd.read_parquet(path)
        rows.assign(crew=rng.choice(CREWS, len(rows))).to_parquet(path, index=False)
    with (project / "project.yml").open("a", encoding="utf-8") as file:
        file.write(SECTION)
    edit(project / "project.yml", "looks: 20", "looks: 100")
    facts = {"success": True, "data_hash": hash_data(project / "data"), "files": []}
    write_json(project / "out/validation/validation.json", facts)
    assert split_data.main([]) == 0
    monkeypatch.syspath_prepend(str(project))
    for name in [name for name in sys.modules if name.split(".")[0] == "model"]:
        monkeypatch.delitem(sys.modules, name)
    return project


def part(project, name, change):
    path = project / f"out/split/{name}.parquet"
    change(pd.read_parquet(path)).to_parquet(path, index=False)


def judged(project):
    """Evaluate and gate the model; the check of the crews."""
    write_json(project / "out/served/served.json", {"model_hash": hash_folder(project / "out/model"), "rows": 20})
    assert evaluate.main([]) == 0
    code = gate.main([])
    verdict = read_json(project / VERDICT, Artefact)
    assert (code == 0) == (verdict["status"] == "PASS")
    return next(each for each in verdict["checks"] if each["name"] == "fairness crew")


def flipped(rows):
    """Half of the answers of the night are the other way round."""
    late = rows["late"].to_numpy().copy()
    some = (rows["crew"] == "night").to_numpy() & (np.random.default_rng(3).uniform(size=len(rows)) < 0.5)
    late[some] = 1 - late[some]
    return rows.assign(late=late)


def spoilt(rows):
    """The clock of the night says the same hour for every row: what it knew of the day is gone."""
    return rows.assign(sched_dep_time=rows["sched_dep_time"].where(rows["crew"] == "day", 1200))


def test_a_sound_model_passes_with_20_of_20_seeds(crewed):
    statuses = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        part(crewed, "test", lambda rows, rng=rng: rows.assign(crew=rng.choice(CREWS, len(rows))))
        if seed % 5 == 0:  # four models, each of other rows
            part(crewed, "train", lambda rows, seed=seed: rows.sample(len(rows), replace=True, random_state=seed))
            assert train.main([]) == 0
        statuses.append(judged(crewed)["status"])
    assert statuses == ["PASS"] * 20


def test_flipped_answers_of_one_group_stop_the_gate_and_it_is_named(crewed):
    assert train.main([]) == 0
    part(crewed, "test", flipped)
    check = judged(crewed)
    assert check["status"] == "FAIL"
    assert "apart (night, day), shown to be at least 0." in check["seen"]
    groups = read_json(crewed / "out/evaluation/evaluation.json", Artefact)["fairness"]["columns"]["crew"]
    day, night = groups
    assert (day["group"], night["group"]) == ("day", "night") and night["value"] < day["value"] - 0.15
    assert day["interval"][0] < day["value"] < day["interval"][1]


def test_a_feature_that_is_spoilt_for_one_group_stops_the_gate(crewed):
    edit(crewed / "project.yml", "metric: accuracy\n", "metric: selection_rate\n")
    edit(crewed / "project.yml", "max_difference: 0.1", "max_difference: 0.02")
    edit(crewed / "project.yml", "threshold: 0.5 ", "threshold: 0.25 ")
    assert train.main([]) == 0
    part(crewed, "test", spoilt)
    check = judged(crewed)
    assert check["status"] == "FAIL" and "selection rate" in check["seen"] and "night" in check["seen"]


def accept(project, days):
    until = (datetime.now(UTC) + timedelta(days=days)).date().isoformat()
    line = f"  accepted: {{crew: {{reason: the night is being relabelled, until: {until}}}}}\n"
    path = project / "project.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.partition("  accepted:")[0] + line, encoding="utf-8")
    return until


@pytest.fixture
def unfair(crewed):
    """A model that is wrong about the night, and whose verdict says so."""
    assert train.main([]) == 0
    part(crewed, "test", flipped)
    edit(crewed / "project.yml", "floors: {auc: 0.58, accuracy: 0.60}", "floors: {auc: 0.5, accuracy: 0.5}")
    assert judged(crewed)["status"] == "FAIL"
    return crewed


def test_a_finding_that_is_accepted_passes_and_is_named(unfair, capsys):
    until = accept(unfair, 1)
    check = judged(unfair)
    assert check["status"] == "PASS"
    assert check["seen"].endswith(f"; accepted until {until}: the night is being relabelled")
    kept = read_json(unfair / VERDICT, Artefact)["fairness"]
    assert kept["rules"]["accepted"]["crew"]["until"] == until
    assert kept["columns"][0]["lower"] > 0.1


def test_the_model_card_says_what_was_accepted(unfair):
    until = accept(unfair, 1)
    judged(unfair)
    assert register.main([]) == 0
    for name in ("model_card.md", "model_card.html"):
        page = (unfair / "out/card" / name).read_text(encoding="utf-8")
        assert "crew: PASS, night and day are 0." in page and "0.1 is allowed." in page
        assert f"crew: accepted until {until}: the night is being relabelled" in page
        assert f"alike: that is accepted until {until} (the night is being relabelled), not mended." in page
        assert "Not measured: explanation." in page


def test_an_acceptance_that_is_over_fails_and_says_so(unfair):
    until = accept(unfair, -1)
    check = judged(unfair)
    assert check["status"] == "FAIL"
    assert check["seen"].endswith(f"; was accepted until {until}, which is over: the night is being relabelled")


def test_the_verdict_comes_out_again_on_any_later_day_by_its_own_rules(unfair, capsys):
    accept(unfair, 1)
    judged(unfair)
    path = unfair / VERDICT
    verdict = read_json(path, Artefact)
    old = verdict["fairness"] | {"day": "2020-02-29"}
    path.write_text(json.dumps(verdict | {"fairness": old}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    edit(unfair / "project.yml", "max_difference: 0.1", "max_difference: 0.3")
    assert gate.main(["--replay", VERDICT]) == 0
    assert "the same again, byte for byte" in capsys.readouterr().out
    old["columns"][0]["upper"] += 0.01
    write_json(path, verdict | {"fairness": old})
    assert gate.main(["--replay", VERDICT]) == 1
    assert "fairness.columns.0.upper is not what the scores give" in capsys.readouterr().err


def test_register_judges_by_the_day_that_it_runs_on(unfair, capsys):
    accept(unfair, -1)
    judged(unfair)
    path = unfair / VERDICT
    verdict = read_json(path, Artefact)
    checks = [{**each, "status": "PASS"} if each["name"] == "fairness crew" else each for each in verdict["checks"]]
    forged = {"status": "PASS", "checks": checks, "fairness": verdict["fairness"] | {"day": "2020-01-01"}}
    write_json(path, verdict | forged)
    assert register.main([]) == 2
    assert "is not what scores and project.yml give" in capsys.readouterr().err


def test_numbers_of_groups_that_were_edited_are_not_those_of_the_scores(unfair, capsys):
    path = unfair / "out/evaluation/evaluation.json"
    evaluation = read_json(path, Artefact)
    evaluation["fairness"]["columns"]["crew"][1]["value"] = 0.9
    write_json(path, evaluation)
    assert gate.main([]) == 2
    assert "evaluation.json: fairness: columns.crew.1.value is not what" in capsys.readouterr().err


def test_another_metric_since_the_evaluation_asks_for_a_new_one(unfair, capsys):
    edit(unfair / "project.yml", "metric: accuracy\n", "metric: selection_rate\n")
    assert gate.main([]) == 2
    assert "evaluation.json: fairness: metric is not what scores.parquet gives; run evaluate again" in (
        capsys.readouterr().err
    )


def test_a_column_that_no_file_has_is_one_line_where_the_data_are_checked(crewed):
    edit(crewed / "project.yml", "group_by: [crew]", "group_by: [crwe]")
    said = "^project.yml: fairness.group_by: no file has a column crwe; the nearest are crew"
    with pytest.raises(UserError, match=said):
        find_faults(crewed / "data", load_project(), datetime.now(UTC))
