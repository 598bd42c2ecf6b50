"""What a branch changes, as Git sees it: the ground for deciding what a pull request has to prove."""

from collections.abc import Iterable
from pathlib import Path

from mlops.command import UserError
from mlops.host import Host
from mlops.lineage import git

MAIN = ("origin/main", "main")


def of_pull_request(host: Host) -> tuple[str, list[str]]:
    """The branch that the pull request goes to, and the paths that it changes.

    In CI what is committed counts; on a laptop, where the pull request is yet to be made, the working folder does.
    """
    target = target_of(host)
    return target, changed_since(target, "HEAD" if host.target() else "")


def target_of(host: Host) -> str:
    """The branch that the pull request goes to, or would if this branch had one. UserError when there is no main."""
    if target := host.target():
        return target
    for name in MAIN:
        if git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"):
            return name
    raise UserError(f"{Path.cwd()}: no branch main to compare with; make one, or run without --pull-request")


def parting(target: str) -> str:
    """The commit at which this branch left the target. UserError when there is none."""
    base = git("merge-base", target, "HEAD")
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
    answer = git(*question)
    if answer is None:
        raise UserError(f"{Path.cwd()}: git cannot tell what has changed; run `git {' '.join(question)}` to see why")
    return {*answer.split("\0")} - {""}


def touching(changed: Iterable[str], parts: Iterable[str]) -> list[str]:
    """Those of the changed paths that are one of the parts, or below one."""
    folders = {Path(part) for part in parts}
    return [path for path in changed if folders & {Path(path), *Path(path).parents}]


def text_at(commit: str, path: Path) -> str | None:
    """The file as it was in that commit; None when it was not there."""
    return git("show", f"{commit}:./{path.as_posix()}")


def files_at(commit: str, folder: Path) -> list[Path]:
    """The files in that folder as it was in that commit, sorted."""
    return sorted(map(Path, names("ls-tree", "--name-only", "-z", commit, "--", f"{folder.as_posix()}/")))


def history(path: Path) -> list[str]:
    """The commits that changed the file, newest first."""
    return (git("log", "--format=%H", "--", str(path)) or "").splitlines()
