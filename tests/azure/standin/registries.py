"""Registries, through which workspaces share models: found by name, then asked at an address of their own."""

import re
import tempfile
import uuid
from pathlib import Path

from standin import arm, operations
from standin.blobs import HOST as BLOBS
from standin.cloud import REGION, SUBSCRIPTION, Cloud, Resource, registry_id
from standin.login import TENANT, require_token
from standin.messages import AzureError, Reply, Request, not_played
from standin.workspaces import container, put_registry

DISCOVERY = "eastus.api.azureml.ms"  # wherever the registry is
HOST = f"cert-{REGION}.experiments.azureml.net"
AUDIENCES = (*arm.AUDIENCES, "https://ml.azure.com")  # the SDK comes with either
PREFIX = "/mferp/managementfrontend"
FOUND_BY_NAME = re.compile(r"/registrymanagement/v1\.0/registries/([^/]+)/discovery")
SOURCE = re.compile(rf"azureml://locations/{REGION}/workspaces/([^/]+)/models/([^/]+)/versions/([^/]+)")


def add_registry(cloud: Cloud, name: str) -> None:
    """A registry, unless it is there."""
    if not cloud.find(registry_id(name)):
        put_registry(cloud, registry_id(name), {"location": REGION, "properties": {}})


def discover(cloud: Cloud, request: Request) -> Reply:
    """Where the registry of that name is. AzureError 404 when there is none."""
    match = FOUND_BY_NAME.fullmatch(request.path)
    if request.method != "GET" or match is None:
        raise not_played(request)
    require_token(cloud, request, *AUDIENCES)
    group = cloud.get(cloud.registry(match[1]))["id"].split("/")[4]
    where = {"primaryRegion": REGION, "regions": [REGION], "primaryRegionResourceProviderUri": f"https://{HOST}/"}
    who = {"registryName": match[1], "tenantId": TENANT, "subscriptionId": SUBSCRIPTION, "resourceGroup": group}
    return Reply(200, {**who, **where})


def is_write(request: Request) -> bool:
    """Whether the request changes something."""
    return request.method == "POST" and request.path.endswith("/import")


def answer(cloud: Cloud, request: Request) -> Reply:
    """What a registry says to the request."""
    require_token(cloud, request, *AUDIENCES)
    cloud.settle()
    name = request.path.removeprefix(PREFIX).rstrip("/")
    registry, parts = "/".join(name.split("/")[:9]), name.split("/")[9:]
    cloud.get(registry)
    if request.method == "GET" and parts[:1] == ["models"]:
        found = arm.read(cloud, request, name).body
        return Reply(200, {"value": [as_shown(one) for one in found["value"]]} if "value" in found else as_shown(found))
    if request.method == "POST" and parts == ["import"]:
        return take(cloud, request.json()["properties"], registry)
    if request.method == "POST" and parts[:1] == ["datarefs"]:
        return reference(cloud, request, registry)
    raise not_played(request)


def as_shown(asset: Resource) -> Resource:
    """The asset with its id as a registry writes it."""
    rest = asset["id"].partition("/registries/")[2]
    return {**asset, "id": f"azureml://registries/{rest}"}


def take(cloud: Cloud, wanted: dict[str, str], registry: str) -> Reply:
    """Copy a version, its files and all that it says, from the workspace that it is in."""
    source = source_of(cloud, wanted["sourceAssetId"])
    name, version = wanted["destinationName"], wanted["destinationVersion"]
    target = f"{registry}/models/{name}/versions/{version}"
    if cloud.find(target):
        raise AzureError(409, "Conflict", f"The version {version} of {name} already exists.")
    place = f"https://{BLOBS}/{container(registry.rsplit('/', 1)[-1])}/models/{name}/{version}"

    def copy() -> None:
        with tempfile.TemporaryDirectory() as folder:
            cloud.blobs.download(source["properties"]["modelUri"], Path(folder))
            cloud.blobs.upload(Path(folder), place)

    def end(error: str | None) -> None:
        if error is None:
            cloud.put(target.rsplit("/", 2)[0], {"properties": {"isArchived": False}})
            cloud.put(target, {"properties": {**source["properties"], "modelUri": place}})

    unnamed = f"{registry}/import/{uuid.uuid4()}"  # the operation leads to nothing that its end would show
    return Reply(202, None, operations.addresses(unnamed, cloud.begin(unnamed, copy, end)))


def source_of(cloud: Cloud, address: str) -> Resource:
    """The version in a workspace that is known by its unique id. AzureError 404 when it is not there."""
    match = SOURCE.fullmatch(address)
    for one in list(cloud.resources.values()):
        if match and one["properties"].get("workspaceId") == match[1]:
            return cloud.get(f"{one['id']}/models/{match[2]}/versions/{match[3]}")
    raise AzureError(404, "UserError", f"There is no asset {address}.")


def reference(cloud: Cloud, request: Request, registry: str) -> Reply:
    """A signature to read the files with."""
    files = container(registry.rsplit("/", 1)[-1])
    credential = {"credentialType": "SAS", "sasUri": f"https://{BLOBS}/{files}?{cloud.blobs.signature(files)}"}
    return Reply(200, {"blobReferenceForConsumption": {"blobUri": request.json()["blobUri"], "credential": credential}})
