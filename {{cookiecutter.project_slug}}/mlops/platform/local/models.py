"""The local registry: MLflow on a database in the project's folder."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlops import UserError
from mlops.platform import ModelVersion, registered_version
from mlops.platform.tracking import database, follow, local_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient

ARTEFACT = "model"  # the run's folder that `train` logged the model to


class LocalModels:
    """Registered models below the root folder (`.mlops`)."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def client(self) -> "MlflowClient":
        from mlflow import MlflowClient

        follow(self.root)
        return MlflowClient(local_uri(self.root), local_uri(self.root))

    def register(self, name: str, run_id: str, tags: Mapping[str, str]) -> ModelVersion:
        from mlflow.exceptions import MlflowException

        source = self.run_folder(run_id)
        client = self.client
        try:
            client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        made = client.create_model_version(name, source.as_uri(), run_id, dict(tags))
        return ModelVersion(name, int(made.version), run_id, dict(tags))

    def versions(self, name: str) -> Sequence[ModelVersion]:
        if not database(self.root).exists():
            return []
        found = self.client.search_model_versions(f"name = '{name}'", max_results=10_000)
        versions = [ModelVersion(name, int(each.version), each.run_id or "", each.tags) for each in found]
        return sorted(versions, key=lambda each: each.version)

    def download(self, name: str, version: int, to: Path) -> Path:
        return self.run_artefact(registered_version(self, name, version).run_id, to)

    def run_artefact(self, run_id: str, to: Path) -> Path:
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.run_folder(run_id), to)
        return to

    def run_folder(self, run_id: str) -> Path:
        """The model folder that the run logged. UserError when the run or the folder is not there."""
        from mlflow.artifacts import download_artifacts
        from mlflow.exceptions import MlflowException

        follow(self.root)
        try:
            found = download_artifacts(run_id=run_id, artifact_path=ARTEFACT, tracking_uri=local_uri(self.root))
        except (MlflowException, OSError) as error:
            raise UserError(f"run {run_id}: no model to register ({error})") from None
        return Path(found)
