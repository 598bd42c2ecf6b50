"""The data collector beside a deployment's server: it takes what azureml-ai-monitoring sends and keeps it in blobs."""

import json
import threading
import uuid
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from standin.blobs import STORE
from standin.cloud import Cloud, Resource, workspace_of

CONFIGURATION = "data-collector.json"
KIND = "azureml.inference."  # what the type of an event begins with, before the collection


class Collector(ThreadingHTTPServer):
    """Listens on a free port of the loopback interface until it is stopped."""

    daemon_threads = True

    def __init__(self, cloud: Cloud, deployment: str, collections: dict[str, str], folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self._cloud, self._deployment, self._collections = cloud, deployment, collections
        self._instance = uuid.uuid4().hex
        self._file = folder / CONFIGURATION
        self._writing = threading.Lock()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @classmethod
    def of(cls, cloud: Cloud, deployment: Resource, folder: Path) -> Self | None:
        """The collector that the deployment asks for, None when it asks for none."""
        wanted = (deployment["properties"].get("dataCollector") or {}).get("collections") or {}
        enabled = {name: one for name, one in wanted.items() if one["dataCollectionMode"].lower() == "enabled"}
        if not enabled:
            return None
        rates = {
            name: {"enabled": True, "sampleRatePercentage": 100 * (one.get("samplingRate") or 1)}
            for name, one in enabled.items()
        }
        (folder / CONFIGURATION).write_text(json.dumps({"runMode": "cloud", "collections": rates}), encoding="utf-8")
        places = {name: address_of(cloud, deployment, name, one) for name, one in enabled.items()}
        return cls(cloud, deployment["id"], places, folder)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead the server's process here."""
        return {"AZUREML_MDC_CONFIG_PATH": str(self._file), "AZUREML_MDC_PORT": str(self.server_port)}

    def keep(self, headers: Any, body: bytes) -> None:
        """Add one event to the blob of its collection and hour."""
        collection = headers["ce-type"].removeprefix(KIND)
        when = datetime.fromtimestamp(float(headers["ce-time"]), UTC)
        event = {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": self._deployment,
            "type": headers["ce-type"],
            "datacontenttype": headers["Content-Type"],
            "time": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "data": json.loads(body),
            "contentrange": f"bytes 0-{len(body) - 1}/{len(body)}",
            "correlationid": headers["ce-x-request-id"],
            "xrequestid": headers["ce-x-request-id"],
            "modelversion": headers["ce-model-version"] or "default",
            "collectdatatype": headers["ce-collect-data-type"],
            "agent": headers["ce-agent"],
        }
        address = f"{self._collections[collection]}/{when:%Y/%m/%d/%H}/{self._instance}.jsonl"
        with self._writing:
            self._cloud.blobs.append(address, json.dumps(event).encode() + b"\n", workspace_of(self._deployment))

    def stop(self) -> None:
        """Take no more."""
        self.shutdown()
        self.server_close()


def address_of(cloud: Cloud, deployment: Resource, name: str, collection: Resource) -> str:
    """Where a collection is kept: at its data asset, else at the service's own place for it."""
    if collection.get("dataId"):
        return str(cloud.get(collection["dataId"].removeprefix("azureml:"))["properties"]["dataUri"]).rstrip("/")
    *_, endpoint, _, short = deployment["id"].split("/")
    return f"azureml://datastores/{STORE}/paths/modelDataCollector/{endpoint}/{short}/{name}"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Collector

    def do_POST(self) -> None:
        """Keep an event."""
        self.server.keep(self.headers, self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: what was taken is in the blobs."""
