"""Changes of the version that a manifest names: made as text, so that nothing else moves, and proposed or committed."""

import json
from pathlib import Path

import yaml

from mlops import UserError
from mlops.ci import CI, Proposal
from mlops.data.files import write_text
from mlops.repo.history import Named
from mlops.settings.reading import compose, read_text


def model_keys(text: str) -> dict[str, yaml.Node]:
    """Where the manifest's text gives the keys below `model` their values; empty when there are none."""
    try:
        node = compose(text)
    except yaml.YAMLError:
        return {}
    return children_of(children_of(node).get("model"))


def children_of(node: yaml.Node | None) -> dict[str, yaml.Node]:
    """The values of a mapping by their keys; empty when it is none."""
    return {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}


def with_named(text: str, named: Named, path: Path) -> str:
    """The manifest's text naming that; every other character stays. UserError when it names no version of its own."""
    if "version" not in model_keys(text):
        raise UserError(f"{path}: has no model.version of its own; add `version: null` below `model`")
    for key, value in named._asdict().items():
        text = with_value(text, key, value)
    return text


def with_value(text: str, key: str, value: int | str | None) -> str:
    """The text with that key below `model`: replaced, or put after the version where it has a value to show."""
    keys, shown = model_keys(text), json.dumps(value, ensure_ascii=False)
    if old := keys.get(key):
        return text[: old.start_mark.index] + shown + text[old.end_mark.index :]
    if value is None:
        return text
    version = keys["version"]
    in_braces = text[version.end_mark.index :].lstrip(" ")[:1] in {",", "}"}
    line_ends = text.find("\n", version.end_mark.index)
    at = version.end_mark.index if in_braces else line_ends if line_ends >= 0 else len(text)
    indent = " " * (text[: version.start_mark.index].rsplit("\n", 1)[-1].find("version"))
    return text[:at] + (f", {key}: {shown}" if in_braces else f"\n{indent}{key}: {shown}") + text[at:]


def change(ci: CI, proposal: Proposal, named: Named, *, commit: bool) -> str:
    """Let the manifest name another version, as a pull request or a commit; a refusal leaves the file as it was."""
    (path,) = proposal.paths
    before = read_text(path, "put it right first")
    write_text(path, with_named(before, named, path))
    try:
        return ci.publish(proposal.title, proposal.paths, "deploy") if commit else ci.propose(proposal)
    except UserError:
        write_text(path, before)
        raise
