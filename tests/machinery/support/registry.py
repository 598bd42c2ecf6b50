"""A registry of model folders."""

import shutil
from pathlib import Path

from mlops import UserError


class Registry:
    """The models saved as `<folder>/<version>`, whatever their name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def download(self, name: str, version: int, to: Path) -> Path:
        if not (self.folder / str(version)).exists():
            raise UserError(f"model {name} has no version {version}")
        return shutil.copytree(self.folder / str(version), to)
