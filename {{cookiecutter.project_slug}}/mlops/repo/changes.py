"""What a branch changes, as Git sees it: the ground for deciding what a pull request has to prove."""

from collections.abc import Iterable
from pathlib import Path

from mlops import UserError
from mlops.repo.git import ask


def parting(target: str) -> str:
    """The commit at which this branch left the target. UserError when there is none."""
    base = ask("merge-base", target, "HEAD")
    if base is None:
        raise UserError(f"{target} and this branch have no commit in common; fetch the whole history (fetch-depth: 0)")
    return base


def changed_since(target: str, until: str = "") -> list[str]:
    """Paths that differ between where this branch left the target and the commit, or the working folder. Sorted.

    Names as they are (-z quotes none); a file that was moved counts in both places.
    """
    commits = [parting(target), until] if until else [parting(target)]
    differing = names("diff", "--name-only", "--no-renames", "--relative", "-z", *commits, "--")
    new = set() if until else names("ls-files", "--others", "--exclude-standard", "-z")
    return sorted(differing | new)


def names(*question: str) -> set[str]:
    """The paths that git answers. UserError when it refuses: no answer must not pass for none."""
    answer = ask(*question)
    if answer is None:
        raise UserError(f"{Path.cwd()}: git cannot tell what has changed; run `git {' '.join(question)}` to see why")
    return {*answer.split("\0")} - {""}


def touching(changed: Iterable[str], parts: Iterable[str]) -> list[str]:
    """Those of the changed paths that are one of the parts, or below one."""
    folders = {Path(part) for part in parts}
    return [path for path in changed if folders & {Path(path), *Path(path).parents}]
