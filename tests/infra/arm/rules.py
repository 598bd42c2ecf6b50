"""What the types leave open, and a service would refuse or a reviewer would."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from arm.deployment import Deployed
from arm.ids import kind_of, parent_of, place_of
from arm.live import Resource
from arm.scope import Live
from arm.tables import OF_SUBSCRIPTION, ROLES, SKUS, VM_SIZES

ID = re.compile(r"/subscriptions/[^/\s']+/resourceGroups/[^/\s']+(?:/providers/[^\s']+)?", re.IGNORECASE)
ROLE = "/providers/microsoft.authorization/roledefinitions/"


def broken(resource: Resource, deployed: Deployed, live: Live) -> Iterator[str]:
    """What is wrong with one resource of a deployment."""
    there = {one.id.lower() for one in deployed.resources}
    inline = {id_: one.id.lower() for one in deployed.resources for id_ in _subnets(one)}
    yield from _place(resource, there, live)
    yield from _mentions(resource, there, inline, live)
    yield from _sku(resource)
    own = OWN.get(resource.type.lower())
    yield from own(resource, there) if own else ()


def properties_of(resource: Resource) -> dict[str, Any]:
    """Its properties, if they are any."""
    found = resource.body.get("properties")
    return found if isinstance(found, dict) else {}


def _place(resource: Resource, there: set[str], live: Live) -> Iterator[str]:
    """Its parent, its group, or what it extends has to be there before it."""
    before = parent_of(resource.id) or place_of(resource.id)
    if before.count("/") > 2:  # a subscription is always there
        yield from _missing("lies in", before, resource, there, live)


def _subnets(resource: Resource) -> Iterator[str]:
    """The ids of those that are written within their network."""
    for subnet in properties_of(resource).get("subnets", []):
        yield f"{resource.id}/subnets/{subnet['name']}".lower()


def _mentions(resource: Resource, there: set[str], inline: dict[str, str], live: Live) -> Iterator[str]:
    """Ids of other resources in the body: those have to be there before it."""
    for id_ in sorted({inline.get(found.lower(), found) for found in _ids(resource.body)}):
        if id_.lower() != resource.id.lower() and ROLE not in id_.lower():
            yield from _missing("names", id_, resource, there, live)


def _missing(how: str, id_: str, resource: Resource, there: set[str], live: Live) -> Iterator[str]:
    if id_.lower() in there:
        if id_.lower() not in resource.after:
            yield f"{how} {id_} and does not wait for it (dependsOn)"
    elif live(id_) is None:
        yield f"{how} {id_}, which is not there"


def _ids(part: Any) -> Iterator[str]:
    """Every id of a group or resource within; not in a text that is a document of its own."""
    if isinstance(part, dict):
        for key, item in part.items():
            yield from _ids(key)
            yield from _ids(item)
    elif isinstance(part, list):
        for item in part:
            yield from _ids(item)
    elif isinstance(part, str) and ID.fullmatch(part):
        yield part


def _sku(resource: Resource) -> Iterator[str]:
    allowed = SKUS.get(resource.type.lower())
    body = resource.body if "sku" in resource.body else properties_of(resource)
    name = (body.get("sku") or {}).get("name")
    if allowed and name is not None and name not in allowed:
        yield f"SKU {name!r} is none of {sorted(allowed)}"


def _role(resource: Resource, there: set[str]) -> Iterator[str]:
    """A known role, to a known kind of principal, and but for one nothing above a group."""
    properties = properties_of(resource)
    role = str(properties.get("roleDefinitionId", ""))
    if role.rsplit("/", 1)[-1] not in ROLES and role.lower() not in there:
        yield f"role {role!r} is not known"
    if role.lower() in there and role.lower() not in resource.after:
        yield f"names role {role} and does not wait for it (dependsOn)"
    if "principalType" not in properties:
        yield "has no principalType, without which a new identity is often not found"
    alone = role.rsplit("/", 1)[-1] in OF_SUBSCRIPTION
    if "/resourcegroups/" not in place_of(resource.id).lower() and not alone:
        yield f"gives a role above a resource group: {place_of(resource.id)}"


def _custom_role(resource: Resource, _there: set[str]) -> Iterator[str]:
    for place in properties_of(resource).get("assignableScopes", []):
        if "/resourcegroups/" not in place.lower():
            yield f"can be given above a resource group: {place}"


def _budget(resource: Resource, _there: set[str]) -> Iterator[str]:
    start = (properties_of(resource).get("timePeriod") or {}).get("startDate", "")
    try:
        first = datetime.fromisoformat(start).day == 1
    except ValueError:
        first = False
    if not first:
        yield f"starts at {start!r}, not on the first of a month"


def _compute(resource: Resource, _there: set[str]) -> Iterator[str]:
    properties = properties_of(resource).get("properties") or {}
    if "vmSize" in properties and not VM_SIZES.fullmatch(str(properties["vmSize"])):
        yield f"VM size {properties['vmSize']!r} is not known"
    scale = properties.get("scaleSettings") or {}
    least, most = scale.get("minNodeCount", 0), scale.get("maxNodeCount", 0)
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield "has a minimum of nodes above its maximum"


def _alert(resource: Resource, _there: set[str]) -> Iterator[str]:
    """It has to look at something, and to be evaluated within the time that it looks at."""
    properties = properties_of(resource)
    if not properties.get("scopes"):
        yield "looks at nothing"
    frequency, window = properties.get("evaluationFrequency"), properties.get("windowSize")
    if frequency and window and _minutes(frequency) > _minutes(window):
        yield f"is evaluated every {frequency}, more seldom than the {window} that it looks at"
    for criterion in (properties.get("criteria") or {}).get("allOf", []):
        namespace, kinds = criterion.get("metricNamespace"), {kind_of(each) for each in properties.get("scopes") or []}
        if namespace and namespace.lower() not in map(str.lower, kinds):
            yield f"looks for metrics of {namespace} at {sorted(kinds)}"


def _diagnosis(resource: Resource, _there: set[str]) -> Iterator[str]:
    for each in properties_of(resource).get("logs", []):
        if "category" not in each and "categoryGroup" not in each:
            yield "keeps a log that has no category"


def _minutes(duration: str) -> int:
    found = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?", duration)
    if found is None:
        return 0
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return (days * 24 + hours) * 60 + minutes


OWN: dict[str, Callable[[Resource, set[str]], Iterator[str]]] = {
    "microsoft.authorization/roleassignments": _role,
    "microsoft.authorization/roledefinitions": _custom_role,
    "microsoft.consumption/budgets": _budget,
    "microsoft.insights/diagnosticsettings": _diagnosis,
    "microsoft.insights/metricalerts": _alert,
    "microsoft.insights/scheduledqueryrules": _alert,
    "microsoft.machinelearningservices/workspaces/computes": _compute,
}
