"""A template as the list of resources that it makes, in their order, and its outputs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from arm import static
from arm.errors import TemplateError
from arm.items import NOT_IN_BODY, Item, expand
from arm.live import Resource, become
from arm.order import in_order
from arm.scope import Live, Scope, World
from arm.surroundings import Environment

SCHEMAS = {"deploymenttemplate": True, "subscriptiondeploymenttemplate": False}  # whether it is of a resource group
NESTED = "microsoft.resources/deployments"


@dataclass
class Deployed:
    """What a template comes to."""

    resources: list[Resource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)


def evaluate(
    template: Mapping[str, Any], parameters: Mapping[str, Any], scope: str, live: Live, environment: Environment
) -> Deployed:
    """What the template makes in a subscription or group (`scope`: its id); parameters as {"name": {"value": 1}}."""
    static.check(template)
    return _deploy(template, parameters, scope, World(environment, live), frozenset())


def _deploy(
    template: Mapping[str, Any], given: Mapping[str, Any], place: str, world: World, before: frozenset[str]
) -> Deployed:
    """The same in one world; `before` is what a module as a whole waits for."""
    _check_place(template, place)
    scope, done = Scope(template, given, place, world), Deployed()
    items = expand(template, scope)
    scope.ids = {key: item.id for item in items for key in (item.name, item.symbol) if key}
    scope.own = {item.key for item in items if item.wanted}
    contents: dict[str, frozenset[str]] = {}  # all that is done when an item is, by its key
    for item, needed in in_order(items):
        scope.copies = item.copies
        scope.waits = before.union(*(contents[key] for key in needed))
        made = [] if not item.wanted else _make(item, scope)
        done.resources += made
        contents[item.key] = scope.waits | {item.key} | {resource.id.lower() for resource in made}
    scope.copies, scope.waits = {}, None
    done.outputs = {name: _output(part, scope) for name, part in _outputs(template, scope)}
    return done


def _check_place(template: Mapping[str, Any], place: str) -> None:
    """A template for subscriptions cannot be deployed to a resource group, nor the other way round."""
    name = template["$schema"].rpartition("/")[2].partition(".")[0].lower()
    in_group = "/resourceGroups/" in place
    if name in SCHEMAS and SCHEMAS[name] != in_group:
        raise TemplateError(f"a {name} cannot be deployed to {place}")


def _make(item: Item, scope: Scope) -> list[Resource]:
    """The resource, or all those of a module."""
    if item.source["type"].lower() == NESTED:
        return _nested(item, scope)
    body = {key: scope.value(part) for key, part in item.source.items() if key not in NOT_IN_BODY}
    resource = Resource(
        item.id, item.source["type"], item.source["apiVersion"], _filled(body), scope.waits or frozenset()
    )
    scope.world.made[item.key] = become(resource, scope.world.environment.tenant)
    return [resource]


def _nested(item: Item, scope: Scope) -> list[Resource]:
    """Only templates that see nothing of the outer one, as modules of Bicep are."""
    properties = item.source["properties"]
    if properties.get("expressionEvaluationOptions", {}).get("scope", "outer").lower() != "inner":
        raise TemplateError(f"{item.name}: only nested templates with a scope of their own are known here")
    given = scope.value(properties.get("parameters", {}))
    try:
        inside = _deploy(properties["template"], given, item.place, scope.world, scope.waits or frozenset())
    except TemplateError as error:
        raise TemplateError(f"{item.name}: {error}") from error
    state = {"outputs": inside.outputs, "provisioningState": "Succeeded"}
    scope.world.made[item.key] = {"id": item.id, "name": item.name, "properties": state}
    return inside.resources


def _outputs(template: Mapping[str, Any], scope: Scope) -> list[tuple[str, Mapping[str, Any]]]:
    return [
        (name, part) for name, part in template.get("outputs", {}).items() if scope.value(part.get("condition", True))
    ]


def _output(part: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    value = scope.repeated("", part["copy"]) if "copy" in part else scope.value(part["value"])
    return {"type": part["type"], "value": value}


def _filled(part: Any) -> Any:
    """Without what is null, which services take as not said."""
    if isinstance(part, dict):
        return {key: _filled(item) for key, item in part.items() if item is not None}
    return [_filled(item) for item in part] if isinstance(part, list) else part
