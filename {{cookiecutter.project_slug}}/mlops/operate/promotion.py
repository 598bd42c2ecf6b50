"""Changes of the version that a manifest names: made as text, so that nothing else moves, and proposed or committed."""

import re
from pathlib import Path

import yaml

from mlops import UserError
from mlops.ci import CI, Proposal
from mlops.data.files import write_text
from mlops.repo.history import history, text_at
from mlops.settings.reading import compose, read_text

VERSION = re.compile("[1-9][0-9]{0,9}|(?i:null)|~|")  # as a manifest writes it


def version_mark(text: str) -> yaml.Node | None:
    """Where the manifest's text says model.version; None when it does not."""
    try:
        node = compose(text)
    except yaml.YAMLError:
        return None
    for name in ("model", "version"):
        children = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for key, value in children if key.value == name), None)
    return node


def with_version(text: str, version: int | None, path: Path) -> str:
    """The manifest's text with another model.version; every other character stays. UserError when it says none."""
    old = version_mark(text)
    if old is None:
        raise UserError(f"{path}: has no model.version of its own; add `version: null` below `model`")
    return text[: old.start_mark.index] + ("null" if version is None else str(version)) + text[old.end_mark.index :]


def versions_named(path: Path) -> list[int | None]:
    """The versions that the manifest has named in this branch's history, newest first; broken ones named nothing."""
    marks = [version_mark(text_at(commit, path) or "") for commit in history(path)]
    texts = [mark.value for mark in marks if isinstance(mark, yaml.ScalarNode)]
    return [int(text) if text.isdecimal() else None for text in texts if VERSION.fullmatch(text)]


def change(ci: CI, proposal: Proposal, version: int | None, *, commit: bool) -> str:
    """Give the manifest another version, as a pull request or a commit; a refusal leaves the file as it was."""
    (path,) = proposal.paths
    before = read_text(path, "put it right first")
    write_text(path, with_version(before, version, path))
    try:
        return ci.publish(proposal.title, proposal.paths, "deploy") if commit else ci.propose(proposal)
    except UserError:
        write_text(path, before)
        raise
