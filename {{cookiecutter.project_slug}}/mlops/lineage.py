"""What a model version was made from: commit, data, run and CI run."""

import os
import subprocess
from pathlib import Path


def git(*arguments: str, folder: Path = Path()) -> str | None:
    """What git prints, without the final newline; None when git is missing or refuses."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, encoding="utf-8", check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.removesuffix("\n")


def commit_facts(folder: Path = Path()) -> dict[str, str]:
    """The commit and whether files differ from it. `unknown` outside a Git repository, and before its first commit."""
    commit = git("rev-parse", "HEAD", folder=folder)
    if commit is None:
        return {"commit": "unknown", "dirty": "unknown"}
    return {"commit": commit, "dirty": "true" if git("status", "--porcelain", folder=folder) else "false"}


def ci_run_url(environment: dict[str, str] | None = None) -> str:
    """The page of the CI run that this process belongs to; `none` on a laptop."""
    values = dict(os.environ) if environment is None else environment
    if values.get("GITHUB_ACTIONS") == "true":
        return "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}".format_map(values)
    if values.get("TF_BUILD"):
        return "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}".format_map(values)
    return "none"
