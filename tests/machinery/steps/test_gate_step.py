"""A verdict comes out again byte for byte from what it is about, or the difference has a name; looks are spent once."""

import numpy as np
import pandas as pd
import pytest
from test_register import CHAMPION, SCORES, VERDICT, change, evaluate
from tracked import log_run, tracked

from conftest import edit
from mlops.data.artefacts import Artefact
from mlops.data.files import read_json, write_json
from mlops.platform.tracking import URI_VARIABLE
from steps import gate


@pytest.fixture
def judged(project):
    """A model that has its verdict."""
    write_json(project / "out/model/lineage.json", {"run_id": "r1"})
    evaluate(project, 0.9, champion=CHAMPION)
    gate.main([])
    return project


def replay(project):
    return gate.main(["--replay", str(project / VERDICT)])


@pytest.mark.parametrize("criterion", ["superiority", "non-inferiority"])
def test_a_verdict_comes_out_again_byte_for_byte_by_its_own_rules(judged, capsys, criterion):
    gate.main(["--criterion", criterion])
    content = (judged / VERDICT).read_bytes()
    edit(judged / "project.yml", "alpha: 0.05", "alpha: 0.01")
    assert replay(judged) == 0
    assert capsys.readouterr().out.endswith("verdict.json: the same again, byte for byte\n")
    assert (judged / VERDICT).read_bytes() == content


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"status": "PASS"}, "status"),
        ({"metrics": {"auc": 0.9}}, "metrics.auc"),
        ({"looks": 20}, "checks"),
        ({"criterion": "non-inferiority"}, "status"),
        ({"note": "mine"}, "note"),
    ],
)
def test_what_comes_out_otherwise_is_named_in_one_line(judged, capsys, values, named):
    change(judged / VERDICT, **values)
    assert replay(judged) == 1
    said = capsys.readouterr().err
    assert f"verdict.json: {named}" in said and said.endswith("is not what the scores give\n") and said.count("\n") == 1


def test_a_digit_or_a_word_is_a_difference_too(judged, capsys):
    verdict = read_json(judged / VERDICT, Artefact)
    gain = verdict["comparison"]["difference"]
    change(judged / VERDICT, comparison=verdict["comparison"] | {"difference": gain * (1 + 1e-12)})
    assert replay(judged) == 1
    assert "the last digits of a number, or the words of a check" in capsys.readouterr().err
    checks = [{**each, "seen": "all well"} for each in verdict["checks"]]
    change(judged / VERDICT, comparison=verdict["comparison"], checks=checks)
    assert replay(judged) == 1
    assert "the last digits of a number, or the words of a check" in capsys.readouterr().err


def test_more_than_the_last_digits_has_a_name(judged, capsys):
    compared = read_json(judged / VERDICT, Artefact)["comparison"]
    change(judged / VERDICT, comparison=compared | {"difference": compared["difference"] * (1 + 1e-5)})
    assert replay(judged) == 1
    assert "verdict.json: comparison.difference is not" in capsys.readouterr().err


def test_a_model_that_was_not_served_has_no_verdict(judged, capsys):
    (judged / VERDICT).unlink()
    change(judged / "out/served/served.json", model_hash="another")
    assert gate.main([]) == 2
    assert "out/served: about another model than out/evaluation; run try_serving" in capsys.readouterr().err
    assert not (judged / VERDICT).exists()


def test_the_verdict_names_what_rows_came_together_by(judged):
    assert read_json(judged / VERDICT, Artefact)["comparison"]["clusters_by"] is None
    scores = pd.read_parquet(judged / SCORES)
    scores.insert(1, "cluster", np.arange(len(scores)) % 40)
    scores.to_parquet(judged / SCORES, index=False)
    gate.main([])
    assert read_json(judged / VERDICT, Artefact)["comparison"]["clusters_by"] == "day of time_hour"


@pytest.mark.parametrize("values", [{"rules": {"alpha": 7}}, {"criterion": "luck"}, {"looks": -1}, {"rules": None}])
def test_a_damaged_verdict_is_one_line(judged, capsys, values):
    change(judged / VERDICT, **values)
    assert replay(judged) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_scores_of_another_run_are_not_those_of_the_verdict(judged, capsys):
    (judged / SCORES).unlink()
    evaluate(judged, 0.3, champion=CHAMPION)
    assert replay(judged) == 1
    assert "verdict.json: metrics.auc is not what the scores give" in capsys.readouterr().err


def test_a_verdict_of_superiority_spends_a_look_and_no_other_does(project, monkeypatch, tmp_path_factory):
    tracked(tmp_path_factory, project)
    monkeypatch.delenv(URI_VARIABLE, raising=False)
    edit(project / "project.yml", "looks: 20", "looks: 2")
    seen = []
    for at, criterion in enumerate(("superiority", "non-inferiority", "superiority", "superiority", "superiority")):
        write_json(project / "out/model/lineage.json", {"run_id": log_run(project)[1]})
        monkeypatch.delenv(URI_VARIABLE, raising=False)
        evaluate(project, 0.3 + at / 100, champion=CHAMPION)
        passed = gate.main(["--criterion", criterion])
        seen.append((read_json(project / VERDICT, Artefact)["looks"], passed))
        assert gate.main(["--criterion", criterion]) == passed, "the same model again costs nothing"
    assert seen == [(0, 0), (0, 0), (1, 0), (2, 1), (2, 1)]


def test_a_look_is_at_what_the_model_says_not_at_its_run_or_file(judged, monkeypatch, tmp_path_factory):
    """Trained again after an edit that changes nothing of it, say of what the report shows, it is no other model."""
    tracked(tmp_path_factory, judged)
    for content, noise, before in ((b"one", 0.9, 0), (b"other", 0.9, 0), (b"other", 0.8, 1)):
        write_json(judged / "out/model/lineage.json", {"run_id": log_run(judged)[1]})
        monkeypatch.delenv(URI_VARIABLE, raising=False)
        (judged / "out/model/model.pkl").write_bytes(content)
        evaluate(judged, noise, champion=CHAMPION)
        gate.main([])
        assert read_json(judged / VERDICT, Artefact)["looks"] == before
