"""A version is registered with its model card beside it, which tells of the run and of no single row."""

import re
import sys
from datetime import UTC, datetime

import pytest

from conftest import edit
from mlops.data.artefacts import Artefact
from mlops.data.files import hash_folder, read_json, write_json
from mlops.data.tables import hash_data
from mlops.platform.local import local_platform
from steps import evaluate, gate, register, split_data, train

FILES = ("model_card.html", "model_card.md")
HEADS = ["Purpose", "Verdict", "Metrics", "Slices", "Fairness", "Behaviour", "Explanation", "Data", "Limits", "Lineage"]
FOUND = [{"feature": f"feature {place}", "rise": place / 100, "lower": 0.0, "upper": 0.2} for place in range(12)]
DIAGNOSIS = {"importances": {"found": FOUND, "why": None, "seconds": 0.1}}


@pytest.fixture
def passed(project, monkeypatch):
    """A model of the real sample, trained on the local platform, that passed the gate."""
    facts = {"success": True, "data_hash": hash_data(project / "data"), "files": []}
    write_json(project / "out/validation/validation.json", facts)
    monkeypatch.syspath_prepend(str(project))
    for name in [name for name in sys.modules if name.split(".")[0] == "model"]:
        monkeypatch.delitem(sys.modules, name)
    assert (split_data.main([]), train.main([])) == (0, 0)
    write_json(project / "out/served/served.json", {"model_hash": hash_folder(project / "out/model"), "rows": 20})
    assert (evaluate.main([]), gate.main([])) == (0, 0)
    return project


def card(project):
    return [(project / "out/card" / name).read_text(encoding="utf-8") for name in FILES]


def test_a_version_has_its_card_beside_it_and_is_what_its_hash_says(passed, tmp_path_factory):
    assert register.main([]) == 0
    models = local_platform().models
    [version] = models.versions("flights")
    assert version.tags["card"] == f"runs:/{version.run_id}/card"
    kept = passed / f".mlops/artifacts/{version.run_id}/artifacts/card"
    assert [path.name for path in sorted(kept.iterdir())] == list(FILES)
    assert [path.read_text(encoding="utf-8") for path in sorted(kept.iterdir())] == card(passed)
    there = models.download("flights", 1, tmp_path_factory.mktemp("model") / "model")
    assert hash_folder(there) == version.model_hash, "the card is in no content that a hash is about"
    assert not list(there.glob("*card*"))


def test_a_card_that_is_kept_stays_as_it_was(passed):
    assert register.main([]) == 0
    before = card(passed)
    edit(passed / "pyproject.toml", 'description = "', 'description = "Something else. ')
    assert register.main([]) == 0
    [version] = local_platform().models.versions("flights")
    kept = passed / f".mlops/artifacts/{version.run_id}/artifacts/card"
    assert card(passed) != before
    assert [path.read_text(encoding="utf-8") for path in sorted(kept.iterdir())] == before


def test_it_tells_of_purpose_data_numbers_limits_and_the_way_back(passed):
    register.main([])
    verdict = read_json(passed / "out/gate/verdict.json", Artefact)
    lineage = read_json(passed / "out/model/lineage.json", Artefact)
    for page in card(passed):
        for value in (
            verdict["model_hash"],
            lineage["data_hash"],
            lineage["run_id"],
            f"{verdict['metrics']['auc']:.4f}",
        ):
            assert value in page
        for words in ("more than 15 minutes late", "from 2013-03-01 to 2013-03-31", "sbom.cdx.json, SHA-256"):
            assert words in page
        assert "late = 1 (a score is its probability, and above 0.5 it is the answer; else 0)" in page
        assert "Not measured: fairness, explanation." in page and "git revert" in page
        assert "The smallest slices that were judged: carrier=MQ (216)" in page
        assert "carrier is not judged where it has too few rows: small ones fly too little a month." in page
    markdown = card(passed)[1]
    today = datetime.now(UTC).date().isoformat()
    lines = "| model | HistGradientBoostingClassifier |", f"| registered | {today} |", f"| trained | {today}T"
    assert [line for line in lines if line not in markdown] == []
    assert [head for head in HEADS if f"\n## {head}\n" not in markdown] == []


def test_it_names_no_slice_or_row_that_is_alone(passed):
    evaluation = read_json(passed / "out/evaluation/evaluation.json", Artefact)
    small = [each["slice"] for each in evaluation["slices"] if each["rows"] < 200]
    assert "carrier=YV" in small
    path = passed / "out/evaluation/evaluation.json"
    seen = "1 of 500 rows break it, row 7 of test.parquet most (0.1234 to 0.9876)"
    row = {"name": "behaviour: noise", "status": "PASS", "seen": seen, "wanted": "answers at most 0.1 apart"}
    write_json(path, evaluation | {"behaviour": [row]})
    assert gate.main([]) == 0
    assert register.main([]) == 0
    for page in card(passed):
        assert [name for name in [*small, "row 7", "0.1234"] if name in page] == []
        assert f"{len(small)} smaller ones, of less than 200 rows, are not shown." in page
        assert "noise" in page and "answers at most 0.1 apart" in page


def test_what_explains_the_model_is_shown_where_a_step_has_left_it(passed):
    model_hash = hash_folder(passed / "out/model")
    write_json(passed / "out/diagnosis/diagnosis.json", DIAGNOSIS | {"model_hash": model_hash})
    register.main([])
    for page in card(passed):
        assert "feature 11" in page and "feature 2" in page and "feature 1<" not in page and "feature 1 |" not in page
        assert "0.1100" in page and "Not measured: fairness." in page
    assert "| feature | rise | 95 % interval |" in card(passed)[1]


def test_what_explains_another_model_is_not_shown(passed):
    write_json(passed / "out/diagnosis/diagnosis.json", DIAGNOSIS | {"model_hash": "another"})
    register.main([])
    for page in card(passed):
        assert "feature 11" not in page and "Not measured: fairness, explanation." in page


def test_the_page_needs_no_network_its_links_work_and_it_has_both_lights(passed):
    path = passed / "out/model/lineage.json"
    assert path.exists()
    register.main([])
    html, _ = card(passed)
    links = re.findall(r'href="([^"]*)"', html)
    anchors = {f"#{name}" for name in re.findall(r'id="([^"]*)"', html)}
    assert {*links} == anchors and len(links) == len(HEADS) + 1
    assert "src=" not in html and "@import" not in html and "url(" not in html
    assert "prefers-color-scheme: dark" in html


def test_names_of_the_users_end_no_tag_and_no_column(passed):
    edit(passed / "pyproject.toml", 'description = "', 'description = "<script>| ')
    register.main([])
    html, markdown = card(passed)
    assert "<script>" not in html + markdown and "&lt;script&gt;|" in html and "&lt;script>\\|" in markdown


def test_a_damaged_explanation_is_one_line_and_nothing_is_registered(passed, capsys):
    write_json(passed / "out/diagnosis/diagnosis.json", {"model_hash": "m", "importances": {"found": [{"feature": 7}]}})
    assert register.main([]) == 2
    assert "diagnosis.json: importances.found.0" in capsys.readouterr().err
    assert list(local_platform().models.versions("flights")) == []
