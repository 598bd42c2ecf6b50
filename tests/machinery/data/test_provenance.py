"""A model folder tells which run made its files, from which commit and data; any change of it is a contradiction."""

import json

import pytest
from artefacts import LINEAGE

from mlops import UserError
from mlops.data.provenance import PROVENANCE_FILE, contradiction, write_provenance


@pytest.fixture
def folder(tmp_path):
    """A model folder with its statement."""
    model = tmp_path / "model"
    (model / "code/model").mkdir(parents=True)
    (model / "MLmodel").write_text("a model\n", encoding="utf-8")
    (model / "code/model/a.py").write_text("", encoding="utf-8")
    (tmp_path / "requirements.txt").write_text("numpy==2.4.6\n", encoding="utf-8")
    write_provenance(model, LINEAGE, tmp_path / "requirements.txt")
    return model


def statement(folder):
    return json.loads((folder / PROVENANCE_FILE).read_text(encoding="utf-8"))


def test_it_is_a_statement_of_in_toto_with_slsas_provenance(folder):
    told = statement(folder)
    assert told["_type"] == "https://in-toto.io/Statement/v1"
    assert [each["name"] for each in told["subject"]] == ["MLmodel", "code/model/a.py"]
    assert told["predicateType"] == "https://slsa.dev/provenance/v1"
    build, run = told["predicate"]["buildDefinition"], told["predicate"]["runDetails"]
    assert {each["name"]: each["digest"] for each in build["resolvedDependencies"]} == {
        "source": {"gitCommit": "c0ffee"},
        "data": {"sha256": "d"},
        "requirements.txt": {"sha256": "7242524339a9388141e1383e79b66ac2fd4b82276448eae06b8fa428192ccd1f"},
    }
    assert run == {"builder": {"id": "none"}, "metadata": {"invocationId": "r1"}}


def test_a_whole_folder_agrees_with_its_lineage(folder):
    assert contradiction(folder, LINEAGE) == ""


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda folder: (folder / "MLmodel").write_text("another\n", encoding="utf-8"), "MLmodel"),
        (lambda folder: (folder / "code/model/a.py").unlink(), "code/model/a.py"),
        (lambda folder: (folder / "code/model/b.py").write_text("", encoding="utf-8"), "code/model/b.py"),
    ],
    ids=["changed", "gone", "added"],
)
def test_a_file_that_is_not_as_it_was_is_named(folder, change, named):
    change(folder)
    assert contradiction(folder, LINEAGE) == f"provenance.json is not about its {named}"


@pytest.mark.parametrize("key", ["commit", "data_hash", "run_id"])
def test_another_lineage_is_named(folder, key):
    told = f"provenance.json says {key} {LINEAGE[key]}, and its lineage "
    assert contradiction(folder, LINEAGE | {key: "other"}) == f"{told}other"
    assert contradiction(folder, {name: value for name, value in LINEAGE.items() if name != key}) == f"{told}nothing"


def test_a_folder_without_one_says_so(folder):
    (folder / PROVENANCE_FILE).unlink()
    assert contradiction(folder, LINEAGE) == "it has no provenance.json"


@pytest.mark.parametrize(
    "change",
    [
        {"_type": "https://in-toto.io/Statement/v0.1"},
        {"subject": []},
        {"subject": [{"name": "MLmodel"}]},
        {"subject": "MLmodel"},
        {"predicate": {"buildDefinition": {"resolvedDependencies": 3}}},
        {"predicate": {}},
        {"more": 1},
        {"predicateType": "\ud800"},
    ],
    ids=str,
)
def test_what_is_no_such_statement_is_one_line(folder, change):
    (folder / PROVENANCE_FILE).write_text(json.dumps(statement(folder) | change), encoding="utf-8")
    with pytest.raises(UserError, match=r"^[^\n]*provenance.json: [^\n]*$"):
        contradiction(folder, LINEAGE)
