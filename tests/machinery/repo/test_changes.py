"""What a branch changes, in real repositories: nothing that a model is made of may go unseen."""

from pathlib import Path

import pytest
from hosted import NOBODY, commit, git, write
from hypothesis import given
from hypothesis import strategies as st

from mlops import UserError
from mlops.ci import open_ci
from mlops.ci.pull_request import of_pull_request, target_of
from mlops.repo.changes import changed_since, parting, touching
from mlops.repo.history import files_at, history, text_at


@pytest.fixture
def branch(tmp_path, monkeypatch):
    """The current folder is a repository on a branch of its own, one commit away from main."""
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet", "--initial-branch", "main")
    for path in ("data/one.parquet", "data/two.parquet", "docs/guide.md", ".gitignore"):
        write(path, f"{path}\nignored\n")
    commit("first")
    git("checkout", "--quiet", "-b", "work")
    write("committed.txt", "1")
    commit("second")
    return tmp_path


def test_committed_uncommitted_staged_and_new_files_count_and_ignored_ones_do_not(branch):
    for path in ("data/one.parquet", "new.txt", "ignored", "docs/staged.md"):
        write(path, "changed")
    git("add", "docs/staged.md")
    (branch / "data/two.parquet").unlink()
    wanted = ["committed.txt", "data/one.parquet", "data/two.parquet", "docs/staged.md", "new.txt"]
    assert changed_since("main") == wanted
    assert changed_since("main", "HEAD") == ["committed.txt"], "with a commit, what is committed alone"


def test_a_file_that_moved_away_is_missed_where_it_was(branch):
    git("mv", "data/one.parquet", "docs/one.parquet")
    assert {"data/one.parquet", "docs/one.parquet"} <= set(changed_since("main"))


@pytest.mark.parametrize("name", ["März.parquet", "two words.parquet", 'a "quoted".parquet'])
def test_any_name_is_seen(branch, name):
    write(f"data/{name}", "1")
    assert touching(changed_since("main"), ["data"]) == [f"data/{name}"]
    commit("named")
    assert touching(changed_since("main"), ["data"]) == [f"data/{name}"]
    assert touching(changed_since("main", "HEAD"), ["data"]) == [f"data/{name}"]


def test_what_main_gained_meanwhile_is_not_the_branchs_change(branch):
    base = git("rev-parse", "main")
    git("checkout", "--quiet", "main")
    write("docs/guide.md", "other")
    commit("on main")
    git("checkout", "--quiet", "work")
    assert changed_since("main") == ["committed.txt"]
    assert parting("main") == base


def test_names_are_seen_from_the_projects_folder(branch, monkeypatch):
    monkeypatch.chdir(branch / "data")
    write("one.parquet", "changed")
    write("three.parquet", "new")
    git("rm", "--quiet", "../docs/guide.md")
    write("../docs/other.md", "new")
    assert changed_since("main") == ["one.parquet", "three.parquet"], "and what lies beside it is another's"
    assert text_at("main", Path("one.parquet")).startswith("data/one.parquet")
    assert len(history(Path("one.parquet"))) == 1
    commit("changed")
    assert changed_since("main", "HEAD") == ["one.parquet", "three.parquet"]
    assert len(history(Path("one.parquet"))) == 2


def test_what_git_cannot_tell_is_an_error_and_not_no_change(branch):
    with pytest.raises(UserError, match="git cannot tell what has changed; run `git diff ") as refused:
        changed_since("main", "no-such-commit")
    assert "\n" not in str(refused.value)
    (branch / ".git/index").write_bytes(b"broken")
    with pytest.raises(UserError, match="git cannot tell what has changed"):
        changed_since("main")


def test_the_files_of_a_commit_are_seen_from_the_projects_folder(branch, monkeypatch):
    write("data/deeper/three.parquet", "3")
    assert files_at("main", Path("data")) == [Path("data/one.parquet"), Path("data/two.parquet")]
    assert files_at("main", Path("none")) == []
    monkeypatch.chdir(branch / "data")
    assert files_at("HEAD", Path("deeper")) == []
    commit("deeper")
    assert files_at("HEAD", Path("deeper")) == [Path("deeper/three.parquet")]


def test_without_a_common_commit_it_says_what_to_do(branch):
    git("checkout", "--quiet", "--orphan", "other")
    commit("unrelated")
    with pytest.raises(UserError, match="no commit in common; fetch the whole history"):
        changed_since("main")


def test_without_a_pull_request_the_target_is_the_remotes_main_then_ones_own(branch):
    assert target_of(open_ci()) == "main"
    git("update-ref", "refs/remotes/origin/main", "main")
    assert target_of(open_ci()) == "origin/main"
    git("update-ref", "-d", "refs/remotes/origin/main")
    git("branch", "--quiet", "-D", "main")
    with pytest.raises(UserError, match="no branch main to compare with"):
        target_of(open_ci())


def test_a_pull_request_is_compared_with_the_branch_that_it_goes_to(branch, monkeypatch):
    for name in ("main", "release"):
        git("update-ref", f"refs/remotes/origin/{name}", "main")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_BASE_REF", "release")
    write("new.txt", "not committed")
    assert target_of(open_ci()) == "origin/release"
    assert of_pull_request(open_ci()) == ("origin/release", ["committed.txt"])


def test_the_text_and_the_history_of_a_file(branch):
    for number in "123":
        write("environments/staging.yml", f"version: {number}\n")
        commit(number)
    path = Path("environments/staging.yml")
    assert [text_at(each, path) for each in history(path)] == ["version: 3", "version: 2", "version: 1"]
    assert text_at("main", path) is None and history(Path("none.yml")) == []


names = st.text(st.sampled_from("ab."), min_size=1, max_size=3).filter(lambda name: set(name) != {"."})
paths = st.lists(names, min_size=1, max_size=3).map("/".join)


@given(st.lists(paths), st.lists(paths))
def test_touching_is_being_a_part_or_below_one(changed, parts):
    wanted = [path for path in changed if any(path == part or path.startswith(f"{part}/") for part in parts)]
    assert touching(changed, parts) == wanted
