"""A clone whose manifests name a version that only another machine's registry holds: one line says what to do."""

from pathlib import Path

import pytest
from hosted import PRODUCTION, STAGING, clone_project, commit, git, person
from tracked import tracked

from conftest import edit
from mlops.commands import run_pipeline
from mlops.platform.local.models import LocalModels
from steps import apply, plan, promote, smoke

LINE = (
    "error: model flights has no version 3 on this machine, nor any other: the local registry is .mlops, which is not"
    " in Git; fetch what CI keeps (uv run rehearsal restore), or write `version: null` into environments/ and start"
    " anew (uv run run_pipeline)\n"
)
COMMANDS = [
    (apply, "staging"),
    (smoke, "staging"),
    (plan, "staging"),
    (plan, "production", "--output"),
    (plan, "--pull-request"),
    (promote, "staging", "--version", "3"),
    (run_pipeline,),
    (run_pipeline, "--pull-request"),
]


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """The current folder is a person's clone: production names version 3, a branch brings it to staging too."""
    clone_project(tmp_path, monkeypatch)
    monkeypatch.setattr("mlops.platform.local.models.LocalModels", LocalModels)
    person()
    edit(PRODUCTION, "version: null ", "version: 3 ")
    commit("production has 3")
    git("push", "--quiet", "origin", "main")
    edit(STAGING, "version: null ", "version: 3 ")
    edit(Path("project.yml"), "max_iter: 60", "max_iter: 50")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: f"{each[0].__name__} {' '.join(each[1:])}")
def test_the_line_says_what_to_do_and_nothing_is_done(clone, capsys, command):
    step, *arguments = command
    if step is promote:
        git("checkout", "--quiet", str(STAGING))
    edited = git("status", "--porcelain")
    assert step.main(arguments) == 2
    assert capsys.readouterr().err == LINE
    assert not Path(".mlops/mlflow.db").exists() and not Path("out").exists()
    assert git("status", "--porcelain") == edited


def test_a_registry_of_ones_own_names_what_it_has(clone, tmp_path_factory, capsys):
    tracked(tmp_path_factory, Path.cwd())
    assert smoke.main(["staging"]) == 2
    assert capsys.readouterr().err.endswith("error: model flights has no version 3; there is 1\n")
