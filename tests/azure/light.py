"""Deployments of tables instead of models: rollouts are tried by the dozen, and no container is worth its start."""

import json
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standin.cloud import Cloud, Resource

TABLE = "scores.json"  # in the model's folder: what each row gets
CRASHED = "ResourceNotReady: User container has crashed or terminated. Its logs say why."


class Scorer(BaseHTTPRequestHandler):
    """Answers as serving/score.py does, from the server's table."""

    protocol_version = "HTTP/1.1"
    server: "Table"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        scores = [self.server.scores[json.dumps(row)] for row in body["input_data"]["data"]]
        answer = json.dumps({"scores": scores}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing."""


class Table(ThreadingHTTPServer):
    """A server of one model's table."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, scores: dict[str, float]) -> None:
        super().__init__(("127.0.0.1", 0), Scorer)
        self.scores = scores
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


class LightServing:
    """In the place of `standin.serving.Serving`: one server a model, kept until all is closed."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._tables: dict[str, Table] = {}
        self._logs: dict[str, str] = {}

    def start(self, deployment: Resource) -> str | None:
        """Serve the model's table, as it was uploaded. What went wrong, None when it is ready."""
        model = self._cloud.get(deployment["properties"]["model"].removeprefix("azureml:"))
        name = deployment["id"].lower()
        if model["id"] in self._tables:
            return None
        with tempfile.TemporaryDirectory() as folder:
            self._cloud.blobs.download(model["properties"]["modelUri"], Path(folder))
            table = Path(folder) / TABLE
            if not table.exists():
                self._logs[name] = f"loading the model\nFileNotFoundError: no {TABLE}"
                return CRASHED
            self._tables[model["id"]] = Table(json.loads(table.read_text(encoding="utf-8")))
        self._logs[name] = "ready"
        return None

    def port(self, deployment: Resource) -> int:
        """Where the deployment answers."""
        model = self._cloud.get(deployment["properties"]["model"].removeprefix("azureml:"))
        return int(self._tables[model["id"]].server_port)

    def log(self, name: str, tail: int) -> str:
        """The last lines of the deployment's log."""
        return "\n".join(self._logs.get(name.lower(), "").splitlines()[-tail:])

    def stop(self, name: str) -> None:
        """Nothing: a deployment that is gone is asked by nobody."""

    def close(self) -> None:
        """End all servers."""
        for table in self._tables.values():
            table.shutdown()
            table.server_close()
