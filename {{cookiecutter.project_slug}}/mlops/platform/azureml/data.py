"""Folders as versioned data assets of the workspace."""

from pathlib import Path
from typing import TYPE_CHECKING

from mlops.data.files import hash_folder
from mlops.platform.azureml.workspace import quiet_uploads

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

HASH_LENGTH = 16


def asset(client: "MLClient", name: str, folder: Path) -> str:
    """The address of the folder's content as an asset; uploaded when the workspace does not have it yet.

    Its version is the content's hash.
    """
    return kept(client, name, version_of(folder), folder)


def version_of(folder: Path) -> str:
    """What the version of an asset with this content is called."""
    return hash_folder(folder)[:HASH_LENGTH]


def kept(client: "MLClient", name: str, version: str, folder: Path, kind: str = "uri_folder") -> str:
    """The address of that version of the asset; made of the folder when there is none, and else left as it is."""
    from azure.ai.ml.entities import Data
    from azure.core.exceptions import ResourceNotFoundError

    try:
        client.data.get(name, version)
    except ResourceNotFoundError:
        with quiet_uploads():
            client.data.create_or_update(Data(name=name, version=version, path=str(folder), type=kind))
    return f"azureml:{name}:{version}"
