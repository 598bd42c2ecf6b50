"""Registered models: in the workspace, and shared through the registry where the manifest names one."""

import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlops import UserError
from mlops.data.files import incoming
from mlops.platform import ModelVersion, registered_version
from mlops.platform.azureml.data import kept
from mlops.platform.azureml.error_messages import refusals_in_one_line
from mlops.platform.azureml.workspace import AzureWorkspace
from mlops.platform.content import check_content

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

OUTPUT = "model"  # the pipeline's output that `train` writes
DESCRIPTION = "MLmodel"  # the file that every model folder in MLflow's format has


@refusals_in_one_line
class AzureModels:
    """Registered models. A run is a pipeline job, its model folder that job's output: nothing is uploaded again.

    A registry has the versions of the workspace that they were made in, under the same numbers. named: the hashes that
    Git names for the content of a version.
    """

    def __init__(self, workspace: AzureWorkspace, named: Callable[[int], Collection[str]] = lambda version: ()) -> None:
        self._workspace = workspace
        self._named = named

    def register(self, name: str, run_id: str, tags: Mapping[str, str]) -> ModelVersion:
        registry = self._workspace.settings.registry
        version = (self._not_shared(name, run_id) if registry else None) or self._make(name, run_id, tags)
        if registry:
            self._workspace.client.models.share(
                name, str(version), share_with_name=name, share_with_version=str(version), registry_name=registry
            )
        return ModelVersion(name, version, run_id, dict(tags))

    def keep_card(self, name: str, run_id: str, folder: Path) -> str:
        return kept(self._workspace.client, f"{name.replace('.', '-')}-card", run_id, folder)

    def versions(self, name: str) -> Sequence[ModelVersion]:
        return _versions(self._workspace.shared, name)

    def _make(self, name: str, run_id: str, tags: Mapping[str, str]) -> int:
        """A new version in the workspace."""
        from azure.ai.ml.entities import Model

        path = f"azureml://jobs/{run_id}/outputs/{OUTPUT}"
        wanted = Model(name=name, path=path, type="mlflow_model", tags=dict(tags))
        return int(self._workspace.client.models.create_or_update(wanted).version)

    def _not_shared(self, name: str, run_id: str) -> int | None:
        """The run's version that is in the workspace and not in the registry: the run that made it was cut off."""
        there = {each.version for each in self.versions(name)}
        mine = [each.version for each in _versions(self._workspace.client, name) if each.run_id == run_id]
        return next((version for version in mine if version not in there), None)

    def download(self, name: str, version: int, to: Path) -> Path:
        found, what = registered_version(self, name, version), f"model {name}:{version}"
        with tempfile.TemporaryDirectory() as folder, incoming(to) as made:
            self._workspace.shared.models.download(name, str(version), folder)
            check_content(found, _moved(Path(folder), made, what), self._named(version))
        return to

    def logged_model(self, run_id: str, to: Path) -> Path:
        from azure.core.exceptions import ResourceNotFoundError

        with tempfile.TemporaryDirectory() as folder:
            try:
                self._workspace.client.jobs.download(run_id, download_path=folder, output_name=OUTPUT)
            except ResourceNotFoundError:
                raise UserError(f"run {run_id}: no model to register (there is no such job)") from None
            with incoming(to) as made:
                _moved(Path(folder), made, f"run {run_id}")
        return to


def _versions(client: "MLClient", name: str) -> list[ModelVersion]:
    """The versions there, in number order."""
    from azure.core.exceptions import HttpResponseError

    try:
        found = list(client.models.list(name=name))
    except HttpResponseError as error:  # a registry's is none of the finer kinds
        if error.status_code != 404:
            raise
        return []
    numbered = [each for each in found if str(each.version).isdigit()]  # others were made by hand
    versions = [ModelVersion(name, int(each.version), each.tags.get("run_id", ""), each.tags) for each in numbered]
    return sorted(versions, key=lambda each: each.version)


def _moved(folder: Path, to: Path, what: str) -> Path:
    """The model folder that lies somewhere below the folder, moved. UserError when there is none."""
    found = sorted(folder.rglob(DESCRIPTION))
    if not found:
        raise UserError(f"{what}: no model to register (there is no {DESCRIPTION} in it)")
    shutil.move(found[0].parent, to)
    return to
