"""Git as a process: commits of a few files alone, and pushes that show their token to nobody."""

import base64
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from mlops import lineage
from mlops.command import UserError

REMOTE = "origin"


@dataclass(frozen=True)
class Account:
    """Who commits where nobody else is named, and what opens the remote."""

    name: str
    email: str
    user: str
    token: str = field(repr=False)


def git(*arguments: str, variables: Mapping[str, str] | None = None) -> str:
    """What git prints. UserError in one line when it refuses; it never stops to ask for a password."""
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", **(variables or {})}
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, env=environment, check=False)
    except OSError as error:
        raise UserError(f"git does not start ({error}); install it") from None
    said = (done.stderr or done.stdout if done.returncode else done.stdout).decode(errors="replace")
    if done.returncode:
        raise UserError(f"git refused the {arguments[0]}: {' '.join(said.split())}")
    return said.strip()


def commit(title: str, paths: Sequence[Path], account: Account | None = None) -> str:
    """Commit the files alone where HEAD is, whatever else is changed or staged; the id of the commit."""
    if lineage.git("rev-parse", "--git-dir") is None:
        raise UserError(f"{Path.cwd()}: not a Git repository; run `git init` first: what is asked for is a commit")
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
    """Put the commit on the branch. UserError when the branch has moved on."""
    git("push", "--quiet", REMOTE, f"{commit_id}:refs/heads/{branch}", variables=access(account))


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


def remote_branch(branch: str, account: Account) -> str:
    """The remote's branch as a ref that is known here; fetched if the checkout left it out."""
    name = f"{REMOTE}/{branch}"
    if lineage.git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") is None:
        refs = f"+refs/heads/{branch}:refs/remotes/{name}"
        git("fetch", "--quiet", "--no-tags", REMOTE, refs, variables=access(account))
    return name


def identity(account: Account | None) -> dict[str, str]:
    """Variables that name the account on commits; none when the configuration names somebody."""
    if account is None or lineage.git("config", "user.email"):
        return {}
    names = {f"GIT_{role}_NAME": account.name for role in ("AUTHOR", "COMMITTER")}
    emails = {f"GIT_{role}_EMAIL": account.email for role in ("AUTHOR", "COMMITTER")}
    return {key: value for key, value in {**names, **emails}.items() if key not in os.environ}


def access(account: Account) -> dict[str, str]:
    """Variables that send the token to an http(s) remote, and nowhere else: no address, argument or file holds it."""
    address = urlsplit(git("remote", "get-url", "--push", REMOTE))
    if address.scheme not in ("http", "https") or not account.token:
        return {}
    secret = base64.b64encode(f"{account.user}:{account.token}".encode()).decode()
    key = f"http.{address.scheme}://{address.netloc.rpartition('@')[2]}/.extraheader"
    first = int(os.environ.get("GIT_CONFIG_COUNT", "0"))
    return {
        "GIT_CONFIG_COUNT": str(first + 2),
        f"GIT_CONFIG_KEY_{first}": key,
        f"GIT_CONFIG_VALUE_{first}": "",  # forgets what a checkout left there: servers refuse two such headers
        f"GIT_CONFIG_KEY_{first + 1}": key,
        f"GIT_CONFIG_VALUE_{first + 1}": f"AUTHORIZATION: basic {secret}",
    }
