"""What every kind of job is made of: a run, a thread, and command lines that are really run, in their own image."""

import os
import shlex
import signal
import subprocess
import threading
import traceback
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from standin import history, login, wiring
from standin.cloud import Cloud, Resource, workspace_of
from standin.messages import AzureError

LITERALS = ("string", "number", "integer", "boolean")
EXIT = "Execution failed. User process '/bin/bash' exited with status code {}. Please check log file '{}' for details."


class StepError(Exception):
    """What a job runs did not succeed; it says why."""


KNOWN = (StepError, wiring.WiringError, AzureError)  # how a job can fail that is no fault of the stand-in


class Work(ABC):
    """One submitted job. Each kind says in `go` what it does."""

    def __init__(self, cloud: Cloud, job: Resource) -> None:
        self.cloud, self.job, self.workspace = cloud, job, workspace_of(job["id"])
        self.folder = cloud.folder / "jobs" / job["name"]
        self.folder.mkdir(parents=True)
        self.said = job["properties"]
        self.experiment = self.said.setdefault("experimentName", "Default")
        title, environment = self.said.get("displayName") or job["name"], self.said.get("environmentId")
        self.run = self.begin(job["name"], title, environment=environment)
        self.processes: list[subprocess.Popen[bytes]] = []
        self.canceled = threading.Event()
        self.thread = threading.Thread(target=self.work)

    def begin(self, name: str, title: str, **more: Any) -> history.Run:
        """A run for the job or for one of its parts."""
        known = {"workspace": self.workspace, "experiment": self.experiment}
        return history.begin(self.cloud, name, title=title, **known, **more)

    def cancel(self) -> None:
        """Ask it to end, and end what it runs."""
        self.canceled.set()
        for process in list(self.processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)

    @abstractmethod
    def go(self) -> None:
        """Do what the job is for. One of KNOWN when it fails."""

    def work(self) -> None:
        """Be the job, from its first to its last state."""
        status, error = "Completed", None
        try:
            self.go()
        except KNOWN as problem:
            status, error = "Failed", str(problem)
        except Exception:  # a hole in the stand-in itself: the job says so
            status, error = "Failed", traceback.format_exc()
        if self.canceled.is_set():
            status, error = "Canceled", None
        with self.cloud.lock:
            history.end(self.run, status, error)
            self.said["status"] = status

    def as_job(self, child: history.Run, command: str) -> Resource:
        """The job that a part is for whoever asks for it by its name."""
        properties = {
            "jobType": "Command",
            "command": command,
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

    def end_part(self, job: Resource, child: history.Run, problem: Exception | None) -> None:
        """A part of the job is over."""
        failed = "Canceled" if self.canceled.is_set() else "Failed"
        with self.cloud.lock:
            job["properties"]["status"] = failed if problem else "Completed"
            history.end(child, job["properties"]["status"], str(problem) if problem else None)

    def execute(self, folder: Path, line: str, code: str, child: history.Run, own: dict[str, str]) -> int:
        """Fetch the code, run the command line on it and upload its log; its exit code."""
        python = self.cloud.images.python_of(child["environment"])
        if not self.fetch(code, folder / "code"):
            raise StepError(f"there is no code at {code}")
        log = folder / "std_log.txt"
        with log.open("wb") as output:
            exit_code = self.call(line, folder / "code", self.variables(python, child) | own, output)
        history.keep_file(self.cloud, child, log, history.STEP_LOG)
        return exit_code

    def call(self, line: str, folder: Path, variables: dict[str, str], output: Any) -> int:
        """Run a command line to its end; its exit code."""
        command = ["/bin/bash", "-c", line]
        process = subprocess.Popen(
            command, cwd=folder, env=variables, stdout=output, stderr=output, start_new_session=True
        )
        self.processes.append(process)
        if self.canceled.is_set():  # asked before there was anything to end
            self.cancel()
        return process.wait()

    def inputs(self, said: dict[str, Any] | None) -> dict[str, str]:
        """What stands for each `inputs.x` of the job itself: a literal as it is, a path quoted."""
        values = {}
        for name, one in (said or {}).items():
            if "value" in one:
                values[f"inputs.{name}"] = str(one["value"])
                continue
            folder = self.folder / "inputs" / name
            if not self.fetch(one["uri"], folder):
                raise wiring.WiringError(f"there is nothing at {one['uri']}, the input {name}")
            path = next(folder.iterdir()) if one["jobInputType"] == "uri_file" else folder
            values[f"inputs.{name}"] = shlex.quote(str(path))
        return values

    def fetch(self, said: str, folder: Path) -> int:
        """Download an address or the content of an asset; how many files it has."""
        with self.cloud.lock:
            asset = self.cloud.find(said.removeprefix("azureml:"))
            properties = asset["properties"] if asset else {}
            address = properties.get("dataUri") or properties.get("codeUri") or properties.get("modelUri") or said
            address = self.cloud.blobs.locate(address, self.workspace).address
        return self.cloud.blobs.download(address, folder)

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


class Command(Work):
    """One command line, run once."""

    def go(self) -> None:
        line = wiring.command(self.said["command"], self.inputs(self.said.get("inputs")))
        own = self.said.get("environmentVariables") or {}
        exit_code = self.execute(self.folder, line, self.said["codeId"], self.run, own)
        if exit_code:
            raise StepError(EXIT.format(exit_code, history.STEP_LOG))
