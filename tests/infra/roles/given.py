"""The roles that a template gives, and whether they allow an operation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from arm import Resource
from roles.built_in import BUILT_IN, Role
from roles.operations import Needed

ASSIGNMENTS = "microsoft.authorization/roleassignments"
DEFINITIONS = "microsoft.authorization/roledefinitions"


@dataclass(frozen=True)
class Given:
    """A role of somebody, at a scope and below it."""

    principal: str
    role: Role
    scope: str


def given(resources: Sequence[Resource]) -> list[Given]:
    """The assignments of a template, with Azure's own roles and those that it defines itself."""
    own = {each.id.lower(): role_of(each.body["properties"]) for each in resources if each.type.lower() == DEFINITIONS}
    return [assigned(each, own) for each in resources if each.type.lower() == ASSIGNMENTS]


def role_of(properties: dict[str, Any]) -> Role:
    """A role that the template defines."""
    (permission,) = properties["permissions"]
    return Role(permission["actions"], permission["notActions"], permission["dataActions"])


def assigned(resource: Resource, own: dict[str, Role]) -> Given:
    """What one assignment gives to whom."""
    properties, scope = resource.body["properties"], resource.id.rpartition("/providers/")[0]
    role = str(properties["roleDefinitionId"]).lower()
    return Given(properties["principalId"], own.get(role) or BUILT_IN[role.rpartition("/")[2]], scope)


def allowed(assignments: Sequence[Given], principal: str, need: Needed) -> bool:
    """Whether one of the principal's roles allows it there."""
    mine = (each for each in assignments if each.principal == principal)
    return any(allows(each.role, need) for each in mine if within(need.scope, each.scope))


def within(scope: str, above: str) -> bool:
    """Whether a scope is the other one, or below it."""
    return f"{scope}/".lower().startswith(f"{above}/".lower())


def allows(role: Role, need: Needed) -> bool:
    """Whether the role names the operation, and does not take it away again."""
    names = role.data_actions if need.data else role.actions
    taken = () if need.data else role.not_actions
    return any(matches(each, need.operation) for each in names) and not any(
        matches(each, need.operation) for each in taken
    )


def matches(pattern: str, operation: str) -> bool:
    """`*` stands for any text; `a/*/read` is about `a/read` too, as the roles that take such things away show."""
    parts = re.escape(pattern.lower()).replace(r"/\*/", "/(?:.*/)?").replace(r"\*", ".*")
    return re.fullmatch(parts, operation.lower()) is not None
