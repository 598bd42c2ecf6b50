"""The values of expressions and how one kind becomes another: null, boolean, number, string, list, mapping."""

import re
from collections.abc import Iterator
from typing import Any

from ci.events import PipelineError

Value = Any  # None, bool, float, str, list or dict
NUMBER = re.compile(r"\s*-?(\d+\.?\d*|\.\d+)\s*", re.ASCII)


def text(value: Value) -> str:
    """As it is put into a string: booleans with a capital letter, null as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, str):
        return value
    raise PipelineError("a list or mapping cannot be put into a string")


def truth(value: Value) -> bool:
    """Null, zero and the empty string are false, all else is true, the string `false` too."""
    return value not in (None, False, 0.0, "")


def number(value: Value) -> float | None:
    """None when it is not one. Null and the empty string are zero."""
    if value is None or value == "":
        return 0.0
    if isinstance(value, bool | float):
        return float(value)
    return float(value) if isinstance(value, str) and NUMBER.fullmatch(value) else None


def equal(left: Value, right: Value) -> bool:
    """Whether the right one, made the kind of the left one, is the same; the case of letters does not count."""
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return left is right
    if left is None:
        return right in (None, "")
    if isinstance(left, bool):
        return left == truth(right)
    if isinstance(left, float):
        return left == number(right)
    return left.lower() == text(right).lower()


def less(left: Value, right: Value) -> bool:
    """Whether the left one comes first, compared as the kind that it is."""
    if isinstance(left, str):
        return left.lower() < text(right).lower()
    first, second = number(left), number(right)
    if first is None or second is None:
        raise PipelineError(f"unable to compare {left!r} with {right!r}")
    return first < second


def look_up(collection: Value, key: Value) -> Value:
    """The item of a mapping, in whatever case, or of a list; null when there is none."""
    if isinstance(collection, dict):
        wanted = text(key).lower()
        return next((value for name, value in collection.items() if name.lower() == wanted), None)
    position = number(key)
    if isinstance(collection, list) and position is not None and 0 <= position < len(collection):
        return collection[int(position)]
    return None


def flat(node: Value) -> Iterator[dict[str, Value]]:
    """All mappings of a tree, from the outside in."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        yield from flat(inner)
