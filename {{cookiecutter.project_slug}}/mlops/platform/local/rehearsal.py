"""The local platform's state, carried from one CI run to the next by a branch that holds nothing else.

A cache is not written by a job that failed on Azure DevOps, and may go at any time on both systems; an artifact is not
found from another pipeline. A branch is there in both, for failed runs too, and shows what it holds.
"""

import secrets
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from mlops import UserError
from mlops.data.artefacts import Artefact
from mlops.data.files import read_json, write_json, write_text
from mlops.platform.local.endpoint_state import STATE_FILE
from mlops.platform.local.records import RECORDS_FILE, is_damage
from mlops.platform.tracking import UNREADABLE, database
from mlops.repo.git import REMOTE, Account, access, git, identity, prefix, root
from mlops.settings.reading import read_text

BRANCH = "mlops-rehearsal"  # followed by the project's name, for two may share a repository
KEPT = ("mlflow.db", "artifacts", "endpoints", "batch")
MADE_ANEW = ("deployments", "logs", "*.lock", f"{RECORDS_FILE}-*", ".*")  # by `apply`
LEFT_OUT = dict.fromkeys(("endpoints", "batch"), shutil.ignore_patterns(*MADE_ANEW))
KEYS = ("key", "scoring_key")  # of an endpoint; no branch holds them
RESTORED = "restored"  # the commit that this state came from
DAMAGED = "delete .mlops and restore it again"


def branch_of(project: str) -> str:
    """The branch that holds the state of the project of that name."""
    return f"{BRANCH}-{project}"


def restore(state: Path, branch: str, account: Account) -> str:
    """Fetch the state into the root folder (`.mlops`); the branch that it came from, or nothing when there is none."""
    if database(state).exists():
        raise UserError(f"{state}: holds a state already, which would be lost; delete the folder first")
    before = newest(branch, account)
    commit, source = before, branch
    if not before and not prefix():  # a project that had its repository to itself may have saved without its name
        commit, source = newest(BRANCH, account), BRANCH
    if commit:
        fetch(state, source, commit, account)
    write_text(state / RESTORED, before)  # last: who failed to restore must not be able to save
    return source if commit else ""


def fetch(state: Path, branch: str, commit: str, account: Account) -> None:
    """Put what the branch's commit holds into the root folder; the endpoints get keys of their own."""
    git("fetch", "--quiet", "--no-tags", "--depth=1", REMOTE, ref(branch), variables=access(account))
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git("read-tree", commit, variables=index)
        # from the top folder: below it, git would check out what lies below it alone
        git("checkout-index", "--all", f"--prefix={state.resolve().as_posix()}/", variables=index, folder=root())
    for path in state.glob(f"endpoints/*/{STATE_FILE}"):
        path.chmod(0o600)  # git has made it for all to read
        fresh = {name: secrets.token_urlsafe(32) for name in KEYS}
        write_json(path, read_json(path, Artefact, DAMAGED) | fresh)
    for path in state.glob(f"endpoints/*/{RECORDS_FILE}"):
        path.chmod(0o600)


def ref(branch: str) -> str:
    return f"refs/heads/{branch}"


def newest(branch: str, account: Account) -> str:
    """The commit that the branch holds now; nothing when there is no such branch."""
    return git("ls-remote", REMOTE, ref(branch), variables=access(account)).partition("\t")[0]


def save(state: Path, branch: str, account: Account) -> None:
    """Make the branch hold this state. UserError when another run has saved since this one restored."""
    before = read_text(state / RESTORED, DAMAGED) if (state / RESTORED).exists() else ""
    commit = commit_of(state, account)
    lease = f"--force-with-lease={ref(branch)}:{before}"  # nothing after the colon: only if there is no such branch
    try:
        git("push", "--quiet", lease, REMOTE, f"{commit}:{ref(branch)}", variables=access(account))
    except UserError as error:
        if newest(branch, account) == before:
            raise
        raise UserError(f"{branch}: another run has saved its state meanwhile; run this one again ({error})") from None
    write_text(state / RESTORED, commit)


def copy_file(source: str, to: str) -> None:
    """Copy the file; of a database what is committed, whatever its router writes meanwhile."""
    if Path(source).name != RECORDS_FILE:
        shutil.copy(source, to)
        return
    with closing(sqlite3.connect(source)) as records, closing(sqlite3.connect(to)) as copy:
        try:
            records.backup(copy)
        except UNREADABLE as error:
            if not is_damage(error):
                raise UserError(f"{source}: cannot be copied ({error}); run this again") from None
            Path(to).unlink()  # the router begins a new one


def commit_of(state: Path, account: Account) -> str:
    """A commit without parents that holds what is kept of the root folder, without the endpoints' keys."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "state"
        copy.mkdir()
        for name in KEPT:
            if (state / name).is_dir():
                shutil.copytree(state / name, copy / name, ignore=LEFT_OUT.get(name), copy_function=copy_file)
            elif (state / name).exists():
                shutil.copy(state / name, copy / name)
        for path in copy.glob(f"endpoints/*/{STATE_FILE}"):
            write_json(path, read_json(path, Artefact, DAMAGED) | dict.fromkeys(KEYS, ""))
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index"), "GIT_WORK_TREE": str(copy)}
        git("add", "--all", "--force", variables=index)
        tree = git("write-tree", variables=index)
    return git("commit-tree", tree, "-m", "The state of the rehearsal", variables=identity(account))
