"""A node of a pipeline's YAML: a value with the file and the key where it stands, so that a mistake can name them."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from mlops import UserError
from mlops.settings.reading import one_line, read_yaml

FOLDERS = ("uri_folder", "mltable", "mlflow_model", "custom_model", "triton_model")
DATA = (*FOLDERS, "uri_file")
LITERALS = {float: "number", int: "integer", bool: "boolean", str: "string"}
TYPES = {  # by level; a level without types has no such key
    "pipeline": ["pipeline"],
    "job": ["command"],
    "component": ["command"],
    "port": [*DATA, *LITERALS.values()],
    "output": FOLDERS,
    "data": DATA,
}
KEYS = {  # those that are read nowhere mean something to Azure ML alone: its SDK checks their values at submission
    "pipeline": "$schema type name display_name experiment_name description tags properties identity compute settings "
    "inputs outputs jobs",
    "settings": "default_compute default_datastore continue_on_step_failure force_rerun",
    "job": "type component inputs outputs compute environment environment_variables resources limits queue_settings "
    "identity display_name description comment tags properties",
    "component": "$schema type name version display_name description tags properties is_deterministic inputs outputs "
    "code environment command resources queue_settings",
    "resources": "instance_type instance_count max_instance_count locations shm_size docker_args properties",
    "port": "type description optional default min max enum mode",
    "output": "type description path mode name version",
    "data": "type path mode datastore",
}
KINDS: Mapping[type, str] = {str: "text", bool: "true or false", float: "a number", list: "a list", dict: "a mapping"}
LONGEST_NAME = 255  # characters of a file or folder
NAME = r"[A-Za-z_][A-Za-z0-9_]*"

Kind = TypeVar("Kind", str, bool, float, list[Any], dict[Any, Any])


@dataclass(frozen=True)
class Node:
    file: Path
    value: Any
    key: str = ""

    def at(self, key: str) -> "Node":
        """What stands at the key in this mapping; None where nothing does."""
        return Node(self.file, self.read(dict, {}).get(key), f"{self.key}.{key}".lstrip("."))

    def mistake(self, text: str) -> UserError:
        """The error to raise for what is wrong here: one line, whatever it quotes."""
        line = ": ".join(filter(None, [os.path.normpath(self.file), self.key, text]))
        return UserError(one_line(line))

    def read(self, kind: type[Kind], default: Kind | None = None) -> Kind:
        """The value, or the default where there is none. UserError when it is missing or of another type."""
        value: Any = default if self.value is None else self.value
        if value is None:
            raise self.mistake("missing")
        if kind is float and type(value) is int:
            value = float(value)
        if not isinstance(value, kind):
            raise self.mistake(f"must be {KINDS[kind]}, got {value!r}")
        return value

    def one_of(self, choices: Iterable[Any]) -> str:
        """The text that stands here. UserError when it is none of these."""
        if self.value not in (choices := list(choices)):
            wrong = "missing" if self.value is None else f"{self.value!r} is unknown"
            raise self.mistake(f"{wrong}; known here: {', '.join(map(str, choices)) or 'nothing'}")
        return str(self.value)

    def check(self, level: str) -> "Node":
        """This, a mapping. UserError when its type or one of its keys is none of that level's."""
        if self.at("type").value is not None:
            self.at("type").one_of(TYPES.get(level, ()))
        for key in self.read(dict, {}):
            if key not in KEYS[level].split():
                raise self.at(key).mistake("unknown key")
        return self

    def children(self, pattern: str = NAME) -> dict[str, "Node"]:
        """What stands in this mapping, by name. UserError at a name that Azure ML would refuse."""
        children = {str(name): self.at(name) for name in self.read(dict, {})}
        for name, child in children.items():
            replace(child, value=name).check_name(pattern)
        return children

    def check_name(self, pattern: str) -> None:
        """UserError when this is a name that Azure ML would refuse. None will do: it finds one itself."""
        if not re.fullmatch(pattern, self.read(str, "none")):
            raise self.mistake(f"Azure ML refuses the name {self.value!r}; it must match {pattern}")

    def path(self, wanted: str) -> Path:
        """The "file" or "folder" that this names, seen from its own file. UserError when it is not there."""
        text = self.read(str)
        if text.startswith("azureml:"):
            raise self.mistake(f"{text} is in a workspace, and this machine needs a {wanted}")
        path = self.file.parent / text
        if max(map(len, path.parts), default=0) > LONGEST_NAME or not path.exists():
            raise self.mistake(f"{text} does not exist, seen from {os.path.normpath(self.file.parent)}")
        if (found := "folder" if path.is_dir() else "file") != wanted:
            raise self.mistake(f"{text} is a {found}, and a {wanted} is wanted")
        return path

    def linked(self) -> "Node":
        """What stands in the file that this names; this itself, if it is no text."""
        if not isinstance(self.value, str):
            return self
        file = replace(self, value=self.value.removeprefix("file:")).path("file")
        return Node(file, read_yaml(file))
