"""YAML files that people write, read and checked: a mistake is one line with the file and the key."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from mlops import UserError

if TYPE_CHECKING:
    LOADER = yaml.SafeLoader
else:
    LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is ten times quicker, where there is one


class UniqueKeys(LOADER):
    """YAML as its standard has it: a key that stands twice in a mapping is an error, not a silent loss."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} stands here twice", problem_mark=key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


class Settings(BaseModel):
    """A block of settings: an unknown key, a wrong type or an infinite number is an error; nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


SettingsType = TypeVar("SettingsType", bound=Settings)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file. UserError when it is missing, broken or not a mapping."""
    try:
        return parse_yaml(path.read_text(encoding="utf-8"), path)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run this in the project's folder") from None


def parse_yaml(text: str, path: Path) -> dict[str, Any]:
    """The mapping in the text of that file. UserError when it is broken or not a mapping."""
    try:
        content = yaml.load(text, Loader=UniqueKeys)
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not valid YAML ({' '.join(str(error).split())})") from None
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected keys and values, got {type(content).__name__}")
    return content


def check(kind: type[SettingsType], content: dict[str, Any], path: Path, at: str = "") -> SettingsType:
    """The content, which stands at that key, as settings of that kind. UserError with the file and first wrong key."""
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise UserError(f"{path}: {' '.join(describe(error, at).split())}") from None


def describe(error: ValidationError, at: str = "") -> str:
    """The first mistake in one line, a misspelt key before the one that is missing because of it."""
    first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    key = ".".join(filter(None, [at, *map(str, first["loc"])]))
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        return f"{key}: unknown key"
    if first["type"] == "missing":
        return f"{key}: missing"
    of_block = first["type"] == "value_error" and isinstance(first["input"], dict)  # its message names the key
    if not key or of_block:
        return message
    return f"{key}: {message}, got {first['input']!r}"
