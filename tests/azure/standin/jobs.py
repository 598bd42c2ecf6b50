"""Pipeline jobs, really run: each node's command, in its own image, on what was uploaded."""

import os
import shlex
import signal
import subprocess
import threading
import traceback
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from standin import history, login, wiring
from standin.cloud import Cloud, Resource, workspace_of
from standin.messages import AzureError

LITERALS = ("string", "number", "integer", "boolean")
STEPS_FAILED = "Pipeline has some failed steps. See child run or execution logs for more details."
EXIT = "Execution failed. User process '/bin/bash' exited with status code {}. Please check log file '{}' for details."

_pipelines: dict[tuple[int, str], "Pipeline"] = {}  # those of this process, by cloud and id


class StepError(Exception):
    """A step of a pipeline did not succeed; it says why."""


KNOWN = (StepError, wiring.WiringError, AzureError)  # how a job can fail that is no fault of the stand-in


def start(cloud: Cloud, job: Resource) -> None:
    """Run a submitted job in the background. AzureError 400 when its compute is missing, 599 when it is no pipeline."""
    properties = job["properties"]
    if properties["jobType"] != "Pipeline":
        raise AzureError(599, "UnexpectedJob", f"Jobs of type {properties['jobType']} are not played, pipelines are.")
    for compute in computes(properties):
        if cloud.find(compute.removeprefix("azureml:")) is None:
            raise AzureError(400, "UserError", f"Unknown compute target '{compute.rsplit('/', 1)[-1]}'.")
    workspace = workspace_of(job["id"])
    studio = f"https://ml.azure.com/runs/{job['name']}?wsid={workspace}"
    tracking = f"azureml://{history.HOST}/mlflow/v1.0{workspace}?"
    addresses = {"Studio": studio, "Tracking": tracking}
    services = {name: {"jobServiceType": name, "endpoint": address} for name, address in addresses.items()}
    job["properties"] |= {"status": "Running", "services": services}
    pipeline = _pipelines[id(cloud), job["id"].lower()] = Pipeline(cloud, job)
    pipeline.thread.start()


def cancel(cloud: Cloud, job: Resource) -> None:
    """End a running job; one that is over stays as it is."""
    pipeline = _pipelines.get((id(cloud), job["id"].lower()))
    if pipeline:
        pipeline.cancel()


def close(cloud: Cloud) -> None:
    """Cancel every job that still runs, and wait for their ends."""
    for key in [key for key in _pipelines if key[0] == id(cloud)]:
        pipeline = _pipelines.pop(key)
        pipeline.cancel()
        pipeline.thread.join()


def computes(properties: dict[str, Any]) -> set[str]:
    """The ids of the computes that a pipeline is to run on."""
    named = {node.get("computeId") for node in properties["jobs"].values()}
    return {one for one in named | {(properties.get("settings") or {}).get("default_compute")} if one}


class Pipeline:
    """One submitted pipeline job."""

    def __init__(self, cloud: Cloud, job: Resource) -> None:
        self.cloud, self.job, self.workspace = cloud, job, workspace_of(job["id"])
        self.folder = cloud.folder / "jobs" / job["name"]
        self.folder.mkdir(parents=True)
        self.said = job["properties"]
        self.experiment = self.said.setdefault("experimentName", "Default")
        self.run = self.begin(job["name"], self.said.get("displayName") or job["name"])
        # What is on disk: inputs of the pipeline (no node), and outputs of nodes.
        self.made: dict[tuple[str | None, str | None], Path] = {}
        self.process: subprocess.Popen[bytes] | None = None
        self.canceled = threading.Event()
        self.thread = threading.Thread(target=self.work)

    def begin(self, name: str, title: str, **more: Any) -> history.Run:
        """A run for the pipeline or for one of its nodes."""
        known = {"workspace": self.workspace, "experiment": self.experiment}
        return history.begin(self.cloud, name, title=title, **known, **more)

    def cancel(self) -> None:
        """Ask it to end, and end what it runs."""
        self.canceled.set()
        process = self.process
        if process and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)

    def work(self) -> None:
        """Run the nodes in turn until one fails."""
        status, error = "Completed", None
        try:
            for name in wiring.order(self.said["jobs"]):
                self.step(name)
        except KNOWN as problem:
            status, error = "Failed", str(problem)
        except Exception:  # a hole in the stand-in itself: the job says so
            status, error = "Failed", traceback.format_exc()
        if self.canceled.is_set():
            status, error = "Canceled", None
        elif error:
            self.note("Execution of experiment failed, update experiment status and cancel running nodes.")
        with self.cloud.lock:
            history.end(self.run, status, error)
            self.said["status"] = status

    def note(self, line: str) -> None:
        """A line in the pipeline's log, which is what `jobs.stream` shows; what a step prints is in the step's own."""
        log = self.folder / "executionlogs.txt"
        with log.open("a", encoding="utf-8") as file:
            file.write(f"[{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z] {line}\n")
        history.keep_file(self.cloud, self.run, log, history.PIPELINE_LOG)

    def step(self, name: str) -> None:
        """Run one node as a job of its own. StepError when it does not succeed."""
        if self.canceled.is_set():
            raise StepError("canceled")
        node = self.said["jobs"][name]
        component = self.cloud.get(node["componentId"])["properties"]["componentSpec"]
        environment = component["environment"].removeprefix("azureml:")
        child = self.begin(str(uuid.uuid4()), name, parent=self.job["name"], environment=environment)
        job = self.as_job(child, component)
        self.note(f"Submitting 1 runs, first five are: {name}:{child['name']}")
        try:
            self.execute(name, node, component, child)
        except Exception as problem:
            job["properties"]["status"] = "Canceled" if self.canceled.is_set() else "Failed"
            history.end(child, job["properties"]["status"], str(problem))
            raise (StepError(STEPS_FAILED) if isinstance(problem, KNOWN) else problem) from problem
        job["properties"]["status"] = "Completed"
        history.end(child, "Completed")
        self.note(f"Completing processing run id {child['name']}.")

    def as_job(self, child: history.Run, component: dict[str, Any]) -> Resource:
        """The job that a step is for whoever asks for it by its name."""
        properties = {
            "jobType": "Command",
            "command": component["command"],
            "environmentId": child["environment"],
            "displayName": child["title"],
            "experimentName": self.experiment,
            "status": "Running",
            "services": {},
            "tags": {},
            "properties": {},
        }
        with self.cloud.lock:
            return self.cloud.put(f"{self.workspace}/jobs/{child['name']}", {"properties": properties})

    def execute(self, name: str, node: dict[str, Any], component: dict[str, Any], child: history.Run) -> None:
        """Fetch what the node needs, run its command, upload its log and, however it ended, what it wrote."""
        folder = self.folder / name
        code = folder / "code"
        python = self.cloud.images.python_of(child["environment"])
        line = wiring.command(component["command"], self.values(name, node, component))
        if not self.fetch(component["code"], code):
            raise StepError(f"there is no code at {component['code']}")
        log = folder / "std_log.txt"
        with log.open("wb") as output:
            own = node.get("environment_variables") or {}
            exit_code = self.call(line, code, self.variables(python, child) | own, output)
        history.keep_file(self.cloud, child, log, history.STEP_LOG)
        for output in component.get("outputs") or {}:
            self.keep(name, node, output, component["outputs"][output]["type"], child)
        if exit_code:
            raise StepError(EXIT.format(exit_code, history.STEP_LOG))

    def call(self, line: str, folder: Path, variables: dict[str, str], output: Any) -> int:
        """Run a command line to its end; its exit code."""
        command = ["/bin/bash", "-c", line]
        self.process = subprocess.Popen(
            command, cwd=folder, env=variables, stdout=output, stderr=output, start_new_session=True
        )
        if self.canceled.is_set():  # asked before there was anything to end
            self.cancel()
        return self.process.wait()

    def values(self, name: str, node: dict[str, Any], component: dict[str, Any]) -> dict[str, str]:
        """What stands for each `inputs.x` and `outputs.y` in a node's command: a literal as it is, a path quoted."""
        values = {}
        for key, source in wiring.sources(node, component).items():
            value = self.value(name, key, source, component["inputs"][key]["type"])
            if value is None and not component["inputs"][key].get("optional"):
                raise wiring.WiringError(f"the input {key} of {name} has no value")
            if value is not None:
                values[f"inputs.{key}"] = shlex.quote(str(value)) if isinstance(value, Path) else str(value)
        for key, output in (component.get("outputs") or {}).items():
            path = self.made[name, key] = self.folder / name / "outputs" / key
            (path.parent if output["type"] == "uri_file" else path).mkdir(parents=True, exist_ok=True)
            values[f"outputs.{key}"] = shlex.quote(str(path))
        return values

    def value(self, name: str, key: str, source: wiring.Source, kind: str) -> Path | Any | None:
        """What an input of a node is: a path, fetched once, for files; a literal; None when nobody gave it."""
        place = (source.node, source.name) if source.name else (name, f"inputs.{key}")
        if place in self.made or source.node:
            return self.made.get(place)
        given = (self.said.get("inputs") or {}).get(source.name, {})
        said = given.get("value", given.get("uri")) if source.name else source.value
        if said is None or kind in LITERALS:
            return said
        folder = self.folder / "inputs" / (source.name or f"{name}.{key}")
        if not self.fetch(said, folder):
            raise wiring.WiringError(f"there is nothing at {said}, the input {key} of {name}")
        self.made[place] = next(folder.iterdir()) if kind == "uri_file" else folder
        return self.made[place]

    def fetch(self, said: str, folder: Path) -> int:
        """Download an address or the content of an asset; how many files it has."""
        with self.cloud.lock:
            asset = self.cloud.find(said.removeprefix("azureml:"))
            properties = asset["properties"] if asset else {}
            address = properties.get("dataUri") or properties.get("codeUri") or properties.get("modelUri") or said
            address = self.cloud.blobs.locate(address, self.workspace).address
        return self.cloud.blobs.download(address, folder)

    def keep(self, name: str, node: dict[str, Any], output: str, kind: str, child: history.Run) -> None:
        """Upload an output of a node, if it wrote any: to the pipeline's own when it is bound to one."""
        bound = wiring.result(node, output)
        owner, title = (self.run, bound) if bound else (child, output)
        uri = history.place(self.cloud, self.workspace, f"azureml/{owner['name']}/{title}/")
        path = self.made[name, output]
        if path.exists() and self.cloud.blobs.upload(path, uri + path.name if path.is_file() else uri):
            history.keep_output(owner, title, kind, uri)

    def variables(self, python: Path, child: history.Run) -> dict[str, str]:
        """The environment of a step: what the service sets, and the way into the stand-in; nothing of this process."""
        _, _, subscription, _, group, *_, workspace = self.workspace.split("/")
        token = login.signed_token(self.cloud, history.RUN_AUDIENCE)
        return {
            "PATH": os.pathsep.join([str(python.parent), os.defpath]),
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "AZUREML_ARM_SUBSCRIPTION": subscription,
            "AZUREML_ARM_RESOURCEGROUP": group,
            "AZUREML_ARM_WORKSPACE_NAME": workspace,
            "AZUREML_ARM_PROJECT_NAME": self.experiment,
            "AZUREML_CURRENT_CLOUD": "AzureCloud",
            "AZUREML_RUN_ID": child["name"],
            "AZUREML_ROOT_RUN_ID": self.job["name"],
            "AZUREML_RUN_TOKEN": token,
            "AZUREML_SERVICE_ENDPOINT": f"https://{history.HOST}",
            "MLFLOW_EXPERIMENT_NAME": self.experiment,
            "MLFLOW_RUN_ID": child["name"],
            "MLFLOW_TRACKING_TOKEN": token,
            "MLFLOW_TRACKING_URI": f"azureml://{history.HOST}/mlflow/v1.0{self.workspace}",
            **{name: value for name, value in self.cloud.environment.items() if not name.startswith("ACTIONS_")},
        }
