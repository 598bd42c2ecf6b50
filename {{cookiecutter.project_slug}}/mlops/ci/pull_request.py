"""The pull request that this run is of, or that this branch would make."""

from pathlib import Path

from mlops import UserError
from mlops.ci import CI
from mlops.repo.changes import changed_since
from mlops.repo.git import ask

MAIN = ("origin/main", "main")


def of_pull_request(ci: CI) -> tuple[str, list[str]]:
    """The branch that the pull request goes to, and the paths that it changes.

    In CI what is committed counts; on a laptop, where the pull request is yet to be made, the working folder does.
    """
    target = target_of(ci)
    return target, changed_since(target, "HEAD" if ci.target() else "")


def target_of(ci: CI) -> str:
    """The branch that the pull request goes to, or would if this branch had one. UserError when there is no main."""
    if target := ci.target():
        return target
    for name in MAIN:
        if ask("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"):
            return name
    raise UserError(f"{Path.cwd()}: no branch main to compare with; make one, or run without --pull-request")
