"""The manifests as they were in other commits."""

from pathlib import Path

from mlops.repo.changes import names
from mlops.repo.git import ask
from mlops.settings.environments import BASE, FOLDER, Manifest, manifest_of, names_of
from mlops.settings.reading import parse_yaml


def text_at(commit: str, path: Path) -> str | None:
    """The file as it was in that commit; None when it was not there."""
    return ask("show", f"{commit}:./{path.as_posix()}")


def files_at(commit: str, folder: Path) -> list[Path]:
    """The files in that folder as it was in that commit, sorted."""
    return sorted(map(Path, names("ls-tree", "--name-only", "-z", commit, "--", f"{folder.as_posix()}/")))


def history(path: Path) -> list[str]:
    """The commits that changed the file, newest first."""
    return (ask("log", "--format=%H", "--", str(path)) or "").splitlines()


def environments_at(commit: str, folder: Path = FOLDER) -> list[str]:
    """The names of all environments in that commit, sorted."""
    return names_of(files_at(commit, folder))


def manifest_at(commit: str, environment: str, folder: Path = FOLDER) -> Manifest | None:
    """The environment's manifest in that commit; None when there was none."""
    base, path = folder / BASE, folder / f"{environment}.yml"
    texts = text_at(commit, base), text_at(commit, path)
    if texts[0] is None or texts[1] is None:
        return None
    return manifest_of(parse_yaml(texts[0], base), parse_yaml(texts[1], path), path)
