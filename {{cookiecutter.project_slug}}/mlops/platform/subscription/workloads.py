"""What runs in a workspace: listed, and ended in the order in which it lets itself be ended."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from mlops.platform.subscription.resource_manager import ResourceManager

VERSION, SCALING_VERSION = "2025-12-01", "2022-10-01"
WORKSPACES = "/providers/microsoft.machinelearningservices/workspaces/"
RUNNING = {"notstarted", "starting", "provisioning", "preparing", "queued", "running", "paused", "notresponding"}


@dataclass(frozen=True)
class Ending:
    """One thing that is to be ended: "endpoint prices-staging: traffic to 0"."""

    what: str
    end: Callable[[], None]


def is_workspace(resource: str) -> bool:
    """Whether the id is that of a workspace itself."""
    return WORKSPACES in resource.lower() and len(resource.strip("/").split("/")) == 8


def endings(azure: ResourceManager, workspace: str) -> Iterator[Ending]:
    """All that has to end before the workspace can be deleted, in this order; each is looked up when its turn comes."""
    yield from schedules(azure, workspace)
    yield from jobs(azure, workspace)
    yield from online_endpoints(azure, workspace)
    yield from collection(azure, workspace, "batchEndpoints", "batch endpoint")
    for compute in azure.list(f"{workspace}/computes", VERSION):
        options = {"underlyingResourceAction": "Delete"}
        yield Ending(f"compute {compute['name']}", partial(azure.delete, compute["id"], VERSION, **options))


def schedules(azure: ResourceManager, workspace: str) -> Iterator[Ending]:
    """First, so that nothing begins anew."""
    yield from collection(azure, workspace, "schedules", "schedule", listViewType="All")  # disabled ones, too


def collection(azure: ResourceManager, workspace: str, kind: str, noun: str, **query: str) -> Iterator[Ending]:
    """Each resource of that kind."""
    for each in azure.list(f"{workspace}/{kind}", VERSION, **query):
        yield Ending(f"{noun} {each['name']}", partial(azure.delete, each["id"], VERSION))


def jobs(azure: ResourceManager, workspace: str) -> Iterator[Ending]:
    """Those that have not ended."""
    for each in azure.list(f"{workspace}/jobs", VERSION, listViewType="All"):
        if str(each["properties"].get("status", "")).lower() in RUNNING:
            yield Ending(f"job {each['name']}", partial(azure.post, f"{each['id']}/cancel", VERSION))


def online_endpoints(azure: ResourceManager, workspace: str) -> Iterator[Ending]:
    """Each one's traffic, then how its deployments scale, they themselves, and it."""
    for endpoint in azure.list(f"{workspace}/onlineEndpoints", VERSION):
        name = f"endpoint {endpoint['name']}"
        if endpoint["properties"].get("traffic"):
            yield Ending(f"{name}: traffic to 0", partial(without_traffic, azure, endpoint))
        group = "/".join(workspace.split("/")[:5])
        for each in azure.list(f"{group}/providers/Microsoft.Insights/autoscalesettings", SCALING_VERSION):
            if str(each["properties"].get("targetResourceUri", "")).lower().startswith(f"{endpoint['id'].lower()}/"):
                yield Ending(f"autoscale {each['name']}", partial(azure.delete, each["id"], SCALING_VERSION))
        for each in azure.list(f"{endpoint['id']}/deployments", VERSION):
            yield Ending(f"{name}: deployment {each['name']}", partial(azure.delete, each["id"], VERSION))
        yield Ending(name, partial(azure.delete, endpoint["id"], VERSION))


def without_traffic(azure: ResourceManager, endpoint: dict[str, Any]) -> None:
    """Let no request reach a deployment of the endpoint any more."""
    identity = {"type": (endpoint.get("identity") or {}).get("type", "SystemAssigned")}
    properties = {"authMode": endpoint["properties"]["authMode"], "traffic": {}}
    body = {"location": endpoint["location"], "tags": endpoint.get("tags") or {}, "identity": identity}
    azure.put(endpoint["id"], VERSION, {**body, "properties": properties})


def delete_workspace(azure: ResourceManager, workspace: str) -> None:
    """For good: one that is only deleted keeps its name."""
    azure.delete(workspace, VERSION, forceToPurge="true")
