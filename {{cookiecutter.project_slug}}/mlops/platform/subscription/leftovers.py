"""What lies in the project's resource groups though the stack did not make it, and what is left of it by tag."""

from collections.abc import Sequence

from mlops.platform.subscription.changes import short
from mlops.platform.subscription.resource_manager import ResourceManager

VERSION, VAULTS = "2021-04-01", "2023-07-01"
TAG = "project"  # on every group and resource of the template
# What Azure itself puts beside an Application Insights, unasked
AZURES_OWN = {
    "microsoft.alertsmanagement/smartdetectoralertrules": "failure anomalies",
    "microsoft.insights/actiongroups": "application insights smart detection",
}
SCALING = "microsoft.insights/autoscalesettings"  # what `apply` makes for a deployment


def foreign(azure: ResourceManager, groups: Sequence[str], ours: Sequence[str]) -> list[str]:
    """What is in the groups and neither of the stack, nor below what is, nor made by `apply` or by Azure itself."""
    known = tuple(each.lower() for each in ours)
    found = []
    for group in groups:
        for each in azure.list(f"{group}/resources", VERSION):
            name, kind = each["id"].lower(), each["type"].lower()
            below = name in known or any(name.startswith(f"{one}/") for one in known if "/providers/" in one)
            azures = name.rsplit("/", 1)[-1].startswith(AZURES_OWN.get(kind, " "))
            if not below and not azures and kind != SCALING:
                found.append(short(each["id"]))
    return found


def left(azure: ResourceManager, project: str) -> list[str]:
    """All that has the project's tag."""
    of_the_project = f"tagName eq '{TAG}' and tagValue eq '{project}'"
    collections = [f"{azure.home}/{what}" for what in ("resourcegroups", "resources")]
    return [
        short(one["id"]) for each in collections for one in azure.list(each, VERSION, **{"$filter": of_the_project})
    ]


def deleted_vaults(azure: ResourceManager, project: str) -> list[str]:
    """The ids of the project's deleted key vaults, whose names Azure keeps until they are purged."""
    found = azure.list(f"{azure.home}/providers/Microsoft.KeyVault/deletedVaults", VAULTS)
    return [each["id"] for each in found if (each["properties"].get("tags") or {}).get(TAG) == project]


def purge_vault(azure: ResourceManager, vault: str) -> None:
    """Give the name of a deleted key vault free."""
    azure.post(f"{vault}/purge", VAULTS)
