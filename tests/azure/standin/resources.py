"""Resources of whatever kind: made by templates or by hand, read, listed by group and by tag, deleted, purged."""

import re
from typing import Any

from arm.live import Resource as Wanted
from arm.live import become
from standin.cloud import REGION, Cloud, Resource, type_of
from standin.login import TENANT
from standin.messages import AzureError, Reply, Request, not_played
from standin.workspaces import put_registry, put_workspace

GROUP = re.compile(r"/subscriptions/[^/]+/resourceGroups/[^/]+", re.IGNORECASE)
LISTS = re.compile(r"(/subscriptions/[^/]+(?:/resourceGroups/[^/]+)?)/(resources|resourceGroups)", re.IGNORECASE)
TAG = re.compile(r"tagName eq '([^']*)' and tagValue eq '([^']*)'")
DELETED = re.compile(
    r"(/subscriptions/[^/]+/providers/Microsoft\.KeyVault)(?:/locations/[^/]+)?/deletedVaults(?:/([^/]+)/purge)?",
    re.IGNORECASE,
)
WORKSPACE, VAULT = "microsoft.machinelearningservices/workspaces", "microsoft.keyvault/vaults"
KEPT = {WORKSPACE: put_workspace, "microsoft.machinelearningservices/registries": put_registry}
ENDPOINTS = ("/onlineendpoints/", "/batchendpoints/")
PROVIDERS = ("authorization", "consumption", "containerregistry", "insights", "keyvault", "managedidentity", "storage")
PLAYED = {f"microsoft.{name}" for name in (*PROVIDERS, "eventgrid", "logic", "network", "operationalinsights")}
READ_ELSEWHERE = {WORKSPACE, f"{WORKSPACE}/computes"}
OF_LEARNING = {f"{WORKSPACE}/batchendpoints"}


def kind_of(name: str) -> str:
    """The type of the resource with that id, in small letters."""
    return "microsoft.resources/resourcegroups" if GROUP.fullmatch(name) else type_of(name).lower()


def answers(request: Request) -> bool:
    """Whether it is about what no other part of the stand-in knows better."""
    path = request.path.rstrip("/")
    if GROUP.fullmatch(path) or LISTS.fullmatch(path) or DELETED.fullmatch(path):
        return True
    if "/providers/" not in path:
        return False
    kind = type_of(path).lower()
    if kind in READ_ELSEWHERE:
        return request.method in {"PUT", "DELETE"}
    return kind in OF_LEARNING or (kind.split("/")[0] in PLAYED and kind != "microsoft.insights/autoscalesettings")


def answer(cloud: Cloud, request: Request) -> Reply:
    """What is there, or what becomes of it."""
    name = request.path.rstrip("/")
    if match := DELETED.fullmatch(name):
        return deleted(cloud, request, match[2])
    if match := LISTS.fullmatch(name):
        return Reply(200, {"value": listed(cloud, match[1], match[2].lower(), request.query.get("$filter"))})
    if request.method == "HEAD":
        return Reply(204 if cloud.find(name) else 404)
    if request.method == "GET":
        odd = not GROUP.fullmatch(name) and len(name.rpartition("/providers/")[2].split("/")) % 2 == 0
        return Reply(200, {"value": cloud.children(name)} if odd else cloud.get(name))
    if request.method == "PUT":
        status = 200 if cloud.find(name) else 201
        wanted = Wanted(name, shown_type(name), request.query["api-version"], request.json())
        return Reply(status, make(cloud, wanted))
    if request.method == "DELETE":
        return delete(cloud, name, request.query.get("forceToPurge", "").lower() == "true")
    raise not_played(request)


def shown_type(name: str) -> str:
    """The type as it is written."""
    return "Microsoft.Resources/resourceGroups" if GROUP.fullmatch(name) else type_of(name)


def make(cloud: Cloud, wanted: Wanted) -> Resource:
    """The resource as Azure keeps it. AzureError when its name is that of a deleted one that is not purged."""
    group = "/".join(wanted.id.split("/")[:5])
    if "/resourcegroups/" in wanted.id.lower() and cloud.find(group) is None and group != wanted.id:
        raise AzureError(404, "ResourceGroupNotFound", f"Resource group '{group.split('/')[4]}' could not be found.")
    refuse_a_deleted_name(cloud, wanted)
    whole = become(wanted, TENANT)
    keep = KEPT.get(wanted.type.lower())
    kept = keep(cloud, wanted.id, whole) if keep else cloud.put(wanted.id, whole)
    kept["type"] = wanted.type
    return kept


def refuse_a_deleted_name(cloud: Cloud, wanted: Wanted) -> None:
    """AzureError when Azure keeps a deleted resource of that name."""
    gone = cloud.store.get("deleted", {})
    if wanted.type.lower() == WORKSPACE and wanted.id.lower() in gone:
        words = "Soft-deleted workspace exists. Please purge or recover it. https://aka.ms/wsoftdelete"
        raise AzureError(400, "BadRequest", words)
    if wanted.type.lower() == VAULT and any(
        one["name"] == wanted.name and one["type"] == VAULT for one in gone.values()
    ):
        words = f"A vault with the same name already exists in deleted state: '{wanted.name}'."
        raise AzureError(409, "ConflictError", words)


def listed(cloud: Cloud, scope: str, what: str, condition: str | None) -> list[Resource]:
    """The groups of the scope, or its resources that have a region; those with a tag when it is asked for."""
    groups = what == "resourcegroups"
    below = [one for key, one in cloud.resources.items() if key.startswith(f"{scope.lower()}/")]
    found = [one for one in below if bool(GROUP.fullmatch(one["id"])) == groups and "location" in one]
    found = [one for one in found if "deploymentstacks" not in one["type"].lower()]
    if match := TAG.fullmatch(condition or ""):
        return [one for one in found if (one.get("tags") or {}).get(match[1]) == match[2]]
    return found


def delete(cloud: Cloud, name: str, purge: bool = False) -> Reply:
    """Let the resource and all below it be gone; vaults and workspaces stay as deleted ones, unless they are purged."""
    gone = cloud.store.setdefault("deleted", {})
    if purge and gone.pop(name.lower(), None):
        return Reply(200)
    if cloud.find(name) is None:
        return Reply(204)
    for one in [each for key, each in cloud.resources.items() if f"{key}/".startswith(f"{name.lower()}/")]:
        keep_deleted(cloud, one, purge)
    cloud.remove(name)
    return Reply(200)


def keep_deleted(cloud: Cloud, one: Resource, purge: bool) -> None:
    """What Azure keeps of a deleted resource. AzureError 409 when endpoints serve in the workspace."""
    kind = one["type"].lower()
    if kind == WORKSPACE:
        start = f"{one['id'].lower()}/"
        serving = [key for key in cloud.resources if key.startswith(start) and any(part in key for part in ENDPOINTS)]
        if serving:
            raise AzureError(409, "Conflict", f"The workspace has endpoints: delete {serving[0]} first.")
    if kind == VAULT or (kind == WORKSPACE and not purge):
        kept = {"name": one["name"], "type": kind, "id": one["id"], "tags": one.get("tags") or {}}
        cloud.store["deleted"][one["id"].lower()] = kept


def deleted(cloud: Cloud, request: Request, purged: str | None) -> Reply:
    """The deleted vaults, or the end of one."""
    gone = cloud.store.setdefault("deleted", {})
    vaults = {key: one for key, one in gone.items() if one["type"] == VAULT}
    if request.method == "GET" and purged is None:
        return Reply(200, {"value": [as_deleted(request.path, one) for one in vaults.values()]})
    if request.method == "POST" and purged:
        [key] = [key for key, one in vaults.items() if one["name"] == purged] or [""]
        if not key:
            raise AzureError(404, "DeletedVaultNotFound", f"The deleted vault '{purged}' was not found.")
        del gone[key]
        return Reply(200)
    raise not_played(request)


def as_deleted(path: str, one: dict[str, Any]) -> dict[str, Any]:
    """A deleted vault as Azure shows it."""
    place = path.replace("/deletedVaults", f"/locations/{REGION}/deletedVaults")
    properties = {"vaultId": one["id"], "location": REGION, "tags": one["tags"]}
    return {
        "id": f"{place}/{one['name']}",
        "name": one["name"],
        "type": "Microsoft.KeyVault/deletedVaults",
        "properties": properties,
    }
