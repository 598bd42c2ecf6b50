"""What is fetched from a registry must be what its verdict was about: checked here before anything of it is loaded."""

from collections.abc import Collection
from pathlib import Path

from mlops import TamperedError
from mlops.data.files import hash_folder
from mlops.platform import ModelVersion


def check_content(version: ModelVersion, folder: Path, named: Collection[str], *, by_git_alone: bool = False) -> None:
    """TamperedError unless the folder's content is what Git names for the version, or else what its own tag names.

    named: the hashes that the manifests give this version, now and in their history. by_git_alone: the tag counts for
    nothing, because whoever could change the content could change the tag.
    """
    what = f"model {version.name}:{version.version}"
    if by_git_alone and not named:
        raise TamperedError(
            f"{what}: no manifest in this branch's history names it with its hash, and the registry came from a branch"
            f" that others may push to; not used. Write its hash as model.hash into environments/ if you know it"
        )
    wanted = set(named) or {version.model_hash} - {None}
    if wanted and hash_folder(folder) not in wanted:
        source = "model.hash in environments/" if named else "the hash in its tags"
        raise TamperedError(f"{what}: its content is not what {source} says; not used. Train and register it again")
