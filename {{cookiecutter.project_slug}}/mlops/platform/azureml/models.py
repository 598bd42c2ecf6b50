"""The registry of the workspace."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlops.command import UserError
from mlops.platform import ModelVersion, registered
from mlops.platform.azureml.refusals import refusals_in_one_line
from mlops.platform.azureml.workspace import AzureWorkspace

OUTPUT = "model"  # the pipeline's output that `train` writes
DESCRIPTION = "MLmodel"  # the file that every model folder in MLflow's format has


@refusals_in_one_line
class AzureModels:
    """Registered models. A run is a pipeline job, its artefact that job's output: nothing is uploaded again."""

    def __init__(self, workspace: AzureWorkspace) -> None:
        self._workspace = workspace

    def register(self, name: str, run_id: str, tags: Mapping[str, str]) -> ModelVersion:
        from azure.ai.ml.entities import Model

        path = f"azureml://jobs/{run_id}/outputs/{OUTPUT}"
        made = self._workspace.client.models.create_or_update(
            Model(name=name, path=path, type="mlflow_model", tags=dict(tags))
        )
        return ModelVersion(name, int(made.version), run_id, dict(tags))

    def versions(self, name: str) -> Sequence[ModelVersion]:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            found = list(self._workspace.client.models.list(name=name))
        except ResourceNotFoundError:
            return []
        numbered = [each for each in found if str(each.version).isdigit()]  # others were made by hand
        versions = [ModelVersion(name, int(each.version), each.tags.get("run_id", ""), each.tags) for each in numbered]
        return sorted(versions, key=lambda each: each.version)

    def download(self, name: str, version: int, to: Path) -> Path:
        registered(self, name, version)
        with tempfile.TemporaryDirectory() as folder:
            self._workspace.client.models.download(name, str(version), folder)
            return _moved(Path(folder), to, f"model {name}:{version}")

    def run_artefact(self, run_id: str, to: Path) -> Path:
        from azure.core.exceptions import ResourceNotFoundError

        with tempfile.TemporaryDirectory() as folder:
            try:
                self._workspace.client.jobs.download(run_id, download_path=folder, output_name=OUTPUT)
            except ResourceNotFoundError:
                raise UserError(f"run {run_id}: no model to register (there is no such job)") from None
            return _moved(Path(folder), to, f"run {run_id}")


def _moved(folder: Path, to: Path, what: str) -> Path:
    """The model folder that lies somewhere below the folder, moved. UserError when there is none."""
    found = sorted(folder.rglob(DESCRIPTION))
    if not found:
        raise UserError(f"{what}: no model to register (there is no {DESCRIPTION} in it)")
    shutil.rmtree(to, ignore_errors=True)
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(found[0].parent, to)
    return to
