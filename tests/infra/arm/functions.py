"""The functions of the language that need nothing but what they are given."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from arm.errors import TemplateError
from arm.ids import guid, resource_id, unique_text


def yes_or_no(value: Any) -> bool:
    """A condition has to be one: Azure takes no text for true."""
    if not isinstance(value, bool):
        raise TemplateError(f"{value!r} is not true or false")
    return value


def member(of: Any, key: Any) -> Any:
    """A property, whose case does not count, or the item with a number."""
    if isinstance(of, Mapping):
        for name, value in of.items():
            if name.lower() == str(key).lower():
                return value
        raise TemplateError(f"there is no property {key!r}, but {', '.join(sorted(of)) or 'none at all'}")
    if not isinstance(of, list) or not isinstance(key, int):
        raise TemplateError(f"{key!r} of {of!r} cannot be taken")
    if not 0 <= key < len(of):
        raise TemplateError(f"there is no item {key}, the list has {len(of)}")
    return of[key]


def _concat(*parts: Any) -> Any:
    if isinstance(parts[0], list):
        return [item for part in parts for item in part]
    return "".join(_text(part) for part in parts)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value)
    return json.dumps(value, separators=(",", ":"))


def _format(pattern: str, *values: Any) -> str:
    def fill(found: re.Match[str]) -> str:
        return _text(values[int(found[1])]) if found[1] else found[0][0]

    return re.sub(r"\{\{|\}\}|\{(\d+)\}", fill, pattern)


def _union(*parts: Any) -> Any:
    if isinstance(parts[0], list):
        return list({json.dumps(item, sort_keys=True): item for part in parts for item in part}.values())
    whole: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            both = isinstance(value, dict) and isinstance(whole.get(key), dict)
            whole[key] = _union(whole[key], value) if both else value
    return whole


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(whole, Mapping):
        return str(part).lower() in {key.lower() for key in whole}
    return part in whole


def _substring(text: str, start: int, length: int | None = None) -> str:
    if start + (length or 0) > len(text):
        raise TemplateError(f"{text!r} has no {length} letters from {start}")
    return text[start:] if length is None else text[start : start + length]


def _equals(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _whole(value: Any) -> int:
    if isinstance(value, (bool, list, dict)):
        raise TemplateError(f"{value!r} is not a number")
    return int(value)


PURE: dict[str, Callable[..., Any]] = {
    "add": lambda one, other: _whole(one) + _whole(other),
    "and": lambda *each: all(tuple(map(yes_or_no, each))),
    "array": lambda value: value if isinstance(value, list) else [value],
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "bool": lambda value: value if isinstance(value, bool) else str(value).lower() in {"true", "1"},
    "coalesce": lambda *each: next((one for one in each if one is not None), None),
    "concat": _concat,
    "contains": _contains,
    "createarray": lambda *items: list(items),
    "createobject": lambda *parts: dict(zip(parts[0::2], parts[1::2], strict=True)),
    "div": lambda one, other: int(one / other),
    "empty": lambda value: value is None or len(value) == 0,
    "endswith": lambda text, end: text.lower().endswith(end.lower()),
    "equals": _equals,
    "extensionresourceid": resource_id,
    "false": lambda: False,
    "first": lambda whole: whole[0] if whole else ("" if isinstance(whole, str) else None),
    "flatten": lambda lists: [item for one in lists for item in one],
    "format": _format,
    "greater": lambda one, other: one > other,
    "greaterorequals": lambda one, other: one >= other,
    "guid": guid,
    "indexof": lambda text, part: text.lower().find(part.lower()),
    "int": _whole,
    "intersection": lambda one, other: [item for item in one if item in other],
    "join": lambda items, between: between.join(_text(item) for item in items),
    "json": json.loads,
    "last": lambda whole: whole[-1] if whole else ("" if isinstance(whole, str) else None),
    "length": len,
    "less": lambda one, other: one < other,
    "lessorequals": lambda one, other: one <= other,
    "max": lambda *each: max(each[0] if isinstance(each[0], list) else each),
    "min": lambda *each: min(each[0] if isinstance(each[0], list) else each),
    "mod": lambda one, other: one % other,
    "mul": lambda one, other: _whole(one) * _whole(other),
    "not": lambda value: not yes_or_no(value),
    "null": lambda: None,
    "or": lambda *each: any(tuple(map(yes_or_no, each))),
    "padleft": lambda text, width, fill=" ": str(text).rjust(width, fill),
    "range": lambda start, count: list(range(start, start + count)),
    "replace": lambda text, old, new: text.replace(old, new),
    "skip": lambda whole, count: whole[count:],
    "split": lambda text, at: text.split(at) if isinstance(at, str) else re.split("|".join(map(re.escape, at)), text),
    "startswith": lambda text, start: text.lower().startswith(start.lower()),
    "string": _text,
    "sub": lambda one, other: _whole(one) - _whole(other),
    "substring": _substring,
    "take": lambda whole, count: whole[:count],
    "tenantresourceid": lambda kind, *names: resource_id("", kind, *names),
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "true": lambda: True,
    "union": _union,
    "uniquestring": unique_text,
    "uri": lambda base, more: base.rstrip("/") + "/" + more.lstrip("/"),
    "uricomponent": lambda text: quote(text, safe=""),
}
