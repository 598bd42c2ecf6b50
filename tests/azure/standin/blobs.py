"""Blob storage: the account that all workspaces share, and every way to say where files are."""

import http.client
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from standin.azurite import ACCOUNT, Azurite
from standin.cloud import Cloud, workspace_id, workspace_of
from standin.login import require_token
from standin.messages import AzureError, Reply, Request

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient, ContainerClient

HOST = f"{ACCOUNT}.blob.core.windows.net"
AUDIENCE = "https://storage.azure.com"
STORE = "workspaceblobstore"
HOURS = timedelta(hours=2)
HOP_BY_HOP = {"accept-encoding", "connection", "content-length", "keep-alive", "proxy-connection", "transfer-encoding"}
WORKSPACE = "subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)/workspaces/(?P<workspace>[^/]+)/"
ADDRESSES = [  # on the wire, in a datastore of a workspace, of a job's output
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"https://[^/]+/(?P<container>[^/?]+)/?(?P<path>[^?]*)",
        rf"azureml://({WORKSPACE})?datastores/(?P<datastore>[^/]+)/paths/(?P<path>.*)",
        r"azureml://jobs/(?P<job>[^/]+)/outputs/(?P<output>[^/]+)(/paths)?/?(?P<path>.*)",
    )
]


@dataclass(frozen=True)
class Place:
    """Where files are: a container, how their names begin, and the long form of their address."""

    container: str
    prefix: str
    address: str


class Blobs:
    """A storage account that all workspaces share, each with a container."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._azurite = Azurite(cloud.folder, cloud.secret("storage"))

    def close(self) -> None:
        """End Azurite."""
        self._azurite.close()

    @property
    def key(self) -> str:
        """The account's key."""
        return self._azurite.key

    @cached_property
    def client(self) -> "BlobServiceClient":
        """The account, reached past all proxies."""
        from azure.core.pipeline.transport import RequestsTransport
        from azure.storage.blob import BlobServiceClient

        address = f"http://127.0.0.1:{self._azurite.port}/{ACCOUNT}"
        return BlobServiceClient(address, credential=self.key, transport=RequestsTransport(use_env_settings=False))

    def container(self, name: str) -> "ContainerClient":
        """The container, made when it is not there."""
        container = self.client.get_container_client(name)
        if not container.exists():
            container.create_container()
        return container

    def signature(self, container: str) -> str:
        """What lets its holder do everything in the container, for some hours."""
        from azure.storage.blob import generate_container_sas

        until = datetime.now(UTC) + HOURS
        return generate_container_sas(ACCOUNT, container, self.key, permission="racwdl", expiry=until)

    def url(self, container: str, name: str) -> str:
        """The address of a blob, signed."""
        return f"https://{HOST}/{container}/{quote(name)}?{self.signature(container)}"

    def locate(self, address: str, workspace: str = "") -> Place:
        """Where the files at an address are, in the workspace with that id if it names none. AzureError 400 or 404."""
        found = next((match for pattern in ADDRESSES if (match := pattern.fullmatch(address))), None)
        if found is None:
            raise AzureError(400, "UserError", f"The path '{address}' is not valid.")
        said = found.groupdict()
        if said.get("container"):
            return Place(said["container"], said["path"], address)
        if said.get("job"):
            path = f"azureml/{said['job']}/{said['output']}/{said['path']}"
            return self._in_datastore(self._owner(said["job"]), STORE, path)
        if said.get("subscription"):
            workspace = workspace_id(said["subscription"], said["group"], said["workspace"])
        return self._in_datastore(workspace, said["datastore"], said["path"])

    def _owner(self, job: str) -> str:
        """The id of the workspace that has the job."""
        jobs = (one["id"] for name, one in self._cloud.resources.items() if name.endswith(f"/jobs/{job.lower()}"))
        found = next(jobs, None)
        if found is None:
            raise AzureError(404, "UserError", f"Job {job} was not found.")
        return workspace_of(found)

    def _in_datastore(self, workspace: str, datastore: str, path: str) -> Place:
        container = self._cloud.get(f"{workspace}/datastores/{datastore}")["properties"]["containerName"]
        _, _, subscription, _, group, *_, name = workspace.split("/")
        home = f"azureml://subscriptions/{subscription}/resourcegroups/{group}/workspaces/{name}"
        return Place(container, path, f"{home}/datastores/{datastore}/paths/{path}")

    def names(self, address: str, workspace: str = "") -> list[str]:
        """The names of the blobs at an address: one file, or all below a folder."""
        place = self.locate(address, workspace)
        folder = place.prefix.rstrip("/")
        found = self.container(place.container).list_blob_names(name_starts_with=folder)
        return [name for name in found if not folder or name == folder or name.startswith(folder + "/")]

    def download(self, address: str, folder: Path, workspace: str = "") -> int:
        """Put the files at the address below the folder, by their names there. How many they were."""
        place = self.locate(address, workspace)
        names, prefix = self.names(address, workspace), place.prefix.rstrip("/")
        container = self.container(place.container)
        for name in names:
            below = name[len(prefix) :].lstrip("/") if name != prefix else name.rsplit("/", 1)[-1]
            target = folder / below
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                container.download_blob(name).readinto(file)
        return len(names)

    def upload(self, source: Path, address: str, workspace: str = "") -> int:
        """Put a file there, or all files below a folder. How many they were."""
        place = self.locate(address, workspace)
        container, prefix = self.container(place.container), place.prefix.rstrip("/")
        count = 0
        for file in files_below(source):
            name = f"{prefix}/{file.relative_to(source).as_posix()}" if source.is_dir() else prefix
            with file.open("rb") as content:
                container.upload_blob(name.lstrip("/"), content, overwrite=True)
            count += 1
        return count

    def append(self, address: str, content: bytes, workspace: str = "") -> None:
        """Add to the end of a blob that only grows."""
        place = self.locate(address, workspace)
        blob = self.container(place.container).get_blob_client(place.prefix)
        if not blob.exists():
            blob.create_append_blob()
        blob.append_block(content)

    def _signature_of_the_account(self) -> str:
        """What an identity with the role of a contributor may do."""
        from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

        every = ResourceTypes(service=True, container=True, object=True)
        allowed = AccountSasPermissions.from_string("racwdl")
        return generate_account_sas(ACCOUNT, self.key, every, allowed, datetime.now(UTC) + HOURS)

    def answer(self, request: Request) -> Reply:
        """The request passed on to Azurite, which knows signatures but no tokens: a token becomes a signature."""
        target = request.target
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        if request.headers.get("Authorization", "").startswith("Bearer "):
            require_token(self._cloud, request, AUDIENCE)
            headers.pop("Authorization")
            target += ("&" if "?" in target else "?") + self._signature_of_the_account()
        connection = http.client.HTTPConnection("127.0.0.1", self._azurite.port)
        connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if request.body or request.method in {"PUT", "POST"}:
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body or None)
        answer = connection.getresponse()
        return Reply(answer.status, answer.read(), dict(answer.getheaders()))


def files_below(source: Path) -> Iterator[Path]:
    """The file itself, or every file below the folder."""
    return iter([source]) if source.is_file() else (path for path in sorted(source.rglob("*")) if path.is_file())
