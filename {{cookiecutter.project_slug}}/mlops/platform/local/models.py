"""The local registry: MLflow on a database in the project's folder.

What is only read is read by SQL: MLflow's import alone takes seconds in commands that only want to know what there is.
"""

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from mlops import UserError
from mlops.data.files import incoming
from mlops.platform import ModelVersion, registered_version
from mlops.platform.content import check_content
from mlops.platform.local.rehearsal import RESTORED
from mlops.platform.tracking import database, follow, local_uri, opened

if TYPE_CHECKING:
    from mlflow import MlflowClient

VERSIONS = "SELECT version, run_id FROM model_versions WHERE name = ? AND current_stage <> ? ORDER BY version"
TAGS = "SELECT version, key, value FROM model_version_tags WHERE name = ?"
ARTIFACTS = "SELECT artifact_uri FROM runs WHERE run_uuid = ? AND lifecycle_stage = 'active'"
DELETED = "Deleted_Internal"  # MLflow's word for a version that was deleted
LOGGED_FOLDER = "model"  # the run's folder that `train` logged the model to
CARD_FOLDER = "card"  # and that of the model's card


class LocalModels:
    """Registered models below the root folder (`.mlops`).

    named: the hashes that Git names for the content of a version.
    """

    def __init__(self, root: Path, named: Callable[[int], Collection[str]] = lambda version: ()) -> None:
        self.root = root
        self.named = named

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

    def keep_card(self, name: str, run_id: str, folder: Path) -> str:
        client = self.client
        if not client.list_artifacts(run_id, CARD_FOLDER):
            client.log_artifacts(run_id, str(folder), CARD_FOLDER)
        return f"runs:/{run_id}/{CARD_FOLDER}"

    def versions(self, name: str) -> Sequence[ModelVersion]:
        if not database(self.root).exists():
            return []
        with opened(self.root) as connection:
            found = connection.execute(VERSIONS, (name, DELETED)).fetchall()
            tags = connection.execute(TAGS, (name,)).fetchall()
        return [
            ModelVersion(name, number, run_id or "", {key: value for version, key, value in tags if version == number})
            for number, run_id in found
        ]

    def download(self, name: str, version: int, to: Path) -> Path:
        found = registered_version(self, name, version)
        with incoming(to) as folder:
            shutil.copytree(self.run_folder(found.run_id), folder)
            from_branch = (self.root / RESTORED).exists()
            check_content(found, folder, self.named(version), by_git_alone=from_branch)
        return to

    def logged_model(self, run_id: str, to: Path) -> Path:
        with incoming(to) as folder:
            shutil.copytree(self.run_folder(run_id), folder)
        return to

    def run_folder(self, run_id: str) -> Path:
        """The model folder that the run logged. UserError when the run or the folder is not there."""
        follow(self.root)
        folder = self.artifacts(run_id) / LOGGED_FOLDER
        if not folder.is_dir():
            raise UserError(f"run {run_id}: no model to register ({folder} is not there)")
        return folder

    def artifacts(self, run_id: str) -> Path:
        """Where the run's files are. UserError when there is no such run."""
        if database(self.root).exists():
            with opened(self.root) as connection:
                for (address,) in connection.execute(ARTIFACTS, (run_id,)):
                    return Path(url2pathname(urlsplit(address).path))
        raise UserError(f"run {run_id}: no model to register (there is no such run)")
