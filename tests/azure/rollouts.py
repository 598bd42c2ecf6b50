"""One endpoint with its stable version, to try rollouts on: by a forked `apply` each, back at the start in no time."""

import copy
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml
from azure.storage.blob import BlobLeaseClient
from forked import Applying, Run, Warm
from light import TABLE, LightServing

from standin import Entry, StandIn
from standin.cloud import SUBSCRIPTION, Resource, workspace_id
from standin.faults import AFTER, Fault
from standin.hosts import of_a_job

NAME = "flight-delays"
ENDPOINT = f"{NAME}-staging"
WORKSPACE = workspace_id(SUBSCRIPTION, NAME, NAME)
PATH = f"{WORKSPACE}/onlineEndpoints/{ENDPOINT}"
SECONDS_BETWEEN = 0.03  # two requests of a client
ROWS = [[number] for number in range(10)]
ROLLOUT = {
    "steps": [50, 100],
    "bake": "0s",
    "min_requests": 3,
    "max_error_rate_increase": 0.5,
    "max_p95_latency_ms": 60000,
    "max_disagreement": 1000,  # the tables that are served have nothing in common
    "synthetic_rate": 400,
}
GOOD, BETTER, WRONG, BROKEN = 1, 2, 3, 4  # the versions
REJECTED = f"rejected-{NAME}-"  # begins the tag that remembers why a version was rolled back
MANY_LOOKS = 12  # at what is under way, before it has ended
CHANGED = ("score.py", "image/requirements.txt")  # in serving/, since the stable version was deployed


@dataclass(frozen=True)
class Seen:
    """What serves, and what the endpoint remembers."""

    versions: Mapping[str, int]
    traffic: Mapping[str, int]
    tags: Mapping[str, str]

    @property
    def at_rest_on(self) -> int | None:
        """The only version, if it has all traffic and nothing is being rolled out."""
        (slot, version), *others = self.versions.items()
        live = {name: share for name, share in self.traffic.items() if share}
        rests = not others and live == {slot: 100} and self.tags.get("stable") == slot and "candidate" not in self.tags
        return version if rests else None


class Asker(threading.Thread):
    """A client that asks the public address all the while: the first table's first row."""

    def __init__(self, azure: StandIn) -> None:
        super().__init__()
        self.statuses: set[int] = set()
        self._azure = azure
        self._ended = threading.Event()

    def run(self) -> None:
        """Ask until `end`. An answer that never comes counts as 0."""
        endpoint = self._azure.cloud.get(PATH)
        headers = {"Authorization": f"Bearer {self._azure.cloud.secret(f'primary key of {PATH}')}"}
        with self._azure.client() as session:
            while not self._ended.wait(SECONDS_BETWEEN):
                try:
                    url, body = endpoint["properties"]["scoringUri"], request(ROWS[:1])
                    self.statuses.add(session.post(url, json=body, headers=headers, timeout=300).status_code)
                except requests.RequestException:
                    self.statuses.add(0)

    def end(self) -> None:
        """Stop, and return when it has."""
        self._ended.set()
        self.join()


class Bench:
    """The stand-in with the endpoint, on which version GOOD is stable once `begin` has been called."""

    def __init__(self, azure: StandIn, warm: Warm, project: Path, installed: Path) -> None:
        self.azure, self.warm, self.project = azure, warm, project
        self.base: dict[str, Resource] = {}
        self.of_a_job = of_a_job(installed)

    def apply(self, version: int, instances: tuple[int, int] = (1, 1), **variables: str) -> Run:
        """Name the version in the manifest, and the fewest and most instances that it is to run on, and apply it."""
        return self.start(version, instances, **variables).end()

    def start(self, version: int, instances: tuple[int, int] = (1, 1), **variables: str) -> Applying:
        """The same, without waiting."""
        write_manifest(self.project, version, instances)
        return self.warm.start(self.project, {**self.azure.environment, **self.of_a_job, **variables})

    def begin(self) -> None:
        """Roll the first version out, and change what the next one is served with."""
        run = self.apply(GOOD)
        assert run.code == 0, run.output
        self.first_writes = self.writes()
        for name in CHANGED:
            with (self.project / "serving" / name).open("a", encoding="utf-8") as file:
                file.write("# changed since\n")
        self.base, self.blobs = copy.deepcopy(self.azure.cloud.resources), set(self.names())

    def names(self) -> list[str]:
        """The blobs of the workspace."""
        return list(self.container.list_blob_names())

    @property
    def container(self) -> Any:
        """The container of the workspace."""
        store = self.azure.cloud.get(f"{WORKSPACE}/datastores/workspaceblobstore")
        return self.azure.cloud.blobs.container(store["properties"]["containerName"])

    def back(self) -> None:
        """To where `begin` ended, with nothing asked, ordered or held."""
        cloud = self.azure.cloud
        self.let_lease_go()
        with cloud.lock:
            for operation in cloud.operations.values():
                operation.thread.join()
            cloud.operations.clear()
            cloud.resources = copy.deepcopy(self.base)
            cloud.scored.clear()
            cloud.instances = None
            cloud.id_tokens_refused, cloud.told_life = False, 3600
        for name in set(self.names()) - self.blobs:
            self.container.delete_blob(name)
        cloud.faults.clear()
        self.azure.log.clear()

    @property
    def lease(self) -> Any:
        """The blob that who rolls out holds a lease on."""
        return self.container.get_blob_client(f"leases/{ENDPOINT}")

    def let_lease_go(self) -> None:
        """As time does where nobody renews it."""
        if self.is_held():
            BlobLeaseClient(self.lease).break_lease(lease_break_period=0)

    def is_held(self) -> bool:
        """Whether somebody has the lease."""
        return bool(self.lease.get_blob_properties().lease.state == "leased")

    def order(self, number: int, fault: Fault, when: str) -> None:
        """Let the fault happen at the n-th write. What that write begins is still under way for a while."""
        if when == AFTER:
            self.azure.faults.at(number, lambda: self.azure.faults.slow_operation(MANY_LOOKS))
        self.azure.faults.at(number, fault, when)

    def writes(self) -> list[Entry]:
        """All writes in the log, to Azure Resource Manager and to blobs."""
        return [entry for entry in self.azure.log if entry.is_write]

    def seen(self) -> Seen:
        """What is there, once nothing is under way."""
        cloud = self.azure.cloud
        with cloud.lock:
            cloud.settle()
            endpoint = cloud.get(PATH)
            versions = {
                one["name"]: int(one["properties"]["model"].rsplit("/", 1)[-1].rsplit(":", 1)[-1])
                for one in cloud.children(f"{PATH}/deployments")
                if one["properties"]["provisioningState"] == "Succeeded"
            }
            return Seen(versions, endpoint["properties"]["traffic"], endpoint.get("tags", {}))

    @contextmanager
    def asked_meanwhile(self) -> Iterator[Asker]:
        """A client asks as long as this is entered."""
        asker = Asker(self.azure)
        asker.start()
        try:
            yield asker
        finally:
            asker.end()


def request(rows: Sequence[Sequence[int]]) -> dict[str, Any]:
    """A scoring request."""
    return {"input_data": {"columns": ["distance"], "data": rows}}


def write_manifest(project: Path, version: int, instances: tuple[int, int]) -> None:
    """Let staging name the version and the number of its instances."""
    file = project / "environments" / "staging.yml"
    least, most = instances
    endpoint = {"name": ENDPOINT, "port": 0, "instance_count": least, "max_instances": most}
    model = {"name": NAME, "version": version}
    manifest = {"platform": "azureml", "endpoint": endpoint, "model": model, "rollout": ROLLOUT}
    file.write_text(yaml.safe_dump(manifest), encoding="utf-8")


def write_model(folder: Path, version: int) -> Path:
    """What stands for a model: the scores it is served with, and those that it is probed for."""
    table = {json.dumps(row): row[0] / 10 + version for row in ROWS}
    probed = [table[json.dumps(row)] + (version == WRONG) for row in ROWS]
    folder.mkdir()
    (folder / "MLmodel").write_text(f"version: {version}\n", encoding="utf-8")
    (folder / "probe.json").write_text(json.dumps({"request": request(ROWS), "scores": probed}), encoding="utf-8")
    if version != BROKEN:
        (folder / TABLE).write_text(json.dumps(table), encoding="utf-8")
    return folder


RECORD = """
import sys
from pathlib import Path
from mlops.data.files import hash_folder
from mlops.data.provenance import write_provenance
from mlops.data.sbom import REQUIREMENTS
folder, *told = sys.argv[1:]
write_provenance(Path(folder), dict(each.split("=") for each in told), REQUIREMENTS)
print(hash_folder(Path(folder)))
"""


def recorded(folder: Path, lineage: Mapping[str, str], installed: Path) -> str:
    """Let the folder tell how it came to be, as the project has it; what the project takes for its content's hash."""
    told = [f"{key}={value}" for key, value in lineage.items()]
    command = [str(installed / ".venv" / "bin" / "python"), "-c", RECORD, str(folder.resolve()), *told]
    return subprocess.run(command, cwd=installed, check=True, capture_output=True, text=True).stdout.strip()


def register_models(azure: StandIn, folder: Path, installed: Path) -> None:
    """All versions, in the workspace's registry, with a verdict."""
    for version in (GOOD, BETTER, WRONG, BROKEN):
        address = f"azureml://datastores/workspaceblobstore/paths/models/{version}"
        model = write_model(folder / str(version), version)
        lineage = {"run_id": "made", "commit": "c0ffee", "data_hash": "d"}
        lineage |= {"model_hash": recorded(model, lineage, installed)}
        azure.cloud.blobs.upload(model, address, WORKSPACE)
        uri = azure.cloud.blobs.locate(address, WORKSPACE).address
        properties = {"modelUri": uri, "modelType": "mlflow_model", "flavors": {}, "properties": {}}
        properties |= {"tags": {"verdict": "PASS", **lineage}}
        properties |= {"isArchived": False}
        azure.cloud.put(f"{WORKSPACE}/models/{NAME}", {"properties": {"isArchived": False, "latestVersion": "4"}})
        azure.cloud.put(f"{WORKSPACE}/models/{NAME}/versions/{version}", {"properties": properties})


@contextmanager
def open_benches(count: int, folder: Path, installed: Path) -> Iterator[list[Bench]]:
    """So many benches below the folder, each a cloud of its own, with the first version rolled out."""
    with ExitStack() as ends:
        warm = Warm(installed / ".venv" / "bin" / "python")
        ends.callback(warm.close)
        benches = []
        for number in range(count):
            home = folder / str(number)
            azure = ends.enter_context(StandIn(home / "azure"))
            azure.cloud.serving = LightServing(azure.cloud)  # type: ignore[assignment]
            azure.faults.of_blobs = True
            register_models(azure, home, installed)
            for part in ("environments", "serving"):
                shutil.copytree(installed / part, home / "project" / part)
            benches.append(Bench(azure, warm, home / "project", installed))
            benches[-1].begin()
        yield benches
