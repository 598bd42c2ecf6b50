"""The values of a template's parameters: as declared, or refused."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from arm.errors import TemplateError

TYPES: dict[str, type] = {
    "array": list,
    "bool": bool,
    "int": int,
    "object": dict,
    "secureobject": dict,
    "securestring": str,
    "string": str,
}
LIMITS: dict[str, Callable[[Any, Any], bool]] = {
    "minLength": lambda value, limit: len(value) >= limit,
    "maxLength": lambda value, limit: len(value) <= limit,
    "minValue": lambda value, limit: value >= limit,
    "maxValue": lambda value, limit: value <= limit,
}


def undeclared(declared: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[str]:
    """The names of what is given and not asked for."""
    names = {name.lower() for name in declared}
    yield from (name for name in given if name.lower() not in names)


def value_of(name: str, declared: Mapping[str, Any], given: Mapping[str, Any], default: Callable[[Any], Any]) -> Any:
    """The value of one parameter, else its default, which is evaluated."""
    found = next((part for key, part in given.items() if key.lower() == name.lower()), None)
    if found is not None:
        if "value" not in found:
            raise TemplateError(f"parameter {name!r} has no 'value', but {', '.join(found) or 'nothing'}")
        value = found["value"]
    elif "defaultValue" in declared:
        value = default(declared["defaultValue"])
    elif declared.get("nullable"):
        return None
    else:
        raise TemplateError(f"parameter {name!r} has no value")
    check(name, declared, value)
    return value


def check(name: str, declared: Mapping[str, Any], value: Any) -> None:
    """Refuse a value of another type or outside the limits."""
    kind = str(declared.get("type", "")).lower()
    if kind not in TYPES:
        raise TemplateError(f"parameter {name!r} has a type that is none: {declared.get('type')!r}")
    if value is None and declared.get("nullable"):
        return
    if not isinstance(value, TYPES[kind]) or (kind == "int" and isinstance(value, bool)):
        raise TemplateError(f"parameter {name!r} takes {declared['type']}, not {value!r}")
    _check_choice(name, declared, value)
    for limit, holds in LIMITS.items():
        if limit in declared and not holds(value, declared[limit]):
            raise TemplateError(f"parameter {name!r}: {value!r} is outside {limit} {declared[limit]}")


def _check_choice(name: str, declared: Mapping[str, Any], value: Any) -> None:
    """Of a list, each item may have to be one of the allowed."""
    allowed = declared.get("allowedValues")
    if allowed is None or value in allowed:
        return
    wrong = [item for item in value if item not in allowed] if isinstance(value, list) else [value]
    if wrong:
        raise TemplateError(f"parameter {name!r}: {wrong[0]!r} is none of {allowed}")
