"""A run of CI that main has left behind, approved late or run again, changes nothing: it would bring back what was."""

from pathlib import Path

import pytest
from hosted import PRODUCTION, SYSTEMS, clone_project, person, run_of
from repositories import SOMEBODY, git

from mlops import UserError
from mlops.ci import open_ci
from mlops.ci.superseded import check_newest
from steps import apply, revert

SAYS = "main has moved on since the commit of this run"


@pytest.fixture(params=["", "models/flights"], ids=["at the root", "below it"])
def remote(request, tmp_path, monkeypatch):
    return clone_project(tmp_path, monkeypatch, request.param), request.param


@pytest.fixture(params=SYSTEMS)
def service(request, remote, monkeypatch):
    """The current folder is the checkout of a run on main."""
    with run_of(request.param, remote[0], monkeypatch) as running:
        yield running


@pytest.fixture
def moves_on(remote, tmp_path):
    """Somebody adds a line to a file of the project, on main."""
    bare, below = remote

    def push(name):
        clone = tmp_path / "somebody"
        git("clone", "--quiet", str(bare), str(clone))
        file = clone / below / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as text:
            text.write("# newer\n")
        git("add", "--all", folder=clone)
        git(*SOMEBODY, "commit", "--quiet", "--message", name, folder=clone)
        git("push", "--quiet", "origin", "HEAD:main", folder=clone)

    return push


@pytest.mark.parametrize("name", ["environments/production.yml", "environments/base.yml", "serving/score.py"])
def test_nothing_is_rolled_out_or_proposed_by_what_is_no_longer_mains(service, moves_on, capsys, name):
    moves_on(name)
    for command in (apply, revert):
        assert command.main(["production"]) == 2
        said = capsys.readouterr()
        assert said.err.startswith(f"error: {name}: {SAYS}") and "run deploy anew" in said.err and said.out == ""
    assert service.pulls == {} and not Path(".mlops").exists()


@pytest.mark.parametrize("name", ["environments/staging.yml", "README.md", "data/README.md"])
def test_what_does_not_concern_the_environment_may_move_on(service, moves_on, capsys, name):
    moves_on(name)
    assert apply.main(["production"]) == 0
    assert "nothing to roll out" in capsys.readouterr().out


def test_a_commit_that_is_mains_is_rolled_out_however_often(service):
    assert [apply.main(["production"]) for _ in range(2)] == [0, 0]


def test_a_branch_that_says_something_else_than_main_rolls_nothing_out(service):
    with PRODUCTION.open("a", encoding="utf-8") as text:
        text.write("# of a branch\n")
    git("add", "--all")
    git(*SOMEBODY, "commit", "--quiet", "--message", "of a branch")
    assert apply.main(["production"]) == 2


def test_main_that_cannot_be_seen_is_no_yes(service, monkeypatch):
    for name in ("GITHUB_TOKEN", "SYSTEM_ACCESSTOKEN"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UserError, match="git refused the fetch"):
        check_newest(open_ci(), "production")


def test_on_a_terminal_what_is_checked_out_counts(remote, moves_on):
    person()
    moves_on("environments/production.yml")
    assert apply.main(["production"]) == 0
