"""A lease on a blob: one `apply` at a time for an endpoint, whichever CI system or laptop it runs on."""

import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING

from mlops import TakenError

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobLeaseClient, ContainerClient

LENGTH = 30  # seconds it holds without being renewed, as after a kill
RENEW_EVERY = 10.0
ASK_EVERY = 2.0


class Lease:
    """Held from enter to exit and renewed meanwhile. A lease left by a killed run is waited for."""

    def __init__(self, container: "ContainerClient", endpoint: str, holder: str) -> None:
        self._blob: BlobClient = container.get_blob_client(f"leases/{endpoint}")
        self._endpoint = endpoint
        self._holder = holder
        self._ended = threading.Event()
        self._renewed = 0.0

    def __enter__(self) -> None:
        self._lease = self._acquire()
        self._renewed = time.monotonic()
        try:
            self._blob.set_blob_metadata(
                {"holder": self._holder.encode("ascii", "replace").decode()}, lease=self._lease
            )
        except BaseException:
            self._lease.release()
            raise
        self._renewer = threading.Thread(target=self._keep_renewed, daemon=True)
        self._renewer.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from azure.core.exceptions import AzureError

        self._ended.set()
        self._renewer.join()
        try:
            self._lease.release()
        except AzureError:  # it ends by itself
            return

    def check(self) -> None:
        """TakenError when the lease may have ended."""
        if time.monotonic() - self._renewed > LENGTH:
            raise TakenError(f"{self._endpoint}: the lease on it was lost; run the command again")

    def _acquire(self) -> "BlobLeaseClient":
        """The lease; TakenError naming its holder when that one is still at work."""
        from azure.core.exceptions import HttpResponseError, ResourceExistsError

        try:
            self._blob.upload_blob(b"", overwrite=False)
        except (ResourceExistsError, HttpResponseError) as error:
            if getattr(error, "status_code", 409) not in {409, 412}:
                raise
        deadline = time.monotonic() + LENGTH + ASK_EVERY
        while True:
            try:
                return self._blob.acquire_lease(lease_duration=LENGTH)
            except HttpResponseError as error:
                if error.status_code != 409:
                    raise
                if time.monotonic() > deadline:
                    holder = self._blob.get_blob_properties().metadata.get("holder", "somebody")
                    message = f"{self._endpoint} is being rolled out by {holder}; try again when that has ended"
                    raise TakenError(message) from None
            time.sleep(ASK_EVERY)

    def _keep_renewed(self) -> None:
        from azure.core.exceptions import AzureError

        while not self._ended.wait(RENEW_EVERY):
            start = time.monotonic()
            try:
                self._lease.renew()
                self._renewed = start
            except AzureError:
                continue  # tried again; check() tells when it is too late
