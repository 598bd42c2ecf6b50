"""What a model is made of, besides data and pipeline: where any of it changes, models are made anew.

`.amlignore` and the filters of both train pipelines repeat it for tools that read no Python; a test holds them to it.
"""

from collections.abc import Iterable
from pathlib import Path

from mlops.data.files import hash_files

CODE = ("expectations", "mlops", "model", "steps", "project.yml")  # what a training job on Azure ML is sent
SOURCES = (*CODE, "pyproject.toml", "uv.lock")


def hash_paths(names: Iterable[str]) -> str:
    """SHA-256 (hex) of the files at and below the paths, without bytecode; a path that is not there counts as empty."""
    paths = [path for name in names for path in [Path(name), *Path(name).rglob("*")]]
    return hash_files({str(path): path for path in paths if path.is_file() and "__pycache__" not in path.parts})
