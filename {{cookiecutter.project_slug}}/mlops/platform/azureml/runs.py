"""The runs of jobs, read from the workspace's MLflow with the identity of this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from mlops import UserError
from mlops.platform.azureml.error_messages import first_line
from mlops.platform.azureml.workspace import AzureWorkspace

if TYPE_CHECKING:
    from mlflow.entities import Run
    from mlflow.store.tracking.rest_store import RestStore

SCOPE = "https://management.azure.com/.default"
PAGE = 500  # runs that are asked for at once


class AzureRuns:
    """Runs by the names of their jobs, and those below one."""

    def __init__(self, workspace: AzureWorkspace) -> None:
        self._workspace = workspace

    def run(self, job: str) -> "Run":
        """The run of that job."""
        with mlflow_in_one_line():
            return self._store.get_run(job)

    def children(self, job: str) -> "list[Run]":
        """The runs below that of the job, in the order in which they began."""
        from mlflow.entities import ViewType

        below, found, token = f"tags.mlflow.parentRunId = '{job}'", list["Run"](), None
        with mlflow_in_one_line():
            experiment = self._store.get_run(job).info.experiment_id
            while True:
                page = self._store.search_runs([experiment], below, ViewType.ACTIVE_ONLY, PAGE, page_token=token)
                found += page
                if not (token := page.token):
                    break
        return sorted(found, key=lambda run: (run.info.start_time, run.info.run_id))

    @cached_property
    def _store(self) -> "RestStore":
        """MLflow's own client of a server. With each request goes a token that is still good."""
        from mlflow.store.tracking.rest_store import RestStore
        from mlflow.utils.rest_utils import MlflowHostCreds

        address, identity = self._workspace.tracking, self._workspace.identity
        return RestStore(lambda: MlflowHostCreds(address, token=identity.get_token(SCOPE).token))


@contextmanager
def mlflow_in_one_line() -> Iterator[None]:
    """Turn what MLflow raises, where its server refuses or cannot be reached, into a UserError."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        raise UserError(f"the workspace's MLflow: {first_line(error)}; run this again, it goes on from there") from None
