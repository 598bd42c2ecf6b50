"""Operations that outlive their request: begun by a write, asked for until they end."""

from collections.abc import Callable

from standin.cloud import REGION, Cloud, Resource, Work
from standin.messages import AzureError, Reply, Request

HOST = "management.azure.com"
BASE = f"/providers/Microsoft.MachineLearningServices/locations/{REGION}/mfeOperation"
CODE = "InternalServerError"
SOON, LATER = {"x-ms-retry-after-ms": "20"}, {"x-ms-retry-after-ms": "200"}  # "Retry-After: 0" would count as absent


def write(cloud: Cloud, name: str, body: Resource, work: Callable[[Resource], str | None]) -> Reply:
    """Keep the resource as Creating or Updating until the work ends, then as Succeeded or Failed."""
    status, state = (200, "Updating") if cloud.find(name) else (201, "Creating")
    resource = cloud.put(name, body)
    resource["properties"]["provisioningState"] = state

    def end(error: str | None) -> None:
        resource["properties"]["provisioningState"] = "Failed" if error else "Succeeded"

    return Reply(status, resource, addresses(name, cloud.begin(name, lambda: work(resource), end)))


def delete(cloud: Cloud, name: str, work: Work) -> Reply:
    """Let the resource be gone once the work has ended."""
    cloud.get(name)["properties"]["provisioningState"] = "Deleting"
    return Reply(202, None, addresses(name, cloud.begin(name, work, lambda error: cloud.remove(name))))


def addresses(name: str, key: str) -> dict[str, str]:
    """Where to ask for an operation."""
    base = f"https://{HOST}/subscriptions/{name.split('/')[2]}{BASE}"
    query = "?api-version=2022-02-01-preview"
    return {
        "Azure-AsyncOperation": f"{base}sStatus/{key}{query}",
        "Location": f"{base}Results/{key}{query}",
        **SOON,
    }


def is_poll(request: Request) -> bool:
    """Whether somebody asks for an operation."""
    return f"{BASE}s".lower() in request.path.lower() or f"{BASE}Results".lower() in request.path.lower()


def poll(cloud: Cloud, request: Request) -> Reply:
    """How far the operation is, or what it led to."""
    key = request.path.rsplit("/", 1)[-1]
    operation = cloud.operations.get(key)
    if operation is None:
        raise AzureError(404, "NotFound", f"The operation {key} was not found.")
    ended = cloud.look(operation, count=True)
    if "results/" in request.path.lower():
        return Reply(200, cloud.find(operation.resource)) if ended else Reply(202, None, LATER)
    if not ended:
        return Reply(200, {"status": "InProgress"}, LATER if operation.thread.is_alive() else SOON)
    if operation.error:
        return Reply(200, {"status": "Failed", "error": error_of(operation.error)})
    return Reply(200, {"status": "Succeeded"})


def error_of(words: str) -> dict[str, str]:
    """What went wrong, with its kind where that stands before a colon."""
    code, colon, message = words.partition(": ")
    return {"code": code, "message": message} if colon and code.isalnum() else {"code": CODE, "message": words}


def refuse_while_under_way(cloud: Cloud, name: str) -> None:
    """AzureError 409 when work on the resource has not ended. Who is refused has asked how far it is."""
    operation = cloud.under_way(name)
    if operation:
        cloud.look(operation, count=True)
        words = f"The resource '{name}' cannot be changed: another operation on it is in progress."
        raise AzureError(409, "Conflict", words)
