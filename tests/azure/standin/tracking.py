"""MLflow as Azure ML serves it: a real MLflow server, behind the paths, run ids and gaps of the service."""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from standin import history, login
from standin.azurite import free_port
from standin.cloud import Cloud
from standin.history import Run
from standin.messages import AzureError, Reply, Request, not_played

ROUTE = re.compile(r"/mlflow/v[12]\.0(?P<workspace>/subscriptions/.+?/workspaces/[^/]+)/(?P<call>api/2\.0/mlflow/.+)")
PLAYED = ("experiments/", "runs/", "metrics/")
LACKING = ("logged-models", "traces")  # what Azure ML's server has not got, whatever the client
RUN_KEYS = ("run_id", "run_uuid")
STATUSES = {"Completed": "FINISHED", "Failed": "FAILED", "Canceled": "KILLED"}
START_SECONDS = 120

_servers: dict[int, "Server"] = {}  # by cloud
_starting = threading.Lock()


def answer(cloud: Cloud, request: Request) -> Reply:
    """What the MLflow server says, in the service's words. AzureError 404 for what the service lacks."""
    login.require_token(cloud, request, *history.AUDIENCES)
    match = ROUTE.fullmatch(request.path)
    call = match["call"].removeprefix("api/2.0/mlflow/") if match else ""
    if not match or call.startswith(LACKING):
        raise AzureError(404, "NotFound", f"There is no {request.path} here.")
    if not call.startswith(PLAYED):
        raise not_played(request)
    server = server_of(cloud)
    if call == "runs/search":
        server.know_all()
    query, body = server.theirs(dict(request.query)), server.theirs(request.json())
    status, data = server.ask(request.method, f"/{match['call']}?{urlencode(query)}", body)
    return Reply(status, server.ours(data, match["workspace"]))


def close(cloud: Cloud) -> None:
    """End the cloud's server, if it was started."""
    if server := _servers.pop(id(cloud), None):
        server.close()


def server_of(cloud: Cloud) -> "Server":
    """The server, started when first asked for."""
    with _starting:
        if id(cloud) not in _servers:
            _servers[id(cloud)] = Server(cloud)
        return _servers[id(cloud)]


def python_of(cloud: Cloud) -> Path:
    """Who runs the server: as said, or the image of the newest step. AzureError 404 when there is none."""
    used = [run["environment"] for run in history.runs(cloud).values() if run["environment"]]
    if cloud.mlflow_python is None and not used:
        raise AzureError(404, "NotFound", "No image with MLflow has been used here.")
    return cloud.mlflow_python or cloud.images.python_of(used[-1])


class Server:
    """An MLflow server of its own, which knows each job's run by another id."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.port, self.folder = cloud, free_port(), cloud.folder / "mlflow"
        self.lock = threading.Lock()
        self.folder.mkdir(exist_ok=True)
        python = python_of(cloud)
        command = [str(python), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--workers", "1", "--backend-store-uri", str(self.folder / "runs")]
        environment = {"PATH": os.pathsep.join([str(python.parent), os.defpath]), "HOME": str(self.folder)}
        with (self.folder / "server.log").open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        self.wait()

    def wait(self) -> None:
        """Until it answers. RuntimeError with its log when it does not."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError):
                if self.request("GET", "/health", None)[0] == 200:
                    return
            time.sleep(0.1)
        self.close()
        raise RuntimeError(f"the MLflow server did not start: {(self.folder / 'server.log').read_text()}")

    def close(self) -> None:
        """End it and its worker."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def request(self, method: str, target: str, body: Any) -> tuple[int, bytes]:
        """One request to the server itself."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        content = None if body is None else json.dumps(body)
        connection.request(method, target, content, {"Content-Type": "application/json"})
        with connection.getresponse() as response:
            return response.status, response.read()

    def ask(self, method: str, target: str, body: Any = None) -> tuple[int, Any]:
        """A call of its API."""
        status, content = self.request(method, target, body)
        return status, json.loads(content)

    def theirs(self, said: Any) -> Any:
        """A request's run ids, jobs' names, as the server's own ids."""
        if not isinstance(said, dict):
            return said
        known = history.runs(self.cloud)
        return {
            key: self.id_of(known[value]) if key in RUN_KEYS and value in known else value
            for key, value in said.items()
        }

    def id_of(self, run: Run) -> str:
        """The server's id of a job's run, which begins there when first asked for."""
        with self.lock:
            if "tracked" not in run:
                tags = {"mlflow.runName": run["title"], "mlflow.rootRunId": run["parent"] or run["name"]}
                if run["parent"]:
                    tags["mlflow.parentRunId"] = run["parent"]
                said = {
                    "experiment_id": self.experiment(run["experiment"]),
                    "start_time": int(time.time() * 1000),
                    "tags": [{"key": key, "value": value} for key, value in tags.items()],
                }
                run["tracked"] = self.ask("POST", "/api/2.0/mlflow/runs/create", said)[1]["run"]["info"]["run_id"]
            return str(run["tracked"])

    def know_all(self) -> None:
        """Let every job's run begin there: who searches finds also those that have not said anything yet."""
        for run in list(history.runs(self.cloud).values()):
            self.id_of(run)

    def experiment(self, name: str) -> str:
        """The id of the experiment, made when it is not there."""
        query = urlencode({"experiment_name": name})
        status, found = self.ask("GET", f"/api/2.0/mlflow/experiments/get-by-name?{query}")
        if status == 200:
            return str(found["experiment"]["experiment_id"])
        return str(self.ask("POST", "/api/2.0/mlflow/experiments/create", {"name": name})[1]["experiment_id"])

    def ours(self, said: Any, workspace: str) -> Any:
        """A reply in the service's words: jobs' names, their states, and artifacts where the workspace keeps them."""
        jobs = {run["tracked"]: run for run in history.runs(self.cloud).values() if "tracked" in run}

        def told(value: Any) -> Any:
            if isinstance(value, list):
                return [told(item) for item in value]
            if not isinstance(value, dict):
                return value
            value = {key: told(item) for key, item in value.items()}
            run = jobs.get(value.get("run_id"))
            if run:
                value |= {key: run["name"] for key in RUN_KEYS if key in value}
            if run and "artifact_uri" in value:
                scope = f"experiments/{run['experiment']}/runs/{run['name']}/artifacts"
                value["artifact_uri"] = f"azureml://{history.HOST}/mlflow/v2.0{workspace}/{scope}"
                value["status"] = STATUSES.get(run["status"], "RUNNING")
            return value

        return told(said)
