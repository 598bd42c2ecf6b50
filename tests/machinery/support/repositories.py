"""A bare repository, and a checkout of it as a CI system makes one: one commit, on no branch."""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

STAGING = Path("environments") / "staging.yml"
FILES = {
    "environments/staging.yml": "model: {name: flights, version: 7}\n",
    "environments/production.yml": "model: {name: flights, version: 6}\n",
    ".github/workflows/train.yml": "on:\n  workflow_dispatch:\n",
    "README.md": "flights\n",
}
NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}  # who runs the tests must not matter
SOMEBODY = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")

FIRST = TemporaryDirectory(prefix="repositories-")  # each kind of repository is made there once, then copied


def git(*arguments, folder=None):
    """What git prints there, or in the current folder."""
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return done.stdout.strip()


def make_repository(folder):
    """A bare repository with one commit on main."""
    made = Path(FIRST.name) / "small"
    if not made.exists():
        made.mkdir()
        make_first(made / "flights.git", made / "work")
    return Path(shutil.copytree(made / "flights.git", folder / "flights.git"))


def make_first(bare, first):
    """The repository that all others are copies of, and a clone of it."""
    git("init", "--quiet", "--bare", "--initial-branch", "main", str(bare))
    git("clone", "--quiet", str(bare), str(first))
    for name, text in FILES.items():
        (first / name).parent.mkdir(parents=True, exist_ok=True)
        (first / name).write_text(text, encoding="utf-8")
    git("add", ".", folder=first)
    git(*SOMEBODY, "commit", "--quiet", "--message", "first", folder=first)
    git("push", "--quiet", "origin", "HEAD:main", folder=first)


def check_out(bare, folder, remote):
    """A clone of the last commit alone, with HEAD on no branch and that address as `origin`."""
    git("clone", "--quiet", "--depth", "1", bare.as_uri(), str(folder))
    git("checkout", "--quiet", "--detach", folder=folder)
    git("remote", "set-url", "origin", remote, folder=folder)
    return folder


def add_commit(bare, folder, branch="main"):
    """A commit that somebody else pushes to the branch."""
    git("clone", "--quiet", str(bare), str(folder))
    (folder / "README.md").write_text("moved on\n", encoding="utf-8")
    git(*SOMEBODY, "commit", "--quiet", "--all", "--message", "other", folder=folder)
    git("push", "--quiet", "origin", f"HEAD:{branch}", folder=folder)


def files_of(bare, commit):
    """The names of the files that the commit changes."""
    return git("show", "--name-only", "--format=", commit, folder=bare).splitlines()
