"""`check`: what GitHub's own language service finds, and what a careful project does not do."""

import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from ci.github.packages import FOLDER, run_node

ACTIONS = json.loads((FOLDER / "actions.json").read_text(encoding="utf-8"))
RUNNERS = {"ubuntu-24.04", "macos-15", "windows-2025"}  # not -latest, which changes by itself
OF_MATRIX = re.compile(r"\$\{\{ matrix\.(\w+) \}\}")
COMMENT = re.compile(r"[\s}]*#\s*(\S+)")
SETUP_UV = "astral-sh/setup-uv"
OUTPUT_OF_STEP = re.compile(r"\bsteps\.([\w-]+)")


def check(*files: Path) -> list[str]:
    """All that is wrong with workflows and actions below a folder `.github`, as `file:line:column: message`."""
    found = []
    for root in dict.fromkeys(map(root_of, files)):
        names = [file.resolve().relative_to(root).as_posix() for file in files if root_of(file) == root]
        found += run_node("check.mjs", {"root": str(root), "files": names, "actions": ACTIONS})
    for file in files:
        rules = (unpinned, unknown_steps, unknown_runners, impossible_defaults, shared_caches)
        found += chain.from_iterable(rule(file) for rule in rules)
    return found


def root_of(file: Path) -> Path:
    """The repository that the file is in."""
    return next(folder.parent for folder in file.resolve().parents if folder.name == ".github")


def unpinned(file: Path) -> list[str]:
    """Actions of others that are not in actions.json, or not at its commit and with its version as a comment."""
    lines = file.read_text(encoding="utf-8").splitlines()
    found = []
    for node in values_of(tree(file), "uses"):
        if node.value.startswith(("./", "$/")):
            continue
        action, _, commit = node.value.partition("@")
        comment = COMMENT.match(lines[node.end_mark.line][node.end_mark.column :])
        known = ACTIONS.get(action)
        if not known:
            found.append(where(file, node, f"{action} is not in actions.json"))
        elif (commit, comment and comment[1]) != (known["commit"], known["version"]):
            found.append(where(file, node, f"expected {action}@{known['commit']} # {known['version']}"))
    return found


def unknown_steps(file: Path) -> Iterator[str]:
    """Outputs of a composite action that name a step which is not there. GitHub takes them for empty."""
    action = dict(pairs(tree(file)))
    known = {node.value for node in values_of(action.get("runs"), "id")}
    for value in values_of(action.get("outputs"), "value"):
        for name in sorted(set(OUTPUT_OF_STEP.findall(value.value)) - known):
            yield where(file, value, f"there is no step '{name}'")


def unknown_runners(file: Path) -> Iterator[str]:
    """Jobs on machines that nobody has, which wait for ever."""
    for node in values_of(tree(file), "runs-on"):
        leg = OF_MATRIX.fullmatch(str(node.value))
        lists = values_of(tree(file), leg[1]) if leg else []
        named = {each.value for values in lists if isinstance(values.value, list) for each in values.value}
        named = named or {str(node.value)}
        if not named <= RUNNERS:
            yield where(file, node, f"runs-on is not one of {', '.join(sorted(RUNNERS))}")


def impossible_defaults(file: Path) -> Iterator[str]:
    """Defaults of a choice that are not among its options."""
    for inputs in values_of(tree(file), "inputs"):
        for _, declaration in pairs(inputs):
            given = dict(pairs(declaration))
            if "options" in given and "default" in given:
                options, default = given["options"].value, given["default"]
                if default.value not in [option.value for option in options]:
                    yield where(file, default, f"'{default.value}' is not one of the options")


def shared_caches(file: Path) -> Iterator[str]:
    """Steps in which setup-uv keeps a cache, as it does untold: a run with rights installs what another put there."""
    for step in walk(tree(file)):
        given = dict(pairs(step))
        if "uses" in given and given["uses"].value.startswith(f"{SETUP_UV}@"):
            asked = dict(pairs(given.get("with"))).get("enable-cache")
            if asked is None or asked.value != "false":
                yield where(file, given["uses"], f"{SETUP_UV} needs `enable-cache: false`")


def tree(file: Path) -> yaml.Node | None:
    """The nodes of the file, which know their lines. None when it is no YAML, which the language service tells."""
    try:
        return yaml.compose(file.read_text(encoding="utf-8"))
    except yaml.YAMLError:
        return None


def values_of(node: Any, name: str) -> Iterator[Any]:
    """The values of every key of that name, however deep."""
    return (value for each in walk(node) for key, value in pairs(each) if key == name)


def walk(node: Any) -> Iterator[Any]:
    """The node and all below it."""
    yield node
    for child in node.value if isinstance(node, yaml.SequenceNode) else [value for _, value in pairs(node)]:
        yield from walk(child)


def pairs(node: Any) -> list[tuple[str, Any]]:
    """Keys and values of a mapping; nothing of another node."""
    return [(key.value, value) for key, value in node.value] if isinstance(node, yaml.MappingNode) else []


def where(file: Path, node: yaml.Node, message: str) -> str:
    place = file.resolve().relative_to(root_of(file)).as_posix()
    return f"{place}:{node.start_mark.line + 1}:{node.start_mark.column + 1}: {message}"
