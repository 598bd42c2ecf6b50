"""What environments/ has to say once there are workspaces: edits of the files' texts, so that nothing else moves."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from mlops import UserError
from mlops.settings.environments import BASE, merge
from mlops.settings.reading import compose, parse_yaml

BLOCK = "workspace"


def edited(texts: Mapping[Path, str], places: Mapping[str, Mapping[str, str | None]]) -> dict[Path, str]:
    """The files that have to change, with their new texts.

    texts: base.yml and each stage's own, by path. places: what each stage's file says of its workspace, by key.
    """
    base = next(path for path in texts if path.name == BASE)
    found = {base: with_values(texts[base], {"platform": "azureml"}, base)}
    shared = parse_yaml(found[base], base)
    for path, text in texts.items():
        if path != base:
            said = merge(shared, parse_yaml(text, path)).get(BLOCK) or {}
            wanted = {f"{BLOCK}.{key}": value for key, value in places[path.stem].items() if said.get(key) != value}
            found[path] = with_values(text, wanted, path)
    return {path: text for path, text in found.items() if text != texts[path]}


def with_values(text: str, values: Mapping[str, str | None], path: Path) -> str:
    """The text with these keys, as `platform` or `workspace.name`: replaced where they stand, else put in."""
    for key, value in values.items():
        block, _, name = key.rpartition(".")
        text = with_value(text, block, name, value, path)
    return text


def with_value(text: str, block: str, name: str, value: str | None, path: Path) -> str:
    """The text with one key of a block, or of the file itself."""
    top = children(node_of(text, path))
    known = children(top.get(block)) if block else top
    if old := known.get(name):
        plain = (
            value if value and isinstance(old, yaml.ScalarNode) and old.style is None and old.value != "null" else None
        )
        return text[: old.start_mark.index] + (plain or json.dumps(value)) + text[old.end_mark.index :]
    line = f"{name}: {json.dumps(value)}"
    if not block or block not in top:
        return f"{text.rstrip()}\n" + (f"{block}:\n  {line}\n" if block else f"{line}\n")
    return below(text, top[block], line, path)


def below(text: str, block: yaml.Node, line: str, path: Path) -> str:
    """The text with one more line at the end of a block. UserError when the block is not written line by line."""
    if not isinstance(block, yaml.MappingNode) or block.flow_style or not block.value:
        raise UserError(f"{path}: {BLOCK}: write it with one key a line, then run it again")
    last = block.value[-1][1].end_mark.index
    ends = text.find("\n", last)
    head, tail = (text, "") if ends < 0 else (text[:ends], text[ends:])
    return f"{head}\n{' ' * block.start_mark.column}{line}{tail or chr(10)}"


def node_of(text: str, path: Path) -> Any:
    """The text as nodes that know where they stand. UserError when it is no YAML."""
    parse_yaml(text, path)
    return compose(text)


def children(node: Any) -> dict[str, yaml.Node]:
    """The values of a mapping by their keys; empty when it is none."""
    return {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}
