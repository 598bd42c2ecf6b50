"""The checkout of the agent: into an empty folder, no branch, and only as much history as is asked for."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

EVERYTHING = 0


def checkout(remote: Path, commit: str, folder: Path, depth: int, tags: bool) -> None:
    """Put the commit there, with `origin` for the remote. Depth 0 is all history and all branches as origin/*."""
    address = remote.resolve().as_uri()  # a plain path would be copied whole, whatever the depth
    run(folder, "init", "--quiet")
    run(folder, "config", "advice.detachedHead", "false")
    run(folder, "remote", "add", "origin", address)
    limit = [] if depth == EVERYTHING else [f"--depth={depth}"]
    refs = ["+refs/heads/*:refs/remotes/origin/*", commit] if depth == EVERYTHING else [commit]
    run(folder, "fetch", "--quiet", "--tags" if tags else "--no-tags", *limit, "origin", *refs)
    run(folder, "checkout", "--quiet", "--detach", commit)


def run(folder: Path, *arguments: str) -> None:
    """Git, without the configuration of whoever runs the tests."""
    plain: Mapping[str, str] = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_TERMINAL_PROMPT": "0"}
    subprocess.run(["git", *arguments], cwd=folder, env=plain, check=True, capture_output=True)
