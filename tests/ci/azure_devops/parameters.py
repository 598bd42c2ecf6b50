"""Typed parameters of pipelines and templates."""

from collections.abc import Mapping

from ci.azure_devops.loading import Node
from ci.azure_devops.values import Value, equal, number
from ci.events import PipelineError

MAPPINGS = ("step", "job", "deployment", "stage")
LISTS = ("stepList", "jobList", "deploymentList", "stageList")
BOOLEANS = {"true": True, "false": False}


def declared(document: Mapping[str, Node], where: str) -> list[Mapping[str, Node]]:
    """The declarations of a file."""
    declarations = document.get("parameters") or []
    if not isinstance(declarations, list):
        raise PipelineError(f"{where}: parameters without types are not supported; list them with name and type")
    for declaration in declarations:
        unknown = set(declaration) - {"name", "displayName", "type", "default", "values"}
        if unknown or "name" not in declaration:
            raise PipelineError(f"{where}: a parameter has no name, or the unexpected keys {sorted(unknown)}")
    return declarations


def bind(document: Mapping[str, Node], given: Mapping[str, Value], where: str) -> dict[str, Value]:
    """The value of each parameter: the given one or the default, as the type that it is declared with."""
    declarations = declared(document, where)
    for name in given.keys() - {declaration["name"] for declaration in declarations}:
        raise PipelineError(f"{where}: unexpected parameter '{name}'")
    result = {}
    for declaration in declarations:
        name = declaration["name"]
        if name not in given and "default" not in declaration:
            raise PipelineError(f"{where}: the parameter '{name}' needs a value")
        if "default" in declaration:
            typed(declaration, declaration["default"], where)
        value = given[name] if name in given else declaration["default"]
        result[name] = typed(declaration, value, where)
    return result


def typed(declaration: Mapping[str, Node], value: Value, where: str) -> Value:
    """The value as its type and one of the allowed ones, or a refusal."""
    name, kind = declaration["name"], declaration.get("type", "string")
    result = convert(kind, value, where)
    if result is None:
        raise PipelineError(f"{where}: the parameter '{name}' takes a {kind}, not {value!r}")
    choices = declaration.get("values")
    if choices is not None and not any(equal(convert(kind, choice, where), result) for choice in choices):
        raise PipelineError(f"{where}: the parameter '{name}' takes one of {[*map(str, choices)]}, not {value!r}")
    return result


def convert(kind: str, value: Value, where: str) -> Value:
    """None when it cannot be done."""
    if kind == "string":
        return None if value is None or isinstance(value, list | dict) else str(value)
    if kind == "boolean":
        return value if isinstance(value, bool) else BOOLEANS.get(value.lower()) if isinstance(value, str) else None
    if kind == "number":
        return number(value) if isinstance(value, str | float) and value != "" else None
    if kind == "object":
        return value
    if kind not in MAPPINGS + LISTS:
        raise PipelineError(f"{where}: unknown parameter type '{kind}'")
    return value if isinstance(value, dict if kind in MAPPINGS else list) else None
