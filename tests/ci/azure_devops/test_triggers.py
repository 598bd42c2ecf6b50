"""Which events start a pipeline."""

import subprocess
from pathlib import Path

import pytest

from ci.azure_devops.loading import parse
from ci.azure_devops.triggers import includes_branch, includes_path, is_triggered
from ci.events import Event


@pytest.mark.parametrize(
    ("include", "exclude", "branch", "starts"),
    [
        (["main"], [], "main", True),
        (["refs/heads/main"], [], "main", True),
        (["main"], [], "main2", False),
        (["release/*"], [], "release/a/b", True),
        (["*"], ["release/old*"], "release/old1", False),
        ([], ["main"], "other", True),
    ],
)
def test_branches(include: list[str], exclude: list[str], branch: str, starts: bool) -> None:
    assert includes_branch({"include": include, "exclude": exclude}, branch) is starts


@pytest.mark.parametrize(
    ("include", "exclude", "path", "starts"),
    [
        (["docs"], [], "docs/a/b.md", True),
        (["/docs/"], [], "docs/a.md", True),
        (["docs/*"], [], "docs/a/b.md", True),
        (["docs"], [], "docs2/a.md", False),
        (["*.md"], [], "docs/a.md", False),
        (["**/*.md"], [], "docs/deep/a.md", True),
        (["docs"], ["docs/old"], "docs/old/a.md", False),
        (["docs/old/new"], ["docs/old"], "docs/old/new/a.md", True),
        (["*"], ["docs"], "docs/a.md", False),
        (["*"], ["docs"], "model/a.py", True),
        ([], ["docs"], "model/a.py", True),
        ([], ["docs"], "docs/a.md", False),
    ],
)
def test_paths(include: list[str], exclude: list[str], path: str, starts: bool) -> None:
    assert includes_path({"include": include, "exclude": exclude}, path) is starts


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path)], check=True)
    return tmp_path


def commit(remote: Path, message: str, parent: str = "", file: str = "") -> str:
    """A commit of one empty file, or of none."""

    def git(*arguments: str, text: str = "") -> str:
        who = ["-c", "user.name=x", "-c", "user.email=x", "--git-dir", str(remote)]
        done = subprocess.run(["git", *who, *arguments], input=text, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    blob = git("hash-object", "-w", "--stdin")
    tree = git("mktree", text=f"100644 blob {blob}\t{file}\n" if file else "")
    return git("commit-tree", tree, "-m", message, *(["-p", parent] if parent else []))


def starts(remote: Path, text: str, event: Event) -> bool:
    return is_triggered(parse("pipeline.yml", text + "\nsteps: []"), event, remote)


def test_a_push_is_filtered_by_branch_path_and_message(remote: Path) -> None:
    filters = "trigger: {branches: {include: [main]}, paths: {include: [model]}}"
    plain, skipped = commit(remote, "change"), commit(remote, "change\n\n[skip ci]")
    assert starts(remote, filters, Event("push", plain, changed=["docs/a", "model/b"]))
    assert not starts(remote, filters, Event("push", plain, changed=["docs/a"]))
    assert not starts(remote, filters, Event("push", plain, branch="other", changed=["model/b"]))
    assert not starts(remote, filters, Event("push", skipped, changed=["model/b"]))
    assert not starts(remote, "trigger: {paths: {include: [model]}}", Event("push", plain, changed=["model/b"]))
    assert starts(remote, "", Event("push", plain))
    assert starts(remote, "trigger: [main]", Event("push", plain))
    assert not starts(remote, "trigger: none", Event("push", plain))


def test_a_pull_request_is_filtered_by_target_and_what_its_merge_changes(remote: Path) -> None:
    base = commit(remote, "base")
    merge = commit(remote, "merge [skip ci]", base, "model.py")
    event = Event("pull_request", merge, number=7)
    assert starts(remote, "trigger: none", event)
    assert starts(remote, "pr: {branches: {include: [main]}, paths: {include: ['*.py']}}", event)
    assert not starts(remote, "pr: {branches: {include: [main]}, paths: {include: [docs]}}", event)
    assert not starts(remote, "pr: [other]", event)
    assert not starts(remote, "pr: none", event)


def test_a_schedule_needs_one_of_its_branch_and_a_person_nothing(remote: Path) -> None:
    schedule = "schedules: [{cron: '0 3 * * *', always: true, branches: {include: [main]}}]"
    assert starts(remote, schedule, Event("schedule", "", branch="main"))
    assert not starts(remote, schedule, Event("schedule", "", branch="other"))
    assert not starts(remote, "", Event("schedule", "", branch="main"))
    assert starts(remote, "trigger: none\npr: none", Event("manual", ""))
