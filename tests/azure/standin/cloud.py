"""All that the stand-in remembers: resources, operations under way, keys, requests to endpoints."""

import json
import os
import random
import re
import secrets
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from standin.faults import Faults
from standin.limits import Limits
from standin.messages import AzureError

if TYPE_CHECKING:
    from standin.blobs import Blobs
    from standin.images import Images
    from standin.serving import Serving

REGION = "westeurope"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
CLIENT = "22222222-2222-2222-2222-222222222222"  # who does everything here
REGISTRIES = "shared"  # the resource group that has them
STATE = "state.json"
FEDERATED = (  # the federated credentials that docs/first-run.md makes
    *(f"repo:owner/project:environment:{name}" for name in ("training", "staging", "production", "monitoring")),
    *(f"sc://organization/project/{name}" for name in ("training", "staging", "production", "monitoring")),
)

Resource = dict[str, Any]
Work = Callable[[], str | None]  # returns what went wrong, None when nothing did


def timestamp(when: datetime | None = None) -> str:
    """A time as the service writes it, the present by default."""
    return (when or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True)
class Scored:
    """One request to an endpoint: which deployment answered, how, and who chose it."""

    time: float
    deployment: str  # its lower-cased resource id
    status: int  # what the caller got
    model_status: int  # what the container said; 0 when it said nothing
    milliseconds: float
    chosen_by: str  # traffic, header or mirror


@dataclass
class Operation:
    """Work on one resource that outlives the request."""

    resource: str
    thread: threading.Thread
    polls: int  # how often somebody must still ask before it ends
    end: Callable[[str | None], None]  # called once, with what went wrong
    error: str | None = None
    ended: bool = False


@dataclass
class Cloud:
    """Resources by lower-cased id, each as a GET returns it. Whoever reads or writes several things holds the lock."""

    folder: Path
    resources: dict[str, Resource] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    scored: list[Scored] = field(default_factory=list)
    store: dict[str, Any] = field(default_factory=dict)  # what else must outlive the process, by its owner's name
    operations: dict[str, Operation] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    lock: threading.RLock = field(default_factory=threading.RLock)
    dice: random.Random = field(default_factory=lambda: random.Random(0))  # they split the traffic
    id_tokens_from: float = 0.0  # older ID tokens of CI have expired
    access_tokens_from: float = 0.0  # and older access tokens
    id_tokens_refused: bool = False
    told_life: int = 3600  # seconds for which clients keep an access token, which is good for an hour
    federated: set[str] = field(default_factory=lambda: set(FEDERATED))  # the subjects that may log in
    limits: Limits = field(default_factory=Limits)  # of the subscription
    elsewhere: dict[str, str] = field(default_factory=dict)  # hosts that others play, with their addresses
    instances: int | None = None  # the quota: how many fit into the subscription
    metrics_delay: float = 0.0  # seconds until Azure Monitor shows a request
    mlflow_python: Path | None = None  # who runs the MLflow server; the training image by default
    machine: dict[str, str] = field(default_factory=lambda: dict(os.environ))  # the variables before the stand-in's
    environment: dict[str, str] = field(default_factory=dict)  # what leads a process into the stand-in
    blobs: "Blobs" = field(init=False)
    images: "Images" = field(init=False)
    serving: "Serving" = field(init=False)

    def expire_id_tokens(self) -> None:
        """Let the minutes pass that those given so far are good for."""
        self.id_tokens_from = time.time()

    def expire_access_tokens(self) -> None:
        """Let the hour pass."""
        self.access_tokens_from = time.time()

    def find(self, name: str) -> Resource | None:
        """The resource with this id, None when there is none."""
        return self.resources.get(name.rstrip("/").lower())

    def get(self, name: str) -> Resource:
        """The same. AzureError 404 when there is none."""
        found = self.find(name)
        if found is None:
            raise AzureError(404, "ResourceNotFound", f"The resource '{name}' was not found.")
        return found

    def put(self, name: str, body: Resource) -> Resource:
        """Keep the resource under this id, with what the service adds to every one."""
        old = self.find(name)
        created = old["systemData"]["createdAt"] if old else timestamp()
        who = {"createdBy": CLIENT, "createdByType": "Application"}
        history = {**who, "createdAt": created, "lastModifiedAt": timestamp()}
        known = {"id": name, "name": name.rsplit("/", 1)[-1], "type": type_of(name), "systemData": history}
        self.resources[name.lower()] = {**body, **known}
        return self.resources[name.lower()]

    def children(self, collection: str) -> list[Resource]:
        """The resources right below the collection, the newest first."""
        start = collection.rstrip("/").lower() + "/"
        below = ((name.removeprefix(start), one) for name, one in self.resources.items() if name.startswith(start))
        found = [one for rest, one in below if "/" not in rest]
        return sorted(found, key=lambda one: one["systemData"]["createdAt"], reverse=True)

    def registry(self, name: str) -> str:
        """The id of the registry with that name, in whatever group it is: they are found by name alone."""
        ends = f"/microsoft.machinelearningservices/registries/{name.lower()}"
        return next((one["id"] for key, one in self.resources.items() if key.endswith(ends)), registry_id(name))

    def asset(self, address: str) -> str:
        """The id of an asset that is given by its address in a registry, or by its id."""
        match = re.fullmatch(r"azureml://registries/([^/]+)/(\w+/[^/]+/versions/[^/]+)", address)
        return f"{self.registry(match[1])}/{match[2]}" if match else address.removeprefix("azureml:")

    def remove(self, name: str) -> None:
        """Forget the resource and all below it."""
        gone = name.lower()
        for one in [one for one in self.resources if one == gone or one.startswith(gone + "/")]:
            del self.resources[one]

    def secret(self, name: str) -> str:
        """The secret of that name, made up when first asked for."""
        return self.secrets.setdefault(name.lower(), secrets.token_urlsafe(24))

    def begin(self, name: str, work: Work, end: Callable[[str | None], None]) -> str:
        """Start work on the resource; `end` is called when it has ended. The operation's id."""
        key, (ordered, polls) = str(uuid.uuid4()), self.faults.next_operation()
        thread = threading.Thread(target=lambda: run(operation, work), daemon=True)
        operation = Operation(name.lower(), thread, polls, end, ordered)
        self.operations[key] = operation
        operation.thread.start()
        return key

    def look(self, operation: Operation, count: bool = False) -> bool:
        """Whether the operation has ended; its end takes effect now. `count`: somebody polls."""
        ready = operation.polls <= 0 and not operation.thread.is_alive()
        operation.polls -= count
        if ready and not operation.ended:
            operation.ended = True
            operation.end(operation.error)
        return operation.ended

    def under_way(self, name: str) -> Operation | None:
        """The operation that has not ended on this resource."""
        mine = (one for one in self.operations.values() if one.resource == name.lower())
        return next((one for one in mine if not self.look(one)), None)

    def settle(self) -> None:
        """Let every operation whose work is done take effect."""
        for operation in self.operations.values():
            self.look(operation)

    def save(self) -> None:
        """Wait for what is under way, then keep everything in the folder."""
        for operation in list(self.operations.values()):
            operation.thread.join()
            operation.polls = 0
        with self.lock:
            self.settle()
            scored = [asdict(one) for one in self.scored]
            kept = {"resources": self.resources, "secrets": self.secrets, "store": self.store, "scored": scored}
            (self.folder / STATE).write_text(json.dumps(kept), encoding="utf-8")

    def load(self) -> bool:
        """Take up what was kept. False when nothing was."""
        if not (self.folder / STATE).exists():
            return False
        kept = json.loads((self.folder / STATE).read_text(encoding="utf-8"))
        self.resources, self.secrets, self.store = kept["resources"], kept["secrets"], kept["store"]
        self.scored = [Scored(**one) for one in kept["scored"]]
        return True


def run(operation: Operation, work: Work) -> None:
    """Do the work, unless its failure was ordered; a crash is a failure too."""
    try:
        operation.error = operation.error or work()
    except AzureError as error:
        operation.error = str(error)
    except Exception as error:
        operation.error = f"InternalServerError: {error!r}"


def type_of(name: str) -> str:
    """The type that an id names, such as Microsoft.MachineLearningServices/workspaces/jobs."""
    provider, *parts = name.rpartition("/providers/")[2].split("/")
    return "/".join([provider, *parts[0::2]])


def workspace_of(name: str) -> str:
    """The id of the workspace that a resource's id begins with."""
    return "/".join(name.split("/")[:9])


def workspace_id(subscription: str, group: str, name: str) -> str:
    """The id of a workspace."""
    home = f"/subscriptions/{subscription}/resourceGroups/{group}"
    return f"{home}/providers/Microsoft.MachineLearningServices/workspaces/{name}"


def registry_id(name: str) -> str:
    """The id of a registry."""
    home = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{REGISTRIES}"
    return f"{home}/providers/Microsoft.MachineLearningServices/registries/{name}"
