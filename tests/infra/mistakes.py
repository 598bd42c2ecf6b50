"""Deliberate mistakes in the project's template: what stands in a file, and what somebody wrote instead."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mistake:
    """A text that stands in the file, and what somebody wrote instead."""

    file: str
    right: str
    wrong: str

    def __str__(self) -> str:
        return f"{self.file}: {' '.join(self.right.split())[:40]} -> {' '.join(self.wrong.split())[:40]}"


MAIN, PLACE, WATCH, ACCESS = "main.bicep", "modules/place.bicep", "modules/watch.bicep", "modules/access.bicep"
NETWORK, TRIGGER, IDENTITY = "modules/network.bicep", "modules/trigger.bicep", "modules/identity.bicep"
REGISTRY, BUDGET = "modules/registry.bicep", "modules/budget.bicep"

IN_BICEP = [
    # the language
    Mistake(MAIN, "name: place.group\n", "name: places.group\n"),
    Mistake(MAIN, "scope: groups[i]", "scope: groups[i"),
    Mistake(MAIN, "scope: groups[i]", "scope: groups"),
    Mistake(MAIN, "homes[i].outputs.vault", "homes[i].outputs.vaults"),
    Mistake(MAIN, "homes[i].outputs.logs", "home[i].outputs.logs"),
    Mistake(MAIN, "place.budgetStart", "place.budgetstarts"),
    Mistake(MAIN, "    mails: mails\n    actions: watches[i]", "    actions: watches[i]"),
    Mistake(MAIN, "    computeNodes: computeNodes\n", "    computeNodes: computeNodes\n    computeTier: 'x'\n"),
    Mistake(MAIN, "'modules/budget.bicep'", "'modules/budgets.bicep'"),
    Mistake(MAIN, "param computeNodes int = 2", "param computeNodes string = '2'"),
    Mistake(MAIN, "@maxLength(24)", "@maxLength(2)"),
    Mistake(MAIN, "targetScope = 'subscription'\n", ""),
    Mistake(MAIN, "var tags = {", "var project = {"),
    Mistake(PLACE, "toLower(project)", "lower(project)"),
    Mistake(PLACE, "'TLS1_2'", "'TLS1_2"),
    Mistake(PLACE, "output vault string", "output storage string"),
    Mistake(PLACE, "uniqueString(resourceGroup().id)", "uniqueString(resourceGroup().uri)"),
    Mistake(PLACE, "worker.properties.principalId", "worker.properties.principleId"),
    Mistake(PLACE, "  parent: storage\n", ""),
    Mistake(PLACE, "parent: blobs", "parent: storage"),
    Mistake(ACCESS, "  'monitor'\n", ""),
    Mistake(ACCESS, "actions[kind]", "actions[kinds]"),
    Mistake(IDENTITY, "[for credential in credentials:", "[for credential in credential:"),
    Mistake(WATCH, "'../workbook.json'", "'workbook.json'"),
    Mistake(WATCH, "scope: online[i]", "scope: online"),
    Mistake(
        NETWORK,
        "environment().suffixes.storage}'\n  'privatelink.file",
        "environment().suffix.storage}'\n  'privatelink.file",
    ),
    # what Azure's services know
    Mistake(PLACE, "Microsoft.Storage/storageAccounts@2024-01-01", "Microsoft.Storage/storageAccounts@2024-13-01"),
    Mistake(PLACE, "Microsoft.KeyVault/vaults@2024-11-01", "Microsoft.KeyVault/vault@2024-11-01"),
    Mistake(PLACE, "allowSharedKeyAccess", "allowSharedKeyAcces"),
    Mistake(PLACE, "'Standard_LRS'", "'Standard_LSR'"),
    Mistake(PLACE, "kind: 'StorageV2'", "kind: 'StorageV3'"),
    Mistake(PLACE, "'TLS1_2'", "'TLS1.2'"),
    Mistake(PLACE, "name: 'st${short}", "name: 'st-${short}"),
    Mistake(PLACE, "name: 'kv-${short}", "name: 'vault-${short}-of-"),
    Mistake(PLACE, "name: 'cr${short}", "name: 'cr-${short}"),
    Mistake(PLACE, "    tenantId: subscription().tenantId\n", ""),
    Mistake(PLACE, "family: 'A'", "family: 'B'"),
    Mistake(PLACE, "days: 7\n", "days: '7'\n"),
    Mistake(PLACE, "'PerGB2018'", "'PerGB'"),
    Mistake(PLACE, "WorkspaceResourceId: logs.id", "workspaceResourceId: logs.id"),
    Mistake(PLACE, "WorkspaceResourceId: logs.id", "WorkspaceResourceId: '${logs.id}s'"),
    Mistake(PLACE, "? 'Premium' : 'Basic'", "? 'Premium' : 'Cheap'"),
    Mistake(PLACE, "type: 'SystemAssigned'", "type: 'System'"),
    Mistake(PLACE, "storageAccount: storage.id", "storageAccount: storage.name\n    storageId: storage.id"),
    Mistake(PLACE, "keyVault: vault.id", "keyVault: vault.id\n    workspaceId: vault.name"),
    Mistake(PLACE, "systemDatastoresAuthMode: 'Identity'", "systemDatastoresAuthMode: 'Identities'"),
    Mistake(
        PLACE,
        "isolationMode: privateNetwork ? 'AllowInternetOutbound'",
        "isolationMode: privateNetwork ? 'AllowInternet'",
    ),
    Mistake(PLACE, "computeType: 'AmlCompute'", "computeType: 'AmlComputes'"),
    Mistake(PLACE, "vmSize: computeSize", "vmSize: 'Standard_Nope'"),
    Mistake(PLACE, "maxNodeCount: computeNodes", "maxNodeCount: string(computeNodes)"),
    Mistake(PLACE, "minNodeCount: 0", "minNodeCount: 5"),
    Mistake(PLACE, "ba92f5b4-2d11-453d-a403-e96b0029c9fe", "ba92f5b4-2d11-453d-a403-e96b0029c9ff"),
    Mistake(PLACE, "    principalType: 'ServicePrincipal'\n", ""),
    Mistake(REGISTRY, "        location: location\n", "        region: location\n"),
    Mistake(BUDGET, "timeGrain: 'Monthly'", "timeGrain: 'Month'"),
    Mistake(BUDGET, "operator: 'GreaterThan'", "operator: 'Above'"),
    Mistake(BUDGET, "startDate: start", "startDate: replace(start, '-01T', '-15T')"),
    Mistake(WATCH, "groupShortName: 'mlops'", "groupShortName: 'machine learning'"),
    Mistake(
        WATCH,
        "evaluationFrequency: 'PT5M'\n    windowSize: 'PT15M'",
        "evaluationFrequency: 'PT30M'\n    windowSize: 'PT15M'",
    ),
    Mistake(WATCH, "criterionType: 'StaticThresholdCriterion'", "criterionType: 'StaticThreshold'"),
    Mistake(WATCH, "online[i].id", "workspace"),
    Mistake(WATCH, "category: 'AmlOnlineEndpointTrafficLog'\n", ""),
    Mistake(WATCH, "serializedData: replace", "serialisedData: replace"),
    Mistake(IDENTITY, "      'api://AzureADTokenExchange'\n", ""),
    Mistake(NETWORK, "privateLinkServiceId: way.to", "privateLinkServiceId: way.group\n          serviceId: way.to"),
    Mistake(NETWORK, "/subnets/endpoints", "/subnets/endpoint"),
    Mistake(NETWORK, "location: 'global'\n  tags: tags\n}]\n\nresource known", "tags: tags\n}]\n\nresource known"),
    Mistake(TRIGGER, "endpointType: 'WebHook'", "endpointType: 'Webhooks'"),
    Mistake(TRIGGER, "includedEventTypes: [", "eventTypes: ["),
    Mistake(
        TRIGGER,
        "listCallbackUrl('${workflow.id}/triggers/events', version)",
        "listCallbackUrl('/triggers/events', version)",
    ),
    # what the README promises
    Mistake(PLACE, "allowSharedKeyAccess: false", "allowSharedKeyAccess: true"),
    Mistake(PLACE, "    allowSharedKeyAccess: false\n", ""),
    Mistake(PLACE, "adminUserEnabled: false", "adminUserEnabled: true"),
    Mistake(PLACE, "enableRbacAuthorization: true", "enableRbacAuthorization: false"),
    Mistake(PLACE, "'LowPriority'", "'Dedicated'"),
    Mistake(
        PLACE,
        "var access = privateNetwork ? 'Disabled' : 'Enabled'",
        "var access = privateNetwork ? 'Enabled' : 'Disabled'",
    ),
    Mistake(ACCESS, "f6c7c914-8db3-469d-8ca1-694a8f32e121", "acdd72a7-3385-48ef-bd42-f606fba81ae7"),
    Mistake(
        ACCESS, "kind == 'monitor' ? blobReader : blobContributor", "kind == 'train' ? blobReader : blobContributor"
    ),
    Mistake(ACCESS, "  scope: workspace\n", ""),
    Mistake(
        ACCESS,
        "resource scaling 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (autoscale)",
        "resource scaling 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!autoscale)",
    ),
    Mistake(ACCESS, "      resourceGroup().id\n", "      subscription().id\n"),
    Mistake(MAIN, "if (identity.kind == 'deploy')", "if (identity.kind != 'train')"),
    Mistake(MAIN, "'43d0d8ad-25c7-4714-9337-8ba259a9fe05'", "'acdd72a7-3385-48ef-bd42-f606fba81ae7'"),
    Mistake(MAIN, "members[i].outputs.principalId\n    identity:", "members[0].outputs.principalId\n    identity:"),
    Mistake(MAIN, "scope: groups[identity.place]", "scope: groups[0]"),
    Mistake(MAIN, "endpoints: place.endpoints", "endpoints: []"),
    Mistake(BUDGET, "threshold: 80", "threshold: 8"),
    Mistake(WATCH, "threshold: endpoint.latency", "threshold: 60000"),
    Mistake(WATCH, "if (endpoint.users)", "if (!endpoint.users)"),
    Mistake(IDENTITY, "subject: credential.subject", "subject: credential.issuer"),
    Mistake(TRIGGER, "4633458b-17de-408a-b874-0445c86b69e6", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"),
    # what neither a type nor a promise is about
    Mistake(WATCH, "statusCodeClass", "statusClass"),
    Mistake(WATCH, "AmlOnlineEndpointTrafficLog | where", "AmlOnlineEndpointTrafficLogs | where"),
    Mistake(TRIGGER, "total_count", "totalCount"),
]
MISSED = set(map(str, IN_BICEP[-3:]))  # names within metrics, logs and other hosts' answers: only they know them


ID = "[resourceId('Microsoft.{}/{}', {})]"  # of the template language


@dataclass(frozen=True)
class Edit:
    """Something done to the compiled template. `of`: the resources of one of its modules, by type."""

    name: str
    module: str
    kind: str
    do: Callable[[dict[str, Any]], Any]

    def __str__(self) -> str:
        return f"main.json: {self.name}"

    def apply(self, template: dict[str, Any]) -> None:
        source = template
        if self.module:
            source = next(one for one in template["resources"] if one.get("name", "").startswith(self.module))
            source = source["properties"]["template"]
        self.do(next(one for one in source["resources"] if one["type"].lower().endswith(self.kind.lower())))


def without(*keys: str) -> Callable[[dict[str, Any]], Any]:
    return lambda resource: [resource.pop(key) for key in keys]


def having(**parts: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda resource: resource.update(parts)


IN_JSON = [
    Edit("no dependsOn of a workspace", "[format('place", "Services/workspaces", without("dependsOn")),
    Edit("no dependsOn of a container", "[format('place", "containers", without("dependsOn")),
    Edit("no dependsOn of a role", "[format('place", "roleAssignments", without("dependsOn")),
    Edit("no dependsOn of a cluster", "[format('place", "computes", having(dependsOn=[])),
    Edit("no dependsOn of a credential", "[format('identity", "federatedIdentityCredentials", without("dependsOn")),
    Edit("no dependsOn of an action group", "[format('watch", "actionGroups", without("dependsOn")),
    Edit("no dependsOn of an alarm", "[format('watch", "metricAlerts", without("dependsOn")),
    Edit("no dependsOn of a module", "", "deployments", without("dependsOn")),
    Edit("no dependsOn of the role above the groups", "", "roleAssignments", without("dependsOn")),
    Edit("waits for what is not there", "[format('place", "vaults", having(dependsOn=["logs"])),
    Edit(
        "waits for itself",
        "[format('place",
        "vaults",
        having(
            dependsOn=[ID.format("KeyVault", "vaults", "format('kv-{0}{1}', variables('short'), variables('unique'))")]
        ),
    ),
    Edit(
        "waits in a circle",
        "[format('place",
        "Workspaces",
        having(
            dependsOn=["[resourceId('Microsoft.Insights/components', format('appi-{0}', parameters('workspaceName')))]"]
        ),
    ),
    Edit(
        "a comma too many", "[format('place", "components", having(location="[format('{0}', parameters('location'),)]")
    ),
    Edit("an undeclared variable", "[format('place", "components", having(location="[variables('location')]")),
    Edit("an undeclared parameter", "[format('place", "components", having(location="[parameters('region')]")),
    Edit("an unknown function", "[format('place", "components", having(location="[lower('a')]")),
    Edit(
        "too few names in an id",
        "[format('place",
        "components",
        having(location="[resourceId('Microsoft.Storage/storageAccounts/blobServices', 'a')]"),
    ),
    Edit("a body of text", "[format('place", "components", having(properties="none")),
    Edit("a name with a segment too many", "[format('place", "components", having(name="a/b")),
    Edit("no name", "[format('place", "components", without("name")),
    Edit("a key that no resource has", "[format('place", "components", having(propertys={})),
    Edit(
        "a scope that is not there",
        "[format('place",
        "roleAssignments",
        having(scope="[resourceId('Microsoft.Storage/storageAccounts', 'none')]"),
    ),
    Edit("a role for the whole group", "[format('place", "roleAssignments", without("scope")),
    Edit(
        "a module of the outer scope",
        "",
        "deployments",
        lambda one: one["properties"].pop("expressionEvaluationOptions"),
    ),
    Edit(
        "a module without a parameter", "", "deployments", lambda one: one["properties"]["parameters"].pop("location")
    ),
    Edit(
        "a module with one too many",
        "",
        "deployments",
        lambda one: one["properties"]["parameters"].update(x={"value": 1}),
    ),
    Edit(
        "a module's parameter of another type",
        "",
        "deployments",
        lambda one: one["properties"]["parameters"].update(tags={"value": "x"}),
    ),
    Edit("a condition of text", "", "roleAssignments", having(condition="yes")),
    Edit(
        "reference() in a name",
        "[format('place",
        "roleAssignments",
        having(name="[guid(reference(resourceId('Microsoft.Storage/storageAccounts', 'a')).x)]"),
    ),
    Edit("a loop that counts text", "", "resourceGroups", lambda one: one["copy"].update(count="two")),
]
