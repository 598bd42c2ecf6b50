"""A project below the root of a bigger repository, beside another: both work there, and share nothing."""

import shutil
from pathlib import Path

import pytest
from hosted import PRODUCTION, STAGING, SYSTEMS, clone_project, commit, endpoint, git, person, register, run_of, write

from conftest import edit
from mlops.commands import run_pipeline
from steps import plan, promote, revert

FLIGHTS, FARES = "models/flights", "models/fares"
SETTINGS = ("project.yml", "environments/staging.yml", "environments/production.yml")


@pytest.fixture
def remote(tmp_path, monkeypatch):
    """The current folder is models/flights of a clone, with version 7 registered; models/fares is the other project."""
    bare = clone_project(tmp_path, monkeypatch, FLIGHTS)
    shutil.copytree(tmp_path / "work" / FLIGHTS, tmp_path / "work" / FARES)
    for name in SETTINGS:
        path = tmp_path / "work" / FARES / name
        path.write_text(path.read_text(encoding="utf-8").replace("flights", "fares"), encoding="utf-8")
    git("add", "--all", folder=tmp_path / "work")
    commit("a second project")
    git("push", "--quiet", "origin", "main")
    register(7)
    return bare


@pytest.fixture(params=SYSTEMS)
def service(request, remote, monkeypatch):
    """The clone is the checkout of a run on main."""
    with run_of(request.param, remote, monkeypatch) as running:
        yield running


def enter(project, monkeypatch):
    """The current folder is that project of the clone, with version 7 registered."""
    monkeypatch.chdir(Path.cwd().parents[1] / project)
    register(7)


def promoted(path, version=7):
    edit(path, "version: null ", f"version: {version} ")


def test_on_a_terminal_a_promotion_commits_its_own_manifest(remote):
    person()
    write(STAGING.with_name("notes.txt"), "mine")
    write("../fares/notes.txt", "another's")
    git("add", "--all", "..")
    assert promote.main(["staging"]) == 0
    shown = git("show", "--name-only", "--format=%s")
    assert shown == f"Promote flights:7 to staging\n\n{FLIGHTS}/{STAGING.as_posix()}"
    assert len(git("diff", "--cached", "--name-only").splitlines()) == 2, "what was staged before stays staged"
    git("commit", "--quiet", "--message", "notes")
    git("revert", "--no-edit", "HEAD^")
    assert promote.main(["staging"]) == 0
    assert "version: null " in STAGING.read_text(encoding="utf-8"), "its history is found: it was taken back"


def test_two_projects_propose_the_same_version_in_two_pull_requests(service, monkeypatch):
    assert promote.main(["staging"]) == 0
    enter(FARES, monkeypatch)
    assert promote.main(["staging"]) == 0
    assert git("status", "--porcelain") == ""
    pulls = [*service.pulls.values()]
    assert [each["source"] for each in pulls] == ["promote/flights-staging-7", "promote/fares-staging-7"]
    for pull, project in zip(pulls, (FLIGHTS, FARES), strict=True):
        changed = git("diff", "--name-only", "main", pull["source"], folder=service.repository)
        assert changed == f"{project}/{STAGING.as_posix()}"


def test_two_projects_take_back_the_same_version_in_two_pull_requests(service, monkeypatch):
    for project in (FLIGHTS, FARES):
        enter(project, monkeypatch)
        for version, before in ((7, "null"), (8, "7")):
            edit(PRODUCTION, f"version: {before} ", f"version: {version} ")
            commit(f"{project} {version}")
    git("push", "--quiet", str(service.repository), "HEAD:main")
    for project in (FLIGHTS, FARES):
        name = Path(project).name
        enter(project, monkeypatch)
        endpoint(f"{name}-production", **{f"rejected-{name}-8": "slow"})
        assert revert.main(["production"]) == 0
    sources = [each["source"] for each in service.pulls.values()]
    assert sources == ["revert/flights-production-8", "revert/fares-production-8"]
    assert {each["title"] for each in service.pulls.values()} == {
        "Revert production to flights:7",
        "Revert production to fares:7",
    }


def test_a_plan_shows_what_merging_changes_here_and_not_beside(remote, monkeypatch, capsys):
    git("checkout", "--quiet", "-b", "work")
    promoted(STAGING)
    commit("promote")
    assert plan.main(["--pull-request"]) == 0
    assert capsys.readouterr().out == "**staging**: merging changes\n- `model.version: none -> 7`\n"
    enter(FARES, monkeypatch)
    assert plan.main(["--pull-request"]) == 0
    assert capsys.readouterr().out == "Merging into origin/main changes no manifest.\n"


def test_only_the_project_whose_parts_changed_is_trained(remote, monkeypatch, capsys):
    git("checkout", "--quiet", "-b", "work")
    write("../fares/model/more.py", "x = 1\n")
    assert run_pipeline.main(["--pull-request"]) == 0
    assert "Nothing that a model is made of differs" in capsys.readouterr().out
    enter(FARES, monkeypatch)
    write("pipelines/train.yml", "broken: [\n")
    assert run_pipeline.main(["--pull-request"]) == 2
    assert "pipelines/train.yml" in capsys.readouterr().err
