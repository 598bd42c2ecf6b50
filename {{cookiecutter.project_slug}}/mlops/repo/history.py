"""The manifests as they were in other commits, and the versions that they named."""

from pathlib import Path
from typing import NamedTuple

from mlops import UserError
from mlops.repo.changes import names
from mlops.repo.git import ask
from mlops.settings.environments import BASE, FOLDER, Manifest, ModelSettings, environments, manifest_of, names_of
from mlops.settings.reading import check, parse_yaml, read_text


class Named(NamedTuple):
    """What a manifest says of its version: its number, the hash of its content, why it serves without a verdict."""

    version: int | None
    hash: str | None = None
    unverified: str | None = None


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


def named_in(text: str, path: Path) -> Named | None:
    """What that text of the manifest names; None when it is broken or names nothing."""
    try:
        content = check(ModelSettings, {"name": "any", **parse_yaml(text, path)["model"]}, path)
    except (UserError, KeyError, TypeError):
        return None
    return Named(content.version, content.hash, content.unverified)


def named(path: Path) -> list[Named]:
    """What the manifest has named in this branch's history, newest first."""
    found = [named_in(text_at(commit, path) or "", path) for commit in history(path)]
    return [each for each in found if each]


def pinned(version: int, folder: Path = FOLDER) -> set[str]:
    """The hashes that any manifest, as it is or as it was, gives the content of that version; empty: none names it."""
    paths = [folder / f"{name}.yml" for name in environments(folder)]
    now = [named_in(read_text(path, "put it right first"), path) for path in paths]
    every = [*now, *(each for path in paths for each in named(path))]
    return {each.hash for each in every if each and each.version == version and each.hash}
