"""A resource as a template asks for it, and what Azure makes of it."""

import uuid
from dataclasses import dataclass
from typing import Any

IDENTITIES = "microsoft.managedidentity/userassignedidentities"
WITHOUT_STATE = (
    "roleassignments",
    "roledefinitions",
    "federatedidentitycredentials",
    "budgets",
    "workbooks",
    "actiongroups",
)


@dataclass(frozen=True)
class Resource:
    """What is to be put, and what has to be there before: ids in small letters."""

    id: str
    type: str
    api_version: str
    body: dict[str, Any]
    after: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The last part of its name."""
        return self.id.rsplit("/", 1)[1]


def become(resource: Resource, tenant: str) -> dict[str, Any]:
    """The live resource, with what Azure itself adds and a template may ask for by `reference()`."""
    kind = resource.type.lower()
    asked = resource.body.get("properties")
    properties = dict(asked) if isinstance(asked, dict) else {}
    if not kind.endswith(WITHOUT_STATE):
        properties.setdefault("provisioningState", "Succeeded")
    if kind == IDENTITIES:
        properties |= {"principalId": made(resource.id, "principal"), "clientId": made(resource.id, "client")}
        properties["tenantId"] = tenant
    for key, value in _addresses(kind, resource.name).items():
        properties.setdefault(key, value)
    whole = resource.body | {"properties": properties, "id": resource.id, "name": resource.name, "type": resource.type}
    identity = resource.body.get("identity")
    if isinstance(identity, dict) and "systemassigned" in str(identity.get("type")).lower():
        whole["identity"] = identity | {"principalId": made(resource.id, "principal"), "tenantId": tenant}
    return whole


def made(id_: str, what: str) -> str:
    """A UUID that Azure would give: here always the same for the same resource."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{id_.lower()} {what}"))


def _addresses(kind: str, name: str) -> dict[str, Any]:
    """Where a service is reached."""
    if kind == "microsoft.storage/storageaccounts":
        return {"primaryEndpoints": {"blob": f"https://{name}.blob.core.windows.net/"}}
    if kind == "microsoft.keyvault/vaults":
        return {"vaultUri": f"https://{name}.vault.azure.net/"}
    if kind == "microsoft.containerregistry/registries":
        return {"loginServer": f"{name}.azurecr.io"}
    if kind == "microsoft.insights/components":
        return {"ConnectionString": f"InstrumentationKey={made(name, 'key')}"}
    if kind == "microsoft.operationalinsights/workspaces":
        return {"customerId": made(name, "customer")}
    return {}
