"""What infra/README.md promises of the project's Azure, held against what its template makes."""

from collections.abc import Iterator
from typing import Any

from arm import Deployed, Resource
from arm.ids import kind_of, place_of
from arm.live import made
from arm.tables import ROLES

ML = "Microsoft.MachineLearningServices/workspaces"
ALARMS = ("Microsoft.Insights/metricAlerts", "Microsoft.Insights/scheduledQueryRules")
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
OWN = {"train": "trains", "deploy": "deploys"}
Given = tuple[str, str, str]  # who has which role, on what


def of_kind(deployed: Deployed, kind: str) -> list[Resource]:
    return [one for one in deployed.resources if one.type == kind]


def at(resource: Resource, path: str) -> Any:
    """What stands there in its body; None for nothing."""
    found: Any = resource.body
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


NO_KEYS: list[tuple[str, str, Any]] = [
    ("Microsoft.Storage/storageAccounts", "properties.allowSharedKeyAccess", False),
    ("Microsoft.Storage/storageAccounts", "properties.allowBlobPublicAccess", False),
    ("Microsoft.Storage/storageAccounts", "properties.minimumTlsVersion", "TLS1_2"),
    ("Microsoft.Storage/storageAccounts", "properties.supportsHttpsTrafficOnly", True),
    ("Microsoft.KeyVault/vaults", "properties.enableRbacAuthorization", True),
    ("Microsoft.ContainerRegistry/registries", "properties.adminUserEnabled", False),
    ("Microsoft.OperationalInsights/workspaces", "properties.features.disableLocalAuth", True),
    (ML, "properties.systemDatastoresAuthMode", "Identity"),
    (f"{ML}/computes", "properties.properties.scaleSettings.minNodeCount", 0),
    (f"{ML}/computes", "properties.properties.vmPriority", "LowPriority"),
    (f"{ML}/computes", "properties.properties.remoteLoginPortPublicAccess", "Disabled"),
    (f"{IDENTITY}/federatedIdentityCredentials", "properties.audiences", ["api://AzureADTokenExchange"]),
]
PRIVATE: list[tuple[str, str, Any]] = [
    ("Microsoft.Storage/storageAccounts", "properties.publicNetworkAccess", "Disabled"),
    ("Microsoft.Storage/storageAccounts", "properties.networkAcls.defaultAction", "Deny"),
    ("Microsoft.ContainerRegistry/registries", "properties.publicNetworkAccess", "Disabled"),
    ("Microsoft.ContainerRegistry/registries", "sku.name", "Premium"),
    (ML, "properties.publicNetworkAccess", "Disabled"),
    (ML, "properties.managedNetwork.isolationMode", "AllowInternetOutbound"),
    (f"{ML}/computes", "properties.properties.enableNodePublicIp", False),
]


def broken(deployed: Deployed, parameters: dict[str, Any]) -> list[str]:
    """The promises that the template breaks. `parameters`: values by name."""
    return [
        *without_keys(deployed, parameters["privateNetwork"]),
        *roles(deployed, parameters),
        *alarms(deployed, parameters),
        *budgets(deployed, parameters),
        *credentials(deployed, parameters),
    ]


def without_keys(deployed: Deployed, private: bool) -> Iterator[str]:
    for kind, path, wanted in [*NO_KEYS, *(PRIVATE if private else [])]:
        for one in of_kind(deployed, kind):
            if at(one, path) != wanted:
                yield f"{one.id}: {path} is {at(one, path)!r}, not {wanted!r}"


def roles(deployed: Deployed, parameters: dict[str, Any]) -> Iterator[str]:
    """Everybody has the roles that the README says, and no other."""
    found, wanted = set(given(deployed)), set(promised(deployed, parameters))
    yield from (f"has not: {one}" for one in sorted(wanted - found))
    yield from (f"may too much: {one}" for one in sorted(found - wanted))


def given(deployed: Deployed) -> Iterator[Given]:
    """Every role assignment."""
    owners = {made(one.id, "principal"): one.name for one in deployed.resources}
    own = {one.id: at(one, "properties.description").partition(" ")[0].lower() for one in custom(deployed)}
    for one in of_kind(deployed, "Microsoft.Authorization/roleAssignments"):
        role, place = at(one, "properties.roleDefinitionId"), place_of(one.id)
        name = own.get(role) or ROLES.get(role.rsplit("/", 1)[1], role)
        what = f"{kind_of(place)} in {place.split('/')[4]}" if "/resourceGroups/" in place else "subscription"
        yield owners.get(at(one, "properties.principalId"), "nobody that is made here"), name, what


def custom(deployed: Deployed) -> list[Resource]:
    return of_kind(deployed, "Microsoft.Authorization/roleDefinitions")


def promised(deployed: Deployed, parameters: dict[str, Any]) -> Iterator[Given]:
    """What the README says of each identity."""
    storage, images = "Microsoft.Storage/storageAccounts", "Microsoft.ContainerRegistry/registries"
    for one in parameters["identities"]:
        place, kind = parameters["places"][one["place"]], one["kind"]
        who, group = f"{parameters['project']}-{one['name']}", place["group"]
        scientist = "AzureML Data Scientist"
        role = OWN[kind] if parameters["customRoles"] and kind in OWN else scientist
        if kind == "monitor":
            yield who, "Reader", f"Microsoft.Resources/resourceGroups in {group}"
        else:
            yield who, role, f"{ML} in {group}"
        blobs = "Reader" if kind == "monitor" else "Contributor"
        yield who, f"Storage Blob Data {blobs}", f"{storage} in {group}"
        if kind == "deploy":
            yield who, "Monitoring Reader", "subscription"
        if one["autoscale"]:
            yield who, "sets", f"Microsoft.Resources/resourceGroups in {group}"
        if parameters["registry"]:
            group = f"{parameters['project']}-registry"
            yield who, "AzureML Registry User", f"Microsoft.MachineLearningServices/registries in {group}"
    for place in parameters["places"]:
        worker = f"{place['workspace']}-compute"
        yield worker, "Storage Blob Data Contributor", f"{storage} in {place['group']}"
        yield worker, "AcrPull", f"{images} in {place['group']}"
    if parameters["trigger"].get("host") == "github":
        group = parameters["places"][0]["group"]
        yield f"{parameters['project']}-trigger", "Key Vault Secrets User", f"Microsoft.KeyVault/vaults in {group}"


def alarms(deployed: Deployed, parameters: dict[str, Any]) -> Iterator[str]:
    """One for each thing that can go wrong, which somebody hears of."""
    found = {one.name: one for kind in ALARMS for one in of_kind(deployed, kind)}
    wanted = {f"{place['workspace']}-failed-jobs": ("Failed Runs", 0) for place in parameters["places"]}
    for endpoint in (one for place in parameters["places"] for one in place["endpoints"]):
        wanted[f"{endpoint['name']}-errors"] = ("RequestsPerMinute", 1)
        wanted[f"{endpoint['name']}-latency"] = ("RequestLatency_P95", endpoint["latency"])
        if endpoint["users"]:
            wanted[f"{endpoint['name']}-no-traffic"] = (None, 1)
    for name in wanted.keys() ^ found.keys():
        yield f"alarm {name}: {'too many' if name in found else 'missing'}"
    groups = {one.id for one in of_kind(deployed, "Microsoft.Insights/actionGroups")}
    for name in wanted.keys() & found.keys():
        [criterion], heard = at(found[name], "properties.criteria.allOf"), at(found[name], "properties.actions")
        told = heard["actionGroups"] if isinstance(heard, dict) else [one["actionGroupId"] for one in heard]
        if (criterion.get("metricName"), criterion["threshold"]) != wanted[name]:
            yield f"alarm {name}: {criterion}"
        if not told or set(told) - groups or not at(found[name], "properties.enabled"):
            yield f"alarm {name}: nobody hears of it"
    for group in of_kind(deployed, "Microsoft.Insights/actionGroups"):
        if [one["emailAddress"] for one in at(group, "properties.emailReceivers")] != parameters["mails"]:
            yield f"{group.id}: mails others than it should"
        if len(at(group, "properties.logicAppReceivers")) != bool(parameters["chatWebhook"]):
            yield f"{group.id}: the chat does not hear of it, or there is none"


def budgets(deployed: Deployed, parameters: dict[str, Any]) -> Iterator[str]:
    groups = [place["group"] for place in parameters["places"]]
    groups += [f"{parameters['project']}-registry"] if parameters["registry"] else []
    found = {one.id.split("/")[4]: one for one in of_kind(deployed, "Microsoft.Consumption/budgets")}
    for group in found.keys() ^ set(groups):
        yield f"budget of {group}: missing, or too many"
    for one in found.values():
        notes = at(one, "properties.notifications").values()
        if sorted(note["threshold"] for note in notes) != [50, 80, 100] or not all(note["enabled"] for note in notes):
            yield f"{one.id}: {notes}"
        if at(one, "properties.amount") != parameters["budget"] or not all(note["contactGroups"] for note in notes):
            yield f"{one.id}: another amount, or nobody hears of it"


def credentials(deployed: Deployed, parameters: dict[str, Any]) -> Iterator[str]:
    """Each identity trusts its own environment of CI, and nobody else."""
    found = {
        (one.id.split("/")[-3], at(one, "properties.issuer"), at(one, "properties.subject"))
        for one in of_kind(deployed, f"{IDENTITY}/federatedIdentityCredentials")
    }
    wanted = {
        (f"{parameters['project']}-{one['name']}", each["issuer"], each["subject"])
        for one in parameters["identities"]
        for each in one["credentials"]
    }
    yield from (f"trusts: {one}" for one in sorted(found ^ wanted))
