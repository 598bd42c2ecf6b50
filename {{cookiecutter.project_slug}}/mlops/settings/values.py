"""New values for keys of a settings file, as text: comments, order and all other lines stay as they are."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from mlops import UserError
from mlops.settings.migration import entries, put
from mlops.settings.reading import parse_yaml


def scalar(value: Any) -> str:
    """A value as YAML in one line, in quotation marks where it needs them."""
    readable = str(value).isprintable()
    return str(yaml.safe_dump([value], default_flow_style=True, allow_unicode=readable, width=10**9)).strip()[1:-1]


def with_values(text: str, block: str, values: Mapping[str, Any], path: Path) -> str:
    """The text of that file with these values in that block; keys that are new to it come at its end.

    UserError, which says what to write by hand, where that cannot be done without changing something else.
    """
    changed, wanted = text, parse_yaml(text, path)
    for name, value in values.items():
        if wanted[block].get(name, ...) != value:  # what is written as it is meant stays
            changed = with_value(changed, block, name, scalar(value))
    wanted[block] = {**wanted[block], **values}
    with suppress(UserError):  # an alias elsewhere stood for what was there
        if parse_yaml(changed, path) == wanted:
            return changed
    lines = ", ".join(f"{name}: {scalar(value)}" for name, value in values.items())
    raise UserError(f"{path}: its block {block} cannot be edited; write there: {lines}")


def with_value(text: str, block: str, name: str, value: str) -> str:
    """The text with one value in that block."""
    there = entries(text)
    if entry := there.get(f"{block}.{name}"):
        return text[: entry.value.start_mark.index] + value + text[entry.value.end_mark.index :]
    inside = [each for key, each in there.items() if key.startswith(f"{block}.") and "." not in key[len(block) + 1 :]]
    if inside and not inside[-1].in_line:
        return put(text, inside[-1].after, [f"{' ' * inside[-1].column}{name}: {value}\n"])
    end = there[block].value.end_mark.index - 1  # the closing brace
    return f"{text[:end]}{', ' if inside else ''}{name}: {value}{text[end:]}"
