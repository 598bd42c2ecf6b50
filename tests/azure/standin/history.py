"""The run history of a workspace: what jobs leave behind, and how the SDK and azureml-mlflow read it."""

import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from standin import login
from standin.blobs import STORE
from standin.cloud import REGION, Cloud, timestamp
from standin.messages import AzureError, Reply, Request, not_played

HOST = f"{REGION}.api.azureml.ms"
RUN_AUDIENCE = f"https://{HOST}"  # a job's own token: good here and for MLflow, not for Azure Resource Manager
AUDIENCES = ("https://management.azure.com", "https://ml.azure.com", RUN_AUDIENCE)
STEP_LOG, PIPELINE_LOG = "user_logs/std_log.txt", "logs/azureml/executionlogs.txt"
SERVICES = ("api", "experimentation", "history", "mlflow", "modelmanagement")
ROUTE = re.compile(
    r"/(?:history|data)/v1\.0(?P<workspace>/subscriptions/[^/]+/resourceGroups/[^/]+/providers/[^/]+/workspaces/[^/]+)"
    r"(?:/experiment(?:id)?s/[^/]+)?(?:/runs/(?P<run>[^/]+))?(?:/(?P<what>[a-zA-Z/]+))?",
    re.IGNORECASE,
)

Run = dict[str, Any]


def runs(cloud: Cloud) -> dict[str, Run]:
    """All runs by name, the oldest first."""
    return cloud.store.setdefault("runs", {})


def begin(cloud: Cloud, name: str, **said: Any) -> Run:
    """A new run. `said` has its workspace, experiment, title and environment, and its parent if it is a pipeline's."""
    run = {"name": name, "parent": None, "environment": None, "status": "Running", "error": None, "artifacts": []}
    run |= {"started": timestamp(), "ended": None, "outputs": {}, **said}
    keep_output(run, "default", "uri_folder", place(cloud, run["workspace"], f"{container(name)}/"))
    return runs(cloud).setdefault(name, run)


def end(run: Run, status: str, error: str | None = None) -> None:
    """The run is over."""
    run |= {"status": status, "error": error, "ended": timestamp()}


def keep_file(cloud: Cloud, run: Run, file: Path, name: str) -> None:
    """Upload a file as the run's artifact of that name."""
    cloud.blobs.upload(file, place(cloud, run["workspace"], f"{container(run['name'])}/{name}"))
    if name not in run["artifacts"]:
        run["artifacts"].append(name)


def keep_output(run: Run, name: str, kind: str, uri: str) -> None:
    """Register a named output of the run, as the asset that the service makes of it."""
    workspace = uuid.uuid5(uuid.NAMESPACE_URL, run["workspace"])
    asset = (
        f"azureml://locations/{REGION}/workspaces/{workspace}/data/azureml_{run['name']}_output_data_{name}/versions/1"
    )
    run["outputs"][name] = {"asset": asset, "type": kind, "uri": uri}


def container(run: str) -> str:
    """Where the artifacts of a run are, in its workspace's datastore."""
    return f"ExperimentRun/dcid.{run}"


def place(cloud: Cloud, workspace: str, path: str) -> str:
    """The address of a path in the datastore of a workspace, in the long form."""
    return cloud.blobs.locate(f"azureml://datastores/{STORE}/paths/{path}", workspace).address


def answer(cloud: Cloud, request: Request) -> Reply:
    """What the data plane of a workspace says, but for MLflow."""
    if request.path == "/discovery":
        return Reply(200, dict.fromkeys(SERVICES, f"https://{HOST}"))
    login.require_token(cloud, request, *AUDIENCES)
    match = ROUTE.fullmatch(request.path)
    call = match and CALLS.get((request.method, "run" if match["run"] else "", match["what"]))
    if not match or not call:
        raise not_played(request)
    name = match["run"] or (request.json() or {}).get("runId")
    run = runs(cloud).get(name) if name else {"workspace": match["workspace"]}
    if run is None or run["workspace"].lower() != match["workspace"].lower():
        raise AzureError(404, "UserError", f"Run {name} was not found.")
    return Reply(200, call(cloud, run, request))


def shown(cloud: Cloud, run: Run, request: Request | None = None) -> dict[str, Any]:
    """The run as the service shows it."""
    error = run["error"] and {"error": {"code": "UserError", "message": run["error"]}}
    return {
        "runId": run["name"],
        "runUuid": str(uuid.uuid5(uuid.NAMESPACE_URL, run["name"])),
        "parentRunId": run["parent"],
        "rootRunId": run["parent"] or run["name"],
        "experimentId": str(uuid.uuid5(uuid.NAMESPACE_URL, run["experiment"])),
        "displayName": run["title"],
        "status": run["status"],
        "createdUtc": run["started"],
        "startTimeUtc": run["started"],
        "endTimeUtc": run["ended"],
        "error": error,
        "tags": {},
        "properties": {},
        "outputs": {name: {"assetId": one["asset"], "type": one["type"]} for name, one in run["outputs"].items()},
    }


def details(cloud: Cloud, run: Run, request: Request) -> dict[str, Any]:
    """The run with addresses of its logs."""
    logs = [name for name in run["artifacts"] if name in (STEP_LOG, PIPELINE_LOG)]
    return {**shown(cloud, run), "logFiles": {name: address(cloud, run, name) for name in logs}}


def children(cloud: Cloud, run: Run, request: Request) -> dict[str, Any]:
    """The runs of a pipeline's nodes."""
    return {"value": [shown(cloud, one) for one in runs(cloud).values() if one["parent"] == run["name"]]}


def run_data(cloud: Cloud, run: Run, request: Request) -> dict[str, Any]:
    """The run, as `jobs.download` asks for it."""
    return {"runMetadata": shown(cloud, run)}


def resolved(cloud: Cloud, scope: Run, request: Request) -> dict[str, Any]:
    """Where assets that are outputs of runs lie. AzureError 404 for others."""
    known = {one["asset"]: one for run in runs(cloud).values() for one in run["outputs"].values()}
    asked = request.json()["values"]
    for missing in set(asked) - known.keys():
        raise AzureError(404, "UserError", f"Data asset {missing} was not found.")
    return {"values": {asset: {"uri": known[asset]["uri"], "type": known[asset]["type"]} for asset in asked}}


def artifacts(cloud: Cloud, run: Run, request: Request) -> dict[str, Any]:
    """The run's artifacts, those below a path if one is given."""
    start = request.query.get("path", "")
    return {"value": [artifact(run, name) for name in run["artifacts"] if name.startswith(start)]}


def new_artifacts(cloud: Cloud, run: Run, request: Request) -> dict[str, Any]:
    """Room for artifacts: an address for each, to upload to."""
    names = [one["path"] for one in request.json()["paths"]]
    run["artifacts"] += [name for name in names if name not in run["artifacts"]]
    information = {name: {**artifact(run, name), "contentUri": address(cloud, run, name)} for name in names}
    return {"artifacts": {}, "errors": {}, "artifactContentInformation": information}


def content(cloud: Cloud, run: Run, request: Request) -> dict[str, Any]:
    """The address of one artifact, to download from. AzureError 404 when the run has no such artifact."""
    name = request.query["path"]
    if name not in run["artifacts"]:
        raise AzureError(404, "UserError", f"Artifact {name} was not found.")
    return {**artifact(run, name), "contentUri": address(cloud, run, name)}


def artifact(run: Run, name: str) -> dict[str, str]:
    """An artifact as the service names it."""
    return {"path": name, "origin": "ExperimentRun", "container": f"dcid.{run['name']}"}


def address(cloud: Cloud, run: Run, name: str) -> str:
    """An address of one of the run's artifacts, with the right to read and write it."""
    store = cloud.get(f"{run['workspace']}/datastores/{STORE}")["properties"]["containerName"]
    return cloud.blobs.url(store, f"{container(run['name'])}/{name}")


CALLS: dict[tuple[str, str, str | None], Callable[[Cloud, Run, Request], dict[str, Any]]] = {
    ("GET", "run", None): shown,
    ("GET", "run", "details"): details,
    ("GET", "run", "children"): children,
    ("GET", "run", "artifacts"): artifacts,
    ("GET", "run", "artifacts/path"): artifacts,
    ("GET", "run", "artifacts/contentinfo"): content,
    ("POST", "run", "artifacts/batch/metadata"): new_artifacts,
    ("POST", "", "rundata"): run_data,
    ("POST", "", "dataversion/batchGetResolvedUris"): resolved,
}
