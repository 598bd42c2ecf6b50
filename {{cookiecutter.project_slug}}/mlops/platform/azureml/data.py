"""Folders as versioned data assets of the workspace: the version is the content's hash."""

from pathlib import Path
from typing import TYPE_CHECKING

from mlops.data.files import hash_folder
from mlops.platform.azureml.workspace import quiet_uploads

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

HASH_LENGTH = 16


def asset(client: "MLClient", name: str, folder: Path) -> str:
    """The address of the folder's content as an asset; uploaded when the workspace does not have it yet."""
    from azure.ai.ml.entities import Data
    from azure.core.exceptions import ResourceNotFoundError

    version = hash_folder(folder)[:HASH_LENGTH]
    try:
        client.data.get(name, version)
    except ResourceNotFoundError:
        with quiet_uploads():
            client.data.create_or_update(Data(name=name, version=version, path=str(folder), type="uri_folder"))
    return f"azureml:{name}:{version}"
