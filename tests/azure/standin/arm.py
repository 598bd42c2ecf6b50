"""Azure Resource Manager: what may be read, listed, written, deleted and done, by the kind of resource."""

from collections.abc import Callable, Mapping
from functools import partial

from standin import account, assets, deployments, endpoints, jobs, operations, resources, schedules
from standin.cloud import Cloud, Resource, type_of
from standin.login import require_token
from standin.messages import AzureError, Reply, Request, not_played

AUDIENCES = ("https://management.azure.com", "https://management.core.windows.net")
LEARNING = "microsoft.machinelearningservices/workspaces"
DEPLOYMENTS = f"{LEARNING}/onlineendpoints/deployments"
SCHEDULES = f"{LEARNING}/schedules"
AUTOSCALE = "microsoft.insights/autoscalesettings"
KINDS = {AUTOSCALE, LEARNING} | {
    f"{LEARNING}/{kind}"
    for kind in (
        "codes",
        "codes/versions",
        "components",
        "components/versions",
        "computes",
        "data",
        "data/versions",
        "datastores",
        "environments",
        "environments/versions",
        "jobs",
        "models",
        "models/versions",
        "onlineendpoints",
        "onlineendpoints/deployments",
        "schedules",
    )
}
LIST_OPTIONS = {"api-version", "count", "hash", "hashVersion", "isDefault", "listViewType", "orderByAsc"}
LIST_OPTIONS |= {"$orderBy", "$top"}
READS = {"listkeys", "token", "getlogs", "listsecrets", "validate", "whatif"}  # posted, though they change nothing

Write = Callable[[Cloud, Request, str], Reply]


def is_write(request: Request) -> bool:
    """Whether the request changes something."""
    return request.method in {"PUT", "PATCH", "DELETE"} or (
        request.method == "POST" and request.path.rsplit("/", 1)[-1].lower() not in READS
    )


def answer(cloud: Cloud, request: Request) -> Reply:
    """What Azure Resource Manager says to the request."""
    require_token(cloud, request, *AUDIENCES)
    if "api-version" not in request.query:
        raise AzureError(400, "MissingApiVersionParameter", "The api-version query parameter is required.")
    if operations.is_poll(request):
        return operations.poll(cloud, request)
    cloud.settle()
    part = next((part for part in (account, deployments, resources) if part.answers(request)), None)
    return part.answer(cloud, request) if part else of_a_workspace(cloud, request, request.path.rstrip("/"))


def of_a_workspace(cloud: Cloud, request: Request, name: str) -> Reply:
    """The same of what is in a workspace, and of autoscale settings."""
    if request.method == "POST":
        name, _, action = name.rpartition("/")
        return act(cloud, request, name, action.lower())
    kind = type_of(name).lower()
    if kind not in KINDS:
        raise not_played(request)
    if request.method == "GET":
        return read(cloud, request, name)
    if request.method == "PUT" and kind in WRITES:
        return WRITES[kind](cloud, request, name)
    if request.method == "PATCH" and kind == DEPLOYMENTS:
        return endpoints.scale(cloud, request, name)
    if request.method == "DELETE" and kind in DELETES:
        return DELETES[kind](cloud, name) if cloud.find(name) else Reply(204)
    raise not_played(request)


def read(cloud: Cloud, request: Request, name: str) -> Reply:
    """A resource, or those of a collection."""
    shown = (schedules if type_of(name).lower() == SCHEDULES else endpoints).as_of
    as_of = partial(shown, request.query["api-version"])
    is_collection = len(name.rpartition("/providers/")[2].split("/")) % 2 == 0
    if is_collection:
        return Reply(200, {"value": [as_of(one) for one in listed(cloud, request, name)]})
    found, operation = cloud.get(name), cloud.under_way(name)
    if operation:
        cloud.look(operation, count=True)
    return Reply(200, as_of(found))


def listed(cloud: Cloud, request: Request, collection: str) -> list[Resource]:
    """The resources that the query asks for, the newest first."""
    if not request.query.keys() <= LIST_OPTIONS:
        raise not_played(request)
    found = cloud.children(collection)
    if type_of(collection).lower() == SCHEDULES:
        return schedules.shown(found, request.query.get("listViewType", "EnabledOnly"))
    found = assets.shown(found, request.query)
    for operation in filter(None, (cloud.under_way(one["id"]) for one in found)):
        cloud.look(operation, count=True)
    if request.query.get("isDefault"):
        found = [one for one in found if one["properties"].get("isDefault")]
    return found[: int(request.query.get("$top", len(found)))]


def write_job(cloud: Cloud, request: Request, name: str) -> Reply:
    """Submit a job, or change the tags of one that is there."""
    old, body = cloud.find(name), request.json()
    if old:
        old["properties"] |= {key: body["properties"].get(key) for key in ("tags", "description", "displayName")}
        return Reply(200, old)
    body["properties"] = {"experimentName": "Default", "status": "NotStarted", **body["properties"]}
    job = cloud.put(name, body)
    try:
        jobs.start(cloud, job)
    except AzureError:
        cloud.remove(name)
        raise
    return Reply(201, job)


def write_autoscale(cloud: Cloud, request: Request, name: str) -> Reply:
    """Keep the autoscale setting of a deployment. AzureError 404 when there is no such deployment."""
    body, status = request.json(), 200 if cloud.find(name) else 201
    cloud.get(body["properties"]["targetResourceUri"])
    return Reply(status, cloud.put(name, body))


def delete_at_once(cloud: Cloud, name: str) -> Reply:
    """Forget the resource."""
    cloud.remove(name)
    return Reply(200)


WRITES: Mapping[str, Write] = {
    **{f"{LEARNING}/{kind}/versions": assets.write_version for kind in assets.CONTENT},
    f"{LEARNING}/jobs": write_job,
    f"{LEARNING}/onlineendpoints": endpoints.write_endpoint,
    f"{LEARNING}/onlineendpoints/deployments": endpoints.write_deployment,
    SCHEDULES: schedules.write,
    AUTOSCALE: write_autoscale,
}
DELETES: Mapping[str, Callable[[Cloud, str], Reply]] = {
    f"{LEARNING}/onlineendpoints": endpoints.delete,
    f"{LEARNING}/onlineendpoints/deployments": endpoints.delete,
    SCHEDULES: schedules.delete,
    AUTOSCALE: delete_at_once,
}


def act(cloud: Cloud, request: Request, name: str, action: str) -> Reply:
    """Do what was posted to a resource."""
    kind = type_of(name).lower().removeprefix(f"{LEARNING}/")
    call = ACTIONS.get((kind, action))
    if call is None:
        raise not_played(request)
    return call(cloud, request, name)


def cancel_job(cloud: Cloud, request: Request, name: str) -> Reply:
    """End a job."""
    jobs.cancel(cloud, cloud.get(name))
    return Reply(200)


ACTIONS: Mapping[tuple[str, str], Write] = {
    ("codes/versions", "startpendingupload"): lambda cloud, request, name: assets.begin_upload(cloud, name),
    ("datastores", "listsecrets"): lambda cloud, request, name: storage_key(cloud, name),
    ("jobs", "cancel"): cancel_job,
    ("onlineendpoints", "listkeys"): lambda cloud, request, name: endpoints.keys(cloud, name),
    ("onlineendpoints", "regeneratekeys"): endpoints.regenerate_key,
    ("onlineendpoints", "token"): lambda cloud, request, name: endpoints.token(cloud, name),
    ("onlineendpoints/deployments", "getlogs"): endpoints.logs,
}


def storage_key(cloud: Cloud, name: str) -> Reply:
    """The key of the datastore's account."""
    cloud.get(name)
    return Reply(200, {"secretsType": "AccountKey", "key": cloud.blobs.key})
