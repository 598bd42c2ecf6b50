"""Where a model comes from, on a laptop and in both CI systems."""

from pathlib import Path

import pytest
from hosted import commit, write
from repositories import NOBODY, git

from mlops.repo.lineage import ci_run_url, commit_facts, training_lineage

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


@pytest.fixture
def committed(monkeypatch):
    """The current folder is a repository with one commit."""
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    git("init", "--quiet")
    write("project.yml", "name: flights\n")
    commit("first")


@pytest.mark.parametrize(
    ("written", "dirty"),
    [
        ((), "false"),
        (("uv.lock",), "false"),
        (("project.yml",), "true"),
        (("notes.txt",), "true"),
        (("uv.lock", "notes.txt"), "true"),
        (("tools/uv.lock", "tools/notes.txt"), "true"),
    ],
)
def test_a_lock_file_that_uv_has_just_made_does_not_make_a_commit_dirty_but_all_else_does(committed, written, dirty):
    for path in written:
        write(path, "new\n")
    assert commit_facts() == {"commit": git("rev-parse", "HEAD"), "dirty": dirty}


def test_a_committed_lock_file_that_differs_makes_it_dirty(committed):
    write("uv.lock", "old\n")
    commit("lock")
    assert commit_facts()["dirty"] == "false"
    write("uv.lock", "new\n")
    assert commit_facts()["dirty"] == "true"
    Path("uv.lock").unlink()
    assert commit_facts()["dirty"] == "true"
