"""What a request needs to be allowed: the operation by Azure's name, and the resource that it is about."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from standin import Entry
from standin.cloud import SUBSCRIPTION

HOME = f"/subscriptions/{SUBSCRIPTION}"
WORKSPACE = re.compile(r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/([\w.]+/workspaces)/[^/]+", re.I)
REGISTRY = re.compile(r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/([\w.]+/registries)/[^/]+", re.I)
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers"
VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
ASKED = ("search", "query", "get", "list", "batch", "details", "getrunsbyids", "get-history")  # posted to be read
WITHOUT = re.compile(r"login\.microsoftonline\.com|.*githubusercontent\.com|dev\.azure\.com|.*\.azureml\.net")
SIGNED = "sp"  # an address with a signature has its own rights
POLLS = "/operationsstatus/", "/mfeoperation"  # who began an operation may ask how far it is


@dataclass(frozen=True)
class Needed:
    """An operation on a resource. data: it is about what the service keeps, not about the service."""

    operation: str
    scope: str
    data: bool = False


def needed(entry: Entry, account_of: Callable[[str], str]) -> Needed | None:
    """What the request needs; None where no role is asked. `account_of`: the id of the account with that container."""
    host, path = entry.host, entry.path
    if WITHOUT.fullmatch(host) or path.endswith("/discovery") or any(each in path.lower() for each in POLLS):
        return None
    if host == "management.azure.com":
        return of_resource(entry.method, path)
    if host.endswith(".blob.core.windows.net"):
        return None if SIGNED in entry.query else of_blob(entry, account_of(path.split("/")[1]))
    if host.endswith(".inference.ml.azure.com"):
        return None  # with the key that its own request to Resource Manager has brought, or as below
    if host.endswith(".metrics.monitor.azure.com"):
        return Needed("Microsoft.Insights/metrics/read", HOME)
    return of_service(entry)


def of_resource(method: str, path: str) -> Needed:
    """Of Azure Resource Manager: the type of the resource and what is done; a collection is its parent's."""
    before, _, rest = path.rstrip("/").rpartition("/providers/")
    namespace, *parts = rest.split("/")
    action = parts.pop() if method == "POST" else ""
    kinds, names = parts[::2], parts[1::2]
    own = [item for pair in zip(kinds, names, strict=False) for item in pair]
    scope = "/".join([before, "providers", namespace, *own]) if own else before
    verb = f"{action}/action" if method == "POST" else VERBS[method]
    return Needed("/".join([namespace, *kinds, verb]), scope)


def of_blob(entry: Entry, account: str) -> Needed:
    """Of a storage account: a container's own properties, or what is in it. A lease is a write."""
    if entry.query.get("restype") == "container" and "comp" not in entry.query:
        return Needed(f"{BLOBS}/{VERBS[entry.method]}", account)
    return Needed(f"{BLOBS}/blobs/{VERBS[entry.method]}", account, data=True)


def of_service(entry: Entry) -> Needed:
    """Of the services behind a workspace or a registry: runs and what they logged, assets that are shared."""
    writes = entry.method != "GET" and entry.path.rstrip("/").rsplit("/", 1)[-1].lower() not in ASKED
    verb = "write" if writes else "read"
    if found := WORKSPACE.search(entry.path):
        return Needed(f"{found[1]}/experiments/runs/{verb}", found[0])
    found = REGISTRY.search(entry.path)
    assert found, f"{entry.method} {entry.host}{entry.path}: whose is it?"
    return Needed(f"{found[1]}/assets/{verb}", found[0])
