"""Commits of a few files alone, and branches that are pushed or replaced."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from mlops import UserError
from mlops.repo.git import REMOTE, Account, access, ask, git, identity


def commit(title: str, paths: Sequence[Path], account: Account | None = None) -> str:
    """Commit the files alone where HEAD is, whatever else is changed or staged; the id of the commit."""
    if ask("rev-parse", "--git-dir") is None:
        raise UserError(f"{Path.cwd()}: not a Git repository; run `git init` first: this command makes a commit")
    names = [str(path) for path in paths]
    git("add", "--intent-to-add", "--", *names)  # `commit --only` knows no new files
    git("commit", "--quiet", "--only", "--message", title, "--", *names, variables=identity(account))
    return git("rev-parse", "HEAD")


def take_out(title: str, paths: Sequence[Path], account: Account) -> str:
    """Turn the edits of the files into a commit on top of HEAD that no branch holds, and undo them here; its id.

    HEAD, the index and all other files stay as they are, so that it does not matter what is checked out.
    """
    names = [str(path) for path in paths]
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git("read-tree", "HEAD", variables=index)
        git("add", "--", *names, variables=index)
        tree = git("write-tree", variables=index)
    if tree == git("rev-parse", "HEAD^{tree}"):
        raise UserError(f"{', '.join(names)}: as in the last commit, so there is nothing to propose")
    made = git("commit-tree", tree, "-p", "HEAD", "-m", title, variables=identity(account))
    git("add", "--", *names)  # a new file has to be known before it can be taken away
    git("restore", "--source=HEAD", "--staged", "--worktree", "--", *names)
    return made


def push(commit_id: str, branch: str, account: Account) -> None:
    """Put the commit on the branch. UserError when the branch has moved on, or takes pull requests only."""
    try:
        git("push", "--quiet", REMOTE, f"{commit_id}:refs/heads/{branch}", variables=access(account))
    except UserError as error:
        raise UserError(
            f"{error}; run again if {branch} has moved on; if it takes pull requests only, let project.yml say "
            "`promotion.staging: pull-request`"
        ) from None


def replace(branch: str, commit_id: str, account: Account) -> bool:
    """Make the commit all that is on a branch that is ours alone; False when the same change is there already."""
    opened, ref = access(account), f"refs/heads/{branch}"
    there = git("ls-remote", REMOTE, ref, variables=opened).partition("\t")[0]
    if there:
        git("fetch", "--quiet", "--no-tags", REMOTE, ref, variables=opened)
        if is_same_change(there, commit_id):
            return False
    lease = f"--force-with-lease={ref}:{there}"  # nothing after the colon: only if there is no such branch
    git("push", "--quiet", lease, REMOTE, f"{commit_id}:{ref}", variables=opened)
    return True


def is_same_change(there: str, commit_id: str) -> bool:
    """Whether both make the same files of the same parent.

    The files do not tell alone: what was merged, and reverted since, has to be committed anew to be merged again.
    """
    same_files = git("rev-parse", f"{there}^{{tree}}") == git("rev-parse", f"{commit_id}^{{tree}}")
    return same_files and git("rev-parse", f"{commit_id}^") in git("rev-parse", f"{there}^@").split()


def newest(branch: str, account: Account) -> str:
    """The remote's branch as it is now, as a ref. UserError when it cannot be fetched: what is known may be old."""
    name = f"{REMOTE}/{branch}"
    git("fetch", "--quiet", "--no-tags", REMOTE, f"+refs/heads/{branch}:refs/remotes/{name}", variables=access(account))
    return name


def remote_branch(branch: str, account: Account) -> str:
    """The remote's branch as a ref that is known here; fetched if the checkout left it out."""
    name = f"{REMOTE}/{branch}"
    known = ask("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    return name if known else newest(branch, account)
