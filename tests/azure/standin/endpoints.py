"""Online endpoints and their deployments, by the service's rules."""

import re
import time
import uuid
from collections.abc import Mapping
from typing import Any

from standin import operations
from standin.cloud import REGION, Cloud, Resource
from standin.login import HOUR, TENANT, signed_token
from standin.messages import AzureError, Reply, Request

NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]")
DEFAULTS = {"scaleSettings": {"scaleType": "Default"}, "egressPublicNetworkAccess": "Enabled", "properties": {}}
AUDIENCE = "https://ml.azure.com"  # of a token that scores
SINCE = {"dataCollector": "2023", "systemDatastoresAuthMode": "2024-01-01-preview"}  # API versions
MOST_MIRRORED = 50
KEYS = ("primary", "secondary")


def bad(message: str) -> AzureError:
    """The refusal of a request that is against the rules."""
    return AzureError(400, "BadArgument", message)


def is_endpoint(name: str) -> bool:
    """Whether the id is an online endpoint's own."""
    return name.lower().rsplit("/", 2)[-2] == "onlineendpoints"


def endpoint_called(cloud: Cloud, short: str) -> Resource | None:
    """The endpoint of that name, which no two in a region have."""
    ending = f"/onlineendpoints/{short.lower()}"
    return next((one for name, one in cloud.resources.items() if name.endswith(ending)), None)


def write_endpoint(cloud: Cloud, request: Request, name: str) -> Reply:
    """Create or change an endpoint. AzureError 400 when its name or its traffic is against the rules."""
    body, short = request.json(), name.rsplit("/", 1)[-1]
    operations.refuse_while_under_way(cloud, name)
    taken = endpoint_called(cloud, short)
    if not NAME.fullmatch(short) or (taken and taken["id"].lower() != name.lower()):
        raise bad(f"The endpoint name '{short}' is not valid, or it is taken in {REGION}.")
    properties = body["properties"]
    check_traffic(cloud, name, properties.get("traffic") or {}, properties.get("mirrorTraffic") or {})
    properties.pop("keys", None)
    host = f"https://{short.lower()}.{REGION}.inference.ml.azure.com"
    body["properties"] = {"traffic": {}, "mirrorTraffic": {}, "properties": {}, **properties}
    body["properties"] |= {"scoringUri": f"{host}/score", "swaggerUri": f"{host}/swagger.json"}
    body["identity"] = {"type": "SystemAssigned", "principalId": principal(name), "tenantId": TENANT}
    return operations.write(cloud, name, body, lambda endpoint: None)


def principal(name: str) -> str:
    """The identity that Azure makes for the resource."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name.lower()))


def check_traffic(cloud: Cloud, name: str, traffic: Mapping[str, int], mirror: Mapping[str, int]) -> None:
    """AzureError 400 when requests cannot be split so."""
    if (traffic or mirror) and not cloud.find(name):
        raise bad("Traffic cannot be set while an endpoint is created: it has no deployments.")
    if sum(traffic.values()) not in {0, 100}:
        raise bad(f"The sum of all traffic must be 0 or 100, not {sum(traffic.values())}.")
    if len(mirror) > 1 or sum(mirror.values()) > MOST_MIRRORED:
        raise bad(f"At most {MOST_MIRRORED} % can be mirrored, to one deployment.")
    if any(traffic.get(target) for target in mirror):
        raise bad("A deployment that has live traffic cannot have mirrored traffic.")
    for target in {**traffic, **mirror}:
        deployment = cloud.find(f"{name}/deployments/{target}")
        share = traffic.get(target) or mirror.get(target)
        if deployment is None or (share and deployment["properties"]["provisioningState"] != "Succeeded"):
            raise bad(f"The deployment '{target}' cannot have traffic: it is not there, or has not succeeded.")


def write_deployment(cloud: Cloud, request: Request, name: str) -> Reply:
    """Create or change a deployment. AzureError 400 or 404 when it cannot be."""
    body, endpoint = request.json(), name.rsplit("/", 2)[0]
    for one in (endpoint, name):
        operations.refuse_while_under_way(cloud, one)
    properties = body["properties"] = {**DEFAULTS, **body["properties"]}
    code = (properties.get("codeConfiguration") or {}).get("codeId")
    for part in (endpoint, properties.get("model"), properties.get("environmentId"), code):
        if part:
            cloud.get(cloud.asset(part))
    check_quota(cloud, name, body)
    return operations.write(cloud, name, body, cloud.serving.start)


def scale(cloud: Cloud, request: Request, name: str) -> Reply:
    """Change the number of a deployment's instances; it serves on. AzureError 400, 404 or 409 when it cannot be."""
    deployment, body = cloud.get(name), request.json()
    for one in (name.rsplit("/", 2)[0], name):
        operations.refuse_while_under_way(cloud, one)
    if not body.keys() <= {"sku", "tags"}:
        raise bad("Only the sku and the tags of a deployment can be changed in part.")
    scaled = {**deployment, **body, "sku": {**deployment["sku"], **body.get("sku", {})}}
    check_quota(cloud, name, scaled)
    return operations.write(cloud, name, scaled, lambda _: None)


def check_quota(cloud: Cloud, name: str, body: Mapping[str, Any]) -> None:
    """AzureError 400 when the subscription has no room for the deployment's instances."""
    wanted = (body.get("sku") or {}).get("capacity")
    if not wanted:
        raise bad("sku.capacity: how many instances the deployment has is required.")
    others = (one for key, one in cloud.resources.items() if "/deployments/" in key and key != name.lower())
    used = sum(one["sku"]["capacity"] for one in others)
    if cloud.instances is not None and used + wanted > cloud.instances:
        size = body["properties"].get("instanceType")
        usage = f"Current usage/limit: {used}/{cloud.instances}. Additional needed: {wanted}"
        raise AzureError(400, "QuotaExceeded", f"Not enough quota available for {size}. {usage}")


def delete(cloud: Cloud, name: str) -> Reply:
    """Delete an endpoint with its deployments, or a deployment. AzureError 400 when that has traffic."""
    operations.refuse_while_under_way(cloud, name)
    if is_endpoint(name):
        deployments = cloud.children(f"{name}/deployments")
        return operations.delete(cloud, name, lambda: stop(cloud, deployments))
    deployment, traffic = cloud.get(name), cloud.get(name.rsplit("/", 2)[0])["properties"]
    if any(traffic[kind].get(deployment["name"]) for kind in ("traffic", "mirrorTraffic")):
        raise bad(f"The deployment '{deployment['name']}' has traffic and cannot be deleted.")
    return operations.delete(cloud, name, lambda: stop(cloud, [deployment]))


def stop(cloud: Cloud, deployments: list[Resource]) -> None:
    """End what the deployments run."""
    for deployment in deployments:
        cloud.serving.stop(deployment["id"])


def keys(cloud: Cloud, name: str) -> Reply:
    """The two keys of an endpoint. AzureError 400 when it has none."""
    if cloud.get(name)["properties"]["authMode"].lower() != "key":
        raise bad("The endpoint has no keys: its authMode is not Key.")
    return Reply(200, {f"{which}Key": cloud.secret(f"{which} key of {name}") for which in KEYS})


def regenerate_key(cloud: Cloud, request: Request, name: str) -> Reply:
    """Let the named key be another one once the work has ended. AzureError 400 when that is no key."""
    which, endpoint = str(request.json().get("keyType", "")).lower(), cloud.get(name)
    if which not in KEYS:
        raise bad(f"The key type '{which}' is neither Primary nor Secondary.")
    operations.refuse_while_under_way(cloud, name)

    def end(error: str | None) -> None:
        if not error:
            del cloud.secrets[f"{which} key of {endpoint['id']}".lower()]

    return Reply(202, None, operations.addresses(name, cloud.begin(name, lambda: None, end)))


def token(cloud: Cloud, name: str) -> Reply:
    """A token that scores. AzureError 400 when the endpoint takes keys."""
    if cloud.get(name)["properties"]["authMode"].lower() == "key":
        raise bad("The endpoint gives no tokens: its authMode is Key.")
    now = int(time.time())
    times = {"expiryTimeUtc": now + HOUR, "refreshAfterTimeUtc": now + HOUR // 2}
    return Reply(200, {"accessToken": signed_token(cloud, AUDIENCE), "tokenType": "Bearer", **times})


def logs(cloud: Cloud, request: Request, name: str) -> Reply:
    """The last lines that a deployment wrote."""
    tail = (request.json() or {}).get("tail") or 100
    return Reply(200, {"content": cloud.serving.log(cloud.get(name)["id"], tail)})


def as_of(version: str, resource: Resource) -> Resource:
    """The resource as that version of the API shows it: older ones do not know all that there is."""
    unknown = {name for name, since in SINCE.items() if version < since}
    if unknown.isdisjoint(resource.get("properties", {})):
        return resource
    return {**resource, "properties": {key: part for key, part in resource["properties"].items() if key not in unknown}}
