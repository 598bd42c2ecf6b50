"""Which part of the stand-in answers for which host, and the log of all that was asked."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from standin import (
    arm,
    elsewhere,
    history,
    hosts,
    login,
    metrics,
    operations,
    oracles,
    registries,
    scoring,
    tracking,
    vaults,
)
from standin.cloud import REGION, Cloud
from standin.faults import AFTER, BEFORE, DroppedError
from standin.messages import NOT_PLAYED, AzureError, Reply, Request, not_played

BLOBS = re.compile(r"\w+\.blob\.core\.windows\.net")


@dataclass
class Entry:
    """A request and what became of it. `status` is 0 when the connection was dropped."""

    method: str
    host: str
    path: str
    api_version: str | None
    query: Mapping[str, str]
    user_agent: str
    body: Any = None
    status: int = 0
    reply: Any = None
    problems: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, request: Request) -> Self:
        """The entry for a request that was not answered yet, without signatures."""
        query = {name: value for name, value in request.query.items() if name != "sig"}
        where = (request.method, request.host, request.path, query.get("api-version"))
        return cls(*where, query, request.headers.get("User-Agent", ""), parsed(request))

    @property
    def is_write(self) -> bool:
        """Whether the request changes something."""
        return is_write(self)


def answer(cloud: Cloud, log: list[Entry], request: Request) -> Reply:
    """Answer a request and log it, with what the oracles find wrong. DroppedError when that was ordered."""
    entry = Entry.of(request)
    log.append(entry)
    try:
        reply = with_faults(cloud, request)
    except AzureError as error:
        if error.status == NOT_PLAYED:
            entry.problems.append(error.message)
        reply = Reply(error.status, error.body, error.headers)
    except DroppedError:
        raise
    except Exception as error:
        entry.problems.append(f"the stand-in broke at {request.method} {request.path}: {error!r}")
        reply = Reply(NOT_PLAYED, {"error": {"code": "StandInBroke", "message": repr(error)}})
    entry.status, entry.reply = reply.status, None if isinstance(reply.body, bytes) else reply.body
    entry.problems += oracles.problems(entry)
    return reply


def parsed(request: Request) -> Any:
    """The body if it is JSON, else None."""
    if "json" not in request.headers.get("Content-Type", ""):
        return None
    try:
        return request.json()
    except AzureError:
        return None


def with_faults(cloud: Cloud, request: Request) -> Reply:
    """The answer, with what was ordered for this write before or after it takes effect."""
    cloud.faults.check(request.path)
    if not is_counted(cloud, request):
        return route(cloud, request)
    write, what = cloud.faults.count(), f"{request.method} {request.path}"
    cloud.faults.happen(write, BEFORE, what)
    reply = route(cloud, request)
    cloud.faults.happen(write, AFTER, what)
    return reply


def is_counted(cloud: Cloud, request: Request) -> bool:
    """Whether faults can be ordered for the request: a write, to blobs only if those are asked for."""
    return is_write(request) and (cloud.faults.of_blobs or not BLOBS.fullmatch(request.host))


def is_write(request: Request | Entry) -> bool:
    """Whether the request changes something: in Azure Resource Manager, in a registry or in a blob."""
    if BLOBS.fullmatch(request.host):
        return request.method in {"PUT", "DELETE"}
    if request.host == registries.HOST:
        return registries.is_write(request)
    return request.host == operations.HOST and arm.is_write(request)


def locked(handler: Callable[[Cloud, Request], Reply]) -> Callable[[Cloud, Request], Reply]:
    """The handler with the cloud to itself; its reply is a copy that nobody changes later."""

    def handle(cloud: Cloud, request: Request) -> Reply:
        with cloud.lock:
            reply = handler(cloud, request)
            return Reply(reply.status, json.loads(json.dumps(reply.body)), reply.headers)

    return handle


def data_plane(cloud: Cloud, request: Request) -> Reply:
    """The workspace's own address: MLflow, and the run history."""
    return (tracking if request.path.startswith("/mlflow/") else history).answer(cloud, request)


def blobs(cloud: Cloud, request: Request) -> Reply:
    """What a storage account says."""
    return cloud.blobs.answer(request)


def no_schema(cloud: Cloud, request: Request) -> Reply:
    """Nothing: without the schema of a table's description the SDK looks at none."""
    return Reply(404, b"")


ROUTES = [
    (re.compile(pattern), handler)
    for pattern, handler in (
        (r"management\.azure\.com", locked(arm.answer)),
        (r"login\.microsoftonline\.com", login.answer),
        (rf"{re.escape(hosts.GITHUB)}|{re.escape(hosts.AZURE_DEVOPS)}", hosts.answer),
        (BLOBS, blobs),
        (re.escape(registries.DISCOVERY), locked(registries.discover)),
        (re.escape(registries.HOST), locked(registries.answer)),
        (vaults.VAULTS.pattern, locked(vaults.answer)),
        (r"azuremlschemas(prod)?\.azureedge\.net", no_schema),
        (rf"{REGION}\.api\.azureml\.ms", data_plane),
        (rf"[\w-]+\.{REGION}\.inference\.ml\.azure\.com", scoring.answer),
        (rf"{REGION}\.metrics\.monitor\.azure\.com", metrics.answer),
    )
]


def route(cloud: Cloud, request: Request) -> Reply:
    """The answer of whoever has the host. AzureError 501 when nobody has."""
    if request.host in cloud.elsewhere:
        return elsewhere.answer(cloud, request)
    handler = next((handler for pattern, handler in ROUTES if pattern.fullmatch(request.host)), None)
    if handler is None:
        raise not_played(request)
    return handler(cloud, request)
