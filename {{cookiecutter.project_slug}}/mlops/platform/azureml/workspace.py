"""The workspace that a manifest names, opened when first needed."""

import io
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from functools import cached_property
from typing import TYPE_CHECKING

from mlops import UserError
from mlops.decide.infrastructure.repository import SUBSCRIPTION
from mlops.platform.azureml.identity import Identity
from mlops.settings.environments import Workspace

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.storage.blob import ContainerClient


@contextmanager
def quiet_uploads() -> Iterator[None]:
    """Uploads without the SDK's progress bars on stderr.

    They cannot be turned off: without them it does not look whether a folder's files went up, and waits for ever for
    one that was refused.
    """
    with redirect_stderr(io.StringIO()):
        yield


class AzureWorkspace:
    """One workspace, seen by this process's identity."""

    def __init__(self, settings: Workspace) -> None:
        self.settings = settings

    @property
    def subscription(self) -> str:
        """Its id. UserError when nothing names it."""
        subscription = self.settings.subscription or os.environ.get(SUBSCRIPTION)
        if not subscription:
            raise UserError(
                f"{SUBSCRIPTION} is not set; set it, in CI as docs/first-run.md says, "
                "or workspace.subscription in environments/"
            )
        return subscription

    def endpoint_id(self, endpoint: str) -> str:
        """The endpoint's address among all of Azure's resources."""
        group, workspace = self.settings.resource_group, self.settings.name
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{group}/providers/Microsoft.MachineLearningServices"
            f"/workspaces/{workspace}/onlineEndpoints/{endpoint}"
        )

    @cached_property
    def identity(self) -> Identity:
        return Identity()

    @cached_property
    def client(self) -> "MLClient":
        """The workspace as the SDK has it."""
        return self._open(workspace_name=self.settings.name)

    @cached_property
    def shared(self) -> "MLClient":
        """Where all environments find their models: the registry, or the one workspace when there is none."""
        return self._open(registry_name=self.settings.registry) if self.settings.registry else self.client

    def model_id(self, name: str, version: int) -> str:
        """A version's address there."""
        registry = self.settings.registry
        if registry:
            return f"azureml://registries/{registry}/models/{name}/versions/{version}"
        return f"azureml:{name}:{version}"

    def _open(self, **where: str) -> "MLClient":
        """The SDK, without its telemetry and its warnings of what is experimental in itself."""
        from azure.ai.ml import MLClient

        for name in ("azure", "azure.ai.ml", "msrest"):
            logging.getLogger(name).setLevel(logging.ERROR)
        warnings.filterwarnings("ignore", module="azure.ai.ml")
        return MLClient(
            self.identity,
            self.subscription,
            self.settings.resource_group,
            show_progress=True,  # see quiet_uploads
            enable_telemetry=False,
            **where,
        )

    @cached_property
    def region(self) -> str:
        """Where the workspace is, in Azure's short form."""
        return str(self.client.workspaces.get(self.settings.name).location)

    @cached_property
    def tracking(self) -> str:
        """The address of the workspace's MLflow, for a client that brings its own token: as azureml-mlflow makes it."""
        uri = str(self.client.workspaces.get(self.settings.name).mlflow_tracking_uri).partition("?")[0]
        return uri.replace("azureml://", "https://", 1).replace("/mlflow/v1.0/", "/mlflow/v2.0/", 1)

    @cached_property
    def container(self) -> "ContainerClient":
        """The blob container of the workspace's default datastore, opened with the identity, not with its key."""
        from azure.storage.blob import ContainerClient

        store = self.client.datastores.get_default()
        address = f"{store.protocol}://{store.account_name}.blob.{store.endpoint}"
        return ContainerClient(address, store.container_name, credential=self.identity)
