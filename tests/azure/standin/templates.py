"""Templates as they are sent: evaluated against what is there, held to Microsoft's types, compared, carried out."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arm.deployment import Deployed, evaluate
from arm.errors import TemplateError
from arm.live import Resource as Wanted
from arm.scope import Environment
from standin import resources
from standin.cloud import REGION, SUBSCRIPTION, Cloud
from standin.login import TENANT
from standin.messages import AzureError, Request
from standin.oracles import TYPES_VARIABLE

UNQUOTED = re.compile(rb"([{,]\s*)template\s*:")  # `az` sends JSON with one key that has no quotes


@dataclass(frozen=True)
class Plan:
    """What a deployment or stack is to make, in this order."""

    cloud: Cloud
    found: Deployed

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.found.resources]

    def changes(self) -> list[dict[str, Any]]:
        """What would become of each resource, as `what-if` says it."""
        return [change(self.cloud, one) for one in self.found.resources]

    def carry_out(self) -> None:
        """Make all, in order. AzureError at the first that fails, with those before it made."""
        for one in self.found.resources:
            for part, reason in self.cloud.limits.broken.items():
                if part.lower() in one.id.lower():
                    raise AzureError(409, "Conflict", f"{reason} ({one.id})")
            resources.make(self.cloud, one)


def read(cloud: Cloud, request: Request, scope: str) -> Plan:
    """What the request's template asks for. AzureError 400 when the template, or a resource of it, is not allowed."""
    properties = body(request)["properties"]
    name = request.path.rstrip("/").split("/")[-1]
    environment = Environment(SUBSCRIPTION, TENANT, body(request).get("location", REGION), name)
    try:
        given = {key: {"value": part["value"]} for key, part in (properties.get("parameters") or {}).items()}
        found = evaluate(properties["template"], given, scope, cloud.find, environment)
    except TemplateError as error:
        raise AzureError(400, "InvalidTemplate", f"Deployment template validation failed: '{error}'.") from None
    wrong = list(refused(cloud, found))
    if wrong:
        raise AzureError(400, "InvalidTemplateDeployment", "; ".join(wrong))
    return Plan(cloud, found)


def body(request: Request) -> Any:
    """What was sent, with the missing quotes."""
    return Request(**{**vars(request), "body": UNQUOTED.sub(rb'\1"template":', request.body, count=1)}).json()


def refused(cloud: Cloud, found: Deployed) -> Iterator[str]:
    """Why Azure would not take it, before anything is made."""
    from arm.judge import problems  # which itself needs the stand-in's oracles

    for name in sorted({one.type.split("/")[0] for one in found.resources}):
        if name.lower() in cloud.limits.unregistered:
            yield f"MissingSubscriptionRegistration: The subscription is not registered to use namespace '{name}'."
    folder = os.environ.get(TYPES_VARIABLE)
    yield from map(str, problems(found, cloud.find, Path(folder) if folder else None))


def change(cloud: Cloud, wanted: Wanted) -> dict[str, Any]:
    """How the resource that is there differs from the one that is wanted."""
    old = cloud.find(wanted.id)
    if old is None:
        return {"resourceId": wanted.id, "changeType": "Create", "after": wanted.body}
    delta = list(differences(wanted.body, old))
    kind = "Modify" if delta else "NoChange"
    return {"resourceId": wanted.id, "changeType": kind, "before": old, "after": wanted.body, "delta": delta}


def differences(wanted: Mapping[str, Any], there: Mapping[str, Any], path: str = "") -> Iterator[dict[str, Any]]:
    """What of the wanted is not there; of tags also what is there and not wanted."""
    for key, value in wanted.items():
        name, old = f"{path}{key}", there.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            yield from differences(value, old, f"{name}.")
        elif old != value:
            kind = "Create" if old is None else "Modify"
            yield {"path": name, "propertyChangeType": kind, "before": old, "after": value}
    if path == "tags.":
        for key in there.keys() - wanted.keys():
            yield {"path": f"{path}{key}", "propertyChangeType": "Delete", "before": there[key], "after": None}
