"""Settings files from one version of the template to another, as text: all but the keys concerned stays as it is.

PyYAML says where each key and value stands, and the text is cut there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from mlops import UserError
from mlops.settings.reading import compose, one_line

FREE = "model."  # the estimator's own keys: none of them is the template's to add


@dataclass(frozen=True)
class Entry:
    """A key with its value: where they stand in the text. Lines count from 0; `after` is the first one behind it."""

    key: yaml.Node
    value: yaml.Node
    in_line: bool  # within {braces}

    @property
    def line(self) -> int:
        return int(self.key.start_mark.line)

    @property
    def column(self) -> int:
        return int(self.key.start_mark.column)

    @property
    def after(self) -> int:
        return max(self.line + 1, end(self.value))  # what an alias stands for is further up


def end(node: yaml.Node) -> int:
    """The first line behind the node. (A block's own mark is behind the comments that follow it.)"""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.line) + (node.end_mark.column > 0)


def entries(text: str) -> dict[str, Entry]:
    """All keys, dotted, in their order. UserError when the text is not YAML."""
    try:
        return dict(below(compose(text), ""))
    except yaml.YAMLError as error:
        raise UserError(f"not valid YAML ({one_line(error)})") from None


def below(node: yaml.Node | None, prefix: str) -> Iterator[tuple[str, Entry]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield f"{prefix}{key.value}", Entry(key, value, bool(node.flow_style))
            yield from below(value, f"{prefix}{key.value}.")


def parent(key: str) -> str:
    """`gate` of `gate.alpha`; nothing of `gate`."""
    return key.rpartition(".")[0]


def migrate(mine: str, old: str, new: str, renamed: Mapping[str, str | None]) -> tuple[str, list[str]]:
    """The user's text for the new version, and a line for each thing done to it.

    Keys are renamed as told, and those that the new text has beyond the old one are put in with their comments.
    """
    done, moves, there = [], {}, entries(mine)
    for key, name in renamed.items():
        stays = name and parent(name) == parent(key)
        if key not in there or name in there or (there[key].in_line and not stays):
            continue
        if name and not stays:
            moves[key] = name
        else:
            mine = rename(mine, key, name) if name else remove(mine, key)
        done.append(f"{key} -> {name}" if name else f"{key}: taken out")
    mine, added = insert(mine, old, new)
    for key, name in moves.items():
        mine = move(mine, key, name)
    return mine, done + [f"{key}: new" for key in added if key not in moves.values()]


def rename(text: str, key: str, name: str) -> str:
    """The key under its new name, in its old place."""
    node = entries(text)[key].key
    return text[: node.start_mark.index] + name.rpartition(".")[2] + text[node.end_mark.index :]


def remove(text: str, key: str) -> str:
    """The text without the lines of that key."""
    entry, lines = entries(text)[key], text.splitlines(keepends=True)
    return "".join(lines[: entry.line] + lines[entry.after :])


def move(text: str, key: str, name: str) -> str:
    """The key's value under a name in another block, which begins in the key's place unless it is there."""
    there, (block, last) = entries(text), name.rsplit(".", 1)
    entry, lines = there[key], text.splitlines(keepends=True)
    if name in there:
        node = there[name].value
        return remove(text[: node.start_mark.index] + source(text, entry.value) + text[node.end_mark.index :], key)
    line = lines[entry.line][entry.column :].replace(key.rpartition(".")[2], last, 1)
    first = next((each for other, each in there.items() if parent(other) == block), None)
    if first and first.in_line:
        at = first.key.start_mark.index
        return remove(f"{text[:at]}{last}: {source(text, entry.value)}, {text[at:]}", key)
    if block in there:
        indent = " " * (first.column if first else 2)
        return remove(put(text, there[block].line + 1, [indent + line.rstrip("\n") + "\n"]), key)
    lines[entry.line] = f"{block}:\n  {line}"
    return "".join(lines)


def source(text: str, node: yaml.Node) -> str:
    """How the node is written."""
    return text[node.start_mark.index : node.end_mark.index]


def insert(mine: str, old: str, new: str) -> tuple[str, list[str]]:
    """The text with the keys that `new` has and `old` has not, unless it has them or lacks their block; their names."""
    before, after, there, added = entries(old), entries(new), entries(mine), []
    for key, entry in after.items():
        if key in before or key in there or entry.in_line or key.startswith(FREE):
            continue
        beside = [each for each in after if parent(each) == parent(key)]
        earlier = [each for each in beside[: beside.index(key)] if each in there]
        first = next((there[each] for each in there if parent(each) == parent(key)), None)
        if first and not first.in_line:
            place = there[earlier[-1]].after if earlier else first.line
            mine = put(mine, place, block(new, entry, first.column))
            there = entries(mine)
            added.append(key)
    return mine, added


def put(text: str, line: int, lines: list[str]) -> str:
    """The text with those lines before that line."""
    own = text.splitlines(keepends=True)
    if own and not own[-1].endswith("\n"):
        own[-1] += "\n"
    return "".join(own[:line] + lines + own[line:])


def block(text: str, entry: Entry, column: int) -> list[str]:
    """The entry's lines, begun at that column, with the comment lines above it and the empty one above these."""
    lines, first = text.splitlines(keepends=True), entry.line
    while first and lines[first - 1].startswith(" " * entry.column + "#"):
        first -= 1
    if first == 0:  # a comment that begins the file is about all of it
        first = entry.line
    elif not entry.column and not lines[first - 1].strip():
        first -= 1
    return [" " * column + line[entry.column :] if line.strip() else line for line in lines[first : entry.after]]
