"""Pipeline files as the server reads them: every scalar is a string, and each knows where it stands."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from ci.events import PipelineError

Node = Any  # a Text, or a list or mapping of nodes
Files = Callable[[str], str | None]  # the text of a file by its path in the repository; None if there is no such file


class Text(str):
    """A scalar of a file. where: `path:line`, for messages."""

    where: str = ""


def placed(text: str, where: str) -> Text:
    """The text with its place."""
    result = Text(text)
    result.where = where
    return result


def refuse(text: str, message: str) -> PipelineError:
    """The error about a scalar, led by its place when that is known."""
    where = getattr(text, "where", "")
    return PipelineError(f"{where}: {message}" if where else message)


class Loader(yaml.BaseLoader):
    """YAML without types, anchors and repeated keys, none of which the server takes."""

    path = ""

    def place(self, mark: yaml.Mark) -> str:
        return f"{self.path}:{mark.line + 1}"

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise PipelineError(f"{self.place(event.start_mark)}: anchors are not supported")
        return super().compose_node(parent, index)

    def construct_scalar(self, node: yaml.ScalarNode) -> Text:
        return placed(super().construct_scalar(node), self.place(node.start_mark))

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Text, Node]:
        result = super().construct_mapping(node, deep)
        if len(result) < len(node.value):
            raise PipelineError(f"{self.place(node.start_mark)}: a key of this mapping appears twice")
        return result


def parse(path: str, text: str) -> dict[Text, Node]:
    """The mapping that a pipeline or template file is."""
    loader = type("FileLoader", (Loader,), {"path": path})
    try:
        document = yaml.load(text, loader)
    except yaml.YAMLError as error:
        raise PipelineError(f"{path}: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict):
        raise PipelineError(f"{path}: expected a mapping")
    return document


def load(path: str, files: Files) -> dict[Text, Node]:
    """The same, read from the repository."""
    text = files(path)
    if text is None:
        raise PipelineError(f"{path}: no such file in the repository")
    return parse(path, text)


def committed(remote: Path, commit: str) -> Files:
    """The files of a commit of a bare repository."""

    def read(path: str) -> str | None:
        command = ["git", "--git-dir", str(remote), "cat-file", "blob", f"{commit}:{path}"]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        return done.stdout if done.returncode == 0 else None

    return read
