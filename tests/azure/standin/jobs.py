"""Jobs that are submitted: pipelines, run node by node, each command in its own image, on what was uploaded."""

import shlex
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from standin import history, wiring
from standin.cloud import Cloud, Resource, workspace_of
from standin.messages import AzureError
from standin.sweeps import SweepWork, check_sweep
from standin.work import EXIT, KNOWN, LITERALS, Command, StepError, Work

STEPS_FAILED = "Pipeline has some failed steps. See child run or execution logs for more details."

_jobs: dict[tuple[int, str], Work] = {}  # those of this process, by cloud and id


def start(cloud: Cloud, job: Resource) -> None:
    """Run a submitted job in the background. AzureError 400 when it cannot be run as it is, 599 for another kind."""
    properties = job["properties"]
    kind = KINDS.get(properties["jobType"])
    if kind is None:
        raise AzureError(599, "UnexpectedJob", f"Jobs of type {properties['jobType']} are not played.")
    for compute in computes(properties):
        if cloud.find(compute.removeprefix("azureml:")) is None:
            raise AzureError(400, "UserError", f"Unknown compute target '{compute.rsplit('/', 1)[-1]}'.")
    if kind is SweepWork:
        check_sweep(properties)
    workspace = workspace_of(job["id"])
    studio = f"https://ml.azure.com/runs/{job['name']}?wsid={workspace}"
    tracking = f"azureml://{history.HOST}/mlflow/v1.0{workspace}?"
    addresses = {"Studio": studio, "Tracking": tracking}
    services = {name: {"jobServiceType": name, "endpoint": address} for name, address in addresses.items()}
    job["properties"] |= {"status": "Running", "services": services}
    work = _jobs[id(cloud), job["id"].lower()] = kind(cloud, job)
    work.thread.start()


def cancel(cloud: Cloud, job: Resource) -> None:
    """End a running job; one that is over stays as it is."""
    work = _jobs.get((id(cloud), job["id"].lower()))
    if work:
        work.cancel()


def close(cloud: Cloud) -> None:
    """Cancel every job that still runs, and wait for their ends."""
    for key in [key for key in _jobs if key[0] == id(cloud)]:
        work = _jobs.pop(key)
        work.cancel()
        work.thread.join()


def computes(properties: dict[str, Any]) -> set[str]:
    """The ids of the computes that a job is to run on."""
    named = {node.get("computeId") for node in properties.get("jobs", {}).values()} | {properties.get("computeId")}
    return {one for one in named | {(properties.get("settings") or {}).get("default_compute")} if one}


class Pipeline(Work):
    """Nodes, one after the other."""

    def __init__(self, cloud: Cloud, job: Resource) -> None:
        super().__init__(cloud, job)
        # What is on disk: inputs of the pipeline (no node), and outputs of nodes.
        self.made: dict[tuple[str | None, str | None], Path] = {}

    def go(self) -> None:
        """Run the nodes in turn until one fails."""
        try:
            for name in wiring.order(self.said["jobs"]):
                self.step(name)
        except KNOWN:
            if not self.canceled.is_set():
                self.note("Execution of experiment failed, update experiment status and cancel running nodes.")
            raise

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
        job = self.as_job(child, component["command"])
        self.note(f"Submitting 1 runs, first five are: {name}:{child['name']}")
        try:
            self.node(name, node, component, child)
        except Exception as problem:
            self.end_part(job, child, problem)
            raise (StepError(STEPS_FAILED) if isinstance(problem, KNOWN) else problem) from problem
        self.end_part(job, child, None)
        self.note(f"Completing processing run id {child['name']}.")

    def node(self, name: str, node: dict[str, Any], component: dict[str, Any], child: history.Run) -> None:
        """Fetch what the node needs, run its command, upload its log and, however it ended, what it wrote."""
        line = wiring.command(component["command"], self.values(name, node, component))
        own = node.get("environment_variables") or {}
        exit_code = self.execute(self.folder / name, line, component["code"], child, own)
        for output in component.get("outputs") or {}:
            self.keep(name, node, output, component["outputs"][output]["type"], child)
        if exit_code:
            raise StepError(EXIT.format(exit_code, history.STEP_LOG))

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

    def keep(self, name: str, node: dict[str, Any], output: str, kind: str, child: history.Run) -> None:
        """Upload an output of a node, if it wrote any: to the pipeline's own when it is bound to one."""
        bound = wiring.result(node, output)
        owner, title = (self.run, bound) if bound else (child, output)
        uri = history.place(self.cloud, self.workspace, f"azureml/{owner['name']}/{title}/")
        path = self.made[name, output]
        if path.exists() and self.cloud.blobs.upload(path, uri + path.name if path.is_file() else uri):
            history.keep_output(owner, title, kind, uri)


KINDS = {"Pipeline": Pipeline, "Command": Command, "Sweep": SweepWork}
