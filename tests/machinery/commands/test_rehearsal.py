"""What the pipelines call first and last: against both systems, each over HTTP with the token of its run."""

from pathlib import Path

import pytest
from hosted import SYSTEMS, clone_project, git, run_of, write

from conftest import edit
from mlops.commands import rehearsal

BRANCH = "mlops-rehearsal-flights"
DATABASE = Path(".mlops") / "mlflow.db"


@pytest.fixture
def remote(tmp_path, monkeypatch):
    return clone_project(tmp_path, monkeypatch)


@pytest.fixture(params=SYSTEMS)
def service(request, remote, monkeypatch):
    """The current folder is the checkout of a run on main."""
    with run_of(request.param, remote, monkeypatch) as running:
        yield running


def test_a_state_goes_from_one_run_to_the_next(service, tmp_path, monkeypatch, capsys):
    assert rehearsal.main(["restore"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "no earlier state: this is the first rehearsal"
    write(DATABASE, "state")
    assert rehearsal.main(["save"]) == 0
    assert capsys.readouterr().out == f"saved to the branch {BRANCH}\n"
    assert "[bot]" in git("log", "-1", "--format=%an", BRANCH, folder=service.repository)
    git("clone", "--quiet", str(service.repository), str(tmp_path / "next"))
    monkeypatch.chdir(tmp_path / "next")
    git("remote", "set-url", "origin", service.remote())
    assert rehearsal.main(["restore"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"restored from the branch {BRANCH}"
    assert DATABASE.read_text(encoding="utf-8") == "state"
    assert "**A rehearsal.**" in Path("out/summary/rehearsal.md").read_text(encoding="utf-8")
    assert git("status", "--porcelain") == ""


def test_two_runs_at_once_do_not_undo_each_other(service, capsys):
    rehearsal.main(["restore"])
    write(DATABASE, "one")
    rehearsal.main(["save"])
    write(".mlops/restored", "")  # as in a run that began when there was none
    write(DATABASE, "another")
    assert rehearsal.main(["save"]) == 2
    error = capsys.readouterr().err
    assert "another run has saved its state meanwhile; run this one again" in error and error.count("\n") == 1
    assert git("show", f"{BRANCH}:mlflow.db", folder=service.repository) == "one"


def test_a_token_that_may_only_read_restores_and_is_told_why_it_cannot_save(service, capsys):
    service.read_only = True
    assert rehearsal.main(["restore"]) == 0
    write(DATABASE, "state")
    assert rehearsal.main(["save"]) == 2
    error = capsys.readouterr().err
    assert "403" in error and "another run" not in error and error.count("\n") == 1


@pytest.mark.parametrize("what", ["restore", "save"])
def test_with_azureml_there_is_nothing_to_carry(remote, capsys, what):
    edit(Path("environments/base.yml"), "platform: local ", "platform: azureml ")
    git("remote", "set-url", "origin", "/nowhere")
    assert rehearsal.main([what]) == 0
    assert capsys.readouterr().out == "platform azureml: there is no local state to carry\n"
    assert not Path(".mlops").exists()
