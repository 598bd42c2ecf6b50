"""What Azure sees in a template before it evaluates anything: also in what no condition lets through."""

from collections.abc import Iterator, Mapping
from typing import Any

from arm.errors import TemplateError
from arm.expressions import Call, Literal, calls, is_expression, parse
from arm.functions import PURE
from arm.scope import Scope
from arm.surroundings import SURROUNDINGS

PARTS = {"$schema", "contentVersion", "languageVersion", "metadata", "parameters", "variables", "resources", "outputs"}


def check(template: Mapping[str, Any]) -> None:
    """Refuse an unknown part or function, and a parameter or variable that is not declared; modules too."""
    for key in template.keys() - PARTS:
        raise TemplateError(f"a template has no part {key!r}")
    if "$schema" not in template or "contentVersion" not in template or "resources" not in template:
        raise TemplateError("a template has '$schema', 'contentVersion' and 'resources'")
    variables = template.get("variables", {})
    names = {
        "parameters": {name.lower() for name in template.get("parameters", {})},
        "variables": {name.lower() for name in variables} | {one["name"].lower() for one in variables.get("copy", [])},
    }
    for call in _calls(template):
        _check_call(call, names)


def _check_call(call: Call, names: Mapping[str, set[str]]) -> None:
    known = call.function == "if" or call.function in PURE.keys() | SURROUNDINGS.keys()
    if not known and not hasattr(Scope, f"call_{call.function}"):
        raise TemplateError(f"there is no function {call.function!r}")
    if call.function in names and call.arguments and isinstance(call.arguments[0], Literal):
        name = str(call.arguments[0].value)
        if name.lower() not in names[call.function]:
            raise TemplateError(f"{call.function.removesuffix('s')} {name!r} is not declared")


def _calls(part: Any) -> Iterator[Call]:
    """Every call within a part of a template. A nested template is one of its own."""
    if isinstance(part, Mapping):
        for key, item in part.items():
            if isinstance(item, Mapping) and "$schema" in item and "resources" in item:
                check(item)
            else:
                yield from _calls(key)
                yield from _calls(item)
    elif isinstance(part, list):
        for item in part:
            yield from _calls(item)
    elif isinstance(part, str) and is_expression(part):
        yield from calls(parse(part))
