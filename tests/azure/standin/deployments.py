"""Deployments and deployment stacks: validated, compared with what is there, carried out, taken away."""

import re
import uuid
from typing import Any

from standin import resources, templates
from standin.cloud import SUBSCRIPTION, Cloud, timestamp
from standin.messages import AzureError, Reply, Request, not_played

HOST = "https://management.azure.com"
STATUS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Resources/locations/here/operationStatuses"
OURS = re.compile(
    r"(?P<id>(?P<scope>/subscriptions/[^/]+(?:/resourceGroups/[^/]+)?)/providers/Microsoft\.Resources"
    r"/(?P<kind>deployments|deploymentStacks)/(?P<name>[^/]+))(?:/(?P<action>validate|whatIf|operations))?",
    re.IGNORECASE,
)
STILL = {"succeeded", "failed", "canceled"}


def answers(request: Request) -> bool:
    """Whether it is about a deployment, a stack or what became of one."""
    return bool(OURS.fullmatch(request.path.rstrip("/"))) or request.path.startswith(STATUS)


def answer(cloud: Cloud, request: Request) -> Reply:
    """What is said of it, or done."""
    if request.path.startswith(STATUS):
        return Reply(200, cloud.store["deployments"][request.path.rsplit("/", 1)[-1]])
    match = OURS.fullmatch(request.path.rstrip("/"))
    assert match
    action, is_stack = (match["action"] or "").lower(), match["kind"].lower() == "deploymentstacks"
    if request.method == "GET":
        return Reply(200, {"value": []} if action else cloud.get(match["id"]))
    if request.method == "DELETE" and is_stack:
        return delete(cloud, request, match["id"])
    if action == "whatif":
        return what_if(cloud, request, match["scope"])
    if action == "validate":
        return validate(templates.read(cloud, request, match["scope"]), match["id"])
    if request.method == "PUT":
        return (put_stack if is_stack else put)(cloud, request, match["id"], match["scope"])
    raise not_played(request)


def validate(plan: templates.Plan, name: str) -> Reply:
    """That all would be taken."""
    validated = {"correlationId": str(uuid.uuid4()), "validatedResources": [{"id": one} for one in plan.ids]}
    return Reply(200, {"id": name, "name": name.rsplit("/", 1)[-1], "properties": validated})


def what_if(cloud: Cloud, request: Request, scope: str) -> Reply:
    """What would change. What is wrong with the template is part of a good answer."""
    try:
        changes = templates.read(cloud, request, scope).changes()
    except AzureError as error:
        return Reply(200, {"status": "Failed", **error.body})
    return Reply(200, {"status": "Succeeded", "properties": {"changes": changes, "correlationId": str(uuid.uuid4())}})


def put(cloud: Cloud, request: Request, name: str, scope: str) -> Reply:
    """Carry out a deployment."""
    plan = templates.read(cloud, request, scope)
    said = {"mode": "Incremental", "timestamp": timestamp(), "correlationId": str(uuid.uuid4())}
    return carried_out(cloud, plan, name, {"properties": {**said, "outputs": plan.found.outputs}})


def put_stack(cloud: Cloud, request: Request, name: str, scope: str) -> Reply:
    """Carry out a stack, then delete what it does not have any more. AzureError 409 while it is at work."""
    old, sent = cloud.find(name), templates.body(request)
    if old and old["properties"]["provisioningState"].lower() not in STILL:
        raise AzureError(
            409, "DeploymentStackInNonTerminalState", f"The stack is {old['properties']['provisioningState']}."
        )
    plan = templates.read(cloud, request, scope)
    kept = {key: part for key, part in sent["properties"].items() if key in {"actionOnUnmanage", "denySettings"}}
    managed = [{"id": one, "status": "managed", "denyStatus": "none"} for one in plan.ids]
    body = {key: sent[key] for key in ("location", "tags") if key in sent}
    properties = {**kept, "outputs": plan.found.outputs, "resources": managed}
    reply = carried_out(cloud, plan, name, {**body, "properties": properties})
    gone = [one["id"] for one in (old or {"properties": {}})["properties"].get("resources", [])]
    if "Azure-AsyncOperation" not in reply.headers:
        take_away(cloud, [one for one in gone if one.lower() not in {each.lower() for each in plan.ids}])
    return reply


def carried_out(cloud: Cloud, plan: templates.Plan, name: str, body: dict[str, Any]) -> Reply:
    """What was put, when all was made; else an operation that failed, with what was made before it."""
    key, error = str(uuid.uuid4()), None
    try:
        plan.carry_out()
    except AzureError as refused:
        error = {"code": "DeploymentFailed", "message": "At least one resource deployment operation failed."}
        error["details"] = [refused.body["error"]]  # type: ignore[assignment]
    state = "failed" if error else "succeeded"
    properties = {**body["properties"], "provisioningState": state, **({"error": error} if error else {})}
    if error and "resources" in properties:
        properties["resources"] = [one for one in properties["resources"] if cloud.find(one["id"])]
    kept = cloud.put(name, {**body, "properties": properties})
    if error is None:
        return Reply(201, kept)
    cloud.store.setdefault("deployments", {})[key] = {"status": "Failed", "error": error}
    under_way = {**kept, "properties": {**properties, "provisioningState": "Running"}}
    return Reply(201, under_way, {"Azure-AsyncOperation": f"{HOST}{STATUS}/{key}?api-version=2025-04-01"})


def delete(cloud: Cloud, request: Request, name: str) -> Reply:
    """Take the stack away, and all that it has where the query says so. Idempotent: 204 when there is none."""
    stack = cloud.find(name)
    if stack is None:
        return Reply(204)
    ids = [one["id"] for one in stack["properties"]["resources"]]
    asked = {key.lower(): value for key, value in request.query.items()}
    if asked.get("unmanageaction.resources") == "delete":
        take_away(cloud, [one for one in ids if not resources.GROUP.fullmatch(one)])
    if asked.get("unmanageaction.resourcegroups") == "delete":
        take_away(cloud, [one for one in ids if resources.GROUP.fullmatch(one)])
    cloud.remove(name)
    return Reply(200)


def take_away(cloud: Cloud, ids: list[str]) -> None:
    """Delete them, the last one first."""
    for one in reversed(ids):
        resources.delete(cloud, one)
