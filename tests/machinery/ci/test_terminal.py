"""In a terminal nothing leaves the machine: what a CI system would show is printed, what it would push is committed."""

import pytest
from repositories import NOBODY, STAGING, git, make_repository

from mlops import UserError
from mlops.ci import Proposal, open_ci
from mlops.repo.git import access, identity
from mlops.repo.git import git as run_git


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """The current folder is somebody's clone."""
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    bare = make_repository(tmp_path)
    git("clone", "--quiet", str(bare), str(tmp_path / "work"))
    monkeypatch.chdir(tmp_path / "work")
    git("config", "user.name", "a person")
    git("config", "user.email", "person@example.org")
    return bare


def propose():
    STAGING.write_text("changed\n", encoding="utf-8")
    return open_ci().propose(
        Proposal("promote/flights-staging-8", "Promote flights:8 to staging", "**better**", [STAGING])
    )


def test_a_proposal_is_a_commit_of_its_files_on_the_current_branch(checkout):
    (STAGING.parent / "production.yml").write_text("unfinished", encoding="utf-8")
    git("add", "environments/production.yml")
    assert propose() == ""
    assert (
        git("show", "--name-only", "--format=%s %an")
        == f"Promote flights:8 to staging a person\n\n{STAGING.as_posix()}"
    )
    assert git("status", "--porcelain") == "M  environments/production.yml"
    assert git("log", "--format=%s", "main", folder=checkout) == "first", "nothing is pushed"


def test_published_files_may_be_new(checkout):
    STAGING.with_name("new.yml").write_text("new\n", encoding="utf-8")
    open_ci().publish("New", [STAGING.with_name("new.yml")], "deploy")
    assert git("show", "--name-only", "--format=") == "environments/new.yml"


def test_a_refused_commit_is_one_line(checkout):
    hook = checkout.parent / "work" / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no promotions\necho on Friday >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    with pytest.raises(UserError, match=r"^git refused the commit: (no promotions )?on Friday$"):
        propose()


def test_publishing_starts_nothing_and_says_nothing(checkout, capsys):
    STAGING.write_text("changed\n", encoding="utf-8")
    assert open_ci().publish("Change", [STAGING], "deploy") == "" == capsys.readouterr().out
    assert git("log", "--format=%s", "main", folder=checkout) == "first", "nothing is pushed"


def commit_tree():
    """A commit made as the account of the terminal; who is named as author and committer."""
    made = run_git("commit-tree", "HEAD^{tree}", "-m", "state", variables=identity(open_ci().account()))
    return git("log", "-1", "--format=%an %ae, %cn %ce", made)


def test_the_account_names_whom_git_knows_or_else_the_terminal(checkout):
    assert commit_tree() == "a person person@example.org, a person person@example.org"
    for name in ("name", "email"):
        git("config", "--unset", f"user.{name}")
    git("config", "user.useConfigOnly", "true")
    assert commit_tree() == "terminal terminal@localhost, terminal terminal@localhost"


def test_the_account_leaves_a_persons_own_credentials_to_git(checkout):
    git("remote", "set-url", "origin", "https://example.org/someone/flights")
    assert access(open_ci().account()) == {}


def test_nobody_is_invented_to_commit_in_a_terminal(checkout, monkeypatch):
    git("config", "--unset", "user.name")
    git("config", "--unset", "user.email")
    git("config", "user.useConfigOnly", "true")
    with pytest.raises(UserError, match=r"git refused the commit: .*user.email"):
        propose()


def test_outside_a_repository_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="not a Git repository; run `git init` first"):
        open_ci().publish("title", [], "deploy")


def test_what_has_no_page_is_printed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    host = open_ci()
    assert (host.name, host.target(), host.last_started("train")) == ("terminal", None, None)
    host.summary("gate", "# gate")
    host.output("version", "8")
    assert capsys.readouterr().out == "" and not list(tmp_path.iterdir())
    assert (host.comment("# all"), host.issue("drift", "text"), host.start("train")) == ("", "", "")
    said = capsys.readouterr().out
    assert "# all\n" in said and "drift\n\ntext\n" in said and "uv run run_pipeline" in said
