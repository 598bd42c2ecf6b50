"""A promotion is one changed line and one commit; anything wrong leaves file and history as they were."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.lineage import commit_facts
from mlops.platform import ModelVersion, Platform
from steps import promote

MANIFEST = "environments/production.yml"


def git(*arguments):
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, encoding="utf-8", check=True)
    return done.stdout.strip()


class Registry:
    """A registry that knows versions 1 to 12."""

    def versions(self, name):
        return [ModelVersion(name, version, "run", {}) for version in range(1, 13)]


@pytest.fixture
def repository(project, monkeypatch):
    """The project as a Git repository, with twelve registered versions."""
    git("init", "--quiet", "--initial-branch", "main")
    git("config", "user.name", "test")
    git("config", "user.email", "test@example.org")
    git("add", ".")
    git("commit", "--quiet", "--message", "first")
    monkeypatch.setattr(promote, "open_platform", lambda name: Platform(name, Registry(), None, None))
    return project


def test_it_changes_one_line_and_commits_that_file_alone(repository):
    (repository / "README.md").write_text("work in progress", encoding="utf-8")
    git("add", "README.md")
    assert promote.main(["production", "--version", "7"]) == 0
    assert git("show", "--name-only", "--format=%s") == f"Promote flights:7 to production\n\n{MANIFEST}"
    diff = git("show", "--unified=0", "--format=").splitlines()
    assert [line for line in diff if line.startswith(("-  ", "+  "))] == [
        "-  version: null  # written by `promote`; null: none yet",
        "+  version: 7  # written by `promote`; null: none yet",
    ]
    assert git("status", "--porcelain") == "A  README.md", "what was staged before stays staged"


def test_staging_takes_the_newest_by_number_and_production_what_staging_has(repository):
    assert promote.main(["staging"]) == 0
    assert "version: 12" in (repository / "environments/staging.yml").read_text(encoding="utf-8")
    assert promote.main(["production"]) == 0
    assert "version: 12" in (repository / MANIFEST).read_text(encoding="utf-8")


def test_the_same_version_again_makes_no_commit(repository):
    promote.main(["production", "--version", "3"])
    before = git("rev-parse", "HEAD")
    assert promote.main(["production", "--version", "3"]) == 0
    assert git("rev-parse", "HEAD") == before


def test_a_promotion_can_be_reverted(repository):
    promote.main(["production", "--version", "3"])
    promote.main(["production", "--version", "4"])
    git("revert", "--no-edit", "HEAD")
    assert "version: 3" in (repository / MANIFEST).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["production", "--version", "99"], "model flights has no version 99; there is 1, 2, 3"),
        (["prod"], "no environment 'prod'; there is production, staging"),
        (["production"], "staging names no version yet; run `promote staging` first"),
    ],
)
def test_bad_input_is_one_line_and_changes_nothing(repository, capsys, arguments, line):
    assert promote.main(arguments) == 2
    error = capsys.readouterr().err
    assert line in error and error.count("\n") == 1
    assert git("status", "--porcelain") == ""


def test_outside_a_git_repository_nothing_is_changed(project, monkeypatch, capsys):
    monkeypatch.setattr(promote, "open_platform", lambda name: Platform(name, Registry(), None, None))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    before = (project / MANIFEST).read_text(encoding="utf-8")
    assert promote.main(["production", "--version", "3"]) == 2
    assert "not a Git repository; run `git init` first" in capsys.readouterr().err
    assert (project / MANIFEST).read_text(encoding="utf-8") == before
    assert commit_facts() == {"commit": "unknown", "dirty": "unknown"}


def test_a_refused_commit_leaves_the_file_as_it_was(repository, capsys):
    hook = repository / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no promotions on Friday\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    before = (repository / MANIFEST).read_text(encoding="utf-8")
    assert promote.main(["production", "--version", "3"]) == 2
    assert "git refused the commit: no promotions on Friday" in capsys.readouterr().err
    assert (repository / MANIFEST).read_text(encoding="utf-8") == before


def test_a_dirty_tree_is_recorded(repository):
    assert commit_facts()["dirty"] == "false"
    (repository / "new.txt").write_text("x", encoding="utf-8")
    assert commit_facts() == {"commit": git("rev-parse", "HEAD"), "dirty": "true"}


@given(
    before=st.integers(1, 10**6) | st.none(),
    after=st.integers(1, 10**6),
    comment=st.text(st.characters(codec="ascii", categories=["L", "N", "Zs"]), max_size=30),
    model_first=st.booleans(),
)
def test_nothing_but_the_version_changes(before, after, comment, model_first):
    model = f"model:\n  name: 'a b'  # {comment}\n  version: {'null' if before is None else before}\n"
    other = f"# top {comment}\nendpoint: {{name: x, port: 1}}  # kept\n\nrollout:\n  steps: [10,   100]\n"
    text = model + other if model_first else other + model
    lines, changed = text.splitlines(), promote.with_version(text, after).splitlines()
    differing = [(old, new) for old, new in zip(lines, changed, strict=True) if old != new]
    assert differing in ([], [(f"  version: {'null' if before is None else before}", f"  version: {after}")])
