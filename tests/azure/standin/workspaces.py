"""Workspaces and registries as the stand-in has them: what one says of itself, its store and its cluster."""

import uuid
from typing import Any

from standin.azurite import ACCOUNT
from standin.blobs import STORE
from standin.cloud import REGION, SUBSCRIPTION, Cloud, Resource, workspace_id
from standin.login import TENANT

CLUSTER = "cpu-cluster"


BY_IDENTITY = "Identity"  # systemDatastoresAuthMode: whoever asks needs a role at the storage account, and no key


def add_workspace(cloud: Cloud, group: str, name: str, datastores: str = "AccessKey") -> None:
    """A workspace with its datastore and a cluster, unless it is there."""
    workspace = workspace_id(SUBSCRIPTION, group, name)
    if cloud.find(workspace):
        return
    put_workspace(cloud, workspace, {"properties": {"systemDatastoresAuthMode": datastores}})
    cloud.put(f"{workspace}/computes/{CLUSTER}", {"location": REGION, "properties": OF_CLUSTER})


def put_workspace(cloud: Cloud, workspace: str, wanted: Resource) -> Resource:
    """Keep a workspace as a template wants it, with what the service adds, and give a new one its datastore."""
    said = of_workspace(workspace)
    properties = {**said["properties"], **wanted.get("properties", {}), **of_the_service(workspace)}
    kept = cloud.put(workspace, {**said, **wanted, "properties": properties})
    if cloud.find(f"{workspace}/datastores/{STORE}") is None:
        container = f"azureml-blobstore-{uuid.uuid5(uuid.NAMESPACE_URL, workspace)}"
        cloud.blobs.container(container)
        cloud.put(f"{workspace}/datastores/{STORE}", {"properties": of_datastore(container, properties)})
    return kept


def put_registry(cloud: Cloud, registry: str, wanted: Resource) -> Resource:
    """Keep a registry as it is wanted, with a container for its files."""
    if cloud.find(registry) is None:
        cloud.blobs.container(container(registry.rsplit("/", 1)[-1]))
    return cloud.put(registry, wanted)


def container(registry: str) -> str:
    """The name of a registry's container."""
    return f"registry-{registry.lower().replace('_', '-')}"


def of_the_service(workspace: str) -> dict[str, Any]:
    """What nobody but the service says of a workspace."""
    host = f"{REGION}.api.azureml.ms"
    return {
        "workspaceId": str(uuid.uuid5(uuid.NAMESPACE_URL, workspace)),
        "discoveryUrl": f"https://{host}/discovery",
        "mlFlowTrackingUri": f"azureml://{host}/mlflow/v1.0{workspace}",
        "tenantId": TENANT,
        "provisioningState": "Succeeded",
    }


def of_workspace(workspace: str) -> dict[str, Any]:
    """What a workspace says of itself when nobody wanted anything else."""
    providers = workspace.rsplit("/providers/", 1)[0] + "/providers"
    properties = {
        "friendlyName": workspace.rsplit("/", 1)[-1],
        "storageAccount": f"{providers}/Microsoft.Storage/storageAccounts/{ACCOUNT}",
        "keyVault": f"{providers}/Microsoft.KeyVault/vaults/standin",
        "applicationInsights": f"{providers}/Microsoft.Insights/components/standin",
    }
    kind = {"kind": "Default", "sku": {"name": "Basic", "tier": "Basic"}, "identity": {"type": "SystemAssigned"}}
    return {"location": REGION, "tags": {}, **kind, "properties": properties}


def of_datastore(container: str, workspace: Resource) -> dict[str, object]:
    """What the datastore of a workspace with these properties says of itself."""
    by_key = {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey"}}
    by_identity = workspace.get("systemDatastoresAuthMode", "").lower() == BY_IDENTITY.lower()
    return {
        "datastoreType": "AzureBlob",
        "accountName": ACCOUNT,
        "containerName": container,
        "endpoint": "core.windows.net",
        "protocol": "https",
        "isDefault": True,
        "credentials": {"credentialsType": "None"} if by_identity else by_key,
        "serviceDataAccessAuthIdentity": "None",
    }


OF_CLUSTER = {
    "computeType": "AmlCompute",
    "provisioningState": "Succeeded",
    "properties": {
        "vmSize": "Standard_DS3_v2",
        "vmPriority": "LowPriority",
        "scaleSettings": {"maxNodeCount": 4, "minNodeCount": 0, "nodeIdleTimeBeforeScaleDown": "PT120S"},
    },
}
