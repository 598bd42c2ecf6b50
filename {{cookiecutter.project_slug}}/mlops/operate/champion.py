"""The champion: the model that a challenger is held against."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from mlops import UserError
from mlops.data.files import hash_folder
from mlops.operate.trust import check_trusted
from mlops.platform import Platform, open_platform, version_here
from mlops.repo.git import ask, prefix
from mlops.settings.environments import Manifest, ModelSettings

CHAMPIONS = Path(".mlops") / "champions"
COMMANDS = ("validate_data", "split_data", "train")


@dataclass(frozen=True)
class Champion:
    """folder: the model folder, None before the first promotion. label: what reports call it."""

    folder: Path | None
    label: str


NONE_YET = Champion(None, "none yet")


def without_identity(manifest: Manifest, target: str, data: Path) -> Champion:
    """The champion of the target branch, as near as a pull request from anywhere can come to it."""
    if manifest.platform == "local":
        return fetched(open_platform(manifest), manifest.model)
    return retrained(target, data) if manifest.model.version else NONE_YET


def fetched(platform: Platform, model: ModelSettings) -> Champion:
    """The version that the manifest names. It is fetched once, and again when it is no longer what passed the gate."""
    if model.version is None:
        return NONE_YET
    folder = CHAMPIONS / platform.name / f"{model.name}-{model.version}"
    version = version_here(platform, model.name, model.version)
    check_trusted(version, model)
    if not folder.exists() or hash_folder(folder) != (model.hash or version.model_hash):
        platform.models.download(model.name, model.version, folder)
    return Champion(folder, f"{model.name}:{model.version}")


def retrained(target: str, data: Path) -> Champion:
    """What the target branch's code makes of this data, in the place of a champion that only an identity could fetch.

    UserError when that code does not train on this data.
    """
    commit = ask("rev-parse", target) or target
    folder, tree = CHAMPIONS / f"retrained-{commit}", CHAMPIONS / f"tree-{commit}"
    project = tree / prefix()
    remove_tree(tree)
    shutil.rmtree(folder, ignore_errors=True)
    if ask("worktree", "add", "--detach", str(tree), commit) is None:
        raise UserError(f"{target}: git cannot check it out; fetch the whole history (fetch-depth: 0)")
    try:
        if not project.is_dir():
            raise UserError(f"no champion to compare with: {target} has no folder {prefix()}; merge it there first")
        for name in COMMANDS:
            run_there(project, name, data, target)
        shutil.copytree(project / "out" / "model", folder)
    finally:
        remove_tree(tree)
    return Champion(folder, f"what {target} makes of the same data")


def run_there(project: Path, name: str, data: Path, target: str) -> None:
    """Run that step of the other code, in its own folder. UserError with the last line it printed when it fails."""
    takes_data = [] if name == "train" else ["--data", str(data.resolve())]
    done = subprocess.run(
        [sys.executable, "-m", f"steps.{name}", *takes_data],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project.resolve())},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        words = (done.stdout.strip().splitlines() or ["it said nothing"])[-1]
        raise UserError(f"no champion to compare with: {name} of {target} fails on this data ({words})")


def remove_tree(tree: Path) -> None:
    """Take the other tree away, whatever is left of it."""
    ask("worktree", "remove", "--force", str(tree))
    shutil.rmtree(tree, ignore_errors=True)
    ask("worktree", "prune")
