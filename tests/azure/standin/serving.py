"""Deployments that serve: the uploaded model and code in Microsoft's inference server, on this machine."""

import http.client
import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from standin.azurite import free_port
from standin.cloud import Cloud, Resource
from standin.collector import Collector
from standin.messages import AzureError

START_SECONDS = 120
LOG = "log.txt"
KEPT = ("PATH", "HOME", "LANG", "TMPDIR")  # of this machine's variables; a container would have none
CRASHED = "ResourceNotReady: User container has crashed or terminated. Its logs say why."
ON_LOOPBACK = """\
import azureml_inference_server_http.constants as constants
constants.DEFAULT_HOST = "127.0.0.1"
from azureml_inference_server_http.amlserver import run
run()
"""  # the server's own command would listen on every network address


@dataclass
class Container:
    """The processes of one deployment."""

    process: "subprocess.Popen[bytes]"
    port: int
    collector: Collector | None

    def is_ready(self) -> bool:
        """Whether it answers its probe."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """End all of it."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self.collector:
            self.collector.stop()


class Serving:
    """The containers of all deployments, by lower-cased id."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._containers: dict[str, Container] = {}
        self._reviving = threading.Lock()
        self._closed = False

    def folder(self, name: str) -> Path:
        """Where a deployment's files are."""
        parts = name.lower().split("/")
        return self._cloud.folder.joinpath("deployments", parts[4], parts[8], parts[-3], parts[-1])

    def start(self, deployment: Resource) -> str | None:
        """Fetch what the deployment serves and serve it. What went wrong, None when it is ready."""
        name = deployment["id"]
        self.stop(name)
        folder = self.folder(name)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / LOG).write_text("")
        self._fetch(deployment)
        return self._run(deployment)

    def _fetch(self, deployment: Resource) -> None:
        """The model and the code, as they were uploaded."""
        properties, folder = deployment["properties"], self.folder(deployment["id"])
        if not properties.get("codeConfiguration") or not properties.get("model"):
            raise AzureError(400, "BadArgument", "Only deployments with a model and a scoring script are played.")
        code = self._cloud.get(properties["codeConfiguration"]["codeId"])
        self._cloud.blobs.download(code["properties"]["codeUri"], folder / "code")
        address = self._model(deployment)["properties"]["modelUri"]
        self._cloud.blobs.download(address, self._model_folder(deployment) / PurePosixPath(address).name)

    def _model(self, deployment: Resource) -> Resource:
        return self._cloud.get(self._cloud.asset(deployment["properties"]["model"]))

    def _model_folder(self, deployment: Resource) -> Path:
        """What AZUREML_MODEL_DIR names: the model's name and version."""
        parts = self._model(deployment)["id"].split("/")
        return self.folder(deployment["id"]) / "azureml-models" / parts[-3] / parts[-1]

    def _run(self, deployment: Resource) -> str | None:
        """Run the server on what was fetched and wait until it is ready."""
        python = self._cloud.images.python_of(deployment["properties"]["environmentId"])
        folder, port = self.folder(deployment["id"]), free_port()
        collector = Collector.of(self._cloud, deployment, folder)
        script = folder / "code" / deployment["properties"]["codeConfiguration"]["scoringScript"]
        command = [str(python), "-u", "-c", ON_LOOPBACK, "--entry_script", str(script), "--port", str(port)]
        environment = self._environment(deployment, python) | (collector.environment if collector else {})
        with (folder / LOG).open("wb") as log:
            process = subprocess.Popen(
                command, cwd=folder / "code", env=environment, stdout=log, stderr=log, start_new_session=True
            )
        container = self._containers[deployment["id"].lower()] = Container(process, port, collector)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and process.poll() is None:
            if container.is_ready():
                return None
            time.sleep(0.1)
        self.stop(deployment["id"])
        return CRASHED

    def _environment(self, deployment: Resource, python: Path) -> dict[str, str]:
        """The variables of the container."""
        kept = {name: value for name, value in self._cloud.machine.items() if name in KEPT}
        return {
            **kept,
            "PATH": f"{python.parent}{os.pathsep}{kept.get('PATH', '')}",
            **(deployment["properties"].get("environmentVariables") or {}),
            **dict.fromkeys(("OMP_NUM_THREADS", "WORKER_COUNT"), "1"),  # several servers share this machine
            "AML_APP_ROOT": str(self.folder(deployment["id"]) / "code"),
            "AZUREML_MODEL_DIR": str(self._model_folder(deployment)),
        }

    def port(self, deployment: Resource) -> int | None:
        """Where the deployment answers; one that served before the stand-in was closed is started again."""
        name = deployment["id"].lower()
        with self._reviving:
            ready = deployment["properties"]["provisioningState"] == "Succeeded"
            if ready and name not in self._containers and not self._closed:
                self._run(deployment)
        container = self._containers.get(name)
        return container.port if container else None

    def log(self, name: str, tail: int) -> str:
        """The last lines that the deployment's server wrote."""
        file = self.folder(name) / LOG
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []
        return "\n".join(lines[-tail:])

    def stop(self, name: str) -> None:
        """End the deployment's processes; its log stays."""
        container = self._containers.pop(name.lower(), None)
        if container:
            container.stop()

    def close(self) -> None:
        """End all of them; none is started again, whoever still asks."""
        with self._reviving:
            self._closed = True
            for name in list(self._containers):
                self.stop(name)
