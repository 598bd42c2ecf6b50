"""Versions of codes, data, environments, models and components."""

import uuid
from collections.abc import Mapping
from typing import Any

from standin.azurite import ACCOUNT
from standin.blobs import HOST
from standin.cloud import Cloud, Resource, type_of, workspace_of
from standin.messages import AzureError, Reply, Request

FILES = {"models": "modelUri", "data": "dataUri", "codes": "codeUri"}  # what holds the address of the files
CONTENT = {**FILES, "environments": "build", "components": "componentSpec"}  # what no later write may change
DEFAULTS: dict[str, dict[str, Any]] = {"models": {"flavors": {}, "properties": {}, "tags": {}}}  # of the service


def write_version(cloud: Cloud, request: Request, name: str) -> Reply:
    """Keep a version. AzureError 409 when it is there with other content, 404 when its files are not."""
    body, old = request.json(), cloud.find(name)
    container, _, version = name.rsplit("/", 2)
    kind = type_of(container).rsplit("/", 1)[-1].lower()
    properties = body["properties"] = {**DEFAULTS.get(kind, {}), **body["properties"]}
    if kind in FILES:
        complete_address(cloud, properties, FILES[kind], workspace_of(name))
    if old and old["properties"].get(CONTENT[kind]) != properties.get(CONTENT[kind]):
        raise AzureError(409, "UserError", f"The version {version} of {container} already exists with other content.")
    note_version(cloud, container, version)
    return Reply(200 if old else 201, cloud.put(name, body))


def complete_address(cloud: Cloud, properties: dict[str, Any], key: str, workspace: str) -> None:
    """Give the files' address in its long form, as the service does. A model's files must be there already."""
    address = properties[key]
    if address.startswith("azureml://jobs/"):
        properties["jobName"] = address.split("/")[3]
    if address.startswith("azureml://"):
        properties[key] = cloud.blobs.locate(address, workspace).address
    if key == "modelUri" and not cloud.blobs.names(address, workspace):
        raise AzureError(404, "UserError", f"There are no files at {address}.")


def note_version(cloud: Cloud, container: str, version: str) -> None:
    """Tell the container of all versions that this is its newest."""
    known = cloud.find(container) or cloud.put(container, {"properties": {"isArchived": False}})
    following = {"nextVersion": str(int(version) + 1)} if version.isdigit() else {}
    known["properties"] |= {"latestVersion": version, **following}


def shown(found: list[Resource], query: Mapping[str, str]) -> list[Resource]:
    """Of these, what the query asks for: what is not archived unless it says otherwise, and only this hash."""
    if query.get("listViewType", "ActiveOnly") == "ActiveOnly":
        found = [one for one in found if not one["properties"].get("isArchived")]
    if "hash" in query:
        found = [one for one in found if one["properties"].get("properties", {}).get("hash_sha256") == query["hash"]]
    return found


def begin_upload(cloud: Cloud, name: str) -> Reply:
    """A container of its own for the files of a version, with a signature to write there."""
    container = f"{uuid.uuid4()}"
    cloud.blobs.container(container)
    address = f"https://{HOST}/{container}"
    signed = f"{address}?{cloud.blobs.signature(container)}"
    group = "/".join(name.split("/")[:5])
    reference = {
        "blobUri": address,
        "storageAccountArmId": f"{group}/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}",
        "credential": {"credentialType": "SAS", "sasUri": signed},
    }
    answer = {"pendingUploadId": container, "pendingUploadType": "TemporaryBlobReference"}
    return Reply(200, {**answer, "blobReferenceForConsumption": reference})
