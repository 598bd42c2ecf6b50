"""Where a model comes from, on a laptop and in both CI systems."""

from pathlib import Path

import pytest
from hosted import commit, write
from repositories import NOBODY, git

from mlops.repo.lineage import ci_run_url, commit_facts, for_a_job, origin, training_lineage, who_runs

SPLIT = {
    "data_hash": "d1",
    "train": {"rows": 5001, "to": "2013-02-28T22:00:00"},
    "test": {"rows": 2790, "to": "2013-03-31T22:00:00"},
}


def test_the_ci_run_is_a_page_that_can_be_opened():
    assert ci_run_url({}) == "none"
    github = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_REPOSITORY": "team/flights",
        "GITHUB_RUN_ID": "42",
    }
    assert ci_run_url(github) == "https://github.example/team/flights/actions/runs/42"
    azure = {
        "TF_BUILD": "True",
        "SYSTEM_COLLECTIONURI": "https://dev.azure.example/team/",
        "SYSTEM_TEAMPROJECT": "flights",
        "BUILD_BUILDID": "42",
    }
    assert ci_run_url(azure) == "https://dev.azure.example/team/flights/_build/results?buildId=42"


def test_lineage_is_flat_text_with_all_that_was_promised(project):
    facts = training_lineage(SPLIT, "r1")
    assert facts["template_version"] == "unknown", "nothing is recorded of this one"
    assert {"run_id": "r1", "data_hash": "d1", "train_rows": "5001", "ci_run": "none"}.items() <= facts.items()
    assert {"train_to": "2013-02-28T22:00:00", "test_to": "2013-03-31T22:00:00"}.items() <= facts.items()
    assert {"commit", "dirty", "template_version", "python"} <= facts.keys()
    assert all(isinstance(value, str) for value in facts.values())


def test_a_split_without_times_leaves_them_out(project):
    facts = training_lineage({"data_hash": "d1", "train": {"rows": 50}, "test": {"rows": 20}}, "r1")
    assert facts["train_rows"] == "50" and not {"train_to", "test_to"} & facts.keys()


TOLD = {
    "LINEAGE_COMMIT": "c1",
    "LINEAGE_DIRTY": "false",
    "LINEAGE_CI_RUN": "https://ci.example/7",
    "LINEAGE_TEMPLATE_VERSION": "0.2.0",
}


def test_a_job_elsewhere_knows_the_origin_that_it_is_told(project, monkeypatch):
    for name, value in TOLD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AZUREML_ROOT_RUN_ID", "the pipeline's")
    assert for_a_job() == TOLD, "and tells it on"
    facts = training_lineage(SPLIT, "the step's")
    told = {"commit": "c1", "dirty": "false", "ci_run": "https://ci.example/7", "run_id": "the pipeline's"}
    assert told.items() <= facts.items()


@pytest.mark.parametrize("lost", TOLD)
def test_half_an_origin_is_none(committed, monkeypatch, lost):
    for name in TOLD.keys() - {lost}:
        monkeypatch.setenv(name, "told")
    found = {"commit": git("rev-parse", "HEAD"), "dirty": "false", "ci_run": "none", "template_version": "unknown"}
    assert origin() == found


def test_who_is_at_work_is_the_ci_run_or_a_person_at_a_machine(monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "ada")
    monkeypatch.setattr("platform.node", lambda: "laptop")
    assert who_runs() == "ada on laptop"
    for name, value in {"SERVER_URL": "https://github.example", "REPOSITORY": "team/flights", "RUN_ID": "42"}.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert who_runs() == "https://github.example/team/flights/actions/runs/42"


@pytest.fixture(params=["", "models/Flüge & Co"])
def committed(request, tmp_path, monkeypatch):
    """The current folder is a repository with one commit, or a project below its root."""
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    git("init", "--quiet")
    (tmp_path / request.param).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tmp_path / request.param)
    write("project.yml", "name: flights\n")
    commit("first")


def lock(numpy="2.4.6", index="."):
    """A lock file, of that index."""
    packages = [f'name = "numpy"\nversion = "{numpy}"\nsource = {{ registry = "{index}" }}\n']
    if index != ".":
        packages.append('name = "flights"\nversion = "0.1.0"\nsource = { editable = "." }\n')
    return "".join(f"[[package]]\n{each}" for each in packages)


@pytest.mark.parametrize(
    ("written", "dirty"),
    [
        ({}, "false"),
        ({"uv.lock": lock(index="https://index.example")}, "false"),
        ({"uv.lock": lock(index="https://index.example", numpy="2.4.7")}, "true"),
        ({"uv.lock": "no lock file"}, "true"),
        ({"uv.lock": ""}, "true"),
        ({"project.yml": "new"}, "true"),
        ({"notes.txt": "new"}, "true"),
        ({"uv.lock": lock(index="https://index.example"), "notes.txt": "new"}, "true"),
    ],
)
def test_addresses_that_uv_adds_to_the_lock_file_do_not_make_a_commit_dirty_but_all_else_does(
    committed, written, dirty
):
    write("uv.lock", lock())
    commit("lock")
    for path, text in written.items():
        write(path, text)
    assert commit_facts() == {"commit": git("rev-parse", "HEAD"), "dirty": dirty}


@pytest.mark.parametrize("committed", ["models/flights"], indirect=True)
def test_what_lies_beside_the_project_does_not_make_it_dirty(committed):
    write("../fares/new.txt", "new\n")
    assert commit_facts()["dirty"] == "false"


def test_a_lock_file_that_is_not_committed_or_was_taken_away_makes_it_dirty(committed):
    write("uv.lock", lock())
    assert commit_facts()["dirty"] == "true"
    commit("lock")
    assert commit_facts()["dirty"] == "false"
    Path("uv.lock").unlink()
    assert commit_facts()["dirty"] == "true"


def test_what_is_no_lock_file_is_never_the_same(committed):
    write("uv.lock", "old")
    commit("no lock file")
    write("uv.lock", "new")
    assert commit_facts()["dirty"] == "true"
