"""What the project asks of its subscription before anything is made: read from its files and from the template."""

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlops.decide.infrastructure.repository import TENANT
from mlops.platform.subscription.needs import Needs
from mlops.settings.environments import Manifest
from mlops.settings.infrastructure import Infrastructure
from mlops.settings.reading import parse_json, read_text

TEMPLATE = Path("infra") / "main.json"
ROLES = ("Microsoft.Authorization/roleDefinitions/write",)
ACTIONS = (
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Resources/deploymentStacks/write",
    "Microsoft.Resources/subscriptions/resourceGroups/write",
)


def needs_of(project: str, manifests: Mapping[str, Manifest], settings: Infrastructure) -> Needs:
    """What the subscription has to have and to allow."""
    endpoints: Counter[str] = Counter()
    for each in manifests.values():
        endpoints[each.endpoint.instance_type] += each.endpoint.instance_count
    return Needs(
        project,
        os.environ.get(TENANT),
        next(iter(manifests.values())).workspace.region,
        namespaces(parse_json(read_text(TEMPLATE, "put the file back"), TEMPLATE)),
        (settings.compute.size, settings.compute.max_nodes),
        endpoints,
        (*ACTIONS, *(ROLES if settings.custom_roles else ())),
    )


def namespaces(template: Mapping[str, Any]) -> list[str]:
    """The resource providers of all resources in the template and in those inside it."""
    found = set()
    for each in resources_of(template):
        found.add(each["type"].partition("/")[0])
        inner = each.get("properties", {}).get("template")
        found |= set(namespaces(inner)) if inner else set()
    return sorted(found - {"Microsoft.Resources", "Microsoft.Authorization"})  # always there


def resources_of(template: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """They stand in a list, or under names."""
    resources = template.get("resources", [])
    return list(resources.values()) if isinstance(resources, Mapping) else resources
