"""The functions of expressions, by lower-case name. All arguments are evaluated first: none has an effect."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from ci.azure_devops.values import Value, equal, less, text, truth
from ci.events import PipelineError

MANY = 99
PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\d+)\}")


@dataclass(frozen=True)
class Function:
    """How many arguments it takes, and what it gives."""

    least: int
    most: int
    call: Callable[..., Value]


def contains(whole: Value, part: Value) -> bool:
    return text(part).lower() in text(whole).lower()


def contains_value(collection: Value, wanted: Value) -> bool:
    items = collection.values() if isinstance(collection, dict) else collection
    return any(equal(wanted, item) for item in items)


def coalesce(*values: Value) -> Value:
    return next((value for value in values if value not in (None, "")), None)


def formatted(pattern: Value, *values: Value) -> str:
    def fill(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0][0]
        if int(match[1]) >= len(values):
            raise PipelineError(f"format: there is no argument {match[1]}")
        return text(values[int(match[1])])

    return PLACEHOLDER.sub(fill, text(pattern))


def joined(separator: Value, items: Value) -> str:
    return text(separator).join(map(text, items)) if isinstance(items, list) else text(items)


def split(value: Value, separators: Value) -> list[Value]:
    """Cut at each of the characters, not at the whole of them."""
    pattern = "|".join(re.escape(character) for character in text(separators))
    return list(re.split(pattern, text(value))) if pattern else [text(value)]


def length(value: Value) -> float:
    return float(len(value if isinstance(value, list | dict) else text(value)))


FUNCTIONS = {
    "and": Function(2, MANY, lambda *values: all(map(truth, values))),
    "or": Function(2, MANY, lambda *values: any(map(truth, values))),
    "xor": Function(2, 2, lambda left, right: truth(left) != truth(right)),
    "not": Function(1, 1, lambda value: not truth(value)),
    "iif": Function(3, 3, lambda condition, yes, no: yes if truth(condition) else no),
    "eq": Function(2, 2, equal),
    "ne": Function(2, 2, lambda left, right: not equal(left, right)),
    "lt": Function(2, 2, less),
    "ge": Function(2, 2, lambda left, right: not less(left, right)),
    "le": Function(2, 2, lambda left, right: less(left, right) or equal(left, right)),
    "gt": Function(2, 2, lambda left, right: not less(left, right) and not equal(left, right)),
    "in": Function(1, MANY, lambda value, *choices: any(equal(value, choice) for choice in choices)),
    "notin": Function(1, MANY, lambda value, *choices: not any(equal(value, choice) for choice in choices)),
    "contains": Function(2, 2, contains),
    "containsvalue": Function(2, 2, contains_value),
    "startswith": Function(2, 2, lambda whole, part: text(whole).lower().startswith(text(part).lower())),
    "endswith": Function(2, 2, lambda whole, part: text(whole).lower().endswith(text(part).lower())),
    "coalesce": Function(2, MANY, coalesce),
    "format": Function(1, MANY, formatted),
    "join": Function(2, 2, joined),
    "split": Function(2, 2, split),
    "replace": Function(3, 3, lambda value, old, new: text(value).replace(text(old), text(new))),
    "lower": Function(1, 1, lambda value: text(value).lower()),
    "upper": Function(1, 1, lambda value: text(value).upper()),
    "trim": Function(1, 1, lambda value: text(value).strip()),
    "length": Function(1, 1, length),
    "converttojson": Function(1, 1, lambda value: json.dumps(value, indent=2)),
}

# How many names of jobs or stages each takes. What they answer is for the caller of `evaluate` to say.
STATUS_FUNCTIONS = {"always": 0, "canceled": 0, "failed": MANY, "succeeded": MANY, "succeededorfailed": MANY}
